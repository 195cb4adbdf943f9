"""The gift cards of the Kensium server: codes, transactions, and what is on a card as both say it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from terminal.sandbox.kensium.store import KensiumStore

CodeType = Literal["PHYSICAL", "PERSONAL", "EXTERNAL"]
TransType = Literal["ADD", "USE", "ADJUST", "EXTERNAL", "IMPORT"]
Status = Literal["AUTHORIZED", "CANCELLED", "COMPLETED"]
_FIRST_CARD = 30001
_AVAILABLE = """
SELECT coalesce(sum(cents), 0) FROM kensium_trans
WHERE card = ? AND (status = 'COMPLETED' OR (status = 'AUTHORIZED' AND cents < 0))
"""
"""Funds to come count when they are captured; funds to go, from their authorisation on."""


class Card(msgspec.Struct, frozen=True):
    """A gift card."""

    id: int
    member: str | None


class Code(msgspec.Struct, frozen=True):
    """By what a card is found; *expires*: a moment in ISO 8601, UTC."""

    id: int
    card: int
    type: CodeType
    code: str
    pin: str | None = None
    expires: str | None = None

    def __repr__(self) -> str:
        """Without the code and its PIN."""
        return f"Code({self.id!r}, {self.type!r})"


class Trans(msgspec.Struct, frozen=True):
    """Something booked on a card, in cents; *application*: None if no client of the API did it."""

    id: int
    card: int
    type: TransType
    cents: int
    status: Status
    source: str | None
    ref: str | None
    application: str | None
    at_ms: int


class Wallets:
    """The cards in *store*."""

    def __init__(self, store: KensiumStore) -> None:
        self._store = store

    def cards(self) -> list[Card]:
        """Return all."""
        return [Card(*row) for row in self._store.rows("SELECT id, member FROM kensium_cards ORDER BY id")]

    def card(self, id_: str | int) -> Card | None:
        """Return one."""
        row = self._store.row("SELECT id, member FROM kensium_cards WHERE CAST(id AS TEXT) = ?", str(id_))
        return None if row is None else Card(*row)

    def add_card(self, member: str | None) -> int:
        """Make a card; its id is returned."""
        return (
            self._store.change(
                "INSERT INTO kensium_cards SELECT 1 + max(?, coalesce(max(id), 0)), ? FROM kensium_cards",
                _FIRST_CARD - 1,
                member,
            ).lastrowid
            or 0
        )

    def set_member(self, card: int, member: str) -> None:
        """Let a card be somebody's."""
        self._store.change("UPDATE kensium_cards SET member = ? WHERE id = ?", member, card)

    def available(self, card: int) -> int:
        """Return what can be taken from a card, in cents."""
        row = self._store.row(_AVAILABLE, card)
        return int(row[0]) if row else 0

    # -- codes -----------------------------------------------------------------------------------------

    def add_code(
        self, card: int, type_: CodeType, code: str, *, pin: str | None = None, expires: str | None = None
    ) -> None:
        """Give a card a code, in place of one of that type."""
        with self._store.transaction():
            self.drop_code(card, type_)
            query = "INSERT INTO kensium_codes (card, type, code, pin, expires) VALUES (?, ?, ?, ?, ?)"
            self._store.change(query, card, type_, code, pin, expires)

    def drop_code(self, card: int, type_: CodeType) -> bool:
        """Take a card's code back; False: it has none."""
        query = "DELETE FROM kensium_codes WHERE card = ? AND type = ?"
        return bool(self._store.change(query, card, type_).rowcount)

    def expire(self, code: str, moment: str | None) -> bool:
        """Let a code expire at a moment, or never; False: there is none."""
        query = "UPDATE kensium_codes SET expires = ? WHERE code = ?"
        return bool(self._store.change(query, moment, code).rowcount)

    def codes(self, card: int) -> list[Code]:
        """Return the codes of a card."""
        return self._codes("card = ?", card)

    def found(self, code: str, type_: CodeType | None = None) -> list[Code]:
        """Return the codes that read like that, of one type or of any."""
        return self._codes("code = ? AND type = coalesce(?, type)", code, type_)

    def _codes(self, where: str, *values: object) -> list[Code]:
        query = f"SELECT id, card, type, code, pin, expires FROM kensium_codes WHERE {where} ORDER BY id"  # noqa: S608 - words of this module
        return [Code(*row) for row in self._store.rows(query, *values)]

    # -- transactions ----------------------------------------------------------------------------------

    def book(
        self,
        card: int,
        type_: TransType,
        cents: int,
        at_ms: int,
        *,
        status: Status = "COMPLETED",
        source: str | None = None,
        ref: str | None = None,
        application: str | None = None,
    ) -> Trans:
        """Book something on a card, and return it."""
        query = (
            "INSERT INTO kensium_trans (card, type, cents, status, source, ref, application, at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        values = (card, type_, cents, status, source, ref, application, at_ms)
        id_ = self._store.change(query, *values).lastrowid or 0
        return Trans(id_, *values)

    def set_status(self, trans: int, status: Status) -> None:
        """Complete or cancel an authorised transaction."""
        self._store.change("UPDATE kensium_trans SET status = ? WHERE id = ?", status, trans)

    def release(self, before_ms: int) -> None:
        """Cancel what was authorised at that moment or before, and not completed."""
        query = "UPDATE kensium_trans SET status = 'CANCELLED' WHERE status = 'AUTHORIZED' AND at_ms <= ?"
        self._store.change(query, before_ms)

    def trans(self, id_: str) -> Trans | None:
        """Return a transaction."""
        return next(iter(self._trans("WHERE CAST(id AS TEXT) = ?", id_)), None)

    def booked(self, source: str | None, ref: str) -> bool:
        """Return whether there is a transaction of that source and reference."""
        return bool(self._trans("WHERE source IS ? AND ref = ?", source, ref))

    def all_trans(self) -> list[Trans]:
        """Return all, in the order in which they were made."""
        return self._trans("")

    def _trans(self, where: str, *values: object) -> list[Trans]:
        query = "SELECT id, card, type, cents, status, source, ref, application, at_ms FROM kensium_trans"
        return [Trans(*row) for row in self._store.rows(f"{query} {where} ORDER BY id", *values)]

    def as_dict(self, card: Card) -> dict[str, Any]:
        """Return a card as staff sees it, codes without their PINs."""
        codes = [{"type": it.type, "code": it.code, "expires": it.expires} for it in self.codes(card.id)]
        return {"id": str(card.id), "member": card.member, "cents": self.available(card.id), "codes": codes}
