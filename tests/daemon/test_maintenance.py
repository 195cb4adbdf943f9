"""The upkeep of the journal: done again and again, and told where it cannot be."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.daemon import maintenance as module
from terminal.daemon.maintenance import Maintenance
from terminal.journal.errors import JournalDamaged, JournalUnwritable
from terminal.journal.store import Journal
from tests.support.waiting import wait_until

KEY = b"k" * 32


class Kept:
    """A journal that counts, and fails when told to."""

    def __init__(self) -> None:
        self.looks = 0
        self.copies: list[tuple[Path, int]] = []
        self.error: Exception | None = None

    def maintain(self) -> None:
        self.looks += 1
        if self.error:
            raise self.error

    def backup(self, path: Path, *, keep: int) -> None:
        assert path.parent.is_dir()
        self.copies.append((path, keep))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    monkeypatch.setattr(module, "LOOKS_PER_BACKUP", 5)


@pytest.fixture
def journal() -> Kept:
    return Kept()


@pytest.fixture
def upkeep(journal: Kept, tmp_path: Path) -> Iterator[Maintenance]:
    upkeep = Maintenance(journal, tmp_path / "deep/backups", 7)
    yield upkeep
    upkeep.stop()
    assert all(thread.name != "maintenance" for thread in threading.enumerate())


def test_it_looks_again_and_again_and_makes_a_backup_now_and_then(
    journal: Kept, upkeep: Maintenance, tmp_path: Path
) -> None:
    upkeep.start()
    wait_until(lambda: len(journal.copies) >= 2, what="two backups")
    assert set(journal.copies) == {(tmp_path / "deep/backups/journal.db", 7)}
    assert journal.looks >= 6, "looks go on between the backups"
    assert upkeep.troubles == ()


def test_nobody_wants_backups(journal: Kept, tmp_path: Path) -> None:
    upkeep = Maintenance(journal, tmp_path / "backups", 0)
    upkeep.start()
    wait_until(lambda: journal.looks >= 12, what="looks")
    upkeep.stop()
    assert journal.copies == []
    assert not (tmp_path / "backups").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (JournalUnwritable("The disk is full."), "The journal could not be looked after: The disk is full."),
        (JournalDamaged("It is damaged."), "The journal could not be looked after: It is damaged."),
        (OSError(5, "Input/output error"), "The journal could not be looked after: Input/output error"),
        (RuntimeError("secret"), "unforeseen (RuntimeError); please report this"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_fails_is_told_once_and_tried_again(
    journal: Kept, upkeep: Maintenance, caplog: pytest.LogCaptureFixture, error: Exception, words: str
) -> None:
    journal.error = error
    upkeep.start()
    wait_until(lambda: journal.looks >= 7, what="looks that fail")
    wait_until(lambda: journal.copies, what="a backup: the one does not stop the other")
    (said,) = upkeep.troubles
    assert said.endswith(words)
    assert caplog.text.count(said) == 1
    journal.error = None
    wait_until(lambda: upkeep.troubles == (), what="the trouble to be over")


def test_a_folder_that_cannot_be_made_is_a_sentence(journal: Kept, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    upkeep = Maintenance(journal, tmp_path / "taken/backups", 3)
    upkeep.start()
    wait_until(lambda: upkeep.troubles, what="the trouble")
    upkeep.stop()
    assert upkeep.troubles == ("The journal could not be backed up: Not a directory",)
    assert journal.looks >= 1


def test_the_real_journal_is_copied(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", KEY, boot="b")
    upkeep = Maintenance(journal, tmp_path / "backups", 2)
    upkeep.start()
    wait_until((tmp_path / "backups/journal.db").exists, what="a copy")
    upkeep.stop()
    journal.close()
    copy = Journal.open(tmp_path / "backups/journal.db", KEY, boot="b")
    assert copy.verify() == []
    copy.close()


def test_stop_before_start_and_twice(journal: Kept, tmp_path: Path) -> None:
    upkeep = Maintenance(journal, tmp_path, 1)
    upkeep.stop()
    upkeep.stop()
    assert journal.looks == 0
