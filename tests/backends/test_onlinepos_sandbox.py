"""The client of OnlinePOS against a server that was built from the same page by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from terminal.backends.onlinepos import cards, day_journal, goods, orders, sales, stock, writes
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.orders import Line
from terminal.backends.onlinepos.wire import Call
from terminal.backends.onlinepos.writes import CardCode, Deposited, NewCard
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace
from terminal.sandbox.onlinepos.rules import HashScheme
from tests.backends.onlinepos_making import ENOUGH_S, ORDER
from tests.sandbox.shop import CARD, CHIP, FIRMAID, KEY, TOKEN, Shop

Open = Callable[..., tuple[OnlinePos, Shop]]
EARLY, LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
SECRET = f'{{"token":"{TOKEN}","firmaid":{FIRMAID},"key":"{KEY}"}}'
DAYS = date(2020, 1, 1), date(2036, 1, 1)


@pytest.fixture
def open_pos() -> Iterator[Open]:
    """Start a shop by its rules, and a client by its options."""
    with ExitStack() as stack:

        def open_(rules: dict[str, Any] | None = None, **options: Any) -> tuple[OnlinePos, Shop]:
            shop = Shop(rules)
            stack.callback(shop.close)
            told = OnlinePosOptions(url=shop.sandbox.onlinepos_url, allow_http=True, **options)
            pos = OnlinePos(told, credential=lambda: SECRET)
            stack.callback(pos.close)
            return pos, shop

        yield open_


def refused(pos: OnlinePos, call: Call[Any]) -> Answer:
    """Return the refusal of a call."""
    answer = pos.do(call, ENOUGH_S)
    assert isinstance(answer, Answer)
    return answer


def card(pos: OnlinePos, number: str = CARD) -> cards.Card:
    """Return a card as the server has it."""
    found = pos.do(cards.card(number), ENOUGH_S)
    assert isinstance(found, tuple)
    return found[0]


def test_what_is_sold_is_read(open_pos: Open) -> None:
    pos, _ = open_pos()
    structure = pos.do(goods.structure(), ENOUGH_S)
    assert isinstance(structure, goods.Structure)
    products = {each.name: each for group in structure.groups for each in group.products}
    assert products["Stor kaffe"].price == 2500
    assert products["Stor kaffe"].choices == structure.choices[0].id == 5
    assert products["Menu"].parts == (goods.Part(1, Decimal(1), 2505),)
    listed = pos.do(goods.products(), ENOUGH_S)
    assert isinstance(listed, tuple)
    assert {each.name for each in listed} == set(products)
    offers = pos.do(goods.offers(), ENOUGH_S)
    assert isinstance(offers, tuple)


@pytest.mark.parametrize("thousands", [False, True])
def test_a_card_is_found_by_its_chip_and_gets_money(open_pos: Open, *, thousands: bool) -> None:
    pos, _ = open_pos({"thousands": thousands})
    found = pos.do(cards.by_rfid(CHIP), ENOUGH_S)
    assert isinstance(found, cards.Card)
    assert found.number == CARD
    assert pos.do(writes.deposit(CARD, 5_000_00), ENOUGH_S) == Deposited(510_000)
    assert card(pos).balance == 510_000
    assert pos.do(writes.deposit(CARD, -250, fractions=True), ENOUGH_S) == Deposited(509_750)
    changes = pos.do(cards.history(CARD), ENOUGH_S)
    assert isinstance(changes, tuple)
    assert [abs(each.amount) for each in changes] == [500_000, 250]
    moved = pos.do(cards.movements(EARLY, LATE), ENOUGH_S)
    assert isinstance(moved, tuple)
    assert [(each.deposit, each.withdrawal) for each in moved] == [(500_000, 250)]


@pytest.mark.parametrize("unknown", ["empty", "fail"])
def test_a_card_that_there_is_none_of(open_pos: Open, unknown: str) -> None:
    pos, _ = open_pos({"unknown_card": unknown})
    found = pos.do(cards.card("404"), ENOUGH_S)
    assert found == () or (isinstance(found, Answer) and found.outcome is Outcome.REFUSED)
    assert cards.is_unknown(refused(pos, cards.by_number("404")))
    assert refused(pos, writes.deposit("404", 100)).outcome is Outcome.REFUSED


@pytest.mark.parametrize("forbidden", ["text", "json", "xml", "empty"])
def test_a_wrong_scheme_is_a_denial_in_whatever_shape(open_pos: Open, forbidden: str) -> None:
    pos, _ = open_pos({"forbidden": forbidden, "scheme": HashScheme(algorithm="sha256")})
    answer = refused(pos, writes.deposit(CARD, 100))
    assert (answer.outcome, answer.status) == (Outcome.DENIED, 403)
    assert forbidden == "empty" or "Hash Not Matching!" in answer.words


@pytest.mark.parametrize(
    ("rules", "options"),
    [
        ({"algorithm": "sha256"}, {"hash_algorithm": "sha256"}),
        ({"with_credentials": False}, {"hash_credentials": False}),
        ({"separator": "&", "pairs": True, "keep_empty": True}, {"hash_names": True, "hash_empty": True}),
    ],
)
def test_each_scheme_is_met_by_its_options(
    open_pos: Open, rules: dict[str, Any], options: dict[str, Any]
) -> None:
    pos, _ = open_pos({"scheme": HashScheme(**rules), "charset": "iso-8859-1"}, charset="iso-8859-1", **options)
    number = pos.do(writes.add_card(NewCard(2, "Blåbær", group="Bar")), ENOUGH_S)
    assert isinstance(number, str)
    assert card(pos, number).name == "Blåbær"
    named = writes.create_vouchers("10", "12", points=5, campaign=27, name="Møntretur")
    assert pos.do(named, ENOUGH_S) is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_voucher_is_made_once(open_pos: Open, method: str) -> None:
    pos, _ = open_pos({"voucher_method": method})
    call = writes.create_voucher("000777", 27, *DAYS, method=method)
    assert pos.do(call, ENOUGH_S) == "000777"
    assert writes.is_taken(refused(pos, call))


def test_points_are_added_and_read(open_pos: Open) -> None:
    pos, _ = open_pos({"status_shape": "schema"})
    assert pos.do(writes.adjust_value(27, 25, rfid=CHIP), ENOUGH_S) is None
    told = pos.do(writes.adjust_values([(CARD, 27, -5), ("404", 27, 1)]), ENOUGH_S)
    assert isinstance(told, tuple)
    assert [each.answer(delta=True).outcome for each in told] == [Outcome.DELIVERED, Outcome.REFUSED]
    assert told[1].told[0][0] == CardCode.NOT_FOUND
    found = pos.gather(lambda page: cards.campaign_values(page, numbers=[CARD]), ENOUGH_S)
    assert isinstance(found, tuple)
    assert {each.campaign: each.points for each in found[0].points}[27] == 20


@pytest.mark.parametrize("shape", ["schema", "sample"])
@pytest.mark.parametrize("gets", ["unchecked", "empty", "query"])
def test_cards_are_listed_page_by_page(open_pos: Open, shape: str, gets: Any) -> None:
    reads = "none" if gets == "unchecked" else gets
    rules = {"status_shape": shape, "page_of_cards": 2, "scheme": HashScheme(gets=gets)}
    pos, _ = open_pos(rules, hash_reads=reads)
    made = pos.do(writes.add_cards([NewCard(3, rfid=str(each)) for each in range(5001, 5005)]), ENOUGH_S)
    assert isinstance(made, tuple)
    assert all(each.made for each in made)
    found = pos.gather(cards.statuses, ENOUGH_S)
    assert isinstance(found, tuple)
    assert {each.number for each in found} == {CARD, "5001", "5002", "5003", "5004"}
    taken = pos.do(writes.add_cards([NewCard(3, rfid="5001")]), ENOUGH_S)
    assert isinstance(taken, tuple)
    assert (taken[0].made, taken[0].words) == (False, "RFID is not unique!")


@pytest.mark.parametrize("checksum", ["lines", "pieces"])
def test_an_order_is_found_among_the_sales(open_pos: Open, checksum: Any) -> None:
    pos, _ = open_pos({"amount_checksum": checksum, "per_page": 1})
    lines = (Line(1, 2, 5000), Line(2, 1, 495, indentation=1))
    number = pos.do(orders.make(replace(ORDER, lines=lines), checksum), ENOUGH_S)
    assert isinstance(number, str)
    other = "lines" if checksum == "pieces" else "pieces"
    wrong: Any = orders.make(replace(ORDER, lines=lines), other)  # type: ignore[arg-type] # one of the two
    assert refused(pos, wrong).outcome is Outcome.REFUSED
    sold = pos.gather(lambda page: sales.lines_since(EARLY, page), ENOUGH_S)
    assert isinstance(sold, tuple)
    assert [(each.product, each.price, str(each.order_number)) for each in sales.distinct(sold)] == [
        (1, 5000, number),
        (2, 495, number),
    ]
    again = pos.gather(lambda page: sales.lines_from_order(sold[0].order, page), ENOUGH_S)
    assert again == sold
    exported = pos.do(sales.exported(EARLY, LATE), ENOUGH_S)
    assert isinstance(exported, tuple)
    assert [each.product for each in exported] == [1, 2]


@pytest.mark.parametrize("place", ["query", "form"])
def test_the_journal_is_asked_for_where_the_options_say(open_pos: Open, place: Any) -> None:
    pos, _ = open_pos({"journal_place": place})
    entries = pos.do(day_journal.journal(EARLY, LATE, place=place), ENOUGH_S)
    assert isinstance(entries, tuple)


def test_stock_goes_down_and_up(open_pos: Open) -> None:
    pos, _ = open_pos()
    assert pos.do(stock.update("0001", 3, "sale", "A1"), ENOUGH_S) is None
    assert pos.do(stock.update("0001", 1, "return", "A1"), ENOUGH_S) is None
    assert pos.do(stock.stock_of(["0001"]), ENOUGH_S) == (stock.Stock("0001", Decimal(3)),)
    assert refused(pos, stock.update("404", 1, "sale", "A1")).outcome is Outcome.REFUSED
    everything = pos.do(stock.stock(), ENOUGH_S)
    assert isinstance(everything, tuple)
