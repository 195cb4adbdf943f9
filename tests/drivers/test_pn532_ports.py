"""The ports of a PN532: what is refused, what is missing, what is proposed."""

import errno
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from drivers.device import DeviceFault, DeviceMissing
from drivers.readers.pn532 import Pn532Reader
from drivers.readers.pn532_frames import ACK
from drivers.readers.pn532_port import open_port
from terminal.core.events import Health
from tests.drivers.pn532_making import Bench
from tests.support.pn532_buses import SpiBoard, SpiBus


@pytest.fixture
def make_bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    with ExitStack() as stack:
        yield lambda way="uart", **options: stack.enter_context(closing(Bench(way, monkeypatch, **options)))


@pytest.mark.parametrize("port", ["usb:072f:2200", "tcp://1.2.3.4:5", "i2c://1", "COM3", "serial://"])
def test_a_port_that_says_no_way_is_refused_with_the_ways(port: str) -> None:
    with pytest.raises(DeviceFault, match=r"expected serial:///dev/serial/by-id/.*spi:///dev/spidev0.0"):
        open_port(port)


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("/dev/ttyNOPE", "there is no /dev/ttyNOPE; there are: "),
        ("serial:///dev/ttyNOPE", "there is no /dev/ttyNOPE; there are: "),
        ("i2c:///dev/i2c-99", "there is no /dev/i2c-99; there are: none of its kind. .*do_i2c 0"),
        ("spi:///dev/spidev9.9", "there is no /dev/spidev9.9; there are: none of its kind. .*do_spi 0"),
    ],
)
def test_a_port_that_is_not_there_is_missing(port: str, words: str) -> None:
    with pytest.raises(DeviceMissing, match=words):
        open_port(port)


@pytest.mark.parametrize(("way", "opener"), [("i2c", "smbus2.SMBus"), ("spi", "spidev.SpiDev")])
def test_a_port_that_may_not_be_opened_names_the_group(monkeypatch, way: str, opener: str) -> None:
    class Forbidden:
        def __init__(self, *path: str) -> None:
            if path:
                self.open_path(*path)

        def open_path(self, path: str) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", path)

        def close(self) -> None:
            pass

    monkeypatch.setattr(opener, Forbidden)
    with pytest.raises(DeviceFault, match=f"add the terminal's user to the group {way}"):
        open_port(f"{way}:///dev/{way}-1")


@pytest.mark.parametrize(
    ("port", "module"), [("/dev/x", "serial"), ("i2c:///x", "smbus2"), ("spi:///x", "spidev")]
)
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, port: str, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DeviceFault, match=rf"{module} cannot be imported: pip install 'terminald\[pn532\]'"):
        open_port(port)


def test_spi_sends_the_lowest_bit_first(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[list[int]] = []

    class Wire(SpiBus):
        def xfer2(self, values: list[int]) -> list[int]:
            sent.append(values)
            return super().xfer2(values)

    SpiBoard("/dev/wire").install(monkeypatch)
    monkeypatch.setattr("spidev.SpiDev", Wire)
    with closing(open_port("spi:///dev/wire")) as port:
        port.send(ACK)
        assert port.receive(0) == b""
    assert sent[0] == [0x80, 0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00]
    assert sent[1] == [0x40, 0x00]


def test_a_board_that_is_not_wired_to_the_bus_is_missing_with_advice(make_bench) -> None:
    bench = make_bench("i2c")
    bench.lose()
    bench.device.start()
    assert "address 24" in bench.expect_health(Health.MISSING)


def test_lines_and_buses_are_proposed_as_they_stand_in_a_configuration(monkeypatch, tmp_path: Path) -> None:
    for name in ("i2c-1", "i2c-20", "spidev0.0", "spidev0.1", "spidev10.0"):
        (tmp_path / name).touch()
    monkeypatch.setattr("drivers.readers.pn532._BUSES", tmp_path)
    monkeypatch.setattr("drivers.readers.pn532.adapters", lambda: ["/dev/serial/by-id/usb-FTDI"])
    found = Pn532Reader.scan()
    assert [each.options["port"] for each in found] == [
        "/dev/serial/by-id/usb-FTDI",
        f"i2c://{tmp_path}/i2c-1",
        f"spi://{tmp_path}/spidev0.0",
        f"spi://{tmp_path}/spidev0.1",
    ]
    assert all(each.caution for each in found)
