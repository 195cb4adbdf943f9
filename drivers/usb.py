"""What is plugged into USB, as the kernel tells it (sysfs): looked at only, nothing is opened.

Facts: Linux, Documentation/ABI/stable/sysfs-bus-usb and testing/sysfs-bus-usb. A device is a folder named by
where it is plugged in (``1-1.4``: bus 1, port 1, port 4 of the hub there); its interfaces are folders beside it
(``1-1.4:1.0``), each with a link to the driver that holds it.
"""

from __future__ import annotations

import re
from pathlib import Path

from terminal.core.value import Value

SYSFS = Path("/sys/bus/usb/devices")
NODES = Path("/dev/bus/usb")

_PORT = re.compile(r"\d+-\d+(\.\d+)*")


class UsbDevice(Value, frozen=True):
    """One device.

    Attributes:
        port: Where it is plugged in; the same after it was plugged out and in again there.
        vendor, product: Its ids.
        bus, address: Where it is on the bus now; another address each time that it is plugged in.
        maker, model, serial: As it tells them; empty: it does not.
        held_by: Drivers of the kernel that hold one of its interfaces; ``usbfs`` is a program.
    """

    port: str
    vendor: int
    product: int
    bus: int
    address: int
    maker: str = ""
    model: str = ""
    serial: str = ""
    held_by: tuple[str, ...] = ()

    @property
    def ids(self) -> str:
        """Its ids as `lsusb` shows them."""
        return f"{self.vendor:04x}:{self.product:04x}"

    @property
    def words(self) -> str:
        """What it is and where, for a person."""
        name = f"{self.maker} {self.model}".strip() or "USB device"
        number = f", serial number {self.serial}" if self.serial else ""
        return f"{name} ({self.ids}{number}) at USB port {self.port}"

    def node(self, nodes: Path = NODES) -> Path:
        """Return the file that a program opens to use it."""
        return nodes / f"{self.bus:03d}" / f"{self.address:03d}"


def usb_devices(root: Path = SYSFS) -> list[UsbDevice]:
    """Return every device that is plugged in, in the order of its ports; the computer's own hubs left out."""
    folders = (folder for folder in root.glob("*") if _PORT.fullmatch(folder.name))
    found = (_device(folder) for folder in sorted(folders, key=_in_order))
    return [device for device in found if device is not None]


def _device(folder: Path) -> UsbDevice | None:
    """Return the device of *folder*; None if it goes while it is looked at."""
    try:
        return UsbDevice(
            port=folder.name,
            vendor=int(_line(folder / "idVendor"), 16),
            product=int(_line(folder / "idProduct"), 16),
            bus=int(_line(folder / "busnum")),
            address=int(_line(folder / "devnum")),
            maker=_line(folder / "manufacturer"),
            model=_line(folder / "product"),
            serial=_line(folder / "serial"),
            held_by=_holders(folder),
        )
    except ValueError:
        return None


def _holders(folder: Path) -> tuple[str, ...]:
    names = set()
    for interface in folder.parent.glob(f"{folder.name}:*"):
        try:
            names.add((interface / "driver").readlink().name)
        except OSError:  # nobody holds it
            continue
    return tuple(sorted(names))


def _line(file: Path) -> str:
    """Return what the kernel tells in *file*; empty: nothing."""
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def _in_order(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]
