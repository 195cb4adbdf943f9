"""How an object in an answer of OnlinePOS is read, whichever way its names are written. Pure.

The page and its samples write one field as ``cardNumber``, ``cardnumber`` and ``card_number``, and a number as
a number or a text: names are compared without case and underscores, and values are read by what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from terminal.backends.onlinepos.values import (
    Local,
    Unreadable,
    cents,
    kind_of,
    number,
    read_card_number,
    read_time,
)

_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0", ""})
_WHOLE = re.compile("[+-]?[0-9]{1,18}")


@lru_cache(maxsize=1024)
def bare(name: str) -> str:
    """Return a name as names are compared."""
    return name.replace("_", "").replace(" ", "").lower()


class Fields:
    """The fields of one object.

    Args:
        found: What should be an object.
        what: What it is, for sentences.

    Raises:
        Unreadable: It is none.
    """

    def __init__(self, found: Any, what: str) -> None:
        if not isinstance(found, dict):
            raise Unreadable(f"found {kind_of(found)}; expected {what}")
        self.what = what
        self._found = {bare(str(name)): value for name, value in found.items()}

    def get(self, *names: str) -> Any:
        """Return the first of *names* that is there; None if none is."""
        for name in names:
            value = self._found.get(bare(name))
            if value is not None:
                return value
        return None

    def text(self, *names: str) -> str:
        """Return a text without the spaces around it; empty if it is missing."""
        value = self.get(*names)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, dict | list) and not value:  # how PHP and XML show nothing
            return ""
        if value is not None and not isinstance(value, str):
            raise self._wrong(names, value, "a text")
        return (value or "").strip()

    def card_number(self, *names: str) -> str:
        """Return a number that is a name; it must be there."""
        with _at(self, names):
            found = read_card_number(self.get(*names))
        if not found:
            raise self._wrong(names, None, "a number")
        return found

    def whole(self, *names: str, default: int | None = None) -> int:
        """Return a whole number, written as one or as a text; *default*, if any, where it is missing."""
        value = self.get(*names)
        if (value is None or value == "") and default is not None:
            return default
        text = value.strip() if isinstance(value, str) else value
        if isinstance(text, str) and _WHOLE.fullmatch(text):
            return int(text)
        if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**15:
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(names, value, "a whole number")
        return value

    def whole_or_none(self, name: str) -> int | None:
        """Return a whole number; None if there is none, or an empty text. Raises Unreadable."""
        return None if self.get(name) in (None, "") else self.whole(name)

    def cents(self, *names: str) -> int:
        """Return an amount in whole cents; it must be there."""
        with _at(self, names):
            return cents(self.get(*names))

    def cents_or_none(self, *names: str) -> int | None:
        """Return an amount in whole cents; None if it is missing or empty."""
        value = self.get(*names)
        return None if value is None or value == "" else self.cents(*names)

    def decimal(self, *names: str, default: Decimal | None = None) -> Decimal:
        """Return a number; *default*, if there is one, where it is missing."""
        value = self.get(*names)
        if (value is None or value == "") and default is not None:
            return default
        with _at(self, names):
            return number(value)

    def flag(self, *names: str) -> bool:
        """Return yes or no, however that is written; no if it is missing."""
        value = self.get(*names)
        text = "?" if isinstance(value, dict | list) else str(value).strip().lower()
        if value is None or text in _NO:
            return False
        if text not in _YES:
            raise self._wrong(names, value, "yes or no")
        return True

    def time(self, *names: str) -> Local:
        """Return a local time; it must be there."""
        with _at(self, names):
            return read_time(self.get(*names))

    def list(self, *names: str) -> list[Any]:
        """Return a list; of one element in XML that element; empty if it is missing."""
        value = self.get(*names)
        if isinstance(value, dict):
            return [value] if value else []
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            raise self._wrong(names, value, "a list")
        return value

    def each(self, what: str, *names: str) -> Iterator[Fields]:
        """Give the objects of a list."""
        return (Fields(found, what) for found in self.list(*names))

    def within(self, *names: str) -> Fields:
        """Return the object of that name; one without fields if it is missing."""
        found = self.get(*names)
        return Fields({} if found is None or found in ([], "") else found, f"{names[0]} of {self.what}")

    def _wrong(self, names: tuple[str, ...], value: Any, expected: str) -> Unreadable:
        return Unreadable(f"found {kind_of(value)} as {names[0]} of {self.what}; expected {expected}")


class _at:  # noqa: N801 - reads as a preposition
    """Say in what is raised within where it was found."""

    def __init__(self, fields: Fields, names: tuple[str, ...]) -> None:
        self._where = f"{names[0]} of {fields.what}"

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Unreadable):
            raise Unreadable(f"{self._where}: {error}") from None


def objects(found: Any, what: str) -> list[Fields]:
    """Return the objects of a list that is an answer by itself. Raises Unreadable if it is none."""
    if not isinstance(found, list):
        raise Unreadable(f"found {kind_of(found)}; expected a list, each {what}")
    return [Fields(each, what) for each in found]
