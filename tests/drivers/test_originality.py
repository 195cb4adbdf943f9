"""Originality signatures: chips that NXP made, as others published them, and everything that is none."""

import sys

import pytest
from ecdsa import SECP128r1, SigningKey
from hypothesis import given
from hypothesis import strategies as st

from drivers.device import DeviceFault
from drivers.readers import originality
from drivers.readers.originality import NTAG21X, READ_SIG, ULTRALIGHT_EV1, verify

# (UID, signature) of real chips, published with the tools that verify them:
# alexbatalov/node-nxp-originality-verifier (test/) and RfidResearchGroup/proxmark3 (tools/recover_pk.py).
NTAGS = [
    ("0453C652FE4A80", "EDFD3263E7DDB1730260B832605205FB40FB32D7BB06F1DB49F17706C2ED6727"),
    ("04E10CDA993C80", "8B76052EE42F5567BEB53238B3E3F9950707C0DCC956B5C5EFCFDB709B2D82B3"),
    ("04DB0BDA993C80", "6048EFD9417CD10F6B7F1818D471A7FE5B46868D2EABDC6307A1E0AAE139D8D0"),
]
ULTRALIGHTS = [
    ("04EE45DAA34084", "EBB6102BFF74B087D18A57A54BC375159A04EA9BC61080B7F4A85AFE1587D73B"),
    ("04C1285A373080", "CEA2EB0B3C95D0844A95B824A7553703B3702378033BF0987899DB70151A19E7"),
]
UID, SIGNATURE = (bytes.fromhex(text) for text in NTAGS[0])
OWN = SigningKey.from_secret_exponent(0x1D0C0FFEE, curve=SECP128r1)
OWN_POINT = OWN.verifying_key.to_string("uncompressed")


@pytest.mark.parametrize(("uid", "signature"), NTAGS + ULTRALIGHTS)
def test_chips_that_nxp_made_are_originals(uid: str, signature: str) -> None:
    assert verify(bytes.fromhex(uid), bytes.fromhex(signature))


@pytest.mark.parametrize(("chips", "key"), [(NTAGS, NTAG21X), (ULTRALIGHTS, ULTRALIGHT_EV1)])
def test_each_family_has_its_own_key(chips: list[tuple[str, str]], key: bytes) -> None:
    for family in (NTAGS, ULTRALIGHTS):
        for uid, signature in family:
            assert verify(bytes.fromhex(uid), bytes.fromhex(signature), (key,)) is (family is chips)


def test_a_signature_of_another_chip_proves_nothing() -> None:
    for uid, _ in NTAGS[1:]:
        assert not verify(bytes.fromhex(uid), SIGNATURE)


def test_every_single_bit_counts() -> None:
    for bit in range(len(UID) * 8):
        assert not verify(_flip(UID, bit), SIGNATURE)
    for bit in range(len(SIGNATURE) * 8):
        assert not verify(UID, _flip(SIGNATURE, bit))


@pytest.mark.parametrize("signature", [b"", SIGNATURE[:-1], SIGNATURE + b"\0", SIGNATURE * 2])
def test_other_lengths_of_signatures_are_none(signature: bytes) -> None:
    assert not verify(UID, signature)


def test_only_uids_of_seven_bytes_are_signed() -> None:
    for size in (0, 4, 6, 8, 10):
        uid = bytes(range(1, 1 + size))
        # Truly signed, but no such chip exists: a number that was cut must not pass for the whole.
        assert not verify(uid, OWN.sign_digest_deterministic(uid.rjust(7, b"\0")), (OWN_POINT,))


@pytest.mark.parametrize(
    "signature", [bytes(32), b"\xff" * 32, bytes(16) + SIGNATURE[16:], SIGNATURE[:16] + bytes(16)]
)
def test_numbers_outside_of_the_curve_are_no_signature(signature: bytes) -> None:
    assert not verify(UID, signature)


@given(st.binary(min_size=7, max_size=7))
def test_what_the_maker_signs_is_original_and_only_by_his_key(uid: bytes) -> None:
    signature = OWN.sign_digest_deterministic(uid)
    assert verify(uid, signature, (OWN_POINT,))
    assert not verify(uid, signature)


@given(st.binary(max_size=12), st.binary(max_size=40))
def test_random_bytes_are_never_original(uid: bytes, signature: bytes) -> None:
    assert not verify(uid, signature)


def test_the_command_is_that_of_the_data_sheet() -> None:
    assert bytes.fromhex("3C00") == READ_SIG


def test_a_missing_library_is_told_when_the_device_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    originality._key.cache_clear()
    monkeypatch.setitem(sys.modules, "ecdsa", None)
    with pytest.raises(DeviceFault, match=r"pip install 'terminald\[originality\]'"):
        originality.ready()
    monkeypatch.undo()
    originality.ready()


def _flip(raw: bytes, bit: int) -> bytes:
    return (int.from_bytes(raw, "big") ^ (1 << bit)).to_bytes(len(raw), "big")
