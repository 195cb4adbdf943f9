"""The frames of the PN532: bytes in and out, commands and the cards in their answers. Pure.

    00 00 FF  LEN LCS              D4 command ...  DCS 00     a command; D5 command+1 ... is its answer
    00 00 FF  FF FF LENH LENL LCS  D4 command ...  DCS 00     the same, longer than 255 bytes
    00 00 FF  00 FF  00                                       ACK
    00 00 FF  FF 00  00                                       NACK: say the last answer again
    00 00 FF  01 FF  7F  81 00                                the chip refuses a command

LEN + LCS = 0 and D4 + ... + DCS = 0, modulo 256 (NXP UM0701-02, PN532 User Manual, 6.2.1). What the commands
mean, and what the targets look like in the answer to InListPassiveTarget: 7.2 and 7.3 there.
"""

from __future__ import annotations

from enum import Enum

from drivers.readers.uid import Chip
from terminal.core.value import Value

ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")

_START = b"\x00\xff"
_TO_CHIP, _FROM_CHIP, _REFUSAL = 0xD4, 0xD5, 0x7F
_EXTENDED = b"\xff\xff"
_LONGEST_NORMAL = 255
LONGEST_BODY = 265
"""Bytes between the checksums: 264 of data and the direction (UM0701-02, 6.2.1.2)."""

DIAGNOSE, FIRMWARE, SET_RATE, PARAMETERS, SAM, RF, THRU, LIST = 0x00, 0x02, 0x10, 0x12, 0x14, 0x32, 0x42, 0x4A
_NAMES = {
    DIAGNOSE: "Diagnose",
    FIRMWARE: "GetFirmwareVersion",
    SET_RATE: "SetSerialBaudRate",
    PARAMETERS: "SetParameters",
    SAM: "SAMConfiguration",
    RF: "RFConfiguration",
    THRU: "InCommunicateThru",
    LIST: "InListPassiveTarget",
}

TYPE_A, FELICA_212, FELICA_424, TYPE_B = 0x00, 0x01, 0x02, 0x03
_KINDS = {TYPE_A: "type A", FELICA_212: "FeliCa 212", FELICA_424: "FeliCa 424", TYPE_B: "type B"}
_CHIPS = {TYPE_A: Chip.A, FELICA_212: Chip.FELICA, FELICA_424: Chip.FELICA, TYPE_B: Chip.B}

POLL_FELICA = bytes.fromhex("00FFFF0000")
"""Polling of FeliCa: any system code, nothing more asked for, one time slot (JIS X 6319-4)."""
ALL_TYPE_B = b"\x00"
"""AFI 00: type B cards of all applications."""

_SIZES_A = (4, 7, 10)
_CASCADE_TAG = b"\x88"
_UNFINISHED = 0x04  # SAK, bit 3: the UID goes on (ISO/IEC 14443-3, 6.5.3)
_ATQB = 0x50


class Kind(Enum):
    """What a piece of the line is."""

    ACK = "ACK"
    NACK = "NACK"
    ANSWER = "answer"
    REFUSAL = "refusal"
    STRANGE = "strange"  # no frame, or one whose checksum is wrong


class Piece(Value, frozen=True):
    """A piece of what the chip said. *raw*: all of its bytes; *body*: of an answer, what follows D5."""

    kind: Kind
    raw: bytes
    body: bytes = b""


class BadAnswer(ValueError):  # noqa: N818 - what it is
    """A frame is whole, but what it says cannot be. The sentence does not hold its bytes."""


class Target(Value, frozen=True):
    """A card that the chip found.

    Attributes:
        chip: Its kind.
        kind: What was listed: TYPE_A, ...
        number: UID, PUPI or IDm, first transmitted byte first.
    """

    chip: Chip
    kind: int
    number: bytes


def encode(command: int, data: bytes = b"") -> bytes:
    """Return the frame of a command; ValueError if it is longer than the chip takes."""
    body = bytes([_TO_CHIP, command]) + data
    if len(body) > LONGEST_BODY:
        raise ValueError(f"a command of {len(body)} bytes; the PN532 takes {LONGEST_BODY}")
    if len(body) <= _LONGEST_NORMAL:
        length = bytes([len(body)])
        head = length + _check(length)
    else:
        length = len(body).to_bytes(2, "big")
        head = _EXTENDED + length + _check(length)
    return b"\x00\x00\xff" + head + body + _check(body) + b"\x00"


def _check(data: bytes) -> bytes:
    return bytes([-sum(data) & 0xFF])


