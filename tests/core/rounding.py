"""What must hold of cash that is rounded, counted apart from how the terminal does it."""

from __future__ import annotations

from terminal.core.job import Job
from terminal.core.state import TerminalState
from terminal.core.ticket_state import TicketState
from terminal.core.tickets import Method, TicketSale


def nearest(cents: int, step: int) -> int:
    """Return the multiple of *step* next to *cents*, zero or more; the larger one where two are as near."""
    if not step:
        return cents
    below = cents - cents % step
    return min((below + step, below), key=lambda each: abs(each - cents))


def rounded_right(sale: TicketSale, step: int) -> None:
    """Only what cash pays is rounded, and it pays no more and no less than that."""
    cash = sum(each.amount for each in sale.payments if each.method is Method.CASH)
    exact = sale.total - sum(each.amount for each in sale.payments if each.method is not Method.CASH)
    assert cash == exact + sale.rounding
    assert cash in (exact, nearest(exact, step)), "rounded to something else"
    assert abs(sale.rounding) * 2 <= step, "rounded by too much"


def step_of(job: Job, before: TicketState | None, state: TerminalState) -> int:
    """Return what cash is to be rounded to after an event: for a sale that is paid, as when that began."""
    if before is not None and before.purchase is not None:
        return before.step
    rules = job.tickets
    step = state.cash_step if rules.cash_rounding is None else rules.cash_rounding
    return step if "coins" in rules.pay else 0
