"""The way to Onslip's servers: each request signed anew, to the first of its endpoints that can be reached.

    GET /v1/~demo.example/tills/7
    Authorization: Hawk id="key:kiosk+door1@demo.example", ts="…", nonce="…", mac="…"

A request that surely did not arrive is sent to the next endpoint; one that may have arrived only if it is a
GET. The host is signed too, so each try has a signature of its own. Where the server proves that its clock
differs from ours, a request is repeated once by its clock: with that answer nothing was done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from terminal import __version__
from terminal.backends import hawk
from terminal.backends.hawk import Key, Target
from terminal.backends.http import is_safe, sentence
from terminal.backends.onslip.rest_place import PORTS, Credentials, Place, checked_base, read_credentials
from terminal.backends.replies import InDoubt, NotSent, Reply, hide
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value

if TYPE_CHECKING:  # both load httpx, which is done late
    import httpx

    from terminal.backends.line import Line

AGENT = f"terminald/{__version__}"
"""One product token: the server compares it with the version that a till is to have."""

_JSON = "application/json"
_DENIED = frozenset({401, 403})
_MOST_ENDPOINTS = 8
_SHORT = 4  # characters of a word that is too common to be hidden


class Request(Value, frozen=True):
    """One request, whatever endpoint it goes to.

    Attributes:
        method: In capitals.
        path: Behind the base, with its parameters.
        body: JSON as it is sent; None: it has none.
        headers: Beside those of every request.
        silence_s: The answer goes on without an end, and so long one piece of it may be waited for; None: it
            is read whole. Only of a GET.
        signed: Whether it says who asks; some paths are secrets by themselves.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    silence_s: float | None = None
    signed: bool = True

    def __repr__(self) -> str:
        """Without the path, which may hold a secret."""
        return f"Request({self.method!r})"


