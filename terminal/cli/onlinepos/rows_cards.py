"""What `onlinepos export` tells of cards and campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

from terminal.backends.onlinepos import campaigns, cards, concern_cards
from terminal.cli.errors import Trouble
from terminal.cli.export import Record
from terminal.cli.onlinepos.access import Reads
from terminal.cli.onlinepos.moments import shown
from terminal.cli.onlinepos.records import kroner
from terminal.cli.onlinepos.rows_sales import Span
from terminal.core.token import mask

CARDS = (
    "card", "kind", "group", "balance", "closed", "debtor", "name", "price_group", "discount_percent", "waiter",
)  # fmt: skip
PERSONAL = ("phone", "email", "rfid")
POINTS = ("card", "group", "closed", "campaign", "campaign_name", "points")
MOVEMENTS = ("card", "name", "deposit", "withdrawal", "subtotal")
HISTORY = ("card", "position", "time", "utc", "kind", "amount", "location", "products", "payments")
CAMPAIGNS = ("campaign", "name", "active", "kind", "role", "product", "product_name", "points", "price")


_KINDS: tuple[concern_cards.CardKind, ...] = ("staff", "prepaid", "gift")


def every_card(reads: Reads) -> Iterator[cards.Card]:
    """Give all cards. Raises Trouble."""
    return reads.each(cards.cards, "Reading the cards")


def by_status(
    reads: Reads, groups: Sequence[str], span: tuple[str, str], *, closed: bool
) -> Iterator[cards.Card]:
    """Give cards with all that is told of them; no *groups*: of all; *span*: from one to another.

    Raises Trouble.
    """
    return reads.each(
        lambda page: cards.statuses(page, groups=groups, span=span, closed=closed),
        "Reading the status of the cards",
    )


def of_debtors(reads: Reads, debtors: Iterable[str]) -> Iterator[cards.Card]:
    """Give the cards of some debtors, of all kinds. Raises Trouble."""
    for debtor in debtors:
        for kind in _KINDS:
            page = partial(concern_cards.debtor_cards, debtor, kind)
            yield from reads.each(page, "Reading the cards of a debtor")


def of_concern(reads: Reads, numbers: Iterable[str]) -> Iterator[cards.Card]:
    """Give some cards, of whichever company of the concern. Raises Trouble."""
    for number in numbers:
        yield from reads.one(concern_cards.concern_card(number), "Reading a card of the concern")


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
            "price_group": each.price_group,
            "discount_percent": each.discount,
            "waiter": each.waiter,
        }
        if personal:
            record |= {"phone": each.phone, "email": each.email, "rfid": each.rfid}
        yield record


def points(
    reads: Reads, numbers: Sequence[str], groups: Sequence[str], span: tuple[str, str], *, closed: bool
) -> Iterator[Record]:
    """Give a record for each card and campaign. Raises Trouble."""
    found = reads.each(
        lambda page: cards.campaign_values(page, numbers=numbers, groups=groups, span=span, closed=closed),
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
                    "products": "; ".join(map(_bought, each.products)),
                    "payments": "; ".join(f"{way} {kroner(cents)}" for way, cents in each.payments),
                }


def _bought(line: cards.Bought) -> str:
    return f"{line.quantity} x {line.text}" if line.quantity else line.text


# -- campaigns ----------------------------------------------------------------------------------------


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
