"""Calls of the Onslip server that are no plain lists: who am I, counters of a device, vouchers, journals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from terminal.httpd import Response
from terminal.sandbox.onslip.query import Entity
from terminal.sandbox.onslip.resources import checked, merged
from terminal.sandbox.onslip.rest import Call, Rest, etag_of, read_json, shown
from terminal.sandbox.onslip.rules import (
    OnslipRules,
    Refusal,
    forbidden,
    iso,
    missing,
    moment_ms,
    thousandths,
    wrong,
)
from terminal.sandbox.onslip.sales import ExternalRecord, VoucherTransaction
from terminal.sandbox.onslip.store import OnslipStore, Stored
from terminal.sandbox.onslip.tills import TillState

_RECORD_FIELDS = frozenset(each.encode_name for each in msgspec.structs.fields(ExternalRecord)) | {"client"}


class Calls:
    """The handlers.

    Args:
        store: What is remembered.
        rest: The lists.
        rules: How the server behaves now.
        now_ms: The server's clock, in milliseconds.
    """

    def __init__(
        self, store: OnslipStore, rest: Rest, rules: Callable[[], OnslipRules], now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._rest = rest
        self._rules = rules
        self._now_ms = now_ms

    # -- who am I --------------------------------------------------------------------------------------

    def client_info(self, call: Call) -> Response:
        """Answer who signed, and what they may do."""
        rules, key = self._rules(), call.key
        till = None if key.till is None else self._store.entity("tills", key.till)
        state = None if key.till is None else self._store.state(key.till)
        user = self._store.user(key.user)
        place = None if till is None else self._store.entity("locations", till.body.get("location", 0))
        here = f"http://{call.request.headers.get('host', '')}/v1/"
        info: dict[str, Any] = {
            "company": {"id": 1, "alias": rules.realm, "name": rules.realm},
            "service-endpoints": [{"uri": uri} for uri in (rules.endpoints or [here])],
            "system-params": {},
            "merchant-params": {
                "vat-rates": rules.vat_rates,
                "available-features": rules.features,
                "required-features": [],
            },
            "company-config": {},
            "permissions": sorted(key.permissions),
        }
        bound = key.journal if key.journal is not None else key.till
        token = {"id": 1, "type": "hawk-key", "name": key.id, "alias": key.id}
        found = {
            "access-token": token | ({} if bound is None else {"client": bound}),
            "till": till and till.body,
            "till-state": state and state.body,
            "user": {"id": user, "alias": key.user} if user is not None else None,
            "location": place and place.body,
        }
        return Response.json(info | {name: value for name, value in found.items() if value is not None})

    def take_out(self, call: Call) -> Response:
        """Answer whether a place takes orders to go."""
        call.needs("show-locations")
        self._alive("locations", call.request.params["id"])
        open_ = self._rules().take_out
        return Response.json({"configured": True, "enabled": True, "open": open_, "active": open_})

    # -- counters of a device --------------------------------------------------------------------------

    def get_state(self, call: Call) -> Response:
        """Answer the counters of a device."""
        return shown(self._state(self._till(call, "show-tills")), call.request)

    def put_state(self, call: Call) -> Response:
        """Replace the counters of a device."""
        return self._save_state(call, lambda _, asked: asked)

    def patch_state(self, call: Call) -> Response:
        """Change some counters of a device."""
        return self._save_state(call, merged)

    def _save_state(self, call: Call, change: Callable[[Any, Any], Any]) -> Response:
        with self._store.transaction():
            till = self._till(call, "edit-tills")
            before = self._state(till)
            self._rest.check_match(call.request, etag_of(before))
            asked = change(before.body, read_json(call.request))
            self._store.save_state(till, checked(TillState, asked, strict=self._rules().strict))
            return shown(self._state(till))

    def delete_state(self, call: Call) -> Response:
        """Forget the counters of a device."""
        with self._store.transaction():
            self._store.drop_state(self._till(call, "edit-tills"))
        return Response(204)

    def _state(self, till: int) -> Stored:
        return self._store.state(till) or Stored(till, 0, {})

    def _till(self, call: Call, permission: str) -> int:
        """Return the device that is meant; its own counters a device may always see and keep."""
        found = self._alive("tills", call.request.params["id"])
        if call.key.till != found.id:
            call.needs(permission)
        return found.id

    def _alive(self, resource: str, id_: str) -> Stored:
        found = self._store.entity(resource, int(id_)) if id_.isascii() and id_.isdigit() else None
        if found is None or "deleted" in found.body:
            raise missing(f"{resource}: there is none of the id {id_}")
        return found

    # -- vouchers --------------------------------------------------------------------------------------

    def book(self, call: Call) -> Response:
        """Book on a voucher. There is nothing that tells a repeat from a second booking."""
        call.needs("use-vouchers")
        asked = checked(VoucherTransaction, read_json(call.request), strict=self._rules().strict)
        with self._store.transaction():
            voucher = self._alive("vouchers", call.request.params["id"])
            kind: str = voucher.body["type"]
            name = "amount" if kind == "payment" else "quantity"
            if set(asked) - {"expiration"} != {name}:
                raise wrong(f"a voucher of the type {kind} is booked on by {name}")
            if "expires" in voucher.body and moment_ms(voucher.body["expires"]) <= self._now_ms():
                raise Refusal(409, "expired", "this voucher has expired")
            body, booked = self._booked(voucher.body, thousandths(asked[name]))
            saved = self._rest.save(call.key, "update", "vouchers", voucher.id, body, amount=booked)
            number = self._store.last_effect()
        return Response.json(self._metadata(saved.body, number, asked))

    def _booked(self, voucher: Entity, asked: int) -> tuple[Entity, int]:
        """Return the voucher afterwards, and by how many thousandths its balance changed."""
        part = voucher[voucher["type"]]
        start = 0 if voucher["type"] == "payment" else part["quantity"]
        balance = thousandths(part.get("balance", start))
        change = asked if self._rules().spends == "negative" else -asked
        if change < 0 and balance + change < -thousandths(part.get("credit-limit", 0)):
            raise Refusal(409, "insufficient-balance", "there is not enough on this voucher")
        after = part | {"balance": (balance + change) / 1000}
        return voucher | {voucher["type"]: after}, change

    @staticmethod
    def _metadata(voucher: Entity, number: int, asked: Entity) -> dict[str, Any]:
        name = f"{voucher['type']}-voucher"
        told = {
            "balance": voucher[voucher["type"]]["balance"],
            "transaction-id": str(number),
            "transaction-date": voucher["updated"],
            "voucher": voucher["id"],
            "identifiers": voucher["identifiers"],
        }
        if "expires" in voucher:
            told["expires"] = voucher["expires"]
        if name == "coupon-voucher":
            told["quantity"] = asked["quantity"]
        return {"type": name, name: told}

    # -- journals --------------------------------------------------------------------------------------

    def records(self, call: Call) -> Response:
        """Answer a page of a journal."""
        call.needs("show-records")
        journal = self._alive("tills", call.request.params["client"]).id
        fields = _RECORD_FIELDS
        return self._rest.page(call, fields, self._store.entities(f"journal/{journal}"))

    def add_record(self, call: Call) -> Response:
        """Store a record of another system, by the token that is bound to this journal alone."""
        call.needs("add-external-records")
        with self._store.transaction():
            journal = self._alive("tills", call.request.params["client"])
            if journal.body.get("type") != "external-journal" or call.key.journal != journal.id:
                raise forbidden("add-external-records, by a token that is bound to this journal")
            record = checked(ExternalRecord, read_json(call.request), strict=self._rules().strict)
            list_ = f"journal/{journal.id}"
            body = record | {"client": journal.id, "created": iso(self._now_ms())}
            if "receipt" in record:
                body["receipt"] = self._summed(record["receipt"])
            id_ = self._store.next_id(list_)
            saved = self._rest.save(call.key, "create", list_, id_, body)
        return shown(saved, None, self._rules().created)

    def _summed(self, receipt: Entity) -> Entity:
        """Return *receipt* with its total, which must be what was paid."""
        total = sum(self._worth(item) for item in receipt["items"])
        paid = sum(thousandths(payment["amount"]) for payment in receipt["payments"])
        due = total + thousandths(receipt.get("rounding", 0))
        if paid - thousandths(receipt["change"]) != due:
            raise wrong(f"receipt: {paid / 1000} paid does not settle {due / 1000}")
        return receipt | {"total-amount": total / 1000}

    @staticmethod
    def _worth(item: Entity) -> int:
        worth: float = item["quantity"] * thousandths(item.get("price", 0))
        discount: float = item.get("discount-rate", 0)
        return round(worth * (1 - discount / 100))
