"""Cards, read: one by its number or chip, lists of them, their status and their points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call
from terminal.sandbox.onlinepos.print import comma, dot, element, fields, number, said, whole
from terminal.sandbox.onlinepos.things import CARD_TYPES, Campaign, Card, CardGroup

_PAGE = 1000
_TRUTHS = {"0": False, "false": False, "1": True, "true": True}


def group_name(call: Call, card: Card) -> str:
    """Return the name of a card's group."""
    group = None if card.group is None else call.store.thing(CardGroup, card.group)
    return "" if group is None else group.name


# -- one card, and lists -----------------------------------------------------------------------------------


def get_card(call: Call) -> Response:
    """GET /getCard/{cardnumber}."""
    card = call.store.card(call.params["cardnumber"])
    if card is None and call.rules.unknown_card == "fail":
        return call.error(f"Unknown cardnumber: {call.params['cardnumber']} - GetCard")
    return _listed(call, [] if card is None else [card], ("email",))


def get_cards(call: Call) -> Response:
    """GET /getCards/{offset?}, with ``filter[email]`` and ``filter[mobile]``."""
    email, mobile = call.query.get("filter[email]"), call.query.get("filter[mobile]")
    found = [
        each for each in call.store.cards() if email in (None, each.email) and mobile in (None, each.phone)
    ]
    return _listed(call, _from_offset(call, found), ("email", "birthday", "discount"))


def get_cards_list(call: Call) -> Response:
    """GET /getCardsList/{debtor}/{type}/{offset?}."""
    debtor, kind = call.params["debtor"], call.params["type"]
    if kind not in ("1", "2", "3"):
        return call.error("The type must be between 1-3")
    found = [each for each in call.store.cards() if each.debtor == debtor and each.type == int(kind)]
    return _listed(call, _from_offset(call, found), ())


def get_card_for_koncern(call: Call) -> Response:
    """GET /getCardForKoncern/{cardnumber}: one object, all of it texts."""
    card = call.store.card(call.params["cardnumber"])
    if card is None:
        return call.error(f"Unknown cardnumber: {call.params['cardnumber']} - GetCardForKoncern")
    shown = {name: str(value) for name, value in _shown(call, card, (), pin=True).items() if name != "deleted"}
    return call.answer(shown, lambda: fields("card", dict(shown)))


def _from_offset(call: Call, cards: list[Card]) -> list[Card]:
    offset = call.params.get("offset", "0")
    start = int(offset) if whole(offset) else 0
    return cards[start : start + _PAGE]


def _listed(call: Call, cards: list[Card], more: tuple[str, ...]) -> Response:
    shown = [_shown(call, each, more) for each in cards]

    def with_numbers(values: dict[str, Any]) -> dict[str, Any]:
        numbers = {name: int(values[name]) for name in ("phone", "birthday") if whole(values.get(name, ""))}
        return {**values, **numbers}

    return call.answer(
        [with_numbers(each) for each in shown],
        lambda: element("list", *(fields("card", each) for each in shown)),
    )


def _shown(call: Call, card: Card, more: tuple[str, ...], *, pin: bool = False) -> dict[str, Any]:
    values: dict[str, Any] = {"id": card.id, "name": card.name, "phone": card.phone}
    values |= {name: str(getattr(card, name)) for name in ("email", "birthday") if name in more}
    values["debtor"] = card.debtor
    if "discount" in more:
        values["discount"] = str(card.discount)
    if pin:
        values["pinkode"] = card.pin
    return values | {
        "cardgroup": group_name(call, card),
        "RFID": card.rfid,
        "cardnumber": card.number,
        "cardtype": CARD_TYPES[card.type],
        "balance": comma(card.balance, thousands=call.rules.thousands),
        "deleted": "yes" if card.deleted else "no",
    }


# -- by chip -----------------------------------------------------------------------------------------------


def card_info(call: Call) -> Response:
    """POST /campaign/cardInfo: by number or by chip; no balance. JSON by a header of its own."""
    call.needs_form_hash()
    card = asked_card(call)
    in_json = call.request.headers.get("json") == "1"
    if card is None:
        words = "Unknown Card - CardInfo"
        return Response.json({"ERROR": words}) if in_json else said("fail", words)
    shown: dict[str, object] = {
        "name": card.name,
        "phone": card.phone,
        "cardstatus": "Closed" if card.deleted else "Active",
        "cardnumber": card.number,
        "RFID": card.rfid,
        "campaignGroup": group_name(call, card),
    }
    if in_json:
        return Response.json({"Card": shown})
    return call.answer({"Card": shown}, lambda: fields("card", {**shown, "campaignInfo": ""}))


