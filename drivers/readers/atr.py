"""What the ATR tells of a contactless token: the bytes that a PC/SC reader makes up in place of a real one.

For cards that know no ATR, PC/SC part 3 (3.1.3.2.3) lets the reader say what it found::

    3B 8n  80 01  80 4F 0C  A0 00 00 03 06  SS  NN NN  00 00 00 00  TCK

RID of the PC/SC workgroup, SS the standard, NN NN the card's name (PC/SC part 3, Supplemental Document for
Contactless ICCs). Cards of ISO 14443-4 have an ATR made of their ATS instead: type A and B look alike there.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from drivers.readers.uid import Chip
from terminal.core.value import Value

ULTRALIGHT = 0x0003
"""The name that readers give to MIFARE Ultralight and all its kin, NTAG21x among them."""
UNNAMED = 0x0000
_UNDEFINED = 0xFF  # high byte of "FF SAK": a chip without a name of its own
_FELICA = frozenset({0xF011, 0xF012})  # at 212 and 424 kbit/s; ACS readers give them the standard 03

_HEAD = bytes.fromhex("804F0CA000000306")
_START = bytes.fromhex("3B8F8001")  # fifteen historical bytes, T=0 and T=1
_STORAGE_SIZE = 20

_STANDARDS = {
    0x01: Chip.A,
    0x02: Chip.A,
    0x03: Chip.A,
    0x05: Chip.B,
    0x06: Chip.B,
    0x07: Chip.B,
    0x09: Chip.VICINITY,
    0x0A: Chip.VICINITY,
    0x0B: Chip.VICINITY,
    0x0C: Chip.VICINITY,
    0x11: Chip.FELICA,
}
_SIZES = {Chip.A: (4, 7, 10), Chip.B: (4,), Chip.FELICA: (8,), Chip.VICINITY: (8,)}


class StorageCard(Value, frozen=True):
    """What a reader says of a card without an ATR of its own: bytes SS and NN NN."""

    standard: int
    name: int


def storage_card(atr: bytes) -> StorageCard | None:
    """Return what *atr* says of a storage card; None where it is no such ATR, or damaged."""
    if len(atr) != _STORAGE_SIZE or not atr.startswith(_START):
        return None
    if atr[4:12] != _HEAD or reduce(xor, atr[1:]) != 0:
        return None
    return StorageCard(atr[12], int.from_bytes(atr[13:15], "big"))


def chip_of(atr: bytes, size: int) -> Chip:
    """Return what kind of token it is whose number has *size* bytes, as far as *atr* can be believed."""
    card = storage_card(atr)
    if card is None:
        return Chip.NFC
    chip = Chip.FELICA if card.name in _FELICA else _STANDARDS.get(card.standard, Chip.NFC)
    return chip if size in _SIZES.get(chip, ()) else Chip.NFC


def may_sign(atr: bytes) -> bool:
    """Whether a token with *atr* may be of the kind that proves its originality.

    Others must not even be asked: a MIFARE Classic falls silent at a command that it does not know, and its
    reader then believes that it was taken away and put back.
    """
    card = storage_card(atr)
    return card is not None and (card.name in (ULTRALIGHT, UNNAMED) or card.name >> 8 == _UNDEFINED)
