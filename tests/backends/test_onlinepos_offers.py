"""When offers of OnlinePOS hold, by the clocks in Denmark, and what they take off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from terminal.backends.onlinepos import goods
from terminal.backends.onlinepos.goods import Offer, OfferLine
from terminal.backends.onlinepos.offers import Bought, Clock, holds, reductions
from terminal.backends.onlinepos.values import local
from tests.backends.onlinepos_making import told

MON, TUE, SAT, SUN = ((True, *(False,) * 6), (False, True, *(False,) * 5), (*(False,) * 5, True, False),
                      (*(False,) * 6, True))  # fmt: skip
DAYS = (True,) * 7
NOON = datetime(2026, 6, 3, 12, 0)  # noqa: DTZ001 - as clocks in Denmark show it


def offer(days: tuple[bool, ...] = DAYS, *lines: OfferLine, **fields: Any) -> Offer:
    given = {"id": 1, "name": "Offer", "priority": 0, "price_group": 0, **fields}
    return Offer(days=days, lines=lines, **given)


def at(text: str) -> datetime:
    """Return what the clocks in Denmark show."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-06-06T21:59:59", False),  # a Saturday
        ("2026-06-06T22:00:00", True),
        ("2026-06-07T00:00:00", True),  # Sunday, but still of Saturday's
        ("2026-06-07T01:59:59", True),
        ("2026-06-07T02:00:00", False),
        ("2026-06-06T01:00:00", False),  # of Friday's, which there is none of
    ],
)
def test_an_offer_over_midnight_belongs_to_the_day_on_which_it_began(moment: str, *, expected: bool) -> None:
    late = offer(SAT, time_from=22 * 60, time_to=2 * 60, to=date(2026, 6, 6))
    assert holds(late, at(moment), "minutes") is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("2026-06-01T00:00", True), ("2026-06-01T23:59", True), ("2026-06-02T00:00", False)],
)
def test_an_offer_of_a_weekday_holds_from_midnight_to_midnight(moment: str, *, expected: bool) -> None:
    assert holds(offer(MON), at(moment), None) is expected
    assert holds(offer(MON, time_from=0), at(moment), "minutes") is expected
    assert holds(offer(MON, time_from=1500), at("2026-06-01T15:00"), "hhmm")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("2026-05-31", False), ("2026-06-01", True), ("2026-06-30", True), ("2026-07-01", False)],
)
def test_first_and_last_day_are_in(moment: str, *, expected: bool) -> None:
    month = offer(from_=date(2026, 6, 1), to=date(2026, 6, 30))
    assert holds(month, at(f"{moment}T12:00"), None) is expected


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-10-24T23:59", False),  # 01:59 in summer
        ("2026-10-25T00:30", True),  # 02:30 for the first time
        ("2026-10-25T01:30", True),  # and again
        ("2026-10-25T02:00", False),  # 03:00 in winter
        ("2026-03-29T00:59", False),  # 01:59 in winter
        ("2026-03-29T01:00", False),  # 03:00 in summer: that hour is not there
    ],
)
def test_the_hours_when_clocks_change(utc: str, *, expected: bool) -> None:
    night = offer(SUN, time_from=2, time_to=3)
    wall = local(datetime.fromisoformat(utc).replace(tzinfo=UTC)).wall
    assert holds(night, wall, "hours") is expected


@pytest.mark.parametrize(
    ("clock", "begin"), [("hours", 15), ("hhmm", 1500), ("minutes", 900), ("seconds", 54_000)]
)
def test_times_are_read_in_the_unit_that_is_set(clock: Clock, begin: int) -> None:
    happy = offer(time_from=begin)
    assert holds(happy, at("2026-06-03T15:00"), clock)
    assert not holds(happy, at("2026-06-03T14:59:59"), clock)
    assert not holds(happy, at("2026-06-03T15:00"), None)


@pytest.mark.parametrize(("clock", "time"), [("hours", 25), ("hhmm", 1260), ("minutes", 1441), ("seconds", -1)])
def test_a_time_that_there_is_none_of_never_holds(clock: Clock, time: int) -> None:
    assert not any(holds(offer(time_from=time), NOON.replace(hour=hour), clock) for hour in range(24))
    assert not any(holds(offer(time_to=time), NOON.replace(hour=hour), clock) for hour in range(24))


