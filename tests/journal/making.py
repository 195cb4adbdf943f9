"""Facts for tests, made short."""

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.facts import (
    AttemptEnded,
    AttemptStarted,
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    EntryState,
)
from terminal.core.stamp import Stamp

KEY = b"k" * 32
NOW = Stamp(wall_ms=1_800_000_000_000, mono_ms=5_000, boot="boot-1", synced=True)
TOKEN = "04A1B2C3D4E5F6"
ESPRESSO = Product("espresso", "Espresso", 250)


def debit(key="d1", token=TOKEN, amount=250, **more):
    return EntryAdded(key, EntryKind.DEBIT, "main", token, amount, (ESPRESSO,), "Espresso", "coffee", **more)


def credit(key="c1", token=TOKEN, amount=200, **more):
    return EntryAdded(key, EntryKind.CREDIT, "main", token, amount, (), "Top-up", **more)


def unclaimed(key="u1", amount=200, **more):
    words = "Nobody came."
    return EntryAdded(
        key, EntryKind.UNCLAIMED, "main", None, amount, state=EntryState.PARKED, words=words, **more
    )


def started(key="d1"):
    return AttemptStarted(key)


def ended(key="d1", outcome=Outcome.DELIVERED, state=EntryState.DELIVERED, **more):
    return AttemptEnded(key, outcome, state, **more)


def delivered(key="d1"):
    return (started(key), ended(key))


def lost(key="d1", state=EntryState.UNKNOWN):
    """A try whose answer never came."""
    return (started(key), ended(key, Outcome.UNKNOWN, state, words="no answer"))


def coin(amount=100, session="s1", counter=None):
    return CashMoved(session, CashKind.IN, amount, "acceptor", counter)


def taken(kind, amount, session="s1", key=None):
    return CashMoved(session, kind, amount, key=key)
