"""What `onlinepos export` tells of stock: what there is where, what it has cost, what was used of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from terminal.backends.onlinepos import stock, stocktaking
from terminal.cli.export import Record
from terminal.cli.onlinepos.access import Reads

STOCK = ("ean", "other_eans", "amount")
VALUES = ("location", "product", "amount", "value")
TOTALS = ("product", "amount", "value")
CONSUMPTION = ("product", "name", "group", "amount", "unit", "value")
LOCATIONS = ("location", "name", "main")
COMPOSITION = ("product", "stock_product", "amount")


def by_ean(reads: Reads) -> Iterator[Record]:
    """Give what there is of each EAN. Raises Trouble."""
    for each in reads.one(stock.stock(), "Reading the stock"):
        yield {"ean": each.ean, "other_eans": " ".join(each.others), "amount": each.amount}


def by_place(reads: Reads, company: int | None, location: int | None, at: datetime | None) -> Iterator[Record]:
    """Give what there is of each stock product at each place, and what it has cost. Raises Trouble."""
    call = stocktaking.location_values(company, location=location, at=at)
    for place in reads.one(call, "Reading the values of the stock"):
        for each in place.values:
            yield {
                "location": place.location,
                "product": each.product,
                "amount": each.amount,
                "value": each.value,
            }


def totals(reads: Reads, location: int | None, at: datetime | None) -> Iterator[Record]:
    """Give what there is of each stock product at all places together, or at one. Raises Trouble."""
    call = stocktaking.values(location=location, at=at)
    for each in reads.one(call, "Reading the values of the stock"):
        yield {"product": each.product, "amount": each.amount, "value": each.value}


def consumption(reads: Reads, span: tuple[datetime, datetime], company: int | None) -> Iterator[Record]:
    """Give what was used of each stock product. Raises Trouble."""
    call = stocktaking.consumption(*span, company=company)
    for each in reads.one(call, "Reading what was used"):
        yield {
            "product": each.product,
            "name": each.name,
            "group": each.group,
            "amount": each.amount,
            "unit": each.unit,
            "value": each.value,
        }


def locations(reads: Reads, company: int | None) -> Iterator[Record]:
    """Give the places where a company has stock. Raises Trouble."""
    for each in reads.one(stocktaking.locations(company), "Reading the places of the stock"):
        yield {"location": each.id, "name": each.name, "main": each.main}


def composition(reads: Reads) -> Iterator[Record]:
    """Give what one of each product takes from the stock. Raises Trouble."""
    for each in reads.each(stocktaking.composition, "Reading what products are made of"):
        for number, amount in each.parts:
            yield {"product": each.product, "stock_product": number, "amount": amount}
