"""Hoppers around a simulated terminal: their counters outlive its power, what they answer does not.

The hopper and its driver are one here, written from what drivers.contract.PayoutDevice promises. A payout that
has begun goes on in the dark, coin by coin; whoever asks after it gets what the counters say.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.core.effects import CountPayout, PayOut, TellPayout
from terminal.core.events import DeviceChanged, Ended, Health, PayoutCounted, PayoutEnded

if TYPE_CHECKING:
    from tests.core.world import World

FULL = 60
"""So many coins a person fills in."""


@dataclass
class Run:
    """What a hopper pays at the moment: *left* coins of *payout*, one each *pause_ms*; nobody *hears* it."""

    payout: str
    mark: str
    left: int
    pause_ms: int
    amount: int
    hears: bool = True


class Hopper:
    """A hopper with coins of one kind.

    Attributes:
        stock: Coins in it.
        dropped: What really came out, in cents, by payout; coins let out by hand under "".
        begun: Payouts that it ever began.
        cuts: How often its own power went while it paid.
        asked: How often it was asked for what it had paid before a restart, or a new start of its driver.
    """

    def __init__(self, world: World, name: str, coin: int) -> None:
        self._world = world
        self._rng = world.rng
        self.name = name
        self.coin = coin
        self.stock = FULL
        self.dropped: Counter[str] = Counter()
        self.begun: set[str] = set()
        self.cuts = 0
        self.asked = 0
        self.there = True
        self._life = self._event = self._total = 0  # its counters
        self._run: Run | None = None
        self._answers: dict[str, PayoutEnded] = {}  # of this driver
        self._waiting: list[TellPayout] = []

    @property
    def mark(self) -> str:
        """How far it has counted."""
        return f"{self._life}/{self._event}/{self._total}"

    @property
    def paying(self) -> bool:
        """Whether coins come out just now."""
        return self._run is not None

    # -- its driver ------------------------------------------------------------------------------------

    def count(self, order: CountPayout) -> None:
        """Tell how far it has counted, once, twice, too late or never."""
        world, rng = self._world, self._rng
        if not self.there or self.paying:
            world.event(50, PayoutEnded(order.payout, Ended.FAILED, 0, "it cannot be reached"))
            return
        counted = PayoutCounted(order.payout, self.mark)
        after_ms = rng.randrange(20, 300)
        match rng.choices(("once", "twice", "late", "never"), (90, 4, 3, 3))[0]:
            case "twice":
                world.event(after_ms, counted)
                world.event(after_ms + rng.randrange(400), counted)
            case "late":
                world.event(rng.randrange(9_000, 20_000), counted)
            case "once":
                world.event(after_ms, counted)
            case _:
                pass
        if rng.random() < 0.04:
            world.outside(rng.randrange(after_ms + 20), self.pay_by_hand)

    def pay_out(self, order: PayOut) -> None:
        """Pay, if it still stands where it stood; the order takes its time on the wire."""
        self._world.soon(20, lambda: self._order(order))

    def tell_payout(self, order: TellPayout) -> None:
        """Say how it ended as soon as the counters can be read, and it pays no more."""
        self.asked += 1
        if self._rng.random() < 0.95:  # else it falls silent
            self._world.soon(30, lambda: self._tell(order))

    def driver_ends(self) -> None:
        """The process has gone, or the driver is started anew: nothing of what it knew is left."""
        self._answers.clear()
        self._waiting.clear()
        if self._run:
            self._run.hears = False

    def _order(self, order: PayOut) -> None:
        coins = min(order.amount // self.coin, 50)
        if not self.there:
            self._answer(PayoutEnded(order.payout, Ended.FAILED, 0, "it cannot be reached"))
        elif self.mark != order.mark or self.paying:
            self._answer(PayoutEnded(order.payout, Ended.FAILED, 0, "it has counted on"))
        elif not coins:
            self._answer(PayoutEnded(order.payout, Ended.FAILED, 0, "it has no coins so small"))
        else:
            self._begin(order, coins)

    def _begin(self, order: PayOut, coins: int) -> None:
        world, rng = self._world, self._rng
        world.cuts.point()
        world.audit.payout_begins(order, self.name, self.mark)
        assert order.payout not in self.begun, f"{order.payout} is paid out a second time"
        self.begun.add(order.payout)
        self._event += 1
        pause_ms = rng.choices((100, 400, 2_500), (80, 15, 5))[0]
        self._run = Run(order.payout, order.mark, coins, pause_ms, order.amount)
        if rng.random() < 0.03:
            world.outside(rng.randrange(2_000), self.power_cut)
        world.outside(pause_ms, self._coin)
        world.cuts.point()

    def _tell(self, order: TellPayout) -> None:
        known = self._answers.get(order.payout)
        if known:
            self._world.event(20, known)
        elif not self.there or self.paying:
            self._waiting.append(order)
        else:
            self._answer(self._by_counters(order))

    def _by_counters(self, order: PayOut | TellPayout) -> PayoutEnded:
        life, event, total = (int(part) for part in order.mark.split("/"))
        now = self._life, self._event
        if now not in ((life, event), (life, event + 1), (life, 0)):
            return PayoutEnded(order.payout, Ended.UNKNOWN, 0, "its counters cannot tell")
        paid = (self._total - total) * self.coin
        return PayoutEnded(order.payout, Ended.DONE if paid else Ended.FAILED, paid, "its counters say so")

    def _answer(self, ended: PayoutEnded) -> None:
        """Answer for the first time: mostly once."""
        world, rng = self._world, self._rng
        self._answers[ended.payout] = ended
        match rng.choices(("once", "twice", "late", "never"), (86, 6, 4, 4))[0]:
            case "twice":
                world.event(30, ended)
                world.event(rng.randrange(30, 9_000), ended)
            case "late":
                world.event(rng.randrange(10_000, 60_000), ended)
            case "once":
                world.event(30, ended)
            case _:
                pass

    # -- the hopper itself -----------------------------------------------------------------------------

    def _coin(self) -> None:
        run = self._run
        if run is None:
            return
        if not self.stock or self._rng.random() < 0.01:  # empty, or jammed
            self._stop()
            return
        self._drop(run.payout)
        run.left -= 1
        if run.left:
            self._world.outside(run.pause_ms, self._coin)
        else:
            self._stop()
        if self._world.lit:
            self._world.cuts.point()

    def _drop(self, payout: str) -> None:
        self.stock -= 1
        self._total += 1
        self.dropped[payout] += self.coin

    def _stop(self) -> None:
        run, self._run = self._run, None
        if run and run.hears and self.there:
            told = PayOut(run.payout, self.name, run.amount, run.mark)
            self._answer(self._by_counters(told))
        elif run and run.hears:  # heard of when it is there again
            self._waiting.append(TellPayout(run.payout, self.name, run.amount, run.mark))
        self._go_on()

    def _go_on(self) -> None:
        if self.there and not self.paying:
            waiting, self._waiting = self._waiting, []
            for order in waiting:
                self._tell(order)

    def power_cut(self) -> None:
        """Its own power goes: it stops where it is. Some keep what they counted, some do not."""
        if not self.paying:
            return
        self.cuts += 1
        self._event = 0
        if self._rng.random() < 0.5:
            self._life, self._total = self._life + 1, 0
        self.unplug()
        self._stop()
        self._world.outside(self._rng.randrange(200, 20_000), self.plug)

    def pay_by_hand(self) -> None:
        """Somebody presses the test button on it, twice, and puts the coins back."""
        if not self.paying and self.stock >= 2:
            self._event += 2
            self._drop("")
            self._drop("")
            self.stock += 2

    def fill(self) -> None:
        """Fill it up."""
        self.stock = max(self.stock, FULL)

    def unplug(self) -> None:
        """Nobody can reach it; what it does it goes on doing."""
        self.there = False
        if self._world.lit:
            self._world.event(0, DeviceChanged(self.name, "payout", Health.MISSING, "unplugged"))

    def plug(self) -> None:
        """It is there again."""
        self.there = True
        if self._world.lit:
            self._world.event(0, DeviceChanged(self.name, "payout", Health.OK))
        self._go_on()

    def renew(self) -> None:
        """Its driver hangs and is replaced by a new one."""
        self.driver_ends()
        if self.there:
            self._world.event(300, DeviceChanged(self.name, "payout", Health.OK))
