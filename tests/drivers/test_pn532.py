"""The PN532 on a serial line, on I2C and on SPI: each way with the same chip, held to the same contract."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from drivers.contract import TellsVersion
from drivers.readers import originality
from drivers.readers.originality import READ_SIG
from drivers.readers.pn532 import Pn532Options, Pn532Reader
from drivers.readers.pn532_frames import LIST, SAM, TYPE_A, Target, encode
from drivers.readers.uid import Chip
from terminal.core.events import Health, TokenPresented
from tests.drivers.pn532_making import Bench
from tests.drivers.reader_contract import NAME, REMOVED, ReaderContract
from tests.support.pn532_cards import FeliCa, Ntag, TypeA, TypeB
from tests.support.waiting import Inbox

GENUINE = ("0453C652FE4A80", "EDFD3263E7DDB1730260B832605205FB40FB32D7BB06F1DB49F17706C2ED6727")

WAYS = ("uart", "i2c", "spi")


@pytest.fixture
def make_bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    with ExitStack() as stack:
        yield lambda way="uart", **options: stack.enter_context(closing(Bench(way, monkeypatch, **options)))


class TestContract(ReaderContract):
    @pytest.fixture(params=WAYS)
    def bench(self, request, make_bench):
        return make_bench(request.param, cards=("A", "B", "F"))


# -- cards ---------------------------------------------------------------------------------------------


def presented(uid: str, **more: object) -> TokenPresented:
    return TokenPresented(NAME, uid, **more)


@pytest.mark.parametrize("way", WAYS)
def test_cards_of_every_kind_give_their_number_on_every_way(make_bench, way: str) -> None:
    bench = make_bench(way, cards=("A", "B", "F"))
    bench.start()
    told: list[object] = []
    cards = {
        "A1B2C3D4": TypeA("A1B2C3D4"),
        "04A1B2C3D4E5F6": Ntag("04A1B2C3D4E5F6"),
        "04A1B2C3D4E5F6071829": TypeA("04A1B2C3D4E5F6071829", sak=0x20, ats=bytes.fromhex("0578807002")),
        "B1B2B3B4": TypeB("B1B2B3B4"),
        "0114B34D5E6F7081": FeliCa("0114B34D5E6F7081"),
    }
    for uid, card in cards.items():
        bench.lay(card)
        told.append(presented(uid))
        bench.expect(*told)
        bench.dwell()
        bench.take()
        told.append(REMOVED)
        bench.expect(*told)
    said = [each.raw for each in bench.heard if each.way == ">"]
    assert said.count(encode(SAM, b"\x01\x00\x00")) == 2  # it was found at once, and set up
    assert bench.board.chip.repeated == 0  # each answer was understood at once
    assert way == "uart" or bench.board.misread == 0


def test_kinds_that_are_not_asked_for_are_not_there(make_bench) -> None:
    bench = make_bench(cards=("A",))
    bench.start()
    bench.lay(TypeB())
    bench.lay(FeliCa())
    bench.dwell()
    bench.put("A1B2C3D4")
    bench.expect(presented("A1B2C3D4"))


def test_numbers_are_told_as_the_reader_declares(make_bench) -> None:
    bench = make_bench(order="reversed", cut="last 3")
    bench.start()
    bench.put("A1B2C3D4")
    bench.expect(presented("C3B2A1"))


def test_two_cards_in_the_field_are_no_dance_of_swaps(make_bench) -> None:
    bench = make_bench()
    bench.start()
    first = bench.lay(Ntag("04A1B2C3D4E5F6"))
    bench.expect(presented("04A1B2C3D4E5F6"))
    bench.lay(TypeA("A1B2C3D4"))
    bench.dwell()
    bench.expect(presented("04A1B2C3D4E5F6"))
    bench.board.take(first)
    bench.expect(presented("04A1B2C3D4E5F6"), REMOVED, presented("A1B2C3D4"))


@pytest.mark.parametrize("card", [TypeA, TypeB])
def test_a_number_that_is_made_up_with_the_field_is_one_event_while_the_card_lies_there(
    make_bench, card
) -> None:
    bench = make_bench(cards=("A", "B"))
    bench.start()
    bench.lay(card(random=True))
    bench.inbox.wait(lambda _: bench.tokens(), what="a token")
    bench.dwell()
    assert len(bench.tokens()) == 1
    bench.take()
    bench.inbox.wait(lambda _: len(bench.tokens()) > 1, what="its going")
    assert bench.tokens()[1:] == [REMOVED]


class Script:
    """In the place of the chip: what each look finds."""

    def __init__(self, *looks: Target | None) -> None:
        self.looks = list(looks)

    def find(self, kinds: tuple[int, ...]) -> Target | None:
        return self.looks.pop(0)

    def lies(self, target: Target) -> bool:
        there = self.looks[0] == target
        if there:
            self.looks.pop(0)
        return there


def test_a_card_that_is_missed_is_looked_for_three_times(inbox: Inbox) -> None:
    card = Target(Chip.A, TYPE_A, bytes.fromhex("A1B2C3D4"))
    reader = Pn532Reader(NAME, Pn532Options(port="/dev/none"), inbox.put)
    script = Script(None, card, None, None, card, card, None, None, card, None, None, None, None)
    expected = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2]
    for events in expected:
        reader._round(script)
        assert len(inbox.events) == events
    assert inbox.events == (presented("A1B2C3D4"), REMOVED)


# -- originality ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("card", "original"),
    [
        (lambda: Ntag(*GENUINE[:1], signature=GENUINE[1]), True),
        (lambda: Ntag(GENUINE[0]), False),  # a copy on a chip without a signature
        (lambda: Ntag(GENUINE[0], signature=bytes(32)), False),  # a blank that can be written at will
        (lambda: Ntag("04A1B2C3D4E5F6", signature=GENUINE[1]), False),  # the signature of another chip
        (lambda: TypeA(GENUINE[0], sak=0x08), False),  # it says nothing at all
        (lambda: TypeA("A1B2C3D4"), False),
        (lambda: FeliCa("0114B34D5E6F7081"), False),
    ],
)
def test_only_what_the_maker_signed_is_original(make_bench, way: str, card, original) -> None:
    bench = make_bench(way, check_original=True, cards=("A", "F"))
    bench.start()
    bench.lay(card())
    told = bench.inbox.wait(lambda _: bench.tokens(), what="the token")[0]
    assert told.original is original
    bench.dwell()
    assert bench.tokens() == [told]


def test_who_is_not_asked_is_neither(make_bench) -> None:
    bench = make_bench()
    bench.start()
    card = bench.lay(Ntag(GENUINE[0], signature=GENUINE[1]))
    bench.expect(presented(GENUINE[0], original=None))
    assert READ_SIG not in card.heard


class Shaky(Ntag):
    """At the edge of the field: it answers only at the third time."""

    def answer(self, frame: bytes) -> bytes | None:
        return None if self.heard.append(frame) or len(self.heard) < 3 else self._known(frame)


def test_a_card_at_the_edge_of_the_field_is_asked_again(make_bench) -> None:
    bench = make_bench(check_original=True)
    bench.start()
    bench.lay(Shaky(GENUINE[0], signature=GENUINE[1]))
    bench.expect(presented(GENUINE[0], original=True))


def test_a_card_that_is_taken_away_while_it_is_asked_is_not_called_a_copy(make_bench) -> None:
    bench = make_bench(check_original=True)

    class Leaving(Ntag):
        def answer(self, frame: bytes) -> bytes | None:
            bench.take()
            return None

    bench.start()
    bench.lay(Leaving(GENUINE[0], signature=GENUINE[1]))
    bench.dwell()
    bench.lay(Ntag(GENUINE[0], signature=GENUINE[1]))
    bench.expect(presented(GENUINE[0], original=True))


def test_a_missing_library_is_told_before_anybody_pays(make_bench, monkeypatch: pytest.MonkeyPatch) -> None:
    originality._key.cache_clear()
    monkeypatch.setitem(sys.modules, "ecdsa", None)
    bench = make_bench(check_original=True)
    bench.device.start()
    bench.expect_health(Health.FAILED, "terminald[originality]")


# -- what a killed reader leaves behind ----------------------------------------------------------------


@pytest.mark.parametrize("rate", [9600, 230400, 921600])
def test_a_chip_that_was_left_at_another_speed_is_found(make_bench, rate: int) -> None:
    bench = make_bench()
    bench.board.chip.rate = rate
    bench.start()
    assert bench.board.chip.rate == 115200
    bench.put("A1B2C3D4")
    bench.expect(presented("A1B2C3D4"))


@pytest.mark.parametrize(
    "left",
    [
        encode(LIST, b"\x01\x00"),  # it waits for a card, for ever
        encode(0x00, bytes(262))[:20],  # it waits for the rest of a long frame
        encode(LIST, b"\x01\x00")[:6],
        b"\x00\xff\xff\xff\x01",
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_a_chip_that_was_left_in_the_midst_of_something_is_found(make_bench, way: str, left: bytes) -> None:
    bench = make_bench(way)
    bench.board.chip.feed(bytes(10) + left)
    if way != "uart":
        bench.board.chip._buffer.clear()  # the transaction ends, however
    bench.start()
    bench.put("A1B2C3D4")
    bench.expect(presented("A1B2C3D4"))
    assert bench.healths() == [Health.OK]


def test_it_tells_which_firmware_it_has_once_that_was_read(make_bench) -> None:
    bench = make_bench("uart")
    assert isinstance(bench.device, TellsVersion)
    assert bench.device.version == ""
    bench.start()
    assert bench.device.version == "1.6"


@pytest.mark.parametrize("way", WAYS)
def test_a_chip_that_hangs_is_missing_with_advice_and_comes_back(make_bench, way: str) -> None:
    bench = make_bench(way)
    bench.start()
    bench.put("A1B2C3D4")
    bench.expect(presented("A1B2C3D4"))
    bench.board.hang()
    words = bench.expect_health(Health.MISSING, "no PN532 answers on")
    assert {"uart": "HSU", "i2c": "SDA", "spi": "SPI"}[way] in words
    bench.board.hang(False)
    bench.expect_health(Health.OK)
    bench.dwell()
    bench.expect(presented("A1B2C3D4"))


@pytest.mark.parametrize("way", WAYS)
def test_a_chip_whose_power_failed_is_set_up_again(make_bench, way: str) -> None:
    bench = make_bench(way)
    bench.start()
    bench.dwell()
    bench.board.power_cut()
    bench.put("A1B2C3D4")
    bench.expect(presented("A1B2C3D4"))
    # As it wakes, it looks until a card comes: that there is none any more shows that it was set up.
    bench.take()
    bench.expect(presented("A1B2C3D4"), REMOVED)
    assert bench.board.chip._retries == 1
    assert bench.healths() == [Health.OK]


@pytest.mark.parametrize("way", WAYS)
def test_stop_ends_the_search_for_a_chip_that_is_silent(make_bench, way: str) -> None:
    bench = make_bench(way)
    bench.board.hang()
    bench.device.start()
    bench.device.stop()
    assert bench.device._thread is not None
    assert not bench.device._thread.is_alive()
    assert bench.tokens() == []


def test_another_chip_is_none(make_bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.pn532_chip.FIRMWARE", bytes.fromhex("33020707"))
    bench = make_bench("i2c")
    bench.device.start()
    bench.expect_health(Health.FAILED, "is a chip 33, no PN532")
