"""The way to a Satellite server: an access token (OAuth2, client credentials) with each call, renewed in time.

    POST <token url>  {"grant_type": "client_credentials", "client_id": "…", "client_secret": "…"}
                      -> {"access_token": "…", "expires_in": 3600, "token_type": "bearer"}   (RFC 6749, 4.4)

What is done with a token is ``bearer``'s.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from terminal import __version__
from terminal.backends.bearer import Bearer, Granted, is_word, life_s, never_sent, read_credentials
from terminal.backends.http import Http, sentence
from terminal.backends.replies import Reply, judge
from terminal.backends.satellite.options import SatelliteOptions
from terminal.backends.satellite.wire import said
from terminal.core.delivery import Answer, Outcome

if TYPE_CHECKING:
    import httpx

WRITTEN_BY = ", as `terminalctl satellite discover` writes it"


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
        self._bearer = Bearer(self._fetch)

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

        def exchange(authorization: str, left_s: float) -> Reply | Answer:
            headers = {"Authorization": authorization}
            return self._http.call(method, address, left_s, json=json, headers=headers)

        return self._bearer.send(exchange, until)

    def hide(self, text: str) -> str:
        """Return *text* without the secrets of this server."""
        return self._bearer.hide(text)

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        self._http.close()

    def _fetch(self, until: float) -> Granted | Answer:
        try:
            mine = read_credentials(self._credential(), WRITTEN_BY)
        except (OSError, ValueError) as error:
            return Answer(Outcome.DENIED, f"no secret for this server: {sentence(error)}")
        self._bearer.conceal(mine.client_secret, mine.client_id)
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to fetch an access token")
        body = {"grant_type": "client_credentials", **msgspec.structs.asdict(mine)}
        reply = self._http.call("POST", self._options.token_url, left_s, json=body)
        if isinstance(reply, Answer):
            return Answer(Outcome.UNSENT, f"no access token: {reply.words}")
        if not reply.good:
            return never_sent(judge(reply, said(reply)))
        granted = reply.json()
        token = granted.get("access_token") if isinstance(granted, dict) else None
        if not is_word(token):
            words = f"no access token in what {self._options.token_url} answered: check url and token_path"
            return Answer(Outcome.UNSENT, words, reply.status)
        return Granted(str(token), life_s(granted.get("expires_in")))
