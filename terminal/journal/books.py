"""The sums of the whole journal: what came in, and where it is (I2)."""

from __future__ import annotations

import sqlite3

from terminal.core.facts import CashKind, EntryKind, EntryState
from terminal.journal.rows import Books

KEPT = "(held = 1 OR state NOT IN ('delivered', 'voided'))"
"""What the index entries_open holds, in its own words: else SQLite does not use it."""

OPEN = f"state NOT IN ('delivered', 'voided') AND {KEPT}"
"""What is not settled."""


def books(db: sqlite3.Connection) -> Books:
    """Return the sums that *db* sees; what is held is counted for itself, not taken from the equation.

    A credit of coins that a person has voided is not credited: that person has written it off.
    """
    moved = dict.fromkeys(CashKind, 0)
    voided = 0
    for kind, void, amount in db.execute(
        "SELECT c.kind, c.kind = 'credited' AND e.state = 'voided', sum(c.amount) "
        "FROM cash AS c LEFT JOIN entries AS e ON e.seq = c.entry GROUP BY 1, 2"
    ):
        moved[CashKind(kind)] += abs(amount)
        voided += abs(amount) if void else 0
    (in_sessions,) = db.execute(
        "SELECT coalesce(sum(c.amount), 0) FROM cash AS c JOIN sessions AS s ON s.seq = c.session"
    ).fetchone()
    (unclaimed,) = db.execute(
        f"SELECT coalesce(sum(amount), 0) FROM entries WHERE kind = 'unclaimed' AND {OPEN}"  # noqa: S608 - our own words
    ).fetchone()
    debits, credits_, sales = (dict.fromkeys(EntryState, 0) for _ in range(3))
    for kind, state, amount in db.execute("SELECT kind, state, sum(amount) FROM entries GROUP BY 1, 2"):
        if kind == EntryKind.DEBIT.value:
            debits[EntryState(state)] += amount
        elif kind in (EntryKind.CREDIT.value, EntryKind.REFUND.value):
            credits_[EntryState(state)] += amount
        elif kind == EntryKind.SALE.value:
            sales[EntryState(state)] += amount
    return Books(
        accepted=moved[CashKind.IN],
        credited=moved[CashKind.CREDITED] - voided,
        spent=moved[CashKind.SPENT],
        returned=moved[CashKind.RETURNED],
        held=in_sessions + unclaimed,
        written_off=moved[CashKind.WRITTEN_OFF] + voided,
        debits=debits,
        credits=credits_,
        sales=sales,
    )
