"""The same card gives one id on all readers, as each would say it on its wire, with the options that it needs.

A terminal's readers are declared so that they agree: a group here is one terminal, a way one of its readers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.apdu import ask_uid
from drivers.readers.atr import chip_of
from drivers.readers.hid import HidOptions, HidReader
from drivers.readers.hid_text import Typing
from drivers.readers.nfcpy_words import CHIPS, number_a, number_b, number_f
from drivers.readers.pn532_frames import FELICA_212, TYPE_A, TYPE_B, Pn532Frames, target
from drivers.readers.rdm6300 import Rdm6300Options, Rdm6300Reader
from drivers.readers.rdm6300_frames import Rdm6300Frames
from drivers.readers.uid import ReaderOptions, Refused, identify
from tests.drivers.hid_keys import ENTER, Keyboard

ATQB_REST, PMM = bytes.fromhex("0000000000") + bytes.fromhex("7181"), bytes(8)


def nobody(_: object) -> None:
    raise AssertionError("nothing is told here")


# -- how each reader says a card's number, and how its driver hears it -----------------------------------------


def pcsc(**declared: Any) -> Callable[[bytes], str]:
    def read(card: bytes) -> str:
        raw = ask_uid(lambda apdu: card + b"\x90\x00" if apdu == bytes.fromhex("FFCA000000") else b"\x6d\x00")
        return identify(raw, ReaderOptions(**declared), chip_of(b"", len(raw)))

    return read


def pn532(kind: int = TYPE_A, **declared: Any) -> Callable[[bytes], str]:
    def said(card: bytes) -> bytes:
        if kind == TYPE_A:
            return b"\x00\x44\x00" + bytes([len(card)]) + card
        if kind == TYPE_B:
            return b"\x50" + card + ATQB_REST + b"\x00"
        return b"\x12\x01" + card + PMM

    def read(card: bytes) -> str:
        body = b"\xd5\x4b\x01\x01" + said(card)
        frame = b"\x00\x00\xff" + bytes([len(body), -len(body) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])
        (piece,) = Pn532Frames().feed(frame)
        found = target(kind, piece.body[1:])
        assert found is not None
        return identify(found.number, ReaderOptions(**declared), found.chip)

    return read


def nfcpy(kind: str = "A", **declared: Any) -> Callable[[bytes], str]:
    said = {
        "A": number_a,
        "B": lambda card: number_b(b"\x50" + card + ATQB_REST),
        "F": lambda card: number_f(b"\x01" + card + PMM),
    }[kind]
    return lambda card: identify(said(card), ReaderOptions(**declared), CHIPS[kind])  # type: ignore[index]


def rdm6300(**declared: Any) -> Callable[[bytes], str]:
    reader = Rdm6300Reader("badges", Rdm6300Options(port="/dev/serial0", **declared), nobody)

    def read(card: bytes) -> str:
        digits = (card + bytes([reduce(xor, card)])).hex().upper()
        (piece,) = Rdm6300Frames().feed(b"\x02" + digits.encode() + b"\x03")
        assert piece.number is not None
        return reader._judge(piece.number)

    return read


def hid(write: Callable[[bytes], str], **declared: Any) -> Callable[[bytes], str]:
    """A reader that types what *write* makes of a number."""
    reader = HidReader("wedge", HidOptions(device="/dev/input/by-id/usb-X-event-kbd", **declared), nobody)

    def read(card: bytes) -> str:
        typing = Typing(200)
        typing.silent()
        (typed,) = typing.feed(Keyboard().type(write(card), ENTER))
        return reader._judge(typed)

    return read


def hexadecimal(card: bytes) -> str:
    return card.hex().upper()


def hexadecimal_reversed(card: bytes) -> str:
    return card[::-1].hex()


def decimal(card: bytes) -> str:
    return f"{int.from_bytes(card, 'big'):010d}"


def decimal_reversed(card: bytes) -> str:
    return f"{int.from_bytes(card, 'little'):010d}"


def wiegand(card: bytes) -> str:
    return f"{card[-3]:03d},{int.from_bytes(card[-2:], 'big'):05d}"


# -- terminals -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terminal:
    """Readers declared to agree; cards of *size* bytes; *card* is *uid* there. Type A unless it is said."""

    card: str
    uid: str
    readers: dict[str, Callable[[bytes], str]]

    @property
    def size(self) -> int:
        return len(self.card) // 2


TERMINALS = {
    "MIFARE Classic": Terminal("A1B2C3D4", "A1B2C3D4", {
        "pcsc": pcsc(),
        "pn532": pn532(),
        "nfcpy": nfcpy(),
        "hid, hex": hid(hexadecimal, form="hex", digits=8),
        "hid, hex, any length": hid(hexadecimal, form="hex"),
        "hid, hex, last byte first": hid(hexadecimal_reversed, form="hex", digits=8, order="reversed"),
        "hid, decimal": hid(decimal, digits=10),
        "hid, decimal, last byte first": hid(decimal_reversed, digits=10, order="reversed"),
    }),
    "NTAG": Terminal("04A1B2C3D4E5F6", "04A1B2C3D4E5F6", {
        "pcsc": pcsc(),
        "pn532": pn532(),
        "nfcpy": nfcpy(),
        "hid, hex": hid(hexadecimal, form="hex", digits=14),
        "hid, hex with colons": hid(lambda card: card.hex(":"), form="hex", digits=14),
        "hid, hex, last byte first": hid(hexadecimal_reversed, form="hex", order="reversed"),
    }),
    "NTAG, beside a reader that types the last four bytes": Terminal("04A1B2C3D4E5F6", "C3D4E5F6", {
        "pcsc": pcsc(cut="last 4"),
        "pn532": pn532(cut="last 4"),
        "nfcpy": nfcpy(cut="last 4"),
        "hid, hex": hid(hexadecimal, form="hex", digits=14, cut="last 4"),
        "hid, decimal": hid(lambda card: decimal(card[-4:]), digits=10, refuse_random=False),
    }),
    "NTAG, beside a reader that types the first four bytes reversed": Terminal("04A1B2C3D4E5F6", "04A1B2C3", {
        "pcsc": pcsc(cut="first 4"),
        "pn532": pn532(cut="first 4"),
        "nfcpy": nfcpy(cut="first 4"),
        "hid, all of it reversed": hid(hexadecimal_reversed, form="hex", order="reversed", cut="first 4"),
        "hid, decimal": hid(
            lambda card: decimal_reversed(card[:4]), digits=10, order="reversed", refuse_random=False
        ),
    }),
    "MIFARE Classic, beside a Wiegand reader": Terminal("A1B2C3D4", "B2C3D4", {
        "pcsc": pcsc(cut="last 3"),
        "pn532": pn532(cut="last 3"),
        "nfcpy": nfcpy(cut="last 3"),
        "hid, 178,50132": hid(wiegand, form="wiegand", digits=8),
    }),
    "triple size": Terminal("04A1B2C3D4E5F6071829", "04A1B2C3D4E5F6071829", {
        "pcsc": pcsc(),
        "pn532": pn532(),
        "nfcpy": nfcpy(),
        "hid": hid(hexadecimal, form="hex", digits=20),
        "hid, decimal": hid(lambda card: f"{int.from_bytes(card, 'big'):025d}", digits=25, bytes=10),
    }),
    "type B": Terminal("51A2B3C4", "51A2B3C4", {
        "pn532": pn532(TYPE_B),
        "nfcpy": nfcpy("B"),
        "hid": hid(hexadecimal, form="hex", digits=8, refuse_random=False),
    }),
    "FeliCa": Terminal("012E4CD49A1C7A03", "012E4CD49A1C7A03", {
        "pcsc": pcsc(),
        "pn532": pn532(FELICA_212),
        "nfcpy": nfcpy("F"),
        "hid": hid(hexadecimal, form="hex", digits=16),
    }),
    "EM4100": Terminal("100086F444", "100086F444", {
        "rdm6300": rdm6300(),
        "hid, hex": hid(hexadecimal, form="hex", digits=10),
        "hid, decimal": hid(lambda card: f"{int.from_bytes(card, 'big'):013d}", digits=13, bytes=5),
    }),
    "EM4100, by the number that is printed on it": Terminal("100086F444", f"{8844356:08X}", {
        "rdm6300": rdm6300(cut="last 4"),
        "hid, 0008844356": hid(lambda card: decimal(card[-4:]), digits=10, refuse_random=False),
        "hid, hex": hid(lambda card: hexadecimal(card[-4:]), form="hex", digits=8, refuse_random=False),
        "hid, all of it": hid(hexadecimal, form="hex", digits=10, cut="last 4"),
    }),
    "EM4100, beside Wiegand readers": Terminal("100086F444", "86F444", {
        "rdm6300": rdm6300(cut="last 3"),
        "hid, 134,62532": hid(wiegand, form="wiegand"),
        "hid, 13462532": hid(lambda card: wiegand(card).replace(",", ""), form="wiegand", digits=8),
        "hid, 08844356": hid(lambda card: f"{int.from_bytes(card[-3:], 'big'):08d}", digits=8, bytes=3),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", TERMINALS)
def test_one_card_has_one_id(name: str) -> None:
    terminal = TERMINALS[name]
    card = bytes.fromhex(terminal.card)
    ids = {reader: read(card) for reader, read in terminal.readers.items()}
    assert ids == dict.fromkeys(terminal.readers, terminal.uid)


REFUSED = "refused"


def told(terminal: Terminal, card: bytes) -> set[str]:
    """What the readers make of *card*. Who is told a part only may take what the others refuse."""
    answers = set()
    for read in terminal.readers.values():
        try:
            answers.add(read(card))
        except Refused:
            answers.add(REFUSED)
    return answers if terminal.uid == terminal.card else answers - {REFUSED}


@pytest.mark.parametrize("name", TERMINALS)
@given(data=st.data())
def test_every_card_has_one_id_and_no_two_share_one(name: str, data: st.DataObject) -> None:
    terminal = TERMINALS[name]
    usual = st.binary(min_size=terminal.size, max_size=terminal.size)
    cards = [data.draw(usual), data.draw(usual)]
    ids = [told(terminal, card) for card in cards]
    assert max(map(len, ids)) <= 1
    kept = len(terminal.uid) // 2
    alike = any(cards[0][part] == cards[1][part] for part in (slice(kept), slice(-kept, None)))
    assert alike or not ids[0] & ids[1] - {REFUSED}


def test_what_tells_no_card_from_another_is_refused_by_all() -> None:
    """Random ones, half ones, shared ones and empty ones, whatever way they are told and whatever is cut."""
    for name in ("MIFARE Classic", "MIFARE Classic, beside a Wiegand reader"):
        for number in ("08112233", "88041122", "01020304", "00000000", "FFFFFFFF"):
            for reader, read in TERMINALS[name].readers.items():
                whole = "178,50132" not in reader or number in ("00000000", "FFFFFFFF")
                if whole:  # three bytes alone no longer say what the first one was
                    with pytest.raises(Refused):
                        read(bytes.fromhex(number))
