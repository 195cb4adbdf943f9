"""What `onlinepos export` tells of what is sold: the plain list, and what can be taken away, where and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from terminal.backends.onlinepos import goods, takeaway
from terminal.backends.onlinepos.takeaway import TakeawayProduct
from terminal.cli.export import Record
from terminal.cli.onlinepos.access import Reads
from terminal.cli.onlinepos.records import kroner

_PRICES = 5

PRODUCTS = (
    "product", "name", "group", "group_name", "standard_price",
    *(f"price_{number}" for number in range(1, _PRICES + 1)),
    "cost", "price_groups", "categories", "description",
)  # fmt: skip
TAKEAWAY = (
    "group", "group_name", "option_of", "product", "name", "price", "sold_out", "multi", "least", "most",
    "preset", "kind", "description",
)  # fmt: skip
SHOPS = ("shop", "name", "address", "zip_code", "city")
SLOTS = ("day", "time")


def products(reads: Reads) -> Iterator[Record]:
    """Give the products of the plain list. Raises Trouble."""
    for each in reads.one(goods.products(), "Reading the products"):
        yield {
            "product": each.id,
            "name": each.name,
            "group": each.group,
            "group_name": each.group_name,
            "standard_price": None if each.standard_price is None else kroner(each.standard_price),
            **{
                f"price_{number}": None if price is None else kroner(price)
                for number, price in enumerate(each.prices, 1)
            },
            "cost": each.cost,
            "price_groups": "; ".join(f"{it.number} {it.name} {kroner(it.price)}" for it in each.price_groups),
            "categories": "; ".join(f"{number} {name}" for number, name in each.categories),
            "description": each.description,
        }


def to_take_away(reads: Reads) -> Iterator[Record]:
    """Give what can be taken away, and behind each product what can be chosen with it. Raises Trouble."""
    for group in reads.one(takeaway.products(), "Reading what can be taken away"):
        for each in _taken_away(group.products, ()):
            yield {"group": group.id, "group_name": group.name, **each}


def _taken_away(found: Iterable[TakeawayProduct], within: tuple[int, ...]) -> Iterator[Record]:
    for each in found:
        yield {
            "option_of": "/".join(map(str, within)),
            "product": each.id,
            "name": each.name,
            "price": kroner(each.price),
            "sold_out": each.sold_out,
            "multi": each.multi,
            "least": each.least,
            "most": each.most,
            "preset": each.preset,
            "kind": each.kind,
            "description": each.description,
        }
        yield from _taken_away(each.options, (*within, each.id))


def shops(reads: Reads) -> Iterator[Record]:
    """Give the shops of the concern. Raises Trouble."""
    for each in reads.one(takeaway.shops(), "Reading the shops"):
        yield {
            "shop": each.id,
            "name": each.name,
            "address": each.address,
            "zip_code": each.zip_code,
            "city": each.city,
        }


def slots(reads: Reads, day: date | None) -> Iterator[Record]:
    """Give the times of a day at which orders can be fetched; None: of today. Raises Trouble."""
    found = reads.one(takeaway.slots(day), "Reading the times to fetch orders")
    for each in found.times:
        yield {"day": found.day and found.day.isoformat(), "time": f"{each:%H:%M}"}
