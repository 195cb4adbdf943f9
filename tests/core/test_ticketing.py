"""The ticket kiosk, event by event: chosen, paid, written down, printed, and the rest given back."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.effects import (
    CloseSlot,
    CountPayout,
    DeliverNow,
    Notice,
    OpenSlot,
    PayOut,
    Print,
    ReadWallet,
)
from terminal.core.events import (
    CardPaid,
    CatalogueRead,
    DeliveryEnded,
    Ended,
    Health,
    JournalFailed,
    NoteMade,
    PayoutCounted,
    PayoutEnded,
    PrintEnded,
    StopAsked,
    TimePassed,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    ReleaseIntended,
    SessionClosed,
)
from terminal.core.records import OpenPayout, OpenSession
from terminal.core.recover import LeftOpen, recover
from terminal.core.rules import CashRules, OfflineRules, TopupRules
from terminal.core.ticket_rules import Discount
from terminal.core.tickets import Interaction, Line, Method, Payment, TicketSale
from tests.core.making import (
    OTHER,
    STAFF,
    START,
    UID,
    Counter,
    Drawn,
    Talk,
    effects,
    facts,
    ticket_job,
)  # fmt: skip

HOPPER = CashRules(payouts=("hopper",))


def at_the_kiosk(job=None, *, codes: Drawn | None = None, healthy=("slot", "paper", "hopper")) -> Talk:
    return Talk(job or ticket_job(), products=(), healthy=healthy, codes=codes)


def choose(talk: Talk, *products: object) -> Talk:
    for product in products:
        talk.press(str(product))
    return talk


def to_pay(*products: object, job=None, **kwargs: object) -> Talk:
    talk = choose(at_the_kiosk(job, **kwargs), *products)
    talk.press("confirm")
    return talk


def sale_of(talk: Talk) -> TicketSale:
    (entry,) = [each for each in facts(talk.last, EntryAdded) if each.kind is EntryKind.SALE]
    assert isinstance(entry.payload, TicketSale)
    assert entry.amount == entry.payload.total
    assert (entry.backend, entry.token) == ("gate", None)
    return entry.payload


def cash_moved(talk: Talk) -> list[tuple[CashKind, int]]:
    return [(each.kind, each.amount) for each in facts(talk.last, CashMoved)]


def entries(talk: Talk) -> list[EntryKind]:
    return [each.kind for each in facts(talk.last, EntryAdded)]


def prints(talk: Talk) -> list[str]:
    """Names of what is intended to be printed."""
    return list(
        dict.fromkeys(each.release.split("/", 1)[1].split("/")[0] for each in facts(talk.last, ReleaseIntended))
    )


# -- choosing ------------------------------------------------------------------------------------------------


def test_pieces_are_gathered_and_taken_away_again():
    talk = choose(at_the_kiosk(), 4, 4, 9, "-4")
    assert [each.name for each in talk.shown.basket] == ["Adult", "Child"]
    assert (talk.notice, talk.shown.amount) == (Notice.CHOOSE, 450)
    choose(talk, "-4", "-9")
    assert talk.notice is Notice.READY
    assert [each.id for each in talk.shown.products] == [4, 9, 3, "mug", "guest"]


def test_nothing_is_written_and_no_money_taken_before_confirm():
    talk = at_the_kiosk()
    for product in (4, 9, 3):
        made = talk.press(str(product))
        assert not made.facts
        assert not effects(made, OpenSlot)


@pytest.mark.parametrize(
    ("rules", "pressed", "words"),
    [
        ({"max_quantity": 2}, (4, 4, 4), "No more than 2 of one kind"),
        ({"max_tickets": 5}, (3, 4), "No more than 5 tickets"),
        ({"max_total": 1000}, (3, 4), "No more than 10.00 EUR"),
    ],
)
def test_a_limit_is_told_before_money_is_taken(rules, pressed, words):
    talk = choose(at_the_kiosk(ticket_job(**rules)), *pressed)
    assert words in talk.shown.words
    assert len(talk.shown.basket) == len(pressed) - 1
    talk.press("confirm")
    assert talk.notice is Notice.PAY  # what fits can be bought


def test_tickets_that_have_no_number_are_refused_before_money_is_taken():
    talk = choose(at_the_kiosk(codes=Drawn(most=5)), 3, 4)
    assert "No more than 5 tickets" in talk.shown.words


def test_without_a_code_nothing_is_paid():
    talk = to_pay(4, codes=Drawn(left=0))
    assert "No ticket codes are left" in talk.shown.words
    assert talk.phase == "choosing"
    assert not effects(talk.last, OpenSlot)


@pytest.mark.parametrize("health", [Health.FAILED, Health.MISSING])
def test_without_a_printer_nothing_is_sold(health):
    talk = at_the_kiosk()
    talk.health("paper", health)
    assert talk.notice is Notice.OUT_OF_ORDER
    choose(talk, 4)
    assert talk.phase == "ready"


def test_a_price_that_changes_meanwhile_does_not_change_this_sale():
    job = ticket_job(products=())
    from terminal.core.catalogue import Product  # noqa: PLC0415

    talk = Talk(job, products=(Product(4, "Adult", 300),), healthy=("slot", "paper"))
    choose(talk, 4, "confirm")
    talk(CatalogueRead((Product(4, "Adult", 100),), fresh=True))
    talk.coin(100)
    assert talk.phase == "paying"
    talk.coin(200)
    assert sale_of(talk).total == 300


# -- paying with coins ---------------------------------------------------------------------------------------


def test_coins_pay_and_every_ticket_is_intended_in_the_same_commit():
    talk = to_pay(4, 4, 3)
    assert (talk.notice, talk.shown.due) == (Notice.PAY, 1400)
    for coin in (200, 200, 500):
        talk.coin(coin)
        assert entries(talk) == []
    talk.coin(500)
    sale = sale_of(talk)
    assert sale.lines == (
        Line(4, "Adult", 2, 300, tickets=sale.lines[0].tickets),
        Line(3, "Family Pass", 1, 800, tickets=sale.lines[1].tickets),
    )
    assert sale.payments == (Payment(Method.CASH, 1400),)
    assert [(each.product, each.description) for each in sale.tickets] == [
        (4, "Adult"), (4, "Adult"), (8, "Adult"), (8, "Adult"), (9, "Child"), (9, "Child"), (9, "Child"),
    ]  # fmt: skip
    assert sale.barcodes == tuple(f"CODE000000001XJX{n:02}" for n in range(1, 8))
    assert cash_moved(talk) == [(CashKind.IN, 500), (CashKind.SPENT, 1400)]
    assert [each.reason for each in facts(talk.last, SessionClosed)] == ["spent"]
    assert prints(talk) == [*(f"ticket-{n}" for n in range(1, 8)), "receipt"]
    assert len(effects(talk.last, Print)) == 1
    assert talk.notice is Notice.ISSUED


def test_the_published_lines_come_out_of_a_sale_in_their_numbers():
    """3 Adult and a Family Pass: numbers run through the whole purchase."""
    talk = to_pay(4, 4, 4, 3)
    talk.coin(1700)
    numbers = [[int(ticket.barcode[-2:]) for ticket in line.tickets] for line in sale_of(talk).lines]
    assert numbers == [[1, 2, 3], [4, 5, 6, 7, 8]]


def test_change_is_paid_out_after_the_sale_is_written():
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(500)
    assert sale_of(talk).payments == (Payment(Method.CASH, 300, change=200),)
    assert cash_moved(talk) == [(CashKind.IN, 500), (CashKind.SPENT, 300)]
    (count,) = effects(talk.last, CountPayout)
    talk(PayoutCounted(count.payout, "m"))
    (order,) = effects(talk.last, PayOut)
    assert order.amount == 200
    talk(PayoutEnded(order.payout, Ended.DONE, 200))
    assert cash_moved(talk) == [(CashKind.RETURNED, 200)]
    assert talk.notice is Notice.ISSUED


def test_change_that_does_not_come_out_becomes_a_voucher():
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(500)
    (count,) = effects(talk.last, CountPayout)
    talk(PayoutCounted(count.payout, "m"))
    talk(PayoutEnded(count.payout, Ended.FAILED, 0, "empty"))
    (kept,) = facts(talk.last, EntryAdded)
    assert (kept.kind, kept.amount, kept.state) == (EntryKind.UNCLAIMED, 200, EntryState.PARKED)
    assert prints(talk) == ["voucher"]
    assert talk.notice is Notice.ISSUED
    assert "voucher" in talk.shown.words


def test_without_a_way_to_give_change_the_slot_takes_no_more_than_the_price():
    talk = to_pay(4, job=ticket_job(change=("payout",)))
    assert effects(talk.last, OpenSlot)[-1].limit == 300
    talk = to_pay(4, job=ticket_job(change=("payout",), cash=HOPPER))
    assert effects(talk.last, OpenSlot)[-1].limit == 1300


def test_money_that_is_kept_is_part_of_the_sale():
    talk = to_pay(4, job=ticket_job(change=("payout", "keep"), cash=HOPPER), healthy=("slot", "paper"))
    talk.coin(500)
    sale = sale_of(talk)
    assert (sale.kept, sale.payments) == (200, (Payment(Method.CASH, 300),))
    assert cash_moved(talk) == [(CashKind.IN, 500), (CashKind.SPENT, 500)]
    assert facts(talk.last, SessionClosed)
    assert "2.00 EUR are kept" in talk.shown.words


def test_cancel_gives_the_coins_back():
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(200)
    talk.press("cancel")
    (count,) = effects(talk.last, CountPayout)
    talk(PayoutCounted(count.payout, "m"))
    talk(PayoutEnded(count.payout, Ended.DONE, 200))
    assert (talk.notice, talk.shown.amount) == (Notice.RETURNED, 200)
    assert cash_moved(talk) == [(CashKind.RETURNED, 200)]


def test_time_that_is_over_gives_a_voucher_where_nothing_else_can():
    talk = to_pay(4)
    talk.coin(200)
    talk.wait()
    assert entries(talk) == [EntryKind.UNCLAIMED]
    assert prints(talk) == ["voucher"]
    assert talk.notice is Notice.CANCELLED


def test_a_payout_that_nobody_can_tell_is_before_a_person():
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(200)
    talk.press("cancel")
    (count,) = effects(talk.last, CountPayout)
    talk(PayoutCounted(count.payout, "m"))
    talk(PayoutEnded(count.payout, Ended.UNKNOWN, 50))
    assert cash_moved(talk) == [(CashKind.RETURNED, 50), (CashKind.UNCLAIMED, 150)]
    assert talk.notice is Notice.UNKNOWN


def test_credit_waits_for_a_token_and_then_gives_a_voucher():
    job = ticket_job(refund=("credit", "voucher"))
    talk = to_pay(4, job=job)
    talk.coin(200)
    talk.press("cancel")
    assert talk.notice is Notice.COINS_WAITING
    talk.tap()
    assert effects(talk.last, ReadWallet)
    talk.wallet(100)
    assert entries(talk) == [EntryKind.CREDIT]
    assert (talk.notice, talk.shown.amount) == (Notice.CREDITED, 200)
    talk = to_pay(4, job=job)
    talk.coin(200)
    talk.press("cancel")
    talk.wait()
    assert entries(talk) == [EntryKind.UNCLAIMED]


def test_a_coin_that_nobody_asked_for_goes_back():
    talk = at_the_kiosk(ticket_job(cash=HOPPER))
    talk.coin(100)
    assert effects(talk.last, CountPayout)


def test_a_printer_that_fails_while_coins_come_closes_the_slot_and_gives_them_back_in_the_end():
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(200)
    talk.health("paper", Health.FAILED)
    assert effects(talk.last, CloseSlot)
    talk.coin(100)  # it was on its way
    assert entries(talk) == []
    assert effects(talk.last, CountPayout)
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(200)
    talk.health("paper", Health.FAILED)
    talk.health("paper", Health.OK)
    assert effects(talk.last, OpenSlot)


def test_free_tickets_need_no_money():
    talk = to_pay("guest", "guest")
    assert sale_of(talk).payments == ()
    assert prints(talk) == ["ticket-1", "ticket-2", "receipt"]


def test_goods_give_no_ticket():
    talk = to_pay("mug")
    talk.coin(500)
    assert sale_of(talk).tickets == ()
    assert prints(talk) == ["receipt"]


# -- discounts -----------------------------------------------------------------------------------------------

DISCOUNTS = (
    Discount(name="Group", products=(4,), from_quantity=3, percent=10),
    Discount(name="Staff", amount=100, staff=True),
)


def test_a_discount_is_part_of_the_line():
    talk = to_pay(4, 4, 4, job=ticket_job(discounts=DISCOUNTS))
    assert (talk.shown.due, talk.shown.discount) == (810, 90)
    talk.coin(810)
    (line,) = sale_of(talk).lines
    assert (line.unit, line.discount, line.total) == (300, 90, 810)


def test_the_staffs_token_is_recorded_and_gives_its_discount():
    talk = to_pay(4, 4, 4, job=ticket_job(discounts=DISCOUNTS))
    talk.tap(STAFF)
    assert talk.shown.due == 600
    talk.coin(600)
    assert sale_of(talk).staff == STAFF


def test_a_price_that_falls_leaves_a_wallet_paying_no_more_than_that():
    talk = to_pay(4, 4, 4, job=ticket_job(discounts=DISCOUNTS, offline=OfflineRules(max_sale=10_000)))
    talk.tap(UID)
    talk.wallet(700)
    assert talk.shown.due == 110
    talk.tap(STAFF)
    sale = sale_of(talk)
    assert [(each.method, each.amount) for each in sale.payments] == [(Method.WALLET, 600)]


# -- tokens --------------------------------------------------------------------------------------------------


def test_a_wallet_pays_and_the_debit_is_an_entry_of_its_own():
    talk = to_pay(4)
    talk.tap()
    made = talk.wallet(1000)
    assert entries(talk) == [EntryKind.SALE, EntryKind.DEBIT]
    debit = facts(made, EntryAdded)[1]
    assert (debit.token, debit.amount, debit.backend, debit.held) == (UID, 300, "main", False)
    assert sale_of(talk).payments == (Payment(Method.WALLET, 300, reference=debit.key),)
    assert talk.shown.balance == 700


def test_coins_and_a_wallet_and_a_card_pay_one_sale():
    talk = to_pay(3)
    talk.coin(200)
    talk.tap()
    talk.wallet(250)
    assert talk.shown.due == 350
    talk(CardPaid("t", "A-17", 350, "Kim"))
    sale = sale_of(talk)
    assert [(each.method, each.amount) for each in sale.payments] == [
        (Method.CASH, 200), (Method.WALLET, 250), (Method.CARD, 350),
    ]  # fmt: skip
    assert sale.payments[2].reference == "A-17"
    assert talk.state.job.answer.words == ""


def test_a_wallet_that_holds_too_little_says_so_where_parts_are_not_wanted():
    talk = to_pay(4, job=ticket_job(partial_wallet=False))
    talk.coin(100)
    talk.tap()
    talk.wallet(150)
    assert (talk.notice, talk.shown.due) == (Notice.PAY, 200)
    assert "not sufficient" in talk.shown.words


def test_a_blocked_token_pays_nothing():
    talk = to_pay(4, job=ticket_job(offline=OfflineRules(deny=(UID,))))
    talk.tap()
    talk.wallet(1000)
    assert "blocked" in talk.shown.words
    assert talk.shown.due == 300


def test_a_second_token_cannot_pay_too():
    talk = to_pay(4)
    talk.tap()
    talk.wallet(100)
    talk.tap(OTHER)
    assert "One token pays already" in talk.shown.words


def test_charge_delivers_the_debit_before_the_sale():
    talk = to_pay(4, job=ticket_job(authorize="charge"))
    talk.tap()
    talk.wallet(1000)
    (debit,) = facts(talk.last, EntryAdded)
    assert (debit.kind, debit.held) == (EntryKind.DEBIT, True)
    assert effects(talk.last, DeliverNow)
    talk(DeliveryEnded(debit.key, Outcome.DELIVERED, balance=700))
    assert sale_of(talk).payments[0].reference == debit.key
    assert [each.key for each in facts(talk.last, EntryFreed)] == [debit.key]
    assert entries(talk) == [EntryKind.SALE]


def test_a_charge_that_is_refused_leaves_the_guest_to_pay_otherwise():
    talk = to_pay(4, job=ticket_job(authorize="charge"))
    talk.coin(100)
    talk.tap()
    talk.wallet(1000)
    (debit,) = facts(talk.last, EntryAdded)
    talk(DeliveryEnded(debit.key, Outcome.REFUSED, "no"))
    assert [each.key for each in facts(talk.last, EntryAbandoned)] == [debit.key]
    assert (talk.phase, talk.shown.due) == ("paying", 200)


def test_a_charge_without_an_answer_is_decided_by_the_offline_policy():
    talk = to_pay(4, job=ticket_job(authorize="charge"))
    talk.tap()
    talk.wallet(1000)
    talk.wait()
    assert entries(talk) == [EntryKind.SALE]
    talk = to_pay(4, job=ticket_job(authorize="charge", offline=OfflineRules(max_sale=100)))
    talk.tap()
    talk.wallet(1000)
    talk.wait()
    assert facts(talk.last, EntryAbandoned)
    assert talk.shown.due == 300


def test_a_tap_while_choosing_confirms_and_pays():
    talk = choose(at_the_kiosk(), 4)
    talk.tap()
    assert effects(talk.last, ReadWallet)
    talk.wallet(1000)
    assert sale_of(talk).total == 300


# -- what the staff says -------------------------------------------------------------------------------------


def test_a_card_must_have_taken_exactly_what_is_due():
    talk = to_pay(4)
    talk(CardPaid("t1", "A-1", 250, "Kim"))
    assert "2.50 EUR, and 3.00 EUR are due" in talk.state.job.answer.words
    assert entries(talk) == []


def test_a_card_without_a_sale_is_told_to_be_cancelled():
    talk = at_the_kiosk()
    talk(CardPaid("t1", "A-1", 250, "Kim"))
    assert talk.state.job.answer.ticket == "t1"
    assert "Cancel the payment at the card terminal" in talk.state.job.answer.words


def test_a_card_pays_even_when_the_printer_has_failed():
    talk = to_pay(4)
    talk.health("paper", Health.FAILED)
    talk(CardPaid("t", "A-1", 300, "Kim"))
    assert sale_of(talk).total == 300
    talk.wait()
    assert "wait for the printer" in talk.shown.words


def test_notes_go_with_the_sale():
    talk = to_pay(4)
    talk(NoteMade("t", "scanner broken", "Kim"))
    talk(NoteMade("t", "again", "Kim"))
    talk.coin(300)
    assert sale_of(talk).notes == "scanner broken; again"


# -- at the door ---------------------------------------------------------------------------------------------


def test_a_delegate_checks_in():
    talk = at_the_kiosk(ticket_job(tap="check-in", tap_device=85))
    talk.tap()
    (entry,) = facts(talk.last, EntryAdded)
    assert (entry.kind, entry.token, entry.amount) == (EntryKind.INTERACTION, UID, 0)
    assert entry.payload == Interaction("check-in", 85)
    assert talk.notice is Notice.CHECKED_IN


def test_a_token_means_nothing_where_the_operator_wants_nothing():
    talk = at_the_kiosk()
    assert not talk.tap().facts
    assert "choose your tickets first" in talk.shown.words


# -- paper ---------------------------------------------------------------------------------------------------


def test_the_next_guest_waits_until_the_tickets_are_printed():
    talk = to_pay(4, 4)
    talk.coin(600)
    (job,) = effects(talk.last, Print)
    talk.press("cancel")
    assert (talk.notice, talk.shown.words) == (
        Notice.ISSUED,
        "Your tickets are being printed. One moment please.",
    )
    choose(talk, 4)
    assert talk.phase == "ready"
    talk(PrintEnded(job.job, Ended.DONE))
    talk(TimePassed())
    assert talk.notice is Notice.ISSUED
    (job,) = effects(talk.last, Print)
    talk(PrintEnded(job.job, Ended.DONE))
    assert talk.notice is Notice.READY


def test_paper_that_ends_half_way_leaves_the_rest_to_be_printed_with_the_same_codes():
    talk = to_pay(4, 4)
    talk.coin(600)
    first = effects(talk.last, Print)[-1]
    talk(PrintEnded(first.job, Ended.UNKNOWN, "paper out"))
    talk.health("paper", Health.FAILED)
    assert "wait for the printer" in talk.wait().state.screen.words
    talk.health("paper", Health.OK)
    talk.wait()
    again = effects(talk.last, Print)[-1]
    assert again.job.endswith("ticket-1/2-copy-1")
    barcodes = [line.data for line in first.document.lines if type(line).__name__ == "Barcode"]
    assert barcodes == [line.data for line in again.document.lines if type(line).__name__ == "Barcode"]


def test_a_lamp_that_says_it_is_well_again_and_again_takes_no_word_from_the_screen():
    talk = at_the_kiosk()
    talk.health("light", Health.OK)
    talk.tap()
    assert "choose your tickets first" in talk.shown.words
    assert not talk.health("light", Health.OK).effects
    assert talk.health("light", Health.FAILED).effects


# -- stopping, starting, a journal that cannot be written ----------------------------------------------------


def test_a_stop_leaves_nobodys_coins_without_paper():
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(200)
    talk(StopAsked())
    assert entries(talk) == [EntryKind.UNCLAIMED]
    assert not effects(talk.last, CountPayout)


def test_after_a_stop_nothing_is_sold_not_even_for_nothing():
    talk = choose(at_the_kiosk(), "guest")
    talk(StopAsked())
    choose(talk, "guest", "confirm")
    assert talk.phase == "ready"
    assert "about to stop" in talk.shown.words


def test_while_nothing_can_be_written_a_payment_by_card_still_counts():
    talk = to_pay(4)
    talk(JournalFailed("disk full"))
    assert effects(talk.last, CloseSlot)
    talk.wait()
    assert talk.phase == "paying"
    talk(CardPaid("t", "A-1", 300, "Kim"))
    assert sale_of(talk).total == 300


def test_coins_that_a_power_cut_left_become_a_voucher():
    left = LeftOpen(sessions=(OpenSession("s1", None, 250, START, START),))
    found = recover(ticket_job(), left, START, Counter())
    (kept,) = facts(found, EntryAdded)
    assert (kept.kind, kept.amount) == (EntryKind.UNCLAIMED, 250)
    talk = Talk(ticket_job(), products=(), found=found)
    assert [each.release for each in facts(talk.first, ReleaseIntended)] == [f"{kept.key}/voucher"]


def test_a_payout_that_a_power_cut_left_is_told_by_its_device():
    job = ticket_job(cash=HOPPER)
    payout = OpenPayout("p1", "hopper", 200, "m", "s1", START)
    left = LeftOpen(sessions=(OpenSession("s1", None, 200, START, START),), payouts=(payout,))
    found = recover(job, left, START, Counter())
    talk = Talk(job, products=(), found=found, healthy=("slot", "paper", "hopper"))
    assert talk.phase == "giving money back"
    talk(PayoutEnded("p1", Ended.DONE, 150))
    assert cash_moved(talk) == [(CashKind.RETURNED, 150), (CashKind.UNCLAIMED, 50)]
    assert prints(talk) == ["voucher"]


def test_a_topup_wallet_that_is_full_takes_no_credit():
    job = ticket_job(refund=("credit",), topup=TopupRules(max_balance=100))
    talk = to_pay(4, job=job)
    talk.coin(200)
    talk.press("cancel")
    talk.tap()
    talk.wallet(100)
    assert "cannot take any more" in talk.shown.words
    talk.press("cancel")
    assert entries(talk) == [EntryKind.UNCLAIMED]
    assert talk.notice is Notice.COIN_KEPT
    assert prints(talk) == []
