"""What a tester asks of the Satellite server beside its API."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from terminal.httpd import Problem, Request, Response, Route
from terminal.sandbox.admin import FaultList
from terminal.sandbox.satellite import Satellite
from terminal.sandbox.satellite_rules import SatelliteRules

PREFIX = "/sandbox/satellite"

_DONE = Response.json({"done": True})
_Text = Annotated[str, Meta(min_length=1, max_length=200)]
_Id = Annotated[int, Meta(ge=1, le=2**53)]
_Cents = Annotated[int, Meta(ge=0, le=10**10)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class DeviceCode(_Strict, frozen=True):
    """The code of a device."""

    code: _Text


class NewThing(_Strict, frozen=True):
    """A product, event, session or room; price in cents."""

    id: _Id
    name: _Text
    price: _Cents | None = None


class NewDelegate(_Strict, frozen=True):
    """A person with a token."""

    id: _Id
    name: _Text
    rfid: _Text
    barcode: _Text | None = None


class SatelliteSeed(_Strict, frozen=True):
    """What the server is to know; the products, events and so on replace those before of their kind."""

    things: dict[Annotated[str, Meta(pattern=r"\A[a-z][a-z-]{0,31}\Z")], list[NewThing]] = {}
    delegates: list[NewDelegate] = []


def routes(satellite: Satellite) -> list[Route]:
    """Return the tester's addresses."""
    return [
        Route("GET", f"{PREFIX}/counters", lambda _: Response.json(satellite.counters())),
        Route("GET", f"{PREFIX}/sales", lambda _: Response.json({"sales": satellite.sales()})),
        Route(
            "GET",
            f"{PREFIX}/interactions",
            lambda _: Response.json({"interactions": satellite.interactions()}),
        ),
        Route("GET", f"{PREFIX}/devices", lambda _: Response.json({"devices": satellite.devices()})),
        Route("GET", f"{PREFIX}/faults", lambda _: Response.json({"faults": satellite.faults.left()})),
        Route("PUT", f"{PREFIX}/faults", lambda request: _faults(satellite, request)),
        Route("GET", f"{PREFIX}/rules", lambda _: Response.json(satellite.rules)),
        Route("PUT", f"{PREFIX}/rules", lambda request: _rules(satellite, request)),
        Route("POST", f"{PREFIX}/seed", lambda request: _seed(satellite, request)),
        Route("POST", f"{PREFIX}/discovery", lambda request: _open(satellite, request)),
        Route("POST", f"{PREFIX}/approve", lambda request: _approve(satellite, request)),
        Route("POST", f"{PREFIX}/revoke", lambda request: _revoke(satellite, request)),
        Route("POST", f"{PREFIX}/expire", lambda request: _expire(satellite, request)),
    ]


def _faults(satellite: Satellite, request: Request) -> Response:
    asked: FaultList = request.json(FaultList)
    satellite.faults.set(*asked.faults, seed=asked.seed)
    return _DONE


def _rules(satellite: Satellite, request: Request) -> Response:
    """Change those that are named, and leave the rest."""
    asked: dict[str, object] = request.json(dict[str, object])
    try:
        satellite.rules = msgspec.convert({**msgspec.to_builtins(satellite.rules), **asked}, SatelliteRules)
    except msgspec.ValidationError as error:
        raise Problem(400, str(error)) from None
    return Response.json(satellite.rules)


def _seed(satellite: Satellite, request: Request) -> Response:
    asked: SatelliteSeed = request.json(SatelliteSeed)
    for kind, things in asked.things.items():
        satellite.know(kind, *((each.id, each.name, each.price) for each in things))
    for each in asked.delegates:
        satellite.add_delegate(each.id, each.name, each.rfid, each.barcode)
    return _DONE


def _open(satellite: Satellite, request: Request) -> Response:
    request.json(dict[str, object])
    satellite.open_discovery()
    return _DONE


def _approve(satellite: Satellite, request: Request) -> Response:
    asked: DeviceCode = request.json(DeviceCode)
    return _done(asked.code, found=satellite.approve(asked.code))


def _revoke(satellite: Satellite, request: Request) -> Response:
    asked: DeviceCode = request.json(DeviceCode)
    return _done(asked.code, found=satellite.revoke(asked.code))


def _expire(satellite: Satellite, request: Request) -> Response:
    request.json(dict[str, object])
    satellite.expire_tokens()
    return _DONE


def _done(code: str, *, found: bool) -> Response:
    if not found:
        raise Problem(404, f"no device of the code {code!r} has asked")
    return _DONE
