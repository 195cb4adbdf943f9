"""The way to a Satellite server: an access token (OAuth2, client credentials) with each call, renewed in time.

    POST <token url>  {"grant_type": "client_credentials", "client_id": "…", "client_secret": "…"}
                      -> {"access_token": "…", "expires_in": 3600, "token_type": "bearer"}   (RFC 6749, 4.4)

A token lives in memory only. Whoever needs one first fetches it, and the others wait for that.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from terminal import __version__
from terminal.backends.http import Http, sentence
from terminal.backends.replies import Reply, hide, judge
from terminal.backends.satellite_options import SatelliteOptions
from terminal.backends.satellite_wire import said
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value, replace
from terminal.courtesy import waiting

if TYPE_CHECKING:
    import httpx

_HOUR_S = 3600.0
_LONGEST_S = 86_400.0
_MARGIN_S = 60.0  # a token that ends sooner is renewed: a call takes its time, and so does the way
_LATE = 3  # tokens of which an answer that is late may still tell
_SHORT = 4  # characters of a word that is too common to be hidden


class Credentials(Value, frozen=True):
    """What a device is known by, from its discovery. Its repr tells nothing."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Credentials(…)"

    def text(self) -> str:
        """Return what the secret's file holds: one line without spaces."""
        return msgspec.json.encode(self).decode()


_credentials = msgspec.json.Decoder(Credentials)  # made once, here: of two first threads, one would crash


def read_credentials(text: str) -> Credentials:
    """Read what the secret's file holds.

    Raises:
        ValueError: It is something else; the sentence holds nothing of it.
    """
    try:
        found = _credentials.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = Credentials("", "")
    if not (found.client_id and found.client_secret):
        raise ValueError(
            'it must be {"client_id":"…","client_secret":"…"} in one line without spaces, as '
            "`terminalctl satellite discover` writes it"
        )
    return found


def agent(app: str, device_code: str, terminal_id: str) -> str:
    """Return the User-Agent: ``{app}/{version}/{device code} ({what it runs on})``."""
    system = os.uname()
    return f"{app}/{__version__}/{device_code} ({system.sysname} {system.machine}; {terminal_id})"


