"""The ticket kiosk and who stands before it: discounts, tokens, the staff, the door."""

from terminal.core.delivery import Outcome
from terminal.core.effects import DeliverNow, Notice, ReadWallet
from terminal.core.events import CardPaid, DeliveryEnded, Health, NoteMade
from terminal.core.facts import EntryAbandoned, EntryAdded, EntryFreed, EntryKind
from terminal.core.rules import OfflineRules
from terminal.core.ticket_rules import Discount
from terminal.core.tickets import Interaction, Method, Payment
from tests.core.box_office import at_the_kiosk, choose, entries, sale_of, to_pay
from tests.core.making import OTHER, STAFF, UID, effects, facts, ticket_job

# -- discounts -----------------------------------------------------------------------------------------


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


# -- tokens --------------------------------------------------------------------------------------------


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


# -- what the staff says -------------------------------------------------------------------------------


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


# -- at the door ---------------------------------------------------------------------------------------


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
