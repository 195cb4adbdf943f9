"""What the sums of a period should be, counted apart from the journal."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from terminal.core.report import Denomination

MENU = {
    "espresso": (250, ("coffee", 1900)),
    "cake": (333, ("food", 700)),
    "water": (0, ("", None)),
    "tea": (199, ("coffee", 700)),
    "soup": (420, None),
    "adult": (500, ("tickets", 1900)),
    "child": (249, ("tickets", 0)),
    "pass": (1_250, None),
}
"""What each product costs, and its group and VAT rate; None: what the server told when it was sold."""

TOLD = (("warm", 1200), ("warm", 600), ("coffee", 1900), ("gifts", 0), ("gifts", None), ("", None))
"""What a server tells of a product, on one day or another."""


def sorted_by(product, group, vat):
    return MENU[product][1] or (group, vat)


@dataclass(slots=True)
class Sold:
    """What was sold with one entry: its lines (group and VAT, pieces, gross, discount), and how it was paid."""

    key: str
    amount: int
    lines: list
    payments: list
    refund: str
    rounding: int = 0
    back: int = 0  # how often it is taken back as things stand


@dataclass(slots=True)
class Ledger:
    """What a period should come to."""

    sales: Counter = field(default_factory=Counter)
    returns: Counter = field(default_factory=Counter)
    topups: Counter = field(default_factory=Counter)
    rounding: Counter = field(default_factory=Counter)
    groups: defaultdict = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    methods: defaultdict = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    cash: Counter = field(default_factory=Counter)
    coins: Counter = field(default_factory=Counter)
    paid: defaultdict = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    emptied: list = field(default_factory=list)


def agree(report, ledger):
    """Compare a report, or the sum of several, with what the ledger knows."""
    assert (report.sales.count, report.sales.amount) == (ledger.sales["count"], ledger.sales["amount"])
    assert (report.returns.count, report.returns.amount) == (ledger.returns["count"], ledger.returns["amount"])
    assert (report.topups.count, report.topups.amount) == (ledger.topups["count"], ledger.topups["amount"])
    assert {(each.group, each.vat): [each.pieces, each.gross, each.discount] for each in report.groups} == {
        name: sums for name, sums in ledger.groups.items() if any(sums)
    }
    assert {
        each.method: [each.sales.count, each.sales.amount, each.returns.count, each.returns.amount]
        for each in report.methods
    } == {method: sums for method, sums in ledger.methods.items() if any(sums)}
    assert (report.rounding.count, report.rounding.amount) == (
        ledger.rounding["count"],
        ledger.rounding["amount"],
    )
    exact = report.sales.amount - report.returns.amount
    assert exact == sum(each.gross for each in report.groups) == sum(each.gross for each in report.vats)
    paid = sum(each.sales.amount - each.returns.amount for each in report.methods)
    assert paid == exact + report.rounding.amount
    cash = report.cash
    for kind in ("taken", "spent", "kept", "credited", "returned", "unclaimed", "written_off"):
        assert getattr(cash, kind) == ledger.cash[kind], kind
    went = cash.spent + cash.credited + cash.returned + cash.unclaimed + cash.held_after
    assert cash.held_before + cash.taken == went
    assert cash.denominations == tuple(Denomination(*key, n) for key, n in sorted(ledger.coins.items()))
    assert [(each.device, each.expected, each.mismatch) for each in cash.emptied] == ledger.emptied
    assert {
        each.device: [each.paid.count, each.paid.amount, each.unknown.count, each.unknown.amount]
        for each in cash.paid_out
    } == {device: sums for device, sums in ledger.paid.items() if any(sums)}
