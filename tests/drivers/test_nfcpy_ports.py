"""nfcpy on its ways to a reader: serial lines, and USB by a stand-in."""

import errno
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from ctypes.util import find_library
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from drivers.readers import pcsc_port
from drivers.readers.nfcpy import NfcpyOptions
from terminal.core.events import Health, TokenPresented, TokenRemoved
from tests.drivers import nfcpy_benches
from tests.drivers.nfcpy_benches import OTHER, SEVEN, QuickReader, SerialBench, presented
from tests.drivers.reader_contract import NAME, REMOVED
from tests.support import needs
from tests.support.pn532_cards import TypeA
from tests.support.pn532_chip import Chip, frame
from tests.support.usb_folder import UsbFolder
from tests.support.waiting import Inbox, wait_until

serial = nfcpy_benches.serial


@pytest.fixture(autouse=True)
def _installed() -> None:
    needs.module("nfc", "nfc")
    if find_library("usb-1.0") is None:
        needs.missing("libusb is not installed: apt-get install libusb-1.0-0")


# -- serial lines --------------------------------------------------------------------------------------


def test_the_chips_speed_is_left_alone_so_that_a_killed_program_leaves_no_deaf_reader(
    serial: Callable[..., SerialBench],
) -> None:
    bench = serial()
    bench.dwell()
    assert bench.board.chip.rate == 115200
    assert not any(body[0] == 0x10 and body[1:] != b"\x04" for body in bench.board.chip.heard)


def test_a_reader_that_lost_its_power_is_set_up_anew(serial: Callable[..., SerialBench]) -> None:
    bench = serial()
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))
    bench.board.power_cut()
    bench.take()
    bench.put(OTHER)
    bench.expect(presented(SEVEN), REMOVED, presented(OTHER))


def test_a_chip_that_says_nothing_is_missing_and_what_to_do_is_told(serial: Callable[..., SerialBench]) -> None:
    bench = serial()
    bench.board.hang()
    words = bench.expect_health(Health.MISSING, "no pn532 answers at")
    assert bench.path in words
    assert "TX to RX" in words
    bench.board.hang(False)
    bench.expect_health(Health.OK)
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))


def test_a_line_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    inbox = Inbox()
    reader = QuickReader(NAME, NfcpyOptions(path=f"{tmp_path}/nowhere"), inbox.put)
    reader.start()
    wait_until(lambda: reader.condition.health is Health.MISSING)
    reader.stop()
    assert reader.condition.words.startswith(f"there is no {tmp_path}/nowhere; there are: ")


def test_a_line_in_use_is_told_as_such(serial: Callable[..., SerialBench]) -> None:
    bench = serial()
    second = QuickReader("second", NfcpyOptions(path=bench.path), Inbox().put)
    second.start()
    wait_until(lambda: second.condition.health is Health.FAILED)
    second.stop()
    assert second.condition.words == f"{bench.path} is in use by another program"


def test_no_line_becomes_the_controlling_terminal() -> None:
    """nfcpy's own way to find a line would make it so, for a service; unplugging it would then send SIGHUP."""
    bench = SerialBench()
    code = (
        "import os, sys\n"
        "from drivers.readers.nfcpy_port import NfcpyPort\n"
        "from drivers.readers.nfcpy_words import place\n"
        "os.setsid(); port = NfcpyPort(place(sys.argv[1]), lambda *_: None); port.close()\n"
        "try: os.open('/dev/tty', os.O_RDWR); print('has one')\n"
        "except OSError: print('has none')\n"
    )
    with closing(bench):
        done = subprocess.run(
            [sys.executable, "-c", code, bench.path], capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == "has none"


# -- USB: a stand-in of nfcpy's transport, for no bus is here ------------------------------------------


class Stick:
    """What nfcpy's drivers for USB write to and read from. *trouble*: errno of opening it."""

    trouble: ClassVar[int] = 0
    manufacturer_name, product_name = "ACS", "ACR122U PICC Interface"
    TYPE = "USB"
    chip: ClassVar[Chip]
    answers: ClassVar[threading.Event]

    @staticmethod
    def find(path: str) -> list[tuple[int, int, int, int]] | None:
        found = re.fullmatch(r"usb:(\d{3}):(\d{3})", path)
        return [(0x072F, 0x2200, int(found[1]), int(found[2]))] if found else None

    def __init__(self, bus: int, address: int) -> None:
        if self.trouble:
            raise OSError(self.trouble, os.strerror(self.trouble))
        assert (bus, address) == (1, 9)
        self._answers: list[bytes] = []

    def write(self, frame: bytes) -> None:
        """Take a CCID message: an escape command of an ACR122U, or the power."""
        apdu = bytes(frame[10:])
        answer = b""
        if apdu == bytes.fromhex("FF00480000"):
            answer = b"ACR122U214"
        elif apdu.startswith(bytes.fromhex("FF000000")):
            answer = self._direct(apdu[5:]) + b"\x90\x00"
        self._answers.append(b"\x80" + len(answer).to_bytes(4, "little") + bytes(5) + answer)

    def _direct(self, body: bytes) -> bytes:
        self.chip.feed(frame(body))
        with self.chip.lock:
            _, answer = self.chip.output
            self.chip.output.clear()
        return answer[answer.index(b"\xd5") : -2]

    def read(self, timeout: int = 0) -> bytearray:
        if not self.answers.wait(60):
            raise AssertionError("nobody let the reader answer again")
        if not self._answers:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        return bytearray(self._answers.pop(0))

    def close(self) -> None:
        self._answers.clear()


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Stick]:
    """Plug in an ACR122U with a PN532 in it."""
    UsbFolder(tmp_path).plug("1-1.4", 0x072F, 0x2200, address=9)
    monkeypatch.setattr(QuickReader, "usb_root", tmp_path)
    monkeypatch.setattr("nfc.clf.transport.USB", Stick)
    monkeypatch.setattr(os, "access", lambda *_: True)  # nfcpy looks at /dev/bus/usb first
    monkeypatch.setattr(Stick, "chip", Chip(), raising=False)
    monkeypatch.setattr(Stick, "answers", threading.Event(), raising=False)
    Stick.answers.set()
    Stick.chip.feed(b"\x55\x55" + bytes(14))
    return Stick


