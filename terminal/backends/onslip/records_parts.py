"""What an entry becomes on the server, part by part, in the order in which the parts are sent. Pure.

a receipt                       sales = "journal"
an order, then its tab          sales = "orders"
close, report, open             a Z report, in a journal
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from terminal.backends.onslip import records_bodies as bodies
from terminal.backends.onslip.goods_shelf import scale_of
from terminal.backends.onslip.models_realm import ClientInfo
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.records_bodies import REPORT_PARTS, Body, Style
from terminal.backends.onslip.records_items import Ways
from terminal.backends.onslip.rest_paths import entity, listing
from terminal.backends.sold import Sale
from terminal.core.delivery import Answer
from terminal.core.report import Report


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that an entry makes on the server.

    Attributes:
        name: For a person.
        path: Where it is sent to.
        shelf: The list that it is in afterwards.
        body: Makes what is sent, given the id of the part before it (0: it is the first).
        mine: Whether an entity is this part, given the same.
    """

    name: str
    path: str
    shelf: str
    body: Callable[[int], Body | Answer]
    mine: Callable[[Mapping[str, Any], int], bool]


class Journal:
    """Makes the parts of what goes into an external journal.

    Args:
        realm: The company.
        number: The till that is the journal.
        style: How things are written.
    """

    def __init__(self, realm: str, number: int, style: Style) -> None:
        self._path = entity(realm, "journal", number, "external-record")
        self._shelf = listing(realm, "journal", number)
        self._style = style

    def receipt(self, sale: Sale) -> tuple[Part, ...]:
        """Return the part that *sale* becomes."""
        style = self._style
        return (
            self._part(
                "receipt",
                bodies.receipt(sale, style),
                lambda found: bodies.is_receipt(found, sale.key, style),
            ),
        )

    def report(self, key: str, report: Report) -> tuple[Part, ...]:
        """Return the parts that the Z report of the entry *key* becomes."""
        return tuple(self._report(key, report, part) for part in REPORT_PARTS)

    def _report(self, key: str, report: Report, part: bodies.ReportPart) -> Part:
        style = self._style
        return self._part(
            f"record of the Z report ({part})",
            bodies.report_record(key, part, report, style),
            lambda found: bodies.is_report_part(found, part, key, style),
        )

    def _part(self, name: str, body: Body, mine: Callable[[Mapping[str, Any]], bool]) -> Part:
        return Part(name, self._path, self._shelf, lambda _: body, lambda found, _: mine(found))


def order_parts(
    realm: str, sale: Sale, style: Style, location: int, take_out: Callable[[], bool | Answer]
) -> tuple[Part, ...]:
    """Return the parts that *sale* becomes where a register takes it up.

    Args:
        realm: The company.
        sale: The sale.
        style: How things are written.
        location: Where it is.
        take_out: Asked when the order is about to be sent: whether it is one to be taken out.
    """

    def order(_: int) -> Body | Answer:
        taken = take_out()
        return taken if isinstance(taken, Answer) else bodies.order(sale, style, location, take_out=taken)

    orders, tabs = listing(realm, "orders"), listing(realm, "tabs")
    return (
        Part("order", orders, orders, order, lambda found, _: bodies.is_order(found, sale.key, style)),
        Part(
            "tab",
            tabs,
            tabs,
            lambda id_: bodies.tab(sale, style, id_),
            lambda found, id_: bodies.is_tab(found, sale.key, style, id_),
        ),
    )


# -- how this realm wants it ---------------------------------------------------------------------------


def style_of(options: OnslipOptions, info: ClientInfo, terminal_id: str) -> Style:
    """Return how things are written to this server."""
    return Style(
        terminal=terminal_id,
        namespace=options.namespace,
        item_type=options.item_type,
        vat_scale=scale_of(options.vat_unit, info.merchant_params.vat_rates),
        ways=Ways(
            wallet=options.wallet_method,
            wallet_id=options.wallet_payment_method,
            card_id=options.card_payment_method,
        ),
        return_sign=-1 if options.returns == "negative" else 1,
        order_state=options.order_state,
        timezone=options.timezone_offset,
    )


def journal_of(options: OnslipOptions, info: ClientInfo) -> int | None:
    """Return the till that is the external journal: as configured, else the one that the key is bound to."""
    bound = info.access_token.client if info.access_token is not None else None
    till = info.till.id if info.till is not None and info.till.type == "external-journal" else None
    return next((each for each in (options.journal, till, bound) if each is not None), None)
