"""What an ESC/POS printer says of itself: bytes in, meaning out. Pure.

Three kinds of bytes come back, and any of them may come at any time; fixed bits tell them apart (Epson ESC/POS
reference: DLE EOT, GS a, GS r; the same in the manuals of the Epson TM-U220 and the Samsung SRP-350):

* the answer to ``DLE EOT n`` (real-time: answered even while offline): one byte ``0xx1xx10``;
* automatic status (``GS a``), at each change if somebody has enabled it: four bytes, the first ``0xx1xx00``,
  the others ``0xx0xxxx``;
* the answer to ``GS r n``, which waits its turn in the printer's buffer: one byte ``0xx0xxxx``.

XON and XOFF (0x11, 0x13) fit none of them. What fits none is noise: a wrong baud rate, or no printer at all.
A noisy byte within an automatic status spoils it, but counts as one of its four: else those behind it would
look like answers to ``GS r``.
"""

from __future__ import annotations

from collections.abc import Mapping

from terminal.core.value import Value

QUESTIONS = (1, 2, 3, 4)
"""The real-time questions: printer, cause of offline, errors, paper."""

TELL_WHEN_DONE = b"\x1dr\x01"
"""GS r 1: it comes back only when all that was sent before it has been worked off."""

TELL_CHANGES = b"\x1da\x0e"
"""GS a 14: tell every change of online and offline, errors and paper unasked, and how it is at once.

Until GS a 0, ESC @ or power off (Epson ESC/POS reference, GS a).
"""

TELL_NOTHING = b"\x1da\x00"
"""GS a 0."""

_XON_XOFF = (0x11, 0x13)
_FIXED, _REAL_TIME, _AUTOMATIC = 0x93, 0x12, 0x10
_FIRST = 0x90
"""No second, third or fourth byte has one of these bits, nor has the answer to GS r."""


def ask(n: int) -> bytes:
    """Return the real-time question *n* (one of QUESTIONS)."""
    return b"\x10\x04" + bytes((n,))


class RealTime(Value, frozen=True):
    """One answer to a real-time question; only who asked knows to which."""

    byte: int


class Finished(Value, frozen=True):
    """The answer to TELL_WHEN_DONE."""


class Automatic(Value, frozen=True):
    """What a printer told unasked."""

    status: Status


class Noise(Value, frozen=True):
    """A byte, or what was to become an automatic status, that fits none of the forms."""


Message = RealTime | Finished | Automatic | Noise


class Status(Value, frozen=True):
    """How a printer is, as it says itself."""

    offline: bool = False
    cover_open: bool = False
    feeding: bool = False
    paper_out: bool = False
    paper_near_end: bool = False
    cutter: bool = False
    broken: bool = False
    error: bool = False

    def problem(self) -> str:
        """Return why it cannot print, as a sentence for the technician; empty if it can."""
        for is_so, words in (
            (self.cover_open, "the cover is open: close it"),
            (self.paper_out, "the paper is out: put in a new roll"),
            (self.cutter, "the cutter is jammed: switch off, clear the paper path, switch on"),
            (
                self.broken,
                "it reports an error that needs service: switch it off and on; if it stays, replace it",
            ),
            (self.error, "it reports an error: look for jammed paper or let a hot print head cool down"),
            (self.feeding, "paper is being fed by its button"),
            (self.offline, "it is offline and gives no reason: look at its lamps and its online button"),
        ):
            if is_so:
                return words
        return ""

    def warning(self) -> str:
        """Return what a person should look at soon, as a sentence; empty if nothing."""
        return "the paper is near its end: have a new roll ready" if self.paper_near_end else ""


def combine(answers: Mapping[int, int]) -> Status:
    """Return what the answers to real-time questions (question -> byte) mean together."""
    one, two, three, four = (answers.get(n, 0) for n in QUESTIONS)
    return Status(
        offline=bool(one & 0x08),
        cover_open=bool(two & 0x04),
        feeding=bool(two & 0x08),
        paper_out=bool(two & 0x20 or four & 0x60),
        paper_near_end=bool(four & 0x0C),
        cutter=bool(three & 0x08),
        broken=bool(three & 0x20),
        error=bool(two & 0x40 or three & 0x44),
    )


class Decoder:
    """Takes a printer's bytes as they come, in whatever pieces, and gives messages."""

    def __init__(self) -> None:
        self._automatic = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that *data* completes."""
        return [message for byte in data if (message := self._one(byte)) is not None]

    def _one(self, byte: int) -> Message | None:
        if byte & _FIXED == _REAL_TIME:
            return RealTime(byte)
        if byte & _FIXED == _AUTOMATIC:
            self._automatic[:] = (byte,)
            return None
        if byte in _XON_XOFF:
            return None
        if self._automatic:
            return self._more(byte)
        return Noise() if byte & _FIRST else Finished()

    def _more(self, byte: int) -> Message | None:
        self._automatic.append(byte)
        if len(self._automatic) < 4:  # noqa: PLR2004 - the length of an automatic status
            return None
        four = bytes(self._automatic)
        self._automatic.clear()
        return Noise() if any(one & _FIRST for one in four[1:]) else Automatic(_automatic(*four))


def _automatic(one: int, two: int, three: int, _four: int) -> Status:
    return Status(
        offline=bool(one & 0x08),
        cover_open=bool(one & 0x20),
        feeding=bool(one & 0x40),
        paper_out=bool(three & 0x0C),
        paper_near_end=bool(three & 0x03),
        cutter=bool(two & 0x08),
        broken=bool(two & 0x20),
        error=bool(two & 0x44),
    )
