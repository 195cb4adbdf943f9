"""A coin acceptor on a ccTalk wire: SR5, Azkoyen X6, Alberici AL66, EMP 800 and their kin.

    [[devices]]
    name = "coins"
    role = "coin_acceptor"
    driver = "cctalk"
    port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    address = 2
    country = "EU"               # what coins of this country say of themselves is believed
    coins = { 7 = 200 }          # position = cents, where the device does not say it, or says it wrongly
    sorter = { 5 = 2, 6 = 2 }    # position = path of the sorter
    tube_paths = [2]             # coins on these paths go to a hopper

The talk, in the simple form (ccTalk Generic Specification; manuals of SR5, X6 and AL66):

    > 02 00 01 F5 08 "who are you" < 01 0D 02 00 43 6F 69 6E ... "Coin Acceptor"
    > 02 01 01 B8 01 43 "coin 1?"   < 01 06 02 00 45 55 31 30 30 41 ... "EU100A"
    > 02 02 01 E7 3F 00 D5 "take 1 to 6"            < 01 00 02 00 FD
    > 02 00 01 E5 18 "what did you take" < 01 0B 02 00 05 01 01 ... event 5: coin 1 on path 1

It takes only coins that still fit, and goes on counting while nobody listens: what it took then is told when
the terminal is back, once. Fraud and coins that went in without a credit are told too.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from drivers.cctalk.headers import Header
from drivers.cctalk.identity import Partner
from drivers.cctalk.inhibits import POSITIONS
from drivers.cctalk.words import STATUSES, Code, coin_code
from drivers.coins.cctalk_credits import Pair
from drivers.coins.cctalk_options import CctalkOptions, by_position
from drivers.coins.cctalk_polled import Credit, PolledAcceptor
from drivers.coins.cctalk_values import MOST_CENTS, Named, coin
from drivers.contract import DriverOptions, Emit, Found
from drivers.device import DeviceFault
from drivers.link import lines_found
from terminal.core.events import Place

_PATHS = 8


class CctalkCoinOptions(CctalkOptions, frozen=True, kw_only=True):
    """Options of the driver ``cctalk``."""

    coins: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=MOST_CENTS)]],
        Meta(
            description="What the coin of a position is worth, in cents, where the device does not say it: "
            "{ 7 = 200 }. 0: it is not taken."
        ),
    ] = msgspec.field(default_factory=dict)
    sorter: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=_PATHS)]],
        Meta(description="The sorter path of a position: { 5 = 2 }. Empty: as the sorter is set."),
    ] = msgspec.field(default_factory=dict)
    tube_paths: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=_PATHS)], ...],
        Meta(description="Sorter paths that lead to a tube or hopper; the others lead to the cash box."),
    ] = ()

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        super().__post_init__()
        by_position("coins", self.coins)
        by_position("sorter", self.sorter)


class CctalkAcceptor(PolledAcceptor):
    """A coin acceptor; see the module's text."""

    Options: ClassVar[type[DriverOptions]] = CctalkCoinOptions
    what: ClassVar[str] = "coins"
    category: ClassVar[str] = "Coin Acceptor"
    events: ClassVar[Header] = Header.READ_CREDITS

    def __init__(self, name: str, options: CctalkCoinOptions, emit: Emit) -> None:
        super().__init__(name, options, emit, options.coins)
        self._options = options
        self._sorter = by_position("sorter", options.sorter)

    @staticmethod
    def scan() -> list[Found]:
        """Return every serial line."""
        return lines_found("coin_acceptor", "cctalk", "ccTalk", "the ccTalk wire is on it")

    def _prepare(self, partner: Partner) -> None:
        # A lever that hangs, or a string that is in it: it takes nothing then, and can say why.
        status = partner.optional(Header.REQUEST_STATUS, size=1)
        if status and (words := STATUSES.get(status[0], f"its status is {status[0]}, which no table has")):
            raise DeviceFault(f"the device {partner.address} says of itself: {words}")
        self._learn_worth(partner)
        for position, path in self._sorter.items():
            self._sort(partner, position, path)

    def _sort(self, partner: Partner, position: int, path: int) -> None:
        """Send the coin of *position* to *path*, and read back that the sorter knows."""
        partner.ask(Header.SET_SORTER_PATHS, bytes((position, path)), size=0)
        kept = partner.optional(Header.READ_SORTER_PATHS, bytes((position,)))
        if kept is not None and kept[:1] != bytes((path,)):
            raise DeviceFault(f"the sorter of the device {partner.address} keeps no path {path} for {position}")

    def _read_names(self, partner: Partner) -> dict[int, Named]:
        return _names(partner)

    def _meaning(self, pair: Pair) -> Credit | Code:
        position, second = pair
        return Credit(position, second) if position else coin_code(second)

    def _name_of(self, position: int) -> str:
        named = self._names.get(position, Named())
        return f"the coin of its position {position} ({named.name or 'without a name'})"

    def _place(self, credit: Credit) -> Place:
        return Place.TUBE if credit.path in self._options.tube_paths else Place.BOX


def _names(partner: Partner) -> dict[int, Named]:
    names = {}
    for position in range(1, POSITIONS + 1):
        answer = partner.optional(Header.REQUEST_COIN_ID, bytes((position,)))
        if answer is None:
            break  # it knows no such question, or no more positions
        names[position] = coin(answer)
    return names
