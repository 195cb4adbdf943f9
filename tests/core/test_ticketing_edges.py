"""The ticket kiosk where two things happen at once: the last coin and a full box, a guest and a technician."""

import pytest

from terminal.core.catalogue import Product
from terminal.core.effects import CloseSlot, CountPayout, Notice, OpenSlot, Print, ReadWallet
from terminal.core.events import (
    CardPaid,
    CatalogueRead,
    Ended,
    Health,
    PrintEnded,
    StopAsked,
    TakeCoins,
    TimePassed,
    TrialAsked,
    WalletRead,
)
from terminal.core.events import WalletAnswer as Answer
from terminal.core.facts import CashKind, EntryKind, PersonDecided
from terminal.core.rules import CashRules
from terminal.core.value import replace
from tests.core.box_office import HOPPER, at_the_kiosk, cash_moved, choose, entries, prints, sale_of, to_pay
from tests.core.making import UID, Talk, effects, facts, ticket_job

ADULT, DEARER = Product(4, "Adult", 300), Product(4, "Adult", 350)


def of_the_server(*products: Product, **rules: object) -> Talk:
    """A kiosk that sells what the server names."""
    return Talk(ticket_job(products=(), **rules), products=products, healthy=("slot", "paper"))


# -- what is paid is sold ------------------------------------------------------------------------------------


def test_the_coin_that_fills_the_cash_box_buys_all_the_same():
    job = ticket_job(pay=("coins",), cash=CashRules(box_pieces={"slot": 2}))
    talk = to_pay(4, job=job)
    talk.coin(100)
    assert talk.phase == "paying"
    talk.coin(200)
    assert sale_of(talk).total == 300
    talk = to_pay(4, job=job)
    talk.coin(100)
    talk.coin(100)
    assert talk.shown.words == "Nothing can be paid at the moment. Please call the staff."
    assert effects(talk.last, CloseSlot)
    talk.coin(100)  # it was on its way
    assert sale_of(talk).total == 300


def test_a_catalogue_that_is_empty_now_does_not_undo_a_sale():
    talk = of_the_server(ADULT)
    choose(talk, 4, "confirm")
    talk(CatalogueRead((), fresh=True))
    talk.coin(100)
    assert talk.phase == "paying"
    assert effects(talk.last, OpenSlot)
    talk.coin(200)
    assert sale_of(talk).total == 300


def test_a_card_pays_while_a_wallet_is_looked_at():
    talk = to_pay(4)
    talk.tap()
    talk(CardPaid("t", "A-1", 300, "Kim"))
    assert talk.state.job.answer.words == ""
    assert sale_of(talk).payments[0].reference == "A-1"
    assert not talk(WalletRead(UID, Answer.KNOWN, 1000)).facts


# -- no other price than the one that is shown ---------------------------------------------------------------


def test_whoever_chooses_sees_a_price_that_changes():
    talk = of_the_server(ADULT)
    choose(talk, 4)
    wake_ms = talk.state.wake_ms
    talk(CatalogueRead((DEARER,), fresh=True))
    assert (talk.notice, talk.shown.amount) == (Notice.CHOOSE, 350)
    assert talk.state.wake_ms == wake_ms
    talk.tap()
    talk.wallet(1000)
    assert sale_of(talk).total == 350


def test_what_is_not_sold_any_more_leaves_the_basket():
    talk = of_the_server(ADULT, Product(9, "Child", 150))
    choose(talk, 4, 9)
    talk(CatalogueRead((ADULT,), fresh=True))
    assert (talk.shown.amount, len(talk.shown.basket)) == (300, 1)


@pytest.mark.parametrize("named_here", [True, False])
def test_a_line_keeps_the_group_and_the_vat_that_its_product_had(named_here):
    rules = {} if named_here else {"products": ()}
    told = (Product(4, "Adult (server)", 250, group="Entry", vat=2500), Product(9, "Child", 150))
    talk = choose(Talk(ticket_job(**rules), products=told, healthy=("slot", "paper", "hopper")), 4, 9)
    talk(CatalogueRead((replace(told[0], group="Other", vat=600), told[1]), fresh=True))
    talk.tap()
    talk.wallet(1000)
    adult, child = sale_of(talk).lines
    assert (adult.description, adult.unit) == (("Adult", 300) if named_here else ("Adult (server)", 250))
    assert (adult.group, adult.vat) == ("Other", 600)
    assert (child.group, child.vat) == ("", None)


# -- nothing stays on the screen -----------------------------------------------------------------------------


@pytest.mark.parametrize("button", ["tea", "3"])
def test_a_button_that_does_nothing_does_not_keep_the_last_result(button):
    talk = to_pay("mug", job=ticket_job(max_tickets=1))
    talk.coin(500)
    talk(PrintEnded(effects(talk.last, Print)[0].job, Ended.DONE))
    assert talk.notice is Notice.ISSUED
    talk.press(button)
    assert (talk.notice, talk.shown.amount) == (Notice.READY, None)
    assert talk.shown.words
    talk.wait()
    assert (talk.notice, talk.shown.words) == (Notice.READY, "")
    assert talk.state.wake_ms is None


def test_a_token_that_means_nothing_does_not_stay_on_the_screen():
    talk = at_the_kiosk()
    talk.tap()
    assert talk.shown.token
    talk.wait()
    assert (talk.notice, talk.shown.token) == (Notice.READY, None)


# -- a technician and a guest --------------------------------------------------------------------------------


def test_coins_of_a_guest_are_not_taken_for_those_of_a_trial():
    talk = at_the_kiosk()
    talk(TrialAsked("t", "slot", "M. Muster", TakeCoins(500, 60)))
    assert effects(talk.last, OpenSlot)
    choose(talk, 4)
    assert effects(talk.last, CloseSlot)
    talk.press("confirm")
    talk.coin(100)
    assert not facts(talk.last, PersonDecided)
    assert cash_moved(talk) == [(CashKind.IN, 100)]
    talk.coin(200)
    assert sale_of(talk).total == 300


# -- a stop --------------------------------------------------------------------------------------------------


def test_a_stop_gives_change_the_way_that_change_has():
    talk = to_pay(4, job=ticket_job(change=("credit", "voucher"), refund=("payout",), cash=HOPPER))
    talk.coin(500)
    assert talk.notice is Notice.COINS_WAITING
    talk(StopAsked())
    assert entries(talk) == [EntryKind.UNCLAIMED]
    assert prints(talk) == ["voucher"]
    assert talk.notice is Notice.ISSUED


def test_change_that_is_being_counted_when_the_stop_comes_is_not_paid_any_more():
    talk = to_pay(4, job=ticket_job(cash=HOPPER))
    talk.coin(500)
    assert effects(talk.last, CountPayout)
    assert not talk(StopAsked()).facts
    talk.health("hopper", Health.FAILED)
    talk(TimePassed(), after_ms=10_000)
    assert cash_moved(talk) == [(CashKind.UNCLAIMED, 200)]
    assert prints(talk) == ["voucher"]


def test_a_stop_while_a_wallet_is_looked_at_leaves_nothing_behind():
    talk = to_pay(4)
    talk.coin(100)
    talk.tap()
    assert effects(talk.last, ReadWallet)
    talk(StopAsked())
    assert entries(talk) == [EntryKind.UNCLAIMED]
    assert not talk(WalletRead(UID, Answer.KNOWN, 1000)).facts
