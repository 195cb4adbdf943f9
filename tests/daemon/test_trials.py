"""A technician tries a device of the running daemon: over its control socket, in this process."""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Signal
from terminal.cli.client import Control
from terminal.cli.errors import Refused, WrongUse
from terminal.core.facts import EntryState
from terminal.daemon.trials import Trials
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import Daemon
from terminal.settings import load
from tests.support.waiting import wait_until

SIMULATED = Path(__file__).parents[2] / "config/simulated.toml"
UID = "04A1B2C3D4E5F6"
MORE = "".join(
    f'\n[[devices]]\nname = "{name}"\nrole = "{role}"\ndriver = "simulated"\n'
    for name, role in (("lamps", "indicator"), ("hopper", "payout"))
)
ASKED: dict[str, Any] = {"seconds": 60, "raw": False, "full_uids": False, "act": "", "what": "", "by": ""}


class House:
    """A simulated terminal that runs."""

    def __init__(self, folder: Path) -> None:
        text = SIMULATED.read_text().replace('"var/', f'"{folder}/').replace("127.0.0.1:8091", "127.0.0.1:0")
        text = text.replace("delay_ms = 1_500", "delay_ms = 0").replace("[control]", "keep = 0\n\n[control]")
        config = folder / "terminal.toml"
        config.write_text(text + MORE)
        self.daemon = Daemon(load(config), Notifier())
        self.socket = folder / "control.sock"
        self.daemon.start()
        wait_until(lambda: self.notice() == "ready", what="READY on the screen")

    def notice(self) -> str:
        return str(self.daemon.status()["screen"]["notice"])

    def device(self, name: str) -> Any:
        return self.daemon._devices[name]

    def hand(self, name: str, verb: str, *args: object) -> None:
        self.device(name).hands[verb](*args)

    def trials(self) -> Trials:
        heard: Any = self.daemon._devices.heard
        trials: Trials = heard.__self__
        return trials

    def listening(self, name: str) -> bool:
        return name in self.trials()._ears

    def stream(self, name: str, **asked: object) -> Iterator[dict[str, Any]]:
        with Control(str(self.socket), 30) as control:
            yield from control.stream(f"/v1/devices/{name}/try", ASKED | asked, 60)


@pytest.fixture
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="trials-"))  # a socket's path must be short
    before = set(threading.enumerate())
    house = House(folder)
    yield house
    house.daemon.stop()
    wait_until(lambda: set(threading.enumerate()) <= before, what="all threads to end")
    shutil.rmtree(folder)


