"""What can be ordered: imperative, frozen. The daemon performs them after the facts are durable (I1)."""

from __future__ import annotations

from enum import Enum

from terminal.core.catalogue import Product
from terminal.core.machine import MachineEffect
from terminal.core.paper import Document
from terminal.core.value import Value


class Notice(Enum):
    """What a screen says. The words for it, in the guest's language, are made where it is shown."""

    READY = "ready"
    CHOOSE = "choose"  # a token is accepted: choose a product
    PRESENT_TOKEN = "present token"  # a product is chosen: present a token
    CHECKING = "checking"  # the server is asked
    RELEASING = "releasing"
    CONFIRMED = "confirmed"  # given, and the server has confirmed
    ACCEPTED_OFFLINE = "accepted offline"  # given on trust
    REFUSED = "refused"
    UNKNOWN = "unknown"  # nobody can tell what happened: call staff
    CANCELLED = "cancelled"
    BUSY = "busy"  # a tap or button while something else is going on
    INSERT_COINS = "insert coins"
    COINS_WAITING = "coins waiting"  # coins without a token: present one
    CREDITED = "credited"
    PAY = "pay"  # tickets are chosen: pay what is due
    CARD = "card"  # the card terminal waits for a card
    ISSUED = "issued"  # paid: tickets are printed
    CHECKED_IN = "checked in"  # a delegate's token is written down
    RETURNING = "returning"  # money is being paid back
    RETURNED = "returned"
    COIN_KEPT = "coin kept"  # a coin that nobody asked for is on the books: call staff
    COIN_UNKNOWN = "coin unknown"
    PAIR_TOKEN = "pair token"  # a technician pairs: present the token
    PAIRED = "paired"
    OUT_OF_ORDER = "out of order"


class Screen(Value, frozen=True):
    """What the customer is told. Amounts in cents; None where there is nothing to say.

    Attributes:
        notice: What it is about.
        words: Why, for REFUSED, UNKNOWN and OUT_OF_ORDER: one sentence for the guest.
        token: Masked token.
        amount: Price, or money inserted or credited.
        balance: The wallet's balance, as known.
        balance_age_ms: 0 if confirmed just now; None if not known.
        products: What can be chosen.
        basket: What was chosen.
        room: How much money may still be inserted.
        due: What is still to be paid.
        cash_due: What is to be paid of it if that is done in cash, where cash is rounded; else None.
        rounding: By how much; of a sale that was made, what came of it.
        discount: What is given off the price.
        offers: Buttons that do something now, beside products: such as ``receipt``.
    """

    notice: Notice
    words: str = ""
    token: str | None = None
    amount: int | None = None
    balance: int | None = None
    balance_age_ms: int | None = None
    products: tuple[Product, ...] = ()
    basket: tuple[Product, ...] = ()
    room: int | None = None
    due: int | None = None
    cash_due: int | None = None
    rounding: int | None = None
    discount: int | None = None
    offers: tuple[str, ...] = ()


class Show(Value, frozen=True):
    """Show this screen."""

    screen: Screen


class OpenSlot(Value, frozen=True):
    """Let every coin acceptor take money, up to *limit* cents more; those in *closed* take none (box full)."""

    limit: int
    closed: tuple[str, ...] = ()


class CloseSlot(Value, frozen=True):
    """Inhibit every coin acceptor."""


class Release(Value, frozen=True):
    """Give out one piece; answered by ReleaseEnded with the same id."""

    release: str
    device: str
    product: Product


class CountPayout(Value, frozen=True):
    """Ask a hopper or changer how far it has counted, before it pays out; answered by PayoutCounted.

    Or by PayoutEnded, FAILED, where it cannot pay at all.
    """

    payout: str
    device: str


class PayOut(Value, frozen=True):
    """Pay out up to *amount* cents, in whole coins, once; answered by PayoutEnded with the same id.

    *mark* is what PayoutCounted told and the journal holds: the device pays only if it still stands there.
    """

    payout: str
    device: str
    amount: int
    mark: str


class TellPayout(Value, frozen=True):
    """Say how a payout ended that was ordered before a restart; pays nothing. Answered by PayoutEnded."""

    payout: str
    device: str
    amount: int
    mark: str


class Print(Value, frozen=True):
    """Print a document; answered by PrintEnded with the same id."""

    job: str
    device: str
    document: Document


class ReadWallet(Value, frozen=True):
    """Ask for a token's wallet; answered by WalletRemembered at once, and by WalletRead when the server has.

    The core waits for the server no longer than its own deadline; *deadline_ms* lets the daemon give up too.
    """

    token: str
    deadline_ms: int


class DeliverNow(Value, frozen=True):
    """Deliver this entry before anything else of the queue; answered by DeliveryEnded.

    The core has its own time limit and does not wait longer than that for the answer.
    """

    key: str


class AskPayment(Value, frozen=True):
    """Let the card terminal take *amount* cents, as the entry *key*; answered by PaymentMoved.

    *reference* is what the server calls the payment: then it is only asked how far that is.
    """

    key: str
    amount: int
    reference: str = ""


class PairToken(Value, frozen=True):
    """Pair a token with a customer's code; answered by PairingEnded."""

    token: str
    code: str


Effect = (
    Show
    | OpenSlot
    | CloseSlot
    | Release
    | CountPayout
    | PayOut
    | TellPayout
    | Print
    | ReadWallet
    | DeliverNow
    | AskPayment
    | PairToken
    | MachineEffect
)
