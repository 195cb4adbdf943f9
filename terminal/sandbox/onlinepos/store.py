"""What the OnlinePOS server remembers, and what took effect how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from terminal.sandbox.database import Database
from terminal.sandbox.onlinepos.things import DECODERS, KINDS, Card, Effect, Line, Movement, Thing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS onlinepos_things (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
) STRICT;
CREATE TABLE IF NOT EXISTS onlinepos_cards (
    number TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE, rfid TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS onlinepos_chips ON onlinepos_cards (rfid);
CREATE TABLE IF NOT EXISTS onlinepos_movements (
    number INTEGER PRIMARY KEY, card TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS onlinepos_moved ON onlinepos_movements (card);
CREATE TABLE IF NOT EXISTS onlinepos_lines (
    number INTEGER PRIMARY KEY, ordered INTEGER NOT NULL, paid_ms INTEGER, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS onlinepos_orders (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS onlinepos_journal (
    number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS onlinepos_effects (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS onlinepos_counts (name TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
"""
_TABLES = ("things", "cards", "movements", "lines", "orders", "journal", "effects", "counts")
_T = TypeVar("_T", bound=Thing)
_Body = dict[str, Any]


def _text(body: object) -> str:
    return msgspec.json.encode(body).decode()


class OnlinePosStore(Database):
    """The state of the OnlinePOS server, in *path* or in memory, beside that of other servers."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        super().__init__(path, _SCHEMA)

    def count(self, name: str, first: int = 1) -> int:
        """Return the next number of a series; none comes twice."""
        with self.transaction():
            row = self.row("SELECT last FROM onlinepos_counts WHERE name = ?", name)
            value = first if row is None else row[0] + 1
            self.change("INSERT OR REPLACE INTO onlinepos_counts VALUES (?, ?)", name, value)
            return int(value)

    # -- things ----------------------------------------------------------------------------------------

    def things(self, shape: type[_T]) -> list[_T]:
        """Return all of a kind, in order of their ids."""
        query = "SELECT body FROM onlinepos_things WHERE kind = ? ORDER BY length(id), id"
        return [DECODERS[shape].decode(row[0]) for row in self.rows(query, _kind(shape))]

    def thing(self, shape: type[_T], id_: int | str) -> _T | None:
        """Return one of a kind."""
        query = "SELECT body FROM onlinepos_things WHERE kind = ? AND id = ?"
        row = self.row(query, _kind(shape), str(id_))
        return None if row is None else DECODERS[shape].decode(row[0])

    def keep(self, thing: Thing) -> None:
        """Know *thing*, in place of one of the same id."""
        kind = _kind(type(thing))
        name = {"company": "firmaid", "stock": "ean"}.get(kind, "id")
        id_ = str(getattr(thing, name))
        self.change("INSERT OR REPLACE INTO onlinepos_things VALUES (?, ?, ?)", kind, id_, _text(thing))

    # -- cards -----------------------------------------------------------------------------------------

    def cards(self) -> list[Card]:
        """Return all cards, in order of their ids."""
        query = "SELECT body FROM onlinepos_cards ORDER BY id"
        return [DECODERS[Card].decode(row[0]) for row in self.rows(query)]

    def card(self, number: str) -> Card | None:
        """Return a card, deleted or not."""
        row = self.row("SELECT body FROM onlinepos_cards WHERE number = ?", number)
        return None if row is None else DECODERS[Card].decode(row[0])

    def card_by_rfid(self, rfid: str) -> Card | None:
        """Return the card with this chip."""
        row = self.row("SELECT body FROM onlinepos_cards WHERE rfid = ? AND rfid <> ''", rfid)
        return None if row is None else DECODERS[Card].decode(row[0])

    def save_card(self, card: Card) -> Card:
        """Keep a card; a new one gets its id."""
        with self.transaction():
            if card.id == 0:
                known = self.card(card.number)
                card = replace(card, id=known.id if known else self.count("card"))
            values = (card.number, card.id, card.rfid, _text(card))
            self.change("INSERT OR REPLACE INTO onlinepos_cards VALUES (?, ?, ?, ?)", *values)
            return card

    def move(self, card: Card, movement: Movement) -> Card:
        """Change a card's balance, and note it in its history."""
        with self.transaction():
            values = (movement.card, movement.at_ms, _text(movement))
            self.change("INSERT INTO onlinepos_movements (card, at_ms, body) VALUES (?, ?, ?)", *values)
            return self.save_card(replace(card, balance=card.balance + movement.amount))

    def movements(self, card: str | None = None) -> list[Movement]:
        """Return how balances changed, or that of one card, the oldest first."""
        query = "SELECT body FROM onlinepos_movements WHERE ?1 IS NULL OR card = ?1 ORDER BY number"
        return [DECODERS[Movement].decode(row[0]) for row in self.rows(query, card)]

    # -- orders ----------------------------------------------------------------------------------------

    def add_order(self, number: int, body: _Body, lines: list[Line]) -> None:
        """Keep an order as it came, and its lines."""
        with self.transaction():
            self.change("INSERT INTO onlinepos_orders VALUES (?, ?)", number, _text(body))
            for line in lines:
                self.save_line(line)

    def save_line(self, line: Line) -> None:
        """Keep a line."""
        values = (line.id, line.order, line.paid_ms, _text(line))
        self.change("INSERT OR REPLACE INTO onlinepos_lines VALUES (?, ?, ?, ?)", *values)

    def orders(self) -> list[_Body]:
        """Return all orders as they came, each with its number."""
        rows = self.rows("SELECT number, body FROM onlinepos_orders ORDER BY number")
        return [{"ordernumber": number, **msgspec.json.decode(body)} for number, body in rows]

    def lines(self) -> list[Line]:
        """Return the lines of all orders."""
        rows = self.rows("SELECT body FROM onlinepos_lines ORDER BY number")
        return [DECODERS[Line].decode(row[0]) for row in rows]

    # -- the end of the day ----------------------------------------------------------------------------

    def add_journal(self, number: int, at_ms: int, body: _Body) -> None:
        """Keep what a till told at the end of its day."""
        self.change("INSERT INTO onlinepos_journal VALUES (?, ?, ?)", number, at_ms, _text(body))

    def journal(self) -> list[tuple[int, _Body]]:
        """Return these, each with its time."""
        rows = self.rows("SELECT at_ms, body FROM onlinepos_journal ORDER BY number")
        return [(row[0], msgspec.json.decode(row[1])) for row in rows]

    # -- what took effect ------------------------------------------------------------------------------

    def add_effect(self, effect: Effect) -> None:
        """Note what took effect."""
        self.change("INSERT INTO onlinepos_effects (body) VALUES (?)", _text(effect))

    def effects(self) -> list[Effect]:
        """Return all, in the order in which they happened."""
        rows = self.rows("SELECT body FROM onlinepos_effects ORDER BY number")
        return [DECODERS[Effect].decode(row[0]) for row in rows]

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _TABLES:
                self.change(f"DELETE FROM onlinepos_{table}")  # noqa: S608 - the names stand above


def _kind(shape: type[Thing]) -> str:
    return next(name for name, known in KINDS.items() if known is shape)
