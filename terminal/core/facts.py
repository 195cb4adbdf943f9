"""What must be remembered: facts that the journal commits before the world is touched.

One decision's facts are committed together, in one durable transaction, or not at all.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.events import CoinTrouble, Ended, Place
from terminal.core.paper import Document
from terminal.core.payload import Payload
from terminal.core.reconcile_evidence import Evidence
from terminal.core.report import Report
from terminal.core.value import Value


class EntryKind(Enum):
    """What an entry asks of the server. Amounts are always positive cents; the kind gives the direction."""

    DEBIT = "debit"
    CREDIT = "credit"
    REFUND = "refund"  # a credit that makes good a debit for which nothing was given
    UNCLAIMED = "unclaimed"  # coins that nobody claimed: never sent, settled by a named person
    SALE = "sale"  # tickets that were sold: never abandoned, for their guests have them
    INTERACTION = "interaction"  # a delegate checks in or joins: no money
    RECORD = "record"  # what a debit paid for, or its return, for a server that keeps books of it: no money
    REPORT = "report"  # a Z report, for a server that takes it: no money
    PAYMENT = "payment"  # at a card terminal that a server drives: its delivery takes the money of a sale


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


class SessionOpened(Value, frozen=True):
    """A coin session began; *token* is None while nobody has claimed its coins."""

    session: str
    token: str | None


class SessionClosed(Value, frozen=True):
    """A coin session holds nothing any more. *reason*: credited, unclaimed, returned or empty."""

    session: str
    reason: str


class CashMoved(Value, frozen=True):
    """Money moved: a coin came in, or what a session holds went somewhere.

    Attributes:
        session: The coin session.
        kind: Where the money went.
        amount: Cents, > 0.
        device: The acceptor for IN; empty otherwise.
        counter: The device's own event counter where it has one.
        key: The entry that took the money, for CREDITED, SPENT and UNCLAIMED.
        place: Where a coin that came IN lies now.
    """

    session: str
    kind: CashKind
    amount: int
    device: str = ""
    counter: int | None = None
    key: str | None = None
    place: Place = Place.BOX


class CoinNotCredited(Value, frozen=True):
    """An acceptor reported what is no known coin: on the books with no amount, for a technician to look at.

    *pulses*: how much of it: pulses, or events that were lost.
    """

    device: str
    pulses: int
    words: str
    trouble: CoinTrouble = CoinTrouble.UNKNOWN


class DeviceCounted(Value, frozen=True):
    """All that an acceptor counted up to *mark* is on the books; see events.DeviceMarked."""

    device: str
    mark: str


class BoxEmptied(Value, frozen=True):
    """A person, *by* name, took the money out of an acceptor's cash box.

    *pieces* and *amount* (cents) are what the books say was in it; *counted* what the person found, if told.
    """

    device: str
    pieces: int
    amount: int
    by: str
    counted: int | None = None


class PayoutIntended(Value, frozen=True):
    """A hopper or changer will pay out up to *amount* cents. Written before it happens (I1).

    *session* is whose money it is; where a technician tries the device there is none, and *key* explains it.
    *mark* is how far the device itself had counted before.
    """

    payout: str
    device: str
    amount: int
    mark: str
    session: str | None = None
    key: str | None = None


class PayoutSettled(Value, frozen=True):
    """How it ended; as events.PayoutEnded. UNKNOWN is never repeated by itself (I4)."""

    payout: str
    ended: Ended
    paid: int = 0
    words: str = ""


class ReportMade(Value, frozen=True):
    """A Z report ended its period. The journal refuses one whose number does not follow the last one's."""

    report: Report


class SaleReported(Value, frozen=True):
    """A vending machine has sold *item* for *amount* cents without the terminal: for statistics."""

    device: str
    item: str
    amount: int


# -- entries -------------------------------------------------------------------------------------------


