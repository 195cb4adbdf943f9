"""An OnlinePOS server to talk to, and a client that hashes by itself what the test says."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import httpx
from defusedxml import ElementTree

from terminal.sandbox import Sandbox
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onlinepos.server import OnlinePos
from terminal.sandbox.onlinepos.things import (
    Campaign,
    Card,
    CardGroup,
    Company,
    Page,
    Part,
    PriceGroup,
    Product,
    ProductGroup,
    Reward,
    Stock,
)
from tests.sandbox.office import NO_TLS, Clock

TOKEN = "8cd120a338e7b033"
OTHER = "9f5c"
KEY = "kiosk-hash-key"
FIRMAID = 1234
CARD = "090000100000463"
CHIP = "04A1B2C3D4E5F6"
FORM = "application/x-www-form-urlencoded"

ORDER: dict[str, Any] = {
    "name": "Kiosk",
    "phone": "88888885",
    "email": "kiosk@example.org",
    "pickupTime": "10:00",
    "priceChecksum": "50",
    "amountChecksum": 1,
    "cart": [{"productId": 1, "indentation": 0, "amount": 2, "price": 50}],
}


PRICED = PriceGroup(number=6, name="middag", price=600)


def sha1(text: str, key: str = KEY) -> str:
    """The hash of a form, as the sheet assumes it to be."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()


def sha256(raw: bytes, key: str = KEY) -> str:
    """The hash of a JSON body."""
    return hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()


def told(answer: httpx.Response) -> str:
    """Tag and words of a document of one element."""
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    root = ElementTree.fromstring(answer.content)
    return f"{root.tag}: {root.text.strip()}"


class Shop:
    """A running server with goods, two cards and a campaign."""

    def __init__(self, rules: dict[str, Any] | None = None, **options: Any) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(onlinepos=OnlinePosRules(**(rules or {})), now_ms=self.clock, **options)
        self.sandbox.start()
        self._http = httpx.Client(trust_env=False, timeout=30, verify=NO_TLS)
        self.furnish()

    def furnish(self) -> None:
        """Let the server know what it has to begin with."""
        self.pos.know(
            [
                Company(firmaid=FIRMAID, token=TOKEN, key=KEY, name="Café Å", tables=(25,)),
                Company(firmaid=9000, token=OTHER, key=OTHER, name="Other", department="Bar"),
                ProductGroup(id=10, name="Kaffe & te"),
                Product(id=1, name="Stor kaffe", price=2500, group=10, eans=("0001", "A1"), page=5, cost=650),
                Product(id=2, name="Mælk", price=495, group=10, price_groups=(PRICED,)),
                Product(
                    id=3, name="Menu", price=3000, group=10, split=(Part(product=1, amount=1, price=2505),)
                ),
                Page(id=5, name="Tilvalg", max=2, default=(2,), options=(2,), price=495),
                CardGroup(id=3, name="VIP"),
                Card(number=CARD, name="Jens Åge", phone="12345678", rfid=CHIP, group=3, balance=10_000),
                Card(number="0002", type=1, name="Staff", debtor="77", deleted=True),
                Campaign(id=27, name="Stamps", voucher=10, rewards=(Reward(product=1, points=9, price=0),)),
                Campaign(id=28, name="Old", active=False),
                Stock(ean="0001", amount=5000),
            ]
        )

    @property
    def pos(self) -> OnlinePos:
        assert self.sandbox.onlinepos is not None
        return self.sandbox.onlinepos

    def __call__(self, method: str, path: str, raw: bytes = b"", **headers: str | None) -> httpx.Response:
        """Send a request with the two headers that all want; None leaves one out."""
        sent = {"token": TOKEN, "firmaid": str(FIRMAID), **headers}
        given = {name: value for name, value in sent.items() if value is not None}
        return self._http.request(method, f"{self.sandbox.onlinepos_url}/{path}", content=raw, headers=given)

    def read(self, path: str) -> Any:
        """Read, as JSON."""
        answer = self("GET", path, Accept="application/json")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def form(
        self, path: str, values: dict[str, str], *, method: str = "POST", **headers: str | None
    ) -> httpx.Response:
        """Send a form; a value that is not ASCII goes as UTF-8."""
        return self(method, path, urlencode(values).encode(), **{"Content-Type": FORM, **headers})

    def hashed(self, path: str, order: str, values: dict[str, str], **more: Any) -> httpx.Response:
        """Send a form with its hash: token, firmaid and what *order* names, joined."""
        text = TOKEN + str(FIRMAID) + "".join(values.get(name, "") for name in order.split())
        return self.form(path, {"hash": sha1(text), **values}, **more)

    def json(self, path: str, body: object, **headers: str | None) -> httpx.Response:
        """Send JSON, without a hash."""
        kind = {"Content-Type": "application/json", "Accept": "application/json"}
        return self("POST", path, json.dumps(body).encode(), **{**kind, **headers})

    def signed(self, path: str, body: object) -> httpx.Response:
        """Send JSON with the header that hashes it."""
        return self.json(path, body, hash=sha256(json.dumps(body).encode()))

    def order(self, **changes: Any) -> httpx.Response:
        """Order."""
        return self.json("external/makeorder", {**ORDER, **changes})

    def deposit(self, amount: str, card: str = CARD, **more: str) -> str:
        """Put money on a card; what the server said is returned: its tag and its words."""
        values = {"cardnumber": card, "amount": amount, **more}
        answer = self.hashed("deposit", "cardnumber amount overwrite_balance", values)
        return told(answer)

    def balance(self, card: str = CARD) -> int:
        known = self.pos.store.card(card)
        assert known is not None
        return known.balance

    def points(self, card: str = CARD) -> dict[str, int]:
        known = self.pos.store.card(card)
        assert known is not None
        return known.points

    def admin(self, method: str, what: str, body: object = None) -> httpx.Response:
        """Ask as a tester."""
        return self._http.request(method, f"{self.sandbox.base}/sandbox/onlinepos/{what}", json=body)

    def close(self) -> None:
        """Stop."""
        self._http.close()
        self.sandbox.stop()
