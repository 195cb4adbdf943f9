"""The OnlinePOS server's cards: read in each format, made, edited, filled."""

from __future__ import annotations

from typing import Any

import pytest
from defusedxml import ElementTree

from tests.sandbox.shop import CARD, CHIP, FIRMAID, TOKEN, Shop, sha1, told

SHOWN = {
    "id": 1,
    "name": "Jens Åge",
    "phone": 12345678,
    "email": "",
    "debtor": "",
    "cardgroup": "VIP",
    "RFID": CHIP,
    "cardnumber": CARD,
    "cardtype": "Prepaid",
    "balance": "100,00",
    "deleted": "no",
}


# -- read ----------------------------------------------------------------------------------------------


def test_a_card_is_a_list_of_one_in_json(shop: Shop) -> None:
    assert shop.read(f"getCard/{CARD}") == [SHOWN]
    assert shop.read("getCard/77") == []


def test_xml_is_the_default_and_in_latin_1(shop: Shop) -> None:
    answer = shop("GET", f"getCard/{CARD}")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    assert b"Jens \xc5ge" in answer.content
    (card,) = ElementTree.fromstring(answer.content)
    assert {each.tag: each.text or "" for each in card} == {name: str(value) for name, value in SHOWN.items()}
    assert list(ElementTree.fromstring(shop("GET", "getCard/77").content)) == []


def test_what_latin_1_lacks_arrives_all_the_same(shop: Shop) -> None:
    values = {"cardnumber": CARD, "name": "Łukasz <&> 東"}
    assert told(shop.hashed("editCard", "cardnumber name", values)) == "status: Card updated"
    (card,) = ElementTree.fromstring(shop("GET", f"getCard/{CARD}").content)
    assert card.findtext("name") == "Łukasz <&> 東"


@pytest.mark.parametrize(("thousands", "text"), [(False, "1234567,05"), (True, "1.234.567,05")])
def test_balances_have_a_comma(open_shop: Any, *, thousands: bool, text: str) -> None:
    shop = open_shop(rules={"thousands": thousands})
    shop.pos.spend(CARD, 123_456_705 - 10_000)
    assert shop.read(f"getCard/{CARD}")[0]["balance"] == text


def test_an_unknown_card_may_be_an_error(open_shop: Any) -> None:
    shop = open_shop(rules={"unknown_card": "fail"})
    assert shop.read("getCard/77") == {"ERROR": "Unknown cardnumber: 77 - GetCard"}
    assert told(shop("GET", "getCard/77")) == "fail: Unknown cardnumber: 77 - GetCard"


def test_a_list_of_cards_has_more_of_each_and_filters(shop: Shop) -> None:
    found = shop.read("getCards")
    assert [each["cardnumber"] for each in found] == [CARD, "0002"]
    assert (found[0]["discount"], found[0]["birthday"], found[1]["deleted"]) == ("0", "", "yes")
    assert [each["cardnumber"] for each in shop.read("getCards/1")] == ["0002"]
    assert len(shop.read("getCards?filter[mobile]=12345678")) == 1
    assert shop.read("getCards?filter[email]=a@example.org") == []


def test_cards_of_a_debtor_by_type(shop: Shop) -> None:
    assert [each["cardnumber"] for each in shop.read("getCardsList/77/1/0")] == ["0002"]
    assert shop.read("getCardsList/77/2") == []
    assert shop.read("getCardsList/77/4") == {"ERROR": "The type must be between 1-3"}


def test_a_card_of_the_koncern_is_one_object_of_texts(shop: Shop) -> None:
    shown = shop.read(f"getCardForKoncern/{CARD}")
    assert (shown["id"], shown["phone"], shown["pinkode"]) == ("1", "12345678", "")
    assert "deleted" not in shown


@pytest.mark.parametrize("asked", [{"CardNo": CARD}, {"CardID": CHIP}])
def test_a_card_by_its_number_or_chip(shop: Shop, asked: dict[str, str]) -> None:
    answer = shop.hashed("campaign/cardInfo", "CardNo CardID", asked, JSON="1")
    wanted = {"name": "Jens Åge", "phone": "12345678", "cardstatus": "Active", "cardnumber": CARD}
    assert answer.json() == {"Card": wanted | {"RFID": CHIP, "campaignGroup": "VIP"}}
    root = ElementTree.fromstring(shop.hashed("campaign/cardInfo", "CardNo CardID", asked).content)
    assert (root.tag, root.findtext("cardnumber"), root.findtext("campaignInfo")) == ("card", CARD, "")


