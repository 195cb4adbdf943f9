"""What a request to book must look like: read strictly, with every mistake told by its field. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from terminal.sandbox.ledger import Item

Permission = Literal["debit", "credit", "all"]
LONGEST_DESCRIPTION = 100
LONGEST_KEY = 255

_FIELDS = frozenset({"products", "amount", "description", "tag", "idempotency_key"})


class Refused(Exception):  # noqa: N818 - an answer
    """The request is refused with *status*; *fields* names the mistakes of each field."""

    def __init__(self, status: int, words: str, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.fields = fields or {}


class Asked(msgspec.Struct, frozen=True):
    """A booking as asked for: *amount* in cents, negative for a debit."""

    amount: int
    description: str
    tag: str | None
    key: str | None
    products: tuple[str | int, ...]


@dataclass(slots=True)
class _Reader:
    body: dict[str, Any]
    mistakes: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, name: str, words: str) -> None:
        self.mistakes.setdefault(name, []).append(words)

    def text(self, name: str, longest: int, *, required: bool) -> str | None:
        value = self.body.get(name)
        if value is None and not (required or name in self.body):
            return None
        if value is None and not required:
            return None
        if not isinstance(value, str) or not value or len(value) > longest:
            self.wrong(name, f"This field must be a text of 1 to {longest} characters.")
            return None
        return value

    def amount(self) -> int:
        value = self.body["amount"]
        if isinstance(value, bool) or not isinstance(value, int) or value == 0:
            self.wrong("amount", "This field must be a whole number of cents other than 0.")
            return 0
        return value

    def products(self, items: list[Item]) -> tuple[list[str | int], int]:
        """Return the ids and the price of all together."""
        value = self.body.get("products")
        if not isinstance(value, list) or not value:
            self.wrong("products", "This field must be a list with at least one product.")
            return [], 0
        # The type is part of an id: 1, "1" and true are three things.
        known = {(type(item.id), item.id): item.price for item in items}
        missing = [id_ for id_ in value if (type(id_), id_) not in known] if _plain(value) else value
        if missing:
            self.wrong("products", f"Invalid product: {missing[0]!r}.")
            return [], 0
        return value, sum(known[type(id_), id_] for id_ in value)


def _plain(value: list[Any]) -> bool:
    return all(isinstance(id_, (str, int)) for id_ in value)


def read_booking(body: Any, items: list[Item], permission: Permission, *, amounts: bool) -> Asked:
    """Read the body of a booking.

    Args:
        body: As JSON gave it.
        items: What the server sells.
        permission: What the terminal may do.
        amounts: Whether the server takes a signed amount in place of products.

    Raises:
        Refused: 400 with all mistakes, 403 if the terminal may not do this.
    """
    if not isinstance(body, dict):
        raise Refused(400, "The body must be a JSON object.")
    reader = _Reader(body)
    for name in sorted(set(body) - _FIELDS if amounts else set(body) - _FIELDS | ({"amount"} & set(body))):
        reader.wrong(name, "Unknown field.")
    description = reader.text("description", 1000, required=True)
    tag = reader.text("tag", LONGEST_KEY, required=False)
    key = reader.text("idempotency_key", LONGEST_KEY, required=False)
    ids: list[str | int] = []
    if amounts and "amount" in body:
        if "products" in body:
            reader.wrong("amount", "Send products or an amount, not both.")
        amount = reader.amount()
    else:
        ids, price = reader.products(items)
        amount = -price
    if reader.mistakes:
        raise Refused(400, "The given data was invalid.", reader.mistakes)
    wanted = "credit" if amount > 0 else "debit"
    if permission not in (wanted, "all"):
        raise Refused(403, f"This terminal has no permission to {wanted}.")
    return Asked(amount, (description or "")[:LONGEST_DESCRIPTION], tag, key, tuple(ids))
