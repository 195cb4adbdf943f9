"""Options that all ccTalk acceptors have, and what can be done to one without its driver."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from drivers.cctalk.bus import Seat, seat_at
from drivers.cctalk.frames import BAUDRATE
from drivers.cctalk.headers import Header
from drivers.cctalk.identity import Partner
from drivers.cctalk.inhibits import POSITIONS, shut
from drivers.contract import DriverOptions

_UNITS_MS = {1: 1, 2: 10, 3: 1000}
_USUAL_MS, LEAST_MS, MOST_MS = 200, 50, 900


class CctalkOptions(DriverOptions, frozen=True, kw_only=True):
    """Options that all ccTalk acceptors have."""

    port: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=256,
            description="Serial line of the ccTalk wire: /dev/serial/by-id/…. One line for all on a wire.",
        ),
    ]
    baudrate: Annotated[
        int, Meta(ge=4800, le=115_200, description="Bits a second; the same for all on a wire.")
    ] = BAUDRATE
    poll_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=MOST_MS,
            description="Milliseconds between two questions; 0: as the device itself recommends.",
        ),
    ] = 0
    address: Annotated[int, Meta(ge=2, le=255, description="Address of the device on the wire.")] = 2
    checksum: Annotated[Literal["simple", "crc"], Meta(description="Form of the device's checksums.")] = (
        "simple"
    )
    country: Annotated[
        str,
        Meta(
            pattern="^([A-Z]{2})?$",
            description="Whose coins and bills are taken for what the device says that they are worth, as it "
            "names them: EU, DK, SE, GB. Empty: nobody's.",
            extra={"expected": "two capital letters, or an empty text"},
        ),
    ] = "EU"

    def __post_init__(self) -> None:
        """Check what a range alone does not say."""
        if 0 < self.poll_ms < LEAST_MS:
            raise ValueError(f"poll_ms is {self.poll_ms}; expected 0, or {LEAST_MS} to {MOST_MS}")

    def partner(self, seat: Seat) -> Partner:
        """Return the device on *seat*."""
        return Partner(seat, self.address, crc_form=self.checksum == "crc")


def by_position(option: str, given: dict[str, int]) -> dict[int, int]:
    """Return an option that says something of positions, by number.

    Raises:
        ValueError: Of a position that is none.
    """
    for position in given:
        if not position.isascii() or not position.isdecimal() or not 1 <= int(position) <= POSITIONS:
            raise ValueError(f"{option}: {position!r} is no position; expected 1 to {POSITIONS}")
    return {int(position): value for position, value in given.items()}


def silence(options: CctalkOptions) -> None:
    """Inhibit the device of *options*, without its driver.

    Raises:
        DeviceMissing, DeviceFault: It may take money: the line cannot be used, or nobody answers.
    """
    with seat_at(options.port, lambda *_: None, options.baudrate) as seat:
        shut(options.partner(seat), repeat=False)


def interval_s(options: CctalkOptions, partner: Partner) -> float:
    """Return the seconds between two polls: somewhat less than the device asks for, and never too many."""
    if options.poll_ms:
        return options.poll_ms / 1000
    answer = partner.optional(Header.REQUEST_POLLING_PRIORITY, size=2)
    # Units that are none (0: see the manual; 255: a line of its own) leave the usual interval.
    wanted = _UNITS_MS.get(answer[0], 0) * answer[1] if answer else 0
    return max(LEAST_MS, min(MOST_MS, (wanted or _USUAL_MS) * 9 // 10)) / 1000
