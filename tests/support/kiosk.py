"""A ticket kiosk for acceptance tests: a real daemon, two real servers, devices that keep what they did."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from terminal.core.facts import EntryKind
from terminal.core.print_names import told
from terminal.core.records import Entry
from terminal.core.tickets import TicketSale
from tests.support.machine import PANEL, READER, Machine, SandboxProcess, Section

STAFF = "04AABBCCDDEE80"
BARCODE = re.compile(r"\b[0-9B-DF-HJ-NP-TV-Z]{18}\b")
SANDBOX = ("--satellite", "--delegate", f"{STAFF}=80")
PRODUCTS = (
    {"id": 4, "name": "Adult", "price": 30},
    {
        "id": 3,
        "name": "Family Pass",
        "price": 150,
        "tickets": [{"product": 8, "name": "Adult", "count": 2}, {"product": 9, "name": "Child", "count": 3}],
    },
)
GUEST: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("button", "panel", {"name": "4"}),
    ("button", "panel", {"name": "3"}),
    ("button", "panel", {"name": "confirm"}),
    ("button", "panel", {"name": "confirm"}),
    ("coin", "coins", {"cents": 50}),
    ("coin", "coins", {"cents": 100}),
    ("coin", "coins", {"cents": 200}),
    ("coin", "coins", {"cents": 200}),
    ("button", "panel", {"name": "cancel"}),
)
"""What guests do: choose, pay, change their minds."""
PATIENCE = {"timeout_s": 5, "first_retry_s": 1, "longest_retry_s": 2, "breaker_probe_s": 1, "stop_s": 1}


class Kiosk(Machine):
    """A kiosk that sells what the published example sells. What its devices did stands in the file *world*."""

    def __init__(
        self,
        folder: Path,
        sandbox: SandboxProcess,
        *,
        generation: str = "old",
        tickets: Section | None = None,
        sections: Mapping[str, Section] | None = None,
        acceptor: Section | None = None,
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> None:
        self.world = folder / "world"
        record = {"record": str(self.world)}
        coins = {"counts": True, "memory": str(folder / "coins.json"), **(acceptor or {})}
        devices: Sequence[Section] = [
            READER,
            PANEL,
            {"name": "coins", "role": "coin_acceptor", "driver": "simulated", **coins, **record},
            {"name": "hopper", "role": "payout", "driver": "simulated", "coin": 10, "stock": 100_000, **record},
            {"name": "printer", "role": "printer", "driver": "simulated", **record},
        ]
        office = {
            "type": "satellite",
            "url": sandbox.satellite_url(generation),
            "generation": generation,
            "device_code": "80POS",
            "token_file": str(sandbox.satellite_file),
            "allow_http": True,
        }
        rules = {
            "event": 3,
            "event_name": "Summer Fair",
            "pay": ["coins", "wallet", "card"],
            "products": PRODUCTS,
            "staff": [STAFF],
            "show_s": 1,
            **(tickets or {}),
        }
        super().__init__(
            folder,
            sandbox.url,
            sandbox.token_file,
            devices,
            job="tickets",
            sections={
                "backends.office": office,
                "roles": {"sales": "office", "wallet": "main"},
                "cash": {"payouts": ["hopper"]},
                "reading": {"same_card_ms": 0},
                "sync": PATIENCE,
                "tickets": rules,
                **(sections or {}),
            },
            environment=environment,
            within=within,
        )

    # -- what guests do --------------------------------------------------------------------------------

    def press(self, *buttons: str) -> None:
        """Press buttons, one after the other."""
        for name in buttons:
            answer = self.do("button", "panel", name=name)
            assert answer.is_success, answer.text

    def pay(self, *coins: int) -> None:
        """Insert coins, each of which must be taken."""
        for cents in coins:
            answer = self.do("coin", "coins", cents=cents)
            assert answer.is_success, answer.text

    def wait_paper(self) -> None:
        """Return when nothing waits for the printer, and nobody's journey is under way."""
        self.wait("all paper", prints_waiting=0, phase="ready", screen__notice="ready")

    # -- what it did -----------------------------------------------------------------------------------

    def sold(self) -> list[Entry]:
        """Return the sales on its books, oldest first."""
        with self.reader() as journal:
            entries = journal.entries(limit=1_000_000)
        return [entry for entry in reversed(entries) if entry.kind is EntryKind.SALE]

    def recorded(self) -> list[dict[str, Any]]:
        """Return what physically happened, in order."""
        return [json.loads(line) for line in self.world.read_text().splitlines()] if self.world.exists() else []

    def money(self) -> Counter[str]:
        """Return the cents of coins that fell and of coins that came out."""
        sums: Counter[str] = Counter()
        for each in self.recorded():
            if each["what"] in ("coin", "payout"):
                sums[each["what"]] += each["amount"]
        return sums

    def papers(self) -> list["Paper"]:
        """Return every document that came onto paper, whole or torn, in order."""
        return [Paper(each) for each in self.recorded() if each["what"] == "document"]


class Paper:
    """A document on paper: whose it is, what kind, which copy, and the barcodes that can be read from it."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        name, _, self.copy = told(written["job"])
        self.key, _, self.kind = name.rpartition("/")
        self.lines: list[str] = written["lines"]
        self.whole: bool = written["whole"]
        self.barcodes = list(dict.fromkeys(BARCODE.findall("\n".join(self.lines))))

    @property
    def number(self) -> int | None:
        """Which ticket of its sale it is; None: it is none."""
        what, _, number = self.kind.rpartition("-")
        return int(number) if what == "ticket" else None


def sale_of(entry: Entry) -> TicketSale:
    """Return what was sold."""
    assert isinstance(entry.payload, TicketSale)
    return entry.payload
