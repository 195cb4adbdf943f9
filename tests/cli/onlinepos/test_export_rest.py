"""`onlinepos export`, of everything that no till needs: each read gives what the server holds, exact."""

from __future__ import annotations

import csv
import json
from itertools import zip_longest
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.backends.onlinepos.concern import LONGEST_REVENUE
from terminal.cli.onlinepos.rows_concern import told
from terminal.sandbox.onlinepos.things import (
    Card,
    Category,
    Ingredient,
    Product,
    StockPlace,
    StockProduct,
)
from tests.cli.onlinepos.conftest import Open
from tests.sandbox.shop import CARD, FIRMAID, Shop

DAY = ("--from", "2023-11-14", "--to", "2023-11-14")
_CARD = {"group": "", "closed": "False", "kind": "Prepaid", "price_group": "", "waiter": ""}

BAR = {"company": "9000", "name": "Other", "active": "True", "department": "1", "department_name": "Bar"}
KIOSK = {"company": "1234", "name": "Café Å", "country": "Danmark", "last_journal": "789"}
BEANS = {"product": "70", "amount": "1.964", "value": "353.520"}
USED = {"product": "70", "name": "Bønner", "group": "Kaffe", "amount": "0.036", "unit": "kg", "value": "6.48"}
JOURNAL = {
    "company": "1234", "department": "1", "clerk": "1", "begins": "2023-11-14 23:13:20", "revenue": "50.00",
    "begins_utc": "2023-11-14T22:13:20Z", "ends_utc": "2023-11-14T22:13:20Z", "count": "2",
    "difference": "0.00", "kinds": "Online 50",
}  # fmt: skip
TOTAL = {"company": "1234", "amount": "50.00", "guests": "3", "from": "2023-11-14 00:00:00"}
MILK = {
    "product": "2", "name": "Mælk", "group_name": "Kaffe & te", "standard_price": "4.95", "price_1": "4.95",
    "price_2": "0.00", "price_5": "0.00", "price_groups": "6 middag 6.00", "cost": "0.00", "categories": "",
}  # fmt: skip
CHOCOLATE = {"product": "9", "name": "Kakao", "cost": "1.25", "categories": "3 Varmt"}
COFFEE = {"option_of": "", "product": "1", "price": "25.00", "sold_out": "False", "least": "0", "most": "2"}
WITH_MILK = {"option_of": "1", "product": "2", "price": "4.95", "preset": "True"}
GUEST = {**_CARD, "card": "0077", "debtor": "77", "balance": "-12.50", "name": "Firma"}
FULL = {**GUEST, "price_group": "6", "discount_percent": "15", "waiter": "12"}

EXPORTS: dict[str, tuple[str, list[dict[str, str]]]] = {
    "companies": ("companies", [KIOSK, BAR]),
    "clerks": (
        "clerks",
        [
            {"entry": entry, "field": field, "value": value}
            for entry, company in (("1", "1234"), ("2", "9000"))
            for field, value in (("clerkid", "1"), ("name", "Kasse"), ("firmaid", company))
        ],
    ),
    "revenue": ("revenue --from 2023-11-01 --to 2023-11-30", [JOURNAL]),
    "turnover": (f"turnover {' '.join(DAY)}", [TOTAL]),
    "turnover of the concern": (
        f"turnover --concern {' '.join(DAY)}",
        [TOTAL, {"company": "9000", "amount": "50.00", "guests": "0"}],
    ),
    "debtors": (
        f"debtors {' '.join(DAY)}",
        [
            {"entry": "1", "field": "debtor", "value": "77"},
            {"entry": "1", "field": "chk"},
            {"entry": "1", "field": "price", "value": "50,00"},
        ],
    ),
    "cards of a debtor": ("cards --debtor 77", [{"card": "0002", "closed": "True"}, GUEST]),
    "open cards of a debtor": ("cards --debtor 77 --open", [GUEST]),
    "a card of the concern": ("cards --in-concern 0077", [GUEST]),
    "cards in full": ("cards --full --open", [{"card": CARD, "discount_percent": "0"}, FULL]),
    "cards from one to another": ("cards --from-card 0003 --to-card 0900", [FULL]),
    "points from one to another": (f"points --from-card {CARD}", [{"card": CARD, "points": "7"}]),
    "history": (f"history --card {CARD}", [{"products": "1 x Other goods", "amount": "2.50"}]),
    "composition": ("composition", [{"product": "9", "stock_product": "70", "amount": "0.018"}]),
    "consumption": (f"consumption {' '.join(DAY)}", [USED]),
    "consumption of another": (f"consumption --company 9000 {' '.join(DAY)}", []),
    "locations": ("locations", [{"location": "5", "name": "Lager", "main": "True"}]),
    "locations of another": ("locations --company 9000", [{"location": "6", "main": "False"}]),
    "stock": ("stock", [{"ean": "0001", "other_eans": "A1", "amount": "5.000"}]),
    "values": ("stock --values", [{"location": "5", **BEANS}]),
    "values of another": (
        "stock --values --company 9000 --location 6",
        [{"location": "6", "product": "70", "amount": "1.000", "value": "180.000"}],
    ),
    "totals": ("stock --totals", [BEANS]),
    "totals before": ("stock --totals --at 2023-11-13", [{"product": "70", "amount": "2.000"}]),
    "takeaway": (
        "takeaway",
        [COFFEE, WITH_MILK, {"product": "2"}, {"product": "3"}, {"product": "9", "sold_out": "True"}],
    ),
    "shops": ("shops", [{"shop": "1234", "name": "Café Å"}, {"shop": "9000"}]),
    "timeslots": (
        "timeslots --day 2023-12-24 --limit 2",
        [{"day": "2023-12-24", "time": "10:00"}, {"day": "2023-12-24", "time": "10:15"}],
    ),
    "products": ("products", [{"product": "1", "cost": "6.50"}, MILK, {"product": "3"}, CHOCOLATE]),
}


