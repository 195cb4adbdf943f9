"""Blocks of the MDB bus: bytes and their sum (MDB/ICP 4.2, section 2). Pure."""

from __future__ import annotations

ACK = b"\x00"
NAK = b"\xff"
RET = b"\xaa"
"""The single bytes that acknowledge, refuse, and ask again; they have no checksum."""

LONGEST = 36
"""Bytes of the longest block."""


def checksum(data: bytes) -> int:
    """Return the last byte of a block: the sum of all before it, modulo 256."""
    return sum(data) & 0xFF


def seal(data: bytes) -> bytes:
    """Return *data* as a block, with its checksum."""
    return data + bytes((checksum(data),))


def opened(block: bytes) -> bytes | None:
    """Return what is in *block*; None: it is none, or its checksum is wrong."""
    if not 2 <= len(block) <= LONGEST or checksum(block[:-1]) != block[-1]:  # noqa: PLR2004 - a byte and its sum
        return None
    return block[:-1]


def from_hex(text: str) -> bytes | None:
    """Return the bytes that *text* says, in hex digits with or without spaces; None: it says none."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if 1 <= len(raw) <= LONGEST else None
