"""A tenant of Kensium POS as the parts of its adapter ask it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import NOT_AUTHORIZED, Call, Found, GraphQL
from terminal.backends.kensium.models import Page, Row, Unreadable, read, read_page
from terminal.backends.kensium.writing import Unsupported
from terminal.backends.replies import plain
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace

_R = TypeVar("_R", bound=Row)


class Tenant:
    """Asks a tenant, in its own words.

    Args:
        graphql: Speaks with it.
        documents: Writes what is asked.
    """

    def __init__(self, graphql: GraphQL, documents: Documents) -> None:
        self._graphql = graphql
        self.documents = documents

    def __str__(self) -> str:
        """Where it is."""
        return self._graphql.url

    def ask(self, write: Callable[[Documents], Call], needs: str, until: float) -> Any | Answer:
        """Ask what *write* writes, and return what is in its field.

        Args:
            write: Returns the call.
            needs: The permission that it takes.
            until: The monotonic second by which it is answered.
        """
        found = self._asked(write, needs, until)
        return found if isinstance(found, Answer) else found.data

    def _asked(self, write: Callable[[Documents], Call], needs: str, until: float) -> Found | Answer:
        try:
            call = write(self.documents)
        except Unsupported as error:
            return Answer(Outcome.REFUSED, str(error))
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to send it")
        found = self._graphql.ask(call, left_s)
        return _permitted(found, needs) if isinstance(found, Answer) else found

    def page(
        self,
        kind: type[_R],
        write: Callable[[Documents], Call],
        needs: str,
        until: float,
        *,
        whole: bool = True,
    ) -> Page[_R] | Answer:
        """Ask for a list, and return its rows as *kind*. UNKNOWN: a part of it could not be told.

        Args:
            kind: Of a row.
            write: As in ``ask``.
            needs: As in ``ask``.
            until: As in ``ask``.
            whole: Whether nothing may be missing: neither the list itself, nor what is in its rows. Else a list
                that is null is an empty one, and of what failed only rows that are missing count.

        Raises:
            Unreadable: It is no list of such rows.
        """
        found = self._asked(write, needs, until)
        if isinstance(found, Answer):
            return found
        page = read_page(kind, found.data)
        if found.troubles and (whole or page.gaps):
            said = "; ".join(dict.fromkeys(each.words for each in found.troubles))
            return _permitted(Answer(Outcome.UNKNOWN, f"the server told only a part: {plain(said)}"), needs)
        if page.gaps and whole:
            return Answer(Outcome.UNKNOWN, "the server told only a part: the list, or a row of it, is null")
        return page

    def change(
        self, write: Callable[[Documents], Call], kind: type[_R], needs: str, until: float
    ) -> _R | Answer:
        """Ask for a change, and return what it made. UNKNOWN: the answer cannot be read."""
        found = self.ask(write, needs, until)
        if isinstance(found, Answer):
            return found
        try:
            return read(kind, found)
        except Unreadable as error:
            return Answer(Outcome.UNKNOWN, str(error))

    def close(self) -> None:
        """Close connections."""
        self._graphql.close()


def untouched(answer: Answer) -> Answer:
    """Return what a question that failed means for an entry: nothing of it was sent by that."""
    return replace(answer, outcome=Outcome.UNSENT) if answer.outcome is Outcome.UNKNOWN else answer


def _permitted(answer: Answer, needs: str) -> Answer:
    """Name the permission that is missing, where the server does not."""
    if NOT_AUTHORIZED not in answer.words or needs in answer.words:
        return answer
    return replace(answer, words=f"{answer.words}: give the application's role the permission {needs}")
