"""Signed tickets: a text for the QR code that a gate verifies with no network (Ed25519, RFC 8032).

    GJXS0LM6RYG37XJX01.T1.3.4.1777636800.Yk3v0c-A.nRw…

Seven parts, in ASCII, divided by dots: the barcode; the form of the text; event and product; when it was sold,
in seconds since 1970 UTC; the key's id; the signature. A gate that knows nothing of it cuts at the first dot.

An id that is a number stands as such, one that is a text behind ``_`` and percent-encoded: ``4`` is a number,
``_4`` a text. The key's id is the beginning of the SHA-256 of the public key, 6 bytes of it. What is signed is
``terminald ticket 1``, a line feed, and the text up to the last dot: no signature made for anything else fits.
Key id and signature are base64url without padding (RFC 4648).

This form is this project's own; the vendor's documentation knows no signed tickets.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from terminal.core.catalogue import ProductId
from terminal.core.value import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DOT = "."
"""What divides the parts of a signed ticket; no barcode has one."""

MOST = 300
"""Characters of the longest signed ticket: a QR code of 69 modules holds them, which scans on 58 mm paper."""

MOST_ID = 64
"""Characters of the longest id, as it is written in the text."""

_FORM = "T1"
_DOMAIN = b"terminald ticket 1\n"
_PARTS = 7
_BARCODE = re.compile(r"[0-9A-Z]{1,56}")
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_SECONDS = re.compile(r"0|[1-9][0-9]{0,10}")
_PUBLIC_SIZE, _SIGNATURE_SIZE, _ID_SIZE = 32, 64, 6
_SHOWN = 20


class CannotSign(ValueError):  # noqa: N818 - it is an answer to the operator
    """A key cannot be used, or the library is missing; one sentence says what to do. Never the key."""


class Verified(Value, frozen=True):
    """A ticket that is what it says: *key* is the id of the key that signed it, *at_s* when it was sold."""

    barcode: str
    event: ProductId
    product: ProductId
    at_s: int
    key: str


class Doubt(Value, frozen=True):
    """Why a text is no ticket that could be verified. *signed*: it says that it is signed, at least."""

    words: str
    signed: bool = True


def barcode_of(text: str) -> str:
    """Return the barcode that a text from a QR code begins with, verified or not."""
    return text.partition(DOT)[0]


def key_id(public: bytes) -> str:
    """Return the short name of a public key, 8 characters."""
    return _base64(sha256(public).digest()[:_ID_SIZE])


class Signer:
    """Signs tickets with one private key.

    Attributes:
        public: The public key, 32 bytes.
        key: Its id.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()
        self.key = key_id(self.public)

    def sign(self, barcode: str, event: ProductId, product: ProductId, at_s: int) -> str:
        """Return the text of a ticket that was sold *at_s* seconds after 1970 UTC.

        Raises:
            ValueError: It cannot be written: an id is too long, the barcode is not of 0-9A-Z.
        """
        if not _BARCODE.fullmatch(barcode) or not _SECONDS.fullmatch(str(at_s)):
            raise ValueError(f"a ticket {barcode[:_SHOWN]!r} at {at_s} s cannot be signed")
        text = DOT.join((barcode, _FORM, _quoted(event), _quoted(product), str(at_s), self.key))
        return f"{text}{DOT}{_base64(self._private.sign(_DOMAIN + text.encode('ascii')))}"


def verify(text: str, publics: Iterable[bytes]) -> Verified | Doubt:
    """Return what *text* says if one of the keys *publics* (32 bytes each) has signed it, else why not.

    Any text may come from a scanner: none raises anything else.

    Raises:
        CannotSign: The library is not installed.
    """
    if len(text) > MOST:
        return Doubt(f"It has {len(text)} characters: no signed ticket is that long.")
    parts = text.split(DOT)
    if len(parts) == 1:
        return Doubt("It is not signed.", signed=False)
    if parts[1] != _FORM:
        return Doubt(f"It is no signed ticket of a form that is known here ({parts[1][:_SHOWN]!r}).")
    if len(parts) != _PARTS:
        return Doubt(f"It is cut off or misread: {len(parts)} parts, of {_PARTS}.")
    barcode, _, event, product, seconds, name, signature = parts
    keys = {key_id(public): public for public in publics}
    if name not in keys:
        known = ", ".join(sorted(keys)) or "none"
        return Doubt(f"It is signed with a key that is not known here: {name[:_SHOWN]!r}; known: {known}.")
    if not _fits(keys[name], signature, text.rpartition(DOT)[0]):
        return Doubt("Its signature is wrong: it is forged, changed or misread.")
    if not _BARCODE.fullmatch(barcode) or not _SECONDS.fullmatch(seconds):
        return Doubt("It is signed, but its barcode or time is no such thing.")
    ids = _unquoted(event), _unquoted(product)
    if ids[0] is None or ids[1] is None:
        return Doubt("It is signed, but its event or product is no such thing.")
    return Verified(barcode, ids[0], ids[1], int(seconds), name)


