"""What a sale or a Z report is on the server: orders and tabs, or records of an external journal. Pure.

Each carries its own reference, the key of its entry, by which it is found again: in the field that is made for
it, or in brackets at the end of the description; and as an extended property of the namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from terminal.backends.onslip.models import plainly
from terminal.backends.onslip.models_external import (
    ExternalBatch,
    ExternalReceipt,
    ExternalRecord,
    ExternalReport,
)
from terminal.backends.onslip.models_journal import BatchType, ReceiptType, RecordType, ReportType
from terminal.backends.onslip.models_sale import Order, OrderState, OrderType, Payment, Tab
from terminal.backends.onslip.models_values import Money
from terminal.backends.onslip.records_items import Ways, items, payments
from terminal.backends.sold import Sale
from terminal.core.report import Report
from terminal.core.stamp import Stamp, utc
from terminal.core.tickets import Method
from terminal.core.value import Value

Body = dict[str, Any]
"""What is sent: JSON, its numbers Decimals."""

ReportPart = Literal["close", "report", "open"]
"""The records that a Z report makes, in this order: what was counted, the report, the next period."""

REPORT_PARTS: tuple[ReportPart, ...] = ("close", "report", "open")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TX = "tx"


class Style(Value, frozen=True):
    """How this server wants things written; see the options of the same names.

    Attributes:
        terminal: The id of this terminal.
        namespace: Of extended properties.
        item_type: The type of what is sold.
        vat_scale: Hundredths of a percent that a VAT rate of one stands for; None: nobody knows.
        ways: How methods of payment are called.
        return_sign: -1: quantities and amounts of what is taken back are negative.
        order_state: The state of a new order.
        timezone: The unit of ``timezone-offset``.
    """

    terminal: str
    namespace: str
    item_type: str = "goods"
    vat_scale: int | None = 100
    ways: Ways = Ways()
    return_sign: Literal[-1, 1] = -1
    order_state: str = "requested"
    timezone: Literal["minutes", "seconds", "none"] = "minutes"

    def own(self, key: str) -> dict[str, str]:
        """Return the extended property that holds the reference."""
        return {f"_{self.namespace}-{_TX}": key}


# -- sales ---------------------------------------------------------------------------------------------


def receipt(sale: Sale, style: Style) -> Body:
    """Return *sale* as a record of an external journal.

    Its payments less the change are what the items cost, and ``rounding``: what cash paid beyond that.
    """
    sign = style.return_sign if sale.back else 1
    beyond = sale.rounding + sale.kept
    record = _record(
        "receipt",
        sale.at,
        style,
        sale.key,
        _told(sale),
        receipt=ExternalReceipt(
            type=ReceiptType("return" if sale.back else "sale"),
            items=items(sale.lines, type=style.item_type, vat_scale=style.vat_scale, sign=sign),
            payments=payments(sale, style.ways, tendered=True, sign=sign),
            change=Money.of_cents(sale.change * sign),
            rounding=Money.of_cents(beyond * sign) if beyond else None,
            reference=sale.key,
            our_reference=sale.code or None,
        ),
    )
    return written(record)


def order(sale: Sale, style: Style, location: int, *, take_out: bool) -> Body:
    """Return *sale* as an order. Its payments are what it cost: an order knows no change.

    Args:
        sale: The sale.
        style: How it is written.
        location: Where it is.
        take_out: Whether it is one to be taken out.
    """
    sign = style.return_sign if sale.back else 1
    return written(
        Order(
            location=location,
            state=OrderState(style.order_state),
            name=_name(sale),
            type=OrderType("take-out") if take_out else None,
            items=items(sale.lines, type=style.item_type, vat_scale=style.vat_scale, sign=sign),
            payments=payments(sale, style.ways, tendered=False, sign=sign),
            client_reference=sale.key,
            order_reference=sale.key,
            others=style.own(sale.key),
        )
    )


def tab(sale: Sale, style: Style, order_id: int) -> Body:
    """Return the tab by which a register takes up the order *order_id*."""
    sign = style.return_sign if sale.back else 1
    return written(
        Tab(
            name=_name(sale),
            description=_described(_told(sale), sale.key),
            order=order_id,
            items=items(sale.lines, type=style.item_type, vat_scale=style.vat_scale, sign=sign),
            others=style.own(sale.key),
        )
    )


def _name(sale: Sale) -> str:
    return f"Return {sale.code or sale.key}" if sale.back else sale.code or sale.key


def _told(sale: Sale) -> str:
    parts = [f"{'Return' if sale.back else 'Sale'} {sale.code}".rstrip(), sale.notes]
    if sale.kept:
        parts.append(f"{Money.of_cents(sale.kept):.2f} given beyond the price and kept")
    return ". ".join(part.rstrip(".") for part in parts if part)


# -- reports -------------------------------------------------------------------------------------------


def report_record(key: str, part: ReportPart, report: Report, style: Style) -> Body:
    """Return one of the records that a Z report makes; the server adds its own sums to the report."""
    told = f"Z report {report.number}, {utc(report.opened.wall_ms)} to {utc(report.closed.wall_ms)}"
    match part:
        case "close":
            batch = ExternalBatch(type=BatchType("close"), amounts=counted(report, style.ways))
            body = _record("batch", report.closed, style, key, f"{told}{_mismatch(report)}", batch=batch)
        case "report":
            asked = ExternalReport(type=ReportType("z-report"))
            body = _record("report", report.closed, style, key, told, report=asked)
        case "open":
            cash = style.ways.payment(Method.CASH.value, in_boxes(report))
            batch = ExternalBatch(type=BatchType("open"), amounts=(cash,))
            after = f"Begins after Z report {report.number}"
            body = _record("batch", report.closed, style, key, after, batch=batch)
    return written(body)


def counted(report: Report, ways: Ways) -> tuple[Payment, ...]:
    """Return what there is of each way to pay at the end of a period: of cash what is in the boxes."""
    others = [each for each in report.methods if each.method != Method.CASH.value]
    return (
        ways.payment(Method.CASH.value, in_boxes(report)),
        *(ways.payment(each.method, each.sales.amount - each.returns.amount) for each in others),
    )


def in_boxes(report: Report) -> int:
    """Return the cash at the end of a period, in cents: what the books say is in the boxes.

    Where nothing says what is in a box, it is what the period took and did not pay back.
    """
    if report.cash.boxes:
        return sum(each.amount for _, each in report.cash.boxes)
    return report.cash.taken - report.cash.returned


def _mismatch(report: Report) -> str:
    differs = report.cash.mismatch
    if not differs:
        return ""
    less = "more" if differs > 0 else "less"
    return f". The cash that was counted is {Money.of_cents(abs(differs)):.2f} {less} than the books say"


# -- what all have -------------------------------------------------------------------------------------


def written(value: ExternalRecord | Order | Tab) -> Body:
    """Return what is sent."""
    body: Body = plainly(value)
    return body


def _record(type_: str, at: Stamp, style: Style, key: str, told: str, **member: Any) -> ExternalRecord:
    moment = _EPOCH + timedelta(milliseconds=at.wall_ms)
    unsure = "" if at.synced else ". The clock was not set"
    return ExternalRecord(
        date=moment,
        type=RecordType(type_),
        timezone_offset=_offset(moment, style),
        client_name=style.terminal,
        description=_described(told + unsure, key),
        others=style.own(key),
        **member,
    )


def _offset(moment: datetime, style: Style) -> int | None:
    """Return how far the machine's time is ahead of UTC at *moment*."""
    ahead = moment.astimezone().utcoffset()
    if ahead is None or style.timezone == "none":
        return None
    seconds = int(ahead.total_seconds())
    return seconds // 60 if style.timezone == "minutes" else seconds


