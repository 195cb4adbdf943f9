"""One client for one server: its address, its secret, and what became of each request.

Nothing here raises for what a server or a network does. A redirect is never followed: a POST would arrive as
a GET, and the secret would go elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from terminal.backends.replies import LARGEST_BODY, InDoubt, NotSent, Reply
from terminal.core.delivery import Answer, Outcome

if TYPE_CHECKING:  # both load httpx, which is done late
    import httpx

    from terminal.backends.line import Line
    from terminal.backends.protocol import Tenure
    from terminal.core.stamp import Stamp

_DENIED = frozenset({401, 403})
_REPLACED = "the secret was replaced since, and this server knows a repeat only under the old one"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe(url: str) -> bool:
    """Return whether what is sent to *url* can be read by nobody on the way: https, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


class Http:
    """Sends requests to one server, over one long-lived client that is made at its first use.

    Args:
        url: The base that every path is appended to.
        credential: Returns the secret; raises OSError or ValueError with a sentence. It is asked at the first
            call, and again after the server has denied the secret: so one that was rolled is taken up, but
            not while the old one works (a server may know our keys only under the secret they came with).
            None: each caller brings what proves who he is in the headers of his call.
        agent: What this client calls itself.
        ca_file: A PEM file of the only authorities that are trusted; empty: those of the system.
        tenure: Remembers since when the secret is in use; None where nobody asks.
        transport: Stands in for the network.
        largest: Bytes of an answer that are read.
    """

    def __init__(
        self,
        url: str,
        *,
        credential: Callable[[], str] | None,
        agent: str,
        ca_file: str = "",
        tenure: Tenure | None = None,
        transport: httpx.BaseTransport | None = None,
        largest: int = LARGEST_BODY,
    ) -> None:
        self._largest = largest
        self._base = url.rstrip("/")
        self._credential = credential
        self._agent = agent
        self._ca_file = ca_file
        self._tenure = tenure
        self._transport = transport
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._closed = False
        self._secret = ""

    def call(
        self,
        method: str,
        path: str,
        timeout_s: float,
        *,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        tried: Stamp | None = None,
    ) -> Reply | Answer:
        """Send one request, once, and return the reply, or what became of it, within *timeout_s* seconds.

        Args:
            method: GET, POST or PUT.
            path: Appended to the base; or a whole address for which ``same_origin`` holds.
            timeout_s: For everything together, from the look-up of the name to the last byte.
            json: The body.
            content: The body as it stands, where it is no JSON or is signed; the headers say what it is.
            headers: Beside those of every request.
            tried: When an earlier try that may have arrived was made: where secrets are remembered, it is not
                repeated under another one.
        """
        ready = self._ready(tried)
        if isinstance(ready, Answer):
            return ready
        line, secret = ready
        url = path if "://" in path else self._base + path
        sent = {**({"Authorization": f"Bearer {secret}"} if secret else {}), **(headers or {})}
        if json is not None:
            sent["Content-Type"] = "application/json"
            content = msgspec.json.encode(json)
        try:
            reply = line.exchange(method, url, content, sent, timeout_s)
        except NotSent as error:
            return Answer(Outcome.UNSENT, str(error))
        except InDoubt as error:
            return Answer(Outcome.UNKNOWN, str(error))
        if reply.status in _DENIED:
            self._forget(secret)
        body = reply.body.replace(secret.encode(), b"[secret]") if secret else reply.body
        return Reply(reply.status, reply.headers, body)

    def same_origin(self, url: str) -> bool:
        """Return whether *url* is at the server that the secret is for."""
        try:
            base, other = urlsplit(self._base), urlsplit(url)
            same = (base.scheme, base.hostname, base.port) == (other.scheme, other.hostname, other.port)
        except ValueError:  # no number for a port, broken brackets
            return False
        return same

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        with self._lock:
            self._closed = True
            line = self._line
        if line is not None:
            line.close()

    def __repr__(self) -> str:
        return f"Http({self._base!r})"

    # -- the secret and the client ---------------------------------------------------------------------

    def _ready(self, tried: Stamp | None) -> tuple[Line, str] | Answer:
        with self._lock:
            if self._closed:
                return Answer(Outcome.UNSENT, "this terminal is stopping")
            unable = None if self._secret else self._take_secret(self._credential)
            if unable is not None:
                return unable
            if tried is not None and self._tenure is not None and not self._tenure.covers(tried):
                return Answer(Outcome.UNSENT, _REPLACED)
            if self._line is None:
                try:
                    self._line = self._open()
                except OSError as error:
                    words = f"ca_file {self._ca_file} cannot be used: {sentence(error)}"
                    return Answer(Outcome.UNSENT, words)
            return self._line, self._secret

    def _open(self) -> Line:
        from terminal.backends.line import Line  # noqa: PLC0415 - loads httpx: not before the first use

        return Line(
            urlsplit(self._base).hostname or "", self._agent, self._ca_file, self._transport, self._largest
        )

    def _take_secret(self, credential: Callable[[], str] | None) -> Answer | None:
        """Take the secret up; return why it cannot be used."""
        if credential is None:
            return None
        try:
            secret = _checked(credential())
        except (OSError, ValueError) as error:
            return Answer(Outcome.DENIED, f"no secret for this server: {sentence(error)}")
        try:
            if self._tenure is not None:
                self._tenure.begin(secret)
        except OSError as error:
            return Answer(Outcome.UNSENT, f"it cannot be noted that a new secret is in use: {sentence(error)}")
        self._secret = secret
        return None

    def _forget(self, secret: str) -> None:
        with self._lock:
            if self._secret == secret:
                self._secret = ""


def _checked(secret: str) -> str:
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValueError("it must be one word of printable ASCII")
    return secret


def sentence(error: Exception) -> str:
    """Return why something could not be read, without the path and number that an OSError's own text holds."""
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
