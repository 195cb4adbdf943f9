"""What a technician reads where nobody can tell: both sides' facts, side by side."""

from __future__ import annotations

from terminal.core.money import show
from terminal.core.reconcile_evidence import Evidence, Item, Looking, Operation
from terminal.core.reconcile_listing import additions
from terminal.core.stamp import Stamp, utc

_MOST = 5


def side_by_side(operation: Operation, before: Evidence | None, after: Evidence, why: str) -> str:
    """Return one paragraph: what was to be booked, why nobody can tell, what was there and what is now."""
    unit = " points" if operation.looking is Looking.POINTS else ""
    amount = str(operation.amount) if unit else _money(operation.amount)
    what = "an order of" if operation.looking is Looking.ORDERS else "a booking of"
    head = f"It cannot be told whether {what} {amount}{unit} got through ({_moment(operation.sent)}): {why}."
    if before is None:
        return f"{head} {_side('Now', after)}"
    return f"{head} {_side('Before', before)} {_side('Now', after)}{_new(before, after)}"


def in_words(told: Evidence) -> str:
    """Return what a server told at one moment, in a few words."""
    facts: list[str] = []
    if told.balance is not None:
        facts.append(f"balance {_money(told.balance)}")
    if told.points is not None:
        facts.append(f"{told.points} points")
    if told.key is not None:
        worth = "" if told.key.amount is None else f", worth {_money(told.key.amount)}"
        facts.append(f"our name {'is there' if told.key.there else 'is not there'}{worth}")
    if told.listing is not None:
        facts.append(f"{len(told.listing.items)} items listed{', older ones left out' * told.listing.cut}")
    if told.handle:
        facts.append(f"about {told.handle}")
    return ", ".join(facts) or "nothing was told"


def _side(name: str, told: Evidence) -> str:
    return f"{name} ({_moment(told.at)}): {in_words(told)}."


def _new(before: Evidence, after: Evidence) -> str:
    if before.listing is None or after.listing is None:
        return ""
    new = additions(before.listing, after.listing)
    if new is None:
        return " The two lists do not fit together."
    more = f", and {len(new) - _MOST} before that" if len(new) > _MOST else ""
    return f" New: {'; '.join(map(_item, new[-_MOST:])) or 'nothing'}{more}."


def _item(item: Item) -> str:
    number = "" if item.number is None else f"no. {item.number} "
    parts = (f"{number}{_money(item.amount)}", item.at and f"at {item.at}", item.mark and f"by {item.mark}")
    return " ".join(part for part in parts if part)


def _money(cents: int) -> str:
    return show(cents, "").rstrip()


def _moment(stamp: Stamp) -> str:
    return utc(stamp.wall_ms) if stamp.synced else "the clock was not set"
