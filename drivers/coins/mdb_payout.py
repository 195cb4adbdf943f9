"""Paying out of the tubes of an MDB changer, once, and saying afterwards what came out.

A changer of level 3 with the alternative payout chooses the coins itself (PAYOUT), and says how many of each
came out (PAYOUT STATUS): a count that it keeps until it was asked, but not for ever. Another one is told each
coin (DISPENSE), and says nothing afterwards. So the mark of a payout is what was in the tubes before it, and
what is missing from them tells what it was where nothing better does.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.coins.mdb_books import Books
from drivers.coins.mdb_settle import Found, Order, Tubes, by_type, settle
from drivers.contract import Emit
from drivers.errors import DeviceError, DeviceFault
from drivers.mdb.changer import Changer
from drivers.mdb.changer_frames import (
    MOST_COINS,
    MOST_UNITS,
    PAYOUT_POLL,
    PAYOUT_STATUS,
    FrameError,
    TubeStatus,
    dispense,
    payout,
    read_paid,
)
from drivers.mdb.changer_tubes import Mark, Paid, judge, missing, paid, plan, read_mark, worth
from terminal.core.events import Ended, PayoutCounted, PayoutEnded

_IDLE_POLLS = 3
"""Polls without a word of a payout, after which one of DISPENSE is over."""
_PATIENT_POLLS = 20
"""The same, where the tubes do not hold yet what they should."""
_STATUS_TRIES = 10
_KEPT = 16  # answers that are remembered, should they be asked for again


@dataclass
class _Running:
    """A payout under way.

    Attributes:
        before: What was in the tubes before it.
        since: When it began, by the monotonic clock.
        rounds: Orders of DISPENSE that are still to be sent: type and number of coins.
        sent: What came out by what was sent (DISPENSE) or told (PAYOUT STATUS), by type.
        asked: Cents of the PAYOUT under way.
        idle: Polls since it last said that it pays.
        tries: How often it did not say what it paid.
        told: Whether it said so; it does only once.
        doubt: Whether an order may not have arrived.
        jammed: Whether it said that a tube is jammed.
        stopped: Whether no further coins are to be ordered.
    """

    order: Order
    before: TubeStatus
    since: float
    rounds: deque[tuple[int, int]] = field(default_factory=deque)
    sent: dict[int, int] = field(default_factory=dict)
    asked: int = 0
    idle: int = 0
    tries: int = 0
    told: bool = False
    doubt: bool = False
    jammed: bool = False
    stopped: bool = False


class Payouts:
    """The paying side. All of it runs in the device's thread, but for tell().

    Args:
        patience_s: How long a payout may last, in seconds.
        back_s: How long a changer that was lost while it paid is waited for, in seconds.
    """

    def __init__(self, emit: Emit, books: Books, patience_s: float, back_s: int) -> None:
        self._emit = emit
        self._books = books
        self._patience_s = patience_s
        self._back_s = back_s
        self._lost_at = 0.0
        self._counts: deque[str] = deque()
        self._asked: deque[Order] = deque()  # any thread
        self._tells: list[tuple[Order, Found | None]] = []  # None: when it is opened next
        self._ended: dict[str, PayoutEnded] = {}
        self._running: _Running | None = None
        self._tubes = Tubes({}, 1, chooses=False)
        self._first: Found | None = None

    # -- its life ----------------------------------------------------------------------------------------

    def opened(self, tubes: Tubes, found: Found) -> None:
        """Go on with a changer that was opened; payouts whose end nobody saw are settled by what was found."""
        self._tubes = tubes
        self._first = self._first or found
        self._tells = [(order, at or found) for order, at in self._tells]

    @property
    def busy(self) -> bool:
        """Whether a payout is under way."""
        return self._running is not None

    def end(self) -> None:
        """The terminal is being stopped: no further coins are ordered."""
        if self._running is not None:
            self._running.stopped = True

    def lost(self) -> None:
        """The changer is gone: the payout under way is settled when it is back."""
        running, self._running = self._running, None
        if running is not None:
            self._tells.append((running.order, None))
            self._lost_at = time.monotonic()
        while self._counts:
            words = "the coin changer was lost before it paid"
            self._emit(PayoutEnded(self._counts.popleft(), Ended.FAILED, 0, words))

    def missed(self) -> None:
        """The changer is still gone: what it was paying is unknown once that has lasted too long."""
        if time.monotonic() - self._lost_at < self._back_s:
            return
        waiting, self._tells = self._tells, []
        for order, found in waiting:
            if found is None:
                words = f"the coin changer was lost while it paid, and was not back within {self._back_s} s"
                self._end(order.name, Paid(Ended.UNKNOWN, 0, words))
            else:
                self._tells.append((order, found))

    # -- orders ------------------------------------------------------------------------------------------

    def count(self, name: str) -> None:
        """Answer with the mark, as soon as no coin can be falling any more."""
        self._counts.append(name)

    def pay(self, changer: Changer, order: Order) -> None:
        """Begin to pay *order*; nobody orders the same one twice."""
        mark = read_mark(order.mark)
        if self._running is not None:
            self._refuse(order, "the coin changer is paying another payout")
            return
        if mark is None:
            self._refuse(order, "the mark of this payout is none of an MDB changer")
            return
        try:
            tubes = changer.tubes()
        except DeviceError as error:
            self._refuse(order, error.words)
            raise
        coins = plan(order.amount, self._tubes.cents, tubes.counts)
        if tubes != mark.tubes:
            self._refuse(order, "the tubes hold something else than when they were counted")
        elif not coins:
            self._refuse(order, "the tubes hold no coin that fits")
        else:
            running = self._running = _Running(order, tubes, time.monotonic(), deque(_rounds(coins)))
            if self._tubes.chooses:
                self._ask_value(changer, running, tubes)
            else:
                self._ask_coins(changer, running)

    def _refuse(self, order: Order, words: str) -> None:
        self._end(order.name, Paid(Ended.FAILED, 0, words))

    def tell(self, order: Order) -> None:
        """Answer how *order* ended, as soon as that can be known. Any thread."""
        self._asked.append(order)

    # -- step by step ------------------------------------------------------------------------------------

    def step(self, changer: Changer, *, busy: bool, jammed: bool, settled: bool) -> bool:
        """Go on; called after each POLL of a changer that is open.

        Args:
            changer: The changer.
            busy: It said that it is paying out.
            jammed: It said that a tube is jammed.
            settled: No coin can be falling, or the slot is meant to be open.

        Returns:
            Whether a payout has just ended without a jam.

        Raises:
            DeviceFault: It has been paying for too long.
        """
        self._answer()
        running = self._running
        if running is not None:
            running.jammed |= jammed
            running.idle = 0 if busy else running.idle + 1
            if time.monotonic() - running.since > self._patience_s:
                raise DeviceFault(
                    f"the coin changer has been paying out for {self._patience_s:.0f} s: is it jammed?"
                )
            if self._tubes.chooses:
                self._hear_value(changer, running)
            else:
                self._hear_coins(changer, running)
        elif settled and self._counts:
            if self._tubes.chooses:
                changer.once(PAYOUT_STATUS)  # what it has to say of an older payout must not count for this one
            mark = Mark(changer.tubes(), self._books.open)
            self._emit(PayoutCounted(self._counts.popleft(), str(mark)))
        return running is not None and self._running is None and not running.jammed

    def _answer(self) -> None:
        known = {order.name for order, _ in self._tells}
        while self._asked:
            order = self._asked.popleft()
            if (ended := self._ended.get(order.name)) is not None:
                self._emit(ended)
            elif order.name not in known and not (self._running and self._running.order.name == order.name):
                self._tells.append((order, self._first))
        waiting, self._tells = self._tells, []
        for order, found in waiting:
            if found is None:
                self._tells.append((order, found))
            else:
                self._end(order.name, settle(order, found, self._tubes))

    # -- a changer that chooses the coins ----------------------------------------------------------------

    def _ask_value(self, changer: Changer, running: _Running, tubes: TubeStatus) -> bool:
        """Order what can still be paid, as much as one order can say; False: there is nothing."""
        cents, unit = self._tubes.cents, self._tubes.unit
        left = running.order.amount - worth(running.sent, cents)
        running.asked = worth(plan(min(left, MOST_UNITS * unit), cents, tubes.counts), cents)
        if not running.asked:
            return False
        running.idle = running.tries = 0
        running.told = False
        running.doubt |= changer.once(payout(running.asked // unit)) is None
        return True

    def _hear_value(self, changer: Changer, running: _Running) -> None:
        if not running.idle:
            return
        if running.told:
            self._check_told(changer, running)
            return
        value = changer.once(PAYOUT_POLL)
        if value and any(value):
            running.idle = 0
        # ACK alone: no coin is coming any more. Some go on with a value of 0 instead.
        if value == b"" or running.idle >= _PATIENT_POLLS:
            data = changer.once(PAYOUT_STATUS)
            if data is None and running.tries < _STATUS_TRIES:
                running.tries += 1
            elif data != b"":
                self._hear_status(changer, running, data or b"")

    def _hear_status(self, changer: Changer, running: _Running, data: bytes) -> None:
        try:
            told = by_type(read_paid(data))
        except FrameError:
            self._finish(changer, running, None)
            return
        cents, amount = self._tubes.cents, running.order.amount
        for kind, count in told.items():
            running.sent[kind] = running.sent.get(kind, 0) + count
        running.told = True
        if worth(told, cents) < running.asked:
            self._check_told(changer, running)
        elif (
            amount <= MOST_UNITS * self._tubes.unit
            or running.jammed
            or running.stopped
            or not self._ask_value(changer, running, changer.tubes())
        ):
            self._finish(changer, running, worth(running.sent, cents))

    def _check_told(self, changer: Changer, running: _Running) -> None:
        """End a payout of less than was ordered, once the tubes say the same or have had their time."""
        gone = missing(running.before, changer.tubes())
        if gone == running.sent or running.idle >= _PATIENT_POLLS:
            more = any(count > running.sent.get(kind, 0) for kind, count in gone.items())
            self._finish(changer, running, None if more else worth(running.sent, self._tubes.cents))

    # -- a changer that is told each coin ----------------------------------------------------------------

    def _ask_coins(self, changer: Changer, running: _Running) -> None:
        kind, count = running.rounds.popleft()
        running.sent[kind] = running.sent.get(kind, 0) + count
        running.idle = 0
        running.doubt |= changer.once(dispense(kind, count)) is None

    def _hear_coins(self, changer: Changer, running: _Running) -> None:
        if running.idle < _IDLE_POLLS:
            return
        if running.rounds and not (running.doubt or running.jammed or running.stopped):
            self._ask_coins(changer, running)
            return
        tubes = changer.tubes()
        gone = missing(running.before, tubes)
        if gone == running.sent:
            self._finish(changer, running, worth(gone, self._tubes.cents))
        elif running.idle >= _PATIENT_POLLS:
            self._finish(changer, running, None)

    # -- the end -----------------------------------------------------------------------------------------

    def _finish(self, changer: Changer, running: _Running, exactly: int | None) -> None:
        """Tell how it ended: *exactly* so many cents came out; None: the tubes must say it."""
        order = running.order
        if exactly is not None:
            self._running = None
            self._end(order.name, paid(exactly, self._why_less(running, exactly)))
            self._books.paid(running.sent)
            return
        tubes = changer.tubes()
        self._running = None
        self._end(
            order.name,
            judge(order.amount, self._tubes.cents, running.before, tubes, came_in=self._books.open),
        )
        self._books.adopt(tubes)

    def _why_less(self, running: _Running, cents: int) -> str:
        if running.order.amount - cents < min(self._tubes.cents.values()):
            return ""
        if running.stopped:
            return "the terminal was stopped while it paid"
        if running.jammed:
            return "a tube is jammed"
        return "the tubes hold no more coins that fit"

    def _end(self, name: str, result: Paid) -> None:
        ended = PayoutEnded(name, result.ended, result.cents, result.words)
        self._ended[name] = ended
        while len(self._ended) > _KEPT:
            del self._ended[next(iter(self._ended))]
        self._emit(ended)


def _rounds(coins: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return the orders of DISPENSE that pay *coins*, the largest type first as they stand."""
    return [
        (kind, min(MOST_COINS, count - at))
        for kind, count in coins.items()
        for at in range(0, count, MOST_COINS)
    ]
