"""What a hopper says of itself, header by header, as sentences. Pure.

Flags of header 163 and levels of header 217: Money Controls SCH2, Technical Manual TSP016, pages 36 and 43; the
first byte of the flags alike in Suzo-Happ Flow 18-ccTalk, table 6. Header 236, which other lists call levels,
shows the light barriers of the exit in these manuals ("for test purposes only") and is not used.
"""

from __future__ import annotations

from terminal.core.value import Value

_FLAGS = (
    "its motor drew more current than it may: coins are jammed",
    "its last payout timed out: it ran empty or is jammed",
    "",  # it cleared a jam by itself
    "its exit was blocked while it stood: a coin sticks there, or somebody manipulates it",
    "its exit sensor saw light from elsewhere while it stood: somebody manipulates it, or it is broken",
    "its exit stayed blocked while it paid: a coin sticks there",
    "",  # power-up
    "",  # disabled: it is until it is needed
    "its exit sensor saw light from elsewhere while it paid: somebody manipulates it, or it is broken",
    "",  # one coin at a time
    "its memory is damaged (checksum A)",
    "its memory is damaged (checksum B)",
    "its memory is damaged (checksum C)",
    "its memory is damaged (checksum D)",
    "its power failed while it wrote its counters down",
    "",  # PIN
)
"""A sentence for each bit of the first two bytes, bit 0 of the first byte first; empty: nothing is wrong."""

_BLOCKING = 1 << 0 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8
_DISABLED, _SINGLE, _PIN = 1 << 7, 1 << 9, 1 << 15

_EMPTY, _FULL = 1 << 4 | 1 << 0, 1 << 5 | 1 << 1
"""Of each sensor: that it is there, and what it says."""


class Flags(Value, frozen=True):
    """The answer to header 163, one to three bytes.

    Attributes:
        bits: The first two of them.
    """

    bits: int

    @property
    def words(self) -> list[str]:
        """What a technician should know, one sentence each; empty: nothing is wrong."""
        return [words for bit, words in enumerate(_FLAGS) if words and self.bits >> bit & 1]

    @property
    def blocked(self) -> bool:
        """Whether it refuses to pay until these flags are cleared, by a reset."""
        return bool(self.bits & _BLOCKING)

    @property
    def disabled(self) -> bool:
        """Whether it has to be enabled before it pays: after power-up, a reset, or an order to that effect."""
        return bool(self.bits & _DISABLED)

    @property
    def single(self) -> bool:
        """Whether it pays one coin for each order only."""
        return bool(self.bits & _SINGLE)

    @property
    def pin(self) -> bool:
        """Whether it wants a PIN before it pays."""
        return bool(self.bits & _PIN)


def flags(data: bytes) -> Flags:
    """Return what the answer to header 163 says."""
    return Flags(int.from_bytes(data[:2], "little"))


def level(data: bytes) -> str:
    """Return what the answer to header 217 says of the level, for a technician; empty: nothing to say."""
    bits = data[0]
    nearly_empty = bits & _EMPTY == _EMPTY
    nearly_full = bits & _FULL == _FULL
    if nearly_empty and not nearly_full:
        return "it is nearly empty: fill it"
    if nearly_full and not nearly_empty:
        return "it is nearly full"
    return ""