def asked_card(call: Call) -> Card | None:
    """Return the card of the fields CardNo and CardID, of which the first that is there counts."""
    if number := call.form.get("CardNo"):
        return call.store.card(number)
    return call.store.card_by_rfid(call.form.get("CardID", ""))


# -- status and points, page by page -----------------------------------------------------------------------


def get_status(call: Call) -> Response:
    """GET /card/getStatusOfCards, in the shape of the schema or of the sample."""
    call.needs_query_hash()
    sample = call.rules.status_shape == "sample"
    return _paged(call, lambda card: _status_in_sample(call, card) if sample else _status(call, card))


def get_points(call: Call) -> Response:
    """GET /card/getCampaignValues."""
    call.needs_query_hash()
    names = {str(each.id): each.name for each in call.store.things(Campaign)}

    def shown(card: Card) -> dict[str, Any]:
        return {
            "cardNumber": card.number,
            "name": card.name,
            "RFID": card.rfid,
            "phone": card.phone,
            "status": "Closed" if card.deleted else "Active",
            "firmaid": None,
            "group": group_name(call, card),
            "campaignInfo": [
                {"name": names.get(id_, ""), "campaignId": int(id_), "points": points}
                for id_, points in sorted(card.points.items())
            ],
        }

    return _paged(call, shown)


def _paged(call: Call, shown: Callable[[Card], dict[str, Any]]) -> Response:
    sample = call.rules.status_shape == "sample"
    closed = _TRUTHS.get(call.query.get("look_for_closed" if sample else "lookForClosed", "false"))
    written = call.query.get("page", "1")
    if closed is None or not whole(written) or int(written) < 1:
        return Response.json({"error": "Bad input"}, 400)
    found = [each for each in call.store.cards() if (closed or not each.deleted) and _fits(call, each)]
    size, page = call.rules.page_of_cards, int(written)
    part = found[(page - 1) * size : page * size]
    if not part:
        return Response(204)
    data, last = [shown(each) for each in part], -(-len(found) // size)
    paging = {"total": len(found), "per_page": size, "current_page": page, "last_page": last}
    if sample:
        asked = {name: value for name, value in call.query.items() if name != "page"}
        return Response.json({**asked, "pagination": paging, "cards": data}, 200 if last == 1 else 206)
    if last == 1:
        return Response.json({"data": data})
    return Response.json({**{_camel(name): value for name, value in paging.items()}, "data": data}, 206)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)


def _fits(call: Call, card: Card) -> bool:
    def asked(name: str, in_sample: str) -> str | None:
        return call.query.get(in_sample if call.rules.status_shape == "sample" else name)

    numbers, groups = asked("cardNumbers", "card_numbers"), asked("groups", "groups")
    first, last = asked("fromCardNumber", "from_number"), asked("toCardNumber", "to_number")
    return (
        (numbers is None or card.number in numbers.split(","))
        and (groups is None or group_name(call, card) in groups.split(","))
        and (first is None or card.number >= first)
        and (last is None or card.number <= last)
    )


def _status(call: Call, card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "cardNumber": card.number,
        "name": card.name,
        "phone": card.phone or None,
        "debtor": card.debtor or None,
        "pincode": card.pin or None,
        "RFID": card.rfid or None,
        "cardGroupName": group_name(call, card) or None,
        "priceGroupNo": card.price_group,
        "discountPct": card.discount,
        "firmaid": None,
        "waiterId": int(card.eksnr) if whole(card.eksnr) else None,
        "balance": number(card.balance),
        "cardType": CARD_TYPES[card.type],
        "closed": card.deleted,
    }


def _status_in_sample(call: Call, card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "phone": card.phone,
        "debtor": card.debtor,
        "pinkode": card.pin,
        "RFID": card.rfid,
        "cardnumber": card.number,
        "cardgroup": group_name(call, card),
        "balance": dot(card.balance),
        "cardtype": CARD_TYPES[card.type],
    }
