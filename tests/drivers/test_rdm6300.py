"""The RDM6300: its frames as bytes, and the reader on a real pseudo-terminal through the real pyserial."""

import logging
import os
import random
import re
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import reduce
from operator import xor
from pathlib import Path

import pytest

from drivers import link as lines
from drivers.contract import Emit, Found
from drivers.device import Pace
from drivers.readers.rdm6300 import Rdm6300Options, Rdm6300Reader
from drivers.readers.rdm6300_frames import Piece, Rdm6300Frames
from terminal.core.events import DeviceChanged, Health, TokenPresented, TokenRemoved
from tests.drivers.reader_contract import NAME, ReaderContract
from tests.drivers.telling import GONE_MS, SETTLE_S, Clock, TellingBench
from tests.support.seed import SEED
from tests.support.waiting import Inbox, wait_until

KNOWN = b"\x02100086F44426\x03"  # the example of the specification
NUMBER = bytes.fromhex("100086F444")


def frame(number: bytes) -> bytes:
    """What the module says of a tag."""
    return b"\x02" + (number + bytes([reduce(xor, number)])).hex().upper().encode() + b"\x03"


def numbers(*chunks: bytes) -> list[bytes]:
    frames = Rdm6300Frames()
    return [piece.number for chunk in chunks for piece in frames.feed(chunk) if piece.number is not None]


# -- frames --------------------------------------------------------------------------------------------


def test_the_example_of_the_specification() -> None:
    assert frame(NUMBER) == KNOWN
    assert Rdm6300Frames().feed(KNOWN) == [Piece(KNOWN, NUMBER, "a tag of 5 bytes")]


def test_digits_may_be_lower_case() -> None:
    assert numbers(KNOWN.lower()) == [NUMBER]


@pytest.mark.parametrize("at", range(1, len(KNOWN)))
def test_a_frame_may_come_in_two_pieces(at: int) -> None:
    assert numbers(KNOWN[:at]) == []
    assert numbers(KNOWN[:at], KNOWN[at:]) == [NUMBER]


def test_a_frame_may_come_byte_by_byte_and_frames_may_be_glued() -> None:
    other = bytes.fromhex("0100AB12CD")
    assert numbers(*(bytes([byte]) for byte in KNOWN + frame(other))) == [NUMBER, other]
    assert numbers(KNOWN + KNOWN + frame(other)) == [NUMBER, NUMBER, other]


@pytest.mark.parametrize("cut", range(1, len(KNOWN)))
def test_what_follows_a_torn_frame_is_read(cut: int) -> None:
    assert numbers(KNOWN[:cut] + KNOWN) == [NUMBER]
    assert numbers(KNOWN[cut:] + KNOWN) == [NUMBER]


@pytest.mark.parametrize("at", range(len(KNOWN)))
def test_a_frame_with_one_wrong_byte_is_none_and_the_next_is_read(at: int) -> None:
    for byte in range(256):
        wrong = KNOWN[:at] + bytes([byte]) + KNOWN[at + 1 :]
        expected = [NUMBER] if wrong.lower() == KNOWN.lower() else []
        assert numbers(wrong) == expected
        assert numbers(wrong + KNOWN) == [*expected, NUMBER]


def test_what_is_no_number_is_told_as_what_it_is() -> None:
    wrong = b"\x02100086F44427\x03"
    pieces = Rdm6300Frames().feed(b"noise" + wrong + b"\x02100" + KNOWN + b"\r\n")
    assert pieces == [
        Piece(b"noise", None, "no frame"),
        Piece(wrong, None, "a frame with a wrong checksum"),
        Piece(b"\x02100", None, "no frame"),
        Piece(KNOWN, NUMBER, "a tag of 5 bytes"),
        Piece(b"\r\n", None, "no frame"),
    ]


def pieces_of(raw: bytes, dice: random.Random) -> Iterator[bytes]:
    while raw:
        size = dice.randint(1, 20)
        yield raw[:size]
        raw = raw[size:]


def mutated(raw: bytes, dice: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(changed))
        match dice.randrange(4):
            case 0:
                changed[at] = dice.randrange(256)
            case 1:
                del changed[at]
            case 2:
                changed.insert(at, dice.randrange(256))
            case _:
                changed[at] = dice.choice(b"0123456789ABCDEFabcdef\x02\x03")
        changed = changed or bytearray(b"\x02")
    return bytes(changed)


def whole_frames(raw: bytes) -> list[bytes]:
    """Every stretch of *raw* that is a frame by the letter of the specification, found without the parser."""
    found = []
    for at in range(len(raw) - 13):
        stretch = raw[at : at + 14]
        if stretch[0] == 2 and stretch[13] == 3 and re.fullmatch(rb"[0-9A-Fa-f]{12}", stretch[1:13]):
            fields = bytes.fromhex(stretch[1:13].decode())
            if reduce(xor, fields) == 0:
                found.append(fields[:5])
    return found


