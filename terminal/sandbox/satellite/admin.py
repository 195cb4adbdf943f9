"""What a tester asks of the Satellite server beside its API."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from terminal.httpd import Problem, Request, Response, Route
from terminal.sandbox.admin import DONE, Id, Strict, Text, ruled_routes
from terminal.sandbox.satellite.server import Satellite

PREFIX = "/sandbox/satellite"

_Cents = Annotated[int, Meta(ge=0, le=10**10)]


class DeviceCode(Strict, frozen=True):
    """The code of a device."""

    code: Text


class NewThing(Strict, frozen=True):
    """A product, event, session or room; price in cents."""

    id: Id
    name: Text
    price: _Cents | None = None


class NewDelegate(Strict, frozen=True):
    """A person with a token."""

    id: Id
    name: Text
    rfid: Text
    barcode: Text | None = None


class SatelliteSeed(Strict, frozen=True):
    """What the server is to know; the products, events and so on replace those before of their kind."""

    things: dict[Annotated[str, Meta(pattern=r"\A[a-z][a-z-]{0,31}\Z")], list[NewThing]] = msgspec.field(
        default_factory=dict
    )
    delegates: tuple[NewDelegate, ...] = ()


def routes(satellite: Satellite) -> list[Route]:
    """Return the tester's addresses."""
    return [
        *ruled_routes(PREFIX, satellite),
        Route("GET", f"{PREFIX}/sales", lambda _: Response.json({"sales": satellite.sales()})),
        Route(
            "GET",
            f"{PREFIX}/interactions",
            lambda _: Response.json({"interactions": satellite.interactions()}),
        ),
        Route("GET", f"{PREFIX}/devices", lambda _: Response.json({"devices": satellite.devices()})),
        Route("POST", f"{PREFIX}/seed", lambda request: _seed(satellite, request)),
        Route("POST", f"{PREFIX}/discovery", lambda request: _open(satellite, request)),
        Route("POST", f"{PREFIX}/approve", lambda request: _approve(satellite, request)),
        Route("POST", f"{PREFIX}/revoke", lambda request: _revoke(satellite, request)),
        Route("POST", f"{PREFIX}/expire", lambda request: _expire(satellite, request)),
    ]


def _seed(satellite: Satellite, request: Request) -> Response:
    asked: SatelliteSeed = request.json(SatelliteSeed)
    for kind, things in asked.things.items():
        satellite.know(kind, *((each.id, each.name, each.price) for each in things))
    for each in asked.delegates:
        satellite.add_delegate(each.id, each.name, each.rfid, each.barcode)
    return DONE


def _open(satellite: Satellite, request: Request) -> Response:
    request.json(dict[str, object])
    satellite.open_discovery()
    return DONE


def _approve(satellite: Satellite, request: Request) -> Response:
    asked: DeviceCode = request.json(DeviceCode)
    return _done(asked.code, found=satellite.approve(asked.code))


def _revoke(satellite: Satellite, request: Request) -> Response:
    asked: DeviceCode = request.json(DeviceCode)
    return _done(asked.code, found=satellite.revoke(asked.code))


def _expire(satellite: Satellite, request: Request) -> Response:
    request.json(dict[str, object])
    satellite.expire_tokens()
    return DONE


def _done(code: str, *, found: bool) -> Response:
    if not found:
        raise Problem(404, f"no device of the code {code!r} has asked")
    return DONE
