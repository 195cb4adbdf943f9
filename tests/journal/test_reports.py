"""Z over a thousand random days: what they say together is what the journal holds, to the cent."""

import os
import random
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing

from terminal.core.report import Grand, ReportKind, Sum
from terminal.core.value import replace
from terminal.journal.reports import period
from tests.journal.days import Days
from tests.journal.ledger import agree, sorted_by

DAYS = 1_000


def test_a_thousand_days_add_up_to_the_cent(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # processes are killed here, no power is cut
    rng = random.Random(20_261_122)
    days = Days(tmp_path, rng)
    reports, vats = [], Counter()
    for day in range(1, DAYS + 1):
        for _ in range(rng.randrange(7)):
            days.anything()
            if rng.random() < 0.01:
                days.killed()
        x = days.journal.made_report(ReportKind.X, "", days.stamp(), sorted_by) if day % 5 == 0 else None
        assert x is None or (days.journal.period_began() or x.closed) == x.opened
        held = sum(days.open.values())
        report, ledger = days.close()
        assert x in (None, replace(report, kind=ReportKind.X))
        assert (report.number, report.after) == (day, reports[-1].upto if reports else 0)
        agree(report, ledger)
        assert report.cash.held_after == held
        assert report.cash.held_before == (reports[-1].cash.held_after if reports else 0)
        assert dict(report.cash.boxes) == {
            device: Sum(*sums) for device, sums in sorted(days.boxes.items()) if sums[0]
        }
        for vat in report.vats:
            vats[vat.vat] += vat.gross
            assert vat.net + vat.vat_amount == vat.gross
        reports.append(report)
        if rng.random() < 0.02:
            days.killed()
    journal = days.journal
    everything = days.all
    sales, returns = (Sum(each["count"], each["amount"]) for each in (everything.sales, everything.returns))
    assert reports[-1].grand == Grand(sales, returns)
    assert days.lives > 30
    assert returns.amount > 50_000
    assert everything.rounding["count"] > 100
    assert everything.rounding["amount"] != 0
    assert {("warm", 600), ("gifts", None), ("tickets", 0)} <= set(everything.groups)
    assert all(everything.cash[kind] for kind in ("kept", "returned", "unclaimed", "written_off", "credited"))
    by_vat = defaultdict(int)
    for (_, vat), (_, gross, _) in everything.groups.items():
        by_vat[vat] += gross
    assert {vat: gross for vat, gross in vats.items() if gross} == {v: g for v, g in by_vat.items() if g}
    assert journal.reports(limit=DAYS) == reports[::-1]
    with closing(sqlite3.connect(days.path)) as db:
        (stands,) = db.execute(STANDS).fetchone()
        assert sales.amount - returns.amount == stands
        whole = period(db, 0, reports[-1].upto, sorted_by)
        agree(
            replace(reports[-1], **{name: getattr(whole, name) for name in whole.__struct_fields__}), everything
        )
    books = journal.books()
    assert books.accepted == everything.cash["taken"]
    assert books.spent == everything.cash["spent"]
    assert books.missing == 0
    assert journal.verify() == []
    journal.close()


STANDS = """
SELECT (SELECT sum(amount) FROM entries
        WHERE state <> 'voided' AND (kind = 'sale' OR (kind = 'debit' AND pieces <> '[]')))
     - (SELECT sum(r.amount) FROM entries AS r JOIN entries AS d ON d.key = r.refers_to
        WHERE r.kind = 'refund' AND r.state <> 'voided' AND d.pieces <> '[]')
"""
