"""The roles a server can play, and what the sync engine must know of it.

An adapter implements the roles it has. Its methods block, and are called from the daemon's own threads; each
raises nothing for what a server or network does: that is an Outcome. Tokens are canonical UIDs (upper-case
hex); money is whole cents, converted at the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from terminal.core.card import PaymentReply
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Guarantee
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Operation
from terminal.core.records import Entry
from terminal.core.report import Report
from terminal.core.stamp import Stamp
from terminal.core.till import Attached, TillSettings
from terminal.core.value import Value


class WalletReply(Value, frozen=True):
    """A server's answer to the question for a wallet; *balance* in cents if KNOWN."""

    answer: WalletAnswer
    balance: int | None = None
    words: str = ""


class DelegateReply(Value, frozen=True):
    """A server's answer to the question who carries a token; *id* and *name* if KNOWN."""

    answer: WalletAnswer
    id: str | int | None = None
    name: str = ""
    words: str = ""


class TerminalInfo(Value, frozen=True):
    """Who the server says this terminal is; None where it does not tell."""

    products: tuple[Product, ...]
    id: str | None = None
    name: str | None = None
    permission: str | None = None


class Tenure(Protocol):
    """Remembers, over restarts, since when a secret is in use: some servers know a key only under it."""

    def begin(self, secret: str) -> None:
        """Take *secret* up; OSError where that cannot be noted: then it must not be used."""

    def known_for_ms(self) -> int | None:
        """Return for how long the present secret has surely been in use; None while none was taken up."""

    def covers(self, moment: Stamp) -> bool:
        """Return whether the present secret was surely in use at *moment*."""


class Backend(Protocol):
    """What every adapter has.

    Attributes:
        kinds: The kinds of entries that its class delivers.
        without: Those that it does not deliver with an option's value; it may be missing.
        mirrored: Whether it is made with ``mirror=``, too: what makes the ``terminal.mirror`` in which it
            keeps what its server has many of; it may be missing.
        placed: Whether it is made with ``plays=``, too: the names of its roles; it may be missing.
        unfit: Gives each option that does not fit, what is expected, and why: is called with the options, the
            roles that it plays and the job; it may be missing.
        name: Its name in the configuration.
    """

    kinds: ClassVar[frozenset[EntryKind]]
    name: str

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat of this kind of entry."""

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Send *entry* once. Never retries by itself: the engine decides that."""

    def close(self) -> None:
        """Close connections; a call under way ends as UNKNOWN."""


class ReadsBack(Protocol):
    """A backend that can tell whether an entry was booked (Promise.READ_BACK)."""

    def look(self, entry: Entry, timeout_s: float) -> Answer:
        """DELIVERED: booked; REFUSED: surely not booked, send again; UNKNOWN and the rest: could not tell."""


class Reconciles(Protocol):
    """A backend some of whose bookings nothing names: what it tells before and after a try shows what became.

    One at a time on each account: a read, a durable note of it, the try. See ``terminal.core.reconcile``.

    Attributes:
        settling_ms: After how many milliseconds what the server has not booked it will not book any more.
    """

    settling_ms: int

    def account(self, entry: Entry) -> str | None:
        """Return what this entry's bookings are told apart by: a card, a card's points, a department.

        None: nothing is to be read before *entry* is sent. If it is in doubt, ``look`` tells, where the
        guarantee for its kind is READ_BACK.
        """

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what was to be booked, and how one sees that it was; *sent* as in Operation.

        Raises:
            ValueError: Nothing could tell of it; the words say why.
        """

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read what the server tells of the account of *entry* now; it books nothing.

        Args:
            entry: What is about to be sent, or is in doubt. ``deliver`` gets what this returns as its *before*.
            before: What was read before the try; None: this is that read.
            at: This moment: goes into the evidence.
            timeout_s: For all reads together.

        Returns:
            An Answer where it could not all be read; DENIED: the server does not accept this terminal. REFUSED,
            before a try: the server will never book this entry, and the words say why.
        """


class WalletBackend(Backend, Protocol):
    """Knows wallets; delivers DEBIT, CREDIT and REFUND entries."""

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance."""


class TicketBackend(Backend, Protocol):
    """Records ticket sales; delivers SALE and INTERACTION entries."""

    def delegate(self, token: str, timeout_s: float) -> DelegateReply:
        """Look up the person, staff or guest, who carries a token."""


class PingedBackend(Protocol):
    """A server that wants to hear now and then that this terminal is there."""

    name: str

    def ping(self, timeout_s: float) -> float | Answer | None:
        """Say so; return in how many seconds the server wants to hear again, an Answer where that failed.

        None: this server wants to hear nothing after all; nothing was sent, and it is not asked again.
        """


CATALOGUE = frozenset({"products", "product-groups", "product-modifiers", "button-maps", "payment-methods"})
"""What a followed server tells a change of, as far as it is about what is sold, and how that is paid."""

SETTINGS = frozenset({"tills", "locations", "payment-methods"})
"""As far as it is about what a TillBackend has settings for; ways to pay tell what cash is rounded to."""


class Stopping(Protocol):
    """Says whether who waits is to end, and gets him out of where he waits."""

    def is_set(self) -> bool:
        """Return whether the end has come."""

    def waking(self, wake: Callable[[], None]) -> AbstractContextManager[None]:
        """Call *wake* when the end comes within the block, at once if it has come: from any thread, briefly."""


class FollowedBackend(Protocol):
    """A server that tells at once what has changed."""

    name: str

    def follow(self, changed: Callable[[frozenset[str]], None], stop: Stopping) -> Answer | None:
        """Listen to what changes until that ends; return why it did. It is not repeated here.

        Args:
            changed: Takes the names of what is to be read again, of CATALOGUE and SETTINGS; must not wait. It
                is called with all of them as soon as the server tells what happens from then on.
            stop: Ends it at once.

        Returns:
            DENIED, REFUSED: this server tells nothing to this terminal, and the words say why. None: nothing is
            to be followed here; nothing was sent, and it is not asked again.
        """


class TillBackend(Protocol):
    """A server that knows this terminal as a till: it has settings for it, and hears of its devices."""

    name: str

    def settings(self, timeout_s: float) -> TillSettings | Answer:
        """Read what is set for this terminal; an Answer where the server could not be asked."""

    def attached(self, devices: Sequence[Attached], timeout_s: float) -> Answer:
        """Let the server know which devices are attached. REFUSED: it will not, and words say why."""

    def counted(self, report: Report, timeout_s: float) -> Answer:
        """Let the server's counters say what the last Z report says. REFUSED: it will not; words say why."""


class CatalogueBackend(Backend, Protocol):
    """Knows the terminal's products.

    The class of one whose products come with their groups says ``tells_groups = True``.
    """

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read who this terminal is and what it sells; an Answer where that failed."""


class PaymentBackend(Backend, Protocol):
    """Drives a card terminal; delivers PAYMENT entries: captures what their reference names.

    Attributes:
        takes_at_once: Whether a payment that was begun may take money with no further word of ours; else it is
            only authorised, and nothing moves before it is captured.
    """

    takes_at_once: bool

    def start_payment(self, key: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        """Let the card terminal take *amount* cents, for the entry *key*, sent once. REFUSED: it will not."""

    def proceed_payment(self, reference: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        """Ask how far the payment is that the server calls *reference*; this moves nothing."""


class PairingBackend(Backend, Protocol):
    """Pairs a token with a customer's account."""

    def pair(self, token: str, code: str, timeout_s: float) -> Answer:
        """Pair *token* by the customer's *code*."""
