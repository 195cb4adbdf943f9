"""What is plugged into USB, and which of it nfcpy could drive."""

from pathlib import Path

import pytest

from drivers.readers.nfcpy import NfcpyOptions, NfcpyReader
from drivers.readers.nfcpy_scan import found_in
from drivers.usb import UsbDevice, usb_devices
from tests.support.usb_folder import UsbFolder


@pytest.fixture
def folder(tmp_path: Path) -> UsbFolder:
    return UsbFolder(tmp_path)


def test_devices_are_told_in_order_and_hubs_of_the_computer_are_none(tmp_path: Path, folder: UsbFolder) -> None:
    folder.plug("1-1.10", 0x0403, 0x6001, address=7, serial="A9")
    folder.plug("1-1.4", 0x072F, 0x2200, address=9, manufacturer="ACS", product="ACR122U", held_by="usbfs")
    assert usb_devices(tmp_path) == [
        UsbDevice("1-1.4", 0x072F, 0x2200, 1, 9, "ACS", "ACR122U", "", ("usbfs",)),
        UsbDevice("1-1.10", 0x0403, 0x6001, 1, 7, serial="A9"),
    ]
    first, second = usb_devices(tmp_path)
    assert first.words == "ACS ACR122U (072f:2200) at USB port 1-1.4"
    assert second.words == "USB device (0403:6001, serial number A9) at USB port 1-1.10"
    assert str(first.node()) == "/dev/bus/usb/001/009"


def test_a_device_that_goes_while_it_is_looked_at_is_none(tmp_path: Path, folder: UsbFolder) -> None:
    (folder.plug("1-2", 0x072F, 0x2200) / "devnum").unlink()
    assert usb_devices(tmp_path) == []
    assert usb_devices(tmp_path / "nowhere") == []


def scan(tmp_path: Path, **places: Path) -> list[tuple[object, str]]:
    nothing = tmp_path / "nothing"
    found = found_in(tmp_path, **{"nodes": nothing, "pcscd": nothing, **places})
    assert all((each.role, each.driver) == ("reader", "nfcpy") for each in found)
    return [(each.options["path"], each.caution) for each in found]


def test_readers_are_proposed_by_model_and_by_port_where_there_are_two(
    tmp_path: Path, folder: UsbFolder
) -> None:
    folder.plug("1-1", 0x054C, 0x06C3)
    folder.plug("1-2", 0x04CC, 0x2533)
    folder.plug("1-3", 0x04CC, 0x2533)
    folder.plug("1-4", 0x0403, 0x6001)
    assert scan(tmp_path) == [("usb:054c:06c3", ""), ("usb:1-2", ""), ("usb:1-3", "")]
    assert [each.options for each in NfcpyReader.scan(tmp_path)] == [
        {"path": path} for path, _ in scan(tmp_path)
    ]
    for path, _ in scan(tmp_path):
        NfcpyOptions(path=str(path))


def test_what_stands_in_the_way_is_told(tmp_path: Path, folder: UsbFolder) -> None:
    folder.plug("1-1", 0x04CC, 0x2533, held_by="pn533_usb")
    ((_, caution),) = scan(tmp_path)
    assert "'blacklist pn533_usb'" in caution


def test_a_reader_that_pcscd_serves_is_not_for_both(tmp_path: Path, folder: UsbFolder) -> None:
    folder.plug("1-1", 0x072F, 0x2200)
    ((_, caution),) = scan(tmp_path)
    assert caution == 'driver = "pcsc" serves it, too, and is the better choice; never both.'
    ((_, caution),) = scan(tmp_path, pcscd=tmp_path)
    assert caution.startswith("pcscd serves it, too: ")


def test_a_reader_that_may_not_be_opened_is_told_as_such(
    tmp_path: Path, folder: UsbFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.plug("1-1", 0x054C, 0x06C3, address=5)
    node = tmp_path / "nodes" / "001" / "005"
    node.parent.mkdir(parents=True)
    node.touch()
    assert scan(tmp_path, nodes=tmp_path / "nodes") == [("usb:054c:06c3", "")]
    monkeypatch.setattr("os.access", lambda path, _: path != node)
    ((_, caution),) = scan(tmp_path, nodes=tmp_path / "nodes")
    assert caution.startswith(f"This user may not open {node}: ")
