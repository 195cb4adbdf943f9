"""What OnlinePOS sells, changed: new products, and offers made, changed, and their lines. Pure.

Products and offers have no key of ours: a repeat makes another one. What the calls of offers answer is not
documented but for their status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Unreadable, amount, whole_kroner
from terminal.backends.onlinepos.wire import JSON, XML, Call, Request
from terminal.core.value import Value

_CREATED = re.compile("product ([0-9]{1,15}) created", re.IGNORECASE)
_MOST_PERCENT = 100

EVERY_DAY = (True,) * 7


class OfferTerm(Value, frozen=True):
    """What an offer is about: a product or a group, and from *amount* pieces on a price or a discount.

    Attributes:
        price: In cents.
        percent: What is taken off.
    """

    product: int | None = None
    group: int | None = None
    price: int | None = None
    percent: int | None = None
    amount: int = 1

    def body(self) -> dict[str, Any]:
        """Return what is sent.

        Raises:
            ValueError: It is not about one of the two, or not at one of the two, or of no pieces.
        """
        if (self.price is None) == (self.percent is None):
            raise ValueError("a line of an offer has a price or a discount in percent")
        if self.percent is not None and not 0 <= self.percent <= _MOST_PERCENT:
            raise ValueError(f"a discount is 0 to {_MOST_PERCENT} percent")
        if self.amount < 1 or (self.price is not None and self.price < 0):
            raise ValueError("a line of an offer has at least one piece, and no negative price")
        cost = {"percent": self.percent} if self.price is None else {"price": amount(self.price)}
        return {**_subject(self.product, self.group), **cost, "amount": self.amount}


class OfferFrame(Value, frozen=True):
    """What an offer is called, and when it holds.

    Attributes:
        from_: First day; None: no limit.
        to: Last day; None: no limit.
        days: Whether it holds, Monday to Sunday.
        priority: The lower, the sooner; None: the server's.
    """

    name: str
    from_: date | None = None
    to: date | None = None
    days: tuple[bool, ...] = EVERY_DAY
    priority: int | None = None

    def body(self) -> dict[str, Any]:
        """Return what is sent.

        Raises:
            ValueError: It has no name, not seven days, or ends before it begins.
        """
        if not self.name:
            raise ValueError("an offer has a name")
        if len(self.days) != len(EVERY_DAY):
            raise ValueError("an offer has seven days, Monday to Sunday")
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError("an offer ends on the day on which it begins, or later")
        return {
            "name": self.name,
            **({"dayfrom": self.from_.isoformat()} if self.from_ else {}),
            **({"dayto": self.to.isoformat()} if self.to else {}),
            "days": ",".join("1" if each else "_" for each in self.days),
            **({} if self.priority is None else {"prio": self.priority}),
        }


def add_product(
    name: str, group: str, *, price: int | None = None, cost: int | None = None, fractions: bool = False
) -> Call[int]:
    """Make a product; a repeat makes another one. Answers its id.

    Args:
        name: What it is called.
        group: Name of its group, which is made where there is none.
        price: In cents.
        cost: In cents.
        fractions: Whether the server takes parts of a krone, which its page does not say.

    Raises:
        ValueError: A name is missing, or an amount is no whole kroner and there are no *fractions*.
    """
    if not (name and group):
        raise ValueError("a product has a name and a group")
    written = amount if fractions else whole_kroner
    costs = {"price": price, "costprice": cost}
    body: dict[str, Any] = {"productname": name, "productgroup": group}
    body |= {field: written(cents) for field, cents in costs.items() if cents is not None}
    return Call(Request("POST", "addProduct", "addProduct", body=body, signed="values", accept=XML), _created)


def create_offer(frame: OfferFrame, terms: tuple[OfferTerm, ...]) -> Call[None]:
    """Make an offer; a repeat makes another one.

    Raises:
        ValueError: As ``OfferFrame.body`` and ``OfferTerm.body``, or there are no *terms*.
    """
    if not terms:
        raise ValueError("an offer has at least one line")
    return _offer("POST", "offer", {**frame.body(), "content": [each.body() for each in terms]})


def edit_offer(offer: int, frame: OfferFrame) -> Call[None]:
    """Set what an offer is called and when it holds; its lines stay.

    Raises:
        ValueError: As ``OfferFrame.body``.
    """
    return _offer("PUT", f"offer/{offer}", frame.body())


def add_offer_term(offer: int, term: OfferTerm) -> Call[None]:
    """Add a line to an offer; a repeat may add it twice. Raises ValueError as ``OfferTerm.body``."""
    return _offer("POST", f"offer/{offer}/add", term.body())


def remove_offer_term(offer: int, *, product: int | None = None, group: int | None = None) -> Call[None]:
    """Take a product or a group out of an offer: a DELETE that has a body, which proxies may drop.

    Raises:
        ValueError: Not one of *product* and *group* is given.
    """
    return _offer("DELETE", f"offer/{offer}/remove", _subject(product, group))


def _subject(product: int | None, group: int | None) -> dict[str, int]:
    if product is not None and group is None:
        return {"pid": product}
    if group is not None and product is None:
        return {"gid": group}
    raise ValueError("a line of an offer is about a product or about a group")


def _offer(method: str, path: str, body: Mapping[str, Any]) -> Call[None]:
    # Only a status is documented for the done ones: what is no refusal and has that one is done.
    return Call(Request(method, path, body=body, kind=JSON), lambda _: None)


def _created(found: Any) -> int:
    told = _CREATED.search(Fields(found, "the answer of addProduct").text("status"))
    if told is None:
        raise Unreadable("found no number of a product that was created; expected one")
    return int(told[1])
