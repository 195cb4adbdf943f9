"""How a ccTalk acceptor counts what it took, and what of it is new. Pure.

The answer to "read the credits" (229; 159 of bill validators) is a counter of events and the five newest
events, two bytes each, newest first. The counter is 0 only after the device was switched on or reset; then it
goes from 1 to 255 and on to 1. Nothing is ever acknowledged: the host must know what it has seen.

What it has seen is a :class:`Mark`. What is new follows from two of them, and nothing of it is guessed:

* the counter went on by up to 5, and the older events are those that are known: what is before them is new;
* it went on by more: the five are new, the others can be asked of nobody any more, and are lost; if it went on
  by just five, nothing proves that these are all, unless it was asked again and again;
* it is 0, or the events behind the new ones are not those that are known: the device was reset and counted from
  0 on. What it counted since is new; what it took before that and nobody read is lost, if it was open then;
* it went back, and the events fit that: nothing is new, whatever that was, and it is said;
* several of these fit: only what is new in each is credited, and the rest is said to be lost.
"""

from __future__ import annotations

import re

from terminal.core.value import Value, replace

KEPT = 5
"""Events that the device still knows."""

CYCLE = 255
SIZE = 1 + 2 * KEPT
"""Bytes of its answer."""

Pair = tuple[int, int]
NOTHING: Pair = (0, 0)

_MARK = re.compile(
    r"cctalk (?P<device>[!-~]{1,64}) (?P<opened>open|shut) (?P<counter>\d{1,3})"
    r"(?: (?P<pairs>(?:[0-9a-f]{4}){1,5}))?",
    re.ASCII,
)


class Mark(Value, frozen=True):
    """How far a device is told: this event, and all before it.

    Attributes:
        device: Which one it is: its serial number, or ``-``.
        counter: Number of its newest event, 1 to 255; 0: none since it was reset.
        pairs: That event and those before it, newest first, as far as they are known; at most five.
        opened: Whether it may have taken money since; False: it was inhibited, and nothing was falling.
    """

    device: str
    counter: int
    pairs: tuple[Pair, ...] = ()
    opened: bool = True

    @property
    def text(self) -> str:
        """The mark as it is kept on the books."""
        pairs = "".join(f"{first:02x}{second:02x}" for first, second in self.pairs)
        return f"cctalk {self.device} {'open' if self.opened else 'shut'} {self.counter} {pairs}".rstrip()


def parse(text: str) -> Mark | None:
    """Return the mark that *text* is; None: it is none."""
    found = _MARK.fullmatch(text)
    if found is None or int(found["counter"]) > CYCLE:
        return None
    raw = bytes.fromhex(found["pairs"] or "")
    return Mark(found["device"], int(found["counter"]), _pairs(raw), found["opened"] == "open")


def snapshot(device: str, data: bytes, *, opened: bool) -> Mark:
    """Return where *device* stands by *data*, the SIZE bytes of its answer."""
    if len(data) != SIZE:
        raise ValueError(f"{len(data)} bytes are no event buffer; expected {SIZE}")
    return Mark(device, data[0], _pairs(data[1:]), opened)


class Happened(Value, frozen=True):
    """One event that is new, with the mark that says that it is told."""

    pair: Pair
    mark: Mark


class Lost(Value, frozen=True):
    """Events that can be asked of nobody any more.

    Attributes:
        count: How many there are, as far as that is known; 0: it is not known whether there are any.
        words: How that came.
        mark: Says that this is told.
    """

    count: int
    words: str
    mark: Mark


class News(Value, frozen=True):
    """What is new.

    Attributes:
        told: What is to be told, oldest first.
        was_reset: Whether the device was reset meanwhile: it has forgotten what it was set to.
    """

    told: tuple[Happened | Lost, ...] = ()
    was_reset: bool = False


