"""Which offers of OnlinePOS hold at a moment, and what they take off. Pure.

Days, dates and times are those of clocks in Denmark. An offer that ends before it begins runs over midnight,
and belongs to the day on which it began. The hour that comes twice in autumn has its offers twice.

Offers with a lower number apply first, and a piece is in one of them at most. None makes anything dearer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from terminal.backends.onlinepos.goods import Offer, OfferLine
from terminal.core.value import Value

Clock = Literal["hours", "hhmm", "minutes", "seconds"]
"""In what the times of offers are written; ``hhmm``: 1530 is half past three."""

_DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_FACTORS: Final = {"hours": _HOUR_S, "minutes": 60, "seconds": 1}
_PERCENT: Final = 100


class Bought(Value, frozen=True):
    """Pieces of a product in a cart; *price* in cents, of one piece."""

    product: int
    group: int
    pieces: int
    price: int


def holds(offer: Offer, at: datetime, clock: Clock | None) -> bool:
    """Return whether *offer* holds.

    Args:
        offer: It.
        at: What the clocks in Denmark show.
        clock: The unit of its times; None: nobody knows, and one that has any does not hold.
    """
    if offer.time_from is None and offer.time_to is None:
        return _on(offer, at.date())
    begin, end = _second(offer.time_from, clock, 0), _second(offer.time_to, clock, _DAY_S)
    if begin is None or end is None:
        return False
    now = at.hour * _HOUR_S + at.minute * 60 + at.second
    if begin < end:
        return begin <= now < end and _on(offer, at.date())
    return (now >= begin and _on(offer, at.date())) or (now < end and _on(offer, at.date() - timedelta(days=1)))


def is_for(offer: Offer, group: str) -> bool:
    """Return whether *offer* is for the price group *group* [assumed: one of the group 0 is for all]."""
    return not offer.price_group or str(offer.price_group) == group


def reductions(
    bought: Sequence[Bought],
    offers: Iterable[Offer],
    at: datetime,
    *,
    group: str = "",
    clock: Clock | None = None,
    each: bool = False,
) -> list[int]:
    """Return how many cents the offers take off each line of a cart.

    Args:
        bought: The lines.
        offers: All that there are.
        at: What the clocks in Denmark show.
        group: The price group of this shop: an offer for another one does not hold.
        clock: The unit of the times of offers.
        each: Whether the price of an offer is that of each piece; if not, that of all that it is about.
    """
    left = [line.pieces for line in bought]
    off = [0] * len(bought)
    for offer in sorted(offers, key=lambda one: (one.priority, one.id)):
        if holds(offer, at, clock) and is_for(offer, group):
            for term in offer.lines:
                _apply(term, bought, left, off, each=each)
    return off


def _on(offer: Offer, day: date) -> bool:
    """Return whether *offer* holds on a day."""
    begun = offer.from_ is None or offer.from_ <= day
    return begun and (offer.to is None or day <= offer.to) and offer.days[day.weekday()]


def _second(written: int | None, clock: Clock | None, unlimited: int) -> int | None:
    """Return a time of an offer as a second of the day; None: it is none."""
    if written is None:
        return unlimited
    if clock is None or written < 0:
        return None
    if clock == "hhmm":
        hour, minute = divmod(written, 100)
        found = hour * _HOUR_S + minute * 60 if minute < 60 else -1  # noqa: PLR2004 - minutes of an hour
    else:
        found = written * _FACTORS[clock]
    return found if 0 <= found <= _DAY_S else None


def _apply(term: OfferLine, bought: Sequence[Bought], left: list[int], off: list[int], *, each: bool) -> None:
    """Let one line of an offer take pieces, as often as there are enough, and take something off them."""
    if term.amount < 1:
        return
    meant = [i for i, line in enumerate(bought) if _is_about(term, line)]
    while sum(left[i] for i in meant) >= term.amount:
        taken = tuple(_take(meant, left, term.amount))
        costs = [bought[i].price * pieces for i, pieces in taken]
        less = _less(term, sum(costs), each=each)
        if less <= 0:
            return
        times = _times(taken, left, term.amount)
        for (i, pieces), part in zip(taken, share(less, costs), strict=True):
            off[i] += part * times
            left[i] -= pieces * times


def _is_about(term: OfferLine, line: Bought) -> bool:
    return term.product == line.product if term.product is not None else term.group == line.group


def _take(meant: Sequence[int], left: Sequence[int], amount: int) -> Iterator[tuple[int, int]]:
    """Give the lines, each with its pieces, that come to *amount*, the first first."""
    for i in meant:
        pieces = min(left[i], amount)
        if pieces:
            yield i, pieces
            amount -= pieces


def _times(taken: Sequence[tuple[int, int]], left: Sequence[int], amount: int) -> int:
    """Return how often the same can be taken at once: all of one line, as often as it has enough."""
    line, pieces = taken[0]
    return left[line] // amount if pieces == amount else 1


def _less(term: OfferLine, cost: int, *, each: bool) -> int:
    """Return what *term* takes off pieces that cost so many cents together; less than nothing: not cheaper."""
    if term.percent is None:
        return 0 if term.price is None else cost - term.price * (term.amount if each else 1)
    percent = min(max(term.percent, 0), _PERCENT)
    return (cost * percent * 2 + _PERCENT) // (2 * _PERCENT)


def share(whole: int, weights: Sequence[int]) -> list[int]:
    """Return *whole* cents in parts that come to exactly that, as near as they can be to their *weights*.

    The largest remainders get the cents that are left, the first of equals first. Weights below nothing count
    as nothing; where all are nothing, all are alike.
    """
    counted = [max(0, each) for each in weights]
    if not any(counted):
        counted = [1] * len(counted)
    total = sum(counted)
    parts = [whole * each // total for each in counted]
    by_rest = sorted(range(len(parts)), key=lambda i: (-(whole * counted[i] % total), i))
    for i in by_rest[: whole - sum(parts)]:
        parts[i] += 1
    return parts
