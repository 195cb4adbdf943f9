"""Values of Onslip's API that are in fields: amounts, numbers, words, secrets, bytes and times. Pure."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Self

from msgspec import Meta

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""Int64: ids, and other whole numbers whose range nobody told."""
Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its zone; in UTC once it was read."""
Translation = tuple[str, str]
"""Language and text."""

_MOST_DIGITS = 28
_LARGEST = Decimal(10) ** 12
_LEAST = Decimal("0.001")


class Number(Decimal):
    """A quantity or a rate, exactly as it was written: never a float."""

    @classmethod
    def read(cls, found: object) -> Self:
        """Return the number of a JSON value.

        Raises:
            ValueError: It is none, or is beyond all use.
        """
        if isinstance(found, bool) or not isinstance(found, int | Decimal):
            raise ValueError(f"Expected a number, got {kind_of(found)}")  # noqa: TRY004 - as msgspec reports it
        value = cls(found)
        if not value.is_finite() or value.copy_abs() >= _LARGEST or len(value.as_tuple().digits) > _MOST_DIGITS:
            raise ValueError("Expected a number below 10^12 with at most 28 digits")
        return value


class Money(Number):
    """An amount in major units (kronor, not öre) with at most three decimals."""

    @classmethod
    def read(cls, found: object) -> Self:
        """Return the amount of a JSON number.

        Raises:
            ValueError: It is no number, or has more than three decimals.
        """
        value = super().read(found)
        if value != value.quantize(_LEAST):
            raise ValueError("Expected an amount with at most three decimals")
        return value

    @classmethod
    def of_cents(cls, cents: int) -> Self:
        """Return *cents* as an amount."""
        return cls(Decimal(cents) / 100)

    @property
    def cents(self) -> int:
        """The amount in whole cents.

        Raises:
            ValueError: It is none: nothing is ever rounded here.
        """
        cents = Decimal(self) * 100
        if cents != cents.to_integral_value():
            raise ValueError(f"found the amount {self}; expected whole cents")
        return int(cents)


class Word(str):
    """A word of an enumeration, with the words that are known: those that are not are kept and harmless."""

    __slots__ = ()
    KNOWN: ClassVar[frozenset[str]] = frozenset()

    @property
    def meaning(self) -> str:
        """The word itself where it is known, else ``unknown``."""
        return str(self) if self in self.KNOWN else "unknown"


class Secret(str):
    """A text that stands in no log: its repr does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


class Base64(Secret):
    """Bytes as base64 text, kept as the server wrote it. May be a key, so its repr does not show it."""

    __slots__ = ()

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Return *raw* as base64."""
        return cls(b64encode(raw).decode())

    @classmethod
    def read(cls, found: str) -> Self:
        """Return a text that is base64.

        Raises:
            ValueError: It is not.
        """
        try:
            b64decode(found, validate=True)
        except ValueError:
            raise ValueError("Expected base64") from None
        return cls(found)

    @property
    def raw(self) -> bytes:
        """The bytes."""
        return b64decode(self, validate=True)


def kind_of(found: object) -> str:
    """Return what kind of JSON value that is, in words."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(found), "a number")
