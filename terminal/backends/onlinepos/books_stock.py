"""The books of an OnlinePOS company by stock: what was sold here is taken from it, what comes back is added.

POST updateStock        ean=0001 amount=2 type=2 orderno=…    -> OK
POST stockFromEan       how much there is, before a try and after one that nobody answered

For companies whose orders come from elsewhere. One call is one EAN, so a sale of several products is refused:
half of it could be booked. That a repeated ``orderno`` is refused is not told, and not relied on.
"""

from __future__ import annotations

import re
from time import monotonic

from terminal.backends.onlinepos import stock
from terminal.backends.onlinepos.catalogue import Catalogue
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.kiosk import Unrecordable, product_number, unread
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.sold import Sale, sale_of
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Looking, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp

_THOUSANDTHS = 1000
_LONGEST_ORDER = 30
_NO_SIGN = re.compile("[^0-9A-Za-z]")


class StockBooks:
    """Records sales and returns as changes of stock.

    Args:
        pos: Speaks with the server.
        options: What the operator says of it.
        catalogue: What is known of products: their EANs.
    """

    def __init__(self, pos: OnlinePos, options: OnlinePosOptions, catalogue: Catalogue) -> None:
        self._pos = pos
        self._options = options
        self._catalogue = catalogue

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat: nothing, but how much there is may tell."""
        return Guarantee(Promise.READ_BACK)

    def account(self, entry: Entry) -> str | None:
        """Return what is told apart: all stock together, for several products may have one EAN."""
        return "stock"

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return by how many thousandths of a piece the stock was to change.

        Raises:
            ValueError: The entry cannot be recorded in stock.
        """
        sale, _, pieces = self._sold(entry)
        change = pieces * _THOUSANDTHS * (1 if sale.back else -1)
        return Operation(Looking.POINTS, change, sent, alone=self._options.stock_alone)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read how much there is now of what *entry* sold, in thousandths of a piece."""
        until = monotonic() + timeout_s
        try:
            ean = before.handle if before is not None else self._ean(entry, until)
            if isinstance(ean, Answer):
                return ean
            call = stock.stock_of([ean])
        except ValueError as error:
            return _untold(before, at, Answer(Outcome.REFUSED, str(error)))
        found = self._pos.do(call, max(0.0, until - monotonic()))
        if isinstance(found, Answer):
            never = found.outcome is Outcome.REFUSED  # such as an EAN that it does not know
            return _untold(before, at, found) if never else unread(found)
        level = next((each.amount for each in found if ean in (each.ean, *each.others)), None)
        if level is None or level * _THOUSANDTHS % 1:
            words = f"the server does not tell how much there is of the EAN {ean}"
            return _untold(before, at, Answer(Outcome.REFUSED, words))
        return Evidence(at, points=int(level * _THOUSANDTHS), handle=ean)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Take what *entry* sold from the stock, or add what came back, once, within *timeout_s* seconds."""
        until = monotonic() + timeout_s
        kept = entry.before.handle if entry.before is not None else ""
        try:
            sale, _, pieces = self._sold(entry)
            ean = kept or self._ean(entry, until)
            if isinstance(ean, Answer):
                return ean
            order = _NO_SIGN.sub("", sale.code or sale.key)[-_LONGEST_ORDER:]
            kind = self._options.stock_types
            call = stock.update(ean, pieces, "return" if sale.back else "sale", order, kind)
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to send the change of stock")
        answer = self._pos.do(call, left_s)
        return Answer(Outcome.DELIVERED, reference=order) if answer is None else answer

    # -- within ----------------------------------------------------------------------------------------

    def _sold(self, entry: Entry) -> tuple[Sale, int, int]:
        """Return a sale, its only product, and how many pieces of it. Raises Unrecordable."""
        sale = sale_of(entry)
        if sale is None:
            raise Unrecordable(f"this {entry.kind.value} holds nothing that could be recorded")
        numbers = {product_number(line.product, None) for line in sale.lines}
        if len(numbers) != 1:
            raise Unrecordable(
                f'a sale of {len(numbers)} products is not recorded with books = "stock": one call takes one '
                "of them, so that half of it could be booked. Book it by hand, and close it with your name"
            )
        return sale, numbers.pop(), sum(line.quantity for line in sale.lines)

    def _ean(self, entry: Entry, until: float) -> str | Answer:
        """Return the EAN of what was sold. Raises Unrecordable if it has none."""
        _, number, _ = self._sold(entry)
        shop = self._catalogue.shop(until - monotonic())
        if isinstance(shop, Answer):
            return unread(shop)
        product, _ = shop.products.get(number, (None, 0))
        if product is None or not product.eans:
            raise Unrecordable(
                f"the product {number} has no EAN at OnlinePOS, so that its stock cannot be changed: give it "
                "one there, and send it again"
            )
        return product.eans[0]


def _untold(before: Evidence | None, at: Stamp, refused: Answer) -> Evidence | Answer:
    """Return what a level means that is not told: it can never be booked, or nothing tells of it any more."""
    return refused if before is None else Evidence(at, handle=before.handle)
