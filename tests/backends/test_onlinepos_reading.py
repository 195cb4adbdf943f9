"""Every answer of OnlinePOS that a terminal reads, in the shapes that its page shows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from terminal.backends import onlinepos_cards as cards
from terminal.backends import onlinepos_goods as goods
from terminal.backends import onlinepos_sales as sales
from terminal.backends import onlinepos_stock as stock
from terminal.backends import onlinepos_writes as writes
from terminal.backends.onlinepos_answers import judged
from terminal.backends.onlinepos_cards import Points
from terminal.backends.onlinepos_goods import Choices, Part, PriceGroup
from terminal.backends.onlinepos_reading import Fields
from terminal.backends.onlinepos_values import Unreadable
from terminal.backends.onlinepos_wire import Call
from terminal.backends.onlinepos_writes import NewCard
from terminal.backends.replies import Reply
from terminal.core.delivery import Answer, Outcome

MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
LATIN = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


def told(call: Call[Any], answer: Any) -> Any:
    """Return what *call* makes of an answer: XML as it is, anything else as JSON."""
    raw = answer.encode("iso-8859-1") if isinstance(answer, str) else msgspec.json.encode(answer)
    return judged(Reply(200, {}, raw), call.read, call.good)


def unreadable(call: Call[Any], answer: Any) -> str:
    """Return the words of an answer that cannot be read."""
    found = told(call, answer)
    assert isinstance(found, Answer)
    assert found.outcome is Outcome.UNKNOWN
    return found.words


# -- goods ---------------------------------------------------------------------------------------------

PRODUCT = {
    "ProductID": 1234, "ProductName": "Banana", "ProductPrice": 14.95, "ProductDescription": "Ripe",
    "ProductCostPrice": 5.444, "ProductCategories": [{"CategoryID": 5, "CategoryName": "Fresh"}],
    "EAN_1": "A123E21", "EAN_2": "", "MasterID": 0, "ProductMSG": 9,
    "AdditionalPriceGroups": [{"PriceGroupNumber": "3", "PriceGroupName": "Early", "PriceGroupValue": 8.93}],
    "ProductSplit": [{"ProductID": 7, "Amount": 3, "Price": 34.55}],
}  # fmt: skip
PAGE = {
    "MSG_ID": 9, "MSG_Name": "Drink", "MSG_Min": 0, "MSG_Max": "4", "MSG_Price": 33.66,
    "MSG_Default": "1234:5678", "MSG_Options": [1234, 5678, 7],
}  # fmt: skip
GROUP = {"ProductGroupID": 1, "ProductGroupName": "Fruits", "Products": [PRODUCT]}


def test_the_structure_of_products_is_read_whole() -> None:
    found = told(goods.structure(), {"ProductGroups": [GROUP], "MSGPages": [PAGE]})
    (group,) = found.groups
    (product,) = group.products
    assert (group.id, group.name, product.id, product.name) == (1, "Fruits", 1234, "Banana")
    assert (product.price, product.cost, product.choices) == (1495, Decimal("5.444"), 9)
    assert product.eans == ("A123E21",)
    assert product.categories == ((5, "Fresh"),)
    assert product.price_groups == (PriceGroup("3", "Early", 893),)
    assert product.parts == (Part(7, Decimal(3), 3455),)
    assert found.choices == (Choices(9, "Drink", 0, 4, 3366, (1234, 5678), (1234, 5678, 7)),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ProductPrice": None}, "ProductPrice of a product: found nothing"),
        ({"ProductPrice": "gratis"}, "ProductPrice of a product: found 'gratis'"),
        ({"ProductPrice": 14.955}, "whole cents"),
        ({"ProductID": "x"}, "ProductID of a product"),
        ({"ProductSplit": "x"}, "ProductSplit of a product; expected a list"),
        ({"ProductSplit": [5]}, "found a number; expected a part"),
        ({"ProductName": {"a": 1}}, "found an object as ProductName of a product; expected a text"),
    ],
)
def test_a_product_that_breaks_the_contract_is_named(change: dict[str, Any], words: str) -> None:
    answer = {"ProductGroups": [{**GROUP, "Products": [{**PRODUCT, **change}]}]}
    assert words in unreadable(goods.structure(), answer)


def test_no_products_are_not_taken_for_an_empty_shop() -> None:
    assert "no ProductGroups" in unreadable(goods.structure(), {})
    assert told(goods.structure(), {"ProductGroups": []}).groups == ()
    assert told(goods.products(), []) == ()
    assert "expected a list" in unreadable(goods.products(), {"a": {}, "b": 1})


def test_the_plain_list_is_read_in_json_and_in_xml() -> None:
    product = {
        "ID": 7, "name": "Øl", "groupid": "3", "groupname": "Bar", "price_1": "45,00", "price_2": "",
        "standard_price": "45.00", "categories": [], "description": "",
        "additional_price_groups": {"6": {"price": "25", "name": "middag"}},
    }  # fmt: skip
    document = LATIN + (
        '<list><products><product id="7">Øl</product><product_group id="3">Bar</product_group>'
        '<price price_1="45,00" price_2=""></price><categories/><additional_price_groups>'
        '<price_group id="6" price="25" name="middag"/></additional_price_groups>'
        "<normalpris>45.00</normalpris><description></description></products></list>"
    )
    (first,), (second,) = told(goods.products(), [product]), told(goods.products(), document)
    assert first == second
    assert (first.id, first.name, first.prices, first.standard_price) == (
        7, "Øl", (4500, None, None, None, None), 4500,
    )  # fmt: skip
    assert first.price_groups == (PriceGroup("6", "middag", 2500),)
    assert told(goods.products(), [{**product, "additional_price_groups": []}])[0].price_groups == ()


def test_an_offer_is_read_with_its_limits() -> None:
    offer = {
        "ID": 1700, "days": "1,1,1,1,1,_,0", "pricegroup": 0, "prio": 2, "name": "0", "dayfrom": "0001-01-01",
        "dayto": "2021-08-06", "timefrom": -10_000, "timeto": 900,
        "content": [{"pid": 1234, "gid": 0, "amount": 2, "pris": 12.5}],
    }  # fmt: skip
    (found,) = told(goods.offers(), [offer])
    assert told(goods.offers(), offer) == (found,)
    assert (found.days, found.priority) == ((True,) * 5 + (False,) * 2, 2)
    assert (found.from_, found.to, found.time_from, found.time_to) == (None, date(2021, 8, 6), None, 900)
    (line,) = found.lines
    assert (line.product, line.group, line.amount, line.price) == (1234, None, 2, 1250)
    assert "2 days of an offer" in unreadable(goods.offers(), [{**offer, "days": "1,1"}])


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
    assert (first.products, first.payments) == (("Te",), (("Gavekort", 6000),))
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
    call = sales.journal(MOMENT, MOMENT)
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
    assert found.lines == (sales.JournalLine("Sale", "1010", 1250, "debit"),)
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
