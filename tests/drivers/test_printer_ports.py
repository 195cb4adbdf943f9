"""Ways to a printer, and what is said where one cannot be opened."""

from __future__ import annotations

import itertools
import os
import socket
import tty
from pathlib import Path

import pytest

from drivers.device import DeviceError, DeviceFault, DeviceMissing
from drivers.printers import ports
from drivers.printers.ports import File, Line, Network, Serial, Usb, open_port, parse
from drivers.printers.talk import Talk
from tests.support import needs

needs.module("serial", "printer")


@pytest.mark.parametrize(
    ("port", "address"),
    [
        ("serial:///dev/serial/by-id/usb-FTDI_A-if00", Serial("/dev/serial/by-id/usb-FTDI_A-if00")),
        ("usb://04b8:0e15", Usb(0x04B8, 0x0E15)),
        ("usb://04B8:0E15/J5X-1", Usb(0x04B8, 0x0E15, "J5X-1")),
        ("tcp://192.168.1.20:9100", Network("192.168.1.20", 9100)),
        ("tcp://[fe80::1]:9100/", Network("fe80::1", 9100)),
        ("file:///var/lib/with%20blank", File("/var/lib/with blank")),
    ],
)
def test_each_form_of_a_port(port, address) -> None:
    assert parse(port) == address


@pytest.mark.parametrize(
    "port",
    [
        "",
        "/dev/ttyUSB0",
        "COM1",
        "serial://ttyUSB0",
        "serial:///",
        "file://host/path",
        "usb://",
        "usb://4b8",
        "usb://04b8:xyz",
        "usb://04b8:10e15",
        "tcp://:9100",
        "tcp://host",
        "tcp://host:0",
        "tcp://host:99999",
        "tcp://me:secret@host:9100",
        "tcp://host:9100/queue",
        "http://host:9100",
    ],
)
def test_anything_else_is_refused_with_what_is_expected(port) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse(port)


def test_a_missing_serial_line_is_missing(tmp_path) -> None:
    with pytest.raises(DeviceMissing, match="there is no"):
        open_port(Serial(str(tmp_path / "none")), Line())


def test_what_is_no_serial_line_is_a_sentence(tmp_path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(DeviceError, match="Inappropriate ioctl"):
        open_port(Serial(str(path)), Line())


def test_nothing_is_created_in_the_place_of_an_unplugged_printer() -> None:
    path = Path("/dev/terminald-no-such-printer")
    with pytest.raises(DeviceMissing, match="plugged in"):
        open_port(File(str(path)), Line())
    assert not path.exists()


def test_a_plain_file_among_the_devices_is_no_printer() -> None:
    path = Path(f"/dev/shm/terminald-{os.getpid()}")  # noqa: S108 - the point is that it lies under /dev
    path.touch()
    try:
        with pytest.raises(DeviceFault, match="plain file: remove it"):
            open_port(File(str(path)), Line())
    finally:
        path.unlink()


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path) -> None:
    with pytest.raises(DeviceMissing, match="cannot be opened: No such file"):
        open_port(File(str(tmp_path / "none" / "paper")), Line())


def test_bytes_under_way_are_counted_and_a_busy_end_takes_none() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    port = ports.FdPort(ours, ours.fileno(), reads=True)
    with ours:
        with theirs:
            assert port.write(b"x" * 100, 1) == 100
            assert port.pending() > 0
            theirs.recv(1000)
            assert port.pending() == 0
            while port.write(b"x" * 65536, 0):
                pass
            assert port.write(b"x", 0.01) == 0
        with pytest.raises(ConnectionResetError):
            port.read(1)
        with pytest.raises(OSError, match=r"the printer's end was closed"):
            port.read(1)
        port.close()


class Wire:
    """A port under a test's control."""

    reads = True

    def __init__(self) -> None:
        self.sent = bytearray()
        self.coming: list[bytes] = []
        self.takes = 1000
        self.answer = {}

    def write(self, data, wait_s):
        taken = data[: self.takes]
        self.sent += taken
        self.coming += [self.answer[bytes(taken)]] if bytes(taken) in self.answer else []
        return len(taken)

    def read(self, wait_s):
        return self.coming.pop(0) if self.coming else b""

    def pending(self):
        return 0

    def close(self):
        pass


def test_a_late_confirmation_is_not_taken_for_the_next_document() -> None:
    wire = Wire()
    talk = Talk(wire, 0.01)
    talk.tell_when_done()
    talk.tell_when_done()
    wire.coming = [b"\x00"]
    talk.listen()
    assert (talk.confirms, talk.owed) == (True, 1)
    wire.coming = [b"\x0f\x00"]
    talk.listen()
    assert talk.owed == 0


def test_a_late_answer_of_an_earlier_round_is_not_taken_for_a_new_one() -> None:
    wire = Wire()
    wire.answer = {b"\x10\x04" + bytes((n,)): b"\x12" for n in (1, 2, 3, 4)}
    talk = Talk(wire, 0.01)
    wire.coming = [b"\x1a", b"\x1a"]
    status = talk.status()
    assert status is not None
    assert status.problem() == ""


def test_questions_that_a_poor_printer_never_answers_are_not_asked_again() -> None:
    wire = Wire()
    wire.answer = {b"\x10\x04\x01": b"\x12", b"\x10\x04\x04": b"\x72"}
    talk = Talk(wire, 0.01)
    assert talk.status().paper_out
    wire.sent.clear()
    assert talk.status().paper_out
    assert wire.sent == b"\x10\x04\x01\x10\x04\x04"
    wire.answer.clear()
    assert talk.status() is None


def test_half_a_question_breaks_the_line_rather_than_the_next_document() -> None:
    wire = Wire()
    talk = Talk(wire, 0.01)
    wire.takes = 0
    assert not talk.tell_when_done()
    assert talk.owed == 0
    writes = itertools.chain([2], itertools.repeat(0))
    wire.write = lambda data, wait_s: next(writes)
    with pytest.raises(TimeoutError, match="middle of a command"):
        talk.tell_when_done()


def test_serial_settings_reach_the_line() -> None:
    serial = pytest.importorskip("serial")
    controller, device = os.openpty()
    tty.setraw(device)
    try:
        port = open_port(Serial(os.ttyname(device)), Line(baudrate=38400, flow="xonxoff"))
        assert isinstance(port, ports.FdPort)
        line = port._owner
        assert isinstance(line, serial.Serial)
        assert (line.baudrate, line.xonxoff, line.rtscts, line.exclusive) == (38400, True, False, True)
        with pytest.raises(DeviceFault, match="in use"):
            open_port(Serial(os.ttyname(device)), Line())
        port.close()
    finally:
        os.close(controller)
        os.close(device)
