"""What every adapter of a server with wallets must do, whatever the server: the server's own books judge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from terminal.core.delivery import Again, LookFirst, Outcome, Promise, decide
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Booked, CannotTell, NotBooked, TooEarly
from terminal.core.records import Entry
from terminal.core.value import replace
from terminal.sandbox import Fault
from tests.backends.making import ENOUGH_S, UID
from tests.backends.wallet_bench import BOOKING, PRICE, TOP_UP, Bench, looked, moment, prepared
from tests.backends.wallet_benches import BENCHES, EVERY
from tests.support.waiting import wait_until

STRANGER = "04FFFFFFFFFF01"
LATE_MS = 3_600_000
"""By then every server has settled."""
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
    made = EVERY[request.param]()
    yield made
    made.close()


def name(fault: Fault) -> str:
    return f"{fault.kind} {fault.status if fault.kind == 'status' else ''}"


def signed(kind: EntryKind) -> int:
    return -PRICE if kind is EntryKind.DEBIT else TOP_UP


# -- what is booked ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bench", EVERY, indirect=True)
def test_a_balance_is_read_and_each_kind_is_booked_once_in_its_direction(bench: Bench) -> None:
    assert bench.backend.balance(UID, ENOUGH_S).balance == bench.START
    expected = bench.START
    for number, kind in enumerate(bench.directions):
        answer = bench.deliver(bench.order(kind, f"k{number}"))
        expected += signed(kind)
        told = expected if bench.tells_balance else None
        assert (answer.outcome, answer.balance) == (Outcome.DELIVERED, told)
    assert bench.booked() == [signed(kind) for kind in bench.directions]
    assert bench.backend.balance(UID, ENOUGH_S).balance == expected
    assert bench.posts() == len(bench.directions)


def test_a_token_that_the_server_does_not_know_is_refused_and_nobody_pays(bench: Bench) -> None:
    reply = bench.backend.balance(STRANGER, ENOUGH_S)
    assert (reply.answer, reply.balance) == (WalletAnswer.NOT_PAIRED, None)
    assert reply.words
    answer = bench.deliver(bench.order(uid=STRANGER))
    assert answer.outcome is Outcome.REFUSED
    assert answer.words
    assert bench.booked() == []


def test_more_than_there_is_is_refused_for_good_by_the_server_that_minds(bench: Bench) -> None:
    answer = bench.deliver(bench.dear())
    if bench.refuses_overdraft:
        assert bench.posts() == 1
    assert answer.outcome is Outcome.REFUSED
    assert answer.words
    assert bench.booked() == []


@pytest.mark.parametrize("uid", [None, "", "04/../x", "04a1b2"])
def test_a_token_that_is_none_is_refused_without_a_call(bench: Bench, uid: str | None) -> None:
    assert bench.backend.balance(uid or "", ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    answer = bench.deliver(bench.order(uid=uid))
    assert answer.outcome is Outcome.REFUSED
    assert bench.posts() == 0


# -- what is lost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", LOST_BEFORE, ids=name)
def test_what_was_lost_before_it_was_booked_is_unknown_and_sent_once(bench: Bench, fault: Fault) -> None:
    bench.misbehave(fault)
    assert bench.deliver(bench.order()).outcome is Outcome.UNKNOWN
    assert (bench.booked(), bench.posts()) == ([], 1)


@pytest.mark.parametrize("fault", LOST_AFTER, ids=name)
def test_what_was_lost_after_it_was_booked_is_unknown_and_booked_once(bench: Bench, fault: Fault) -> None:
    bench.misbehave(fault)
    assert bench.deliver(bench.order()).outcome is Outcome.UNKNOWN
    assert (bench.booked(), bench.posts()) == ([-PRICE], 1)
    bench.misbehave()
    assert bench.backend.balance(UID, ENOUGH_S).balance == bench.START - PRICE


def test_a_server_that_hangs_leaves_it_unknown(bench: Bench) -> None:
    assert bench.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    bench.misbehave(Fault(kind="hang", after=True, method="POST"))
    assert bench.deliver(bench.order(), 2.0).outcome is Outcome.UNKNOWN
    wait_until(lambda: bench.booked() == [-PRICE])
    assert bench.posts() == 1


@pytest.mark.parametrize("fault", [Fault(kind="delay", ms=50), Fault(kind="drip", ms=1)], ids=name)
def test_a_slow_server_is_waited_for(bench: Bench, fault: Fault) -> None:
    bench.misbehave(fault)
    assert bench.deliver(bench.order()).outcome is Outcome.DELIVERED
    assert (bench.booked(), bench.posts()) == ([-PRICE], 1)


@pytest.mark.parametrize("bench", EVERY, indirect=True)
@pytest.mark.parametrize("after", [True, False], ids=["booked", "not booked"])
def test_an_unknown_booking_is_sent_again_only_where_the_server_drops_repeats(
    bench: Bench, *, after: bool
) -> None:
    """The engine's decision, by the guarantee that the adapter gives: and then the books have it once."""
    for number, kind in enumerate(bench.directions):
        done = len(bench.booked())
        order = prepared(bench.backend, bench.order(kind, f"k{number}"))
        assert isinstance(order, Entry)
        bench.misbehave(Fault(kind="drop", after=after, method=BOOKING, count=1), kind=kind)
        answer = bench.backend.deliver(order, ENOUGH_S)
        now = moment(0)
        guarantee = bench.backend.guarantee(kind)
        verdict = decide(guarantee, answer, first_attempted=now, in_doubt=False, now=now, delay_ms=5)
        assert len(bench.booked()) == done + after
        if guarantee.promise in (Promise.KEY, Promise.NATURAL_KEY):
            assert verdict == Again(5)
            assert bench.backend.deliver(replace(order, in_doubt=True), ENOUGH_S).outcome is Outcome.DELIVERED
            assert len(bench.booked()) == done + 1
        else:
            assert guarantee.promise is Promise.READ_BACK
            assert isinstance(verdict, LookFirst)


