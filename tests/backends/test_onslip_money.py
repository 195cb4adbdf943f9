"""Money of Onslip's API: exact both ways, refused where it is not."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onslip_money import MOST_CENTS, amount, cents, read_json, write_json


@given(st.integers(-MOST_CENTS, MOST_CENTS))
def test_every_amount_survives_the_wire(value: int) -> None:
    wire = write_json({"price": amount(value)})
    assert b'"price":"' not in wire, "a number, and no text"
    assert cents(read_json(wire)["price"]) == value


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"19.50", 1950),
        (b"19.5", 1950),
        (b"19", 1900),
        (b"0.1", 10),
        (b"0.070", 7),
        (b"1.250", 125),
        (b"1e2", 10_000),
        (b"-0.29", -29),
        (b"-0.00", 0),
        (b"90071992547409.93", 9_007_199_254_740_993),
    ],
)
def test_numbers_are_read_as_they_are_written(written: bytes, expected: int) -> None:
    if expected > MOST_CENTS:
        assert str(read_json(written)) == written.decode(), "no float has seen it"
    else:
        assert cents(read_json(written)) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Decimal("0.125"), "no whole number of cents"),
        (Decimal("0.1251"), "more than 3 decimals"),
        (Decimal("1E-999999999"), "more than 3 decimals"),
        (Decimal("1E+999999999"), "beyond all amounts"),
        (Decimal("1" * 29), "beyond all amounts"),
        (Decimal(MOST_CENTS) / 100 + Decimal("0.01"), "beyond all amounts"),
        (Decimal("NaN"), "beyond all amounts"),
        (Decimal("Infinity"), "beyond all amounts"),
        (19.5, "float"),
        ("19.50", "str"),
        (True, "bool"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_amount_is_refused(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cents(value)


@pytest.mark.parametrize("value", [19.5, True, "1950", MOST_CENTS + 1, Decimal(1)])
def test_only_whole_cents_are_written(value: Any) -> None:
    with pytest.raises(ValueError, match="whole number of cents"):
        amount(value)


@pytest.mark.parametrize(
    "value", [19.5, {"price": 19.5}, {"items": [{"price": 0.1}]}, Decimal("NaN"), [Decimal("-Infinity")]]
)
def test_a_float_is_never_written(value: Any) -> None:
    with pytest.raises(ValueError, match=r"float|cannot be written"):
        write_json(value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"NaN", b'{"a":', b"[" * 100_000, b'"\xff"', b"1e99999999999999999999"]
)
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        read_json(body)


def test_ids_stay_whole_numbers() -> None:
    assert read_json(b'{"id": 9223372036854775807, "quantity": 2}') == {"id": 2**63 - 1, "quantity": 2}
