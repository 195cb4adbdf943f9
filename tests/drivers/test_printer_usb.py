"""USB printers through the real pyusb on a bus that is made up."""

from __future__ import annotations

import pytest

from drivers.device import DeviceFault, DeviceMissing
from drivers.printers.escpos import EscposOptions, EscposPrinter
from drivers.printers.paper.reading import read
from drivers.printers.paper.sheet import usual as printer_of
from drivers.printers.usb_port import open_usb
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Document, Text
from tests.support import needs
from tests.support.waiting import Inbox, wait_until

needs.module("usb", "printer")
from tests.support.usb_printer import Bus, UsbPrinter  # noqa: E402 - needs pyusb

IDS = (0x04B8, 0x0E15)
LONG = Document(tuple(Text(f"line {number}") for number in range(100)))


@pytest.fixture
def plugged(monkeypatch):
    def plug(*printers: UsbPrinter) -> Bus:
        bus = Bus(*printers)
        monkeypatch.setattr("usb.backend.libusb1.get_backend", lambda: bus)
        return bus

    return plug


def test_the_printer_is_taken_from_the_kernel_and_given_back(plugged) -> None:
    printer = UsbPrinter()
    plugged(UsbPrinter(vendor=1), printer)
    port = open_usb(*IDS)
    assert (printer.claimed, printer.kernel_driver, port.reads) == (True, False, True)
    assert port.write(b"x" * 100, 0.1) == 64
    assert port.read(0.01) == b""
    printer.said += b"\x12"
    assert port.read(0.01) == b"\x12"
    port.close()
    assert not printer.claimed


def test_several_of_one_model_are_told_apart_by_their_number(plugged) -> None:
    first, second = UsbPrinter("A1"), UsbPrinter("B2")
    plugged(first, second)
    with pytest.raises(DeviceFault, match=r"2 USB printers 04b8:0e15.*usb://04b8:0e15/NUMBER"):
        open_usb(*IDS)
    open_usb(*IDS, "B2").close()
    assert (first.kernel_driver, second.kernel_driver) == (True, False)
    with pytest.raises(DeviceMissing, match="number C3 is not there"):
        open_usb(*IDS, "C3")


@pytest.mark.parametrize(
    ("printer", "sentence"),
    [
        (UsbPrinter(allowed=False), "no permission .* udev rule"),
        (UsbPrinter(kind=8), "no printer interface"),
        (UsbPrinter(kernel_driver=False, claimed=True), "in use by another program"),
    ],
)
def test_what_cannot_be_used_says_why(plugged, printer, sentence) -> None:
    plugged(printer)
    with pytest.raises(DeviceFault, match=sentence):
        open_usb(*IDS)


def test_a_number_that_may_not_be_read_says_why(plugged) -> None:
    plugged(UsbPrinter(allowed=False))
    with pytest.raises(DeviceFault, match=r"serial number .* udev rule"):
        open_usb(*IDS, "A1")


def test_without_libusb_the_package_is_named(monkeypatch) -> None:
    for name in ("libusb1", "openusb", "libusb0"):
        monkeypatch.setattr(f"usb.backend.{name}.get_backend", lambda: None)
    with pytest.raises(DeviceFault, match=r"apt-get install libusb-1\.0-0"):
        open_usb(*IDS)


def printing(document: Document, job: str, device: EscposPrinter, inbox: Inbox) -> PrintEnded:
    device.print(job, document)
    return inbox.wait(lambda events: [one for one in events if isinstance(one, PrintEnded) and one.job == job])[
        0
    ]


def test_a_receipt_over_usb_unplugged_and_back(plugged) -> None:
    printer = UsbPrinter()
    bus = plugged(printer)
    inbox = Inbox()
    device = EscposPrinter("receipts", EscposOptions(port="usb://04b8:0e15", check_s=0.1), inbox.put)
    device.start()
    try:
        assert printing(LONG, "j1", device, inbox) == PrintEnded("j1", Ended.DONE)
        assert read(bytes(printer.received), printer_of()).text[:2] == ["line 0", "line 1"]
        bus.printers.clear()
        wait_until(lambda: device.condition.health is Health.MISSING)
        assert printing(LONG, "j2", device, inbox).ended is Ended.FAILED
        bus.printers.append(UsbPrinter())
        wait_until(lambda: device.condition.health is Health.OK)
        assert printing(LONG, "j3", device, inbox).ended is Ended.DONE
    finally:
        device.stop()


@pytest.mark.parametrize(("room", "ended"), [(0, Ended.FAILED), (200, Ended.UNKNOWN)])
def test_a_usb_printer_that_is_busy_for_ever(plugged, room, ended) -> None:
    printer = UsbPrinter(room=room, answers=False, readable=False)
    plugged(printer)
    inbox = Inbox()
    device = EscposPrinter("receipts", EscposOptions(port="usb://04b8:0e15", stall_s=0.1), inbox.put)
    device.start()
    try:
        assert printing(LONG, "j1", device, inbox).ended is ended
        assert len(printer.received) <= room
    finally:
        device.stop()


def test_a_usb_printer_tells_by_itself_and_is_told_to_be_quiet_at_the_end(plugged) -> None:
    printer = UsbPrinter()
    plugged(printer)
    inbox = Inbox()
    device = EscposPrinter("receipts", EscposOptions(port="usb://04b8:0e15", check_s=3600), inbox.put)
    device.start()
    try:
        wait_until(lambda: printer.tells)
        wait_until(lambda: device.condition.health is Health.OK)
        printer.tell(b"\x18\x00\x0c\x00")
        wait_until(lambda: device.condition.health is Health.FAILED)
        assert "paper is out" in device.condition.words
        printer.tell(b"\x10\x00\x00\x00")
        wait_until(lambda: device.condition.health is Health.OK)
    finally:
        device.stop()
    assert not printer.tells
