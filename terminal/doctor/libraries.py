"""Libraries: those that each driver and each server needs, and two that must not be there together."""

from __future__ import annotations

from collections.abc import Iterator

import drivers
from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, ok, trouble, warning
from terminal.settings import DeviceSettings

NEEDS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("reader", "pcsc"): (("smartcard", "pcsc"),),
    ("reader", "nfcpy"): (("nfc", "nfc"),),
    ("reader", "pn532"): (),  # by its bus
    ("reader", "rdm6300"): (("serial", "serial"),),
    ("reader", "hid"): (),
    ("printer", "escpos"): (("escpos", "printer"), ("serial", "printer"), ("usb", "printer")),
    ("payout", "cctalk_hopper"): (("serial", "serial"),),
    ("machine", "mdb"): (("serial", "serial"),),
    ("coin_acceptor", "cctalk"): (("serial", "serial"),),
    ("coin_acceptor", "cctalk_bill"): (("serial", "serial"),),
    ("coin_acceptor", "mdb"): (("serial", "serial"),),
    ("coin_acceptor", "pulse"): (),  # by its pins, as the next three
    ("release", "relay"): (),
    ("buttons", "gpio"): (),
    ("indicator", "gpio"): (),
}
"""The modules of each driver, with the extra that brings them."""

SERVERS: dict[str, tuple[tuple[str, str], ...]] = {
    "kensium": (("oauthlib", "kensium"),),
    "onlinepos": (("defusedxml", "onlinepos"),),
}
"""The modules of each type of server that needs more than HTTP and JSON, likewise."""

_ZONES = {"onlinepos": "Europe/Copenhagen"}
"""Time zones of servers that write their times without one."""

_SIGNING = ("cryptography", "signing")
_PINS = {"gpiod": (("gpiod", "gpiod"),), "rpi": (("RPi", "rpi-gpio"),)}
_BUSES = {"i2c": ("smbus2", "pn532"), "spi": ("spidev", "pn532"), "": ("serial", "pn532")}
_NO_EDGES = (6, 6)  # kernels from here on; RPi.GPIO 0.7.1 watches no edges on them


def driver_libraries(case: Case) -> Iterator[Finding]:
    """Whether the libraries of each configured driver and server are installed, and what signs tickets."""
    check = "libraries"
    missing: dict[tuple[str, str], list[str]] = {}
    for device in case.devices:
        try:
            drivers.find(device.role, device.driver)
        except ImportError as error:
            yield trouble(check, f"The driver {device.driver!r} of {device.name!r} cannot be loaded: {error}.")
        for module, extra in needed(device):
            if not case.system.has_module(module):
                missing.setdefault((module, extra), []).append(repr(device.name))
    for name, kind in _servers(case):
        for module, extra in SERVERS.get(kind, ()):
            if not case.system.has_module(module):
                missing.setdefault((module, extra), []).append(f"the server {name!r}")
    if case.settings and case.settings.codes.sign and not case.system.has_module(_SIGNING[0]):
        missing[_SIGNING] = ["`sign` in [codes]"]
    for (module, extra), names in missing.items():
        words = f"The Python library {module} is not installed, which {', '.join(names)} needs."
        yield trouble(check, words, f"{case.system.python} -m pip install 'terminald[{extra}]'")
    if case.devices and not missing:
        yield ok(check, "The libraries of all configured drivers are installed.")


def time_zones(case: Case) -> Iterator[Finding]:
    """Whether this machine knows the time zones in which servers write their times."""
    check = "time zones"
    for name, kind in _servers(case):
        zone = _ZONES.get(kind)
        if zone is None:
            continue
        if case.system.readable(f"/usr/share/zoneinfo/{zone}") or case.system.has_module("tzdata"):
            yield ok(check, f"This machine knows {zone}.")
        else:
            words = f"This machine does not know {zone}, in which the server {name!r} writes its times."
            yield trouble(check, words, "sudo apt-get install tzdata")


def _servers(case: Case) -> list[tuple[str, str]]:
    """Return name and type of each configured server."""
    found = case.settings.backends.values() if case.settings else ()
    return [(backend.name, backend.type) for backend in found]


def needed(device: DeviceSettings) -> list[tuple[str, str]]:
    """Return the modules that *device* needs, with the extras that bring them."""
    options = device.options
    found = list(NEEDS.get((device.role, device.driver), ()))
    found += _PINS.get(getattr(options, "pins", ""), ())
    if device.driver == "pn532":
        port = getattr(options, "port", "")
        found.append(_BUSES.get(port.partition(":")[0], _BUSES[""]))
    if getattr(options, "check_original", False):
        found.append(("ecdsa", "originality"))
    return found


def pin_libraries(case: Case) -> Iterator[Finding]:
    """Whether rpi-lgpio and RPi.GPIO are installed together, or the one that cannot work here."""
    check = "GPIO libraries"
    system = case.system
    old, new = system.installed("RPi.GPIO"), system.installed("rpi-lgpio")
    pip = f"{system.python} -m pip"
    replace = f"{pip} uninstall -y RPi.GPIO rpi-lgpio && {pip} install rpi-lgpio"
    if old and new:
        words = "RPi.GPIO and rpi-lgpio are both installed under the same name: which one is used is chance."
        yield trouble(check, words, replace)
        return
    wanted = [device.name for device in case.devices if getattr(device.options, "pins", "") == "rpi"]
    if not wanted:
        return
    model = (system.read("/proc/device-tree/model") or "").strip("\0 \n")
    if old and "Raspberry Pi 5" in model:
        yield trouble(check, f"RPi.GPIO does not know the {model}.", replace)
    elif old and _kernel(case) >= _NO_EDGES:
        yield warning(check, "RPi.GPIO sees no button and no coin on this kernel (6.6 or later).", replace)
    elif old or new:
        yield ok(check, f"{'rpi-lgpio' if new else 'RPi.GPIO'} is installed, and only that.")


def _kernel(case: Case) -> tuple[int, ...]:
    release = (case.system.read("/proc/sys/kernel/osrelease") or "").split(".")
    return tuple(int(each) for each in release[:2] if each.isdecimal())
