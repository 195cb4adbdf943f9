"""Printers that tell changes by themselves: at once, without being asked, and no longer than they are to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.contract import Traffic
from drivers.device import Pace
from drivers.printers.escpos import EscposOptions, EscposPrinter
from drivers.printers.status import Automatic, Decoder, Finished, Noise, RealTime, Status
from drivers.printers.talk import Talk
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Document, Text
from tests.support import needs
from tests.support.printer_peer import NetworkPrinter, PrinterPeer, SerialPrinter
from tests.support.waiting import Inbox, wait_until

needs.module("escpos", "printer")
needs.module("serial", "printer")

RECEIPT = Document((Text("A receipt"),))


class QuickPrinter(EscposPrinter):
    """The same driver, with less patience between two tries to reopen; counts how often it wakes."""

    pace = Pace(first_s=0.01, last_s=0.05)
    woken = 0

    def _serve(self) -> None:
        self.woken += 1
        super()._serve()


@contextmanager
def driving(peer: PrinterPeer, **options) -> Iterator[tuple[QuickPrinter, Inbox]]:
    """A driver that never looks again unless it must."""
    inbox = Inbox()
    usual = {"port": peer.port, "check_s": 3600, "answer_ms": 5000}
    device = QuickPrinter("receipts", EscposOptions(**usual | options), inbox.put)
    device.heard = []
    device.listener = device.heard.append
    device.start()
    try:
        wait_until(lambda: device.condition.health is Health.OK)
        yield device, inbox
    finally:
        device.stop()


@pytest.fixture(params=[SerialPrinter, NetworkPrinter])
def peer(request, tmp_path) -> Iterator[PrinterPeer]:
    printer = request.param(tmp_path) if request.param is SerialPrinter else request.param()
    with printer:
        yield printer


def shows(device, health, words="") -> None:
    wait_until(lambda: device.condition.health is health and words in device.condition.words, what=words)


def done(device, inbox, job) -> bool:
    device.print(job, RECEIPT)
    found = inbox.wait(lambda _: [event for event in inbox.of(PrintEnded) if event.job == job], what=job)
    return found[0].ended is Ended.DONE


def test_paper_and_cover_are_known_at_once_and_nobody_asks(peer) -> None:
    with driving(peer) as (device, inbox):
        for job in ("j1", "j2"):
            asked = peer.asked
            peer.paper_out = True
            shows(device, Health.FAILED, "paper is out")
            peer.paper_out, peer.cover_open = False, True
            shows(device, Health.FAILED, "cover is open")
            peer.cover_open, peer.near_end = False, True
            shows(device, Health.DEGRADED, "near its end")
            peer.near_end = False
            shows(device, Health.OK)
            assert peer.asked == asked
            assert device.woken < 40, "it sleeps until something is said"
            # The start of each document ends it (ESC @), so it is asked for again.
            assert done(device, inbox, job)


def test_it_is_switched_off_when_the_driver_goes(peer) -> None:
    with driving(peer):
        assert peer.tells
    wait_until(lambda: not peer.tells)
    assert bytes(peer.received) == b""


def test_it_can_be_left_off(peer) -> None:
    with driving(peer, automatic="off", check_s=0.1) as (device, inbox):
        assert done(device, inbox, "j1")
        peer.paper_out = True
        shows(device, Health.FAILED, "paper is out")
    assert peer.told == 0


def test_a_printer_that_knows_no_such_thing_is_asked_now_and_then(peer) -> None:
    peer.automatic = False
    with driving(peer, answer_ms=500, check_s=0.1) as (device, inbox):
        peer.cover_open = True
        shows(device, Health.FAILED, "cover is open")
        peer.cover_open = False
        shows(device, Health.OK)
        assert done(device, inbox, "j1")
    assert peer.told == 0


def test_what_goes_over_the_wire_can_be_listened_to(peer) -> None:
    with driving(peer) as (device, inbox):
        assert done(device, inbox, "j1")
        assert Traffic(">", b"\x10\x04\x01", "how are you, 1?") in device.heard
        assert any(each.way == "<" and each.raw == b"\x12" for each in device.heard)
        assert any(each.way == ">" and b"A receipt" in each.raw for each in device.heard)
        peer.say(b"\xff")
        wait_until(lambda: [each for each in device.heard if each.way == "!"])


# -- bytes -------------------------------------------------------------------------------------------------

QUIET = [byte for byte in range(256) if byte & 0x93 != 0x12 and byte & 0x90]
"""No answer to a real-time question, none to GS r, and no later byte of an automatic status."""
STRANGE = [byte for byte in QUIET if byte & 0x93 != 0x10]


def test_a_hundred_thousand_streams_break_nothing_and_rubbish_says_nothing() -> None:
    chance = random.Random(7)
    for number in range(100_000):
        stream = chance.randbytes(chance.randrange(16))
        messages = Decoder().feed(stream)
        assert sum(isinstance(each, RealTime) for each in messages) == sum(b & 0x93 == 0x12 for b in stream)
        assert sum(isinstance(each, Finished) for each in messages) <= sum(not b & 0x90 for b in stream)
        rubbish = bytes(chance.choices(STRANGE if number % 2 else QUIET, k=chance.randrange(16)))
        assert {type(each) for each in Decoder().feed(rubbish)} <= {Noise}


def test_a_bit_that_fell_over_within_an_automatic_status_confirms_nothing() -> None:
    chance = random.Random(8)
    for _ in range(20_000):
        whole = [0x10 | chance.choice((0, 0x08, 0x28)), *(chance.choice((0, 0x0C, 0x03)) for _ in range(3))]
        whole[chance.randrange(1, 4)] ^= 1 << chance.randrange(8)
        messages = Decoder().feed(bytes(whole))
        assert not any(isinstance(each, Finished) for each in messages), bytes(whole)


def test_everything_may_come_in_the_middle_of_an_automatic_status() -> None:
    chance = random.Random(9)
    told = Automatic(Status(offline=True, cover_open=True, paper_near_end=True))
    for _ in range(2_000):
        stream = [[0x38], [0x00], [0x03], [0x00]]
        answers = 0
        for at in range(3):
            between = chance.choices((0x12, 0x1E, 0x72, 0x11, 0x13), k=chance.randrange(3))
            answers += sum(byte not in (0x11, 0x13) for byte in between)
            stream[at] += between
        messages = Decoder().feed(bytes(byte for part in stream for byte in part))
        assert messages.count(told) == 1
        assert sum(isinstance(each, RealTime) for each in messages) == answers
        assert len(messages) == 1 + answers


class Wire:
    """A port under a test's control: it answers each question with what *answers* says."""

    reads = True
    fd = None

    def __init__(self, answers) -> None:
        self.answers = dict(answers)
        self.coming: list[bytes] = []

    def write(self, data, _wait_s):
        self.coming += [self.answers[bytes(data)]] if bytes(data) in self.answers else []
        return len(data)

    def read(self, _wait_s):
        return self.coming.pop(0) if self.coming else b""

    def pending(self):
        return 0

    def close(self):
        pass


