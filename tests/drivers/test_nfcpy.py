"""nfcpy: its real UDP driver and a card in another process, its real PN532 driver and a chip on a pty."""

import errno
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from ctypes.util import find_library
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from drivers.contract import Emit
from drivers.device import Pace
from drivers.readers import pcsc_port
from drivers.readers.nfcpy import MISSES, NfcpyOptions, NfcpyReader
from drivers.readers.uid import CHANGES, NOT_SUPPORTED
from terminal.core.events import Health, TokenPresented, TokenRemoved, TokenUnreadable
from tests.drivers.reader_contract import NAME, REMOVED, ReaderBench, ReaderContract
from tests.support import needs
from tests.support.nfcpy_tag import NfcpyTag
from tests.support.pn532_cards import FeliCa, Ntag, TypeA, TypeB
from tests.support.pn532_chip import Chip, frame
from tests.support.pn532_emulator import Pn532Emulator
from tests.support.usb_folder import UsbFolder
from tests.support.waiting import Inbox, wait_until

FOUR, SEVEN, TEN = "A1B2C3D4", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"
OTHER = "0455667788AABB"
PUPI, IDM = "11223344", "0102030405060708"


@pytest.fixture(autouse=True)
def _installed() -> None:
    needs.module("nfc", "nfc")
    if find_library("usb-1.0") is None:
        needs.missing("libusb is not installed: apt-get install libusb-1.0-0")


class QuickReader(NfcpyReader):
    """The same, less patient between two tries to reopen."""

    pace = Pace(first_s=0.01, last_s=0.05)


class NfcpyBench(ReaderBench):
    """What both benches share."""

    cards = (SEVEN, FOUR, TEN)

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = {"poll_ms": 20, **options}

    def make(self, emit: Emit) -> NfcpyReader:
        return QuickReader(NAME, NfcpyOptions(path=self.path, **self.options), emit)

    @property
    def path(self) -> str:
        raise NotImplementedError


class UdpBench(NfcpyBench):
    """nfcpy's UDP driver. Its network is unplugged where its datagrams are sent: a loopback cannot be."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.tag = NfcpyTag()
        self.lost = False
        self._patch = pytest.MonkeyPatch()
        send = import_module("nfc.clf.udp").Device._send_data

        def send_data(device: Any, kind: str, data: bytes, address: Any) -> None:
            if self.lost:
                raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
            send(device, kind, data, address)

        self._patch.setattr("nfc.clf.udp.Device._send_data", send_data)

    @property
    def path(self) -> str:
        return self.tag.path

    def put(self, uid: str) -> None:
        self.tag.put(uid)

    def take(self) -> None:
        self.tag.take()

    def dwell(self) -> None:
        self.tag.dwell()

    def lose(self) -> None:
        self.lost = True

    def bring_back(self) -> None:
        self.lost = False

    def clear(self) -> None:
        self._patch.undo()
        self.tag.close()


class SerialBench(NfcpyBench):
    """nfcpy's PN532 driver on a chip behind a pty. Lost: the USB adapter is pulled out."""

    storms = 5  # each opening starts the programs that nfcpy starts

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._all = ExitStack()
        self.board = self._all.enter_context(Pn532Emulator())

    @property
    def path(self) -> str:
        return self.board.path

    def put(self, uid: str) -> None:
        self.board.put(TypeA(uid))

    def take(self) -> None:
        self.board.take()

    def dwell(self) -> None:
        until = self.looks() + 4
        wait_until(lambda: self.looks() >= until, what="more looks for a card")

    def looks(self) -> int:
        return sum(body[0] == 0x4A for body in list(self.board.chip.heard))

    def lose(self) -> None:
        self.board.unplug()

    def bring_back(self) -> None:
        self.board.plug()

    def clear(self) -> None:
        self._all.close()


class TestOverUdp(ReaderContract):
    @pytest.fixture
    def bench(self) -> Iterator[UdpBench]:
        with closing(UdpBench()) as bench:
            yield bench


class TestOnPn532(ReaderContract):
    @pytest.fixture
    def bench(self) -> Iterator[SerialBench]:
        with closing(SerialBench()) as bench:
            yield bench


