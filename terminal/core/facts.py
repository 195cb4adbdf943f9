"""What must be remembered: facts that the journal commits before the world is touched.

One decision's facts are committed together, in one durable transaction, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.events import Ended


class EntryKind(Enum):
    """What an entry asks of the server. Amounts are always positive cents; the kind gives the direction."""

    DEBIT = "debit"
    CREDIT = "credit"
    REFUND = "refund"  # a credit that makes good a debit for which nothing was given
    UNCLAIMED = "unclaimed"  # coins that nobody claimed: never sent, settled by a named person


class EntryState(Enum):
    """Where an entry is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"  # it may have been booked; a person must look
    PARKED = "parked"  # it was surely not booked; a person must decide
    DELIVERED = "delivered"
    VOIDED = "voided"


class CashKind(Enum):
    """How money moved in or out of a coin session. IN adds to what the session holds, the others take."""

    IN = "in"
    CREDITED = "credited"
    SPENT = "spent"
    RETURNED = "returned"
    UNCLAIMED = "unclaimed"  # moved into an UNCLAIMED entry, which a person settles
    WRITTEN_OFF = "written off"


class ReleaseKind(Enum):
    """What is released into the world."""

    VEND = "vend"
    PRINT = "print"


# -- coins ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A coin session began; *token* is None while nobody has claimed its coins."""

    session: str
    token: str | None


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """A coin session holds nothing any more. *reason*: credited, unclaimed, returned or empty."""

    session: str
    reason: str


@dataclass(frozen=True, slots=True)
class CashMoved:
    """Money moved: a coin came in, or what a session holds went somewhere.

    Attributes:
        session: The coin session.
        kind: Where the money went.
        amount: Cents, > 0.
        device: The acceptor for IN; empty otherwise.
        counter: The device's own event counter where it has one.
        key: The entry that took the money, for CREDITED, SPENT and UNCLAIMED.
    """

    session: str
    kind: CashKind
    amount: int
    device: str = ""
    counter: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class CoinNotCredited:
    """An acceptor signalled no known coin: on the books with no amount, for a technician to look at."""

    device: str
    pulses: int
    words: str


# -- entries -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntryAdded:
    """An operation for the server.

    Attributes:
        key: The idempotency key: unique, made once, never changed (I3).
        kind: What it is.
        backend: Name of the configured backend that it goes to.
        token: UID; None only for UNCLAIMED.
        amount: Cents, > 0 (0 is allowed for a free product).
        pieces: The products of a debit, one for each piece.
        description: For the customer's statement.
        tag: For the operator's statistics; may be empty.
        session: The coin session that it comes from, if any.
        refers_to: Key of the debit that a REFUND makes good.
        held: True while a release is not settled: it is not delivered yet.
        state: QUEUED, or PARKED for what a person must settle.
        words: Why it is PARKED.
    """

    key: str
    kind: EntryKind
    backend: str
    token: str | None
    amount: int
    pieces: tuple[Product, ...] = ()
    description: str = ""
    tag: str = ""
    session: str | None = None
    refers_to: str | None = None
    held: bool = False
    state: EntryState = EntryState.QUEUED
    words: str = ""


@dataclass(frozen=True, slots=True)
class EntryFreed:
    """Its release is settled: the entry may be delivered."""

    key: str


@dataclass(frozen=True, slots=True)
class EntryAbandoned:
    """Nothing was given for this debit, so nobody may pay for it.

    Never attempted: it is voided at once. Otherwise it is marked for compensation, and when the server's
    answer is known the journal voids it (not booked) or adds a REFUND (booked), in the same transaction. In
    doubt it stays in the queue: it is sent again only where the server drops repeats, to be known and refunded.
    """

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class EntryParked:
    """An entry waits for a person. *state*: PARKED or UNKNOWN."""

    key: str
    state: EntryState
    words: str


@dataclass(frozen=True, slots=True)
class PersonDecided:
    """A named person settled an entry. *action*: void or retry."""

    key: str
    action: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """Bytes of this entry may reach the server from now on."""

    key: str


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """A try to deliver ended with *outcome*; *state* is what the delivery policy made of it.

    *status* is the HTTP status, if there was one; *words* are the server's own, kept word for word (bounded).
    REFUSED with QUEUED says: the server was asked and has surely not booked it; no doubt is left.
    """

    key: str
    outcome: Outcome
    state: EntryState
    status: int | None = None
    words: str = ""
    balance: int | None = None


# -- the world -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReleaseIntended:
    """A relay will be pulled or a document printed. Written before it happens (I1)."""

    release: str
    kind: ReleaseKind
    key: str
    device: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseSettled:
    """How it ended; UNKNOWN is never repeated by itself (I4)."""

    release: str
    ended: Ended
    words: str = ""


# -- caches (not chained: they are the server's facts, not ours) ---------------------------------------


@dataclass(frozen=True, slots=True)
class WalletSeen:
    """The server told a balance, in cents."""

    token: str
    balance: int


@dataclass(frozen=True, slots=True)
class CatalogueSeen:
    """The server told its products."""

    backend: str
    products: tuple[Product, ...]


Fact = (
    SessionOpened
    | SessionClosed
    | CashMoved
    | CoinNotCredited
    | EntryAdded
    | EntryFreed
    | EntryAbandoned
    | EntryParked
    | PersonDecided
    | AttemptStarted
    | AttemptEnded
    | ReleaseIntended
    | ReleaseSettled
    | WalletSeen
    | CatalogueSeen
)
