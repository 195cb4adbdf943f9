"""Offers, which the server calls discount families: read, made, changed; refused by 400, 401 and 404.

What is answered to a change is not documented but for its status: there is no body.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Answered, Call, Invalid
from terminal.sandbox.onlinepos.print import element, fields, hundredths, number, text, whole
from terminal.sandbox.onlinepos.things import Content, Offer, Product, ProductGroup, Thing

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAYS = r"\A[01_](,[01_]){6}\Z"
_UNLIMITED = "0001-01-01"
_ALL = 100


class Term(Thing, frozen=True):
    """A line of an offer as it is sent: a product or a group, at a price or a discount."""

    pid: int | None = None
    gid: int | None = None
    price: int | float | None = None
    percent: int | None = None
    amount: Annotated[int, Meta(ge=1)] = 1


class Frame(Thing, frozen=True):
    """The body of a change: what an offer is called, and when it holds."""

    name: Annotated[str, Meta(min_length=1)]
    dayfrom: str = _UNLIMITED
    dayto: str = _UNLIMITED
    days: Annotated[str, Meta(pattern=_DAYS)] = "1,1,1,1,1,1,1"
    prio: int = 0


class NewOffer(Frame, frozen=True):
    """The body of a new offer."""

    content: tuple[Term, ...] = ()


class Subject(Thing, frozen=True):
    """The body of a removal."""

    pid: int | None = None
    gid: int | None = None


_new, _frame = msgspec.json.Decoder(NewOffer), msgspec.json.Decoder(Frame)
_term, _subject = msgspec.json.Decoder(Term), msgspec.json.Decoder(Subject)


# -- read --------------------------------------------------------------------------------------------------


def offers(call: Call) -> Response:
    """GET /offer: discount families."""
    shown: list[dict[str, Any]] = [
        {
            "ID": each.id,
            "days": each.days,
            "pricegroup": each.pricegroup,
            "prio": each.prio,
            "name": each.name,
            "dayfrom": each.dayfrom,
            "dayto": each.dayto,
            "timefrom": each.timefrom,
            "timeto": each.timeto,
            "content": [
                {"pid": it.pid, "gid": it.gid, "amount": it.amount, "pris": number(it.price or 0)}
                for it in each.content
            ],
        }
        for each in call.store.things(Offer)
    ]

    def markup() -> str:
        return element("list", *(_offer_in_xml(each) for each in shown))

    return call.answer(shown, markup)


def _offer_in_xml(shown: dict[str, Any]) -> str:
    plain = {name: value for name, value in shown.items() if name != "content"}
    content = "".join(fields("content", each) for each in shown["content"])
    return element("offer", *(text(name, value) for name, value in plain.items()), content)


# -- changed -----------------------------------------------------------------------------------------------


def create(call: Call) -> Response:
    """POST /offer: a repeat is another offer."""
    try:
        asked = call.body(_new)
        framed = _framed(asked)
        content = tuple(_content(call, each) for each in asked.content)
    except Invalid as error:
        return _bad(error)
    id_ = 1 + max((each.id for each in call.store.things(Offer)), default=0)
    call.store.keep(Offer(id=id_, content=content, **framed))
    call.took_effect(None, offer=str(id_))
    return Response(200)


def edit(call: Call) -> Response:
    """PUT /offer/{id}: its lines stay; a day that is left out is no limit."""
    offer = _offer(call)
    try:
        framed = _framed(call.body(_frame))
    except Invalid as error:
        return _bad(error)
    call.store.keep(replace(offer, **framed))
    call.took_effect(None, offer=str(offer.id))
    return Response(200)


def add(call: Call) -> Response:
    """POST /offer/{id}/add: one more line, each time."""
    offer = _offer(call)
    try:
        line = _content(call, call.body(_term))
    except Invalid as error:
        return _bad(error)
    call.store.keep(replace(offer, content=(*offer.content, line)))
    call.took_effect(None, offer=str(offer.id))
    return Response(201)


def remove(call: Call) -> Response:
    """DELETE /offer/{id}/remove, with a body: every line of a product or of a group."""
    offer = _offer(call)
    try:
        asked = call.body(_subject)
        pid, gid = _about(asked.pid, asked.gid)
    except Invalid as error:
        return _bad(error)
    kept = tuple(each for each in offer.content if (each.pid, each.gid) != (pid, gid))
    if len(kept) == len(offer.content):
        raise _unknown()
    call.store.keep(replace(offer, content=kept))
    call.took_effect(None, offer=str(offer.id))
    return Response(200)


def _bad(error: Invalid) -> Response:
    return Response.json({"error": str(error)}, 400)


def _unknown() -> Answered:
    return Answered(Response.json({"error": "OfferNotFoundResponse"}, 404))


def _offer(call: Call) -> Offer:
    """Return the offer of the path. Raises Answered with 404 if there is none."""
    id_ = call.params["offer_id"]
    offer = call.store.thing(Offer, int(id_)) if whole(id_) else None
    if offer is None:
        raise _unknown()
    return offer


def _framed(asked: Frame) -> dict[str, Any]:
    for day in (asked.dayfrom, asked.dayto):
        if not _is_day(day):
            raise Invalid("The dayfrom or dayto field is invalid.")
    if _UNLIMITED not in (asked.dayfrom, asked.dayto) and asked.dayfrom > asked.dayto:
        raise Invalid("The dayto field is before dayfrom.")
    told = msgspec.structs.asdict(asked)
    told.pop("content", None)
    return told


def _is_day(written: str) -> bool:
    try:
        return bool(_DAY.fullmatch(written) and date.fromisoformat(written))
    except ValueError:
        return False


def _about(pid: int | None, gid: int | None) -> tuple[int, int]:
    if (pid is None) == (gid is None):
        raise Invalid("The pid field is required when gid is not present.")
    return pid or 0, gid or 0


def _content(call: Call, asked: Term) -> Content:
    pid, gid = _about(asked.pid, asked.gid)
    kind: type[Product | ProductGroup] = Product if pid else ProductGroup
    if call.store.thing(kind, pid or gid) is None:
        raise Invalid("The pid or gid field is invalid.")
    if (asked.price is None) == (asked.percent is None):
        raise Invalid("The price field is required when percent is not present.")
    if asked.percent is not None and not 0 <= asked.percent <= _ALL:
        raise Invalid("The percent field is invalid.")
    try:
        price = None if asked.price is None else hundredths(asked.price)
    except ValueError:
        price = -1
    if price is not None and price < 0:
        raise Invalid("The price field is invalid.")
    return Content(pid=pid, gid=gid, amount=asked.amount, price=price, percent=asked.percent)