@pytest.mark.parametrize("asked", [{"CardNo": "77"}, {"CardID": "77"}, {"CardID": ""}, {}])
def test_no_card_is_no_card_whatever_was_asked(shop: Shop, asked: dict[str, str]) -> None:
    answer = shop.hashed("campaign/cardInfo", "CardNo CardID", asked)
    assert told(answer) == "fail: Unknown Card - CardInfo"


# -- made ----------------------------------------------------------------------------------------------

ADD = "type name phone debtor rfid eksnr group pin_code discount email birthday"


def test_a_new_card_gets_a_number_and_a_group(shop: Shop) -> None:
    values = {"type": "3", "name": "Gave", "rfid": "CAFE", "group": "Guests", "birthday": "19810220"}
    tag, _, number = told(shop.hashed("addCard", ADD, values)).partition(": ")
    (card,) = shop.read(f"getCard/{number}")
    assert (tag, len(number), number[0]) == ("cardnumber", 15, "0")
    assert (card["cardtype"], card["RFID"], card["cardgroup"]) == ("Gift card", "CAFE", "Guests")
    assert (card["balance"], card["name"]) == ("0,00", "Gave")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"type": "4"}, "The type must be between 1-3"),
        ({"type": "2", "rfid": CHIP}, "RFID is not unique!"),
        ({"type": "2", "debtor": "77"}, "Debtor number is not unique!"),
        ({"type": "1", "pin_code": "1234567"}, "Pin code must be 6 digits or less"),
        ({"type": "1", "birthday": "19810231"}, "Birthday is not a valid date"),
    ],
)
def test_what_cannot_be_a_card_is_a_fail(shop: Shop, values: dict[str, str], words: str) -> None:
    assert told(shop.hashed("addCard", ADD, values)) == f"fail: {words}"
    assert len(shop.pos.cards()) == 2


def new(**values: Any) -> dict[str, Any]:
    text = "".join(str(values.get(name, "")) for name in ADD.split())
    return {"hash": sha1(f"{TOKEN}{FIRMAID}{text}"), **values}


def test_many_new_cards_have_an_answer_each(shop: Shop) -> None:
    cards = [
        new(type=3, name="A", rfid="90001"),
        new(type=3, name="B", rfid="90001"),
        new(type=2) | {"hash": "0"},
        new(type=2, birthday=19810220),
    ]
    told_ = shop.json("addCards", {"cards": cards}).json()
    assert told_[0] == {"status": "success", "error": "", "name": "A", "rfid": "90001", "cardNumber": "90001"}
    assert told_[1] == {
        "status": "fail", "error": "RFID is not unique!", "name": "B", "rfid": "90001", "cardNumber": "",
    }  # fmt: skip
    assert (told_[2]["status"], told_[2]["error"]) == ("fail", "Hash Not Matching!")
    assert (told_[3]["status"], len(told_[3]["cardNumber"])) == ("success", 15)
    assert shop.pos.counters()["references"]["rfid"] == {"90001": 1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "The cards field is required."),
        ({"cards": []}, "The cards field is invalid."),
        ({"cards": [{"type": 3}]}, "The cards.0.hash field is required."),
        ({"cards": [{"hash": "x", "type": "3"}]}, "The cards.0.type field is invalid."),
        ({"cards": [{"hash": "x", "type": 3, "nme": "x"}]}, "The nme field is unknown."),
    ],
)
def test_a_malformed_list_of_cards_is_a_200(shop: Shop, body: object, words: str) -> None:
    answer = shop.json("addCards", body)
    assert (answer.status_code, answer.json()) == (200, {"status": "ERROR", "error": words})


# -- edited --------------------------------------------------------------------------------------------


def test_a_card_is_edited_by_what_is_there(shop: Shop) -> None:
    order = "cardnumber name phone debtor rfid group delete email birthday discount"
    values = {"cardnumber": CARD, "rfid": "CAFE", "discount": "10", "delete": "true"}
    assert told(shop.hashed("editCard", order, values)) == "status: Card updated"
    (card,) = shop.read(f"getCard/{CARD}")
    assert (card["RFID"], card["deleted"], card["name"]) == ("CAFE", "yes", "Jens Åge")
    for wrong, words in (
        ({"cardnumber": "77"}, "Unknown cardnumber: 77 - EditCard"),
        ({"cardnumber": "0002", "rfid": "CAFE"}, "RFID is not unique!"),
        ({"cardnumber": CARD, "group": "VIP"}, "cardgroup is invalid!"),
        ({"cardnumber": CARD, "debtor": "77"}, "Debtor number is not unique!"),
        ({"cardnumber": CARD, "delete": "1"}, "delete is invalid!"),
    ):
        assert told(shop.hashed("editCard", order, wrong)) == f"fail: {words}"


