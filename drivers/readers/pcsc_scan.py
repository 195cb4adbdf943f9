"""Which PC/SC readers are there: those that pcscd has, and those plugged into USB that it does not have.

A context of the service is opened and let go at once, which disturbs nobody. Contactless readers of the class
CCID (USB interface class 0B, bInterfaceClass in sysfs) are known by it even where no service runs.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from pathlib import Path

from drivers.contract import Found
from drivers.readers.pcsc_names import fits
from drivers.readers.pcsc_port import PcscError, PcscPort, seized
from drivers.usb import SYSFS, UsbDevice, usb_devices

_PLACE = re.compile(r" [0-9A-F]{2} [0-9A-F]{2}$")
"""What pcscd puts after each name: the number of the reader in the order of plugging, and of its slot."""

_CCID = "0b"
_MIXED_UP = (
    "Its name has no serial number, and another reader has the same: which is which follows the order in which "
    "they were plugged in. Readers with serial numbers in their names cannot be mixed up."
)


def found(root: Path = SYSFS) -> list[Found]:
    """Return the readers; *root*: the folder of USB devices in sysfs."""
    try:
        with closing(PcscPort()) as port:
            names = port.readers()
        reason = "pcscd runs and does not have it: see `journalctl -u pcscd`"
    except ImportError:
        names, reason = [], "the terminal is installed without its extra `pcsc`"
    except PcscError as error:
        names, reason = [], error.words
    return [*_served(fits("", names)), *_unserved(names, reason, root)]


def _served(names: list[str]) -> list[Found]:
    alike = Counter(map(_stem, names))
    return [
        Found(
            role="reader",
            driver="pcsc",
            options={"reader": _stem(name) if alike[_stem(name)] == 1 else name},
            words=f"PC/SC reader {name}",
            caution="" if alike[_stem(name)] == 1 else _MIXED_UP,
        )
        for name in names
    ]


def _stem(name: str) -> str:
    """Return the part of *name* that does not depend on where it is plugged in."""
    return _PLACE.sub("", name)


def _unserved(names: list[str], reason: str, root: Path) -> list[Found]:
    return [
        Found(
            role="reader",
            driver="pcsc",
            options={"reader": device.model},
            words=device.words,
            caution=f"No program can read from it yet: {reason}{seized()}.",
        )
        for device in usb_devices(root)
        if _is_ccid(device, root) and not any(device.model in name for name in names)
    ]


def _is_ccid(device: UsbDevice, root: Path) -> bool:
    for interface in root.glob(f"{device.port}:*/bInterfaceClass"):
        try:
            if interface.read_text().strip() == _CCID:
                return True
        except OSError:  # it is just being unplugged
            continue
    return False
