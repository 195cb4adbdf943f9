"""The ticket kiosk, event by event: chosen, paid, written down, printed, and the rest given back."""

import pytest

from terminal.core.effects import CloseSlot, CountPayout, Notice, OpenSlot, PayOut, Print, ReadWallet
from terminal.core.events import (
    CardPaid,
    CatalogueRead,
    Ended,
    Health,
    JournalFailed,
    PayoutCounted,
    PayoutEnded,
    PrintEnded,
    StopAsked,
    TimePassed,
)
from terminal.core.facts import CashKind, EntryAdded, EntryKind, EntryState, ReleaseIntended, SessionClosed
from terminal.core.records import OpenPayout, OpenSession
from terminal.core.recover import LeftOpen, recover
from terminal.core.rules import TopupRules
from terminal.core.tickets import Line, Method, Payment
from tests.core.box_office import HOPPER, at_the_kiosk, cash_moved, choose, entries, prints, sale_of, to_pay
from tests.core.making import START, Counter, Drawn, Talk, effects, facts, ticket_job

# -- choosing ------------------------------------------------------------------------------------------


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


# -- paying with coins ---------------------------------------------------------------------------------


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


# -- paper ---------------------------------------------------------------------------------------------


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


# -- stopping, starting, a journal that cannot be written ----------------------------------------------


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
