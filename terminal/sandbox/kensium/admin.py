"""What a tester asks of the Kensium server beside its API."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from terminal.httpd import Problem, Request, Response, Route
from terminal.sandbox.admin import DONE, Strict, Text, ruled_routes
from terminal.sandbox.kensium.rules import PERMISSIONS
from terminal.sandbox.kensium.server import Kensium
from terminal.sandbox.kensium.wallets import CodeType

_PREFIX = "/sandbox/kensium"
Cents = Annotated[int, Meta(ge=-(10**11), le=10**11)]


class NewApplication(Strict, frozen=True):
    """An application; without *permissions* it may do everything."""

    id: Text
    secret: Text
    permissions: tuple[Text, ...] | None = None


class NewCard(Strict, frozen=True):
    """A gift card; *expires*: a moment in ISO 8601, UTC."""

    code: Text
    type: CodeType = "PHYSICAL"
    balance: Cents = 0
    pin: Text | None = None
    expires: Text | None = None
    member: Text | None = None


class KensiumSeed(Strict, frozen=True):
    """What the server is to know; a record takes the place of one of the same id, and is modified now."""

    applications: tuple[NewApplication, ...] = ()
    records: dict[str, list[dict[str, Any]]] = msgspec.field(default_factory=dict)
    cards: tuple[NewCard, ...] = ()


class OfOthers(Strict, frozen=True):
    """What another customer does with a card."""

    code: Text
    cents: Cents


class Expiry(Strict, frozen=True):
    """When a code expires; null: never."""

    code: Text
    expires: Text | None


class TransId(Strict, frozen=True):
    """The id of a transaction."""

    id: Text


def routes(kensium: Kensium) -> list[Route]:
    """Return the tester's addresses."""
    return [
        *ruled_routes(_PREFIX, kensium),
        Route("GET", f"{_PREFIX}/effects", lambda _: Response.json({"effects": kensium.effects()})),
        Route("GET", f"{_PREFIX}/entries", lambda _: Response.json(kensium.entries())),
        Route("POST", f"{_PREFIX}/seed", lambda request: _seed(kensium, request)),
        Route("POST", f"{_PREFIX}/others", lambda request: _others(kensium, request)),
        Route("POST", f"{_PREFIX}/code", lambda request: _code(kensium, request)),
        Route("POST", f"{_PREFIX}/cancel", lambda request: _cancel(kensium, request)),
        Route("POST", f"{_PREFIX}/expire", lambda request: _expire(kensium, request)),
    ]


def _seed(kensium: Kensium, request: Request) -> Response:
    asked: KensiumSeed = request.json(KensiumSeed)
    try:
        with kensium.store.transaction():
            for each in asked.applications:
                allowed = PERMISSIONS if each.permissions is None else each.permissions
                kensium.add_application(each.id, each.secret, allowed)
            for kind, records in asked.records.items():
                kensium.know(kind, records)
            for card in asked.cards:
                kensium.add_card(
                    card.code,
                    card.balance,
                    type_=card.type,
                    pin=card.pin,
                    expires=card.expires,
                    member=card.member,
                )
    except ValueError as error:
        raise Problem(400, str(error)) from None
    return DONE


def _others(kensium: Kensium, request: Request) -> Response:
    asked: OfOthers = request.json(OfOthers)
    if not kensium.book_other(asked.code, asked.cents):
        raise Problem(404, "there is no gift card with that code")
    return DONE


def _code(kensium: Kensium, request: Request) -> Response:
    asked: Expiry = request.json(Expiry)
    if not kensium.wallets.expire(asked.code, asked.expires):
        raise Problem(404, "there is no gift card with that code")
    return DONE


def _cancel(kensium: Kensium, request: Request) -> Response:
    asked: TransId = request.json(TransId)
    if not kensium.cancel(asked.id):
        raise Problem(404, "there is no authorised transaction of that id")
    return DONE


def _expire(kensium: Kensium, request: Request) -> Response:
    request.json(dict[str, object])
    kensium.store.expire_tokens()
    return DONE
