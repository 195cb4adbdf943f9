"""How the card reader of a vending machine comes over an adapter: two kinds, one shape."""

from __future__ import annotations

import time
from typing import Protocol

from drivers.device import DeviceFault, DeviceMissing
from drivers.mdb import cashless_text
from drivers.mdb.adapter import ANSWER_S, LinePort, QibixxAdapter, Tell
from drivers.mdb.amounts import Form
from drivers.mdb.blocks import ACK, from_hex
from drivers.mdb.cashless import Heard, Order
from drivers.mdb.cashless_frames import Config, Peripheral
from drivers.mdb.lines import Line

_TRIES = 3
_SILENT_S = 5.0
"""MDB/ICP 4.2 lets a machine poll every 25 to 200 ms; one that does not for so long is switched off."""


class Side(Protocol):
    """What the driver needs of a reader on an adapter."""

    def open(self) -> str:
        """Open it, and bring the reader to a known state; return what is there, in a few words.

        Raises:
            DeviceMissing: It is not there.
            DeviceFault: It is there and does not work.
        """

    def read(self, wait_s: float, *, busy: bool) -> list[Heard]:
        """Return what the machine has said, at the latest after *wait_s*; *busy*: a vend is under way."""

    def do(self, order: Order) -> list[Heard]:
        """Carry out *order*; return what it came to at once, if to anything."""

    def switch_off(self) -> None:
        """Show the machine that no cards are taken."""

    def close(self) -> None:
        """Let the adapter go."""

    def interrupt(self) -> None:
        """End a read of another thread."""


class QibixxSide:
    """The cashless device of a Qibixx adapter.

    Its own health shows by questions that change nothing: ``C,1`` is answered by an error while the reader is
    on; any other answer shows that the adapter has started anew and lost its settings. Within a vend, ``V``.
    """

    def __init__(self, port: str, tell: Tell, config: Config, form: Form, check_s: float) -> None:
        self._adapter = QibixxAdapter(port, tell)
        self._config = config
        self._form = form
        self._check_s = check_s
        self._asked_at = 0.0
        self._unanswered = 0
        self._checking = False  # whether C,1 was sent to an adapter that should be on
        self._anew = False

    def open(self) -> str:
        """Open the adapter and switch the reader off and on: a session of before is over."""
        words = self._adapter.open()
        for _ in range(_TRIES):
            self._adapter.ask(("C", "0"), _is_off, ANSWER_S, drop=True)
            for setting in self._settings():
                self._set(setting)
            answer = self._adapter.ask(("C", "1"), _answers_on, ANSWER_S, drop=True)
            if answer is not None and not answer.begins("c", "ERR"):
                self._unanswered, self._asked_at = 0, time.monotonic()
                self._checking = self._anew = False
                return words
        said = f"answers {answer.meaning!r}" if answer is not None else "does not answer"
        raise DeviceFault(f"the MDB adapter ({words}) {said} when its cashless device is switched on")

    def read(self, wait_s: float, *, busy: bool) -> list[Heard]:
        """Return what the machine has said; see Side."""
        if self._anew:
            raise DeviceMissing("the MDB adapter has started anew: had it no power?")
        self._check(busy=busy)
        found = []
        for line in self._adapter.read(min(wait_s, self._check_s)):
            if self._checking and _answers_on(line):
                self._checking = False
                self._anew = not line.begins("c", "ERR")
            heard = cashless_text.heard(line, self._form)
            if heard is not None:
                found.append(heard)
            if self._anew:
                break  # what it says now, it says without its settings
        return found

    def do(self, order: Order) -> list[Heard]:
        """Send the lines of *order*."""
        for words in cashless_text.lines(order, self._form, self._config.scale):
            self._adapter.send(*words)
        return []

    def switch_off(self) -> None:
        """End what may be, and switch the reader off."""
        self._adapter.send("C", "STOP")
        self._adapter.send("C", "0")

    def close(self) -> None:
        """Let the adapter go."""
        self._adapter.close()

    def interrupt(self) -> None:
        """End a read of another thread."""
        self._adapter.interrupt()

    def open_only(self) -> None:
        """Open the line without a word, for switch_off() alone."""
        self._adapter.open_port()

    def _settings(self) -> list[str]:
        """What must be set anew whenever the adapter had no power."""
        return [
            f"mdb-addr=0x{self._config.address:02X}",
            f"mdb-currency-code=0x{self._config.currency}",
            f"mdb-always-idle={int(self._config.always_idle)}",
        ]

    def _set(self, setting: str) -> None:
        words = ("C", f"SETCONF,{setting}")
        answer = self._adapter.ask(words, lambda line: line.begins("c"), ANSWER_S, drop=True)
        if answer is None or not answer.begins("c", "SET", "OK"):
            said = f"answers {answer.meaning!r}" if answer is not None else "does not answer"
            raise DeviceFault(f"the MDB adapter {said} to C,SETCONF,{setting}; expected c,SET,OK")

    def _check(self, *, busy: bool) -> None:
        now = time.monotonic()
        if self._adapter.heard_at >= self._asked_at:
            self._unanswered = 0
        patience = min(self._check_s, ANSWER_S) if self._unanswered else self._check_s
        if now - max(self._adapter.heard_at, self._asked_at) < patience:
            return
        if self._unanswered >= _TRIES:
            raise DeviceMissing("the MDB adapter does not answer any more: is its cable in, has it power?")
        self._adapter.send(*(("V",) if busy else ("C", "1")))
        self._checking |= not busy
        self._asked_at = now
        self._unanswered += 1


