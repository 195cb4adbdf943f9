"""Kensium POS: gift cards as wallets, items as the catalogue, purchases for its books, card terminals.

Over one client (``kensium.graphql``) and one set of options: wallets in ``kensium.cards``, what was sold in
``kensium.books``, what is sold in ``kensium.goods``, payments at a card terminal in ``kensium.payments``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from terminal.backends.kensium.books import Books
from terminal.backends.kensium.cards import Cards
from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.goods import Goods
from terminal.backends.kensium.graphql import GraphQL
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.payments import Payments, refused_by_hand
from terminal.backends.kensium.tenant import Tenant
from terminal.backends.protocol import Tenure, TerminalInfo, WalletReply
from terminal.core.card import PaymentReply
from terminal.core.delivery import Answer, Guarantee, Outcome
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.mirror import Mirror

if TYPE_CHECKING:
    import httpx

_WALLETS = frozenset({EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND})
_BOOKS = frozenset({EntryKind.SALE, EntryKind.RECORD})


class Kensium:
    """A tenant of Kensium POS.

    Args:
        name: Its name in the configuration.
        options: Its options.
        terminal_id: Who we are, in its books.
        credential: Returns the client's id and secret as JSON; see ``terminal.backends.bearer``.
        tenure: Not needed: no promise hangs on the secret.
        mirror: Keeps what the server has many of; None: only while this runs.
        transport: Stands in for the network.
    """

    Options: ClassVar = KensiumOptions
    kinds: ClassVar[frozenset[EntryKind]] = _WALLETS | _BOOKS | {EntryKind.PAYMENT}
    without: ClassVar = {EntryKind.SALE: ("purchases", False)}
    mirrored: ClassVar = True

    @staticmethod
    def unfit(
        options: Mapping[str, Any], plays: frozenset[str], job: str | None
    ) -> Iterator[tuple[str, str, str]]:
        """Give each option that does not fit what this server is for: it, what is expected, and why."""
        held = options.get("spend") == "authorise"
        if held and "sales" not in plays:
            yield (
                "spend",
                '"complete", or this backend as roles.sales',
                "the record of a sale captures what is held",
            )
        elif held and job == "tickets":
            yield "spend", '"complete"', 'the job "tickets" has no record that would capture what is held'
        if "sales" in plays and not options.get("purchases") and not held:
            yield "purchases", "true", "this backend is roles.sales"
        if "sales" in plays and options.get("purchases") and not options.get("store_code"):
            yield "store_code", "the code of a location", "purchases name it as their store"

    def __init__(
        self,
        name: str,
        options: KensiumOptions,
        *,
        terminal_id: str,
        credential: Callable[[], str],
        tenure: Tenure | None = None,
        mirror: Callable[[str], Mirror] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        del tenure
        self.name = name
        self.settling_ms = options.settling_seconds * 1000
        graphql = GraphQL(
            options, agent=f"terminald ({terminal_id})", credential=credential, transport=transport
        )
        self._tenant = Tenant(graphql, Documents(options.names))
        self._cards = Cards(self._tenant, options, terminal_id, name)
        # What a server calls otherwise decides what is in the rows that are kept of it.
        names = sorted(each for each in options.names.items() if each[0].startswith("item"))
        about = options.graphql_url + "".join(f" {path}={name}" for path, name in names)
        self._mirror = mirror(about) if mirror is not None else Mirror(None, about)
        self._goods = Goods(self._tenant, self._mirror, options, name)
        self._books = Books(self._tenant, self._cards, options, self._goods.uom)
        self._payments = Payments(self._tenant, options, terminal_id)
        self.takes_at_once = self._payments.takes_at_once

    def __repr__(self) -> str:
        return f"Kensium({self.name!r})"

    # -- every backend ---------------------------------------------------------------------------------

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what is promised about a repeat of this kind of entry."""
        if kind is EntryKind.PAYMENT:
            return self._payments.guarantee
        return self._cards.guarantee(kind) if kind in _WALLETS else self._books.guarantee(kind)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Book or record *entry*, or capture its payment, once, within *timeout_s* seconds."""
        if entry.kind is EntryKind.PAYMENT:
            return self._payments.deliver(entry, timeout_s)
        if entry.kind is EntryKind.REFUND and entry.token is None:
            return refused_by_hand()
        if entry.kind in _WALLETS:
            return self._cards.deliver(entry, timeout_s)
        if entry.kind in _BOOKS:
            return self._books.deliver(entry, timeout_s)
        return Answer(Outcome.REFUSED, f"this server does not record a {entry.kind.value}")

    def close(self) -> None:
        """Close connections; a call under way ends as UNKNOWN."""
        self._tenant.close()
        self._mirror.close()

    # -- what became of it -----------------------------------------------------------------------------

    def account(self, entry: Entry) -> str | None:
        """Return the card that *entry* moves funds of; None: it moves none."""
        return self._cards.account(entry) if entry.kind in _WALLETS else None

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what *entry* was to change, and that the balance shows it."""
        return self._cards.operation(entry, sent)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read the balance, within *timeout_s* seconds; before a try, prepare what it captures."""
        return self._cards.evidence(entry, before, at, timeout_s)

    def look(self, entry: Entry, timeout_s: float) -> Answer:
        """Tell whether the payment *entry* was captured, within *timeout_s* seconds."""
        if entry.kind is not EntryKind.PAYMENT:
            return Answer(
                Outcome.UNKNOWN, "no payment of this name tells of it: see terminalctl journal resolve"
            )
        return self._payments.look(entry, timeout_s)

    # -- a card terminal -------------------------------------------------------------------------------

    def start_payment(self, key: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        """Let the card terminal take *amount* cents, for the entry *key*, within *timeout_s* seconds."""
        return self._payments.start(key, amount, timeout_s)

    def proceed_payment(self, reference: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        """Ask how far the payment *reference* is, within *timeout_s* seconds; this moves nothing."""
        return self._payments.proceed(reference, amount, timeout_s)

    # -- wallets and products --------------------------------------------------------------------------

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance within *timeout_s* seconds."""
        return self._cards.balance(token, timeout_s)

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read who this terminal is and what it sells, within *timeout_s* seconds."""
        return self._goods.terminal(timeout_s)
