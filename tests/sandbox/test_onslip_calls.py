"""Vouchers, sales, journals, counters of devices and event streams of the Onslip server."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.sandbox.realm import ID, ITEM, SECRET, Answer, Realm

OpenRealm = Callable[..., Realm]
PAID = {"method": "card", "amount": 19.5}
RECEIPT = {"type": "sale", "items": [ITEM], "payments": [PAID], "change": 0, "reference": "tx-1"}
RECORD = {"date": "2023-11-14T22:13:20.000Z", "type": "receipt", "receipt": RECEIPT}


# -- who am I ------------------------------------------------------------------------------------------


def test_who_signs_is_told_who_they_are(realm: Realm) -> None:
    realm.only("show-tills", "bind-tills", till=8)
    realm("PUT", "/tills/8/state", {"z-report-counter": 3})
    told = realm("GET", "").json()
    assert told["permissions"] == ["bind-tills", "show-tills"]
    assert (told["till"]["id"], told["location"]["name"], told["user"]) == (
        8,
        "Hall",
        {"id": 1, "alias": "kiosk"},
    )
    assert told["till-state"] == {"z-report-counter": 3}
    assert told["service-endpoints"] == [{"uri": f"{realm.sandbox.base}/v1/"}]
    assert told["merchant-params"]["vat-rates"] == [25, 12, 6, 0]


def test_who_is_no_device_is_told_so_and_where_else_to_ask(realm: Realm) -> None:
    realm.admin("PUT", "rules", {"endpoints": ["https://a.example/v1/", "https://b.example/v1/"]})
    told = realm("GET", "").json()
    assert not {"till", "till-state", "location"} & told.keys()
    assert [each["uri"] for each in told["service-endpoints"]][1] == "https://b.example/v1/"


def test_health_needs_no_signature(realm: Realm) -> None:
    assert realm.send("GET", "/v1/health/alive").status == 204
    assert realm.send("GET", "/v1/health/ready").status == 204
    kind = {"Content-Type": "application/json"}
    assert realm.send("POST", "/v1/health/echo", b'{"payload":"p"}', **kind).json() == {"payload": "p"}
    assert realm.send("POST", "/v1/health/echo", b"{}", **kind).error == (400, "bad-request")


def test_a_device_keeps_its_own_counters(realm: Realm) -> None:
    realm.only(till=7)
    total = {"count": 2, "amount": 39.0}
    first = realm("PUT", "/tills/7/state", {"z-report-counter": 1, "grand-total-sales": total})
    assert first.status == 200
    change = {"batch-is-open": True, "grand-total-sales": {"count": 3}}
    second = realm("PATCH", "/tills/7/state", change, headers={"If-Match": first.etag})
    assert second.json() == {
        "z-report-counter": 1,
        "batch-is-open": True,
        "grand-total-sales": {"count": 3, "amount": 39.0},
    }
    assert realm("PATCH", "/tills/7/state", change, headers={"If-Match": first.etag}).status == 412
    assert realm("PATCH", "/tills/7/state", {"colour": 1}).error == (400, "bad-request")
    assert realm("GET", "/tills/8/state").error == (403, "forbidden")
    assert realm("GET", "/tills/7/state", headers={"If-None-Match": second.etag}).status == 304
    assert realm("DELETE", "/tills/7/state").status == 204
    assert realm("GET", "/tills/7/state").json() == {}


def test_the_server_notes_what_a_device_calls_itself(realm: Realm) -> None:
    realm.only("show-tills", till=7)
    before = realm("GET", "/tills/8").etag
    first = realm("GET", "/tills/7")
    assert first.json()["client-user-agent"] == "terminald/1.2.3"
    assert first.json()["updated"] == first.json()["created"]
    assert realm("GET", "/tills/8").etag == before
    assert "client-user-agent" not in realm("GET", "/tills/8").json()


# -- vouchers ------------------------------------------------------------------------------------------


def balance(realm: Realm) -> float:
    found: float = realm("GET", "/vouchers/5").json()["payment"]["balance"]
    return found


def test_what_is_booked_on_a_voucher_is_told_and_counted(realm: Realm) -> None:
    told = realm("POST", "/vouchers/5", {"amount": -19.5}).json()
    assert told == {
        "type": "payment-voucher",
        "payment-voucher": {
            "balance": 80.5,
            "transaction-id": "1",
            "transaction-date": "2023-11-14T22:13:20.000Z",
            "voucher": 5,
            "identifiers": ["04a1"],
        },
    }
    assert realm("POST", "/vouchers/5", {"amount": 0.125}).json()["payment-voucher"]["balance"] == 80.625
    assert balance(realm) == 80.625
    told = realm.admin("GET", "counters").json()
    assert told["vouchers"] == {"5": {"count": 2, "thousandths": -19_375}}


def test_a_repeat_is_booked_again(realm: Realm) -> None:
    for _ in range(2):
        realm("POST", "/vouchers/5", {"amount": -30})
    assert balance(realm) == 40


def test_a_voucher_goes_as_far_below_zero_as_its_limit(realm: Realm) -> None:
    assert realm("POST", "/vouchers/5", {"amount": -110.001}).error == (409, "insufficient-balance")
    assert realm("POST", "/vouchers/5", {"amount": -110}).status == 200
    assert realm("POST", "/vouchers/5", {"amount": -0.001}).error == (409, "insufficient-balance")
    assert realm("POST", "/vouchers/5", {"amount": 1}).status == 200
    assert balance(realm) == -9


def test_the_sign_of_what_is_spent_is_a_setting(open_realm: OpenRealm) -> None:
    realm = open_realm(rules={"spends": "positive"})
    realm("POST", "/vouchers/5", {"amount": 30})
    assert balance(realm) == 70


@pytest.mark.parametrize(
    "body", [{}, {"quantity": 1}, {"amount": 1, "quantity": 1}, {"amount": "1"}, {"amount": 0.0001}]
)
def test_what_is_no_booking_is_refused(realm: Realm, body: object) -> None:
    assert realm("POST", "/vouchers/5", body).error == (400, "bad-request")
    assert balance(realm) == 100


def test_expired_and_deleted_vouchers_take_no_booking(realm: Realm) -> None:
    assert realm("PATCH", "/vouchers/5", {"expires": "2023-13-14T22:13:20Z"}).error == (400, "bad-request")
    realm("PATCH", "/vouchers/5", {"expires": "2023-11-14T21:13:21-01:00"})
    assert realm("POST", "/vouchers/5", {"amount": -1}).status == 200
    realm("PATCH", "/vouchers/5", {"expires": "2023-11-14T23:13:20+01:00"})
    assert realm("POST", "/vouchers/5", {"amount": -1}).error == (409, "expired")
    realm("DELETE", "/vouchers/5")
    assert realm("POST", "/vouchers/5", {"amount": -1}).error == (404, "not-found")


def test_a_punch_card_is_booked_on_by_quantity(realm: Realm) -> None:
    coupon = {"product": 1, "quantity": 10}
    card = realm("POST", "/vouchers/", {"type": "coupon", "identifiers": ["c"], "coupon": coupon}).json()
    told = realm("POST", f"/vouchers/{card['id']}", {"quantity": -3}).json()
    assert (told["type"], told["coupon-voucher"]["balance"]) == ("coupon-voucher", 7)
    assert realm("POST", f"/vouchers/{card['id']}", {"quantity": -8}).error == (409, "insufficient-balance")


def test_only_administration_writes_a_balance(realm: Realm) -> None:
    realm.only("edit-vouchers", "show-vouchers")
    assert realm("PATCH", "/vouchers/5", {"payment": {"balance": 5}}).error == (403, "forbidden")
    assert realm("PATCH", "/vouchers/5", {"identifiers": ["04a1", "04b2"]}).status == 200
    assert realm("POST", "/vouchers/5", {"amount": 1}).error == (403, "forbidden")
    realm.only("edit-vouchers", "admin-vouchers")
    assert realm("PATCH", "/vouchers/5", {"payment": {"balance": 5}}).json()["payment"]["credit-limit"] == 10


def test_no_money_is_made_or_lost_under_many_at_once(realm: Realm) -> None:
    amounts = [-7.25, 3.5, -4.125, 2.0]
    answers: list[tuple[float, Answer]] = []
    start = threading.Barrier(4)

    def spend(amount: float) -> None:
        start.wait(30)
        answers.extend([(amount, realm("POST", "/vouchers/5", {"amount": amount})) for _ in range(15)])

    threads = [threading.Thread(target=spend, args=(amount,)) for amount in amounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 60
    booked = [amount for amount, answer in answers if answer.status == 200]
    assert {answer.error for _, answer in answers if answer.status != 200} <= {(409, "insufficient-balance")}
    assert balance(realm) == 100 + sum(booked)
    told = realm.admin("GET", "counters").json()["vouchers"]["5"]
    assert told == {"count": len(booked), "thousandths": round(sum(booked) * 1000)}
    numbers = [it.json()["payment-voucher"]["transaction-id"] for _, it in answers if it.status == 200]
    assert len(set(numbers)) == len(booked)


# -- sales ---------------------------------------------------------------------------------------------


def test_an_order_and_its_tab_are_found_by_their_reference(realm: Realm) -> None:
    order = {"type": "take-out", "state": "requested", "location": 1, "name": "A", "items": [ITEM]}
    made = realm("POST", "/orders/", order | {"client-reference": "tx-1", "order-reference": "12"}).json()
    realm("POST", "/tabs/", {"name": "A", "order": made["id"], "items": [ITEM], "_x-demo-tx": "tx-1"})
    assert [it["id"] for it in realm("GET", "/orders/?q=client-reference:%22tx-1%22").json()] == [made["id"]]
    told = realm.admin("GET", "counters").json()
    assert told["references"] == {"orders": {"tx-1": 1, "12": 1}, "tabs": {"tx-1": 1}}
    assert told["effects"] == {"create orders": 1, "create tabs": 1}
    assert realm.admin("GET", "effects").json()["effects"][0]["references"] == ["12", "tx-1"]
    assert realm("POST", "/tabs/", {"order": 99}).error == (400, "bad-request")
    assert realm("POST", "/orders/", order | {"location": 2}).error == (400, "bad-request")
    assert realm("GET", "/locations/1/take-out-status").json()["open"] is True


def test_an_order_that_ended_stays_ended(realm: Realm) -> None:
    made = realm("POST", "/orders/", {"state": "requested", "location": 1, "name": "A"}).json()
    path = f"/orders/{made['id']}"
    assert realm("PATCH", path, {"state": "cancelled"}).status == 200
    assert realm("PATCH", path, {"state": "active"}).error == (409, "final")


@pytest.mark.parametrize("lock", [{"tab-locked-by": "Register 1"}, {"frozen": True}])
def test_a_tab_that_is_open_elsewhere_is_left_alone(realm: Realm, lock: dict[str, object]) -> None:
    made = realm("POST", "/tabs/", {"name": "A", **lock}).json()
    for method, body in [("PATCH", {"name": "B"}), ("PUT", {"name": "B"}), ("DELETE", None)]:
        assert realm(method, f"/tabs/{made['id']}", body).error == (409, "locked")


@pytest.fixture
def journal(realm: Realm) -> Realm:
    realm.onslip.know("tills", [{"id": 9, "name": "Sales", "type": "external-journal"}])
    realm.key(ID, SECRET, "add-external-records", "show-records", journal=9)
    return realm


def test_an_external_journal_takes_records_of_its_own_token(journal: Realm) -> None:
    stored = journal("POST", "/journal/9/external-record", RECORD).json()
    assert (stored["receipt"]["total-amount"], stored["client"]) == (19.5, 9)
    report = {"date": RECORD["date"], "type": "report", "report": {"type": "z-report"}}
    assert journal("POST", "/journal/9/external-record", report).json()["id"] == 2
    assert [it["id"] for it in journal("GET", "/journal/9/?s=-id").json()] == [2, 1]
    found = journal("GET", "/journal/9/?q=receipt.reference:%22tx-1%22").json()
    assert [it["id"] for it in found] == [stored["id"]]
    assert journal.admin("GET", "counters").json()["references"] == {"journal/9": {"tx-1": 1}}
    journal.key(ID, SECRET, "add-external-records", journal=8)
    assert journal("POST", "/journal/9/external-record", RECORD).error == (403, "forbidden")
    assert journal("POST", "/journal/8/external-record", RECORD).error == (403, "forbidden")


@pytest.mark.parametrize(
    "change",
    [
        {"type": "report"},
        {"report": {"type": "z-report"}},
        {"date": "today"},
        {"receipt": RECEIPT | {"payments": [PAID | {"amount": 19.49}]}},
        {"receipt": RECEIPT | {"total-amount": 19.5}},
        {"receipt": {name: value for name, value in RECEIPT.items() if name != "change"}},
        {"batch-id": 1},
    ],
)
def test_a_record_that_is_none_is_refused(journal: Realm, change: dict[str, object]) -> None:
    assert journal("POST", "/journal/9/external-record", RECORD | change).error == (400, "bad-request")
    assert journal("GET", "/journal/9/").json() == []


# -- event streams -------------------------------------------------------------------------------------


@contextmanager
def reading(realm: Realm, id_: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(realm.host, realm.port, timeout=30)
    path = f"/v1/~demo.example/event-streams/{id_}/stream"
    connection.request("GET", path, headers={"Accept": "text/event-stream"})
    response = connection.getresponse()
    try:
        assert response.readline() == b": welcome\n"
        yield response
    finally:
        response.close()
        connection.close()


def event(response: http.client.HTTPResponse) -> tuple[str, Any]:
    while not (line := response.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    told = json.loads(line.removeprefix(b"data: "))
    return f"{told['operation']} {told['resource']}", told["payload"]


def watch(realm: Realm, *queries: dict[str, Any]) -> str:
    answer = realm("POST", "/event-streams", {"state": "pending", "queries": list(queries)})
    assert answer.json()["state"] == "pending"
    return str(answer.json()["id"])


def test_a_stream_tells_what_happened_since_it_was_made(realm: Realm) -> None:
    id_ = watch(realm, {"resource": "products", "query": "price>20"}, {"resource": "tills"})
    realm("PATCH", "/products/2", {"price": 26})
    realm("PATCH", "/products/1", {"price": 19})
    with reading(realm, id_) as stream:
        assert event(stream)[1]["price"] == 26
        made = realm("POST", "/products/", {"name": "Cake", "product-group": 1, "price": 40}).json()
        assert event(stream) == ("create products", made)
        realm("DELETE", f"/products/{made['id']}")
        told, payload = event(stream)
        assert (told, "deleted" in payload) == ("delete products", True)
        realm("POST", "/vouchers/5", {"amount": 1})
        realm("PATCH", "/tills/7", {"client-version": "2.0"})
        assert event(stream)[0] == "update tills"
        assert realm("GET", f"/event-streams/{id_}").json()["state"] == "active"


def test_operations_that_were_not_asked_for_are_not_told(realm: Realm) -> None:
    id_ = watch(realm, {"resource": "tabs", "operations": ["delete"]})
    made = realm("POST", "/tabs/", {"name": "A"}).json()
    realm("DELETE", f"/tabs/{made['id']}")
    with reading(realm, id_) as stream:
        assert event(stream)[0] == "delete tabs"


def test_a_stream_that_was_left_is_gone(realm: Realm) -> None:
    id_ = watch(realm, {"resource": "tabs"})
    target, accept = f"/v1/~demo.example/event-streams/{id_}/stream", {"Accept": "text/event-stream"}
    with reading(realm, id_) as stream:
        assert realm.send("GET", target, **accept).error == (409, "active")
        assert realm.admin("POST", "cut", {}).json() == {"cut": 1}
        assert stream.read() == b"\n"
    assert realm.send("GET", target, **accept).error == (404, "not-found")
    assert realm("GET", f"/event-streams/{id_}").error == (404, "not-found")


def test_a_stream_is_made_of_what_may_be_seen(realm: Realm) -> None:
    queries = [{"resource": "products"}, {"resource": "vouchers"}]
    realm.only("use-event-streams", "show-products")
    assert realm("POST", "/event-streams", {"queries": queries}).error == (403, "forbidden")
    for body in ({}, {"queries": []}, {"queries": [{"resource": "planets"}]}, {"queries": queries, "x": 1}):
        assert realm("POST", "/event-streams", body).error == (400, "bad-request")
    bad = {"queries": [{"resource": "products", "query": "a OR b"}]}
    assert realm("POST", "/event-streams", bad).error == (400, "bad-query")
    id_ = watch(realm, {"resource": "products"})
    assert len(id_) >= 32
    assert realm.send("GET", f"/v1/~demo.example/event-streams/{id_}/stream").error == (406, "not-acceptable")
    assert realm("DELETE", f"/event-streams/{id_}").status == 204
    assert realm("DELETE", f"/event-streams/{id_}").status == 404


def test_streams_that_nobody_reads_are_collected(realm: Realm) -> None:
    ids = [watch(realm, {"resource": "tabs"}) for _ in range(65)]
    kept = [each["id"] for each in realm("GET", "/event-streams").json()]
    assert kept == ids[1:]


def test_a_server_that_goes_ends_its_streams(realm: Realm) -> None:
    with reading(realm, watch(realm, {"resource": "tabs"})) as stream:
        realm.sandbox.away()
        assert stream.read() == b"\n"
    realm.sandbox.back()
    assert realm("GET", "/tabs/").status == 200
