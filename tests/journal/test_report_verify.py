"""What verify says of Z reports: those that do not follow on each other, or not from the facts."""

import shutil
import sqlite3

import pytest

from terminal.core.facts import EntryAbandoned, PersonDecided
from terminal.journal import verify_file
from tests.journal.closing import closed, opened, sell
from tests.journal.making import KEY, NOW, debit, delivered


@pytest.fixture
def copy(path, tmp_path):
    with opened(path) as journal:
        for number in range(1, 4):
            sell(journal, f"d{number}", f"e{number}")
            journal.commit([PersonDecided(f"e{number}", "void", "Ada", "mistaken")], NOW)
            journal.commit(
                [debit(f"f{number}"), *delivered(f"f{number}"), EntryAbandoned(f"f{number}", "no")], NOW
            )
            closed(journal)
    return shutil.copy(path, tmp_path / "copy.db")


def told(copy, *statements):
    db = sqlite3.connect(copy)
    with db:
        for statement in statements:
            assert db.execute(statement).rowcount != 0
    db.close()
    return "\n".join(verify_file(copy, KEY))


PAYLOAD = "UPDATE reports SET payload = replace(payload, '{}', '{}') WHERE number = 2"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE reports SET number = 9 WHERE number = 3", "its row is not that of the report"),
        ("DELETE FROM reports WHERE number = 2", "The Z report after number 1 has the number 3."),
        ("DELETE FROM reports WHERE number = 2", "and this one begins after"),
        ("DELETE FROM reports WHERE number = 1", "grand totals are not those of the report before it"),
        ("UPDATE entries SET amount = 9 WHERE key = 'd2'", "its sales are not what its period adds up to."),
        ("UPDATE entries SET amount = 9 WHERE key = 'd2'", "its groups are not, all together,"),
        ("UPDATE entries SET amount = 9 WHERE key = 'd2'", "its methods are not what its period adds up to."),
        ("DELETE FROM decisions WHERE action = 'void'", "its returns are not what its period adds up to."),
        (PAYLOAD.format('"pieces":1', '"pieces":2'), "its groups are not, all together,"),
        (PAYLOAD.format('"vat_amount":40', '"vat_amount":41'), "its VAT is not that of its groups."),
        (PAYLOAD.format('"kind":"z"', '"kind":"x"'), "Only a Z report ends a period"),
        (PAYLOAD.format('"kind":"z"', '"kind":"?"'), "what it says cannot be read"),
        ("UPDATE reports SET carried = 1 WHERE number = 2", "the journal goes on from here"),
    ],
)
def test_what_does_not_follow_is_told(copy, statement, sentence):
    assert verify_file(copy, KEY) == []
    findings = told(copy, statement)
    assert any(each.startswith("reports ") and sentence in each for each in findings.splitlines()), findings


def test_a_last_report_that_cannot_be_read_is_damage(path, copy):
    told(copy, "UPDATE reports SET payload = 'nothing' WHERE number = 3")
    shutil.copy(copy, path)
    with opened(path) as journal:
        assert "its last Z report cannot be read" in journal.set_aside
        assert closed(journal).number == 4
