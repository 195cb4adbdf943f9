"""The record of the simulated devices: what the world saw, before the daemon heard of it."""

import json

import pytest

from drivers.coins.simulated import SimulatedAcceptor, SimulatedAcceptorOptions
from drivers.device import Pace
from drivers.printers.simulated import SimulatedPrinter, SimulatedPrinterOptions
from drivers.releases.simulated import SimulatedRelease, SimulatedReleaseOptions
from drivers.simulated import SimulatedDevice
from terminal.core.catalogue import Product
from terminal.core.events import CoinInserted, DeviceChanged, Ended, Health, PrintEnded, ReleaseEnded
from terminal.core.paper import Document, Text
from tests.support.waiting import wait_until

RECEIPT = Document((Text("Grüße"), Text("2.00 €")))
COFFEE = Product(7, "Coffee", 150)


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(SimulatedDevice, "pace", Pace(first_s=0.001, last_s=0.01))


@pytest.fixture
def record(tmp_path):
    return tmp_path / "record"


@pytest.fixture
def slot(record, inbox, running):
    device = running(SimulatedAcceptor("slot", SimulatedAcceptorOptions(record=str(record)), inbox.put))
    wait_until(lambda: device.condition.health is Health.OK)
    return device


@pytest.fixture
def machine(record, inbox, running):
    return running(SimulatedRelease("machine", SimulatedReleaseOptions(record=str(record)), inbox.put))


@pytest.fixture
def printer(record, inbox, running):
    return running(SimulatedPrinter("printer", SimulatedPrinterOptions(record=str(record)), inbox.put))


def lines(record):
    return [json.loads(line) for line in record.read_text().splitlines()]


def ended(inbox, kind):
    return inbox.wait(lambda _: inbox.of(kind), what=kind.__name__)[-1]


def break_record(record):
    """Let nothing be written there any more; permissions would not stop root."""
    record.unlink()
    record.mkdir()


def test_only_a_coin_that_is_swallowed_is_on_record(slot, record):
    with pytest.raises(ValueError, match="falls through"):
        slot.coin(50)
    slot.accept(50)
    slot.coin(50)
    with pytest.raises(ValueError, match="falls through"):
        slot.coin(50)
    assert lines(record) == [{"what": "coin", "device": "slot", "amount": 50}]


def test_a_coin_is_on_record_before_the_daemon_hears_of_it(record, running):
    seen = []

    def emit(event):
        if isinstance(event, CoinInserted):
            seen.append(lines(record))

    device = running(SimulatedAcceptor("slot", SimulatedAcceptorOptions(record=str(record)), emit))
    wait_until(lambda: device.condition.health is Health.OK)
    device.accept(500)
    device.coin(200)
    assert seen == [[{"what": "coin", "device": "slot", "amount": 200}]]


def test_a_coin_that_cannot_be_put_on_record_falls_through(slot, record, inbox):
    slot.accept(500)
    break_record(record)
    with pytest.raises(ValueError, match=r"the record of slot cannot be written: .*falls through"):
        slot.coin(50)
    assert inbox.of(CoinInserted) == []


def test_a_piece_is_on_record_before_its_answer_and_a_failure_is_not(machine, record, inbox):
    machine.fail_next()
    machine.release("r1", COFFEE)
    machine.release("r2", COFFEE)
    inbox.wait(lambda _: len(inbox.of(ReleaseEnded)) == 2)
    assert lines(record) == [{"what": "piece", "device": "machine", "release": "r2", "product": 7}]


def test_a_piece_that_comes_out_in_silence_is_on_record(machine, record):
    machine.silent_next()
    machine.release("r1", COFFEE)
    wait_until(lambda: machine.count == 1)
    assert [line["release"] for line in lines(record)] == ["r1"]


def test_a_piece_that_cannot_be_put_on_record_does_not_come_out(machine, record, inbox):
    wait_until(lambda: machine.condition.health is Health.OK)
    break_record(record)
    machine.release("r1", COFFEE)
    assert ended(inbox, ReleaseEnded).ended is Ended.FAILED
    assert machine.count == 0


def test_documents_are_on_record_as_their_lines_whole_or_torn(printer, record, inbox):
    printer.print("p1", RECEIPT)
    assert ended(inbox, PrintEnded).ended is Ended.DONE
    printer.tear_next()
    printer.print("p2", RECEIPT)
    inbox.wait(lambda _: len(inbox.of(PrintEnded)) == 2)
    assert lines(record) == [
        {"what": "document", "device": "printer", "job": "p1", "lines": ["Grüße", "2.00 €"], "whole": True},
        {"what": "document", "device": "printer", "job": "p2", "lines": ["Grüße"], "whole": False},
    ]


def test_a_document_that_cannot_be_put_on_record_is_not_printed(printer, record, inbox):
    wait_until(lambda: printer.condition.health is Health.OK)
    break_record(record)
    printer.print("p1", RECEIPT)
    assert ended(inbox, PrintEnded).ended is Ended.FAILED
    assert not printer.papers


def test_devices_share_a_record_and_go_on_in_one_that_is_there(slot, machine, record, inbox):
    slot.accept(500)
    slot.coin(10)
    machine.release("r1", COFFEE)
    ended(inbox, ReleaseEnded)
    slot.coin(20)
    assert [line["what"] for line in lines(record)] == ["coin", "piece", "coin"]


def test_a_record_that_cannot_be_written_is_told_in_a_sentence_and_noticed_when_it_can(record, inbox, running):
    record.mkdir()
    device = running(SimulatedAcceptor("slot", SimulatedAcceptorOptions(record=str(record)), inbox.put))
    wait_until(lambda: device.condition.health is Health.FAILED)
    assert device.condition.words == f"the record of slot cannot be written: {record}: Is a directory"
    record.rmdir()
    wait_until(lambda: device.condition.health is Health.OK)
    assert inbox.of(DeviceChanged)[-1].health is Health.OK


def test_without_a_record_nothing_is_written(inbox, running, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    device = running(SimulatedAcceptor("slot", SimulatedAcceptorOptions(), inbox.put))
    wait_until(lambda: device.condition.health is Health.OK)
    device.accept(500)
    device.coin(50)
    assert list(tmp_path.iterdir()) == []
