"""nfcpy: its real UDP driver and a card in another process, its real PN532 driver and a chip on a pty."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from ctypes.util import find_library
from importlib import import_module
from typing import Any

import pytest

from drivers.readers.nfcpy import MISSES
from drivers.readers.uid import CHANGES, NOT_SUPPORTED
from terminal.core.events import TokenUnreadable
from tests.drivers import nfcpy_benches
from tests.drivers.nfcpy_benches import FOUR, OTHER, SEVEN, TEN, NfcpyBench, SerialBench, presented
from tests.drivers.reader_contract import NAME, REMOVED, ReaderContract
from tests.support import needs
from tests.support.nfcpy_tag import NfcpyTag
from tests.support.pn532_cards import FeliCa, Ntag, TypeA, TypeB

serial = nfcpy_benches.serial

PUPI, IDM = "11223344", "0102030405060708"


@pytest.fixture(autouse=True)
def _installed() -> None:
    needs.module("nfc", "nfc")
    if find_library("usb-1.0") is None:
        needs.missing("libusb is not installed: apt-get install libusb-1.0-0")


class UdpBench(NfcpyBench):
    """nfcpy's UDP driver. Its network is unplugged where its datagrams are sent: a loopback cannot be."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.tag = NfcpyTag()
        self.lost = False
        self._patch = pytest.MonkeyPatch()
        send = import_module("nfc.clf.udp").Device._send_data

        def send_data(device: Any, kind: str, data: bytes, address: Any) -> None:
            if self.lost:
                raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
            send(device, kind, data, address)

        self._patch.setattr("nfc.clf.udp.Device._send_data", send_data)

    @property
    def path(self) -> str:
        return self.tag.path

    def put(self, uid: str) -> None:
        self.tag.put(uid)

    def take(self) -> None:
        self.tag.take()

    def dwell(self) -> None:
        self.tag.dwell()

    def lose(self) -> None:
        self.lost = True

    def bring_back(self) -> None:
        self.lost = False

    def clear(self) -> None:
        self._patch.undo()
        self.tag.close()


class TestOverUdp(ReaderContract):
    @pytest.fixture
    def bench(self) -> Iterator[UdpBench]:
        with closing(UdpBench()) as bench:
            yield bench


class TestOnPn532(ReaderContract):
    @pytest.fixture
    def bench(self) -> Iterator[SerialBench]:
        with closing(SerialBench()) as bench:
            yield bench


@pytest.fixture
def udp() -> Iterator[Callable[..., UdpBench]]:
    """Make a bench with these options, and start it."""
    with ExitStack() as benches:

        def start(**options: Any) -> UdpBench:
            bench = benches.enter_context(closing(UdpBench(**options)))
            bench.start()
            return bench

        yield start


def unreadable(words: str) -> TokenUnreadable:
    return TokenUnreadable(NAME, words)


# -- kinds of cards ------------------------------------------------------------------------------------


def test_cards_of_every_kind_are_read_over_udp(udp: Callable[..., UdpBench]) -> None:
    bench = udp(cards=("A", "B", "F"))
    told: list[Any] = []
    for kind, number in (("A", FOUR), ("A", SEVEN), ("A", TEN), ("B", PUPI), ("F", IDM)):
        bench.tag.put(number, kind)
        told.append(presented(number))
        bench.expect(*told)
        bench.tag.take()
        told.append(REMOVED)
        bench.expect(*told)


def test_cards_of_every_kind_are_read_by_a_pn532(serial: Callable[..., SerialBench]) -> None:
    bench = serial(cards=("A", "B", "F"))
    told: list[Any] = []
    for card, number in ((Ntag(SEVEN), SEVEN), (TypeA(TEN), TEN), (TypeB(PUPI), PUPI), (FeliCa(IDM), IDM)):
        bench.board.put(card)
        told.append(presented(number))
        bench.expect(*told)
        bench.board.take()
        told.append(REMOVED)
        bench.expect(*told)


def test_only_the_kinds_that_are_named_are_looked_for(udp: Callable[..., UdpBench]) -> None:
    bench = udp(cards=("F",))
    bench.tag.put(SEVEN)
    bench.tag.dwell()
    bench.tag.put(IDM, "F")
    bench.expect(presented(IDM))


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("B", "1122334455667788", CHANGES),  # answers with one half, then with the other
        ("F", "01FE030405060708", CHANGES),
        ("1", FOUR, NOT_SUPPORTED),
        ("A", "01020304", "This phone shows a number that it shares with others; please use your card."),
        ("A", "0411223344", NOT_SUPPORTED),
    ],
)
def test_what_is_no_token_is_told_once_in_words(
    udp: Callable[..., UdpBench], kind: str, number: str, words: str
) -> None:
    bench = udp(cards=("A", "B", "F"))
    bench.tag.put(number, kind)
    bench.expect(unreadable(words))
    bench.dwell()
    bench.tag.take()
    bench.expect(unreadable(words), REMOVED)


