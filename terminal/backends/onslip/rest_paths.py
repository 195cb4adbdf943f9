"""Paths and parameters of Onslip's API: what is percent-encoded, and what stands as it is. Pure.

~demo.example/tills/            a list ends in a slash
~demo.example/tills/7           an entity does not
…/products/?q=price%3E20;s=-id;o=0;c=100      parameters are joined by ";", each percent-encoded
"""

from __future__ import annotations

import re
from urllib.parse import quote

from terminal.core.value import Value

_PLAIN = ":@"
"""Beside letters, digits and ``-._~``: the ``:`` of file properties, the ``@`` of a state at a moment."""

_OPERATORS = re.compile(r'[\\"=:\[\]<>]')


class Search(Value, frozen=True):
    """What a list is asked for, and in which order.

    Attributes:
        query: In the server's own language; values in it go through ``escaped``.
        sort: A field, ``-`` before it for the reverse; empty: in the order of creation.
        deleted: Whether what was deleted is in it, too.
    """

    query: str = ""
    sort: str = ""
    deleted: bool = False

    def parameters(self, offset: int, count: int) -> str:
        """Return what stands behind the question mark for one page."""
        given = {
            "q": self.query,
            "s": self.sort,
            "o": str(offset),
            "c": str(count),
            "d": "t" if self.deleted else "",
        }
        return ";".join(f"{name}={quote(value, safe='')}" for name, value in given.items() if value)


def entity(realm: str, *parts: str | int) -> str:
    """Return the path of one entity, such as ``~demo.example/tills/7``; without *parts* that of the realm.

    Raises:
        ValueError: A part is empty, ``.`` or ``..``: it would lead elsewhere.
    """
    return "/".join(_part(each) for each in (f"~{_part(realm)}", *parts))


def listing(realm: str, *parts: str | int) -> str:
    """Return the path of a list, such as ``~demo.example/tills/``.

    Raises:
        ValueError: See ``entity``; or there is no part.
    """
    if not parts:
        raise ValueError("a list has a name")
    return entity(realm, *parts) + "/"


def escaped(value: str) -> str:
    """Return a text as it may stand within double quotes in a query."""
    return _OPERATORS.sub(r"\\\g<0>", value)


def _part(part: str | int) -> str:
    text = str(part)
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} is no part of a path")
    return quote(text, safe=_PLAIN)
