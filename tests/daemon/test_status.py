"""How the terminal is: every cause has its sentence, and a healthy one has none."""

import json
from typing import Any

import msgspec
import pytest

from terminal.core.decision import Wanted
from terminal.core.effects import Notice, Screen
from terminal.core.events import Health
from terminal.core.facts import EntryState
from terminal.core.paper import Document, Text
from terminal.core.printing import GivenUp, PrintJob, Queue
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.daemon.status import BackendStatus, DeviceStatus, Snapshot, problems, status
from tests.core.making import ESPRESSO

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
NOW = Stamp(wall_ms=1_800_000_000_000, mono_ms=100 * HOUR_MS, boot="now", synced=True)
READER = DeviceStatus("front reader", "reader", "pcsc", Health.OK, "")
SLOT = DeviceStatus("coin slot", "coin_acceptor", "pulse", Health.OK, "")
SERVER = BackendStatus("main", "pointofsale", "ok", "")
HEALTHY = Snapshot(
    terminal="coffee-1",
    job="vending",
    version="1.2.3",
    phase="ready",
    now=NOW,
    screen=Screen(Notice.READY, products=(ESPRESSO,)),
    counts={EntryState.DELIVERED: 7, EntryState.VOIDED: 1, EntryState.QUEUED: 2, EntryState.SENDING: 1},
    oldest=None,
    devices=(READER, SLOT),
    backends=(SERVER,),
    max_age_h=72,
)


PAPER = Document((Text("Thank you"),))


def paper(name: str, *, since_min: float, printing: bool = False) -> PrintJob:
    """A document that waits since then, or is being printed."""
    since_ms = NOW.mono_ms - int(since_min * MINUTE_MS)
    deadline_ms = NOW.mono_ms + 1 if printing else None
    return PrintJob(Wanted(name, name[:2], PAPER), since_ms, None, deadline_ms=deadline_ms)


def not_printed(name: str, *, ago_min: float) -> GivenUp:
    return GivenUp(name, "It was tried 5 times.", NOW.mono_ms - int(ago_min * MINUTE_MS))


def ago(ms: int, **more: Any) -> Stamp:
    return replace(replace(NOW, wall_ms=NOW.wall_ms - ms, mono_ms=NOW.mono_ms - ms), **more)


def test_a_healthy_terminal_needs_nobody() -> None:
    assert problems(HEALTHY) == []


def test_the_shape() -> None:
    shown = json.loads(msgspec.json.encode(status(replace(HEALTHY, oldest=ago(90_000)))))
    assert {name: shown[name] for name in ("terminal", "version", "job", "phase", "clock_synchronised")} == {
        "terminal": "coffee-1",
        "version": "1.2.3",
        "job": "vending",
        "phase": "ready",
        "clock_synchronised": True,
    }
    assert shown["queue"] == {
        "queued": 2,
        "sending": 1,
        "unknown": 0,
        "parked": 0,
        "delivered": 7,
        "voided": 1,
        "oldest_age_s": 90,
    }
    assert shown["devices"][1] == {
        "name": "coin slot",
        "role": "coin_acceptor",
        "driver": "pulse",
        "health": "ok",
        "words": "",
    }
    assert shown["backends"] == [{"name": "main", "type": "pointofsale", "state": "ok", "words": ""}]
    assert shown["screen"]["notice"] == "ready"
    assert shown["screen"]["products"] == [{"id": "espresso", "name": "Espresso", "price": 250}]
    assert (shown["prints_waiting"], shown["prints_given_up"]) == (0, [])
    assert shown["problems"] == []


