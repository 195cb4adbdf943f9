"""What stands on the paper of an X or Z report. Pure: values in, a document out.

Amounts that no server has settled stand apart: they are part of the sales above, or of an older period's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, tzinfo

from terminal.core import money
from terminal.core.paper import Columns, Document, Line, Rule, Text
from terminal.core.receipt import headed, moment
from terminal.core.receipt_words import words_of
from terminal.core.report import Cash, Emptied, Report, ReportKind, Sum
from terminal.core.report_words import ReportWords, report_words_of
from terminal.core.ticket_paper import one_line

_Lines = Iterator[Line]


def report_document(
    report: Report,
    *,
    head: Sequence[str],
    terminal: str,
    currency: str,
    locale: str,
    zone: tzinfo = UTC,
) -> Document:
    """Return the paper of *report*.

    Args:
        report: What it says.
        head: Whose terminal it is; the first line is printed large.
        terminal: The terminal's id.
        currency: ISO 4217.
        locale: Such as ``de_DE``: the language (English, if it is not known) and the decimal sign.
        zone: Time zone to print moments in.
    """
    page = _Page(report_words_of(locale), currency, locale)
    words = page.words
    closes = report.kind is ReportKind.Z
    title = words.z.format(number=report.number) if closes else words.x
    lines = headed([one_line(line) for line in head], title)
    usual = words_of(locale)
    lines += [
        Columns(usual.terminal, terminal),
        Columns(words.since, moment(report.opened, zone)),
        Columns(words.until, moment(report.closed, zone)),
        Columns(words.by, one_line(report.by) or words.schedule),
    ]
    if not (report.opened.synced and report.closed.synced):
        lines.append(Text(usual.clock))
    for part in (
        page.sold(report.sales, report.returns),
        page.counted(words.topups, report.topups),
        page.titled(words.groups, page.groups(report)),
        page.titled(words.vats, page.vats(report)),
        page.titled(words.methods, page.methods(report)),
        page.titled(words.money, page.cash(report.cash)),
        page.titled(words.boxes, page.boxes(report.cash)),
        page.titled(words.fills, page.fills(report)),
        page.titled(words.unsettled, page.unsettled(report)),
        page.titled(words.grand, page.sold(report.grand.sales, report.grand.returns)),
    ):
        if found := list(part):
            lines += [Rule(), *found]
    if not closes:
        lines += [Rule(), Text(words.reads)]
    return Document(tuple(lines))


class _Page:
    """The parts of a report in one language and currency; each gives no line where there is nothing to say."""

    def __init__(self, words: ReportWords, currency: str, locale: str) -> None:
        self.words = words
        self._show: Callable[[int], str] = lambda cents: money.show(cents, currency, locale)
        self._locale = locale

    @staticmethod
    def titled(title: str, lines: _Lines) -> _Lines:
        """Give *lines* under their title."""
        for number, line in enumerate(lines):
            if not number:
                yield Text(title, bold=True)
            yield line

    def counted(self, name: str, what: Sum) -> _Lines:
        """Give how often, and how much; nothing, where it never happened."""
        if what.count or what.amount:
            yield Columns(f"{name} ({what.count})", self._show(what.amount))

    def sold(self, sales: Sum, returns: Sum) -> _Lines:
        """Give sales, what was taken back, and what that leaves."""
        yield Columns(f"{self.words.sales} ({sales.count})", self._show(sales.amount))
        if returns.count or returns.amount:
            yield Columns(f"{self.words.returns} ({returns.count})", self._show(-returns.amount))
        yield Columns(self.words.total, self._show(sales.amount - returns.amount), bold=True)

    def groups(self, report: Report) -> _Lines:
        """Give each product group at each of its rates."""
        for each in report.groups:
            yield Columns(one_line(each.group) or self.words.other, self._show(each.gross))
            yield Text(f"  {each.pieces} x, {self._rate(each.vat)}")
            if each.discount:
                yield Columns(f"  {self.words.discount}", self._show(-each.discount))

    def vats(self, report: Report) -> _Lines:
        """Give each rate, with its net and its tax."""
        for each in report.vats:
            yield Columns(self._rate(each.vat), self._show(each.gross))
            if each.vat is not None:
                yield Columns(f"  {self.words.net}", self._show(each.net))
                yield Columns(f"  {self.words.vat}", self._show(each.vat_amount))

    def methods(self, report: Report) -> _Lines:
        """Give what was paid each way, and given back the same way; and what came of rounding cash."""
        known = {"cash": self.words.cash, "wallet": self.words.wallet, "card": self.words.card}
        for each in report.methods:
            name = known.get(each.method) or one_line(each.method)
            yield Columns(f"{name} ({each.sales.count})", self._show(each.sales.amount))
            if each.returns.count or each.returns.amount:
                name = f"  {self.words.returns} ({each.returns.count})"
                yield Columns(name, self._show(-each.returns.amount))
        yield from self.counted(self.words.rounding, report.rounding)

    def cash(self, cash: Cash) -> _Lines:
        """Give the money in the machine: what came, where it went, and what persons found."""
        device = ""
        for coins in cash.denominations:
            if coins.device != device:
                device = coins.device
                yield Text(one_line(device))
            name = f"  {coins.pieces} x {self._show(coins.value)}"
            yield Columns(name, self._show(coins.pieces * coins.value))
        for name in ("taken", "held_before", "spent", "kept", "credited", "returned", "unclaimed"):
            yield from self._amount(name, cash)
        yield from self._amount("written_off", cash)
        yield from self._amount("held_after", cash)
        for payer in cash.paid_out:
            name = self.words.paid_out.format(device=one_line(payer.device))
            yield Columns(f"{name} ({payer.paid.count})", self._show(payer.paid.amount))
            yield from self.counted(f"  {self.words.uncertain}", payer.unknown)
        for emptied in cash.emptied:
            yield from self._emptied(emptied)

    def boxes(self, cash: Cash) -> _Lines:
        """Give what the books say is in each cash box."""
        for device, level in cash.boxes:
            yield Columns(f"{one_line(device)} ({level.count})", self._show(level.amount))

    def fills(self, report: Report) -> _Lines:
        """Give what hoppers and tubes hold, as they said."""
        device = ""
        for each in report.fills:
            if each.device != device:
                device = each.device
                yield Text(one_line(device))
            if each.pieces is None:
                yield Columns(f"  {self._show(each.value)}", "?")
            else:
                yield Columns(
                    f"  {each.pieces} x {self._show(each.value)}", self._show(each.pieces * each.value)
                )
            if each.words:
                yield Text(f"  {one_line(each.words)}")

    def unsettled(self, report: Report) -> _Lines:
        """Give what no server has settled, each kind apart."""
        yield from self.counted(self.words.offline, report.offline)
        yield from self.counted(self.words.unknown, report.unknown)
        yield from self.counted(self.words.parked, report.parked)

    def _amount(self, name: str, cash: Cash) -> _Lines:
        if amount := getattr(cash, name):
            indent = "  " if name in ("kept", "written_off") else ""
            yield Columns(f"{indent}{getattr(self.words, name)}", self._show(amount))

    def _emptied(self, emptied: Emptied) -> _Lines:
        yield Text(self.words.emptied.format(device=one_line(emptied.device)))
        yield Columns(f"  {self.words.by}", one_line(emptied.by))
        yield Columns(f"  {self.words.expected}", self._show(emptied.expected))
        if emptied.counted is None:
            yield Columns(f"  {self.words.counted}", self.words.not_counted)
            return
        yield Columns(f"  {self.words.counted}", self._show(emptied.counted))
        if emptied.mismatch:
            yield Columns(f"  {self.words.mismatch}", self._show(emptied.mismatch), bold=True)

    def _rate(self, vat: int | None) -> str:
        """Return a rate of hundredths of a percent in words, without zeros that say nothing."""
        if vat is None:
            return self.words.no_rate
        shown = money.show(vat, "", self._locale).strip()
        whole, point, rest = shown[:-3], shown[-3], shown[-2:].rstrip("0")
        return self.words.vat_rate.format(rate=f"{whole}{point}{rest}" if rest else whole)
