"""What `onlinepos export` tells of cards, campaigns and stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from terminal.backends.onlinepos import campaigns, cards, stock, stocktaking
from terminal.cli.errors import Trouble
from terminal.cli.export import Record
from terminal.cli.onlinepos.access import Reads
from terminal.cli.onlinepos.moments import shown
from terminal.cli.onlinepos.records import kroner
from terminal.cli.onlinepos.rows_sales import Span
from terminal.core.token import mask

CARDS = ("card", "kind", "group", "balance", "closed", "debtor", "name")
PERSONAL = ("phone", "email", "rfid")
POINTS = ("card", "group", "closed", "campaign", "campaign_name", "points")
MOVEMENTS = ("card", "name", "deposit", "withdrawal", "subtotal")
HISTORY = ("card", "position", "time", "utc", "kind", "amount", "location", "products", "payments")
CAMPAIGNS = ("campaign", "name", "active", "kind", "role", "product", "product_name", "points", "price")
STOCK = ("ean", "other_eans", "amount")
VALUES = ("location", "product", "amount", "value")


def every_card(reads: Reads, groups: Sequence[str] = (), *, closed: bool = True) -> Iterator[cards.Card]:
    """Give all cards, or those of some groups. Raises Trouble."""
    if not groups:
        found = reads.each(cards.cards, "Reading the cards")
        return (each for each in found if closed or not each.closed)
    return reads.each(
        lambda page: cards.statuses(page, groups=groups, closed=closed), "Reading the status of the cards"
    )


def listed(found: Iterable[cards.Card], *, personal: bool) -> Iterator[Record]:
    """Give a record for each card; only with *personal* what tells of a person, and what opens a door."""
    for each in found:
        record: Record = {
            "card": each.number,
            "kind": each.kind,
            "group": each.group,
            "balance": None if each.balance is None else kroner(each.balance),
            "closed": each.closed,
            "debtor": each.debtor,
            "name": each.name,
        }
        if personal:
            record |= {"phone": each.phone, "email": each.email, "rfid": each.rfid}
        yield record


def points(reads: Reads, numbers: Sequence[str], groups: Sequence[str], *, closed: bool) -> Iterator[Record]:
    """Give a record for each card and campaign. Raises Trouble."""
    found = reads.each(
        lambda page: cards.campaign_values(page, numbers=numbers, groups=groups, closed=closed),
        "Reading the points of the cards",
    )
    for each in found:
        for one in each.points:
            yield {
                "card": each.card.number,
                "group": each.card.group,
                "closed": each.card.closed,
                "campaign": one.campaign,
                "campaign_name": one.name,
                "points": one.points,
            }


def movements(reads: Reads, span: tuple[datetime, datetime]) -> Iterator[Record]:
    """Give what came to each card and went from it. Raises Trouble."""
    for each in reads.one(cards.movements(*span), "Reading the movements of the cards"):
        yield {
            "card": each.number,
            "name": each.name,
            "deposit": kroner(each.deposit),
            "withdrawal": kroner(each.withdrawal),
            "subtotal": kroner(each.subtotal),
        }


def history(reads: Reads, numbers: Iterable[str], span: Span) -> Iterator[Record]:
    """Give each change of the balances of some cards, in the order of the server. Raises Trouble."""
    for number in numbers:
        try:
            call = cards.history(number)
        except ValueError:
            raise Trouble(f"The server tells of a card {mask(number)}, which it cannot be asked for.") from None
        changes = reads.one(call, "Reading the history of a card")
        for position, each in enumerate(changes, 1):
            if span.has(each.time):
                yield {
                    "card": number,
                    "position": position,
                    **shown(each.time),
                    "kind": each.kind,
                    "amount": kroner(each.amount),
                    "location": each.location,
                    "products": "; ".join(each.products),
                    "payments": "; ".join(f"{way} {kroner(cents)}" for way, cents in each.payments),
                }


# -- campaigns and stock -------------------------------------------------------------------------------


def every_campaign(reads: Reads, *, inactive: bool) -> Iterator[Record]:
    """Give each campaign, and each of its products. Raises Trouble."""
    for each in reads.one(campaigns.campaigns(inactive=inactive), "Reading the campaigns"):
        common: Record = {"campaign": each.id, "name": each.name, "active": each.active, "kind": each.kind}
        found = reads.one(campaigns.campaign_products(each.id), "Reading the products of a campaign")
        rows: list[Record] = [
            {"role": "given", "product": it.product, "product_name": it.name, "points": it.cost,
             "price": kroner(it.price)}
            for it in found.rewards
        ]  # fmt: skip
        rows += [
            {"role": "counted", "product": it.product, "product_name": it.name, "points": it.reward,
             "price": None}
            for it in found.collected
        ]  # fmt: skip
        nothing: Record = dict.fromkeys(CAMPAIGNS[len(common) :])
        yield from ({**common, **row} for row in rows or [nothing])


def by_ean(reads: Reads) -> Iterator[Record]:
    """Give what there is of each EAN. Raises Trouble."""
    for each in reads.one(stock.stock(), "Reading the stock"):
        yield {"ean": each.ean, "other_eans": " ".join(each.others), "amount": each.amount}


def by_place(reads: Reads, location: int | None, at: datetime | None) -> Iterator[Record]:
    """Give what there is of each stock product at each place, and what it has cost. Raises Trouble."""
    call = stocktaking.location_values(location=location, at=at)
    for place in reads.one(call, "Reading the values of the stock"):
        for each in place.values:
            yield {
                "location": place.location,
                "product": each.product,
                "amount": each.amount,
                "value": each.value,
            }
