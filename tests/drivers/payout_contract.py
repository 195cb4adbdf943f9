"""What everything that pays money out keeps to: one body of tests, run on each of them by a small bench.

    class HopperBench(PayoutBench):
        def make(self, emit): ...
        ...

    class TestContract(PayoutContract):
        @pytest.fixture
        def bench(self, tmp_path):
            with closing(HopperBench(tmp_path)) as bench:
                yield bench

The bench knows what physically fell. Whatever is told must agree with that: DONE says exactly what fell, FAILED
that nothing did, UNKNOWN at most what did.
"""

from __future__ import annotations

import random

import pytest

from terminal.core.events import DeviceChanged, Ended, Health, PayoutEnded
from tests.drivers.payout_bench import COINS, PayoutBench
from tests.support.seed import SEED
from tests.support.waiting import Inbox, wait_until


class PayoutContract:
    """The body. A subclass gives the fixture ``bench``: made, not started, closed at the end."""

    @pytest.fixture
    def bench(self) -> PayoutBench:
        """Give the bench."""
        raise NotImplementedError

    @pytest.fixture
    def full(self, bench: PayoutBench) -> PayoutBench:
        """Give a bench with plenty of coins that works."""
        bench.fill(50)
        bench.start()
        return bench

    # -- what is paid ------------------------------------------------------------------------------------------

    def test_it_pays_exactly_what_was_ordered(self, full: PayoutBench) -> None:
        for number, coins in enumerate((1, 3, 3, 2)):
            before = full.fallen()
            payout = f"order-{number}"
            assert full.pay(coins, payout) == PayoutEnded(payout, Ended.DONE, coins * full.coin)
            assert full.fallen() - before == coins * full.coin
        assert full.orders() == 4

    def test_only_whole_coins_are_paid(self, full: PayoutBench) -> None:
        mark = full.count("more")
        full.device.pay_out("more", 2 * full.coin + full.coin // 2, mark)
        assert full.ended("more") == PayoutEnded("more", Ended.DONE, 2 * full.coin)
        mark = full.count("less")
        full.device.pay_out("less", full.coin - 1, mark)
        told = full.ended("less")
        assert (told.ended, told.paid) == (Ended.FAILED, 0)
        assert told.words
        assert full.fallen() == 2 * full.coin

    def test_what_runs_empty_pays_less_and_says_how_much(self, bench: PayoutBench) -> None:
        bench.fill(2)
        bench.start()
        told = bench.pay(5)
        assert (told.ended, told.paid) == (Ended.DONE, 2 * bench.coin)
        assert told.words
        assert bench.fallen() == 2 * bench.coin
        told = bench.pay(3)
        assert (told.ended, told.paid) == (Ended.FAILED, 0)
        assert told.words
        bench.fill(10)
        assert bench.pay(3).paid == 3 * bench.coin
        assert bench.fallen() == 5 * bench.coin

    # -- when nothing is paid ----------------------------------------------------------------------------------

    def test_it_never_pays_at_another_mark(self, full: PayoutBench) -> None:
        old = full.count("old")
        assert full.pay(2).paid == 2 * full.coin
        full.count("another")  # it is ready to pay
        full.device.pay_out("old", 2 * full.coin, old)
        told = full.ended("old")
        assert (told.ended, told.paid) == (Ended.FAILED, 0)
        assert told.words
        for number, mark in enumerate(("", "no mark", old[:-1])):
            full.device.pay_out(f"strange-{number}", full.coin, mark)
            assert full.ended(f"strange-{number}").ended is Ended.FAILED
        assert full.fallen() == 2 * full.coin
        assert full.orders() == 1

    def test_an_order_is_never_carried_out_again(self, full: PayoutBench) -> None:
        assert full.pay(1, "once").paid == full.coin
        with pytest.raises(ValueError, match="payout once was ordered before"):
            full.device.pay_out("once", full.coin, "")
        assert full.pay(1).paid == full.coin
        assert full.orders() == 2

    def test_what_is_not_there_pays_nothing(self, full: PayoutBench) -> None:
        mark = full.count("lost")
        full.lose()
        full.missing()
        full.device.pay_out("lost", full.coin, mark)
        full.device.count("counted")
        for payout in ("lost", "counted"):
            told = full.ended(payout)
            assert (told.ended, told.paid) == (Ended.FAILED, 0)
            assert told.words
        full.bring_back()
        full.working()
        assert full.fallen() == 0
        assert full.pay(2).paid == 2 * full.coin

    # -- lost, and without power -------------------------------------------------------------------------------

    @pytest.mark.parametrize("after", [0, 1, COINS])
    def test_what_is_unplugged_while_it_pays_tells_when_it_is_back(self, full: PayoutBench, after: int) -> None:
        assert full.pay(1, "before").paid == full.coin
        mark = full.count("payout")
        full.unplug_after(after)
        full.device.pay_out("payout", COINS * full.coin, mark)
        wait_until(full.gone, what="the plug to be out")
        full.bring_back()
        assert full.ended("payout") == PayoutEnded("payout", Ended.DONE, COINS * full.coin)
        assert full.fallen() == (COINS + 1) * full.coin
        assert full.orders() == 2

    @pytest.mark.parametrize("same", [False, True])
    @pytest.mark.parametrize("after", [0, 1, COINS])
    def test_a_power_cut_while_it_pays_is_told_right(
        self, full: PayoutBench, after: int, *, same: bool
    ) -> None:
        before = full.pay(COINS if same else 1).paid
        mark = full.count("payout")
        full.cut_power_after(after)
        full.device.pay_out("payout", COINS * full.coin, mark)
        wait_until(full.gone, what="the power to be gone")
        full.bring_back()
        full.agree(full.ended("payout"), full.fallen() - before)
        assert full.fallen() - before == after * full.coin
        full.working()
        assert full.pay(2).paid == 2 * full.coin

    def test_nobody_can_tell_of_what_does_not_come_back(self, bench: PayoutBench) -> None:
        bench.back_s = 0
        bench.fill(10)
        bench.start()
        mark = bench.count("payout")
        bench.unplug_after(1)
        bench.device.pay_out("payout", COINS * bench.coin, mark)
        told = bench.ended("payout")
        assert told.ended is Ended.UNKNOWN
        assert told.words
        assert told.paid <= COINS * bench.coin
        bench.missing()
        bench.bring_back()
        bench.working()
        assert bench.pay(1).paid == bench.coin
        assert bench.fallen() == (COINS + 1) * bench.coin

    # -- killed ------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("after", [0, 1, COINS])
    def test_killed_while_it_pays_the_next_driver_tells(self, full: PayoutBench, after: int) -> None:
        assert full.pay(COINS).paid == COINS * full.coin
        mark = full.count("payout")
        full.unplug_after(after)
        full.device.pay_out("payout", COINS * full.coin, mark)
        wait_until(full.gone, what="the plug to be out")
        full.missing()
        full.kill()
        full.bring_back()
        full.start()
        full.agree(full.tell("payout", COINS, mark), COINS * full.coin)
        assert full.fallen() == 2 * COINS * full.coin
        assert full.orders() == 2

    @pytest.mark.parametrize("same", [False, True])
    @pytest.mark.parametrize("after", [0, 1, COINS])
    def test_killed_and_without_power_the_next_driver_tells(
        self, full: PayoutBench, after: int, *, same: bool
    ) -> None:
        before = full.pay(after if same and after else 1).paid
        mark = full.count("payout")
        full.cut_power_after(after)
        full.device.pay_out("payout", COINS * full.coin, mark)
        wait_until(full.gone, what="the power to be gone")
        full.missing()
        full.kill()
        full.bring_back()
        full.start()
        full.agree(full.tell("payout", COINS, mark), full.fallen() - before)
        assert full.fallen() - before == after * full.coin
        assert full.orders() == 2

    def test_a_payout_that_never_began_is_told_as_failed(self, full: PayoutBench) -> None:
        assert full.pay(2).paid == 2 * full.coin
        assert full.pay(1).paid == full.coin
        mark = full.count("never")
        full.lose()
        full.missing()
        full.kill()
        full.bring_back()
        full.start()
        told = full.tell("never", COINS, mark)
        assert (told.ended, told.paid) == (Ended.FAILED, 0)
        assert told.words
        assert full.fallen() == 3 * full.coin

    def test_telling_waits_until_the_device_is_there(self, full: PayoutBench) -> None:
        assert full.pay(1).paid == full.coin
        mark = full.count("payout")
        full.unplug_after(1)
        full.device.pay_out("payout", COINS * full.coin, mark)
        wait_until(full.gone, what="the plug to be out")
        full.missing()
        full.kill()
        full.back_s = 0  # that is for payouts that this driver ordered
        full.device.start()
        full.device.tell_payout("payout", COINS * full.coin, mark)
        full.missing()
        assert all(each.payout != "payout" for each in full.inbox.of(PayoutEnded))
        full.bring_back()
        full.agree(full.ended("payout"), COINS * full.coin)

    def test_telling_pays_nothing_and_leaves_the_device_ready(self, full: PayoutBench) -> None:
        mark = full.count("payout")
        full.device.pay_out("payout", COINS * full.coin, mark)
        assert full.ended("payout").paid == COINS * full.coin
        full.end()
        full.inbox = Inbox()
        full.start()
        full.agree(full.tell("payout", COINS, mark), COINS * full.coin)
        told = full.tell("strange", COINS, "no mark")
        assert (told.ended, told.paid) == (Ended.UNKNOWN, 0)
        assert full.pay(1).paid == full.coin
        assert full.fallen() == (COINS + 1) * full.coin

    # -- stopped -----------------------------------------------------------------------------------------------

    def test_stopped_while_it_pays_it_stops_and_tells(self, full: PayoutBench) -> None:
        full.slow()
        mark = full.count("payout")
        full.device.pay_out("payout", 40 * full.coin, mark)
        wait_until(lambda: full.fallen() >= 2 * full.coin, what="two coins")
        full.device.stop()
        told = full.ended("payout")
        assert told.ended is Ended.DONE
        assert told.paid == full.fallen() < 40 * full.coin
        assert told.words
        assert not full.device._thread.is_alive()

    def test_stopped_it_refuses(self, full: PayoutBench) -> None:
        mark = full.count("late")
        full.device.stop()
        full.device.pay_out("late", full.coin, mark)
        full.device.count("later")
        assert full.ended("late").ended is Ended.FAILED
        assert full.ended("later").ended is Ended.FAILED
        assert full.fallen() == 0

    # -- all of it ---------------------------------------------------------------------------------------------

    def test_random_stories_never_pay_twice_and_are_told_right(self, full: PayoutBench) -> None:
        dice = random.Random(SEED)
        for number in range(full.stories):
            payout, coins, after = f"story-{number}", dice.randint(1, 4), dice.randint(0, 4)
            before, orders, mark = full.fallen(), full.orders(), full.count(payout)
            what = dice.choice(["well", "unplugged", "cut", "unplugged, killed", "cut, killed"])
            after = min(after, coins)
            if what.startswith("unplugged"):
                full.unplug_after(after)
            elif what.startswith("cut"):
                full.cut_power_after(after)
            full.device.pay_out(payout, coins * full.coin, mark)
            if what != "well":
                wait_until(full.gone, what=f"{what} (seed {SEED})")
            if what.endswith("killed"):
                full.missing()
                full.kill()
            if what != "well":
                full.bring_back()
            if what.endswith("killed"):
                full.start()
                full.device.tell_payout(payout, coins * full.coin, mark)
            told, fell = full.ended(payout), full.fallen() - before
            full.agree(told, fell)
            assert fell == (after if what.startswith("cut") else coins) * full.coin, (told, what, SEED)
            assert full.orders() == orders + 1
            full.working()
            full.fill(coins)

    def test_every_loss_is_told_in_words(self, full: PayoutBench) -> None:
        full.lose()
        full.missing()
        full.bring_back()
        full.working()
        changes = full.inbox.of(DeviceChanged)
        assert [change.health for change in changes if change.health is Health.MISSING] == [Health.MISSING]
        assert all(change.words for change in changes if change.health is not Health.OK)
