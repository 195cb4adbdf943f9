"""Walks through a stream for an ESC/POS printer, command by command, and knows no more than what may be in it.

It is no printer (that is drivers.printers.paper): it only refuses. Each command has its length by the manuals;
what it carries is judged, too. Sequences that a printer obeys wherever they stand, also within a picture (DLE
EOT, DLE ENQ, DLE DC4), may stand nowhere.
"""

from __future__ import annotations

import re
from collections import Counter

_REAL_TIME = re.compile(rb"\x10[\x04\x05\x14]")
_ESC = {
    b"@": rb"",
    b"t": rb".",
    b"!": rb"[\x00\x30]",
    b"E": rb"[\x00\x01]",
    b"a": rb"[\x00\x01\x02]",
    b"d": rb"[\x05\x06]",
    b"3": rb"\x10",
    b"2": rb"",
    b"p": rb"[\x00\x01]\x32\x32",
}
_GS = {
    b"h": rb"\x50",
    b"w": rb"[\x02\x03]",
    b"H": rb"\x02",
    b"f": rb"\x00",
    b"V": rb"[\x00\x01]",
}


class StrayError(ValueError):
    """Something that has no business in a document."""


def walk(stream: bytes) -> Counter[str]:
    """Return how often each command occurs; raise StrayError at the first that should not be there."""
    if found := _REAL_TIME.search(stream):
        raise StrayError(f"a real-time command at {found.start()}")
    seen: Counter[str] = Counter()
    at = 0
    while at < len(stream):
        name, length = _step(stream, at)
        if at + length > len(stream):
            raise StrayError(f"{name} at {at} is cut off")
        if name == "ESC @" and at:
            raise StrayError(f"a second start at {at}")
        if seen["GS V"]:
            raise StrayError(f"{name} after the cut")
        seen[name] += 1
        at += length
    return seen


def _step(stream: bytes, at: int) -> tuple[str, int]:
    byte = stream[at]
    if byte == 0x0A:
        return "LF", 1
    if byte == 0x1B:
        return _escape(stream, at)
    if byte == 0x1D:
        return _group(stream, at)
    if stream[at : at + 2] == b"\x1c.":
        return "FS .", 2
    if byte < 0x20 or byte == 0x7F:
        raise StrayError(f"a control byte {byte:#04x} at {at}")
    return "sign", 1


def _short(kind: str, table: dict[bytes, bytes], stream: bytes, at: int) -> tuple[str, int]:
    name = stream[at + 1 : at + 2]
    found = re.compile(table[name], re.DOTALL).match(stream, at + 2) if name in table else None
    if found is None:
        raise StrayError(f"{kind} {stream[at + 1 : at + 5]!r} at {at}")
    return f"{kind} {name.decode()}", 2 + len(found[0])


def _escape(stream: bytes, at: int) -> tuple[str, int]:
    if stream[at + 1 : at + 3] == b"*\x21":
        length = 5 + 3 * int.from_bytes(stream[at + 3 : at + 5], "little")
        return "picture", length
    return _short("ESC", _ESC, stream, at)


def _group(stream: bytes, at: int) -> tuple[str, int]:
    head = stream[at + 1 : at + 3]
    if head == b"v0":
        if stream[at + 3] > 3:
            raise StrayError(f"a picture of mode {stream[at + 3]} at {at}")
        wide, high = (int.from_bytes(stream[at + k : at + k + 2], "little") for k in (4, 6))
        return "picture", 8 + wide * high
    if head == b"kI":
        count = stream[at + 3]
        data = stream[at + 4 : at + 4 + count]
        if not re.fullmatch(rb"\{B(?:[ -z|}~]|\{\{)+", data):
            raise StrayError(f"a bar code of {data!r} at {at}")
        return "bar code", 4 + count
    if head == b"(L":
        return "picture", 5 + int.from_bytes(stream[at + 3 : at + 5], "little")
    if head == b"(k":
        return _qr(stream, at)
    return _short("GS", _GS, stream, at)


def _qr(stream: bytes, at: int) -> tuple[str, int]:
    length = int.from_bytes(stream[at + 3 : at + 5], "little")
    data = stream[at + 5 : at + 5 + length]
    plain = (b"1A2\x00", b"1E1", b"1Q0", *(b"1C" + bytes((size,)) for size in range(2, 9)))
    if data in plain:
        return "QR setting", 5 + length
    if data[:3] != b"1P0" or re.search(rb"[\x00-\x1f\x7f]", data[3:]):
        raise StrayError(f"QR code of {data!r} at {at}")
    data[3:].decode()
    return "QR code", 5 + length
