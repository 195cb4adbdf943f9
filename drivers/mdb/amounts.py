"""Amounts of the bus and of the adapters' text, to cents and back: exact or not at all. Pure.

On the bus an amount is 16 bits, in units of scale factor / 10^decimal places of the currency; FFFF means that
it is not known (MDB/ICP 4.2, sections 2 and 7). In a line it is decimal text. Nothing is ever rounded: what is
no whole number of cents, or of units, is refused.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from terminal.core.value import Value

UNKNOWN = 0xFFFF
"""On the bus: an amount that is not known, or not shown."""

MOST = 0xFFFE
"""The largest amount of the bus, in units."""

Form = Literal["decimal", "cents"]
"""How the adapter writes amounts: `1.50`, or `150`."""

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_CENTS = re.compile(r"[0-9]{1,9}")


class AmountError(ValueError):
    """An amount that cannot be said exactly; the text is one sentence."""


class Scale(Value, frozen=True):
    """What one unit of the bus is worth: *factor* / 10^*decimals* of the currency; 1 and 2: a cent."""

    factor: int = 1
    decimals: int = 2

    @property
    def whole(self) -> int:
        """Units of the bus in one unit of the currency, before the scale factor: 100 for two decimals."""
        return int(10**self.decimals)

    def to_cents(self, units: int) -> int:
        """Return *units* of the bus in cents.

        Raises:
            AmountError: It is not known, no amount of the bus, or no whole number of cents.
        """
        if units == UNKNOWN:
            raise AmountError("the amount is not known (FFFF)")
        if not 0 <= units <= MOST:
            raise AmountError(f"{units} is no amount of the bus")
        cents, rest = divmod(units * self.factor * 100, self.whole)
        if rest:
            raise AmountError(
                f"{units} units of {self.factor} / 10^{self.decimals} are no whole number of cents"
            )
        return cents

    def to_units(self, cents: int) -> int:
        """Return *cents* in units of the bus.

        Raises:
            AmountError: It is less than nothing, no whole number of units, or more than 16 bits can say.
        """
        if cents < 0:
            raise AmountError(f"{cents} cents are less than nothing")
        units, rest = divmod(cents * self.whole, self.factor * 100)
        if rest:
            raise AmountError(
                f"{cents} cents are no whole number of units of {self.factor} / 10^{self.decimals}"
            )
        if units > MOST:
            raise AmountError(f"{cents} cents are more than the bus can say with this scale factor")
        return units

    def funds(self, cents: int | None) -> int:
        """Return *cents* in units for a display: UNKNOWN where they are not known or cannot be said exactly."""
        try:
            return UNKNOWN if cents is None else self.to_units(cents)
        except AmountError:
            return UNKNOWN


def from_text(text: str, form: Form) -> int:
    """Return the cents that *text* says.

    Raises:
        AmountError: It is no amount of this form, or no whole number of cents.
    """
    if form == "cents":
        if not _CENTS.fullmatch(text):
            raise AmountError(f"{text!r} is no amount in cents")
        return int(text)
    if not _DECIMAL.fullmatch(text):
        raise AmountError(f"{text!r} is no decimal amount")
    cents = Decimal(text).scaleb(2)
    if cents != cents.to_integral_value():
        raise AmountError(f"{text!r} is no whole number of cents")
    return int(cents)


def to_text(cents: int, form: Form) -> str:
    """Return *cents* (0 or more) as text.

    Raises:
        AmountError: They are less than nothing.
    """
    if cents < 0:
        raise AmountError(f"{cents} cents are less than nothing")
    return str(cents) if form == "cents" else f"{cents // 100}.{cents % 100:02d}"


def funds_text(cents: int | None, scale: Scale, form: Form) -> str:
    """Return the text of a session's funds: what is not known is the amount that becomes FFFF on the bus.

    Raises:
        AmountError: With this scale, FFFF is no whole number of cents.
    """
    units = scale.funds(cents)
    if units != UNKNOWN:
        return to_text(scale.to_cents(units), form)
    whole, rest = divmod(UNKNOWN * scale.factor * 100, scale.whole)
    if rest:
        raise AmountError("with this scale factor the adapter cannot be told that funds are not known")
    return to_text(whole, form)
