"""What an operator says about a server of any kind that is spoken to over HTTP."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from terminal.backends.http import is_safe
from terminal.core.rules import Rules

ADDRESS = r"\Ahttps?://[^\s/?#@]+(/[^\s?#]*)?\Z"
EXPECTED_ADDRESS = "an address that begins with https://, without ? or #"


SettlingSeconds = Annotated[
    int,
    Meta(
        ge=1,
        le=3600,
        description="After how many seconds what the server has not booked it will not book any more.",
    ),
]
"""What an operator says about a server whose bookings are looked for: see ``protocol.Reconciles``."""


class ServerOptions(Rules, frozen=True, kw_only=True):
    """The options that every such backend has; each says itself what its ``url`` is."""

    url: Annotated[str, Meta(pattern=ADDRESS, extra={"expected": EXPECTED_ADDRESS})]
    ca_file: Annotated[
        str,
        Meta(description="PEM file of the authority that signs the server's certificate. Empty: the system's."),
    ] = ""
    allow_http: Annotated[
        bool,
        Meta(description="Whether the secret may go over the network unencrypted (http://). Better not."),
    ] = False

    def __post_init__(self) -> None:
        """Refuse to send the secret in the open unless that is wanted."""
        if not (self.allow_http or is_safe(self.url)):
            raise ValueError('https:// in `url`, or "allow_http = true" beside it')