def test_no_byte_string_breaks_the_parser_or_makes_a_number_that_no_frame_holds() -> None:
    dice = random.Random(SEED)
    for count in range(100_000):
        if count % 2:
            raw = dice.randbytes(dice.randint(0, 40))
        else:
            raw = mutated(frame(dice.randbytes(5)) * dice.randint(1, 2), dice)
        frames = Rdm6300Frames()
        told = [piece for chunk in pieces_of(raw, dice) for piece in frames.feed(chunk)]
        assert [piece.number for piece in told if piece.number is not None] == whole_frames(raw)
        assert b"".join(piece.raw for piece in told) + frames._rest == raw
        assert len(frames._rest) < 14


# -- the reader ----------------------------------------------------------------------------------------


class QuickReader(Rdm6300Reader):
    """The same, less patient."""

    pace = Pace(first_s=0.001, last_s=0.02)
    settle_s = SETTLE_S


class Module(threading.Thread):
    """An RDM6300 on the far end of a pseudo-terminal: says what lies there, over and over."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.far, near = os.openpty()
        tty.setraw(self.far)
        tty.setraw(near)
        path.symlink_to(os.ttyname(near))
        os.close(near)
        os.set_blocking(self.far, False)
        self._path = path
        self._over = threading.Event()
        self.says = b""
        self.spoken = 0  # how often what lies there was said since it lies there
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.01):
            if self.says and self.write(self.says):
                self.spoken += 1

    def write(self, raw: bytes) -> bool:
        try:
            return os.write(self.far, raw) == len(raw)
        except OSError:  # nobody has it open, or nobody reads
            return False

    def close(self) -> None:
        self._path.unlink()
        self._over.set()
        self.join()
        os.close(self.far)


class Rdm6300Bench(TellingBench):
    cards = ("100086F444", "0800112233", "0100AB12CD")
    refused = "0000000000"

    def __init__(self, folder: Path, **options: object) -> None:
        super().__init__()
        self.path = folder / "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
        self.options = Rdm6300Options(port=str(self.path), gone_ms=GONE_MS, **options)  # type: ignore[arg-type]
        self.module: Module | None = Module(self.path)

    def make(self, emit: Emit) -> QuickReader:
        reader = QuickReader(NAME, self.options, emit)
        reader._clock = self.clock.now
        return reader

    def show(self) -> None:
        if self.module is not None:
            self.module.says = frame(bytes.fromhex(self.lies)) if self.lies else b""
            self.module.spoken = 0

    def dwell(self) -> None:
        heard = len(self.heard)
        wait_until(lambda: len(self.heard) >= heard + 3, what="three more frames")

    def lose(self) -> None:
        assert self.module is not None
        self.module.close()
        self.module = None

    def bring_back(self) -> None:
        self.module = Module(self.path)
        self.show()

    def clear(self) -> None:
        if self.module is not None:
            self.module.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Rdm6300Bench]:
    with closing(Rdm6300Bench(tmp_path)) as bench:
        yield bench


class TestContract(ReaderContract):
    @pytest.fixture
    def bench(self, bench: Rdm6300Bench) -> Rdm6300Bench:
        return bench


def say(bench: Rdm6300Bench, raw: bytes) -> None:
    assert bench.module is not None
    assert bench.module.write(raw)


def test_glued_torn_and_wrong_frames_bring_each_tag_once(bench: Rdm6300Bench) -> None:
    first, second = (bytes.fromhex(uid) for uid in bench.cards[:2])
    bench.start()
    bench.clock.skip(SETTLE_S)
    bench.clock.hold()
    say(bench, frame(first)[5:] + b"\xff\x00" + frame(first) * 3 + frame(first)[:7])
    bench.expect(TokenPresented(NAME, bench.cards[0]))
    wrong = bytearray(frame(bytes.fromhex(bench.cards[2])))
    wrong[3] ^= 1
    say(bench, bytes(wrong) * 2 + frame(second)[:13] + frame(second))
    bench.expect(
        *(TokenPresented(NAME, bench.cards[0]), TokenRemoved(NAME)), TokenPresented(NAME, bench.cards[1])
    )
    ways = "".join(traffic.way for traffic in bench.heard)
    assert ways.count("<") == 4
    assert ways.count("!") >= 4


def test_wrong_frames_do_not_keep_a_tag_there(bench: Rdm6300Bench) -> None:
    """Noise on the line must not hide that the tag was taken away, and put on again."""
    bench.start()
    bench.put(bench.cards[0])
    bench.expect(TokenPresented(NAME, bench.cards[0], lying=False))
    assert bench.module is not None
    bench.module.says = b"\x02100086F44427\x03"
    bench.clock.go_on()
    bench.expect(TokenPresented(NAME, bench.cards[0]), TokenRemoved(NAME))


def test_a_thread_that_was_late_takes_no_tag_away(bench: Rdm6300Bench) -> None:
    """Frames that wait in the line prove that the tag lay there, however long nobody looked."""
    reader, number = bench.make(bench.inbox.put), bytes.fromhex(bench.cards[0])
    reader._open()
    try:
        bench.clock.skip(SETTLE_S)
        say(bench, frame(number))
        reader._serve()
        for _ in range(3):
            bench.clock.skip(GONE_MS / 1000 * 5)
            say(bench, frame(number))
            reader._serve()
        # It was late after it had looked: what came meanwhile waits, and is read before anything is told.
        late = iter([bench.clock.now()])
        reader._clock = lambda: next(late, bench.clock.now() + 60)
        reader._serve()
        assert bench.tokens() == [TokenPresented(NAME, bench.cards[0])]
        reader._serve()
        assert bench.tokens() == [TokenPresented(NAME, bench.cards[0]), TokenRemoved(NAME)]
    finally:
        reader._close()


def test_a_line_with_something_else_on_it_says_so_until_the_reader_speaks(bench: Rdm6300Bench) -> None:
    bench.start()
    assert bench.module is not None
    bench.module.says = b"GPS,$GPGGA,not a reader\r\n"
    words = bench.expect_health(Health.DEGRADED)
    assert "no frames of an RDM6300" in words
    assert str(bench.path) in words
    bench.put(bench.cards[0])
    bench.expect_health(Health.OK)
    bench.expect(TokenPresented(NAME, bench.cards[0]))


def test_the_number_that_is_printed_on_the_tag(tmp_path: Path) -> None:
    with closing(Rdm6300Bench(tmp_path, cut="last 4")) as bench:
        bench.start()
        bench.put("100086F444")
        bench.expect(TokenPresented(NAME, f"{8844356:08X}"))  # 0008844356 on the tag


def test_a_port_that_is_not_there_names_those_that_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_STABLE", tmp_path)
    with closing(Rdm6300Bench(tmp_path)) as bench:
        bench.options = Rdm6300Options(port=str(tmp_path / "usb-other"))
        bench.device.start()
        assert str(bench.path) in bench.expect_health(Health.MISSING, "there is no ")


def test_over_a_network_too_it_ends_at_once_and_is_missing_when_nobody_serves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    inbox = Inbox()
    reader = QuickReader(NAME, Rdm6300Options(port="socket://127.0.0.1:1"), inbox.put)
    reader.start()
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    reader.stop()
    assert inbox.of(DeviceChanged)[0].health is Health.MISSING
    assert "left behind" not in caplog.text


def test_a_reader_behind_a_serial_server_is_read_until_the_server_goes() -> None:
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        reader = QuickReader(NAME, Rdm6300Options(port=url), inbox.put)
        reader.start()
        far, _ = server.accept()
    with far:
        inbox.wait(lambda _: inbox.of(DeviceChanged))  # what came before it was opened is dropped
        far.sendall(KNOWN[5:] + KNOWN)
        inbox.wait(lambda _: inbox.of(TokenPresented))
        inbox.wait(lambda _: inbox.of(TokenRemoved))
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.MISSING)
    reader.stop()
    assert [token.uid for token in inbox.of(TokenPresented)] == [NUMBER.hex().upper()]


def test_it_proposes_every_serial_line_and_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_STABLE", tmp_path)
    monkeypatch.setattr(lines, "_OWN", tmp_path / "none")
    assert Rdm6300Reader.scan() == []
    path = tmp_path / "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    path.touch()
    (found,) = Rdm6300Reader.scan()
    assert (found.role, found.driver, found.options) == ("reader", "rdm6300", {"port": str(path)})
    assert path.name in found.words
    assert "look alike" in found.caution
    assert isinstance(found, Found)
    assert Rdm6300Options(**found.options).gone_ms == 300


@pytest.mark.parametrize("wrong", [{}, {"port": ""}, {"port": "/dev/ttyS1", "gone_ms": 60}])
def test_options_that_cannot_be_are_refused(wrong: dict[str, object], decode: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match=r"port|gone_ms|Object missing|Expected"):
        decode(wrong)


@pytest.fixture
def decode() -> Callable[..., object]:
    import msgspec  # noqa: PLC0415 - here only

    return lambda given: msgspec.convert(given, Rdm6300Options)


def test_the_clock_of_the_bench_stands_still_and_goes_on() -> None:
    clock = Clock()
    clock.hold()
    held = clock.now()
    clock.skip(5)
    assert clock.now() == held + 5
    clock.go_on()
    assert clock.now() >= held + 5
