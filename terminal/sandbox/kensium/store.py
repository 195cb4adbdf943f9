"""What the Kensium server remembers: records with their changes, applications, tokens, purchases, effects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from terminal.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kensium_records (
    kind TEXT NOT NULL, id TEXT NOT NULL, modified INTEGER NOT NULL UNIQUE, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
CREATE TABLE IF NOT EXISTS kensium_cards (id INTEGER PRIMARY KEY, member TEXT) STRICT;
CREATE TABLE IF NOT EXISTS kensium_codes (
    id INTEGER PRIMARY KEY, card INTEGER NOT NULL REFERENCES kensium_cards, type TEXT NOT NULL,
    code TEXT NOT NULL, pin TEXT, expires TEXT, UNIQUE (type, code)
) STRICT;
CREATE TABLE IF NOT EXISTS kensium_trans (
    id INTEGER PRIMARY KEY, card INTEGER NOT NULL REFERENCES kensium_cards, type TEXT NOT NULL,
    cents INTEGER NOT NULL, status TEXT NOT NULL, source TEXT, ref TEXT, application TEXT,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS kensium_trans_card ON kensium_trans (card);
CREATE TABLE IF NOT EXISTS kensium_purchases (
    id INTEGER PRIMARY KEY, trans TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS kensium_payments (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS kensium_applications (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, permissions TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS kensium_tokens (
    token TEXT PRIMARY KEY, application TEXT NOT NULL, permissions TEXT NOT NULL, expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS kensium_effects (
    number INTEGER PRIMARY KEY, operation TEXT NOT NULL, entity TEXT NOT NULL, cents INTEGER, ref TEXT,
    application TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
"""
_TABLES = (
    "records", "codes", "trans", "cards", "purchases", "payments", "applications", "tokens", "effects",
)  # fmt: skip
"""In an order in which they can be emptied."""


class Application(msgspec.Struct, frozen=True):
    """Who asks; *permissions* is what the roles allow."""

    id: str
    secret: str
    permissions: frozenset[str]

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Application({self.id!r})"


class Record(msgspec.Struct, frozen=True):
    """Something that staff keeps; *modified* counts the changes of all of them."""

    id: str
    modified: int
    body: dict[str, Any]


class Effect(msgspec.Struct, frozen=True):
    """Something that took effect: what was asked for, on which card, purchase or payment, by whom."""

    operation: str
    entity: str
    cents: int | None
    ref: str | None
    application: str
    at_ms: int


class KensiumStore(Database):
    """The state of the Kensium server, in *path* or in memory, beside that of other servers."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        super().__init__(path, _SCHEMA)

    # -- records ---------------------------------------------------------------------------------------

    def save(self, kind: str, id_: str, body: Mapping[str, Any]) -> None:
        """Keep *body*; this is a modification, later than all before."""
        self.change(
            "INSERT INTO kensium_records SELECT ?1, ?2, 1 + coalesce(max(modified), 0), ?3 FROM kensium_records"
            " WHERE true ON CONFLICT (kind, id) DO UPDATE SET modified = excluded.modified, body = ?3",
            kind,
            id_,
            msgspec.json.encode(body).decode(),
        )

    def records(self, kind: str) -> list[Record]:
        """Return all of a kind, by id."""
        query = "SELECT id, modified, body FROM kensium_records WHERE kind = ? ORDER BY id"
        return [Record(row[0], row[1], msgspec.json.decode(row[2])) for row in self.rows(query, kind)]

    def record(self, kind: str, id_: str) -> Record | None:
        """Return one."""
        query = "SELECT id, modified, body FROM kensium_records WHERE kind = ? AND id = ?"
        row = self.row(query, kind, id_)
        return None if row is None else Record(row[0], row[1], msgspec.json.decode(row[2]))

    # -- purchases and payments ------------------------------------------------------------------------

    def add_purchase(self, transaction: str, body: Mapping[str, Any]) -> int:
        """Keep a purchase, whether or not there is one of that transaction; its id is returned."""
        query = "INSERT INTO kensium_purchases (trans, body) VALUES (?, ?)"
        return self.change(query, transaction, msgspec.json.encode(body).decode()).lastrowid or 0

    def purchases(self) -> list[dict[str, Any]]:
        """Return all, in the order in which they came."""
        rows = self.rows("SELECT id, body FROM kensium_purchases ORDER BY id")
        return [{"id": id_, **msgspec.json.decode(body)} for id_, body in rows]

    def add_payment(self, body: Mapping[str, Any]) -> int:
        """Keep a payment at a card terminal; its id is returned."""
        query = "INSERT INTO kensium_payments (body) VALUES (?)"
        return self.change(query, msgspec.json.encode(body).decode()).lastrowid or 0

    def save_payment(self, id_: int, body: Mapping[str, Any]) -> None:
        """Keep what became of a payment."""
        text = msgspec.json.encode(body).decode()
        self.change("UPDATE kensium_payments SET body = ? WHERE id = ?", text, id_)

    def payment(self, id_: str) -> dict[str, Any] | None:
        """Return a payment."""
        row = self.row("SELECT body FROM kensium_payments WHERE CAST(id AS TEXT) = ?", id_)
        return None if row is None else msgspec.json.decode(row[0], type=dict[str, Any])

    def payments(self) -> list[dict[str, Any]]:
        """Return all, in the order in which they were started."""
        rows = self.rows("SELECT id, body FROM kensium_payments ORDER BY id")
        return [{"id": id_, **msgspec.json.decode(body)} for id_, body in rows]

    # -- who is let in ---------------------------------------------------------------------------------

    def add_application(self, application: Application) -> None:
        """Know an application, in place of one of the same id. Tokens that are out stay as they are."""
        allowed = " ".join(sorted(application.permissions))
        query = "INSERT OR REPLACE INTO kensium_applications VALUES (?, ?, ?)"
        self.change(query, application.id, application.secret, allowed)

    def application(self, id_: str) -> Application | None:
        """Return an application."""
        query = "SELECT id, secret, permissions FROM kensium_applications WHERE id = ?"
        row = self.row(query, id_)
        return None if row is None else Application(row[0], row[1], frozenset(row[2].split()))

    def add_token(self, token: str, application: Application, expires_ms: int) -> None:
        """Accept a token, which may do what the application may now."""
        allowed = " ".join(sorted(application.permissions))
        self.change(
            "INSERT INTO kensium_tokens VALUES (?, ?, ?, ?)", token, application.id, allowed, expires_ms
        )

    def bearer(self, token: str, now_ms: int) -> Application | None:
        """Return whose token this is, with what that token allows; None: it is unknown or has expired."""
        query = "SELECT application, permissions FROM kensium_tokens WHERE token = ? AND expires_ms > ?"
        row = self.row(query, token, now_ms)
        return None if row is None else Application(row[0], "", frozenset(row[1].split()))

    def expire_tokens(self) -> None:
        """Accept no token that is out."""
        self.change("UPDATE kensium_tokens SET expires_ms = 0")

    # -- what took effect ------------------------------------------------------------------------------

    def add_effect(self, effect: Effect) -> None:
        """Note what took effect."""
        self.change(
            "INSERT INTO kensium_effects (operation, entity, cents, ref, application, at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *msgspec.structs.astuple(effect),
        )

    def effects(self) -> list[Effect]:
        """Return all, in the order in which they happened."""
        query = "SELECT operation, entity, cents, ref, application, at_ms FROM kensium_effects ORDER BY number"
        return [Effect(*row) for row in self.rows(query)]

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _TABLES:
                self.change(f"DELETE FROM kensium_{table}")  # noqa: S608 - the names stand above
