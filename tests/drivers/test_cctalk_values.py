"""What the names of coins and bills are worth, and what codes mean."""

import random

import pytest

from drivers.cctalk.words import BILL_CODES, COIN_CODES, FAULTS, Kind, bill_code, coin_code, fault, printable
from drivers.coins.cctalk_values import MOST_CENTS, Named, bill, bill_country, coin
from tests.support.seed import SEED

EURO = bytes((100, 0, 2))


@pytest.mark.parametrize(
    ("name", "country", "cents"),
    [
        ("EU100A", "EU", 100),
        ("EU010B", "EU", 10),
        ("EU001A", "EU", 1),
        ("JP1K0A", "JP", 1000),
        ("JP2K5A", "JP", 2500),
        ("IT10KA", "IT", 10_000),
        ("XX.50A", "XX", None),
        ("XX5m0A", "XX", None),
        ("XX2.0A", "XX", 2),
        ("TR1M0A", "TR", 1_000_000),
        ("TRM50A", "TR", 500_000),
        ("TR9G0A", "TR", None),
        ("EU000A", "EU", None),
        ("EU..KA", "EU", None),
        ("......", "", None),
        ("TK001A", "", None),
        ("eu100a", "", None),
        ("EU100", "", None),
        ("", "", None),
    ],
)
def test_coins(name, country, cents):
    found = coin(name.encode())
    assert (found.country, found.cents) == (country, cents)


def test_bills():
    assert bill(b"EU0005A", EURO) == Named("EU0005A", "EU", 500)
    assert bill(b"EU0500A", EURO).cents == 50_000
    assert bill(b"DK0100A", bytes((100, 0, 2))).cents == 10_000
    assert bill(b"XX0010A", bytes((1, 0, 2))).cents == 10
    assert bill(b"XX0010A", bytes((0x10, 0x27, 2))).cents == 100_000
    assert bill(b"XX0001A", bytes((1, 0, 3))).cents is None
    assert bill(b"EU0005A", b"").cents is None
    assert bill(b"EU0005A", bytes(3)).cents is None
    assert bill(b"EU0005A", bytes((1, 0, 200))).cents is None
    assert bill(b".......", EURO) == Named(".......")
    assert bill_country(b"EU0005A") == "EU"
    assert bill_country(b"EU005A") == ""


def test_noise_is_worth_nothing_or_a_sane_sum():
    chance = random.Random(SEED)
    alphabet = b"EUDK0123456789.mKMGA\x00\xff"
    for _ in range(100_000):
        raw = bytes(chance.choices(alphabet, k=chance.randrange(9)))
        for cents in (coin(raw).cents, bill(raw, bytes(chance.choices(range(256), k=3))).cents):
            assert cents is None or 0 < cents <= MOST_CENTS


def test_codes_have_words_and_consequences():
    for code in range(256):
        assert coin_code(code).words
        assert bill_code(code).words
    assert [number for number, code in COIN_CODES.items() if code.kind is Kind.FRAUD] == [16, 17, 20, 25, 40]
    assert coin_code(254).kind is Kind.LEVER
    assert coin_code(1).kind is coin_code(2).kind is coin_code(130).kind is Kind.NOTHING
    assert "inhibited coin 3" in coin_code(130).words
    assert coin_code(36).kind is Kind.SWALLOWED
    assert coin_code(14).kind is coin_code(99).kind is Kind.TROUBLE
    assert "99" in coin_code(99).words
    assert [number for number, code in BILL_CODES.items() if code.kind is Kind.FRAUD] == [8, 9, 17, 18]


def test_faults_are_sentences():
    assert fault(b"\x00") == fault(b"") == ""
    assert fault(b"\x03") == FAULTS[3]
    assert fault(b"\x03\x07") == FAULTS[3] + " (7)"
    assert "200" in fault(b"\xc8")


def test_what_a_device_says_is_fit_for_a_screen():
    assert printable(b" SR5\x1b[2J\xff ") == "SR5?[2J?"
    assert len(printable(b"x" * 200)) == 40
