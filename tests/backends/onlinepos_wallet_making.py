"""An OnlinePOS with one card, the adapter before it, and what the engine does with the two: read, try, look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.core.delivery import Answer
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Conclusion, decide
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.sandbox import Fault
from tests.backends.making import ENOUGH_S, entry
from tests.sandbox.shop import CARD, CHIP, FIRMAID, KEY, TOKEN, Shop

CREDENTIAL = f'{{"token":"{TOKEN}","firmaid":{FIRMAID},"key":"{KEY}"}}'
CAMPAIGN = 27
HELD = 10_000
LOST_BEFORE = Fault(kind="drop", method="POST", count=1)
LOST_AFTER = Fault(kind="drop", method="POST", after=True, count=1)


def server(shop: Shop, **options: Any) -> OnlinePosServer:
    """Return an adapter to *shop*."""
    told = OnlinePosServer.Options(url=shop.sandbox.onlinepos_url, allow_http=True, **options)
    return OnlinePosServer("main", told, terminal_id="coffee-1", credential=lambda: CREDENTIAL)


@contextmanager
def at_a(rules: dict[str, Any] | None = None, **options: Any) -> Iterator[tuple[Shop, OnlinePosServer]]:
    """Run a shop by its rules, and an adapter by its options."""
    shop = Shop(rules)
    pos = server(shop, **options)
    try:
        yield shop, pos
    finally:
        pos.close()
        shop.close()


def order(kind: EntryKind = EntryKind.DEBIT, amount: int = 2500, key: str = "k1", *, uid: str = CHIP) -> Entry:
    """Return an entry for the card."""
    return entry(key, kind, uid=uid, pieces=(), amount=amount)


def moment(ms: int) -> Stamp:
    """Return a moment, *ms* after all began, on one boot."""
    return Stamp(1_770_000_000_000 + ms, ms, "boot", synced=True)


def tried(pos: OnlinePosServer, sent: Entry) -> tuple[Entry, Answer]:
    """Read, then send: as the engine does it, but for the journal."""
    before = pos.evidence(sent, None, moment(0), ENOUGH_S)
    assert isinstance(before, Evidence), before
    sent = replace(sent, before=before)
    return sent, pos.deliver(sent, ENOUGH_S)


def looked(pos: OnlinePosServer, sent: Entry, ms: int = 61_000) -> Conclusion:
    """Look for what was sent, and conclude."""
    after = pos.evidence(sent, sent.before, moment(ms), ENOUGH_S)
    assert isinstance(after, Evidence), after
    return decide(pos.operation(sent, moment(0)), sent.before, after, moment(ms), pos.settling_ms)


def other(shop: Shop, amount: int) -> None:
    """Let somebody else change the balance of the card, elsewhere: a purchase, or a deposit."""
    assert shop.pos.spend(CARD, amount)


def booked(shop: Shop) -> list[int]:
    """Return what took effect on cards by calls, in order."""
    return [each.amount for each in shop.pos.store.effects() if each.amount is not None]
