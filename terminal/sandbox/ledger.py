"""What the sandbox's server remembers: wallets, transactions, products, pairing codes. SQLite, one writer.

Everything that a request changes is committed in one transaction before it is answered, so that a test can ask
afterwards what really took effect, whatever became of the answer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from terminal.sandbox.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS wallets (
    number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL, paired_user TEXT,
    balance INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS transactions (
    number INTEGER PRIMARY KEY, token TEXT NOT NULL REFERENCES wallets (token), amount INTEGER NOT NULL,
    description TEXT NOT NULL, tag TEXT, key TEXT, terminal TEXT, products TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS transactions_by_key ON transactions (key);
CREATE TABLE IF NOT EXISTS products (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, price INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS codes (code TEXT PRIMARY KEY, paired_user TEXT NOT NULL, token TEXT) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    scope TEXT NOT NULL, key TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT;
"""
_TABLES = ("answers", "transactions", "wallets", "products", "codes")


class Wallet(msgspec.Struct, frozen=True):
    """A wallet with its present balance in cents."""

    id: str
    token: str
    created_ms: int
    balance: int
    paired_user: str | None


class Booking(msgspec.Struct, frozen=True):
    """What is to be booked: *amount* in cents, negative for a debit."""

    token: str
    amount: int
    description: str
    tag: str | None = None
    key: str | None = None
    terminal: str | None = None
    products: tuple[str | int, ...] = ()


class Transaction(msgspec.Struct, frozen=True):
    """A booking that took effect."""

    id: str
    booking: Booking
    at_ms: int


class Item(msgspec.Struct, frozen=True):
    """A product of the server; *price* in cents."""

    id: str | int
    name: str
    price: int


class Ledger(Database):
    """The state of the server, in *path* or in memory. Any thread may call; one at a time is served."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        super().__init__(path, _SCHEMA)

    # -- wallets ---------------------------------------------------------------------------------------

    def open_wallet(self, token: str, now_ms: int, *, balance: int = 0, user: str | None = None) -> None:
        """Make a wallet with an opening balance; one that exists stays as it is."""
        with self.transaction():
            made = self._db.execute(
                "INSERT INTO wallets (token, created_ms, paired_user) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (token, now_ms, user),
            )
            if made.rowcount and balance:
                self.book(Booking(token, balance, "Opening balance"), now_ms)

    def wallet(self, token: str) -> Wallet | None:
        """Return the wallet of *token*."""
        return next((each for each in self._wallets("WHERE token = ?", token)), None)

    def wallets(self) -> list[Wallet]:
        """Return all wallets, oldest first."""
        return self._wallets("ORDER BY number")

    def _wallets(self, tail: str, *values: str) -> list[Wallet]:
        columns = "number, token, created_ms, balance, paired_user"
        query = f"SELECT {columns} FROM wallets {tail}"  # noqa: S608 - the tails stand above
        with self._lock:
            rows = self._db.execute(query, values).fetchall()
        return [Wallet(f"wal_{row[0]:08d}", *row[1:]) for row in rows]

    def pair(self, token: str, code: str, now_ms: int) -> bool:
        """Pair *token* with the customer of *code*; the same pair again is fine. False: no such code."""
        with self.transaction():
            row = self._db.execute("SELECT paired_user, token FROM codes WHERE code = ?", (code,)).fetchone()
            if row is None or row[1] not in (None, token):
                return False
            self._db.execute("UPDATE codes SET token = ? WHERE code = ?", (token, code))
            self.open_wallet(token, now_ms)
            self._db.execute("UPDATE wallets SET paired_user = ? WHERE token = ?", (row[0], token))
            return True

    def add_code(self, code: str, user: str) -> None:
        """Let *code* pair a token with *user*."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO codes (code, paired_user) VALUES (?, ?)", (code, user))

    # -- transactions ----------------------------------------------------------------------------------

    def book(self, booking: Booking, now_ms: int) -> None:
        """Book, whether or not the key was seen before: that is the server's decision."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO transactions (token, amount, description, tag, key, terminal, products, at_ms)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    booking.token,
                    booking.amount,
                    booking.description,
                    booking.tag,
                    booking.key,
                    booking.terminal,
                    json.dumps(booking.products),
                    now_ms,
                ),
            )
            self._db.execute(
                "UPDATE wallets SET balance = balance + ? WHERE token = ?", (booking.amount, booking.token)
            )

    def booked(self, key: str) -> bool:
        """Return whether a transaction with this key took effect."""
        with self._lock:
            found = self._db.execute("SELECT 1 FROM transactions WHERE key = ? LIMIT 1", (key,)).fetchone()
        return found is not None

    def transactions(self, key: str | None = None) -> list[Transaction]:
        """Return all transactions (of one key), in the order in which they took effect."""
        with self._lock:
            rows = self._db.execute(
                "SELECT number, token, amount, description, tag, key, terminal, products, at_ms"
                " FROM transactions WHERE ?1 IS NULL OR key = ?1 ORDER BY number",
                (key,),
            ).fetchall()
        return [_transaction(*row) for row in rows]

    # -- products --------------------------------------------------------------------------------------

    def set_products(self, items: list[Item]) -> None:
        """Sell *items*, and nothing else, in this order."""
        with self.transaction():
            self._db.execute("DELETE FROM products")
            self._db.executemany(
                "INSERT INTO products (id, name, price) VALUES (?, ?, ?)",
                [(json.dumps(item.id), item.name, item.price) for item in items],
            )

    def products(self) -> list[Item]:
        """Return what is sold, in order; ids keep their type."""
        with self._lock:
            rows = self._db.execute("SELECT id, name, price FROM products ORDER BY position").fetchall()
        return [Item(json.loads(row[0]), row[1], row[2]) for row in rows]

    # -- answers that a repeat is given again ----------------------------------------------------------

    def store_answer(self, scope: str, key: str, status: int, body: bytes, now_ms: int) -> None:
        """Keep the answer to the request with this key."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO answers (scope, key, status, body, at_ms) VALUES (?, ?, ?, ?, ?)",
                (scope, key, status, body, now_ms),
            )

    def stored_answer(self, scope: str, key: str, since_ms: int) -> tuple[int, bytes] | None:
        """Return the answer kept for this key, if it is not older than *since_ms*."""
        with self._lock:
            row: tuple[int, bytes] | None = self._db.execute(
                "SELECT status, body FROM answers WHERE scope = ? AND key = ? AND at_ms >= ?",
                (scope, key, since_ms),
            ).fetchone()
        return row

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand above


def _transaction(number: int, *columns: Any) -> Transaction:
    token, amount, description, tag, key, terminal, products, at_ms = columns
    booking = Booking(token, amount, description, tag, key, terminal, tuple(json.loads(products)))
    return Transaction(f"txn_{number:08d}", booking, at_ms)


def whole_number(id_: str | int, position: int) -> int:
    """Return the id of a product where ids are whole numbers: that of a text is its *position*."""
    return int(id_) if str(id_).isdigit() else position
