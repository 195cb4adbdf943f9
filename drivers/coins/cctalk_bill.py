"""A bill validator on a ccTalk wire, with or without an escrow.

    [[devices]]
    name = "bills"
    role = "coin_acceptor"
    driver = "cctalk_bill"
    port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    address = 40
    checksum = "crc"
    bills = { 3 = 2000 }         # type = cents, where the device does not say it

The talk, in the CRC form (ccTalk Generic Specification, part 2; by knowledge of it, not tried on a device):

    > "bill 1?" (157)              < "EU0005A": 5 units, times the scaling of EU (156): 100, 2 decimals
    > "use stacker and escrow" (153, 3)
    > "what happened" (159)        < 05 02 01 ...   event 5: a bill of type 2 is held in escrow
    > "stack it" (154, 1), or "give it back" (154, 0) if it does not fit any more
    > "what happened" (159)        < 06 02 00 02 01 ...   event 6: it is in the stacker: only now it is money

Validators that talk encrypted only (BNV) are named as what they are; they must be set to plain ccTalk.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from drivers.cctalk.headers import Header
from drivers.cctalk.identity import Partner
from drivers.cctalk.inhibits import POSITIONS
from drivers.cctalk.words import Code, Kind, bill_code
from drivers.coins.cctalk_credits import Pair
from drivers.coins.cctalk_options import CctalkOptions, by_position
from drivers.coins.cctalk_polled import Credit, PolledAcceptor
from drivers.coins.cctalk_values import MOST_CENTS, Named, bill, bill_country
from drivers.contract import DriverOptions, Emit, Found
from drivers.link import lines_found

_STACKED, _HELD = 0, 1
_BACK, _STACK = b"\x00", b"\x01"
_STACKER, _ESCROW = 1, 2
_SCALING = 3
_ROUTE_WORDS = {254: "its escrow is empty", 255: "it could not move it"}


class CctalkBillOptions(CctalkOptions, frozen=True, kw_only=True):
    """Options of the driver ``cctalk_bill``."""

    address: Annotated[int, Meta(ge=2, le=255, description="Address of the device on the wire.")] = 40
    checksum: Annotated[Literal["simple", "crc"], Meta(description="Form of the device's checksums.")] = "crc"
    bills: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=MOST_CENTS)]],
        Meta(
            description="What a type of bill is worth, in cents, where the device does not say it: "
            "{ 3 = 2000 }. 0: it is not taken."
        ),
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        super().__post_init__()
        by_position("bills", self.bills)


class CctalkBillValidator(PolledAcceptor):
    """A bill validator; see the module's text."""

    Options: ClassVar[type[DriverOptions]] = CctalkBillOptions
    what: ClassVar[str] = "bills"
    category: ClassVar[str] = "Bill Validator"
    events: ClassVar[Header] = Header.READ_BILL_EVENTS

    def __init__(self, name: str, options: CctalkBillOptions, emit: Emit) -> None:
        super().__init__(name, options, emit, options.bills)

    @staticmethod
    def scan() -> list[Found]:
        """Return every serial line."""
        return lines_found("coin_acceptor", "cctalk_bill", "ccTalk", "the ccTalk wire is on it")

    def _prepare(self, partner: Partner) -> None:
        self._learn_worth(partner)
        # One without an escrow refuses this, and stacks by itself what is not inhibited.
        partner.optional(Header.SET_BILL_MODE, bytes((_STACKER | _ESCROW,)), size=0)

    def _read_names(self, partner: Partner) -> dict[int, Named]:
        return _names(partner)

    def _meaning(self, pair: Pair) -> Credit | Code:
        position, second = pair
        if position == 0:
            return bill_code(second)
        if second == _STACKED:
            return Credit(position)
        if second == _HELD:
            return Code(Kind.NOTHING, f"{self._name_of(position)} is held in escrow")
        return Code(Kind.SWALLOWED, f"{self._name_of(position)} went where no table says ({second})")

    def _name_of(self, position: int) -> str:
        named = self._names.get(position, Named())
        return f"the bill of its type {position} ({named.name or 'without a name'})"

    def _act(self, partner: Partner, newest: Pair) -> None:
        """Stack the bill that is held, if it still fits, or give it back."""
        position, second = newest
        if position == 0 or second != _HELD:
            return
        cents = self._worth.get(position)
        stack = cents is not None and cents <= self._room
        # Repeated, it finds the escrow empty: no second bill can be there so soon.
        answer = partner.ask(Header.ROUTE_BILL, _STACK if stack else _BACK, size=(0, 1))
        if answer:
            words = _ROUTE_WORDS.get(answer[0], f"it says {answer[0]}")
            self._log.info("%s: %s was not moved: %s", self.name, self._name_of(position), words)


def _names(partner: Partner) -> dict[int, Named]:
    scalings: dict[str, bytes] = {}
    names = {}
    for position in range(1, POSITIONS + 1):
        answer = partner.optional(Header.REQUEST_BILL_ID, bytes((position,)))
        if answer is None:
            break  # it knows no such question, or no more types
        country = bill_country(answer)
        if country and country not in scalings:
            scaling = partner.optional(Header.REQUEST_COUNTRY_SCALING, country.encode(), size=_SCALING)
            scalings[country] = scaling or b""
        names[position] = bill(answer, scalings.get(country, b""))
    return names
