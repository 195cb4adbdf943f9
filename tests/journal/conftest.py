import pytest

from terminal.journal import Journal
from tests.journal.making import KEY


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    journal = Journal.open(path, KEY, boot="boot-1")
    yield journal
    journal.close()
