"""Cash that is rounded at the ticket kiosk: exact, over, under, given up, and what is not cash."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.effects import Notice, OpenSlot
from terminal.core.events import (
    CardPaid,
    CashStepTold,
    DeliveryEnded,
    Ended,
    Health,
    PayoutCounted,
    PayoutEnded,
    TokenPresented,
)
from terminal.core.facts import CashKind, EntryAdded, EntryKind
from terminal.core.records import OpenSession
from terminal.core.recover import LeftOpen, recover
from terminal.core.ticket_rules import Discount, TicketProduct
from terminal.core.tickets import Method, Payment
from tests.core.box_office import HOPPER, at_the_kiosk, cash_moved, choose, entries, prints, sale_of, to_pay
from tests.core.making import STAFF, START, UID, Counter, effects, facts, ticket_job

PRICES = (
    TicketProduct(id="up", price=1050),
    TicketProduct(id="down", price=1049),
    TicketProduct(id="pin", price=40),
)


def kiosk(**rules):
    return ticket_job(**{"products": PRICES, "cash_rounding": 100, "max_change": 10_00, **rules})


def paid(talk):
    """How the sale was paid, and what came of rounding."""
    sale = sale_of(talk)
    return [(each.method, each.amount, each.change) for each in sale.payments], sale.rounding


# -- coins ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("product", "due", "price"), [("up", 1050, 1100), ("down", 1049, 1000)])
def test_coins_pay_the_rounded_price_and_the_books_have_both(product, due, price):
    talk = to_pay(product, job=kiosk(change=()))
    assert (talk.shown.due, talk.shown.cash_due, talk.shown.rounding) == (due, price, price - due)
    assert effects(talk.last, OpenSlot) == [OpenSlot(price)]
    talk.coin(500)
    assert (talk.shown.due, talk.shown.cash_due, talk.shown.rounding) == (due - 500, price - 500, price - due)
    assert effects(talk.last, OpenSlot) == [OpenSlot(price - 500)]
    talk.coin(price - 500)
    assert paid(talk) == ([(Method.CASH, price, 0)], price - due)
    assert sale_of(talk).total == due
    assert cash_moved(talk) == [(CashKind.IN, price - 500), (CashKind.SPENT, price)]
    assert (talk.shown.amount, talk.shown.rounding) == (due, price - due)


def test_a_price_that_coins_can_pay_is_not_said_to_be_rounded():
    talk = to_pay("up", "up", job=kiosk())
    assert (talk.shown.due, talk.shown.cash_due, talk.shown.rounding) == (2100, None, None)
    talk.coin(2100)
    assert paid(talk) == ([(Method.CASH, 2100, 0)], 0)


def test_change_is_what_is_beyond_the_rounded_price():
    talk = to_pay("down", job=kiosk(cash=HOPPER))
    assert effects(talk.last, OpenSlot) == [OpenSlot(1000 + 1000)]
    talk.coin(2000)
    assert paid(talk) == ([(Method.CASH, 1000, 1000)], -49)
    assert cash_moved(talk) == [(CashKind.IN, 2000), (CashKind.SPENT, 1000)]
    payout = talk.state.job.paying.payout
    talk(PayoutCounted(payout, "mark"))
    talk(PayoutEnded(payout, Ended.DONE, 1000))
    assert cash_moved(talk) == [(CashKind.RETURNED, 1000)]


def test_what_is_kept_is_beyond_the_rounded_price():
    talk = to_pay("up", job=kiosk(change=("keep",)))
    talk.coin(1200)
    assert paid(talk) == ([(Method.CASH, 1100, 0)], 50)
    assert sale_of(talk).kept == 100
    assert cash_moved(talk) == [(CashKind.IN, 1200), (CashKind.SPENT, 1200)]


def test_whoever_finds_the_smaller_coins_pays_the_exact_price():
    talk = to_pay("up", job=kiosk())
    talk.coin(1000)
    talk.coin(50)
    assert paid(talk) == ([(Method.CASH, 1050, 0)], 0)


def test_what_is_rounded_to_nothing_is_given():
    talk = to_pay("pin", job=kiosk())
    assert talk.notice is Notice.ISSUED
    assert paid(talk) == ([], -40)
    assert not cash_moved(talk)
    assert prints(talk)[0] == "ticket-1"


def test_nothing_is_given_where_coins_cannot_pay_at_all():
    talk = to_pay("pin", job=kiosk(pay=("wallet",)))
    assert (talk.notice, talk.shown.due, talk.shown.cash_due) == (Notice.PAY, 40, None)


@pytest.mark.parametrize("in_coins", [500, 1000])
def test_who_gives_up_gets_back_exactly_what_was_put_in(in_coins):
    talk = to_pay("up", job=kiosk(refund=("voucher",)))
    talk.coin(in_coins)
    talk.press("cancel")
    (entry,) = facts(talk.last, EntryAdded)
    assert (entry.kind, entry.amount) == (EntryKind.UNCLAIMED, in_coins)
    assert cash_moved(talk) == [(CashKind.UNCLAIMED, in_coins)]


def test_a_power_cut_between_two_coins_gives_back_exactly_what_was_put_in():
    talk = to_pay("up", job=kiosk())
    talk.coin(500)
    talk.coin(500)
    session = talk.state.job.purse.session
    found = recover(
        kiosk(), LeftOpen(sessions=(OpenSession(session, None, 1000, START, START),)), START, Counter()
    )
    (entry,) = facts(found, EntryAdded)
    assert (entry.kind, entry.amount) == (EntryKind.UNCLAIMED, 1000)


# -- wallets and cards ---------------------------------------------------------------------------------------


def test_a_wallet_pays_all_of_it_to_the_cent():
    talk = to_pay("up", job=kiosk())
    talk.tap()
    talk.wallet(5000)
    assert paid(talk) == ([(Method.WALLET, 1050, 0)], 0)


def test_a_card_pays_all_of_it_to_the_cent_and_nothing_else():
    talk = to_pay("up", job=kiosk())
    talk(CardPaid("t1", "A-1", 1100, "Kim"))
    assert "10.50 EUR are due" in talk.state.job.answer.words
    talk(CardPaid("t2", "A-2", 1050, "Kim"))
    assert paid(talk) == ([(Method.CARD, 1050, 0)], 0)


def test_the_rest_that_coins_pay_is_rounded():
    talk = to_pay("up", job=kiosk())
    talk.tap()
    talk.wallet(333)
    assert (talk.shown.due, talk.shown.cash_due) == (717, 700)
    talk.coin(700)
    assert paid(talk) == ([(Method.CASH, 700, 0), (Method.WALLET, 333, 0)], -17)


def test_a_rest_that_is_rounded_to_nothing_is_not_due():
    talk = to_pay("up", job=kiosk())
    talk.tap()
    talk.wallet(1010)
    assert paid(talk) == ([(Method.WALLET, 1010, 0)], -40)


@pytest.mark.parametrize("coins", [(500,), (500, 50)])
def test_a_wallet_or_card_that_pays_the_rest_leaves_nothing_to_round(coins):
    talk = to_pay("up", job=kiosk())
    for coin in coins:
        talk.coin(coin)
    rest = 1050 - sum(coins)
    talk(CardPaid("t", "A-1", rest, "Kim"))
    assert paid(talk) == ([(Method.CASH, sum(coins), 0), (Method.CARD, rest, 0)], 0)
    talk = to_pay("up", job=kiosk())
    for coin in coins:
        talk.coin(coin)
    talk.tap()
    talk.wallet(5000)
    assert paid(talk) == ([(Method.CASH, sum(coins), 0), (Method.WALLET, rest, 0)], 0)


def test_a_coin_on_its_way_pays_the_rounded_price_before_a_wallet_is_asked_for_the_cents():
    talk = to_pay("down", job=kiosk())
    talk.coin(500)
    talk(TokenPresented("reader", UID))
    talk.coin(500)
    talk.wallet(5000)
    assert paid(talk) == ([(Method.CASH, 1000, 0)], -49)
    assert entries(talk) == [EntryKind.SALE]


def test_a_wallet_that_is_charged_first_is_charged_the_exact_price():
    talk = to_pay("up", job=kiosk(authorize="charge"))
    talk.tap()
    talk.wallet(5000)
    (debit,) = facts(talk.last, EntryAdded)
    assert debit.amount == 1050
    talk.coin(100)  # it was on its way
    talk(DeliveryEnded(debit.key, Outcome.DELIVERED, ""))
    assert paid(talk) == ([(Method.WALLET, 1050, 0)], 0)
    assert talk.state.job.phase_name != "charging"


def test_a_discount_of_the_staff_is_rounded_with_the_price():
    talk = to_pay("up", job=kiosk(discounts=(Discount(name="Staff", percent=10, staff=True),)))
    talk.coin(500)
    talk(TokenPresented("reader", STAFF))
    assert (talk.shown.due, talk.shown.cash_due) == (445, 400)
    talk.coin(400)
    assert paid(talk) == ([(Method.CASH, 900, 0)], -45)


def test_without_a_rule_nothing_is_rounded():
    talk = choose(at_the_kiosk(kiosk(cash_rounding=0)), "up", "confirm")
    assert (talk.shown.due, talk.shown.cash_due) == (1050, None)
    talk.coin(1000)
    talk.coin(50)
    assert sale_of(talk).payments == (Payment(Method.CASH, 1050),)


# -- as the server says --------------------------------------------------------------------------------------


def told(talk, step):
    talk(CashStepTold(step))
    return choose(talk, "up", "confirm")


TOLD = [
    (None, 100, 1100),
    (None, 0, 1050),
    (None, -100, 1050),
    (None, 10**6, 1050),
    (0, 100, 1050),
    (20, 100, 1060),
]


@pytest.mark.parametrize(("configured", "step", "price"), TOLD)
def test_the_server_says_what_cash_is_rounded_to_unless_the_operator_does(configured, step, price):
    talk = told(at_the_kiosk(kiosk(cash_rounding=configured)), step)
    assert talk.shown.due + (talk.shown.rounding or 0) == price
    talk.coin(price)
    assert paid(talk) == ([(Method.CASH, price, 0)], price - 1050)


def test_what_a_server_says_meanwhile_is_for_the_next_guest():
    talk = told(at_the_kiosk(kiosk(cash_rounding=None)), 100)
    talk(CashStepTold(0))
    talk.coin(500)
    assert talk.shown.cash_due == 600
    talk.coin(600)
    assert paid(talk) == ([(Method.CASH, 1100, 0)], 50)
    talk.wait()
    choose(talk, "up", "confirm")
    assert talk.shown.cash_due is None


def test_what_a_server_said_last_holds_after_a_restart():
    talk = at_the_kiosk(kiosk(cash_rounding=None))
    talk.state = talk.terminal.start(talk.now, cash_step=100).state
    for device in ("slot", "paper"):
        talk.health(device, Health.OK)
    choose(talk, "up", "confirm")
    assert talk.shown.cash_due == 1100
