"""A sale at a machine that asks for payment: what differs from one by relay. The second half of core.asking."""

from __future__ import annotations

from terminal.core.catalogue import Product
from terminal.core.decision import Around, Decision, Ids
from terminal.core.effects import Effect, Notice, Screen
from terminal.core.events import DeliveryEnded, DeviceChanged, Event, JournalRecovered, TimePassed
from terminal.core.facts import EntryAbandoned
from terminal.core.job import Job
from terminal.core.machine import DenyVend, EndSession, SessionEnded
from terminal.core.sale import Phase, VendingState, masked
from terminal.core.selling import Made
from terminal.core.value import replace
from terminal.core.vending import Vending

_GONE = "The machine did not wait for the payment; nothing was given out."


class Approving(Vending):
    """The rules for a terminal with a machine that are not about a request; asking.Asking has those."""

    def __init__(self, job: Job, ids: Ids) -> None:
        super().__init__(job, ids)
        self.machine = job.machines[0]

    def trouble(self, around: Around) -> str:
        """Return why nothing can be sold at the moment, for the guest; empty if it can."""
        if around.broken:
            return around.broken
        if not around.works(self.machine):
            return "The machine does not answer. Please call the staff."
        return "" if self.machine in around.enabled else "The machine takes no cards at the moment."

    def offered(self, around: Around) -> tuple[Product, ...]:
        """Return nothing: its customers choose at the machine."""
        return ()

    def only_product(self, around: Around) -> tuple[Product, ...]:
        """Return nothing: the machine says what is bought."""
        return ()

    def farewell(self, state: VendingState) -> tuple[Effect, ...]:
        """Deny what is asked for, unless it was approved, and end the session."""
        if state.phase in (Phase.READY, Phase.SHOWING):
            return ()
        # While it is charged, the machine may have taken its request back and asked for something else.
        asked = state.request is not None and state.phase is not Phase.RELEASING
        end = EndSession(self.machine)
        return (DenyVend(self.machine), end) if asked or state.phase is Phase.CHARGING else (end,)

    def ordered(self, state: VendingState, piece: Product) -> Product:
        """Return *piece* by the machine's own number: what it asked for, and nothing else, may be approved."""
        return replace(piece, id=state.request.item) if state.request else piece

    def detail(self, state: VendingState, piece: Product, around: Around) -> str:
        """Return the piece, the selection, and another price that the server lists for it."""
        item = state.request.item if state.request else ""
        listed = self._listed(item, around)
        if listed is None:
            return piece.name
        price = "" if piece.listed else f"; the server lists it at {listed.price} cents"
        return f"{piece.name} (selection {item}){price}"

    def _device(self, product: Product) -> str:
        return self.machine

    def _listed(self, item: str, around: Around) -> Product | None:
        product_id = self.rules.items.get(item, item)
        return next((each for each in around.products if str(each.id) == product_id), None)

    # -- a request that is charged or given out --------------------------------------------------------

    def charge_ended(self, state: VendingState, event: DeliveryEnded, around: Around) -> Made:
        """The server has answered the debit; where the machine has not waited for it, that changes nothing."""
        if state.request is None:
            return self.gone(state, event, around)
        return super().charge_ended(state, event, around)

    def charge_late(self, state: VendingState, event: TimePassed, around: Around) -> Made:
        """No answer in time."""
        if state.request is None:
            return self.gone(state, event, around)
        return super().charge_late(state, event, around)

    def gone(self, state: VendingState, event: Event, around: Around) -> Made:
        """The machine does not wait any more: the debit is abandoned, as soon as that can be written."""
        if around.broken:
            return Decision(replace(state, request=None), effects=self.farewell(state))
        facts = (EntryAbandoned(state.sale.key, _GONE),) if state.sale else ()
        return self.showing(state, around, Screen(Notice.CANCELLED, token=masked(state)), facts)

    def lost(self, state: VendingState, event: DeviceChanged, around: Around) -> Made:
        """A device has changed: without the machine nobody waits for the charge."""
        return Decision(state) if around.works(self.machine) else self.gone(state, event, around)

    def mended(self, state: VendingState, event: JournalRecovered, around: Around) -> Made:
        """What is not waited for can be written down now."""
        return self.gone(state, event, around) if state.request is None else Decision(state)

    def last_vend(self, state: VendingState, event: SessionEnded, around: Around) -> Made:
        """The machine ends the session at once: how the vend ended is still to come."""
        return Decision(replace(state, session=False))
