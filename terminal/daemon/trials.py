"""A technician tries a device of the running terminal: listens to it, and has it do something.

``POST /v1/devices/{name}/try`` answers with a stream of JSON, one line for each thing that the device says,
until the time is over or the client has gone. One listener for each device.

What gives out or prints is decided by the core and written down before it happens, with the technician's name
(core/trial.py); a signal of lamps moves nothing and is only logged. Both are done on an idle machine only.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from socket import socket
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from drivers.contract import Device, Signal
from terminal.core.catalogue import Product
from terminal.core.effects import Screen
from terminal.core.events import DeviceEvent, PayCoins, TakeCoins, TrialAsked, TrialOver
from terminal.core.paper import Document
from terminal.daemon import desk
from terminal.daemon.desk import By, Decides
from terminal.daemon.signals import SIGNALS
from terminal.httpd import Problem, Request, Takeover
from terminal.listening import ROLES, Ear, note, page
from terminal.listening.lines import Line

_LOG = logging.getLogger(__name__)

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
_MOST_CENTS = 100_000


class Try(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked for: how long, how much of it, and perhaps an act.

    *what*: the product to give out, by id (empty: none of the list), the signal to show, or the cents to pay
    out or to take.
    """

    seconds: Annotated[float, Meta(ge=0.1, le=3_600)] = 60
    raw: bool = False
    full_uids: bool = False
    act: Literal["", "pulse", "print", "signal", "accept", "pay"] = ""
    what: Annotated[str, Meta(max_length=100)] = ""
    by: By = ""


class Trials:
    """The ears at the devices, and what is tried.

    Args:
        terminal: The terminal's id.
        devices: The devices in force, by name.
        loop: Decides and writes down.
        ticket: Makes a name that nobody has.
        screen: Returns what guests see now.
    """

    def __init__(
        self,
        *,
        terminal: str,
        devices: Mapping[str, Device],
        loop: Decides,
        ticket: Callable[[], str],
        screen: Callable[[], Screen],
    ) -> None:
        self._terminal = terminal
        self._devices = devices
        self._loop = loop
        self._ticket = ticket
        self._screen = screen
        self._ears: dict[str, Ear] = {}
        self._tickets: dict[str, str] = {}  # of acceptors that take coins while somebody watches

    def heard(self, name: str, event: DeviceEvent) -> None:
        """Take what the device *name* tells the terminal, from its thread. Never blocks."""
        ear = self._ears.get(name)
        if ear is not None:
            ear.event(event)

    def begin(self, request: Request) -> Takeover:
        """Answer ``POST /v1/devices/{name}/try``."""
        asked: Try = request.json(Try)
        name = request.params["name"]
        device = self._devices.get(name)
        if device is None:
            raise Problem(404, f"there is no device {name!r}; there are {', '.join(self._devices)}")
        role = str(getattr(device, "role", ""))
        wanted = ROLES.get(asked.act, (role,))
        if role not in wanted or (asked.act == "pay" and not hasattr(device, "pay_out")):
            roles = " or ".join(wanted)
            raise Problem(400, f"{name!r} is a {role}: {asked.act} is for devices with the role {roles}")
        ear = Ear(role, raw=asked.raw, full_uids=asked.full_uids)
        if self._ears.setdefault(name, ear) is not ear:
            ear.close()
            raise Problem(409, f"somebody else listens to {name!r} at the moment")
        try:
            ear.put(_how(device))
            self._listen(device, ear.traffic if asked.raw else None)
            if asked.act:
                ear.put(self._act(name, device, asked))
        except BaseException:
            self._end(name, asked)
            raise
        return Takeover(lambda connection: self._serve(connection, name, asked))

    # -- acts ------------------------------------------------------------------------------------------

    def _act(self, name: str, device: Any, asked: Try) -> Line:
        if asked.act == "signal":
            return self._signal(name, device, asked)
        desk.line(asked.by, "by, which is who tries it")
        ticket = self._ticket()
        event = TrialAsked(ticket, name, asked.by, self._what(name, asked))
        trial = desk.asked(self._loop, event, lambda state: state.trial, "nothing was tried")
        _LOG.warning("%s: %s tried by %s, entry %s", name, asked.act, asked.by, trial.key)
        if asked.act == "accept":
            self._tickets[name] = ticket
            return note("takes coins while you watch; each is on the books, in your name", act=asked.act)
        return note(f"{asked.act} ordered, on the books as {trial.key}", key=trial.key, act=asked.act)

    def _what(self, name: str, asked: Try) -> Product | Document | PayCoins | TakeCoins:
        match asked.act:
            case "pulse":
                return self._product(asked.what)
            case "pay":
                return PayCoins(_cents(asked.what))
            case "accept":
                return TakeCoins(_cents(asked.what), int(asked.seconds) + 1)
            case _:
                return page(self._terminal, name)

    def _product(self, wanted: str) -> Product:
        state = self._loop.state
        known = {str(each.id): each for each in (state.products if state else ())}
        return known.get(wanted) or Product(wanted or "trial", wanted or "Trial", 0)

    def _signal(self, name: str, device: Any, asked: Try) -> Line:
        state = self._loop.state
        if state is None or not state.job.idle:
            raise Problem(409, "Somebody is at the machine: its lamps are for them. Try again when it is idle.")
        try:
            signal = Signal(asked.what)
        except ValueError:
            known = ", ".join(each.value for each in Signal)
            raise Problem(400, f"found {asked.what[:20]!r} as the signal; expected one of {known}") from None
        device.show(signal)
        _LOG.info("%s: signal %r tried", name, signal.value)
        return note(f"shows {signal.value!r} while you listen", act="signal")

    def _show_again(self, device: Any) -> None:
        """Let the lamps say again what the screen says, which may change at this very moment."""
        shown = None
        while (notice := self._screen().notice) is not shown:
            device.show(SIGNALS[notice])
            shown = notice

    # -- the stream ------------------------------------------------------------------------------------

    def _serve(self, connection: socket, name: str, asked: Try) -> None:
        ear = self._ears[name]
        try:
            connection.sendall(_HEAD)
            until = time.monotonic() + asked.seconds
            poll = select.poll()
            poll.register(ear, select.POLLIN)
            poll.register(connection, select.POLLIN)
            while (left_s := until - time.monotonic()) > 0:
                ready = {fd for fd, _ in poll.poll(int(left_s * 1000) + 1)}
                if connection.fileno() in ready:
                    return  # the client has gone, or the daemon stops
                connection.sendall(b"".join(msgspec.json.encode(line) + b"\n" for line in ear.take()))
            connection.sendall(msgspec.json.encode(ear.last("the time is over")) + b"\n")
        finally:
            self._end(name, asked)

    def _end(self, name: str, asked: Try) -> None:
        ear = self._ears.pop(name)
        device = self._devices[name]
        self._listen(device, None)
        if asked.act == "signal":
            self._show_again(device)
        ticket = self._tickets.pop(name, None)
        if ticket is not None:
            self._loop.post(TrialOver(ticket))
        ear.close()

    @staticmethod
    def _listen(device: Any, listener: Callable[[Any], None] | None) -> None:
        """Listen to the wire of a device that lets itself be listened to."""
        with suppress(AttributeError):
            device.listener = listener


def _cents(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= _MOST_CENTS):
        raise Problem(400, f"found {text[:20]!r} as what; expected cents from 1 to {_MOST_CENTS}")
    return int(text)


def _how(device: Device) -> Line:
    condition = device.condition
    words = f"{device.name} is {condition.health.value}{condition.words and f': {condition.words}'}"
    return note(words, health=condition.health.value)
