"""Cards of OnlinePOS as an office finds them: in any company of a concern, or by their debtor. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from terminal.backends.onlinepos.cards import CARDS_PER_CALL, Card, read_cards
from terminal.backends.onlinepos.values import card_number
from terminal.backends.onlinepos.wire import Call, Page, Request, segment

CardKind = Literal["staff", "prepaid", "gift"]

_KINDS: Mapping[CardKind, int] = {"staff": 1, "prepaid": 2, "gift": 3}


def concern_card(number: str) -> Call[tuple[Card, ...]]:
    """Read a card of any company; for an unknown one nothing is answered, or a refusal. Its PIN is left unread.

    Raises:
        ValueError: *number* is none.
    """

    def read(found: Any) -> tuple[Card, ...]:
        inner = found["card"] if isinstance(found, dict) and found.keys() == {"card"} else found
        return () if inner in ({}, [], "") else read_cards(inner)

    return Call(Request("GET", f"getCardForKoncern/{segment(card_number(number))}"), read, private=(number,))


def debtor_cards(debtor: str, kind: CardKind, page: int = 1) -> Call[Page[Card]]:
    """Read a debtor's cards of one kind, CARDS_PER_CALL at a time; *page* counts from 1.

    Raises:
        ValueError: *debtor* is none.
    """
    offset = (page - 1) * CARDS_PER_CALL
    path = f"getCardsList/{segment(card_number(debtor))}/{_KINDS[kind]}/{offset}"

    def read(found: Any) -> Page[Card]:
        items = read_cards(found)
        return Page(items, page, page if len(items) < CARDS_PER_CALL else page + 1)

    return Call(Request("GET", path), read)
