"""Options of a server that only fit some roles and jobs: its adapter says which."""

from pathlib import Path

import pytest

from terminal import backends
from terminal.settings import ConfigError, Mistake, load
from tests.settings.plugins import Fake

GOOD = """
[terminal]
id = "coffee-1"
job = "vending"

[backends.pos]
type = "kensium"
url = "https://pos.example.com/store1"
credential = "pos"
spend = "authorise"
store_code = "MAIN"

[roles]
wallet = "pos"
sales = "pos"

[[devices]]
name = "front reader"
role = "reader"
driver = "pcsc"

[[devices]]
name = "spout"
role = "release"
driver = "relay"
pin = 17
"""


class Real(Fake):
    """Kensium's adapter is the one that is shipped."""

    def backend(self, kind: str) -> type[object]:
        return backends.find(kind)


def found(tmp_path: Path, text: str) -> list[Mistake]:
    file = tmp_path / "terminal.toml"
    file.write_text(text)
    try:
        load(file, Real())
    except ConfigError as error:
        return list(error.mistakes)
    return []


def test_funds_are_held_where_this_server_records_what_was_sold(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "option", "words"),
    [
        ('sales = "pos"\n', "", "spend", "the record of a sale captures what is held"),
        ('store_code = "MAIN"\n', "", "store_code", "purchases name it as their store"),
        (
            'spend = "authorise"\nstore_code = "MAIN"\n',
            "purchases = false\n",
            "purchases",
            "this backend is roles.sales",
        ),
    ],
)
def test_what_does_not_fit_is_said_of_the_option(
    tmp_path: Path, old: str, new: str, option: str, words: str
) -> None:
    assert GOOD.count(old) == 1
    (mistake,) = found(tmp_path, GOOD.replace(old, new))
    assert mistake.path == f"backends.pos.{option}"
    assert words in str(mistake)


def test_tickets_have_no_record_that_would_capture_what_is_held(tmp_path: Path) -> None:
    mistakes = found(tmp_path, GOOD.replace('job = "vending"', 'job = "tickets"'))
    assert [each.found for each in mistakes if each.path == "backends.pos.spend"] == ['"authorise"']


def test_where_only_wallets_are_used_nothing_more_is_asked(tmp_path: Path) -> None:
    alone = GOOD.replace('sales = "pos"\n', "").replace('spend = "authorise"\nstore_code = "MAIN"\n', "")
    assert found(tmp_path, alone) == []


def test_held_funds_need_no_purchases(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD.replace('store_code = "MAIN"\n', "purchases = false\n")) == []
