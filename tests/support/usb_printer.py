"""USB printers for pyusb: a backend (what libusb is otherwise) with printers plugged into it.

pyusb itself is the real one: it enumerates, reads descriptors, claims and transfers; only the bus is made up.
"""

from __future__ import annotations

import errno
from array import array
from dataclasses import dataclass, field
from types import SimpleNamespace

from usb.backend import IBackend
from usb.core import USBError, USBTimeoutError

PACKET = 64


@dataclass
class UsbPrinter:
    """A printer on the bus: *room* is how many bytes it takes before it is busy (None: any number)."""

    number: str = "A1"
    vendor: int = 0x04B8
    product: int = 0x0E15
    kind: int = 7
    readable: bool = True
    answers: bool = True
    allowed: bool = True
    room: int | None = None
    kernel_driver: bool = True
    claimed: bool = False
    tells: bool = False
    received: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)

    def tell(self, status: bytes) -> None:
        """Say *status* unasked, if it is to say such things."""
        self.said += status * (self.tells and self.answers)


class Bus(IBackend):
    """The bus with what is plugged in."""

    def __init__(self, *printers: UsbPrinter) -> None:
        self.printers = list(printers)

    def enumerate_devices(self):
        return list(self.printers)

    def get_device_descriptor(self, dev):
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x0200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=dev.vendor,
            idProduct=dev.product,
            bcdDevice=0x0100,
            iManufacturer=0,
            iProduct=0,
            iSerialNumber=3,
            bNumConfigurations=1,
            address=1,
            bus=1,
            port_number=1,
            port_numbers=(1,),
            speed=2,
        )

    def get_configuration_descriptor(self, dev, config):
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=32,
            bNumInterfaces=1,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, dev, intf, alt, config):
        if intf or alt or config:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=0,
            bAlternateSetting=0,
            bNumEndpoints=2 if dev.readable else 1,
            bInterfaceClass=dev.kind,
            bInterfaceSubClass=1,
            bInterfaceProtocol=2,
            iInterface=0,
            extra_descriptors=[],
        )

    def get_endpoint_descriptor(self, dev, ep, intf, alt, config):
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=(0x01, 0x82)[ep],
            bmAttributes=2,
            wMaxPacketSize=PACKET,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def open_device(self, dev):
        if not dev.allowed:
            raise USBError("Access denied (insufficient permissions)", -3, errno.EACCES)
        return dev

    def close_device(self, dev_handle):
        pass

    def get_configuration(self, dev_handle):
        return 1

    def claim_interface(self, dev_handle, intf):
        if dev_handle.kernel_driver or dev_handle.claimed:
            raise USBError("Resource busy", -6, errno.EBUSY)
        dev_handle.claimed = True

    def release_interface(self, dev_handle, intf):
        dev_handle.claimed = False

    def is_kernel_driver_active(self, dev_handle, intf):
        return dev_handle.kernel_driver

    def detach_kernel_driver(self, dev_handle, intf):
        dev_handle.kernel_driver = False

    def ctrl_transfer(self, dev_handle, *setup):
        """Only strings are asked for: *setup* is kind, request, value, index, data, timeout."""
        value, data = setup[2], setup[4]
        text = b"\x09\x04" if not value & 0xFF else dev_handle.number.encode("utf-16-le")
        answer = bytes((len(text) + 2, 3)) + text
        data[: len(answer)] = array("B", answer)
        return len(answer)

    def bulk_write(self, dev_handle, ep, intf, data, timeout):
        if dev_handle not in self.printers:
            raise USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)
        data = bytes(data)
        assert len(data) <= PACKET, "a transfer of several packets could be taken in part"
        if dev_handle.room is not None and len(dev_handle.received) + len(data) > dev_handle.room:
            raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        if data[:2] == b"\x10\x04":
            dev_handle.said += b"\x12" * dev_handle.answers
        elif data == b"\x1dr\x01":
            dev_handle.said += b"\x00" * dev_handle.answers
        elif data[:2] == b"\x1da":
            dev_handle.tells = bool(data[2])
            dev_handle.tell(b"\x10\x00\x00\x00")
        else:
            dev_handle.received += data
        return len(data)

    def bulk_read(self, dev_handle, ep, intf, buff, timeout):
        if dev_handle not in self.printers:
            raise USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)
        if not dev_handle.said:
            raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        count = min(len(buff), len(dev_handle.said))
        buff[:count] = array("B", bytes(dev_handle.said[:count]))
        del dev_handle.said[:count]
        return count
