"""USB printers that are plugged in, as the kernel tells them: interfaces of class 07 (USB printer class)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import quote

from drivers.contract import Found
from drivers.usb import SYSFS, UsbDevice, usb_devices

_PRINTER = "07"
_ALIKE = (
    "There are several of this model and none tells a serial number, so that nothing tells them apart: connect "
    "them in another way (serial, network)."
)


def printers(root: Path = SYSFS) -> list[Found]:
    """Return every USB printer. Whether it understands ESC/POS cannot be seen: office printers do not."""
    devices = [device for device in usb_devices(root) if _prints(device, root)]
    alike = Counter((device.ids, device.serial) for device in devices)
    found = []
    for device in devices:
        number = f"/{quote(device.serial, safe='')}" if device.serial else ""
        caution = _ALIKE if alike[device.ids, device.serial] > 1 else ""
        options = {"port": f"usb://{device.ids}{number}"}
        found.append(Found("printer", "escpos", options, f"{device.words}, a printer", caution))
    return found


def _prints(device: UsbDevice, root: Path) -> bool:
    for file in root.glob(f"{device.port}:*/bInterfaceClass"):
        try:
            if file.read_text().strip() == _PRINTER:
                return True
        except OSError:  # it goes at this moment
            continue
    return False
