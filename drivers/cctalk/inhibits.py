"""What a ccTalk acceptor may take: by position (231), and as a whole (228) where it has that too.

A bit of 1 means accepted. Some devices have no master inhibit (SR3), and some cannot be asked what they keep.
What is set is read back wherever it can be: a device that was reset takes nothing, or everything, and says
neither.
"""

from __future__ import annotations

from drivers.cctalk.bus import Refused
from drivers.cctalk.headers import Header
from drivers.cctalk.identity import Partner
from drivers.device import DeviceFault

POSITIONS = 16
"""Positions that one mask has."""


def mask_of(positions: list[int]) -> int:
    """Return the mask that accepts *positions*, 1 to 16."""
    return sum(1 << (position - 1) for position in set(positions))


class Inhibits:
    """The inhibits of one device.

    Attributes:
        mask: What it was last told to take; None: it must be told again.
    """

    def __init__(self) -> None:
        self.mask: int | None = None
        self._has_master = True

    def begin(self, partner: Partner) -> None:
        """Find out what it has, and inhibit everything."""
        self._has_master = partner.optional(Header.SET_MASTER_INHIBIT, b"\x00", size=0) is not None
        self.set(partner, 0)

    def set(self, partner: Partner, mask: int) -> None:
        """Have it take *mask* and nothing else, and read back that it knows.

        Raises:
            DeviceFault: It keeps something else.
        """
        self.mask = None
        if self._has_master and not mask:
            partner.ask(Header.SET_MASTER_INHIBIT, b"\x00", size=0)
        partner.ask(Header.SET_INHIBITS, mask.to_bytes(2, "little"), size=0)
        if self._has_master and mask:
            partner.ask(Header.SET_MASTER_INHIBIT, b"\x01", size=0)
        if not self.kept(partner, mask):
            raise DeviceFault(f"the device {partner.address} does not keep what it is told to take")
        self.mask = mask

    def kept(self, partner: Partner, mask: int) -> bool:
        """Whether it is set to *mask*, as far as it can be asked."""
        kept = partner.optional(Header.READ_INHIBITS)
        if kept is not None and int.from_bytes(kept[:2], "little") != mask:
            return False
        master = partner.optional(Header.READ_MASTER_INHIBIT) if self._has_master else None
        return not master or bool(master[0] & 1) is bool(mask)


def shut(partner: Partner, *, repeat: bool) -> None:
    """Inhibit everything, both ways, whatever the device has of them.

    Args:
        partner: The device.
        repeat: Whether an answer that is missing is worth more tries.

    Raises:
        Silent, Garbled, DeviceMissing, DeviceFault: It may take something.
    """
    partner.ask(Header.SET_INHIBITS, b"\x00\x00", size=0, repeat=repeat)
    try:
        partner.ask(Header.SET_MASTER_INHIBIT, b"\x00", size=0, repeat=repeat)
    except Refused:
        return  # it has none; the positions are inhibited
