"""What an ATR tells, and what it must not be believed to tell."""

import random
from functools import reduce
from operator import xor

import pytest

from drivers.readers.atr import StorageCard, chip_of, may_sign, storage_card
from drivers.readers.uid import Chip
from tests.support.seed import SEED


def atr(standard: int, name: int) -> bytes:
    body = bytes.fromhex("8F8001804F0CA000000306") + bytes([standard]) + name.to_bytes(2, "big") + bytes(4)
    return b"\x3b" + body + bytes([reduce(xor, body)])


CLASSIC = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
ULTRALIGHT = bytes.fromhex("3B8F8001804F0CA0000003060300030000000068")
FELICA = bytes.fromhex("3B8F8001804F0CA00000030603F011000000008A")  # of an ACR122U: the standard is wrong
DESFIRE = bytes.fromhex("3B8180018080")


def test_the_atrs_of_manuals_are_made_of_the_same_parts() -> None:
    assert [atr(3, 1), atr(3, 3), atr(3, 0xF011)] == [CLASSIC, ULTRALIGHT, FELICA]


@pytest.mark.parametrize(
    ("given", "size", "chip"),
    [
        (CLASSIC, 4, Chip.A),
        (ULTRALIGHT, 7, Chip.A),
        (FELICA, 8, Chip.FELICA),
        (atr(0x11, 0x003B), 8, Chip.FELICA),
        (atr(0x05, 0x0000), 4, Chip.B),
        (atr(0x0B, 0x0014), 8, Chip.VICINITY),
        (atr(0x03, 0x0001), 8, Chip.NFC),  # no number of type A is as long: the reader is mistaken
        (atr(0x05, 0x0000), 7, Chip.NFC),
        (atr(0x3F, 0x0000), 4, Chip.NFC),
        (DESFIRE, 7, Chip.NFC),
        (b"", 4, Chip.NFC),
    ],
)
def test_the_kind_of_a_token(given: bytes, size: int, chip: Chip) -> None:
    assert chip_of(given, size) is chip


def test_only_what_may_have_a_signature_is_asked_for_it() -> None:
    assert may_sign(ULTRALIGHT)
    assert may_sign(atr(3, 0x0000))
    assert may_sign(atr(3, 0xFF00))
    for other in (CLASSIC, FELICA, DESFIRE, b""):
        assert not may_sign(other)


def test_damaged_ones_tell_nothing() -> None:
    """10^5 mutations: either they still are an ATR of a storage card, checksum and all, or say nothing."""
    chance = random.Random(SEED)
    for _ in range(100_000):
        given = bytearray(chance.choice((CLASSIC, ULTRALIGHT, FELICA)))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(given))
            given[at : at + chance.randrange(2)] = chance.randbytes(chance.randrange(3))
        if chance.random() < 0.1:
            del given[chance.randrange(len(given) + 1) :]
        card = storage_card(bytes(given))
        if card is not None:
            assert card == StorageCard(given[12], int.from_bytes(given[13:15], "big"))
            assert len(given) == 20
            assert reduce(xor, given[1:]) == 0
            assert given[4:12].hex() == "804f0ca000000306"
        assert isinstance(chip_of(bytes(given), 7), Chip)


def test_one_changed_byte_is_always_noticed() -> None:
    for at in range(1, 20):
        for flip in range(1, 256):
            changed = bytearray(ULTRALIGHT)
            changed[at] ^= flip
            assert storage_card(bytes(changed)) is None
