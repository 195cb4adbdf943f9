"""Who a ccTalk device is, and who is there where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from drivers.cctalk.bus import Garbled, Refused, Seat, Silent
from drivers.cctalk.headers import Header
from drivers.cctalk.words import fault, printable
from drivers.device import DeviceFault
from terminal.core.value import Value

USUAL_ADDRESSES = (*range(2, 21), 40)
"""Coin acceptors have 2 and 11 to 17, hoppers 3 to 10, bill validators 40."""

SCAN_S = 0.08
"""How long an address is waited for when many are tried."""

_READS = 6
_Said = TypeVar("_Said")

_ENCRYPTION_PIN = bytes((0xAA, 0x55, 0x00, 0x00, 0x55, 0xAA))


class Identity(Value, frozen=True):
    """What a device says of itself; empty: it says nothing there."""

    category: str = ""
    maker: str = ""
    product: str = ""
    serial: str = ""
    software: str = ""
    build: str = ""

    @property
    def mark(self) -> str:
        """What tells this device from any other in a mark."""
        return self.serial or "-"

    @property
    def words(self) -> str:
        """The device in a few words."""
        what = self.product or self.category or "a device"
        more = [f"of {self.maker}"] if self.maker else []
        more += [f"serial number {self.serial}"] if self.serial else []
        more += [f"software {self.software}"] if self.software else []
        return ", ".join([" ".join([what, *more[:1]]), *more[1:]])


class Partner:
    """One device at its address, on the seat of its driver."""

    def __init__(self, seat: Seat, address: int, *, crc_form: bool = False) -> None:
        self.seat = seat
        self.address = address
        self.crc_form = crc_form

    def ask(
        self, header: int, data: bytes = b"", *, size: int | Iterable[int] | None = None, repeat: bool = True
    ) -> bytes:
        """Put a question; see Seat.ask."""
        return self.seat.ask(self.address, header, data, crc_form=self.crc_form, size=size, repeat=repeat)

    def optional(
        self, header: int, data: bytes = b"", *, size: int | Iterable[int] | None = None
    ) -> bytes | None:
        """Put a question that a device need not know; None: it does not."""
        try:
            return self.ask(header, data, size=size)
        except Refused:
            return None
        except Silent:
            # What it does not know it need not answer; what is gone answers nothing.
            self.ask(Header.SIMPLE_POLL, size=0)
            return None

    def identity(self) -> Identity:
        """Ask who it is."""
        serial = self.optional(Header.REQUEST_SERIAL)
        return Identity(
            category=self._text(Header.REQUEST_CATEGORY),
            maker=self._text(Header.REQUEST_MAKER),
            product=self._text(Header.REQUEST_PRODUCT),
            serial=str(int.from_bytes(serial, "little")) if serial else "",
            software=self._text(Header.REQUEST_SOFTWARE),
            build=self._text(Header.REQUEST_BUILD),
        )

    def check_itself(self) -> None:
        """Have it check itself.

        Raises:
            DeviceFault: It found a fault.
        """
        answer = self.optional(Header.SELF_CHECK, size=(1, 2))
        if answer is not None and (words := fault(answer)):
            raise DeviceFault(f"the device {self.address} says of itself: {words}")

    def _text(self, header: Header) -> str:
        return printable(self.optional(header) or b"")


def agreed(partner: Partner, read: Callable[[], _Said]) -> _Said:
    """Return what *read* returns twice in a row, with silence in between.

    An answer does not say what was asked. One that comes late is taken for that of the next question, its own
    for that of the one after: a table of coins that is read once may be wrong by one line throughout.

    Raises:
        DeviceFault: It is something else each time.
    """
    before = read()
    for _ in range(_READS - 1):
        partner.seat.settle()
        if (now := read()) == before:
            return now
        before = now
    raise DeviceFault(
        "the device says something else of itself each time: check the wiring, and who else talks"
    )


def check_category(identity: Identity, expected: str, address: int) -> None:
    """Hold what the device says that it is against what it should be.

    Raises:
        DeviceFault: It is something else.
    """
    if identity.category and _letters(identity.category) != _letters(expected):
        raise DeviceFault(
            f"the device {address} is no {expected}: it says that it is a {identity.category!r} "
            f"({identity.words}); check the option address"
        )


def who_is_there(partner: Partner, go_on: Callable[[], bool]) -> str:
    """Return a sentence on who answers where *partner* does not.

    Args:
        partner: The device that does not answer.
        go_on: Asked between the tries; False ends them.
    """
    other = Partner(partner.seat, partner.address, crc_form=not partner.crc_form)
    if _answers(other, partner.address):
        form = "crc" if other.crc_form else "simple"
        return f"it answers with the other form of checksum: set checksum = {form!r}"
    if _is_encrypted(partner):
        return (
            "it talks encrypted only: set it to ccTalk without encryption, by its switches or its maker's tool"
        )
    found = []
    for address in USUAL_ADDRESSES:
        if not go_on():
            break
        if address != partner.address and _answers(partner, address):
            found.append(str(address))
    if found:
        return f"on this wire answer: {', '.join(found)}; check the option address"
    return f"nobody else answers on this wire; {partner.seat.echo_words}"


def _answers(partner: Partner, address: int) -> bool:
    return bool(partner.seat.present([address], crc_form=partner.crc_form, answer_s=SCAN_S))


def _is_encrypted(partner: Partner) -> bool:
    """Whether it answers the one question that an encrypted validator takes in the clear (111)."""
    try:
        partner.seat.ask(
            partner.address, Header.REQUEST_ENCRYPTION, _ENCRYPTION_PIN, crc_form=True, repeat=False
        )
    except (Silent, Refused, Garbled):
        return False
    return True


def _letters(text: str) -> str:
    return re.sub("[^a-z]", "", text.lower())
