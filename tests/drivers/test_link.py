"""Serial lines: real ones on pseudo-terminals, and every error as a sentence."""

import os
import sys
import termios
import threading
import tty

import pytest
import serial

import drivers
from drivers import link as lines
from drivers.contract import Found
from drivers.device import DeviceFault, DeviceMissing
from drivers.link import adapters, end_read, lines_found, link_errors, open_link


@pytest.fixture
def pty():
    far, near = os.openpty()
    tty.setraw(far)
    tty.setraw(near)
    path = os.ttyname(near)
    os.close(near)
    yield far, path
    os.close(far)


def test_bytes_go_both_ways(pty):
    far, path = pty
    with open_link(path, 9600, 30, 30) as link:
        link.write(b"\x10\x04\x01")
        assert os.read(far, 3) == b"\x10\x04\x01"
        os.write(far, b"\x12")
        assert link.read(1) == b"\x12"


def test_a_url_is_opened_by_its_kind():
    with open_link("loop://", 9600, 30, 30) as link:
        link.write(b"hello")
        assert link.read(5) == b"hello"


def test_a_port_that_is_not_there_is_missing():
    with pytest.raises(DeviceMissing, match="there is no /dev/ttyNOPE"):
        open_link("/dev/ttyNOPE", 9600, 1, 1)


def test_a_network_port_that_nobody_serves_is_missing():
    with pytest.raises(DeviceMissing, match="does not answer"):
        open_link("socket://127.0.0.1:1", 9600, 1, 1)


def test_a_port_is_opened_by_one_only(pty):
    _, path = pty
    with (
        open_link(path, 9600, 1, 1),
        pytest.raises(DeviceFault, match="in use by another program"),
    ):
        open_link(path, 9600, 1, 1)


def test_a_file_is_no_serial_line(tmp_path):
    file = tmp_path / "printer"
    file.touch()
    with pytest.raises(DeviceFault, match="refuses the settings"):
        open_link(str(file), 9600, 1, 1)


@pytest.mark.parametrize("url", ["nonsense://x", "socket://nohost"])
def test_a_url_that_is_none_is_a_fault(url):
    with pytest.raises((DeviceFault, DeviceMissing)) as caught:
        open_link(url, 9600, 1, 1)
    assert url in caught.value.words


def test_a_far_end_that_is_gone_is_missing():
    far, near = os.openpty()
    tty.setraw(near)
    path = os.ttyname(near)
    with open_link(path, 9600, 30, 30) as link:
        os.close(near)
        os.close(far)
        with pytest.raises(DeviceMissing, match=path), link_errors(path):
            link.read(1)


def test_a_device_that_does_not_read_is_a_fault(pty):
    _, path = pty
    with (
        open_link(path, 9600, 1, 0.05) as link,
        pytest.raises(DeviceFault, match="does not read"),
        link_errors(path),
    ):
        link.write(b"x" * 1_000_000)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, "Permission denied"), DeviceFault),
        (OSError(5, "Input/output error"), DeviceMissing),
        (termios.error(22, "Invalid argument"), DeviceFault),
        (termios.error(5, "Input/output error"), DeviceMissing),
        (termios.error(), DeviceMissing),
        (serial.SerialException("device reports readiness to read but returned no data"), DeviceMissing),
        (serial.SerialTimeoutException("Write timeout"), DeviceFault),
        (TypeError("'NoneType' object cannot be interpreted as an integer"), DeviceFault),
        (ValueError("Not a valid baudrate"), DeviceFault),
    ],
)
def test_every_family_of_errors_becomes_one_of_ours(error, expected):
    with pytest.raises(expected, match="/dev/ttyS1"), link_errors("/dev/ttyS1"):
        raise error


@pytest.mark.parametrize(("asked", "extra"), [({}, "serial"), ({"extra": "printer"}, "printer")])
def test_without_the_library_the_extra_of_whoever_asks_is_named(monkeypatch, asked, extra):
    monkeypatch.setitem(sys.modules, "serial", None)
    words = rf"pip install 'terminald\[{extra}\]'"
    with pytest.raises(DeviceFault, match=words):
        open_link("/dev/ttyS1", 9600, 1, 1, **asked)
    with pytest.raises(DeviceFault, match=words), link_errors("/dev/ttyS1", extra):
        pass


def test_a_read_of_another_thread_is_ended_also_just_before_it_begins(pty):
    _, path = pty
    with open_link(path, 9600, None, 1) as link:
        end_read(link)
        assert link.read(1) == b""
        reader = threading.Thread(target=link.read)
        reader.start()
        end_read(link)
        reader.join(30)
        assert not reader.is_alive()


def test_what_is_plugged_in_is_told_by_its_lasting_name(monkeypatch, tmp_path):
    monkeypatch.setattr(lines, "_STABLE", tmp_path / "by-id")
    monkeypatch.setattr(lines, "_OWN", tmp_path / "serial0")
    assert adapters() == []
    with pytest.raises(DeviceMissing, match=f"no serial lines in {tmp_path}"):
        open_link("/dev/ttyNOPE", 9600, 1, 1)
    (tmp_path / "by-id").mkdir()
    for name in ("by-id/usb-FTDI_B-if00-port0", "by-id/usb-FTDI_A-if00-port0", "serial0"):
        (tmp_path / name).touch()
    there = [f"{tmp_path}/{each}" for each in ("by-id/usb-FTDI_A-if00-port0", "by-id/usb-FTDI_B-if00-port0")]
    assert adapters() == [*there, f"{tmp_path}/serial0"]
    with pytest.raises(DeviceMissing, match="usb-FTDI_B"):
        open_link("/dev/ttyNOPE", 9600, 1, 1)


def test_every_line_is_found_for_what_does_not_show(monkeypatch):
    paths = ["/dev/serial/by-id/usb-FTDI_A", "/dev/serial0"]
    monkeypatch.setattr(lines, "adapters", lambda: paths)
    found = lines_found("reader", "rdm6300", "an RDM6300", "the reader is wired to it", address=3)
    assert [each.options for each in found] == [{"port": path, "address": 3} for path in paths]
    assert found[0] == Found(
        "reader",
        "rdm6300",
        {"port": paths[0], "address": 3},
        "a serial line, with an RDM6300 or anything else: usb-FTDI_A",
        "All serial devices look alike: take this one only if the reader is wired to it.",
    )


@pytest.mark.parametrize("place", [
    ("reader", "rdm6300"), ("coin_acceptor", "cctalk"), ("coin_acceptor", "cctalk_bill"),
    ("payout", "cctalk_hopper"), ("machine", "mdb"),
])  # fmt: skip
def test_a_driver_that_is_found_on_a_line_says_its_own_name(monkeypatch, place):
    monkeypatch.setattr(lines, "adapters", lambda: ["/dev/serial0"])
    (found,) = drivers.find(*place).scan()
    assert ((found.role, found.driver), found.options["port"]) == (place, "/dev/serial0")
