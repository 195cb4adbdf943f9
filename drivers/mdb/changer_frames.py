"""The frames of an MDB coin changer, address 08: values in, bytes out, and back. Pure.

    08             RESET
    09             SETUP         -> level, country, scaling, decimals, routing, sixteen values of coins
    0A             TUBE STATUS   -> which tubes are full, how many coins are in each
    0B             POLL          -> what happened since the last one; ACK alone: nothing
    0C yy yy zz zz COIN TYPE     coins that are taken, coins that may be given out by hand
    0D yx          DISPENSE      y coins of type x
    0F 00          IDENTIFICATION, 0F 01 FEATURE ENABLE, 0F 02 PAYOUT, 0F 03 PAYOUT STATUS,
    0F 04          PAYOUT VALUE POLL, 0F 05 DIAGNOSTIC STATUS        level 3 only

(MDB/ICP 4.2, section 5.) The checksum that ends each block on the bus, ACK, NAK and RET are the adapter's. What
is no whole answer is a :class:`FrameError`: no coin is ever made of a part of one.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.value import Value

TYPES = 16
"""Types of coins that a changer can know."""

RESET = b"\x08"
SETUP = b"\x09"
TUBE_STATUS = b"\x0a"
POLL = b"\x0b"
IDENTIFICATION = b"\x0f\x00"
PAYOUT_STATUS = b"\x0f\x03"
PAYOUT_POLL = b"\x0f\x04"
DIAGNOSTIC = b"\x0f\x05"

ALTERNATIVE_PAYOUT = 1 << 0
"""Feature of level 3: the changer chooses the coins of a payout itself, and counts them."""
EXTENDED_DIAGNOSTIC = 1 << 1
"""Feature of level 3: it tells what is wrong with it whenever it is asked."""

MOST_UNITS = 255
"""Most that one PAYOUT can order, in units of the scaling factor."""
MOST_COINS = 15
"""Most that one DISPENSE can order."""

_MOST_POLL = 16
_HEAD = 7  # bytes of SETUP before the values of the coins
_FLAGS = 2  # bytes of TUBE STATUS before the counts
_TOKEN = 0xFF


class FrameError(ValueError):
    """These bytes are no answer of a changer; one sentence says why."""


class Route(Enum):
    """Where a coin went."""

    BOX = 0
    TUBE = 1
    UNUSED = 2
    REJECT = 3


class CoinIn(Value, frozen=True):
    """A coin was deposited; *in_tube*: how many of its type are in the tube now."""

    type: int
    route: Route
    in_tube: int


class PaidByHand(Value, frozen=True):
    """Somebody let coins out by the changer's own buttons; *in_tube* as above."""

    type: int
    count: int
    in_tube: int


class Slugs(Value, frozen=True):
    """So many objects were inserted that are no coins."""

    count: int


class Status(Value, frozen=True):
    """The changer says something of itself: see :data:`STATUSES`."""

    code: int


PollItem = CoinIn | PaidByHand | Slugs | Status

ESCROW, PAYOUT_BUSY, NO_CREDIT, TUBE_SENSOR, DOUBLE_ARRIVAL = 0x01, 0x02, 0x03, 0x04, 0x05
UNPLUGGED, TUBE_JAM, ROM, ROUTING, BUSY = 0x06, 0x07, 0x08, 0x09, 0x0A
JUST_RESET, COIN_JAM, COIN_REMOVED = 0x0B, 0x0C, 0x0D

STATUSES = {
    ESCROW: "the return lever was pressed",
    PAYOUT_BUSY: "it is paying out",
    NO_CREDIT: "a coin was recognised and did not arrive where it counts",
    TUBE_SENSOR: "the sensor of a tube is defective: clean it, or change the tube cassette",
    DOUBLE_ARRIVAL: "two coins came too close together and were not recognised",
    UNPLUGGED: "its acceptor is unplugged: push it in until it locks",
    TUBE_JAM: "a tube is jammed: take the cassette out and free it",
    ROM: "its program memory is damaged: it must be repaired",
    ROUTING: "a coin did not go where it was sent: clean the sorter",
    BUSY: "it is busy",
    JUST_RESET: "it was reset",
    COIN_JAM: "a coin is stuck in its acceptor: free it",
    COIN_REMOVED: "somebody tried to take out a coin that was credited",
}

