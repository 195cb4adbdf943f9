"""The whole daemon in this process: what it builds, that it sells, and that it leaves nothing behind."""

from typing import Any

import pytest

from terminal.core.events import Ended, Health
from terminal.core.facts import DeviceCounted, EntryState, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.paper import Document, Text
from terminal.core.value import replace
from terminal.journal.errors import JournalUnwritable
from terminal.sandbox.ledger import Item
from tests.daemon import wiring_making
from tests.daemon.wiring_making import UID, House, buy, hand, ready, wait_for
from tests.journal.making import NOW, debit
from tests.support.waiting import wait_until

house = wiring_making.house


# -- it works ------------------------------------------------------------------------------------------


def test_it_sells_delivers_and_stops(house: House) -> None:
    daemon = house.start()
    assert house.notes == ["ready simulated-1: vending"]
    ready(daemon)
    buy(daemon)
    wait_for(daemon, "showing the result")
    wait_until(lambda: daemon.status()["queue"]["delivered"] == 1, what="the delivery")
    status = daemon.status()
    assert status["problems"] == []
    assert {each["name"]: each["health"] for each in status["devices"]} == dict.fromkeys(
        ("reader", "machine", "panel", "slot", "printer", "light"), Health.OK.value
    )
    assert [(each["name"], each["type"], each["state"]) for each in status["backends"]] == [
        ("main", "pointofsale", "ok")
    ]
    assert daemon._sandbox is not None
    balances = {each.token.upper(): each.balance for each in daemon._sandbox.ledger.wallets()}
    assert balances[UID] == 2_000 - 120
    assert daemon.hangs() == []
    house.stop(daemon)
    assert not (house.folder / "control.sock").exists()
    assert not daemon.failed


def test_what_the_socket_answers(house: House) -> None:
    daemon = house.start()
    ready(daemon)
    status, body = house.ask("status")
    assert (status, body["terminal"], body["phase"]) == (200, "simulated-1", "ready")
    assert house.ask("screen")[1]["notice"] == "ready"
    assert [each["name"] for each in house.ask("devices")[1]["devices"]] == [
        "reader",
        "machine",
        "panel",
        "slot",
        "printer",
        "light",
    ]


def test_the_screen_is_told_where_the_journal_cannot_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = house.start()
    ready(daemon)

    def fail(*_: object) -> Any:
        raise JournalUnwritable("The disk failed.")

    for name in ("counts", "wallet"):
        monkeypatch.setattr(daemon._journal, name, fail)
    assert house.ask("status") == (503, {"error": "The disk failed."})
    hand(daemon, "reader", "tap", UID)
    wait_until(lambda: house.ask("screen")[1]["notice"] == "refused", what="the customer to be told")
    assert daemon._turning.is_alive(), "a read that fails does not end the loop"
    assert house.ask("devices")[0] == 200


def test_what_it_says_to_who_starts_it_by_hand(house: House) -> None:
    daemon = house.make()
    address, commands = daemon.greeting()
    assert daemon._sandbox is not None
    assert daemon._sandbox.url in address
    assert f"terminalctl --config {house.folder}/terminal.toml status" in commands


def test_the_products_are_read_anew(house: House) -> None:
    daemon = house.start()
    ready(daemon)
    assert daemon._sandbox is not None
    daemon._sandbox.set_products([Item("tea", "Tea", 90)])
    daemon.reload()
    wait_until(
        lambda: [each["id"] for each in house.ask("screen")[1]["products"]] == ["tea"], what="the new products"
    )


def test_a_revoked_token_is_a_problem_though_nothing_is_sold_until_the_server_accepts_again(
    house: House,
) -> None:
    daemon = house.start()
    ready(daemon)
    sandbox = daemon._sandbox
    assert sandbox is not None
    wait_until(lambda: daemon.status()["backends"][0]["state"] == "ok", what="the first answer")
    token = sandbox.token
    sandbox.roll("an0ther-Token")
    daemon.reload()
    wait_until(lambda: daemon.status()["problems"], what="the problem")
    (problem,) = daemon.status()["problems"]
    assert problem.startswith("Backend 'main' is paused: the server answered 401")
    assert token not in problem
    assert daemon.status()["backends"][0]["state"] == "paused"
    sandbox.roll(token)
    assert house.post("sync")[0] == 200
    wait_until(lambda: not daemon.status()["problems"], what="the server to accept it again")
    assert daemon.status()["backends"][0]["state"] == "ok"


# -- what the last run left ----------------------------------------------------------------------------


def test_what_was_open_is_settled_before_anything_else(house: House) -> None:
    journal = house.journal()
    journal.commit([debit("k1", held=True), ReleaseIntended("k1/0", ReleaseKind.VEND, "k1", "machine")], NOW)
    journal.close()
    daemon = house.make()
    daemon._begin()
    assert daemon._journal.open_releases() == []
    story = daemon._journal.story(1)
    assert story is not None
    assert ("vend", Ended.UNKNOWN.value) in {(each.what, each.how) for each in story.events}
    assert story.entry.state is EntryState.PARKED, "a person decides; it is never given out again"


def test_what_the_start_decides_is_on_the_books_before_it_happens(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I1, from the very first decision on."""
    daemon = house.make()
    seen: list[Any] = []
    start = daemon._terminal.start

    def deciding(*given: Any) -> Any:
        made = start(*given)
        return replace(made, facts=(*made.facts, DeviceCounted("slot", "7")))

    monkeypatch.setattr(daemon._terminal, "start", deciding)
    monkeypatch.setattr(daemon, "_performer", lambda _: seen.append(daemon._journal.marks()))
    daemon._begin()
    assert seen
    assert all(marks == {"slot": "7"} for marks in seen)


def test_documents_that_no_printer_could_take_are_shown(house: House) -> None:
    paper = Document((Text("Admit one"),))
    tries = [("k1/receipt/5", "k1"), ("k1/ticket-2", "k1")]  # one of them was tried often enough
    intents = [ReleaseIntended(name, ReleaseKind.PRINT, key, "printer", "ticket", paper) for name, key in tries]
    failures = [ReleaseSettled(name, Ended.FAILED, "jammed") for name, _ in tries]
    journal = house.journal()
    journal.commit([debit("k1"), *intents, *failures], NOW)
    journal.close()
    daemon = house.make()
    daemon._begin()
    told = daemon.status()
    assert [(each["document"], each["words"]) for each in told["prints_given_up"]] == [
        ("k1/receipt", "It was tried 5 times.")
    ]
    assert told["prints_waiting"] == 1
    assert any("k1/receipt (It was tried 5 times)" in words for words in told["problems"])


def test_entries_for_a_server_that_nobody_configured_are_shown(house: House) -> None:
    journal = house.journal()
    journal.commit([replace(debit("k1"), backend="old")], NOW)
    journal.close()
    daemon = house.start()

    def seen() -> list[tuple[str, str, str]]:
        return [(each["name"], each["type"], each["state"]) for each in daemon.status()["backends"]]

    wait_until(lambda: ("old", "not configured", "paused") in seen(), what="the stranger")
