"""What is typed like on a keyboard: keys as bytes in, numbers out."""

import random
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.hid_text import EVENT, Typed, Typing, number
from drivers.readers.uid import Refused
from tests.drivers.hid_keys import (
    CAPS_LOCK,
    DOWN,
    ENTER,
    KEY,
    KEYPAD,
    KEYPAD_ENTER,
    LEFT_CTRL,
    NUM_LOCK,
    RIGHT_SHIFT,
    TAB,
    Keyboard,
)
from tests.support.seed import SEED

SILENCE_MS = 200


def settled() -> Typing:
    """A keyboard that was silent for long enough since it was opened."""
    typing = Typing(SILENCE_MS)
    assert typing.silent() == []
    return typing


def typed(raw: bytes) -> list[Typed]:
    return settled().feed(raw)


# -- keys ----------------------------------------------------------------------------------------------


def test_an_event_is_as_long_as_the_kernel_makes_it() -> None:
    long = struct.calcsize("@l")
    assert EVENT.size == {8: 24, 4: 16}[long]


@pytest.mark.parametrize("end", [ENTER, TAB, KEYPAD_ENTER])
def test_a_number_is_typed_up_to_its_end(end: int) -> None:
    assert typed(Keyboard().type("0008844356", end)) == [Typed("0008844356")]


def test_letters_are_read_with_shift_without_and_under_caps_lock() -> None:
    keys = Keyboard()
    raw = keys.type("04a1B2", ENTER) + keys.press(CAPS_LOCK) + keys.type("c3D4", ENTER) + keys.press(CAPS_LOCK)
    assert typed(raw) == [Typed("04A1B2"), Typed("C3D4")]


def test_every_letter_and_digit_has_its_key() -> None:
    assert typed(Keyboard().type("ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890", ENTER)) == [
        Typed("ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890")
    ]


def test_the_keypad_is_read_whatever_num_lock_says() -> None:
    keys = Keyboard()
    digits = keys.press(*(KEYPAD[digit] for digit in "9876543210"), KEYPAD_ENTER)
    assert typed(digits + keys.press(NUM_LOCK) + digits) == [Typed("9876543210")] * 2


def test_signs_between_digits_are_kept() -> None:
    assert typed(Keyboard().type("1,2;3:4.5-6/7 8", ENTER)) == [Typed("1,2;3:4.5-6/7 8")]


def test_what_shift_makes_of_a_digit_is_none() -> None:
    """%, as cards with a magnetic stripe begin, must not be read as 5."""
    keys = Keyboard()
    raw = keys.shifted(KEY["5"], RIGHT_SHIFT) + keys.press(LEFT_CTRL, DOWN) + keys.type("1", ENTER)
    assert typed(raw) == [Typed("???1")]


def test_keys_that_are_held_are_typed_once() -> None:
    keys = Keyboard()
    held = keys.move(KEY["7"], 1) + keys.move(KEY["7"], 2) * 3 + keys.move(KEY["7"], 0)
    assert typed(held + keys.move(ENTER, 1) + keys.move(ENTER, 2) + keys.move(ENTER, 0)) == [Typed("7")]


def test_an_end_with_nothing_before_it_says_nothing() -> None:
    assert typed(Keyboard().type("123", ENTER, ENTER, TAB)) == [Typed("123")]


@given(st.integers(1, 200))
def test_pieces_may_be_of_any_size(size: int) -> None:
    raw = Keyboard().type("04A1B2C3", ENTER)
    typing = settled()
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert [found for piece in pieces for found in typing.feed(piece)] == [Typed("04A1B2C3")]


def test_a_text_without_end_does_not_grow_for_ever() -> None:
    keys = Keyboard()
    (found,) = typed(keys.type("1" * 500, ENTER))
    assert len(found.text) == 64
    with pytest.raises(Refused):
        number(found, "decimal", 0, 10)


# -- silence and losses ----------------------------------------------------------------------------------


def test_silence_drops_what_was_begun_and_what_follows_may_be_its_end() -> None:
    typing, keys = settled(), Keyboard()
    assert typing.feed(keys.type("00088")) == []
    assert typing.pending
    assert typing.silent() == [Typed("00088", ended=False)]
    assert typing.silent() == []
    assert typing.feed(keys.type("44356", ENTER)) == [Typed("44356", whole=False)]
    assert typing.feed(keys.type("0008844356", ENTER)) == [Typed("0008844356")]
    assert not typing.pending


