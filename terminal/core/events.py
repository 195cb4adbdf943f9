"""What can happen: facts of the outside world, in the past tense, frozen.

Drivers make the device events; the daemon makes the others. Every event is legal in every state.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.card import PaymentReply
from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.machine import MachineEvent
from terminal.core.paper import Document
from terminal.core.report import Report
from terminal.core.value import Value


class Health(Enum):
    """How a device is."""

    STARTING = "starting"
    OK = "ok"
    DEGRADED = "degraded"  # works, but a person should look (paper near end, ...)
    MISSING = "missing"  # not there: unplugged, no such port
    FAILED = "failed"  # there, but it does not work


class Ended(Enum):
    """How something that was started in the world ended."""

    DONE = "done"
    FAILED = "failed"  # proven: it did not happen
    UNKNOWN = "unknown"  # it may have happened


# -- devices -------------------------------------------------------------------------------------------


class TokenPresented(Value, frozen=True):
    """A token came onto a reader. *uid*: canonical, upper-case hex, first transmitted byte first.

    *lying*: it lay there already when the reader was first opened, so nobody presented it just now.
    *original*: whether its chip has proved to be its maker's; None: it was not asked to.
    """

    reader: str
    uid: str
    lying: bool = False
    original: bool | None = None


class TokenRemoved(Value, frozen=True):
    """The token that lay on a reader is gone."""

    reader: str


class TokenUnreadable(Value, frozen=True):
    """Something lies on a reader that is no usable token; *words* say why, for the guest."""

    reader: str
    words: str


class Place(Enum):
    """Where a coin went."""

    BOX = "box"  # the cash box, or a bill's stacker
    TUBE = "tube"  # a tube or hopper, from which it can be paid out again
    MACHINE = "machine"  # a vending machine's own cash, which somebody else looks after


class CoinInserted(Value, frozen=True):
    """An acceptor took a coin or a bill of *amount* cents (> 0).

    *counter* is the device's own event counter where it has one; *mark* as in DeviceMarked, with this coin and
    all before it: it is committed together with the coin.
    """

    acceptor: str
    amount: int
    counter: int | None = None
    place: Place = Place.BOX
    mark: str = ""


class CoinTrouble(Enum):
    """What is reported of coins that are not credited."""

    UNKNOWN = "unknown"  # a signal that is no known coin
    LOST = "lost"  # the device counted events that nobody can ask for any more: perhaps coins
    FRAUD = "fraud"  # coin on a string, slug, light: somebody should look


class CoinUnrecognised(Value, frozen=True):
    """An acceptor signalled something that is no known coin: recorded, never credited.

    *pulses* says how much of it: pulses, or events that were lost. *mark* as in CoinInserted.
    """

    acceptor: str
    pulses: int
    words: str
    trouble: CoinTrouble = CoinTrouble.UNKNOWN
    mark: str = ""


class DeviceMarked(Value, frozen=True):
    """A device has counted on, and there is nothing for the books in it.

    *mark* is how far its own counters are, in words of its driver: after a restart the driver gets back the
    last one on the books (drivers.contract.Resumes), and tells what was counted since.
    """

    device: str
    mark: str


class PayoutCounted(Value, frozen=True):
    """A hopper or changer is ready for the payout *payout*; *mark*: how far its counters are before it."""

    payout: str
    mark: str


class PayoutEnded(Value, frozen=True):
    """A hopper or changer answered for the payout *payout*.

    *paid* is what surely came out, in cents: all that there was of it (DONE, perhaps less than was ordered),
    nothing (FAILED), or, for UNKNOWN, at least this.
    """

    payout: str
    ended: Ended
    paid: int = 0
    words: str = ""


class ButtonPressed(Value, frozen=True):
    """A button: a product's id as text, or ``cancel``, or ``confirm``."""

    panel: str
    button: str


class ReleaseEnded(Value, frozen=True):
    """A relay or machine answered for the release *release*."""

    release: str
    ended: Ended
    words: str = ""


class PrintEnded(Value, frozen=True):
    """A printer answered for the print job *job*."""

    job: str
    ended: Ended
    words: str = ""


class DeviceChanged(Value, frozen=True):
    """The health of a device changed. *words* is one sentence for the technician."""

    name: str
    role: str
    health: Health
    words: str = ""


DeviceEvent = (
    TokenPresented
    | TokenRemoved
    | TokenUnreadable
    | CoinInserted
    | CoinUnrecognised
    | DeviceMarked
    | PayoutCounted
    | PayoutEnded
    | ButtonPressed
    | ReleaseEnded
    | PrintEnded
    | DeviceChanged
    | MachineEvent
)


# -- the server's side ---------------------------------------------------------------------------------


class CachedWallet(Value, frozen=True):
    """What was last known of a token's wallet. *age_ms* is None where no clock can tell."""

    balance: int
    age_ms: int | None