WELL = {b"\x10\x04" + bytes((n,)): b"\x12" for n in (1, 2, 3, 4)}


def test_a_change_in_the_middle_of_an_answer_is_no_answer() -> None:
    talk = Talk(Wire(WELL | {b"\x10\x04\x02": b"\x38\x00\x36\x0c\x00"}), 0.01)
    status = talk.status()
    assert status is not None
    assert status.cover_open
    assert talk.told


def test_two_answers_to_one_question_are_none() -> None:
    talk = Talk(Wire(WELL | {b"\x10\x04\x03": b"\x12\x12"}), 0.01)
    assert talk.status() is None
    assert talk.noise == 1


def test_the_tail_of_an_automatic_status_is_more_than_was_asked_for() -> None:
    wire = Wire(WELL)
    talk = Talk(wire, 0.01)
    talk.tell_when_done()
    wire.coming = [b"\x00\x0c\x00"]
    talk.listen()
    assert (talk.owed, talk.surplus) == (0, 2)
    talk.tell_when_done()
    assert (talk.owed, talk.surplus) == (1, 0)


def test_what_will_never_come_is_no_longer_waited_for() -> None:
    wire = Wire(WELL | {b"\x1dr\x01": b"\x00"})
    talk = Talk(wire, 0.01)
    talk.owed = 2
    talk.settle()
    assert talk.owed == 0
    busy = Talk(Wire(WELL), 0.01)
    busy.owed = 2
    busy.settle()
    assert busy.owed == 3, "it is still busy with what it was sent"
