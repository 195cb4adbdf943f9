"""What of OnlinePOS's products is sold here, at what price: its structure as a catalogue. Pure.

A kiosk lets nobody choose. A product with a page of choices is sold with those that are preset, and one that
wants more of them is not sold. An offer makes a product cheaper where it holds for one piece.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from terminal.backends.onlinepos import goods
from terminal.backends.onlinepos.goods import Offer, Structure
from terminal.backends.onlinepos.offers import is_for
from terminal.backends.onlinepos.options_wallets import Step
from terminal.backends.onlinepos.pricing import Pick, Pricing, Shop, Unsellable
from terminal.backends.onlinepos.values import amount_text
from terminal.core.catalogue import Product
from terminal.core.value import Value


class Wanted(Value, frozen=True):
    """What an operator sells here.

    Attributes:
        groups: Ids of product groups; empty: all.
        products: Ids of products, in their order; empty: all of the groups that have a price.
        pricing: How prices are read.
    """

    groups: tuple[int, ...] = ()
    products: tuple[int, ...] = ()
    pricing: Pricing = Pricing()


def sold(
    structure: Structure,
    offers: Sequence[Offer],
    at: datetime,
    wanted: Wanted,
    gone: Collection[int] = (),
) -> tuple[tuple[Product, ...], tuple[str, ...]]:
    """Return what is sold, and a sentence for all that is left out: products, and offers that do nothing.

    Args:
        structure: All that there is.
        offers: Those that are to be applied.
        at: What the clocks in Denmark show.
        wanted: What is sold here.
        gone: Ids of products that are sold out.
    """
    shop = Shop(structure, wanted.pricing)
    names = {group.id: group.name for group in structure.groups}
    found: list[Product] = []
    left_out = [*_no_groups(names, wanted), *_unused(offers, wanted.pricing)]
    free = 0
    for number in wanted.products or _in(structure, wanted.groups):
        product, group = shop.products.get(number, (None, 0))
        if product is None:
            left_out.append(f"the product {number} is not sold: the server has none of that number")
        elif number in gone:
            left_out.append(f"the product {number} {product.name!r} is not sold: it is sold out")
        elif not (wanted.products or shop.price_of(product)):
            free += 1
        else:
            try:
                found.append(_product(shop, product, names[group], offers, at))
            except Unsellable as why:
                left_out.append(f"the product {number} {product.name!r} is not sold: {why}")
    if free:
        left_out.append(
            f"{free} products that cost nothing are not sold: name in `products` what is given away"
        )
    return tuple(found), tuple(left_out)


def payable(products: Sequence[Product], step: Step) -> tuple[tuple[Product, ...], tuple[str, ...]]:
    """Return what cards can pay exactly, and one sentence that names the rest, if there is any."""
    found = tuple(each for each in products if step.fits(each.price))
    rest = [f"{each.id} {each.name!r} ({amount_text(each.price)})" for each in products if each not in found]
    if not rest:
        return found, ()
    words = (
        f"these products are not sold, for cards here pay whole amounts of {amount_text(step.cents)} only "
        f"({step.option}): {', '.join(rest)}"
    )
    return found, (words,)


def _in(structure: Structure, groups: tuple[int, ...]) -> tuple[int, ...]:
    """Return the products of some groups, each once, in the order of the groups."""
    ids = {group.id: [product.id for product in group.products] for group in structure.groups}
    return tuple(dict.fromkeys(number for group in groups or ids for number in ids.get(group, ())))


def _product(shop: Shop, product: goods.Product, group: str, offers: Sequence[Offer], at: datetime) -> Product:
    cost = sum(line.price for line in shop.lines((Pick(product.id),), offers, at))
    preset = ", ".join(each.name for each in shop.chosen(product))
    return Product(product.id, product.name, cost, group=group, modifiers=(preset,) if preset else ())


def _no_groups(names: dict[int, str], wanted: Wanted) -> Iterator[str]:
    for group in wanted.groups:
        if group not in names and not wanted.products:
            yield f"the product group {group} is not sold: the server has none of that number"


def _unused(offers: Sequence[Offer], how: Pricing) -> Iterator[str]:
    """Give a sentence for each offer of our price group that never makes a single piece cheaper."""
    for offer in offers:
        if not is_for(offer, how.group):
            continue
        name = f"the offer {offer.id} {offer.name!r} is not applied"
        if how.clock is None and (offer.time_from is not None or offer.time_to is not None):
            yield f"{name}: it holds at some hours only, and the unit of its times is not set (offer_times)"
        elif offer.lines and all(line.amount > 1 for line in offer.lines):
            yield f"{name}: it is for several pieces at once, and prices here are those of one piece"
