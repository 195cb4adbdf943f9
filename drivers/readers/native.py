"""A chip's own command, passed on by a PC/SC reader. Bytes only, no reader.

Readers with a PN53x inside (ACR122U and its kin) hand the chip's answer through (API of the ACR122U, Direct
Transmit; PN532 user manual, InCommunicateThru, 7.3.9)::

    FF 00 00 00 Lc  D4 42 command      ->  D5 43 status answer  90 00

Others speak the transparent exchange of PC/SC part 3 (Supplemental Document 2.02, chapter 3.2): a session is
opened, the protocol set to ISO 14443-3 A, the command passed on, the session closed::

    FF C2 00 00 02  81 00  00          ->  C0 03 00 90 00  90 00
    FF C2 00 02 04  8F 02 00 03  00    ->  C0 03 00 90 00 …  90 00
    FF C2 00 01 Lc  5F 46 04 time  95 len command  00
                                       ->  C0 03 00 90 00  92 01 00  96 02 00 00  97 len answer  90 00
    FF C2 00 00 02  82 00  00          ->  C0 03 00 90 00  90 00
"""

from __future__ import annotations

from collections.abc import Callable

Transmit = Callable[[bytes], bytes]

_OK = b"\x90\x00"
_THRU, _THRU_ANSWER = b"\xd4\x42", b"\xd5\x43\x00"

_BEGIN = bytes.fromhex("FFC2000002810000")
_END = bytes.fromhex("FFC2000002820000")
_TO_TYPE_A = bytes.fromhex("FFC20002048F02000300")
_TIMER = bytes.fromhex("5F4604") + (50_000).to_bytes(4, "little")  # microseconds; no chip takes as long
_TRANSCEIVE = 0x95
_DONE, _DONE_WELL = 0xC0, b"\x00\x90\x00"
_TRANSFER, _ERRORS = 0x96, 0x0F  # its first byte: CRC, collision, parity, framing
_ANSWER = 0x97


class CannotPass(Exception):  # noqa: N818 - what it is, not that it is an error
    """The reader passes no commands on to the chip. The text is for the technician."""


def ask_chip(transmit: Transmit, reader: str, command: bytes) -> bytes | None:
    """Return what the chip on *reader* (its full name) answers to *command*; None if it does not answer.

    Raises:
        CannotPass: The reader does not do such a thing. What *transmit* raises goes through.
    """
    return _direct(transmit, command) if has_pn53x(reader) else _transparent(transmit, command)


def has_pn53x(reader: str) -> bool:
    """Whether *reader* has a PN53x that can be spoken to: the ACR122, and what is sold under its name."""
    return "ACR122" in reader


def _direct(transmit: Transmit, command: bytes) -> bytes | None:
    body = _THRU + command
    answer = transmit(bytes([0xFF, 0x00, 0x00, 0x00, len(body)]) + body)
    if answer[-2:] != _OK or not answer.startswith(_THRU_ANSWER):
        return None  # a chip that does not answer looks like any other failure of the PN53x
    return answer[len(_THRU_ANSWER) : -2]


def _transparent(transmit: Transmit, command: bytes) -> bytes | None:
    begun = transmit(_BEGIN)
    if not _went_well(begun):
        raise CannotPass(f"the reader answered {begun.hex(' ').upper()} to the start of a transparent session")
    try:
        if not _went_well(transmit(_TO_TYPE_A)):
            return None
        body = _TIMER + bytes([_TRANSCEIVE, len(command)]) + command
        return _answer_in(transmit(bytes([0xFF, 0xC2, 0x00, 0x01, len(body)]) + body + b"\x00"))
    finally:
        transmit(_END)


def _went_well(answer: bytes) -> bool:
    parts = _parts(answer)
    return parts is not None and parts.get(_DONE, _DONE_WELL) == _DONE_WELL


def _answer_in(answer: bytes) -> bytes | None:
    parts = _parts(answer)
    if parts is None or parts.get(_DONE) != _DONE_WELL or parts.get(_TRANSFER, b"\x00")[:1] not in _CLEAN:
        return None
    return parts.get(_ANSWER)


_CLEAN = frozenset(bytes([value]) for value in range(256) if not value & _ERRORS)


def _parts(answer: bytes) -> dict[int, bytes] | None:
    """Return the data objects of *answer* by their tags; None where they are damaged, or it failed as a whole.

    All tags that come back have one byte, and no length is beyond 127 (a chip's answer is shorter).
    """
    if answer[-2:] != _OK:
        return None
    parts: dict[int, bytes] = {}
    at, end = 0, len(answer) - 2
    while at < end:
        if at + 2 > end or answer[at + 1] > 0x7F or at + 2 + answer[at + 1] > end:  # noqa: PLR2004 - as said above
            return None
        tag, size = answer[at], answer[at + 1]
        parts[tag] = answer[at + 2 : at + 2 + size]
        at += 2 + size
    return parts
