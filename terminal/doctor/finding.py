"""What a check has found."""

from __future__ import annotations

from enum import Enum

from terminal.core.value import Value


class Status(Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, but a person should do something about it
    TROUBLE = "trouble"  # something does not work, or will not
    NOT_CHECKED = "not checked"


class Finding(Value, frozen=True):
    """One thing that was looked at.

    Attributes:
        check: What was looked at, in a word or two.
        words: One sentence. No secret and no full UID is in it.
        remedy: The command that mends it, as it can be typed; empty where none does.
    """

    check: str
    status: Status
    words: str
    remedy: str = ""


def ok(check: str, words: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Status.OK, words)


def warning(check: str, words: str, remedy: str = "") -> Finding:
    """Return that a person should do something."""
    return Finding(check, Status.WARNING, words, remedy)


def trouble(check: str, words: str, remedy: str = "") -> Finding:
    """Return that something does not work."""
    return Finding(check, Status.TROUBLE, words, remedy)


def not_checked(check: str, words: str, remedy: str = "") -> Finding:
    """Return that this could not be looked at."""
    return Finding(check, Status.NOT_CHECKED, words, remedy)
