"""The frames of ccTalk: known examples, echoes of every kind, and noise."""

import random

import pytest

from drivers.cctalk.frames import MOST_DATA, Exchange, Frame, Question, Spoilt, crc, simple
from drivers.cctalk.headers import Header, name_of
from tests.support.seed import SEED

POLL = Question(2, Header.READ_CREDITS)
BUFFER = bytes(range(11))
ANSWER = simple(1, 0, BUFFER, sender=2)
BILLS = Question(40, Header.READ_BILL_EVENTS, crc_form=True)
FUZZ = 100_000


def test_the_examples_of_the_manuals():
    assert POLL.raw == bytes.fromhex("02 00 01 E5 18")
    assert simple(2, 231, b"\x3f\x00") == bytes.fromhex("02 02 01 E7 3F 00 D5")
    assert crc(40, Header.RESET) == bytes((40, 0, 70, 1, 63))
    assert Question(40, Header.RESET, crc_form=True).raw == bytes((40, 0, 70, 1, 63))


@pytest.mark.parametrize("echo", [None, True, False])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_an_answer_is_found_with_and_without_an_echo_in_pieces_of_any_size(echo, size):
    for wire in [POLL.raw + ANSWER] + ([ANSWER] if echo is not True else []):
        exchange = Exchange(POLL, echo=echo)
        found = None
        for at in range(0, len(wire), size):
            assert found is None
            found = exchange.feed(wire[at : at + size])
        assert found == Frame(0, BUFFER)
        assert exchange.answer == ANSWER
        assert exchange.echoed is (wire is not ANSWER and wire.startswith(POLL.raw))
        assert not exchange.under_way or exchange.answer


def test_the_echo_alone_is_never_an_answer():
    for question in (POLL, BILLS, Question(2, Header.SIMPLE_POLL), Question(255, 0)):
        for echo in (None, True, False):
            exchange = Exchange(question, echo=echo)
            assert exchange.feed(question.raw) is None
            assert exchange.echoed
            assert not exchange.under_way
            # And said twice, as on a wire with two echoes, it is none either.
            assert isinstance(exchange.feed(question.raw), Spoilt)


def test_where_the_host_hears_itself_nothing_comes_before_its_own_bytes():
    assert isinstance(Exchange(POLL, echo=True).feed(ANSWER), Spoilt)


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (POLL.raw + simple(1, 0, BUFFER, sender=3), "the device 3 instead of 2"),
        (POLL.raw + simple(7, 0, BUFFER, sender=2), "to the address 7"),
        (POLL.raw + ANSWER[:-1] + b"\x00", "wrong checksum"),
        (POLL.raw + ANSWER[:5] + b"\xee" + ANSWER[6:], "wrong checksum"),
        (b"\x02\x00\x01\xe4", "not those that were sent"),
        (b"\x00" + POLL.raw, "not those that were sent"),
        (POLL.raw + b"\xff" + ANSWER, "to the address 255"),
    ],
)
def test_what_is_no_answer_is_told_as_what_it_is(wire, words):
    found = Exchange(POLL).feed(wire)
    assert isinstance(found, Spoilt)
    assert words in found.words


def test_the_crc_form_is_checked_over_everything():
    answer = crc(1, 0, BUFFER)
    assert Exchange(BILLS).feed(BILLS.raw + answer) == Frame(0, BUFFER)
    for at in range(len(answer)):
        for bit in range(8):
            bad = bytearray(answer)
            bad[at] ^= 1 << bit
            assert not isinstance(Exchange(BILLS).feed(BILLS.raw + bytes(bad)), Frame)


def test_more_than_the_answer_is_no_part_of_it():
    exchange = Exchange(POLL)
    assert exchange.feed(POLL.raw + ANSWER + b"\x00\x01") == Frame(0, BUFFER)
    assert exchange.surplus == b"\x00\x01"


def test_a_device_cannot_have_the_address_of_the_host():
    with pytest.raises(ValueError, match="host"):
        Exchange(Question(1, 254))


def test_the_longest_frame_is_one():
    data = bytes(MOST_DATA)
    assert Exchange(POLL).feed(POLL.raw + simple(1, 0, data, sender=2)) == Frame(0, data)


def test_every_command_has_a_name():
    assert name_of(229) == "read credits"
    assert "do not send" in name_of(99)


@pytest.mark.parametrize("question", [POLL, BILLS])
def test_noise_is_never_an_answer(question):
    """10^5 random and mutated byte strings: no crash, and no frame that its checksum does not vouch for."""
    chance = random.Random(SEED)
    answer = crc(1, 0, BUFFER) if question.crc_form else ANSWER
    frames = 0
    for _ in range(FUZZ):
        if chance.random() < 0.3:
            wire = chance.randbytes(chance.randrange(40))
        else:
            wire = bytearray(question.raw + answer if chance.random() < 0.7 else answer)
            for _ in range(chance.randrange(4)):
                wire[chance.randrange(len(wire))] = chance.randrange(256)
            if chance.random() < 0.2:
                del wire[chance.randrange(len(wire)) :]
        exchange = Exchange(question, echo=chance.choice([None, True, False]))
        found = None
        at = 0
        while found is None and at < len(wire):
            step = chance.randrange(1, 20)
            found = exchange.feed(bytes(wire[at : at + step]))
            at += step
        if isinstance(found, Frame):
            frames += 1
            raw = exchange.answer
            assert raw[0] == 1
            assert len(raw) == 5 + raw[1]
            if question.crc_form:
                assert raw == crc(1, found.header, found.data)
            else:
                assert sum(raw) % 256 == 0
                assert raw[2] == 2
    assert frames > FUZZ / 50  # the unharmed ones
