"""What nfcpy is asked and what it answers, without nfcpy: the paths of readers, numbers of tokens. Pure.

Facts: nfcpy 1.0.4, documentation of ``ContactlessFrontend.open`` and ``sense`` (the forms of a path, the
answers of a target) and the table of readers in ``nfc/clf/device.py``; NFC Forum Digital Protocol (SENSB_RES,
SENSF_RES, NFCID2); NXP PN532 user manual UM0701-02, 6.2 (frames).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from drivers.readers.uid import NOT_SUPPORTED, Chip, Refused
from drivers.usb import UsbDevice
from terminal.core.value import Value

Kind = Literal["A", "B", "F"]

BITRATES: dict[Kind, str] = {"A": "106A", "B": "106B", "F": "212F"}
"""Each kind of card as nfcpy names it. FeliCa answers at 212 and 424 kbit/s; the slower reaches farther."""

CHIPS: dict[Kind, Chip] = {"A": Chip.A, "B": Chip.B, "F": Chip.FELICA}

READERS: dict[tuple[int, int], str] = {
    (0x054C, 0x0193): "PN531",
    (0x04CC, 0x0531): "PN531 (SCL3710)",
    (0x04CC, 0x2533): "PN533",
    (0x04E6, 0x5591): "SCL3711",
    (0x04E6, 0x5593): "SCL3712",
    (0x054C, 0x02E1): "Sony RC-S330, 360, 370",
    (0x054C, 0x06C1): "Sony RC-S380",
    (0x054C, 0x06C3): "Sony RC-S380",
    (0x072F, 0x2200): "ACR122U",
}
"""USB ids of the readers that nfcpy drives."""

SERVED_BY_PCSCD = frozenset({(0x072F, 0x2200), (0x04E6, 0x5591)})
"""Those of them that pcscd's driver takes, too (libccid, supported_readers.txt)."""

PATH = (
    r"^(usb(:[0-9A-Fa-f]{4}){0,2}|usb:[0-9]{1,3}(:[0-9]{1,3})?|usb:[0-9]+-[0-9]+(\.[0-9]+)*"
    r"|tty:[A-Za-z0-9-]+(:(pn532|arygon))?|/[A-Za-z0-9#+.:=@_/-]+|udp(:[A-Za-z0-9.-]*(:[0-9]{1,5})?)?)$"
)
"""What a path may look like."""

"""For the guest whose card makes up its number anew."""

_TTY = re.compile(r"(S|ACM|AMA|USB)\d+")
_ATQB = 0x50
_ATQB_SIZE = 12
_SENSF_RES = 0x01
_SENSF_SIZE = 17


class Serial(Value, frozen=True):
    """A reader on the serial line *device*, and nfcpy's driver for it."""

    device: str
    driver: Literal["pn532", "arygon"] = "pn532"


class Usb(Value, frozen=True):
    """Readers on USB: all, or those of these ids, or the one that is there."""

    vendor: int | None = None
    product: int | None = None
    bus: int | None = None
    address: int | None = None
    port: str = ""

    def chosen(self, devices: Iterable[UsbDevice]) -> list[UsbDevice]:
        """Return those of *devices* that are meant and that nfcpy can drive."""
        return [
            device
            for device in devices
            if (device.vendor, device.product) in READERS
            and self.vendor in (None, device.vendor)
            and self.product in (None, device.product)
            and self.bus in (None, device.bus)
            and self.address in (None, device.address)
            and self.port in ("", device.port)
        ]


class Udp(Value, frozen=True):
    """Not a reader: a tag in another program, for trials. *path*: as nfcpy wants it."""

    path: str


Place = Serial | Usb | Udp


def place(path: str) -> Place:
    """Return what *path* names; it matches PATH."""
    family, _, rest = path.partition(":")
    if path.startswith("/"):
        device, _, driver = path.rpartition(":")
        return _serial(device, driver) if driver in ("pn532", "arygon") else Serial(path)
    if family == "tty":
        name, _, driver = rest.partition(":")
        return _serial("/dev/tty" + name if _TTY.fullmatch(name) else "/dev/" + name, driver)
    if family == "udp":
        return Udp(path)
    if "-" in rest:
        return Usb(port=rest)
    first, _, second = rest.partition(":")
    if len(first) == 4:  # noqa: PLR2004 - ids have four hex digits, numbers of a bus at most three
        return Usb(vendor=int(first, 16), product=int(second, 16) if second else None)
    return Usb(bus=int(first) if first else None, address=int(second) if second else None)


