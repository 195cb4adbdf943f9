"""The wire of ccTalk, which several devices share: one question at a time, and its answer.

A coin acceptor, a bill validator and some hoppers may hang on one serial line, each of them driven by a thread
of its own. They share one :class:`Bus` for each line, which is open as long as one of them has a seat at it::

    with seat_at(port, hear=self._traffic) as seat:
        credits = seat.ask(2, Header.READ_CREDITS, size=11)
        seat.ask(3, Header.DISPENSE, order, repeat=False)

Whether the host hears its own bytes is found out by itself. A question is repeated only where its caller says
that it may be: one that reads may, one that pays out may not. What failed is raised:

* ``Refused``: the device said no (NAK). ``Busy``: it said not now. Nothing was done.
* ``Silent``, ``Garbled``: nobody answered, or nothing that could be understood: it may have been done or not.
* ``DeviceMissing``, ``DeviceFault``: the line itself is gone or cannot be used: the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.cctalk.frames import BAUDRATE, Frame, Question, Spoilt
from drivers.cctalk.headers import ACK, BUSY, NAK, Header, name_of
from drivers.cctalk.line import ANSWER_S, Bus, Hear
from drivers.device import DeviceFault, DeviceMissing

TRIES = 3
"""How often a question that may be repeated is put."""

BUSY_S = 0.1
"""How long a device that is busy is left in peace."""


class Refused(DeviceFault):
    """The device said no; nothing was done."""


class Busy(DeviceFault):
    """The device said not now, again and again; nothing was done."""


class Silent(DeviceMissing):
    """Nobody answered."""


class Garbled(DeviceFault):
    """Something answered, and it could not be understood."""


class Seat:
    """The place of one device's driver at a bus; see seat_at()."""

    def __init__(self, bus: Bus, hear: Hear) -> None:
        self._bus: Bus | None = bus
        self._hear = hear

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave; the last one closes the line. May be called again."""
        bus, self._bus = self._bus, None
        if bus is not None:
            _leave(bus)

    def ask(
        self,
        address: int,
        header: int,
        data: bytes = b"",
        *,
        crc_form: bool = False,
        repeat: bool = True,
        size: int | Iterable[int] | None = None,
        answer_s: float = ANSWER_S,
    ) -> bytes:
        """Put a question and return the data of its answer.

        Args:
            address: Of the device, 2 to 255.
            header: What is asked; see Header.
            data: What goes with it.
            crc_form: Whether the device has the CRC form.
            repeat: Whether it may be put again where no answer was understood: a device may have heard it.
            size: How many bytes the answer may have; an answer of another size is none. None: any.
            answer_s: Seconds that the answer's first byte is waited for.

        Raises:
            Refused, Busy: Nothing was done.
            Silent, Garbled, DeviceMissing, DeviceFault: Nobody can tell whether it was done.
        """
        question = Question(address, header, data, crc_form)
        sizes = None if size is None else (size,) if isinstance(size, int) else tuple(size)
        spoilt: Spoilt | None = None
        busy = False
        for _ in range(TRIES if repeat else 1):
            if busy:
                time.sleep(BUSY_S)
            found = self._own().exchange(question, answer_s, self._hear)
            busy = isinstance(found, Frame) and found.header == BUSY
            if isinstance(found, Frame) and not busy:
                accepted = self._accepted(found, question, sizes)
                if isinstance(accepted, bytes):
                    return accepted
                spoilt = accepted
            elif isinstance(found, Spoilt):
                spoilt = found
        raise self._failure(address, header, spoilt, busy=busy)

    def present(
        self, addresses: Iterable[int], *, crc_form: bool = False, answer_s: float = ANSWER_S
    ) -> list[int]:
        """Return which of *addresses* answer a simple poll, each asked once."""
        found = []
        for address in addresses:
            question = Question(address, Header.SIMPLE_POLL, crc_form=crc_form)
            answer = self._own().exchange(question, answer_s, self._hear)
            if isinstance(answer, Frame) and answer.header == ACK:
                found.append(address)
        return found

    def settle(self) -> None:
        """Wait until nothing comes any more; raises what ask() raises where the line is gone."""
        self._own().settle(self._hear)

    @property
    def echo_words(self) -> str:
        """What is known of the line, for who finds nobody on it."""
        return self._own().echo_words

    def _own(self) -> Bus:
        bus = self._bus
        if bus is None:
            raise DeviceMissing("the serial line is closed")
        return bus

    def _accepted(self, frame: Frame, question: Question, sizes: tuple[int, ...] | None) -> bytes | Spoilt:
        if frame.header == NAK:
            where = f"the device {question.address} on {self._own().port}"
            raise Refused(f"{where} refuses to {_asked(question.header)}")
        if frame.header != ACK:
            return Spoilt(f"an answer with the header {frame.header}, which is none")
        if sizes is not None and len(frame.data) not in sizes:
            expected = " or ".join(map(str, sizes))
            return Spoilt(f"an answer of {len(frame.data)} bytes instead of {expected}")
        return frame.data

    def _failure(
        self, address: int, header: int, spoilt: Spoilt | None, *, busy: bool
    ) -> Refused | Busy | Silent | Garbled:
        where = f"the device {address} on {self._own().port}"
        if busy:
            return Busy(f"{where} is too busy to {_asked(header)}")
        if spoilt is not None:
            return Garbled(
                f"{where} cannot be understood when told to {_asked(header)}: {spoilt.words}; check the "
                "wiring, its address and its form of checksum"
            )
        return Silent(f"{where} does not answer when told to {_asked(header)}; {self._own().echo_words}")


_BUSES: dict[tuple[str, int], Bus] = {}
_TABLE = threading.Lock()  # guards _BUSES and the seats of each


def seat_at(port: str, hear: Hear, baudrate: int = BAUDRATE) -> Seat:
    """Return a seat at the bus of the serial line *port*, which is opened if it is not.

    Args:
        port: A path of a device, or a URL of pyserial's.
        hear: Told of all that goes over the wire for this seat: way, bytes, meaning.
        baudrate: Bits a second; the same for all seats at one line.

    Raises:
        DeviceMissing: The line is not there.
        DeviceFault: It cannot be opened.
    """
    name = port if "://" in port else str(Path(port).resolve())
    with _TABLE:
        others = [bus for (path, rate), bus in _BUSES.items() if path == name and rate != baudrate]
        if others:
            raise DeviceFault(f"{port} is in use at {others[0].baudrate} baud; this device has {baudrate}")
        bus = _BUSES.setdefault((name, baudrate), Bus(port, baudrate))
        bus.seats += 1
    seat = Seat(bus, hear)
    try:
        bus.open()
    except BaseException:
        seat.close()
        raise
    return seat


def _leave(bus: Bus) -> None:
    with _TABLE:
        bus.seats -= 1
        if bus.seats:
            return
        for key in [key for key, each in _BUSES.items() if each is bus]:
            del _BUSES[key]
        # Within the lock: whoever comes next finds the line free.
        bus.close()


def _asked(header: int) -> str:
    return f"{name_of(header)} ({header})"
