"""The whole daemon in this process: what it builds, that it sells, and that it leaves nothing behind."""

import http.client
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Signal
from terminal.core.effects import Effect, Notice, ReadWallet
from terminal.core.events import Ended, Health
from terminal.core.facts import DeviceCounted, EntryState, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.paper import Document, Text
from terminal.core.terminal import TerminalState
from terminal.core.value import replace
from terminal.daemon import devices, wiring
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import CannotStart, Daemon
from terminal.journal import Journal, load_or_create_key
from terminal.journal.errors import JournalUnwritable
from terminal.sandbox.ledger import Item
from tests.journal.making import NOW, debit
from tests.support.shipped import ShippedFile
from tests.support.waiting import wait_until

UID = "04A1B2C3D4E5F6"


class House(ShippedFile):
    """A simulated terminal, and every daemon of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("simulated.toml", folder, var="var", listen="127.0.0.1:8091")
        self.change("delay_ms = 1_500", "delay_ms = 0")
        self.daemons: list[Daemon] = []
        self.notes: list[str] = []

    def make(self) -> Daemon:
        daemon = self.build(_Noting(self.notes))
        self.daemons.append(daemon)
        return daemon

    def start(self) -> Daemon:
        daemon = self.make()
        daemon.start()
        return daemon

    def stop(self, daemon: Daemon) -> None:
        self.daemons.remove(daemon)
        daemon.stop()

    def journal(self) -> Journal:
        return Journal.open(
            self.folder / "journal.db", load_or_create_key(self.folder / "journal.db.key"), boot="test"
        )

    def ask(self, path: str) -> tuple[int, Any]:
        return self._call("GET", path)

    def post(self, path: str) -> tuple[int, Any]:
        return self._call("POST", path)

    def _call(self, method: str, path: str) -> tuple[int, Any]:
        with socket.socket(socket.AF_UNIX) as connected:
            connected.settimeout(30)
            connected.connect(str(self.folder / "control.sock"))
            connection = http.client.HTTPConnection("terminald")
            connection.sock = connected
            connection.request(method, f"/v1/{path}")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


class _Noting(Notifier):
    def __init__(self, notes: list[str]) -> None:
        super().__init__()
        self._notes = notes

    def ready(self, status: str = "") -> None:
        self._notes.append(f"ready {status}")


def _left() -> tuple[set[str], int]:
    """Return the names of the threads and the number of the sockets of this process."""
    sockets = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            sockets += each.readlink().name.startswith("socket:")
        except FileNotFoundError:  # the one that lists the folder
            continue
    return {thread.name for thread in threading.enumerate()}, sockets


@pytest.fixture
def house() -> Iterator[House]:
    """Whatever a test does: afterwards there are no threads and no sockets that were not there before."""
    before, sockets = _left()
    house = House(Path(tempfile.mkdtemp(prefix="daemon-")))  # a socket's path must be short
    yield house
    for daemon in house.daemons:
        daemon.stop()
    wait_until(lambda: _left()[0] <= before, what="all threads to end")
    assert _left()[1] <= sockets
    shutil.rmtree(house.folder)


def ready(daemon: Daemon) -> None:
    """Return when it can sell."""
    wait_until(lambda: daemon.status()["screen"]["notice"] == Notice.READY.value, what="READY on the screen")


def hand(daemon: Daemon, device: str, verb: str, *args: object) -> None:
    daemon._devices[device].hands[verb](*args)  # type: ignore[attr-defined]


def wait_for(daemon: Daemon, phase: str) -> None:
    def reached(state: TerminalState) -> bool:
        return state.job.phase_name == phase

    assert daemon._loop.wait_for(reached, 30), daemon.status()


def buy(daemon: Daemon) -> None:
    hand(daemon, "reader", "tap", UID)
    wait_for(daemon, "choosing")
    hand(daemon, "panel", "button", "espresso")


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


# -- the stop ------------------------------------------------------------------------------------------


def test_the_slot_is_closed_at_the_stop(house: House) -> None:
    house.change('job = "vending"', 'job = "topup"')
    daemon = house.start()
    slot: Any = daemon._devices["slot"]
    wait_until(lambda: not slot.inhibited, what="the slot to open")
    house.stop(daemon)
    assert slot.inhibited
    with pytest.raises(ValueError, match="not in operation"):
        slot.hands["coin"](100)


def test_what_is_being_given_out_may_end(house: House) -> None:
    house.change("delay_ms = 0", "delay_ms = 500")
    daemon = house.start()
    ready(daemon)
    buy(daemon)
    wait_for(daemon, "releasing")
    house.stop(daemon)
    journal = house.journal()
    story = journal.story(1)
    journal.close()
    assert story is not None
    assert [each.how for each in story.events if each.what == "vend"] == ["intended", "done"]


def test_a_daemon_that_was_never_started_can_be_stopped(house: House) -> None:
    daemon = house.make()
    house.stop(daemon)
    house.journal().close()


def test_a_loop_that_fails_ends_the_process_with_the_slots_closed(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(wiring.os, "kill", lambda *which: killed.append(which))
    monkeypatch.setattr(wiring, "SETTLE_S", 600)
    house.change('job = "vending"', 'job = "topup"')
    daemon = house.start()
    slot: Any = daemon._devices["slot"]
    wait_until(lambda: not slot.inhibited, what="the slot to open")

    def fail(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(daemon._terminal, "handle", fail)
    hand(daemon, "reader", "tap", UID)
    wait_until(lambda: killed, what="the end of the process")
    assert killed == [(os.getpid(), signal.SIGTERM)]
    assert daemon.failed
    assert "ends itself to be started anew" in caplog.text
    wait_until(lambda: daemon.hangs() == ["the loop does not turn"], what="the loop's end")
    house.stop(daemon)  # at once: nobody is left who could settle anything
    assert slot.inhibited


# -- what hangs ----------------------------------------------------------------------------------------


def test_a_device_that_hangs_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = house.start()
    assert daemon.hangs() == []
    monkeypatch.setattr(daemon._devices["slot"], "beat_age_ms", lambda: devices.STUCK_MS + 1)
    assert daemon.hangs() == ["the driver of 'slot' does not answer"]


def test_a_driver_that_hangs_is_replaced_while_everything_else_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sale under way ends as unknown, by its own deadline; the next one is given out by the new driver."""
    house.change("[reading]", "[vending]\nrelease_s = 1\n\n[reading]")
    daemon = house.start()
    ready(daemon)
    old: Any = daemon._devices["machine"]
    leave = threading.Event()
    monkeypatch.setattr(old, "_run", lambda *_args, **_more: leave.wait(120))
    others = {name: device for name, device in daemon._devices.items() if name != "machine"}
    buy(daemon)
    wait_until(lambda: daemon.status()["screen"]["notice"] == Notice.UNKNOWN.value, what="the deadline")
    assert daemon.status()["queue"]["parked"] == 1
    hand(daemon, "reader", "untap")
    hand(daemon, "slot", "unknown")
    wait_until(lambda: daemon.status()["screen"]["notice"] == Notice.COIN_UNKNOWN.value, what="the others")
    old._beat_at -= devices.SILENT_MS / 1000 + 1
    daemon._devices.look()
    assert daemon._devices["machine"] is not old
    assert {name: daemon._devices[name] for name in others} == others
    ready(daemon)
    assert daemon.hangs() == []
    (problem,) = [each for each in daemon.status()["problems"] if "machine" in each]
    assert problem.startswith("Release 'machine' is degraded: its driver did not answer for 3")
    buy(daemon)
    wait_until(lambda: daemon.status()["screen"]["notice"] == Notice.CONFIRMED.value, what="the next sale")
    new: Any = daemon._devices["machine"]
    assert (old.count, new.count) == (0, 1)
    leave.set()
    wait_until(lambda: not old._thread.is_alive(), what="the old driver's end")
    journal = [each.how for each in daemon._journal.story(1).events if each.what == "vend"]  # type: ignore[union-attr]
    assert journal == ["intended", Ended.UNKNOWN.value], "what the old one says at last changes nothing"