def test_silence_counts_between_the_keys_however_late_they_are_read() -> None:
    typing, keys = settled(), Keyboard()
    raw = keys.type("00088")
    keys.ms += SILENCE_MS
    raw += keys.type("44356", ENTER)
    assert typing.feed(raw) == [Typed("00088", ended=False), Typed("44356", whole=False)]


def test_a_pause_that_is_no_silence_drops_nothing() -> None:
    keys = Keyboard()
    raw = keys.type("00088")
    keys.ms += SILENCE_MS - keys.pace_ms
    assert typed(raw + keys.type("44356", ENTER)) == [Typed("0008844356")]


def test_a_clock_that_is_set_back_within_a_number_does_no_harm() -> None:
    keys = Keyboard()
    raw = keys.type("00088")
    keys.ms -= 3_600_000
    assert typed(raw + keys.type("44356", ENTER)) == [Typed("0008844356")]


def test_what_is_typed_right_after_opening_may_have_begun_before() -> None:
    typing, keys = Typing(SILENCE_MS), Keyboard()
    assert typing.pending
    assert typing.feed(keys.type("44356", ENTER)) == [Typed("44356", whole=False)]
    assert typing.feed(keys.type("0008844356", ENTER)) == [Typed("0008844356")]


def test_events_that_the_kernel_had_no_room_for_spoil_what_they_belong_to() -> None:
    """SYN_DROPPED: what follows up to the next report says nothing either (Documentation/input/event-codes)."""
    keys = Keyboard()
    lost = keys.event(0, 3, 0) + keys.event(1, KEY["9"], 1) + keys.event(1, ENTER, 1) + keys.event(0, 0, 0)
    raw = keys.type("00088") + lost + keys.type("356", ENTER) + keys.type("0008844356", ENTER)
    assert typed(raw) == [Typed("00088", ended=False), Typed("356", whole=False), Typed("0008844356")]


# -- numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "form", "digits", "size", "expected"),
    [
        ("0008844356", "decimal", 10, 4, "0086F444"),
        ("8844356", "decimal", 0, 4, "0086F444"),
        ("4294967295", "decimal", 10, 4, "FFFFFFFF"),
        ("0068728321092", "decimal", 13, 5, "100086F444"),
        ("08844356", "decimal", 8, 3, "86F444"),
        ("0086F444", "hex", 8, 4, "0086F444"),
        ("04:A1:B2:C3:D4:E5:F6", "hex", 14, 4, "04A1B2C3D4E5F6"),
        ("100086F444", "hex", 0, 4, "100086F444"),
        ("134,62532", "wiegand", 0, 4, "86F444"),
        ("134,62532", "wiegand", 8, 4, "86F444"),
        ("13462532", "wiegand", 8, 4, "86F444"),
        ("1,7", "wiegand", 0, 4, "010007"),
    ],
)
def test_a_number_is_what_its_form_says(text: str, form: str, digits: int, size: int, expected: str) -> None:
    assert number(Typed(text), form, digits, size).hex().upper() == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "form", "digits"),
    [
        ("4294967296", "decimal", 10),  # more than 4 bytes
        ("00A8844356", "decimal", 10),
        ("0008,844356", "decimal", 10),
        ("?0008844356", "decimal", 0),
        ("000884435", "decimal", 10),
        ("00088443560", "decimal", 10),
        ("0086F44", "hex", 0),
        ("0086G444", "hex", 8),
        ("256,62532", "wiegand", 8),
        ("134,65536", "wiegand", 8),
        ("134,,62532", "wiegand", 8),
        ("134,625320", "wiegand", 0),
        ("1346253", "wiegand", 0),
        (",", "hex", 0),
    ],
)
def test_what_is_no_such_number_is_refused_without_telling_it(text: str, form: str, digits: int) -> None:
    with pytest.raises(Refused) as caught:
        number(Typed(text), form, digits, 4)  # type: ignore[arg-type]
    assert caught.value.words.endswith(".")
    assert text == "," or text not in caught.value.words + caught.value.why


