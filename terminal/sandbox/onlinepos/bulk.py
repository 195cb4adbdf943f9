"""Cards, changed many at a time: each has an answer of its own, by codes."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import NO_ACCESS, Call, Invalid
from terminal.sandbox.onlinepos.print import hundredths, is_day
from terminal.sandbox.onlinepos.things import Campaign, Card, CardGroup, Movement, Thing

CODES = {
    200: "Card was updated",
    201: "Card was deleted",
    301: "Card was already updated",
    401: "Card was not found.",
    411: "No updates was given for this card",
    412: "Information was missing on whether to update or deleted the card",
    421: "Birthday is not formatted correctly",
    422: "Birthday is not a valid date in the calendar",
    423: "RFID is not unique",
    425: "A group with this id doesn't exist",
    426: "Failed validation of input for update.",
    501: "Campaign was not found.",
    502: "The value of a field wasn't updated.",
}
_TEXTS = ("rfid", "name", "phone", "email")
_WHOLE = {"discountPct": "discount", "priceGroupNo": "price_group"}


class CardUpdate(Thing, frozen=True):
    """One card of editCards."""

    cardNumber: str  # noqa: N815 - its name on the wire
    updates: dict[str, Any] | None = None


class CardUpdates(Thing, frozen=True):
    """The body of editCards."""

    firmaid: int
    updateCards: list[CardUpdate]  # noqa: N815 - its name on the wire


class PointUpdate(Thing, frozen=True):
    """One card of adjustValues; *value* is what is added."""

    cardNumber: str  # noqa: N815 - its name on the wire
    campaignId: int  # noqa: N815 - its name on the wire
    value: int


class PointUpdates(Thing, frozen=True):
    """The body of adjustValues."""

    firmaid: int
    updateCards: list[PointUpdate]  # noqa: N815 - its name on the wire


_card_updates = msgspec.json.Decoder(CardUpdates)
_point_updates = msgspec.json.Decoder(PointUpdates)


def _coded(code: int) -> list[dict[str, Any]]:
    return [{"code": code, "message": CODES[code]}]


# -- values of cards ---------------------------------------------------------------------------------------


def edit_cards(call: Call) -> Response:
    """POST /card/editCards: sets absolute values, the balance among them."""
    call.needs_header_hash()
    try:
        asked = call.body(_card_updates)
    except Invalid as error:
        return Response.json({"status": "ERROR", "error": str(error)})
    if asked.firmaid != call.company.firmaid:
        raise call.forbidden(NO_ACCESS)
    return Response.json({"updatedCards": [_edited(call, each) for each in asked.updateCards]})


def _edited(call: Call, asked: CardUpdate) -> dict[str, Any]:
    updates = asked.updates
    renamed = {"discountPct": "discount", "priceGroupNo": "priceGroup"}
    told = {renamed.get(name, name): value for name, value in (updates or {}).items()}
    code = _edit(call, asked.cardNumber, updates)
    return {"cardNumber": asked.cardNumber, "updates": told, "status": _coded(code), "firmaid": None}


def _edit(call: Call, number: str, updates: dict[str, Any] | None) -> int:
    card = call.store.card(number)
    if card is None:
        return 401
    if updates is None:
        return 412
    if not updates:
        return 411
    changes: dict[str, Any] = {}
    for name, value in updates.items():
        code = _change(call, card, name, value, changes)
        if code is not None:
            return code
    balance = changes.pop("balance", card.balance)
    edited = replace(card, **changes)
    if edited == card and balance == card.balance:
        return 301
    call.store.save_card(edited)
    delta = balance - card.balance
    if delta:
        moved = Movement(card=number, kind="Edit", amount=delta, at_ms=call.now_ms, location=call.company.name)
        call.store.move(edited, moved)
    call.took_effect(delta, card=number)
    return 201 if edited.deleted and not card.deleted else 200


def _change(call: Call, card: Card, name: str, value: Any, changes: dict[str, Any]) -> int | None:
    """Add what a field changes to *changes*, or return the code that says why it cannot."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in _TEXTS and isinstance(value, str):
        other = call.store.card_by_rfid(value) if name == "rfid" else None
        if other is not None and other.number != card.number:
            return 423
        changes[name] = value
    elif name == "birthday" and isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return 421
        if not is_day(value.replace("-", "")):
            return 422
        changes[name] = value.replace("-", "")
    elif name == "groupId" and whole:
        if call.store.thing(CardGroup, value) is None:
            return 425
        changes["group"] = value
    elif name in _WHOLE and whole:
        changes[_WHOLE[name]] = value
    elif name == "balance" and (whole or isinstance(value, float)):
        try:
            changes[name] = hundredths(value)
        except ValueError:
            return 426
    elif name == "delete" and value in (0, 1) and whole:
        changes["deleted"] = bool(value)
    else:
        return 426
    return None


# -- points ------------------------------------------------------------------------------------------------


def adjust_values(call: Call) -> Response:
    """POST /campaign/adjustValues: adds to points, each time again."""
    call.needs_header_hash()
    try:
        asked = call.body(_point_updates)
    except Invalid as error:
        return Response.json({"status": "ERROR", "error": str(error)})
    if asked.firmaid != call.company.firmaid:
        raise call.forbidden(NO_ACCESS)
    told = []
    for each in asked.updateCards:
        code = add_points(call, call.store.card(each.cardNumber), each.campaignId, each.value)
        shown = {"cardNumber": each.cardNumber, "campaignId": each.campaignId, "value": each.value}
        told.append({**shown, "firmaid": None, "status": _coded(code)})
    return Response.json({"updatedCards": told})


def add_points(call: Call, card: Card | None, campaign: int, points: int) -> int:
    """Add points to a card, if that can be; what became of it is returned as a code."""
    if card is None or card.deleted:
        return 401
    if call.store.thing(Campaign, campaign) is None:
        return 501
    sum_ = card.points.get(str(campaign), 0) + points
    if sum_ < 0 and not call.rules.overdraft:
        return 502
    call.store.save_card(replace(card, points=card.points | {str(campaign): sum_}))
    call.took_effect(points, points=f"{card.number}/{campaign}")
    return 200
