"""The frames of an MDB changer, which coins it pays with, and what its tubes tell. No device."""

import itertools
import random
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.coins.mdb_books import Books
from drivers.coins.mdb_settle import Found, Order, Tubes, settle
from drivers.mdb import changer_frames as frames
from drivers.mdb.changer_frames import CoinIn, FrameError, PaidByHand, Route, Slugs, Status, TubeStatus
from drivers.mdb.changer_tubes import Mark, Paid, judge, plan, read_mark, worth
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, DeviceMarked, Ended, Place
from tests.support.seed import SEED
from tests.support.waiting import Inbox

# What an MEI CF7900 answers, by its owner's notes (maehw/mdb-coin-controller).
CF7900 = bytes.fromhex("03 1978 05 02 000F 01 02 04 0A 14 28".replace(" ", "")) + bytes(10)
CF7900_IDENTITY = b"MEI" + b"000012345678" + b"CF7900MDB   " + bytes.fromhex("0127 00000007".replace(" ", ""))


def filled(*counts: int, full: int = 0) -> TubeStatus:
    return TubeStatus(full, (*counts, *[0] * (16 - len(counts))))


# -- answers -----------------------------------------------------------------------------------------------


def test_a_setup_is_read_and_its_coins_are_worth_what_it_says() -> None:
    setup = frames.read_setup(CF7900)
    assert (setup.level, setup.country, setup.routing) == (3, "1978", 0x000F)
    assert setup.unit == 5
    assert setup.cents == {0: 5, 1: 10, 2: 20, 3: 50, 4: 100, 5: 200}
    assert frames.read_setup(CF7900[:13]) == setup  # what is not sent is 0


def test_tokens_and_unused_types_are_worth_nothing() -> None:
    setup = frames.read_setup(bytes.fromhex("02197801020003FF00C8"))
    assert setup.cents == {2: 200}


