"""What the Onslip server remembers: entities of every kind, keys, users, and what took effect how often."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from terminal.sandbox.database import Database
from terminal.sandbox.onslip.hawk import OnslipKey

_SCHEMA = """
CREATE TABLE IF NOT EXISTS onslip_entities (
    resource TEXT NOT NULL, id INTEGER NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (resource, id)
) STRICT;
CREATE TABLE IF NOT EXISTS onslip_revisions (
    number INTEGER PRIMARY KEY, resource TEXT NOT NULL, entity INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS onslip_revised ON onslip_revisions (resource, entity);
CREATE TABLE IF NOT EXISTS onslip_keys (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS onslip_users (id INTEGER PRIMARY KEY, alias TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS onslip_states (
    till INTEGER PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS onslip_effects (
    number INTEGER PRIMARY KEY, operation TEXT NOT NULL, resource TEXT NOT NULL, entity INTEGER NOT NULL,
    thousandths INTEGER, refs TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
"""
_TABLES = ("entities", "revisions", "keys", "users", "states", "effects")


_OF_REVISION = ("updated", "deleted", "updated-by", "updated-from")


class Stored(msgspec.Struct, frozen=True):
    """An entity as it is kept; *version* counts its changes."""

    id: int
    version: int
    body: dict[str, Any]


class Effect(msgspec.Struct, frozen=True):
    """Something that took effect; *refs*: by which references its sender would look for it."""

    operation: str
    resource: str
    entity: int
    thousandths: int | None
    refs: list[str]
    key: str
    at_ms: int


_of_key = msgspec.json.Decoder(OnslipKey)  # made once, here: of two first threads, one would crash


class OnslipStore(Database):
    """The state of the Onslip server, in *path* or in memory, beside that of other servers."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        super().__init__(path, _SCHEMA)

    # -- entities --------------------------------------------------------------------------------------

    def entities(self, resource: str) -> list[Stored]:
        """Return all of a kind, the deleted too, in order of creation."""
        query = "SELECT id, version, body FROM onslip_entities WHERE resource = ? ORDER BY id"
        return [_stored(row) for row in self.rows(query, resource)]

    def entity(self, resource: str, id_: int) -> Stored | None:
        """Return one, deleted or not."""
        query = "SELECT id, version, body FROM onslip_entities WHERE resource = ? AND id = ?"
        row = self.row(query, resource, id_)
        return None if row is None else _stored(row)

    def next_id(self, resource: str) -> int:
        """Return the id of the next of a kind; ids never come twice."""
        row = self.row("SELECT max(id) FROM onslip_entities WHERE resource = ?", resource)
        return 1 + ((row and row[0]) or 0)

    def save(self, resource: str, id_: int, body: Mapping[str, Any], *, quietly: bool = False) -> Stored:
        """Keep *body* as the entity's state. *quietly*: it is no new version."""
        self.change(
            "INSERT INTO onslip_entities VALUES (?1, ?2, 1, ?3) ON CONFLICT (resource, id)"
            " DO UPDATE SET body = ?3, version = version + ?4",
            resource,
            id_,
            msgspec.json.encode(body).decode(),
            0 if quietly else 1,
        )
        if not quietly:
            told = {name: body[name] for name in _OF_REVISION if name in body}
            self.change(
                "INSERT INTO onslip_revisions (resource, entity, body) VALUES (?, ?, ?)",
                resource,
                id_,
                msgspec.json.encode(told).decode(),
            )
        found = self.entity(resource, id_)
        assert found is not None  # noqa: S101 - it was written the line before
        return found

    def revisions(self, resource: str, id_: int, most: int) -> list[dict[str, Any]]:
        """Return when an entity was changed and by whom, the newest first, *most* of them."""
        query = (
            "SELECT body FROM onslip_revisions WHERE resource = ? AND entity = ? ORDER BY number DESC LIMIT ?"
        )
        return [msgspec.json.decode(row[0]) for row in self.rows(query, resource, id_, most)]

    # -- states of devices -----------------------------------------------------------------------------

    def state(self, till: int) -> Stored | None:
        """Return the counters of a device."""
        row = self.row("SELECT till, version, body FROM onslip_states WHERE till = ?", till)
        return None if row is None else _stored(row)

    def save_state(self, till: int, body: Mapping[str, Any]) -> None:
        """Keep the counters of a device."""
        self.change(
            "INSERT INTO onslip_states VALUES (?1, 1, ?2) ON CONFLICT (till)"
            " DO UPDATE SET body = ?2, version = version + 1",
            till,
            msgspec.json.encode(body).decode(),
        )

    def drop_state(self, till: int) -> None:
        """Forget the counters of a device."""
        self.change("DELETE FROM onslip_states WHERE till = ?", till)

    # -- who is let in ---------------------------------------------------------------------------------

    def add_user(self, id_: int, alias: str) -> None:
        """Know a user."""
        self.change("INSERT OR REPLACE INTO onslip_users VALUES (?, ?)", id_, alias)

    def user(self, alias: str | None) -> int | None:
        """Return the id of a user."""
        row = self.row("SELECT id FROM onslip_users WHERE alias = ?", alias)
        return None if row is None else int(row[0])

    def add_key(self, key: OnslipKey) -> None:
        """Accept a credential."""
        text = msgspec.json.encode(key).decode()
        self.change("INSERT OR REPLACE INTO onslip_keys VALUES (?, ?)", key.id, text)

    def drop_key(self, id_: str) -> bool:
        """Forget a credential; False: there was none."""
        return bool(self.change("DELETE FROM onslip_keys WHERE id = ?", id_).rowcount)

    def key(self, id_: str) -> OnslipKey | None:
        """Return a credential."""
        row = self.row("SELECT body FROM onslip_keys WHERE id = ?", id_)
        return None if row is None else _of_key.decode(row[0])

    # -- what took effect ------------------------------------------------------------------------------

    def add_effect(self, effect: Effect) -> int:
        """Note what took effect; its number is returned."""
        values = (*msgspec.structs.astuple(effect)[:4], msgspec.json.encode(effect.refs).decode())
        return (
            self.change(
                "INSERT INTO onslip_effects (operation, resource, entity, thousandths, refs, key, at_ms)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                *values,
                effect.key,
                effect.at_ms,
            ).lastrowid
            or 0
        )

    def last_effect(self) -> int:
        """Return the number of the newest."""
        row = self.row("SELECT max(number) FROM onslip_effects")
        return int((row and row[0]) or 0)

    def effects(self) -> list[Effect]:
        """Return all, in the order in which they happened."""
        query = "SELECT operation, resource, entity, thousandths, refs, key, at_ms FROM onslip_effects"
        rows = self.rows(f"{query} ORDER BY number")
        return [
            Effect(row[0], row[1], row[2], row[3], msgspec.json.decode(row[4], type=list[str]), row[5], row[6])
            for row in rows
        ]

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _TABLES:
                self.change(f"DELETE FROM onslip_{table}")  # noqa: S608 - the names stand above


def _stored(row: tuple[Any, ...]) -> Stored:
    return Stored(row[0], row[1], msgspec.json.decode(row[2]))
