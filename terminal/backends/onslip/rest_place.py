"""Where Onslip's API is, and the key by which it knows us. Pure."""

from __future__ import annotations

import binascii
import ipaddress
import re
from base64 import b64decode
from urllib.parse import urlsplit

import msgspec

from terminal.core.value import Value

PORTS = {"https": 443, "http": 80}
"""Where none is given."""

_LONGEST = 2_000  # characters of a base: every path behind it must be one that a client sends
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_DOTTED = re.compile(r"[0-9.]+")


class Place(Value, frozen=True):
    """Where the API is, and as whom it is used.

    Attributes:
        base: Such as ``https://test.onslip360.com/v1/``.
        realm: The company's alias.
        acting_for: A user's alias, if what is done is done for him; empty: the key's own user.
        ca_file: A PEM file of the only authorities that are trusted; empty: those of the system.
        allow_http: Whether requests may go in the open, in a network where nobody listens.
    """

    base: str
    realm: str
    acting_for: str = ""
    ca_file: str = ""
    allow_http: bool = False


class Credentials(Value, frozen=True):
    """A key as the back office shows it, in base64. Its repr tells nothing."""

    key_id: str
    key: str

    def __repr__(self) -> str:
        return "Credentials(…)"

    def text(self) -> str:
        """Return what the secret's file holds: one line."""
        return msgspec.json.encode(self).decode()

    def secret(self) -> bytes:
        """Return what is signed with; raises binascii.Error if *key* is no base64."""
        return b64decode(self.key, validate=True)


_credentials = msgspec.json.Decoder(Credentials)  # made once, here: of two first threads, one would crash


def read_credentials(text: str) -> Credentials:
    """Read what the secret's file holds.

    Raises:
        ValueError: It is something else; the sentence holds nothing of it.
    """
    try:
        found = _credentials.decode(text)
        usable = bool(found.key_id and found.secret())
    except (msgspec.DecodeError, RecursionError, binascii.Error, ValueError):
        usable = False
    if not usable:
        raise ValueError(
            'it must be {"key_id":"…","key":"…"} in one line without spaces, the key in base64 as the back '
            "office shows it"
        )
    return found


def checked_base(base: str, *, allow_http: bool) -> str:
    """Return the address of an endpoint, ending in a slash.

    Raises:
        ValueError: Nothing may be sent there; one sentence says why.
    """
    try:
        parts = urlsplit(base)
        whole = parts.scheme in PORTS and _is_host(parts.hostname or "") and len(base) <= _LONGEST
        whole = whole and not (parts.query or parts.fragment)
        whole = whole and ("[" in parts.netloc) == (":" in (parts.hostname or ""))
        _ = parts.port
    except ValueError:  # broken brackets, no number for a port
        whole = False
    if not whole or "@" in parts.netloc or not base.isascii() or not base.isprintable() or " " in base:
        raise ValueError("it is no address of an API, such as https://api.onslip360.com/v1/")
    if parts.scheme != "https" and not allow_http:
        raise ValueError("requests would go in the open: https:// is expected (or allow_http)")
    return base.rstrip("/") + "/"


def _is_host(host: str) -> bool:
    """Return whether *host* is a name that can be looked up, or an address."""
    if ":" not in host and not _DOTTED.fullmatch(host):
        return _NAME.fullmatch(host) is not None
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
