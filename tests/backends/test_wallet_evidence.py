"""Wallets of servers without keys, read before and after a booking: against the server's own books."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.backends.replies import Reply, judge
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise, proven
from terminal.core.reconcile import Booked, CannotTell, Conclusion, NotBooked, decide
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.sandbox import Fault
from tests.backends import onslip_bench
from tests.backends.making import ENOUGH_S, UID, adapter, entry
from tests.backends.wallet_bench import PRICE, Bench
from tests.backends.wallet_benches import BENCHES, OnslipBench

KEYLESS = [each for each in BENCHES if each.startswith(("onslip", "pointofsale, "))]
BEFORE, SENT, SETTLED = (Stamp(ms, ms, "boot", synced=True) for ms in (1_000, 11_000, 71_000))


@pytest.fixture(params=KEYLESS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = BENCHES[request.param]()
    yield made
    made.close()


def read(bench: Bench, order: Entry, before: Evidence | None = None) -> Evidence:
    told = bench.backend.evidence(order, before, SETTLED if before else BEFORE, ENOUGH_S)  # type: ignore[attr-defined]
    assert isinstance(told, Evidence), told
    return told


def concluded(bench: Bench, order: Entry, before: Evidence, *, alone: bool) -> Conclusion:
    operation = replace(bench.backend.operation(order, SENT), alone=alone)  # type: ignore[attr-defined]
    return decide(operation, before, read(bench, order, before), SETTLED, 60_000)


@pytest.mark.parametrize("after", [False, True], ids=["not booked", "booked"])
def test_where_nobody_else_books_the_balance_tells(bench: Bench, *, after: bool) -> None:
    for number, kind in enumerate(bench.directions):
        order = bench.order(kind, f"k{number}")
        before = read(bench, order)
        booked = bench.booked()
        bench.misbehave(Fault(kind="drop", after=after, method="POST", count=1))
        answer = bench.backend.deliver(replace(order, before=before), ENOUGH_S)
        assert answer.outcome is Outcome.UNKNOWN
        found = concluded(bench, order, before, alone=True)
        assert isinstance(found, Booked if after else NotBooked)
        assert len(bench.booked()) == len(booked) + after


def test_where_others_book_too_a_person_gets_both_balances(bench: Bench) -> None:
    order = bench.order()
    before = read(bench, order)
    assert bench.backend.deliver(replace(order, before=before), ENOUGH_S).outcome is Outcome.DELIVERED
    found = concluded(bench, order, before, alone=False)
    assert isinstance(found, CannotTell)
    assert f"balance {bench.START / 100:.2f}" in found.words
    assert f"balance {(bench.START - PRICE) / 100:.2f}" in found.words
    assert UID.lower() not in found.words.lower()


def test_reads_book_nothing_and_say_why_they_fail(bench: Bench) -> None:
    order = bench.order()
    for fault, outcome in (
        (Fault(kind="drop", method="GET"), (Outcome.UNKNOWN, Outcome.UNSENT)),
        (Fault(kind="status", status=500, method="GET"), (Outcome.UNKNOWN,)),
        (Fault(kind="status", status=503, method="GET"), (Outcome.BUSY,)),
        (Fault(kind="status", status=403, method="GET"), (Outcome.DENIED,)),
    ):
        bench.misbehave(fault)
        told = bench.backend.evidence(order, None, BEFORE, ENOUGH_S)  # type: ignore[attr-defined]
        assert isinstance(told, Answer)
        assert told.outcome in outcome
        assert UID.lower() not in told.words.lower()
    bench.misbehave()
    stranger = bench.order(uid="04FFFFFFFFFF01")
    told = bench.backend.evidence(stranger, None, BEFORE, ENOUGH_S)  # type: ignore[attr-defined]
    assert isinstance(told, Answer)
    assert told.outcome is Outcome.REFUSED
    assert (bench.booked(), bench.posts()) == ([], 0)


def test_each_token_is_an_account_and_what_is_free_is_on_none(bench: Bench) -> None:
    order = bench.order()
    backend = bench.backend
    assert backend.account(order) == order.token  # type: ignore[attr-defined]
    assert backend.account(replace(order, amount=0)) is None  # type: ignore[attr-defined]
    assert backend.guarantee(order.kind) == Guarantee(Promise.READ_BACK)
    assert backend.settling_ms == 60_000  # type: ignore[attr-defined]


def test_a_voucher_that_is_not_the_one_that_was_read_is_not_booked_on() -> None:
    bench = OnslipBench()
    order = bench.order()
    before = read(bench, order)
    onslip_bench.know_voucher(bench.realm, "gone")
    onslip_bench.know_voucher(bench.realm, UID.lower(), id_=77, balance=1.5)
    bench.misbehave(Fault(kind="status", status=404, method="POST", count=1))
    answer = bench.backend.deliver(replace(order, before=before), ENOUGH_S)
    assert answer.outcome is Outcome.UNSENT
    assert "another voucher" in answer.words
    assert bench.booked() == []
    later = read(bench, order, before)
    assert later.balance is None, "its balance is that of something else"
    bench.close()


def test_of_what_was_never_sent_onslip_tells_without_a_call() -> None:
    bench = OnslipBench()
    free, nobody = replace(bench.order(), amount=0), replace(bench.order(), token=None)
    assert bench.backend.look(free, ENOUGH_S).outcome is Outcome.DELIVERED  # type: ignore[attr-defined]
    assert bench.backend.look(nobody, ENOUGH_S).outcome is Outcome.REFUSED  # type: ignore[attr-defined]
    assert bench.posts() == 0
    bench.close()


def test_a_server_that_drops_repeats_is_not_read() -> None:
    keeps: PointOfSale = adapter("https://pos.example.org/", dialect="documented")
    order = entry()
    assert keeps.account(order) is None
    loses = adapter("https://pos.example.org/", dialect="documented", idempotency="none", alone=True)
    assert loses.account(order) == UID
    assert loses.operation(order, SENT).alone


# -- what busy proves ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [409, 429, 503])
@pytest.mark.parametrize(
    ("body", "foreign"),
    [
        (b'{"message": "try later"}', False),
        (b"[]", False),
        (b"<html>maintenance</html>", True),
        (b"upstream connect error", True),
        (b"", True),
        (b"null", True),
    ],
)
def test_busy_is_believed_in_the_words_of_an_api(status: int, body: bytes, *, foreign: bool) -> None:
    answer = judge(Reply(status, {}, body))
    assert (answer.outcome, answer.foreign) == (Outcome.BUSY, foreign)
    told = Outcome.UNKNOWN if foreign else Outcome.BUSY
    for promise in (Promise.NONE, Promise.READ_BACK):
        assert proven(Guarantee(promise), answer).outcome is told
    for promise in (Promise.KEY, Promise.NATURAL_KEY):
        assert proven(Guarantee(promise), answer).outcome is Outcome.BUSY
        assert proven(Guarantee(promise), answer, anew=True).outcome is told


def test_a_busy_proxy_before_a_look_for_the_wallet_is_no_doubt_about_the_booking() -> None:
    busy = httpx.MockTransport(lambda _: httpx.Response(503, content=b"<html>maintenance</html>"))
    backend = adapter("https://pos.example.org/", dialect="pretix", transport=busy)
    answer = backend.deliver(entry(), ENOUGH_S)
    assert (answer.outcome, answer.foreign) == (Outcome.BUSY, False)
