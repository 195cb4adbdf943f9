"""UIDs: written one way, and the ones that tell nothing refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.uid import Chip, ReaderOptions, Refused, canonical, identify, refusal

SIZES = (3, 4, 5, 7, 8, 10)
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
    with pytest.raises(ValueError, match=rf"has {len(raw)} bytes; a number has 3, 4, ") as caught:
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


@given(sized.filter(lambda raw: len(raw) != 4 and len(set(raw)) > 1))
def test_only_single_ids_are_taken_for_random_ones(raw: bytes) -> None:
    assert refusal(canonical(raw)) is None


@given(st.binary(min_size=4, max_size=4))
def test_a_short_id_is_refused_only_for_a_known_reason(raw: bytes) -> None:
    known = raw[0] in (0x08, 0x88) or raw in (bytes(4), b"\xff" * 4, b"\x01\x02\x03\x04")
    assert (refusal(canonical(raw)) is not None) == known


# -- what a reader declares ----------------------------------------------------------------------------


@given(sized.filter(lambda raw: refusal(canonical(raw)) is None))
def test_a_reader_that_tells_the_last_byte_first_gives_the_same_id(raw: bytes) -> None:
    assert identify(raw[::-1], ReaderOptions(order="reversed")) == identify(raw, ReaderOptions())


@pytest.mark.parametrize(
    ("cut", "kept"),
    [("", "04A1B2C3D4E5F6"), ("first 4", "04A1B2C3"), ("last 4", "C3D4E5F6"), ("last 3", "D4E5F6")],
)
def test_what_another_reader_does_not_tell_is_cut(cut: str, kept: str) -> None:
    assert identify(bytes.fromhex("04A1B2C3D4E5F6"), ReaderOptions(cut=cut)) == kept
    backwards = ReaderOptions(cut=cut, order="reversed")
    assert identify(bytes.fromhex("F6E5D4C3B2A104"), backwards) == kept


def test_a_number_too_short_for_the_cut_is_refused() -> None:
    with pytest.raises(Refused, match="has 4 bytes; `cut` keeps the last 7"):
        identify(b"\x04\xa1\xb2\xc3", ReaderOptions(cut="last 7"))


def test_what_is_refused_is_judged_before_the_cut_and_in_the_card_s_order() -> None:
    random = bytes.fromhex("08A1B2C3")
    for raw, options in (
        (random, ReaderOptions(cut="last 3")),
        (random[::-1], ReaderOptions(order="reversed")),
    ):
        with pytest.raises(Refused) as caught:
            identify(raw, options)
        assert "another number each time" in caught.value.words
    assert identify(bytes.fromhex("0408A1B2C3D4E5"), ReaderOptions(cut="last 4")) == "B2C3D4E5"


@pytest.mark.parametrize("chip", [Chip.B])
def test_the_first_byte_means_nothing_where_chips_do_not_number_by_iso_14443_a(chip: Chip) -> None:
    assert identify(bytes.fromhex("08A1B2C3"), ReaderOptions(), chip) == "08A1B2C3"
    with pytest.raises(Refused):
        identify(bytes(4), ReaderOptions(), chip)


@pytest.mark.parametrize(
    ("chip", "sizes"),
    [(Chip.NFC, {4, 7, 8, 10}), (Chip.A, {4, 7, 10}), (Chip.B, {4}), (Chip.FELICA, {8}), (Chip.EM4100, {5})],
)
def test_a_length_that_such_a_chip_has_not_is_refused(chip: Chip, sizes: set[int]) -> None:
    for size in range(14):
        raw = bytes(range(0x40, 0x40 + size))
        if size in sizes:
            assert identify(raw, ReaderOptions(), chip) == raw.hex().upper()
        else:
            with pytest.raises(Refused, match=f"has {size} bytes; a number of {chip.value}"):
                identify(raw, ReaderOptions(), chip)


def test_a_phone_that_wants_to_exchange_data_is_no_felica_card() -> None:
    with pytest.raises(Refused, match="another number each time"):
        identify(bytes.fromhex("01FE030405060708"), ReaderOptions(), Chip.FELICA)
    assert identify(bytes.fromhex("01FE030405060708"), ReaderOptions(), Chip.VICINITY) == "01FE030405060708"
