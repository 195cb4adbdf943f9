"""Reports as flat rows for a spreadsheet: one table for the sums, one for each list that a report holds. Pure.

Every row begins with the report's number and when it was closed, so that rows of several reports, and of
several tables, can be put together again. Amounts are whole cents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from terminal.core.report import Report, Sum
from terminal.core.stamp import utc
from terminal.core.value import Value

Row = dict[str, object]


class Table(Value, frozen=True):
    """The names of a table's fields after the first two, and what a report has to say in it."""

    fields: tuple[str, ...]
    values: Callable[[Report], Iterator[tuple[object, ...]]]


def fields(what: str) -> tuple[str, ...]:
    """Return the names of all fields of one of `TABLES`, in their order."""
    return ("number", "closed", *TABLES[what].fields)


def rows(report: Report, what: str) -> Iterator[Row]:
    """Give the rows of *report* in one of `TABLES`."""
    for values in TABLES[what].values(report):
        yield dict(zip(fields(what), (report.number, utc(report.closed.wall_ms), *values), strict=True))


_SUMS = ("sales", "returns", "topups", "rounding", "offline", "unknown", "parked")
_CASH = (
    "taken", "held_before", "held_after", "spent", "kept", "credited", "returned", "unclaimed", "written_off",
    "mismatch",
)  # fmt: skip


def _reports(report: Report) -> Iterator[tuple[object, ...]]:
    grand = report.grand
    yield (
        utc(report.opened.wall_ms),
        report.opened.synced and report.closed.synced,
        report.by,
        report.after,
        report.upto,
        report.sales.amount - report.returns.amount,
        *(part for name in _SUMS for part in _parts(getattr(report, name))),
        *(getattr(report.cash, name) for name in _CASH),
        *_parts(grand.sales),
        *_parts(grand.returns),
        grand.amount,
    )


def _groups(report: Report) -> Iterator[tuple[object, ...]]:
    for each in report.groups:
        yield each.group, _percent(each.vat), each.pieces, each.gross, each.discount


def _vats(report: Report) -> Iterator[tuple[object, ...]]:
    for each in report.vats:
        yield _percent(each.vat), each.gross, each.net, each.vat_amount


def _methods(report: Report) -> Iterator[tuple[object, ...]]:
    for each in report.methods:
        total = each.sales.amount - each.returns.amount
        yield each.method, *_parts(each.sales), *_parts(each.returns), total


def _coins(report: Report) -> Iterator[tuple[object, ...]]:
    for each in report.cash.denominations:
        yield each.device, each.value, each.pieces, each.value * each.pieces


def _payouts(report: Report) -> Iterator[tuple[object, ...]]:
    for each in report.cash.paid_out:
        yield each.device, *_parts(each.paid), *_parts(each.unknown)


def _emptied(report: Report) -> Iterator[tuple[object, ...]]:
    for each in report.cash.emptied:
        difference = None if each.counted is None else each.mismatch
        yield each.device, utc(each.at.wall_ms), each.by, each.expected, each.counted, difference


def _boxes(report: Report) -> Iterator[tuple[object, ...]]:
    for device, level in report.cash.boxes:
        yield device, *_parts(level)


def _fills(report: Report) -> Iterator[tuple[object, ...]]:
    for each in report.fills:
        together = None if each.pieces is None else each.value * each.pieces
        yield each.device, each.value, each.pieces, together, each.words


def _parts(found: Sum) -> tuple[int, int]:
    return found.count, found.amount


def _percent(vat: int | None) -> str | None:
    return None if vat is None else f"{vat // 100}.{vat % 100:02d}"


TABLES: dict[str, Table] = {
    "reports": Table(
        (
            "opened", "clock_synchronised", "by", "after", "upto", "total_cents",
            *(part for name in _SUMS for part in (name, f"{name}_cents")),
            *(f"cash_{name}_cents" for name in _CASH),
            "grand_sales", "grand_sales_cents", "grand_returns", "grand_returns_cents", "grand_total_cents",
        ),
        _reports,
    ),
    "groups": Table(("group", "vat_percent", "pieces", "gross_cents", "discount_cents"), _groups),
    "vat": Table(("vat_percent", "gross_cents", "net_cents", "vat_cents"), _vats),
    "payments": Table(("method", "sales", "sales_cents", "returns", "returns_cents", "total_cents"), _methods),
    "coins": Table(("device", "value_cents", "pieces", "amount_cents"), _coins),
    "payouts": Table(("device", "paid", "paid_cents", "unknown", "unknown_cents"), _payouts),
    "emptyings": Table(
        ("device", "at", "by", "expected_cents", "counted_cents", "difference_cents"), _emptied
    ),
    "boxes": Table(("device", "pieces", "amount_cents"), _boxes),
    "fills": Table(("device", "value_cents", "pieces", "amount_cents", "words"), _fills),
}  # fmt: skip
"""What can be asked for: a row for each report, and one for each of its groups, rates, ways of paying, ..."""
