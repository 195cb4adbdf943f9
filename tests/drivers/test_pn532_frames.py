"""The frames of the PN532, and the cards in them: everything that is whole is found, and nothing else is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers import pn532_frames as frames
from drivers.readers.pn532_frames import (
    ACK,
    FELICA_212,
    LIST,
    LONGEST_BODY,
    NACK,
    THRU,
    TYPE_A,
    TYPE_B,
    BadAnswer,
    Kind,
    Piece,
    Pn532Frames,
    Target,
    cascaded,
    describe,
    encode,
    meaning,
    target,
)
from drivers.readers.uid import Chip
from tests.support import pn532_chip
from tests.support.pn532_cards import FeliCa, Ntag, TypeA, TypeB

UID = bytes.fromhex("04A1B2C3D4E5F6")
ANSWER = pn532_chip.frame(bytes.fromhex("D54B0101004400 07".replace(" ", "")) + UID)
FIRMWARE = pn532_chip.frame(bytes.fromhex("D50332010607"))
RUNS = 100_000


def parse(*chunks: bytes) -> list[Piece]:
    parser = Pn532Frames()
    return [piece for chunk in chunks for piece in parser.feed(chunk)]


def kinds(pieces: list[Piece]) -> list[Kind]:
    return [piece.kind for piece in pieces]


# -- frames ----------------------------------------------------------------------------------------------


def test_commands_are_framed_as_the_manual_shows() -> None:
    assert encode(frames.FIRMWARE) == bytes.fromhex("0000FF02FED4022A00")
    assert encode(frames.SAM, b"\x01\x00\x00") == bytes.fromhex("0000FF05FBD4140100001700")


@pytest.mark.parametrize("size", [0, 1, 252, 253, 254, 255, 263])
def test_the_chip_takes_every_length_and_gives_it_back_whole(size: int) -> None:
    chip = pn532_chip.Chip()
    chip.feed(
        bytes(10) + encode(frames.DIAGNOSE, bytes(min(1, size)) + bytes(range(256))[: size - 1 if size else 0])
    )
    said = b"".join(chip.output)
    if size == 0:
        assert kinds(parse(said)) == [Kind.ACK, Kind.REFUSAL]
        return
    ack, answer = parse(said)
    assert ack.kind is Kind.ACK
    assert answer.body[0] == frames.DIAGNOSE + 1
    assert chip.heard[0][1:] == answer.body[1:]


def test_longer_commands_than_the_chip_takes_are_not_sent() -> None:
    encode(0, bytes(LONGEST_BODY - 2))
    with pytest.raises(ValueError, match="takes 265"):
        encode(0, bytes(LONGEST_BODY - 1))


def test_each_kind_of_frame_is_known() -> None:
    assert kinds(parse(ACK + NACK + pn532_chip.ERROR + FIRMWARE)) == [
        Kind.ACK, Kind.NACK, Kind.REFUSAL, Kind.ANSWER,
    ]  # fmt: skip


@given(st.data())
def test_how_the_bytes_are_cut_does_not_matter(data: st.DataObject) -> None:
    stream = bytes(3) + ACK + ANSWER + b"\x17\x2a" + FIRMWARE + pn532_chip.frame(b"\xd5\x01" + bytes(260))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = parse(*(stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)))
    assert [piece for piece in pieces if piece.kind is not Kind.STRANGE] == [
        piece for piece in parse(stream) if piece.kind is not Kind.STRANGE
    ]
    assert kinds(parse(stream)) == [Kind.ACK, Kind.ANSWER, Kind.STRANGE, Kind.ANSWER, Kind.ANSWER]


@given(st.binary(max_size=60))
def test_after_any_noise_the_next_frame_is_found(noise: bytes) -> None:
    parser = Pn532Frames()
    pieces = parser.feed(noise) + parser.feed(ANSWER) + parser.give_up()
    assert ANSWER[1:-1] in [piece.raw for piece in pieces]


def test_a_torn_frame_does_not_hide_the_next_one() -> None:
    for cut in range(1, len(ANSWER) - 1):
        parser = Pn532Frames()
        pieces = parser.feed(ANSWER[:cut] + ANSWER) + parser.give_up()
        assert kinds(pieces).count(Kind.ANSWER) == 1, cut


def test_every_single_wrong_byte_is_noticed() -> None:
    for place in range(3, len(ANSWER) - 1):
        for wrong in range(1, 256):
            damaged = bytearray(ANSWER)
            damaged[place] ^= wrong
            parser = Pn532Frames()
            pieces = parser.feed(bytes(damaged)) + parser.give_up()
            assert Kind.ANSWER not in kinds(pieces), (place, wrong)


def test_zeros_are_no_news_and_strange_bytes_are() -> None:
    assert parse(bytes(300)) == []
    assert kinds(parse(b"login: \x00")) == [Kind.STRANGE]


# -- cards -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid", ["A1B2C3D4", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"])
def test_uids_are_selected_with_cascade_tags(uid: str) -> None:
    assert cascaded(bytes.fromhex(uid)) == TypeA(uid).cascaded()
    assert len(cascaded(bytes.fromhex(uid))) in (4, 8, 12)


def test_cards_of_all_kinds_are_read() -> None:
    type_a = bytes.fromhex("010100440007") + UID
    assert target(TYPE_A, type_a) == Target(Chip.A, TYPE_A, UID)
    assert target(TYPE_A, type_a + bytes.fromhex("0578807002")) == Target(Chip.A, TYPE_A, UID)
    assert target(TYPE_B, b"\x01\x01" + TypeB("B1B2B3B4").atqb + b"\x01\x00") == Target(
        Chip.B, TYPE_B, bytes.fromhex("B1B2B3B4")
    )
    for request, length in (("00FFFF0000", 18), ("00FFFF0100", 20)):
        said = FeliCa("0114B34D5E6F7081").polled(bytes.fromhex(request))
        assert said is not None
        found = target(FELICA_212, b"\x01\x01" + bytes([length]) + said)
        assert found == Target(Chip.FELICA, FELICA_212, bytes.fromhex("0114B34D5E6F7081"))
    for kind in (TYPE_A, TYPE_B, FELICA_212):
        assert target(kind, b"\x00") is None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (TYPE_A, ""),
        (TYPE_A, "01"),
        (TYPE_A, "0101"),
        (TYPE_A, "010100440007" + "04A1B2C3D4E5"),  # a byte too few
        (TYPE_A, "010100440007" + "04A1B2C3D4E5F607"),  # a byte too many
        (TYPE_A, "010100440407" + "04A1B2C3D4E5F6"),  # SAK: the UID goes on
        (TYPE_A, "010100440005" + "04A1B2C3D4"),  # no such UID
        (TYPE_A, "010100440000"),
        (TYPE_A, "020100440007" + "04A1B2C3D4E5F6"),  # two were not asked for
        (TYPE_A, "010200440007" + "04A1B2C3D4E5F6"),
        (TYPE_B, "0101" + "50B1B2B3B4000000000081"),
        (TYPE_B, "0101" + "51B1B2B3B4000000000081C10100"),
        (TYPE_B, "0101" + "50B1B2B3B4000000000081C10200"),
        (FELICA_212, "0101" + "12010114B34D5E6F7081100B4B428485D0"),
        (FELICA_212, "0101" + "12000114B34D5E6F7081100B4B428485D0FF"),
        (FELICA_212, "0101" + "14010114B34D5E6F7081100B4B428485D0FF"),
    ],
)
def test_targets_that_do_not_hold_together_are_none(kind: int, data: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        target(kind, bytes.fromhex(data))
    assert "A1B2" not in str(caught.value)


# -- words -----------------------------------------------------------------------------------------------


def test_who_listens_reads_what_goes_on_and_no_number() -> None:
    assert describe(LIST, b"\x01\x00") == "InListPassiveTarget type A"
    assert describe(LIST, b"\x01\x00" + cascaded(UID)) == "InListPassiveTarget type A, the same again"
    assert describe(LIST, b"\x01\x77") == "InListPassiveTarget ?"
    assert describe(THRU, b"\x3c\x00") == "InCommunicateThru 3C"
    assert describe(0x99) == "command 99"
    words = [meaning(piece) for piece in parse(ACK + NACK + ANSWER + pn532_chip.ERROR + b"??")]
    assert words == [
        "ACK", "NACK", "answer to InListPassiveTarget: 1 target", "the chip refuses the command",
        "no frame, or its checksum is wrong",
    ]  # fmt: skip


# -- fuzz ------------------------------------------------------------------------------------------------


def truly_whole(raw: bytes) -> bool:
    """Whether *raw*, from its start code on, is a frame; said in other words than the parser does."""
    if raw[2:4] == b"\xff\xff":
        head, size, body = raw[4:7], raw[4] << 8 | raw[5], raw[7:]
    else:
        head, size, body = raw[2:4], raw[2], raw[4:]
    return raw[:2] == b"\x00\xff" and sum(head) % 256 == 0 and len(body) == size + 1 and sum(body) % 256 == 0


def mutated(chance: random.Random) -> bytes:
    """Return frames, glued, torn, and with bytes changed, dropped and put in."""
    stream = bytearray()
    for _ in range(chance.randint(1, 3)):
        stream += chance.choice(
            (ACK, NACK, ANSWER, FIRMWARE, pn532_chip.ERROR, chance.randbytes(chance.randint(0, 12)))
        )
    for _ in range(chance.randint(0, 4)):
        place = chance.randrange(len(stream) + 1)
        match chance.randrange(4):
            case 0:
                stream[place:place] = chance.randbytes(1)
            case 1:
                del stream[place : place + chance.randint(1, 4)]
            case 2 if place < len(stream):
                stream[place] = chance.randrange(256)
            case 3:
                del stream[place:]
    return bytes(stream)


def test_whatever_comes_no_frame_is_invented() -> None:
    chance = random.Random(532)
    answers = 0
    for run in range(RUNS):
        stream = mutated(chance) if run % 4 else chance.randbytes(chance.randint(0, 40))
        parser = Pn532Frames()
        cut = chance.randint(0, len(stream))
        for piece in parser.feed(stream[:cut]) + parser.feed(stream[cut:]) + parser.give_up():
            assert piece.raw in stream
            if piece.kind is Kind.ANSWER:
                answers += 1
                assert truly_whole(piece.raw), stream.hex()
                assert piece.raw.endswith(piece.body, 0, -1)
            assert meaning(piece)
    assert answers > RUNS / 10


def test_whatever_a_frame_holds_no_card_is_invented() -> None:
    chance = random.Random(533)
    whole = {
        TYPE_A: b"\x01\x01" + Ntag().atqa + bytes([0, 7]) + UID,
        TYPE_B: b"\x01\x01" + TypeB().atqb + b"\x01\x00",
        FELICA_212: b"\x01\x01\x12" + (FeliCa().polled(frames.POLL_FELICA) or b""),
    }
    sizes = {TYPE_A: (4, 7, 10), TYPE_B: (4,), FELICA_212: (8,)}
    found = 0
    for run in range(RUNS):
        kind = chance.choice(list(whole))
        data = bytearray(whole[kind])
        if run % 3:
            for _ in range(chance.randint(0, 3)):
                data[chance.randrange(len(data))] = chance.choice((0, 1, 4, 7, 10, chance.randrange(256)))
            del data[chance.randint(0, len(data) * 2) :]
        else:
            data = bytearray(chance.randbytes(chance.randint(0, 30)))
        try:
            card = target(kind, bytes(data))
        except BadAnswer:
            continue
        if card is not None:
            found += 1
            assert len(card.number) in sizes[kind]
            assert card.number in data
    assert found > RUNS / 20
