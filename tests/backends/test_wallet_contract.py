"""What every adapter of a server with wallets must do, whatever the server: the server's own books judge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from terminal.core.delivery import Again, LookFirst, Outcome, Promise, decide
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.stamp import Stamp
from terminal.sandbox import Fault
from tests.backends.making import ENOUGH_S, UID
from tests.backends.wallet_bench import BENCHES, PRICE, TOP_UP, Bench
from tests.support.waiting import wait_until

STRANGER = "04FFFFFFFFFF01"
LOST_BEFORE = [
    Fault(kind="drop", method="POST"),
    *(Fault(kind="status", status=status, method="POST") for status in (500, 502, 504)),
    Fault(kind="garbage", method="POST"),
]
LOST_AFTER = [
    Fault(kind="drop", after=True, method="POST"),
    *(Fault(kind="status", after=True, status=status, method="POST") for status in (500, 502, 504)),
    Fault(kind="half", method="POST"),
    Fault(kind="garbage", after=True, method="POST"),
]


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = BENCHES[request.param]()
    yield made
    made.close()


def name(fault: Fault) -> str:
    return f"{fault.kind} {fault.status if fault.kind == 'status' else ''}"


def signed(kind: EntryKind) -> int:
    return -PRICE if kind is EntryKind.DEBIT else TOP_UP


# -- what is booked ------------------------------------------------------------------------------------


def test_a_balance_is_read_and_each_kind_is_booked_once_in_its_direction(bench: Bench) -> None:
    assert bench.backend.balance(UID, ENOUGH_S).balance == bench.START
    expected = bench.START
    for number, kind in enumerate(bench.directions):
        answer = bench.backend.deliver(bench.order(kind, f"k{number}"), ENOUGH_S)
        expected += signed(kind)
        assert (answer.outcome, answer.balance) == (Outcome.DELIVERED, expected)
    assert bench.booked() == [signed(kind) for kind in bench.directions]
    assert bench.backend.balance(UID, ENOUGH_S).balance == expected
    assert bench.posts() == len(bench.directions)


def test_a_token_that_the_server_does_not_know_is_refused_and_nobody_pays(bench: Bench) -> None:
    reply = bench.backend.balance(STRANGER, ENOUGH_S)
    assert (reply.answer, reply.balance) == (WalletAnswer.NOT_PAIRED, None)
    assert reply.words
    answer = bench.backend.deliver(bench.order(uid=STRANGER), ENOUGH_S)
    assert answer.outcome is Outcome.REFUSED
    assert answer.words
    assert bench.booked() == []


def test_more_than_there_is_is_refused_for_good_by_the_server_that_minds(bench: Bench) -> None:
    answer = bench.backend.deliver(bench.dear(), ENOUGH_S)
    if bench.refuses_overdraft:
        assert bench.posts() == 1
    assert answer.outcome is Outcome.REFUSED
    assert answer.words
    assert bench.booked() == []


@pytest.mark.parametrize("uid", [None, "", "04/../x", "04a1b2"])
def test_a_token_that_is_none_is_refused_without_a_call(bench: Bench, uid: str | None) -> None:
    assert bench.backend.balance(uid or "", ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    answer = bench.backend.deliver(bench.order(uid=uid), ENOUGH_S)  # type: ignore[arg-type]
    assert answer.outcome is Outcome.REFUSED
    assert bench.posts() == 0


# -- what is lost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", LOST_BEFORE, ids=name)
def test_what_was_lost_before_it_was_booked_is_unknown_and_sent_once(bench: Bench, fault: Fault) -> None:
    bench.misbehave(fault)
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.UNKNOWN
    assert (bench.booked(), bench.posts()) == ([], 1)


@pytest.mark.parametrize("fault", LOST_AFTER, ids=name)
def test_what_was_lost_after_it_was_booked_is_unknown_and_booked_once(bench: Bench, fault: Fault) -> None:
    bench.misbehave(fault)
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.UNKNOWN
    assert (bench.booked(), bench.posts()) == ([-PRICE], 1)
    bench.misbehave()
    assert bench.backend.balance(UID, ENOUGH_S).balance == bench.START - PRICE


def test_a_server_that_hangs_leaves_it_unknown(bench: Bench) -> None:
    assert bench.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    bench.misbehave(Fault(kind="hang", after=True, method="POST"))
    assert bench.backend.deliver(bench.order(), 2.0).outcome is Outcome.UNKNOWN
    wait_until(lambda: bench.booked() == [-PRICE])
    assert bench.posts() == 1


@pytest.mark.parametrize("fault", [Fault(kind="delay", ms=50), Fault(kind="drip", ms=1)], ids=name)
def test_a_slow_server_is_waited_for(bench: Bench, fault: Fault) -> None:
    bench.misbehave(fault)
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert (bench.booked(), bench.posts()) == ([-PRICE], 1)


def test_an_unknown_booking_is_sent_again_only_where_the_server_drops_repeats(bench: Bench) -> None:
    """The engine's decision, by the guarantee that the adapter gives: and then the books have it once."""
    order = bench.order()
    bench.misbehave(Fault(kind="drop", after=True, method="POST", count=1))
    answer = bench.backend.deliver(order, ENOUGH_S)
    now = Stamp(0, 0, "boot", synced=True)
    guarantee = bench.backend.guarantee(order.kind)
    verdict = decide(guarantee, answer, first_attempted=now, in_doubt=False, now=now, delay_ms=5)
    if guarantee.promise is Promise.KEY:
        assert verdict == Again(5)
        assert bench.backend.deliver(order, ENOUGH_S).outcome is Outcome.DELIVERED
    else:
        assert guarantee.promise is Promise.READ_BACK
        assert isinstance(verdict, LookFirst)
    assert bench.booked() == [-PRICE]


