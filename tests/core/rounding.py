"""What must hold of cash that is rounded, counted apart from how the terminal does it."""

from __future__ import annotations

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
