"""The money in the machine over a period, for a report: see core.report.Cash."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator

from terminal.core.report import Cash, Denomination, Emptied, PaidOut, Sum
from terminal.core.stamp import Stamp

_CASH = "SELECT kind, sum(amount) FROM cash WHERE seq > ? AND seq <= ? GROUP BY kind"
# A closed session holds nothing, so that only those are summed up which were open at that moment.
_HELD = (
    "SELECT coalesce(sum(c.amount), 0) FROM sessions AS s JOIN cash AS c INDEXED BY cash_session "
    "ON c.session = s.seq AND c.seq <= :upto "
    "WHERE s.event = 'opened' AND s.seq <= :upto AND (s.closed IS NULL OR s.closed > :upto)"
)
_COINS = (
    "SELECT device, amount, count(*) FROM cash WHERE kind = 'in' AND seq > ? AND seq <= ? "
    "GROUP BY device, amount ORDER BY device, amount"
)
_PAID = (
    "SELECT device, ended, count(*), sum(paid), sum(amount - paid) FROM payouts "
    "WHERE ended IS NOT NULL AND seq > ? AND seq <= ? GROUP BY device, ended ORDER BY device"
)
_EMPTIED = (
    "SELECT device, by, wall_ms, mono_ms, boot, synced, amount, counted FROM emptyings "
    "WHERE seq > ? AND seq <= ? ORDER BY seq"
)
_SINCE_EMPTIED = (
    "SELECT a.device, (SELECT coalesce(max(e.seq), 0) FROM emptyings AS e "
    "WHERE e.device = a.device AND e.seq <= ?) FROM acceptors AS a ORDER BY a.device"
)
_BOX = (
    "SELECT count(*), sum(amount) FROM cash WHERE seq > ? AND seq <= ? AND kind = 'in' AND place IS NULL "
    "AND device = ?"
)


def cash_of(db: sqlite3.Connection, after: int, upto: int, kept: int) -> Cash:
    """Return what the facts with numbers over *after* and up to *upto* say of money; *kept* as in Cash."""
    moved: defaultdict[str, int] = defaultdict(int)
    for kind, amount in db.execute(_CASH, (after, upto)):
        moved[kind] = abs(amount)
    return Cash(
        taken=moved["in"],
        held_before=_held(db, after),
        held_after=_held(db, upto),
        spent=moved["spent"],
        kept=kept,
        credited=moved["credited"],
        returned=moved["returned"],
        unclaimed=moved["unclaimed"],
        written_off=moved["written off"],
        denominations=tuple(Denomination(*row) for row in db.execute(_COINS, (after, upto))),
        paid_out=_paid_out(db, after, upto),
        emptied=tuple(
            Emptied(device, by, Stamp(wall_ms, mono_ms, boot, bool(synced)), expected, counted)
            for device, by, wall_ms, mono_ms, boot, synced, expected, counted in db.execute(
                _EMPTIED, (after, upto)
            )
        ),
        boxes=tuple(_boxes(db, upto)),
    )


def _held(db: sqlite3.Connection, upto: int) -> int:
    return int(db.execute(_HELD, {"upto": upto}).fetchone()[0])


def _paid_out(db: sqlite3.Connection, after: int, upto: int) -> tuple[PaidOut, ...]:
    paid: dict[str, list[Sum]] = {}
    for device, ended, count, out, rest in db.execute(_PAID, (after, upto)):
        sums = paid.setdefault(device, [Sum(), Sum()])
        if out:
            sums[0] += Sum(count if ended == "done" else 0, out)
        if ended == "unknown":
            sums[1] += Sum(count, rest)
    return tuple(PaidOut(device, *sums) for device, sums in paid.items() if sums != [Sum(), Sum()])


def _boxes(db: sqlite3.Connection, upto: int) -> Iterator[tuple[str, Sum]]:
    """Give what was in each cash box at *upto*; one that was empty then is left out."""
    for device, emptied in db.execute(_SINCE_EMPTIED, (upto,)).fetchall():
        pieces, amount = db.execute(_BOX, (emptied, upto, device)).fetchone()
        if pieces:
            yield device, Sum(pieces, amount)
