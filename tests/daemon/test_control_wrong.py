"""The control socket when things are wrong: what it refuses, and that nothing brings it down."""

import json
import logging
import stat
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.core.delivery import Outcome
from terminal.core.facts import EntryState
from terminal.journal.errors import JournalUnwritable
from tests.daemon import control_making
from tests.daemon.control_making import DISK, Desk, park_one, refused
from tests.journal.making import NOW, ended, started
from tests.journal.ticketing import CODE, STAFF, sold

unstarted = control_making.unstarted


@pytest.fixture
def desk(unstarted: Desk) -> Desk:
    unstarted.start()
    return unstarted


def test_a_journal_that_cannot_be_read_is_told_and_the_screen_is_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise JournalUnwritable(DISK)

    desk.broken = True
    for name in ("entries", "story", "entry_by_seq", "commit"):
        monkeypatch.setattr(desk.journal, name, fail)
    decision = {"by": "the technician", "reason": "why not"}
    for answer in (
        desk.get("status"),
        desk.get("journal"),
        desk.get("journal/1"),
        desk.post("journal/1/void", decision),
        desk.post("sync"),
    ):
        assert refused(answer, 503) == DISK
    assert desk.get("screen") == (200, {"notice": "ready"})
    assert desk.get("devices")[0] == 200
    assert desk.told == []


def test_a_decision_that_cannot_be_written_is_not_told(desk: Desk) -> None:
    park_one(desk)
    desk.journal._db.execute("PRAGMA query_only = ON")
    words = refused(desk.post("journal/1/void", {"by": "the technician", "reason": "why not"}), 503)
    assert "read-only" in words
    assert desk.told == []
    desk.journal._db.execute("PRAGMA query_only = OFF")
    assert desk.post("journal/1/void", {"by": "the technician", "reason": "why not"})[0] == 200


ROUTES = [
    "journal/1/void",
    "journal/1/retry",
    "pair",
    "sync",
    "catalogue/reload",
    "sim/tap",
    "sim/coin",
    "sim/unplug",
    "sim/network",
    "sim/%00",
]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["by", "reason", "code", "device", "args", "uid", "up", "x"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)


@given(
    path=st.sampled_from(ROUTES),
    body=_json.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_is_too_odd(desk: Desk, path: str, body: bytes) -> None:
    """Whatever is sent: an answer of the right shape, and never «failed inside the server»."""
    status, answer = desk.ask("POST", path, raw=body)
    assert status in (200, 400, 404, 409, 415)
    if status != 200:
        refused((status, answer), status)


def test_the_socket_is_for_the_group_only(desk: Desk) -> None:
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o660


def test_looking_writes_nothing_into_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "terminal"):
        desk.get("journal/5")
        desk.get("status")
    assert caplog.records == []


def test_a_sale_of_tickets_is_told_whole_where_it_is_asked_for_and_by_its_code_in_a_list(desk: Desk) -> None:
    desk.journal.commit(sold(), NOW)
    (listed,) = desk.get("journal")[1]["entries"]
    assert (listed["code"], listed["tickets"]) == (CODE, 2)
    seq = listed["seq"]
    told = desk.get(f"journal/{seq}")[1]["entry"]
    assert told["payload"]["lines"][0]["tickets"][1]["barcode"] == f"{CODE}XJX02"
    assert told["payload"]["staff"] == "…0102"
    assert f"{CODE}X" not in str(listed)
    answers = [desk.get("journal"), desk.get(f"journal/{seq}")]
    desk.journal.commit([started("t1")], NOW)
    desk.journal.commit([ended("t1", Outcome.REFUSED, EntryState.PARKED, words="no")], NOW)
    answers.append(desk.post(f"journal/{seq}/retry", {"by": "the technician", "reason": "tried"}))
    assert [status for status, _ in answers] == [200, 200, 200]
    assert STAFF not in str(answers)
