"""Money that is left at the ticket kiosk: change, or the coins of a sale that was given up.

    RETURNING   a hopper or changer pays it out (payback.py)
    CREDITING   it waits for a token, and is credited to it

The operator's ways are tried in their order; what none of them took is on the books for a person, with a
voucher for the guest where that is one of the ways. What nobody can tell is before a person at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from terminal.core import coins, printing
from terminal.core.decision import Around, Decision, Ids, Wanted
from terminal.core.effects import CloseSlot, Notice, ReadWallet, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    StopAsked,
    TimePassed,
    TokenPresented,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import Fact
from terminal.core.job import Job
from terminal.core.payback import Payback, PaysBack, Step
from terminal.core.policy import Asked, Refused, may_fill, told
from terminal.core.records import OpenPayout
from terminal.core.slip import Slip
from terminal.core.stamp import Stamp
from terminal.core.ticket_paper import voucher_document
from terminal.core.ticket_rules import Way
from terminal.core.ticket_state import Made, Phase, TicketState
from terminal.core.tickets import Codes
from terminal.core.token import mask
from terminal.core.value import replace

_DOUBT = "Nobody can tell whether all your money came out. Please call the staff: it is written down."
_VOUCHER = "Please take the voucher and show it to the staff: your money is written down."
_KEPT = "Your money is written down. Please call the staff to get it back."


class GivingBack(PaysBack[TicketState]):
    """The rules about money that is left, for one terminal; issuing and ticketing have the others."""

    def __init__(self, job: Job, ids: Ids, codes: Codes) -> None:
        self.job = job
        self.rules = job.tickets
        self.ids = ids
        self.codes = codes
        self._payback = Payback(job, ids)

    def possible(self, ways: Sequence[str], around: Around) -> bool:
        """Return whether money could be given back now by one of *ways*."""
        return bool(
            ("payout" in ways and self._payback.payers(around))
            or ("credit" in ways and self.job.wallet)
            or ("voucher" in ways and not printing.ready(self.job, around))
            or "keep" in ways
        )

    def give_back(  # noqa: PLR0917 - one caller's values, handed on
        self,
        state: TicketState,
        ways: tuple[Way, ...],
        after: Screen,
        around: Around,
        facts: tuple[Fact, ...] = (),
        prints: tuple[Wanted, ...] = (),
    ) -> Made:
        """Give back what is in the purse, by *ways* in their order; then show *after*."""
        state = replace(state, ways=ways, after=after, share=None, picks=(), products=(), purchase=None)
        return self._next_way(state, around, facts, prints)

    def _next_way(
        self,
        state: TicketState,
        around: Around,
        facts: tuple[Fact, ...] = (),
        prints: tuple[Wanted, ...] = (),
    ) -> Made:
        purse = state.purse
        if purse is None:
            return self._given(state, around, facts, prints)
        way = state.ways[0] if state.ways else None
        rest = replace(state, ways=state.ways[1:])
        if way == "payout" and not around.stopping and self._payback.payers(around):
            screen = replace(state.after or state.screen, notice=Notice.RETURNING, amount=purse.amount)
            first = (CloseSlot(), Show(screen))
            step = self._payback.begin(purse, around)
            made = self._went(replace(rest, phase=Phase.RETURNING, screen=screen), step, around, first)
            return replace(made, facts=(*facts, *made.facts), prints=(*prints, *made.prints))
        if way == "credit" and not around.stopping and self.job.wallet:
            screen = Screen(Notice.COINS_WAITING, amount=purse.amount)
            wake_ms = around.now.mono_ms + self.rules.credit_s * 1000
            waits = replace(rest, phase=Phase.CREDITING, screen=screen, wake_ms=wake_ms, asked=None)
            return Decision(waits, facts, (CloseSlot(), Show(screen)), prints)
        if way is not None and way != "voucher":
            return self._next_way(rest, around, facts, prints)
        key = self.ids.key()
        kept = coins.leave_unclaimed(self.job, purse, key, "It could not be given back at the kiosk.")
        paper = (voucher(self.job, purse.amount, key, around.now),) if way == "voucher" else ()
        words = _VOUCHER if paper else _KEPT
        shown = state.after or Screen(Notice.COIN_KEPT)
        if not paper:
            shown = replace(shown, notice=Notice.COIN_KEPT, amount=purse.amount)
        shown = replace(shown, words=f"{shown.words} {words}".strip())
        state = replace(state, purse=None, after=shown)
        return self._given(state, around, (*facts, *kept), (*prints, *paper))

    def _given(
        self, state: TicketState, around: Around, facts: tuple[Fact, ...], prints: tuple[Wanted, ...]
    ) -> Made:
        """All money is where it belongs: show how it ended."""
        after = state.after or Screen(Notice.CANCELLED)
        return self.showing(state, around, after, facts, paper=state.slip, prints=prints)

    def showing(
        self,
        state: TicketState,
        around: Around,
        screen: Screen,
        facts: tuple[Fact, ...] = (),
        *,
        paper: Slip | None = None,
        prints: tuple[Wanted, ...] = (),
    ) -> Made:
        """Show how it ended, for a while; *paper* is the receipt that its guest may have."""
        wake_ms = around.now.mono_ms + self.rules.show_s * 1000
        shown = TicketState(Phase.SHOWING, screen, wake_ms=wake_ms, slip=paper, answer=state.answer)
        return Decision(shown, facts, (CloseSlot(), Show(screen)), prints)

    # -- paying out ------------------------------------------------------------------------------------

    def tell(self, state: TicketState, payout: OpenPayout, around: Around) -> Made:
        """Go on after a restart with a payout whose end nobody saw: its device may know."""
        screen = Screen(Notice.RETURNING, amount=payout.amount)
        # Whoever waited for it has left or stands there: a voucher serves both.
        ways: tuple[Way, ...] = ("voucher",) if "voucher" in (*self.rules.refund, *self.rules.change) else ()
        state = replace(state, phase=Phase.RETURNING, screen=screen, ways=ways, after=Screen(Notice.RETURNED))
        step = self._payback.tell(state.purse, payout, around)
        return self._went(state, step, around, (CloseSlot(), Show(screen)))

    def _paid_back(self, state: TicketState, step: Step, around: Around) -> Made:
        """Say how it ended, and give the rest back by the ways that are left."""
        after = state.after or Screen(Notice.RETURNED)
        if step.doubtful:
            after = replace(after, notice=Notice.UNKNOWN, words=_DOUBT, amount=step.paid)
        elif after.notice in (Notice.CANCELLED, Notice.RETURNED) and step.paid:
            after = replace(after, notice=Notice.RETURNED, amount=step.paid)
        return self._next_way(replace(state, after=after), around, step.facts)

    # -- crediting -------------------------------------------------------------------------------------

    def credit_tapped(self, state: TicketState, event: TokenPresented, around: Around) -> Made:
        """A token wants the money that is left."""
        if state.asked is not None:
            return self.busy(state, event, around)
        wake_ms = around.now.mono_ms + self.rules.deadline_ms
        screen = replace(state.screen, notice=Notice.CHECKING, token=mask(event.uid))
        state = replace(state, asked=Asked(event.uid), wake_ms=wake_ms)
        return Decision(state, effects=(Show(screen), ReadWallet(event.uid, self.rules.deadline_ms)))

    def credit_remembered(self, state: TicketState, event: WalletRemembered, around: Around) -> Made:
        """The journal's knowledge of the token; the server's may follow."""
        asked = told(state.asked, event)
        return Decision(state if asked is None else replace(state, asked=asked))

    def credit_read(self, state: TicketState, event: WalletRead, around: Around) -> Made:
        """The server has answered in time."""
        asked = told(state.asked, event)
        return Decision(state) if asked is None else self._credit(replace(state, asked=asked), asked, around)

    def credit_late(self, state: TicketState, event: TimePassed, around: Around) -> Made:
        """The server has not answered in time, or nobody has presented a token."""
        if state.asked is not None:
            return self._credit(state, state.asked, around)
        return self._next_way(state, around)

    def credit_refused(self, state: TicketState, event: ButtonPressed, around: Around) -> Made:
        """`cancel`: the guest has no token for it."""
        if event.button != "cancel" or state.asked is not None:
            return Decision(state)
        return self._next_way(state, around)

    def credit_stopped(self, state: TicketState, event: StopAsked, around: Around) -> Made:
        """No token can come any more: the ways that are left follow at once."""
        return self._next_way(state, around)

    def _credit(self, state: TicketState, asked: Asked, around: Around) -> Made:
        verdict = may_fill(self.job.offline, self.job.topup, asked)
        if isinstance(verdict, Refused):
            screen = replace(state.screen, words=verdict.reason.value)
            wake_ms = around.now.mono_ms + self.rules.credit_s * 1000
            return Decision(replace(state, asked=None, screen=screen, wake_ms=wake_ms), effects=(Show(screen),))
        purse = state.purse
        if purse is None:
            return self._next_way(state, around)
        claimed, claim = coins.claim(purse, asked.token)
        facts = (*claim, *coins.credit(self.job, claimed, asked.token, self.ids.key()))
        after = state.after or Screen(Notice.CREDITED)
        if after.notice is not Notice.ISSUED:
            after = Screen(Notice.CREDITED, token=mask(asked.token), amount=purse.amount)
        return self._given(replace(state, purse=None, asked=None, after=after), around, facts, ())

    # -- in any phase ----------------------------------------------------------------------------------

    def busy(self, state: TicketState, event: TokenPresented, around: Around) -> Made:
        """A tap while something else is going on is answered, never swallowed."""
        words = "One moment please: a sale is under way."
        return Decision(state, effects=(Show(replace(state.screen, notice=Notice.BUSY, words=words)),))

    def keep_coin(self, state: TicketState, event: CoinInserted, around: Around) -> Made:
        """A coin that was on its way when the slot closed: it goes where the others go."""
        purse, facts = coins.put(state.purse, event, None, self.ids)
        return Decision(replace(state, purse=purse), facts)


def voucher(job: Job, amount: int, key: str, now: Stamp) -> Wanted:
    """Return the voucher for *amount* cents that the entry *key* keeps for a guest."""
    document = voucher_document(
        head=job.tickets.receipt,
        terminal=job.terminal,
        at=now,
        amount=amount,
        key=key,
        currency=job.currency,
        locale=job.locale,
        zone=job.zone,
    )
    return Wanted(f"{key}/voucher", key, document)