@pytest.fixture
def udp() -> Iterator[Callable[..., UdpBench]]:
    """Make a bench with these options, and start it."""
    with ExitStack() as benches:

        def start(**options: Any) -> UdpBench:
            bench = benches.enter_context(closing(UdpBench(**options)))
            bench.start()
            return bench

        yield start


@pytest.fixture
def serial() -> Iterator[Callable[..., SerialBench]]:
    """The same on a chip."""
    with ExitStack() as benches:

        def start(**options: Any) -> SerialBench:
            bench = benches.enter_context(closing(SerialBench(**options)))
            bench.start()
            return bench

        yield start


def presented(uid: str, **more: Any) -> TokenPresented:
    return TokenPresented(NAME, uid, **more)


def unreadable(words: str) -> TokenUnreadable:
    return TokenUnreadable(NAME, words)


# -- kinds of cards ------------------------------------------------------------------------------------


def test_cards_of_every_kind_are_read_over_udp(udp: Callable[..., UdpBench]) -> None:
    bench = udp(cards=("A", "B", "F"))
    told: list[Any] = []
    for kind, number in (("A", FOUR), ("A", SEVEN), ("A", TEN), ("B", PUPI), ("F", IDM)):
        bench.tag.put(number, kind)
        told.append(presented(number))
        bench.expect(*told)
        bench.tag.take()
        told.append(REMOVED)
        bench.expect(*told)


def test_cards_of_every_kind_are_read_by_a_pn532(serial: Callable[..., SerialBench]) -> None:
    bench = serial(cards=("A", "B", "F"))
    told: list[Any] = []
    for card, number in ((Ntag(SEVEN), SEVEN), (TypeA(TEN), TEN), (TypeB(PUPI), PUPI), (FeliCa(IDM), IDM)):
        bench.board.put(card)
        told.append(presented(number))
        bench.expect(*told)
        bench.board.take()
        told.append(REMOVED)
        bench.expect(*told)


def test_only_the_kinds_that_are_named_are_looked_for(udp: Callable[..., UdpBench]) -> None:
    bench = udp(cards=("F",))
    bench.tag.put(SEVEN)
    bench.tag.dwell()
    bench.tag.put(IDM, "F")
    bench.expect(presented(IDM))


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("B", "1122334455667788", CHANGES),  # answers with one half, then with the other
        ("F", "01FE030405060708", CHANGES),
        ("1", FOUR, NOT_SUPPORTED),
        ("A", "01020304", "This phone shows a number that it shares with others; please use your card."),
        ("A", "0411223344", NOT_SUPPORTED),
    ],
)
def test_what_is_no_token_is_told_once_in_words(
    udp: Callable[..., UdpBench], kind: str, number: str, words: str
) -> None:
    bench = udp(cards=("A", "B", "F"))
    bench.tag.put(number, kind)
    bench.expect(unreadable(words))
    bench.dwell()
    bench.tag.take()
    bench.expect(unreadable(words), REMOVED)


def test_a_passport_on_a_pn532_is_refused_though_its_number_looks_like_one(
    serial: Callable[..., SerialBench],
) -> None:
    bench = serial(cards=("B",))
    bench.board.put(TypeB(PUPI, random=True))
    bench.expect(unreadable(CHANGES))


# -- how a card goes -----------------------------------------------------------------------------------

ASKS = 2
"""How often one look asks for a card of type A: for the one that lies there, then for any."""


def test_a_card_that_is_missed_twice_is_still_there(udp: Callable[..., UdpBench]) -> None:
    bench = udp()
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))
    for _ in range(5):
        bench.tag.miss(ASKS * (MISSES - 1))
        bench.tag.dwell(ASKS * MISSES + 1)
    bench.expect(presented(SEVEN))
    bench.tag.miss(ASKS * MISSES)
    bench.expect(presented(SEVEN), REMOVED, presented(SEVEN))


