"""Z reports in the journal: one follows on the other, and number and grand totals outlive the file."""

import os
import shutil

import pytest

from terminal.core.facts import ReportMade
from terminal.core.report import Grand, ReportKind, Sum
from terminal.core.value import replace
from terminal.journal import JournalReader, carrying, verify_file
from terminal.journal.errors import JournalUnwritable
from tests.journal.closing import at, closed, made, opened, ruin, sell
from tests.journal.making import KEY, NOW, debit

# -- one follows on the other --------------------------------------------------------------------------


def test_each_report_begins_where_the_last_one_ended(journal):
    assert journal.last_report() is None
    journal.commit([debit("d1")], at(0))
    first = made(journal, now=at(5))
    journal.commit([debit("d2")], at(6))  # between the reading and the writing: it is the next period's
    journal.commit([ReportMade(first)], at(6))
    second = closed(journal, at(7))
    assert [(each.number, each.after, each.upto) for each in (first, second)] == [(1, 0, 1), (2, 1, 3)]
    assert (first.opened, first.closed, second.opened, second.closed) == (at(0), at(5), at(5), at(7))
    assert [each.sales for each in (first, second)] == [Sum(1, 250)] * 2
    assert second.grand == Grand(Sum(2, 500))
    assert journal.last_report() == second
    assert journal.report(1) == first
    assert journal.report(3) is None
    assert journal.reports() == [second, first]
    assert journal.reports(limit=1) == [second]
    assert journal.reports(before=2) == [first]
    assert journal.verify() == []


def test_an_x_changes_nothing(journal):
    sell(journal, "d1")
    before = made(journal)
    x = made(journal, ReportKind.X)
    assert x == replace(before, kind=ReportKind.X)
    assert made(journal) == before
    assert closed(journal) == before


def test_a_report_of_nothing_is_of_this_moment(journal):
    report = closed(journal, at(3))
    assert (report.after, report.upto, report.opened, report.closed) == (0, 0, at(3), at(3))
    assert (report.sales, report.groups, report.grand) == (Sum(), (), Grand())
    assert journal.verify() == []


