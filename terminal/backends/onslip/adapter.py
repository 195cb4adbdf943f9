"""Onslip 360 (cash registers): vouchers as wallets, the catalogue of a till, sales for its books.

Over one client (``onslip.rest``) and one set of options: wallets in ``onslip.vouchers``, what is sold in
``onslip.goods``, what was sold and Z reports in ``onslip.records``, what is set for the till in
``onslip.device``, what changes in ``onslip.events``. Each request is signed by Hawk with the key in the
credential.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from terminal.backends.onslip.client import open_client, wall_s
from terminal.backends.onslip.device import Device
from terminal.backends.onslip.events import Events
from terminal.backends.onslip.goods import Goods
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm
from terminal.backends.onslip.records import Records
from terminal.backends.onslip.vouchers import Vouchers
from terminal.backends.protocol import Stopping, Tenure, TerminalInfo, WalletReply
from terminal.core.delivery import Answer, Guarantee, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Operation
from terminal.core.records import Entry
from terminal.core.report import Report
from terminal.core.stamp import Stamp
from terminal.core.till import Attached, TillSettings

if TYPE_CHECKING:
    import httpx

_WALLETS = frozenset({EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND})
_BOOKS = frozenset({EntryKind.SALE, EntryKind.RECORD, EntryKind.REPORT})


class Onslip360:
    """A realm of Onslip 360.

    Args:
        name: Its name in the configuration.
        options: Its options.
        terminal_id: Who we are, in the realm's books.
        credential: Returns the key as JSON; see ``onslip.rest_place.Credentials``.
        tenure: Not needed: no promise hangs on the key.
        transport: Stands in for the network.
        wall_s: Returns seconds since 1970, for signatures.
    """

    Options: ClassVar = OnslipOptions
    kinds: ClassVar[frozenset[EntryKind]] = _WALLETS | _BOOKS
    without: ClassVar = {EntryKind.REPORT: ("sales", "orders")}
    tells_groups: ClassVar = True

    def __init__(
        self,
        name: str,
        options: OnslipOptions,
        *,
        terminal_id: str,
        credential: Callable[[], str],
        tenure: Tenure | None = None,
        transport: httpx.BaseTransport | None = None,
        wall_s: Callable[[], int] = wall_s,
    ) -> None:
        del tenure
        self.name = name
        self.settling_ms = options.settling_seconds * 1000
        self._rest = open_client(options.place, credential=credential, transport=transport, wall_s=wall_s)
        self._realm = Realm(self._rest, name)
        self._goods = Goods(self._realm, options, name)
        self._device = Device(self._rest, self._realm, options)
        self._events = Events(self._rest, self._realm, options)
        self._vouchers = Vouchers(self._rest, options, name, wall_s)
        self._records = Records(self._rest, options, self._realm, name, terminal_id=terminal_id)

    def __repr__(self) -> str:
        return f"Onslip360({self.name!r})"

    # -- every backend ---------------------------------------------------------------------------------

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat: nothing, but reads may tell."""
        return Guarantee(Promise.READ_BACK) if kind in _WALLETS else self._records.guarantee(kind)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Book or record *entry*, once, within *timeout_s* seconds."""
        how = self._vouchers if entry.kind in _WALLETS else self._records
        return how.deliver(entry, timeout_s)

    def look(self, entry: Entry, timeout_s: float) -> Answer:
        """Say whether *entry* is recorded; what is booked on a voucher, that voucher tells."""
        if entry.kind in _WALLETS:
            return self._vouchers.look(entry)
        return self._records.look(entry, timeout_s)

    def account(self, entry: Entry) -> str | None:
        """Return the token whose voucher tells of *entry*; None for what is recorded."""
        return entry.token or None if entry.kind in _WALLETS and entry.amount else None

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what was to be booked on a voucher, and how one sees that it was."""
        return self._vouchers.operation(entry, sent)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read the voucher of *entry* within *timeout_s* seconds."""
        return self._vouchers.evidence(entry, before, at, timeout_s)

    def close(self) -> None:
        """Close connections; a call under way ends as UNKNOWN."""
        self._rest.close()

    # -- wallets ---------------------------------------------------------------------------------------

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance within *timeout_s* seconds."""
        return self._vouchers.balance(token, timeout_s)

    # -- products --------------------------------------------------------------------------------------

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read who this terminal is and what it sells, within *timeout_s* seconds."""
        until = time.monotonic() + timeout_s
        info = self._goods.terminal(timeout_s)
        if isinstance(info, TerminalInfo):
            self._vouchers.prepare(until - time.monotonic())
        return info

    # -- the till --------------------------------------------------------------------------------------

    def settings(self, timeout_s: float) -> TillSettings | Answer:
        """Read what is set for this terminal, within *timeout_s* seconds."""
        return self._device.settings(timeout_s)

    def attached(self, devices: Sequence[Attached], timeout_s: float) -> Answer:
        """Let the server know which devices are attached, within *timeout_s* seconds."""
        return self._device.attached(devices, timeout_s)

    # -- what changes ----------------------------------------------------------------------------------

    def follow(self, changed: Callable[[frozenset[str]], None], stop: Stopping) -> Answer | None:
        """Listen to what changes in the realm until that ends; None: no events are wanted."""
        return self._events.follow(changed, stop)

    def counted(self, report: Report, timeout_s: float) -> Answer:
        """Let the server's counters say what the Z report *report* says, within *timeout_s* seconds."""
        return self._device.counted(report, timeout_s)
