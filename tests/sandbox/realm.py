"""An Onslip server to talk to, and a client that signs by itself what the test says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import itertools
import json
from typing import Any

import msgspec

from terminal.sandbox import Sandbox
from terminal.sandbox.onslip.hawk import OnslipKey
from terminal.sandbox.onslip.rules import PERMISSIONS, OnslipRules
from terminal.sandbox.onslip.server import Onslip
from tests.sandbox.office import Clock

ID = "key:kiosk+door1@demo.example"
SECRET = bytes(range(32))
AGENT = "terminald/1.2.3"
ITEM = {"product-name": "Coffee", "quantity": 1, "type": "goods", "price": 19.5}


class Answer(msgspec.Struct):
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def etag(self) -> str:
        return self.headers["etag"]

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of a refusal, which also has words."""
        told = self.json()
        assert set(told) == {"message", "code"}
        assert told["message"]
        return self.status, told["code"]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def payload(kind: str, body: bytes) -> str:
    return b64(hashlib.sha256(f"hawk.1.payload\n{kind}\n".encode() + body + b"\n").digest())


def signature(
    secret: bytes, request: tuple[str, str, str, int], *, ts: int, nonce: str, hashed: str = ""
) -> str:
    """The MAC of a request: method, target, host, port."""
    lines = ["hawk.1.header", ts, nonce, *request, hashed, ""]
    return b64(hmac.digest(secret, "".join(f"{line}\n" for line in lines).encode(), "sha256"))


class Realm:
    """A running server with two tills, some goods and a voucher; one key may do everything."""

    def __init__(self, rules: dict[str, Any] | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(onslip=OnslipRules(**(rules or {})), now_ms=self.clock, **options)
        self.sandbox.start()
        self.host, port = self.sandbox.base.removeprefix("http://").split(":")
        self.port = int(port)
        self._nonces = itertools.count()
        self.onslip.add_user(1, "kiosk")
        self.onslip.add_user(2, "boss")
        self.key(ID, SECRET, *PERMISSIONS)
        self.onslip.know("locations", [{"id": 1, "name": "Hall"}])
        self.onslip.know("tills", [{"id": 7, "name": "Kiosk"}, {"id": 8, "name": "Other", "location": 1}])
        self.onslip.know("product-groups", [{"id": 1, "name": "Drinks", "type": "goods", "vat-rate": 12}])
        self.onslip.know(
            "products",
            [
                {"id": 1, "name": "Coffee", "product-group": 1, "price": 19.5},
                {"id": 2, "name": "Tea", "product-group": 1, "price": 25},
                {"id": 3, "name": "Bun", "product-group": 1, "price": 12.125},
            ],
        )
        self.onslip.know(
            "payment-methods", [{"id": 4, "name": "Card", "type": "payment-voucher", "virtual": True}]
        )
        payment = {"payment-method": 4, "balance": 100, "credit-limit": 10}
        self.onslip.know(
            "vouchers", [{"id": 5, "type": "payment", "identifiers": ["04a1"], "payment": payment}]
        )

    @property
    def onslip(self) -> Onslip:
        assert self.sandbox.onslip is not None
        return self.sandbox.onslip

    def key(self, id_: str, secret: bytes, *permissions: str, **more: Any) -> None:
        """Know a key."""
        values = {"user": "kiosk", "permissions": frozenset(permissions), **more}
        self.onslip.add_key(OnslipKey(id_, secret, **values))

    def only(self, *permissions: str, **more: Any) -> None:
        """Let the one key do this alone."""
        self.key(ID, SECRET, *permissions, **more)

    def authorization(
        self,
        method: str,
        target: str,
        body: bytes,
        *,
        id_: str = ID,
        secret: bytes = SECRET,
        ts: int | None = None,
        nonce: str | None = None,
        kind: str = "application/json",
    ) -> str:
        ts = self.clock.ms // 1000 if ts is None else ts
        nonce = nonce or f"n{next(self._nonces)}"
        hashed = payload(kind, body) if body else ""
        mac = signature(secret, (method, target, self.host, self.port), ts=ts, nonce=nonce, hashed=hashed)
        part = f'hash="{hashed}", ' if hashed else ""
        return f'Hawk id="{id_}", ts="{ts}", nonce="{nonce}", {part}mac="{mac}"'

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """Send a request as it is."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            if body or method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        realm: str = "demo.example",
        **sign: Any,
    ) -> Answer:
        """Send a signed request below the realm."""
        target = f"/v1/~{realm}{path}"
        raw = b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": self.authorization(method, target, raw, **sign), "User-Agent": AGENT}
        if raw:
            sent["Content-Type"] = "application/json"
        return self.send(method, target, raw, **sent, **(headers or {}))

    def admin(self, method: str, what: str, body: object = None) -> Answer:
        """Ask as a tester."""
        raw = b"" if body is None else json.dumps(body).encode()
        return self.send(method, f"/sandbox/onslip/{what}", raw, **{"Content-Type": "application/json"})

    def close(self) -> None:
        """Stop."""
        self.sandbox.stop()
