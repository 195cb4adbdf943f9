"""How the values of forms are signed, found out by `onlinepos probe`: by a question about no card.

campaign/cardInfo is the only signed form that changes nothing. Asked for a card that cannot exist, it answers
"Unknown Card" once the hash is right, and 403 "Hash Not Matching!" while it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from terminal.backends.onlinepos import cards
from terminal.backends.onlinepos.hash import CANDIDATES, HashScheme
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.cli.finding import Finding
from terminal.cli.onlinepos import access
from terminal.cli.onlinepos.access import Server
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace

NO_CARD = "NO-SUCH-CARD-OF-A-TERMINAL"
"""The number of no card: those of cards are digits."""

_WHAT = "hash of forms"
_NO_REASON = re.compile(r"the server answered 403 Forbidden(?!:)")


def about_hash(answer: Answer) -> bool:
    """Return whether a denial says that the hash was wrong."""
    return answer.outcome is Outcome.DENIED and "hash" in answer.words.lower()


def told(scheme: HashScheme) -> dict[str, Any]:
    """Return the options of a scheme."""
    return {
        "hash_algorithm": scheme.algorithm,
        "hash_credentials": scheme.with_credentials,
        "hash_names": scheme.separator == "&",
        "hash_empty": scheme.keep_empty,
    }


def described(scheme: HashScheme) -> str:
    """Return a scheme in words."""
    values = "name=value, joined by &" if scheme.separator else "the values, joined"
    first = "token and company number, then " if scheme.with_credentials else ""
    empty = ", empty ones too" if scheme.keep_empty else ""
    return f"HMAC-{scheme.algorithm.upper()} of {first}{values}{empty}"


class HashSearch:
    """Tries one scheme after the other, the configured one first.

    Args:
        server: Who is asked.
        pause: Waits between two tries: whether the server locks somebody out who is wrong often is not known.
        most: How many schemes are tried.
        insist: Whether a 403 that gives no reason is taken for one about the hash; else it ends the search.
    """

    def __init__(self, server: Server, pause: Callable[[], None], *, most: int, insist: bool) -> None:
        self._server = server
        self._pause = pause
        self._insist = insist
        first = server.options.scheme
        self.schemes = (first, *(each for each in CANDIDATES if told(each) != told(first)))[:most]

    def run(self, tried: Callable[[], None]) -> Finding:
        """Return what was found; Ctrl-C ends the search only. *tried* is told of each try."""
        number = 0
        try:
            for number, scheme in enumerate(self.schemes, 1):
                if number > 1:
                    self._pause()
                found = self._try(scheme)
                tried()
                if found is not None:
                    return found
        except KeyboardInterrupt:
            return Finding(_WHAT, "unknown", f"stopped at the try {number} of {len(self.schemes)}")
        words = f"none of the {number} that were tried is right: is the key right? Ask OnlinePOS support"
        return Finding(_WHAT, "trouble", words)

    def _try(self, scheme: HashScheme) -> Finding | None:
        """Return what a try has shown; None: the hash was wrong."""
        client = access.client(self._server, replace(self._server.options, **told(scheme)))
        try:
            answer = client.do(cards.by_number(NO_CARD), self._server.timeout_s)
        finally:
            client.close()
        if not isinstance(answer, Answer) or cards.is_unknown(answer):
            return Finding(_WHAT, "ok", described(scheme), told(scheme))
        if about_hash(answer):
            return None
        if answer.outcome is Outcome.DENIED and answer.status is None:
            return Finding(_WHAT, "off", f"{answer.words}; no deposit, no voucher and no stock without it")
        if answer.outcome is Outcome.DENIED and self._insist and _NO_REASON.match(answer.words):
            return None
        hint = "; --insist goes on all the same" if answer.outcome is Outcome.DENIED else ""
        return Finding(_WHAT, "trouble", f"the search ended: {answer.words}{hint}")


def scheme_options(found: Finding, options: OnlinePosOptions) -> OnlinePosOptions:
    """Return *options* with the scheme that was found, if one was."""
    return replace(options, **found.set) if found.set else options
