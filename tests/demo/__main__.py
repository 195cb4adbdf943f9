"""``python -m tests.demo``: exits with 0 if the books of both sides agree to the cent, else with 1."""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from terminal.journal.errors import JournalError
from tests.demo import page
from tests.demo.books import Books, differences
from tests.demo.narrator import Narrator
from tests.demo.screens import euros
from tests.demo.stage import BLUE, RED, stage
from tests.demo.story import CHAPTERS

READING_S = 1.5
"""Before each chapter, where somebody watches."""

OWNERS = {card.uid: card.owner for card in (BLUE, RED)}


def main() -> int:
    """Tell the story, and compare the books."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends too
    colour = False if os.environ.get("NO_COLOR") else None
    say = Narrator(colour=colour, pause_s=READING_S if sys.stdout.isatty() else 0)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="terminal-demo-") as folder, stage(Path(folder), say) as scene:
            for chapter in CHAPTERS:
                chapter(scene)
            books = scene.books()
            page.lay_open(books, OWNERS, say)
            return verdict(books, say, time.monotonic() - began)
    except (AssertionError, pytest.fail.Exception, httpx.HTTPError, OSError, JournalError) as error:
        say.end(f"THE STORY WENT WRONG: {error}", good=False)
        return 1
    except KeyboardInterrupt:
        return 130


def verdict(books: Books, say: Narrator, took_s: float) -> int:
    """Say whether the books agree; return the exit code."""
    found = differences(books)
    for sentence in found:
        say.say("power", sentence)
    if found:
        say.end(f"THE BOOKS DO NOT AGREE. Differences: {len(found)}.", good=False)
        return 1
    spent = -sum(each.amount for each in books.booked if each.amount < 0)
    credited = sum(each.amount for each in books.booked if each.amount > 0)
    say.end(
        f"The books agree to the cent: {len(books.swallowed)} coins, {euros(credited)} credited; "
        f"{len(books.given)} pieces, {euros(spent)} paid; nothing lost, nothing twice ({took_s:.0f} s).",
        good=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
