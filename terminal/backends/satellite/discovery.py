"""How a terminal gets its credentials for a Satellite server: device discovery.

    POST <address in the QR code of the server's page>   {"code": "80POS", "secret": "…", "preferredType": "…"}
         -> {"id": 24, "code": "80POS", "apiUrl": "…", …}                        nobody has pressed Add yet
         -> {…, "clearedStatus": "added", "clientId": "…", "clientSecret": "…"}  somebody has

The page keeps the address alive while it is looked at, and some minutes more; after Add the same request gets
the credentials for ten minutes. That the answer is fetched by repeating the request is what the published
examples suggest: both have one id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from terminal.backends.bearer import Credentials, is_word
from terminal.backends.http import Http, is_safe
from terminal.backends.replies import hide, judge
from terminal.backends.satellite.wire import said
from terminal.backends.values import cents, text
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value

if TYPE_CHECKING:
    import httpx

CALL_S = 10.0
"""How long one answer may take."""

_PATH = "/device-request/new"
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class DiscoveryError(Exception):
    """The terminal does not get its credentials this way; one sentence says why, and what to do."""


class Waiting(Value, frozen=True):
    """No credentials yet: *words* say why. *number* is what the server calls the request, if it has it."""

    words: str
    number: int | None = None


class Found(Value, frozen=True):
    """The credentials, and the address of the API that goes with them; empty if it was not told."""

    credentials: Credentials
    api_url: str


def checked_address(scanned: str, *, allow_http: bool) -> str:
    """Return the address that a technician typed, or scanned from the page's QR code.

    Raises:
        DiscoveryError: It is none that credentials may come from.
    """
    address = scanned.strip()
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
        _ = parts.port
    except ValueError:  # broken brackets, no number for a port
        usable = False
    if not usable or not address.isascii() or not address.isprintable() or " " in address:
        raise DiscoveryError(
            "That is no address of a web server: scan the QR code of the Device Discovery page."
        )
    if not parts.path.rstrip("/").removesuffix(".json").endswith(_PATH):
        raise DiscoveryError(
            f"{parts.scheme}://{parts.netloc}{parts.path} is not what the QR code of the Device Discovery page "
            f"holds: its path ends in {_PATH}."
        )
    if not (allow_http or is_safe(address)):
        raise DiscoveryError(
            f"{parts.scheme}://{parts.netloc} would send the credentials in the open: https:// is expected "
            "(or --allow-http, in a network where nobody listens)."
        )
    return address


class Discovery:
    """Asks one server for credentials, always with one secret.

    Args:
        address: As ``checked_address`` returned it.
        code: What staff sees on the page: the device code.
        secret: Random, and nobody else's: it proves that who asks again is who asked first.
        agent: What this client calls itself.
        preferred_type: What the device would like to be (v5); empty: it has no wish.
        ca_file: A PEM file of the only authorities that are trusted; empty: those of the system.
        transport: Stands in for the network.
    """

    def __init__(
        self,
        address: str,
        code: str,
        secret: str,
        *,
        agent: str,
        preferred_type: str = "",
        ca_file: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._address = address
        self._code = code
        self._secret = secret
        self._body = {"code": code, "secret": secret}
        if preferred_type:
            self._body["preferredType"] = preferred_type
        self._http = Http(address, credential=None, agent=agent, ca_file=ca_file, transport=transport)

    def __repr__(self) -> str:
        return f"Discovery({self._code!r})"

    def ask(self, timeout_s: float = CALL_S) -> Found | Waiting:
        """Ask once, within *timeout_s* seconds.

        Raises:
            DiscoveryError: Asking again would not help.
        """
        reply = self._http.call("POST", self._address, timeout_s, json=self._body)
        if isinstance(reply, Answer):
            return Waiting(reply.words)
        if reply.good:
            return self._read(reply.json())
        words = hide(said(reply), {self._secret: "[secret]"})
        answer = judge(reply, words)
        if reply.status in _GONE:
            return Waiting(
                "The server knows no such address (any more): open the Device Discovery page, or reload it"
            )
        if reply.status != HTTPStatus.CONFLICT and answer.outcome in (Outcome.BUSY, Outcome.UNKNOWN):
            return Waiting(answer.words)
        if (
            answer.outcome is Outcome.DENIED
            and HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST
        ):
            raise DiscoveryError(f"{answer.words}. The address must be the one in the QR code.")
        raise DiscoveryError(
            f"The server refuses the code {self._code}: {words or reply.title}. If another device has it, "
            "choose another code (--code)."
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _read(self, body: Any) -> Found | Waiting:
        answer = body if isinstance(body, dict) else {}
        number = cents(answer.get("id"))
        if number is None or answer.get("code") != self._code:
            raise DiscoveryError(
                "What answered is no Device Discovery: it did not tell the request's number and code. Scan the "
                "QR code of the page again."
            )
        if answer.get("secret") not in (None, self._secret):
            raise DiscoveryError(
                f"Another device has asked under the code {self._code}: choose another code (--code)."
            )
        client_id, client_secret = text(answer.get("clientId")), text(answer.get("clientSecret"))
        if client_id and client_secret:
            if not (is_word(client_id) and is_word(client_secret)):
                raise DiscoveryError("The server gave credentials that are no words of printable ASCII.")
            return Found(Credentials(client_id, client_secret), text(answer.get("apiUrl")) or "")
        status = text(answer.get("clearedStatus"))
        if status and status != "added":
            raise DiscoveryError(f"On the server the request {number} was not added, but {status!r}.")
        return Waiting(f"Press Add beside {self._code} on the Device Discovery page (request {number})", number)


def discover(
    ask: Callable[[], Found | Waiting],
    *,
    limit_s: float,
    every_s: float,
    clock: Callable[[], float],
    pause: Callable[[float], object],
) -> Iterator[Found | Waiting]:
    """Ask until the credentials are there, and give each answer; the last is Found.

    Args:
        ask: ``Discovery.ask``.
        limit_s: Seconds after which nobody is asked any more.
        every_s: Seconds from one question to the next.
        clock: Returns seconds that never go back.
        pause: Waits so many seconds.

    Raises:
        DiscoveryError: Asking again would not help, or the time is over.
    """
    until = clock() + limit_s
    while True:
        answer = ask()
        yield answer
        if isinstance(answer, Found):
            return
        if clock() + every_s >= until:
            raise DiscoveryError(
                f"No credentials came within {limit_s:.0f} s. The last answer: {answer.words}. Begin again."
            )
        pause(every_s)
