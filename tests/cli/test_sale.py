"""`sale`: what staff beside a ticket kiosk see, and what they say."""

import json

import pytest

from terminal.cli.errors import NEEDS_PERSON
from terminal.core.effects import Notice, Screen
from terminal.core.events import ButtonPressed, CardPaid, NoteMade
from terminal.core.state import TerminalState
from terminal.core.ticket_state import Phase, TicketState
from terminal.core.value import replace
from terminal.httpd import Server
from tests.cli.conftest import Place
from tests.daemon.test_salesdesk import PAYING, House

ME = ("--by", "the cashier")


@pytest.fixture
def kiosk(place: Place) -> House:
    house = House()
    place.server = Server(house.desk.routes(), place.socket)
    place.server.start()
    return house


def test_the_sale_under_way_is_shown(place: Place, kiosk: House) -> None:
    done = place.run("sale", "show")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "A sale is under way: paying"
    assert [line.split() for line in lines if "Child" in line] == [
        ["3", "Child", "10.00", "EUR", "-3.00", "EUR", "27.00", "EUR"]
    ]
    told = {words[0]: " ".join(words[1:]) for line in lines[6:] if (words := line.split())}
    assert told == {
        "total": "57.00 EUR",
        "coins": "12.00 EUR",
        "wallet": "10.00 EUR token …E5F6",
        "due": "35.00 EUR",
        "code": "GJXS0LM6RYG37",
        "staff": "…E5F6",
        "notes": "front row",
    }
    assert json.loads(place.run("sale", "show", "--json").stdout)["due"] == 3500


def test_what_is_due_in_cash_is_shown_where_it_is_rounded(place: Place, kiosk: House) -> None:
    assert "in cash" not in place.run("sale", "show").stdout
    kiosk.state = TerminalState(replace(PAYING, step=1000), Screen(Notice.PAY))
    rows = [line.split() for line in place.run("sale", "show").stdout.splitlines()]
    assert [row for row in rows if row[:1] in (["due"], ["in"])] == [
        ["due", "35.00", "EUR"],
        ["in", "cash", "38.00", "EUR", "rounded"],
    ]


def test_nothing_under_way_is_told(place: Place, kiosk: House) -> None:
    kiosk.state = TerminalState(TicketState(Phase.READY, Screen(Notice.READY)), Screen(Notice.READY))
    done = place.run("sale", "show")
    assert (done.exit_code, done.stdout) == (0, "No sale is under way. The screen says: ready.\n")
    done = place.run("sale", "card", "8817", *ME, "--yes")
    assert done.exit_code == NEEDS_PERSON
    assert "Nothing is due" in done.stderr


def test_what_the_card_terminal_took_pays_the_sale(place: Place, kiosk: House) -> None:
    done = place.run("sale", "card", "8817", "--amount", "35,00", *ME)
    assert done.exit_code == 0, done.output
    assert done.stdout == "Paid: 1 ticket as GJXS0LM6RYG37, entry 1 of the journal.\n"
    assert kiosk.posted == [CardPaid("t1", "8817", 3500, "the cashier")]


def test_without_an_amount_it_is_all_that_is_due_after_a_question(place: Place, kiosk: House) -> None:
    asked = place.run("sale", "card", "8817", *ME)
    assert (asked.exit_code, kiosk.posted) == (2, [])
    done = place.run("sale", "card", "8817", *ME, "--yes", "--json")
    assert json.loads(done.stdout)["seq"] == 1
    assert kiosk.posted == [CardPaid("t1", "8817", 3500, "the cashier")]


def test_a_reference_that_was_used_is_refused(place: Place, kiosk: House) -> None:
    place.run("sale", "card", "8817", "--amount", "35", *ME)
    done = place.run("sale", "card", "8817", "--amount", "35", *ME)
    assert done.exit_code == NEEDS_PERSON
    assert "has paid a sale already: entry 1" in done.stderr
    assert len(kiosk.posted) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("card", "8817", "--amount", "35"),
        ("card", "8817", "--amount", "much", *ME),
        ("card", "8817", "--amount", "0", *ME),
        ("card", " ", "--amount", "35", *ME),
        ("note", "x"),
        ("note", " ", *ME),
    ],
)
def test_what_makes_no_sense_is_wrong_use(place: Place, kiosk: House, words: tuple[str, ...]) -> None:
    assert place.run("sale", *words).exit_code == 2
    assert kiosk.posted == []


def test_a_note_goes_with_the_sale(place: Place, kiosk: House) -> None:
    done = place.run("sale", "note", "entrance B", *ME)
    assert (done.exit_code, done.stdout) == (0, "Noted: front row\n")
    assert kiosk.posted == [NoteMade("t1", "entrance B", "the cashier")]
    assert json.loads(place.run("sale", "note", "x", *ME, "--json").stdout)["under_way"] is True


def test_cancelling_is_the_button(place: Place, kiosk: House) -> None:
    done = place.run("sale", "cancel")
    assert (done.exit_code, done.stdout) == (0, "Cancelled. The screen says: returning.\n")
    assert [type(each) for each in kiosk.posted] == [ButtonPressed]
    again = place.run("sale", "cancel")
    assert again.exit_code == NEEDS_PERSON
    assert "nothing to cancel" in again.stderr