class Access:
    """Sends signed requests; for any thread.

    Args:
        place: Where to, and as whom.
        credential: Returns the key as JSON (``onslip.rest_place.Credentials``); raises OSError or ValueError
            with a sentence. It is asked at the first call, and again after the server has denied the key.
        wall_s: Returns this machine's seconds since 1970.
        nonce: Returns a text that was never used before, printable ASCII without quotes.
        transport: Stands in for the network.

    Raises:
        ValueError: Nothing may be sent to the base of *place*.
    """

    def __init__(
        self,
        place: Place,
        *,
        credential: Callable[[], str],
        wall_s: Callable[[], int],
        nonce: Callable[[], str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._place = place
        self._credential = credential
        self._wall_s = wall_s
        self._nonce = nonce
        self._transport = transport
        self._lock = threading.Lock()
        self._bases: tuple[str, ...] = (checked_base(place.base, allow_http=place.allow_http),)
        self._lines: dict[str, Line] = {}
        self._key: Key | None = None
        self._hidden: tuple[str, ...] = ()
        self._offset_s = 0
        self._closed = False

    def __repr__(self) -> str:
        return f"Access({self._place.base!r})"

    @property
    def bases(self) -> tuple[str, ...]:
        """The endpoints in the order in which they are tried."""
        with self._lock:
            return self._bases

    @property
    def offset_s(self) -> int:
        """By how many seconds the server's clock was ahead of ours when it last proved its time; else 0."""
        with self._lock:
            return self._offset_s

    def call(self, request: Request, timeout_s: float) -> tuple[Reply, str] | Answer:
        """Send *request* and return the reply and the base it came from, or what became of it.

        Args:
            request: What is asked for.
            timeout_s: For everything together, all endpoints and a repair of the clock included.
        """
        until = time.monotonic() + timeout_s
        bases = self.bases
        answer = Answer(Outcome.UNSENT, "no time was left to send it")
        for number, base in enumerate(bases):
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            reads = request.method == "GET"
            # A read gives each endpoint its share. Anything else has all the time: cut short, it is in doubt.
            share_s = left_s / (len(bases) - number) if reads else left_s
            reply = self._signed(base, request, share_s)
            if isinstance(reply, Reply):
                return reply, base
            answer = reply
            if reply.outcome is Outcome.DENIED or not (reads or reply.outcome is Outcome.UNSENT):
                break
            self._turn(base)
        return answer

    def adopt(self, endpoints: Iterable[str], *, named_by: str) -> None:
        """Take up the endpoints that the server behind *named_by* told, before the configured one.

        What came over a connection that somebody else could have written to names nobody. What is no address,
        or would go in the open, is passed over.
        """
        if not is_safe(named_by):
            return
        named: list[str] = []
        for each in endpoints:
            try:
                named.append(checked_base(each, allow_http=self._place.allow_http))
            except ValueError:
                continue
        own = checked_base(self._place.base, allow_http=self._place.allow_http)
        bases = tuple(dict.fromkeys([*named[: _MOST_ENDPOINTS - 1], own]))
        with self._lock:
            if set(bases) != set(self._bases):  # else they stand in the order that was found to work
                self._bases = bases

    def hide(self, text: str) -> str:
        """Return *text* without the key."""
        return hide(text, dict.fromkeys(self._hidden, "[secret]"))

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        with self._lock:
            self._closed = True
            lines = list(self._lines.values())
        for line in lines:
            line.close()

    # -- one endpoint ----------------------------------------------------------------------------------

    def _signed(self, base: str, request: Request, timeout_s: float) -> Reply | Answer:
        """Send to one endpoint; once more where only the clock was wrong."""
        until = time.monotonic() + timeout_s
        ready = self._ready(base)
        if isinstance(ready, Answer):
            return ready
        line, key = ready
        reply, offset_s = self._exchange(line, key, base, request, timeout_s)
        if isinstance(reply, Reply) and self._repaired(reply, key, offset_s):
            left_s = until - time.monotonic()
            if left_s <= 0:
                words = "no time was left to send it by the server's clock: nothing was done"
                return Answer(Outcome.UNSENT, words)
            reply, _ = self._exchange(line, key, base, request, left_s)
        if isinstance(reply, Reply) and reply.status in _DENIED:
            self._forget(key)
        return reply

    def _exchange(
        self, line: Line, key: Key, base: str, request: Request, timeout_s: float
    ) -> tuple[Reply | Answer, int]:
        """Send once, under a signature of its own; beside it the offset of the clock that it was signed by."""
        import httpx  # noqa: PLC0415 - 100 ms, not before the first use

        offset_s = self._offset_s
        url = httpx.URL(base + request.path)
        headers = dict(request.headers)
        if request.body is not None:
            headers["Content-Type"] = _JSON
        try:
            if request.signed:
                headers["Authorization"] = hawk.header(
                    key, target(request.method, url), ts=self._wall_s() + offset_s, nonce=self._nonce(),
                    content_type=_JSON, body=request.body,
                )  # fmt: skip
        except ValueError as error:
            return Answer(Outcome.DENIED, f"the key cannot be used: {error}"), offset_s
        try:
            if request.silence_s is not None:
                return line.stream(str(url), headers, timeout_s, request.silence_s), offset_s
            return line.exchange(request.method, str(url), request.body, headers, timeout_s), offset_s
        except NotSent as error:
            return Answer(Outcome.UNSENT, str(error)), offset_s
        except InDoubt as error:
            return Answer(Outcome.UNKNOWN, str(error)), offset_s

    def _repaired(self, reply: Reply, key: Key, offset_s: int) -> bool:
        """Take the server's time from a refusal that proves it; whether a repeat would be signed otherwise."""
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return False
        told = hawk.server_time(key, reply.headers.get("www-authenticate", ""))
        if told is None:
            return False
        found_s = told - self._wall_s()
        with self._lock:
            self._offset_s = found_s
        return found_s != offset_s

    def _turn(self, base: str) -> None:
        """Let the others have their turn before *base*, unless another thread has seen to that."""
        with self._lock:
            if self._bases[0] == base:
                self._bases = (*self._bases[1:], base)

    # -- the key and the connections -------------------------------------------------------------------

    def _ready(self, base: str) -> tuple[Line, Key] | Answer:
        with self._lock:
            if self._closed:
                return Answer(Outcome.UNSENT, "this terminal is stopping")
            if self._key is None:
                try:
                    self._key = self._take_key()
                except (OSError, ValueError) as error:
                    return Answer(Outcome.DENIED, f"no key for this server: {sentence(error)}")
            line = self._lines.get(base)
            if line is None:
                try:
                    line = self._lines[base] = self._open(base)
                except OSError as error:
                    words = f"ca_file {self._place.ca_file} cannot be used: {sentence(error)}"
                    return Answer(Outcome.UNSENT, words)
            return line, self._key

    def _take_key(self) -> Key:
        mine = read_credentials(self._credential())
        self._hidden = _worth_hiding(mine)
        whom = f" usr:{self._place.acting_for}@{self._place.realm}" if self._place.acting_for else ""
        return Key(mine.key_id + whom, mine.secret())

    def _open(self, base: str) -> Line:
        from terminal.backends.line import Line  # noqa: PLC0415 - loads httpx: not before the first use

        return Line(urlsplit(base).hostname or "", AGENT, self._place.ca_file, self._transport)

    def _forget(self, key: Key) -> None:
        with self._lock:
            if self._key == key:
                self._key = None


def target(method: str, url: httpx.URL) -> Target:
    """Return what is signed: the request as httpx writes it on the wire."""
    host = url.raw_host.decode("ascii").lower()
    return Target(
        method,
        url.raw_path.decode("ascii"),
        f"[{host}]" if ":" in host else host,
        url.port or PORTS[url.scheme],
    )


def _worth_hiding(mine: Credentials) -> tuple[str, ...]:
    return tuple(each for each in (mine.key, mine.key_id) if len(each) > _SHORT)
