"""What a tester asks of the sandbox beside the API: to misbehave, and what really took effect."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from terminal.httpd import Problem, Request, Response, Route
from terminal.sandbox.faults import Fault, Faults
from terminal.sandbox.ledger import Transaction

DONE = Response.json({"done": True})
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[int, Meta(ge=1, le=2**53)]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tester sends: these fields, and no others."""


class FaultList(Strict, frozen=True):
    """The faults from now on, and what the dice start from."""

    faults: list[Fault]
    seed: int | None = None


class Away(Strict, frozen=True):
    """For how long nobody listens, in milliseconds; *address*: at which one alone, counted from 0."""

    for_ms: Annotated[int, Meta(ge=1, le=3_600_000)]
    address: Annotated[int, Meta(ge=0)] | None = None


class NewWallet(Strict, frozen=True):
    """A wallet with its opening balance in cents."""

    token: Annotated[str, Meta(min_length=1, max_length=100)]
    balance: int = 0
    user: str | None = None


class NewProduct(Strict, frozen=True):
    """A product; price in cents."""

    id: str | int
    name: str
    price: int


class NewCode(Strict, frozen=True):
    """A pairing code and the customer that it stands for."""

    code: Annotated[str, Meta(pattern=r"\A[0-9]{8}\Z")]
    user: str


class Seed(Strict, frozen=True):
    """What the server is to know; products replace those before."""

    wallets: list[NewWallet] = []
    products: list[NewProduct] | None = None
    codes: list[NewCode] = []


class KeyMode(Strict, frozen=True):
    """What becomes of idempotency keys."""

    keys: Literal["key", "header-24h", "none"]


class Spoilt(Protocol):
    """A server that counts and misbehaves, as a tester's requests see it."""

    faults: Faults

    def counters(self) -> dict[str, Any]:
        """Return what was asked for and what took effect."""


class Ruled(Spoilt, Protocol):
    """One with rules that may be changed while it runs."""

    rules: Any


class Served(Spoilt, Protocol):
    """The sandbox itself."""

    def entries(self) -> dict[str, object]:
        """Return wallets and transactions."""

    def leave(self, for_ms: int, number: int | None) -> None:
        """Be away, and come back."""

    def seed(self, seed: Seed) -> None:
        """Know more."""

    def set_keys(self, keys: Literal["key", "header-24h", "none"]) -> None:
        """Treat keys differently."""

    def reset(self) -> None:
        """Forget everything."""


def routes(sandbox: Served) -> list[Route]:
    """Return the tester's addresses."""
    return [
        *spoilt_routes("/sandbox", sandbox),
        Route("GET", "/sandbox/ledger", lambda _: Response.json(sandbox.entries())),
        Route("PUT", "/sandbox/away", lambda request: _away(sandbox, request)),
        Route("PUT", "/sandbox/keys", lambda request: _keys(sandbox, request)),
        Route("POST", "/sandbox/seed", lambda request: _seed(sandbox, request)),
        Route("POST", "/sandbox/reset", lambda _: _reset(sandbox)),
    ]


def spoilt_routes(prefix: str, server: Spoilt) -> list[Route]:
    """Return the addresses of counters and faults, below *prefix*."""

    def change(request: Request) -> Response:
        asked: FaultList = request.json(FaultList)
        server.faults.set(*asked.faults, seed=asked.seed)
        return DONE

    return [
        Route("GET", f"{prefix}/counters", lambda _: Response.json(server.counters())),
        Route("GET", f"{prefix}/faults", lambda _: Response.json({"faults": server.faults.left()})),
        Route("PUT", f"{prefix}/faults", change),
    ]


def ruled_routes(prefix: str, server: Ruled) -> list[Route]:
    """Return the addresses of counters, faults and rules, below *prefix*."""

    def change(request: Request) -> Response:
        """Change those that are named, and leave the rest."""
        asked: dict[str, object] = request.json(dict[str, object])
        try:
            server.rules = msgspec.convert({**msgspec.to_builtins(server.rules), **asked}, type(server.rules))
        except msgspec.ValidationError as error:
            raise Problem(400, str(error)) from None
        return Response.json(server.rules)

    return [
        *spoilt_routes(prefix, server),
        Route("GET", f"{prefix}/rules", lambda _: Response.json(server.rules)),
        Route("PUT", f"{prefix}/rules", change),
    ]


def _away(sandbox: Served, request: Request) -> Response:
    asked: Away = request.json(Away)
    try:
        sandbox.leave(asked.for_ms, asked.address)
    except ValueError as error:
        raise Problem(400, str(error)) from None
    return DONE


def _keys(sandbox: Served, request: Request) -> Response:
    asked: KeyMode = request.json(KeyMode)
    sandbox.set_keys(asked.keys)
    return DONE


def _seed(sandbox: Served, request: Request) -> Response:
    asked: Seed = request.json(Seed)
    sandbox.seed(asked)
    return DONE


def _reset(sandbox: Served) -> Response:
    sandbox.reset()
    return DONE


def shown(transaction: Transaction) -> dict[str, object]:
    """Return a transaction as a tester reads it."""
    booking = transaction.booking
    return {
        "id": transaction.id,
        "token": booking.token,
        "amount": booking.amount,
        "description": booking.description,
        "tag": booking.tag,
        "key": booking.key,
        "terminal": booking.terminal,
        "products": booking.products,
        "at_ms": transaction.at_ms,
    }
