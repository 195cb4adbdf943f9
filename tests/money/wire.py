"""A serial line without a line: bytes go to the peers, and theirs come back, later and not always whole."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Protocol

from drivers.device import DeviceMissing
from tests.money.clock import Clock

BYTE_S = 10 / 9600
ANSWER_S = 0.004
_LATE_S = (0.02, 0.2, 0.3, 0.45, 0.7)


class Station(Protocol):
    """What hangs on the wire: a peer."""

    def receive(self, raw: bytes) -> None:
        """Take what comes over the wire."""


class Wire:
    """One wire with its stations.

    Args:
        clock: Says when bytes are there.
        rng: The weather on the wire.
        point: Called where the driver's process may be killed: before and after each write and read.

    Attributes:
        echo: Whether the terminal hears itself.
        rate: Which share of questions suffers.
        plugged: Whether the adapter is there.
        spoilt: What was done to questions and answers, how often.
    """

    def __init__(self, clock: Clock, rng: Random, point: Callable[[str], None], *, echo: bool) -> None:
        self.clock = clock
        self.rng = rng
        self.point = point
        self.echo = echo
        self.rate = 0.0
        self.plugged = True
        self.spoilt: Counter[str] = Counter()
        self.stations: list[Station] = []
        self.link: Link | None = None
        self._fault = ""

    def open(self) -> Link:
        """Open the line, as open_link does."""
        self.point("wire")
        if not self.plugged:
            raise DeviceMissing("there is no such line")
        self.link = Link(self)
        return self.link

    def send(self, raw: bytes) -> None:
        """Let a question go over the wire."""
        self._fault = ""
        if self.rng.random() < self.rate:
            self._fault = self.rng.choice(FAULTS)
            self.spoilt[self._fault] += 1
        heard = self._garbled(raw) if self._fault == "question garbled" else raw
        arrives = self.clock.now + len(raw) * BYTE_S
        if self.echo:
            self._put(heard, arrives)
        if self._fault == "question lost":
            return
        self.clock.lag = arrives + ANSWER_S - self.clock.now
        for station in self.stations:
            station.receive(heard)

    def answer(self, raw: bytes) -> None:
        """Let an answer go over the wire, as it is today."""
        at = self.clock.now + self.clock.lag
        fault, rng = self._fault, self.rng
        if fault == "answer lost":
            return
        if fault == "answer garbled":
            raw = self._garbled(raw)
        elif fault == "half an answer":
            raw = raw[: rng.randrange(1, len(raw))]
        elif fault == "noise":
            raw = rng.randbytes(rng.randrange(1, 4)) + raw
        elif fault == "late answer":
            at += rng.choice(_LATE_S)
        if len(raw) > 2 and rng.random() < 0.05:
            cut = rng.randrange(1, len(raw))
            self._put(raw[:cut], at + cut * BYTE_S)
        else:
            cut = 0
        self._put(raw[cut:], at + len(raw) * BYTE_S)

    def pull(self) -> None:
        """Pull the adapter."""
        self.plugged = False
        if self.link is not None:
            self.link.dead = True

    def _put(self, raw: bytes, at: float) -> None:
        if self.link is not None:
            self.link.coming.append((at, raw))
            self.link.coming.sort(key=lambda each: each[0])

    def _garbled(self, raw: bytes) -> bytes:
        at = self.rng.randrange(len(raw))
        return raw[:at] + bytes((raw[at] ^ self.rng.randrange(1, 256),)) + raw[at + 1 :]


FAULTS = (
    "question lost", "question garbled", "answer lost", "answer garbled", "half an answer", "noise",
    "late answer", "late answer",
)  # fmt: skip


class Link:
    """What the driver has of the wire: as much of pyserial's Serial as it uses."""

    def __init__(self, wire: Wire) -> None:
        self.timeout = 0.1
        self.dead = False
        self.coming: list[tuple[float, bytes]] = []
        self._wire = wire
        self._here = b""

    @property
    def in_waiting(self) -> int:
        """Bytes that have come."""
        self._living()
        now = self._wire.clock.now
        while self.coming and self.coming[0][0] <= now:
            self._here += self.coming.pop(0)[1]
        return len(self._here)

    def read(self, count: int) -> bytes:
        """Return up to *count* bytes, waiting for the first."""
        clock = self._wire.clock
        until = clock.now + self.timeout
        while not self.in_waiting and clock.now < until:
            clock.to(min(until, self.coming[0][0]) if self.coming else until)
        raw, self._here = self._here[:count], self._here[count:]
        self._wire.point("wire")
        return raw

    def write(self, raw: bytes) -> None:
        """Send."""
        self._wire.point("wire")
        self._living()
        self._wire.send(raw)
        self._wire.point("wire")

    def close(self) -> None:
        """Let it go."""
        if self._wire.link is self:
            self._wire.link = None

    def _living(self) -> None:
        if self.dead:
            raise OSError(errno.EIO, "Input/output error")
