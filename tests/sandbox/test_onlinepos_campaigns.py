"""The OnlinePOS server's campaigns: points, vouchers, and the pages of cards that have them."""

from __future__ import annotations

from typing import Any

import pytest
from defusedxml import ElementTree

from terminal.sandbox.onlinepos.things import Card
from tests.sandbox.shop import CARD, CHIP, FIRMAID, TOKEN, Shop, sha1, told

CAMPAIGN = {
    "campaignID": 27, "campaignName": "Stamps", "active": 1, "type": "points", "free_split": 0, "free_msg": 0,
    "auto_add": 0, "info_view": 0, "whitelisted_company_ids": [],
}  # fmt: skip


def test_the_list_of_campaigns_is_bare_or_wrapped(open_shop: Any) -> None:
    assert open_shop().read("campaign/campaignList") == {"Campaigns": [{"campaign": CAMPAIGN}]}
    shop = open_shop(rules={"wrapped": True})
    assert shop.read("campaign/campaignList") == {"status": {"Campaigns": [{"campaign": CAMPAIGN}]}}
    assert len(shop.read("campaign/campaignList?show_inactive=1")["status"]["Campaigns"]) == 2


def test_what_a_campaign_gives(shop: Shop) -> None:
    reward = {"product_id": 1, "product_name": "Stor kaffe", "cost": 9, "campaign_price": 0}
    wanted = {"reward_products": [reward], "collection_products": []}
    assert shop.read("campaign/campaignProducts/27") == wanted
    assert shop.read("campaign/campaignProducts/99") == {"ERROR": "Unknown Campaign - CampaignProducts"}
    root = ElementTree.fromstring(shop("GET", "campaign/campaignProducts/27").content)
    assert root.findtext("reward_products/product/cost") == "9"


# -- points --------------------------------------------------------------------------------------------


def test_points_are_added_without_a_hash(shop: Shop) -> None:
    for card in ({"CardNo": CARD}, {"CardID": CHIP}):
        answer = shop.form("campaign/adjustValue", {**card, "CampaignID": "27", "value": "-5"})
        assert told(answer) == "status: Value successfully adjusted!"
    assert shop.points() == {"27": -10}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"CardNo": "77", "CampaignID": "27", "value": "1"}, "Unknown Card - AdjustValue"),
        ({"CardNo": CARD, "CampaignID": "99", "value": "1"}, "Unknown Campaign - AdjustValue"),
        ({"CardNo": CARD, "CampaignID": "27", "value": "1.5"}, "Invalid value - AdjustValue"),
        ({"CardNo": CARD, "CampaignID": "27"}, "Invalid value - AdjustValue"),
    ],
)
def test_an_error_of_points_is_a_200(shop: Shop, values: dict[str, str], words: str) -> None:
    answer = shop.form("campaign/adjustValue", values, Accept="application/json")
    assert (answer.status_code, answer.json(), shop.points()) == (200, {"ERROR": words}, {})


def adjust(shop: Shop, *updates: tuple[str, int, int]) -> list[int]:
    cards = [{"cardNumber": card, "campaignId": campaign, "value": value} for card, campaign, value in updates]
    answer = shop.signed("campaign/adjustValues", {"firmaid": FIRMAID, "updateCards": cards})
    assert answer.status_code == 200
    told_ = answer.json()["updatedCards"]
    assert [{name: each[name] for name in ("cardNumber", "campaignId", "value")} for each in told_] == cards
    return [each["status"][0]["code"] for each in told_]


def test_many_points_have_a_code_each_and_repeats_add_up(shop: Shop) -> None:
    assert adjust(shop, (CARD, 27, 5), ("77", 27, 5), (CARD, 99, 5), ("0002", 27, 5)) == [200, 401, 501, 401]
    assert adjust(shop, (CARD, 27, 5)) == [200]
    assert shop.points() == {"27": 10}
    assert shop.pos.counters()["references"] == {"points": {f"{CARD}/27": 2}}


