"""JSON as Onslip's API speaks it: numbers are read and written digit by digit; no float is made of any.

What an amount is, is said by ``onslip.models_values.Money``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def read_json(body: bytes) -> Any:
    """Return a body read as JSON; each number with a fraction or an exponent is a Decimal, as it was written.

    Raises:
        ValueError: It is no JSON, or nested beyond all reason.
    """
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise ValueError(f"no JSON: {error}") from None


def write_json(value: Any) -> bytes:
    """Return *value* as JSON; a Decimal is written as a number, digit by digit.

    Args:
        value: What msgspec can write: dicts, lists, structs.

    Raises:
        ValueError: There is a float in it, or a Decimal that is no number.
    """
    _check(msgspec.to_builtins(value, builtin_types=(Decimal,)))
    return _encoder.encode(value)


def _check(value: Any) -> None:
    """Refuse what would be written as something else than it is."""
    if isinstance(value, float):
        raise ValueError("a float is not exact: numbers with a fraction are written from a Decimal")  # noqa: TRY004 - one kind of error for all that cannot be written
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} cannot be written in JSON")
    elif isinstance(value, Mapping):
        for each in value.values():
            _check(each)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for each in value:
            _check(each)