class RawSide:
    """An adapter that hands on the blocks of the bus, each as a line of hex digits with its checksum.

    It cares for the ninth bit and for the time limits of the bus: where the host has not answered within 5 ms
    it says ACK, and the answer goes out with the next poll; until then it hands on no further poll. It hands on
    every block for the reader, and the machine's ACK, NAK and RET (00, FF, AA) after data; it gets one line for
    every block, 00 for ACK.
    """

    def __init__(self, port: str, tell: Tell, config: Config, baudrate: int) -> None:
        self._line = LinePort(port, _quiet(tell), baudrate)
        self._port = port
        self._config = config
        self._reader = Peripheral(config)

    def open(self) -> str:
        """Open the line and wait for a machine that talks: only it can tell that anything is there."""
        self._line.open_port()
        self._reader = Peripheral(self._config)
        for _ in range(_TRIES):
            if any(_block(line) is not None for line in self._line.read(ANSWER_S)):
                return f"blocks of the bus on {self._port}"
        if self._line.strange:
            raise DeviceFault(f"what comes over {self._port} are no lines of an MDB adapter: is it one?")
        raise DeviceMissing(f"no machine polls on {self._port}: is it switched on, is the adapter in its bus?")

    def read(self, wait_s: float, *, busy: bool) -> list[Heard]:
        """Answer the machine's blocks, and return what they mean; see Side."""
        found: list[Heard] = []
        for line in self._line.read(wait_s):
            block = _block(line)
            if block is None:
                continue
            answer, heard = self._reader.receive(block)
            if answer:
                self._line.send(answer.hex().upper())
            found += heard
        if time.monotonic() - self._line.heard_at > _SILENT_S:
            raise DeviceMissing(f"the machine does not poll any more on {self._port}: is it switched off?")
        return found

    def do(self, order: Order) -> list[Heard]:
        """Queue *order* for the next polls."""
        return self._reader.order(order)

    def switch_off(self) -> None:
        """Nothing: a reader that does not answer is none for the machine."""

    def close(self) -> None:
        """Let the adapter go."""
        self._line.close()

    def interrupt(self) -> None:
        """End a read of another thread."""
        self._line.interrupt()


def _is_off(line: Line) -> bool:
    return line.begins("c", "0")


def _answers_on(line: Line) -> bool:
    return line.begins("c", "1") or line.begins("c", "STATUS", "INACTIVE") or line.begins("c", "ERR")


def _block(line: Line) -> bytes | None:
    return from_hex(line.words[0]) if len(line.words) == 1 else None


def _quiet(tell: Tell) -> Tell:
    """Leave out the polls without an answer: twenty a second say nothing."""

    def listen(way: str, raw: bytes, meaning: str) -> None:
        block = from_hex(raw.decode("ascii", "replace").strip())
        if block is None or (block != ACK and block[0] & 7 != 2):  # noqa: PLR2004 - POLL
            tell("<" if way == "<" else ">" if way == ">" else "!", raw, meaning)

    return listen
