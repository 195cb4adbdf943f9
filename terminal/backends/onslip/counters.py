"""The counters of a till that Onslip keeps, so that a device that replaces this one can carry on [inferred].

    GET   ~realm/tills/7/state
    PATCH ~realm/tills/7/state   If-Match: "…"  {"z-report-counter": 12, "grand-total-sales": {…}, …}

They say what the last Z report says, however often they are written. They are never set back.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from terminal.backends.onslip.models import plainly
from terminal.backends.onslip.models_till import Summary, TillStatePatch
from terminal.backends.onslip.models_values import Money
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Overtaken, Unchanged
from terminal.backends.onslip.rest_paths import entity
from terminal.core.delivery import Answer, Outcome
from terminal.core.report import Report, Sum

_FIRST: Mapping[str, Any] = {
    "normal-receipt-counter": 0,
    "training-receipt-counter": 0,
    "profo-receipt-counter": 0,
    "x-report-counter": 0,
    "current-batch-id": 0,
    "batch-is-open": False,
}
"""What is required beside them, and where they begin: a terminal has no such numbers of its own."""


def count(rest: Onslip, till: int, report: Report, timeout_s: float) -> Answer:
    """Let the server's counters of *till* say what the Z report *report* says, unless they do.

    REFUSED: they are ahead of it, as where this machine took the place of another; BUSY: somebody else writes
    them just now.
    """
    until = monotonic() + timeout_s
    path = entity(rest.realm, "tills", till, "state")
    found = rest.get(path, timeout_s)
    if isinstance(found, Answer | Unchanged):
        return found if isinstance(found, Answer) else Answer(Outcome.UNKNOWN, "304 to no condition")
    if not isinstance(found.body, dict):
        return Answer(Outcome.REFUSED, f"the server has something else than counters at {path}")
    reached = found.body.get("z-report-counter")
    if isinstance(reached, int) and reached > report.number:
        words = (
            f"the server has counted {reached} Z reports of the till {till}, this terminal {report.number}: is "
            "it another machine's till?"
        )
        return Answer(Outcome.REFUSED, words)
    sold, ours = _count(found.body.get("grand-total-sales")), report.grand.sales.count
    if sold > ours:
        words = (
            f"the server has counted {sold} sales of the till {till}, this terminal {ours}: is it another "
            "machine's till?"
        )
        return Answer(Outcome.REFUSED, words)
    wanted = {name: value for name, value in _FIRST.items() if name not in found.body}
    wanted |= plainly(counters(report))
    if all(_alike(found.body.get(name), value) for name, value in wanted.items()):
        return Answer(Outcome.DELIVERED)
    left_s = until - monotonic()
    if left_s <= 0:
        return Answer(Outcome.UNSENT, "no time was left to write the counters of the till")
    sent = rest.patch(path, wanted, left_s, etag=found.etag)
    if isinstance(sent, Overtaken):
        return Answer(Outcome.BUSY, f"somebody else writes the counters of the till {till}")
    return sent if isinstance(sent, Answer) else Answer(Outcome.DELIVERED)


def counters(report: Report) -> TillStatePatch:
    """Return what the counters say after *report*, a Z report."""
    grand = report.grand
    return TillStatePatch(
        z_report_counter=report.number,
        grand_total_sales=_summary(grand.sales),
        grand_total_returns=_summary(grand.returns),
        grand_total_amount=Summary(
            count=grand.sales.count + grand.returns.count, amount=Money.of_cents(grand.amount)
        ),
    )


def _summary(total: Sum) -> Summary:
    return Summary(count=total.count, amount=Money.of_cents(total.amount))


def _count(summary: object) -> int:
    found = summary.get("count") if isinstance(summary, Mapping) else None
    return found if isinstance(found, int) else 0


def _alike(found: object, wanted: object) -> bool:
    """Return whether the server has what is wanted, and whatever else beside it."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        return all(_alike(found.get(name), value) for name, value in wanted.items())
    return found == wanted
