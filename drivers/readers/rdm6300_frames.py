"""The frames of the RDM6300: bytes in, numbers of EM4100 tags out. Pure.

    02  31 30 30 30 38 36 46 34 34 34  32 36  03      the tag 100086F444
    |   |  ten hex digits: 5 bytes     |      the end
    |                                  two hex digits: the five bytes, each with each exclusive or
    the beginning

(RDM6300 specification, "Data format"; some modules write the digits in lower case.) Only bytes that are such a
frame from the first to the last, its checksum too, are a number. What else comes on the line, half frames,
frames that ran into each other, noise, is told as what it is, and never in the way of the next whole frame.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import xor

from terminal.core.value import Value

BAUDRATE = 9600
"""Bits a second; 8 data bits, no parity, 1 stop bit."""

_FRAME = re.compile(rb"\x02([0-9A-Fa-f]{12})\x03")
_BEGUN = re.compile(rb"\x02[0-9A-Fa-f]{0,12}\Z")


class Piece(Value, frozen=True):
    """Some bytes of the line, and what they are.

    Attributes:
        raw: The bytes.
        number: The 5 bytes of a tag's number; None: this is no whole frame.
        meaning: What it is, for a technician; never the number.
    """

    raw: bytes
    number: bytes | None
    meaning: str


class Rdm6300Frames:
    """Takes the bytes of a line in pieces of any size."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Piece]:
        """Return what is complete with *chunk*, in order; a frame that has only begun is kept."""
        raw = self._rest + chunk
        pieces = []
        done = 0
        for found in _FRAME.finditer(raw):
            pieces += _noise(raw[done : found.start()])
            pieces.append(_frame(found[0], bytes.fromhex(found[1].decode())))
            done = found.end()
        begun = _BEGUN.search(raw, done)
        kept = begun.start() if begun else len(raw)
        self._rest = raw[kept:]
        return [*pieces, *_noise(raw[done:kept])]


def _frame(raw: bytes, fields: bytes) -> Piece:
    number, checksum = fields[:-1], fields[-1]
    if reduce(xor, number) != checksum:
        return Piece(raw, None, "a frame with a wrong checksum")
    return Piece(raw, number, "a tag of 5 bytes")


def _noise(raw: bytes) -> list[Piece]:
    return [Piece(raw, None, "no frame")] if raw else []