def test_what_a_technician_should_only_know_is_no_problem() -> None:
    shown = status(replace(HEALTHY, notices=("version 2 is offered",)))
    assert (shown["notices"], shown["problems"]) == (["version 2 is offered"], [])
    assert "offered" not in json.dumps(shown["screen"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"out_of_order": "No products are known yet."}, "Out of order: No products are known yet."),
        ({"broken": "The disk is full."}, "The disk is full."),
        ({"set_aside": "The journal was damaged."}, "The journal was damaged."),
        (
            {"upkeep": ("The journal could not be backed up: no room.",)},
            "The journal could not be backed up: no room.",
        ),
        (
            {"devices": (replace(SLOT, health=Health.MISSING, words="no such line"), READER)},
            "Coin acceptor 'coin slot' is missing: no such line",
        ),
        (
            {"devices": (READER, replace(SLOT, health=Health.FAILED))},
            "Coin acceptor 'coin slot' is failed: it does not work.",
        ),
        (
            {"devices": (replace(READER, health=Health.DEGRADED, words="slow"),)},
            "Reader 'front reader' is degraded: slow",
        ),
        (
            {"backends": (SERVER, BackendStatus("shop", "pointofsale", "paused", "401: who are you?"))},
            "Backend 'shop' is paused: 401: who are you?",
        ),
        (
            {"counts": {EntryState.PARKED: 1}},
            "1 entry is parked (not booked, and a person must decide): terminalctl journal list --state parked",
        ),
        (
            {"counts": {EntryState.UNKNOWN: 3}},
            (
                "3 entries are unknown (perhaps booked, and a person must look at the server): "
                "terminalctl journal list --state unknown"
            ),
        ),
        (
            {"prints": Queue(jobs=(paper("k1/ticket", since_min=1),))},
            "1 document waits to be printed: k1/ticket for 1 min; this goes on when a printer works",
        ),
        (
            {"prints": Queue(jobs=tuple(paper(f"k{n}/ticket", since_min=90 - n) for n in range(5)))},
            (
                "5 documents wait to be printed: k0/ticket for 90 min, k1/ticket for 89 min, k2/ticket for 88 "
                "min, and 2 more; this goes on when a printer works"
            ),
        ),
        (
            {"prints": Queue(given_up=(not_printed("k1/ticket", ago_min=59),))},
            (
                "1 document was not printed: k1/ticket (It was tried 5 times); once a printer works: "
                "terminalctl print again"
            ),
        ),
        (
            {"prints": Queue(given_up=(not_printed("k1/a", ago_min=50), not_printed("k2/b", ago_min=2)))},
            (
                "2 documents were not printed: k2/b (It was tried 5 times), k1/a (It was tried 5 times); once "
                "a printer works: terminalctl print again"
            ),
        ),
        (
            {"oldest": ago(73 * HOUR_MS)},
            "The oldest undelivered entry is 73 h old: check the network and the server.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_cause_has_its_sentence(changes: dict[str, Any], sentence: str) -> None:
    snapshot = replace(HEALTHY, **changes)
    assert problems(snapshot) == [sentence]
    assert status(snapshot)["problems"] == [sentence]


@pytest.mark.parametrize(
    "changes",
    [
        {"devices": (replace(READER, health=Health.STARTING), SLOT)},
        {"backends": (replace(SERVER, state="away", words="no route"),)},  # it sells without a network
        {"backends": (replace(SERVER, state="unused"),)},
        {"backends": (replace(SERVER, state="probing"),)},
        {"oldest": ago(71 * HOUR_MS)},
        {"oldest": ago(9_999 * HOUR_MS), "max_age_h": 0},
        {"oldest": None},
        {"now": replace(NOW, synced=False)},
        {"prints": Queue(jobs=(paper("k1/receipt", since_min=0.9),))},
        {"prints": Queue(jobs=(paper("k1/receipt", since_min=9, printing=True),))},
        {"prints": Queue(given_up=(not_printed("k1/receipt", ago_min=60),))},
    ],
    ids=str,
)
def test_what_needs_nobody(changes: dict[str, Any]) -> None:
    assert problems(replace(HEALTHY, **changes)) == []


def test_paper_that_waits_is_counted_from_the_first_moment_and_what_was_given_up_is_named() -> None:
    jobs = (paper("k1/receipt", since_min=0, printing=True), *[paper("k2/receipt", since_min=0)] * 2)
    shown = status(replace(HEALTHY, prints=Queue(jobs=jobs, given_up=(not_printed("k3/ticket", ago_min=90),))))
    assert shown["prints_waiting"] == 2
    assert shown["prints_given_up"] == [
        {"document": "k3/ticket", "words": "It was tried 5 times.", "age_s": 90 * 60}
    ]


def test_several_causes_have_several_sentences_what_stops_sales_first() -> None:
    snapshot = replace(
        HEALTHY,
        out_of_order="Full.",
        broken="Full.",
        set_aside="Aside.",
        upkeep=("No backup.",),
        devices=(replace(SLOT, health=Health.FAILED, words="jammed"),),
        backends=(replace(SERVER, state="paused", words="401"),),
        counts={EntryState.PARKED: 2, EntryState.UNKNOWN: 1},
        oldest=ago(100 * HOUR_MS),
    )
    words = problems(snapshot)
    assert words[:3] == ["Out of order: Full.", "Aside.", "No backup."]
    assert len(words) == 8
    assert len(set(words)) == 8


@pytest.mark.parametrize(
    ("oldest", "now", "age_s"),
    [
        (ago(5_000), NOW, 5),
        (ago(5_000, synced=False), replace(NOW, synced=False), 5),  # one boot: its own clock tells
        (ago(5_000, boot="before"), NOW, 5),  # another boot, and both knew the time
        (ago(5_000, boot="before", synced=False), NOW, None),
        (ago(5_000, boot="before"), replace(NOW, synced=False), None),
        (ago(80 * HOUR_MS, boot="before", synced=False, wall_ms=0), NOW, None),  # 1970
    ],
)
def test_an_age_is_told_only_where_a_clock_can_tell_it(oldest: Stamp, now: Stamp, age_s: int | None) -> None:
    shown = status(replace(HEALTHY, oldest=oldest, now=now))
    assert shown["queue"]["oldest_age_s"] == age_s
    assert shown["clock_synchronised"] is now.synced
    assert shown["problems"] == []
