"""Purchases, and payments at a card terminal, of the Kensium server."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from terminal.sandbox.kensium.queries import Caller
from terminal.sandbox.kensium.rules import KensiumRules, cents, decimal, failed, invalid, money
from terminal.sandbox.kensium.schema import Handler
from terminal.sandbox.kensium.store import Effect, KensiumStore

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?")
_AMOUNTS = ("payAmount", "saleDiscountAmount", "itemDiscountAmount", "subTotal", "refundAmount", "taxAmount")
_OF_LINE = ("unitPrice", "extPrice", "itemDiscountAmount", "saleDiscountAmount", "quantity")


_ERRORS = {
    "declined": {"code": "DECLINED", "message": "The card was declined."},
    "failed": {"code": "TERMINAL_OFFLINE", "message": "The card terminal does not answer."},
}
"""What ends a payment, by its state."""


class SaleCalls:
    """Answers what is asked of purchases and card terminals."""

    def __init__(self, store: KensiumStore, rules: Callable[[], KensiumRules]) -> None:
        self._store = store
        self._rules = rules

    def handlers(self) -> dict[str, Handler]:
        """Return what answers which field."""
        return {
            "Mutation.purchaseAdd": self._purchase,
            "Mutation.terminalPayment": lambda _caller, _asked: {},
            "TerminalPayments.start": self._start,
            "TerminalPayments.continue": self._continue,
            "TerminalPayments.capture": self._capture,
        }

    # -- purchases -------------------------------------------------------------------------------------

    def _purchase(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        """Record a purchase, and record it again if it comes again: nobody looks for its transaction."""
        given: dict[str, Any] = asked["add"]
        _check(given)
        with self._store.transaction():
            if self._store.record("location", given["storeCode"]) is None:
                raise invalid("Exists", "storeCode", "there is no such store")
            id_ = self._store.add_purchase(given["transactionId"], given)
            paid = cents(given["payAmount"], "payAmount")
            self._note(caller, "purchaseAdd", str(id_), paid, given["transactionId"])
            return {"id": str(id_)}

    # -- card terminals --------------------------------------------------------------------------------

    def _start(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        given = asked["payment"]
        amount = cents(given["amount"], "amount")
        caller.need(f"Make{given['transType'].capitalize()}TerminalPayment")
        if amount <= 0:
            raise invalid("GreaterThan", "amount", "amount: expected more than 0")
        payment = {
            "type": given["transType"],
            "cents": amount,
            "ref": given.get("refNo"),
            "application": caller.application.id,
            "state": "waiting",
            "left": self._rules().waits,
        }
        with self._store.transaction():
            id_ = self._store.add_payment(payment)
            return self._next(caller, str(id_), payment)

    def _continue(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            payment = self._payment(caller, asked["id"])
            if payment["state"] == "waiting":
                payment["left"] -= 1
            return self._next(caller, asked["id"], payment)

    def _next(self, caller: Caller, id_: str, payment: dict[str, Any]) -> dict[str, Any]:
        """Return where the payment stands: it is done when nothing is left to wait for."""
        if payment["state"] == "waiting" and payment["left"] <= 0:
            card = self._rules().card
            payment["state"] = "approved" if card == "partial" else card
            if card == "partial":
                payment["cents"] -= payment["cents"] // 2
            if payment["state"] == "approved" and payment["type"] != "AUTHORIZE":
                payment["state"] = "captured"
                self._note(caller, "pay", id_, _signed(payment), payment["ref"])
        self._store.save_payment(int(id_), payment)
        return self._told(id_, payment)

    def _capture(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        with self._store.transaction():
            payment = self._payment(caller, asked["id"])
            if payment["state"] != "approved":
                raise failed(f"The payment is {payment['state']}: there is nothing to capture.")
            payment["state"] = "captured"
            self._note(caller, "pay", asked["id"], _signed(payment), payment["ref"])
            self._store.save_payment(int(asked["id"]), payment)
            return self._told(asked["id"], payment)

    def _payment(self, caller: Caller, id_: str) -> dict[str, Any]:
        payment = self._store.payment(id_)
        if payment is None or payment["application"] != caller.application.id:
            raise failed("There is no such payment.")
        caller.need(f"Make{payment['type'].capitalize()}TerminalPayment")
        return payment

    def _told(self, id_: str, payment: dict[str, Any]) -> dict[str, Any]:
        if payment["state"] == "waiting":
            return {"continuation": {"id": id_, "waitMilliseconds": self._rules().wait_ms}}
        if payment["state"] in _ERRORS:
            return {"error": _ERRORS[payment["state"]]}
        status = "COMPLETED" if payment["state"] == "captured" else "AUTHORIZED"
        return {"payment": {"id": id_, "status": status, "amount": money(payment["cents"])}}

    def _note(self, caller: Caller, operation: str, entity: str, amount: int, ref: str | None) -> None:
        effect = Effect(operation, entity, amount, ref, caller.application.id, caller.now_ms)
        self._store.add_effect(effect)


def _signed(payment: dict[str, Any]) -> int:
    paid: int = payment["cents"]
    return -paid if payment["type"] == "REFUND" else paid


def _check(given: dict[str, Any]) -> None:
    """Refuse a purchase with values that none can have. No rule between its totals is known."""
    for name in ("transactionId", "storeCode"):
        if not given[name]:
            raise invalid("NotEmpty", name, f"{name} is empty")
    if not _is_moment(given["purchasedOn"]):
        raise invalid("Date", "purchasedOn", "purchasedOn: expected YYYY-MM-DDTHH:MM:SS")
    for name in _AMOUNTS:
        decimal(given[name], name)
    if not given["lineItems"]:
        raise invalid("NotEmpty", "lineItems", "a purchase has lines")
    for line in given["lineItems"]:
        for name in _OF_LINE:
            decimal(line[name], f"lineItems.{name}")


def _is_moment(text: object) -> bool:
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
