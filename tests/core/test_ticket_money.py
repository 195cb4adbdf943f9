"""Money, codes and paper of the ticket kiosk, whatever guests, devices, servers and the power do.

Two ways to look for what nobody thought of: hypothesis chooses each step (and finds the shortest way to a
mistake), and evenings by chance are long. EVENINGS=n lives so many for each kind of kiosk.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from terminal.core.delivery import Outcome
from terminal.core.events import CashStepTold, EmptyingAsked, Ended, Health, StopAsked
from terminal.core.facts import CashKind
from terminal.core.ticket_state import Phase
from tests.core.kiosk import Kiosk
from tests.core.kiosk_life import COINS, JOBS, evening
from tests.core.making import OTHER, STAFF, UID

EVENINGS = int(os.environ.get("EVENINGS", "20"))
SERVED = (Phase.READY, Phase.CHOOSING, Phase.SHOWING)


def _at(*phases: Phase):
    return precondition(lambda self: self.kiosk.sale.phase in phases)


class KioskMachine(RuleBasedStateMachine):
    """Every step is looked at by the watch; at the end all trouble ends, and everything must add up."""

    kiosk: Kiosk

    @initialize(name=st.sampled_from(sorted(JOBS)))
    def begin(self, name: str) -> None:
        self.kiosk = Kiosk(JOBS[name])

    # -- guests and staff ------------------------------------------------------------------------------

    @_at(*SERVED)
    @rule(button=st.sampled_from(["4", "9", "3", "mug", "guest", "-4", "receipt"]))
    def choose(self, button: str) -> None:
        self.kiosk.press(button)

    @_at(Phase.CHOOSING)
    @rule()
    def confirm(self) -> None:
        self.kiosk.press("confirm")

    @rule()
    def cancel(self) -> None:
        self.kiosk.press("cancel")

    @_at(Phase.PAYING)
    @rule(amount=st.sampled_from(COINS), lost=st.sampled_from([False] * 9 + [True]))
    def insert(self, amount: int, lost: bool) -> None:  # noqa: FBT001 - drawn
        self.kiosk.insert(amount, lost=lost)

    @rule(amount=st.sampled_from(COINS))
    def late_coin(self, amount: int) -> None:
        self.kiosk.coin(amount)

    @rule(uid=st.sampled_from([UID, OTHER, STAFF]))
    def tap(self, uid: str) -> None:
        self.kiosk.tap(uid)

    @rule(off_by=st.sampled_from([0, 0, 50]))
    def card(self, off_by: int) -> None:
        self.kiosk.card(off_by=off_by)

    @rule()
    def empty_the_box(self) -> None:
        self.kiosk.happen(EmptyingAsked("slot", "M. Muster"))

    # -- answers ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.kiosk.reads)
    @rule(balance=st.sampled_from([None, 90, 400, 5_000]), cached=st.sampled_from([None, 2_000]))
    def wallet(self, balance: int | None, cached: int | None) -> None:
        self.kiosk.wallet(balance, cached=cached)

    @precondition(lambda self: self.kiosk.deliveries)
    @rule(outcome=st.sampled_from(Outcome), lost=st.sampled_from([False] * 9 + [True]))
    def deliver(self, outcome: Outcome, lost: bool) -> None:  # noqa: FBT001 - drawn
        self.kiosk.deliver(outcome, lost=lost)

    @precondition(lambda self: self.kiosk.printing)
    @rule(ended=st.sampled_from(Ended), torn=st.booleans())
    def printer(self, ended: Ended, torn: bool) -> None:  # noqa: FBT001 - drawn
        self.kiosk.printer(ended, torn=torn)

    @precondition(lambda self: self.kiosk.payouts)
    @rule(ended=st.sampled_from([Ended.DONE, *Ended]), share=st.integers(0, 4))
    def hopper(self, ended: Ended, share: int) -> None:
        self.kiosk.hopper(ended, share)

    # -- time, devices, power --------------------------------------------------------------------------

    @rule()
    def time(self) -> None:
        self.kiosk.time()

    @rule(ms=st.sampled_from([100, 2_000, 30_000]))
    def pause(self, ms: int) -> None:
        self.kiosk.pass_ms(ms)

    @rule(
        name=st.sampled_from(["paper", "slot", "hopper"]),
        health=st.sampled_from([Health.OK, Health.OK, *Health]),
    )
    def health(self, name: str, health: Health) -> None:
        self.kiosk.health(name, health)

    @rule(step=st.sampled_from([0, 70, 100]))
    def rounding(self, step: int) -> None:
        self.kiosk.happen(CashStepTold(step))

    @rule()
    def disk_full(self) -> None:
        self.kiosk.disk_full()

    @precondition(lambda self: self.kiosk.full)
    @rule()
    def disk_free(self) -> None:
        self.kiosk.disk_free()

    @rule(printed=st.booleans(), paid=st.sampled_from([0, 50, 10_000]))
    def power_cut(self, printed: bool, paid: int) -> None:  # noqa: FBT001 - drawn
        self.kiosk.power_cut(printed=printed, paid=paid)

    @rule()
    def stop(self) -> None:
        self.kiosk.happen(StopAsked())
        self.kiosk.power_cut()

    def teardown(self) -> None:
        if hasattr(self, "kiosk"):
            self.kiosk.settle()


TestMoneyOfTickets = KioskMachine.TestCase
TestMoneyOfTickets.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("name", JOBS)
def test_evenings_at_the_kiosk(name: str) -> None:
    seen: Counter[str] = Counter()
    for seed in range(EVENINGS):
        try:
            kiosk = evening(JOBS[name], seed)
        except BaseException as error:
            error.add_note(f"again: evening(JOBS[{name!r}], {seed})")
            raise
        watch = kiosk.watch
        seen += Counter(
            sales=len(watch.sales), wallets=len(watch.used), cards=len(watch.cards), cuts=kiosk.cuts
        )
        seen["copies"] += sum(copy for _, copy, _ in kiosk.paper)
        seen["payouts"] += len(watch.payouts)
        seen["returned"] += watch.moved[CashKind.RETURNED]
        seen["doubted"] += watch.doubted
        seen["rounded"] += sum(bool(sale.rounding) for sale in watch.sales.values())
    # It was worth looking at.
    hoppers = ("payouts", "returned", "doubted") if JOBS[name].cash.payouts else ()
    rounding = ("rounded",) if name in ("rounding", "told", "small coins") else ()
    for what in ("sales", "wallets", "cards", "cuts", "copies", *hoppers, *rounding):
        assert seen[what] >= EVENINGS // 4, f"{what}: {seen[what]}"
