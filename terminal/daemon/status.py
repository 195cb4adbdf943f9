"""How the terminal is, as one JSON-shaped value: for technicians, programs and pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from terminal.core.effects import Screen
from terminal.core.events import Health
from terminal.core.facts import EntryState
from terminal.core.print_names import is_ticket
from terminal.core.printing import GivenUp, PrintJob, Queue
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import Value

PATIENCE_MS = 60_000
"""A document that waits longer for a printer than this is a matter for a person."""

LATELY_MS = 3_600_000
"""For so long a document that was given up is one."""

_MOST_NAMED = 3


class DeviceStatus(Value, frozen=True):
    """One device."""

    name: str
    role: str
    driver: str
    health: Health
    words: str


class BackendStatus(Value, frozen=True):
    """One backend; *state* as sync.engine says it."""

    name: str
    type: str
    state: str
    words: str


class Snapshot(Value, frozen=True):
    """Everything that a status is made of, gathered at one moment.

    *broken*: why the journal cannot be written; *set_aside*: which damaged journal was set aside at the start;
    *out_of_order*: why nothing can be sold or taken, as guests are told; *upkeep*: what needs care;
    *notices*: what a technician should know, though nothing is wrong; *prints*: what is to be printed.
    """

    terminal: str
    job: str
    version: str
    phase: str
    now: Stamp
    screen: Screen
    counts: Mapping[EntryState, int]
    oldest: Stamp | None
    devices: Sequence[DeviceStatus]
    backends: Sequence[BackendStatus]
    broken: str = ""
    set_aside: str = ""
    out_of_order: str = ""
    max_age_h: int = 0
    upkeep: Sequence[str] = ()
    notices: Sequence[str] = ()
    prints: Queue = Queue()


def status(snapshot: Snapshot) -> dict[str, Any]:
    """Return the status; ``problems`` holds one sentence for everything that needs a person."""
    queue: dict[str, Any] = {state.value: snapshot.counts.get(state, 0) for state in EntryState}
    queue["oldest_age_s"] = _age_s(snapshot)
    return {
        "terminal": snapshot.terminal,
        "version": snapshot.version,
        "job": snapshot.job,
        "phase": snapshot.phase,
        "clock_synchronised": snapshot.now.synced,
        "queue": queue,
        "prints_waiting": len(_waiting_prints(snapshot)),
        "prints_given_up": [
            {"document": each.name, "words": each.words, "age_s": (snapshot.now.mono_ms - each.at_ms) // 1000}
            for each in snapshot.prints.given_up
        ],
        "devices": [msgspec.to_builtins(device) for device in snapshot.devices],
        "backends": [msgspec.to_builtins(backend) for backend in snapshot.backends],
        "screen": screen(snapshot.screen),
        "notices": list(snapshot.notices),
        "problems": problems(snapshot),
    }


def screen(shown: Screen) -> dict[str, Any]:
    """Return a screen as JSON-shaped values."""
    value: dict[str, Any] = msgspec.to_builtins(shown)
    return value


def problems(snapshot: Snapshot) -> list[str]:
    """Return one sentence for each thing that needs a person; empty if the terminal is healthy."""
    found = [_out_of_order(snapshot), snapshot.set_aside, *snapshot.upkeep]
    found += [
        f"{_device(device)} {device.words or 'it does not work.'}".strip()
        for device in snapshot.devices
        if device.health in (Health.MISSING, Health.FAILED, Health.DEGRADED)
    ]
    found += [
        f"Backend {backend.name!r} is paused: {backend.words}"
        for backend in snapshot.backends
        if backend.state == "paused"
    ]
    found.append(_waiting(snapshot, EntryState.PARKED, "not booked, and a person must decide"))
    found.append(_waiting(snapshot, EntryState.UNKNOWN, "perhaps booked, and a person must look at the server"))
    found += [_late_prints(snapshot), _given_up_prints(snapshot)]
    age_s = _age_s(snapshot)
    if snapshot.max_age_h and age_s is not None and age_s > snapshot.max_age_h * 3600:
        found.append(
            f"The oldest undelivered entry is {age_s // 3600} h old: check the network and the server."
        )
    return [words for words in found if words]


def _out_of_order(snapshot: Snapshot) -> str:
    """Return what stops all sales: from the state, for the screen may show something else for a moment."""
    return f"Out of order: {snapshot.out_of_order}" if snapshot.out_of_order else snapshot.broken


def _device(device: DeviceStatus) -> str:
    return f"{device.role.replace('_', ' ').capitalize()} {device.name!r} is {device.health.value}:"


def _waiting(snapshot: Snapshot, state: EntryState, meaning: str) -> str:
    count = snapshot.counts.get(state, 0)
    if not count:
        return ""
    entries = "1 entry is" if count == 1 else f"{count} entries are"
    return f"{entries} {state.value} ({meaning}): terminalctl journal list --state {state.value}"


def _waiting_prints(snapshot: Snapshot) -> list[PrintJob]:
    """Return the documents that no printer has at the moment."""
    return [job for job in snapshot.prints.jobs if job.deadline_ms is None]


def _late_prints(snapshot: Snapshot) -> str:
    now_ms = snapshot.now.mono_ms
    late = [job for job in _waiting_prints(snapshot) if now_ms - job.since_ms >= PATIENCE_MS]
    if not late:
        return ""
    named = [f"{job.wanted.name} for {(now_ms - job.since_ms) // 60_000} min" for job in late]
    waiting = "1 document waits" if len(late) == 1 else f"{len(late)} documents wait"
    return f"{waiting} to be printed: {_listed(named)}; this goes on when a printer works"


def _given_up_prints(snapshot: Snapshot) -> str:
    told = [each for each in snapshot.prints.given_up if is_ticket(each.name) or _lately(snapshot, each)]
    if not told:
        return ""
    named = [f"{each.name} ({each.words.rstrip('.')})" for each in reversed(told)]
    were = "1 document was" if len(told) == 1 else f"{len(told)} documents were"
    return f"{were} not printed: {_listed(named)}; once a printer works: terminalctl print again"


def _lately(snapshot: Snapshot, each: GivenUp) -> bool:
    return snapshot.now.mono_ms - each.at_ms < LATELY_MS


def _listed(named: Sequence[str]) -> str:
    more = len(named) - _MOST_NAMED
    return ", ".join([*named[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def _age_s(snapshot: Snapshot) -> int | None:
    if snapshot.oldest is None:
        return None
    age_ms = elapsed_ms(snapshot.oldest, snapshot.now)
    return None if age_ms is None else age_ms // 1000
