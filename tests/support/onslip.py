"""A realm of Onslip in a process of its own, for acceptance tests: its faults, and what took effect in it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terminal.sandbox.onslip.furnish import JOURNAL
from tests.support.machine import SandboxProcess, Section

BOOKS = f"journal/{JOURNAL}"


class RealmProcess(SandboxProcess):
    """A ``terminald-sandbox`` that serves Onslip, too: each wallet is a voucher there, each product is sold."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.key_file = folder / "onslip.json"
        super().__init__(folder, "--onslip", "--onslip-file", str(self.key_file), *options)

    def backend(self, **options: object) -> Section:
        """Return the section of a backend that speaks with the realm as its device, bound to its journal."""
        return {
            "type": "onslip",
            "url": f"http://127.0.0.1:{self._port}/v1/",
            "realm": "demo.example",
            "token_file": str(self.key_file),
            **options,
        }

    def onslip(self, method: str, what: str, body: object = None) -> Any:
        """Ask what a tester asks of the realm."""
        return self.admin(method, f"onslip/{what}", body)

    def onslip_faults(self, *faults: Section, seed: int = 0) -> None:
        """Let the realm misbehave like this from now on; without faults: behave."""
        self.onslip("PUT", "faults", {"faults": list(faults), "seed": seed})

    def faults_happened(self) -> int:
        """Return how often it misbehaved."""
        happened: int = self.onslip("GET", "counters")["faults"]
        return happened

    def effects(self) -> list[dict[str, Any]]:
        """Return what took effect, in order."""
        effects: list[dict[str, Any]] = self.onslip("GET", "effects")["effects"]
        return effects

    def entities(self, resource: str) -> list[dict[str, Any]]:
        """Return all of a list, such as ``orders`` or BOOKS."""
        entities: list[dict[str, Any]] = self.onslip("GET", f"entities/{resource.replace('/', '%2F')}")[
            "entities"
        ]
        return entities

    def references(self, resource: str) -> dict[str, int]:
        """Return how often each reference was created in a list."""
        found: dict[str, int] = self.onslip("GET", "counters")["references"].get(resource, {})
        return found

    def tokens(self) -> dict[int, str]:
        """Return the UID of each voucher."""
        return {each["id"]: each["identifiers"][0].upper() for each in self.entities("vouchers")}

    def bookings(self) -> list[dict[str, Any]]:
        """Return every booking on a voucher: its token, and by how many cents the balance changed."""
        tokens = self.tokens()
        return [
            {"token": tokens[each["id"]], "cents": each["thousandths"] // 10}
            for each in self.effects()
            if each["operation"] == "book"
        ]


class Person:
    """Settles what waits for a person, as one does who reads the realm's own books.

    Nothing on a voucher names the entry that was booked. So bookings of one token and one amount are counted:
    those beyond what is known to be booked belong to the entries in doubt.

    Attributes:
        closed: What was booked and is not on our books as delivered, for it was closed by hand.
        did: How often which decision was taken, by kind of entry.
    """

    def __init__(self, realm: RealmProcess) -> None:
        self._realm = realm
        self.closed: Counter[tuple[str, int]] = Counter()
        self.did: Counter[str] = Counter()

    def booked(self) -> Counter[tuple[str, int]]:
        """Return how often each token was booked on by each amount."""
        return Counter((each["token"], each["cents"]) for each in self._realm.bookings())

    def decide(self, entry: Any, known: Mapping[tuple[str, int], int], *, given: bool) -> str:
        """Return ``retry`` or ``void`` for an *entry* that waits; *known*: what is delivered on our books."""
        kind = entry.kind.value
        if kind not in ("debit", "credit", "refund"):
            action = "retry"  # it is looked for before it is sent
        else:
            what = (entry.token, -entry.amount if kind == "debit" else entry.amount)
            accounted = known.get(what, 0) + self.closed[what]
            if entry.in_doubt and self.booked()[what] > accounted:
                self.closed[what] += 1
                action = "void"
            else:
                owed = kind != "debit" or (given and not entry.compensate)
                action = "retry" if owed else "void"
        self.did[f"{action} {kind}"] += 1
        return action
