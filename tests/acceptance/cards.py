"""A vending machine and a server whose cards are its wallets: bad days, SIGKILLs, and both sides' books."""

from __future__ import annotations

import os
import random
import sys
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terminal.core.facts import EntryKind, EntryState
from terminal.core.records import Entry
from tests.support.machine import READER, Machine, SandboxProcess, Section
from tests.support.seed import SEED
from tests.support.waiting import wait_until

KILLS = int(os.environ.get("TERMINAL_KILLS", "4"))
START = 100_000
UIDS = [f"04A1B2C3D4E5{n:02X}" for n in range(5)]
PRICES = {str(number): 100 * number for number in range(1, 9)}
"""Each its own: a booking tells what it was for."""

Booked = Counter[tuple[str, int]]
"""How often each token was booked on by each amount in cents."""

PATIENCE = {"timeout_s": 2, "first_retry_s": 1, "longest_retry_s": 2, "breaker_probe_s": 1, "stop_s": 1}
TRUSTING = {"max_sale": 1_000, "max_per_token": START, "max_total": START * 10, "unknown_tokens": True}
EVERYWHERE: tuple[Section, ...] = (
    {"kind": "drop", "probability": 0.05},
    {"kind": "status", "status": 500, "probability": 0.03},
    {"kind": "status", "status": 503, "retry_after_s": 1, "probability": 0.05},
    {"kind": "garbage", "probability": 0.03},
    {"kind": "delay", "ms": 50, "probability": 0.2},
)


def bad_days(*bookings: str) -> list[Section]:
    """Return what goes wrong, above all with the answers to calls whose path holds one of *bookings*."""
    lost: list[Section] = []
    for path in bookings:
        lost += [
            {"kind": "drop", "after": True, "probability": 0.25, "path": path},
            {"kind": "half", "probability": 0.1, "path": path},
            {"kind": "status", "status": 502, "after": True, "probability": 0.1, "path": path},
            {"kind": "drop", "probability": 0.1, "path": path},
        ]
    return [*lost, *EVERYWHERE]


class CardServer(SandboxProcess, ABC):
    """A ``terminald-sandbox`` with a server of one *kind* in it, whose cards are for UIDS."""

    kind: str

    def __init__(self, folder: Path) -> None:
        self.secret_file = folder / f"{self.kind}.json"
        goods = [f"--product={id_}={price}" for id_, price in PRICES.items()]
        cards = [f"--wallet={uid}={START}" for uid in UIDS]
        super().__init__(folder, f"--{self.kind}", f"--{self.kind}-file", str(self.secret_file), *goods, *cards)

    def backend(self, url: str, **options: object) -> Section:
        """Return the section of a backend that speaks with it at the path *url*."""
        address = f"http://127.0.0.1:{self._port}{url}"
        return {"type": self.kind, "url": address, "token_file": str(self.secret_file), **options}

    def at(self, method: str, what: str, body: object = None) -> Any:
        """Ask what a tester asks of it."""
        return self.admin(method, f"{self.kind}/{what}", body)

    def misbehave(self, *faults: Section) -> int:
        """Do so from now on, and return how often it did until now."""
        happened: int = self.at("GET", "counters")["faults"]
        self.at("PUT", "faults", {"faults": list(faults), "seed": SEED})
        return happened

    @abstractmethod
    def booked(self) -> Booked:
        """Return what took effect on cards, by our calls."""

    @abstractmethod
    def balances(self) -> dict[str, int]:
        """Return what is on each token's card, in cents."""


class Day:
    """The machine, its guests, the server, and a clock that never goes back."""

    def __init__(self, folder: Path, server: CardServer, backend: Section, roles: Mapping[str, str]) -> None:
        self.server = server
        self.dice = random.Random(SEED)
        self._moved = {"TERMINAL_MOVED_NS": "0"}
        release = {"name": "machine", "role": "release", "driver": "simulated", "delay_ms": 20}
        panel = {"name": "panel", "role": "buttons", "driver": "simulated", "buttons": [*PRICES, "cancel"]}
        self.machine = Machine(
            folder,
            "",
            server.secret_file,
            [READER, panel, release],
            sections={
                "backends.main": backend,
                "roles": roles,
                "vending": {"show_s": 1, "deadline_ms": 400, "release_s": 1},
                "offline": TRUSTING,
                "sync": PATIENCE,
                "reading": {"same_card_ms": 0},
            },
            environment=self._moved,
            within=(sys.executable, "-m", "tests.support.moved_clock"),
        )

    def start(self, *, after_s: float = 0) -> None:
        """Switch it on, after it has been off for so long by its clocks."""
        self._moved["TERMINAL_MOVED_NS"] = str(int(self._moved["TERMINAL_MOVED_NS"]) + round(after_s * 1e9))
        self.machine.start()
        wait_until(lambda: self.machine.status()["phase"] != "starting", what="a state")

    def live(self) -> None:
        """Sell a while, and die."""
        for _ in range(self.dice.randrange(3, 7)):
            if self.dice.random() < 0.15:
                self.machine.do("fail_next", "machine")
            self.machine.do("button", "panel", name=self.dice.choice([*PRICES]))
            self.machine.do("tap", uid=self.dice.choice(UIDS))
            threading.Event().wait(self.dice.uniform(0.05, 0.4))  # a moment that is random on purpose
            self.machine.do("untap")
        self.machine.kill()

    def live_through(self, *faults: Section) -> int:
        """Live KILLS times on bad days, then be on in peace; return how often something went wrong."""
        self.start()
        wait_until(lambda: self.server.at("GET", "counters")["requests"], what="it to ask what is sold")
        self.machine.wait("somebody to serve", phase="ready")
        self.server.misbehave(*faults)
        self.live()
        for _ in range(KILLS - 1):
            self.start(after_s=self.dice.choice([0, 40, 60]))
            self.live()
        happened = self.server.misbehave()
        self.start(after_s=60)
        self.machine.do("button", "panel", name="cancel")
        assert self.machine.ask("POST", "sync").is_success
        self.machine.wait_delivered()
        return happened

    def entries(self) -> list[Entry]:
        """Return all that it has on its books."""
        with self.machine.reader() as journal:
            return journal.entries(limit=1_000_000)


def ours(entries: list[Entry]) -> Booked:
    """Return what is booked by our books."""
    return Counter(
        (each.token or "", -each.amount if each.kind is EntryKind.DEBIT else each.amount)
        for each in entries
        if each.state is EntryState.DELIVERED and each.kind in (EntryKind.DEBIT, EntryKind.REFUND)
    )


def check_cards(server: CardServer, entries: list[Entry]) -> None:
    """Each booking of ours took effect once, no other did, and every card has what both sides say."""
    moved = [each for each in entries if each.kind in (EntryKind.DEBIT, EntryKind.REFUND)]
    settled = (EntryState.DELIVERED, EntryState.VOIDED)
    # What was being given out when it died waits for a person and was not sent.
    sent = [each for each in moved if each.first_attempted is not None]
    waiting = [(each.seq, each.state, each.words) for each in sent if each.state not in settled]
    assert waiting == [], f"nobody else uses these cards, so a look tells what became of each: {waiting}"
    assert server.booked() == ours(entries)
    left = dict.fromkeys(UIDS, START)
    for (token, cents), times in ours(entries).items():
        left[token] += cents * times
    assert server.balances() == left
    assert sum(ours(entries).values()) > KILLS, "hardly anything was sold: this proves nothing"