def until(lines: Iterator[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """Return the lines up to the first that holds *words*."""
    seen = []
    for line in lines:
        seen.append(line)
        if words in line["words"]:
            return seen
    raise AssertionError(f"the stream ended without {words!r}: {seen}")


def test_what_a_device_says_is_heard_and_the_terminal_hears_it_too(house: House) -> None:
    with closing(house.stream("reader")) as lines:
        first = next(lines)
        assert first["kind"] == "note"
        assert first["values"] == {"health": "ok"}
        house.hand("reader", "tap", UID)
        seen = until(lines, "token")
        assert seen[-1]["words"] == "token …E5F6"
        assert UID not in repr(seen)
        house.hand("panel", "button", "espresso")
        house.hand("reader", "untap")
        assert all("button" not in line["words"] for line in until(lines, "taken away"))
    wait_until(lambda: house.daemon.status()["queue"]["delivered"] == 1, what="the sale")


def test_a_full_uid_goes_to_who_asked_for_it(house: House) -> None:
    with closing(house.stream("reader", full_uids=True)) as lines:
        next(lines)
        house.hand("reader", "tap", UID)
        assert until(lines, "token")[-1]["values"]["uid"] == UID


def test_the_wire_is_listened_to_only_while_somebody_wants_it(house: House) -> None:
    reader = house.device("reader")
    with closing(house.stream("reader", raw=True, full_uids=True)) as lines:
        next(lines)
        reader._traffic(">", b"\x01\x02", "a question")
        line = until(lines, "a question")[-1]
        assert (line["kind"], line["way"], line["raw"]) == ("traffic", ">", "01 02")
    wait_until(lambda: reader.listener is None, what="the end of listening")


def test_a_loss_and_a_return_are_heard(house: House) -> None:
    with closing(house.stream("reader")) as lines:
        next(lines)
        house.hand("reader", "unplug")
        assert until(lines, "health missing")[-1]["values"]["health"] == "missing"
        house.hand("reader", "plug")
        until(lines, "health ok")


def test_it_ends_by_itself_and_when_the_client_has_gone(house: House) -> None:
    *_, last = house.stream("reader", seconds=0.1)
    assert last["kind"] == "end"
    assert last["at_s"] > 0
    assert not house.listening("reader")
    lines = house.stream("reader")
    next(lines)
    assert house.listening("reader")
    lines.close()  # type: ignore[attr-defined] # it is a generator
    wait_until(lambda: not house.listening("reader"), what="the daemon to notice")


def test_one_listener_at_a_time(house: House) -> None:
    with closing(house.stream("reader")) as lines:
        next(lines)
        with pytest.raises(Refused, match="somebody else listens to 'reader'"):
            next(house.stream("reader"))
        next(house.stream("panel", seconds=0.1))


def test_a_stream_ends_with_the_daemon(house: House) -> None:
    lines = house.stream("reader", seconds=3600)
    next(lines)
    house.daemon._control.stop()
    assert list(lines) == []


def test_a_client_that_sends_more_than_its_question_is_let_go(house: House) -> None:
    body = b'{"seconds": 3600}'
    with socket.socket(socket.AF_UNIX) as rude:
        rude.settimeout(30)
        rude.connect(str(house.socket))
        head = ["POST /v1/devices/reader/try HTTP/1.1", "Content-Type: application/json"]
        head += [f"Content-Length: {len(body)}", "", ""]
        rude.sendall("\r\n".join(head).encode() + body)
        assert b"200 OK" in rude.recv(4096)
        rude.sendall(b"and more")
        wait_until(lambda: not house.listening("reader"), what="the end of the stream")


# -- acts ----------------------------------------------------------------------------------------------


def test_a_pulse_is_on_the_books_before_the_piece_comes_out(house: House) -> None:
    machine = house.device("machine")
    booked: list[EntryState] = []
    give = machine._run

    def watched(release: str, product: object, **more: object) -> None:
        entry = house.daemon._journal.entry(release.partition("/")[0])
        booked.append(entry.state if entry else EntryState.UNKNOWN)
        give(release, product, **more)

    machine._run = watched
    with closing(house.stream("machine", act="pulse", what="espresso", by="the technician")) as lines:
        # The end may come before the words that it was ordered.
        seen = until(lines, "ordered")
        if not any("release done" in line["words"] for line in seen):
            until(lines, "release done")
    (key,) = [line["values"]["key"] for line in seen if line["values"].get("act") == "pulse"]
    assert booked == [EntryState.VOIDED]
    assert machine.count == 1
    assert machine.given[0][1].name == "Espresso"
    entry = house.daemon._journal.entry(key)
    assert entry is not None
    assert entry.amount == 0
    assert "the technician" in entry.words
    wait_until(lambda: not house.daemon._journal.open_releases(), what="the end on the books")
    assert house.daemon.status()["problems"] == []


def test_a_page_is_printed_and_on_the_books(house: House) -> None:
    with closing(house.stream("printer", act="print", by="the technician")) as lines:
        until(lines, "print done")
    (entry,) = house.daemon._journal.entries()
    assert entry.description == "Trial of printer"


def test_nothing_is_tried_while_somebody_is_at_the_machine(house: House) -> None:
    house.hand("reader", "tap", UID)
    wait_until(lambda: house.notice() == "choose", what="the guest to choose")
    with pytest.raises(Refused, match="Somebody is at the machine"):
        next(house.stream("machine", act="pulse", by="the technician"))
    with pytest.raises(Refused, match="Somebody is at the machine"):
        next(house.stream("lamps", act="signal", what="refused"))
    assert house.device("machine").count == 0
    assert house.daemon._journal.entries() == []
    assert not house.listening("machine")
    next(house.stream("machine", seconds=0.1))  # looking on is always allowed


def test_what_makes_no_sense_is_refused_before_anything_happens(house: House) -> None:
    for name, asked, words in (
        ("nothing", {}, "there is no device 'nothing'; there are reader, machine"),
        ("reader", {"act": "pulse", "by": "the technician"}, "'reader' is a reader"),
        ("machine", {"act": "pulse"}, "who tries it"),
        ("machine", {"act": "pulse", "by": "two\nlines"}, "who tries it"),
        ("lamps", {"act": "signal", "what": "disco"}, "expected one of ready, busy"),
        ("reader", {"seconds": 0}, "seconds"),
        ("reader", {"act": "explode"}, "act"),
    ):
        with pytest.raises(WrongUse, match=words):
            next(house.stream(name, **asked))
        assert not house.listening(name)
    assert house.daemon._journal.entries() == []


def test_a_signal_is_shown_while_somebody_looks_and_then_the_screens_again(house: House) -> None:
    lamps = house.device("lamps")
    with closing(house.stream("lamps", act="signal", what="call staff")) as lines:
        next(lines)
        wait_until(lambda: lamps.shown and lamps.shown[-1] is Signal.CALL_STAFF, what="the signal")
    wait_until(lambda: lamps.shown[-1] is Signal.READY, what="what the screen says")
    assert house.daemon._journal.entries() == []


# -- money ---------------------------------------------------------------------------------------------


def test_a_coin_is_paid_out_in_the_technicians_name(house: House) -> None:
    with closing(house.stream("hopper", act="pay", what="100", by="the technician")) as lines:
        seen = until(lines, "payout done, 100 cents")
    assert any("on the books as" in line["words"] for line in seen)
    (entry,) = house.daemon._journal.entries()
    assert (entry.state, entry.amount) == (EntryState.VOIDED, 0)
    wait_until(lambda: not house.daemon._journal.open_payouts(), what="the payout on the books")
    assert house.device("hopper").given == 1
    assert house.daemon._journal.verify() == []


def test_coins_are_taken_while_the_technician_watches(house: House) -> None:
    slot = house.device("slot")
    with pytest.raises(ValueError, match="inhibited"):
        house.hand("slot", "coin", 50)
    with closing(house.stream("slot", act="accept", what="500", by="the technician")) as lines:
        until(lines, "takes coins")
        wait_until(lambda: not slot.inhibited, what="the open slot")
        house.hand("slot", "coin", 50)
        assert until(lines, "money: 50 cents")[-1]["event"] == "CoinInserted"
    wait_until(lambda: slot.inhibited, what="the closed slot")
    wait_until(house.daemon._journal.entries, what="the coin on the books")
    (entry,) = house.daemon._journal.entries()
    assert (entry.state, entry.amount) == (EntryState.VOIDED, 50)
    books = house.daemon._journal.books()
    assert (books.accepted, books.written_off, books.missing) == (50, 50, 0)


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("slot", {"act": "pay", "what": "50"}, "is a coin_acceptor"),
        ("hopper", {"act": "accept", "what": "50"}, "is a payout"),
        ("hopper", {"act": "pay", "what": "0"}, "cents from 1"),
        ("hopper", {"act": "pay", "what": "1.5"}, "cents from 1"),
        ("hopper", {"act": "pay", "what": "50", "by": " "}, "who tries it"),
    ],
)
def test_money_is_not_tried_like_this(house: House, name: str, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongUse, match=words):
        next(house.stream(name, **({"by": "the technician"} | asked)))
    assert house.daemon._journal.entries() == []
