"""The PointOfSale wallet API, served strictly: what the contract forbids is refused.

``documented`` follows the documentation, and takes a signed ``amount`` and pairing codes as the server before
it did. ``pretix`` behaves as the plugin does where that differs: paths under an event that end in a slash and
redirect without it, bare wallets, 201, whole-number ids, pages, keys ignored, no amounts, and 500 for a debit
of an unknown token.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from terminal.httpd import Problem, Reply, Request, Response, Route
from terminal.sandbox.booking import Asked, Permission, Refused, read_booking
from terminal.sandbox.desk import Desk
from terminal.sandbox.ledger import Booking, Item, Ledger, Wallet
from terminal.sandbox.replay import Replays

Dialect = Literal["documented", "pretix"]
Keys = Literal["key", "header-24h", "none"]

PREFIX = {"documented": "", "pretix": "/api/v1/organizers/sandbox/events/demo/wallet"}
PAGE = 2
"""Products on a page of the plugin: few, so that paging happens."""

_TOKEN = re.compile(r"(?:[0-9a-f]{2}){4}|(?:[0-9a-f]{2}){7}|(?:[0-9a-f]{2}){10}")
_CODE = re.compile(r"[0-9]{8}")
_CRASH = Response(500, b"<!doctype html><h1>Server Error (500)</h1>", {"Content-Type": "text/html"})


class Terminal(msgspec.Struct, frozen=True):
    """Who a secret belongs to."""

    id: str = "sandbox"
    friendly_name: str = "Sandbox"
    permission: Permission = "all"


class PointOfSaleApi:
    """The handlers.

    Args:
        ledger: What it remembers.
        desk: Where requests arrive; it also notes which repeats were recognised.
        dialect: How it speaks.
        keys: What it does with idempotency keys.
        overdraft: Whether it books below zero.
        now_ms: The wall clock, in milliseconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        desk: Desk,
        *,
        dialect: Dialect,
        keys: Keys,
        overdraft: bool,
        now_ms: Callable[[], int],
    ) -> None:
        self.keys: Keys = keys
        self.terminals: dict[str, Terminal] = {}
        self._ledger = ledger
        self._desk = desk
        self._prefix = PREFIX[dialect]
        self._pretix = dialect == "pretix"
        self._overdraft = overdraft
        self._now_ms = now_ms
        self._replays = Replays(ledger, now_ms)

    def routes(self) -> list[Route]:
        """Return what it answers, and where."""
        calls: list[tuple[str, str, Callable[[Request], Response]]] = [
            ("GET", "/pos/terminal", self._terminal),
            ("GET", "/pos/wallets/token/{token}", self._wallet),
            ("PUT", "/pos/wallets/token/{token}", self._pair),
            ("POST", "/pos/wallets/token/{token}/transactions", self._transactions),
        ]
        routes = []
        for method, path, handler in calls:
            name = f"{method} {path}"
            if self._pretix:
                routes.append(Route(method, f"{self._prefix}{path}/", self._served(name, handler)))
                routes.append(Route(method, f"{self._prefix}{path}", self._redirected(name)))
            else:
                routes.append(Route(method, path, self._served(name, handler)))
        return routes

    # -- around every request --------------------------------------------------------------------------

    def _served(self, name: str, handler: Callable[[Request], Response]) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Response:
            try:
                return handler(request)
            except Refused as error:
                return self._refusal(error)
            except Problem as error:  # the body is no JSON
                return self._refusal(Refused(error.status, error.words))

        def once(request: Request) -> Response:
            if not self._by_header:
                return answer(request)
            response, repeat = self._replays.answer(request, answer)
            if repeat:
                self._desk.count("repeats")
            return response

        served = self._desk.serve(name, once, hold=self._running)

        def serve(request: Request) -> Reply:
            try:
                return served(request)
            except Refused as error:  # its twin is running
                return self._refusal(error)

        return serve

    @property
    def _by_header(self) -> bool:
        return self.keys == "header-24h"

    def _running(self, request: Request) -> AbstractContextManager[None]:
        return self._replays.running(request) if self._by_header else nullcontext()

    def _redirected(self, name: str) -> Callable[[Request], Reply]:
        def redirect(request: Request) -> Reply:
            self._desk.count(f"{name} without slash")
            return Response(301, b"", {"Location": f"{request.path}/"})

        return redirect

    def _refusal(self, error: Refused) -> Response:
        if self._pretix:
            return Response.json(error.fields or {"detail": error.words}, error.status)
        body = {"message": error.words, "errors": error.fields} if error.fields else {"message": error.words}
        return Response.json(body, error.status)

    def _authenticated(self, request: Request) -> Terminal:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        terminal = self.terminals.get(secret) if scheme == "Bearer" else None
        if terminal is None:
            raise Refused(401, "Unauthenticated.")
        return terminal

    # -- the calls -------------------------------------------------------------------------------------

    def _terminal(self, request: Request) -> Response:
        terminal = self._authenticated(request)
        items = self._ledger.products()
        if self._pretix:
            return self._page(request, items)
        data = {
            "id": terminal.id,
            "friendly_name": terminal.friendly_name,
            "permission": terminal.permission,
            "products": [_product(item) for item in items],
        }
        return Response.json({"data": data})

    def _page(self, request: Request, items: list[Item]) -> Response:
        text = request.query.get("page", "1")
        page = int(text) if re.fullmatch(r"[1-9][0-9]{0,5}", text) else 0
        last = max(1, -(-len(items) // PAGE))
        if not 1 <= page <= last:
            raise Refused(404, "Invalid page.")
        following = f"http://{request.headers.get('host', '')}{request.path}?page={page + 1}"
        shown = items[(page - 1) * PAGE : page * PAGE]
        data = {"products": [_product(item) for item in shown]}
        return Response.json({"data": data, "links": {"next": following if page < last else None}})

    def _wallet(self, request: Request) -> Response:
        self._authenticated(request)
        return self._shown(self._known(request.params["token"]))

    def _pair(self, request: Request) -> Response:
        self._authenticated(request)
        token, body = request.params["token"], request.json()
        if not isinstance(body, dict) or set(body) != {"pairing_code"}:
            raise Refused(400, "Send a pairing_code.", {"pairing_code": ["This field alone is required."]})
        code = body["pairing_code"]
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise Refused(400, "Send 8 digits.", {"pairing_code": ["A code has 8 digits."]})
        if not _TOKEN.fullmatch(token):
            raise Refused(400, "A token has 4, 7 or 10 bytes in lower-case hex.")
        if not self._ledger.pair(token, code, self._now_ms()):
            raise Refused(404, "This code is not known.")
        return self._shown(self._known(token))

    def _transactions(self, request: Request) -> Response:
        terminal = self._authenticated(request)
        token = request.params["token"]
        asked = read_booking(
            request.json(), self._ledger.products(), terminal.permission, amounts=not self._pretix
        )
        with self._ledger.transaction():
            if self.keys == "key" and asked.key is not None and self._ledger.booked(asked.key):
                self._desk.count("repeats")
                return self._shown(self._known(token), 202)
            if self._pretix and self._ledger.wallet(token) is None:
                return _CRASH
            wallet = self._known(token)
            if not self._overdraft and wallet.balance + asked.amount < min(0, wallet.balance):
                raise Refused(400, "The balance is too low.", {"products": ["Insufficient funds."]})
            self._ledger.book(_booking(asked, token, terminal), self._now_ms())
            return self._shown(self._known(token), 201 if self._pretix else 200)

    def _known(self, token: str) -> Wallet:
        wallet = self._ledger.wallet(token)
        if wallet is None:
            raise Refused(404, "Not found." if self._pretix else "This token is not paired to a wallet.")
        return wallet

    def _shown(self, wallet: Wallet, status: int = 200) -> Response:
        created = datetime.fromtimestamp(wallet.created_ms / 1000, UTC)
        data: dict[str, Any] = {
            "id": wallet.id,
            "token_id": wallet.token,
            "created_at": created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "balance": wallet.balance,
            "paired_user": wallet.paired_user,
        }
        return Response.json(data if self._pretix else {"data": data}, status)


def _booking(asked: Asked, token: str, terminal: Terminal) -> Booking:
    return Booking(token, asked.amount, asked.description, asked.tag, asked.key, terminal.id, asked.products)


def _product(item: Item) -> dict[str, Any]:
    return {"id": item.id, "friendly_name": item.name, "price": item.price}
