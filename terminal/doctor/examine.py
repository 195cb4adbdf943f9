"""All checks, each on a thread of its own and within a time limit: none hangs or fails for the others."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from terminal.doctor import books, kernel, libraries, machine, nodes, servers, setup, smartcards, tickets
from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, not_checked
from terminal.doctor.system import Hidden, System
from terminal.settings import ConfigError, load

_LOG = logging.getLogger(__name__)

WITHIN_S = 25.0
"""How long all checks together may take. Longer than a server and a program may."""

Check = Callable[[Case], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("configuration", setup.configuration),
    ("service", setup.service),
    ("libraries", libraries.driver_libraries),
    ("GPIO libraries", libraries.pin_libraries),
    ("time zones", libraries.time_zones),
    ("devices", nodes.device_files),
    ("kernel modules", kernel.reader_modules),
    ("serial console", kernel.serial_console),
    ("pcscd", smartcards.pcscd),
    ("polkit", smartcards.polkit),
    ("SQLite", books.sqlite),
    ("journal", books.journal),
    ("journal key", books.key),
    ("disk", machine.disk),
    ("secrets", servers.secrets),
    ("servers", servers.answers),
    ("signing key", tickets.signing_key),
    ("clock", machine.clock),
    ("power", machine.power),
    ("temperature", machine.temperature),
)
"""Every check with its name, in the order in which a technician would go."""


def examine(
    system: System, file: str, checks: Sequence[tuple[str, Check]] = CHECKS, within_s: float = WITHIN_S
) -> list[Finding]:
    """Return what *checks* find on the machine *system* with the configuration *file*. Never raises."""
    case = _case(system, file)
    answers: queue.SimpleQueue[tuple[int, list[Finding]]] = queue.SimpleQueue()
    for number, (name, check) in enumerate(checks):
        threading.Thread(
            target=lambda number=number, name=name, check=check: answers.put((number, _run(case, name, check))),
            name=f"check {name}",
            daemon=True,
        ).start()
    found: dict[int, list[Finding]] = {}
    until = time.monotonic() + within_s
    while len(found) < len(checks):
        try:
            number, findings = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        found[number] = findings
    late = f"This check did not end within {within_s:g} s."
    return [
        finding
        for number, (name, _) in enumerate(checks)
        for finding in found.get(number, [not_checked(name, late)])
    ]


def _case(system: System, file: str) -> Case:
    try:
        return Case(system, file, load(file))
    except ConfigError as error:
        return Case(system, file, error=error)


def _run(case: Case, name: str, check: Check) -> list[Finding]:
    found: list[Finding] = []
    try:
        found += check(case)
    except Hidden as hidden:
        found.append(
            not_checked(name, f"{hidden.path} may not be looked at by you.", "sudo terminalctl doctor")
        )
    except Exception as error:  # noqa: BLE001 - the top of a thread: one check must not hide what the others find
        _LOG.debug("the check %s has failed", name, exc_info=error)
        words = f"This check has a fault of its own ({type(error).__name__}): please report it."
        found.append(not_checked(name, words))
    return found
