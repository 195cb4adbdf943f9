"""What a server of OnlinePOS is like: all that `onlinepos probe` reads but for the hash. Nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace as with_changes
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from terminal.backends.onlinepos import campaigns, cards, concern, day_journal, goods, sales, stock
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions, ReadHash
from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.wire import Call
from terminal.cli.finding import Finding, State
from terminal.cli.onlinepos import access
from terminal.cli.onlinepos.access import Server
from terminal.cli.onlinepos.probing_hash import about_hash
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace

Shape = Literal["none", "sample", "schema"]
_T = TypeVar("_T")

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC)
_READS: tuple[ReadHash, ...] = ("none", "empty", "query")
_PLACES: tuple[Literal["query", "form"], ...] = ("query", "form")
_MOST_NAMED = 12
_NOT_TO_BE_READ = ("voucher_method", "amount_checksum", "deposit_amounts", "charset")
_NO_ACCESS = "have access to this call"
_RIGHT = Finding("secret", "ok", "it is right")


class Probe:
    """Looks at a company; close it.

    Args:
        server: Who is asked.
        options: How: with the scheme of hashes that was found.
        pause: Waits between two tries of a hash.
    """

    def __init__(self, server: Server, options: OnlinePosOptions, pause: Callable[[], None]) -> None:
        self._server = server
        self._options = options
        self._pause = pause
        self._clients: dict[ReadHash, OnlinePos] = {}

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()

    def goods(self) -> tuple[Finding, ...]:
        """Read what is sold, which shows whether the secret is right: if it is not, that is all there is."""
        found = self._ask(goods.structure())
        if not isinstance(found, Answer):
            count = sum(len(each.products) for each in found.groups)
            words = f"{count} in {len(found.groups)} groups"
            return (_RIGHT, Finding("products", "ok" if count else "note", words))
        nobody = found.outcome is Outcome.DENIED and _NO_ACCESS not in found.words
        if nobody or found.outcome in (Outcome.UNSENT, Outcome.BUSY):
            return (Finding("secret", "trouble", found.words),)
        return (_RIGHT, _failed("products", found))

    def look(self, card: str, day: tuple[datetime, datetime] | None) -> Iterator[Finding]:
        """Give what is found, one thing after the other.

        Args:
            card: The number of a card that was used; empty: of none.
            day: When something was sold; None: nobody said.
        """
        yield from self._lists_of_cards()
        yield self._history(card)
        yield self._campaigns()
        yield self._assumed()
        yield from self._journal(day)
        yield self._departments(day)
        yield self._companies()
        yield self._stock()

    # -- cards -----------------------------------------------------------------------------------------

    def _lists_of_cards(self) -> Iterator[Finding]:
        """Ask for a page of cards, signed in one way after the other."""
        what = "hash of reads"
        call = _with_shape(cards.statuses())
        tried = 0
        answer: Shape | Answer = "none"
        for reads in dict.fromkeys(("none", self._options.hash_reads, *_READS)):
            if tried:
                self._pause()
            tried += 1
            answer = self._shape(call, replace(self._options, hash_reads=reads))
            if isinstance(answer, Answer) and about_hash(answer):
                continue
            if not isinstance(answer, Answer):
                words = "none is wanted" if reads == "none" else f"over the {reads} one, by SHA-256"
                yield Finding(what, "ok", words.replace("query one", "query"), {"hash_reads": reads})
                self._options = replace(self._options, hash_reads=reads)
            break
        else:
            yield Finding(what, "trouble", f"none of {tried} ways is right: ask OnlinePOS support")
            return
        yield _form("status of cards", answer)
        points = _with_shape(cards.campaign_values())
        yield _form("points of cards", self._shape(points, self._options))

    def _history(self, card: str) -> Finding:
        what = "card history"
        if not card:
            return Finding(what, "unknown", "name a card by --card that was loaded and used")
        found = self._ask(cards.history(card))
        if isinstance(found, Answer):
            return _failed(what, found)
        kinds = Counter((each.kind, "negative" if each.amount < 0 else "positive") for each in found)
        told = [f"{kind} {count} times, {sign}" for (kind, sign), count in sorted(kinds.items())]
        places = sorted({each.location for each in found if each.location})
        others = [kind for kind, _ in kinds if kind.casefold() != "purchase"]
        words = f"{named(told)}; locations: {named(places)}"
        if not others:
            return Finding(what, "note", f"{words}; no deposit is listed: leave history = false")
        hint = "if one of these was a deposit of this terminal, set history = true"
        return Finding(what, "ok", f"{words}; {hint}")

    def _campaigns(self) -> Finding:
        found = self._ask(campaigns.campaigns())
        if isinstance(found, Answer):
            return _failed("campaigns", found)
        return Finding("campaigns", "ok" if found else "note", named([f"{it.id} {it.name}" for it in found]))

    def _assumed(self) -> Finding:
        """Tell what is as it is configured, for no read shows it, and nothing is tried that writes."""
        told = ", ".join(f"{name} = {getattr(self._options, name)}" for name in _NOT_TO_BE_READ)
        return Finding("assumed", "unknown", f"{told}: no read shows that, so try each once by hand")

    # -- books -----------------------------------------------------------------------------------------

    def _journal(self, day: tuple[datetime, datetime] | None) -> Iterator[Finding]:
        what = "journal"
        said = []
        for place in dict.fromkeys((self._options.journal_parameters, *_PLACES)):
            found = self._ask(day_journal.journal(*(day or _LONG_AGO), place=place))
            if not isinstance(found, Answer):
                yield Finding(what, "ok", f"the period stands in the {place}", {"journal_parameters": place})
                seen = sorted({f"{it.register} {it.register_name} ({it.department})" for it in found})
                if day is not None:
                    yield Finding("registers", "ok" if seen else "note", named(seen))
                return
            if found.outcome is not Outcome.REFUSED:
                yield _failed(what, found)
                return
            said.append(f"{place}: {found.words}")
        yield Finding(what, "unknown", f"neither way is understood ({'; '.join(said)})")

    def _departments(self, day: tuple[datetime, datetime] | None) -> Finding:
        what = "departments"
        if day is None:
            return Finding(what, "unknown", "name a day by --day on which something was sold")
        found = self._ask(sales.exported(*day))
        if isinstance(found, Answer):
            return _failed(what, found)
        return Finding(what, "ok" if found else "note", named(sorted({it.department for it in found})))

    def _companies(self) -> Finding:
        found = self._ask(concern.companies())
        if isinstance(found, Answer):
            return _failed("concern", found)
        told = [f"{it.id} {it.name} ({named([d.name for d in it.departments])})" for it in found]
        return Finding("concern", "ok", named(told))

    def _stock(self) -> Finding:
        found = self._ask(stock.stock())
        if isinstance(found, Answer):
            return _failed("stock", found)
        return Finding("stock", "ok", f"of {len(found)} EANs")

    def _shape(self, call: Call[Shape], options: OnlinePosOptions) -> Shape | Answer:
        return self._ask(call, options)

    def _ask(self, call: Call[_T], options: OnlinePosOptions | None = None) -> _T | Answer:
        asked = options or self._options
        if asked.hash_reads not in self._clients:
            self._clients[asked.hash_reads] = access.client(self._server, asked)
        return self._clients[asked.hash_reads].do(call, self._server.timeout_s)


def named(names: list[str]) -> str:
    """Return the first of *names*, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more if names else "none"


def _failed(what: str, answer: Answer) -> Finding:
    state: State = "off" if answer.outcome in (Outcome.DENIED, Outcome.REFUSED) else "unknown"
    return Finding(what, state, answer.words)


def _with_shape(call: Call[Any]) -> Call[Shape]:
    """Return *call*, to tell in which form its answer is: that of the page's schema, or that of its sample."""

    def read(found: Any) -> Shape:
        call.read(found)
        if found is None:
            return "none"
        return "sample" if Fields(found, "a page of cards").get("pagination", "cards") is not None else "schema"

    return with_changes(call, read=read)


def _form(what: str, answer: Shape | Answer) -> Finding:
    if isinstance(answer, Answer):
        hint = ": see the sample's path on its page" if answer.status == HTTPStatus.NOT_FOUND else ""
        return _failed(what, replace(answer, words=answer.words + hint))
    words = {
        "none": "there is no card to tell it by",
        "sample": "in the form of the page's sample",
        "schema": "in the form that is documented",
    }
    return Finding(what, "unknown" if answer == "none" else "ok", words[answer])
