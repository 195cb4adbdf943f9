"""What Onslip's server answered, in a sentence for a technician."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeVar

from terminal.backends.onslip.models import Model, Unreadable, read_stored
from terminal.backends.onslip.rest_answers import Found, Listed, Overtaken, Unchanged
from terminal.cli import tables
from terminal.cli.errors import Trouble, WrongUse
from terminal.core.delivery import Answer, Outcome

_M = TypeVar("_M", bound=Model)
_G = TypeVar("_G", Found, Listed)

_HINTS = {
    Outcome.UNSENT: "Nothing was sent; is the network there, and the address right?",
    Outcome.BUSY: "Nothing was done; try again later.",
    Outcome.REFUSED: "Nothing was done.",
    Outcome.UNKNOWN: "It is not known whether anything was done: look before you repeat it.",
}


def trouble(answer: Answer, doing: str, *needs: str, reads: bool = False) -> Trouble:
    """Return what to say where *doing* (as in "Reading the till 7") did not work.

    Args:
        answer: Why.
        doing: What was tried.
        needs: Permissions that it needs.
        reads: Whether nothing could have been changed by it.
    """
    if answer.status == HTTPStatus.NOT_FOUND:
        return WrongUse(_sentence(doing, answer.words, ""))
    if answer.outcome is not Outcome.DENIED:
        doubtful = reads and answer.outcome is Outcome.UNKNOWN
        return Trouble(
            _sentence(doing, answer.words, "Try again later." if doubtful else _HINTS[answer.outcome])
        )
    hint = "Is the key right, and not taken back?"
    if answer.status == HTTPStatus.FORBIDDEN:
        kind = "the permission" if len(needs) == 1 else "the permissions"
        wanted = f" It needs {kind} {', '.join(needs)}: add that in the back office." if needs else ""
        hint = f"This key may not do that.{wanted}"
    return Trouble(_sentence(doing, answer.words, hint))


def overtaken(told: Overtaken, doing: str) -> Trouble:
    """Return what to say where somebody else was faster."""
    hint = "Somebody has changed it meanwhile, so nothing was written: look at it, and do it again."
    return Trouble(_sentence(doing, told.words, hint))


def found(answer: _G | Unchanged | Answer, doing: str, *needs: str) -> _G:
    """Return *answer* if the read of it worked.

    Raises:
        Trouble: It did not.
    """
    if isinstance(answer, Answer):
        raise trouble(answer, doing, *needs, reads=True)
    if isinstance(answer, Unchanged):
        raise Trouble(
            _sentence(doing, "the server says that nothing has changed, and nobody had asked that", "")
        )
    return answer


def stored(kind: type[_M], body: object) -> _M:
    """Return *body* as a stored *kind*.

    Raises:
        Trouble: It is none.
    """
    try:
        return read_stored(kind, body)
    except Unreadable as error:
        raise Trouble(f"The server's answer cannot be used: {tables.clean(error)}.") from None


def _sentence(doing: str, words: str, hint: str) -> str:
    told = tables.clean(words).rstrip(".") or "no reason is given"
    return f"{doing} did not work: {told}. {hint}".rstrip()
