"""XML of OnlinePOS, read from bytes, since its answers name their encoding themselves. Pure.

What can do harm is refused in a sentence: a document type, entities of its own and what they would fetch or
blow up to, other encodings than the two that this API uses, bytes that are not of the encoding that is named,
and documents that are larger or deeper than any answer.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import ParseError

from terminal.backends.onlinepos.values import Unreadable
from terminal.core.value import Value

LARGEST = 16 * 2**20
"""Bytes of a document: what a client reads at most (``onlinepos.client``)."""

DEEPEST = 32
"""Levels; no answer has more than 6."""

MOST_ELEMENTS = 200_000
"""An answer of LARGEST bytes of real elements has fewer."""

_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_LATIN_1 = frozenset({"iso-8859-1", "latin1", "iso8859-1"})
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"


class Node(Value, frozen=True):
    """One element. *text*: what is between its tags, without the spaces around it."""

    name: str
    attributes: dict[str, str]
    text: str
    children: tuple[Node, ...]

    def child(self, name: str) -> Node | None:
        """Return the first child of that name."""
        return next((each for each in self.children if each.name == name), None)

    def all(self, name: str) -> tuple[Node, ...]:
        """Return all children of that name."""
        return tuple(each for each in self.children if each.name == name)

    def plain(self) -> Any:
        """Return it as JSON would have it: a text, or an object (a list for a name that is there twice)."""
        members: dict[str, Any] = dict(self.attributes)
        for name in dict.fromkeys(each.name for each in self.children):
            found = [each.plain() for each in self.all(name)]
            members[name] = found if len(found) > 1 else found[0]
        if not members:
            return self.text
        return members | ({"text": self.text} if self.text and "text" not in members else {})


def read(body: bytes) -> Node:
    """Return the root of the document in *body*.

    Raises:
        Unreadable: It is no XML, or one that is not read here; one sentence says why.
    """
    if len(body) > LARGEST:
        raise Unreadable(f"found XML of {len(body)} bytes; expected at most {LARGEST}")
    body = body.lstrip(_SPACE)
    _check_encoding(body)
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415 - not before the first use
    from defusedxml.ElementTree import DefusedXMLParser  # noqa: PLC0415 - not before the first use

    built = _Builder()
    parser = DefusedXMLParser(target=built, forbid_dtd=True)
    try:
        parser.feed(body)
        parser.close()
    except DefusedXmlException:
        raise Unreadable("found XML with a document type or entities of its own, which no answer has") from None
    except (ParseError, LookupError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"found something that is no XML: {error}") from None
    return built.root()


def _check_encoding(body: bytes) -> None:
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in body[:4]:
        raise Unreadable("found XML in UTF-16; expected ISO-8859-1 or UTF-8")
    found = _DECLARED.match(body.removeprefix(_BOM))
    named = found[1].decode().lower() if found else "utf-8"
    if named in _UTF_8:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable(f"found XML that is not the UTF-8 it should be, at byte {error.start}") from None
    elif named not in _LATIN_1:
        raise Unreadable(f"found XML in {named}; expected ISO-8859-1 or UTF-8")
    elif body.startswith(_BOM) or _is_utf_8(body):
        raise Unreadable("found XML that calls itself ISO-8859-1 and is UTF-8")
    elif at := re.search(rb"[\x7f-\x9f]", body):
        raise Unreadable(f"found XML that is not the ISO-8859-1 it calls itself, at byte {at.start()}")


def _is_utf_8(body: bytes) -> bool:
    """Return whether all that is beyond ASCII makes whole UTF-8 sequences: never so in Danish ISO-8859-1."""
    if body.isascii():
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Builder:
    """What the parser tells of, as Nodes; it stops where that gets too much."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, str], list[str], list[Node]]] = []
        self._root: Node | None = None
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) >= DEEPEST or self._elements > MOST_ELEMENTS:
            raise Unreadable(f"found XML of more than {DEEPEST} levels or {MOST_ELEMENTS} elements")
        self._open.append((tag, dict(attributes), [], []))

    def end(self, tag: str) -> None:
        name, attributes, texts, children = self._open.pop()
        node = Node(name, attributes, "".join(texts).strip(), tuple(children))
        if self._open:
            self._open[-1][3].append(node)
        else:
            self._root = node

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def close(self) -> None:
        pass

    def root(self) -> Node:
        if self._root is None:
            raise Unreadable("found nothing; expected XML")
        return self._root
