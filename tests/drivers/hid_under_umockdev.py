"""The reader that types, on a keyboard that umockdev makes: /dev, sysfs and EVIOCGRAB are of its making.

tests/drivers/test_hid.py runs this inside ``umockdev-run``. There a FIFO takes the place of the device's node,
so that keys can be pressed one by one and the reader unplugged. Permissions, and a second program that grabs,
are beyond umockdev; test_hid.py has those.
"""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.contract import Emit
from drivers.device import Pace
from drivers.readers.hid import KEYBOARDS, HidOptions, HidReader
from terminal.core.events import Health, TokenPresented, TokenRemoved, TokenUnreadable
from terminal.core.value import replace
from tests.drivers.hid_keys import ENTER, Keyboard
from tests.drivers.reader_contract import NAME, REMOVED, ReaderContract
from tests.drivers.telling import GONE_MS, SETTLE_S, TellingBench
from tests.support.waiting import Inbox, wait_until

ROOT = Path(os.environ["UMOCKDEV_DIR"])
NODE = ROOT / "dev/input/event0"
DEVICE = str(KEYBOARDS / "usb-Sycreader_RFID_Technology_Co.__Ltd_SYC_ID_IC_USB_Reader_08FF20140315-event-kbd")


class QuickReader(HidReader):
    """The same, less patient."""

    pace = Pace(first_s=0.001, last_s=0.02)
    settle_s = SETTLE_S


class HidBench(TellingBench):
    cards = ("0086F444", "A1B2C3D4", "005D6E80")

    def __init__(self, **options: object) -> None:
        super().__init__()
        given = {"device": DEVICE, "digits": 10, "gone_ms": GONE_MS, **options}
        self.options = HidOptions(**given)  # type: ignore[arg-type]
        self.keys = Keyboard(ms=int(time.time() * 1000))
        self.fd = -1
        if NODE.is_symlink() or NODE.exists():
            NODE.unlink()
        self.bring_back()

    def make(self, emit: Emit) -> QuickReader:
        reader = QuickReader(NAME, self.options, emit)
        reader._clock = self.clock.now
        return reader

    def press(self, raw: bytes) -> None:
        self.keys.ms += 10_000
        assert os.write(self.fd, raw) == len(raw)

    def show(self) -> None:
        if self.lies and self.fd >= 0:
            self.press(self.keys.type(f"{int(self.lies, 16):010d}", ENTER))

    def dwell(self) -> None:
        for _ in range(2):
            heard = len(self.heard)
            self.show()
            wait_until(lambda heard=heard: len(self.heard) > heard, what="the number to be typed again")

    def lose(self) -> None:
        NODE.unlink()
        os.close(self.fd)
        self.fd = -1

    def bring_back(self) -> None:
        os.mkfifo(NODE)
        self.fd = os.open(NODE, os.O_RDWR | os.O_NONBLOCK)
        self.show()

    def clear(self) -> None:
        if self.fd >= 0:
            self.lose()


@pytest.fixture
def bench() -> Iterator[HidBench]:
    with closing(HidBench()) as bench:
        yield bench


class TestContract(ReaderContract):
    @pytest.fixture
    def bench(self, bench: HidBench) -> HidBench:
        return bench


def test_the_same_number_within_the_time_is_one_tap_and_after_it_another(bench: HidBench) -> None:
    bench.start()
    bench.put(bench.cards[0])
    bench.dwell()
    bench.take()
    bench.expect(TokenPresented(NAME, bench.cards[0]), REMOVED)
    bench.put(bench.cards[0])
    bench.expect(TokenPresented(NAME, bench.cards[0]), REMOVED, TokenPresented(NAME, bench.cards[0]))


def refused(bench: HidBench) -> TokenUnreadable:
    return bench.inbox.wait(lambda _: bench.inbox.of(TokenUnreadable), what="a refusal")[0]


def test_torn_numbers_are_no_tokens(bench: HidBench) -> None:
    bench.start()
    bench.clock.skip(SETTLE_S)
    bench.press(bench.keys.type("00088"))
    wait_until(lambda: [heard.way for heard in bench.heard] == ["!"], what="what is dropped")
    assert "5 characters without Enter" in bench.heard[0].meaning
    bench.press(bench.keys.type("44356", ENTER))
    told = refused(bench)
    assert "hold it on the reader again" in told.words
    bench.put(bench.cards[0])
    bench.expect(told, REMOVED, TokenPresented(NAME, bench.cards[0]))


def test_what_is_typed_while_it_is_opened_is_whole_only_if_its_length_says_so() -> None:
    with closing(HidBench(digits=0)) as bench:
        bench.clock.hold()
        bench.press(bench.keys.type("44356", ENTER))
        bench.start()
        told = refused(bench)
        bench.clock.go_on()
        bench.put(bench.cards[0])
        bench.expect(told, REMOVED, TokenPresented(NAME, bench.cards[0]))


def test_it_rests_while_nothing_lies_there(bench: HidBench) -> None:
    """Nobody types for hours: the thread wakes for nothing, and does not look as if it hung."""
    bench.start()
    reader = bench.device
    assert isinstance(reader, HidReader)
    wait_until(lambda: not reader._typing.pending, what="the silence after opening")
    wait_until(lambda: reader._rests and reader._wait_s(bench.clock.now()) is None)
    assert reader.beat_age_ms() == 0


def test_it_is_proposed_with_a_warning(bench: HidBench) -> None:
    (found,) = HidReader.scan()
    assert (found.role, found.driver, found.options) == ("reader", "hid", {"device": DEVICE})
    assert "Sycreader" in found.words
    assert "keyboard looks just like it" in found.caution
    bench.lose()


def test_what_is_not_there_is_missing_with_the_names_of_what_is(bench: HidBench) -> None:
    bench.options = replace(bench.options, device=DEVICE.replace("Sycreader", "Other"))
    bench.device.start()
    assert DEVICE in bench.expect_health(Health.MISSING, "there is no ")


def test_a_recording_of_a_reader_is_read() -> None:
    """Runs by itself, with ``umockdev-run -e``: the node is umockdev's, and so is the time."""
    inbox = Inbox()
    reader = HidReader(NAME, HidOptions(device=DEVICE, digits=10), inbox.put)
    reader.start()
    try:
        inbox.wait(lambda _: len(inbox.of(TokenRemoved)) == 2, what="both numbers")
    finally:
        reader.stop()
    told = inbox.of(TokenPresented, TokenRemoved, TokenUnreadable)
    first, second = (TokenPresented(NAME, f"{number:08X}") for number in (6123456, 8844356))
    when_it_was_opened = [
        replace(each, lying=False) if isinstance(each, TokenPresented) else each for each in told
    ]
    assert when_it_was_opened == [first, REMOVED, second, REMOVED]
