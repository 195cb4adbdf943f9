"""Proof that a token's chip was made by NXP: the originality signature of NTAG21x and MIFARE Ultralight EV1.

At production NXP signs the 7 bytes of each chip's UID and burns the signature in. A UID that was copied onto a
blank card of another maker comes with no signature, or with one of another UID. (A chip that can be given a
signature too, copied whole, passes: it proves the chip's data, not the plastic.)

Facts: NXP's data sheets NTAG213/215/216 (READ_SIG) and MF0ULx1, application notes AN11350 and AN11341:
ECDSA over the curve secp128r1, the UID itself in the place of a hash, signature r and s of 16 bytes each.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from drivers.errors import needs

if TYPE_CHECKING:
    from ecdsa import VerifyingKey

READ_SIG = b"\x3c\x00"
"""The command that the chip answers with its signature (the reader adds and checks the CRC)."""

SIGNATURE_SIZE = 32
UID_SIZE = 7

NTAG21X = bytes.fromhex("04494E1A386D3D3CFE3DC10E5DE68A499B1C202DB5B132393E89ED19FE5BE8BC61")
"""NXP's public key for NTAG210, 212, 213, 215 and 216 (AN11350)."""
ULTRALIGHT_EV1 = bytes.fromhex("0490933BDCD6E99B4E255E3DA55389A827564E11718E017292FAF23226A96614B8")
"""NXP's public key for MIFARE Ultralight EV1 (AN11341)."""

MAKERS = (NTAG21X, ULTRALIGHT_EV1)


def ready() -> None:
    """Load what verify() needs, so that a missing library shows when a device is opened, not at a tap.

    Raises:
        DeviceFault: The library is not installed.
    """
    for key in MAKERS:
        _key(key)


def verify(uid: bytes, signature: bytes, keys: tuple[bytes, ...] = MAKERS) -> bool:
    """Return whether *signature* says that the maker, by one of his public *keys*, made the chip *uid*.

    Args:
        uid: All 7 bytes, first transmitted byte first. Chips of other sizes have no such signature.
        signature: What the chip answered to READ_SIG, without CRC.
        keys: Public keys as uncompressed points (04, x, y).

    Raises:
        DeviceFault: The library is not installed.
    """
    if len(uid) != UID_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    return any(_signed(_key(key), uid, signature) for key in keys)


def _signed(key: VerifyingKey, uid: bytes, signature: bytes) -> bool:
    from ecdsa import BadSignatureError  # noqa: PLC0415 - _key() has imported it before

    try:
        return bool(key.verify_digest(signature, uid))
    except BadSignatureError:
        return False


@cache
def _key(point: bytes) -> VerifyingKey:
    with needs("originality"):
        from ecdsa import SECP128r1, VerifyingKey  # noqa: PLC0415 - only who checks needs the library
    return VerifyingKey.from_string(point, curve=SECP128r1)
