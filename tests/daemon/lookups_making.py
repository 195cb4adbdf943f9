"""Look-ups on servers with moods, and what they told."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from terminal.backends.protocol import TerminalInfo, WalletReply
from terminal.core.delivery import Answer
from terminal.core.events import CachedWallet, CatalogueRead, Exposure, WalletAnswer
from terminal.core.facts import Fact
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.daemon.lookups import Lookups
from tests.core.making import ESPRESSO, START, UID
from tests.support.waiting import Inbox, wait_until

CACHED, GIVEN = CachedWallet(500, 60_000), Exposure(token_debits=250, total=250, count=1)


class Memory:
    """What the journal remembers."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.error: Exception | None = None
        self.paid: dict[str, Entry] = {}

    def card_used(self, reference: str) -> Entry | None:
        if self.error:
            raise self.error
        return self.paid.get(reference)

    def wallet(self, token: str, now: Stamp) -> CachedWallet | None:
        assert (token, now) == (UID, START)
        return CACHED

    def exposure(self, token: str, now: Stamp) -> Exposure:
        assert (token, now) == (UID, START)
        return GIVEN

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        assert not urgent, "a cache waits for customers"
        assert not durable, "a cache costs no sync"
        if self.error:
            raise self.error
        self.facts += facts


class Weather:
    def __init__(self) -> None:
        self.there = True
        self.reports: list[tuple[str, bool]] = []
        self.denied: list[str] = []

    def available(self, backend: str) -> bool:
        assert backend == "main"
        return self.there

    def report(self, backend: str, *, ok: bool, denied: str = "") -> None:
        self.reports.append((backend, ok))
        self.denied.append(denied)


class Server:
    """A wallet server without pairing; *balances* and *catalogues* are asked for its answers."""

    def __init__(self, name: str = "main") -> None:
        self.name = name
        self.asked: list[tuple[str, float]] = []
        self.reads = 0
        self.balances: Callable[[], WalletReply] = lambda: WalletReply(WalletAnswer.KNOWN, 1234)
        self.catalogues: Callable[[], TerminalInfo | Answer] = lambda: TerminalInfo((ESPRESSO,))

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        self.asked.append((token, timeout_s))
        return self.balances()

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        assert timeout_s > 0
        self.reads += 1
        return self.catalogues()


NOBODY: Any = object()


class Desk:
    def __init__(self, wallet: Any = None, catalogue: Any = None, payments: Any = None) -> None:
        self.wallet: Any = None if wallet is NOBODY else wallet or Server()
        self.catalogue = catalogue or Server("shop")
        self.memory = Memory()
        self.weather = Weather()
        self.inbox = Inbox()
        self.lookups = Lookups(
            wallet=self.wallet,
            catalogue=self.catalogue,
            journal=self.memory,
            weather=self.weather,
            now=lambda: START,
            post=self.inbox.put,
            payments=payments,
        )

    def wait(self, kind: type, count: int = 1) -> list[Any]:
        self.inbox.wait(
            lambda events: sum(isinstance(each, kind) for each in events) >= count, what=kind.__name__
        )
        return self.inbox.of(kind)


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    """Every desk in it is stopped, and leaves no thread."""
    made: list[Desk] = []
    yield made
    for desk in made:
        desk.lookups.stop()
    mine = ("lookup-", "catalogue")
    wait_until(
        lambda: not any(each.name.startswith(mine) for each in threading.enumerate()), what="threads to end"
    )


@pytest.fixture
def started(desk: Desk) -> Desk:
    desk.lookups.start()
    desk.wait(CatalogueRead)
    wait_until(lambda: desk.memory.facts, what="the catalogue to be remembered")
    desk.memory.facts.clear()
    desk.weather.reports.clear()
    return desk
