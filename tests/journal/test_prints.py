"""What waits to be printed is found again, until it is printed, repeated or given up."""

import sqlite3

import pytest

from terminal.core.events import Ended
from terminal.core.facts import PrintGivenUp, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.paper import Document, QrCode, Text
from terminal.core.records import WaitingPrint
from terminal.core.value import replace
from tests.journal.making import NOW, credit

PAPER = Document((Text("Größe", bold=True), QrCode("Y")))
LATER = replace(NOW, wall_ms=NOW.wall_ms + 60_000, mono_ms=NOW.mono_ms + 60_000)


def intent(release="c1/receipt", repeats="", document=PAPER):
    return ReleaseIntended(release, ReleaseKind.PRINT, "c1", "paper", "receipt", document, repeats)


def tried(journal, ended, release="c1/receipt", repeats=""):
    journal.commit([intent(release, repeats)], NOW)
    journal.commit([ReleaseSettled(release, ended, "its words")], LATER)


@pytest.fixture
def book(journal):
    journal.commit([credit("c0"), credit()], NOW)
    return journal


@pytest.mark.parametrize("ended", [Ended.FAILED, Ended.UNKNOWN])
def test_a_print_that_failed_or_is_unknown_waits_with_its_document(book, ended):
    tried(book, Ended.DONE, "c1/ticket-1")
    tried(book, ended)
    assert book.waiting_prints() == [WaitingPrint("c1/receipt", "c1", PAPER, ended, NOW)]
    assert book.verify() == []


def test_a_repeat_takes_its_place(book):
    tried(book, Ended.FAILED)
    book.commit([intent("c1/receipt/2", "c1/receipt")], LATER)
    assert book.waiting_prints() == []
    assert [each.release for each in book.open_releases()] == ["c1/receipt/2"]
    book.commit([ReleaseSettled("c1/receipt/2", Ended.UNKNOWN)], LATER)
    (waiting,) = book.waiting_prints()
    assert (waiting.release, waiting.at) == ("c1/receipt/2", LATER)
    tried(book, Ended.DONE, "c1/receipt/3-copy-1", "c1/receipt/2")
    assert book.waiting_prints() == []
    assert book.verify() == []


def test_what_is_given_up_waits_no_more_and_the_story_says_why(book):
    tried(book, Ended.FAILED)
    book.commit([PrintGivenUp("c1/receipt", "Nobody waits for it.")], LATER)
    assert book.waiting_prints() == []
    assert book.verify() == []
    story = book.story(book.entry("c1").seq)
    assert [(event.how, event.words) for event in story.events[-2:]] == [
        ("failed", "its words"),
        ("failed", "Nobody waits for it."),
    ]


def test_a_trial_page_does_not_wait(book):
    book.commit([replace(intent(), document=None), ReleaseSettled("c1/receipt", Ended.FAILED)], NOW)
    assert book.waiting_prints() == []


def test_what_does_not_wait_is_neither_repeated_nor_given_up(book):
    tried(book, Ended.DONE)
    tried(book, Ended.FAILED, "c1/other")
    book.commit([PrintGivenUp("c1/other", "")], NOW)
    for name in ("c1/receipt", "c1/other", "nothing"):
        with pytest.raises(ValueError, match="does not wait"):
            book.commit([PrintGivenUp(name, "")], NOW)
        with pytest.raises(ValueError, match="does not wait"):
            book.commit([intent("c1/again", name)], NOW)
    assert book.open_releases() == []


def test_the_papers_of_an_entry_each_with_its_last_try(book):
    tried(book, Ended.FAILED)
    tried(book, Ended.UNKNOWN, "c1/receipt/2", "c1/receipt")
    other = Document((Text("other"),))
    book.commit([replace(intent("c1/ticket-1"), document=other)], NOW)
    book.commit([replace(intent("c1/trial"), document=None)], NOW)
    seq = book.entry("c1").seq
    assert book.papers(seq) == (("c1/receipt/2", PAPER), ("c1/ticket-1", other))
    assert book.papers(book.entry("c0").seq) == ()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("settled = NULL WHERE ended = 'failed' AND detail = ''", "settles a release that is not marked"),
        ("settled = 4 WHERE ended = 'unknown'", "it is marked as settled, but no row settles it"),
        ("settled = seq WHERE ended = 'unknown'", "it is marked as settled, but no row settles it"),
        ("detail = '' WHERE detail = 'given up'", "edited"),
    ],
)
def test_an_edit_is_found(book, change, found):
    tried(book, Ended.FAILED)
    book.commit([PrintGivenUp("c1/receipt", "")], LATER)
    tried(book, Ended.UNKNOWN, "c1/ticket-1")
    assert book.verify() == []
    with sqlite3.connect(book.path) as db:
        assert db.execute(f"UPDATE releases SET {change}").rowcount  # noqa: S608 - our own words
    db.close()
    assert any(finding.startswith("releases ") and found in finding for finding in book.verify())
