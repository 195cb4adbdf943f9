"""What a hopper says of itself, as sentences."""

import random

import pytest

from drivers.payouts.hopper_words import Flags, flags, level
from tests.support.seed import SEED


def test_a_hopper_that_was_just_switched_on_is_well() -> None:
    said = flags(bytes([0b1100_0000, 0]))
    assert said.words == []
    assert said.disabled
    assert not said.blocked
    assert not said.pin
    assert not said.single


@pytest.mark.parametrize(
    ("data", "words", "blocked"),
    [
        (b"\x01", "more current", True),
        (b"\x02", "ran empty or is jammed", False),
        (b"\x08", "blocked while it stood", True),
        (b"\x10", "saw light from elsewhere while it stood", True),
        (b"\x20", "stayed blocked while it paid", True),
        (b"\x00\x01", "saw light from elsewhere while it paid", True),
        (b"\x00\x04", "checksum A", False),
        (b"\x00\x20", "checksum D", False),
        (b"\x00\x40\x00", "power failed while it wrote", False),
    ],
)
def test_each_flag_is_a_sentence(data, words, blocked) -> None:
    said = flags(data)
    assert len(said.words) == 1
    assert words in said.words[0]
    assert said.blocked is blocked


def test_modes_are_no_trouble() -> None:
    assert flags(b"\x00\x02").single
    assert flags(b"\x00\x80").pin
    assert flags(b"\x44\x82").words == []  # it cleared a jam by itself; power-up; one coin; PIN
    assert not flags(b"\x00\x00\xff").words  # the third byte is its maker's


def test_any_bytes_are_understood_and_only_known_bits_speak() -> None:
    dice = random.Random(SEED)
    for _ in range(100_000):
        said = flags(dice.randbytes(dice.randint(1, 3)))
        assert len(said.words) <= 11
        assert Flags(said.bits) == said
        assert all(said.words)
        assert not said.blocked or said.words  # who refuses says why


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (0x00, ""),
        (0x01, ""),  # no sensor
        (0x02, ""),
        (0x10, ""),
        (0x11, "nearly empty"),
        (0x32, "nearly full"),
        (0x33, ""),  # both at once cannot be
        (0xCC, ""),
    ],
)
def test_levels(bits, words) -> None:
    said = level(bytes([bits]))
    assert bool(said) is bool(words)
    assert words in said