class Access:
    """Sends calls to one server, each with an access token.

    Args:
        options: Where it is.
        agent: What this client calls itself.
        credential: Returns the credentials as JSON; raises OSError or ValueError with a sentence. It is asked
            for each new token, so that credentials that were replaced are taken up.
        transport: Stands in for the network.
    """

    def __init__(
        self,
        options: SatelliteOptions,
        *,
        agent: str,
        credential: Callable[[], str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._options = options
        self._credential = credential
        self._http = Http(
            options.base, credential=None, agent=agent, ca_file=options.ca_file, transport=transport
        )
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0
        self._hidden: tuple[str, ...] = ()
        self._fetched: deque[str] = deque(maxlen=_LATE)

    def __repr__(self) -> str:
        return f"Access({self._options.base!r})"

    def call(
        self, method: str, path: str, timeout_s: float, *, json: object = None, query: str = ""
    ) -> Reply | Answer:
        """Send one request and return the reply, or what became of it, within *timeout_s* seconds.

        A token that the server does not take (any more) is renewed, once: what is answered 401 was not done.

        Args:
            method: GET or POST.
            path: In short form, such as ``/ticket/transaction``.
            timeout_s: For everything together, the token included.
            json: The body.
            query: What stands behind the question mark.
        """
        until = time.monotonic() + timeout_s
        address = self._options.path(path) + (f"?{query}" if query else "")
        reply = self._send(method, address, until, json)
        if isinstance(reply, Reply) and reply.status == HTTPStatus.UNAUTHORIZED:
            reply = self._send(method, address, until, json)
        return reply

    def hide(self, text: str) -> str:
        """Return *text* without the secrets of this server."""
        return hide(text, dict.fromkeys(self._hidden, "[secret]"))

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        self._http.close()

    # -- the token -------------------------------------------------------------------------------------

    def _send(self, method: str, address: str, until: float, json: object) -> Reply | Answer:
        token = self._take(until)
        if isinstance(token, Answer):
            return token
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to send it after an access token had been fetched")
        headers = {"Authorization": f"Bearer {token}"}
        reply = self._http.call(method, address, left_s, json=json, headers=headers)
        if isinstance(reply, Answer):
            return reply
        if reply.status == HTTPStatus.UNAUTHORIZED:
            self._spoil(token, until)
        return Reply(reply.status, reply.headers, reply.body.replace(token.encode(), b"[secret]"))

    def _take(self, until: float) -> str | Answer:
        """Return a token that holds, the one in hand or a new one; or why there is none."""
        if not self._acquire(until):
            return Answer(Outcome.UNSENT, "an access token was not fetched in time")
        try:
            if self._token and time.monotonic() < self._until:
                return self._token
            fetched = self._fetch(until)
            return replace(fetched, words=self.hide(fetched.words)) if isinstance(fetched, Answer) else fetched
        finally:
            self._lock.release()

    def _spoil(self, token: str, until: float) -> None:
        """Do not use *token* again; another thread may have a new one already."""
        if self._acquire(until):
            if self._token == token:
                self._token = ""
            self._lock.release()

    def _acquire(self, until: float) -> bool:
        """Wait until nobody else fetches a token; not longer than the call may take."""
        if self._lock.acquire(blocking=False):
            return True
        with waiting():
            return self._lock.acquire(timeout=max(0.0, until - time.monotonic()))

    def _fetch(self, until: float) -> str | Answer:
        try:
            mine = read_credentials(self._credential())
        except (OSError, ValueError) as error:
            return Answer(Outcome.DENIED, f"no secret for this server: {sentence(error)}")
        self._hidden = _worth_hiding(mine.client_secret, mine.client_id, *self._fetched)
        asked = time.monotonic()
        if asked >= until:
            return Answer(Outcome.UNSENT, "no time was left to fetch an access token")
        body = {"grant_type": "client_credentials", **msgspec.structs.asdict(mine)}
        reply = self._http.call("POST", self._options.token_url, until - asked, json=body)
        if isinstance(reply, Answer):
            return Answer(Outcome.UNSENT, f"no access token: {reply.words}")
        if not reply.good:
            return _refused(reply)
        granted = reply.json()
        token = granted.get("access_token") if isinstance(granted, dict) else None
        if not is_word(token):
            words = f"no access token in what {self._options.token_url} answered: check url and token_path"
            return Answer(Outcome.UNSENT, words, reply.status)
        life_s = _life_s(granted.get("expires_in"))
        self._token, self._until = str(token), asked + life_s - min(_MARGIN_S, life_s / 10)
        self._fetched.append(self._token)
        self._hidden = _worth_hiding(self._token, *self._hidden)
        return self._token


def _refused(reply: Reply) -> Answer:
    """Read a no to the question for a token: never one to an entry, which the server has not seen."""
    answer = judge(reply, said(reply))
    outcome = {Outcome.REFUSED: Outcome.DENIED, Outcome.UNKNOWN: Outcome.UNSENT}.get(
        answer.outcome, answer.outcome
    )
    return replace(answer, outcome=outcome, words=f"no access token: {answer.words}")


def _life_s(value: Any) -> float:
    """Return how long a token holds, in seconds; an hour where the server does not say it."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return min(max(0.0, float(value)), _LONGEST_S) if known else _HOUR_S


def is_word(value: Any) -> bool:
    """Return whether *value* is one word of printable ASCII, as it may stand in a header or in our file."""
    return (
        isinstance(value, str) and bool(value) and value.isascii() and value.isprintable() and " " not in value
    )


def _worth_hiding(*secrets: str) -> tuple[str, ...]:
    return tuple(each for each in secrets if len(each) > _SHORT)
