"""What a tester asks of the Onslip server beside its API."""

from __future__ import annotations

from typing import Any

import msgspec

from terminal.httpd import Problem, Request, Response, Route
from terminal.sandbox.admin import DONE, Id, Strict, Text, ruled_routes
from terminal.sandbox.onslip.hawk import OnslipKey, raw_secret
from terminal.sandbox.onslip.rules import PERMISSIONS, Refusal
from terminal.sandbox.onslip.server import Onslip

PREFIX = "/sandbox/onslip"


class NewUser(Strict, frozen=True):
    """A user of the realm."""

    id: Id
    alias: Text


class NewKey(Strict, frozen=True):
    """A credential; its MAC key is either *key*, in base64, or the bytes of the text *secret*."""

    id: Text
    key: Text | None = None
    secret: Text | None = None
    user: Text | None = None
    till: Id | None = None
    journal: Id | None = None
    permissions: tuple[Text, ...] = ()
    acts_for: tuple[Text, ...] = ()

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


class KeyId(Strict, frozen=True):
    """The id of a key."""

    id: Text


class OnslipSeed(Strict, frozen=True):
    """What the server is to know; an entity takes the place of one of the same id."""

    users: tuple[NewUser, ...] = ()
    keys: tuple[NewKey, ...] = ()
    entities: dict[str, list[dict[str, Any]]] = msgspec.field(default_factory=dict)


def routes(onslip: Onslip) -> list[Route]:
    """Return the tester's addresses."""
    return [
        *ruled_routes(PREFIX, onslip),
        Route("GET", f"{PREFIX}/effects", lambda _: Response.json({"effects": onslip.effects()})),
        Route("GET", f"{PREFIX}/entities/{{resource}}", lambda request: _entities(onslip, request)),
        Route("POST", f"{PREFIX}/seed", lambda request: _seed(onslip, request)),
        Route("POST", f"{PREFIX}/revoke", lambda request: _revoke(onslip, request)),
        Route("POST", f"{PREFIX}/cut", lambda request: _cut(onslip, request)),
    ]


def _entities(onslip: Onslip, request: Request) -> Response:
    return Response.json({"entities": onslip.entities(request.params["resource"])})


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
    return DONE


def _revoke(onslip: Onslip, request: Request) -> Response:
    asked: KeyId = request.json(KeyId)
    if not onslip.revoke(asked.id):
        raise Problem(404, f"there is no key {asked.id!r}")
    return DONE


def _cut(onslip: Onslip, request: Request) -> Response:
    request.json(dict[str, object])
    return Response.json({"cut": onslip.cut_streams()})
