"""Commands to the chip through its reader, byte for byte."""

import random

import pytest

from drivers.readers.native import CannotPass, ask_chip
from drivers.readers.originality import READ_SIG
from tests.support.seed import SEED

ACR122 = "ACS ACR122U PICC Interface 00 00"
OTHER = "ACS ACR1252 1S CL Reader PICC 00 00"
SIGNATURE = bytes(range(32))
OK = "C003009000 9000"


class Reader:
    """Gives the answers in order and keeps the questions."""

    def __init__(self, *answers: str) -> None:
        self.answers = [bytes.fromhex(answer) for answer in answers]
        self.questions: list[str] = []

    def __call__(self, apdu: bytes) -> bytes:
        self.questions.append(apdu.hex(" ").upper())
        return self.answers.pop(0)


def test_a_pn53x_hands_the_command_through() -> None:
    reader = Reader(f"D54300 {SIGNATURE.hex()} 9000")
    assert ask_chip(reader, ACR122, READ_SIG) == SIGNATURE
    assert reader.questions == ["FF 00 00 00 04 D4 42 3C 00"]


@pytest.mark.parametrize(
    "answer", ["D54301 9000", "6300", "", "9000", "D543 9000", f"D54300{SIGNATURE.hex()}6300"]
)
def test_a_chip_that_does_not_answer_says_nothing(answer: str) -> None:
    assert ask_chip(Reader(answer), ACR122, READ_SIG) is None


def test_other_readers_pass_it_on_in_a_session_that_is_always_ended() -> None:
    reader = Reader(OK, OK, f"C003009000 920100 96020000 9720{SIGNATURE.hex()} 9000", OK)
    assert ask_chip(reader, OTHER, READ_SIG) == SIGNATURE
    assert reader.questions == [
        "FF C2 00 00 02 81 00 00",
        "FF C2 00 02 04 8F 02 00 03 00",
        "FF C2 00 01 0B 5F 46 04 50 C3 00 00 95 02 3C 00 00",
        "FF C2 00 00 02 82 00 00",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "C003016401 9000",  # the chip did not answer in time
        f"C003009000 96020100 9720{SIGNATURE.hex()} 9000",  # a wrong CRC
        f"9720{SIGNATURE.hex()} 9000",  # not said that it went well
        "C003009000 96020000 9000",
        f"C003009000 9721{SIGNATURE.hex()} 9000",  # cut off
        "C0 9000",
        "6300",
    ],
)
def test_a_session_without_an_answer_is_ended_too(answer: str) -> None:
    reader = Reader(OK, OK, answer, OK)
    assert ask_chip(reader, OTHER, READ_SIG) is None
    assert reader.questions[-1] == "FF C2 00 00 02 82 00 00"


def test_a_protocol_that_cannot_be_set_ends_the_session() -> None:
    reader = Reader(OK, "C003016A81 9000", OK)
    assert ask_chip(reader, OTHER, READ_SIG) is None
    assert len(reader.questions) == 3


@pytest.mark.parametrize("answer", ["6A81", "6D00", "6E00", "", "C003016A81 9000"])
def test_a_reader_that_knows_no_sessions_says_so(answer: str) -> None:
    with pytest.raises(CannotPass, match="transparent session"):
        ask_chip(Reader(answer), OTHER, READ_SIG)


def test_damaged_answers_do_no_harm() -> None:
    """10^5 mutations of good answers: nothing comes out but what stood in the answer whole."""
    chance = random.Random(SEED)
    direct = bytes.fromhex("D54300") + SIGNATURE + b"\x90\x00"
    good = bytes.fromhex("C003009000 920100 96020000 9720") + SIGNATURE + b"\x90\x00"
    for _ in range(100_000):
        name, answer = chance.choice(((ACR122, direct), (OTHER, good)))
        given = (
            bytearray(answer) if chance.random() < 0.9 else bytearray(chance.randbytes(chance.randrange(60)))
        )
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(given) + 1)
            given[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        told = bytes(given)
        answers = iter([bytes.fromhex(OK), bytes.fromhex(OK), told, b""] if name == OTHER else [told])
        found = ask_chip(lambda _, answers=answers: next(answers), name, READ_SIG)  # type: ignore[misc]
        if found is not None:
            assert told.endswith(b"\x90\x00")
            assert found in told[:-2]


def test_damaged_beginnings_do_no_harm() -> None:
    chance = random.Random(SEED)
    for _ in range(10_000):
        given = chance.randbytes(chance.randrange(12)) + chance.choice((b"", b"\x90\x00"))
        try:
            assert ask_chip(lambda _, given=given: given, OTHER, READ_SIG) in (None, given[-34:-2])  # type: ignore[misc]
        except CannotPass as error:
            assert given.hex(" ").upper() in str(error)  # noqa: PT017 - both ends are right