@pytest.mark.parametrize(
    ("number", "updates", "code"),
    [
        (CARD, {"name": "Else"}, 200),
        (CARD, {"delete": 1}, 201),
        (CARD, {"name": "Jens Åge", "balance": 100}, 301),
        ("77", {"name": "x"}, 401),
        (CARD, {}, 411),
        (CARD, None, 412),
        (CARD, {"birthday": "20200101"}, 421),
        (CARD, {"birthday": "2020-02-30"}, 422),
        ("0002", {"rfid": CHIP}, 423),
        (CARD, {"groupId": 99}, 425),
        (CARD, {"balance": "12"}, 426),
        (CARD, {"balance": 1.005}, 426),
        (CARD, {"nme": "x"}, 426),
    ],
)
def test_each_of_many_edits_has_a_code(shop: Shop, number: str, updates: Any, code: int) -> None:
    before = shop.pos.cards()
    body = {"firmaid": FIRMAID, "updateCards": [{"cardNumber": number, "updates": updates}]}
    answer = shop.signed("card/editCards", body)
    (told_,) = answer.json()["updatedCards"]
    assert [each["code"] for each in told_["status"]] == [code]
    assert told_["status"][0]["message"]
    assert (shop.pos.cards() != before) == (code < 300) == bool(shop.pos.effects())


def test_a_balance_that_is_set_is_that_balance(shop: Shop) -> None:
    updates = {"balance": 25.25, "discountPct": 5, "priceGroupNo": 6}
    body = {"firmaid": FIRMAID, "updateCards": [{"cardNumber": CARD, "updates": updates}]}
    (told_,) = shop.signed("card/editCards", body).json()["updatedCards"]
    assert told_["updates"] == {"balance": 25.25, "discount": 5, "priceGroup": 6}
    assert shop.balance() == 2525
    assert shop.pos.counters()["cards"] == {CARD: {"count": 1, "hundredths": -7475}}


# -- filled --------------------------------------------------------------------------------------------


def test_a_deposit_is_added_each_time_again(shop: Shop) -> None:
    assert shop.deposit("25") == "status: New balance: 125.00"
    assert shop.deposit("25") == "status: New balance: 150.00"
    assert shop.deposit("-200.5") == "status: New balance: -50.50"
    assert shop.pos.counters()["cards"] == {CARD: {"count": 3, "hundredths": -15_050}}


def test_a_deposit_may_overwrite(shop: Shop) -> None:
    assert shop.deposit("25", overwrite_balance="true") == "status: New balance: 25.00"
    assert shop.deposit("25", overwrite_balance="true") == "status: New balance: 25.00"
    assert shop.deposit("5", overwrite_balance="false") == "status: New balance: 30.00"
    assert shop.deposit("5", overwrite_balance="yes") == "fail: Invalid overwrite_balance - Deposit"


@pytest.mark.parametrize("amount", ["", "x", "1,50", "1.005", "1e3", "٣"])
def test_what_is_no_amount_is_not_deposited(shop: Shop, amount: str) -> None:
    assert shop.deposit(amount) == "fail: Invalid amount - Deposit"
    assert (shop.balance(), shop.pos.effects()) == (10_000, [])


@pytest.mark.parametrize("card", ["77", "0002", ""])
def test_a_card_that_is_not_there_gets_nothing(shop: Shop, card: str) -> None:
    assert shop.deposit("1", card) == f"fail: Unknown cardnumber: {card} - Deposit"


@pytest.mark.parametrize(("fractions", "balance"), [("taken", 10_250), ("cut", 10_200), ("refused", 10_000)])
def test_fractions_are_a_setting(open_shop: Any, fractions: str, balance: int) -> None:
    shop = open_shop(rules={"fractions": fractions})
    shop.deposit("2.50")
    assert shop.balance() == balance


def test_it_may_refuse_to_sink_below_zero(open_shop: Any) -> None:
    shop = open_shop(rules={"overdraft": False})
    assert shop.deposit("-100.01") == "fail: Balance too low - Deposit"
    assert shop.deposit("-100") == "status: New balance: 0.00"


def test_how_decimals_are_written_is_a_setting(open_shop: Any) -> None:
    shop = open_shop(rules={"decimal_mark": ","})
    assert shop.deposit("12,5") == "status: New balance: 112.50"
    assert shop.deposit("12.5") == "fail: Invalid amount - Deposit"
    assert open_shop().deposit("12,5") == "fail: Invalid amount - Deposit"
