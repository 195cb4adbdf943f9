"""JSON of Onslip's API: exact both ways, and no float in it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onslip.json import read_json, write_json
from terminal.backends.onslip.models import plainly
from terminal.backends.onslip.models_till import Summary
from terminal.backends.onslip.models_values import Money

MOST_CENTS = 10**14 - 1


@given(st.integers(-MOST_CENTS, MOST_CENTS))
def test_every_amount_survives_the_wire(value: int) -> None:
    wire = write_json(plainly(Summary(count=1, amount=Money.of_cents(value))))
    assert b'"amount":"' not in wire, "a number, and no text"
    assert Money.read(read_json(wire)["amount"]).cents == value


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
        (b"999999999999.99", 99_999_999_999_999),
    ],
)
def test_numbers_are_read_as_they_are_written(written: bytes, expected: int) -> None:
    assert Money.read(read_json(written)).cents == expected


def test_no_float_has_seen_a_number() -> None:
    assert str(read_json(b"90071992547409.93")) == "90071992547409.93"


@pytest.mark.parametrize(
    "value", [19.5, {"price": 19.5}, {"items": [{"price": 0.1}]}, Decimal("NaN"), [Decimal("-Infinity")]]
)
def test_a_float_is_never_written(value: Any) -> None:
    with pytest.raises(ValueError, match=r"float|cannot be written"):
        write_json(value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"NaN",
        b'{"a":',
        b"[" * 100_000,
        b'"\xff"',
        b'{"a":"\\ud800"}',
        b"9" * 6000,
        b"1e99999999999999999999",
    ],
)
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        read_json(body)


def test_ids_stay_whole_numbers() -> None:
    assert read_json(b'{"id": 9223372036854775807, "quantity": 2}') == {"id": 2**63 - 1, "quantity": 2}
