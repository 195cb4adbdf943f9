"""Sales at the Satellite server: what is refused, what is stored, and that a code takes effect once."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from terminal.sandbox import Fault
from tests.sandbox.office import CLIENT, NO_TLS, PUBLISHED, Office, v5_sale

OpenOffice = Callable[..., Office]
Change = Callable[[dict[str, Any]], object]
CODE = PUBLISHED["code"]


def changed(body: dict[str, Any], change: Change) -> dict[str, Any]:
    other = copy.deepcopy(body)
    change(other)
    return other


def put(*path: str | int, value: object) -> Change:
    def change(body: dict[str, Any]) -> None:
        target: Any = body
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    def change(body: dict[str, Any]) -> None:
        target: Any = body
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return change


# -- what is taken -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["strict", "trusting"])
def test_the_published_request_is_taken_as_it_is(open_office: OpenOffice, mode: str) -> None:
    office = open_office(rules={"mode": mode})
    answer = office.sell(PUBLISHED)
    assert (answer.status_code, answer.json()["code"]) == (200, CODE)
    (stored,) = office.admin("GET", "sales").json()["sales"]
    assert (stored["body"], stored["client"]) == (PUBLISHED, CLIENT[0])
    told = office.admin("GET", "counters").json()
    assert (told["codes"], told["tickets"], told["sales"]) == ({CODE: 1}, 8, {"count": 1, "sum": 240})


def test_a_sale_of_v5_is_taken(office: Office) -> None:
    assert office.sell(v5_sale(), "v5").status_code == 200
    assert office.codes() == {CODE: 1}


@pytest.mark.parametrize(
    "change",
    [
        put("notes", value=None),
        put("notes", value=""),
        drop("notes"),
        drop("recordedBy"),
        put("recordedBy", value=None),
        put("createdAt", value="2023-10-01T18:31:29+13:00"),
        put("items", 0, "tickets", value=[]),
        drop("items", 0, "discountAmount"),
        put("transactions", 0, "change", value=None),
        put("transactions", 1, "change", value=None),
        put("transactions", value=[{"paymentMethod": "card", "amount": 240, "transactionId": None}]),
    ],
)
def test_what_the_contract_leaves_open_is_taken(office: Office, change: Change) -> None:
    answer = office.sell(changed(PUBLISHED, change))
    assert answer.status_code == 200, answer.text


def test_a_discount_is_off_the_line(office: Office) -> None:
    def discounted(body: dict[str, Any]) -> None:
        body["items"][0] |= {"discountAmount": 10, "totalAmount": 80}
        body["totalAmount"] -= 10
        body["transactions"][0]["amount"] -= 10

    assert office.sell(changed(PUBLISHED, discounted)).status_code == 200


def test_a_sale_that_costs_nothing_needs_no_payment(office: Office) -> None:
    def free(body: dict[str, Any]) -> None:
        body |= {"totalAmount": 0, "transactions": []}
        body["items"] = [body["items"][0] | {"unitAmount": 0, "totalAmount": 0}]

    assert office.sell(changed(PUBLISHED, free)).status_code == 200


# -- what strict refuses -------------------------------------------------------------------------------

BARCODE = ("items", 0, "tickets", 0, "barcode")
REFUSED: list[tuple[Change, str, str]] = [
    (drop("event_id"), "event_id", "missing"),
    (put("event_id", value="3"), "event_id", "an id"),
    (put("event_id", value=True), "event_id", "an id"),
    (drop("code"), "code", "missing"),
    (put("code", value=5), "code", "a text"),
    (put("code", value=""), "code", "a text"),
    (put("code", value="gjxs0lm6ryg37"), "code", "capital letters"),
    (drop("totalAmount"), "totalAmount", "missing"),
    (put("totalAmount", value=240.0), "totalAmount", "whole number"),
    (put("totalAmount", value="240"), "totalAmount", "whole number"),
    (put("totalAmount", value=-240), "totalAmount", "whole number"),
    (put("totalAmount", value=241), "transactions", "add up to 240"),
    (put("totalAmount", value=241), "items", "add up to 240"),
    (put("notes", value=7), "notes", "a text"),
    (drop("createdAt"), "createdAt", "missing"),
    (put("createdAt", value=564465456465), "createdAt", "a text"),
    (put("createdAt", value="yesterday"), "createdAt", "a text"),
    (put("createdAt", value="2023-10-01T18:31:29"), "createdAt", "offset"),
    (put("recordedBy", value=15), "recordedBy", "a text"),
    (put("recorded_by", value="15"), "recorded_by", "no such field"),
    (drop("transactions"), "transactions", "missing"),
    (put("transactions", value={}), "transactions", "a list"),
    (put("transactions", 0, value="cash"), "transactions[0]", "an object"),
    (put("transactions", 0, "paymentMethod", value="wallet"), "transactions[0].paymentMethod", '"card"'),
    (drop("transactions", 0, "amount"), "transactions[0].amount", "missing"),
    (put("transactions", 0, "amount", value=99), "transactions", "add up to 239"),
    (put("transactions", 0, "amount", value=True), "transactions[0].amount", "whole number"),
    (put("transactions", 0, "change", value=-1), "transactions[0].change", "whole number"),
    (put("transactions", 1, "change", value=0), "transactions[1].change", "only cash"),
    (put("transactions", 1, "transactionId", value=9), "transactions[1].transactionId", "a text"),
    (drop("items"), "items", "missing"),
    (put("items", value=[]), "items", "at least one"),
    (put("items", 0, "product_id", value=77), "items[0].product_id", "none with the id 77"),
    (put("items", 0, "product_id", value="4"), "items[0].product_id", "an id"),
    (put("items", 0, "quantity", value=0), "items[0].quantity", "from 1 on"),
    (put("items", 0, "quantity", value=2), "items[0].totalAmount", "2 x 30 - 0 is not 90"),
    (put("items", 0, "discountAmount", value=10), "items[0].totalAmount", "3 x 30 - 10 is not 90"),
    (put("items", 0, "description", value=""), "items[0].description", "a text"),
    (drop("items", 0, "tickets"), "items[0].tickets", "missing"),
    (put("items", 0, "price", value=30), "items[0].price", "no such field"),
    (put("items", 1, "tickets", 0, "product_id", value=80), "items[1].tickets[0].product_id", "none with"),
    (drop(*BARCODE), "items[0].tickets[0].barcode", "missing"),
    (put(*BARCODE, value="XJX01"), "items[0].tickets[0].barcode", "the purchase code"),
    (put(*BARCODE, value=CODE), "items[0].tickets[0].barcode", "more behind it"),
    (put(*BARCODE, value=f"{CODE}0000"), "items[0].tickets[0].barcode", "code of an item"),
    (put(*BARCODE, value=f"{CODE}XJX04"), "items[1].tickets[0].barcode", "another ticket of this sale"),
]


@pytest.mark.parametrize(("change", "field", "words"), REFUSED)
def test_strict_refuses_what_the_contract_forbids(
    office: Office, change: Change, field: str, words: str
) -> None:
    answer = office.sell(changed(PUBLISHED, change))
    assert answer.status_code == 400
    assert words in " ".join(answer.json()["errors"][field])
    told = office.admin("GET", "counters").json()
    assert (told["codes"], told["tickets"], told["refused_sales"]) == ({}, 0, 1)


@pytest.mark.parametrize("body", [[], "sale", 5])
def test_strict_refuses_what_is_no_object(office: Office, body: object) -> None:
    assert office.sell(body).json()["errors"]["body"] == ["expected an object"]


def test_all_mistakes_are_told_at_once(office: Office) -> None:
    answer = office.sell({"code": "x", "items": [{}]})
    assert {"code", "event_id", "totalAmount", "items[0].quantity"} <= answer.json()["errors"].keys()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (put("createdAt", value="1696185089"), "createdAt"),
        (put("createdAt", value=1_696_185_089_000), "createdAt"),
        (drop("context"), "context"),
        (put("event_id", value=3), "event_id"),
        (put("recordedBy_rfid", value="04"), "recordedBy_rfid"),
        (put("recordedBy", value=7.5), "recordedBy"),
    ],
)
def test_strict_refuses_the_old_manner_in_v5(office: Office, change: Change, field: str) -> None:
    assert field in office.sell(changed(v5_sale(), change), "v5").json()["errors"]


def test_a_path_of_v5_ends_in_json(open_office: OpenOffice, office: Office) -> None:
    assert office("POST", "/api/v5/tx/new", json=v5_sale()).status_code == 404
    assert office.codes() == {}
    trusting = open_office(rules={"mode": "trusting"})
    assert trusting("POST", "/api/v5/tx/new", json=v5_sale()).status_code == 200


def test_the_old_generation_may_name_its_format(office: Office) -> None:
    assert office("POST", "/api/ticket/transaction.json", json=PUBLISHED).status_code == 200
    assert office("POST", "/api/ticket/transaction.xml", json=PUBLISHED).status_code == 404


def test_an_event_that_is_not_known_is_refused_where_events_are_known(office: Office) -> None:
    office.satellite.know("event", (5, "Night of the Kiwi", None))
    assert "event_id" in office.sell(PUBLISHED).json()["errors"]
    office.satellite.know("event", (3, "Night of the Kiwi", None))
    assert office.sell(PUBLISHED).status_code == 200


def test_fields_of_v5_may_have_other_names(open_office: OpenOffice) -> None:
    names = {
        "items.product_id": "product",
        "items.tickets": "delegates",
        "items.discountAmount": "",
        "items.tickets.barcode": "code",
    }
    office = open_office(rules={"names": names})
    body = v5_sale()
    for item in body["items"]:
        item["product"] = item.pop("product_id")
        item["delegates"] = item.pop("tickets")
        del item["discountAmount"]
        for ticket in item["delegates"]:
            ticket["code"] = ticket.pop("barcode")
    assert "items[0].product_id" in office.sell(v5_sale(), "v5").json()["errors"]
    body["items"][0]["delegates"][0]["code"] = "foreign"
    assert office.sell(body, "v5").json()["errors"].keys() == {"items[0].delegates[0].code"}
    body["items"][0]["delegates"][0]["code"] = f"{CODE}XJX01"
    assert office.sell(body, "v5").status_code == 200
    assert office.sell(PUBLISHED | {"code": "ABCDEFGH"}).json()["errors"]  # the old generation keeps its names
    assert office.admin("GET", "counters").json()["tickets"] == 8


# -- trusting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [[], "sale", 5, {}, {"code": 7}, {"code": CODE, "items": 5}, {"items": [{"tickets": [1, {}]}, 2]},
     {"code": CODE, "totalAmount": 10**30, "items": [{"tickets": [{"barcode": "x"}, {"barcode": "x"}]}]}],
)  # fmt: skip
def test_trusting_stores_everything_that_is_json(open_office: OpenOffice, body: object) -> None:
    office = open_office(rules={"mode": "trusting"})
    assert office.sell(body).status_code == 200
    (stored,) = office.admin("GET", "sales").json()["sales"]
    assert stored["body"] == body


@pytest.mark.parametrize("content", [b"", b"{", b"<sale/>", b"\xff", b"[" * 60_000, b"9" * 5000])
def test_even_trusting_wants_json(open_office: OpenOffice, content: bytes) -> None:
    office = open_office(rules={"mode": "trusting"})
    headers = {"Content-Type": "application/json"}
    answer = office("POST", "/api/ticket/transaction", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert office("POST", "/api/ticket/transaction", content=b"{}").status_code == 415
    assert office.satellite.sales() == []


def test_trusting_takes_a_code_once_whatever_it_says_then(open_office: OpenOffice) -> None:
    office = open_office(rules={"mode": "trusting"})
    assert [office.sell({"code": CODE, "n": n}).status_code for n in (1, 2, 1)] == [200, 200, 200]
    told = office.admin("GET", "counters").json()
    assert (told["codes"], told["conflicts"], told["repeats"]) == ({CODE: 1}, 1, 1)
    assert office.satellite.sales()[0]["body"]["n"] == 1


# -- exactly once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("repeat", [200, 409])
def test_the_same_sale_again_takes_no_effect(open_office: OpenOffice, repeat: int) -> None:
    office = open_office(rules={"repeat": repeat})
    assert office.sell(PUBLISHED).status_code == 200
    backwards = dict(reversed(PUBLISHED.items()))
    assert [office.sell(body).status_code for body in (PUBLISHED, backwards)] == [repeat, repeat]
    told = office.admin("GET", "counters").json()
    assert (told["codes"], told["tickets"], told["repeats"], told["refused_sales"]) == ({CODE: 1}, 8, 2, 0)


def test_another_sale_under_the_same_code_is_refused(office: Office) -> None:
    office.sell(PUBLISHED)
    answer = office.sell(changed(PUBLISHED, put("notes", value="another")))
    assert answer.status_code == 400
    assert "code" in answer.json()["errors"]
    told = office.admin("GET", "counters").json()
    assert (told["codes"], told["conflicts"], told["refused_sales"]) == ({CODE: 1}, 1, 1)


def test_a_barcode_of_another_sale_is_refused(office: Office) -> None:
    office.sell(PUBLISHED)
    shorter = changed(PUBLISHED, put("code", value=CODE[:-1]))  # so that the same barcodes begin with it
    assert "barcode" in office.sell(shorter).json()["errors"]["items"][0]
    assert office.codes() == {CODE: 1}


def test_answers_that_are_lost_take_effect_once(office: Office) -> None:
    assert office.token
    for fault in (
        Fault(kind="drop", after=True, count=2),
        Fault(kind="status", status=502, after=True, count=1),
        Fault(kind="garbage", after=True, count=1),
    ):
        office.satellite.faults.set(fault)
        for _ in range(fault.count or 0):
            if fault.kind == "drop":
                with pytest.raises(httpx.RemoteProtocolError):
                    office.sell(PUBLISHED)
            else:
                answer = office.sell(PUBLISHED)
                assert answer.status_code == (200 if fault.kind == "garbage" else 502)
                assert ("<" in answer.text) == (fault.kind == "garbage")
        assert office.codes() == {CODE: 1}
    assert office.sell(PUBLISHED).json()["code"] == CODE
    told = office.admin("GET", "counters").json()
    assert (told["faults"], told["repeats"], told["tickets"]) == (4, 4, 8)


def test_a_fault_before_takes_no_effect_and_meets_its_path_only(office: Office) -> None:
    faults = [
        {"kind": "garbage", "path": "/ticket/", "count": 1},
        {"kind": "status", "status": 401, "path": "/ticket/", "count": 1},
        {"kind": "drop", "path": "/ticket/", "count": 1},
    ]
    assert office.admin("PUT", "faults", {"faults": faults}).status_code == 200
    assert office.token
    assert "<title>" in office.sell(PUBLISHED).text
    assert office.sell(PUBLISHED).status_code == 401
    with pytest.raises(httpx.RemoteProtocolError):
        office.sell(PUBLISHED)
    assert office.codes() == {}
    assert [each["count"] for each in office.admin("GET", "faults").json()["faults"]] == [0, 0, 0]
    assert office.sell(PUBLISHED).status_code == 200


def test_the_faults_of_one_server_are_not_those_of_the_other(office: Office) -> None:
    office.satellite.faults.set(Fault(kind="status", status=500))
    headers = {"Authorization": f"Bearer {office.sandbox.token}"}
    assert office.plain("GET", "/pos/terminal", headers=headers).status_code == 200
    office.satellite.faults.clear()
    office.sandbox.faults.set(Fault(kind="status", status=500))
    assert office.sell(PUBLISHED).status_code == 200


def test_eight_at_once_take_effect_once(office: Office) -> None:
    token = office.token
    barrier = threading.Barrier(8)
    statuses: list[int] = []

    def post() -> None:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "terminald/1.0/80POS (Linux)"}
        with httpx.Client(trust_env=False, timeout=30, headers=headers, verify=NO_TLS) as client:
            barrier.wait(30)
            for _ in range(5):
                answer = client.post(f"{office.sandbox.base}/api/ticket/transaction", json=PUBLISHED)
                statuses.append(answer.status_code)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [200] * 40
    told = office.admin("GET", "counters").json()
    assert (told["codes"], told["repeats"], told["tickets"]) == ({CODE: 1}, 39, 8)
    assert told["requests"]["POST /api/ticket/transaction"] == 40


def test_a_restart_keeps_sales_tokens_and_devices(open_office: OpenOffice, tmp_path: Path) -> None:
    before = open_office(database=tmp_path / "sandbox.db")
    before.sandbox.add_wallet("04aabbcc", 150)
    before.sell(PUBLISHED)
    token = before.token
    before.sandbox.stop()
    after = open_office(database=tmp_path / "sandbox.db")
    assert after.codes() == {CODE: 1}
    headers = {"Authorization": f"Bearer {token}"}
    assert after.plain("POST", "/api/ticket/transaction", json=PUBLISHED, headers=headers).status_code == 200
    assert after.codes() == {CODE: 1}
    assert [each.balance for each in after.sandbox.ledger.wallets()] == [150]


def test_being_away_takes_both_servers_away(office: Office) -> None:
    assert office.token
    office.sandbox.away()
    with pytest.raises(httpx.ConnectError):
        office.sell(PUBLISHED)
    office.sandbox.back()
    assert office.sell(PUBLISHED).status_code == 200


def test_a_body_has_an_end(open_office: OpenOffice) -> None:
    office = open_office(rules={"mode": "trusting"})
    assert office.sell({"code": CODE, "notes": "x" * 1_100_000}).status_code == 413
    assert office.sell({"code": CODE, "notes": "x" * 900_000}).status_code == 200
