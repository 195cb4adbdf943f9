"""`POST /v1/journal/{seq}/resolve`: a named person settles what waits for one, in one of three ways."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.facts import EntryState, PersonDecided
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from tests.daemon import control_making
from tests.daemon.control_making import Desk, park_one, refused
from tests.journal.making import NOW, debit, ended, lost, started

unstarted = control_making.unstarted
ME = {"by": "the technician", "reason": "looked at the server"}


@pytest.fixture
def desk(unstarted: Desk) -> Desk:
    unstarted.start()
    return unstarted


def ago(seconds: int) -> Stamp:
    """Return a moment before that at which the desk's clock stands, under another boot of the machine."""
    return Stamp(NOW.wall_ms - 1000 * seconds, 900_000, "boot-0", synced=True)


@pytest.mark.parametrize(
    ("how", "action", "state"),
    [("delivered", "delivered", "delivered"), ("resend", "retry", "queued"), ("write-off", "void", "voided")],
)
def test_a_named_person_decides(desk: Desk, how: str, action: str, state: str) -> None:
    desk.journal.commit([debit(), *lost()], ago(60))
    status, body = desk.post("journal/1/resolve", {"how": how, **ME})
    assert (status, body["entry"]["state"]) == (200, state)
    assert desk.told == [PersonDecided("d1", action, "the technician", "looked at the server")]


@pytest.mark.parametrize("path", ["journal/1/resolve", "journal/1/retry"])
@pytest.mark.parametrize("seconds", [0, 1, 59])
def test_what_may_still_be_booked_is_not_sent_again(desk: Desk, path: str, seconds: int) -> None:
    desk.journal.commit([debit(), *lost()], ago(seconds))
    body = ME if path.endswith("retry") else {"how": "resend", **ME}
    assert f"again in {60 - seconds} s" in refused(desk.post(path, body), 409)
    found = desk.journal.entry("d1")
    assert found is not None
    assert found.state is EntryState.UNKNOWN
    assert desk.told == []


def test_nobody_waits_for_what_was_surely_not_booked_or_where_no_look_is_needed(desk: Desk) -> None:
    park_one(desk)
    desk.journal.commit([replace(debit("d2"), backend="other"), *lost("d2")], NOW)
    for seq in (1, 4):
        status, body = desk.post(f"journal/{seq}/resolve", {"how": "resend", **ME})
        assert (status, body["entry"]["state"]) == (200, "queued"), seq


def test_a_clock_that_cannot_tell_counts_from_the_start_of_the_machine(desk: Desk) -> None:
    desk.journal.commit([debit(), *lost()], replace(ago(3600), synced=False))
    assert "again in 55 s" in refused(desk.post("journal/1/resolve", {"how": "resend", **ME}), 409)


@pytest.mark.parametrize(
    "body",
    [ME, {"how": "booked", **ME}, {"how": None, **ME}, {"how": "delivered", "by": "me"}, {"how": "resend"}],
)
def test_one_of_three_ways_with_a_name_and_a_reason(desk: Desk, body: object) -> None:
    desk.journal.commit([debit(), *lost()], ago(60))
    refused(desk.post("journal/1/resolve", body), 400)
    assert desk.told == []


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (ended(), "nothing left to decide"),
        (ended("d1", Outcome.REFUSED, EntryState.PARKED), "the server has not booked it"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(desk: Desk, end: object, words: str) -> None:
    desk.journal.commit([debit(), started(), end], NOW)
    assert words in refused(desk.post("journal/1/resolve", {"how": "delivered", **ME}), 409)
    assert desk.told == []
