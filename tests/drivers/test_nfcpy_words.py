"""The pure half of the driver nfcpy: paths, numbers, what frames say."""

import random
from importlib import import_module

import pytest

from drivers.readers.nfcpy_words import (
    CHIPS,
    READERS,
    Kind,
    Place,
    Serial,
    Udp,
    Usb,
    meaning,
    meaning_of_datagram,
    number_a,
    number_b,
    number_f,
    place,
)
from drivers.readers.uid import NOT_SUPPORTED, ReaderOptions, Refused, identify
from tests.support import needs
from tests.support.seed import SEED

SENSB_RES = bytes.fromhex("50 11223344 00000000 008185")
SENSF_RES = bytes.fromhex("01 0102030405060708 03014B024F4993FF 12FC")
NAMES = {0x4A: "InListPassiveTarget", 0x32: "RFConfiguration"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("usb", Usb()),
        ("usb:04e6", Usb(vendor=0x04E6)),
        ("usb:04E6:5591", Usb(vendor=0x04E6, product=0x5591)),
        ("usb:001", Usb(bus=1)),
        ("usb:001:023", Usb(bus=1, address=23)),
        ("usb:1-1.4", Usb(port="1-1.4")),
        ("tty:USB0:pn532", Serial("/dev/ttyUSB0")),
        ("tty:AMA0", Serial("/dev/ttyAMA0")),
        ("tty:S0:arygon", Serial("/dev/ttyS0", "arygon")),
        ("tty:nfc-reader:pn532", Serial("/dev/nfc-reader")),
        ("/dev/serial/by-id/usb-FTDI_A9-if00-port0", Serial("/dev/serial/by-id/usb-FTDI_A9-if00-port0")),
        ("/dev/serial/by-path/pci-0:1.2:1.0-port0", Serial("/dev/serial/by-path/pci-0:1.2:1.0-port0")),
        (
            "/dev/serial/by-path/pci-0:1.2:1.0-port0:arygon",
            Serial("/dev/serial/by-path/pci-0:1.2:1.0-port0", "arygon"),
        ),
        ("udp", Udp("udp")),
        ("udp:localhost:54321", Udp("udp:localhost:54321")),
    ],
)
def test_every_form_of_a_path(path: str, expected: Place) -> None:
    assert place(path) == expected


def test_the_table_of_usb_readers_is_nfcpys() -> None:
    needs.module("nfc", "nfc")
    assert set(READERS) == set(import_module("nfc.clf.device").usb_device_map)


def test_numbers_stand_where_the_standards_say() -> None:
    assert number_a(b"\x04\xa1\xb2\xc3") == b"\x04\xa1\xb2\xc3"
    assert number_b(SENSB_RES).hex() == "11223344"
    assert number_f(SENSF_RES).hex() == "0102030405060708"
    assert number_f(SENSF_RES[:17]).hex() == "0102030405060708"  # without the system code


@pytest.mark.parametrize("answer", [None, b"", SENSB_RES[:11], b"\x51" + SENSB_RES[1:]])
def test_no_answer_of_type_b_no_number(answer: bytes | None) -> None:
    with pytest.raises(Refused, match="without its PUPI"):
        number_b(answer)


@pytest.mark.parametrize("answer", [None, b"", SENSF_RES[:16], b"\x02" + SENSF_RES[1:]])
def test_no_answer_of_type_f_no_number(answer: bytes | None) -> None:
    with pytest.raises(Refused, match="without its IDm"):
        number_f(answer)


def test_a_type_1_tag_tells_too_little() -> None:
    with pytest.raises(Refused) as refused:
        number_a(None)
    assert refused.value.words == NOT_SUPPORTED


def test_random_and_mutated_answers_give_a_number_of_a_right_length_or_none() -> None:
    chance = random.Random(SEED)
    sizes = {"A": (4, 7, 10), "B": (4,), "F": (8,)}
    seeds: dict[Kind, bytes] = {"A": bytes.fromhex("04A1B2C3D4E5F6"), "B": SENSB_RES, "F": SENSF_RES}
    for _ in range(34_000):
        for kind, whole in seeds.items():
            answer = bytearray(whole if chance.random() < 0.7 else chance.randbytes(chance.randrange(30)))
            for _ in range(chance.randrange(4)):
                if answer:
                    answer[chance.randrange(len(answer))] = chance.randrange(256)
            del answer[chance.randrange(len(answer) + 1) :: chance.choice((1, 99))]
            try:
                number = {"A": number_a, "B": number_b, "F": number_f}[kind](bytes(answer))
                uid = identify(number, ReaderOptions(), CHIPS[kind])
            except Refused:
                continue
            assert len(uid) // 2 in sizes[kind]
            assert bytes.fromhex(uid) in bytes(answer)
            assert kind == "A" or answer[0] == whole[0]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("0000FF00FF00", "acknowledged"),
        ("0000FF04FCD44A0100E100", "InListPassiveTarget"),
        ("000000000000000000000000FF04FCD432010100", "RFConfiguration"),
        ("0000FFFFFF010AF5D4320000", "RFConfiguration"),
        ("0000FF0CF4D54B0101004400070", "InListPassiveTarget: answer"),
        ("6F090000000000000000FF00000004D44A0100", "InListPassiveTarget"),
        ("80050000000000000000D54B009000", "InListPassiveTarget: answer"),
        ("6F050000000000000000FF00480000", "no command of the chip"),
        ("0000FF03FDD6061212", "command 06"),
        ("4142", "not a frame of such a reader"),
    ],
)
def test_frames_are_called_by_their_commands(raw: str, words: str) -> None:
    assert meaning(bytes.fromhex(raw + "0" * (len(raw) % 2)), NAMES) == words


def test_what_frames_say_never_holds_a_number() -> None:
    uid = bytes.fromhex("04A1B2C3D4E5F6")
    for data in (uid, b"\x93\x70" + uid, b"\x93\x20", b"\x26", b""):
        assert uid.hex().upper() not in meaning_of_datagram("106A", data).upper()
    assert meaning_of_datagram("106A", b"\x93\x70" + uid) == "106A SEL_REQ"
    assert meaning_of_datagram("106A", uid) == "106A 7 bytes"


def test_frames_of_any_bytes_have_words() -> None:
    chance = random.Random(SEED)
    heads = [b"", b"\x00\x00\xff", b"\x6f", b"\x80", b"\x00\x00\xff\xff\xff"]
    for _ in range(100_000):
        raw = chance.choice(heads) + chance.randbytes(chance.randrange(24))
        assert meaning(raw, NAMES)
