"""From a card that is put on a reader to TokenPresented: each reader as it comes, with its usual options.

What a reader's way of looking costs at least (its interval of polling) stands beside each row: a card comes at
any moment of it, so half of it is in the p50 and nearly all in the p99, however quick the driver is. There is
no goal for that; what a driver adds is what remains.
"""

from __future__ import annotations

import json
import logging
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import tty
from abc import ABC, abstractmethod
from contextlib import ExitStack
from functools import partial, reduce
from operator import xor
from pathlib import Path
from typing import ClassVar

import pytest

from drivers.device import DeviceThread
from drivers.readers.nfcpy import NfcpyOptions, NfcpyReader
from drivers.readers.pcsc import PcscOptions, PcscReader
from drivers.readers.pn532 import Pn532Options, Pn532Reader
from drivers.readers.rdm6300 import Rdm6300Options, Rdm6300Reader
from drivers.readers.simulated import SimulatedReader, SimulatedReaderOptions
from terminal.core.events import Health, TokenPresented, TokenRemoved
from tests.bench.plan import Plan
from tests.bench.report import Row, quantile, spread
from tests.bench.told import Told
from tests.drivers import hid_keys
from tests.support import needs
from tests.support.nfcpy_tag import NfcpyTag
from tests.support.pcscd import VARIABLE, PcscDaemon
from tests.support.pn532_cards import Ntag
from tests.support.pn532_emulator import Pn532Emulator
from tests.support.virtual_card import VirtualCard
from tests.support.waiting import wait_until

UID, TAG = "04A1B2C3D4E5F6", "100086F444"
NAME = "front"
_WARM = 3


class Stand(ABC):
    """A reader with its options as they are, and a hand before it.

    Attributes:
        floor: What its way of looking costs, in words.
        phase_ms: How long that is: a card is put on at any moment of it.
        taps: How often it is measured.
    """

    floor: ClassVar[str]
    phase_ms: ClassVar[float] = 0
    taps: ClassVar[int] = 100

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack

    @abstractmethod
    def reader(self, told: Told) -> DeviceThread:
        """Return the reader; not started."""

    @abstractmethod
    def put(self) -> int:
        """Put a card on; return when (monotonic, in nanoseconds) it was there."""

    @abstractmethod
    def take(self) -> None:
        """Take it away."""


class Simulated(Stand):
    """The hand of the simulated reader."""

    floor = "none: the hand tells it"

    def reader(self, told: Told) -> DeviceThread:
        self._reader = SimulatedReader(NAME, SimulatedReaderOptions(), told)
        return self._reader

    def put(self) -> int:
        now = time.monotonic_ns()
        self._reader.tap(UID)
        return now

    def take(self) -> None:
        self._reader.untap()


class Pcsc(Stand):
    """A pcscd with a virtual reader; the card is there when it is connected to it."""

    floor = "pcscd asks this virtual reader every 400 ms"
    phase_ms = 400
    taps = 40

    def reader(self, told: Told) -> DeviceThread:
        daemon = self.stack.enter_context(PcscDaemon())
        os.environ[VARIABLE] = str(daemon.socket)  # the client library reads it once, at its first use
        self._card = VirtualCard(daemon.port, UID)
        self.stack.callback(self._card.remove)
        return PcscReader(NAME, PcscOptions(), told)

    def put(self) -> int:
        self._card.insert()
        return time.monotonic_ns()

    def take(self) -> None:
        self._card.remove()


class Pn532(Stand):
    """The own driver of the PN532, on an emulated chip behind a pty."""

    floor = "it looks every 100 ms (poll_ms)"
    phase_ms = 100

    def reader(self, told: Told) -> DeviceThread:
        self._board = self.stack.enter_context(Pn532Emulator())
        return Pn532Reader(NAME, Pn532Options(port=self._board.path), told)

    def put(self) -> int:
        now = time.monotonic_ns()
        self._board.put(Ntag(UID))
        return now

    def take(self) -> None:
        self._board.take()


class NfcpyPn532(Pn532):
    """nfcpy on the same chip."""

    floor = "it looks every 100 ms (poll_ms)"

    def reader(self, told: Told) -> DeviceThread:
        self._board = self.stack.enter_context(Pn532Emulator())
        return NfcpyReader(NAME, NfcpyOptions(path=self._board.path), told)


