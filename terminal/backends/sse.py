"""Server-sent events (WHATWG HTML, "Server-sent events", 9.2.6), read piece by piece as they come. Pure.

    : a comment            lines end in CR, LF or both; an empty one ends an event
    event: change          the last one counts
    data: {"a":
    data: 1}               several make one text, with a line feed between them
    id: 7                  stays for the events after it
    retry: 3000            milliseconds before a new connection

Lines and events are bounded: what is longer than a server that speaks our language would send is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from terminal.core.value import Value

LARGEST = 1_048_576
"""Bytes of a line, and of the data of one event."""

_END = re.compile(rb"\r\n|\r|\n")
_MARK = b"\xef\xbb\xbf"
_MOST_DIGITS = 9


class Overlong(Exception):  # noqa: N818 - what it is
    """A line, or an event, that is longer than it may be; the sentence tells nothing of what it holds."""


class Message(Value, frozen=True):
    """One event; *id*: the last one that was told, with this event or before it."""

    data: str
    event: str = "message"
    id: str = ""


class Parser:
    """Reads one stream. Nothing is to be fed to it after an error.

    Args:
        most: Bytes that a line, or the data of one event, may have.
    """

    def __init__(self, most: int = LARGEST) -> None:
        self._most = most
        self._line = bytearray()
        self._after_return = False
        self._begun = False
        self._data: list[str] = []
        self._size = 0
        self._event = ""
        self._id = ""
        self.retry_ms: int | None = None

    def feed(self, piece: bytes) -> Iterator[Message]:
        """Give the events that are whole with *piece*; to be read to its end.

        Raises:
            Overlong: A line or an event is too long; the events before it were given.
        """
        start = 0
        if piece and self._after_return:
            self._after_return = False
            start = 1 if piece[:1] == b"\n" else 0
        while found := _END.search(piece, start):
            # What ends in a return alone may be half of an end; the other half is then passed over.
            self._after_return = found[0] == b"\r" and found.end() == len(piece)
            self._add(piece[start : found.start()])
            message = self._ended()
            if message is not None:
                yield message
            start = found.end()
        self._add(piece[start:])

    def _add(self, part: bytes) -> None:
        self._line += part
        if len(self._line) > self._most:
            raise Overlong(f"a line of the event stream is longer than {self._most} bytes")

    def _ended(self) -> Message | None:
        """Take the line that is whole now; return the event that it ends, if it does."""
        line = bytes(self._line)
        self._line.clear()
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_MARK)
        if not line:
            return self._dispatched()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._size += len(value) + 1
            if self._size > self._most:
                raise Overlong(f"an event of the event stream is longer than {self._most} bytes")
        self._take(name, value.decode("utf-8", "replace"))
        return None

    def _take(self, name: bytes, value: str) -> None:
        """Take a field; one that nobody knows, and a comment, which has no name, is passed over."""
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value
        elif name == b"id" and "\0" not in value:
            self._id = value
        elif name == b"retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value[:_MOST_DIGITS])

    def _dispatched(self) -> Message | None:
        data, event = self._data, self._event
        self._data, self._size, self._event = [], 0, ""
        return Message("\n".join(data), event or "message", self._id) if data else None
