"""A decided sale: charge, release, and what the customer is told. The second half of the job `vending`."""

from __future__ import annotations

from terminal.core.catalogue import Product, total
from terminal.core.decision import Around, Decision, Ids
from terminal.core.delivery import Outcome
from terminal.core.effects import DeliverNow, Effect, Notice, Release, Screen, Show
from terminal.core.events import CachedWallet, DeliveryEnded, Ended, ReleaseEnded, TimePassed, WalletAnswer
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryKind,
    Fact,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
)
from terminal.core.job import Job
from terminal.core.payload import Booked
from terminal.core.policy import Allowed, Asked, Refused, may_spend
from terminal.core.sale import Phase, Sale, VendingState, known_balance, masked
from terminal.core.settle import Given, settle
from terminal.core.value import replace

Made = Decision[VendingState]


class Selling:
    """The rules from the decision to buy on, for one terminal; vending.Vending has those before it."""

    def __init__(self, job: Job, ids: Ids) -> None:
        self.job = job
        self.rules = job.vending
        self.ids = ids

    def trouble(self, around: Around) -> str:
        """Return why nothing can be sold at the moment, for the guest; empty if it can."""
        if around.broken:
            return around.broken
        if not around.products:
            return "No products are known yet: the server was never reached. It is tried again and again."
        if self.rules.one_product and not self.only_product(around):
            return f"The product {self.rules.one_product!r} is not on the server's list. Please call the staff."
        if not any(self.works(product, around) for product in around.products):
            return "The machine does not answer. Please call the staff."
        return ""

    def works(self, product: Product, around: Around) -> bool:
        """Return whether the device that gives out *product* can be used."""
        return around.works(self._device(product))

    def _device(self, product: Product) -> str:
        named = self.rules.releases.get(str(product.id)) or self.rules.release
        return named or (self.job.releases[0] if self.job.releases else "")

    def ready(self, around: Around, effects: tuple[Effect, ...] = (), facts: tuple[Fact, ...] = ()) -> Made:
        """Wait for the next customer, showing what is sold or why nothing is."""
        trouble = self.trouble(around)
        screen = (
            Screen(Notice.OUT_OF_ORDER, trouble)
            if trouble
            else Screen(Notice.READY, products=self.offered(around))
        )
        return Decision(VendingState(screen=screen), facts, (*effects, Show(screen)))

    def offered(self, around: Around) -> tuple[Product, ...]:
        """Return what can be chosen on the terminal itself."""
        return around.products

    def farewell(self, state: VendingState) -> tuple[Effect, ...]:
        """Return what a machine is told when the journey *state* ends, however it does."""
        return ()

    def only_product(self, around: Around) -> tuple[Product, ...]:
        """Return the one product of a machine that sells only that, as a basket; else nothing."""
        return tuple(p for p in around.products if str(p.id) == self.rules.one_product)[:1]

    # -- the sale --------------------------------------------------------------------------------------

    def buy(self, state: VendingState, around: Around) -> Made:
        """Decide about the basket: everything that can say no says it here, before anything is written."""
        asked = state.asked or Asked("")
        if around.broken or not all(self.works(piece, around) for piece in state.basket):
            words = self.trouble(around) or "This product is not available at the moment."
            return self.refused(state, around, words)
        verdict = may_spend(self.job.offline, self.rules.overdraft, asked, total(state.basket))
        if isinstance(verdict, Refused):
            return self.refused(state, around, verdict.reason.value)
        sale = Sale(self.ids.key(), state.basket, verdict)
        debit = self._debit(sale.key, asked.token, state.basket)
        if self.rules.authorize == "charge" and verdict.confirmed:
            return self._charge(state, replace(sale, charged=True), debit, around)
        return self._release(replace(state, sale=sale), around, (debit,))

    def _debit(self, key: str, token: str, pieces: tuple[Product, ...]) -> EntryAdded:
        names = ", ".join(dict.fromkeys(piece.name for piece in pieces))
        return EntryAdded(
            key=key,
            kind=EntryKind.DEBIT,
            backend=self.job.wallet,
            token=token,
            amount=total(pieces),
            pieces=pieces,
            description=self.rules.description.replace("{products}", names)[:100],
            tag=self.rules.tag,
            held=True,
            payload=Booked(self.job.office) if self.job.office else None,
        )

    def _charge(self, state: VendingState, sale: Sale, debit: EntryAdded, around: Around) -> Made:
        screen = replace(state.screen, notice=Notice.CHECKING, amount=debit.amount, basket=sale.pieces)
        wake_ms = around.now.mono_ms + self.rules.deadline_ms
        state = replace(state, phase=Phase.CHARGING, screen=screen, wake_ms=wake_ms, sale=sale)
        return Decision(state, (debit,), (Show(screen), DeliverNow(sale.key)))

    def charge_ended(self, state: VendingState, event: DeliveryEnded, around: Around) -> Made:
        """The server has answered the debit in time."""
        sale = state.sale
        if sale is None or event.key != sale.key:
            return Decision(state)
        if event.outcome is Outcome.DELIVERED:
            available = (
                event.balance + total(sale.pieces) if event.balance is not None else sale.allowed.available
            )
            allowed = Allowed(confirmed=True, available=available, age_ms=0)
            return self._release(
                replace(state, sale=replace(sale, confirmed=True, allowed=allowed)), around, ()
            )
        if event.outcome is Outcome.REFUSED:
            words = "The server has refused the payment. Nothing was given out and nothing is charged."
            facts = (EntryAbandoned(sale.key, f"Refused before anything was given out: {event.words}"),)
            return self.refused(state, around, words, facts)
        return self.charge_late(state, TimePassed(), around)

    def charge_late(self, state: VendingState, event: TimePassed, around: Around) -> Made:
        """No answer in time: the offline policy decides, and the entry is settled by its guarantee.

        Where the policy refuses, the entry is abandoned: voided if it was never booked, refunded if it was.
        """
        sale = state.sale
        if sale is None or state.asked is None:
            return self.ready(around)
        asked = state.asked
        if asked.balance is not None:  # the server told it a moment ago: that is what is remembered now
            asked = replace(asked, cached=CachedWallet(asked.balance, 0))
        asked = replace(asked, answer=WalletAnswer.NO_ANSWER, balance=None)
        verdict = may_spend(self.job.offline, self.rules.overdraft, asked, total(sale.pieces))
        if isinstance(verdict, Refused):
            facts = (
                EntryAbandoned(sale.key, "The server's answer did not come in time; nothing was given out."),
            )
            return self.refused(state, around, verdict.reason.value, facts)
        return self._release(replace(state, sale=replace(sale, allowed=verdict)), around, ())

    def _release(self, state: VendingState, around: Around, facts: tuple[Fact, ...]) -> Made:
        """Commit the intent to give out the next piece, then give it out."""
        sale = state.sale
        if sale is None:
            return self.ready(around)
        piece = sale.pieces[sale.given]
        device = self._device(piece)
        detail = self.detail(state, piece, around)
        intent = ReleaseIntended(sale.release, ReleaseKind.VEND, sale.key, device, detail)
        screen = Screen(
            Notice.RELEASING, token=masked(state), amount=total(sale.pieces), basket=sale.pieces[sale.given :]
        )
        wake_ms = around.now.mono_ms + self.rules.release_s * 1000
        state = replace(state, phase=Phase.RELEASING, screen=screen, wake_ms=wake_ms)
        order = Release(sale.release, device, self.ordered(state, piece))
        return Decision(state, (*facts, intent), (order, Show(screen)))

    def ordered(self, state: VendingState, piece: Product) -> Product:
        """Return *piece* as the device that gives it out knows it."""
        return piece

    def detail(self, state: VendingState, piece: Product, around: Around) -> str:
        """Return what the books say of the release of *piece*."""
        return piece.name

    def release_ended(self, state: VendingState, event: ReleaseEnded, around: Around) -> Made:
        """The machine has answered for the piece under way."""
        if state.sale is None or event.release != state.sale.release:
            return Decision(state)
        return self._piece_ended(state, event.ended, event.words, around)

    def release_silent(self, state: VendingState, event: TimePassed, around: Around) -> Made:
        """The machine does not answer: nobody can tell whether the piece came out."""
        words = f"The machine did not answer within {self.rules.release_s} s."
        return self._piece_ended(state, Ended.UNKNOWN, words, around)

    def _piece_ended(self, state: VendingState, ended: Ended, words: str, around: Around) -> Made:
        sale = state.sale
        if sale is None:
            return self.ready(around)
        settled = ReleaseSettled(sale.release, ended, words)
        if ended is Ended.DONE and sale.given + 1 < len(sale.pieces):
            state = replace(state, sale=replace(sale, given=sale.given + 1))
            return self._release(state, around, (settled,))
        debit = self._debit(sale.key, (state.asked or Asked("")).token, sale.pieces)
        given = Given(debit, sale.given + (ended is Ended.DONE), ended, attempted=sale.charged)
        facts = (settled, *settle(given, self.ids, charge_unknown=self.rules.after_unknown_release == "charge"))
        return self._sold(state, sale, ended, around, facts)

    def _sold(
        self, state: VendingState, sale: Sale, ended: Ended, around: Around, facts: tuple[Fact, ...]
    ) -> Made:
        if ended is Ended.DONE:
            known = sale.allowed.available
            screen = Screen(
                Notice.CONFIRMED if sale.allowed.confirmed else Notice.ACCEPTED_OFFLINE,
                token=masked(state),
                amount=total(sale.pieces),
                balance=None if known is None else known - total(sale.pieces),
                balance_age_ms=sale.allowed.age_ms,
                basket=sale.pieces,
            )
        elif ended is Ended.FAILED:
            words = "The machine could not give it out. What did not come out is not charged."
            screen = Screen(Notice.REFUSED, words, token=masked(state))
        else:
            words = "Nobody can tell whether it came out. Please call the staff: the sale is written down."
            screen = Screen(Notice.UNKNOWN, words, token=masked(state), amount=total(sale.pieces))
        return self.showing(state, around, screen, facts)

    # -- results ---------------------------------------------------------------------------------------

    def refused(self, state: VendingState, around: Around, words: str, facts: tuple[Fact, ...] = ()) -> Made:
        """Say no, and why."""
        balance, age_ms = known_balance(state)
        screen = Screen(
            Notice.REFUSED,
            words,
            token=masked(state),
            amount=total(state.basket) or None,
            balance=balance,
            balance_age_ms=age_ms,
        )
        return self.showing(state, around, screen, facts)

    def showing(
        self, state: VendingState, around: Around, screen: Screen, facts: tuple[Fact, ...] = ()
    ) -> Made:
        """Show how it ended, for a while."""
        wake_ms = around.now.mono_ms + self.rules.show_s * 1000
        effects = (*self.farewell(state), Show(screen))
        return Decision(VendingState(Phase.SHOWING, screen, wake_ms), facts, effects)
