"""nfcpy as one small typed port: opened by a stable path, its many ways to fail turned into sentences.

nfcpy 1.0.4 (2022) is dormant and under the EUPL 1.1, a copyleft licence: nothing of it is part of the terminal,
and who wants it installs it by the extra ``nfc``. What it does and a kiosk must not suffer is kept away here:

* It finds a serial line only by a name directly in /dev, by opening it in a way that makes it the controlling
  terminal of a service, which then gets SIGHUP when the reader is unplugged. So the line is opened here.
* It raises a PN532's speed to what ``stty``, started through a shell, can set. A chip left at another speed, by
  a program that was killed, answers nobody until its power is cut. So ``stty`` is given no line that exists.
* It logs each failed try, and at level DEBUG the numbers of cards. So its log is closed.
* It waits for a first answer only as long as a quick serial adapter needs, but on a Raspberry Pi.
* What it leaves open when closing fails is closed here. Of torn frames it knows nothing (IndexError).
"""

from __future__ import annotations

import errno
import logging
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from drivers.errors import DeviceError, DeviceFault, DeviceMissing, needs, words_of
from drivers.readers.nfcpy_wire import Hear, line, tap, tap_datagrams
from drivers.readers.nfcpy_words import (
    BITRATES,
    READERS,
    SERVED_BY_PCSCD,
    Kind,
    Place,
    Serial,
    Usb,
    meaning,
    number_a,
    number_b,
    number_f,
)
from drivers.readers.pcsc_port import seized
from drivers.usb import SYSFS, UsbDevice, usb_devices
from terminal.core.value import Value

HUNG_S = 1.0
"""How long closing waits for a call of nfcpy to end: such a call is made without end for an RC-S380 only."""


class Card(Value, frozen=True):
    """What was found in the field.

    Attributes:
        kind: Of which type.
        answer: What it said of itself: UID (A), SENSB_RES (B), SENSF_RES (F); empty: nothing usable.
        plain: It is of type A and knows neither ISO 14443-4 nor NFC-DEP, as an NTAG21x.
    """

    kind: Kind
    answer: bytes = b""
    plain: bool = False

    def number(self) -> bytes:
        """Return its number; raises Refused where it has none."""
        return {"A": number_a, "B": number_b, "F": number_f}[self.kind](self.answer)


