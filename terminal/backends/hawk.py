"""Hawk, the signature of Onslip's API: an HMAC over each request. Pure: time and nonces come in.

    Authorization: Hawk id="…", ts="<unix seconds>", nonce="…", [hash="…",] mac="…"

After the specification of Mozilla's Hawk 1.1 (header and timestamp MAC, payload hash), always with SHA-256.
What is signed is the request target as it goes over the wire, so it is taken from the prepared request; each
try has a nonce and a time of its own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from hmac import compare_digest, digest

from terminal.core.value import Value

_PAIR = re.compile(r'([a-z]+)="([ !#-\[\]-~]*)"')
_PLAIN = re.compile(r"[ !#-\[\]-~]*")  # printable ASCII that needs no escape within quotes
_LONGEST = 4096


class Key(Value, frozen=True):
    """Who signs: *id* as the server knows them, *secret* as raw bytes (the back office shows base64)."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id!r})"


class Target(Value, frozen=True):
    """What a request asks for, as it goes over the wire.

    Attributes:
        method: In capitals.
        path: With the query, such as ``/v1/~realm/products/?o=0;c=1000``.
        host: In lower case, without the port.
        port: 443 where none is given for https.
    """

    method: str
    path: str
    host: str
    port: int


def payload_hash(content_type: str, body: bytes) -> str:
    """Return the hash of a body; of *content_type* the parameters (``; charset=…``) do not count."""
    kind = content_type.partition(";")[0].strip().lower()
    return _base64(sha256(f"hawk.1.payload\n{kind}\n".encode() + body + b"\n").digest())


def header(
    key: Key, target: Target, *, ts: int, nonce: str, content_type: str = "", body: bytes | None = None
) -> str:
    """Return the value of ``Authorization``.

    Args:
        key: Who signs.
        target: What is asked for.
        ts: Seconds since 1970 by the server's clock.
        nonce: A text that was never used with this *ts*.
        content_type: Of the body.
        body: As it is sent; None: the request has none, and nothing of it is signed.

    Raises:
        ValueError: The id or the nonce cannot stand in a header.
    """
    for what, text in (("id", key.id), ("nonce", nonce)):
        if not text or not _PLAIN.fullmatch(text):
            raise ValueError(f"the {what} of a Hawk signature must be printable ASCII without quotes")
    hashed = None if body is None else payload_hash(content_type, body)
    parts = [f'id="{key.id}"', f'ts="{ts}"', f'nonce="{nonce}"']
    if hashed is not None:
        parts.append(f'hash="{hashed}"')
    return "Hawk " + ", ".join(
        [*parts, f'mac="{mac(key, target, ts=str(ts), nonce=nonce, hashed=hashed or "")}"']
    )


def mac(key: Key, target: Target, *, ts: str, nonce: str, hashed: str = "", ext: str = "") -> str:
    """Return the MAC of a request."""
    lines = (
        "hawk.1.header", ts, nonce, target.method, target.path, target.host, str(target.port), hashed, ext,
    )  # fmt: skip
    return _base64(digest(key.secret, "".join(f"{line}\n" for line in lines).encode(), "sha256"))


def server_time(key: Key, challenge: str) -> int | None:
    """Return the server's seconds since 1970 from its ``WWW-Authenticate``; None unless its MAC proves them.

    A time that anybody could have put there must never move the clock that signs.
    """
    told = attributes(challenge)
    ts, tsm = told.get("ts", ""), told.get("tsm", "")
    if not (ts.isascii() and ts.isdigit() and len(ts) <= 12):  # noqa: PLR2004 - beyond all dates
        return None
    proof = timestamp_mac(key, ts)
    return int(ts) if compare_digest(proof.encode(), tsm.encode()) else None


def timestamp_mac(key: Key, ts: str) -> str:
    """Return the MAC by which a server proves its time."""
    return _base64(digest(key.secret, f"hawk.1.ts\n{ts}\n".encode(), "sha256"))


def attributes(value: str) -> dict[str, str]:
    """Return the attributes of a ``Hawk …`` header value; none where it is not one, or says one twice."""
    scheme, _, rest = value[:_LONGEST].partition(" ")
    if scheme.lower() != "hawk":
        return {}
    found = _PAIR.findall(rest)
    pairs = dict(found)
    return pairs if len(pairs) == len(found) else {}


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
