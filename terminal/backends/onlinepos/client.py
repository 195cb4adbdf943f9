"""A client of OnlinePOS: does one call, or one that is answered page by page, once and within a time.

The calls are in the modules beside this one (``onlinepos.cards``, ``onlinepos.goods`` and so on):

    client.do(onlinepos_cards.card("090000100000000"), timeout_s=5)     -> (Card(…),), or an Answer: why not
    client.gather(lambda page: onlinepos_sales.since(order, page), timeout_s=60)

Nothing here raises for what a server or a network does, and nothing is ever sent twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import msgspec

from terminal import __version__
from terminal.backends.bearer import is_word
from terminal.backends.http import Http, sentence
from terminal.backends.onlinepos.answers import judged
from terminal.backends.onlinepos.hash import Credentials
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.values import Unreadable
from terminal.backends.onlinepos.wire import Call, Page, Signing, compose, next_page
from terminal.backends.onlinepos.xml import LARGEST
from terminal.backends.replies import Reply, hide
from terminal.core.delivery import Answer, Outcome
from terminal.core.token import mask
from terminal.core.value import replace

if TYPE_CHECKING:
    import httpx

_T = TypeVar("_T")

MOST = 100_000
"""Elements of a list beyond which it is not read to its end."""

MOST_PAGES = 2_000

_SHORT = 6  # characters; what is so short is no secret, and would be found everywhere

_SIGNED_OTHERWISE = "(the key is wrong, or calls are signed in another way: `terminalctl onlinepos probe`)"

_decoder = msgspec.json.Decoder(Credentials)  # made once, here: of two first threads, one would crash


def read_credentials(text: str) -> Credentials:
    """Read what the secret's file holds.

    Raises:
        ValueError: It is something else; the sentence holds nothing of it.
    """
    try:
        found = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        found = Credentials("", 0)
    words = (found.token, found.key or "-")
    if found.firmaid < 1 or not all(map(is_word, words)):
        raise ValueError(
            'it must be {"token":"…","firmaid":1234,"key":"…"} in one line, as OnlinePOS support gives them '
            'out; "key" only where calls are signed'
        )
    return found


class OnlinePos:
    """Speaks with one company's OnlinePOS; for any thread.

    Args:
        options: Where it is, and how it wants to be spoken to.
        credential: Returns the credentials as JSON; raises OSError or ValueError with a sentence. It is asked
            at the first call, and again after the server has denied them.
        transport: Stands in for the network.
    """

    def __init__(
        self,
        options: OnlinePosOptions,
        *,
        credential: Callable[[], str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = options.url.rstrip("/")
        self._signing = Signing(options.scheme, options.charset, options.hash_reads)
        self._credential = credential
        self._http = Http(
            self._base,
            credential=None,
            agent=f"terminald/{__version__}",
            ca_file=options.ca_file,
            transport=transport,
            largest=LARGEST,
        )
        self._lock = threading.Lock()
        self._mine: Credentials | None = None

    def __repr__(self) -> str:
        return f"OnlinePos({self._base!r})"

    def do(self, call: Call[_T], timeout_s: float) -> _T | Answer:
        """Do *call* once and return what it answers, or what became of it.

        Args:
            call: Of the modules beside this one.
            timeout_s: For everything together.

        Raises:
            ValueError: A form has a character that the charset of the options lacks.
        """
        try:
            mine = self._take()
        except (OSError, ValueError) as error:
            return Answer(Outcome.DENIED, f"no secret for this server: {sentence(error)}")
        if self._signing.signs(call.request) and not mine.key:
            words = 'this call is signed, and the secret has no "key": OnlinePOS support gives one out'
            return Answer(Outcome.DENIED, words)
        sent = compose(call.request, mine, self._signing)
        reply = self._http.call(
            call.request.method, sent.path, timeout_s, content=sent.content, headers=sent.headers
        )
        if isinstance(reply, Answer):
            return reply
        try:
            found = judged(_without(reply, mine), call.read, call.good)
        except OSError as error:  # a time zone that this machine does not know
            words = f"the server answered, and that cannot be read here: {sentence(error)}"
            found = Answer(Outcome.UNKNOWN, words, reply.status)
        if not isinstance(found, Answer):
            return found
        if found.outcome is Outcome.DENIED:
            self._forget(mine)
            unsaid = self._signing.signs(call.request) and not reply.body.strip()
            if unsaid or "hash not matching" in found.words.lower():
                found = replace(found, words=f"{found.words} {_SIGNED_OTHERWISE}")
        return replace(found, words=hide(found.words, _private(call.private)))

    def gather(
        self, page: Callable[[int], Call[Page[_T]]], timeout_s: float, *, most: int = MOST
    ) -> tuple[_T, ...] | Answer:
        """Read a list page by page to its end, or nothing of it.

        Args:
            page: Returns the call for a page, counted from 1.
            timeout_s: For all pages together.
            most: Elements beyond which the list is not read: the answer is REFUSED.

        Raises:
            ValueError: As ``do``.
        """
        until = time.monotonic() + timeout_s
        items: list[_T] = []
        for found in self.pages(page, lambda: until - time.monotonic()):
            if isinstance(found, Answer):
                return found
            items += found
            if len(items) > most:
                return Answer(Outcome.REFUSED, f"the list has more than {most} elements")
        return tuple(items)

    def pages(
        self, page: Callable[[int], Call[Page[_T]]], left_s: Callable[[], float]
    ) -> Iterator[tuple[_T, ...] | Answer]:
        """Give a list page by page as it is asked for; an Answer is the last, and says why no more come.

        Args:
            page: Returns the call for a page, counted from 1.
            left_s: Returns the time for the next page.

        Raises:
            ValueError: As ``do``.
        """
        for number in range(1, MOST_PAGES + 1):
            timeout_s = left_s()
            if timeout_s <= 0:
                yield Answer(Outcome.UNSENT, f"no time was left after {number - 1} pages of the list")
                return
            call = page(number)
            found = self.do(call, timeout_s)
            if isinstance(found, Answer):
                yield found
                return
            yield found.items
            try:
                if not self._more(found, number, call):
                    return
            except Unreadable as error:
                yield Answer(Outcome.UNKNOWN, str(error))
                return
        yield Answer(Outcome.REFUSED, f"the list has more than {MOST_PAGES} pages")

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        self._http.close()

    # -- within ----------------------------------------------------------------------------------------

    def _more(self, found: Page[_T], number: int, call: Call[Page[_T]]) -> bool:
        """Return whether a page comes after this one. Raises Unreadable where the server leads in a circle."""
        if found.number != number:
            raise Unreadable(f"asked for page {number} of a list, and got page {found.number}")
        if found.last is not None:
            return number < found.last
        if found.link is None:
            return False
        follows = next_page(found.link, self._base, f"/{call.request.path}")
        if follows != number + 1:
            raise Unreadable(f"page {number} of a list says that page {follows} comes next")
        return True

    def _take(self) -> Credentials:
        with self._lock:
            if self._mine is None:
                self._mine = read_credentials(self._credential())
            return self._mine

    def _forget(self, mine: Credentials) -> None:
        with self._lock:
            if self._mine is mine:
                self._mine = None


def _private(numbers: Iterable[str]) -> dict[str, str]:
    """Return what no sentence may repeat, and what it shows instead; a server may drop zeros in front."""
    bare = [each for each in (number.lstrip("0") for number in numbers) if len(each) > _SHORT]
    return {each: mask(each) for each in (*numbers, *bare)}


def _without(reply: Reply, mine: Credentials) -> Reply:
    body = reply.body
    for secret in (mine.token, mine.key):
        if len(secret) > _SHORT:
            body = body.replace(secret.encode(), b"[secret]")
    return Reply(reply.status, reply.headers, body)
