"""What the counters of a hopper say about a payout of which nobody heard the end. Pure.

A hopper counts the orders to dispense (`event`: 0 after power-up, then 1 to 255 and 1 again), and of the last
one the coins that it `paid` and those that it left `unpaid`; the last two outlive a power cut. Many count all
coins that they ever dispensed as well. Four things that manuals say make this less simple than it looks:

* an order that is refused may be counted, too, and then changes nothing else (Suzo-Happ Flow, header 167);
* `unpaid` may be 0 again after a power cut or a stop that had nothing to do with it (Money Controls SCH2,
  "What happens after power up"; Flow, header 166);
* an emergency stop may count as a reset: `event` is 0 then (SCH2, header 172; Alberici, header 166);
* the count of all coins can be cleared by a technician (SCH2, header 168).

So a mark (the counters as they were before the payout) and the counters now tell it only where no other story
has the same numbers. Where one has, the answer is UNKNOWN: a coin is never guessed.
"""

from __future__ import annotations

import re

from terminal.core.events import Ended
from terminal.core.value import Value, replace

MOST_COINS = 255
"""Most coins of one order: its number is one byte."""

_COUNT_RANGE = 1 << 24
_MARK = re.compile(
    r"hopper (\S{1,40}) coin (\d{1,9}) most (\d{1,3}) event (\d{1,3}) paid (\d{1,3}) unpaid (\d{1,3})"
    r" dispensed (\d{1,8}|-)"
)


class Status(Value, frozen=True):
    """The answer to header 166.

    Attributes:
        event: Orders to dispense since the last reset, 0 to 255.
        remaining: Coins of the order under way that are still to come; 0: the motor stands.
        paid, unpaid: Of the last order.
    """

    event: int
    remaining: int
    paid: int
    unpaid: int


