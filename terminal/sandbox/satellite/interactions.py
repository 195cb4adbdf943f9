"""Check-ins, joins and what else a delegate does somewhere. Each one that is sent is stored, repeats too.

The numbers of the application errors are those that the documentation names; which mistake has which is not
known, and is this server's own choice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Literal, TypeGuard

from terminal.httpd import Request, Response
from terminal.sandbox.satellite.rules import (
    KINDS,
    Answered,
    Generation,
    SatelliteRules,
    canonical,
    iso,
    not_found,
    read_json,
    refused,
)
from terminal.sandbox.satellite.sale import is_iso
from terminal.sandbox.satellite.store import Client, Interaction, SatelliteStore

TYPES = frozenset({
    "check-in", "join", "lead", "print",
    "connect", "connected", "seen", "entered", "exited", "download", "downloaded", "upload", "feedback",
})  # fmt: skip

_Part = Literal["type", "delegate", "device", "moment", "field"]
_NUMBERS: dict[_Part, int] = {"type": 1301, "delegate": 1401, "device": 1501, "moment": 1502, "field": 1503}
_MOST_SECONDS = 10**11
_RFID = re.compile(r"[^0-9A-Za-z]")


class Interactions:
    """The calls that record what happened.

    Args:
        store: What is remembered.
        rules: How it behaves now.
        now_ms: The wall clock, in milliseconds.
    """

    def __init__(
        self, store: SatelliteStore, rules: Callable[[], SatelliteRules], now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._rules = rules
        self._now_ms = now_ms

    def record(self, request: Request, generation: Generation, client: Client) -> Response:
        """Store one.

        Raises:
            Answered: It is refused.
        """
        read = self._read(request, generation)
        now = self._now_ms()
        number = self._store.add_interaction(read, client.id, now)
        return Response.json(_shown(number, read, generation, now))

    def test(self, request: Request, generation: Generation, client: Client) -> Response:
        """Say what would become of one, and store nothing.

        Raises:
            Answered: It would be refused.
        """
        return Response.json(_shown(None, self._read(request, generation), generation, self._now_ms()))

    def _read(self, request: Request, generation: Generation) -> Interaction:
        body, what, kind = read_json(request), request.params["what"], request.params.get("kind", "device")
        if kind not in KINDS:
            raise not_found()
        if not self._rules().strict:
            return _loosely(what, body)
        if what not in TYPES:
            raise _wrong(generation, "type", f"there is no interaction {what[:40]!r}")
        if not isinstance(body, dict):
            raise _wrong(generation, "field", "expected an object")
        if generation == "v5":
            delegate, thing = self._v5(body)
        else:
            delegate, thing = self._old(body, kind)
        return Interaction(what, canonical(delegate), canonical(thing), canonical(body["recordedAt"]))

    def _v5(self, body: dict[str, Any]) -> tuple[int, int | None]:
        delegates = [name for name in ("delegate", "firstDelegate") if name in body]
        things = [name for name in ("device", "firstDevice") if name in body]
        if len(delegates) != 1:
            raise _wrong("v5", "delegate", "expected one of delegate and firstDelegate")
        if len(things) != 1:
            raise _wrong("v5", "device", "expected one of device and firstDevice")
        _only(body, {*delegates, *things, "recordedAt", "data"}, "v5")
        moment = body.get("recordedAt")
        if not (_is_id(moment) and moment < _MOST_SECONDS):
            raise _wrong("v5", "moment", "recordedAt: expected seconds since 1970")
        delegate = self._delegate("v5", "id", body[delegates[0]])
        return delegate, self._thing("v5", body[things[0]])

    def _old(self, body: dict[str, Any], kind: str) -> tuple[int, int | None]:
        delegates = [name for name in body if name.startswith("delegate_")]
        things = [name for name in dict.fromkeys(("device_id", f"{kind}_id")) if name in body]
        if len(delegates) != 1:
            raise _wrong("old", "delegate", "expected delegate_id, or one like delegate_rfid")
        if len(things) > 1 or (kind != "device" and not things):
            raise _wrong("old", "device", f"expected one of device_id and {kind}_id")
        _only(body, {*delegates, *things, "recordedAt", "data"}, "old")
        moment = body.get("recordedAt")
        if not (isinstance(moment, str) and is_iso(moment)):
            raise _wrong("old", "moment", "recordedAt: expected ISO 8601 with an offset")
        delegate = self._delegate("old", delegates[0].removeprefix("delegate_"), body[delegates[0]])
        return delegate, self._thing("old", body[things[0]]) if things else None

    def _delegate(self, generation: Generation, kind: str, value: Any) -> int:
        found = find_delegate(self._store, kind, value) if _is_id(value) or kind != "id" else None
        if found is None:
            raise _wrong(generation, "delegate", "there is no such delegate")
        return found

    def _thing(self, generation: Generation, value: Any) -> int:
        """Return the id of a place; where the server knows no places, any will do."""
        known = {each.id for each in self._store.things() if each.kind != "product"}
        if not _is_id(value) or (known and value not in known):
            raise _wrong(generation, "device", "there is no such device")
        return value


def find_delegate(store: SatelliteStore, kind: str, value: Any) -> int | None:
    """Return the id of the delegate whose *kind* (``id``, ``rfid``, ``barcode``) is *value*; None: nobody."""
    for each in store.delegates():
        known = {"id": str(each.id), "rfid": _uid(each.rfid), "barcode": each.barcode}.get(kind)
        if known is not None and known == (_uid(str(value)) if kind == "rfid" else str(value)):
            return each.id
    return None


def _uid(text: str) -> str:
    return _RFID.sub("", text).upper()


def _loosely(what: str, body: Any) -> Interaction:
    fields = body if isinstance(body, dict) else {}
    delegate = next((value for name, value in fields.items() if "elegate" in name), None)
    thing = next((value for name, value in fields.items() if "evice" in name or name.endswith("_id")), None)
    return Interaction(what, canonical(delegate), canonical(thing), canonical(fields.get("recordedAt", body)))


def _shown(number: int | None, read: Interaction, generation: Generation, now_ms: int) -> dict[str, Any]:
    moment = iso(now_ms)
    delegate, thing, recorded = map(json.loads, (read.delegate, read.thing, read.recorded))
    common = {"id": number, "interactionType": read.kind, "recordedAt": recorded, "createdAt": moment}
    if generation == "old":
        return common | {"delegate_id": delegate, "device_id": thing}
    return common | {
        "_type": "interaction",
        "firstDelegate": delegate,
        "secondDelegate": None,
        "thirdDelegate": None,
        "firstDevice": thing,
        "secondDevice": None,
        "thirdDevice": None,
        "data": {},
        "updatedAt": moment,
    }


def _only(body: dict[str, Any], known: set[str], generation: Generation) -> None:
    unknown = sorted(body.keys() - known)
    if unknown:
        raise _wrong(generation, "field", f"{unknown[0][:40]}: there is no such field")
    if not isinstance(body.get("data", {}), dict):
        raise _wrong(generation, "field", "data: expected an object")


def _wrong(generation: Generation, part: _Part, words: str) -> Answered:
    return refused(400, words, number=_NUMBERS[part] if generation == "v5" else None)


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
