"""A look-up that the server denies: a person sees it, no delivery waits for it, and it goes away by itself."""

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryState
from terminal.sync.breaker import Breaker, State
from terminal.sync.engine import BackendState
from terminal.sync.ports import Ledger
from tests.sync.model import DENY, RULES, ManualClock, ModelServer, Run

PAUSE_MS = RULES.pause_retry_s * 1000
REVOKED = "401 Unauthorized: token revoked"
DENIED, REFUSED = Answer(Outcome.DENIED, "may not book", 403), Answer(Outcome.REFUSED, "no such product", 400)
LOST = Answer(Outcome.UNSENT, "no route")


def breaker() -> Breaker:
    return Breaker(3, lambda _: 30_000, PAUSE_MS)


def denied() -> Breaker:
    found = breaker()
    found.report(0, ok=True, denied=REVOKED)
    assert (found.state, found.words) == (State.PAUSED, REVOKED)
    return found


def test_it_holds_up_nothing() -> None:
    found = denied()
    assert found.wait_ms(0) == 0
    assert found.permit(0) is False
    assert found.glance(0)


def test_a_look_up_that_is_answered_ends_it() -> None:
    found = denied()
    found.report(1, ok=True)
    assert (found.state, found.words) == (State.OK, "")


@pytest.mark.parametrize("answer", [Answer(Outcome.DELIVERED), REFUSED], ids=str)
def test_a_delivery_that_is_answered_ends_it(answer: Answer) -> None:
    found = denied()
    found.heard(answer, 1)
    assert (found.state, found.words) == (State.OK, "")


def test_a_server_that_goes_away_meanwhile_has_not_accepted_anybody() -> None:
    found = denied()
    for _ in range(3):
        found.report(1, ok=False)
        found.heard(LOST, 1)
    assert (found.state, found.words) == (State.PAUSED, REVOKED)
    assert found.permit(1) is None, "it is away all the same"
    found.report(2, ok=True)
    assert (found.state, found.words) == (State.OK, "")
    assert found.permit(2) is False


def test_it_shows_that_the_server_is_back() -> None:
    found = breaker()
    for _ in range(3):
        found.heard(LOST, 0)
    assert found.report(1, ok=True, denied=REVOKED)
    assert found.permit(1) is False


def test_a_pause_of_the_deliveries_is_not_ended_with_it() -> None:
    found = denied()
    found.heard(DENIED, 0)
    assert found.permit(1) is None
    found.report(1, ok=True)
    assert (found.state, found.words) == (State.PAUSED, "may not book")
    assert found.permit(1) is None
    found.report(2, ok=True, denied=REVOKED)
    assert found.permit(PAUSE_MS) is True
    found.heard(Answer(Outcome.DELIVERED), PAUSE_MS, probe=True)
    assert (found.state, found.words) == (State.OK, "")


def state(run: Run) -> BackendState:
    (found,) = run.engine.states()
    return found


def test_a_terminal_that_sells_nothing_shows_it_and_says_so_once(
    journal: Ledger, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(journal, ModelServer(clock=clock), clock=clock)
    for _ in range(3):
        run.engine.report("main", ok=True, denied=REVOKED)
    assert (state(run).state, state(run).words) == ("paused", REVOKED)
    (said,) = (record for record in caplog.records if REVOKED in record.message)
    assert said.levelname == "ERROR"
    run.engine.report("main", ok=True)
    assert (state(run).state, state(run).words) == ("ok", "")


def test_what_the_server_accepts_is_delivered_all_the_same(journal: Ledger, clock: ManualClock) -> None:
    run = Run(journal, ModelServer(clock=clock), clock=clock)
    run.engine.report("main", ok=True, denied=REVOKED)
    run.add("k")
    run.work()
    assert run.state("k") is EntryState.DELIVERED
    assert state(run).state == "ok", "it accepts the terminal"


def test_a_delivery_that_is_denied_too_pauses_and_recovers_by_its_own_probe(
    journal: Ledger, clock: ManualClock
) -> None:
    server = ModelServer(clock=clock)
    server.script.extend([DENY])
    run = Run(journal, server, clock=clock)
    run.engine.report("main", ok=True, denied=REVOKED)
    run.add("k")
    run.work()
    assert run.state("k") is EntryState.QUEUED
    assert state(run).state == "paused"
    clock.advance(PAUSE_MS)
    run.work()
    assert run.state("k") is EntryState.DELIVERED
    assert (state(run).state, state(run).words) == ("ok", "")
