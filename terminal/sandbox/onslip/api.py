"""The addresses of the Onslip server, under ``/v1/``: counted, spoilt by faults, signed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from terminal.httpd import Reply, Request, Response, Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.onslip.calls import Calls
from terminal.sandbox.onslip.events import EventStreams, NewStream
from terminal.sandbox.onslip.hawk import OnslipKey, Verifier, raw_secret
from terminal.sandbox.onslip.rest import Call, Rest, read_json
from terminal.sandbox.onslip.rules import OnslipRules, Refusal, missing
from terminal.sandbox.onslip.store import OnslipStore

PREFIX = "/v1"
_REALM = "/~{realm}"


class OnslipApi:
    """The handlers.

    Args:
        store: What is remembered.
        desk: Where requests arrive.
        rules: How the server behaves now.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.
    """

    def __init__(
        self,
        store: OnslipStore,
        desk: Desk,
        rules: Callable[[], OnslipRules],
        now_ms: Callable[[], int],
        secret: Callable[[], str],
    ) -> None:
        def clock() -> int:
            return now_ms() + rules().clock_s * 1000

        self.streams = EventStreams(rules, secret)
        self._verifier = Verifier(self._key, rules, now_ms)
        self.rest = Rest(store, rules, clock, self.streams.publish)
        self._calls = Calls(store, self.rest, rules, clock)
        self._store = store
        self._desk = desk
        self._rules = rules

    def routes(self) -> list[Route]:
        """Return what it answers, and where: what is more special first."""
        calls, rest = self._calls, self.rest
        signed: list[tuple[str, str, Callable[[Call], Response]]] = [
            ("GET", "", calls.client_info),
            ("GET", "/tills/{id}/state", calls.get_state),
            ("PUT", "/tills/{id}/state", calls.put_state),
            ("PATCH", "/tills/{id}/state", calls.patch_state),
            ("DELETE", "/tills/{id}/state", calls.delete_state),
            ("GET", "/locations/{id}/take-out-status", calls.take_out),
            ("POST", "/vouchers/{id}", calls.book),
            ("POST", "/journal/{client}/external-record", calls.add_record),
            ("GET", "/journal/{client}/", calls.records),
            ("POST", "/event-streams", self._open_stream),
            ("GET", "/event-streams", self._list_streams),
            ("GET", "/event-streams/{id}", self._get_stream),
            ("DELETE", "/event-streams/{id}", self._delete_stream),
            ("GET", "/{resource}/", rest.listed),
            ("HEAD", "/{resource}/", rest.listed),
            ("POST", "/{resource}/", rest.create),
            ("GET", "/{resource}/{id}", rest.get),
            ("PUT", "/{resource}/{id}", rest.put),
            ("PATCH", "/{resource}/{id}", rest.patch),
            ("DELETE", "/{resource}/{id}", rest.delete),
            ("REPORT", "/{resource}/{id}", rest.report),
            ("GET", "/{resource}", _no_list),
            ("POST", "/{resource}", _no_list),
        ]
        return [
            self._route("GET", "/health/alive", _healthy),
            self._route("GET", "/health/ready", _healthy),
            self._route("POST", "/health/echo", _echo),
            self._route("GET", f"{_REALM}/event-streams/{{id}}/stream", self._stream),
            *(self._route(method, f"{_REALM}{path}", self._signed(call)) for method, path, call in signed),
        ]

    # -- around every request --------------------------------------------------------------------------

    def _route(self, method: str, path: str, handler: Callable[[Request], Reply]) -> Route:
        def answer(request: Request) -> Reply:
            try:
                return handler(request)
            except Refusal as refusal:
                return refusal.response()

        path = f"{PREFIX}{path}"
        return Route(method, path, self._desk.serve(f"{method} {path}", answer))

    def _signed(self, call: Callable[[Call], Response]) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            key = self._verifier.passed(request)
            if request.params["realm"] != self._rules().realm:
                raise Refusal(403, "forbidden", "this key belongs to another realm")
            self._note_agent(request, key)
            return call(Call(request, key))

        return handle

    def _note_agent(self, request: Request, key: OnslipKey) -> None:
        """Keep the User-Agent of a device, as the server does by itself: no version of the device is new."""
        agent = request.headers.get("user-agent")
        if key.till is None or agent is None:
            return
        with self._store.transaction():
            till = self._store.entity("tills", key.till)
            if till is not None and till.body.get("client-user-agent") != agent:
                self._store.save("tills", till.id, till.body | {"client-user-agent": agent}, quietly=True)

    def _key(self, id_: str) -> OnslipKey | None:
        """Return a credential: that of a bound device, or one that was made."""
        return self.bound(id_) or self._store.key(id_)

    def bound(self, id_: str) -> OnslipKey | None:
        """Return the credential of the bound device that is called *id_*; None: there is no such device."""
        rules = self._rules()
        if rules.device_id is None:
            return None
        for till in self._store.entities("tills"):
            device = till.body.get("device-id")
            if device is None or "deleted" in till.body or "device-key" not in till.body:
                continue
            if rules.device_id.format(id=till.id, device=device, realm=rules.realm) == id_:
                secret = raw_secret(till.body["device-key"])
                allowed = frozenset(rules.device_permissions)
                return OnslipKey(id_, secret, till=till.id, journal=rules.device_journal, permissions=allowed)
        return None

    # -- event streams ---------------------------------------------------------------------------------

    def _open_stream(self, call: Call) -> Response:
        call.needs("use-event-streams", "edit-event-streams")
        stream = self.streams.open(read_json(call.request, NewStream), call.key.permissions)
        return Response.json(stream, self._rules().created)

    def _list_streams(self, call: Call) -> Response:
        call.needs("show-event-streams")
        return Response.json(self.streams.shown())

    def _get_stream(self, call: Call) -> Response:
        call.needs("show-event-streams", "use-event-streams")
        return Response.json(self.streams.find(call.request.params["id"]))

    def _delete_stream(self, call: Call) -> Response:
        call.needs("edit-event-streams", "use-event-streams")
        self.streams.remove(call.request.params["id"])
        return Response(204)

    def _stream(self, request: Request) -> Reply:
        if "authorization" in request.headers:
            self._verifier.passed(request)
        if request.params["realm"] != self._rules().realm:
            raise missing()
        return self.streams.read(request)


class _Echo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payload: str


def _echo(request: Request) -> Response:
    return Response.json(read_json(request, _Echo))


def _healthy(_: Request) -> Response:
    return Response(204)


def _no_list(_: Call) -> Response:
    raise missing("there is nothing at this address; that of a list ends in a slash")
