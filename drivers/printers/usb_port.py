"""USB printers (device class 7) through pyusb: no driver of the kernel, and status answers come back.

Written in pieces of one packet, because a transfer of several that meets its time limit does not tell how much
of it arrived; one packet is taken whole or not at all (USB 2.0, 8.5.2, bulk transactions).
"""

from __future__ import annotations

import errno
import time
from typing import Any

from drivers.device import DeviceFault, DeviceMissing, needs

_PRINTER = 7
_BULK = 2
_IN = 0x80


class UsbPort:
    """The printer interface of a USB device; see drivers.printers.ports.Port."""

    def __init__(self, device: Any, interface: int, out: Any, back: Any | None) -> None:
        self.reads = back is not None
        self.fd: int | None = None
        self._device = device
        self._interface = interface
        self._out = out
        self._back = back

    def write(self, data: bytes, wait_s: float) -> int:
        """See Port."""
        from usb.core import USBTimeoutError  # noqa: PLC0415 - loaded by open_usb

        try:
            return int(self._out.write(data[: self._out.wMaxPacketSize], _limit_ms(wait_s)))
        except USBTimeoutError:
            return 0

    def read(self, wait_s: float) -> bytes:
        """See Port."""
        from usb.core import USBTimeoutError  # noqa: PLC0415 - loaded by open_usb

        if self._back is None:
            return b""
        began = time.monotonic()
        try:
            data = bytes(self._back.read(self._back.wMaxPacketSize, _limit_ms(wait_s)))
        except USBTimeoutError:
            return b""
        if not data:
            # Some printers answer at once with nothing: not to be asked again without a breath.
            time.sleep(max(0.0, min(wait_s, 0.05) - (time.monotonic() - began)))
        return data

    def pending(self) -> int:
        """See Port: a packet that was taken is in the printer."""
        return 0

    def close(self) -> None:
        """See Port."""
        import usb.util  # noqa: PLC0415 - loaded by open_usb

        usb.util.release_interface(self._device, self._interface)
        usb.util.dispose_resources(self._device)


def open_usb(vendor: int, product: int, number: str = "") -> UsbPort:
    """Open the printer with these ids; *number* is its serial number where there are several of one model.

    Raises:
        OSError: It went away while it was opened.
        DeviceMissing: It is not there.
        DeviceFault: It cannot be used: no permission, no printer, not told from another, no libusb.
    """
    with needs("printer"):
        import usb.core  # noqa: PLC0415 - only who has such a printer needs it
    what = f"USB printer {vendor:04x}:{product:04x}" + (f" with number {number}" if number else "")
    try:
        device = _find(what, vendor, product, number)
        return _claim(what, device)
    except usb.core.NoBackendError as error:
        raise DeviceFault("libusb is not installed: apt-get install libusb-1.0-0") from error
    except usb.core.USBError as error:
        if error.errno == errno.EACCES:
            raise DeviceFault(
                f"no permission to open the {what}: a udev rule must give it to the daemon's group"
            ) from error
        if error.errno == errno.EBUSY:
            raise DeviceFault(f"the {what} is in use by another program") from error
        raise


def _find(what: str, vendor: int, product: int, number: str) -> Any:
    import usb.core  # noqa: PLC0415 - see open_usb

    found = list(usb.core.find(find_all=True, idVendor=vendor, idProduct=product))
    if number:
        found = [device for device in found if _number_of(what, device) == number]
    if not found:
        raise DeviceMissing(f"the {what} is not there: is it plugged in and switched on?")
    if len(found) > 1:
        raise DeviceFault(
            f"there are {len(found)} USB printers {vendor:04x}:{product:04x}: "
            f"name one by its serial number, usb://{vendor:04x}:{product:04x}/NUMBER"
        )
    return found[0]


def _number_of(what: str, device: Any) -> str | None:
    try:
        number: str | None = device.serial_number
    except ValueError as error:  # pyusb, where it may not open the device
        raise DeviceFault(
            f"the serial number of the {what} cannot be read: a udev rule must give it to the daemon's group"
        ) from error
    return number


def _claim(what: str, device: Any) -> UsbPort:
    import usb.util  # noqa: PLC0415 - see open_usb

    interface = next(
        (one for one in device.get_active_configuration() if one.bInterfaceClass == _PRINTER), None
    )
    if interface is None:
        raise DeviceFault(f"the {what} has no printer interface: it is something else")
    number = interface.bInterfaceNumber
    if device.is_kernel_driver_active(number):
        device.detach_kernel_driver(number)
    usb.util.claim_interface(device, number)
    bulk = [end for end in interface if end.bmAttributes & 3 == _BULK]
    out = next((end for end in bulk if not end.bEndpointAddress & _IN), None)
    if out is None:
        raise DeviceFault(f"the {what} has no way in for data")
    return UsbPort(device, number, out, next((end for end in bulk if end.bEndpointAddress & _IN), None))


def _limit_ms(wait_s: float) -> int:
    return max(1, int(wait_s * 1000))  # 0 would mean for ever
