"""The job `topup` at its end: late coins, receipts, what does not work, a stop."""

import pytest

from terminal.core.effects import CloseSlot, Notice, OpenSlot, Print, ReadWallet, Show
from terminal.core.events import (
    Ended,
    Health,
    JournalFailed,
    JournalRecovered,
    PrintEnded,
    StopAsked,
    WalletAnswer,
    WalletRead,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
    SessionOpened,
)
from terminal.core.paper import Text
from terminal.core.rules import PrintingRules
from tests.core.coin_machine import collecting, slot
from tests.core.making import OTHER, UID, Talk, effects, facts, kinds, topup_job

# -- late coins ----------------------------------------------------------------------------------------


def test_a_late_coin_goes_where_the_others_went() -> None:
    talk = collecting(1000, max_session=300)
    talk.coin(200)
    talk.press("confirm")
    made = talk.coin(50)
    assert made.facts == (SessionOpened("n2", UID), CashMoved("n2", CashKind.IN, 50, "slot"))
    # What the wallet took already is not free any more, and the balance has grown.
    assert (talk.shown.balance, slot(talk)) == (1200, 50)
    again = facts(talk.wait(), EntryAdded)[0]
    assert (again.token, again.amount, again.key, again.session) == (UID, 50, "k2", "n2")


def test_a_late_coin_after_a_refusal_waits_for_a_token() -> None:
    talk = Talk(topup_job())
    talk.tap()
    talk(WalletRead(UID, WalletAnswer.NOT_PAIRED))
    made = talk.coin(50)
    assert facts(made, SessionOpened) == [SessionOpened("n1", None)]
    assert talk.phase == "coins wait for a token"


def test_a_late_coin_is_not_the_one_before_the_lasts() -> None:
    talk = collecting()
    talk.coin(200)
    talk.press("confirm")
    talk.health("slot", Health.MISSING)
    talk.tap(OTHER)
    assert talk.notice is Notice.OUT_OF_ORDER
    assert facts(talk.coin(50), SessionOpened) == [SessionOpened("n2", None)]


# -- receipts ------------------------------------------------------------------------------------------


def test_a_receipt_where_there_is_a_printer() -> None:
    talk = Talk(topup_job(printers=("old", "new"), receipt=("Canteen",)), healthy=("slot", "new"))
    talk.tap()
    talk.wallet(0)
    talk.coin(200)
    made = talk.press("confirm")
    (order,) = effects(made, Print)
    assert (order.job, order.device) == ("k1/receipt", "new")
    assert facts(made, ReleaseIntended) == [
        ReleaseIntended("k1/receipt", ReleaseKind.PRINT, "k1", "new", "receipt", order.document)
    ]
    assert isinstance(order.document.lines[0], Text)
    assert order.document.lines[0].text == "Canteen"
    assert UID not in repr(order)
    settled = talk(PrintEnded("k1/receipt", Ended.FAILED, "no paper"))
    assert settled.facts == (ReleaseSettled("k1/receipt", Ended.FAILED, "no paper"),)


@pytest.mark.parametrize("health", [None, Health.MISSING, Health.FAILED, Health.STARTING])
@pytest.mark.parametrize("waits", [True, False])
def test_a_top_up_goes_on_without_a_printer(health: Health | None, *, waits: bool) -> None:
    """The receipt is on the books where it waits for the printer; where none waits, there is none."""
    printing = PrintingRules(receipt_wait_s=900 if waits else 0)
    talk = Talk(topup_job(printers=("paper",), printing=printing))
    if health is not None:
        talk.health("paper", health)
    talk.tap()
    talk.wallet(0)
    talk.coin(200)
    made = talk.press("confirm")
    paper = [ReleaseIntended, ReleaseSettled] if waits else []
    assert kinds(made) == ([EntryAdded, CashMoved, SessionClosed, *paper], [CloseSlot, Show])


