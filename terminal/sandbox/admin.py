"""What a tester asks of the sandbox beside the API: to misbehave, and what really took effect."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from terminal.httpd import Request, Response, Route
from terminal.sandbox.faults import Fault
from terminal.sandbox.ledger import Transaction

_DONE = Response.json({"done": True})


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class FaultList(_Strict, frozen=True):
    """The faults from now on, and what the dice start from."""

    faults: list[Fault]
    seed: int | None = None


class Away(_Strict, frozen=True):
    """For how long nobody listens, in milliseconds."""

    for_ms: Annotated[int, Meta(ge=1, le=3_600_000)]


class NewWallet(_Strict, frozen=True):
    """A wallet with its opening balance in cents."""

    token: Annotated[str, Meta(min_length=1, max_length=100)]
    balance: int = 0
    user: str | None = None


class NewProduct(_Strict, frozen=True):
    """A product; price in cents."""

    id: str | int
    name: str
    price: int


class NewCode(_Strict, frozen=True):
    """A pairing code and the customer that it stands for."""

    code: Annotated[str, Meta(pattern=r"\A[0-9]{8}\Z")]
    user: str


class Seed(_Strict, frozen=True):
    """What the server is to know; products replace those before."""

    wallets: list[NewWallet] = []
    products: list[NewProduct] | None = None
    codes: list[NewCode] = []


class KeyMode(_Strict, frozen=True):
    """What becomes of idempotency keys."""

    keys: Literal["key", "header-24h", "none"]


class Served(Protocol):
    """The sandbox, as a tester's requests see it."""

    def counters(self) -> dict[str, object]:
        """Return what was asked for and what took effect."""

    def entries(self) -> dict[str, object]:
        """Return wallets and transactions."""

    def show_faults(self) -> list[Fault]:
        """Return the faults in force."""

    def set_faults(self, faults: list[Fault], seed: int | None) -> None:
        """Let these happen."""

    def leave(self, for_ms: int) -> None:
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
        Route("GET", "/sandbox/counters", lambda _: Response.json(sandbox.counters())),
        Route("GET", "/sandbox/ledger", lambda _: Response.json(sandbox.entries())),
        Route("GET", "/sandbox/faults", lambda _: Response.json({"faults": sandbox.show_faults()})),
        Route("PUT", "/sandbox/faults", lambda request: _faults(sandbox, request)),
        Route("PUT", "/sandbox/away", lambda request: _away(sandbox, request)),
        Route("PUT", "/sandbox/keys", lambda request: _keys(sandbox, request)),
        Route("POST", "/sandbox/seed", lambda request: _seed(sandbox, request)),
        Route("POST", "/sandbox/reset", lambda _: _reset(sandbox)),
    ]


def _faults(sandbox: Served, request: Request) -> Response:
    asked: FaultList = request.json(FaultList)
    sandbox.set_faults(asked.faults, asked.seed)
    return _DONE


def _away(sandbox: Served, request: Request) -> Response:
    asked: Away = request.json(Away)
    sandbox.leave(asked.for_ms)
    return _DONE


def _keys(sandbox: Served, request: Request) -> Response:
    asked: KeyMode = request.json(KeyMode)
    sandbox.set_keys(asked.keys)
    return _DONE


def _seed(sandbox: Served, request: Request) -> Response:
    asked: Seed = request.json(Seed)
    sandbox.seed(asked)
    return _DONE


def _reset(sandbox: Served) -> Response:
    sandbox.reset()
    return _DONE


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
