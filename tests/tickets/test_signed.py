"""Signed tickets: what was signed is read back as it was, and nothing else is believed."""

import re
import sys
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.tickets import signed
from terminal.tickets.signed import CannotSign, Doubt, Verified, barcode_of, verify

# RFC 8032, section 7.1: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0"
            "595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eae"
            "b4302aeeb00d291612bb0c00"
        ),
    ),
]
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410: what stands before the 32 bytes


def pem(secret: str, kind: str = "PRIVATE KEY", head: bytes = PKCS8) -> bytes:
    body = b64encode(head + bytes.fromhex(secret)).decode()
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n".encode()


def signer(number: int = 0) -> signed.Signer:
    return signed.read_private_key(pem(RFC_8032[number][0]), "The key")


SIGNER, OTHER = signer(), signer(1)
TEXT = SIGNER.sign("GJXS0LM6RYG37XJX01", 3, "adult", 1_777_636_800)
GOLDEN = (
    "GJXS0LM6RYG37XJX01.T1.3._adult.1777636800.If4x36FU.8Oy7HT5PlUUP0dpyI"
    "EURTZWGv8Qxe0LebaYVwZQ0n5p4kaHXoDNCwRtttLGnIjZz25uoX-AH2QNO-KOhASuEDQ"
)

IDS = st.integers(-(10**18), 10**18) | st.text(max_size=10)
BARCODES = st.text("0123456789BCDFGHJKLMNPQRSTVWXYZ", min_size=1, max_size=56)


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_the_published_vectors(secret: str, public: str, message: str, signature: str) -> None:
    made = signed.read_private_key(pem(secret), "The key")
    assert made.public.hex() == public
    assert made._private.sign(bytes.fromhex(message)).hex() == signature


def test_the_form_stays_as_gates_know_it() -> None:
    assert GOLDEN == TEXT
    assert barcode_of(GOLDEN) == "GJXS0LM6RYG37XJX01"
    assert len(GOLDEN) < 150


@given(BARCODES, IDS, IDS, st.integers(0, 99_999_999_999))
def test_what_is_signed_is_read_back_with_the_types_of_its_ids(
    barcode: str, event: str | int, product: str | int, at_s: int
) -> None:
    try:
        text = SIGNER.sign(barcode, event, product, at_s)
    except ValueError as refused:
        assert "cannot be signed" in str(refused)  # noqa: PT017 - a text of many bytes, or no text
        assert isinstance(event, str) or isinstance(product, str)
        return
    assert len(text) <= signed.MOST
    assert text.isascii()
    assert barcode_of(text) == barcode
    found = verify(text, [OTHER.public, SIGNER.public])
    assert found == Verified(barcode, event, product, at_s, SIGNER.key)
    assert isinstance(found, Verified)
    assert (type(found.event), type(found.product)) == (type(event), type(product))


def test_a_number_and_its_text_are_two_ids() -> None:
    assert SIGNER.sign("X", 4, "4", 0) != SIGNER.sign("X", "4", 4, 0)
    assert verify(SIGNER.sign("X", 4, "4", 0), [SIGNER.public]) == Verified("X", 4, "4", 0, SIGNER.key)


def test_the_longest_that_can_be_signed_can_be_verified() -> None:
    text = SIGNER.sign("Z" * 56, "e" * 63, "." * 21, 99_999_999_999)
    assert signed.MOST - 10 < len(text) <= signed.MOST
    assert isinstance(verify(text, [SIGNER.public]), Verified)


@pytest.mark.parametrize(
    ("barcode", "event", "at_s"),
    [
        ("", 3, 0),
        ("Z" * 57, 3, 0),
        ("gjxs", 3, 0),
        ("A.B", 3, 0),
        ("A", "e" * 64, 0),
        ("A", "ü" * 11, 0),
        ("A", "\ud800", 0),
        ("A", 10**19, 0),
        ("A", True, 0),
        ("A", 3, -1),
        ("A", 3, 10**11),
    ],
)
def test_what_cannot_be_written_is_not_signed(barcode: str, event: str | int, at_s: int) -> None:
    with pytest.raises(ValueError, match="cannot be signed"):
        SIGNER.sign(barcode, event, 4, at_s)


@given(st.text(max_size=320) | st.text("T1._-aZ09", max_size=320))
def test_whatever_a_scanner_reads_there_is_an_answer(text: str) -> None:
    found = verify(text, [SIGNER.public])
    assert isinstance(found, Doubt)
    assert found.words.endswith(".")
    assert found.signed == ("." in text or len(text) > signed.MOST)
    barcode_of(text)


@given(st.integers(0, len(TEXT) - 1), st.characters(max_codepoint=0x2FF))
def test_one_character_changed_is_no_ticket(at: int, other: str) -> None:
    changed = TEXT[:at] + other + TEXT[at + 1 :]
    assert (verify(changed, [SIGNER.public]) == verify(TEXT, [SIGNER.public])) == (changed == TEXT)


