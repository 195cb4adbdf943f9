"""What products of OnlinePOS cost: by price group, with their choices and parts, and with offers. Pure.

    Shop(structure, Pricing()).lines((Pick(7, 2),), offers, wall)    -> lines of an order, exact to the cent

Line prices are those of whole lines. A head stands at indentation 0, what belongs to it below, deeper. Choices
and parts keep the prices that the server tells for their lines, and the head has what is left of what is paid;
where they come to more than that, they share what is paid, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice

from terminal.backends.onlinepos.goods import Choices, Offer, Product, Structure
from terminal.backends.onlinepos.offers import Bought, Clock, reductions, share
from terminal.backends.onlinepos.orders import Line
from terminal.core.value import Value

_DEEPEST = 4
"""Levels of choices of choices; what is deeper leads in a circle, or nobody has ordered it by hand either."""

_MOST_LINES = 60
"""Below one head; pages of choices that name each other come to millions."""


class Unsellable(Exception):  # noqa: N818 - an outcome, not a fault
    """A product cannot be priced, or not be ordered as it is described; the words say why."""


class Pick(Value, frozen=True):
    """Pieces of a product; *chosen*: products of its page of choices; None: those that are preset."""

    product: int
    pieces: int = 1
    chosen: tuple[int, ...] | None = None


class Pricing(Value, frozen=True):
    """How prices are read.

    Attributes:
        group: Number of the price group; empty: the product's own price. So it is of products that have none.
        clock: The unit in which the times of offers are written; None: those that have any do not hold.
        each: Whether the price of an offer is that of each piece; if not, that of all it is about.
        extras: Whether orders have lines of their own for choices and parts.
    """

    group: str = ""
    clock: Clock | None = None
    each: bool = False
    extras: bool = True


class _Extra(Value, frozen=True):
    """A line below a head, for one piece of it; *price* in cents may be below nothing."""

    product: int
    amount: Decimal
    price: int
    indentation: int = 1


class Dish(Value, frozen=True):
    """One piece of a product with all that belongs to it.

    Attributes:
        price: In cents, of the head alone.
        choices: What is chosen, at what it costs more.
        parts: What it consists of: these prices are within its own.
        listed: Whether choices and parts have lines of their own; if not, the head costs all.
    """

    product: int
    group: int
    price: int
    choices: tuple[_Extra, ...] = ()
    parts: tuple[_Extra, ...] = ()
    listed: bool = True

    @property
    def total(self) -> int:
        """What one piece costs with what is chosen, in cents."""
        return self.price + sum(each.price for each in self.choices)

    def laid(self, pieces: int, paid: int) -> tuple[Line, ...]:
        """Return the lines of an order for *pieces*, which come to *paid* cents together.

        Raises:
            Unsellable: A line would be no whole number of pieces, or less than nothing was paid.
        """
        if paid < 0:
            raise Unsellable(f"it comes to {paid} cents")
        if not self.listed:
            return (Line(self.product, pieces, paid),)
        extras = (*self.choices, *self.parts)
        for_choices = [max(0, each.price) * pieces for each in self.choices]
        for_parts = [max(0, each.price) * pieces for each in self.parts]
        choices = share(min(paid, sum(for_choices)), for_choices)
        parts = share(min(paid - sum(choices), sum(for_parts)), for_parts)
        head = Line(self.product, pieces, paid - sum(choices) - sum(parts))
        below = zip(extras, (*choices, *parts), strict=True)
        return (head, *(_line(extra, pieces, price) for extra, price in below))


class Shop:
    """All that is sold, by number, with its prices.

    Args:
        structure: What getProductStructure tells; of two products of one number the first counts.
        pricing: How prices are read.
    """

    def __init__(self, structure: Structure, pricing: Pricing) -> None:
        self.products: dict[int, tuple[Product, int]] = {}
        for group in structure.groups:
            for product in group.products:
                self.products.setdefault(product.id, (product, group.id))
        self._pages: Mapping[int, Choices] = {page.id: page for page in reversed(structure.choices)}
        self._pricing = pricing

    def price_of(self, product: Product) -> int:
        """Return what *product* costs alone, in cents."""
        group = self._pricing.group
        prices = (each.price for each in product.price_groups if group and each.number == group)
        return next(prices, product.price)

    def dish(self, pick: Pick) -> Dish:
        """Return one piece of what is picked.

        Raises:
            Unsellable: It is not there, or its choices are not what its page allows.
        """
        product, group = self._known(pick.product)
        choices = tuple(islice(self._choices(product, pick.chosen, 1), _MOST_LINES + 1))
        if len(choices) + len(product.parts) > _MOST_LINES:
            raise Unsellable(f"it has more than {_MOST_LINES} choices and parts")
        parts = tuple(_Extra(each.product, each.amount, each.price) for each in product.parts)
        return Dish(product.id, group, self.price_of(product), choices, parts, self._pricing.extras)

    def lines(self, cart: Sequence[Pick], offers: Iterable[Offer], at: datetime) -> tuple[Line, ...]:
        """Return the lines of an order for *cart*: each head, then what belongs to it.

        Args:
            cart: What is bought.
            offers: Those that there are; which of them hold is told by *at*.
            at: What the clocks in Denmark show.

        Raises:
            Unsellable: Something cannot be priced or ordered.
        """
        how = self._pricing
        dishes = [self.dish(each) for each in cart]
        bought = [
            Bought(dish.product, dish.group, pick.pieces, dish.price)
            for dish, pick in zip(dishes, cart, strict=True)
        ]
        off = reductions(bought, offers, at, group=how.group, clock=how.clock, each=how.each)
        found: list[Line] = []
        for dish, pick, less in zip(dishes, cart, off, strict=True):
            found += dish.laid(pick.pieces, dish.total * pick.pieces - less)
        return tuple(found)

    def chosen(self, product: Product) -> tuple[Product, ...]:
        """Return what is preset of *product*'s choices, as far as it is there."""
        page = self._pages.get(product.choices)
        ids = page.preset if page is not None else ()
        return tuple(self.products[each][0] for each in ids if each in self.products)

    def _known(self, number: int) -> tuple[Product, int]:
        found = self.products.get(number)
        if found is None:
            raise Unsellable(f"the product {number} is not there")
        return found

    def _choices(self, product: Product, chosen: tuple[int, ...] | None, depth: int) -> Iterator[_Extra]:
        """Give the lines of what is chosen, each with what is chosen of it."""
        if not product.choices:
            if chosen:
                raise Unsellable("it has no choices")
            return
        if depth > _DEEPEST:
            raise Unsellable("its choices have choices without an end")
        page = self._pages.get(product.choices)
        if page is None:
            raise Unsellable(f"its page of choices {product.choices} is not there")
        ids = _allowed(page, chosen)
        options = [self._known(each)[0] for each in ids]
        prices = [self.price_of(each) for each in options]
        if page.price is not None and options:
            prices = share(page.price, prices)
        for option, price in zip(options, prices, strict=True):
            yield _Extra(option.id, Decimal(1), price, depth)
            yield from self._choices(option, None, depth + 1)


def _allowed(page: Choices, chosen: tuple[int, ...] | None) -> tuple[int, ...]:
    """Return what is chosen of a page. Raises Unsellable where that is not what it allows."""
    ids = page.preset if chosen is None else chosen
    if len(ids) < page.least:
        words = "are preset" if chosen is None else "are made"
        raise Unsellable(f"it wants {page.least} choices of {page.name!r}, and {len(ids)} {words}")
    if page.most is not None and len(ids) > page.most:
        raise Unsellable(f"it allows {page.most} choices of {page.name!r}, and there are {len(ids)}")
    strange = set(ids) - {*page.options, *page.preset}
    if strange:
        raise Unsellable(f"{page.name!r} has no choice {min(strange)}")
    return ids


def _line(extra: _Extra, pieces: int, price: int) -> Line:
    amount = extra.amount * pieces
    if amount < 1 or amount != amount.to_integral_value():
        raise Unsellable(f"it has {amount} pieces of the product {extra.product} in it")
    return Line(extra.product, int(amount), price, extra.indentation)
