"""Every answer of OnlinePOS that a terminal reads, in the shapes that its page shows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from terminal.backends.onlinepos import cards, day_journal, sales, stock, writes
from terminal.backends.onlinepos.cards import Points
from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Unreadable
from terminal.backends.onlinepos.writes import NewCard
from tests.backends.onlinepos_making import LATIN, told, unreadable

MOMENT = datetime(2020, 1, 1, tzinfo=UTC)


# -- cards ---------------------------------------------------------------------------------------------

CARD_XML = (
    "<card><id>1</id><name>John Smith</name><phone>88888888</phone><cardgroup> Kvartkort </cardgroup>"
    "<RFID></RFID><cardnumber>090000100000000</cardnumber><cardtype>Default</cardtype><balance>100,00</balance>"
    "<deleted>yes</deleted></card>"
)


def test_a_card_is_read_from_xml_too() -> None:
    (card,) = told(cards.card("0900"), f"{LATIN}<list>{CARD_XML}</list>")
    assert (card.number, card.balance, card.closed, card.group) == (
        "090000100000000",
        10_000,
        True,
        "Kvartkort",
    )
    assert "Smith" not in repr(card)
    assert "0900" not in repr(card)
    assert len(told(cards.card("0900"), f"{LATIN}<list>{CARD_XML}{CARD_XML}</list>")) == 2
    assert told(cards.card("0900"), f"{LATIN}<list></list>") == ()


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_card_is_found_by_its_rfid(*, wrapped: bool) -> None:
    inner = {"Card": {"name": "Bo", "cardstatus": "Active", "cardnumber": "0900", "RFID": "04A1"}}
    card = told(cards.by_rfid("04A1"), {"status": inner} if wrapped else inner)
    assert (card.number, card.rfid, card.balance, card.closed) == ("0900", "04A1", None, False)
    inner["Card"]["cardstatus"] = "Closed"
    assert told(cards.by_rfid("04A1"), inner).closed
    assert cards.is_unknown(told(cards.by_number("1"), {"ERROR": "Unknown Card - CardInfo"}))
    assert not cards.is_unknown(told(cards.by_number("1"), {"ERROR": "Input fail!"}))


def test_a_history_is_read_with_its_receipts() -> None:
    entry = {
        "date": "2019-03-06 10:21:52", "type": "Purchase", "amount": 60, "location": "Test Venue",
        "receipt": {
            "receipt_product_lines": [{"qty": 1, "tekst": "Te", "price": "65.00", "discount": "0.00"}],
            "receipt_payment_lines": [{"payment_type": "Gavekort", "amount": "60.00"}],
        },
    }  # fmt: skip
    first, second = told(cards.history("0900"), [entry, {**entry, "receipt": []}])
    assert (first.time.iso(), first.kind, first.amount) == ("2019-03-06T10:21:52", "Purchase", 6000)
    assert (first.products, first.payments) == ((cards.Bought("Te", "1"),), (("Gavekort", 6000),))
    assert (second.products, second.payments) == ((), ())


def test_withdrawals_are_read_with_and_without_a_sign() -> None:
    row = {
        "cardnumber": "0002",
        "cardname": "Gift",
        "deposit": "900.00",
        "withdrawal": "-566.00",
        "subtotal": "334.00",
    }
    other = {**row, "withdrawal": "566.00"}
    found = told(cards.movements(MOMENT, MOMENT), [row, other])
    assert {(each.deposit, each.withdrawal, each.subtotal) for each in found} == {(90_000, 56_600, 33_400)}
    assert "subtotal" in unreadable(cards.movements(MOMENT, MOMENT), [{**row, "subtotal": "1466.00"}])


def test_points_are_read_with_their_campaigns() -> None:
    card = {
        "cardNumber": "0900", "name": "Bo", "RFID": None, "status": "Closed", "group": "VIP",
        "campaignInfo": [{"name": "Pant", "campaignId": 1234, "points": 20}],
    }  # fmt: skip
    page = told(cards.campaign_values(), {"data": [card]})
    (found,) = page.items
    assert found.points == (Points(1234, "Pant", 20),)
    assert found.card.closed
    assert (page.number, page.last) == (1, 1)
    for broken in ({"data": [card], "total": 51}, {"total": 0}):
        assert "page" in unreadable(cards.campaign_values(), broken)


def test_a_thousand_cards_are_not_all() -> None:
    card = {"cardnumber": "0900", "balance": "1,00"}
    page = told(cards.cards(3), [card] * cards.CARDS_PER_CALL)
    assert (page.number, page.last, cards.cards(3).request.path) == (3, 4, "getCards/2000")
    assert told(cards.cards(4), [card]).last == 4


def test_each_new_card_says_what_became_of_it() -> None:
    call = writes.add_cards([NewCard(3, rfid="1"), NewCard(3, rfid="2")])
    made = {"status": "success", "error": "", "name": "", "rfid": "1", "cardNumber": "1"}
    failed = {"status": "fail", "error": "RFID is not unique!", "rfid": "2", "cardNumber": ""}
    first, second = told(call, [made, failed])
    assert (first.made, first.number) == (True, "1")
    assert (second.made, second.words) == (False, "RFID is not unique!")
    assert "answers to 1 cards" in unreadable(call, [made])
    assert "expected success or fail" in unreadable(call, [made, {**made, "status": "maybe"}])
    taken = told(writes.add_card(NewCard(1)), LATIN + "<fail> RFID is not unique! </fail>")
    assert writes.is_taken(taken)
    with pytest.raises(ValueError, match="1 to 1000 cards"):
        writes.add_cards([])


# -- stock, sales, journal -----------------------------------------------------------------------------


def test_stock_is_read_in_json_and_in_xml() -> None:
    entry = {"ean": "0052", "stock": "2.500", "ean_2": "7", "ean_3": "", "ean_4": ""}
    document = (
        LATIN + "<info>" + "<info><ean>0052</ean><stock>2.500</stock><ean_2>7</ean_2></info>" * 2 + "</info>"
    )
    expected = stock.Stock("0052", Decimal("2.5"), ("7",))
    assert told(stock.stock(), {"info": [{"info": entry}] * 2}) == (expected, expected)
    assert told(stock.stock(), document) == (expected, expected)
    assert told(stock.stock(), {"info": []}) == ()
    assert told(stock.stock(), {"info": {"type": "1", "num": 5, "text": "No location"}}).words == "No location"


SOLD = {
    "timestamp_pay": "2014-03-08 00:09:20", "timestamp_order": "2014-03-08 00:08:00", "orderlineid": 1,
    "orderid": 5, "productid": 7, "count": -1, "price": -45, "priceexclvat": "-36.0001", "discount": "5,00",
    "cardnumber": "0900", "ordernumber": "", "department": "Kiosk", "firmaid": 9000,
}  # fmt: skip


def test_what_was_taken_back_is_negative() -> None:
    page = told(sales.lines(), {"current_page": 1, "data": [SOLD], "next_page_url": None})
    (line,) = page.items
    assert (line.count, line.price, line.discount) == (Decimal(-1), -4500, 500)
    assert (line.net, line.order_number, line.card) == (Decimal("-36.0001"), None, "0900")
    assert line.ordered.iso() == "2014-03-08T00:08:00"
    assert "0900" not in repr(line)
    assert "expected a page of order lines" in unreadable(sales.lines(), {"data": []})


def test_a_line_that_comes_twice_counts_once() -> None:
    page = told(sales.lines(), {"current_page": 1, "data": [SOLD, {**SOLD, "orderlineid": 2}, SOLD]})
    assert [line.id for line in sales.distinct(page.items)] == [1, 2]
    other = told(sales.lines(), {"current_page": 1, "data": [SOLD, {**SOLD, "price": 1}]})
    with pytest.raises(Unreadable, match="two different order lines with the number 1"):
        sales.distinct(other.items)


def test_the_older_export_is_read() -> None:
    line = {
        "id": 1, "chk": 2, "date": "15.03.2016", "time": "17:00", "product_id": 7, "product": "Te", "amount": 1,
        "price": "1.210,00", "payment_type": "Kontant", "department": "kasse 1",
    }  # fmt: skip
    (found,) = told(sales.exported(MOMENT, MOMENT, department="kasse 1"), {"sales": [{"line": line}]})
    assert (found.price, found.time.iso(), found.amount) == (121_000, "2016-03-15T17:00:00", Decimal(1))
    assert "without sales" in unreadable(sales.exported(MOMENT, MOMENT), {"a": 1})


def test_the_journal_of_days_is_read() -> None:
    call = day_journal.journal(MOMENT, MOMENT)
    row = {
        "journal_line_text": "Sale", "journal_line_account_number": "1010", "journal_line_amount": 12.5,
        "journal_line_type": "Debit",
    }  # fmt: skip
    entry = {
        "journal_number": 789, "cash_register_id": 456, "cash_register_name": "A", "department_code": "D1",
        "venue_id": 123, "time": "2023-10-12T15:30:00", "journal_lines": [row],
    }  # fmt: skip
    (found,) = told(call, {"journal_entries": [entry]})
    assert (found.number, found.register, found.time.iso()) == (789, 456, "2023-10-12T15:30:00")
    assert found.lines == (day_journal.JournalLine("Sale", "1010", 1250, "debit"),)
    broken = {**entry, "journal_lines": [{**row, "journal_line_type": "both"}]}
    assert "expected debit or credit" in unreadable(call, {"journal_entries": [broken]})


# -- fields --------------------------------------------------------------------------------------------


def test_names_are_compared_without_case_and_underscores() -> None:
    fields = Fields({"Card_Number": "1", "perPage": "50", "closed": "YES"}, "a card")
    assert fields.card_number("cardNumber") == "1"
    assert fields.whole("per_page") == 50
    assert fields.flag("deleted", "Closed")
    assert not fields.flag("other")


@pytest.mark.parametrize("value", [True, 1.5, "1.5", "x", "9" * 19, [], {}, None, ""])
def test_what_is_no_whole_number_is_none(value: Any) -> None:
    with pytest.raises(Unreadable, match="expected a whole number"):
        Fields({"id": value}, "a card").whole("id")


@pytest.mark.parametrize("value", ["perhaps", 2, 1.5, [1]])
def test_what_is_neither_yes_nor_no_is_refused(value: Any) -> None:
    with pytest.raises(Unreadable, match="expected yes or no"):
        Fields({"deleted": value}, "a card").flag("deleted")


@pytest.mark.parametrize(
    "answer", [[], {}, {"list": []}, {"list": ""}, LATIN + "<list/>", LATIN + "<list></list>"]
)
def test_no_card_is_written_in_many_ways(answer: Any) -> None:
    """What is answered for an unknown card is not documented: it must not look like a server that is away."""
    assert told(cards.card("0900"), answer) == ()
