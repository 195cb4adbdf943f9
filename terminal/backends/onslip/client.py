"""A client of Onslip with the second and the nonce that each signature names."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_place import Place

if TYPE_CHECKING:
    import httpx


def wall_s() -> int:
    """Return this machine's seconds since 1970; where they are wrong, the server's proof repairs them."""
    return int(time.time())


def nonce() -> str:
    """Return a text that was never used before."""
    return base64.urlsafe_b64encode(os.urandom(12)).decode()


def open_client(
    place: Place,
    *,
    credential: Callable[[], str],
    transport: httpx.BaseTransport | None = None,
    wall_s: Callable[[], int] = wall_s,
) -> Onslip:
    """Return a client; nothing is sent yet.

    Args:
        place: Where to, and as whom.
        credential: Returns the key as JSON; raises OSError or ValueError.
        transport: Stands in for the network.
        wall_s: Returns seconds since 1970.

    Raises:
        ValueError: Nothing may be sent there.
    """
    return Onslip(place, credential=credential, wall_s=wall_s, nonce=nonce, transport=transport)
