"""`journal` and sales of tickets: what a technician and a gate see, and what nobody is shown."""

import json

from terminal.core.delivery import Outcome
from terminal.core.events import Ended
from terminal.core.facts import (
    AttemptEnded,
    AttemptStarted,
    EntryState,
    PrintGivenUp,
    ReleaseIntended,
    ReleaseKind,
)
from terminal.core.tickets import Method, Payment
from terminal.core.value import replace
from tests.cli.conftest import UID, Place, at
from tests.journal.ticketing import CODE, OTHER, STAFF, document, interaction, printed, sold, ticket_sale


def sell(place: Place, key: str = "t1", code: str = CODE, tickets: int = 2) -> int:
    """Sell tickets, one of them paid by card, and return the number of the entry."""
    sale = ticket_sale(code, tickets, card=f"A-{key}", notes="for the choir")
    place.journal.commit(sold(key, sale, session=f"session of {key}"), at(0))
    entry = place.journal.entry(key)
    assert entry is not None
    return entry.seq


def park(place: Place, key: str = "t1", state: EntryState = EntryState.PARKED) -> None:
    outcome = Outcome.REFUSED if state is EntryState.PARKED else Outcome.UNKNOWN
    place.journal.commit([AttemptStarted(key), AttemptEnded(key, outcome, state, words="no such event")], at(9))


def copied(place: Place, ticket: str, before: str, copy: int) -> str:
    release = f"{ticket}/{copy + 1}-copy-{copy}"
    what = ticket.rpartition("/")[2]
    again = ReleaseIntended(release, ReleaseKind.PRINT, "t1", "printer", what, document(what), before)
    place.journal.commit([again], at(3))
    return release


def test_a_sale_is_listed_with_its_purchase_code_and_without_barcodes(place: Place) -> None:
    sell(place)
    listed = place.run("journal", "list").output
    assert f" sale {CODE} " in listed
    assert f"{CODE}X" not in listed
    (entry,) = json.loads(place.run("journal", "list", "--json").stdout)
    assert (entry["code"], entry["tickets"]) == (CODE, 2)
    assert f"{CODE}X" not in json.dumps(entry)


def test_a_sale_is_told_whole(place: Place) -> None:
    number = sell(place)
    done = place.run("journal", "show", str(number))
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.output.splitlines()]
    assert f"Entry {number}: a sale of tickets, 10.00 EUR, token -, queued" in done.output
    assert ["code", CODE, "(random)"] in rows
    assert ["staff", "…0102"] in rows
    assert "for the choir" in done.output
    assert ["2", "5.00", "EUR", "10.00", "EUR", f"{CODE}0000", "Adult", "(4)"] in rows
    assert ["cash", "5.00", "EUR"] in rows
    assert ["card", "5.00", "EUR", "A-t1"] in rows
    assert ["2", f"{CODE}XJX02", "Adult", "(8)", "being", "printed"] in rows


def test_what_came_of_rounding_cash_is_told(place: Place) -> None:
    sale = replace(ticket_sale(), payments=(Payment(Method.CASH, 950),), rounding=-50)
    place.journal.commit(sold("t1", sale), at(0))
    entry = place.journal.entry("t1")
    assert entry is not None
    done = place.run("journal", "show", str(entry.seq))
    assert "  rounding    -0.50 EUR of cash" in done.output.splitlines()
    assert '"rounding": -50' in place.run("journal", "show", str(entry.seq), "--json").stdout
    assert place.journal.verify() == []


def test_each_ticket_is_told_with_how_far_its_paper_is(place: Place) -> None:
    number = sell(place, tickets=5)
    names = [f"t1/ticket-{each}" for each in range(1, 6)]
    place.journal.commit([printed(names[0])], at(1))
    place.journal.commit([printed(name, Ended.FAILED, "paper out") for name in names[1:3]], at(1))
    place.journal.commit([PrintGivenUp(names[2], "tried 5 times")], at(2))
    place.journal.commit([printed(names[3], Ended.UNKNOWN, "torn?"), printed(names[4])], at(2))
    place.journal.commit([printed(copied(place, names[3], names[3], 1))], at(4))
    copied(place, names[4], "", 1)
    told = place.run("journal", "show", str(number)).output
    papers = [line.split("(8)")[1].strip() for line in told.splitlines() if "XJX" in line]
    assert papers == [
        "on paper",
        "waiting for a printer: paper out",
        "given up: tried 5 times",
        "copy 1 on paper",
        "copy 1 being printed; on paper before",
    ]


