"""The frames of ccTalk: bytes in, answers out. Pure.

    02  00  01  E5   18            simple form: read the credits (229) of device 2
    01  0B  02  00   ...   sum     its answer to the host, 11 bytes
    |   |   |   |    data  |
    |   |   |   header     all bytes add up to 0 (mod 256)
    |   |   who sends
    |   bytes of data
    to whom

    28  00  46  01   3F            CRC form: reset (1) of device 40
            |        |
            CRC, low and high byte; who sends is not said, answers go to the host

(ccTalk Generic Specification, part 1: checksum; CRC-16 with the polynomial 1021, beginning with 0, not
reflected, over all other bytes.) One wire carries both directions, so the host hears its own bytes first,
except where the adapter keeps them from it. An answer has no number and does not say what was asked: what is an
answer follows from its place, right after the question, and from its addresses. Bytes that are out of place are
never searched for an answer: half a frame may hold what looks like one.
"""

from __future__ import annotations

import binascii

from drivers.cctalk.headers import HOST
from terminal.core.value import Value

BAUDRATE = 9600
"""Bits a second; 8 data bits, no parity, 1 stop bit."""

OVERHEAD = 5
"""Bytes of a frame beside its data."""

MOST_DATA = 252
"""Most bytes of data in one frame."""


class Frame(Value, frozen=True):
    """A whole answer of a device, valid by its checksum.

    Attributes:
        header: 0 for done, 5 refused, 6 busy.
        data: What it carries.
    """

    header: int
    data: bytes = b""


class Spoilt(Value, frozen=True):
    """What came was no answer to the question; *words* say what it was."""

    words: str


def simple(to: int, header: int, data: bytes = b"", sender: int = HOST) -> bytes:
    """Return a frame of the simple form."""
    body = bytes((to, len(data), sender, header)) + data
    return body + bytes((-sum(body) & 0xFF,))


def crc(to: int, header: int, data: bytes = b"") -> bytes:
    """Return a frame of the CRC form."""
    high, low = divmod(binascii.crc_hqx(bytes((to, len(data), header)) + data, 0), 256)
    return bytes((to, len(data), low, header)) + data + bytes((high,))


class Question(Value, frozen=True):
    """One command of the host.

    Attributes:
        address: Of the device, 2 to 255.
        header: What is asked.
        data: What goes with it.
        crc_form: Whether question and answer have the CRC form.
    """

    address: int
    header: int
    data: bytes = b""
    crc_form: bool = False

    @property
    def raw(self) -> bytes:
        """The bytes that go out."""
        form = crc if self.crc_form else simple
        return form(self.address, self.header, self.data)


class Exchange:
    """What comes over the wire after one question: perhaps its echo, then the answer, in pieces of any size.

    Args:
        question: What was sent.
        echo: Whether the host hears itself: True, False, or None: not known yet.

    Attributes:
        heard: Everything that came.
        echoed: Whether the question itself has come back.
        answer: The bytes of the answer so far.
        surplus: Bytes behind the answer.
    """

    def __init__(self, question: Question, *, echo: bool | None = None) -> None:
        if question.address == HOST:
            raise ValueError("a device cannot have the address of the host")
        self._question = question
        self._sent = question.raw
        self._may_come_first = echo is not True
        self.heard = b""
        self.echoed = False
        self.answer = b""
        self.surplus = b""

    @property
    def under_way(self) -> bool:
        """Whether a frame has begun to come and is not complete."""
        return bool(self.answer or (self.heard and not self.echoed))

    def feed(self, chunk: bytes) -> Frame | Spoilt | None:
        """Return what it comes to with *chunk*; None: more is to come."""
        self.heard += chunk
        length = len(self._sent)
        if not self.echoed and self._sent.startswith(self.heard[:length]):
            if len(self.heard) < length:
                return None
            self.echoed = True
        rest = self.heard[length:] if self.echoed else self.heard
        if rest and not self.echoed and not (rest[0] == HOST and self._may_come_first):
            return Spoilt("the bytes on the wire are not those that were sent: noise, or two that talk at once")
        return self._judge(rest)

    def _judge(self, rest: bytes) -> Frame | Spoilt | None:
        """Return what the bytes behind the echo are."""
        self.answer = rest
        if rest and rest[0] != HOST:
            return Spoilt(f"an answer to the address {rest[0]}, which is not the host")
        if len(rest) < OVERHEAD or len(rest) < OVERHEAD + rest[1]:
            return None
        end = OVERHEAD + rest[1]
        self.answer, self.surplus = rest[:end], rest[end:]
        return self._check(self.answer)

    def _check(self, raw: bytes) -> Frame | Spoilt:
        third, header, data = raw[2], raw[3], raw[4:-1]
        if self._question.crc_form:
            if crc(HOST, header, data) != raw:
                return Spoilt("an answer with a wrong checksum (CRC)")
        elif sum(raw) & 0xFF:
            return Spoilt("an answer with a wrong checksum")
        elif third != self._question.address:
            return Spoilt(f"an answer of the device {third} instead of {self._question.address}")
        return Frame(header, data)