# -- what is found out by looking ----------------------------------------------------------------------


LOOKING = [each for each in EVERY if each != "pointofsale"]


@pytest.mark.parametrize("bench", EVERY, indirect=True)
def test_who_is_looked_at_is_who_promises_nothing_else(bench: Bench, request: pytest.FixtureRequest) -> None:
    promised = {kind for kind in bench.directions if bench.backend.guarantee(kind).promise is Promise.READ_BACK}
    assert promised == bench.looks
    assert (request.node.callspec.params["bench"] in LOOKING) == bool(promised)


@pytest.mark.parametrize("fault", [LOST_BEFORE[0], LOST_AFTER[0], LOST_AFTER[1]], ids=name)
@pytest.mark.parametrize("bench", LOOKING, indirect=True)
def test_a_look_tells_what_became_of_it_where_we_are_alone(bench: Bench, fault: Fault) -> None:
    for kind in sorted(bench.looks, key=str):
        done = len(bench.booked())
        order = prepared(bench.backend, bench.order(kind, kind.value))
        assert isinstance(order, Entry)
        bench.misbehave(fault, kind=kind)
        assert bench.backend.deliver(order, ENOUGH_S).outcome is Outcome.UNKNOWN
        bench.misbehave()
        booked = len(bench.booked()) > done
        assert isinstance(looked(bench.backend, order, 1), Booked if booked else TooEarly)
        assert isinstance(looked(bench.backend, order, LATE_MS), Booked if booked else NotBooked)
        if not booked:  # and so it is sent again, with what is read anew
            assert bench.deliver(bench.order(kind, kind.value)).outcome is Outcome.DELIVERED
        assert bench.booked()[done:] == [signed(kind)]