def test_an_indicator_shows_what_the_screen_says(house: House) -> None:
    daemon = house.start()
    ready(daemon)
    shown: Any = daemon._devices["light"]

    def words() -> str:
        return next(
            str(each["words"]) for each in house.ask("devices")[1]["devices"] if each["name"] == "light"
        )

    wait_until(lambda: words() == "shows: ready", what="the lamp")
    shown.shown.clear()
    buy(daemon)
    wait_until(lambda: words() == "shows: accepted", what="the lamp")
    assert set(shown.shown) == {Signal.BUSY, Signal.READY, Signal.ACCEPTED}, "checking, choosing, given"


def test_a_loop_that_hangs_is_told_and_does_not_hold_up_the_stop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "LOOP_STUCK_MS", 20)
    monkeypatch.setattr(wiring, "SETTLE_S", 0.05)
    daemon = house.start()
    ready(daemon)
    leave = threading.Event()

    def hang(effect: Effect) -> None:
        if isinstance(effect, ReadWallet):
            leave.wait(60)

    monkeypatch.setattr(daemon, "_performer", hang)
    hand(daemon, "reader", "tap", UID)
    wait_until(lambda: daemon.hangs() == ["the loop does not turn"], what="it to be told")
    house.stop(daemon)
    assert daemon._turning.is_alive()
    assert daemon._turning.daemon, "the process can end without it"
    leave.set()
    daemon._turning.join(30)