def news(known: Mark | None, now: Mark, *, watched: bool = True) -> News:
    """Return what is new at *now* for whoever has told all up to *known*.

    Args:
        known: None: nothing is known of any device; all that it counted is of the time before this terminal.
        now: Where it stands.
        watched: Whether it was asked again and again since; one that had counted nothing is else reset unseen.
    """
    if known is None:
        return News()
    if known.device != now.device:
        words = f"another device is there than before ({known.device} before, {now.device} now)"
        told = Lost(0, f"{words}: what the other one took at last was not read", now)
        return News((told,) if known.opened else (), was_reset=True)
    if known.counter == 0 and known.opened and not watched:
        return _from_zero(known, now, now.counter)
    if now.counter == 0:
        return _from_zero(known, now, 0) if known.counter else News()
    steps = now.counter - known.counter if known.counter == 0 else (now.counter - known.counter) % CYCLE
    if steps < KEPT and _fits(now.pairs[steps:], known.pairs):
        return News(_happened(now, steps))
    if _went_back(known, now, steps):
        words = f"its counter went back from {known.counter} to {now.counter}"
        return News((Lost(0, f"{words}, which no acceptor does: nothing is credited", now),))
    return _jumped(known, now, steps, watched=watched)


def _jumped(known: Mark, now: Mark, steps: int, *, watched: bool) -> News:
    """Return what is new where the known events are not right behind the new ones."""
    behind = now.pairs[now.counter :]
    if now.counter < KEPT and all(pair == NOTHING for pair in behind):
        return _from_zero(known, now, now.counter)
    if steps < KEPT:
        if now.counter >= KEPT:
            return _from_zero(known, now, now.counter)
        # Neither did it go on from what is known, nor are there as few events as it counts since a reset.
        words = f"its counter is {now.counter}, and the events with it are not those that belong to it"
        return News((Lost(max(steps, now.counter), f"{words}: nothing is credited", now),), was_reset=True)
    sure = KEPT
    if now.counter < KEPT and known.pairs and _fits(behind, known.pairs):
        # As if it had been reset and had kept its events; then only those that it counts since are new.
        sure = now.counter
    missed = steps - sure
    if not missed and (watched or not known.opened):
        return News(_happened(now, sure))
    words = f"it counted {steps} events while nobody listened"
    if not watched:
        # None of them is one that is known: that it went on, and was not reset, nothing proves.
        words += ", or more if it was reset meanwhile"
    if missed:
        words += f", and still knew {sure} of them"
    if not known.opened:
        words += "; as it was inhibited, they should be coins that came back"
    return News((Lost(missed, words, _before(now, sure)), *_happened(now, sure)))


def _from_zero(known: Mark, now: Mark, counted: int) -> News:
    """Return what is new of a device that was reset and counted *counted* events since."""
    sure = min(counted, KEPT)
    missed = counted - sure
    told: tuple[Happened | Lost, ...] = _happened(now, sure)
    if known.opened or missed:
        words = f"it was reset after its event {known.counter}" if known.counter else "it may have been reset"
        words += f", counted {counted} events since, and still knew {sure} of them" if missed else ""
        words += ", and what it took right before that was not read" if known.opened else ""
        told = (Lost(missed, words, replace(now, counter=missed, pairs=now.pairs[sure:])), *told)
    return News(told, was_reset=True)


def _happened(now: Mark, count: int) -> tuple[Happened, ...]:
    """Return the newest *count* events, oldest first."""
    return tuple(Happened(now.pairs[back], _before(now, back)) for back in reversed(range(count)))


def _before(now: Mark, back: int) -> Mark:
    """Return where the device stood *back* events before *now*, none of them a reset."""
    return replace(now, counter=(now.counter - 1 - back) % CYCLE + 1, pairs=now.pairs[back:])


def _fits(pairs: tuple[Pair, ...], known: tuple[Pair, ...]) -> bool:
    """Whether two lists of events, newest first, are the same as far as both go."""
    return all(mine == theirs for mine, theirs in zip(pairs, known, strict=False))


def _went_back(known: Mark, now: Mark, steps: int) -> bool:
    """Whether *now* is where the device stood before *known*."""
    back = CYCLE - steps
    return known.counter > 0 and 0 < back < len(known.pairs) and _fits(now.pairs, known.pairs[back:])


def _pairs(raw: bytes) -> tuple[Pair, ...]:
    return tuple((raw[at], raw[at + 1]) for at in range(0, len(raw), 2))
