"""One report as tables for a person at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from terminal.cli import tables
from terminal.cli.story import when
from terminal.cli.tables import Cell
from terminal.core import money
from terminal.core.report import Cash, Report, ReportKind, Sum

_COLUMN, _NAME = 12, 22

_CASH = (
    ("taken", "taken"),
    ("held before", "held_before"),
    ("spent", "spent"),
    ("  of it overpaid", "kept"),
    ("credited", "credited"),
    ("paid back", "returned"),
    ("unclaimed", "unclaimed"),
    ("  of it settled", "written_off"),
    ("held now", "held_after"),
)


def page(report: Report, terminal: str, currency: str) -> list[str]:
    """Return *report* as lines: what was sold, how it was paid, where the cash is, and what is not settled."""
    shown = _Shown(currency)
    closes = report.kind is ReportKind.Z
    title = f"Z report {report.number} of {terminal}" if closes else f"X report of {terminal}"
    by = tables.clean(report.by) or ("the schedule" if closes else "")
    lines = [
        click.style(title, bold=True),
        f"from {when(report.opened)} to {when(report.closed)}" + (f", by {by}" if by else ""),
        "",
        *shown.sold(report.sales, report.returns),
        *shown.counted("top-ups", report.topups),
    ]
    for part in (
        shown.groups(report),
        shown.vats(report),
        shown.methods(report),
        shown.cash(report.cash),
        shown.coins(report.cash),
        shown.devices(report.cash),
        shown.fills(report),
        shown.emptied(report.cash),
        shown.unsettled(report),
    ):
        if found := list(part):
            lines += ["", *found]
    lines += ["", "since the first sale", *shown.sold(report.grand.sales, report.grand.returns)]
    return lines if closes else [*lines, "", "Nothing was closed."]


class _Shown:
    """The parts of a page; each gives nothing where there is nothing to say."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def sold(self, sales: Sum, returns: Sum) -> Iterator[str]:
        """Give sales, returns and what that leaves."""
        yield self._line(f"sales ({sales.count})", sales.amount)
        yield from self.counted("returns", Sum(returns.count, -returns.amount))
        yield self._line("total", sales.amount - returns.amount)

    def counted(self, name: str, what: Sum) -> Iterator[str]:
        """Give how often and how much, unless it was never."""
        if what.count or what.amount:
            yield self._line(f"{name} ({what.count})", what.amount)

    def groups(self, report: Report) -> Iterator[str]:
        """Give the product groups."""
        rows = [
            (
                each.group or "other",
                _rate(each.vat),
                each.pieces,
                self._amount(each.gross),
                self._less(each.discount),
            )
            for each in report.groups
        ]
        yield from _table(("group", "vat".rjust(7), "pieces", *_right("gross", "discount")), rows)

    def vats(self, report: Report) -> Iterator[str]:
        """Give the VAT rates."""
        rows = [
            (_rate(each.vat), *map(self._amount, (each.gross, each.net, each.vat_amount)))
            for each in report.vats
        ]
        yield from _table(("vat".rjust(7), *_right("gross", "net", "vat amount")), rows)

    def methods(self, report: Report) -> Iterator[str]:
        """Give the ways of paying."""
        rows = [
            (
                each.method,
                each.sales.count,
                self._amount(each.sales.amount),
                each.returns.count,
                self._less(each.returns.amount),
            )
            for each in report.methods
        ]
        yield from _table(("paid by", "sales", *_right("amount"), "returns", *_right("amount")), rows)
        yield from self.counted("rounding of cash", report.rounding)

    def cash(self, cash: Cash) -> Iterator[str]:
        """Give where the cash came from and went to."""
        found = [self._line(name, getattr(cash, field)) for name, field in _CASH if getattr(cash, field)]
        if found:
            yield "cash in the machine"
            yield from found

    def coins(self, cash: Cash) -> Iterator[str]:
        """Give what each acceptor took, by denomination."""
        rows = [
            (each.device, each.pieces, self._amount(each.value), self._amount(each.pieces * each.value))
            for each in cash.denominations
        ]
        yield from _table(("taken by", "pieces", *_right("of", "together")), rows)

    def devices(self, cash: Cash) -> Iterator[str]:
        """Give what was paid out, and what is in the boxes."""
        rows = [
            (each.device, each.paid.count, self._amount(each.paid.amount), self._doubt(each.unknown))
            for each in cash.paid_out
        ]
        yield from _table(("paid out by", "times", *_right("amount"), "uncertain"), rows)
        if rows and cash.boxes:
            yield ""
        rows = [(device, level.count, self._amount(level.amount), "") for device, level in cash.boxes]
        yield from _table(("in the box of", "pieces", *_right("amount"), ""), rows)

    def fills(self, report: Report) -> Iterator[str]:
        """Give what hoppers and tubes said they hold."""
        rows = [
            (
                each.device,
                "" if each.pieces is None else each.pieces,
                self._amount(each.value),
                "" if each.pieces is None else self._amount(each.pieces * each.value),
                tables.clean(each.words),
            )
            for each in report.fills
        ]
        yield from _table(("still in", "pieces", *_right("of", "together"), ""), rows)

    def emptied(self, cash: Cash) -> Iterator[str]:
        """Give the boxes that were emptied, with what was found in them beyond the books, or missing."""
        rows = [
            (
                each.device,
                when(each.at),
                self._amount(each.expected),
                self._amount(each.counted) if each.counted is not None else "not counted".rjust(_COLUMN),
                Cell(self._amount(each.mismatch), "red") if each.mismatch else " " * _COLUMN,
                each.by,
            )
            for each in cash.emptied
        ]
        yield from _table(("emptied", "at", *_right("expected", "counted", "difference"), "by"), rows)

    def unsettled(self, report: Report) -> Iterator[str]:
        """Give what no server has settled."""
        found = [
            *self.counted("offline", report.offline),
            *self.counted("unknown", report.unknown),
            *self.counted("parked", report.parked),
        ]
        if found:
            yield "not settled by a server, of all periods"
            yield from found

    def _line(self, name: str, cents: int) -> str:
        return f"{name:<{_NAME}}{self._amount(cents)}"

    def _amount(self, cents: int) -> str:
        return money.show(cents, self._currency).rjust(_COLUMN)

    def _less(self, cents: int) -> str:
        return self._amount(-cents) if cents else ""

    def _doubt(self, unknown: Sum) -> Cell | str:
        if not (unknown.count or unknown.amount):
            return ""
        return Cell(f"{money.show(unknown.amount, self._currency)} ({unknown.count} times)", "red")


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    if rows:
        yield tables.table(heads, rows)


def _right(*names: str) -> tuple[str, ...]:
    return tuple(name.rjust(_COLUMN) for name in names)


def _rate(vat: int | None) -> str:
    return "unknown" if vat is None else f"{vat // 100}.{vat % 100:02d} %".rjust(7)
