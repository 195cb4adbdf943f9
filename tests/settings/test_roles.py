"""Which backend may do what: it must deliver the entries that the role makes."""

from pathlib import Path

import pytest

from tests.settings.loading import GOOD, loaded, only

BOOKS = GOOD.replace(
    "[roles]",
    """[backends.books]
type = "books"
url = "https://books.example.org/"
credential = "books"

[roles]
sales = "books"
reports = "books\"""",
)


def test_a_terminal_is_told_who_keeps_its_books(tmp_path: Path) -> None:
    job = loaded(tmp_path, BOOKS).job()
    assert (job.wallet, job.office, job.registrar) == ("main", "books", "books")


def test_without_roles_nobody_keeps_books(tmp_path: Path) -> None:
    job = loaded(tmp_path, GOOD).job()
    assert (job.office, job.registrar) == ("", "")


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ('sales = "books"', 'sales = "main"', "roles.sales", "pointofsale records no sales of this job"),
        ('reports = "books"', 'reports = "main"', "roles.reports", "pointofsale takes no reports"),
        ('credential = "books"', 'credential = "books"\nsales = "orders"', "roles.reports", "takes no reports"),
    ],
)
def test_who_cannot_deliver_it_is_refused(tmp_path: Path, old: str, new: str, path: str, words: str) -> None:
    assert BOOKS.count(old) == 1
    mistake = only(tmp_path, BOOKS.replace(old, new))
    assert mistake.path == path
    assert words in str(mistake)
