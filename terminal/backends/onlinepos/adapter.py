"""OnlinePOS (cash registers in Denmark): cards as wallets, what is sold, orders or stock as books of sales.

Over one client (``onlinepos.client``) and one set of options: wallets in ``onlinepos.wallets`` and
``onlinepos.vouchers``, what is sold in ``onlinepos.catalogue``, what was sold in ``onlinepos.books_orders`` or
``onlinepos.books_stock``.

What is promised about a repeat, and what tells whether something was booked:

    DEBIT, CREDIT, REFUND   READ_BACK   the balance of the card, or its points, before and after; with
                                        ``history`` its history, too
    CREDIT into a voucher   READ_BACK   whether there is one of its number, which is made of the entry's key
    SALE, RECORD            READ_BACK   the last order that is exported, before, and what came after it; or how
                                        much of it is in stock
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from terminal.backends.onlinepos.books_orders import Orders
from terminal.backends.onlinepos.books_stock import StockBooks
from terminal.backends.onlinepos.campaigns_known import Campaigns
from terminal.backends.onlinepos.catalogue import Catalogue, wall
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.vouchers import Vouchers
from terminal.backends.onlinepos.wallets import Wallets
from terminal.backends.protocol import Tenure, TerminalInfo, WalletReply
from terminal.core.delivery import Answer, Guarantee
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp

if TYPE_CHECKING:
    import httpx

_WALLETS = frozenset({EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND})
_BOOKS = frozenset({EntryKind.SALE, EntryKind.RECORD})


class OnlinePosServer:
    """A company of OnlinePOS.

    Args:
        name: Its name in the configuration.
        options: Its options.
        terminal_id: Who we are, on orders.
        credential: Returns token, company number and key as JSON; see ``onlinepos.client.read_credentials``.
        plays: Its roles: what its own cards cannot pay exactly is not sold where it is catalogue and wallet.
        tenure: Not needed: no promise hangs on the secret.
        transport: Stands in for the network.
        wall: Returns this moment, for offers.
    """

    Options: ClassVar = OnlinePosOptions
    kinds: ClassVar[frozenset[EntryKind]] = _WALLETS | _BOOKS
    tells_groups: ClassVar = True
    placed: ClassVar = True

    def __init__(
        self,
        name: str,
        options: OnlinePosOptions,
        *,
        terminal_id: str,
        credential: Callable[[], str],
        plays: frozenset[str] = frozenset(),
        tenure: Tenure | None = None,
        transport: httpx.BaseTransport | None = None,
        wall: Callable[[], datetime] = wall,
    ) -> None:
        del tenure
        self.name = name
        self.settling_ms = options.settling_seconds * 1000
        self._pos = OnlinePos(options, credential=credential, transport=transport)
        campaigns = Campaigns(self._pos, name)
        self._wallets = Wallets(self._pos, options, name, campaigns)
        self._vouchers = Vouchers(self._pos, options, campaigns) if options.credit == "voucher" else None
        own = plays >= {"catalogue", "wallet"}
        self._catalogue = Catalogue(self._pos, options, name, wall, step=options.debit_step if own else None)
        self._books: Orders | StockBooks
        if options.books == "orders":
            self._books = Orders(self._pos, options, self._catalogue, name, terminal_id=terminal_id)
        else:
            self._books = StockBooks(self._pos, options, self._catalogue)

    def __repr__(self) -> str:
        return f"OnlinePosServer({self.name!r})"

    # -- every backend ---------------------------------------------------------------------------------

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat of this kind of entry."""
        return self._of(kind).guarantee(kind)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Book or record *entry*, once, within *timeout_s* seconds."""
        return self._of(entry.kind).deliver(entry, timeout_s)

    def close(self) -> None:
        """Close connections; a call under way ends as UNKNOWN."""
        self._pos.close()

    # -- reconciliation --------------------------------------------------------------------------------

    def account(self, entry: Entry) -> str | None:
        """Return what the bookings of *entry* are told apart by; None: nothing is to be read before it."""
        return self._of(entry.kind).account(entry)

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what was to be booked, and how one sees that it was. Raises ValueError if nothing tells."""
        return self._of(entry.kind).operation(entry, sent)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read what the server tells of the account of *entry* now, within *timeout_s* seconds."""
        return self._of(entry.kind).evidence(entry, before, at, timeout_s)

    def _of(self, kind: EntryKind) -> Wallets | Vouchers | Orders | StockBooks:
        """Return the part that books entries of *kind*."""
        if kind is EntryKind.CREDIT and self._vouchers is not None:
            return self._vouchers
        return self._wallets if kind in _WALLETS else self._books

    # -- wallets ---------------------------------------------------------------------------------------

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance within *timeout_s* seconds."""
        return self._wallets.balance(token, timeout_s)

    # -- products --------------------------------------------------------------------------------------

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read what is sold here, within *timeout_s* seconds, and whether the campaigns are there."""
        until = monotonic() + timeout_s
        found = self._catalogue.terminal(timeout_s)
        if not isinstance(found, Answer):
            self._wallets.lack(until)
            if self._vouchers is not None:
                self._vouchers.lack(until)
        return found