# -- what they take off --------------------------------------------------------------------------------

COFFEE, TEA, CAKE = Bought(1, 10, 5, 2500), Bought(2, 10, 2, 2000), Bought(3, 20, 1, 3000)


def off(*offers: Offer, cart: tuple[Bought, ...] = (COFFEE, TEA, CAKE), **how: Any) -> list[int]:
    return reductions(cart, offers, NOON, **how)


def test_a_price_for_one_piece_is_that_of_each() -> None:
    assert off(offer(DAYS, OfferLine(1, None, 1, 2000))) == [2500, 0, 0]
    assert off(offer(DAYS, OfferLine(1, None, 1, 2000)), each=True) == [2500, 0, 0]


def test_a_price_for_two_holds_for_each_pair() -> None:
    assert off(offer(DAYS, OfferLine(1, None, 2, 4000))) == [2000, 0, 0]  # the fifth is nobody's pair
    assert off(offer(DAYS, OfferLine(1, None, 2, 2000)), each=True) == [2000, 0, 0]
    assert off(offer(DAYS, OfferLine(1, None, 6, 1000))) == [0, 0, 0]


def test_an_offer_for_a_group_takes_pieces_of_all_its_products() -> None:
    assert off(offer(DAYS, OfferLine(None, 10, 7, 10_000))) == [4924, 1576, 0]  # 65.00 off, as they cost


def test_percent_are_taken_off_to_the_nearest_cent() -> None:
    cart = (Bought(1, 10, 3, 999),)
    assert off(offer(DAYS, OfferLine(1, None, 1, None, 15)), cart=cart) == [450]  # 149.85 each
    assert off(offer(DAYS, OfferLine(1, None, 1, None, 100)), cart=cart) == [2997]
    assert off(offer(DAYS, OfferLine(1, None, 1, 0, 10)), cart=cart) == [300]  # percent, where both are told


def test_the_lower_number_comes_first_and_takes_its_pieces_out() -> None:
    pair = offer(DAYS, OfferLine(1, None, 4, 8000), id=1, priority=2)
    single = offer(DAYS, OfferLine(None, 10, 1, 2400), id=2, priority=7)
    assert off(single, pair) == [2000 + 100, 0, 0]
    assert off(changed(single, priority=1), pair) == [500, 0, 0]


def changed(one: Offer, **fields: Any) -> Offer:
    return Offer(**{**{name: getattr(one, name) for name in one.__struct_fields__}, **fields})


def test_an_offer_that_is_dearer_is_none_and_leaves_its_pieces_to_others() -> None:
    dear = offer(DAYS, OfferLine(1, None, 1, 9900), priority=1)
    assert off(dear, offer(DAYS, OfferLine(1, None, 5, 10_000), priority=2)) == [2500, 0, 0]


def test_an_offer_for_another_price_group_or_day_is_none() -> None:
    six = offer(DAYS, OfferLine(1, None, 1, 2000), price_group=6)
    assert off(six) == [0, 0, 0]
    assert off(six, group="6") == [2500, 0, 0]
    assert off(offer(TUE, OfferLine(1, None, 1, 2000))) == [0, 0, 0]


@pytest.mark.parametrize(
    "line", [OfferLine(None, None, 1, 0), OfferLine(1, None, 0, 0), OfferLine(1, None, 1, None)]
)
def test_an_offer_about_nothing_does_nothing(line: OfferLine) -> None:
    assert off(offer(DAYS, line)) == [0, 0, 0]


def test_offers_are_read_with_a_price_or_with_percent() -> None:
    head = {"ID": 7, "days": "1,1,1,1,1,_,_", "name": "Two", "timefrom": -10_000, "timeto": -10_000}
    content = [
        {"pid": 1, "gid": 0, "amount": 2, "pris": 12.5},
        {"pid": 0, "gid": 10, "amount": 1, "percent": 25},
    ]
    (found,) = told(goods.offers(), [{**head, "content": content}])
    assert found.lines == (OfferLine(1, None, 2, 1250), OfferLine(None, 10, 1, None, 25))
    assert found.days == (True,) * 5 + (False,) * 2
