"""Which voucher of Onslip a token's id identifies: by a query, or in a list of all that is kept here.

Whether a query finds the members of a list, and how it is written, is not documented. So whatever comes back is
looked at again: a voucher counts only if it holds the identifier, is one of money, and is neither deleted nor
expired.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from http import HTTPStatus
from time import monotonic
from typing import Any

from terminal.backends.onslip.models import Unreadable, read_stored
from terminal.backends.onslip.models_catalogue import Voucher
from terminal.backends.onslip.models_values import Moment
from terminal.backends.onslip.options import IDENTIFIER, OnslipOptions
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Unchanged
from terminal.backends.onslip.rest_paths import Search, entity, escaped, listing
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace

_LOG = logging.getLogger(__name__)
_MOST_FOUND = 100
_OVERLAP = timedelta(seconds=5)  # what is stored may show itself a little later than its time says,
_SETTLED_S = 60.0  # but not so much later
_NO_TIME = Answer(Outcome.UNSENT, "no time was left to look for the voucher")


class NotOne(Exception):  # noqa: N818 - an outcome, not a fault
    """There is no voucher of that identifier that can be used, or more than one; one sentence says so."""


class Finder:
    """Finds the voucher of an identifier; for any thread.

    Args:
        rest: Speaks with the realm.
        options: How vouchers are found.
        name: What the backend is called in the configuration.
        wall_s: Returns seconds since 1970: a voucher may have expired.
    """

    def __init__(self, rest: Onslip, options: OnslipOptions, name: str, wall_s: Callable[[], int]) -> None:
        self._rest = rest
        self._options = options
        self._wall_s = wall_s
        self._index = _Index(rest, name)

    def find(self, identifier: str, until: float) -> Voucher | Answer:
        """Return the one voucher of money that *identifier* identifies, as it is now.

        Args:
            identifier: As the server has it.
            until: The monotonic second until which this must be done.

        Raises:
            NotOne: There is none, or more than one.
        """
        listed = self._options.voucher_lookup == "list"
        found = self._by_list(identifier, until) if listed else self._by_query(identifier, until)
        if isinstance(found, Answer):
            return found
        now = datetime.fromtimestamp(self._wall_s() + self._rest.offset_s, UTC)
        return chosen(found, identifier, now)

    def prepare(self, until: float) -> None:
        """Do what need not wait for a token: read the list, which may be long."""
        if self._options.voucher_lookup == "list":
            self._index.ids("", until)

    def _by_query(self, identifier: str, until: float) -> list[Voucher] | Answer:
        left_s = until - monotonic()
        if left_s <= 0:
            return _NO_TIME
        query = self._options.voucher_query.replace(IDENTIFIER, escaped(identifier))
        path = listing(self._rest.realm, "vouchers")
        found = self._rest.list(path, left_s, Search(query), most=_MOST_FOUND)
        if isinstance(found, Answer):
            return _not_asked_like_that(found)
        assert not isinstance(found, Unchanged)  # noqa: S101 - of no version was said that it is known
        try:
            return [read_stored(Voucher, each) for each in found.entities]
        except Unreadable as error:
            return Answer(Outcome.UNKNOWN, str(error))

    def _by_list(self, identifier: str, until: float) -> list[Voucher] | Answer:
        """Look into our own list, and read from the server what it says of each one found there."""
        for _ in range(2):
            ids = self._index.ids(identifier, until)
            if isinstance(ids, Answer):
                return ids
            found: list[Voucher] = []
            for id_ in ids:
                voucher = self._read(id_, until)
                if isinstance(voucher, Answer):
                    return voucher
                found += [voucher] if voucher is not None else []
            if len(found) == len(ids) and all(holds(each, identifier) for each in found):
                return found
            self._index.forget()  # it says what is not so any more
        return Answer(Outcome.BUSY, "the vouchers change faster than they can be read")

    def _read(self, id_: int, until: float) -> Voucher | Answer | None:
        left_s = until - monotonic()
        if left_s <= 0:
            return _NO_TIME
        found = self._rest.get(entity(self._rest.realm, "vouchers", id_), left_s)
        if isinstance(found, Answer):
            return None if found.status == HTTPStatus.NOT_FOUND else found
        assert not isinstance(found, Unchanged)  # noqa: S101 - of no version was said that it is known
        try:
            return read_stored(Voucher, found.body)
        except Unreadable as error:
            return Answer(Outcome.UNKNOWN, str(error))


class _Index:
    """Which vouchers hold which identifiers: read whole once, and then only what has changed."""

    def __init__(self, rest: Onslip, name: str) -> None:
        self._rest = rest
        self._name = name
        self._lock = threading.Lock()
        self._identifiers: dict[int, frozenset[str]] = {}
        self._ids: dict[str, set[int]] = {}
        self._newest: datetime | None = None
        self._newest_seen = 0.0

    def ids(self, identifier: str, until: float) -> list[int] | Answer:
        """Return the ids of the vouchers that hold *identifier*, of all that the server has now."""
        if not self._lock.acquire(timeout=max(0.0, until - monotonic())):
            return _NO_TIME
        try:
            trouble = self._refresh(until)
            return trouble or sorted(self._ids.get(identifier.casefold(), ()))
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Read everything anew when it is needed."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._identifiers.clear()
        self._ids.clear()
        self._newest = None

    def _refresh(self, until: float) -> Answer | None:
        left_s = until - monotonic()
        if left_s <= 0:
            return _NO_TIME
        search = Search()
        if self._newest is not None:
            settled = monotonic() - self._newest_seen > _SETTLED_S
            search = Search(_since(self._newest if settled else self._newest - _OVERLAP), deleted=True)
        found = self._rest.list(listing(self._rest.realm, "vouchers"), left_s, search)
        if isinstance(found, Answer):
            refused = found.outcome is Outcome.REFUSED  # what is wrong is not the one entry
            return replace(found, outcome=Outcome.DENIED) if refused else found
        assert not isinstance(found, Unchanged)  # noqa: S101 - of no version was said that it is known
        for voucher in self._readable(found.entities):
            self._note(voucher)
        return None

    def _readable(self, entities: Iterable[Any]) -> Iterator[Voucher]:
        for each in entities:
            try:
                yield read_stored(Voucher, each)
            except Unreadable as error:
                _LOG.warning("%s: a voucher is left out: %s", self._name, error)

    def _note(self, voucher: Voucher) -> None:
        assert voucher.id is not None  # noqa: S101 - a stored one
        assert voucher.updated is not None  # noqa: S101 - likewise
        for old in self._identifiers.pop(voucher.id, ()):
            self._ids[old].discard(voucher.id)
            if not self._ids[old]:
                del self._ids[old]
        if voucher.deleted is None:
            mine = frozenset(each.casefold() for each in voucher.identifiers)
            self._identifiers[voucher.id] = mine
            for each in mine:
                self._ids.setdefault(each, set()).add(voucher.id)
        if self._newest is None or voucher.updated > self._newest:
            self._newest, self._newest_seen = voucher.updated, monotonic()


# -- what counts ---------------------------------------------------------------------------------------


def chosen(vouchers: Iterable[Voucher], identifier: str, now: Moment) -> Voucher:
    """Return the one of *vouchers* that is the wallet of *identifier*.

    Raises:
        NotOne: There is none, or more than one.
    """
    mine = [each for each in vouchers if holds(each, identifier) and each.deleted is None]
    money = [each for each in mine if each.type == "payment"]
    valid = [each for each in money if each.expires is None or each.expires > now]
    if len(valid) == 1:
        if valid[0].payment is None:
            raise NotOne(f"the voucher {valid[0].id} has no money in it: have it put right in the back office")
        return valid[0]
    if valid:
        ids = ", ".join(str(each.id) for each in valid)
        raise NotOne(f"the vouchers {ids} are all of this token: have all but one changed in the back office")
    if money:
        expired = max(each.expires for each in money if each.expires is not None)
        raise NotOne(f"the voucher {money[0].id} of this token has expired, on {expired:%Y-%m-%d}")
    if mine:
        raise NotOne(
            f"the voucher {mine[0].id} of this token holds no money, but is of the type {mine[0].type}"
        )
    raise NotOne("no voucher is of this token")


def holds(voucher: Voucher, identifier: str) -> bool:
    """Return whether *identifier* is one of the voucher's, in whatever case."""
    return identifier.casefold() in (each.casefold() for each in voucher.identifiers)


def cents_of(amount: Decimal) -> int:
    """Return an amount in whole cents; a part of a cent, which nobody can spend, is left out."""
    return int((Decimal(amount) * 100).to_integral_value(ROUND_FLOOR))


def _since(moment: datetime) -> str:
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f'updated>"{text}Z"'


def _not_asked_like_that(found: Answer) -> Answer:
    """Read the refusal of a query: a matter of configuration, not of one entry."""
    if found.outcome is not Outcome.REFUSED:
        return found
    words = f'vouchers cannot be asked for like that ({found.words}): set voucher_lookup = "list"'
    return replace(found, outcome=Outcome.DENIED, words=words)