def _serial(device: str, driver: str) -> Serial:
    return Serial(device, "arygon" if driver == "arygon" else "pn532")


# -- numbers -------------------------------------------------------------------------------------------


def number_a(sdd_res: bytes | None) -> bytes:
    """Return the UID of a card of type A, without cascade tags.

    Raises:
        Refused: It is a Type 1 tag (Topaz), which tells only 4 of its 7 bytes when it is found.
    """
    if not sdd_res:
        raise Refused(NOT_SUPPORTED, "a Type 1 tag tells only a part of its number")
    return bytes(sdd_res)


def number_b(sensb_res: bytes | None) -> bytes:
    """Return the PUPI of a card of type B: 4 bytes after the 50 that begins its answer.

    Raises:
        Refused: The answer is none.
    """
    if not sensb_res or len(sensb_res) < _ATQB_SIZE or sensb_res[0] != _ATQB:
        raise Refused(NOT_SUPPORTED, "a card of type B answered without its PUPI")
    return bytes(sensb_res[1:5])


def number_f(sensf_res: bytes | None) -> bytes:
    """Return the IDm of a FeliCa card: 8 bytes after the 01 that begins its answer.

    Raises:
        Refused: The answer is none.
    """
    if not sensf_res or len(sensf_res) < _SENSF_SIZE or sensf_res[0] != _SENSF_RES:
        raise Refused(NOT_SUPPORTED, "a FeliCa card answered without its IDm")
    return bytes(sensf_res[1:9])


# -- what goes over the wire ---------------------------------------------------------------------------

_ACK = b"\x00\x00\xff\x00\xff\x00"
_START = b"\x00\x00\xff"
_CCID_HEAD = 10
_PSEUDO_HEAD = 5
_DATAGRAMS = {
    "26": "SENS_REQ: is there a card of type A?",
    "9320": "SDD_REQ 1",
    "9520": "SDD_REQ 2",
    "9720": "SDD_REQ 3",
    "3C00": "READ_SIG",
    "": "the field is off",
}


def meaning(raw: bytes, names: Mapping[int, str]) -> str:
    """Return what a frame between the computer and a reader says: the name of its command, by *names*.

    Args:
        raw: A frame of a chip of the family PN53x or RC-S380, alone or in a CCID message (ACR122U).
        names: Names of the chip's commands by their codes.
    """
    frame = raw.lstrip(b"\x00")
    if raw.endswith(_ACK) and len(frame) == len(_ACK) - 2:
        return "acknowledged"
    if raw[:1] == b"\x6f":
        body = raw[_CCID_HEAD + _PSEUDO_HEAD :]
    elif raw[:1] == b"\x80":
        body = raw[_CCID_HEAD:]
    elif (begins := raw.find(_START)) >= 0:
        head = raw[begins + 3 : begins + 5]
        body = raw[begins + (8 if head == b"\xff\xff" else 5) :]
    else:
        return "not a frame of such a reader"
    if len(body) < 2 or body[0] not in (0xD4, 0xD5, 0xD6, 0xD7):  # noqa: PLR2004 - direction and code
        return "no command of the chip"
    answer = body[0] in (0xD5, 0xD7)
    name = names.get(body[1] - answer, f"command {body[1] - answer:02X}")
    return f"{name}: answer" if answer else name


def meaning_of_datagram(kind: str, data: bytes) -> str:
    """Return what *data*, sent to or from a tag of *kind* (``106A``) over UDP, says; never a number."""
    text = data.hex().upper()
    known = _DATAGRAMS.get(text)
    if known is None and data[:1] in (b"\x93", b"\x95", b"\x97") and data[1:2] == b"\x70":
        known = "SEL_REQ"
    return f"{kind} {known or f'{len(data)} bytes'}"
