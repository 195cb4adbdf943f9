"""What is in the tubes of a changer: which coins to pay with, and what was paid, told by what is missing. Pure.

A changer keeps its counts of coins through a power cut, and little else. So they are the mark of the driver:
what they were when the last event was told, or before a payout began.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from drivers.contract import Filling
from drivers.mdb.changer_frames import TubeStatus
from terminal.core.events import Ended
from terminal.core.value import Value, replace

_MARK = re.compile(r"tubes ([0-9a-f]{4}) ([0-9a-f]{32}) (open|shut)")
_MOST = 255


class Mark(Value, frozen=True):
    """How far a changer is: what is in its tubes, and whether it may be taking coins (*open*)."""

    tubes: TubeStatus
    open: bool

    def __str__(self) -> str:
        counts = bytes(self.tubes.counts).hex()
        return f"tubes {self.tubes.full:04x} {counts} {'open' if self.open else 'shut'}"


def read_mark(text: str) -> Mark | None:
    """Return the mark that *text* is; None: it is none of this driver's."""
    found = _MARK.fullmatch(text)
    if found is None:
        return None
    tubes = TubeStatus(int(found[1], 16), tuple(bytes.fromhex(found[2])))
    return Mark(tubes, found[3] == "open")


def plan(amount: int, cents: Mapping[int, int], counts: tuple[int, ...]) -> dict[int, int]:
    """Return which coins come nearest to *amount* cents without being more: how many of each type.

    Of the ways to pay that much, one that takes as many as possible of the largest coin, then of the next.

    Args:
        amount: Cents, from 0 on.
        cents: What a coin of a type is worth.
        counts: How many of each type there are.
    """
    kinds = sorted((value, kind) for kind, value in cents.items() if counts[kind])
    reachable = [1]  # bit n: n cents can be paid with the coins so far
    most = (1 << amount + 1) - 1
    for value, kind in kinds:
        sums, left, step = reachable[-1], counts[kind], 1
        while left:  # in steps of 1, 2, 4 … coins, which make up every number of them
            take = min(step, left)
            sums |= sums << take * value & most
            left, step = left - take, step * 2
        reachable.append(sums)
    rest = reachable[-1].bit_length() - 1
    coins: dict[int, int] = {}
    for at, (value, kind) in reversed(list(enumerate(kinds))):
        count = min(counts[kind], rest // value)
        while not reachable[at] >> rest - count * value & 1:
            count -= 1
        if count:
            coins[kind] = count
            rest -= count * value
    return coins


def worth(coins: Mapping[int, int], cents: Mapping[int, int]) -> int:
    """Return what *coins*, a number for each type, are worth together; types without a value count nothing."""
    return sum(count * cents.get(kind, 0) for kind, count in coins.items())


def missing(before: TubeStatus, after: TubeStatus) -> dict[int, int]:
    """Return how many coins of each type are fewer than before."""
    pairs = zip(before.counts, after.counts, strict=True)
    return {kind: was - now for kind, (was, now) in enumerate(pairs) if was > now}


def added(before: TubeStatus, after: TubeStatus) -> dict[int, int]:
    """Return how many coins of each type are more than before."""
    return missing(after, before)


class Paid(Value, frozen=True):
    """How a payout ended, as PayoutEnded says it."""

    ended: Ended
    cents: int
    words: str = ""


def paid(cents: int, words: str = "") -> Paid:
    """Return that exactly *cents* came out."""
    return Paid(Ended.DONE if cents else Ended.FAILED, cents, words)


def judge(
    amount: int, cents: Mapping[int, int], before: TubeStatus, after: TubeStatus, *, came_in: bool
) -> Paid:
    """Return how a payout of *amount* cents ended, as far as the tubes alone can tell.

    A count is exact only where the tube is neither full (some changers do not count what lies above the sensor)
    nor said to be defective (full, with no coins), and nothing else can have changed it.

    Args:
        amount: What was ordered, in cents.
        cents: What a coin of a type is worth.
        before: The tubes before it.
        after: The tubes when the changer was at rest again.
        came_in: Whether coins may have come into the tubes meanwhile.
    """
    gone = worth(missing(before, after), cents)
    if gone > amount:
        return Paid(
            Ended.UNKNOWN,
            0,
            f"{gone} cents are missing from the tubes, which is more than was ordered: count them",
        )
    if came_in or added(before, after):
        return Paid(Ended.UNKNOWN, gone, "coins came into the tubes meanwhile: count them")
    doubtful = [kind for kind in cents if (before.full | after.full) >> kind & 1]
    if doubtful:
        return Paid(
            Ended.UNKNOWN, gone, "a tube is full or defective, so that its count may be wrong: count them"
        )
    if any(kind not in cents for kind in missing(before, after)):
        return Paid(Ended.UNKNOWN, gone, "tokens or unknown coins are missing from the tubes: count them")
    return paid(gone, "" if gone else "no coin is missing from the tubes")


def contents(tubes: TubeStatus, cents: Mapping[int, int]) -> tuple[Filling, ...]:
    """Return what is in each tube that holds something, or is defective; *cents*: what each type is worth."""
    return tuple(
        _filling(value, tubes.counts[kind], full=bool(tubes.full >> kind & 1))
        for kind, value in sorted(cents.items(), key=lambda each: each[1])
        if tubes.counts[kind] or tubes.full >> kind & 1
    )


def _filling(coin: int, count: int, *, full: bool) -> Filling:
    if not count:
        return Filling(coin, words="its tube is defective")
    return Filling(coin, count, "its tube is full" if full else "")


def changed(tubes: TubeStatus, kind: int, count: int) -> TubeStatus:
    """Return *tubes* with *count* coins of type *kind*, as far as a byte can count."""
    counts = list(tubes.counts)
    counts[kind] = max(0, min(count, _MOST))
    return replace(tubes, counts=tuple(counts))
