"""What a guest of the ticket kiosk has chosen, and what it costs. Pure arithmetic in whole cents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from terminal.core.catalogue import Product, ProductId
from terminal.core.ticket_rules import Discount, TicketProduct, TicketRules
from terminal.core.tickets import Codes, Line, Purchase, Ticket
from terminal.core.value import Value, replace


class Pick(Value, frozen=True):
    """So many pieces of a product."""

    product: ProductId
    quantity: int


def offered(rules: TicketRules, known: Sequence[Product]) -> tuple[Product, ...]:
    """Return what is sold, with names and prices: the configuration's, else what the server told (*known*).

    A product without a price is not sold.
    """
    if not rules.products:
        return tuple(known)
    told = {each.id: each for each in known}
    found = []
    for each in rules.products:
        other = told.get(each.id) or Product(each.id, str(each.id), 0)
        price = each.price if each.price is not None else other.price if each.id in told else None
        if price is not None:
            found.append(replace(other, id=each.id, name=each.name or other.name, price=price))
    return tuple(found)


def changed(picks: tuple[Pick, ...], product: ProductId, by: int) -> tuple[Pick, ...]:
    """Return *picks* with *by* pieces more of *product*, or fewer."""
    if all(pick.product != product for pick in picks):
        picks = (*picks, Pick(product, 0))
    counted = (replace(p, quantity=p.quantity + by) if p.product == product else p for p in picks)
    return tuple(pick for pick in counted if pick.quantity > 0)


def lines(
    rules: TicketRules, products: Sequence[Product], picks: Sequence[Pick], *, staff: bool
) -> tuple[Line, ...]:
    """Return what *picks* cost, a line for each; no tickets yet. What is not sold any more is left out."""
    found = {each.id: each for each in products}
    return tuple(
        Line(
            product.id,
            product.name,
            pick.quantity,
            product.price,
            max(
                (
                    _off(each, product, pick.quantity)
                    for each in rules.discounts
                    if _fits(each, pick, staff=staff)
                ),
                default=0,
            ),
            group=product.group,
            vat=product.vat,
        )
        for pick in picks
        if (product := found.get(pick.product)) is not None
    )


def discount_names(rules: TicketRules, sold: Sequence[Line], *, staff: bool) -> dict[int, str]:
    """Return what the discount of each line is called, by the line's index."""
    found: dict[int, str] = {}
    for index, line in enumerate(sold):
        pick, product = Pick(line.product, line.quantity), Product(line.product, line.description, line.unit)
        for each in rules.discounts:
            if (
                line.discount
                and _fits(each, pick, staff=staff)
                and _off(each, product, line.quantity) == line.discount
            ):
                found.setdefault(index, each.name)
    return found


def total(sold: Sequence[Line]) -> int:
    """Return what all lines cost, in cents."""
    return sum(line.total for line in sold)


def tickets(rules: TicketRules, sold: Sequence[Line]) -> int:
    """Return how many tickets the lines give."""
    return sum(len(_each_ticket(rules, line)) for line in sold)


def issued(
    rules: TicketRules, known: Sequence[Product], sold: Sequence[Line], purchase: Purchase, codes: Codes
) -> tuple[Line, ...]:
    """Return the lines with their tickets, numbered through the whole sale.

    Raises:
        ValueError: There are more than *codes* has numbers for; the caller has looked before money was taken.
    """
    names = {each.id: each.name for each in (*known, *offered(rules, known))}
    numbers = iter(range(codes.most))
    return tuple(
        replace(line, tickets=tuple(_issue(rules, line, names, purchase, codes, numbers))) for line in sold
    )


def _issue(  # noqa: PLR0917 - one caller's values, handed on
    rules: TicketRules,
    line: Line,
    names: dict[ProductId, str],
    purchase: Purchase,
    codes: Codes,
    numbers: Iterator[int],
) -> Iterator[Ticket]:
    for product, name in _each_ticket(rules, line):
        index = next(numbers, None)
        if index is None:
            raise ValueError(f"more tickets than the {codes.most} that have a number")
        yield Ticket(product, name or names.get(product, str(product)), codes.barcode(purchase, index))


def _each_ticket(rules: TicketRules, line: Line) -> list[tuple[ProductId, str]]:
    """Return product and name (may be empty) of each ticket that *line* gives."""
    sort: TicketProduct | None = next((each for each in rules.products if each.id == line.product), None)
    if sort is not None and not sort.printed:
        return []
    if sort is None or not sort.tickets:
        return [(line.product, line.description)] * line.quantity
    piece = [(child.product, child.name) for child in sort.tickets for _ in range(child.count)]
    return piece * line.quantity


def _fits(discount: Discount, pick: Pick, *, staff: bool) -> bool:
    named = not discount.products or pick.product in discount.products
    return named and pick.quantity >= discount.from_quantity and (staff or not discount.staff)


def _off(discount: Discount, product: Product, quantity: int) -> int:
    whole = quantity * product.price
    return min(whole, quantity * discount.amount + whole * discount.percent // 100)
