"""Campaigns, their points, and vouchers."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from terminal.httpd import Response
from terminal.sandbox.onlinepos import hash as hashes
from terminal.sandbox.onlinepos.bulk import CODES, add_points
from terminal.sandbox.onlinepos.call import WRONG_HASH, Answered, Call, Invalid
from terminal.sandbox.onlinepos.card_writes import own_number
from terminal.sandbox.onlinepos.cards import asked_card
from terminal.sandbox.onlinepos.print import element, fields, is_day, number, said, whole
from terminal.sandbox.onlinepos.things import Campaign, Card, Product, Thing

_UPDATED = 200
_MOST_VOUCHERS = 10_000
_LONGEST_VOUCHER = 20
_NOT_UNIQUE = "voucherno is not unique!"
_GIFT_CARD = 3


class Interval(Thing, frozen=True):
    """The body of createVoucherFromInterval."""

    hash: str
    points: int
    campaignid: int
    voucherNoFrom: str  # noqa: N815 - its name on the wire
    voucherNoTo: str  # noqa: N815 - its name on the wire
    name: str | None = None
    startDate: int | None = None  # noqa: N815 - its name on the wire
    endDate: int | None = None  # noqa: N815 - its name on the wire


_interval = msgspec.json.Decoder(Interval)


# -- what there is -----------------------------------------------------------------------------------------


def campaign_list(call: Call) -> Response:
    """GET /campaign/campaignList, bare or in ``status``."""
    inactive = call.query.get("show_inactive") == "1"
    shown: list[dict[str, Any]] = [
        {
            "campaignID": each.id,
            "campaignName": each.name,
            "active": int(each.active),
            "type": each.type,
            "free_split": int(each.free_split),
            "free_msg": int(each.free_msg),
            "auto_add": int(each.auto_add),
            "info_view": int(each.info_view),
            "whitelisted_company_ids": list(each.companies),
        }
        for each in call.store.things(Campaign)
        if each.active or inactive
    ]
    data: dict[str, Any] = {"Campaigns": [{"campaign": each} for each in shown]}
    flat = [{name: value for name, value in each.items() if not isinstance(value, list)} for each in shown]
    return call.answer(
        {"status": data} if call.rules.wrapped else data,
        lambda: element("Campaigns", *(fields("campaign", each) for each in flat)),
    )


def campaign_products(call: Call) -> Response:
    """GET /campaign/campaignProducts/{id}."""
    campaign = call.store.thing(Campaign, call.params["id"])
    if campaign is None:
        return call.error("Unknown Campaign - CampaignProducts")
    names = {each.id: each.name for each in call.store.things(Product)}
    rewards: list[dict[str, Any]] = [
        {
            "product_id": each.product,
            "product_name": names.get(each.product, ""),
            "cost": each.points,
            "campaign_price": number(each.price or 0),
        }
        for each in campaign.rewards
    ]
    collects: list[dict[str, Any]] = [
        {"product_id": each.product, "product_name": names.get(each.product, ""), "reward": each.points}
        for each in campaign.collects
    ]
    return call.answer(
        {"reward_products": rewards, "collection_products": collects},
        lambda: element(
            "list",
            element("reward_products", *(fields("product", each) for each in rewards)),
            element("collection_products", *(fields("product", each) for each in collects)),
        ),
    )


# -- points ------------------------------------------------------------------------------------------------


def adjust_value(call: Call) -> Response:
    """POST /campaign/adjustValue: adds to the points of one card; no hash."""
    card, campaign, value = asked_card(call), call.form.get("CampaignID", ""), call.form.get("value", "")
    if card is None:
        return call.error("Unknown Card - AdjustValue")
    if not whole(campaign) or call.store.thing(Campaign, campaign) is None:
        return call.error("Unknown Campaign - AdjustValue")
    if not whole(value.removeprefix("-")):
        return call.error("Invalid value - AdjustValue")
    code = add_points(call, card, int(campaign), int(value))
    if code != _UPDATED:
        return call.error(f"{CODES[code].rstrip('.')} - AdjustValue")
    words = "Value successfully adjusted!"
    return Response.json({"status": words}) if call.wants_json else said("status", words)


# -- vouchers ----------------------------------------------------------------------------------------------


def create_voucher(call: Call) -> Response:
    """GET (or POST) /createVoucher, with a form as its body: the number is taken once."""
    if call.rules.voucher_method not in ("both", call.request.method):
        raise Answered(Response(405))
    if "hash" in call.form or call.rules.voucher_hash == "required":
        call.needs_form_hash()
    form = call.form
    campaign_id, start, end = (form.get(name, "") for name in ("campaignid", "start_date", "end_date"))
    campaign = call.store.thing(Campaign, campaign_id)
    if not form.get("voucherno"):
        return call.error("voucherno is required!")
    if campaign is None:
        return call.error("campaignid is invalid!")
    if not is_day(start) or not is_day(end) or start > end:
        return call.error("start_date or end_date is invalid!")
    if _taken(call, form["voucherno"]):
        return call.error(_NOT_UNIQUE)
    points = {str(campaign.id): campaign.voucher}
    new = Card(number="-", type=_GIFT_CARD, name=form.get("name", ""), valid=(start, end), points=points)
    made = _issue(call, form["voucherno"], new)
    if call.wants_json:
        return Response.json({"status": "Voucher created", "cardnumber": made.number})
    return said("cardnumber", made.number)


def create_vouchers(call: Call) -> Response:
    """POST /createVoucherFromInterval: all of them, or none; even a wrong hash is answered with 200."""
    try:
        _make_all(call, call.body(_interval))
    except Invalid as error:
        return Response.json({"status": "ERROR", "error": str(error)})
    return Response.json({"status": "Vouchers created"})


def _make_all(call: Call, asked: Interval) -> None:
    """Make the vouchers of an interval.

    Raises:
        Invalid: None was made.
    """
    values = {name: value for name, value in msgspec.to_builtins(asked).items() if value is not None}
    if not hashes.is_same(asked.hash, call.hashed_as(values)):
        raise Invalid(WRONG_HASH)
    numbers = _numbers(asked.voucherNoFrom, asked.voucherNoTo)
    campaign = call.store.thing(Campaign, asked.campaignid)
    if campaign is None:
        raise Invalid("campaignid is invalid!")
    for day in (asked.startDate, asked.endDate):
        if day is not None and not is_day(str(day)):
            raise Invalid("startDate or endDate is invalid!")
    if any(_taken(call, each) for each in numbers):
        raise Invalid(_NOT_UNIQUE)
    valid = (str(asked.startDate or ""), str(asked.endDate or ""))
    made = Card(number="-", type=_GIFT_CARD, name=asked.name or "Gavekort", valid=valid)
    for each in numbers:
        _issue(call, each, replace(made, points={str(campaign.id): asked.points}))


def _numbers(first: str, last: str) -> list[str]:
    usual = all(re.fullmatch(f"[0-9]{{1,{_LONGEST_VOUCHER}}}", each) for each in (first, last))
    if not (usual and 0 <= int(last) - int(first) < _MOST_VOUCHERS):
        raise Invalid("The interval is invalid!")
    return [str(each).zfill(len(first)) for each in range(int(first), int(last) + 1)]


def _taken(call: Call, voucher: str) -> bool:
    """Return whether there is a voucher, or any card, of that number."""
    if call.store.card(voucher) is not None:
        return True
    return call.rules.voucher_card == "own" and any(each.voucher == voucher for each in call.store.cards())


def _issue(call: Call, voucher: str, new: Card) -> Card:
    """Keep a voucher as a card, numbered as the rules have it."""
    number_ = own_number(call) if call.rules.voucher_card == "own" else voucher
    call.took_effect(sum(new.points.values()), voucher=voucher, card=number_)
    return call.store.save_card(replace(new, number=number_, voucher=voucher))