_DIAGNOSES = {
    0x01: "it is starting",
    0x02: "it is switching off",
    0x04: "its keys are locked for a menu",
    0x05: "it is being filled or emptied by hand",
    0x06: "it was told to take no coins",
    0x10: "it has a fault",
    0x11: "its coin measuring has a fault: clean the acceptor",
    0x12: "its accept gate has a fault: look for a coin that is stuck",
    0x13: "its sorter has a fault: look for a coin that is stuck",
    0x14: "its dispenser has a fault: look under the tubes",
    0x15: "its tube cassette has a fault: take it out and put it in again",
}
_NO_FAULTS = (0x01, 0x02, 0x03, 0x04, 0x05, 0x06)
_CASSETTE_OUT = (0x15, 0x02)


class Setup(Value, frozen=True):
    """What a changer is.

    Attributes:
        level: Feature level, 2 or 3.
        country: Four digits: 1 and the ISO 4217 number of the currency, or 0 and the country's dialling code.
        scaling: Cents (at two decimals) of one unit of value.
        decimals: Digits behind the point of an amount.
        routing: One bit for each type of coin: it can go to a tube.
        values: Sixteen values of coins, in units; 0: no such coin, 255: a token.
    """

    level: int
    country: str
    scaling: int
    decimals: int
    routing: int
    values: tuple[int, ...]

    @property
    def unit(self) -> int:
        """Cents of one unit.

        Raises:
            FrameError: It is no whole number of cents.
        """
        cents, rest = divmod(self.scaling * 100, int(10**self.decimals))
        if rest or not cents:
            raise FrameError(
                f"its unit of value, {self.scaling} with {self.decimals} decimals, is no whole number of cents"
            )
        return cents

    @property
    def cents(self) -> dict[int, int]:
        """What the coins are worth, in cents, by type; tokens and unused types are not in it.

        Raises:
            FrameError: As unit.
        """
        unit = self.unit
        return {kind: value * unit for kind, value in enumerate(self.values) if value not in (0, _TOKEN)}


class TubeStatus(Value, frozen=True):
    """What is in the tubes: *full* has one bit for each type; a full tube of 0 coins is a defective one."""

    full: int
    counts: tuple[int, ...]


class Identity(Value, frozen=True):
    """Who made a changer, and what it can do: *features* are those of level 3."""

    maker: str
    serial: str
    model: str
    software: str
    features: int


RESET_ITSELF = "the coin changer has reset itself: was its power cut?"


# -- commands --------------------------------------------------------------------------------------------


def coin_type(taken: int) -> bytes:
    """Return the order to take the coins of the bits of *taken*, and to give none out by hand."""
    return b"\x0c" + taken.to_bytes(2, "big") + b"\x00\x00"


def dispense(kind: int, count: int) -> bytes:
    """Return the order to pay *count* (1 to 15) coins of type *kind*."""
    if not (0 <= kind < TYPES and 1 <= count <= MOST_COINS):
        raise ValueError(f"{count} coins of type {kind} are no order of a changer")
    return bytes([0x0D, count << 4 | kind])


def payout(units: int) -> bytes:
    """Return the order to pay *units* (1 to 255) of value, in coins that the changer chooses."""
    if not 1 <= units <= MOST_UNITS:
        raise ValueError(f"{units} units are no order of a changer")
    return bytes([0x0F, 0x02, units])


def enable_features(features: int) -> bytes:
    """Return the order to use these *features* of level 3."""
    return b"\x0f\x01" + features.to_bytes(4, "big")


# -- answers ---------------------------------------------------------------------------------------------


def read_setup(data: bytes) -> Setup:
    """Return what the answer to SETUP says.

    Raises:
        FrameError: It is none.
    """
    if not _HEAD < len(data) <= _HEAD + TYPES:
        raise FrameError(f"an answer to SETUP of {len(data)} bytes; expected 8 to 23")
    country = data[1:3].hex()
    if not country.isdecimal():
        raise FrameError(f"a country of {country}; expected four decimal digits")
    return Setup(
        level=data[0],
        country=country,
        scaling=data[3],
        decimals=data[4],
        routing=int.from_bytes(data[5:7], "big"),
        values=tuple(data[_HEAD:].ljust(TYPES, b"\x00")),
    )