def _described(told: str, key: str) -> str:
    return f"{told} [{key}]"


# -- whose it is ---------------------------------------------------------------------------------------


def is_receipt(entity: Mapping[str, Any], key: str, style: Style) -> bool:
    """Return whether a record of a journal is the receipt of the entry *key*."""
    found = entity.get("receipt")
    return isinstance(found, Mapping) and (found.get("reference") == key or carries(entity, key, style))


def is_report_part(entity: Mapping[str, Any], part: ReportPart, key: str, style: Style) -> bool:
    """Return whether a record of a journal is that *part* of the Z report of the entry *key*."""
    batch = entity.get("batch")
    if part == "report":
        meant = isinstance(entity.get("report"), Mapping)
    else:
        meant = isinstance(batch, Mapping) and batch.get("type") == part
    return meant and carries(entity, key, style)


def is_order(entity: Mapping[str, Any], key: str, style: Style) -> bool:
    """Return whether an order is the one of the entry *key*."""
    named = key in (entity.get("client-reference"), entity.get("order-reference"))
    return named or carries(entity, key, style)


def is_tab(entity: Mapping[str, Any], key: str, style: Style, order_id: int) -> bool:
    """Return whether a tab is the one of the entry *key*, whose order is *order_id*."""
    return entity.get("order") == order_id or carries(entity, key, style)


def carries(entity: Mapping[str, Any], key: str, style: Style) -> bool:
    """Return whether the reference stands in the description, or in the extended property."""
    described = entity.get("description")
    named = isinstance(described, str) and described.endswith(f"[{key}]")
    return named or any(entity.get(name) == key for name in style.own(key))