def test_points_may_not_sink_below_zero(open_shop: Any) -> None:
    assert adjust(open_shop(rules={"overdraft": False}), (CARD, 27, -1)) == [502]


def test_points_in_whole_numbers_only(shop: Shop) -> None:
    card = {"cardNumber": CARD, "campaignId": 27, "value": 1.5}
    answer = shop.signed("campaign/adjustValues", {"firmaid": FIRMAID, "updateCards": [card]})
    assert answer.json() == {"status": "ERROR", "error": "The updateCards.0.value field is invalid."}


# -- pages of cards ------------------------------------------------------------------------------------


def test_points_of_cards_are_read_by_pages(shop: Shop) -> None:
    adjust(shop, (CARD, 27, 5))
    answer = shop("GET", f"card/getCampaignValues?cardNumbers={CARD}")
    (item,) = answer.json()["data"]
    assert answer.status_code == 200
    assert item["campaignInfo"] == [{"name": "Stamps", "campaignId": 27, "points": 5}]
    assert (item["RFID"], item["status"], item["group"]) == (CHIP, "Active", "VIP")


@pytest.mark.parametrize("path", ["card/getStatusOfCards", "card/getCampaignValues"])
def test_more_than_a_page_is_partial_and_none_is_none(shop: Shop, path: str) -> None:
    shop.pos.know([Card(number=f"1{n:04d}", group=3) for n in range(60)])
    first, second = shop("GET", f"{path}?fromCardNumber=1"), shop("GET", f"{path}?fromCardNumber=1&page=2")
    assert (first.status_code, second.status_code) == (206, 206)
    assert (len(first.json()["data"]), len(second.json()["data"])) == (50, 10)
    paging = {name: value for name, value in second.json().items() if name != "data"}
    assert paging == {"total": 60, "perPage": 50, "currentPage": 2, "lastPage": 2}
    assert shop("GET", f"{path}?fromCardNumber=1&page=3").status_code == 204
    assert (shop("GET", f"{path}?groups=None").status_code, shop("GET", f"{path}?groups=None").content) == (
        204,
        b"",
    )
    few = shop("GET", f"{path}?groups=VIP&toCardNumber=10003&fromCardNumber=10001")
    assert (few.status_code, len(few.json()["data"]), set(few.json())) == (200, 3, {"data"})


@pytest.mark.parametrize("query", ["page=0", "page=x", "lookForClosed=maybe"])
def test_bad_input_is_a_400(shop: Shop, query: str) -> None:
    assert shop("GET", f"card/getStatusOfCards?{query}").status_code == 400


def test_the_status_of_a_card(shop: Shop) -> None:
    (item,) = shop("GET", "card/getStatusOfCards").json()["data"]
    assert (item["cardNumber"], item["balance"], item["closed"], item["pincode"]) == (CARD, 100, False, None)
    both = shop("GET", "card/getStatusOfCards?lookForClosed=true").json()["data"]
    assert [each["closed"] for each in both] == [False, True]


def test_the_sample_of_the_status_contradicts_its_schema(open_shop: Any) -> None:
    shop = open_shop(rules={"status_shape": "sample"})
    answer = shop("GET", "getStatusOfCards?look_for_closed=1&from_number=0000&page=1")
    body = answer.json()
    assert body["pagination"] == {"total": 2, "per_page": 50, "current_page": 1, "last_page": 1}
    assert (body["look_for_closed"], body["from_number"]) == ("1", "0000")
    assert [each["balance"] for each in body["cards"]] == ["100.00", "0.00"]


# -- vouchers ------------------------------------------------------------------------------------------