def test_a_print_that_is_answered_twice_is_settled_once() -> None:
    talk = Talk(topup_job(printers=("paper",)), healthy=("slot", "paper"))
    talk.tap()
    talk.wallet(0)
    talk.coin(200)
    talk.press("confirm")
    assert talk(PrintEnded("k0/receipt", Ended.DONE)).facts == ()
    assert len(talk(PrintEnded("k1/receipt", Ended.DONE)).facts) == 1
    assert talk(PrintEnded("k1/receipt", Ended.DONE)).facts == ()


# -- when something does not work ----------------------------------------------------------------------


@pytest.mark.parametrize("health", [Health.STARTING, Health.MISSING, Health.FAILED])
def test_the_slot_is_closed_unless_the_acceptor_works(health: Health) -> None:
    talk = Talk(topup_job())
    talk.health("slot", health)
    assert (slot(talk), talk.notice) == (0, Notice.OUT_OF_ORDER)
    talk.tap()
    assert effects(talk.last, ReadWallet) == []
    talk.wait()
    talk.health("slot", Health.DEGRADED)
    assert (slot(talk), talk.notice) == (5000, Notice.READY)


def test_before_any_device_was_heard_of_the_slot_is_closed() -> None:
    talk = Talk(topup_job(), healthy=())
    assert slot(talk) == 0


@pytest.mark.parametrize("phase", ["waiting", "collecting"])
def test_a_journal_that_fails_closes_the_slot(phase: str) -> None:
    talk = collecting() if phase == "collecting" else Talk(topup_job())
    talk.coin(200)
    wake_ms = talk.state.wake_ms
    talk(JournalFailed("The disk is full."))
    assert slot(talk) == 0
    talk(JournalRecovered())
    assert slot(talk) == 4800
    assert talk.state.wake_ms == wake_ms  # what happened to the machine gives nobody more time


def test_coins_that_wait_are_claimed_though_the_acceptor_is_gone() -> None:
    talk = Talk(topup_job())
    talk.coin(200)
    talk.health("slot", Health.MISSING)
    assert (talk.notice, talk.shown.amount) == (Notice.OUT_OF_ORDER, 200)
    talk.tap()
    talk.wallet(0)
    assert slot(talk) == 0
    assert facts(talk.press("confirm"), EntryAdded)[0].amount == 200


# -- stop ----------------------------------------------------------------------------------------------


def test_a_stop_credits_what_has_an_owner() -> None:
    talk = collecting()
    talk.coin(200)
    made = talk(StopAsked())
    assert facts(made, EntryAdded)[0].amount == 200
    assert slot(talk) == 0


def test_a_stop_leaves_what_has_none_for_the_next_start() -> None:
    talk = Talk(topup_job())
    talk.coin(200)
    made = talk(StopAsked())
    assert (made.facts, made.effects) == ((), (CloseSlot(),))
    talk.coin(50)  # was on its way
    assert facts(talk.last, CashMoved)[0].amount == 50
    assert slot(talk) == 0


@pytest.mark.parametrize("phase", ["ready", "checking", "collecting", "showing"])
def test_after_a_stop_the_slot_never_opens_again(phase: str) -> None:
    talk = Talk(topup_job())
    if phase != "ready":
        talk.tap()
    if phase in ("collecting", "showing"):
        talk.wallet(0)
    if phase == "showing":
        talk.press("confirm")
    talk(StopAsked())
    assert slot(talk) == 0
    for event in (JournalRecovered(), WalletRead(UID, WalletAnswer.KNOWN, 0)):
        assert effects(talk(event), OpenSlot) == []
    for do in (talk.coin, talk.coin):
        assert effects(do(), OpenSlot) == []
    assert effects(talk.health("slot", Health.OK), OpenSlot) == []
    for _ in range(3):
        if talk.state.wake_ms is not None:
            assert effects(talk.wait(), OpenSlot) == []
    assert not talk.state.job.under_way