def busy(shop: Shop) -> None:
    """Let the server hold something of everything."""
    shop.pos.know(
        [
            StockPlace(id=5, name="Lager", firmaid=FIRMAID, main=True),
            StockPlace(id=6, name="Bar", firmaid=9000),
            StockProduct(
                id=70, name="Bønner", group="Kaffe", unit="kg", cost=18_000, amounts={"5": 2000, "6": 1000}
            ),
            Product(
                id=9, name="Kakao", price=2500, group=10, cost=125, soldout=True,
                categories=(Category(id=3, name="Varmt"),), recipe=(Ingredient(stock=70, amount=18),),
            ),
            Card(
                number="0077", name="Firma", debtor="77", balance=-1250, price_group=6, discount=15, eksnr="12"
            ),
        ]
    )  # fmt: skip
    cart: list[dict[str, Any]] = [{"productId": 9, "indentation": 0, "amount": 2, "price": 50}]
    shop.order(paid=1, pax=3, cart=cart)
    (line,) = shop.pos.store.lines()
    shop.pos.store.save_line(replace(line, card="0077"))
    shop.order(paid=1, shopId=9000)
    shop.pos.close_day(FIRMAID)
    shop.admin("POST", "spend", {"card": CARD, "amount": -250})
    shop.admin("POST", "spend", {"card": CARD, "amount": 7, "campaign": 27})


def test_each_export_has_what_the_server_holds(open_office: Open) -> None:
    office, shop = open_office()
    busy(shop)
    found = {name: list(csv.DictReader(office.export(*args.split()))) for name, (args, _) in EXPORTS.items()}
    looked_at = {
        name: [
            {field: record[field] for field in each}
            for each, record in zip_longest(expected, found[name], fillvalue={})
        ]
        for name, (_, expected) in EXPORTS.items()
    }
    assert looked_at == {name: expected for name, (_, expected) in EXPORTS.items()}


def test_revenue_is_asked_for_in_steps_that_the_server_takes(open_office: Open) -> None:
    office, shop = open_office()
    shop.clock.pass_s(LONGEST_REVENUE.total_seconds())
    for _ in range(3):
        shop.order(paid=1)
        shop.pos.close_day(FIRMAID)
        shop.clock.pass_s(LONGEST_REVENUE.total_seconds())
    found = office.export("revenue", "--from", "2023-11-14", "--to", "2023-11-24", "--format", "jsonl")
    assert len({json.loads(each)["ends_utc"] for each in found}) == len(found) == 3
    (asked,) = (count for path, count in shop.pos.counters()["requests"].items() if "getKoncernRevenue" in path)
    assert asked == 6


@pytest.mark.parametrize(
    ("answer", "records"),
    [
        ({"list": ""}, []),
        ([], []),
        ({"list": {"sale": {"a": "1"}}}, [(1, "a", "1")]),
        ({"list": {"sale": [{"a": "1"}, {"a": "2"}]}}, [(1, "a", "1"), (2, "a", "2")]),
        (
            {"page": 1, "clerks": [{"name": "Bo", "at": [7, None], "boss": True}]},
            [
                (1, "page", "1"),
                (1, "clerks.1.name", "Bo"),
                (1, "clerks.1.at.1", "7"),
                (1, "clerks.1.at.2", ""),
                (1, "clerks.1.boss", "true"),
            ],
        ),
    ],
)
def test_nothing_is_lost_of_what_is_not_documented(answer: Any, records: list[Any]) -> None:
    assert [tuple(each.values()) for each in told(answer)] == records


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["cards", "--debtor", "7", "--full"], "lists of their own"),
        (["stock", "--values", "--totals"], "not both"),
        (["stock", "--totals", "--company", "2"], "--company is for --values"),
        (["revenue", "--from", "2023-01-02", "--to", "2023-01-01"], "--from is later than --to"),
        (["timeslots", "--day", "today"], "does not match the format"),
    ],
)
def test_what_cannot_be_asked(open_office: Open, args: list[str], words: str) -> None:
    office, shop = open_office()
    done = office("export", *args)
    assert (done.exit_code, words in done.stderr) == (2, True), done.output
    assert shop.pos.counters()["requests"] == {}
