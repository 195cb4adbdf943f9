"""Sales, entries and a server as the tests of the Satellite adapter need them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from terminal.backends.satellite.adapter import Satellite
from terminal.backends.satellite.options import SatelliteOptions
from terminal.core.facts import EntryKind
from terminal.core.payload import Payload
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.tickets import Interaction, Line, Method, Payment, Purchase, Ticket, TicketSale
from terminal.core.value import replace
from tests.backends.making import UID, entry
from tests.sandbox.office import PUBLISHED

CODE = PUBLISHED["code"]
STAFF = "04AABBCCDDEEFF"
CLIENT_ID, CLIENT_SECRET = "13_1xxh5y6rxwzog8ksgswck8w0k8ok0k8", "3z0igne72b288ksg0w80wwkk048ocoko"
CREDENTIALS = json.dumps({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, separators=(",", ":"))
HOST = "https://example.satellite.co.nz"
NOON = Stamp(1_777_636_800_123, 0, "boot", synced=True)  # 1 May 2026, 12:00 UTC

_AGENT = re.compile(r"terminald/[0-9.]+/80POS \(\S+ \S+; kiosk-1\)")


def published_sale(staff: str = PUBLISHED["recordedBy"]) -> TicketSale:
    """Return the sale of the published request, made of values."""
    lines = [
        Line(
            each["product_id"],
            each["description"],
            each["quantity"],
            each["unitAmount"],
            tickets=tuple(Ticket(it["product_id"], it["description"], it["barcode"]) for it in each["tickets"]),
        )
        for each in PUBLISHED["items"]
    ]
    payments = (
        Payment(Method.CASH, 100, change=400),
        Payment(Method.CARD, 140, reference="hfjkdshfjksfh jksdh f"),
    )
    return TicketSale(Purchase(CODE, "XJX", "published"), 3, tuple(lines), payments, PUBLISHED["notes"], staff)


def sold(sale: TicketSale | None = None, created: Stamp = NOON, **changes: Any) -> Entry:
    """Return the entry of a sale."""
    sale = sale or published_sale()
    return recorded(EntryKind.SALE, sale, None, created, amount=sale.total, **changes)


def checked_in(what: str = "check-in", device: str | int = 85, **changes: Any) -> Entry:
    """Return the entry of a token at the door."""
    return recorded(EntryKind.INTERACTION, Interaction(what, device), UID, NOON, **changes)


def recorded(
    kind: EntryKind, payload: Payload | None, uid: str | None, created: Stamp = NOON, **changes: Any
) -> Entry:
    """Return an entry that is about to be delivered."""
    made = entry("kiosk-1-0001", kind, uid=uid, pieces=(), amount=changes.pop("amount", 0), description="")
    return replace(made, payload=payload, created=created, **changes)


@dataclass
class Server:
    """A server that is strict about each request, and answers as it is told.

    Attributes:
        answers: By method and path; what is not in it is answered 404 as JSON.
        asked: Every request but those for tokens, in order: method, path with query, body.
        tokens: How many access tokens were given out; the last one counts.
        expires_in: What is said of how long one holds; None: nothing.
        token_answer: Instead of a token.
        given: The tokens.
        wrong: What was wrong with requests; empty at the end of a test.
    """

    generation: str = "v5"
    answers: dict[str, Callable[[], httpx.Response]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    tokens: int = 0
    expires_in: Any = 3600
    token_answer: Callable[[], httpx.Response] | None = None
    given: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def says(self, call: str, status: int, body: Any = None, **headers: str) -> None:
        """Answer *call*, such as ``POST /tx/new``, by that from now on."""
        kept = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.answers[call] = lambda: httpx.Response(status, content=content, headers=kept)

    def breaks(self, call: str, error: Exception) -> None:
        """Fail *call* on the way from now on."""

        def fail() -> httpx.Response:
            raise error

        self.answers[call] = fail

    def called(self, call: str) -> list[Any]:
        """Return the bodies of the requests for *call*."""
        return [body for method, path, body in self.asked if f"{method} {path.partition('?')[0]}" == call]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        body = json.loads(request.content) if request.content else None
        self._check(str(request.url), request.method, request.headers, body)
        if path == "/api/oauth/v2/token":
            return self._token(request, body)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return httpx.Response(
                401, json={"error": "invalid_grant", "error_description": "The token expired."}
            )
        prefix, suffix = ("/api/v5", ".json") if self.generation == "v5" else ("/api", "")
        bare, _, query = path.partition("?")
        self._expect(bare.startswith(f"{prefix}/") and bare.endswith(suffix), f"path {path}")
        short = bare.removeprefix(prefix).removesuffix(suffix)
        self.asked.append((request.method, f"{short}?{query}" if query else short, body))
        answer = self.answers.get(f"{request.method} {short}")
        return answer() if answer else httpx.Response(404, json={"code": 404, "message": "Not Found"})

    @property
    def token(self) -> str:
        """The access token that counts."""
        return f"MTI1ZWFkNDBmYjOGVmMGI0YzRjMGMz{self.tokens}"

    def _token(self, request: httpx.Request, body: Any) -> httpx.Response:
        self._expect("authorization" not in request.headers, "a token is asked for without one")
        self._expect(request.method == "POST", f"{request.method} for a token")
        wanted = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        self._expect(body == wanted, f"token body {body}")
        self.tokens += 1
        if self.token_answer is not None:
            return self.token_answer()
        self.given.append(self.token)
        granted = {"access_token": self.token, "token_type": "bearer", "scope": None}
        more = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return httpx.Response(200, json=granted | more)

    def _check(self, url: str, method: str, headers: Mapping[str, str], body: Any) -> None:
        self._expect(url.startswith(f"{HOST}/api/"), f"address {url}")
        self._expect(
            bool(_AGENT.fullmatch(headers.get("user-agent", ""))), f"agent {headers.get('user-agent')}"
        )
        self._expect(headers.get("accept") == "application/json", "Accept")
        self._expect((body is not None) == (method == "POST"), f"{method} with body {body}")
        if method == "POST":
            self._expect(headers.get("content-type") == "application/json", "Content-Type")

    def _expect(self, right: object, words: str) -> None:
        if not right:
            self.wrong.append(words)


def adapter(
    server: Callable[[httpx.Request], httpx.Response] | None = None,
    *,
    credential: Callable[[], str] = lambda: CREDENTIALS,
    generation: str = "v5",
    **options: Any,
) -> Satellite:
    """Return an adapter with *options*; without a *server*, over the network."""
    options.setdefault("url", f"{HOST}/api/v5" if generation == "v5" else f"{HOST}/api")
    return Satellite(
        "tickets",
        msgspec.convert({"device_code": "80POS", "generation": generation, **options}, SatelliteOptions),
        terminal_id="kiosk-1",
        credential=credential,
        transport=None if server is None else httpx.MockTransport(server),
    )