# -- what cannot start ---------------------------------------------------------------------------------


def test_a_second_one_is_refused_and_the_first_goes_on(house: House) -> None:
    daemon = house.start()
    ready(daemon)
    with pytest.raises(CannotStart, match="in use by another terminald"):
        house.make()
    assert house.ask("status")[0] == 200
    buy(daemon)


def test_a_socket_that_is_taken(house: House) -> None:
    """All that was opened before is closed again: the journal can be opened, and no device runs."""
    first = house.start()
    house.change('journal.db"', 'second.db"')
    second = house.make()
    house.daemons.remove(second)
    with pytest.raises(CannotStart, match="another process already answers"):
        second.start()
    assert house.ask("status")[0] == 200, "the first one's socket is where it was"
    key = load_or_create_key(house.folder / "second.db.key")
    Journal.open(house.folder / "second.db", key, boot="test").close()
    assert second.hangs() == ["the loop does not turn"]
    assert first.hangs() == []


def test_a_server_of_its_own_that_cannot_listen(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        house.change("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(CannotStart, match="The embedded server cannot start: cannot listen"):
            house.make()
    ours = [each for each in Path("/proc/self/fd").iterdir() if str(house.folder) in os.path.realpath(each)]
    assert ours == [], "neither the journal nor the server's ledger is held"
    house.journal().close()


def test_a_journal_that_fails_at_the_last_step_of_the_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = house.make()
    house.daemons.remove(daemon)

    def fail() -> None:
        raise JournalUnwritable("The disk failed.")

    monkeypatch.setattr(daemon._engine, "load", fail)
    with pytest.raises(CannotStart, match="The disk failed"):
        daemon.start()
    house.journal().close()
    assert not (house.folder / "control.sock").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(house: House) -> None:
    (house.folder / "taken").write_text("a file")
    house.change('journal.db"', 'taken/journal.db"')
    with pytest.raises(CannotStart) as caught:
        house.make()
    words = str(caught.value)
    assert words.startswith(f"The journal {house.folder}/taken/journal.db cannot be used (")
    assert "Errno" not in words
