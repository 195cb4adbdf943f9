"""The question for a UID, and every kind of answer, as bytes."""

import random

import pytest

from drivers.readers.apdu import HOLD_AGAIN, NOT_SUPPORTED, NoUid, ask_uid
from tests.support.seed import SEED


class Script:
    """Gives the answers in order and keeps the questions."""

    def __init__(self, *answers: str) -> None:
        self.answers = [bytes.fromhex(answer) for answer in answers]
        self.questions: list[str] = []

    def __call__(self, apdu: bytes) -> bytes:
        self.questions.append(apdu.hex(" ").upper())
        return self.answers.pop(0)


@pytest.mark.parametrize("uid", ["04A1B2C3", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"])
def test_the_uid_is_what_stands_before_the_status(uid: str) -> None:
    reader = Script(uid + "9000")
    assert ask_uid(reader).hex().upper() == uid
    assert reader.questions == ["FF CA 00 00 00"]


def test_a_reader_that_wants_the_exact_length_is_asked_again_with_it() -> None:
    reader = Script("6C07", "04A1B2C3D4E5F69000")
    assert ask_uid(reader).hex() == "04a1b2c3d4e5f6"
    assert reader.questions == ["FF CA 00 00 00", "FF CA 00 00 07"]


def test_a_uid_that_ends_like_a_wrong_length_is_no_wrong_length() -> None:
    assert ask_uid(Script("6C0701029000")).hex() == "6c070102"


def test_a_uid_shorter_than_asked_for_is_taken() -> None:
    assert ask_uid(Script("04A1B2C36282")).hex() == "04a1b2c3"


@pytest.mark.parametrize("status", ["6A81", "6800", "6D00", "6E00"])
def test_what_is_not_supported_never_will_be(status: str) -> None:
    with pytest.raises(NoUid, match=status) as caught:
        ask_uid(Script(status))
    assert caught.value.final
    assert caught.value.words == NOT_SUPPORTED


@pytest.mark.parametrize(
    "answers", [["6300"], ["9000"], [""], ["90"], ["6F00"], ["6C07", "6C07"], ["04A1B2C36300"]]
)
def test_every_other_failure_is_worth_another_try(answers: list[str]) -> None:
    with pytest.raises(NoUid) as caught:
        ask_uid(Script(*answers))
    assert not caught.value.final
    assert caught.value.words == HOLD_AGAIN


def test_a_refused_answer_does_not_tell_the_uid() -> None:
    with pytest.raises(NoUid) as caught:
        ask_uid(Script("04A1B2C36300"))
    assert "A1B2" not in str(caught.value)
    assert "A1B2" not in caught.value.why


def test_mutated_answers_do_no_harm_and_give_no_number_but_what_stood_there() -> None:
    """10^5 of them, and what a reader says after it was asked for the exact length."""
    chance = random.Random(SEED)
    for _ in range(100_000):
        answers = [_mutated(chance), _mutated(chance)]
        reader = Script(*(answer.hex() for answer in answers))
        try:
            uid = ask_uid(reader)
        except NoUid as error:
            assert error.words in (HOLD_AGAIN, NOT_SUPPORTED)  # noqa: PT017 - both ends are right
            continue
        told = answers[len(reader.questions) - 1]
        assert uid
        assert told[:-2] == uid
        assert told[-2:] in (b"\x90\x00", b"\x62\x82")


def _mutated(chance: random.Random) -> bytes:
    answer = bytearray.fromhex(
        chance.choice(("04A1B2C3D4E5F69000", "04A1B2C36282", "6C07", "6300", "6A81", ""))
    )
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(answer) + 1)
        answer[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(answer)
