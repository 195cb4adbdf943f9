"""UIDs: written one way, and the ones that tell nothing refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.uid import canonical, refusal

SIZES = (4, 7, 8, 10)
sized = st.sampled_from(SIZES).flatmap(lambda n: st.binary(min_size=n, max_size=n))


@given(sized)
def test_canonical_keeps_every_byte_in_the_order_of_transmission(raw: bytes) -> None:
    text = canonical(raw)
    assert text == text.upper()
    assert bytes.fromhex(text) == raw
    assert len(text) == 2 * len(raw)


def test_canonical_is_what_the_card_sent_first_byte_first() -> None:
    assert canonical(bytes([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6])) == "04A1B2C3D4E5F6"


@given(st.binary(max_size=40).filter(lambda raw: len(raw) not in SIZES))
def test_other_lengths_are_refused_with_a_sentence_that_keeps_the_secret(raw: bytes) -> None:
    with pytest.raises(ValueError, match=rf"has {len(raw)} bytes; 4, 7 or 10 were expected") as caught:
        canonical(raw)
    if len(raw) > 2:
        assert raw.hex().upper() not in str(caught.value)


@given(st.binary(min_size=3, max_size=3))
def test_random_and_unfinished_ids_are_refused_whatever_follows(rest: bytes) -> None:
    assert "another number each time" in (refusal(canonical(b"\x08" + rest)) or "")
    assert "not read to the end" in (refusal(canonical(b"\x88" + rest)) or "")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
def test_empty_ids_are_refused_in_every_size(byte: bytes, size: int) -> None:
    assert "no number of its own" in (refusal(canonical(byte * size)) or "")


def test_the_number_that_phones_share_is_refused() -> None:
    assert "shares with others" in (refusal("01020304") or "")


@given(sized.filter(lambda raw: len(raw) > 4 and len(set(raw)) > 1))
def test_long_ids_are_never_taken_for_random_ones(raw: bytes) -> None:
    assert refusal(canonical(raw)) is None


@given(st.binary(min_size=4, max_size=4))
def test_a_short_id_is_refused_only_for_a_known_reason(raw: bytes) -> None:
    known = raw[0] in (0x08, 0x88) or raw in (bytes(4), b"\xff" * 4, b"\x01\x02\x03\x04")
    assert (refusal(canonical(raw)) is not None) == known