class Counters(Value, frozen=True):
    """How far a hopper that stands has counted; as text, the mark of a payout.

    Attributes:
        hopper: Its serial number: the counters of another one mean nothing.
        coin: What its coins are worth, in cents, and
        most: how many of them are paid out at a time, as configured.
        event, paid, unpaid: As in Status.
        dispensed: All coins that it ever dispensed (24 bits); None: it does not count them.
    """

    hopper: str
    coin: int
    most: int
    event: int
    paid: int
    unpaid: int
    dispensed: int | None

    @property
    def mark(self) -> str:
        """These counters as text; read() is its inverse."""
        count = "-" if self.dispensed is None else self.dispensed
        return (
            f"hopper {self.hopper} coin {self.coin} most {self.most} event {self.event} paid {self.paid}"
            f" unpaid {self.unpaid} dispensed {count}"
        )

    def coins_for(self, amount: int) -> int:
        """Return how many coins are ordered for *amount* cents."""
        return max(0, min(amount // self.coin, self.most, MOST_COINS))


class Verdict(Value, frozen=True):
    """How a payout ended, in coins; as events.PayoutEnded."""

    ended: Ended
    coins: int = 0
    words: str = ""


def read(mark: str) -> Counters | None:
    """Return the counters of *mark*; None: it is none of a hopper's."""
    found = _MARK.fullmatch(mark)
    if found is None or int(found[2]) == 0:
        return None
    coin, most, event, paid, unpaid = (int(number) for number in found.groups()[1:6])
    return Counters(found[1], coin, most, event, paid, unpaid, None if found[7] == "-" else int(found[7]))


def status(data: bytes) -> Status:
    """Return what the 4 bytes of an answer to header 166 say."""
    return Status(*data)


def after(event: int) -> int:
    """Return the event counter that follows *event*: 255 is followed by 1."""
    return event % 255 + 1


def decide(
    before: Counters, ordered: int, now: Counters, *, began: bool | None = None, seen: int = 0
) -> Verdict:
    """Say how the one payout that was ordered since *before*, or was not, has ended.

    Nothing else was ordered of this hopper meanwhile; it may have been reset, and its power cut, at any time.

    Args:
        before: The counters of the mark.
        ordered: How many coins it was told to pay out, >= 1.
        now: Its counters now, while its motor stands.
        began: Whether it has said that it pays (True) or that it refuses (False); None: nobody heard.
        seen: How many coins it has said, meanwhile, to have paid of this order.
    """
    verdict = _story(before, ordered, now, began=began)
    if verdict.ended is not Ended.UNKNOWN and verdict.coins < seen:
        verdict = _unknown(seen, "its counters went back")
    if verdict.ended is Ended.UNKNOWN:  # what came out beyond the order was not for it
        return replace(verdict, coins=min(max(verdict.coins, seen), ordered))
    return verdict


def _story(before: Counters, ordered: int, now: Counters, *, began: bool | None) -> Verdict:
    if now.hopper != before.hopper:
        words = f"the hopper {before.hopper} was replaced by {now.hopper}: its counters do not tell"
        return Verdict(Ended.UNKNOWN, 0, words)
    fallen = _fallen(before, now)
    if now.event == before.event != 0:
        return _stood(before, now, fallen, began=began)
    moved = now.event == after(before.event)
    if not moved and now.event not in (0, 1):
        return _unknown(None, f"it was told to pay out more than once since: its event counter is {now.event}")
    same = now.paid == before.paid and now.unpaid in (before.unpaid, 0)
    if began is False:
        return _refused(fallen) if same else _unknown(fallen, "it refused to pay, but its counters changed")
    if same and not (moved and began):
        return _unchanged(ordered, now, fallen, began=began)
    return _paid(ordered, now, fallen, moved=moved)


def _stood(before: Counters, now: Counters, fallen: int | None, *, began: bool | None) -> Verdict:
    """The event counter is what it was, and not 0: no order came, or one came right after a reset (1)."""
    unchanged = now.paid == before.paid and now.unpaid in (before.unpaid, 0) and not fallen
    if began:
        return _unknown(fallen, "it said that it pays, but its event counter did not move")
    if not unchanged:
        return _unknown(fallen, "its event counter did not move, but its other counters did")
    if now.event == 1 and fallen is None and began is None:
        return _unknown(None, "its counters look the same whether it paid after a reset or not at all")
    return Verdict(Ended.FAILED, 0, "the hopper did not begin to pay: its counters did not move")


def _unchanged(ordered: int, now: Counters, fallen: int | None, *, began: bool | None) -> Verdict:
    """An order was counted, or a reset came; what is known of the last order may be of the one before it."""
    if fallen is None:
        return _unknown(
            None, "its counters look the same whether it paid or not, and it does not count all coins"
        )
    if fallen == 0:
        return _refused(fallen) if began is None else Verdict(Ended.FAILED, 0, "the hopper paid no coin")
    if fallen == now.paid and now.paid + now.unpaid == ordered:
        return _said(ordered, now.paid)
    return _unknown(fallen, "its counters contradict each other")


def _paid(ordered: int, now: Counters, fallen: int | None, *, moved: bool) -> Verdict:
    """What is known of the last order is of the one that was asked about."""
    agreed = fallen is None or fallen == now.paid
    whole = now.paid + now.unpaid == ordered
    # Without a reset the order and its coins are beyond doubt; after one, two counters must agree on them.
    if (whole and (moved or agreed)) or (agreed and (moved or fallen is not None)):
        return _said(ordered, now.paid)
    sure = now.paid if fallen is None else min(now.paid, fallen)
    return _unknown(min(sure, ordered), "its counters contradict each other")


def _said(ordered: int, coins: int) -> Verdict:
    if coins == 0:
        return Verdict(Ended.FAILED, 0, "the hopper paid no coin")
    if coins == ordered:
        return Verdict(Ended.DONE, coins)
    words = f"the hopper paid {coins} coins, and {ordered} were ordered"
    return Verdict(Ended.DONE, coins, words)


def _refused(fallen: int | None) -> Verdict:
    if fallen:
        return _unknown(fallen, "it refused to pay, but its count of all coins went on")
    return Verdict(Ended.FAILED, 0, "the hopper did not begin to pay")


def _unknown(sure: int | None, why: str) -> Verdict:
    return Verdict(Ended.UNKNOWN, sure or 0, f"nobody can tell what the hopper paid: {why}")


def _fallen(before: Counters, now: Counters) -> int | None:
    """Return how many coins came out by the count of all coins; None: there is none, or it was cleared."""
    if before.dispensed is None or now.dispensed is None:
        return None
    coins = (now.dispensed - before.dispensed) % _COUNT_RANGE
    return coins if coins <= MOST_COINS else None