VOUCHER = {"voucherno": "0042", "campaignid": "27", "start_date": "20250101", "end_date": "20260101"}
ORDER = "name voucherno campaignid start_date end_date"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_voucher_s_number_is_taken_once(shop: Shop, method: str) -> None:
    first = shop.hashed("createVoucher", ORDER, VOUCHER, method=method, Accept="application/json")
    again = shop.hashed("createVoucher", ORDER, VOUCHER, method=method, Accept="application/json")
    assert first.json() == {"status": "Voucher created", "cardnumber": "0042"}
    assert (again.status_code, again.json()) == (200, {"ERROR": "voucherno is not unique!"})
    assert told(shop.hashed("createVoucher", ORDER, VOUCHER)) == "fail: voucherno is not unique!"
    assert told(shop.hashed("createVoucher", ORDER, {**VOUCHER, "voucherno": "7"})) == "cardnumber: 7"
    assert shop.pos.counters()["references"]["voucher"] == {"0042": 1, "7": 1}
    assert (shop.read("getCard/0042")[0]["cardtype"], shop.points("0042")) == ("Gift card", {"27": 10})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"voucherno": ""}, "voucherno is required!"),
        ({"voucherno": CARD}, "voucherno is not unique!"),
        ({"campaignid": "99"}, "campaignid is invalid!"),
        ({"start_date": "2025-01-01"}, "start_date or end_date is invalid!"),
        ({"end_date": "20240101"}, "start_date or end_date is invalid!"),
    ],
)
def test_what_is_no_voucher_is_an_error(shop: Shop, changed: dict[str, str], words: str) -> None:
    answer = shop.hashed("createVoucher", ORDER, VOUCHER | changed, Accept="application/json")
    assert (answer.json(), shop.pos.effects()) == ({"ERROR": words}, [])


def test_method_hash_and_number_of_a_voucher_are_settings(open_shop: Any) -> None:
    rules = {"voucher_method": "GET", "voucher_hash": "optional", "voucher_card": "own"}
    shop = open_shop(rules=rules)
    json = {"Accept": "application/json"}
    assert shop.form("createVoucher", VOUCHER, **json).status_code == 405
    made = shop.form("createVoucher", VOUCHER, method="GET", **json).json()
    assert len(made["cardnumber"]) == 15
    again = shop.form("createVoucher", VOUCHER, method="GET", **json).json()
    assert again == {"ERROR": "voucherno is not unique!"}
    wrong = shop.form("createVoucher", {"hash": "0", **VOUCHER, "voucherno": "9"}, method="GET", **json)
    assert wrong.status_code == 403


def interval(**changes: Any) -> dict[str, Any]:
    body = {"voucherNoFrom": "0098", "voucherNoTo": "0101", "points": 10, "campaignid": 27, **changes}
    order = "voucherNoFrom voucherNoTo name campaignid points startDate endDate"
    text = "".join(str(body.get(name, "")) for name in order.split())
    return {"hash": sha1(f"{TOKEN}{FIRMAID}{text}"), **body}


def test_an_interval_of_vouchers_is_made_whole_or_not_at_all(shop: Shop) -> None:
    path = "createVoucherFromInterval"
    assert shop.json(path, interval(startDate=20250101)).json() == {"status": "Vouchers created"}
    assert [each["number"] for each in shop.pos.cards()][2:] == ["0098", "0099", "0100", "0101"]
    assert {each["name"] for each in shop.pos.cards()[2:]} == {"Gavekort"}
    overlapping = shop.json(path, interval(voucherNoFrom="0101", voucherNoTo="0102"))
    assert overlapping.json() == {"status": "ERROR", "error": "voucherno is not unique!"}
    assert len(shop.pos.cards()) == 6


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (interval() | {"points": 11}, "Hash Not Matching!"),
        (interval(campaignid=99), "campaignid is invalid!"),
        (interval(voucherNoTo="0097"), "The interval is invalid!"),
        (interval(startDate=20250231), "startDate or endDate is invalid!"),
        ({"points": 1, "campaignid": 27}, "The hash field is required."),
    ],
)
def test_each_error_of_an_interval_is_a_200(shop: Shop, body: dict[str, Any], words: str) -> None:
    answer = shop.json("createVoucherFromInterval", body)
    assert (answer.status_code, answer.json()) == (200, {"status": "ERROR", "error": words})
    assert not shop.pos.effects()