@given(st.integers(1, 254), st.integers(1, 255), st.integers(0, 4))
def test_a_coin_is_worth_its_value_times_the_scaling_to_the_cent(
    value: int, scaling: int, decimals: int
) -> None:
    exact = Decimal(scaling).scaleb(-decimals) * 100
    setup = frames.read_setup(bytes([3, 0x19, 0x78, scaling, decimals, 0, 1, value]))
    if exact == int(exact):
        assert setup.cents == {0: int(exact * value)}
        assert type(setup.cents[0]) is int
    else:
        with pytest.raises(FrameError, match="no whole number of cents"):
            _ = setup.cents


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes"),
        (CF7900[:7], "7 bytes"),
        (CF7900 + b"\0", "24 bytes"),
        (b"\x03\x19\x7a" + CF7900[3:], "a country of 197a"),
    ],
)
def test_what_is_no_setup_is_told(data: bytes, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        frames.read_setup(data)


def test_a_scaling_of_nothing_is_refused() -> None:
    with pytest.raises(FrameError):
        _ = frames.read_setup(CF7900[:3] + b"\0" + CF7900[4:]).cents


def test_every_byte_of_a_poll_is_what_the_sheet_says() -> None:
    for byte in range(256):
        if byte >= 0x80:
            expected: frames.PollItem = PaidByHand(byte & 15, byte >> 4 & 7, 9)
        elif byte >= 0x40:
            expected = CoinIn(byte & 15, Route(byte >> 4 & 3), 9)
        elif byte >= 0x20:
            expected = Slugs(byte & 31)
        else:
            expected = Status(byte)
        two = byte >= 0x40
        assert frames.read_poll(bytes([byte, 9] if two else [byte])) == (expected,)
        if two:
            with pytest.raises(FrameError, match="without its end"):
                frames.read_poll(bytes([0x0B, byte]))
    assert [code for code in range(0x01, 0x0E) if code not in frames.STATUSES] == []


def test_a_poll_may_tell_many_things_at_once() -> None:
    assert frames.read_poll(b"") == ()
    assert frames.read_poll(bytes.fromhex("5315 41 00 23 02")) == (
        CoinIn(3, Route.TUBE, 0x15),
        CoinIn(1, Route.BOX, 0),
        Slugs(3),
        Status(frames.PAYOUT_BUSY),
    )
    with pytest.raises(FrameError, match="17 bytes"):
        frames.read_poll(bytes([0x01] * 17))


def test_the_other_answers() -> None:
    assert frames.read_tubes(bytes.fromhex("8001 05 06")) == filled(5, 6, full=0x8001)
    identity = frames.read_identity(CF7900_IDENTITY)
    assert (identity.maker, identity.serial, identity.model) == ("MEI", "000012345678", "CF7900MDB")
    assert identity.features == 7
    assert frames.read_identity(CF7900_IDENTITY[:29]).features == 0
    assert frames.read_paid(b"\0\2") == (0, 2, *[0] * 14)
    assert frames.read_diagnosis(b"\x03\x00") == ()
    (words,) = frames.read_diagnosis(b"\x03\x00\x15\x02")
    assert "cassette is out" in words
    (words,) = frames.read_diagnosis(b"\x77\x01")
    assert "77 01" in words
    for read, bad in itertools.product(
        (frames.read_tubes, frames.read_identity, frames.read_paid, frames.read_diagnosis), (b"", bytes(40))
    ):
        with pytest.raises(FrameError, match="bytes"):
            read(bad)


def test_orders_are_the_bytes_of_the_sheet() -> None:
    assert frames.coin_type(0b101).hex() == "0c00050000"
    assert frames.dispense(3, 15).hex() == "0df3"
    assert frames.payout(255).hex() == "0f02ff"
    assert frames.enable_features(3).hex() == "0f0100000003"
    for order in (lambda: frames.dispense(0, 16), lambda: frames.dispense(16, 1), lambda: frames.payout(0)):
        with pytest.raises(ValueError, match="no order"):
            order()


def test_no_bytes_break_a_reader_and_no_coin_is_made_of_less_than_its_two_bytes() -> None:
    dice = random.Random(SEED)
    readers = (
        frames.read_setup,
        frames.read_tubes,
        frames.read_identity,
        frames.read_paid,
        frames.read_diagnosis,
    )
    for count in range(100_000):
        data = (
            bytearray(dice.choice((CF7900, CF7900_IDENTITY, b"\x53\x15\x02", b"")))
            if count % 2
            else bytearray()
        )
        for _ in range(dice.randint(0, 6)):
            data[dice.randint(0, len(data)) : dice.randint(0, len(data))] = dice.randbytes(dice.randint(0, 4))
        for read in readers:
            with suppress(FrameError):
                read(bytes(data))
        try:
            items = frames.read_poll(bytes(data))
        except FrameError:
            continue
        sizes = sum(2 if isinstance(item, CoinIn | PaidByHand) else 1 for item in items)
        assert sizes == len(data) <= 16


# -- what to pay with --------------------------------------------------------------------------------------

EURO = {0: 5, 1: 10, 2: 20, 3: 50, 4: 100}
purses = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 5)), min_size=1, max_size=5)


@given(st.integers(0, 400), purses)
def test_a_plan_pays_the_most_that_can_be_paid_with_coins_that_are_there(
    amount: int, purse: list[tuple[int, int]]
) -> None:
    cents = {kind: value for kind, (value, _) in enumerate(purse)}
    counts = tuple(count for _, count in purse)
    coins = plan(amount, cents, counts)
    assert all(0 < count <= counts[kind] for kind, count in coins.items())
    reachable = {0}
    for value, count in purse:
        reachable = {was + value * more for was in reachable for more in range(count + 1)}
    assert worth(coins, cents) == max(each for each in reachable if each <= amount)