@pytest.mark.parametrize("path", ["usb", "usb:072f", "usb:072F:2200", "usb:1-1.4", "usb:001:009", "usb:1"])
def test_an_acr122u_is_found_by_every_form_of_its_path(stick: type[Stick], path: str) -> None:
    inbox = Inbox()
    reader = QuickReader(NAME, NfcpyOptions(path=path, poll_ms=20), inbox.put)
    stick.chip.put(TypeA(SEVEN))
    reader.start()
    try:
        inbox.wait(lambda _: inbox.of(TokenPresented), what="the card")
        wait_until(lambda: reader.condition.health is Health.OK)
        stick.chip.take()
        inbox.wait(lambda _: inbox.of(TokenRemoved), what="its removal")
    finally:
        reader.stop()
    assert inbox.of(TokenPresented) == [presented(SEVEN, lying=True)]
    assert reader.condition.words == "ACS ACR122U PN532v1.6 at 072f:2200 at USB port 1-1.4"


def test_a_reader_that_hangs_can_be_given_up(stick: type[Stick]) -> None:
    reader = QuickReader(NAME, NfcpyOptions(poll_ms=20), Inbox().put)
    reader.start()
    try:
        wait_until(lambda: reader.condition.health is Health.OK)
        stick.answers.clear()
        wait_until(lambda: reader.beat_age_ms() > 200, what="a heart that stands still")
        giving_up = threading.Thread(target=reader.abandon)
        giving_up.start()
        giving_up.join(30)
        assert not giving_up.is_alive()
        assert reader.beat_age_ms() > 200
    finally:
        stick.answers.set()
        reader.stop()
    assert reader._thread is not None
    assert not reader._thread.is_alive()


@pytest.mark.parametrize("path", ["usb:054c", "usb:072f:2201", "usb:1-1.5", "usb:001:010", "usb:2"])
def test_a_usb_reader_that_is_not_there_is_told_with_those_that_are(stick: type[Stick], path: str) -> None:
    words = failure(path, Health.MISSING)
    assert words.startswith("there is no USB reader ")
    assert words.endswith("; there are: USB device (072f:2200) at USB port 1-1.4")


@pytest.mark.parametrize(
    ("number", "health", "words"),
    [
        (
            errno.EBUSY,
            Health.FAILED,
            "072f:2200 at USB port 1-1.4 is in use by another program, probably pcscd",
        ),
        (errno.EACCES, Health.FAILED, 'put SUBSYSTEM=="usb", ATTR{idVendor}=="072f", ATTR{idProduct}=="2200"'),
        (errno.ENODEV, Health.MISSING, "072f:2200 at USB port 1-1.4 does not answer: No such device"),
        (errno.EIO, Health.MISSING, "does not answer: Input/output error"),
    ],
)
def test_why_a_usb_reader_cannot_be_opened_is_told_with_what_to_do(
    stick: type[Stick], monkeypatch: pytest.MonkeyPatch, number: int, health: Health, words: str
) -> None:
    monkeypatch.setattr(stick, "trouble", number)
    assert words in failure("usb", health)


def test_the_kernels_module_that_seizes_readers_is_named(
    stick: type[Stick], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pcsc_port, "_SEIZER", tmp_path)  # a folder that exists: the module is loaded
    monkeypatch.setattr(stick, "trouble", errno.EBUSY)
    assert "blacklist pn533_usb" in failure("usb", Health.FAILED)


def test_a_computer_without_usb_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(QuickReader, "usb_root", tmp_path / "nowhere")
    assert "has no USB" in failure("usb", Health.MISSING)


def failure(path: str, health: Health) -> str:
    """Return why the reader at *path* is not well, when that is known."""
    reader = QuickReader(NAME, NfcpyOptions(path=path), Inbox().put)
    reader.start()
    try:
        wait_until(lambda: reader.condition.health is health, what=f"{health}: {reader.condition}")
    finally:
        reader.stop()
    return reader.condition.words


def test_without_nfcpy_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nfc.clf", None)
    assert failure("usb", Health.FAILED).endswith("pip install 'terminald[nfc]'")


def test_a_reader_that_cannot_read_a_kind_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nfc.clf.pn532.Chipset.in_list_passive_target_brty_range", (0, 1, 2))  # as a PN531
    with closing(SerialBench(cards=("A", "B"))) as bench:
        bench.device.start()
        bench.expect_health(Health.FAILED, "cannot read all kinds of cards that `cards` names")


# -- options -------------------------------------------------------------------------------------------


def test_each_kind_of_card_is_named_once() -> None:
    for cards in ([], ["A", "A"], ["C"]):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"cards": cards}, NfcpyOptions)
