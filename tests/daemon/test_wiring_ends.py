"""How the whole daemon ends: the stop, what hangs, what cannot start."""

import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Signal
from terminal.core.effects import Effect, Notice, ReadWallet
from terminal.core.events import Ended
from terminal.daemon import devices, wiring
from terminal.daemon.wiring import CannotStart
from terminal.journal import Journal, load_or_create_key
from terminal.journal.errors import JournalUnwritable
from tests.daemon import wiring_making
from tests.daemon.wiring_making import UID, House, buy, hand, ready, wait_for
from tests.support.waiting import wait_until

house = wiring_making.house


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
