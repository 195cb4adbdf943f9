"""The text lines of a Qibixx MDB Pi Hat or MDB-USB: bytes in, words out, and back. Pure.

    V                      v,4.0.2.0,32003d3136313039       version and number
    C,1                    c,STATUS,INACTIVE                the cashless device, for a vending machine
    R,0B                   p,ACK                            the bus master, for a coin changer

(Qibixx online documentation, "API".) The first word names the part of the adapter: capital letters to it, small
ones from it. Lines end by CR, LF or both: all are seen in the field. ``r,ACK`` only says that something went
over the bus, and ``x,…`` is the sniffer: noise. Quotation marks around a word, ``c,ERR,"START -3"``, are
taken off.
"""

from __future__ import annotations

import re

from terminal.core.value import Value

LONGEST = 256
"""Bytes of the longest line that is one; the longest answer on the bus is 36 bytes (MDB/ICP 4.2, section 2)."""

_END = re.compile(rb"[\r\n]")
_TEXT = re.compile(rb"[ -~]+")
_WORD = re.compile(r'"([^"]*)"|([^,]*)')
_NOISE = frozenset({"r", "x"})


class Line(Value, frozen=True):
    """One line from the adapter.

    Attributes:
        raw: Its bytes, without the end.
        words: What it says, part by part; empty: it is no line of an adapter.
        meaning: What it is, for a technician.
    """

    raw: bytes
    words: tuple[str, ...]
    meaning: str

    @property
    def noise(self) -> bool:
        """Whether it says nothing that anybody waits for."""
        return bool(self.words) and self.words[0] in _NOISE

    def begins(self, *words: str) -> bool:
        """Whether its first words are these."""
        return self.words[: len(words)] == words


class LineSplitter:
    """Takes the bytes of a line in pieces of any size; a line that has only begun is kept, up to LONGEST."""

    def __init__(self) -> None:
        self._rest = b""
        self._skips = False  # until the end of a line that was too long

    def feed(self, chunk: bytes) -> list[Line]:
        """Return the lines that *chunk* completes, in order; empty ones are left out."""
        *ended, rest = _END.split(self._rest + chunk)
        lines = []
        for raw in ended:
            if raw and not self._skips:
                lines.append(parse(raw))
            self._skips = False
        if len(rest) > LONGEST:
            if not self._skips:
                lines.append(Line(rest[:LONGEST], (), "bytes without an end"))
            self._skips, rest = True, b""
        self._rest = rest
        return lines


def parse(raw: bytes) -> Line:
    """Return what the line *raw* says; one that is no plain text, or too long, has no words."""
    if len(raw) > LONGEST or not _TEXT.fullmatch(raw):
        return Line(raw[:LONGEST], (), "no text")
    text = raw.decode("ascii")
    return Line(raw, _words(text), text)


def make(*words: str) -> bytes:
    """Return the line that says *words*, with its end.

    Raises:
        ValueError: It would be no single line: a word has other signs than printable ASCII, or it is too long.
    """
    raw = ",".join(words).encode("ascii", "replace")
    if not _TEXT.fullmatch(raw) or raw.decode("ascii") != ",".join(words) or len(raw) > LONGEST:
        raise ValueError(f"{','.join(words)!r} is no line for an MDB adapter")
    return raw + b"\r\n"


def _words(text: str) -> tuple[str, ...]:
    words, at = [], 0
    while True:
        found = _WORD.match(text, at)
        if found is None or (found.end() < len(text) and text[found.end()] != ","):
            return tuple(word.strip() for word in text.split(","))  # a quotation mark that is only a sign
        quoted, plain = found.groups()
        words.append((plain if quoted is None else quoted).strip())
        if found.end() == len(text):
            return tuple(words)
        at = found.end() + 1