class EntryAdded(Value, frozen=True):
    """An operation for the server.

    Attributes:
        key: The idempotency key: unique, made once, never changed (I3).
        kind: What it is.
        backend: Name of the configured backend that it goes to.
        token: UID; None for UNCLAIMED, SALE, RECORD, REPORT and PAYMENT, and for the REFUND of that.
        amount: Cents, > 0 (0 is allowed for a free product); 0 where no money moves.
        pieces: The products of a debit, one for each piece.
        description: For the customer's statement.
        tag: For the operator's statistics; may be empty.
        session: The coin session that it comes from, if any.
        refers_to: Key of the debit that a REFUND makes good, or of what a RECORD records.
        held: True while a release is not settled: it is not delivered yet.
        state: QUEUED, or PARKED for what a person must settle.
        words: Why it is PARKED.
        payload: What a SALE, INTERACTION, RECORD or REPORT is made of; of a DEBIT, who keeps books of it.
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
    payload: Payload | None = None


class EntryFreed(Value, frozen=True):
    """Its release is settled: the entry may be delivered."""

    key: str


class EntryAbandoned(Value, frozen=True):
    """Nothing was given for this debit or payment by card, so nobody may pay for it.

    Never attempted: it is voided at once. Otherwise it is marked for compensation, and when the server's
    answer is known the journal voids it (not booked) or adds a REFUND (booked), in the same transaction. In
    doubt it stays in the queue: it is sent again only where the server drops repeats, to be known and refunded.
    What a card has paid a person gives back: that REFUND is added as PARKED.
    """

    key: str
    words: str


class EntryParked(Value, frozen=True):
    """An entry waits for a person. *state*: PARKED or UNKNOWN."""

    key: str
    state: EntryState
    words: str


class PersonDecided(Value, frozen=True):
    """A named person settled an entry.

    *action*: ``void``, ``retry``, or ``delivered`` where the person found on the server that it is booked.
    """

    key: str
    action: str
    by: str
    reason: str


class AttemptStarted(Value, frozen=True):
    """Bytes of this entry may reach the server from now on.

    *before* is what the server told just now, where only a second read will show whether it was booked.
    """

    key: str
    before: Evidence | None = None


class AttemptEnded(Value, frozen=True):
    """A try to deliver ended with *outcome*; *state* is what the delivery policy made of it.

    *status* is the HTTP status, if there was one; *words* are the server's own, kept word for word (bounded).
    REFUSED with QUEUED says: the server was asked and has surely not booked it; no doubt is left.
    *reference* is what the server calls what it booked, where it tells.
    """

    key: str
    outcome: Outcome
    state: EntryState
    status: int | None = None
    words: str = ""
    balance: int | None = None
    reference: str = ""


# -- the world -----------------------------------------------------------------------------------------


class ReleaseIntended(Value, frozen=True):
    """A relay will be pulled or a *document* printed. Written before it happens (I1).

    *repeats* is the try, if there was one, whose failed or unknown end this one makes good.
    """

    release: str
    kind: ReleaseKind
    key: str
    device: str
    detail: str = ""
    document: Document | None = None
    repeats: str = ""


class ReleaseSettled(Value, frozen=True):
    """How it ended; UNKNOWN is never repeated by itself (I4), but for paper, as a marked copy."""

    release: str
    ended: Ended
    words: str = ""


class PrintGivenUp(Value, frozen=True):
    """A document whose last try *release* failed, or ended unknown, is not printed again by itself."""

    release: str
    words: str


# -- caches (not chained: they are the server's facts, not ours) ---------------------------------------


class WalletSeen(Value, frozen=True):
    """The server told a balance, in cents."""

    token: str
    balance: int


class CatalogueSeen(Value, frozen=True):
    """The server told its products."""

    backend: str
    products: tuple[Product, ...]


class SettingsTold(Value, frozen=True):
    """The server told how this terminal is to be set; *settings* in the words of who reads them again."""

    backend: str
    settings: str


Fact = (
    SessionOpened
    | SessionClosed
    | CashMoved
    | CoinNotCredited
    | DeviceCounted
    | BoxEmptied
    | PayoutIntended
    | PayoutSettled
    | SaleReported
    | ReportMade
    | EntryAdded
    | EntryFreed
    | EntryAbandoned
    | EntryParked
    | PersonDecided
    | AttemptStarted
    | AttemptEnded
    | ReleaseIntended
    | ReleaseSettled
    | PrintGivenUp
    | WalletSeen
    | CatalogueSeen
    | SettingsTold
)