def test_a_passport_on_a_pn532_is_refused_though_its_number_looks_like_one(
    serial: Callable[..., SerialBench],
) -> None:
    bench = serial(cards=("B",))
    bench.board.put(TypeB(PUPI, random=True))
    bench.expect(unreadable(CHANGES))


# -- how a card goes -----------------------------------------------------------------------------------

ASKS = 2
"""How often one look asks for a card of type A: for the one that lies there, then for any."""


def test_a_card_that_is_missed_twice_is_still_there(udp: Callable[..., UdpBench]) -> None:
    bench = udp()
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))
    for _ in range(5):
        bench.tag.miss(ASKS * (MISSES - 1))
        bench.tag.dwell(ASKS * MISSES + 1)
    bench.expect(presented(SEVEN))
    bench.tag.miss(ASKS * MISSES)
    bench.expect(presented(SEVEN), REMOVED, presented(SEVEN))


def test_a_number_of_another_kind_is_no_other_card_while_the_first_may_be_there(
    udp: Callable[..., UdpBench],
) -> None:
    bench = udp(cards=("A", "F"))
    bench.tag.put(SEVEN)
    bench.expect(presented(SEVEN))
    bench.tag.put(SEVEN, also=IDM)  # a phone that answers as two kinds
    for _ in range(5):
        bench.tag.miss(ASKS * (MISSES - 1))
        bench.tag.dwell((ASKS + 1) * MISSES + 1)
    bench.expect(presented(SEVEN))
    bench.tag.miss(ASKS * MISSES)
    bench.expect(presented(SEVEN), REMOVED, presented(IDM))
    bench.dwell()
    bench.expect(presented(SEVEN), REMOVED, presented(IDM))


def test_two_cards_in_the_field_are_no_dance_of_swaps(serial: Callable[..., SerialBench]) -> None:
    bench = serial()
    first = bench.board.put(TypeA(OTHER))
    bench.expect(presented(OTHER))
    bench.board.put(TypeA(SEVEN))
    bench.board.put(TypeA(TEN))
    bench.dwell()
    bench.expect(presented(OTHER))
    bench.board.take(first)
    bench.inbox.wait(lambda _: len(bench.tokens()) > 2, what="the next card")
    bench.dwell()
    assert bench.tokens()[1] == REMOVED
    assert bench.tokens()[2:] in ([presented(SEVEN)], [presented(TEN)])


def test_an_empty_field_that_answers_nothing_is_empty(udp: Callable[..., UdpBench]) -> None:
    bench = udp()
    bench.tag.silent()
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))
    bench.take()
    bench.expect(presented(SEVEN), REMOVED)


@pytest.mark.parametrize(
    "garbage", [b"106A zz", b"106A", b"106A 4", b"\xe9 26", b"106A 26 26", b"xyz", b"106A 04", b"106A 4400"]
)
def test_garbage_is_no_card_and_no_end(udp: Callable[..., UdpBench], garbage: bytes) -> None:
    bench = udp()
    bench.tag.answer(garbage)
    bench.tag.dwell(2)
    bench.tag.answer(b"")
    bench.put(SEVEN)
    bench.expect(presented(SEVEN))


# -- originality ---------------------------------------------------------------------------------------

# Chips that NXP made; see test_originality.py.
REAL, SIGNATURE = "0453C652FE4A80", "EDFD3263E7DDB1730260B832605205FB40FB32D7BB06F1DB49F17706C2ED6727"


def test_an_original_proves_it_over_udp(udp: Callable[..., UdpBench]) -> None:
    bench = udp(check_original=True)
    bench.tag.sign(SIGNATURE)
    bench.put(REAL)
    bench.expect(presented(REAL, original=True))
    bench.put(SEVEN)  # its signature, copied to a chip of another number
    bench.expect(presented(REAL, original=True), REMOVED, presented(SEVEN, original=False))


@pytest.mark.parametrize("number", [REAL, FOUR, TEN])
def test_a_card_that_gives_no_proof_is_no_original(udp: Callable[..., UdpBench], number: str) -> None:
    bench = udp(check_original=True)
    bench.put(number)
    bench.expect(presented(number, original=False))


@pytest.mark.parametrize(("signature", "original"), [(SIGNATURE, True), ("", False), ("00" * 32, False)])
def test_an_original_proves_it_on_a_pn532(
    serial: Callable[..., SerialBench], signature: str, *, original: bool
) -> None:
    bench = serial(check_original=True)
    bench.board.put(Ntag(REAL, signature=signature))
    bench.expect(presented(REAL, original=original))


def test_a_card_of_another_make_on_a_pn532_is_no_original(serial: Callable[..., SerialBench]) -> None:
    bench = serial(check_original=True)
    bench.board.put(TypeA(SEVEN, sak=0x20))
    bench.expect(presented(SEVEN, original=False))