def test_a_plan_takes_large_coins_where_it_can() -> None:
    assert plan(185, EURO, (9, 9, 9, 9, 9)) == {4: 1, 3: 1, 2: 1, 1: 1, 0: 1}
    assert plan(60, {2: 20, 3: 50}, (0, 0, 3, 1)) == {2: 3}  # a greedy one would end at 50
    assert plan(100_000, EURO, (255,) * 5) == {4: 255, 3: 255, 2: 255, 1: 255, 0: 255}
    assert plan(4, EURO, (9, 9, 9, 9, 9)) == {}


# -- what the tubes tell -----------------------------------------------------------------------------------


def test_a_mark_is_read_as_it_was_written_and_nothing_else_is() -> None:
    mark = Mark(filled(1, 255, 0, 7, full=0x8001), open=True)
    assert read_mark(str(mark)) == mark
    assert len(str(mark)) <= 200
    for text in ("", "hopper 1", str(mark)[:-1], str(mark) + " ", "\n" + str(mark)):
        assert read_mark(text) is None


@pytest.mark.parametrize(
    ("amount", "after", "came_in", "expected"),
    [
        (100, filled(5, 5), False, (Ended.FAILED, 0)),
        (100, filled(4, 4), False, (Ended.DONE, 15)),
        (15, filled(4, 4), False, (Ended.DONE, 15)),
        (14, filled(4, 4), False, (Ended.UNKNOWN, 0)),  # more than was ordered: that was somebody else, too
        (100, filled(4, 6), False, (Ended.UNKNOWN, 5)),
        (100, filled(4, 4), True, (Ended.UNKNOWN, 15)),
        (100, filled(5, 5), True, (Ended.UNKNOWN, 0)),
        (100, filled(4, 5, full=2), False, (Ended.UNKNOWN, 5)),
        (100, filled(4, 5, 0, 0, 0, 0, full=32), False, (Ended.DONE, 5)),  # that type has no tube
    ],
)
def test_the_tubes_tell_what_was_paid_or_that_they_cannot(
    amount: int, after: TubeStatus, *, came_in: bool, expected: tuple[Ended, int]
) -> None:
    told = judge(amount, EURO, filled(5, 5), after, came_in=came_in)
    assert (told.ended, told.cents) == expected
    assert told.words or told.ended is Ended.DONE


@given(
    st.lists(st.integers(0, 9), min_size=5, max_size=5),
    st.lists(st.integers(0, 9), min_size=5, max_size=5),
    st.lists(st.integers(0, 9), min_size=5, max_size=5),
    st.integers(0, 500),
)
def test_the_tubes_never_tell_more_than_surely_came_out(
    before: list[int], out: list[int], came: list[int], amount: int
) -> None:
    out = [min(count, was) for count, was in zip(out, before, strict=True)]
    after = filled(*(was - gone + more for was, gone, more in zip(before, out, came, strict=True)))
    fell = worth(dict(enumerate(out)), EURO)
    told = judge(amount, EURO, filled(*before), after, came_in=any(came))
    assert told.cents <= fell
    if told.ended is not Ended.UNKNOWN:
        assert told.cents == fell


def ordered(amount: int, *, open_: bool = False) -> Order:
    return Order("p", amount, str(Mark(filled(5, 5, 5, 5, 5), open_)))


PURSE = Tubes(EURO, 5, chooses=True)


@pytest.mark.parametrize(
    ("order", "found", "expected"),
    [
        (ordered(100), Found(filled(5, 5, 5, 4, 5), None, False, {}), Paid(Ended.DONE, 50)),
        # What it says itself decides where the tubes cannot.
        (ordered(100, open_=True), Found(filled(5, 5, 5, 5, 5), None, False, {3: 1}), Paid(Ended.DONE, 50)),
        (
            ordered(100),
            Found(filled(5, 5, 5, 4, 5), filled(5, 5, 5, 6, 5), True, {3: 2}),
            Paid(Ended.DONE, 100),
        ),
        # But not against tubes that are sure, and not where more than one order was needed.
        (ordered(100), Found(filled(5, 5, 5, 4, 5), None, False, {3: 2}), Paid(Ended.DONE, 50)),
        (ordered(10), Found(filled(5, 5, 5, 5, 5), None, False, {3: 2}), None),
    ],
)
def test_a_payout_that_nobody_saw_the_end_of_is_settled(
    order: Order, found: Found, expected: Paid | None
) -> None:
    told = settle(order, found, PURSE)
    if expected is None:
        assert (told.ended, told.cents) == (Ended.FAILED, 0)
    else:
        assert (told.ended, told.cents) == (expected.ended, expected.cents)


