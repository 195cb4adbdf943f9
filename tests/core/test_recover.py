"""After a restart: each kind of leftover, alone and together."""

import pytest

from terminal.core.catalogue import total
from terminal.core.coins import Purse
from terminal.core.events import Ended
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    Fact,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
)
from terminal.core.job import Job
from terminal.core.records import Entry, OpenRelease, OpenSession
from terminal.core.recover import LeftOpen, Recovered, recover
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from tests.core.making import CAPPUCCINO, ESPRESSO, UID, WATER, Counter, topup_job, vending_job

THEN = Stamp(wall_ms=1_800_000_000_000, mono_ms=5_000_000, boot="a", synced=True)
NOW = Stamp(wall_ms=1_800_000_060_000, mono_ms=9_000, boot="b", synced=True)
PIECES = (ESPRESSO, CAPPUCCINO, WATER)


def held(pieces: int = 1, *, attempted: bool = False, state: EntryState = EntryState.QUEUED) -> Entry:
    chosen = PIECES[:pieces]
    return Entry(
        seq=1,
        key="d",
        kind=EntryKind.DEBIT,
        backend="main",
        token=UID,
        amount=total(chosen),
        pieces=chosen,
        description="text",
        tag="tag",
        session=None,
        refers_to=None,
        held=True,
        state=state,
        words="",
        created=THEN,
        first_attempted=THEN if attempted else None,
        in_doubt=False,
        attempts=int(attempted),
        compensate=False,
    )


def vend(number: int, key: str = "d") -> OpenRelease:
    return OpenRelease(f"{key}/{number}", ReleaseKind.VEND, key, "relay", "Espresso", THEN)


def again(job: Job, now: Stamp = NOW, **left: object) -> Recovered:
    return recover(job, LeftOpen(**left), now, Counter())


def only(found: Recovered, kind: type[Fact]) -> list[Fact]:
    return [fact for fact in found.facts if isinstance(fact, kind)]


def test_nothing_left_is_nothing_to_do() -> None:
    assert again(vending_job()) == Recovered((), None, 0)


# -- sales ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attempted", [False, True])
def test_a_debit_before_its_release_is_abandoned(*, attempted: bool) -> None:
    found = again(vending_job(), held=[held(attempted=attempted)])
    (fact,) = found.facts
    assert isinstance(fact, EntryAbandoned)
    assert fact.key == "d"
    assert "Nothing was given out" in fact.words


def test_a_release_under_way_is_unknown_and_its_debit_parked() -> None:
    found = again(vending_job(), held=[held()], releases=[vend(0)])
    settled, parked = found.facts
    assert isinstance(settled, ReleaseSettled)
    assert (settled.release, settled.ended) == ("d/0", Ended.UNKNOWN)
    assert isinstance(parked, EntryParked)
    assert (parked.key, parked.state) == ("d", EntryState.PARKED)


def test_with_charge_it_is_charged() -> None:
    found = again(vending_job(after_unknown_release="charge"), held=[held()], releases=[vend(0)])
    assert found.facts[1:] == (EntryFreed("d"),)


def test_a_charged_debit_in_doubt_gets_a_refund_that_waits() -> None:
    found = again(vending_job(), held=[held(attempted=True)], releases=[vend(0)])
    assert only(found, EntryFreed) == [EntryFreed("d")]
    (refund,) = only(found, EntryAdded)
    assert isinstance(refund, EntryAdded)
    assert (refund.kind, refund.state, refund.refers_to) == (EntryKind.REFUND, EntryState.PARKED, "d")
    assert not refund.held


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_second_of_three_pieces(number: int) -> None:
    found = again(vending_job(), held=[held(3)], releases=[vend(number)])
    assert [fact.ended for fact in only(found, ReleaseSettled)] == [Ended.UNKNOWN]
    assert [fact.key for fact in only(found, EntryAbandoned)] == ["d"]
    parts = only(found, EntryAdded)
    paid = [part for part in parts if part.state is EntryState.QUEUED]
    waits = [part for part in parts if part.state is EntryState.PARKED]
    assert [part.pieces for part in paid] == ([PIECES[:number]] if number else [])
    assert [part.pieces for part in waits] == [(PIECES[number],)]
    assert all(part.token == UID and part.tag == "tag" and not part.held for part in parts)


def test_several_sales_are_settled_each_by_its_own_release() -> None:
    found = again(vending_job(), held=[held(), replace(held(), key="x")], releases=[vend(0, "x")])
    assert [fact.release for fact in only(found, ReleaseSettled)] == ["x/0"]
    assert [fact.key for fact in only(found, EntryAbandoned)] == ["d"]
    assert [fact.key for fact in only(found, EntryParked)] == ["x"]