# -- keys ----------------------------------------------------------------------------------------------


def new_private_key() -> bytes:
    """Return a new private key: PEM (PKCS #8), as ``openssl genpkey -algorithm ed25519`` makes it.

    Raises:
        CannotSign: The library is not installed.
    """
    private, form = _library().Ed25519PrivateKey.generate(), _forms()
    pem: bytes = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    return pem


def read_private_key(pem: bytes, place: str) -> Signer:
    """Return what signs with the key that *pem* holds; *place* says in sentences where it came from.

    Raises:
        CannotSign: It is no Ed25519 key in PEM, or needs a password; or the library is not installed.
    """
    library = _library()
    if b"PUBLIC KEY-----" in pem:
        raise CannotSign(f"{place} holds a public key: tickets are signed with the private one.")
    try:
        private = _forms().load_pem_private_key(pem, password=None)
    except TypeError:  # so it says that it needs a password
        raise CannotSign(f"{place} is locked with a password, and nobody is there to enter it.") from None
    except (ValueError, _errors().UnsupportedAlgorithm):
        raise CannotSign(
            f"{place} holds no private key in PEM (PKCS #8): terminalctl ticket key new makes one."
        ) from None
    if not isinstance(private, library.Ed25519PrivateKey):
        kind = type(private).__name__.removesuffix("PrivateKey")
        raise CannotSign(f"{place} holds a key of another kind ({kind}): Ed25519 is expected.")
    return Signer(private)


def read_public_key(text: str, place: str) -> bytes:
    """Return the 32 bytes of a public key: 43 characters of base64url, or PEM.

    Raises:
        CannotSign: It is no Ed25519 public key; or the library is not installed.
    """
    library = _library()
    raw = _unbase64(text.strip(), _PUBLIC_SIZE)
    if raw is not None:
        return raw
    if "PRIVATE KEY-----" in text:
        raise CannotSign(
            f"{place} holds a private key: a gate gets the public one (terminalctl ticket key show)."
        )
    try:
        public = _forms().load_pem_public_key(text.encode())
    except (ValueError, _errors().UnsupportedAlgorithm):
        raise CannotSign(
            f"{place} is no public key: 43 letters, digits, - and _, or PEM (BEGIN PUBLIC KEY) are expected."
        ) from None
    if not isinstance(public, library.Ed25519PublicKey):
        raise CannotSign(f"{place} holds a public key of another kind: Ed25519 is expected.")
    found: bytes = public.public_bytes_raw()
    return found


def public_text(public: bytes) -> str:
    """Return a public key as one word: 43 characters of base64url."""
    return _base64(public)


def public_pem(public: bytes) -> str:
    """Return a public key as PEM (SubjectPublicKeyInfo), as other programs read it."""
    form = _forms()
    key = _library().Ed25519PublicKey.from_public_bytes(public)
    pem: bytes = key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


# -- parts ---------------------------------------------------------------------------------------------


def _quoted(name: ProductId) -> str:
    """Return an id as it stands in the text."""
    try:
        text = str(name) if isinstance(name, int) else f"_{_percent(name.encode())}"
    except UnicodeEncodeError:
        raise ValueError("an id that is no text in Unicode cannot be signed") from None
    if len(text) > MOST_ID or (isinstance(name, int) and not _NUMBER.fullmatch(text)):
        raise ValueError(f"an id of {len(text)} characters cannot be signed: {MOST_ID} at most")
    return text


def _unquoted(text: str) -> ProductId | None:
    """Return the id that _quoted has written so; None if it has not."""
    if len(text) > MOST_ID:
        return None
    if not text.startswith("_"):
        return int(text) if _NUMBER.fullmatch(text) else None
    try:
        raw = unquote_to_bytes(text[1:])
        return raw.decode() if _percent(raw) == text[1:] else None
    except UnicodeError:
        return None


def _percent(raw: bytes) -> str:
    """Return bytes percent-encoded: all but letters, digits, ``-``, ``_`` and ``~``."""
    return quote(raw, safe="").replace(DOT, "%2E")


def _fits(public: bytes, signature: str, text: str) -> bool:
    raw = _unbase64(signature, _SIGNATURE_SIZE)
    if raw is None or not text.isascii():
        return False
    try:
        _library().Ed25519PublicKey.from_public_bytes(public).verify(raw, _DOMAIN + text.encode("ascii"))
    except _errors().InvalidSignature:
        return False
    return True


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str, size: int) -> bytes | None:
    """Return the *size* bytes that _base64 writes as *text*; None if it does not."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if len(raw) == size and _base64(raw) == text else None


def _library() -> ModuleType:
    """Load cryptography's Ed25519: 30 ms and 14 MB, which only who signs or verifies pays."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - as said above
    except ImportError:
        raise CannotSign(
            "Signed tickets need the Python library cryptography: pip install 'terminald[signing]'"
        ) from None
    return ed25519


def _forms() -> ModuleType:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see _library

    return serialization


def _errors() -> ModuleType:
    from cryptography import exceptions  # noqa: PLC0415 - see _library

    return exceptions
