"""What the drivers of printers and pins see without touching anything."""

from pathlib import Path

import pytest

import drivers
from drivers.pins.board import pins_found
from drivers.printers import ports
from drivers.printers.scan import printers
from tests.support.usb_folder import UsbFolder

MODEL = "Raspberry Pi 4 Model B Rev 1.4"


def plug_printer(root: Path, folder: UsbFolder, port: str, serial: str = "") -> None:
    texts = {"serial": serial} if serial else {}
    folder.plug(port, 0x04B8, 0x0E15, manufacturer="EPSON", product="TM-T20II", held_by="usblp", **texts)
    (root / f"{port}:1.0" / "bInterfaceClass").write_text("07\n")


def test_printers_are_named_by_what_stays(tmp_path: Path) -> None:
    folder = UsbFolder(tmp_path)
    plug_printer(tmp_path, folder, "1-1.2", "J3/9 7")
    folder.plug("1-1.3", 0x072F, 0x2200)
    (found,) = printers(tmp_path)
    assert (found.role, found.driver, found.caution) == ("printer", "escpos", "")
    assert found.options == {"port": "usb://04b8:0e15/J3%2F9%207"}
    assert ports.parse(found.options["port"]) == ports.Usb(0x04B8, 0x0E15, "J3/9 7")
    assert "EPSON TM-T20II" in found.words


def test_twins_that_tell_no_number_come_with_a_caution(tmp_path: Path) -> None:
    folder = UsbFolder(tmp_path)
    for port in ("1-1", "1-2"):
        plug_printer(tmp_path, folder, port)
    found = printers(tmp_path)
    assert [each.options for each in found] == [{"port": "usb://04b8:0e15"}] * 2
    assert all("tells them apart" in each.caution for each in found)


def test_nothing_plugged_in_is_nothing_found(tmp_path: Path) -> None:
    assert printers(tmp_path) == []
    assert pins_found("release", "relay", tmp_path) == []


@pytest.mark.parametrize("driver", [("release", "relay"), ("buttons", "gpio"), ("coin_acceptor", "pulse")])
def test_pins_are_told_but_what_hangs_on_them_is_left_to_a_person(
    tmp_path: Path, driver: tuple[str, str]
) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/gpiochip0").touch()
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(MODEL.encode() + b"\0")
    (found,) = pins_found(*driver, tmp_path)
    assert found.options == {}
    assert MODEL in found.words
    assert "gpiochip0" in found.words


def test_every_scan_of_the_table_answers_with_its_own_driver() -> None:
    """On this machine, whatever is plugged in."""
    for role, driver in drivers.DRIVERS:
        scan = getattr(drivers.find(role, driver), "scan", None)
        if scan is not None:
            assert all((each.role, each.driver) == (role, driver) for each in scan())
