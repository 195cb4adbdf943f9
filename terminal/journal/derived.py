"""Whether what the journal keeps beside its facts is what follows from them."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from terminal.core.facts import EntryState
from terminal.journal import standing
from terminal.journal.books import books
from terminal.journal.errors import DecisionRefused
from terminal.journal.history import followed, steps
from terminal.journal.report_check import check_reports
from terminal.journal.standing import Standing
from terminal.journal.tickets import check_sales

_ENTRIES = """
SELECT seq, kind, added_state, added_held, added_words,
       state, held, words, attempts, first_attempt, in_doubt, compensate, sent, reference
FROM entries ORDER BY seq
"""
_NO_MORE: tuple[float, Iterator[Any]] = (math.inf, iter(()))

# Each is a question to which the answer is no row, and the sentence for a row of its answer.
_QUESTIONS = (
    (
        "releases {}: it is marked as settled, but no row settles it.",
        (
            "SELECT i.seq FROM releases AS i LEFT JOIN releases AS o ON o.seq = i.settled "
            "AND o.entry = i.entry AND o.seq > i.seq AND o.kind = i.kind "
            "AND CASE WHEN i.ended IS NULL THEN o.release = i.release AND o.ended IS NOT NULL "
            "ELSE i.kind = 'print' AND i.ended <> 'done' AND (o.ended IS NULL OR o.detail <> '') END "
            "WHERE i.settled IS NOT NULL AND o.seq IS NULL"
        ),
    ),
    (
        "releases {}: it settles a release that is not marked as settled by it.",
        (
            "SELECT o.seq FROM releases AS o LEFT JOIN releases AS i ON i.settled = o.seq "
            "WHERE o.ended IS NOT NULL AND i.seq IS NULL"
        ),
    ),
    (
        "sessions {}: it is marked as closed, but no row closes it.",
        (
            "SELECT o.seq FROM sessions AS o LEFT JOIN sessions AS c ON c.seq = o.closed "
            "AND c.session = o.session AND c.event = 'closed' WHERE o.closed IS NOT NULL AND c.seq IS NULL"
        ),
    ),
    (
        "sessions {}: it closes a session that is not marked as closed by it.",
        (
            "SELECT c.seq FROM sessions AS c WHERE c.event = 'closed' AND NOT EXISTS "
            "(SELECT 1 FROM sessions AS o WHERE o.session = c.session "
            "AND o.event = 'opened' AND o.closed = c.seq)"
        ),
    ),
    (
        "sessions {}: the coin session is closed, or has paid out more than it took, and its sum is not zero.",
        (
            "SELECT s.seq FROM sessions AS s JOIN cash AS c ON c.session = s.seq GROUP BY s.seq "
            "HAVING sum(c.amount) < 0 OR (s.closed IS NOT NULL AND sum(c.amount) <> 0)"
        ),
    ),
    (
        "entries {}: the coins moved for it are not its amount.",
        (
            "SELECT e.seq FROM entries AS e JOIN cash AS c ON c.entry = e.seq "
            "WHERE c.kind IN ('credited', 'unclaimed') GROUP BY e.seq HAVING sum(c.amount) <> -e.amount"
        ),
    ),
    (
        "entries {}: these unclaimed coins and what was written off for them do not agree.",
        (
            "SELECT e.seq FROM entries AS e WHERE e.kind = 'unclaimed' AND "
            "(SELECT coalesce(sum(amount), 0) FROM cash WHERE entry = e.seq AND kind = 'written off') "
            "<> CASE e.state WHEN 'voided' THEN -e.amount ELSE 0 END"
        ),
    ),
    (
        "entries {}: it was booked though nothing was given for it, and its refund is missing.",
        (
            "SELECT d.seq FROM entries AS d LEFT JOIN entries AS r ON r.key = d.key || '-refund' "
            "AND r.kind = 'refund' AND r.amount = d.amount AND r.refers_to = d.key "
            "WHERE d.compensate = 1 AND d.state = 'delivered' AND r.seq IS NULL"
        ),
    ),
    (
        "entries {}: it was booked and stands, and the record of its sale is missing.",
        (
            "SELECT d.seq FROM entries AS d LEFT JOIN entries AS r ON r.key = d.key || '-record' "
            "AND r.kind = 'record' AND r.refers_to = d.key AND r.backend = "
            # One that was altered into no JSON is told of elsewhere, and ends no question.
            "CASE WHEN json_valid(d.payload) THEN json_extract(d.payload, '$.books') ELSE r.backend END "
            "WHERE d.kind = 'debit' AND d.payload IS NOT NULL AND d.compensate = 0 AND d.held = 0 "
            "AND d.state = 'delivered' AND r.seq IS NULL"
        ),
    ),
    (
        "payouts {}: it is marked as settled, but no row settles it.",
        (
            "SELECT i.seq FROM payouts AS i LEFT JOIN payouts AS o ON o.seq = i.settled "
            "AND o.payout = i.payout AND o.session IS i.session AND o.entry IS i.entry "
            "AND o.amount = i.amount AND o.ended IS NOT NULL AND i.ended IS NULL "
            "WHERE i.settled IS NOT NULL AND o.seq IS NULL"
        ),
    ),
    (
        "payouts {}: it settles a payout that is not marked as settled by it.",
        (
            "SELECT o.seq FROM payouts AS o LEFT JOIN payouts AS i ON i.settled = o.seq "
            "WHERE o.ended IS NOT NULL AND i.seq IS NULL"
        ),
    ),
    (
        "sessions {}: the money that its payouts gave out is not what left it as returned.",
        (
            "SELECT s.session FROM (SELECT session, sum(paid) AS paid FROM payouts "
            "WHERE session IS NOT NULL GROUP BY session) AS s WHERE s.paid <> "
            "(SELECT coalesce(-sum(c.amount), 0) FROM cash AS c "
            "WHERE c.session = s.session AND c.kind = 'returned')"
        ),
    ),
    (
        "acceptors {}: what is in its cash box does not follow from what came in since it was emptied.",
        (
            "SELECT a.device FROM acceptors AS a WHERE (a.pieces, a.amount) <> "
            "(SELECT count(*), coalesce(sum(c.amount), 0) FROM cash AS c WHERE c.device = a.device "
            "AND c.kind = 'in' AND c.place IS NULL "
            "AND c.seq > coalesce((SELECT max(e.seq) FROM emptyings AS e WHERE e.device = a.device), 0))"
        ),
    ),
    (
        "cash {}: a coin came in by an acceptor whose cash box the journal does not know.",
        (
            "SELECT min(c.seq) FROM cash AS c LEFT JOIN acceptors AS a ON a.device = c.device "
            "WHERE c.kind = 'in' AND c.place IS NULL AND a.device IS NULL HAVING count(*) > 0"
        ),
    ),
)


def check_derived(db: sqlite3.Connection) -> Iterator[str]:
    """Return a sentence for each thing that does not follow from the facts that *db* sees."""
    yield from _standings(db)
    for sentence, question in _QUESTIONS:
        for (seq,) in db.execute(question):
            yield sentence.format(seq)
    yield from check_sales(db)
    yield from check_reports(db)
    sums = books(db)
    went = sums.credited + sums.spent + sums.returned + sums.held + sums.written_off
    if sums.accepted != went:
        yield (
            f"The books do not balance: {sums.accepted} cents were accepted, but {went} cents are credited, "
            "spent, returned, held or written off."
        )


def _standings(db: sqlite3.Connection) -> Iterator[str]:
    groups = groupby(db.execute(steps()), key=lambda step: step[0])
    entry, of_entry = next(groups, _NO_MORE)
    for seq, *values in db.execute(_ENTRIES):
        while entry < seq:  # steps of an entry that is not there: told by the foreign keys
            entry, of_entry = next(groups, _NO_MORE)
        begins, stands = standing.kept(values[:4]), standing.kept([values[0], *values[4:]])
        try:
            follows = begins
            for _, follows in followed(begins, of_entry if entry == seq else ()):  # noqa: B007 - the last one
                pass
        except (ValueError, DecisionRefused) as error:
            yield f"entries {seq}: its attempts and decisions could not have happened in this order. {error}"
            continue
        for name in Standing.__struct_fields__:
            is_, should = getattr(stands, name), getattr(follows, name)
            if is_ != should:
                yield f"entries {seq}: {name} is {_show(is_)}, but follows as {_show(should)}."


def _show(value: object) -> str:
    return value.value if isinstance(value, EntryState) else repr(value)