# -- what was surely not booked ------------------------------------------------------------------------


def test_a_server_that_is_away_was_sent_nothing(bench: Bench) -> None:
    bench.away()
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.UNSENT
    assert bench.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.NO_ANSWER
    bench.back()
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert (bench.booked(), bench.posts()) == ([-PRICE], 1)


def test_without_time_nothing_is_sent(bench: Bench) -> None:
    assert bench.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert bench.backend.deliver(bench.order(), 0.0).outcome is Outcome.UNSENT
    assert bench.posts() == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(bench: Bench, status: int) -> None:
    bench.misbehave(Fault(kind="status", status=status, retry_after_s=7, method="POST", count=1))
    answer = bench.backend.deliver(bench.order(), ENOUGH_S)
    assert (answer.outcome, answer.retry_after_ms) == (Outcome.BUSY, 7_000)
    assert bench.booked() == []
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert bench.booked() == [-PRICE]


@pytest.mark.parametrize("status", [400, 404, 412, 415, 422])
def test_a_no_for_good_is_refused_in_the_servers_words(bench: Bench, status: int) -> None:
    bench.misbehave(Fault(kind="status", status=status, words="this is not to be", method="POST"))
    answer = bench.backend.deliver(bench.order(), ENOUGH_S)
    assert (answer.outcome, answer.status) == (Outcome.REFUSED, status)
    assert "this is not to be" in answer.words
    assert bench.booked() == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(bench: Bench, status: int) -> None:
    bench.misbehave(Fault(kind="status", status=status, method="POST"))
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.DENIED
    assert (bench.booked(), bench.posts()) == ([], 1)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="drop", method="GET"),
        Fault(kind="garbage", method="GET"),
        Fault(kind="status", status=500, method="GET"),
    ],
    ids=name,
)
def test_a_balance_that_cannot_be_read_is_no_answer(bench: Bench, fault: Fault) -> None:
    bench.misbehave(fault)
    reply = bench.backend.balance(UID, ENOUGH_S)
    assert (reply.answer, reply.balance) == (WalletAnswer.NO_ANSWER, None)


def test_a_terminal_that_is_locked_out_pauses_and_parks_nothing(bench: Bench) -> None:
    bench.lock_out()
    assert bench.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.DENIED
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.DENIED
    assert bench.booked() == []


def test_a_closed_adapter_sends_nothing(bench: Bench) -> None:
    bench.backend.close()
    assert bench.backend.deliver(bench.order(), ENOUGH_S).outcome is Outcome.UNSENT
    assert bench.posts() == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 503])
def test_words_hold_no_token_and_no_secret(bench: Bench, status: int) -> None:
    told = f"{UID} {UID.lower()} {bench.secret}"
    bench.misbehave(Fault(kind="status", status=status, words=told))
    for words in (
        bench.backend.deliver(bench.order(), ENOUGH_S).words,
        bench.backend.balance(UID, ENOUGH_S).words,
    ):
        assert UID.lower() not in words.lower()
        assert bench.secret not in words
