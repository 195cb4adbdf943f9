"""The sale of tickets that is under way, on the control socket: for staff beside the kiosk.

``GET /v1/sale``; ``POST /v1/sale/card`` ``{reference, amount, by}``, ``/v1/sale/note`` ``{text, by}``,
``/v1/sale/cancel``. What an external card terminal has taken is an event of the core like a coin: whether it
pays this sale, the core decides. A reference that the books have already is refused here, before that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from terminal.core import money
from terminal.core import ticket_basket as basket
from terminal.core.events import ButtonPressed, CardPaid, NoteMade
from terminal.core.facts import EntryKind
from terminal.core.job import Job
from terminal.core.records import Entry
from terminal.core.shown import brief
from terminal.core.state import TerminalState
from terminal.core.ticket_state import Answered, Phase, TicketState
from terminal.core.token import mask
from terminal.daemon import desk
from terminal.daemon.desk import By, Decides
from terminal.httpd import Problem, Request, Response, Route

_LOG = logging.getLogger(__name__)

DESK = "the staff's desk"
"""Where a button is pressed that is none of the machine's."""

_MOST_CENTS = 1_000_000_00
_LOOK = "look what is due (terminalctl sale show), and say it again: no reference pays twice"
_UNDER_WAY = (Phase.CHOOSING, Phase.PAYING, Phase.CHECKING, Phase.CHARGING, Phase.CARD)
_BUSY = (Phase.CHECKING, Phase.CHARGING)


class _Card(msgspec.Struct, forbid_unknown_fields=True):
    reference: Annotated[str, Meta(max_length=100)]
    amount: Annotated[int, Meta(ge=1, le=_MOST_CENTS)]
    by: By


class _Note(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=500)]
    by: By


class Books(Protocol):
    """What is needed of the journal."""

    def card_used(self, reference: str) -> Entry | None:
        """Return the newest sale for which a card terminal gave this reference, else the payment it names."""


class SalesDesk:
    """What staff see of the sale under way, and what they can do about it.

    Args:
        job: The terminal: its rules say what is sold.
        books: The journal.
        loop: Decides and writes down.
        ticket: Makes a name that nobody has.
    """

    def __init__(self, job: Job, books: Books, loop: Decides, ticket: Callable[[], str]) -> None:
        self._job = job
        self._books = books
        self._loop = loop
        self._ticket = ticket
        self._one_card = threading.Lock()

    def routes(self) -> list[Route]:
        """Return what the socket answers."""
        routes = [
            Route("GET", "/v1/sale", lambda _: Response.json(self.sale())),
            Route("POST", "/v1/sale/card", self._card),
            Route("POST", "/v1/sale/note", self._note),
            Route("POST", "/v1/sale/cancel", self._cancel),
        ]
        return [desk.sentences(each) for each in routes]

    # -- what is under way -----------------------------------------------------------------------------

    def sale(self) -> dict[str, Any]:
        """Return the sale under way, amounts in cents; with ``under_way`` false and no lines where none is."""
        state, sale = self._look()
        under_way = sale.phase in _UNDER_WAY
        picks = sale.picks if under_way else ()
        products = sale.products or basket.offered(self._job.tickets, state.products)
        lines = basket.lines(self._job.tickets, products, picks, staff=bool(sale.staff))
        total, wallet = basket.total(lines), sale.share.amount if sale.share else 0
        step = sale.step if sale.purchase else self._job.tickets.cash_step(state.cash_step)
        price = money.cash_price(total - wallet, sale.held, step)
        return {
            "under_way": under_way,
            "phase": sale.phase_name,
            "currency": self._job.currency,
            "code": sale.purchase.code if under_way and sale.purchase else "",
            "lines": [
                {
                    "product": line.product,
                    "description": line.description,
                    "quantity": line.quantity,
                    "unit": line.unit,
                    "discount": line.discount,
                    "total": line.total,
                }
                for line in lines
            ],
            "total": total,
            "coins": sale.held,
            "wallet": wallet,
            "token": mask(sale.share.token) if sale.share else None,
            "card": sale.card.amount if sale.card else 0,
            "card_reference": sale.card.reference if sale.card else "",
            "paid": sale.held + wallet,
            "due": max(0, total - sale.held - wallet) if under_way else 0,
            "cash_due": max(0, price - sale.held) if under_way else 0,
            "staff": mask(sale.staff) if sale.staff else None,
            "notes": sale.notes,
            "says": sale.screen.notice.value,
            "words": sale.screen.words,
        }

    def _look(self) -> tuple[TerminalState, TicketState]:
        state = desk.state_of(self._loop)
        if not isinstance(state.job, TicketState):
            raise Problem(409, f'this terminal sells no tickets: its job is "{self._job.kind}"')
        return state, state.job

    # -- what staff do ---------------------------------------------------------------------------------

    def _card(self, request: Request) -> Response:
        asked: _Card = request.json(_Card)
        desk.line(asked.by, "by, which is who has seen the payment")
        reference = desk.line(asked.reference, "reference, which is what the card terminal calls the payment")
        reference = reference.strip()
        self._look()
        with self._one_card:  # two who say the same at once are one payment
            self._refuse_used(reference)
            event = CardPaid(self._ticket(), reference, asked.amount, asked.by)
            desk.asked(self._loop, event, _answer, _LOOK)
            entry = self._books.card_used(reference)
        if entry is None:
            raise Problem(503, "the payment was taken, and its sale is not on the books: call for help")
        _LOG.warning("sale %d was paid by card, as %s has seen", entry.seq, asked.by)
        return Response.json({"sale": brief(entry)})

    def _refuse_used(self, reference: str) -> None:
        used = self._books.card_used(reference)
        if used is not None and used.kind is EntryKind.PAYMENT:
            raise Problem(
                409,
                f"the payment {reference!r} was begun by this terminal itself, as entry {used.seq} "
                f"(terminalctl journal show {used.seq}), and paid no sale: it pays none by hand",
            )
        if used is not None:
            raise Problem(
                409,
                f"the payment {reference!r} has paid a sale already: entry {used.seq} "
                f"(terminalctl journal show {used.seq}). One payment pays one sale",
            )

    def _note(self, request: Request) -> Response:
        asked: _Note = request.json(_Note)
        desk.line(asked.by, "by, which is who says so")
        desk.line(asked.text, "text")
        self._look()
        event = NoteMade(self._ticket(), asked.text.strip(), asked.by)
        desk.asked(self._loop, event, _answer, "nothing is noted")
        _LOG.info("a note to the sale under way by %s", asked.by)
        return Response.json({"sale": self.sale()})

    def _cancel(self, request: Request) -> Response:
        before = self._look()[1]
        if before.phase not in _UNDER_WAY:
            raise Problem(409, "no sale is under way: there is nothing to cancel")
        if before.phase in _BUSY:
            raise Problem(409, "a server is being asked about a wallet: try again in a moment")
        if before.card is not None and before.card.binding:
            raise Problem(409, "a card is paying, and its money may be taken: cancel it at the card terminal")

        def given_up(state: TerminalState) -> TicketState | None:
            sale = state.job
            return sale if isinstance(sale, TicketState) and sale.phase not in _UNDER_WAY else None

        event = ButtonPressed(DESK, "cancel")
        after = desk.decided(self._loop, event, given_up, "the sale is as it was: terminalctl sale show")
        _LOG.info("the sale under way was cancelled at %s", DESK)
        return Response.json(
            {"phase": after.phase_name, "says": after.screen.notice.value, "coins": after.held}
        )


def _answer(state: TerminalState) -> Answered | None:
    return state.job.answer if isinstance(state.job, TicketState) else None
