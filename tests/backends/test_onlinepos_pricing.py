"""What products of OnlinePOS cost, whatever their choices, parts and offers are: exact to the cent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.backends.onlinepos.goods import (
    Choices,
    Group,
    Offer,
    OfferLine,
    Part,
    PriceGroup,
    Product,
    Structure,
)
from terminal.backends.onlinepos.offers import share
from terminal.backends.onlinepos.orders import Line, Order
from terminal.backends.onlinepos.pricing import Pick, Pricing, Shop, Unsellable

NOON = datetime(2026, 6, 3, 12, 0)  # noqa: DTZ001 - as clocks in Denmark show it
DAYS = (True,) * 7
MILK, OAT = Product(2, "Milk", 495), Product(3, "Oat milk", 700, price_groups=(PriceGroup("6", "noon", 600),))
COFFEE = Product(1, "Coffee", 2500, choices=5, price_groups=(PriceGroup("6", "noon", 2000),))
MENU = Product(4, "Menu", 5000, parts=(Part(1, Decimal(1), 2000), Part(2, Decimal(3), 1000)))
PAGE = Choices(5, "Milk", 1, 2, None, (2,), (2, 3))


def structure(*products: Product, pages: tuple[Choices, ...] = (PAGE,)) -> Structure:
    return Structure((Group(10, "Drinks", "", products or (COFFEE, MILK, OAT, MENU)),), pages)


def shop(*products: Product, pages: tuple[Choices, ...] = (PAGE,), **pricing: object) -> Shop:
    return Shop(structure(*products, pages=pages), Pricing(**pricing))  # type: ignore[arg-type]


def lines(
    pick: Pick, *products: Product, pages: tuple[Choices, ...] = (PAGE,), **pricing: object
) -> list[Line]:
    return list(shop(*products, pages=pages, **pricing).lines((pick,), (), NOON))


# -- choices -------------------------------------------------------------------------------------------


def test_what_is_preset_stands_below_its_product_at_what_it_costs() -> None:
    assert lines(Pick(1, 2)) == [Line(1, 2, 5000), Line(2, 2, 990, 1)]
    assert lines(Pick(1, 1, (3, 2))) == [Line(1, 1, 2500), Line(3, 1, 700, 1), Line(2, 1, 495, 1)]


def test_a_price_group_has_prices_for_those_that_are_in_it() -> None:
    assert lines(Pick(1, 1, (2, 3)), group="6") == [Line(1, 1, 2000), Line(2, 1, 495, 1), Line(3, 1, 600, 1)]


def test_a_page_with_a_price_costs_that_together() -> None:
    page = Choices(5, "Milk", 0, None, 1000, (), (2, 3))
    found = lines(Pick(1, 1, (2, 3)), pages=(page,))
    assert sum(line.price for line in found) == 3500
    assert [line.price for line in found[1:]] == [414, 586]  # as near to 495 : 700 as cents can be
    assert lines(Pick(1), pages=(page,)) == [Line(1, 1, 2500)]


@pytest.mark.parametrize(
    ("pick", "page", "words"),
    [
        (Pick(1, 1, ()), PAGE, "wants 1 choices of 'Milk', and 0 are made"),
        (Pick(1), Choices(5, "Milk", 2, 3, None, (2,), (2,)), "wants 2 choices of 'Milk', and 1 are preset"),
        (Pick(1, 1, (2, 2, 2)), PAGE, "allows 2 choices of 'Milk', and there are 3"),
        (Pick(1, 1, (4,)), PAGE, "'Milk' has no choice 4"),
        (Pick(1), Choices(6, "Milk", 0, None, None, (), ()), "its page of choices 5 is not there"),
        (Pick(1), Choices(5, "Milk", 0, None, None, (99,), (99,)), "the product 99 is not there"),
        (Pick(1), Choices(5, "Milk", 0, None, None, (1,), (1,)), "choices without an end"),
        (Pick(2, 1, (3,)), PAGE, "it has no choices"),
        (Pick(99), PAGE, "the product 99 is not there"),
    ],
)
def test_choices_that_a_page_does_not_allow_are_not_ordered(pick: Pick, page: Choices, words: str) -> None:
    with pytest.raises(Unsellable, match=words):
        lines(pick, pages=(page,))


# -- parts ---------------------------------------------------------------------------------------------


def test_parts_keep_the_prices_of_their_lines_and_the_head_has_the_rest() -> None:
    assert lines(Pick(4, 2)) == [Line(4, 2, 4000), Line(1, 2, 4000, 1), Line(2, 6, 2000, 1)]


def test_parts_that_come_to_more_than_the_product_share_its_price() -> None:
    menu = Product(4, "Menu", 1000, parts=tuple(Part(each, Decimal(1), 777) for each in (1, 2, 3)))
    assert [line.price for line in lines(Pick(4), menu)] == [0, 334, 333, 333]


@pytest.mark.parametrize("amount", [Decimal("0.5"), Decimal(0), Decimal(-1)])
def test_parts_that_are_no_pieces_are_not_ordered_line_by_line(amount: Decimal) -> None:
    menu = Product(4, "Menu", 1000, parts=(Part(1, amount, 500),))
    with pytest.raises(Unsellable, match="pieces of the product 1 in it"):
        lines(Pick(4), menu)
    assert lines(Pick(4), menu, extras=False) == [Line(4, 1, 1000)]


def test_half_a_piece_in_each_of_two_is_one() -> None:
    menu = Product(4, "Menu", 1000, parts=(Part(1, Decimal("0.5"), 500),))
    assert lines(Pick(4, 2), menu) == [Line(4, 2, 1000), Line(1, 1, 1000, 1)]


@pytest.mark.parametrize("extras", [True, False])
def test_choices_without_number_are_no_order(*, extras: bool) -> None:
    many = Choices(5, "All", 0, None, None, (2,) * 500, (2,))
    with pytest.raises(Unsellable, match="more than 60 choices"):
        lines(Pick(1), pages=(many,), extras=extras)
    page, below = Choices(5, "All", 0, None, None, (8,) * 100, (8,)), Product(8, "Eight", 100, choices=6)
    deeper, deepest = Choices(6, "All", 0, None, None, (9,) * 100, (9,)), Product(9, "Nine", 100, choices=7)
    last = Choices(7, "All", 0, None, None, (2,) * 100, (2,))  # a million in all
    with pytest.raises(Unsellable, match="more than 60 choices"):
        lines(Pick(1), COFFEE, MILK, below, deepest, pages=(page, deeper, last), extras=extras)


# -- whatever the server tells -------------------------------------------------------------------------

_CENTS = st.integers(-200, 20_000)
_AMOUNTS = tuple(Decimal(each) for each in ("1", "1", "1", "2", "3", "0.5", "0"))


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """Anything: choices that lead in circles, parts that cost more than the whole, prices below nothing."""
    ids = st.integers(1, 6)  # there is none of the number 6
    products = [
        Product(
            number,
            f"P{number}",
            draw(_CENTS),
            choices=draw(st.sampled_from((0, 0, 0, 1, 2, 3))),
            parts=tuple(draw(st.lists(st.builds(Part, ids, st.sampled_from(_AMOUNTS), _CENTS), max_size=3))),
        )
        for number in range(1, 6)
    ]
    pages = [
        Choices(
            number,
            "Page",
            draw(st.sampled_from((0, 0, 0, 1))),
            draw(st.none() | st.integers(2, 3)),
            draw(st.none() | _CENTS),
            tuple(draw(st.lists(ids, max_size=3))),
            tuple(draw(st.lists(ids, max_size=3))),
        )
        for number in range(1, 4)
    ]
    return Structure((Group(10, "All", "", tuple(products)),), tuple(pages))


def _offers() -> st.SearchStrategy[Offer]:
    term = st.builds(
        OfferLine,
        st.none() | st.integers(1, 6),
        st.just(10),
        st.integers(0, 4),
        st.none() | _CENTS,
        st.none() | st.integers(-10, 200),
    )
    return st.builds(
        Offer,
        st.integers(1, 9),
        st.just("Offer"),
        st.just(DAYS),
        st.integers(-3, 3),
        st.just(0),
        st.lists(term, max_size=3).map(tuple),
    )


@settings(max_examples=50)
@given(structures(), st.lists(_offers(), max_size=3), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_lines_come_to_the_cent_and_no_offer_makes_anything_dearer(
    told: Structure, offers: list[Offer], pieces: list[int]
) -> None:
    known = Shop(told, Pricing())
    cart = tuple(Pick(1 + i, n) for i, n in enumerate(pieces))
    try:
        dishes = [known.dish(each) for each in cart]
        full = sum(dish.total * pick.pieces for dish, pick in zip(dishes, cart, strict=True))
        plain = known.lines(cart, (), NOON)
        found = known.lines(cart, offers, NOON)
    except Unsellable:
        return
    assert sum(line.price for line in plain) == full
    assert sum(line.price for line in found) <= full
    assert all(line.price >= 0 and line.amount > 0 for line in found)
    order = Order("a", "1", "a@b", "10:00", found)
    assert order.body("lines")["amountChecksum"] == len(found)
    assert order.body("pieces")["amountChecksum"] == sum(line.amount for line in found)


@settings(max_examples=50)
@given(structures(), st.integers(1, 5), st.integers(1, 4), st.integers(0, 100_000))
def test_what_was_paid_is_what_the_lines_come_to(told: Structure, number: int, pieces: int, paid: int) -> None:
    try:
        found = Shop(told, Pricing()).dish(Pick(number)).laid(pieces, paid)
    except Unsellable:
        return
    assert sum(line.price for line in found) == paid
    assert all(line.price >= 0 for line in found)
    assert found[0].indentation == 0 < min([line.indentation for line in found[1:]], default=1)
    assert all(below.indentation - above.indentation <= 1 for above, below in pairwise(found))


@given(st.integers(0, 10**9), st.lists(st.integers(-5, 10**6), min_size=1, max_size=9))
def test_cents_are_shared_whole_and_fairly(whole: int, weights: list[int]) -> None:
    parts = share(whole, weights)
    assert sum(parts) == whole
    counted = [max(0, each) for each in weights]
    total = sum(counted)
    if total:
        assert all(abs(part * total - whole * each) < total for part, each in zip(parts, counted, strict=True))


def test_an_order_with_a_line_of_two_pieces_has_both_checksums() -> None:
    order = Order("a", "1", "a@b", "10:00", tuple(lines(Pick(1, 2))))
    assert order.body("lines")["amountChecksum"] == 2
    assert order.body("pieces")["amountChecksum"] == 4
    assert order.body("lines")["priceChecksum"] == "59.9"