def test_what_may_be_an_end_only_is_taken_where_its_length_proves_that_it_is_whole() -> None:
    end = Typed("0008844356", whole=False)
    assert number(end, "decimal", 10, 4).hex() == "0086f444"
    with pytest.raises(Refused, match="perhaps only the end") as caught:
        number(end, "decimal", 0, 4)
    assert "hold it on the reader again" in caught.value.words


# -- nothing breaks it, nothing is made up -------------------------------------------------------------------


def pieces_of(raw: bytes, dice: random.Random) -> Iterator[bytes]:
    while raw:
        size = dice.randint(1, 600)
        yield raw[:size]
        raw = raw[size:]


def session(dice: random.Random) -> tuple[bytes, list[str]]:
    """Numbers of ten digits as a reader types them, some torn; and the whole ones."""
    keys, raw, whole = Keyboard(), b"", []
    for _ in range(dice.randint(1, 3)):
        text = f"{dice.getrandbits(32):010d}"
        cut = dice.choice([10, 10, dice.randint(1, 9)])
        raw += keys.type(text[:cut], *([ENTER] if cut == 10 else []))
        keys.ms += SILENCE_MS * 2
        whole += [text] if cut == 10 else []
    return raw, whole


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """Some events are lost, doubled or changed; or bytes are."""
    if dice.randrange(2):
        changed = bytearray(raw)
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        return bytes(changed)
    events = [raw[at : at + EVENT.size] for at in range(0, len(raw), EVENT.size)]
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(events))
        events[at : at + 1] = dice.choice([[], [events[at]] * 2, [dice.randbytes(EVENT.size)]])
        events = events or [b""]
    return b"".join(events)


def taken(raw: bytes, dice: random.Random, digits: int) -> list[str]:
    """The numbers that are taken, as ten decimal digits."""
    typing, found = settled(), []
    for piece in pieces_of(raw, dice):
        for each in typing.feed(piece):
            if not each.ended:
                continue
            try:
                found.append(f"{int.from_bytes(number(each, 'decimal', digits, 4), 'big'):010d}")
            except Refused:
                continue
    return found


def test_torn_numbers_are_never_taken_and_whole_ones_always() -> None:
    dice = random.Random(SEED)
    for count in range(2_000):
        raw, whole = session(dice)
        assert taken(raw, dice, digits=10) == whole
        assert set(taken(raw, dice, digits=0)) <= set(whole), f"seed {SEED}, session {count}"


def presses(raw: bytes) -> str:
    """What a person reads off the events: digits and ends that went down, ``?`` for other keys, read apart."""
    digits = {code: sign for sign, code in KEY.items() if sign.isdigit()}
    digits |= {code: sign for sign, code in KEYPAD.items()}
    text = ""
    for at in range(0, len(raw) - len(raw) % EVENT.size, EVENT.size):
        _, _, kind, code, value = EVENT.unpack_from(raw, at)
        if kind == 1 and value == 1:
            text += "\n" if code in (ENTER, TAB, KEYPAD_ENTER) else digits.get(code, "?")
    return text


def any_events(dice: random.Random) -> bytes:
    """Events in no order, of the keys that matter and of some others; sometimes with a byte too few or many."""
    codes = [*KEY.values(), *KEYPAD.values(), ENTER, TAB, RIGHT_SHIFT, CAPS_LOCK, LEFT_CTRL, 3]
    events = [
        EVENT.pack(
            dice.randrange(2), 0, dice.choice([1, 1, 1, 0, 4]), dice.choice(codes), dice.choice([1, 1, 0, 2])
        )
        for _ in range(dice.randint(1, 5))
    ]
    return b"".join([*events, dice.randbytes(dice.choice([0, 0, 0, 1, 30]))])


def test_no_byte_string_breaks_it_or_makes_a_number_that_was_not_typed() -> None:
    """What is taken stands in the events key by key, up to an end."""
    dice = random.Random(SEED)
    found = 0
    for count in range(100_000):
        few = count % 10 != 0
        raw = any_events(dice) if few else mutated(session(dice)[0], dice)
        lines = [line.replace("?", "") for line in presses(raw).split("\n")[:-1]]
        for each in taken(raw, dice, digits=1 if few else 10):
            found += 1
            text = each[-1] if few else each
            assert any(line.endswith(text) for line in lines), f"seed {SEED}, string {count}"
    assert found > 1_000
    for _ in range(10_000):
        settled().feed(dice.randbytes(dice.randint(0, 100)))
