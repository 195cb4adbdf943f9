"""The section [closing]: schedules that fire, and groups that there are."""

from pathlib import Path

import pytest

from terminal.core.closing_rules import ClosingRules
from terminal.settings import in_force
from tests.settings.loading import GOOD, loaded, mistakes, only
from tests.settings.plugins import Pos

CLOSING = """
[closing]
schedules = ["30 23 * * 1-5", "0 6 1 * *"]
printed = false
groups = { espresso = "Coffee", 7 = "Water" }
vat = { Coffee = 1900 }
vat_default = 700
"""


def test_a_terminal_closes_nothing_by_itself_unless_it_is_told_to(tmp_path: Path) -> None:
    closing = loaded(tmp_path, GOOD).closing
    assert closing == ClosingRules()
    assert closing.parsed() == ()
    assert closing.sorted_by("espresso", "", None) == ("", None)
    assert closing.sorted_by("espresso", "Hot drinks", 2500) == ("Hot drinks", 2500)


def test_products_are_sorted_by_their_ids_whatever_type_the_server_gives_them(tmp_path: Path) -> None:
    closing = loaded(tmp_path, GOOD + CLOSING).closing
    assert closing.sorted_by("espresso", "", None) == ("Coffee", 1900)
    assert closing.sorted_by(7, "", None) == closing.sorted_by("7", "", None) == ("Water", 700)
    assert closing.sorted_by("", "", None) == ("", 700)
    assert [each.text for each in closing.parsed()] == ["30 23 * * 1-5", "0 6 1 * *"]


def test_what_is_set_here_holds_before_what_the_server_told(tmp_path: Path) -> None:
    closing = loaded(tmp_path, GOOD + CLOSING).closing
    assert closing.sorted_by("espresso", "Hot drinks", 2500) == ("Coffee", 1900)
    assert closing.sorted_by(7, "Hot drinks", 2500) == ("Water", 2500)
    assert closing.sorted_by("tea", "Coffee", 2500) == ("Coffee", 1900)
    assert closing.sorted_by("tea", "Hot drinks", None) == ("Hot drinks", 700)
    assert closing.sorted_by("tea", "Hot drinks", 0) == ("Hot drinks", 0), "no VAT is a rate, too"


def test_what_is_in_force_is_shown(tmp_path: Path) -> None:
    shown = in_force(loaded(tmp_path, GOOD + CLOSING))["closing"]
    assert shown["groups"] == {"espresso": "Coffee", "7": "Water"}
    assert list(shown["schedules"]) == ["30 23 * * 1-5", "0 6 1 * *"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 24 * * *", "closing.schedules[2]: found '24' as hour; expected 0 to 23"),
        ("@daily", "closing.schedules[2]: found '@daily'; expected five fields"),
        ("0 0 1 * 1", "expected * for one of them"),
        ("0 0 30 2 *", 'found "0 0 30 2 *"; expected a day that there is'),
    ],
)
def test_a_schedule_that_is_none_is_named(tmp_path: Path, text: str, words: str) -> None:
    mistake = only(tmp_path, GOOD + CLOSING.replace("0 6 1 * *", text))
    assert mistake.path == "closing.schedules[2]"
    assert words in str(mistake)


def test_the_leap_day_is_a_day_that_there_is(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD + CLOSING.replace("0 6 1 * *", "0 6 29 2 *")).closing.parsed()


def test_a_rate_of_a_group_that_no_product_is_in_would_tax_nothing(tmp_path: Path) -> None:
    mistake = only(tmp_path, GOOD + CLOSING.replace("Coffee = 1900", "Cofee = 1900"))
    assert mistake.path == "closing.vat.Cofee"
    assert "Coffee" in mistake.hint


def test_a_server_that_tells_groups_may_tell_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pos, "tells_groups", True, raising=False)
    closing = loaded(tmp_path, GOOD + CLOSING.replace("Coffee = 1900", '"Hot drinks" = 1900')).closing
    assert closing.sorted_by("tea", "Hot drinks", 2500) == ("Hot drinks", 1900)


def test_rates_are_judged_with_everything_else(tmp_path: Path) -> None:
    wrong = CLOSING.replace("1900", "10001").replace("700", "-1").replace("30 23", "60 23")
    found = mistakes(tmp_path, GOOD + wrong)
    assert set(found) == {"closing.vat.Coffee", "closing.vat_default", "closing.schedules[1]"}