def test_a_number_of_another_kind_is_no_other_card_while_the_first_may_be_there(
    udp: Callable[..., UdpBench],
) -> None:
    bench = udp(cards=("A", "F"))
    bench.tag.put(SEVEN)
    bench.expect(presented(SEVEN))
    bench.tag.put(SEVEN, also=IDM)  # a phone that answers as two kinds
    for _ in range(5):
        bench.tag.miss(ASKS * (MISSES - 1))
        bench.tag.dwell((ASKS + 1) * MISSES + 1)
    bench.expect(presented(SEVEN))
    bench.tag.miss(ASKS * MISSES)
    bench.expect(presented(SEVEN), REMOVED, presented(IDM))
    bench.dwell()
    bench.expect(presented(SEVEN), REMOVED, presented(IDM))


def test_two_cards_in_the_field_are_no_dance_of_swaps(serial: Callable[..., SerialBench]) -> None:
    bench = serial()
    first = bench.board.put(TypeA(OTHER))
    bench.expect(presented(OTHER))
    bench.board.put(TypeA(SEVEN))
    bench.board.put(TypeA(TEN))
    bench.dwell()
    bench.expect(presented(OTHER))
    bench.board.take(first)
    bench.inbox.wait(lambda _: len(bench.tokens()) > 2, what="the next card")
    bench.dwell()
    assert bench.tokens()[1] == REMOVED
    assert bench.tokens()[2:] in ([presented(SEVEN)], [presented(TEN)])


def test_an_empty_field_that_answers_nothing_is_empty(udp: Callable[..., UdpBench]) -> None:
    bench = udp()
    bench.tag.silent()
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))
    bench.take()
    bench.expect(presented(SEVEN), REMOVED)


@pytest.mark.parametrize(
    "garbage", [b"106A zz", b"106A", b"106A 4", b"\xe9 26", b"106A 26 26", b"xyz", b"106A 04", b"106A 4400"]
)
def test_garbage_is_no_card_and_no_end(udp: Callable[..., UdpBench], garbage: bytes) -> None:
    bench = udp()
    bench.tag.answer(garbage)
    bench.tag.dwell(2)
    bench.tag.answer(b"")
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))


# -- originality -----------------------------------------------------------------------------------------

# Chips that NXP made; see test_originality.py.
REAL, SIGNATURE = "0453C652FE4A80", "EDFD3263E7DDB1730260B832605205FB40FB32D7BB06F1DB49F17706C2ED6727"


def test_an_original_proves_it_over_udp(udp: Callable[..., UdpBench]) -> None:
    bench = udp(check_original=True)
    bench.tag.sign(SIGNATURE)
    bench.put(REAL)
    bench.expect(presented(REAL, original=True))
    bench.put(SEVEN)  # its signature, copied to a chip of another number
    bench.expect(presented(REAL, original=True), REMOVED, presented(SEVEN, original=False))


@pytest.mark.parametrize("number", [REAL, FOUR, TEN])
def test_a_card_that_gives_no_proof_is_no_original(udp: Callable[..., UdpBench], number: str) -> None:
    bench = udp(check_original=True)
    bench.put(number)
    bench.expect(presented(number, original=False))


@pytest.mark.parametrize(("signature", "original"), [(SIGNATURE, True), ("", False), ("00" * 32, False)])
def test_an_original_proves_it_on_a_pn532(
    serial: Callable[..., SerialBench], signature: str, *, original: bool
) -> None:
    bench = serial(check_original=True)
    bench.board.put(Ntag(REAL, signature=signature))
    bench.expect(presented(REAL, original=original))


def test_a_card_of_another_make_on_a_pn532_is_no_original(serial: Callable[..., SerialBench]) -> None:
    bench = serial(check_original=True)
    bench.board.put(TypeA(SEVEN, sak=0x20))
    bench.expect(presented(SEVEN, original=False))


# -- serial lines ----------------------------------------------------------------------------------------


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


# -- USB: a stand-in of nfcpy's transport, for no bus is here ------------------------------------------------


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


# -- options ---------------------------------------------------------------------------------------------


def test_each_kind_of_card_is_named_once() -> None:
    for cards in ([], ["A", "A"], ["C"]):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"cards": cards}, NfcpyOptions)
