"""Device files: are they there, and may the daemon's user open them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from drivers.usb import usb_devices
from terminal.doctor.case import Case, files, texts
from terminal.doctor.finding import Finding, not_checked, ok, trouble
from terminal.doctor.system import Hidden, Node
from terminal.doctor.who import READ, WRITE, group_name, may
from terminal.settings import DeviceSettings

_USB = re.compile(r"usb:(?://)?(?:(?P<ids>[0-9a-fA-F]{4}:[0-9a-fA-F]{4})(?:/.*)?|(?P<port>\d+-\d+(?:\.\d+)*))")
_UDEV = (
    "sudo install -m 644 systemd/90-terminald.rules /etc/udev/rules.d/"
    " && sudo udevadm control --reload && sudo udevadm trigger"
)
_SWITCHES = (
    ("/dev/i2c-", "sudo raspi-config nonint do_i2c 0 && sudo reboot"),
    ("/dev/spidev", "sudo raspi-config nonint do_spi 0 && sudo reboot"),
    ("/dev/serial0", "sudo raspi-config nonint do_serial_hw 0 && sudo reboot"),
    ("/dev/ttyAMA", "sudo raspi-config nonint do_serial_hw 0 && sudo reboot"),
)
"""What switches a bus of the Raspberry Pi on (raspi-config; 0 means on)."""


def device_files(case: Case) -> Iterator[Finding]:
    """Whether each configured device's files are there, and open to who drives it."""
    for device in case.devices:
        yield from _of_device(case, device, f"device {device.name}")


def _of_device(case: Case, device: DeviceSettings, check: str) -> Iterator[Finding]:
    for path in files(device):
        yield _file(case, check, path)
    for text in texts(device):
        if (match := _USB.fullmatch(text)) is not None:
            yield _usb(case, check, match["ids"] or match["port"])
    if getattr(device.options, "pins", "") in ("gpiod", "rpi"):
        yield _pins(case, check, getattr(device.options, "chip", ""))


def _file(case: Case, check: str, path: str) -> Finding:
    try:
        node = case.system.node(path)
    except Hidden as hidden:
        return not_checked(check, f"{hidden.path} may not be looked at by you.", "sudo terminalctl doctor")
    if node is None:
        return trouble(check, f"{path} is not there{_beside(case, path)}.", _switch(path))
    return _open(case, check, path, node)


def _beside(case: Case, path: str) -> str:
    """Return what is there instead."""
    folder = path.rpartition("/")[0]
    by_id = folder if folder.endswith("by-id") else "/dev/serial/by-id"
    there = case.system.names(f"{by_id}/*")
    return f"; there are: {', '.join(there)}" if there else ""


def _switch(path: str) -> str:
    return next((command for start, command in _SWITCHES if path.startswith(start)), "terminalctl devices scan")


def _open(case: Case, check: str, path: str, node: Node) -> Finding:
    who = case.who
    want = READ if path.startswith("/dev/input/") else READ | WRITE
    if may(who, node, want):
        return ok(check, f"{path} is there, and {who.name} may use it.")
    group = group_name(case.system, node.gid)
    words = f"{who.name} may not use {path} (group {group}, mode {node.mode:04o})"
    if node.gid and (node.mode >> 3) & want == want:
        return trouble(
            check,
            f"{words}: {who.name} is not in the group {group}.",
            f"sudo usermod -aG {group} {who.name} && sudo systemctl restart terminald",
        )
    return trouble(check, f"{words}: a rule of udev must give it to a group.", _UDEV)


def _usb(case: Case, check: str, wanted: str) -> Finding:
    """Check the USB device with the ids, or at the port, *wanted*."""
    devices = usb_devices(case.system.path("/sys/bus/usb/devices"))
    found = [each for each in devices if wanted.lower() in (each.ids, each.port)]
    if not found:
        return trouble(check, f"No USB device {wanted} is plugged in.", "lsusb; terminalctl devices scan")
    return _file(case, check, str(found[0].node(Path("/dev/bus/usb"))))


def _pins(case: Case, check: str, chip: str) -> Finding:
    if chip.startswith(("/dev/", "gpiochip")):
        return _file(case, check, str(Path("/dev") / chip))
    chips = case.system.names("/dev/gpiochip*")
    if not chips:
        return trouble(check, "This machine has no GPIO pins: there is no /dev/gpiochip0.")
    return _file(case, check, chips[0])
