"""Trying a device without a daemon: this program drives it itself, for as long as somebody watches."""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import drivers
from drivers.contract import Signal
from terminal.cli.errors import Refused, WrongUse
from terminal.listening import Ear, Line, note, page
from terminal.settings import DeviceSettings, Settings

JOB = "trial"
"""Id of the print job."""


def listen(settings: Settings, device: DeviceSettings, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what the device says, line by line, as the daemon would; *asked* is what the daemon would be asked.

    Raises:
        Refused: A daemon runs, though its socket does not answer; or only a daemon may do what is asked.
        WrongUse: The driver cannot be loaded.
    """
    from terminal.journal.boot import in_use  # noqa: PLC0415 - SQLite only where it is needed

    if in_use(Path(settings.journal.path)):
        raise Refused(
            "A terminald runs and has the devices, but does not answer on its socket: it may be starting or "
            "stopping. Try again, or stop it: systemctl stop terminald"
        )
    if asked["act"] in ("pulse", "accept", "pay"):
        raise Refused(
            "What is given out or taken must be written down, and only terminald writes the journal: "
            "start it (systemctl start terminald; it needs no server for this), then try again."
        )
    # What a driver logs for the daemon's log is told as its health here.
    logging.getLogger().addHandler(logging.NullHandler())
    return _listening(settings.terminal.id, device, asked)


def _listening(terminal: str, settings: DeviceSettings, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    ear = Ear(settings.role, raw=asked["raw"], full_uids=asked["full_uids"])
    try:
        device = _build(settings, ear)
        ear.put(note("no terminald runs: this program drives the device itself"))
        device.start()
        try:
            _act(terminal, device, asked, ear)
            yield from _lines(ear, asked["seconds"])
        finally:
            device.stop()
        yield from (_plain(line) for line in ear.take())
        yield _plain(ear.last("the time is over"))
    finally:
        ear.close()


def _build(settings: DeviceSettings, ear: Ear) -> Any:
    try:
        driver = drivers.find(settings.role, settings.driver)
    except ImportError as error:
        raise WrongUse(f"The driver {settings.driver!r} cannot be loaded: {error}.") from error
    device: Any = driver(settings.name, settings.options, ear.event)
    if ear.raw and hasattr(device, "listener"):
        device.listener = ear.traffic
    return device


def _act(terminal: str, device: Any, asked: dict[str, Any], ear: Ear) -> None:
    if asked["act"] == "print":
        ear.put(note("print ordered", key=JOB, act="print"))
        device.print(JOB, page(terminal, device.name))
    elif asked["act"] == "signal":
        ear.put(note(f"shows {asked['what']!r} while you listen", act="signal"))
        device.show(Signal(asked["what"]))


def _lines(ear: Ear, seconds: float) -> Iterator[dict[str, Any]]:
    poll = select.poll()
    poll.register(ear, select.POLLIN)
    until = time.monotonic() + seconds
    while (left_s := until - time.monotonic()) > 0:
        poll.poll(int(left_s * 1000) + 1)
        yield from (_plain(line) for line in ear.take())


def _plain(line: Line) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(line)
    return plain
