"""What every vending machine's driver keeps to: one body of tests, run on each of them by a small bench.

Above all: a piece that physically came out is a release that ended DONE or UNKNOWN, never FAILED; and nothing
comes out that was not approved.
"""

from __future__ import annotations

import pytest

from terminal.core.catalogue import Product
from terminal.core.events import Ended, Health, ReleaseEnded
from terminal.core.machine import (
    CashSold,
    MachineEnabled,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)
from tests.drivers.machine_bench import NAME, PRICE, Cannot, MachineBench


class MachineContract:
    """The body. A subclass gives the fixture ``fresh``: a bench, not started, closed at the end."""

    @pytest.fixture
    def fresh(self) -> MachineBench:
        """Give the bench."""
        raise NotImplementedError

    @pytest.fixture
    def bench(self, fresh: MachineBench) -> MachineBench:
        """Give the bench with its machine at work."""
        fresh.start()
        return fresh

    # -- selling -----------------------------------------------------------------------------------------------

    def test_selection_first(self, bench: MachineBench) -> None:
        bench.choose()
        assert bench.given() == 0
        assert bench.ended(bench.release()) == ReleaseEnded("r1", Ended.DONE)
        bench.expect(SessionEnded(NAME))
        assert bench.given() == 1
        assert bench.events(MachineEnabled, VendRequested, VendCancelled) == [
            MachineEnabled(NAME, True),
            VendRequested(NAME, "5", PRICE),
        ]

    def test_card_first(self, bench: MachineBench) -> None:
        bench.begin(1000)
        bench.choose()
        assert bench.ended(bench.release()).ended is Ended.DONE
        bench.expect(SessionEnded(NAME))
        bench.free()
        bench.begin(None)
        bench.choose(item=7, price=20)
        assert bench.ended(bench.release(20)).ended is Ended.DONE
        assert bench.given() == 2

    def test_many_sales_one_after_the_other(self, bench: MachineBench) -> None:
        for number in range(1, 11):
            bench.choose(price=10 * number, item=number)
            assert bench.ended(bench.release(10 * number)).ended is Ended.DONE
            bench.free()
        assert bench.given() == 10

    @pytest.mark.parametrize("card_first", [False, True])
    def test_a_denied_vend_gives_out_nothing_and_the_next_one_works(
        self, bench: MachineBench, *, card_first: bool
    ) -> None:
        if card_first:
            bench.begin()
        bench.choose()
        bench.device.deny()
        bench.until(bench.in_session if card_first else bench.ready, "the end of the vend")
        late = bench.ended(bench.release())
        assert late.ended is Ended.FAILED
        bench.choose(price=20)
        assert bench.ended(bench.release(20)).ended is Ended.DONE
        assert bench.given() == 1

    def test_a_piece_that_does_not_come_out_has_failed(self, bench: MachineBench) -> None:
        bench.by_hand()
        bench.choose()
        release = bench.release()
        bench.until(bench.approved, "the approval")
        bench.hand("fail")
        answer = bench.ended(release)
        assert answer.ended is Ended.FAILED
        assert answer.words
        assert bench.given() == 0
        bench.free()
        bench.choose()
        assert bench.inbox.of(VendCancelled) == []

    def test_a_cancelled_choice_is_told_and_cannot_be_approved(self, bench: MachineBench) -> None:
        bench.choose()
        bench.hand("cancel")
        bench.expect(VendCancelled(NAME))
        assert bench.ended(bench.release()).ended is Ended.FAILED
        bench.free()
        assert bench.given() == 0

    def test_another_price_than_was_asked_is_never_approved(self, bench: MachineBench) -> None:
        bench.choose(price=PRICE)
        answer = bench.ended(bench.release(PRICE - 10))
        assert answer.ended is Ended.FAILED
        assert str(PRICE) in answer.words
        bench.free()
        assert bench.given() == 0
        bench.choose(price=PRICE)
        assert bench.ended(bench.release(PRICE)).ended is Ended.DONE

    def test_nothing_is_given_out_that_was_not_asked_for(self, bench: MachineBench) -> None:
        assert bench.ended(bench.release()).ended is Ended.FAILED
        bench.choose()
        first = bench.release()
        assert bench.ended(first).ended is Ended.DONE
        assert bench.ended(bench.release()).ended is Ended.FAILED
        assert bench.given() == 1

    def test_the_same_release_is_never_done_twice(self, bench: MachineBench) -> None:
        bench.choose()
        release = bench.release()
        assert bench.ended(release).ended is Ended.DONE
        bench.free()
        bench.choose()
        with pytest.raises(ValueError, match=release):
            bench.device.release(release, Product("piece", "A piece", PRICE))
        assert bench.given() == 1

    def test_a_second_release_while_one_is_under_way_fails(self, bench: MachineBench) -> None:
        bench.by_hand()
        bench.choose()
        first = bench.release()
        bench.until(bench.approved, "the approval")
        assert bench.ended(bench.release()).ended is Ended.FAILED
        bench.hand("succeed")
        assert bench.ended(first).ended is Ended.DONE
        assert bench.given() == 1

    # -- sessions ----------------------------------------------------------------------------------------------

    def test_the_terminal_ends_a_session(self, bench: MachineBench) -> None:
        bench.begin()
        bench.device.end()
        bench.expect(SessionEnded(NAME))
        bench.free()

    def test_the_terminal_ends_a_session_with_a_choice_that_waits(self, bench: MachineBench) -> None:
        bench.begin()
        bench.choose()
        bench.device.end()
        bench.expect(SessionEnded(NAME))
        assert bench.ended(bench.release()).ended is Ended.FAILED
        bench.free()
        assert bench.given() == 0

    def test_the_machine_ends_a_session(self, bench: MachineBench) -> None:
        bench.begin()
        bench.hand("end_session")
        bench.expect(SessionEnded(NAME))
        bench.free()

    def test_an_end_while_a_piece_is_coming_waits_for_it(self, bench: MachineBench) -> None:
        bench.by_hand()
        bench.begin()
        bench.choose()
        release = bench.release()
        bench.device.end()
        bench.until(bench.approved, "the approval")
        bench.hand("succeed")
        assert bench.ended(release).ended is Ended.DONE
        bench.expect(SessionEnded(NAME))
        bench.free()

    def test_a_begin_that_the_machine_does_not_want_is_answered_by_its_end(self, bench: MachineBench) -> None:
        bench.hand("disable")
        bench.expect(MachineEnabled(NAME, False))
        bench.device.begin(500)
        bench.expect(SessionEnded(NAME))
        bench.hand("enable")
        bench.expect(MachineEnabled(NAME, True), 2)
        bench.begin()

    def test_orders_that_nothing_waits_for_do_nothing(self, bench: MachineBench) -> None:
        bench.device.deny()
        bench.device.end()
        bench.device.revalue(True)
        assert bench.ended(bench.release()).ended is Ended.FAILED
        bench.choose()
        assert bench.ended(bench.release()).ended is Ended.DONE
        assert bench.revalues() == []

    # -- what else a machine says ------------------------------------------------------------------------------

    @pytest.mark.parametrize("granted", [True, False])
    def test_a_revalue_is_asked_for_and_answered(self, bench: MachineBench, *, granted: bool) -> None:
        bench.begin()
        bench.hand("revalue", amount=500)
        bench.expect(RevalueRequested(NAME, 500))
        bench.device.revalue(granted)
        bench.until(lambda: bench.revalues() == [(500, granted)], "the answer")
        bench.until(bench.in_session, "the session to go on")

    def test_a_cash_sale_is_told(self, bench: MachineBench) -> None:
        if Cannot.TELL_CASH_SALES in bench.cannot:
            with pytest.raises(ValueError, match="cash"):
                bench.hand("cash_sale", item=9, price=80)
            return
        bench.hand("cash_sale", item=9, price=80)
        bench.expect(CashSold(NAME, "9", 80))

    def test_a_piece_without_an_approval_is_trouble_and_no_sale(self, bench: MachineBench) -> None:
        bench.hand("give_away", item=3)
        words = bench.health(Health.DEGRADED)
        assert "without an approval" in words
        assert bench.events(ReleaseEnded) == []

    # -- in every state: reset, disable, loss ------------------------------------------------------------------

    @pytest.mark.parametrize("state", ["enabled", "session", "asked", "approved", "given", "revalue"])
    @pytest.mark.parametrize("what", ["reset", "loss"])
    def test_a_reset_or_a_loss_in_every_state(self, bench: MachineBench, state: str, what: str) -> None:
        release = self._reach(bench, state)
        given = bench.given()
        if what == "reset":
            bench.hand("reset")
        else:
            bench.lose()
        bench.expect(MachineEnabled(NAME, False))
        if state != "enabled":
            bench.expect(SessionEnded(NAME))
        assert bench.inbox.of(VendCancelled) == ([VendCancelled(NAME)] if state == "asked" else [])
        if release:
            answer = bench.ended(release)
            assert answer.ended is Ended.UNKNOWN
            assert answer.words
        if what == "loss":
            assert bench.ended(bench.release()).ended is Ended.FAILED
            bench.device.begin(100)
            bench.health(Health.MISSING)
            bench.bring_back()
            bench.health(Health.OK)
        bench.expect(MachineEnabled(NAME, True), 2)
        if state == "asked":
            assert bench.ended(bench.release()).ended is Ended.FAILED
        bench.free()
        assert bench.given() == given
        bench.by_hand(yes=False)
        bench.choose(price=30)
        assert bench.ended(bench.release(30)).ended is Ended.DONE
        assert bench.given() == given + 1

    @pytest.mark.parametrize("state", ["session", "asked", "approved"])
    def test_a_machine_that_is_disabled_finishes_what_is_under_way(
        self, bench: MachineBench, state: str
    ) -> None:
        release = self._reach(bench, state)
        bench.hand("disable")
        if state == "session":
            bench.hand("end_session")
        if state == "asked":
            release = bench.release()
            bench.until(bench.approved, "the approval")
        if release:
            bench.hand("succeed")
            assert bench.ended(release).ended is Ended.DONE
        bench.expect(SessionEnded(NAME))
        bench.expect(MachineEnabled(NAME, False))
        bench.device.begin(500)
        bench.expect(SessionEnded(NAME), 2)

    @pytest.mark.parametrize("state", ["enabled", "session", "asked", "approved", "given", "revalue"])
    def test_stop_in_every_state(self, bench: MachineBench, state: str) -> None:
        release = self._reach(bench, state)
        bench.device.stop()
        assert not bench.device._thread.is_alive()
        if release:
            assert bench.ended(release).ended is Ended.UNKNOWN
        assert bench.ended(bench.release()).ended is Ended.FAILED
        enabled = bench.events(MachineEnabled)
        assert enabled == [MachineEnabled(NAME, True), MachineEnabled(NAME, False)]
        assert bench.given() == (1 if state == "given" else 0)

    def test_a_machine_that_is_not_there_at_first_is_missing_until_it_comes(self, fresh: MachineBench) -> None:
        fresh.lose()
        fresh.device.start()
        assert fresh.health(Health.MISSING)
        assert fresh.ended(fresh.release()).ended is Ended.FAILED
        fresh.bring_back()
        fresh.health(Health.OK)
        fresh.expect(MachineEnabled(NAME, True))
        fresh.choose()
        assert fresh.ended(fresh.release()).ended is Ended.DONE

    def _reach(self, bench: MachineBench, state: str) -> str:
        """Bring the machine into *state*; return the release that is under way, if any."""
        bench.by_hand()
        if state in ("session", "revalue"):
            bench.begin()
        if state == "revalue":
            bench.hand("revalue", amount=500)
            bench.expect(RevalueRequested(NAME, 500))
        if state not in ("asked", "approved", "given"):
            return ""
        bench.choose()
        if state == "asked":
            return ""
        release = bench.release()
        bench.until(bench.approved, "the approval")
        if state == "given":
            bench.hand("silent")
        return release
