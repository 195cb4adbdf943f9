"""Configuration and service: is it right, is it installed, does it run."""

from __future__ import annotations

from collections.abc import Iterator

from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, not_checked, ok, trouble, warning
from terminal.doctor.unit import NAME


def configuration(case: Case) -> Iterator[Finding]:
    """Whether the configuration can be used."""
    check = "configuration"
    if case.error is None:
        yield ok(check, f"{case.file} is right.")
        return
    first, *more = case.error.mistakes
    number = "1 mistake" if not more else f"{len(more) + 1} mistakes"
    yield trouble(
        check,
        f"{case.file} has {number}, the first at {first.path}: found {first.found}; expected {first.expected}.",
        f"terminalctl config check {case.file}",
    )


def service(case: Case) -> Iterator[Finding]:
    """Whether the unit is installed, starts with the machine, and runs."""
    check = "service"
    unit, system = case.unit, case.system
    if not unit.file:
        if case.settings is not None and case.settings.sandbox is not None:
            return  # a tester's terminal is started by hand
        yield warning(
            check,
            f"{NAME} is not installed: nothing starts the terminal after a power cut.",
            f"sudo install -m 644 systemd/{NAME} /etc/systemd/system/ && sudo systemctl daemon-reload",
        )
        return
    if not case.who.known:
        yield trouble(
            check,
            f"{unit.file} runs the terminal as {case.who.name!r}, whom this machine does not know.",
            "sudo install -m 644 systemd/terminald.sysusers /usr/lib/sysusers.d/terminald.conf"
            " && sudo systemd-sysusers",
        )
    if not system.names(f"/etc/systemd/system/*.wants/{NAME}"):
        yield trouble(
            check,
            f"{NAME} is installed and not enabled: nothing starts the terminal after a power cut.",
            "sudo systemctl enable --now terminald",
        )
        return
    asked = system.run("systemctl", "is-active", NAME)
    if asked is None or not asked.out or asked.out == "unknown":
        yield not_checked(check, f"{NAME} is enabled; whether it runs, systemd does not say.")
    elif asked.out == "active":
        yield ok(check, f"{NAME} is enabled and runs, as {case.who.name}.")
    else:
        yield trouble(
            check,
            f"{NAME} is enabled and does not run ({asked.out}).",
            "sudo systemctl restart terminald; journalctl -u terminald -n 50",
        )
