"""The sandbox as a whole: a server that can be started, cut off, brought back and asked what it did.

with Sandbox() as sandbox:
    sandbox.add_wallet("04A1B2C3D4E5F6", 1000)
    sandbox.faults.set(Fault(kind="drop", after=True, count=1))
    ...
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from msgspec.structs import replace

from terminal.httpd import CannotListen, Route
from terminal.sandbox import admin
from terminal.sandbox.address import Address
from terminal.sandbox.beside import Beside
from terminal.sandbox.booking import Permission
from terminal.sandbox.desk import Desk
from terminal.sandbox.faults import Faults
from terminal.sandbox.kensium.api import PREFIX as KENSIUM
from terminal.sandbox.kensium.rules import KensiumRules
from terminal.sandbox.keys import new_token
from terminal.sandbox.ledger import Item, Ledger, whole_number
from terminal.sandbox.onlinepos.api import PREFIX as ONLINEPOS
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onslip.rules import OnslipRules
from terminal.sandbox.pointofsale import PREFIX, Dialect, Keys, PointOfSaleApi, Terminal
from terminal.sandbox.satellite.rules import SatelliteRules


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Sandbox:
    """A PointOfSale server with a ledger, and servers of other kinds if wanted, that misbehave on demand.

    Args:
        listen: Host and port; port 0: any free one. The addresses for testers (``/sandbox/…``) are served only
            on this machine's own.
        database: File of the ledger, or ``:memory:``.
        dialect: How it speaks.
        token: The secret of the terminal; None: a new one.
        permission: What that terminal may do.
        keys: What becomes of idempotency keys; None: as the dialect does.
        overdraft: Whether it books below zero. No known server refuses to.
        seed: What the dice of the faults start from.
        satellite: How the Satellite server behaves; None: there is none.
        client: Id and secret of a device that the Satellite server knows from the start.
        onslip: How the Onslip server behaves; None: there is none.
        kensium: How the Kensium server behaves; None: there is none.
        onlinepos: How the OnlinePOS server behaves; None: there is none.
        second: Host and port of a second address of the same servers, for clients that fail over.
        now_ms: The wall clock, in milliseconds.
    """

    def __init__(
        self,
        listen: tuple[str, int] = ("127.0.0.1", 0),
        *,
        database: str | Path = ":memory:",
        dialect: Dialect = "documented",
        token: str | None = None,
        permission: Permission = "all",
        keys: Keys | None = None,
        overdraft: bool = True,
        seed: int = 0,
        satellite: SatelliteRules | None = None,
        client: tuple[str, str] | None = None,
        onslip: OnslipRules | None = None,
        kensium: KensiumRules | None = None,
        onlinepos: OnlinePosRules | None = None,
        second: tuple[str, int] | None = None,
        now_ms: Callable[[], int] = _wall_ms,
    ) -> None:
        self.token = token or new_token()
        self.ledger = Ledger(database)
        self.faults = Faults(seed)
        self._dialect: Dialect = dialect
        self._now_ms = now_ms
        self._desk = Desk(self.faults)
        self._api = PointOfSaleApi(
            self.ledger,
            self._desk,
            dialect=dialect,
            keys=keys or ("none" if dialect == "pretix" else "key"),
            overdraft=overdraft,
            now_ms=now_ms,
        )
        self._terminal = Terminal(permission=permission)
        self._api.terminals[self.token] = self._terminal
        self._beside = Beside(
            satellite, client, onslip, kensium, onlinepos, database=database, seed=seed, now_ms=now_ms
        )
        self.satellite, self.onslip = self._beside.satellite, self._beside.onslip
        self.kensium, self.onlinepos = self._beside.kensium, self._beside.onlinepos
        wanted = [listen] if second is None else [listen, second]
        self._addresses = [Address(each, self._routes) for each in wanted]
        self._lock = threading.RLock()
        self._leaving: list[threading.Thread] = []
        self._ended = threading.Event()

    # -- life ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Serve.

        Raises:
            CannotListen: The address is taken.
        """
        self._ended.clear()
        self.back()

    def stop(self) -> None:
        """Stop for good and close the ledger."""
        self._ended.set()
        for thread in self._leaving:
            thread.join()
        self.away()
        with self._lock:
            for address in self._addresses:
                address.end()
            self.ledger.close()
            for other in self._beside.all():
                other.close()

    def away(self, number: int | None = None) -> None:
        """Close an address and its connections: clients are refused, as by a machine that is off.

        What a fault delays at that moment is dropped, at each address.

        Args:
            number: Which one, from 0 on; None: all.
        """
        with self._lock:
            for faults in self._all_faults():
                faults.end()
            for address in self._addresses if number is None else [self._addresses[number]]:
                address.away()
            if any(address.there for address in self._addresses):
                self._begin()

    def back(self) -> None:
        """Serve (again), at each address on the same port as before.

        Raises:
            CannotListen: Somebody else took one.
        """
        with self._lock:
            self._begin()
            for address in self._addresses:
                address.back()
            if len(self._addresses) > 1 and self.onslip is not None and self.onslip.rules.endpoints is None:
                self.onslip.rules = replace(self.onslip.rules, endpoints=self.onslip_urls)

    def _begin(self) -> None:
        for faults in self._all_faults():
            faults.begin()

    def _routes(self, near: bool) -> list[Route]:  # noqa: FBT001 - as Address says it
        own = self._api.routes() + (admin.routes(self) if near else [])
        return own + self._beside.routes(near)

    def _all_faults(self) -> list[Faults]:
        return [self.faults, *(each.faults for each in self._beside.all())]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base(self) -> str:
        """The address of the server, as of ``/sandbox/…``."""
        return self._addresses[0].base

    @property
    def url(self) -> str:
        """What a terminal is configured with: the address before ``pos/…``."""
        return f"{self.base}{PREFIX[self._dialect]}/"

    def satellite_url(self, generation: str = "old") -> str:
        """Return what a terminal is configured with for the Satellite server."""
        return f"{self.base}/api" + ("/v5" if generation == "v5" else "")

    @property
    def onslip_url(self) -> str:
        """What a terminal is configured with for the Onslip server: the address before ``~realm``."""
        return self.onslip_urls[0]

    @property
    def onslip_urls(self) -> list[str]:
        """The Onslip server at each of its addresses."""
        return [f"{address.base}/v1/" for address in self._addresses]

    @property
    def kensium_url(self) -> str:
        """What a terminal is configured with for the Kensium server: the address of the tenant."""
        return f"{self.base}{KENSIUM}"

    @property
    def onlinepos_url(self) -> str:
        """What a terminal is configured with for the OnlinePOS server."""
        return f"{self.base}{ONLINEPOS}"

    def url_for(self, kind: str, generation: str) -> str:
        """Return the ``url`` of a backend of the type *kind*; a *generation* only Satellite servers have."""
        urls = {
            "onslip": self.onslip_url,
            "kensium": self.kensium_url,
            "onlinepos": self.onlinepos_url,
            "satellite": self.satellite_url(generation),
        }
        return urls.get(kind, self.url)

    # -- what it knows ---------------------------------------------------------------------------------

    def add_wallet(self, token: str, balance: int = 0, user: str | None = None) -> None:
        """Make a wallet for a token (a UID in whatever case) with an opening balance in cents."""
        self.ledger.open_wallet(token.lower(), self._now_ms(), balance=balance, user=user)

    def set_products(self, items: list[Item]) -> None:
        """Sell *items*. The plugin knows whole-number ids only: texts become numbers there."""
        if self._dialect == "pretix":
            items = [Item(whole_number(item.id, n), item.name, item.price) for n, item in enumerate(items, 1)]
        self.ledger.set_products(items)

    def roll(self, token: str | None = None) -> str:
        """Replace the terminal's secret; the old one is refused from now on. Returns the new one."""
        old, self.token = self.token, token or new_token()
        self._api.terminals[self.token] = self._terminal
        if old != self.token:
            del self._api.terminals[old]
        return self.token

    # -- what testers ask ------------------------------------------------------------------------------

    def counters(self) -> dict[str, object]:
        """Return how often each call was asked for, and the sums of what really took effect, in cents."""
        done = [each.booking for each in self.ledger.transactions() if each.booking.terminal is not None]
        debits = [booking.amount for booking in done if booking.amount <= 0]
        credits_ = [booking.amount for booking in done if booking.amount > 0]
        requests = self._desk.counts()
        return {
            "repeats": requests.pop("repeats", 0),
            "requests": requests,
            "faults": self.faults.happened,
            "debits": {"count": len(debits), "sum": -sum(debits)},
            "credits": {"count": len(credits_), "sum": sum(credits_)},
        }

    def entries(self) -> dict[str, object]:
        """Return all wallets and all transactions, in the order in which they took effect."""
        return {
            "wallets": self.ledger.wallets(),
            "transactions": [admin.shown(each) for each in self.ledger.transactions()],
        }

    def set_keys(self, keys: Literal["key", "header-24h", "none"]) -> None:
        """Treat idempotency keys like this from now on."""
        self._api.keys = keys

    def seed(self, seed: admin.Seed) -> None:
        """Know these wallets, codes and (in place of those before) products."""
        for wallet in seed.wallets:
            self.add_wallet(wallet.token, wallet.balance, wallet.user)
        for code in seed.codes:
            self.ledger.add_code(code.code, code.user)
        if seed.products is not None:
            self.set_products([Item(each.id, each.name, each.price) for each in seed.products])

    def reset(self) -> None:
        """Forget everything, and behave."""
        self.ledger.clear()
        self.faults.clear()
        self._desk.forget()
        for other in self._beside.all():
            other.reset()

    def leave(self, for_ms: int, number: int | None = None) -> None:
        """Be away for *for_ms* milliseconds, from the address *number* or all; who asked gets an answer first.

        Raises:
            ValueError: There is no such address.
        """
        if number is not None and number not in range(len(self._addresses)):
            raise ValueError(f"there is no address {number}: they are counted from 0")
        thread = threading.Thread(target=self._leave, args=(for_ms, number), name="sandbox-away")
        self._leaving = [each for each in self._leaving if each.is_alive()] + [thread]
        thread.start()

    def _leave(self, for_ms: int, number: int | None) -> None:
        self._ended.wait(0.05)  # the answer to who asked is on its way
        self.away(number)
        if not self._ended.wait(for_ms / 1000):
            with contextlib.suppress(CannotListen):
                self.back()