WRONG = {
    "kind": (ReportKind.X, "Only a Z"),
    "number": (3, "has the number 3"),
    "after": (2, "begins after 2"),
    "upto": (10, "the journal with 3"),
    "grand": (Grand(Sum(1, 250)), "grand totals"),
    "sales": (Sum(3, 750), "grand totals"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_report_that_does_not_follow_is_refused(journal, field):
    sell(journal, "d1")
    closed(journal)
    sell(journal, "d2")
    right = made(journal)
    wrong, words = WRONG[field]
    with pytest.raises(ValueError, match=words):
        journal.commit([ReportMade(replace(right, **{field: wrong}))], NOW)
    assert journal.last_report().number == 1
    journal.commit([ReportMade(right)], NOW)
    with pytest.raises(ValueError, match="has the number 2"):
        journal.commit([ReportMade(right)], NOW)
    assert journal.verify() == []


def test_a_period_does_not_end_before_it_begins(journal):
    sell(journal, "d1")
    closed(journal)
    with pytest.raises(ValueError, match="before it begins"):
        journal.commit([ReportMade(replace(made(journal), upto=0))], NOW)


# -- they outlive the file -----------------------------------------------------------------------------


def test_a_fresh_journal_after_damage_goes_on_with_number_and_grand_totals(path):
    with opened(path) as journal:
        sell(journal, "d1", "d2")
        last = closed(journal)
        sell(journal, "lost with the file")
    ruin(path)
    with opened(path) as journal:
        assert "The next Z report has the number 2; the grand totals go on with it." in journal.set_aside
        assert journal.last_report() == last
        sell(journal, "d1")
        second = closed(journal, at(9))
        assert (second.number, second.sales, second.opened) == (2, Sum(1, 250), NOW)
        assert second.grand == Grand(Sum(3, 750))
        assert second.after > 10_000
        assert journal.verify() == []
    with opened(path) as journal:
        assert journal.set_aside is None
        assert closed(journal).number == 3
        assert journal.reports() == [journal.report(3), second, last]
    ruin(path)
    with opened(path) as journal:
        assert closed(journal).number == 4
        assert journal.verify() == []


def test_a_file_that_is_gone_takes_no_number_with_it(path):
    with opened(path) as journal:
        closed(journal)
    path.unlink()
    with opened(path) as journal:
        assert closed(journal).number == 2


@pytest.mark.parametrize("lose", ["unlink", "garble", "forge"])
def test_without_the_note_it_goes_on_beyond_any_number_in_use(path, lose):
    numbers = []
    for _ in range(3):
        with opened(path) as journal:
            sell(journal, *(f"d{number}" for number in range(3)))
            numbers += [closed(journal).number, closed(journal).number]
            assert journal.verify() == []
        note = path.with_name("journal.db.report")
        if lose == "unlink":
            note.unlink()
        elif lose == "garble":
            note.write_bytes(os.urandom(100))
        else:
            note.write_bytes(note.read_bytes().replace(b'"number":', b'"number":1'))
        ruin(path)
        with opened(path) as journal:
            assert "The note of its Z reports is lost, too" in journal.set_aside
            assert f"the number {made(journal).number}, beyond any that may be in use" in journal.set_aside
            assert made(journal).grand == Grand()
            assert journal.last_report() is None
            assert journal.verify() == []
    assert numbers == sorted(set(numbers))


def test_a_terminal_that_never_made_one_begins_with_number_1_after_damage(path):
    with opened(path) as journal:
        sell(journal, "d1")
    ruin(path)
    with opened(path) as journal:
        assert "Z report" not in journal.set_aside
        assert closed(journal).number == 1


def test_an_older_backup_gives_no_number_twice(path, tmp_path, caplog):
    with opened(path) as journal:
        sell(journal, "d1")
        closed(journal)
        sell(journal, "in the backup")
        journal.backup(tmp_path / "backup.db")
        closed(journal)
        sell(journal, "not in the backup")
        last = closed(journal)
    assert "backup" not in caplog.text
    shutil.copy(tmp_path / "backup.db", path)
    with opened(path) as journal:
        assert "holds Z reports up to the number 1, and the number 3 was made" in caplog.text
        assert journal.last_report() == last
        sell(journal, "after it")
        report = closed(journal)
        assert (report.number, report.sales) == (4, Sum(1, 250)), "what it had was in the report 2"
        assert report.grand == Grand(Sum(4, 1000))
        assert journal.report(2) is None
        assert journal.verify() == []


def test_a_backup_without_its_note_says_what_that_may_mean(path, tmp_path, caplog):
    with opened(path) as journal:
        last = closed(journal)
        copy = tmp_path / "elsewhere.db"
        journal.backup(copy)
    assert verify_file(copy, KEY) == []
    with JournalReader(copy) as reader:
        assert reader.last_report() == last
    with opened(copy) as journal:
        assert "numbers that were given after it was made are given again" in caplog.text
        assert closed(journal).number == 2


class PowerCutError(BaseException):
    """Nothing after it happens."""


@pytest.mark.parametrize("damage", [False, True])
@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_power_cut_around_the_commit(path, monkeypatch, moment, damage):
    with opened(path) as journal:
        sell(journal, "d1")
        closed(journal)
        report = made(journal)

        def cut(*_):
            if moment == "before the commit":
                about(*_)
            raise PowerCutError

        about = carrying.about
        with monkeypatch.context() as patch:
            patch.setattr(carrying, "about" if moment == "before the commit" else "made", cut)
            with pytest.raises(PowerCutError):
                journal.commit([ReportMade(report)], NOW)
    if damage:
        ruin(path)
    with opened(path) as journal:
        if damage:
            assert "Whether the one with the number 2 was still made, nobody can tell" in journal.set_aside
        is_there = moment == "after the commit" or damage
        assert closed(journal).number == (3 if is_there else 2)
        assert journal.verify() == []


def test_where_the_note_cannot_be_written_no_report_is_made(path):
    with opened(path) as journal:
        closed(journal)
        path.with_name("journal.db.report.new").mkdir()
        report = made(journal)
        with pytest.raises(JournalUnwritable):
            journal.commit([ReportMade(report)], NOW)
        assert journal.last_report().number == 1
        sell(journal, "d1")
        path.with_name("journal.db.report.new").rmdir()
        journal.commit([ReportMade(report)], NOW)
        assert journal.verify() == []


def test_a_note_that_is_late_is_brought_up_at_the_next_start(path, monkeypatch, caplog):
    with opened(path) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(carrying, "note", full_after(1, carrying.note))
            closed(journal)
        assert "cannot be noted yet" in caplog.text
    assert not carrying.noted_at(path, KEY).made
    with opened(path):
        assert carrying.noted_at(path, KEY).made


def full_after(times, write):
    left = [times]

    def limited(*args):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        write(*args)

    return limited