@pytest.mark.parametrize("fault", [LOST_BEFORE[0], LOST_AFTER[0]], ids=["not booked", "booked"])
@pytest.mark.parametrize("bench", LOOKING, indirect=True)
def test_what_others_book_in_between_leads_to_no_false_conclusion(bench: Bench, fault: Fault) -> None:
    """Theirs is of the same amount, or undoes ours: who cannot tell says so, with both sides' facts."""
    shared = bench.shared()
    try:
        for number, others in enumerate((-PRICE, PRICE, -PRICE + 1)):
            for early in (True, False):
                done = len(bench.booked())
                order = prepared(shared, bench.order(key=f"k{number}{early}"))
                assert isinstance(order, Entry)
                if early:
                    bench.other(others)
                bench.misbehave(fault)
                assert shared.deliver(order, ENOUGH_S).outcome is Outcome.UNKNOWN
                bench.misbehave()
                if not early:
                    bench.other(others)
                booked = len(bench.booked()) > done
                conclusion = looked(shared, order, LATE_MS)
                assert isinstance(conclusion, CannotTell | (Booked if booked else NotBooked)), conclusion
                if isinstance(conclusion, CannotTell):
                    assert str(bench.START)[0] in conclusion.words
                bench.other(-others + PRICE * booked)  # as it was
    finally:
        shared.close()


# -- what was surely not booked ------------------------------------------------------------------------


def test_a_server_that_is_away_was_sent_nothing(bench: Bench) -> None:
    bench.away()
    assert bench.deliver(bench.order()).outcome is Outcome.UNSENT
    assert bench.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.NO_ANSWER
    bench.back()
    assert bench.deliver(bench.order()).outcome is Outcome.DELIVERED
    assert (bench.booked(), bench.posts()) == ([-PRICE], 1)


def test_without_time_nothing_is_sent(bench: Bench) -> None:
    assert bench.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert bench.deliver(bench.order(), 0.0).outcome is Outcome.UNSENT
    assert bench.posts() == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(bench: Bench, status: int) -> None:
    bench.misbehave(Fault(kind="status", status=status, retry_after_s=7, method="POST", count=1))
    answer = bench.deliver(bench.order())
    assert (answer.outcome, answer.retry_after_ms) == (Outcome.BUSY, 7_000)
    assert bench.booked() == []
    assert bench.deliver(bench.order()).outcome is Outcome.DELIVERED
    assert bench.booked() == [-PRICE]


@pytest.mark.parametrize("status", [400, 404, 412, 415, 422])
def test_a_no_for_good_is_refused_in_the_servers_words(bench: Bench, status: int) -> None:
    bench.misbehave(Fault(kind="status", status=status, words="this is not to be", method="POST"))
    answer = bench.deliver(bench.order())
    refused = status in bench.no_for_good
    assert (answer.outcome, answer.status) == (Outcome.REFUSED if refused else Outcome.UNKNOWN, status)
    assert "this is not to be" in answer.words
    assert bench.booked() == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_booking_that_this_terminal_may_not_make_pauses_it(bench: Bench, status: int) -> None:
    bench.misbehave(Fault(kind="status", status=status, method=BOOKING))
    assert bench.deliver(bench.order()).outcome is Outcome.DENIED
    assert bench.booked() == []


def test_an_answer_of_the_wrong_content_type_is_read_or_in_doubt_and_never_a_no(bench: Bench) -> None:
    bench.misbehave(Fault(kind="mislabel", method=BOOKING))
    answer = bench.deliver(bench.order())
    assert answer.outcome in (Outcome.DELIVERED, Outcome.UNKNOWN)
    assert (bench.booked(), bench.posts()) == ([-PRICE], 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(bench: Bench, status: int) -> None:
    bench.misbehave(Fault(kind="status", status=status, method="POST"))
    assert bench.deliver(bench.order()).outcome is Outcome.DENIED
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
    assert bench.deliver(bench.order()).outcome is Outcome.DENIED
    assert bench.booked() == []


def test_a_closed_adapter_sends_nothing(bench: Bench) -> None:
    bench.backend.close()
    assert bench.deliver(bench.order()).outcome is Outcome.UNSENT
    assert bench.posts() == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 503])
def test_words_hold_no_token_and_no_secret(bench: Bench, status: int) -> None:
    told = f"{UID} {UID.lower()} {bench.secret}"
    bench.misbehave(Fault(kind="status", status=status, words=told))
    for words in (
        bench.deliver(bench.order()).words,
        bench.backend.balance(UID, ENOUGH_S).words,
    ):
        assert UID.lower() not in words.lower()
        assert bench.secret not in words