def test_a_sale_is_found_by_any_of_its_codes_with_a_daemon_and_without(place: Place) -> None:
    sell(place)
    sell(place, "t2", OTHER)
    for code in (CODE, f"{CODE}XJX02", f"{CODE}0000", f" {CODE.lower()}xjx01 "):
        done = place.run("journal", "find", code)
        assert done.exit_code == 0, done.output
        assert f"{CODE}XJX01" in done.output
        assert OTHER not in done.output
    place.start()
    found = json.loads(place.run("journal", "find", f"{OTHER}XJX01", "--json").stdout)
    assert found["entry"]["payload"]["purchase"]["code"] == OTHER
    assert [paper["what"] for paper in found["papers"]] == ["ticket-1", "ticket-2", "receipt"]


def test_a_code_of_no_sale_is_wrong_use(place: Place) -> None:
    sell(place)
    for code in (f"{CODE}XJX03", f"{CODE}0001", CODE[:-1], "\x1b[2J"):
        done = place.run("journal", "find", code)
        assert done.exit_code == 2
        assert "No sale of this terminal has the code" in done.stderr
        assert "\x1b" not in done.stderr


def test_a_parked_sale_says_that_its_tickets_stay_valid_and_what_to_do(place: Place) -> None:
    number = sell(place)
    park(place)
    told = place.run("journal", "show", str(number)).output
    assert "The tickets that were printed stay valid." in told
    assert "no such event" in told
    assert f"send it again: terminalctl journal resolve {number} --resend." in told
    assert (
        f"under the purchase code {CODE}, and settle it: terminalctl journal resolve {number} --write-off"
        in told
    )


def test_a_sale_that_is_perhaps_recorded_is_looked_for_by_its_purchase_code(place: Place) -> None:
    number = sell(place)
    park(place, state=EntryState.UNKNOWN)
    told = place.run("journal", "show", str(number)).output
    assert f"Look on the server for the purchase code {CODE}." in told
    assert "stay valid" in told


def test_a_person_settles_a_sale_only_once_the_server_was_asked(daemon: Place) -> None:
    number = sell(daemon)
    decided = ("--by", "the technician", "--reason", "entered by hand", "--yes")
    done = daemon.run("journal", "void", str(number), *decided)
    assert done.exit_code == 1
    assert "still on its way to the server" in done.stderr
    park(daemon)
    done = daemon.run("journal", "void", str(number), *decided)
    assert done.exit_code == 0, done.output
    assert "stay valid" in daemon.run("journal", "show", str(number)).output


def test_a_token_at_the_door_is_told(place: Place) -> None:
    place.journal.commit([interaction()], at(0))
    told = place.run("journal", "show", "1").output
    assert "a token at the door, 0.00 EUR, token …E5F6, queued" in told
    assert "check-in at 85" in told


def test_sales_have_a_column_in_the_books_where_there_are_any(place: Place) -> None:
    assert "TICKETS" not in place.run("journal", "books").output
    sell(place)
    told = place.run("journal", "books").output
    assert "TICKETS" in told
    queued = next(line for line in told.splitlines() if line.startswith("queued"))
    assert queued.split() == ["queued", "0.00", "EUR", "0.00", "EUR", "10.00", "EUR"]
    sums = json.loads(place.run("journal", "books", "--json").stdout)
    assert (sums["sales"]["queued"], sums["spent"], sums["missing"]) == (1000, 500, 0)


def test_no_uid_leaves_the_terminal_and_barcodes_only_with_the_sale_that_was_asked_for(daemon: Place) -> None:
    number = sell(daemon)
    daemon.journal.commit([interaction()], at(0))
    commands = [["list"], ["list", "--json"], ["show", str(number)], ["show", str(number), "--json"]]
    commands += [["find", CODE], ["find", CODE, "--json"], ["show", str(number + 9)], ["books", "--json"]]
    commands += [["export", "--what", what] for what in ("entries", "releases", "cash", "sessions")]
    told = {tuple(command): daemon.run("journal", *command).output for command in commands}
    for command, output in told.items():
        assert STAFF not in output, command
        assert UID not in output, command
        assert (f"{CODE}X" in output) == (command[0] == "find" or command[:2] == ("show", str(number))), command
    exported = json.loads(daemon.run("journal", "export", "--format", "json").stdout)
    assert [(row["kind"], row["code"], row["staff"]) for row in exported] == [
        ("sale", CODE, "…0102"),
        ("interaction", None, "-"),
    ]
