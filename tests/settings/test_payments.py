"""Who drives a card terminal: a server that can, at a kiosk where cards pay."""

from pathlib import Path

import pytest

from tests.settings.loading import GOOD, loaded, only
from tests.settings.test_tickets import PANEL, PAY, changed

CARDS = """
[backends.cards]
type = "cards"
url = "https://cards.example.org/"
credential = "cards"

[roles]
payments = "cards"
"""
DRIVEN = ("\n[roles]\n", CARDS)


def test_the_core_is_told_who_drives_it(tmp_path: Path) -> None:
    assert loaded(tmp_path, changed(DRIVEN)).job().payments == "cards"
    assert loaded(tmp_path, changed()).job().payments == ""


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ([('payments = "cards"', 'payments = "wallets"')], "roles.payments", "drives no card terminal"),
        ([('payments = "cards"', 'payments = "crads"')], "roles.payments", 'did you mean "cards"'),
        ([(PAY, 'pay = ["coins"]')], "tickets.pay", "because roles.payments is given"),
        ([('id = "family"', 'id = "card"')], "tickets.products[2].id", "buttons of their own"),
    ],
)
def test_what_does_not_go_together_is_named(
    tmp_path: Path, changes: list[tuple[str, str]], path: str, words: str
) -> None:
    text = changed(DRIVEN)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    mistake = only(tmp_path, text)
    assert (mistake.path, words in str(mistake)) == (path, True), mistake


def test_a_machine_that_sells_no_tickets_drives_none(tmp_path: Path) -> None:
    mistake = only(tmp_path, GOOD.replace("\n[roles]\n", CARDS))
    assert (mistake.path, "nothing for the job" in str(mistake)) == ("roles.payments", True)


def test_a_product_may_be_called_card_where_no_server_drives_one(tmp_path: Path) -> None:
    settings = loaded(tmp_path, changed(('id = "family"', 'id = "card"')))
    assert settings.tickets.products[1].id == "card"


@pytest.mark.parametrize(
    ("panel", "pay", "fits"),
    [
        ('buttons = ["confirm"]', "", False),
        ('buttons = ["confirm", "card"]', "", True),
        ('buttons = ["confirm"]', 'pay = ["card"]', True),
    ],
)
def test_a_guest_needs_a_button_for_it_where_there_is_another_way_to_pay(
    tmp_path: Path, panel: str, pay: str, *, fits: bool
) -> None:
    text = changed(DRIVEN, (PANEL, PANEL.replace("simulated", "named") + panel), (PAY, pay or PAY))
    if fits:
        assert loaded(tmp_path, text).job().payments == "cards"
    else:
        mistake = only(tmp_path, text)
        assert (mistake.path, "no button" in str(mistake)) == ("devices", True)
