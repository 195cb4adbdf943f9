"""What the Satellite server remembers: devices that asked, credentials, tokens, what it sells, delegates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from terminal.sandbox.database import Database
from terminal.sandbox.satellite.sale import Gist

_SCHEMA = """
CREATE TABLE IF NOT EXISTS satellite_things (
    kind TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, price INTEGER, created_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
CREATE TABLE IF NOT EXISTS satellite_delegates (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, rfid TEXT NOT NULL UNIQUE, barcode TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS satellite_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE, secret TEXT NOT NULL, agent TEXT NOT NULL,
    wanted TEXT, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, cleared_ms INTEGER, client TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS satellite_clients (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, code TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS satellite_tokens (
    hash TEXT PRIMARY KEY, client TEXT NOT NULL, expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS satellite_sales (
    number INTEGER PRIMARY KEY, code TEXT, total INTEGER, body TEXT NOT NULL, client TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS satellite_sales_by_code ON satellite_sales (code);
CREATE TABLE IF NOT EXISTS satellite_tickets (
    sale INTEGER NOT NULL REFERENCES satellite_sales (number), barcode TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS satellite_tickets_by_barcode ON satellite_tickets (barcode);
CREATE TABLE IF NOT EXISTS satellite_interactions (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, delegate TEXT NOT NULL, thing TEXT NOT NULL,
    recorded TEXT NOT NULL, client TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
"""
_TABLES = ("interactions", "tickets", "sales", "tokens", "clients", "requests", "delegates", "things")


class Thing(msgspec.Struct, frozen=True):
    """What the vendor calls a device: a product, an event, a session, a room. *price* in cents."""

    kind: str
    id: int
    name: str
    price: int | None = None
    created_ms: int = 0


class Delegate(msgspec.Struct, frozen=True):
    """A registered person with a token and, perhaps, a barcode."""

    id: int
    name: str
    rfid: str
    barcode: str | None = None


class DeviceRequest(msgspec.Struct, frozen=True):
    """A device that wants to be let in. *cleared_ms*: when staff added it; *client*: its credentials then."""

    id: int
    code: str
    secret: str
    agent: str
    wanted: str | None
    created_ms: int
    updated_ms: int
    cleared_ms: int | None = None
    client: str | None = None


class Client(msgspec.Struct, frozen=True):
    """Credentials; *code*: that of the device, None where nobody knows it."""

    id: str
    secret: str
    code: str | None = None


class StoredSale(msgspec.Struct, frozen=True):
    """A sale that took effect. *body*: as JSON, its keys sorted."""

    number: int
    code: str | None
    total: int | None
    body: str
    client: str
    at_ms: int


class Interaction(msgspec.Struct, frozen=True):
    """What is kept of an interaction; *delegate*, *thing* and *recorded* are JSON, as they came."""

    kind: str
    delegate: str
    thing: str
    recorded: str


class StoredInteraction(msgspec.Struct, frozen=True):
    """An interaction that was stored."""

    number: int
    interaction: Interaction
    client: str
    at_ms: int


class SatelliteStore(Database):
    """The state of the Satellite server, in *path* or in memory, beside the wallets if they stand there too."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        super().__init__(path, _SCHEMA)

    # -- what is known ---------------------------------------------------------------------------------

    def set_things(self, kind: str, things: Iterable[Thing]) -> None:
        """Know *things*, and nothing else of their kind."""
        with self.transaction():
            self.change("DELETE FROM satellite_things WHERE kind = ?", kind)
            for thing in things:
                self.change("INSERT OR REPLACE INTO satellite_things VALUES (?, ?, ?, ?, ?)", *_fields(thing))

    def things(self, kind: str | None = None) -> list[Thing]:
        """Return what is known (of one kind), by kind and id."""
        query = "SELECT * FROM satellite_things WHERE ?1 IS NULL OR kind = ?1 ORDER BY kind, id"
        return [Thing(*row) for row in self.rows(query, kind)]

    def add_delegate(self, delegate: Delegate) -> None:
        """Know a person, in place of one of the same id."""
        self.change("INSERT OR REPLACE INTO satellite_delegates VALUES (?, ?, ?, ?)", *_fields(delegate))

    def delegates(self) -> list[Delegate]:
        """Return everybody."""
        return [Delegate(*row) for row in self.rows("SELECT * FROM satellite_delegates ORDER BY id")]

    # -- devices that asked ----------------------------------------------------------------------------

    def request(self, code: str) -> DeviceRequest | None:
        """Return the request of the device *code*."""
        return next((each for each in self.requests() if each.code == code), None)

    def requests(self) -> list[DeviceRequest]:
        """Return all, oldest first."""
        return [DeviceRequest(*row) for row in self.rows("SELECT * FROM satellite_requests ORDER BY id")]

    def ask(self, code: str, secret: str, agent: str, wanted: str | None, now_ms: int) -> None:
        """Note that a device asks; of one that asked before, when it did so last."""
        self.change(
            "INSERT INTO satellite_requests (code, secret, agent, wanted, created_ms, updated_ms)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (code) DO UPDATE SET agent = ?3, updated_ms = ?5",
            code,
            secret,
            agent,
            wanted,
            now_ms,
        )

    def clear_request(self, request: DeviceRequest, client: Client, now_ms: int) -> None:
        """Let a device in."""
        with self.transaction():
            self.add_client(client)
            query = "UPDATE satellite_requests SET cleared_ms = ?, client = ? WHERE id = ?"
            self.change(query, now_ms, client.id, request.id)

    def revoke(self, code: str) -> bool:
        """Forget a device, its credentials and its tokens; False: there is none of that code."""
        with self.transaction():
            gone = "SELECT id FROM satellite_clients WHERE code = ?"
            self.change(f"DELETE FROM satellite_tokens WHERE client IN ({gone})", code)  # noqa: S608 - above
            clients = self.change("DELETE FROM satellite_clients WHERE code = ?", code).rowcount
            requests = self.change("DELETE FROM satellite_requests WHERE code = ?", code).rowcount
        return bool(clients or requests)

    # -- credentials and tokens ------------------------------------------------------------------------

    def add_client(self, client: Client) -> None:
        """Accept credentials."""
        self.change("INSERT OR REPLACE INTO satellite_clients VALUES (?, ?, ?)", *_fields(client))

    def client(self, id_: str) -> Client | None:
        """Return credentials."""
        row = self.row("SELECT * FROM satellite_clients WHERE id = ?", id_)
        return None if row is None else Client(*row)

    def add_token(self, token: str, client: str, now_ms: int, expires_ms: int) -> None:
        """Accept a token until it expires; the long expired are forgotten."""
        with self.transaction():
            self.change("DELETE FROM satellite_tokens WHERE expires_ms < ?", now_ms - 86_400_000)
            self.change("INSERT INTO satellite_tokens VALUES (?, ?, ?)", _hash(token), client, expires_ms)

    def token(self, token: str) -> tuple[Client, int] | None:
        """Return whose a token is, and when it expires."""
        row = self.row(
            "SELECT c.*, t.expires_ms FROM satellite_tokens t JOIN satellite_clients c ON c.id = t.client"
            " WHERE t.hash = ?",
            _hash(token),
        )
        return None if row is None else (Client(*row[:3]), row[3])

    def expire_tokens(self, now_ms: int) -> None:
        """Let every token be expired."""
        self.change("UPDATE satellite_tokens SET expires_ms = min(expires_ms, ?)", now_ms - 1)

    # -- what was recorded -----------------------------------------------------------------------------

    def add_sale(self, gist: Gist, body: str, client: str, now_ms: int) -> int:
        """Store a sale with its tickets, whether or not its code was seen before. Returns its number."""
        with self.transaction():
            number = self.change(
                "INSERT INTO satellite_sales (code, total, body, client, at_ms) VALUES (?, ?, ?, ?, ?)",
                gist.code,
                gist.total,
                body,
                client,
                now_ms,
            ).lastrowid
            for barcode in gist.barcodes:
                self.change("INSERT INTO satellite_tickets VALUES (?, ?)", number, barcode)
        return number or 0

    def sale(self, code: str) -> StoredSale | None:
        """Return the first sale of a code."""
        row = self.row("SELECT * FROM satellite_sales WHERE code = ? ORDER BY number LIMIT 1", code)
        return None if row is None else StoredSale(*row)

    def sales(self) -> list[StoredSale]:
        """Return all, in the order in which they took effect."""
        return [StoredSale(*row) for row in self.rows("SELECT * FROM satellite_sales ORDER BY number")]

    def issued(self, barcode: str) -> bool:
        """Return whether there is a ticket with this barcode."""
        return self.row("SELECT 1 FROM satellite_tickets WHERE barcode = ? LIMIT 1", barcode) is not None

    def tickets(self) -> list[str]:
        """Return the barcodes of all tickets, in the order in which they were stored."""
        return [row[0] for row in self.rows("SELECT barcode FROM satellite_tickets ORDER BY rowid")]

    def add_interaction(self, interaction: Interaction, client: str, now_ms: int) -> int:
        """Store an interaction; its number is returned."""
        number = self.change(
            "INSERT INTO satellite_interactions (kind, delegate, thing, recorded, client, at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *_fields(interaction),
            client,
            now_ms,
        ).lastrowid
        return number or 0

    def interactions(self) -> list[StoredInteraction]:
        """Return all, in the order in which they were stored."""
        rows = self.rows("SELECT * FROM satellite_interactions ORDER BY number")
        return [StoredInteraction(row[0], Interaction(*row[1:5]), *row[5:]) for row in rows]

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _TABLES:
                self.change(f"DELETE FROM satellite_{table}")  # noqa: S608 - the names stand above


def _fields(row: msgspec.Struct) -> tuple[Any, ...]:
    return msgspec.structs.astuple(row)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
