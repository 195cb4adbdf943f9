"""The calls of the Satellite server, in both generations: ``/api/…`` and ``/api/v5/….json``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.httpd import Reply, Request, Response, Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.satellite.discovery import Discovery
from terminal.sandbox.satellite.interactions import Interactions, find_delegate
from terminal.sandbox.satellite.oauth import Gate
from terminal.sandbox.satellite.page import PATH
from terminal.sandbox.satellite.rules import (
    KINDS,
    Answered,
    Generation,
    SatelliteRules,
    agent_code,
    canonical,
    host,
    iso,
    not_found,
    read_json,
    refused,
)
from terminal.sandbox.satellite.sale import Gist, Known, read_loosely, read_strictly
from terminal.sandbox.satellite.store import Client, Delegate, SatelliteStore, StoredSale, Thing

LIMIT = 5000
"""Most objects on a page of v5, and how many there are if nobody asks for fewer."""

_Call = Callable[[Request, Generation, Client], Response]


class SatelliteApi:
    """The handlers.

    Args:
        store: What is remembered.
        desk: Where requests arrive; it also notes what became of sales.
        rules: How it behaves now.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.
    """

    def __init__(
        self,
        store: SatelliteStore,
        desk: Desk,
        rules: Callable[[], SatelliteRules],
        now_ms: Callable[[], int],
        secret: Callable[[], str],
    ) -> None:
        self.discovery = Discovery(store, rules, now_ms, secret)
        self._gate = Gate(store, rules, now_ms, secret)
        self._interactions = Interactions(store, rules, now_ms)
        self._store = store
        self._desk = desk
        self._rules = rules
        self._now_ms = now_ms

    def routes(self) -> list[Route]:
        """Return what it answers, and where: what is more special first."""
        open_ = [
            self._route("GET", PATH, self.discovery.page),
            self._route("POST", f"{PATH}/add", self.discovery.add),
            self._route("POST", "/oauth/v2/token", self._token),
            self._route("POST", "/api/oauth/v2/token", self._token),
            *self._v5("POST", "/device-request/new", lambda it: self.discovery.ask(it, "v5")),
            *self._old("POST", "/device-request/new", lambda it: self.discovery.ask(it, "old")),
        ]
        v5: list[tuple[str, str, _Call]] = [
            ("POST", "/tx/new", self._sale),
            ("POST", "/interaction/new/{what}", self._interactions.record),
            ("POST", "/interaction/test/{what}", self._interactions.test),
            ("POST", "/device/ping", self._ping),
            ("GET", "/device/list", self._devices),
            ("GET", "/device/{lookup}", self._thing),
            ("GET", "/delegate/{lookup}", self._delegate),
        ]
        old: list[tuple[str, str, _Call]] = [
            ("POST", "/ticket/transaction", self._sale),
            ("POST", "/device/log/{what}", self._interactions.record),
            ("POST", "/{kind}/{what}", self._interactions.record),
            ("GET", "/delegate/{lookup}", self._delegate),
            ("GET", "/{kind}/list", self._list),
            ("GET", "/{kind}/{lookup}", self._thing),
        ]
        routes = [*open_]
        for method, path, call in v5:
            routes += self._v5(method, path, self._authenticated(call, "v5"))
        for method, path, call in old:
            routes += self._old(method, path, self._authenticated(call, "old"))
        return routes

    # -- around every request --------------------------------------------------------------------------

    def _v5(self, method: str, path: str, handler: Callable[[Request], Response]) -> list[Route]:
        """Return the routes of a call of v5, whose paths must end in ``.json``."""

        def bare(request: Request) -> Response:
            if self._rules().strict:
                raise not_found("Not Found: a path of v5 ends in .json")
            return handler(request)

        path = f"/api/v5{path}"
        return [self._route(method, f"{path}.json", handler), self._route(method, path, bare)]

    def _old(self, method: str, path: str, handler: Callable[[Request], Response]) -> list[Route]:
        """Return the routes of a call of the old generation, which may name the format of its answer."""
        path = f"/api{path}"
        return [self._route(method, f"{path}.json", handler), self._route(method, path, handler)]

    def _route(self, method: str, path: str, handler: Callable[[Request], Response]) -> Route:
        def answer(request: Request) -> Reply:
            try:
                return handler(request)
            except Answered as answered:
                return answered.response

        return Route(method, path, self._desk.serve(f"{method} {path}", answer))

    def _token(self, request: Request) -> Response:
        if self._rules().strict:
            agent_code(request)
        return self._gate.token(request)

    def _authenticated(self, call: _Call, generation: Generation) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            client = self._gate.passed(request)
            if self._rules().strict and agent_code(request) != (client.code or agent_code(request)):
                raise refused(403, "User-Agent: these credentials are those of another device code")
            return call(request, generation, client)

        return handle

    # -- sales -----------------------------------------------------------------------------------------

    def _sale(self, request: Request, generation: Generation, client: Client) -> Response:
        body = read_json(request)
        code = read_loosely(body).code
        text = canonical(body)
        with self._store.transaction():
            known = self._store.sale(code) if code else None
            if known is not None:
                return self._repeat(known, text, generation)
            gist = self._checked(body, generation)
            number = self._store.add_sale(gist, text, client.id, self._now_ms())
        return _sold(number, gist.code, generation)

    def _repeat(self, known: StoredSale, text: str, generation: Generation) -> Response:
        """Answer a sale whose code is there already: whatever it says, it takes no effect."""
        same = known.body == text
        self._desk.count("repeats" if same else "conflicts")
        if not same and self._rules().strict:
            raise self._refused({"code": ["a sale of another content bears it"]})
        if self._rules().repeat != 200:  # noqa: PLR2004 - OK
            raise refused(409, "This code already exists.")
        return _sold(known.number, known.code, generation)

    def _checked(self, body: Any, generation: Generation) -> Gist:
        if not self._rules().strict:
            return read_loosely(body)
        things = self._store.things()
        ids = {kind: {each.id for each in things if each.kind == kind} for kind in ("product", "event")}
        try:
            gist = read_strictly(body, generation, self._rules(), Known(ids["product"], ids["event"]))
        except Answered:
            self._desk.count("refused sales")
            raise
        if any(self._store.issued(barcode) for barcode in gist.barcodes):
            raise self._refused({"items": ["a ticket of another sale has the same barcode"]})
        return gist

    def _refused(self, mistakes: dict[str, list[str]]) -> Answered:
        self._desk.count("refused sales")
        return refused(400, "Validation Failed", mistakes)

    # -- what is known ---------------------------------------------------------------------------------

    def _list(self, request: Request, generation: Generation, client: Client) -> Response:
        kind = request.params["kind"]
        things = self._store.things(kind)
        if not things and kind not in KINDS:
            raise not_found()
        return Response.json([_shown(each, generation) for each in things])

    def _devices(self, request: Request, generation: Generation, client: Client) -> Response:
        offset, limit = _number(request, "offset", 0), _number(request, "limit", LIMIT)
        if limit == 0 or limit > LIMIT:
            raise refused(400, f"limit: expected 1 to {LIMIT}")
        things = self._store.things()
        address = f"http://{host(request)}{request.path}"
        following = offset + limit if offset + limit < len(things) else None
        before = max(0, offset - limit) if offset else None
        meta = {
            "total": len(things),
            "next": None if following is None else f"{address}?offset={following}&limit={limit}",
            "previous": None if before is None else f"{address}?offset={before}&limit={limit}",
        }
        shown = [_shown(each, generation) for each in things[offset : offset + limit]]
        return Response.json({"meta": meta, "devices": shown})

    def _thing(self, request: Request, generation: Generation, client: Client) -> Response:
        id_type, _, value = request.params["lookup"].partition(":")
        for each in self._store.things(request.params.get("kind")):
            if id_type == "id" and str(each.id) == value:
                return Response.json(_shown(each, generation))
        raise not_found()

    def _delegate(self, request: Request, generation: Generation, client: Client) -> Response:
        id_type, _, value = request.params["lookup"].partition(":")
        found = find_delegate(self._store, id_type, value)
        for each in self._store.delegates():
            if each.id == found:
                return Response.json(_person(each, generation))
        raise not_found()

    def _ping(self, request: Request, generation: Generation, client: Client) -> Response:
        return Response.json({"data": {"pingFrequency": self._rules().ping_s}})


def _sold(number: int, code: str | None, generation: Generation) -> Response:
    return Response.json({"id": number, "code": code} | ({"_type": "tx"} if generation == "v5" else {}))


def _shown(thing: Thing, generation: Generation) -> dict[str, Any]:
    moment = iso(thing.created_ms)
    common: dict[str, Any] = {
        "id": thing.id,
        "name": thing.name,
        "code": f"{thing.kind}-{thing.id}",
        "data": {} if thing.price is None else {"price": thing.price},
        "createdAt": moment,
        "updatedAt": moment,
    }
    if generation == "old":
        return common | {"deviceType": thing.kind}
    return common | {
        "_type": thing.kind,
        "parent": None,
        "children": [],
        "publicId": None,
        "externalId": None,
        "shortName": thing.name,
        "deviceTags": [],
        "sources": [],
    }


def _person(delegate: Delegate, generation: Generation) -> dict[str, Any]:
    first, _, last = delegate.name.partition(" ")
    shown = {
        "id": delegate.id,
        "firstName": first,
        "lastName": last,
        "rfid": delegate.rfid,
        "barcode": delegate.barcode,
        "flags": "",
    }
    return shown | ({"_type": "delegate"} if generation == "v5" else {})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - digits
        raise refused(400, f"{name}: expected a whole number")
    return int(text)
