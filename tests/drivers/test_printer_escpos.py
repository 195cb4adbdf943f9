"""The ESC/POS driver against printers at the other end of a cable: what it says is never more than it knows."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from drivers.device import Pace
from drivers.printers import escpos, plain, ports
from drivers.printers.escpos import EscposOptions, EscposPrinter
from drivers.printers.paper.reading import read
from drivers.printers.paper.sheet import usual as printer_of
from terminal.core.events import DeviceChanged, Ended, Health, PrintEnded
from terminal.core.paper import Barcode, Columns, Document, Text
from tests.support import needs
from tests.support.printer_peer import NetworkPrinter, SerialPrinter
from tests.support.waiting import Inbox, wait_until

needs.module("escpos", "printer")
needs.module("serial", "printer")

RECEIPT = Document((Text("Café", align="center"), Columns("Credited", "2,50 €")))
LONG = Document(tuple(Text(f"line {number} of a long document") for number in range(1500)))


class QuickPrinter(EscposPrinter):
    """The same driver, with less patience between two tries to reopen."""

    pace = Pace(first_s=0.01, last_s=0.05)


@contextmanager
def driving(port: str, **options) -> Iterator[tuple[EscposPrinter, Inbox]]:
    inbox = Inbox()
    usual = {"port": port, "check_s": 0.1, "answer_ms": 5000, "stall_s": 0.5, "finish_s": 30}
    device = QuickPrinter("receipts", EscposOptions(**usual | options), inbox.put)
    device.start()
    try:
        yield device, inbox
    finally:
        device.stop()


def printed(device: EscposPrinter, inbox: Inbox, job: str, document: Document = RECEIPT) -> tuple[Ended, str]:
    device.print(job, document)
    return ended(inbox, job)


def ended(inbox: Inbox, job: str) -> tuple[Ended, str]:
    found = inbox.wait(
        lambda events: [event for event in events if isinstance(event, PrintEnded) and event.job == job],
        what=job,
    )
    assert len(found) == 1
    return found[0].ended, found[0].words


def is_at(device: EscposPrinter, health: Health, words: str = "") -> Callable[[], bool]:
    return lambda: device.condition.health is health and words in device.condition.words


@pytest.fixture
def peer(tmp_path) -> Iterator[SerialPrinter]:
    with SerialPrinter(tmp_path) as printer:
        yield printer


def test_a_receipt_reaches_the_paper_of_a_serial_printer(peer) -> None:
    with driving(peer.port) as (device, inbox):
        assert printed(device, inbox, "j1") == (Ended.DONE, "")
        sheet = read(bytes(peer.received), printer_of(504))
        lines = [line.strip() for line in sheet.text if line.strip()]
        assert lines == [line.strip() for line in plain.lines(RECEIPT, 42)]
        assert sheet.cuts == 1
        assert device.condition.health is Health.OK


def test_done_means_that_the_printer_has_worked_it_off(peer) -> None:
    with driving(peer.port) as (device, inbox):
        assert printed(device, inbox, "j1")[0] is Ended.DONE
        assert peer.received.endswith(b"\x1dV\x00")


@pytest.mark.parametrize(
    ("attribute", "word"), [("paper_out", "paper is out"), ("cover_open", "cover is open")]
)
def test_a_printer_that_cannot_print_gets_nothing_and_says_why(peer, attribute, word) -> None:
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        setattr(peer, attribute, True)
        assert printed(device, inbox, "j1") == (Ended.FAILED, f"nothing was printed: {device.condition.words}")
        assert word in device.condition.words
        assert peer.received == b""
        setattr(peer, attribute, False)
        wait_until(is_at(device, Health.OK), what="the printer back without being asked to print")
        assert printed(device, inbox, "j2")[0] is Ended.DONE


def test_trouble_is_seen_without_a_job(peer) -> None:
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        peer.near_end = True
        wait_until(is_at(device, Health.DEGRADED, "near its end"))
        assert printed(device, inbox, "j1")[0] is Ended.DONE
        peer.paper_out = True
        wait_until(is_at(device, Health.FAILED, "put in a new roll"))
        peer.near_end = peer.paper_out = False
        wait_until(is_at(device, Health.OK))
        healths = [event.health for event in inbox.of(DeviceChanged)]
        assert healths == [Health.OK, Health.DEGRADED, Health.FAILED, Health.OK]


def test_paper_that_ends_in_the_middle_is_unknown_and_the_next_receipt_waits_for_its_own_end(peer) -> None:
    peer.out_after = 20
    with driving(peer.port) as (device, inbox):
        assert printed(device, inbox, "j1") == (
            Ended.UNKNOWN,
            "printing broke off: the paper is out: put in a new roll",
        )
        assert device.condition.health is Health.FAILED
        peer.put_paper_in()
        wait_until(is_at(device, Health.DEGRADED, "look at the paper"))
        peer.received.clear()
        assert printed(device, inbox, "j2") == (Ended.DONE, "")
        assert peer.received.endswith(b"\x1dV\x00")
        wait_until(is_at(device, Health.OK))


def test_a_printer_that_stops_reading_is_given_up_and_never_blocks(peer) -> None:
    with driving(peer.port, answer_ms=300) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        peer.stalls_after = 1000
        outcome, words = printed(device, inbox, "j1", LONG)
        assert outcome is Ended.UNKNOWN
        assert "took no more data" in words
        assert len(peer.received) >= 1000
        peer.stalls_after = None
        wait_until(is_at(device, Health.DEGRADED, "look at the paper"), what="open again")


def test_a_printer_that_stops_reading_does_not_hold_up_the_stop(peer) -> None:
    with driving(peer.port, stall_s=600, answer_ms=100) as (device, inbox):
        wait_until(lambda: device.condition.health is not Health.STARTING)
        peer.stalls_after = 1000
        device.print("j1", LONG)
        wait_until(lambda: len(peer.received) >= 1000)
        device.print("j2", RECEIPT)
    assert ended(inbox, "j1")[0] is Ended.UNKNOWN
    assert ended(inbox, "j2")[0] is Ended.FAILED


def test_a_cable_that_breaks_in_the_middle_is_unknown_and_heals(peer) -> None:
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        peer.dies_after = 30_000
        assert printed(device, inbox, "j1", LONG)[0] is Ended.UNKNOWN
        wait_until(is_at(device, Health.MISSING), what="the printer to be missed")
        outcome, words = printed(device, inbox, "j2")
        assert outcome is Ended.FAILED
        assert "not ready" in words
        peer.unplug()
        peer.dies_after = None
        peer.plug()
        wait_until(is_at(device, Health.DEGRADED, "look at the paper"))
        peer.received.clear()
        assert printed(device, inbox, "j3") == (Ended.DONE, "")
        assert read(bytes(peer.received), printer_of()).cuts == 1


def test_a_power_cycle_is_survived_without_a_restart(peer, caplog) -> None:
    caplog.set_level(logging.INFO)
    with driving(peer.port) as (device, inbox):
        assert printed(device, inbox, "j1")[0] is Ended.DONE
        peer.unplug()
        wait_until(is_at(device, Health.MISSING))
        peer.plug()
        wait_until(is_at(device, Health.OK))
        assert printed(device, inbox, "j2")[0] is Ended.DONE
    told = [record.message for record in caplog.records if "receipts" in record.message]
    assert [line.split(" is ")[1].split(":")[0] for line in told] == ["ok", "missing", "ok"]


def test_a_printer_that_never_answers_prints_all_the_same(peer) -> None:
    peer.silent = True
    with driving(peer.port, answer_ms=50) as (device, inbox):
        wait_until(is_at(device, Health.OK, "answers no status questions"))
        outcome, words = printed(device, inbox, "j1")
        assert (outcome, "cannot tell" in words) == (Ended.DONE, True)
        peer.wait_for(b"\x1dV\x00")


def test_a_printer_that_is_not_to_be_asked_is_not_asked(peer) -> None:
    with driving(peer.port, status="none") as (device, inbox):
        assert printed(device, inbox, "j1")[0] is Ended.DONE
        peer.wait_for(b"\x1dV\x00")
        peer.say(bytes((0x18, 0x00, 0x0C, 0x00)))
        wait_until(is_at(device, Health.FAILED, "paper is out"), what="what it told unasked")
        assert peer.asked == 0
        assert printed(device, inbox, "j2")[0] is Ended.DONE


def test_a_printer_that_must_answer_is_missing_when_it_does_not(peer) -> None:
    peer.silent = True
    with driving(peer.port, status="always", answer_ms=50) as (device, inbox):
        wait_until(is_at(device, Health.MISSING, "switched on"))
        assert printed(device, inbox, "j1")[0] is Ended.FAILED
        peer.silent = False
        wait_until(is_at(device, Health.OK))
        assert b"Caf" not in peer.received


def test_silence_of_a_printer_that_has_answered_before_means_that_nothing_is_sent(peer) -> None:
    with driving(peer.port, answer_ms=200, check_s=3600) as (device, inbox):
        assert printed(device, inbox, "j1")[0] is Ended.DONE
        peer.silent = True
        peer.received.clear()
        outcome, words = printed(device, inbox, "j2")
        assert outcome is Ended.FAILED
        assert "does not answer any more" in words or "not ready" in words
        assert peer.received == b""


def test_silence_after_the_last_byte_is_unknown(peer) -> None:
    with driving(peer.port, answer_ms=300, check_s=3600) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        device.print("j1", LONG)
        peer.wait_for(b"line 3 ")
        peer.silent = True
        outcome, words = ended(inbox, "j1")
        assert outcome is Ended.UNKNOWN
        assert words


def test_a_printer_that_confirms_nothing_but_answers_is_judged_by_its_status(peer) -> None:
    peer.confirms = False
    peer.questions = {1, 4}
    with driving(peer.port, answer_ms=200) as (device, inbox):
        outcome, words = printed(device, inbox, "j1")
        assert (outcome, "does not confirm" in words) == (Ended.DONE, True)
        peer.paper_out = True
        assert printed(device, inbox, "j2")[0] is Ended.FAILED


def test_a_confirmation_that_never_comes_is_unknown(peer) -> None:
    with driving(peer.port, finish_s=0.3) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        peer.confirms = False
        assert printed(device, inbox, "j1") == (
            Ended.UNKNOWN,
            "it did not confirm in time that everything was printed",
        )


def test_the_same_job_is_never_printed_twice(peer) -> None:
    with driving(peer.port) as (device, inbox):
        assert printed(device, inbox, "j1")[0] is Ended.DONE
        with pytest.raises(ValueError, match="ordered before"):
            device.print("j1", RECEIPT)
        assert printed(device, inbox, "j2")[0] is Ended.DONE
        assert peer.received.count(b"Credited") == 2


def test_a_document_that_cannot_be_printed_fails_alone(peer) -> None:
    with driving(peer.port) as (device, inbox):
        outcome, words = printed(device, inbox, "j1", Document((Text("x"), Barcode("Ä"))))
        assert (outcome, "printable ASCII" in words) == (Ended.FAILED, True)
        assert printed(device, inbox, "j2")[0] is Ended.DONE
        assert device.condition.health is Health.OK


def test_a_wrong_profile_is_health_with_a_sentence(peer) -> None:
    with driving(peer.port, profile="TM-T88VV") as (device, inbox):
        wait_until(is_at(device, Health.FAILED, "did you mean one of: TM-T88V"))
        assert printed(device, inbox, "j1")[0] is Ended.FAILED


def test_printing_leaves_logging_and_stdout_alone(peer, capfd) -> None:
    before = list(logging.getLogger().handlers)
    with driving(peer.port) as (device, inbox):
        assert printed(device, inbox, "j1", Document((Barcode("T1"),)))[0] is Ended.DONE
    assert logging.getLogger().handlers == before
    assert capfd.readouterr() == ("", "")


def test_a_network_printer_prints_confirms_and_may_hang_up_between_two_receipts() -> None:
    with NetworkPrinter() as peer, driving(peer.port, check_s=3600) as (device, inbox):
        assert printed(device, inbox, "j1") == (Ended.DONE, "")
        peer.hang_up()
        assert printed(device, inbox, "j2") == (Ended.DONE, "")
        assert peer.connections == 2
        assert read(bytes(peer.received), printer_of()).cuts == 2


def test_a_network_printer_that_is_off_is_missing_and_comes_back() -> None:
    peer = NetworkPrinter()
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.MISSING, "cannot be reached"))
        with peer:
            wait_until(is_at(device, Health.OK))
            assert printed(device, inbox, "j1")[0] is Ended.DONE


def test_documents_are_added_to_a_file(tmp_path) -> None:
    path = tmp_path / "paper.bin"
    with driving(f"file://{path}") as (device, inbox):
        assert printed(device, inbox, "j1")[0] is Ended.DONE
        assert printed(device, inbox, "j2")[0] is Ended.DONE
    assert read(path.read_bytes(), printer_of()).cuts == 2
    assert path.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_no_receipt() -> None:
    with driving("file:///dev/full", status="none") as (device, inbox):
        wait_until(is_at(device, Health.OK))
        outcome, words = printed(device, inbox, "j1")
        assert (outcome, words) == (Ended.FAILED, "No space left on device")


def test_bytes_that_this_machine_still_holds_are_not_printed(monkeypatch) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        monkeypatch.setattr(ports, "open_port", lambda *_: ports.FdPort(ours, ours.fileno(), reads=True))
        with driving("serial:///dev/none", status="none") as (device, inbox):
            outcome, words = printed(device, inbox, "j1")
            assert (outcome, "took no more data" in words) == (Ended.UNKNOWN, True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"port": "/dev/ttyUSB0"}, "write serial:///dev/ttyUSB0"),
        ({"port": "tcp://printer"}, "expected tcp://HOST:PORT"),
        ({"port": "usb://04b8"}, "expected usb://VENDOR:PRODUCT"),
        ({"port": "serial:///dev/a", "cut": "half"}, "cut"),
        ({"port": "serial:///dev/a", "status": "maybe"}, "status"),
        ({"port": "serial:///dev/a", "columns": -1}, "columns"),
        ({"port": "serial:///dev/a", "answer_ms": 1}, "answer_ms"),
        ({"port": "serial:///dev/a", "speed": 1}, "speed"),
    ],
)
def test_wrong_options_are_refused_with_a_sentence(options, sentence) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert(options, EscposOptions)


def test_the_driver_is_what_the_table_names() -> None:
    assert escpos.EscposPrinter.role == "printer"
    assert escpos.EscposPrinter.Options is EscposOptions
