"""Rows of the journal that the core decides about: entries, and what was begun and not ended."""

from __future__ import annotations

from terminal.core.catalogue import Product
from terminal.core.events import Ended
from terminal.core.facts import EntryKind, EntryState, ReleaseKind
from terminal.core.paper import Document
from terminal.core.payload import Payload
from terminal.core.reconcile_evidence import Evidence
from terminal.core.stamp import Stamp
from terminal.core.value import Value


class Entry(Value, frozen=True):
    """One entry with its present state.

    Attributes:
        seq: Number in the journal's one sequence: what technicians call it by.
        created: When it was committed.
        first_attempted: When bytes of it may first have reached the server; None if surely never.
        in_doubt: An earlier attempt ended unknown.
        attempts: How many tries there were.
        compensate: Nothing was given for it; see facts.EntryAbandoned.
        words: The last words about it: the server's, or why it is parked.
        before: What the server told before the try that is in doubt, where that was asked.
        sent: The last moment at which bytes of it may have left, while it is in doubt: the end of its last
            try, or the start after it.
        reference: What the server calls what it booked; of an entry that refers to another, what it called it.

    The other attributes are those of facts.EntryAdded.
    """

    seq: int
    key: str
    kind: EntryKind
    backend: str
    token: str | None
    amount: int
    pieces: tuple[Product, ...]
    description: str
    tag: str
    session: str | None
    refers_to: str | None
    held: bool
    state: EntryState
    words: str
    created: Stamp
    first_attempted: Stamp | None
    in_doubt: bool
    attempts: int
    compensate: bool
    payload: Payload | None = None
    before: Evidence | None = None
    sent: Stamp | None = None
    reference: str = ""


class OpenRelease(Value, frozen=True):
    """A release that was intended and not settled."""

    release: str
    kind: ReleaseKind
    key: str
    device: str
    detail: str
    at: Stamp
    document: Document | None = None


class WaitingPrint(Value, frozen=True):
    """A document that should be on paper, and was not seen to get there.

    *release* is its last try, which was intended *at* that moment and *ended* FAILED or UNKNOWN; nothing has
    repeated it, and nobody has given it up.
    """

    release: str
    key: str
    document: Document
    ended: Ended
    at: Stamp


class OpenPayout(Value, frozen=True):
    """A payout that was intended and not settled; as facts.PayoutIntended."""

    payout: str
    device: str
    amount: int
    mark: str
    session: str | None
    at: Stamp


class OpenSession(Value, frozen=True):
    """A coin session that still holds money (cents), or was not closed."""

    session: str
    token: str | None
    held: int
    opened: Stamp
    last_coin: Stamp | None
