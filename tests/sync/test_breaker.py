"""The breaker: opens after failures in a row, lets one probe through, and closes at the first answer."""

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.sync.backoff import Backoff
from terminal.sync.breaker import Breaker, State

PROBE_MS, PAUSE_MS = 30_000, 300_000
OK = Answer(Outcome.DELIVERED)
LOST = Answer(Outcome.UNSENT, "no route")


def breaker() -> Breaker:
    return Breaker(3, lambda probes: PROBE_MS * probes, PAUSE_MS)


def opened() -> Breaker:
    found = breaker()
    for _ in range(3):
        found.heard(LOST, 0)
    return found


@pytest.mark.parametrize(
    "answer",
    [
        LOST,
        Answer(Outcome.UNKNOWN, "no answer in 10 s"),
        Answer(Outcome.BUSY, "maintenance", 503),
        Answer(Outcome.BUSY, "too many", 429),
    ],
    ids=str,
)
def test_failures_in_a_row_open_it(answer: Answer) -> None:
    found = breaker()
    assert found.state is State.UNUSED
    for _ in range(2):
        found.heard(answer, 0)
        assert found.wait_ms(0) == 0
    found.heard(answer, 0)
    assert found.state is State.AWAY
    assert found.words == answer.words
    assert found.wait_ms(0) == PROBE_MS
    assert found.permit(PROBE_MS - 1) is None


@pytest.mark.parametrize(
    "answer",
    [OK, Answer(Outcome.REFUSED, "bad"), Answer(Outcome.BUSY, "in progress", 409)],
    ids=str,
)
def test_an_answer_of_any_kind_shows_that_it_is_there(answer: Answer) -> None:
    found = breaker()
    found.heard(LOST, 0)
    found.heard(LOST, 0)
    found.heard(answer, 0)
    found.heard(LOST, 0)
    found.heard(LOST, 0)
    assert found.state is State.OK


def test_one_probe_at_a_time() -> None:
    found = opened()
    assert found.permit(PROBE_MS) is True
    assert found.state is State.PROBING
    assert found.permit(PROBE_MS) is None
    assert found.wait_ms(10 * PROBE_MS) is None


def test_each_failed_probe_waits_longer_and_success_closes() -> None:
    found = opened()
    found.permit(PROBE_MS)
    found.heard(LOST, PROBE_MS, probe=True)
    assert found.state is State.AWAY
    assert found.wait_ms(PROBE_MS) == 2 * PROBE_MS
    found.permit(3 * PROBE_MS)
    assert found.heard(OK, 3 * PROBE_MS, probe=True)
    assert found.state is State.OK
    assert found.words == ""
    assert found.permit(3 * PROBE_MS) is False


def test_what_was_on_its_way_when_it_opened_does_not_postpone_the_probe() -> None:
    found = opened()
    found.heard(LOST, PROBE_MS - 1)
    assert found.wait_ms(PROBE_MS) == 0


def test_a_probe_that_had_nothing_to_send_is_given_back() -> None:
    found = opened()
    found.permit(PROBE_MS)
    found.cancel()
    assert found.permit(PROBE_MS) is True


def test_retry_after_is_honoured_by_the_probe() -> None:
    found = breaker()
    for _ in range(3):
        found.heard(Answer(Outcome.BUSY, "wait", 503, retry_after_ms=100_000), 0)
    assert found.wait_ms(0) == 100_000


def test_denied_pauses_and_is_asked_again_by_one_probe() -> None:
    found = breaker()
    found.heard(Answer(Outcome.DENIED, "token revoked"), 0)
    assert found.state is State.PAUSED
    assert found.words == "token revoked"
    assert found.permit(PAUSE_MS - 1) is None
    assert found.permit(PAUSE_MS) is True
    assert found.state is State.PAUSED
    assert found.permit(PAUSE_MS) is None
    found.heard(LOST, PAUSE_MS, probe=True)
    assert found.state is State.PAUSED
    assert found.wait_ms(PAUSE_MS) == PAUSE_MS
    found.permit(2 * PAUSE_MS)
    assert found.heard(OK, 2 * PAUSE_MS, probe=True)


def test_look_ups_open_it_close_it_and_cannot_end_a_pause() -> None:
    found = breaker()
    for _ in range(3):
        found.report(0, ok=False)
    assert found.state is State.AWAY
    assert found.report(1, ok=True)
    assert found.state is State.OK
    found.heard(Answer(Outcome.DENIED, "token revoked"), 2)
    assert not found.report(3, ok=True)
    assert found.state is State.PAUSED
    assert found.glance(3)


def test_while_away_one_look_up_goes_out_in_each_probes_time() -> None:
    found = opened()
    assert not found.glance(PROBE_MS - 1)
    assert found.glance(PROBE_MS)
    assert not found.glance(PROBE_MS)
    assert found.glance(2 * PROBE_MS)


def test_a_person_can_have_it_tried_at_once() -> None:
    found = opened()
    found.wake()
    assert found.permit(0) is True


def test_back_off_doubles_with_jitter_up_to_its_limit() -> None:
    backoff = Backoff(2, 300)
    for tries, (low, high) in {1: (2, 4), 2: (2, 8), 5: (2, 64), 9: (2, 300), 5000: (2, 300)}.items():
        drawn = [backoff.delay_ms(tries) for _ in range(200)]
        assert low * 1000 <= min(drawn)
        assert max(drawn) <= high * 1000
        assert len(set(drawn)) > 20
        assert max(drawn) > high * 600


def test_back_off_with_a_limit_below_its_beginning_still_waits() -> None:
    assert 5_000 <= Backoff(5, 1).delay_ms(3) <= 10_000
