"""The job `vending` where the server is charged first, and what the machine answers."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.effects import Notice, Release, Show
from terminal.core.events import CachedWallet, DeliveryEnded, Ended, ReleaseEnded, TimePassed
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    ReleaseIntended,
    ReleaseSettled,
)
from terminal.core.policy import Reason
from terminal.core.rules import OfflineRules
from tests.core.coffee import charging, ended, releasing
from tests.core.making import ESPRESSO, UID, Talk, effects, facts, kinds, vending_job

# -- authorize = "charge" ------------------------------------------------------------------------------


def test_charged_before_the_release() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.DELIVERED, balance=40))
    assert kinds(made) == ([ReleaseIntended], [Release, Show])
    talk(ended(0, Ended.DONE))
    assert (talk.notice, talk.shown.balance) == (Notice.CONFIRMED, 40)


def test_charged_by_a_server_that_tells_no_balance() -> None:
    talk = charging()
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    talk(ended(0, Ended.DONE))
    assert (talk.notice, talk.shown.balance) == (Notice.CONFIRMED, 50)


def test_a_refused_charge_gives_out_nothing() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.REFUSED, "wallet is locked"))
    assert kinds(made) == ([EntryAbandoned], [Show])
    assert "wallet is locked" in facts(made, EntryAbandoned)[0].words
    assert talk.notice is Notice.REFUSED


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.BUSY, Outcome.UNKNOWN, Outcome.UNSENT, None])
def test_a_charge_without_an_answer_falls_back_on_trust(outcome: Outcome | None) -> None:
    talk = charging()
    made = talk.wait() if outcome is None else talk(DeliveryEnded("k1", outcome))
    # The balance that the server told a moment ago is what is remembered.
    assert kinds(made) == ([ReleaseIntended], [Release, Show])
    talk(ended(0, Ended.DONE))
    assert talk.notice is Notice.ACCEPTED_OFFLINE
    assert (talk.shown.balance, talk.shown.balance_age_ms) == (50, 0)


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.BUSY, Outcome.UNKNOWN, Outcome.UNSENT, None])
def test_a_charge_without_an_answer_and_without_trust_is_abandoned(outcome: Outcome | None) -> None:
    talk = charging(offline=OfflineRules(max_sale=249))
    made = talk.wait() if outcome is None else talk(DeliveryEnded("k1", outcome))
    assert kinds(made) == ([EntryAbandoned], [Show])
    assert talk.shown.words == Reason.OFFLINE_SALE.value


def test_the_deadline_holds_for_the_charge_too() -> None:
    talk = charging(deadline_ms=700)
    assert talk(TimePassed(), after_ms=600).effects == ()
    assert len(effects(talk(TimePassed(), after_ms=100), Release)) == 1


def test_an_answer_about_another_entry_is_not_this_ones() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k0", Outcome.DELIVERED))
    assert (made.effects, talk.phase) == ((), "charging")


def test_an_answer_after_the_deadline_gives_nothing_out_twice() -> None:
    talk = charging()
    talk.wait()
    made = talk(DeliveryEnded("k1", Outcome.DELIVERED))
    assert (made.facts, made.effects) == ((), ())


def test_on_trust_nothing_is_charged_before_the_release() -> None:
    talk = Talk(vending_job(authorize="charge"))
    talk.press("espresso")
    talk.tap()
    made = talk.wallet(cached=CachedWallet(300, 0))
    assert kinds(made) == ([EntryAdded, ReleaseIntended], [Release, Show])


def test_a_charged_debit_of_which_nothing_came_out_is_abandoned() -> None:
    talk = charging()
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    made = talk(ended(0, Ended.FAILED))
    assert [type(fact) for fact in made.facts] == [ReleaseSettled, EntryAbandoned]


def test_a_charged_debit_in_doubt_gets_a_refund_that_waits() -> None:
    talk = charging()
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    made = talk(ended(0, Ended.UNKNOWN))
    (refund,) = facts(made, EntryAdded)
    assert (refund.kind, refund.refers_to, refund.state) == (EntryKind.REFUND, "k1", EntryState.PARKED)
    assert (refund.amount, refund.held) == (250, False)
    assert "delivered" in refund.words
    assert facts(made, EntryFreed) == [EntryFreed("k1")]


# -- what the machine answers --------------------------------------------------------------------------

UNKNOWN_WORDS = "If it did, `terminalctl journal retry` charges it"


@pytest.mark.parametrize(
    ("how", "silent"),
    [(Ended.DONE, False), (Ended.FAILED, False), (Ended.UNKNOWN, False), (Ended.UNKNOWN, True)],
)
@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("after_unknown", ["park", "charge"])
def test_three_pieces(number: int, how: Ended, after_unknown: str, *, silent: bool) -> None:
    talk = releasing(3, after_unknown_release=after_unknown)
    for done in range(number):
        talk(ended(done, Ended.DONE))
    made = talk.wait() if silent else talk(ended(number, how))
    (settled,) = facts(made, ReleaseSettled)
    assert (settled.release, settled.ended) == (f"k1/{number}", how)
    if how is Ended.DONE:
        last = number == 2
        assert facts(made, EntryFreed) == ([EntryFreed("k1")] if last else [])
        assert len(effects(made, Release)) == (0 if last else 1)
        return
    assert effects(made, Release) == []
    parts = facts(made, EntryAdded)
    paid = number + (how is Ended.UNKNOWN and after_unknown == "charge")
    waits = how is Ended.UNKNOWN and after_unknown == "park"
    if paid == 3:
        assert (facts(made, EntryFreed), parts) == ([EntryFreed("k1")], [])
    else:
        assert [fact.key for fact in facts(made, EntryAbandoned)] == ["k1"]
        queued = [part for part in parts if part.state is EntryState.QUEUED]
        parked = [part for part in parts if part.state is EntryState.PARKED]
        assert [part.pieces for part in queued] == ([(ESPRESSO,) * paid] if paid else [])
        assert [part.amount for part in parked] == ([250] if waits else [])
        assert all(UNKNOWN_WORDS in part.words for part in parked)
        assert all(part.token == UID and not part.held for part in parts)
        assert len({part.key for part in parts} | {"k1"}) == len(parts) + 1
    assert talk.notice is (Notice.REFUSED if how is Ended.FAILED else Notice.UNKNOWN)


@pytest.mark.parametrize("silent", [False, True])
def test_one_piece_of_which_nobody_can_tell_is_parked(*, silent: bool) -> None:
    talk = releasing(release_s=30)
    made = talk.wait() if silent else talk(ended(0, Ended.UNKNOWN))
    (parked,) = facts(made, EntryParked)
    assert (parked.key, parked.state) == ("k1", EntryState.PARKED)
    assert UNKNOWN_WORDS in parked.words
    assert talk.notice is Notice.UNKNOWN
    # The answer that comes after all changes nothing any more.
    late = talk(ended(0, Ended.DONE))
    assert (late.facts, late.effects) == ((), ())


def test_an_answer_for_another_release_is_not_this_ones() -> None:
    talk = releasing(2)
    for event in (ended(1, Ended.DONE), ReleaseEnded("k0/0", Ended.DONE)):
        assert (talk(event).facts, talk.phase) == ((), "releasing")
    talk(ended(0, Ended.DONE))
    again = talk(ended(0, Ended.DONE))  # a driver that says it twice
    assert (again.facts, again.effects) == ((), ())