class Exposure(Value, frozen=True):
    """What this terminal has given on trust and not yet delivered; sums in cents.

    Attributes:
        token_debits: Debits of this token not yet delivered (queued, sending, unknown, parked).
        token_credits: Credits of this token not yet delivered (queued, sending, unknown).
        total: Debits of all tokens that are queued, sending or unknown.
        count: How many debits that are.
        oldest_ms: Age of the oldest of them; None if there is none or no clock can tell.
    """

    token_debits: int = 0
    token_credits: int = 0
    total: int = 0
    count: int = 0
    oldest_ms: int | None = None


class WalletAnswer(Enum):
    """How the server answered the question for a wallet."""

    KNOWN = "known"  # the balance is confirmed
    NOT_PAIRED = "not paired"  # the server knows no wallet for this token
    DENIED = "denied"  # the server refuses this terminal (401, 403)
    NO_ANSWER = "no answer"  # none within the deadline, or no network


class WalletRemembered(Value, frozen=True):
    """What the journal knows of a token: the first, immediate answer to a ReadWallet effect."""

    token: str
    cached: CachedWallet | None
    exposure: Exposure


class WalletRead(Value, frozen=True):
    """The server's answer to a ReadWallet effect; *balance* in cents if KNOWN."""

    token: str
    answer: WalletAnswer
    balance: int | None = None


class DeliveryEnded(Value, frozen=True):
    """The answer to a DeliverNow effect."""

    key: str
    outcome: Outcome
    words: str = ""
    balance: int | None = None


class PaymentMoved(Value, frozen=True):
    """The answer to an AskPayment effect."""

    key: str
    reply: PaymentReply


class CatalogueRead(Value, frozen=True):
    """The products, from the server (fresh) or from the journal's cache."""

    products: tuple[Product, ...]
    fresh: bool


class CashStepTold(Value, frozen=True):
    """The server that records sales says what cash is rounded to, in cents; 0: nothing is."""

    step: int


class PairingEnded(Value, frozen=True):
    """The answer to a PairToken effect."""

    token: str
    paired: bool
    words: str = ""


# -- the terminal itself -------------------------------------------------------------------------------


class PairingAsked(Value, frozen=True):
    """A technician wants the next token paired with *code*."""

    code: str


class EmptyingAsked(Value, frozen=True):
    """A person, *by* name, has taken the money out of the cash box of *device*.

    *counted*: the cents that they found; None: they did not count.
    """

    device: str
    by: str
    counted: int | None = None


class PayCoins(Value, frozen=True):
    """Pay out *amount* cents."""

    amount: int


class TakeCoins(Value, frozen=True):
    """Take coins up to *limit* cents, for *seconds*."""

    limit: int
    seconds: int


class TrialAsked(Value, frozen=True):
    """A technician, *by* name, wants *device* to give out, print, pay or take coins, to see whether it works.

    *ticket* finds the answer in the state.
    """

    ticket: str
    device: str
    by: str
    what: Product | Document | PayCoins | TakeCoins


class TrialOver(Value, frozen=True):
    """The technician does not watch any more: an acceptor that was tried takes no more coins for it."""

    ticket: str


class PrintAgainAsked(Value, frozen=True):
    """A person, *by* name, wants copies of what was printed for the entry *key*.

    *papers* are its documents, each with the last try to print it. *ticket* finds the answer in the state.
    """

    ticket: str
    key: str
    by: str
    papers: tuple[tuple[str, Document], ...]


class ReportAsked(Value, frozen=True):
    """A person, *by* name, or the schedule (empty), wants this X or Z report made, and *printed* if so.

    *ticket* finds the answer in the state (`TerminalState.reported`).
    """

    ticket: str
    report: Report
    by: str
    printed: bool


class CardPaid(Value, frozen=True):
    """A person, *by* name, says that an external card terminal has taken *amount* cents for the sale under way.

    *reference* is what that terminal calls it; the journal holds no sale with it yet. *ticket* finds the answer
    in the state (`TicketState.answer`).
    """

    ticket: str
    reference: str
    amount: int
    by: str


class NoteMade(Value, frozen=True):
    """A person, *by* name, has something to say about the sale under way. *ticket* as in CardPaid."""

    ticket: str
    words: str
    by: str


class JournalFailed(Value, frozen=True):
    """Nothing can be written down: nothing may be sold. *words* say what a technician must do."""

    words: str


class JournalRecovered(Value, frozen=True):
    """The journal can be written again."""


class PaperMoved(Value, frozen=True):
    """Documents came onto paper, or were given up: what waits for a printer has changed.

    The terminal itself tells its job so; nobody else has to.
    """


class TimePassed(Value, frozen=True):
    """The moment that the state asked to be woken at has come."""


class StopAsked(Value, frozen=True):
    """The daemon is about to stop: close slots, settle what is open, start nothing."""


Event = (
    DeviceEvent
    | WalletRemembered
    | WalletRead
    | DeliveryEnded
    | PaymentMoved
    | CatalogueRead
    | CashStepTold
    | PairingAsked
    | PairingEnded
    | EmptyingAsked
    | TrialAsked
    | TrialOver
    | PrintAgainAsked
    | ReportAsked
    | CardPaid
    | NoteMade
    | JournalFailed
    | JournalRecovered
    | PaperMoved
    | TimePassed
    | StopAsked
)