@given(st.integers(0, len(TEXT) - 1))
def test_a_part_of_it_is_no_ticket(length: int) -> None:
    assert isinstance(verify(TEXT[:length], [SIGNER.public]), Doubt)
    assert isinstance(verify(TEXT[length + 1 :], [SIGNER.public]), Doubt)
    assert isinstance(verify(TEXT + TEXT[: length + 1], [SIGNER.public]), Doubt)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("GJXS0LM6RYG37XJX01", "It is not signed."),
        ("", "It is not signed."),
        ("https://example.org/t/1", "It is no signed ticket of a form"),
        (TEXT.replace(".T1.", ".T2."), r"form that is known here \('T2'\)"),
        (TEXT.rpartition(".")[0], "It is cut off or misread: 6 parts, of 7."),
        (f"{TEXT}.", "8 parts"),
        (TEXT.replace(".3.", ".4."), "forged, changed or misread"),
        (TEXT.replace("XJX01", "XJX02"), "forged, changed or misread"),
        (TEXT[:-1], "forged, changed or misread"),
        (OTHER.sign("X", 3, 4, 0), rf"not known here: '{OTHER.key}'; known: {SIGNER.key}\."),
        (TEXT.replace(f".{SIGNER.key}.", "..."), "parts"),
        ("X" * 301, "301 characters"),
    ],
)
def test_why_not(text: str, words: str) -> None:
    assert re.search(words, _doubt(text).words)


def _doubt(text: str) -> Doubt:
    found = verify(text, [SIGNER.public])
    assert isinstance(found, Doubt)
    return found


def test_without_any_key_nothing_is_verified() -> None:
    found = verify(TEXT, [])
    assert isinstance(found, Doubt)
    assert "known: none" in found.words


def test_another_key_of_the_same_name_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The id only finds the key; were it to meet another one's by chance, the signature still would not fit."""
    monkeypatch.setattr(signed, "key_id", lambda public: SIGNER.key)
    assert isinstance(verify(TEXT, [OTHER.public]), Doubt)
    assert isinstance(verify(TEXT, [SIGNER.public]), Verified)


def test_a_signature_for_something_else_does_not_make_a_ticket() -> None:
    """The same key, the same text, without the words at the head of what is signed."""
    text = TEXT.rpartition(".")[0]
    bare = signed._base64(SIGNER._private.sign(text.encode()))
    assert isinstance(verify(f"{text}.{bare}", [SIGNER.public]), Doubt)


@pytest.mark.parametrize(
    "parts", ["x.T1.3.4.0", "X.T1.03.4.0", "X.T1.3._%41.0", "X.T1.3._%ff.0", "X.T1.3.4.00"]
)
def test_a_text_that_is_signed_and_says_nothing_sensible_is_none(parts: str) -> None:
    text = f"{parts}.{SIGNER.key}"
    signature = signed._base64(SIGNER._private.sign(signed._DOMAIN + text.encode()))
    assert _doubt(f"{text}.{signature}").words.startswith("It is signed, but its ")


# -- keys ----------------------------------------------------------------------------------------------


def test_each_new_key_is_another_and_can_be_read() -> None:
    one, other = signed.new_private_key(), signed.new_private_key()
    assert one != other
    made = signed.read_private_key(one, "The key")
    assert isinstance(verify(made.sign("X", 3, 4, 5), [made.public]), Verified)
    assert one.startswith(b"-----BEGIN PRIVATE KEY-----\n")


def test_a_public_key_is_read_as_a_word_and_as_pem() -> None:
    word = signed.public_text(SIGNER.public)
    assert len(word) == 43
    assert signed.read_public_key(f"{word}\n", "It") == SIGNER.public
    assert signed.read_public_key(signed.public_pem(SIGNER.public), "It") == SIGNER.public


RSA_PUBLIC = (
    "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL2P8R9iGmWyuPzIDaFF2NtuOtUCzIyS\n"
    "qKFhRUQEjWYfNCEJxYH3JKvv2mRqGqPzy6kPk4Yg8kPX3tzZGFpXQ1UCAwEAAQ==\n-----END PUBLIC KEY-----\n"
)
X25519 = pem(RFC_8032[0][0], head=bytes.fromhex("302e020100300506032b656e04220420"))
UNKNOWN_KIND = pem(RFC_8032[0][0], head=bytes.fromhex("302e020100300506032b658f04220420"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"^/k holds no private key in PEM"),
        (b"\xff\x00 garbage", "holds no private key"),
        (pem(RFC_8032[0][0])[:60], "holds no private key"),
        (X25519, "another kind"),
        (UNKNOWN_KIND, "holds no private key"),
        (signed.public_pem(SIGNER.public).encode(), "holds a public key"),
    ],
)
def test_what_is_no_private_key_is_refused_in_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(CannotSign, match=words) as caught:
        signed.read_private_key(content, "/k")
    assert "\n" not in str(caught.value)


def test_a_key_with_a_password_is_refused_in_a_sentence() -> None:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - here only

    locked = SIGNER._private.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"password")
    )
    with pytest.raises(CannotSign, match=r"^/k is locked with a password"):
        signed.read_private_key(locked, "/k")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "^It is no public key: 43"),
        ("A" * 42, "43"),
        ("Ä" * 43, "43"),
        (signed.public_text(SIGNER.public) + "=", "43"),
        (pem(RFC_8032[0][0]).decode(), "holds a private key"),
        (RSA_PUBLIC, "another kind"),
    ],
)
def test_what_is_no_public_key_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(CannotSign, match=words):
        signed.read_public_key(text, "It")


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    for call in (
        signed.new_private_key,
        lambda: signed.read_private_key(pem(RFC_8032[0][0]), "It"),
        lambda: signed.read_public_key("", "It"),
        lambda: verify(TEXT, [SIGNER.public]),
    ):
        with pytest.raises(CannotSign, match=r"pip install 'terminald\[signing\]'"):
            call()


def test_no_repr_shows_a_private_key() -> None:
    assert RFC_8032[0][0] not in repr(SIGNER) + str(vars(SIGNER))
