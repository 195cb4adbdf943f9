"""One serial line of ccTalk: one question at a time, from whoever asks; see bus.py."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from drivers.cctalk.frames import MOST_DATA, OVERHEAD, Exchange, Frame, Question, Spoilt
from drivers.cctalk.headers import ACK, BUSY, NAK, name_of
from drivers.device import DeviceFault, DeviceMissing
from drivers.link import link_errors, open_link

if TYPE_CHECKING:
    import serial

Hear = Callable[[Literal[">", "<", "!"], bytes, str], None]

ANSWER_S = 0.25
"""How long the first byte of an answer is waited for; devices begin within 50 ms, adapters add 16."""

GAP_S = 0.1
"""How long the next byte is waited for; the specification gives a sender 50 ms between bytes."""

QUIET_S = 0.06
"""Silence after which whoever talked is through: longer than a sender may pause between bytes."""

UNREST_S = 1.0
"""How long silence is waited for; after that the line is never silent."""

_WRITE_S = 1.0


class Bus:
    """One serial line, which devices share."""

    def __init__(self, port: str, baudrate: int) -> None:
        self.port = port
        self.baudrate = baudrate
        self.seats = 0
        self._lock = threading.Lock()  # held for one question and its answer
        self._link: serial.Serial | None = None
        self._echo: bool | None = None  # whether this line gives back what is sent
        self._owed = False  # an answer that was given up may still come

    def open(self) -> None:
        """Open the line, if it is not; raises what open_link raises."""
        with self._lock:
            if self._link is None:
                self._link = open_link(self.port, self.baudrate, GAP_S, _WRITE_S)
                self._echo = None
                self._owed = False

    def close(self) -> None:
        """Close the line."""
        with self._lock:
            self._drop()

    def settle(self, hear: Hear) -> None:
        """Wait until nothing comes any more; what is late is thrown away.

        Raises:
            DeviceMissing, DeviceFault: As exchange().
        """
        with self._lock, link_errors(self.port):
            if self._link is not None:
                self._flush(self._link, hear, ANSWER_S)

    def exchange(self, question: Question, answer_s: float, hear: Hear) -> Frame | Spoilt | None:
        """Put one question; return what came, None for nothing.

        Raises:
            DeviceMissing, DeviceFault: The line is gone or cannot be used.
        """
        with self._lock:
            link = self._link
            if link is None:
                raise DeviceMissing(f"{self.port} was lost and is not open yet")
            try:
                with link_errors(self.port):
                    return self._exchange(link, question, answer_s, hear)
            except (DeviceMissing, DeviceFault):
                # For all who sit at it: whoever opens next gets a new one.
                self._drop()
                raise

    def _exchange(
        self, link: serial.Serial, question: Question, answer_s: float, hear: Hear
    ) -> Frame | Spoilt | None:
        self._flush(link, hear)
        exchange = Exchange(question, echo=self._echo)
        link.write(question.raw)
        hear(">", question.raw, f"to {question.address}: {name_of(question.header)}")
        found = self._listen(link, exchange, len(question.raw), answer_s)
        if exchange.echoed:
            self._echo = True
        elif isinstance(found, Frame):
            self._echo = False
        if isinstance(found, Frame):
            hear("<", exchange.answer, f"{question.address} {_meaning(found)}")
            if exchange.surplus:
                hear("!", exchange.surplus, "more than the answer")
            if self._owed:
                # It may answer what was asked before: then its own answer would be taken for the next one.
                self._flush(link, hear, ANSWER_S)
                self._owed = False
            return found
        self._owed = True
        if isinstance(found, Spoilt):
            hear("!", exchange.heard, found.words)
        # Whoever talks out of turn is let finish, so that it does not spoil the next question too.
        self._flush(link, hear, QUIET_S)
        return found

    def _listen(
        self, link: serial.Serial, exchange: Exchange, sent: int, answer_s: float
    ) -> Frame | Spoilt | None:
        """Read until there is an answer, or nothing more comes."""
        byte_s = 10 / self.baudrate
        until = time.monotonic() + answer_s + sent * byte_s
        # Even a sender who pauses before each byte is not waited for without end.
        last = until + 2 * (sent + OVERHEAD + MOST_DATA) * byte_s
        while (now := time.monotonic()) < min(until, last):
            chunk = _read(link, min(until, last) - now)
            if (found := exchange.feed(chunk)) is not None:
                return found
            if chunk and exchange.under_way:
                until = time.monotonic() + max(GAP_S, answer_s)
        if exchange.under_way:
            return Spoilt("half an answer" if exchange.answer else "half of what was sent")
        return None

    def _flush(self, link: serial.Serial, hear: Hear, quiet_s: float = 0.0) -> None:
        """Throw away what has come by itself, until nothing came for *quiet_s*.

        Raises:
            DeviceFault: It never ends.
        """
        until = time.monotonic() + UNREST_S
        while stale := _read(link, quiet_s):
            hear("!", stale, "out of turn")
            if time.monotonic() > until:
                raise DeviceFault(
                    f"{self.port} is never silent: is this the wire of ccTalk, at {self.baudrate} baud?"
                )

    def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    @property
    def echo_words(self) -> str:
        """What is known of the line, for who finds nobody on it."""
        if self._echo:
            return "the terminal hears its own bytes, so the adapter works"
        return "not even the terminal's own bytes come back: check the adapter and its supply too"


def _read(link: serial.Serial, wait_s: float) -> bytes:
    """Return what has come; if nothing has, wait for it, at most *wait_s*."""
    if waiting := link.in_waiting:
        return bytes(link.read(waiting))
    if wait_s <= 0:
        return b""
    if link.timeout != wait_s:
        link.timeout = wait_s
    first = bytes(link.read(1))
    return first + bytes(link.read(link.in_waiting)) if first and link.in_waiting else first


def _meaning(frame: Frame) -> str:
    words = {ACK: "answers", NAK: "refuses", BUSY: "is busy"}.get(frame.header, f"answers {frame.header}")
    return f"{words} with {len(frame.data)} bytes" if frame.data else words