def test_a_print_under_way_is_unknown_and_nothing_else() -> None:
    receipt = OpenRelease("c/receipt", ReleaseKind.PRINT, "c", "paper", "receipt", THEN)
    found = again(topup_job(), releases=[receipt])
    assert [(fact.release, fact.ended) for fact in only(found, ReleaseSettled)] == [
        ("c/receipt", Ended.UNKNOWN)
    ]
    assert len(found.facts) == 1


def test_a_print_does_not_stand_for_a_piece() -> None:
    receipt = OpenRelease("d/receipt", ReleaseKind.PRINT, "d", "paper", "receipt", THEN)
    found = again(vending_job(), held=[held()], releases=[receipt])
    assert len(only(found, EntryAbandoned)) == 1


# -- coins ---------------------------------------------------------------------------------------------


def session(name: str, held_: int, *, token: str | None = None, coin: Stamp | None = THEN) -> OpenSession:
    return OpenSession(name, token, held_, THEN, coin)


def test_coins_of_a_token_are_credited() -> None:
    found = again(topup_job(), sessions=[session("s", 300, token=UID)])
    entry, moved, closed = found.facts
    assert isinstance(entry, EntryAdded)
    assert (entry.kind, entry.token, entry.amount, entry.session) == (EntryKind.CREDIT, UID, 300, "s")
    assert moved == CashMoved("s", CashKind.CREDITED, 300, key=entry.key)
    assert closed == SessionClosed("s", "credited")
    assert found.purse is None


def test_coins_without_a_token_wait_on() -> None:
    found = again(topup_job(), sessions=[session("s", 300)])
    assert found == Recovered((), Purse("s", None, 300), 60_000)


@pytest.mark.parametrize(("ago_ms", "waits"), [(899_999, True), (900_000, False)])
def test_the_window_counts_from_the_last_coin(ago_ms: int, *, waits: bool) -> None:
    coin = Stamp(NOW.wall_ms - ago_ms, 1, "a", synced=True)
    opened = Stamp(NOW.wall_ms - 99_000_000, 1, "a", synced=True)
    left = OpenSession("s", None, 300, opened, coin)
    found = again(topup_job(window_s=900), sessions=[left])
    assert (found.purse is not None) is waits
    if not waits:
        (entry,) = only(found, EntryAdded)
        assert isinstance(entry, EntryAdded)
        assert (entry.kind, entry.state) == (EntryKind.UNCLAIMED, EntryState.PARKED)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (Stamp(50_000, 50_000, "a", synced=False), NOW),  # a boot in 1970
        (THEN, Stamp(9_000, 9_000, "b", synced=False)),  # this boot is
        (Stamp(NOW.wall_ms + 99_000_000, 1, "a", synced=True), NOW),  # a clock that went backwards
    ],
)
def test_where_no_clock_can_tell_the_window_begins_anew(then: Stamp, now: Stamp) -> None:
    left = OpenSession("s", None, 300, then, then)
    assert again(topup_job(window_s=1), now, sessions=[left]) == Recovered((), Purse("s", None, 300), 0)


def test_only_the_newest_coins_wait_on() -> None:
    found = again(
        topup_job(), sessions=[session("old", 100), session("mid", 50, token=UID), session("new", 20)]
    )
    assert found.purse == Purse("new", None, 20)
    assert [(fact.session, fact.kind, fact.amount) for fact in only(found, CashMoved)] == [
        ("mid", CashKind.CREDITED, 50),
        ("old", CashKind.UNCLAIMED, 100),
    ]
    assert len({fact.key for fact in only(found, EntryAdded)}) == 2


def test_an_empty_session_is_closed() -> None:
    found = again(topup_job(), sessions=[session("s", 0, token=UID, coin=None)])
    assert found.facts == (SessionClosed("s", "empty"),)


def test_a_machine_that_sells_keeps_no_coins_waiting() -> None:
    found = again(vending_job(), sessions=[session("s", 300)])
    assert found.purse is None
    assert [entry.kind for entry in only(found, EntryAdded)] == [EntryKind.UNCLAIMED]


def test_all_at_once() -> None:
    found = again(
        vending_job(),
        held=[held(2)],
        releases=[vend(1)],
        sessions=[session("s", 300, token=UID), session("t", 10)],
    )
    assert [entry.amount for entry in only(found, EntryAdded)] == [250, 300, 300, 10]