class NfcpyUdp(Stand):
    """nfcpy on a card in another process, by its UDP driver."""

    floor = "it looks every 100 ms (poll_ms)"
    phase_ms = 100

    def reader(self, told: Told) -> DeviceThread:
        self._tag = self.stack.enter_context(NfcpyTag())
        return NfcpyReader(NAME, NfcpyOptions(path=self._tag.path), told)

    def put(self) -> int:
        now = time.monotonic_ns()
        self._tag.put(UID)
        return now

    def take(self) -> None:
        self._tag.take()


class Rdm6300(Stand):
    """A module on a pty that says what lies there every 65 ms, the first time at once."""

    floor = "14 bytes at 9600 baud are 15 ms on a wire, and none here"

    def reader(self, told: Told) -> DeviceThread:
        far, near = os.openpty()
        for end in (far, near):
            tty.setraw(end)
            self.stack.callback(os.close, end)
        self._far = far
        self._lies, self._over = threading.Event(), threading.Event()
        speaking = threading.Thread(target=self._speak, daemon=True)
        speaking.start()
        self.stack.callback(speaking.join)
        self.stack.callback(self._lies.set)
        self.stack.callback(self._over.set)
        return Rdm6300Reader(NAME, Rdm6300Options(port=os.ttyname(near)), told)

    def put(self) -> int:
        now = time.monotonic_ns()
        self._lies.set()
        return now

    def take(self) -> None:
        self._lies.clear()

    def _speak(self) -> None:
        number = bytes.fromhex(TAG)
        frame = b"\x02" + (number + bytes([reduce(xor, number)])).hex().upper().encode() + b"\x03"
        while self._lies.wait() and not self._over.is_set():
            os.write(self._far, frame)
            self._over.wait(0.065)


STANDS: dict[str, type[Stand]] = {
    "simulated": Simulated,
    "pcsc": Pcsc,
    "pn532": Pn532,
    "nfcpy": NfcpyUdp,
    "nfcpy-pn532": NfcpyPn532,
    "rdm6300": Rdm6300,
}


def card_to_event(name: str, plan: Plan) -> list[Row]:
    """Measure the reader *name*."""
    logging.getLogger().setLevel(logging.CRITICAL)
    kind = STANDS[name]
    taps = plan.times(kind.taps, 3) + _WARM
    try:
        with ExitStack() as stack:
            taken = _taps(kind(stack), stack, taps)[_WARM:]
    except pytest.skip.Exception as error:  # its stand-in needs a program that is not installed
        raise RuntimeError(str(error)) from error
    return _rows(name, kind.floor, taken)


def typed(plan: Plan) -> list[Row]:
    """Measure the reader that types, on a keyboard that umockdev makes for a process of its own."""
    recording = Path(hid_keys.__file__).parent / "recordings/wedge.umockdev"
    numbers = plan.times(100, 3) + _WARM
    try:
        umockdev = needs.program("umockdev-run")
    except pytest.skip.Exception as error:
        raise RuntimeError(str(error)) from error
    inside = [sys.executable, "-m", "tests.bench.hid_cards", str(numbers)]
    command = [umockdev, "--device", str(recording), "--", *inside]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return _rows(
        "hid", "a reader types for 50 ms and more, and not at all here", json.loads(done.stdout)[_WARM:]
    )


def _rows(name: str, floor: str, taken: list[float]) -> list[Row]:
    row = partial(Row, goal="none", unit="ms", met=None, baseline=f"floor: {floor}")
    return [
        row(f"card to TokenPresented, {name}, p50", value=statistics.median(taken), noise=spread(taken, "ms")),
        row(f"card to TokenPresented, {name}, p99", value=quantile(taken, 0.99), noise=f"{len(taken)} cards"),
    ]


def _taps(stand: Stand, stack: ExitStack, taps: int) -> list[float]:
    """Return the milliseconds of each tap."""
    told = Told()
    reader = stand.reader(told)
    reader.start()
    stack.callback(reader.stop)
    wait_until(lambda: reader.condition.health is Health.OK, what="the reader")
    # What is there before a reader has settled is not taken for a tap.
    time.sleep(1)
    taken = []
    for _ in range(taps):
        # At any moment of the interval: one that began with the last event would always be the same one.
        time.sleep(random.uniform(0, stand.phase_ms) / 1000)
        put_ns = stand.put()
        taken.append((told.next(TokenPresented) - put_ns) / 1e6)
        stand.take()
        told.next(TokenRemoved)
    return taken


MEASURES = {**{f"card-{name}": partial(card_to_event, name) for name in STANDS}, "card-hid": typed}
