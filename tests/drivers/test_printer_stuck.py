"""Printers that stop reading, babble, answer late or never: every wait ends, and every order is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.device import STOP_S, Pace
from drivers.printers.escpos import EscposOptions, EscposPrinter
from drivers.printers.paper.reading import read
from drivers.printers.paper.sheet import usual as printer_of
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Document, QrCode, Text
from tests.support import needs
from tests.support.printer_peer import NetworkPrinter, PrinterPeer, SerialPrinter
from tests.support.waiting import Inbox, wait_until

needs.module("escpos", "printer")
needs.module("serial", "printer")

RECEIPT = Document((Text("A receipt"), Text("of two lines")))
LONG = Document(tuple(Text(f"line {number} of a long document") for number in range(3000)))
BEAT_MS = 10_000


class QuickPrinter(EscposPrinter):
    """The same driver, with less patience between two tries to reopen."""

    pace = Pace(first_s=0.01, last_s=0.05)


@contextmanager
def driving(port: str, **options) -> Iterator[tuple[EscposPrinter, Inbox]]:
    """A driver that must have ended its thread, and answered every order, when it is stopped."""
    inbox = Inbox()
    usual = {"port": port, "check_s": 0.1, "answer_ms": 300, "stall_s": 0.5, "finish_s": 2}
    device = QuickPrinter("receipts", EscposOptions(**usual | options), inbox.put)
    device.start()
    try:
        yield device, inbox
    finally:
        device.stop()
        assert device._thread is not None
        assert not device._thread.is_alive(), f"stop() was to end it within {STOP_S} s"


@pytest.fixture(params=[SerialPrinter, NetworkPrinter])
def peer(request, tmp_path) -> Iterator[PrinterPeer]:
    printer = request.param(tmp_path) if request.param is SerialPrinter else request.param()
    with printer:
        yield printer


def is_at(device, health, words=""):
    return lambda: device.condition.health is health and words in device.condition.words


def ended(device, inbox, job) -> Ended:
    """Wait for the answer to *job*; meanwhile the driver's heart must beat."""
    beats = []

    def answered():
        beats.append(device.beat_age_ms())
        return [event for event in inbox.of(PrintEnded) if event.job == job]

    found = wait_until(answered, what=job)
    assert len(found) == 1
    assert max(beats) < BEAT_MS
    return found[0].ended


def printed(device, inbox, job, document=RECEIPT) -> Ended:
    device.print(job, document)
    return ended(device, inbox, job)


def test_a_printer_that_babbles_is_not_printed_on(peer) -> None:
    peer.babbles = True
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.FAILED, "makes no sense"))
        assert printed(device, inbox, "j1") is Ended.FAILED
        peer.babbles = False
        wait_until(is_at(device, Health.OK), what="well again")
        assert printed(device, inbox, "j2") is Ended.DONE
    assert bytes(peer.received).count(b"A receipt") == 1


def test_a_printer_that_begins_to_babble_has_printed_nobody_knows_what(peer) -> None:
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        device.print("j1", LONG)
        peer.wait_for(b"line 3 ")
        peer.babbles = True
        assert ended(device, inbox, "j1") is Ended.UNKNOWN


def test_rubbish_that_looks_like_a_confirmation_is_none(peer) -> None:
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        peer.confirms = False
        device.print("j1", RECEIPT)
        peer.wait_for(b"\x1dV\x00")
        peer.say(b"\x00\x00\x00")
        assert ended(device, inbox, "j1") is Ended.UNKNOWN


def test_a_printer_that_answers_late_still_never_prints_twice(peer) -> None:
    with driving(peer.port) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        peer.late_s = 0.5
        outcomes = [printed(device, inbox, f"j{number}") for number in range(3)]
        peer.late_s = 0.0
        wait_until(lambda: device.condition.health in (Health.OK, Health.DEGRADED), what="well again")
        wait_until(lambda: printed(device, inbox, f"j{len(inbox.of(PrintEnded))}") is Ended.DONE)
    done = bytes(peer.received).count(b"of two lines")
    assert outcomes.count(Ended.DONE) < done <= len(inbox.of(PrintEnded))


def test_a_connection_that_is_taken_and_never_read_is_a_printer_that_is_missed() -> None:
    with NetworkPrinter() as peer:
        peer.stalls_after = 0
        with driving(peer.port, status="always") as (device, inbox):
            wait_until(is_at(device, Health.MISSING))
            assert printed(device, inbox, "j1") is Ended.FAILED
            peer.stalls_after = None
            wait_until(is_at(device, Health.OK))
            assert printed(device, inbox, "j2") is Ended.DONE


def test_a_connection_that_is_closed_at_once_is_no_busy_loop() -> None:
    opened = []

    class Counting(QuickPrinter):
        def _open(self):
            opened.append(1)
            return super()._open()

    with NetworkPrinter() as peer:
        inbox = Inbox()
        options = EscposOptions(port=peer.port, answer_ms=300, check_s=3600)
        device = Counting("receipts", options, inbox.put)
        device.start()
        try:
            wait_until(is_at(device, Health.OK))
            for _ in range(5):
                peer.hang_up()
            assert printed(device, inbox, "j1") in (Ended.DONE, Ended.FAILED)
            assert len(opened) <= 5 + 4
        finally:
            device.stop()


def test_a_stop_in_the_middle_of_a_document_is_answered_and_prompt(peer) -> None:
    with driving(peer.port, stall_s=600, finish_s=600) as (device, inbox):
        wait_until(is_at(device, Health.OK))
        peer.stalls_after = len(peer.received) + 500
        for number in range(3):
            device.print(f"j{number}", LONG)
        wait_until(lambda: len(peer.received) >= 500)
    outcomes = [event.ended for event in inbox.of(PrintEnded)]
    assert outcomes == [Ended.UNKNOWN, Ended.FAILED, Ended.FAILED]


def test_a_picture_that_broke_off_does_not_swallow_the_next_receipt(tmp_path) -> None:
    pictures = Document(tuple(QrCode(f"https://example.org/{number}") for number in range(40)))
    with (
        SerialPrinter(tmp_path) as peer,
        driving(peer.port, profile="POS-5890", check_s=3600) as (device, inbox),
    ):
        wait_until(is_at(device, Health.OK))
        peer.stalls_after = 1000
        assert printed(device, inbox, "j1", pictures) is Ended.UNKNOWN
        peer.stalls_after = None
        wait_until(is_at(device, Health.DEGRADED))
        assert printed(device, inbox, "j2") is Ended.DONE
        assert [line for line in read(bytes(peer.received), printer_of()).text if line] == [
            "A receipt",
            "of two lines",
        ]


def test_a_pipe_that_nobody_empties(tmp_path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with driving(f"file://{path}") as (device, inbox):
            wait_until(is_at(device, Health.OK))
            assert printed(device, inbox, "j1", LONG) is Ended.UNKNOWN
    finally:
        os.close(reader)


def test_a_network_that_swallows_connections_does_not_hold_up_the_stop() -> None:
    # TEST-NET-1 (RFC 5737) leads nowhere: the connection is never made, or refused at once.
    with driving("tcp://192.0.2.1:9100", connect_s=20) as (device, inbox):
        device.print("j1", RECEIPT)
    assert [event.ended for event in inbox.of(PrintEnded)] == [Ended.FAILED]
