"""A Kensium server to talk to, and a client that sends exactly what the test says."""

from __future__ import annotations

import json
from typing import Any

import httpx

from terminal.sandbox import Sandbox
from terminal.sandbox.kensium.rules import PERMISSIONS, KensiumRules
from terminal.sandbox.kensium.server import Kensium
from tests.sandbox.office import NO_TLS, Clock

ID, SECRET = "kiosk", "s3cr3t&more"
CODE = "04a1b2c3"
PURCHASE = """transactionId: "K1-7", storeCode: "MAIN", purchasedOn: "2026-01-31T12:00:00", payAmount: "1.99",
saleDiscountAmount: "0", itemDiscountAmount: "0", subTotal: "1.99", refundAmount: "0", taxAmount: "0",
lineItems: [{lineNumber: 1, sku: "COFFEE", isRefund: false, unitPrice: "1.99", extPrice: "1.99",
itemDiscountAmount: "0", saleDiscountAmount: "0", quantity: "1", uom: "EACH"}]"""


class Tenant:
    """A running server with a store, two items and a gift card of 10.00; one application may do everything."""

    def __init__(self, rules: dict[str, Any] | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(kensium=KensiumRules(**(rules or {})), now_ms=self.clock, **options)
        self.sandbox.start()
        self.http = httpx.Client(trust_env=False, timeout=30, verify=NO_TLS)
        self.kensium.add_application(ID, SECRET)
        self.kensium.know("location", [{"code": "MAIN", "name": "Main store"}])
        self.kensium.know("item", [{"sku": "COFFEE", "name": "Coffee"}, {"sku": "TEA", "name": "Tea"}])
        self.card = self.kensium.add_card(CODE, 1000)
        self.token = self.fresh()

    @property
    def kensium(self) -> Kensium:
        assert self.sandbox.kensium is not None
        return self.sandbox.kensium

    def ask_token(self, auth: Any = None, **form: str) -> httpx.Response:
        """Ask for a token with this form and nothing else."""
        return self.http.post(f"{self.sandbox.kensium_url}/connect/token", data=form, auth=auth)

    def fresh(self) -> str:
        """A new token of the one application."""
        answer = self.ask_token(grant_type="client_credentials", client_id=ID, client_secret=SECRET)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def only(self, *permissions: str) -> None:
        """Let the application do this alone, and take a token that says so."""
        self.kensium.add_application(ID, SECRET, permissions)
        self.token = self.fresh()

    def without(self, *permissions: str) -> None:
        """Let the application do everything but this."""
        self.only(*(PERMISSIONS - set(permissions)))

    def send(self, query: str, **more: Any) -> httpx.Response:
        """Send a document as JSON."""
        body = {"query": query, **more}
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.post(f"{self.sandbox.kensium_url}/api/graphql", json=body, headers=headers)

    def data(self, query: str, **more: Any) -> Any:
        """Send a document that has no errors; its data is returned."""
        answer = self.send(query, **more)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert set(told) == {"data"}
        return told["data"]

    def error(self, query: str, status: int = 400) -> dict[str, Any]:
        """Send a document that has one error, which is returned."""
        answer = self.send(query)
        assert answer.status_code == status, answer.text
        (error,) = answer.json()["errors"]
        assert error["message"]
        return dict(error)

    def code(self, query: str, status: int = 400) -> str:
        """The code of that error."""
        return str(self.error(query, status)["extensions"]["code"])

    def book(self, type_: str, amount: str, **more: Any) -> str:
        """The document that books on the card; values of *more* are texts, true or false."""
        given = {"code": CODE, "codeType": "PHYSICAL", "refNo": "7", "sourceId": "K1", **more}
        bare = "".join(f", {name}: {_literal(name, value)}" for name, value in given.items())
        fields = "{ id balance giftcardId status }"
        return (
            f'mutation {{ giftcardTransAdd(trans: {{transType: {type_}, amount: "{amount}"{bare}}}) {fields} }}'
        )

    def booked(self, type_: str, amount: str, **more: Any) -> dict[str, Any]:
        """Book that."""
        return dict(self.data(self.book(type_, amount, **more))["giftcardTransAdd"])

    def balance(self, code: str = CODE) -> str:
        """What the server tells is on a card."""
        query = f'{{ giftcard(code: "{code}", codeType: PHYSICAL) {{ results {{ balance }} }} }}'
        (card,) = self.data(query)["giftcard"]["results"]
        return str(card["balance"])

    def admin(self, method: str, what: str, body: object = None) -> httpx.Response:
        """Ask as a tester."""
        return self.http.request(method, f"{self.sandbox.base}/sandbox/kensium/{what}", json=body)

    def counters(self) -> dict[str, Any]:
        """What took effect."""
        return dict(self.admin("GET", "counters").json())

    def close(self) -> None:
        """Stop."""
        self.http.close()
        self.sandbox.stop()


def _literal(name: str, value: object) -> str:
    return str(value) if name == "codeType" else json.dumps(value)


def capture(id_: str, *, cancel: bool = False) -> str:
    """The document that completes an authorised transaction, or cancels it."""
    more = ", cancel: true" if cancel else ""
    return (
        f'mutation {{ giftcardTransCapture(trans: {{id: "{id_}"{more}}}) {{ id balance giftcardId status }} }}'
    )


def purchase(**changes: tuple[str, str]) -> str:
    """The document that records a purchase; *changes* replace pieces of it."""
    text = PURCHASE
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    return f"mutation {{ purchaseAdd(add: {{{text}}}) {{ id }} }}"
