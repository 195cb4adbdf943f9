"""Lists and entities of the Onslip server: read, created, replaced, changed and deleted, under permissions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from terminal.httpd import Problem, Request, Response
from terminal.sandbox.onslip.binding import check_till
from terminal.sandbox.onslip.hawk import OnslipKey
from terminal.sandbox.onslip.query import MOST, Entity, read_asked
from terminal.sandbox.onslip.resources import OWNED, RESOURCES, Resource, checked, merged, references
from terminal.sandbox.onslip.rules import OnslipRules, Refusal, forbidden, iso, missing, wrong
from terminal.sandbox.onslip.store import Effect, OnslipStore, Stored

_FINAL = ("fulfilled", "cancelled")


class Call(msgspec.Struct, frozen=True):
    """A request, and who signed it."""

    request: Request
    key: OnslipKey

    def needs(self, *permissions: str) -> None:
        """Go on only with one of *permissions*.

        Raises:
            Refusal: There is none.
        """
        if not self.key.permissions.intersection(permissions):
            raise forbidden(permissions[0])


class Rest:
    """The handlers of all lists.

    Args:
        store: What is remembered.
        rules: How the server behaves now.
        now_ms: The server's clock, in milliseconds.
        changed: Is told of every change: operation, resource, entity.
    """

    def __init__(
        self,
        store: OnslipStore,
        rules: Callable[[], OnslipRules],
        now_ms: Callable[[], int],
        changed: Callable[[str, str, Entity], None],
    ) -> None:
        self._store = store
        self._rules = rules
        self._now_ms = now_ms
        self._changed = changed

    # -- reading ---------------------------------------------------------------------------------------

    def listed(self, call: Call) -> Response:
        """Answer a page of a list."""
        resource = _resource(call)
        call.needs(f"show-{resource.name}")
        return self.page(call, resource.fields, self._store.entities(resource.name))

    def page(self, call: Call, fields: frozenset[str], entities: list[Stored]) -> Response:
        """Answer those of *entities* that the query of *call* asks for."""
        rules = self._rules()
        asked = read_asked(call.request.target, fields, members=rules.members, strict=rules.strict)
        page, total = asked.page([each.body for each in entities])
        body = msgspec.json.encode(page)
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}-{total}"'
        headers = {"X-Total-Count": str(total), "ETag": etag, "Content-Type": "application/json"}
        if call.request.headers.get("if-none-match") == etag:
            return Response(304, b"", {"ETag": etag, "X-Total-Count": str(total)})
        return Response(200, body, headers)

    def get(self, call: Call) -> Response:
        """Answer one entity; a deleted one says when that was."""
        resource = _resource(call)
        call.needs(f"show-{resource.name}")
        return shown(self._known(call, resource, alive=False), call.request)

    def report(self, call: Call) -> Response:
        """Answer the revisions of an entity, the newest first; of a deleted one, too."""
        resource = _resource(call)
        call.needs(f"show-{resource.name}")
        if read_json(call.request) != {"type": "revisions"}:
            raise wrong('the only report there is: {"type": "revisions"}')
        found = self._known(call, resource, alive=False)
        return Response.json(self._store.revisions(resource.name, found.id, MOST))

    # -- changing --------------------------------------------------------------------------------------

    def create(self, call: Call) -> Response:
        """Add an entity."""
        resource = _resource(call)
        if resource.name != "tills":
            call.needs(f"edit-{resource.name}")
        body = self._new(resource, read_json(call.request))
        with self._store.transaction():
            self._check(call, resource, {}, body, frozenset(body))
            id_ = self._store.next_id(resource.name)
            stored = self._save(call, "create", resource.name, id_, body | {"created": self._moment()})
        return shown(stored, None, self._rules().created)

    def put(self, call: Call) -> Response:
        """Replace an entity whole."""
        resource = _resource(call)
        asked = read_json(call.request)
        with self._store.transaction():
            before = self._changeable(call, resource)
            same = {
                name for name in OWNED if isinstance(asked, dict) and asked.get(name) == before.body.get(name)
            }
            same |= {"client-user-agent"} if _agent(asked) == _agent(before.body) else set()
            kept = {name: value for name, value in before.body.items() if name in OWNED | {"client-user-agent"}}
            body = self._new(resource, {n: v for n, v in asked.items() if n not in same} if same else asked)
            after = body | kept
            named = frozenset(
                name for name in body.keys() | before.body.keys() if before.body.get(name) != after.get(name)
            )
            self._check(call, resource, before.body, after, named)
            stored = self._save(call, "update", resource.name, before.id, after)
        return shown(stored)

    def patch(self, call: Call) -> Response:
        """Change those fields of an entity that are named; null clears; ``deleted`` of null restores."""
        resource = _resource(call)
        asked = read_json(call.request)
        if not isinstance(asked, dict):
            raise wrong("the body must be an object")
        restored = "deleted" in asked and asked["deleted"] is None
        if "deleted" in asked and not restored:
            raise wrong("deleted: only null can be written; DELETE deletes")
        self._check_owned(asked)
        with self._store.transaction():
            before = self._changeable(call, resource, alive=not restored)
            mine = {name: value for name, value in before.body.items() if name not in OWNED | {"deleted"}}
            changes = {name: value for name, value in asked.items() if name != "deleted"}
            body = checked(resource.shape, merged(mine, changes), strict=self._rules().strict)
            after = body | {name: before.body[name] for name in OWNED if name in before.body}
            self._check(call, resource, before.body, after, frozenset(asked))
            stored = self._save(call, "update", resource.name, before.id, after)
        return shown(stored)

    def delete(self, call: Call) -> Response:
        """Mark an entity as deleted."""
        resource = _resource(call)
        call.needs(f"edit-{resource.name}")
        with self._store.transaction():
            before = self._changeable(call, resource)
            self._check_editable(resource, before.body, before.body)
            body = before.body | {"deleted": self._moment()}
            self._save(call, "delete", resource.name, before.id, body)
        return Response(204)

    # -- what all of them do ---------------------------------------------------------------------------

    def _known(self, call: Call, resource: Resource, *, alive: bool) -> Stored:
        text = call.request.params["id"]
        found = self._store.entity(resource.name, int(text)) if text.isascii() and text.isdigit() else None
        if found is None or (alive and "deleted" in found.body):
            raise missing(f"{resource.name}: there is none of the id {text}")
        return found

    def _changeable(self, call: Call, resource: Resource, *, alive: bool = True) -> Stored:
        """Return the entity that a change is meant for, if the change is based on its newest version."""
        if resource.name != "tills":
            call.needs(f"edit-{resource.name}")
        before = self._known(call, resource, alive=alive)
        self.check_match(call.request, etag_of(before))
        return before

    def check_match(self, request: Request, etag: str) -> None:
        """Go on only if the request says this version, or need not say one.

        Raises:
            Refusal: 412 for another version, 428 for none where one is needed.
        """
        said = request.headers.get("if-match")
        if said is None and self._rules().if_match:
            raise Refusal(428, "precondition-required", "a change needs If-Match")
        if said is not None and said not in (etag, "*"):
            raise Refusal(412, "precondition-failed", "it was changed meanwhile: If-Match says another version")

    def _new(self, resource: Resource, body: Any) -> Entity:
        if isinstance(body, dict):
            self._check_owned(body)
            if body.get("deleted") is not None:
                raise wrong("deleted: only the server writes it")
            body = {name: value for name, value in body.items() if name not in OWNED | {"deleted"}}
        return checked(resource.shape, body, strict=self._rules().strict)

    def _check_owned(self, asked: Entity) -> None:
        owned = sorted((OWNED | {"client-user-agent"}) & asked.keys())
        if owned and self._rules().strict:
            raise wrong(f"{owned[0]}: only the server writes it")
        for name in owned:
            del asked[name]

    def _check(
        self, call: Call, resource: Resource, before: Entity, after: Entity, named: frozenset[str]
    ) -> None:
        if resource.name == "tills":
            check_till(call.key.permissions, before, named)
        self._check_editable(resource, before, after)
        if resource.name == "vouchers" and before and _balance(before) != _balance(after):
            call.needs("admin-vouchers")
        for path, list_ in resource.refers.items():
            value: Any = after
            for part in path.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value is not None and _gone(self._store.entity(list_, value)):
                raise wrong(f"{path}: there is none of the id {value} in {list_}")

    @staticmethod
    def _check_editable(resource: Resource, before: Entity, after: Entity) -> None:
        locked = before.get("tab-locked-by") or before.get("frozen")
        if resource.name == "tabs" and locked:
            raise Refusal(409, "locked", "this tab is open at a register, or frozen")
        if resource.name == "orders" and before.get("state") in _FINAL and before["state"] != after["state"]:
            raise Refusal(409, "final", f"this order is {before['state']}")

    def _save(self, call: Call, operation: str, resource: str, id_: int, body: Entity) -> Stored:
        return self.save(call.key, operation, resource, id_, body)

    def save(
        self,
        key: OnslipKey,
        operation: str,
        resource: str,
        id_: int,
        body: Entity,
        *,
        amount: int | None = None,
    ) -> Stored:
        """Keep a change, note that it took effect, and tell who listens. *amount* in thousandths."""
        body = {name: value for name, value in body.items() if name not in ("updated-by", "updated-from")}
        user = self._store.user(key.user)
        body |= {"id": id_, "updated": self._moment()}
        body |= {} if user is None else {"updated-by": user}
        body |= {} if key.till is None else {"updated-from": key.till}
        stored = self._store.save(resource, id_, body)
        told = "book" if amount is not None else operation
        self._store.add_effect(
            Effect(told, resource, id_, amount, references(body), key.id, self._now_ms()),
        )
        self._changed(operation, resource, stored.body)
        return stored

    def _moment(self) -> str:
        return iso(self._now_ms())


def read_json(request: Request, shape: Any = Any) -> Any:
    """Return the body of *request*.

    Raises:
        Refusal: It is no JSON of that shape, or not sent as such.
    """
    try:
        return request.json(shape)
    except Problem as error:
        code = "unsupported-media-type" if error.status == 415 else "bad-request"  # noqa: PLR2004 - the status
        raise Refusal(error.status, code, error.words) from None
    except RecursionError:
        raise wrong("the body is nested too deeply") from None


def etag_of(stored: Stored) -> str:
    """Return the version of an entity as a header names it."""
    return f'"{stored.id}-{stored.version}"'


def shown(stored: Stored, request: Request | None = None, status: int = 200) -> Response:
    """Answer an entity, or 304 to who has this version already."""
    etag = etag_of(stored)
    if request is not None and request.headers.get("if-none-match") == etag:
        return Response(304, b"", {"ETag": etag})
    return Response.json(stored.body, status, {"ETag": etag})


def _resource(call: Call) -> Resource:
    found = RESOURCES.get(call.request.params["resource"])
    if found is None:
        raise missing()
    return found


def _gone(stored: Stored | None) -> bool:
    return stored is None or "deleted" in stored.body


def _agent(body: Any) -> Any:
    return body.get("client-user-agent") if isinstance(body, dict) else None


def _balance(body: Entity) -> Any:
    return body.get(body["type"], {}).get("balance")
