"""The books of an OnlinePOS company by orders: what was sold here is a paid order of a kiosk.

POST external/makeorder       {"cart": […], "paid": 1, "type": 2, …}  -> its number
GET  exportSales/v20/…        which orders there are, before a try and after one that nobody answered

The server knows no repeat from a second order, and none of our references is in what it exports. So the last
order that there is stands beside each try, with the lines that are sent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

from terminal.backends.http import sentence
from terminal.backends.onlinepos import kiosk, orders
from terminal.backends.onlinepos.catalogue import Catalogue
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.orders import Line, Order
from terminal.backends.onlinepos.orders_seen import Seen
from terminal.backends.onlinepos.pricing import Shop
from terminal.backends.onlinepos.values import local
from terminal.backends.sold import Sale, sale_of
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Listing, Looking, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import replace

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHECKSUM = '(is amount_checksum right? It is "{}" now)'


class Orders:
    """Records sales as orders.

    Args:
        pos: Speaks with the server.
        options: Who orders, and how.
        catalogue: What is known of products.
        name: What the backend is called in the configuration.
        terminal_id: Who we are, in the notes of orders.
    """

    def __init__(
        self, pos: OnlinePos, options: OnlinePosOptions, catalogue: Catalogue, name: str, *, terminal_id: str
    ) -> None:
        self._pos = pos
        self._options = options
        self._catalogue = catalogue
        self._terminal_id = terminal_id
        self._seen = Seen(
            pos, name, department=options.department, alone=options.orders_alone,
            settling_s=options.settling_seconds,
        )  # fmt: skip

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat: nothing, but its export may tell."""
        return Guarantee(Promise.READ_BACK if self._options.orders_read_back else Promise.NONE)

    def account(self, entry: Entry) -> str | None:
        """Return what all orders of this terminal are told apart by; None: nothing tells of them."""
        return f"orders:{self._options.department}" if self._options.orders_read_back else None

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return the order that *entry* is, and how one sees that it was made.

        Raises:
            ValueError: It is none, or nothing could tell of it.
        """
        sale = sale_of(entry)
        if sale is None:
            raise ValueError(f"this {entry.kind.value} holds nothing that could be recorded")
        lines = self._kept(entry) or kiosk.cart(sale, None, self._options.other_product)
        return Operation(
            Looking.ORDERS,
            sum(line.price for line in lines),
            sent,
            mark=self._options.department,
            alone=self._options.orders_alone,
            lines=kiosk.compared(lines),
            doubt=self._seen.doubt(None if entry.before is None else entry.before.listing),
        )

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read which orders there are now; before a try also what the order consists of."""
        until = monotonic() + timeout_s
        if before is not None:
            if before.listing is None:
                return Evidence(at, handle=before.handle)
            after = self._seen.since(before.listing, until)
            if isinstance(after, Listing):
                return Evidence(at, listing=after, handle=before.handle)
            if after.outcome is Outcome.REFUSED:  # too many: a person has to look
                return Evidence(at, handle=before.handle)
            return kiosk.unread(after)
        lines = self._lines(entry, until)
        if isinstance(lines, Answer):
            return lines
        listing = self._seen.latest(at, until)
        if isinstance(listing, Answer):
            return listing
        return Evidence(at, listing=listing, handle=kiosk.write(lines))

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Order what *entry* says was sold, once, within *timeout_s* seconds."""
        until = monotonic() + timeout_s
        sale = sale_of(entry)
        try:
            lines = self._kept(entry) or self._lines(entry, until)
            if isinstance(lines, Answer) or sale is None:
                return lines if isinstance(lines, Answer) else _nothing(entry)
            call = orders.make(self._order(entry, sale, lines), self._options.amount_checksum)
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        except OSError as error:  # this machine knows no time zones
            return Answer(Outcome.UNSENT, sentence(error))
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to send the order")
        made = self._pos.do(call, left_s)
        if isinstance(made, Answer):
            return self._explained(made)
        if entry.before is not None:
            self._seen.made(made, lines, entry.before.listing)
        return Answer(Outcome.DELIVERED, reference=made)

    # -- within ----------------------------------------------------------------------------------------

    def _lines(self, entry: Entry, until: float) -> tuple[Line, ...] | Answer:
        """Return what the order consists of; an Answer: there can be none, or not now. Nothing was sent."""
        sale = sale_of(entry)
        if sale is None:
            return _nothing(entry)
        shop: Shop | Answer | None = None
        if self._options.order_extras and not sale.back:
            shop = self._catalogue.shop(until - monotonic())
        if isinstance(shop, Answer):
            return kiosk.unread(shop)
        try:
            return kiosk.cart(sale, shop, self._options.other_product)
        except kiosk.Unrecordable as error:
            return Answer(Outcome.REFUSED, str(error))

    @staticmethod
    def _kept(entry: Entry) -> tuple[Line, ...]:
        """Return the lines that stand beside the try. Raises ValueError if those are none."""
        kept = entry.before.handle if entry.before is not None else ""
        return kiosk.read(kept) if kept else ()

    def _order(self, entry: Entry, sale: Sale, lines: tuple[Line, ...]) -> Order:
        """Return the order: to be had at once, at the moment when it is sent, as far as that is known."""
        at = entry.before.at if entry.before is not None else sale.at
        when = local(_EPOCH + timedelta(milliseconds=at.wall_ms)).wall
        options = self._options
        return Order(
            options.order_name or self._terminal_id,
            options.order_phone,
            options.order_email,
            f"{when:%H:%M}",
            lines,
            paid=True,
            kind="kiosk",
            pickup_date=when.date(),
            reference=kiosk.reference(sale),
            note=f"{self._terminal_id} {sale.key}",
            payment=options.order_payment,
        )

    def _explained(self, answer: Answer) -> Answer:
        """Return a refusal with what may be done about it."""
        if answer.outcome is Outcome.REFUSED and "checksum" in answer.words.lower():
            hint = _CHECKSUM.format(self._options.amount_checksum)
            return replace(answer, words=f"{answer.words} {hint}")
        return answer


def _nothing(entry: Entry) -> Answer:
    return Answer(Outcome.REFUSED, f"this {entry.kind.value} holds nothing that could be recorded")