class NfcpyPort:
    """One open reader. For one thread.

    Raises:
        DeviceMissing: It is not there, or does not answer as a reader does.
        DeviceFault: It is there and cannot be used: no right, in use, no nfcpy.
    """

    def __init__(self, place: Place, hear: Hear, root: Path = SYSFS) -> None:
        self._nfc = _load()
        self._clf = self._nfc.ContactlessFrontend()
        self._transport: Any = None
        self._hear = hear
        self._usb: UsbDevice | None = None
        self._where = _named(place)
        try:
            if isinstance(place, Serial):
                self._open_serial(place)
            elif isinstance(place, Usb):
                self._open_usb(place, root)
            else:
                self._open(place.path)
        except DeviceError:
            self.close()
            raise

    @property
    def words(self) -> str:
        """What the reader says that it is, and where."""
        device = self._clf.device
        names = (device.vendor_name, device.product_name, device.chipset_name)
        return f"{' '.join(name for name in names if name)} at {self._where}"

    def sense(self, kind: Kind, number: bytes = b"") -> Card | None:
        """Look once for a card of *kind*; the field is off before, so that what is found lies there now.

        Args:
            kind: Of type A, B or F.
            number: UID of the one card that is looked for (type A only); empty: any.
        """
        wanted = {"sel_req": bytearray(number)} if number else {}
        with self._errors():
            target = self._clf.sense(self._nfc.clf.RemoteTarget(BITRATES[kind], **wanted))
        if target is None:
            return None
        answer = {"A": target.sdd_res, "B": target.sensb_res, "F": target.sensf_res}[kind]
        plain = kind == "A" and bool(target.sel_res) and target.sel_res[0] & 0x60 == 0
        return Card(kind, bytes(answer or b""), plain)

    def exchange(self, command: bytes, wait_s: float) -> bytes | None:
        """Send *command* to the card that was found last; None: it did not answer, or not whole."""
        with self._errors():
            try:
                answer = self._clf.exchange(bytearray(command), wait_s)
            except self._nfc.clf.CommunicationError:
                return None
        return None if answer is None else bytes(answer)

    def close(self) -> None:
        """Let the reader go; what fails then is of no use to know."""
        if not self._clf.lock.acquire(timeout=HUNG_S):
            return  # a call hangs in another thread; nothing but pulling the reader out ends it
        self._clf.lock.release()
        transport, self._transport = self._transport, None
        datagrams = getattr(self._clf.device, "socket", None)
        try:
            self._clf.close()
        except _failures():
            self._clf.device = None
        for left_open in (transport, datagrams):
            if left_open is not None:
                left_open.close()

    # -- opening -----------------------------------------------------------------------------------------

    def _open_serial(self, place: Serial) -> None:
        self._transport = opened = line(place.device, self._hear_frame)
        with self._errors(place.driver):
            driver = import_module(f"nfc.clf.{place.driver}")
            self._clf.device = driver.init(opened)

    def _open_usb(self, place: Usb, root: Path) -> None:
        there = usb_devices(root)
        if root.is_dir():
            chosen = place.chosen(there)
            if not chosen:
                raise DeviceMissing(
                    f"there is no {self._where} that nfcpy can drive; there are: {_listed(there)}"
                )
            self._usb = device = chosen[0]
            self._where = f"{device.ids} at USB port {device.port}"
            self._open(f"usb:{device.bus:03d}:{device.address:03d}")
        else:
            raise DeviceMissing("this computer has no USB (no /sys/bus/usb/devices)")
        self._transport = self._clf.device.chipset.transport

    def _open(self, path: str) -> None:
        with self._errors():
            if not self._clf.open(path):
                raise OSError(errno.ENODEV, "nfcpy found no reader")
        device = self._clf.device
        if (chipset := getattr(device, "chipset", None)) is not None:
            tap(chipset.transport, self._hear_frame)
        else:
            tap_datagrams(device, self._hear)

    def _hear_frame(self, way: Literal[">", "<"], raw: bytes) -> None:
        device = self._clf.device
        names = {} if device is None else getattr(device.chipset, "CMD", {})
        self._hear(way, raw, meaning(raw, names))

    # -- what goes wrong ---------------------------------------------------------------------------------

    @contextmanager
    def _errors(self, driver: str = "") -> Iterator[None]:
        """Turn everything that nfcpy raises into a DeviceError."""
        try:
            yield
        except DeviceError:
            raise
        except OSError as error:
            raise self._explained(error, driver) from error
        except self._nfc.clf.UnsupportedTargetError as error:
            raise self._cannot() from error
        except ValueError as error:
            raise (self._cannot() if "unsupported bitrate" in str(error) else self._garbled(error)) from error
        except _failures() as error:
            raise self._garbled(error) from error

    def _explained(self, error: OSError, driver: str) -> DeviceError:
        if error.errno in (errno.EACCES, errno.EPERM):
            return DeviceFault(f"{self._where} may not be opened: {self._right()}")
        if error.errno == errno.EBUSY:
            return DeviceFault(f"{self._where} is in use by another program{self._user()}")
        if driver and error.errno in (errno.ENODEV, errno.ETIMEDOUT):
            return DeviceMissing(
                f"no {driver} answers at {self._where}: is it powered, set to its serial mode (HSU), TX to RX "
                "and RX to TX? A program that raised its speed may have been killed: cut its power for a moment"
            )
        return DeviceMissing(f"{self._where} does not answer: {words_of(error)}")

    def _right(self) -> str:
        if self._usb is None:
            return "add the terminal's user to the group dialout"
        vendor, _, product = self._usb.ids.partition(":")
        return (
            f'put SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{product}", '
            'GROUP="plugdev", MODE="0660" into /etc/udev/rules.d/70-terminal-nfc.rules, add the user of the '
            "terminal to the group plugdev and plug the reader in anew"
        )

    def _user(self) -> str:
        if self._usb is not None and (self._usb.vendor, self._usb.product) in SERVED_BY_PCSCD and not seized():
            return ', probably pcscd: use driver = "pcsc", or stop pcscd (systemctl disable --now pcscd.socket)'
        return seized()

    def _cannot(self) -> DeviceFault:
        return DeviceFault(f"{self._where} cannot read all kinds of cards that `cards` names: take one out")

    def _garbled(self, error: Exception) -> DeviceMissing:
        return DeviceMissing(
            f"{self._where} does not answer as such a reader does ({type(error).__name__}: {words_of(error)})"
        )


def _load() -> Any:
    """Return nfcpy's package, its log closed."""
    try:
        with needs("nfc"):
            import nfc.clf  # noqa: PLC0415 - only who has such a reader needs the library
    except OSError as error:
        words = f"nfcpy cannot load libusb ({error}): apt-get install libusb-1.0-0"
        raise DeviceFault(words) from error
    logging.getLogger("nfc").setLevel(logging.CRITICAL)
    return nfc


def _named(place: Place) -> str:
    match place:
        case Serial():
            return place.device
        case Usb(vendor=None, bus=None, port=""):
            return "USB reader"
        case Usb(vendor=int() as vendor):
            return f"USB reader {vendor:04x}" + ("" if place.product is None else f":{place.product:04x}")
        case Usb(bus=int() as bus):
            return f"USB reader on bus {bus}" + ("" if place.address is None else f", device {place.address}")
        case Usb():
            return f"USB reader at port {place.port}"
        case _:
            return place.path


def _listed(devices: list[UsbDevice]) -> str:
    known = [device.words for device in devices if (device.vendor, device.product) in READERS]
    return "; ".join(known) or "none"


def _failures() -> tuple[type[Exception], ...]:
    """Return what nfcpy may raise: errors of its own, of what it uses, and of reading answers too short."""
    from nfc.clf import Error, pn53x, rcs380  # noqa: PLC0415 - loaded before
    from nfc.clf.transport import libusb  # noqa: PLC0415 - the same

    own = (Error, pn53x.Chipset.Error, rcs380.CommunicationError, rcs380.StatusError, libusb.USBError)
    used = (OSError, termios.error, struct.error)
    return (*own, *used, LookupError, TypeError, ValueError, AttributeError, AssertionError, ArithmeticError)
