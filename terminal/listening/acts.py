"""What a technician may have a device do, and which devices can. Pure."""

from __future__ import annotations

from collections.abc import Mapping

ROLES: Mapping[str, tuple[str, ...]] = {
    "pulse": ("release",),
    "print": ("printer",),
    "signal": ("indicator",),
    "accept": ("coin_acceptor",),
    "pay": ("payout", "coin_acceptor"),
}
"""The roles of the devices that can do an act."""