def read_tubes(data: bytes) -> TubeStatus:
    """Return what the answer to TUBE STATUS says.

    Raises:
        FrameError: It is none.
    """
    if not _FLAGS <= len(data) <= _FLAGS + TYPES:
        raise FrameError(f"an answer to TUBE STATUS of {len(data)} bytes; expected 2 to 18")
    return TubeStatus(int.from_bytes(data[:_FLAGS], "big"), tuple(data[_FLAGS:].ljust(TYPES, b"\x00")))


def read_poll(data: bytes) -> tuple[PollItem, ...]:
    """Return what the answer to POLL says, in order; empty: nothing happened.

    Raises:
        FrameError: It is none, or its end is missing: then nothing of it counts.
    """
    if len(data) > _MOST_POLL:
        raise FrameError(f"an answer to POLL of {len(data)} bytes; expected at most {_MOST_POLL}")
    items: list[PollItem] = []
    rest = iter(data)
    for byte in rest:
        if byte & 0b1100_0000:
            in_tube = next(rest, None)
            if in_tube is None:
                raise FrameError("an answer to POLL without its end")
            items.append(_coin(byte, in_tube))
        elif byte & 0b0010_0000:
            items.append(Slugs(byte & 0b0001_1111))
        else:
            items.append(Status(byte))
    return tuple(items)


def moved(items: tuple[PollItem, ...]) -> bool:
    """Return whether coins came in or went out."""
    return any(isinstance(item, CoinIn | PaidByHand) for item in items)


def _coin(byte: int, in_tube: int) -> PollItem:
    kind = byte & 0b0000_1111
    if byte & 0b1000_0000:
        return PaidByHand(kind, byte >> 4 & 0b0111, in_tube)
    return CoinIn(kind, Route(byte >> 4 & 0b0011), in_tube)


def read_identity(data: bytes) -> Identity:
    """Return what the answer to IDENTIFICATION says; level 2 changers that answer it have no features.

    Raises:
        FrameError: It is none.
    """
    if len(data) not in (29, 33):
        raise FrameError(f"an answer to IDENTIFICATION of {len(data)} bytes; expected 33")
    maker, serial, model = (_text(data[at:end]) for at, end in ((0, 3), (3, 15), (15, 27)))
    return Identity(maker, serial, model, data[27:29].hex(), int.from_bytes(data[29:], "big"))


def read_paid(data: bytes) -> tuple[int, ...]:
    """Return how many coins of each type came out, as the answer to PAYOUT STATUS says.

    Raises:
        FrameError: It is none.
    """
    if not 1 <= len(data) <= TYPES:
        raise FrameError(f"an answer to PAYOUT STATUS of {len(data)} bytes; expected 1 to {TYPES}")
    return tuple(data.ljust(TYPES, b"\x00"))


def read_diagnosis(data: bytes) -> tuple[str, ...]:
    """Return what is wrong, as the answer to DIAGNOSTIC STATUS says; empty: nothing is.

    Raises:
        FrameError: It is none.
    """
    if not data or len(data) % 2 or len(data) > 16:  # noqa: PLR2004 - pairs of a code and its detail
        raise FrameError(f"an answer to DIAGNOSTIC STATUS of {len(data)} bytes; expected pairs, 2 to 16")
    pairs = zip(data[::2], data[1::2], strict=True)
    return tuple(_diagnosis(code, detail) for code, detail in pairs if code not in _NO_FAULTS)


def _diagnosis(code: int, detail: int) -> str:
    if (code, detail) == _CASSETTE_OUT:
        return "its tube cassette is out: put it in again"
    return f"{_DIAGNOSES.get(code, 'it has a fault that the standard does not name')} ({code:02X} {detail:02X})"


def _text(raw: bytes) -> str:
    """Return *raw* as text that is safe to show."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in raw).strip()  # noqa: PLR2004 - ASCII
