"""The table of drivers."""

import importlib.metadata
import subprocess
import sys
from importlib.metadata import EntryPoint

import msgspec
import pytest

import drivers
from drivers.contract import DriverOptions
from drivers.readers.simulated import SimulatedReader


@pytest.mark.parametrize(("role", "driver"), drivers.DRIVERS)
def test_every_name_is_a_driver_of_its_role(role, driver):
    found = drivers.find(role, driver)
    assert found.role == role
    assert issubclass(found.Options, DriverOptions)
    for name in ("start", "stop", "beat_age_ms", "condition"):
        assert hasattr(found, name)


@pytest.mark.parametrize(("role", "driver"), drivers.DRIVERS)
def test_every_option_is_described(role, driver):
    for field in msgspec.inspect.type_info(drivers.find(role, driver).Options).fields:
        assert isinstance(field.type, msgspec.inspect.Metadata), field.name
        schema = field.type.extra_json_schema or {}
        assert schema.get("description"), field.name


def test_every_role_has_a_simulated_driver():
    assert {role for role, driver in drivers.DRIVERS if driver == "simulated"} == {
        role for role, _ in drivers.DRIVERS
    }


def test_an_unknown_driver_is_answered_with_what_was_meant():
    with pytest.raises(
        drivers.UnknownDriver, match=r"known: .*pcsc, .*simulated \(did you mean 'pcsc'\?\)"
    ) as caught:
        drivers.find("reader", "pscs")
    assert caught.value.suggestion == "pcsc"
    assert isinstance(caught.value, LookupError)


def test_an_unknown_role_is_answered_with_what_was_meant():
    with pytest.raises(drivers.UnknownDriver, match=r"did you mean 'reader'\?"):
        drivers.find("raeder", "pcsc")
    with pytest.raises(drivers.UnknownDriver, match="known: buttons, coin_acceptor"):
        drivers.find("zzz", "pcsc")


def test_third_parties_add_drivers_by_entry_points(monkeypatch):
    points = [
        EntryPoint("reader.front", "drivers.readers.simulated:SimulatedReader", drivers.GROUP),
        EntryPoint("nonsense", "drivers:nothing", drivers.GROUP),
    ]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda *, group: points if group == drivers.GROUP else []
    )
    assert drivers.find("reader", "front") is SimulatedReader
    assert ("reader", "front") in drivers.names()
    assert set(drivers.names()) == {*drivers.DRIVERS, ("reader", "front")}


def test_finding_a_driver_loads_no_vendor_library():
    code = (
        "import sys, drivers\n"
        "for role, driver in drivers.DRIVERS: drivers.find(role, driver)\n"
        "print(sorted({'gpiod', 'RPi', 'serial', 'escpos', 'smartcard', 'usb'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