def test_coins_that_came_in_meanwhile_make_it_unknown() -> None:
    known = filled(5, 5, 5, 6, 5)  # a coin was told after the mark
    told = settle(ordered(100), Found(filled(5, 5, 5, 5, 5), known, False, {}), PURSE)
    assert (told.ended, told.cents) == (Ended.UNKNOWN, 0)
    told = settle(ordered(2000), Found(filled(5, 5, 5, 5, 4), known, False, {4: 1}), PURSE)
    assert (told.ended, told.cents) == (Ended.UNKNOWN, 100)


# -- the books ---------------------------------------------------------------------------------------------


def opened_books(inbox: Inbox, *counts: int) -> Books:
    books = Books("c", inbox.put)
    books.resume(str(Mark(filled(*counts), open=False)))
    return books


def test_a_coin_is_told_with_its_place_and_what_the_tubes_hold_then() -> None:
    inbox = Inbox()
    books = opened_books(inbox, 5, 5)
    books.coin(CoinIn(0, Route.TUBE, 6), 5)
    books.coin(CoinIn(1, Route.BOX, 5), 10)
    books.coin(CoinIn(1, Route.REJECT, 5), 10)
    first, second = inbox.of(CoinInserted)
    assert (first.amount, first.place, second.amount, second.place) == (5, Place.TUBE, 10, Place.BOX)
    assert first.mark == second.mark == str(Mark(filled(6, 5), open=False))
    assert len(inbox.events) == 2


@pytest.mark.parametrize("route", [Route.TUBE, Route.BOX])
def test_coins_that_only_the_tube_knows_are_reported_before_the_next_one(route: Route) -> None:
    inbox = Inbox()
    books = opened_books(inbox, 5)
    books.coin(CoinIn(0, route, 9 if route is Route.TUBE else 8), 5)
    lost, coin = inbox.events
    assert isinstance(lost, CoinUnrecognised)
    assert (lost.pulses, lost.trouble) == (3, CoinTrouble.LOST)
    assert lost.mark == str(
        Mark(filled(8), open=False)
    )  # if nobody hears of the coin, it is reported next time
    assert isinstance(coin, CoinInserted)


def test_tubes_with_more_than_was_told_are_reported_once_and_with_less_are_believed() -> None:
    inbox = Inbox()
    books = opened_books(inbox, 5, 5)
    books.check(filled(7, 4), EURO)
    books.check(filled(7, 4), EURO)
    books.check(filled(3, 4), EURO)
    lost, marked = inbox.events
    assert isinstance(lost, CoinUnrecognised)
    assert (lost.pulses, lost.trouble) == (2, CoinTrouble.LOST)
    assert "2 of 0.05" in lost.words
    assert isinstance(marked, DeviceMarked)


def test_the_first_tubes_ever_are_believed() -> None:
    inbox = Inbox()
    books = Books("c", inbox.put)
    books.resume("")
    books.check(filled(7, 4), EURO)
    assert inbox.events == (DeviceMarked("c", str(Mark(filled(7, 4), open=False))),)


@pytest.mark.parametrize(("route", "cents"), [(Route.UNUSED, 5), (Route.BOX, None), (Route.TUBE, None)])
def test_a_coin_without_a_worth_or_a_place_is_never_credited(route: Route, cents: int | None) -> None:
    inbox = Inbox()
    opened_books(inbox, 5).coin(CoinIn(0, route, 6 if route is Route.TUBE else 5), cents)
    (told,) = inbox.events
    assert isinstance(told, CoinUnrecognised)
    assert told.trouble is CoinTrouble.UNKNOWN
