"""What every coin acceptor and bill validator keeps to: one body of tests, run on each by a small bench.

An acceptor's own tests hold this, and nothing else is needed::

    class PulseBench(AcceptorBench):
        coins = (10, 20, 50)
        cannot = frozenset({Cannot.COUNT, Cannot.CHOOSE})
        def make(self, emit): ...
        def coin(self, cents): ...
        ...

    class TestContract(AcceptorContract):
        @pytest.fixture
        def bench(self):
            with closing(PulseBench()) as bench:
                yield bench

The bench is the world: the device, with its own memory, which lives on while drivers for it come and go. What
it or its stand-in cannot do, it declares in ``cannot``; those scenes are then turned round or do not exist.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from enum import Enum
from typing import Any, ClassVar

import pytest

from drivers.contract import Emit, Traffic
from drivers.device import DeviceThread
from terminal.core.events import CoinInserted, CoinUnrecognised, DeviceChanged, DeviceMarked, Health
from tests.support.seed import SEED
from tests.support.waiting import Inbox, wait_until

NAME = "acceptor under test"
Told = CoinInserted | CoinUnrecognised | DeviceMarked


class Cannot(Enum):
    """What a bench may declare that it cannot do."""

    COUNT = "it does not count by itself: what nobody listened to is lost, and there are no marks"
    CHOOSE = "it cannot be told which coins to take: the last one may be worth more than the room"
    TAKE_WHILE_LOST = "it takes nothing while nobody can hear it"
    NOISE = "it cannot signal what is no coin"
    GARBLE = "there is no wire that could be spoilt"
    HEAR = "there is no wire that could be listened to"


class AcceptorBench(ABC):
    """An acceptor under test, what it emits, and the hands of whoever stands before it.

    Attributes:
        coins: Three coins (or bills) in cents, the smallest first.
        remembers: How many coins the device surely can tell after the terminal was away.
        storms: How often the storms change something.
    """

    coins: ClassVar[tuple[int, int, int]] = (10, 50, 200)
    cannot: ClassVar[frozenset[Cannot]] = frozenset()
    remembers: ClassVar[int] = 4
    storms: ClassVar[int] = 12

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.heard: list[Traffic] = []
        self.taken: list[int] = []
        self._device: Any = None

    # -- what each bench does its own way --------------------------------------------------------------------

    @abstractmethod
    def make(self, emit: Emit) -> DeviceThread:
        """Return a driver for the device, named NAME, impatient (see Pace), not started."""

    @abstractmethod
    def insert(self, cents: int) -> bool:
        """Insert a coin as a customer does; return whether the device took it, or gave it back."""

    @abstractmethod
    def inhibited(self) -> bool:
        """Whether any coin would come back now."""

    @abstractmethod
    def lose(self) -> None:
        """Unplug it from the terminal; the device itself lives on."""

    @abstractmethod
    def bring_back(self) -> None:
        """Undo lose()."""

    @abstractmethod
    def clear(self) -> None:
        """Let go of everything but the driver; it has been stopped."""

    def noise(self) -> None:
        """Have it signal what is no coin."""
        raise NotImplementedError

    def garble(self) -> None:
        """Spoil what it says next, for a while that is not too long for a patient driver."""
        raise NotImplementedError

    # -- what all share --------------------------------------------------------------------------------------

    @property
    def device(self) -> Any:
        """The driver."""
        if self._device is None:
            self._device = self.make(self.inbox.put)
            self._device.listener = self.heard.append
        return self._device

    def start(self, mark: str | None = None) -> None:
        """Start the driver, at *mark* if there is one, and wait until it works."""
        if mark is not None:
            self.device.resume(mark)
        self.device.start()
        self.expect_health(Health.OK)

    def restart(self, mark: str) -> None:
        """End this driver, and start another one, of a terminal that knows no more than *mark*."""
        self.device.stop()
        self._device = None
        self.inbox = Inbox()
        self.start(mark)

    def close(self) -> None:
        """Stop the driver and let everything go."""
        if self._device is not None:
            self._device.stop()
        self.clear()

    def can(self, *what: Cannot) -> bool:
        """Whether none of *what* is beyond it; a bench must not declare what is unknown."""
        assert self.cannot <= set(Cannot)
        return self.cannot.isdisjoint(what)

    def coin(self, cents: int) -> bool:
        """Insert a coin, and keep in mind whether it was taken."""
        took = self.insert(cents)
        if took:
            self.taken.append(cents)
        return took

    def open(self, limit: int) -> None:
        """Let it take *limit* cents, and wait until it does."""
        self.device.accept(limit)
        wait_until(lambda: not self.inhibited(), timeout=60, what="the acceptor to open")

    def shut(self) -> None:
        """Let it take nothing, and wait until it does not."""
        self.device.inhibit()
        self.expect_inhibited()

    def expect_inhibited(self) -> None:
        """Wait until it takes nothing."""
        wait_until(self.inhibited, timeout=60, what="the acceptor to be inhibited")

    def pay(self, *cents: int) -> None:
        """Insert coins that must be taken, and wait until each is told."""
        for each in cents:
            before = len(self.told(CoinInserted))
            assert self.coin(each)
            self.inbox.wait(lambda _, n=before: len(self.told(CoinInserted)) > n, 60, f"a coin of {each}")

    def told(self, *kinds: type[Any]) -> list[Any]:
        """Return what was told of *kinds*, of money and marks if none is given."""
        return self.inbox.of(*(kinds or (CoinInserted, CoinUnrecognised, DeviceMarked)))

    def amounts(self) -> list[int]:
        """Return the coins that were told, in cents."""
        return [coin.amount for coin in self.told(CoinInserted)]

    def expect(self, *cents: int) -> None:
        """Wait until these coins were told, and no others."""
        self.inbox.wait(lambda _: len(self.amounts()) >= len(cents), 60, f"{cents}")
        assert self.amounts() == list(cents)

    def marks(self) -> list[str]:
        """Return the marks that were told, in order."""
        return [event.mark for event in self.told()]

    def healths(self) -> list[Health]:
        """Return the changes of health so far, repeated ones once."""
        changes = [change.health for change in self.inbox.of(DeviceChanged)]
        return [each for at, each in enumerate(changes) if at == 0 or changes[at - 1] is not each]

    def expect_health(self, health: Health, words: str = "") -> str:
        """Wait until the driver is so; return its words."""

        def is_so(_: object) -> bool:
            changes = self.inbox.of(DeviceChanged)
            return bool(changes) and changes[-1].health is health and words in changes[-1].words

        self.inbox.wait(is_so, timeout=60, what=f"{health}, {words!r}")
        return self.inbox.of(DeviceChanged)[-1].words


class AcceptorContract:
    """The body. A subclass gives the fixture ``bench``: made, not started, closed at the end."""

    @pytest.fixture
    def bench(self) -> AcceptorBench:
        """Give the bench."""
        raise NotImplementedError

    @pytest.fixture
    def slot(self, bench: AcceptorBench) -> AcceptorBench:
        """Give the bench with a driver that works, for a terminal that never had this device before."""
        bench.start()
        return bench

    # -- what it takes -----------------------------------------------------------------------------------------

    def test_it_takes_nothing_before_it_is_told_to(self, slot: AcceptorBench) -> None:
        assert slot.inhibited()
        assert not slot.coin(slot.coins[0])
        slot.open(10_000)
        slot.pay(slot.coins[1])
        slot.expect(slot.coins[1])

    def test_each_coin_is_told_once_with_its_worth(self, slot: AcceptorBench) -> None:
        slot.open(10_000)
        slot.pay(*slot.coins, *slot.coins)
        slot.expect(*slot.coins, *slot.coins)
        assert slot.told(CoinUnrecognised) == []
        assert all(coin.acceptor == NAME for coin in slot.told(CoinInserted))

    def test_what_does_not_fit_any_more_is_not_taken(self, slot: AcceptorBench) -> None:
        small, _, large = slot.coins
        slot.open(small)
        if slot.can(Cannot.CHOOSE):
            assert not slot.coin(large)
        slot.pay(small)
        slot.expect_inhibited()
        assert not slot.coin(small)
        slot.expect(small)

    def test_less_room_than_the_smallest_coin_is_none(self, slot: AcceptorBench) -> None:
        slot.open(slot.coins[0])
        slot.device.accept(slot.coins[0] - 1)
        slot.expect_inhibited()
        assert not slot.coin(slot.coins[0])

    def test_a_later_limit_replaces_the_one_before(self, slot: AcceptorBench) -> None:
        small, middle, _ = slot.coins
        slot.open(small)
        slot.device.accept(middle)
        slot.pay(small)
        slot.open(middle)
        wait_until(lambda: slot.coin(middle), timeout=60, what="the middle coin to fit")
        slot.expect(small, middle)

    def test_an_inhibited_one_takes_nothing_more(self, slot: AcceptorBench) -> None:
        slot.open(10_000)
        slot.pay(slot.coins[2])
        slot.shut()
        assert not slot.coin(slot.coins[0])
        slot.open(10_000)
        slot.pay(slot.coins[0])
        slot.expect(slot.coins[2], slot.coins[0])

    def test_what_is_no_coin_is_never_credited(self, slot: AcceptorBench) -> None:
        if not slot.can(Cannot.NOISE):
            return
        slot.open(10_000)
        slot.noise()
        slot.pay(slot.coins[0])
        slot.noise()
        slot.pay(slot.coins[1])
        slot.expect(slot.coins[0], slot.coins[1])

    def test_a_spoilt_wire_costs_no_coin_and_makes_none(self, slot: AcceptorBench) -> None:
        if not slot.can(Cannot.GARBLE):
            return
        slot.open(10_000)
        for cents in slot.coins:
            slot.garble()
            wait_until(lambda cents=cents: slot.coin(cents), timeout=60, what="the coin to be taken")
        slot.expect(*slot.coins)

    # -- lost and back -----------------------------------------------------------------------------------------

    def test_lost_and_back_tells_no_coin_twice_and_takes_as_before(self, slot: AcceptorBench) -> None:
        slot.open(10_000)
        slot.pay(slot.coins[0], slot.coins[1])
        slot.lose()
        slot.expect_health(Health.MISSING)
        slot.bring_back()
        slot.expect_health(Health.OK)
        wait_until(lambda: slot.coin(slot.coins[2]), timeout=60, what="the acceptor to open again")
        slot.expect(*slot.coins)
        assert slot.healths() == [Health.OK, Health.MISSING, Health.OK]

    def test_coins_that_it_took_while_it_was_lost_are_told_when_it_is_back(self, slot: AcceptorBench) -> None:
        if not slot.can(Cannot.COUNT, Cannot.TAKE_WHILE_LOST):
            return
        slot.open(10_000)
        slot.pay(slot.coins[0])
        slot.lose()
        assert slot.coin(slot.coins[1])
        assert slot.coin(slot.coins[2])
        slot.expect_health(Health.MISSING)
        slot.bring_back()
        slot.expect(*slot.coins)

    def test_one_that_is_not_there_at_first_is_missing_until_it_comes(self, bench: AcceptorBench) -> None:
        bench.lose()
        bench.device.start()
        assert bench.expect_health(Health.MISSING)  # with words
        bench.device.accept(10_000)
        bench.bring_back()
        bench.expect_health(Health.OK)
        wait_until(lambda: bench.coin(bench.coins[0]), timeout=60, what="the acceptor to open")
        bench.expect(bench.coins[0])
        assert bench.healths() == [Health.MISSING, Health.OK]

    def test_inhibited_while_it_was_lost_it_comes_back_inhibited(self, slot: AcceptorBench) -> None:
        slot.open(10_000)
        slot.lose()
        slot.expect_health(Health.MISSING)
        slot.device.inhibit()
        slot.bring_back()
        slot.expect_health(Health.OK)
        slot.expect_inhibited()
        assert not slot.coin(slot.coins[0])

    # -- the terminal goes and comes ---------------------------------------------------------------------------

    def test_its_marks_can_be_kept(self, slot: AcceptorBench) -> None:
        slot.open(10_000)
        slot.pay(*slot.coins)
        marks = [coin.mark for coin in slot.told(CoinInserted)]
        if slot.can(Cannot.COUNT):
            assert len(set(marks)) == len(marks)
            assert all(0 < len(mark) <= 200 and mark.isascii() and mark.isprintable() for mark in slot.marks())
        else:
            assert set(marks) == {""}

    def test_after_a_restart_what_is_not_on_the_books_is_told_once(self, slot: AcceptorBench) -> None:
        if not slot.can(Cannot.COUNT):
            return
        slot.open(10_000)
        slot.pay(*slot.coins)
        first = slot.told(CoinInserted)[0]
        slot.restart(first.mark)
        slot.expect(*slot.coins[1:])
        slot.restart(slot.marks()[-1])
        slot.open(10_000)
        slot.pay(slot.coins[0])
        slot.expect(slot.coins[0])

    def test_the_first_terminal_ever_credits_nothing_of_the_time_before_it(self, slot: AcceptorBench) -> None:
        if not slot.can(Cannot.COUNT):
            return
        slot.open(10_000)
        slot.pay(*slot.coins)
        slot.restart("")
        slot.inbox.wait(lambda _: slot.marks(), 60, "its first mark")
        slot.open(10_000)
        slot.pay(slot.coins[1])
        slot.expect(slot.coins[1])

    def test_a_mark_of_something_else_is_none(self, bench: AcceptorBench) -> None:
        if not bench.can(Cannot.COUNT):
            return
        bench.start("some other driver 17")
        bench.open(10_000)
        bench.pay(bench.coins[0])
        bench.expect(bench.coins[0])

    def test_every_coin_it_took_is_on_the_books_once_whatever_happens(self, slot: AcceptorBench) -> None:
        if not slot.can(Cannot.COUNT):
            return
        chance = random.Random(SEED)
        books: list[int] = []
        mark = ""  # the last one on the books
        for _ in range(slot.storms):
            slot.open(10_000)
            untold = len(slot.taken) - len(books)
            slot.pay(*chance.choices(slot.coins, k=chance.randint(0, slot.remembers - untold)))
            if chance.random() < 0.3:
                slot.lose()
                slot.bring_back()
            # A terminal is killed with so much of what it was told on its books, and no more.
            told = slot.told()
            done = told[: chance.randrange(len(told) + 1)]
            books += [event.amount for event in done if isinstance(event, CoinInserted)]
            mark = done[-1].mark if done else mark
            if not mark:
                slot.taken.clear()  # not even its first mark is on the books: it is a new device once more
            slot.restart(mark)
        slot.inbox.wait(lambda _: books + slot.amounts() == slot.taken, 60, f"{slot.taken}")
        assert slot.told(CoinUnrecognised) == []

    # -- its end -----------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("when", ["idle", "open", "paid", "lost"])
    def test_stop_leaves_it_inhibited_and_tells_nothing_more(self, slot: AcceptorBench, when: str) -> None:
        if when != "idle":
            slot.open(10_000)
        if when == "paid":
            slot.pay(slot.coins[0])
        if when == "lost":
            slot.lose()
        slot.device.stop()
        assert not slot.device._thread.is_alive()
        if when != "lost":
            assert slot.inhibited()
            assert not slot.coin(slot.coins[1])
        assert slot.amounts() == ([slot.coins[0]] if when == "paid" else [])

    def test_a_technician_can_listen(self, slot: AcceptorBench) -> None:
        if not slot.can(Cannot.HEAR):
            return
        slot.open(10_000)
        slot.pay(slot.coins[0])
        assert any(traffic.way == ">" and traffic.raw and traffic.meaning for traffic in slot.heard)
        assert any(traffic.way == "<" and traffic.raw and traffic.meaning for traffic in slot.heard)
