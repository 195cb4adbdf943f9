"""What a tester asks of the Onslip server beside its API."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from terminal.httpd import Problem, Request, Response, Route
from terminal.sandbox.admin import FaultList
from terminal.sandbox.onslip import Onslip
from terminal.sandbox.onslip_hawk import OnslipKey, raw_secret
from terminal.sandbox.onslip_rules import PERMISSIONS, OnslipRules, Refusal

PREFIX = "/sandbox/onslip"

_DONE = Response.json({"done": True})
_Text = Annotated[str, Meta(min_length=1, max_length=200)]
_Id = Annotated[int, Meta(ge=1, le=2**53)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class NewUser(_Strict, frozen=True):
    """A user of the realm."""

    id: _Id
    alias: _Text


class NewKey(_Strict, frozen=True):
    """A credential; its MAC key is either *key*, in base64, or the bytes of the text *secret*."""

    id: _Text
    key: _Text | None = None
    secret: _Text | None = None
    user: _Text | None = None
    till: _Id | None = None
    journal: _Id | None = None
    permissions: list[_Text] = []
    acts_for: list[_Text] = []

    def credential(self) -> OnslipKey:
        """Return it as the server knows it.

        Raises:
            ValueError: It has no MAC key, or two, or a permission that there is none of.
        """
        if (self.key is None) == (self.secret is None):
            raise ValueError("a key has either key, in base64, or secret")
        unknown = sorted(set(self.permissions) - PERMISSIONS)
        if unknown:
            raise ValueError(f"there is no permission {unknown[0]} here")
        raw = raw_secret(self.key) if self.key is not None else str(self.secret).encode()
        allowed, others = frozenset(self.permissions), frozenset(self.acts_for)
        return OnslipKey(self.id, raw, self.user, self.till, self.journal, allowed, others)


class KeyId(_Strict, frozen=True):
    """The id of a key."""

    id: _Text


class OnslipSeed(_Strict, frozen=True):
    """What the server is to know; an entity takes the place of one of the same id."""

    users: list[NewUser] = []
    keys: list[NewKey] = []
    entities: dict[str, list[dict[str, Any]]] = {}


def routes(onslip: Onslip) -> list[Route]:
    """Return the tester's addresses."""
    return [
        Route("GET", f"{PREFIX}/counters", lambda _: Response.json(onslip.counters())),
        Route("GET", f"{PREFIX}/effects", lambda _: Response.json({"effects": onslip.effects()})),
        Route("GET", f"{PREFIX}/entities/{{resource}}", lambda request: _entities(onslip, request)),
        Route("GET", f"{PREFIX}/faults", lambda _: Response.json({"faults": onslip.faults.left()})),
        Route("PUT", f"{PREFIX}/faults", lambda request: _faults(onslip, request)),
        Route("GET", f"{PREFIX}/rules", lambda _: Response.json(onslip.rules)),
        Route("PUT", f"{PREFIX}/rules", lambda request: _rules(onslip, request)),
        Route("POST", f"{PREFIX}/seed", lambda request: _seed(onslip, request)),
        Route("POST", f"{PREFIX}/revoke", lambda request: _revoke(onslip, request)),
        Route("POST", f"{PREFIX}/cut", lambda request: _cut(onslip, request)),
    ]


def _entities(onslip: Onslip, request: Request) -> Response:
    return Response.json({"entities": onslip.entities(request.params["resource"])})


def _faults(onslip: Onslip, request: Request) -> Response:
    asked: FaultList = request.json(FaultList)
    onslip.faults.set(*asked.faults, seed=asked.seed)
    return _DONE


def _rules(onslip: Onslip, request: Request) -> Response:
    """Change those that are named, and leave the rest."""
    asked: dict[str, object] = request.json(dict[str, object])
    try:
        onslip.rules = msgspec.convert({**msgspec.to_builtins(onslip.rules), **asked}, OnslipRules)
    except msgspec.ValidationError as error:
        raise Problem(400, str(error)) from None
    return Response.json(onslip.rules)


def _seed(onslip: Onslip, request: Request) -> Response:
    asked: OnslipSeed = request.json(OnslipSeed)
    try:
        keys = [each.credential() for each in asked.keys]
        with onslip.store.transaction():
            for user in asked.users:
                onslip.add_user(user.id, user.alias)
            for key in keys:
                onslip.add_key(key)
            for resource, entities in asked.entities.items():
                onslip.know(resource, entities)
    except (ValueError, Refusal) as error:
        raise Problem(400, str(error)) from None
    return _DONE


def _revoke(onslip: Onslip, request: Request) -> Response:
    asked: KeyId = request.json(KeyId)
    if not onslip.revoke(asked.id):
        raise Problem(404, f"there is no key {asked.id!r}")
    return _DONE


def _cut(onslip: Onslip, request: Request) -> Response:
    request.json(dict[str, object])
    return Response.json({"cut": onslip.cut_streams()})
