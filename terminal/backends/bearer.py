"""Access tokens (OAuth2, client credentials) that go with each call: fetched once, renewed in time, never told.

A token lives in memory only. Whoever needs one first fetches it, and the others wait for that. How one is
fetched is the adapter's own matter; what is done with it is the same for every server.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec

from terminal.backends.replies import Reply, hide
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value, replace
from terminal.courtesy import waiting

_HOUR_S = 3600.0
_LONGEST_S = 86_400.0
_MARGIN_S = 60.0  # a token that ends sooner is renewed: a call takes its time, and so does the way
_LATE = 3  # tokens of which an answer that is late may still tell
_SHORT = 4  # characters of a word that is too common to be hidden


class Credentials(Value, frozen=True):
    """What a client is known by. Its repr tells nothing."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Credentials(…)"

    def text(self) -> str:
        """Return what the secret's file holds: one line without spaces."""
        return msgspec.json.encode(self).decode()


_credentials = msgspec.json.Decoder(Credentials)  # made once, here: of two first threads, one would crash


def read_credentials(text: str, hint: str = "") -> Credentials:
    """Read what the secret's file holds.

    Args:
        text: That.
        hint: Stands behind the sentence of an error: who writes it so.

    Raises:
        ValueError: It is something else; the sentence holds nothing of it.
    """
    try:
        found = _credentials.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = Credentials("", "")
    if not (found.client_id and found.client_secret):
        raise ValueError(f'it must be {{"client_id":"…","client_secret":"…"}} in one line without spaces{hint}')
    return found


class Granted(Value, frozen=True):
    """A token, and for how many seconds it holds. Its repr tells nothing."""

    token: str
    life_s: float

    def __repr__(self) -> str:
        return "Granted(…)"


class Bearer:
    """Keeps one server's token, and sends calls with it.

    Args:
        fetch: Fetches a new one until a moment of the monotonic clock; it tells ``conceal`` its secrets.
        spent: Whether an answer says that the token does not count (any more), and surely nothing was done.
    """

    def __init__(
        self,
        fetch: Callable[[float], Granted | Answer],
        spent: Callable[[Reply], bool] = lambda reply: reply.status == HTTPStatus.UNAUTHORIZED,
    ) -> None:
        self._fetch = fetch
        self._spent = spent
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0
        self._hidden: tuple[str, ...] = ()
        self._fetched: deque[str] = deque(maxlen=_LATE)

    def __repr__(self) -> str:
        return "Bearer(…)"

    def send(self, exchange: Callable[[str, float], Reply | Answer], until: float) -> Reply | Answer:
        """Send one call and return the reply, or what became of it.

        A token that the server does not take (any more) is renewed, once: what it answered so was not done.

        Args:
            exchange: Sends it with the value of ``Authorization`` within so many seconds.
            until: When all of it must be over, by the monotonic clock.
        """
        reply, spent = self._once(exchange, until)
        return self._once(exchange, until)[0] if spent else reply

    def conceal(self, *secrets: str) -> None:
        """From now on hide *secrets* and the last tokens, and nothing else."""
        self._hidden = _worth_hiding(*secrets, *self._fetched)

    def hide(self, text: str) -> str:
        """Return *text* without the secrets of this server."""
        return hide(text, dict.fromkeys(self._hidden, "[secret]"))

    def _once(
        self, exchange: Callable[[str, float], Reply | Answer], until: float
    ) -> tuple[Reply | Answer, bool]:
        token = self._take(until)
        if isinstance(token, Answer):
            return token, False
        left_s = until - time.monotonic()
        if left_s <= 0:
            words = "no time was left to send it after an access token had been fetched"
            return Answer(Outcome.UNSENT, words), False
        reply = exchange(f"Bearer {token}", left_s)
        if isinstance(reply, Answer):
            return reply, False
        if spent := self._spent(reply):
            self._spoil(token, until)
        return Reply(reply.status, reply.headers, reply.body.replace(token.encode(), b"[secret]")), spent

    def _take(self, until: float) -> str | Answer:
        """Return a token that holds, the one in hand or a new one; or why there is none."""
        if not self._acquire(until):
            return Answer(Outcome.UNSENT, "an access token was not fetched in time")
        try:
            if self._token and time.monotonic() < self._until:
                return self._token
            return self._renew(until)
        finally:
            self._lock.release()

    def _renew(self, until: float) -> str | Answer:
        asked = time.monotonic()
        if asked >= until:
            return Answer(Outcome.UNSENT, "no time was left to fetch an access token")
        granted = self._fetch(until)
        if isinstance(granted, Answer):
            return replace(granted, words=self.hide(granted.words))
        self._token = granted.token
        self._until = asked + granted.life_s - min(_MARGIN_S, granted.life_s / 10)
        self._fetched.append(granted.token)
        self._hidden = _worth_hiding(granted.token, *self._hidden)
        return granted.token

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


def life_s(value: Any) -> float:
    """Return for how many seconds a token holds, by its ``expires_in``; an hour where that is not said."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return min(max(0.0, float(value)), _LONGEST_S) if known else _HOUR_S


def is_word(value: Any) -> bool:
    """Return whether *value* is one word of printable ASCII, as it may stand in a header or in our file."""
    return (
        isinstance(value, str) and bool(value) and value.isascii() and value.isprintable() and " " not in value
    )


def never_sent(answer: Answer) -> Answer:
    """Read a no to the question for a token: never one to an entry, which the server has not seen."""
    outcome = {Outcome.REFUSED: Outcome.DENIED, Outcome.UNKNOWN: Outcome.UNSENT}.get(
        answer.outcome, answer.outcome
    )
    return replace(answer, outcome=outcome, words=f"no access token: {answer.words}", foreign=False)


def _worth_hiding(*secrets: str) -> tuple[str, ...]:
    return tuple(each for each in secrets if len(each) > _SHORT)
