"""Which reader is whose, for every order of beginning; and what a scan tells of them."""

from itertools import permutations
from pathlib import Path

import pytest

from drivers.readers import pcsc_port, pcsc_scan
from drivers.readers.pcsc import PcscReader
from drivers.readers.pcsc_names import Claims, NoneLeft
from tests.support.pcscd import OWN_SOCKET, PcscDaemon
from tests.support.usb_folder import UsbFolder

ACR_A, ACR_B = "ACS ACR122U PICC Interface 00 00", "ACS ACR122U PICC Interface 01 00"
SERIAL_A, SERIAL_B = (
    "uTrust 3700 F [CL Reader] (53481931200001) 02 00",
    "uTrust 3700 F [CL Reader] (53481931200002) 03 00",
)
SAM = "ACS ACR1252 1S CL Reader SAM 04 00"


def taken(parts: list[str], names: list[str]) -> list[str]:
    """What devices with *parts* take of *names*, in this order."""
    claims, owners = Claims(), [object() for _ in parts]
    for number, (owner, part) in enumerate(zip(owners, parts, strict=True)):
        claims.declare(owner, f"device {number}", part)
    return [claims.take(owner, names) for owner in owners]


def test_the_first_one_is_taken_where_none_is_named_and_no_slot_for_a_sam() -> None:
    assert taken([""], [SAM, ACR_A, ACR_B]) == [ACR_A]
    assert taken([""], [SAM]) == [SAM]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_serial_numbers_find_their_readers_whoever_begins(order: tuple[int, ...]) -> None:
    parts = ["31200002", "31200001", ""]
    wanted = [SERIAL_B, SERIAL_A, ACR_A]
    got = taken([parts[at] for at in order], [SERIAL_A, SERIAL_B, ACR_A])
    assert got == [wanted[at] for at in order]


def test_a_closer_name_that_is_satisfied_elsewhere_reserves_nothing() -> None:
    claims, near, far = Claims(), object(), object()
    claims.declare(near, "near", "PICC Interface")
    claims.declare(far, "far", "ACR122U")
    assert claims.take(near, [ACR_A]) == ACR_A
    assert claims.take(far, [ACR_A, ACR_B]) == ACR_B


def test_what_was_taken_is_kept_while_it_is_away() -> None:
    claims, one, two = Claims(), object(), object()
    claims.declare(one, "one", "ACR122U")
    claims.declare(two, "two", "ACR122U")
    assert [claims.take(one, [ACR_A, ACR_B]), claims.take(two, [ACR_A, ACR_B])] == [ACR_A, ACR_B]
    with pytest.raises(NoneLeft, match="by 'one'"):
        claims.take(two, [ACR_A])
    assert claims.take(one, [ACR_A]) == ACR_A
    assert claims.take(two, [ACR_B]) == ACR_B
    claims.forget(one)
    assert claims.take(two, [ACR_A]) == ACR_A


def test_a_device_that_replaces_a_hung_one_takes_its_reader() -> None:
    claims, hung, fresh = Claims(), object(), object()
    claims.declare(hung, "front", "ACR122U")
    assert claims.take(hung, [ACR_A]) == ACR_A
    claims.declare(fresh, "front", "ACR122U")
    assert claims.take(fresh, [ACR_A]) == ACR_A


def test_a_hung_device_that_goes_on_after_it_was_replaced_takes_nothing_away() -> None:
    claims, hung, fresh = Claims(), object(), object()
    for owner in (hung, fresh):
        claims.declare(owner, "front", "ACR122U")
    claims.forget(hung)
    assert claims.take(fresh, [ACR_A]) == ACR_A
    with pytest.raises(NoneLeft, match="has ended"):
        claims.take(hung, [ACR_A])


def test_a_name_that_nobody_has_is_told_with_those_there_are() -> None:
    with pytest.raises(NoneLeft, match="'Omnikey' in its name; there are: 'ACS ACR122U PICC Interface 00 00'"):
        taken(["Omnikey"], [ACR_A])
    with pytest.raises(NoneLeft, match="is it plugged in"):
        taken([""], [])


# -- the scan ------------------------------------------------------------------------------------------------


def test_readers_that_the_service_has_are_named_by_what_stays() -> None:
    found = pcsc_scan._served([ACR_A, SERIAL_A, SERIAL_B])
    assert [each.options["reader"] for each in found] == [ACR_A[:-6], SERIAL_A[:-6], SERIAL_B[:-6]]
    assert not any(each.caution for each in found)


def test_twins_without_serial_numbers_come_with_a_caution() -> None:
    found = pcsc_scan._served([ACR_A, ACR_B])
    assert [each.options["reader"] for each in found] == [ACR_A, ACR_B]
    assert all("order in which they were plugged in" in each.caution for each in found)


def test_the_service_is_asked(tmp_path: Path) -> None:
    daemon = PcscDaemon(OWN_SOCKET)
    try:
        daemon.start()
        first, second = pcsc_scan.found(tmp_path)
        assert (first.role, first.driver) == ("reader", "pcsc")
        assert [first.options, second.options] == [{"reader": f"Virtual PCD 00 0{slot}"} for slot in (0, 1)]
    finally:
        daemon.close()


def test_a_reader_that_no_service_has_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb = tmp_path / "devices"
    folder = UsbFolder(usb)
    folder.plug("1-1.2", 0x072F, 0x2200, manufacturer="ACS", product="ACR122U PICC Interface")
    folder.plug("1-1.3", 0x046D, 0xC31C, product="USB Keyboard")
    (usb / "1-1.3:1.0/bInterfaceClass").write_text("03\n")
    (found,) = pcsc_scan.found(usb)  # no pcscd runs where this process looks
    assert found.options == {"reader": "ACR122U PICC Interface"}
    assert "is pcscd running?" in found.caution
    monkeypatch.setattr(pcsc_port, "_SEIZER", tmp_path)
    (found,) = pcsc_scan.found(usb)
    assert "blacklist pn533_usb" in found.caution


def test_the_driver_can_be_scanned_for() -> None:
    assert PcscReader.scan() == pcsc_scan.found()
