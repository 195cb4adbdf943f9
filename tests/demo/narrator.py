"""How the story is told: chapters, and a labelled line for what a screen, the journal or the server says."""

import sys
import textwrap
import time
from collections.abc import Sequence

import click

WIDTH = 100
_LABELS = {
    "screen": "cyan",
    "world": "magenta",
    "journal": "yellow",
    "server": "green",
    "person": "blue",
    "power": "red",
}
_INDENT = 12


class Narrator:
    """Prints the story.

    Args:
        colour: Whether lines have colours; None: if somebody watches.
        pause_s: Seconds before each chapter, for people who read along; nothing ever waits for it.
    """

    def __init__(self, *, colour: bool | None, pause_s: float) -> None:
        self._colour = colour
        self._pause_s = pause_s
        self._chapters = 0

    def chapter(self, title: str, sentence: str) -> None:
        """Begin a chapter: its heading, and what is about to happen."""
        if self._chapters:
            time.sleep(self._pause_s)
        self._chapters += 1
        self._echo("")
        self._echo(click.style(f"{self._chapters:>2}. {title}", bold=True))
        for line in textwrap.wrap(sentence, WIDTH - 4):
            self._echo(click.style(f"    {line}", dim=True))

    def say(self, label: str, *lines: str) -> None:
        """Say what a *label* (screen, world, journal, server, person, power) has to say."""
        for number, line in enumerate(lines):
            head = click.style(f"{label if not number else '':>{_INDENT - 2}}", fg=_LABELS[label])
            first, *more = textwrap.wrap(line, WIDTH - _INDENT, break_on_hyphens=False) or [""]
            self._echo(f"{head}  {first}")
            for rest in more:
                self._echo(f"{'':{_INDENT}}{rest}")

    def as_is(self, lines: Sequence[str]) -> None:
        """Print lines that have a layout of their own."""
        for line in lines:
            self._echo(f"{'':{_INDENT}}{line}".rstrip())

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; columns whose heading begins with ``>`` stand to the right."""
        names = [name.lstrip(">") for name in head]
        widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
        self._echo(f"\n    {click.style(title, bold=True)}")
        for row in (names, *rows):
            cells = [
                cell.rjust(width) if name.startswith(">") else cell.ljust(width)
                for name, cell, width in zip(head, row, widths, strict=True)
            ]
            line = f"    {'  '.join(cells)}".rstrip()
            self._echo(click.style(line, underline=True) if row is names else line)

    def end(self, sentence: str, *, good: bool) -> None:
        """Print the last line."""
        self._echo("")
        self._echo(click.style(sentence, fg="green" if good else "red", bold=True))

    def _echo(self, line: str) -> None:
        click.echo(line, color=self._colour)
        sys.stdout.flush()