class Pn532Frames:
    """Makes pieces of chunks, however they are cut. Finds its way back into step after anything."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[Piece]:
        """Return what *chunk* completes, in order."""
        self._buffer += chunk
        return self._pieces()

    def give_up(self) -> list[Piece]:
        """No more will come: what was begun is none; return it, and what hides behind its beginning."""
        pieces: list[Piece] = []
        while (start := self._buffer.find(_START)) >= 0:
            pieces += self._strange(start + 1)
            pieces += self._pieces()
        return pieces + self._strange(len(self._buffer))

    def _pieces(self) -> list[Piece]:
        pieces: list[Piece] = []
        buffer = self._buffer
        while (start := buffer.find(_START)) >= 0:
            size = _size(buffer, start)
            if size is None:
                return pieces
            piece = _piece(buffer, start, size) if size else None
            if piece is None:
                pieces += self._strange(start + 1)
                continue
            pieces += self._strange(start)
            del buffer[:size]
            pieces.append(piece)
        # The last byte may be the first of a start; zeros before a start, and after a frame, say nothing.
        pieces += self._strange(max(0, len(buffer) - 1))
        return pieces

    def _strange(self, count: int) -> list[Piece]:
        raw = bytes(self._buffer[:count])
        del self._buffer[:count]
        return [Piece(Kind.STRANGE, raw)] if raw.strip(b"\x00") else []


def _size(buffer: bytearray, start: int) -> int | None:
    """Return the bytes from the start code to the last checksum; 0: this is no frame; None: not known yet."""
    head = buffer[start + 2 : start + 7]
    if len(head) < 2:  # noqa: PLR2004 - LEN and LCS
        return None
    if bytes(head[:2]) in (b"\x00\xff", b"\xff\x00"):
        return 4
    overhead, length, check = 5, head[0], sum(head[:2])
    if head[:2] == _EXTENDED:
        if len(head) < 5:  # noqa: PLR2004 - and LENH, LENL, LCS
            return None
        overhead, length, check = 8, int.from_bytes(head[2:4], "big"), sum(head[2:])
    if check & 0xFF or not 1 <= length <= LONGEST_BODY:
        return 0
    size = overhead + length
    return size if len(buffer) >= start + size else None


def _piece(buffer: bytearray, start: int, size: int) -> Piece | None:
    raw = bytes(buffer[start : start + size])
    if size == 4:  # noqa: PLR2004 - no body
        return Piece(Kind.ACK if raw[2] == 0 else Kind.NACK, raw)
    body = raw[7:] if raw[2:4] == _EXTENDED else raw[4:]
    if sum(body) & 0xFF:
        return None
    body = body[:-1]
    if body == bytes([_REFUSAL]):
        return Piece(Kind.REFUSAL, raw)
    if body[0] == _FROM_CHIP and len(body) > 1:
        return Piece(Kind.ANSWER, raw, body[1:])
    return None


# -- cards -----------------------------------------------------------------------------------------------


def cascaded(uid: bytes) -> bytes:
    """Return a UID of type A as it is selected: with cascade tags (UM0701-02, 7.3.5)."""
    single, double, _ = _SIZES_A
    if len(uid) == single:
        return uid
    first, rest = _CASCADE_TAG + uid[:3], uid[3:]
    return first + (rest if len(uid) == double else _CASCADE_TAG + rest)


def target(kind: int, data: bytes) -> Target | None:
    """Return the one card in the answer to InListPassiveTarget for at most one of *kind*; None: there is none.

    Args:
        kind: What was listed.
        data: What follows the code of the answer: the number of targets, and the target.

    Raises:
        BadAnswer: It does not hold together.
    """
    if data == b"\x00":
        return None
    if data[:2] != b"\x01\x01":
        raise BadAnswer("the chip tells of other targets than one")
    parse = {TYPE_A: _type_a, TYPE_B: _type_b}.get(kind, _felica)
    return Target(_CHIPS[kind], kind, parse(data[2:]))


def _type_a(data: bytes) -> bytes:
    """SENS_RES (2 bytes), SEL_RES, length, UID; the answer to RATS, with its own length, if one was asked."""
    if len(data) < 4 or data[3] not in _SIZES_A or len(data) < 4 + data[3]:  # noqa: PLR2004 - before the UID
        raise BadAnswer("a type A target without a whole UID")
    uid, rest = data[4 : 4 + data[3]], data[4 + data[3] :]
    if data[2] & _UNFINISHED:
        raise BadAnswer("a type A target that was not selected to the end")
    if rest and rest[0] != len(rest):
        raise BadAnswer("a type A target with bytes too many")
    return uid


def _type_b(data: bytes) -> bytes:
    """Twelve bytes ATQB (50, PUPI, application, protocol), length, and the answer to ATTRIB."""
    if len(data) < 13 or data[0] != _ATQB or data[12] != len(data) - 13:  # noqa: PLR2004 - ATQB and length
        raise BadAnswer("a type B target without a whole ATQB")
    return data[1:5]


def _felica(data: bytes) -> bytes:
    """Length (its own byte counts), 01, IDm, PMm, and the system code where it was asked for."""
    if len(data) not in (18, 20) or data[0] != len(data) or data[1] != 0x01:
        raise BadAnswer("a FeliCa target without a whole answer to polling")
    return data[2:10]


# -- for who listens -------------------------------------------------------------------------------------


def describe(command: int, data: bytes = b"") -> str:
    """Return what a command is, in a few words; never a number of a card."""
    name = _NAMES.get(command, f"command {command:02X}")
    if command == LIST and len(data) > 1:
        known = ", the same again" if data[1] == TYPE_A and data[2:] else ""
        return f"{name} {_KINDS.get(data[1], '?')}{known}"
    if command == THRU:
        return f"{name} {data[:1].hex().upper()}"
    return name


_MEANINGS = {
    Kind.ACK: "ACK",
    Kind.NACK: "NACK",
    Kind.REFUSAL: "the chip refuses the command",
    Kind.STRANGE: "no frame, or its checksum is wrong",
}


def meaning(piece: Piece) -> str:
    """Return what the chip said, in a few words; never a number of a card."""
    if piece.kind is not Kind.ANSWER:
        return _MEANINGS[piece.kind]
    command, data = piece.body[0] - 1, piece.body[1:]
    words = f"answer to {_NAMES.get(command, f'command {command:02X}')}"
    if command == LIST and data:
        return f"{words}: {data[0]} target{'' if data[0] == 1 else 's'}"
    return f"{words}: status {data[0]:02X}" if command == THRU and data else words
