"""The manners of the Onslip server: lists, versions, permissions, deletion, refusals, and bad days."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from urllib.parse import quote

import pytest

from terminal.sandbox.faults import Fault
from tests.sandbox.office import Clock
from tests.sandbox.realm import ITEM, Answer, Realm, b64

OpenRealm = Callable[..., Realm]
KEY = b64(b"k" * 32)
BINDING = {"device-id": "pi-1", "device-key": KEY}


def ids(answer: Answer) -> list[int]:
    assert answer.status == 200
    return [each["id"] for each in answer.json()]


def asked(realm: Realm, query: str, more: str = "") -> Answer:
    return realm("GET", f"/products/?q={quote(query)}{more}")


# -- lists ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3]),
        ("id:2", [2]),
        ("price>19.5", [2]),
        ("price<20 AND name=Bun", [3]),
        ('name:"Tea"', [2]),
        ("product-group:1", [1, 2, 3]),
        ("sku:x", []),
        ('updated>"2023-11-14T22:13:19.999Z"', [1, 2, 3]),
        ('updated>"2023-11-14T22:13:20.000Z"', []),
    ],
)
def test_a_list_knows_the_documented_filters(realm: Realm, query: str, found: list[int]) -> None:
    assert ids(asked(realm, query)) == found


@pytest.mark.parametrize(
    "query",
    [
        "price>=20",
        "id:1 OR id:2",
        "NOT id:1",
        "colour:red",
        "updated>2023-11-14",
        'updated>"yesterday"',
        'name:"Tea',
        "price>cheap",
        "tags:a",
        "id:1 AND ",
        " id:1",
    ],
)
def test_other_filters_are_refused_in_words(realm: Realm, query: str) -> None:
    realm("PATCH", "/products/1", {"tags": ["a"]})
    assert asked(realm, query).error == (400, "bad-query")


def test_members_of_lists_are_found_where_the_server_can(realm: Realm) -> None:
    look = '/vouchers/?q=identifiers:"04a1"'.replace('"', "%22")
    assert realm("GET", look).error == (400, "bad-query")
    realm.admin("PUT", "rules", {"members": True})
    assert ids(realm("GET", look)) == [5]
    assert ids(realm("GET", look.replace("04a1", "04"))) == []


def test_a_list_is_sorted_and_paged_and_says_how_many_there_are(realm: Realm) -> None:
    assert ids(realm("GET", "/products/?s=price")) == [3, 1, 2]
    assert ids(realm("GET", "/products/?s=-name;o=1;c=1")) == [1]
    page = asked(realm, "price>13", ";s=-created;c=1")
    assert (len(ids(page)), page.headers["x-total-count"]) == (1, "2")
    beyond = realm("GET", "/products/?o=3")
    assert (ids(beyond), beyond.headers["x-total-count"]) == ([], "3")


def test_no_answer_has_more_than_a_thousand(realm: Realm) -> None:
    realm.onslip.know("products", ({"id": n, "name": "x", "product-group": 1} for n in range(1, 1005)))
    page = realm("GET", "/products/?c=5000")
    assert (len(ids(page)), page.headers["x-total-count"]) == (1000, "1004")
    assert ids(realm("GET", "/products/?o=1000")) == [1001, 1002, 1003, 1004]


@pytest.mark.parametrize("query", ["o=0&c=5", "x=1", "o=-1", "c=many", "d=true", "s=colour", "o=1;o=2", "o"])
def test_unknown_parameters_are_refused(open_realm: OpenRealm, query: str) -> None:
    assert open_realm()("GET", f"/products/?{query}").error == (400, "bad-request")


def test_a_list_ends_in_a_slash_and_an_entity_does_not(realm: Realm) -> None:
    assert realm("GET", "/products").error == (404, "not-found")
    assert realm("GET", "/unknown/").error == (404, "not-found")
    assert realm("GET", "/products/99").error == (404, "not-found")
    head = realm("HEAD", "/products/")
    assert (head.headers["x-total-count"], head.body) == ("3", b"")


# -- versions ------------------------------------------------------------------------------------------


def test_what_is_known_already_is_not_sent_again(realm: Realm) -> None:
    for path in ("/products/", "/products/1", "/products/?c=1"):
        first = realm("GET", path)
        again = realm("GET", path, headers={"If-None-Match": first.etag})
        assert (again.status, again.body, again.etag) == (304, b"", first.etag)
    first = realm("GET", "/products/")
    realm("PATCH", "/products/1", {"price": 20})
    again = realm("GET", "/products/", headers={"If-None-Match": first.etag})
    assert (again.status, again.json()[0]["price"]) == (200, 20)


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_a_change_of_an_older_version_is_refused(realm: Realm, method: str) -> None:
    made = realm("POST", "/tabs/", {"name": "a"})
    path = f"/tabs/{made.json()['id']}"
    newer = realm("PATCH", path, {"description": "b"}, headers={"If-Match": made.etag})
    assert (newer.status, newer.etag != made.etag) == (200, True)
    body = None if method == "DELETE" else {"name": "c"}
    late = realm(method, path, body, headers={"If-Match": made.etag})
    assert late.error == (412, "precondition-failed")
    assert realm("GET", path).json()["name"] == "a"
    assert realm(method, path, body, headers={"If-Match": newer.etag}).status in (200, 204)


def test_a_server_may_insist_on_the_version(open_realm: OpenRealm) -> None:
    realm = open_realm(rules={"if_match": True})
    assert realm("PATCH", "/tills/7", {"description": "x"}).error == (428, "precondition-required")


# -- changing ------------------------------------------------------------------------------------------


def test_patch_merges_objects_keeps_lists_whole_and_clears_by_null(realm: Realm) -> None:
    config = {"button-map": 3, "auto-close-batch-schedules": ["0 4 * * *", "0 5 * * *"]}
    realm("PATCH", "/tills/7", {"config": config, "description": "d", "_x-demo-note": "n"})
    realm.clock.pass_s(1)
    changed = realm(
        "PATCH",
        "/tills/7",
        {"config": {"auto-close-batch-schedules": ["0 6 * * *"], "button-map": None}, "description": None},
    ).json()
    assert changed == {
        "id": 7,
        "name": "Kiosk",
        "config": {"auto-close-batch-schedules": ["0 6 * * *"]},
        "_x-demo-note": "n",
        "created": "2023-11-14T22:13:20.000Z",
        "updated": "2023-11-14T22:13:21.000Z",
        "updated-by": 1,
    }
    assert realm("PATCH", "/tills/7", {"name": None}).error == (400, "bad-request")


def test_put_replaces_whole_and_takes_back_what_was_read(realm: Realm) -> None:
    realm("PATCH", "/tills/7", {"description": "d"})
    read = realm("GET", "/tills/7").json()
    read.pop("description")
    assert "description" not in realm("PUT", "/tills/7", read).json()
    assert realm("PUT", "/tills/7", {"name": "New"}).json()["created"] == read["created"]
    assert realm("PUT", "/tills/7", read | {"id": 8}).error == (400, "bad-request")
    assert realm("PUT", "/tills/7", {"description": "no name"}).error == (400, "bad-request")


@pytest.mark.parametrize(
    "body",
    [
        {"id": 9},
        {"created": "2023-11-14T22:13:20.000Z"},
        {"updated-from": 7},
        {"client-user-agent": "me"},
        {"colour": "red"},
        {"config": {"colour": "red"}},
        {"type": "kiosk"},
        {"device-key": "no base64!"},
        {"location": 99},
        {"location": "1"},
        {"deleted": "2023-11-14T22:13:20.000Z"},
        {"_Bad": "x"},
        {"_x-demo": 5},
        {"config": {"peripheral-bindings": [{"name": "p"}]}},
        {"account-config": {"payment-methods": [{"method": "swish"}]}},
        [],
        "text",
    ],
)
def test_what_is_no_change_of_a_till_is_refused(realm: Realm, body: object) -> None:
    before = realm("GET", "/tills/7")
    assert realm("PATCH", "/tills/7", body).error == (400, "bad-request")
    assert realm("GET", "/tills/7").etag == before.etag


def test_a_lenient_server_ignores_what_it_does_not_know(open_realm: OpenRealm) -> None:
    realm = open_realm(rules={"strict": False})
    changed = realm("PATCH", "/tills/7", {"colour": "red", "id": 9, "description": "d"}).json()
    assert (changed["id"], changed["description"], "colour" in changed) == (7, "d", False)


def test_every_field_of_a_till_is_kept_as_it_was_sent(realm: Realm) -> None:
    service = {"functions": ["receipt-printer", "cash-drawer"], "name": "s", "service-id": "1"}
    service |= {"service-name": "n", "service-type": "escpos", "service-hint": "h"}
    names = ("name", "address", "device-id", "device-name", "device-type", "device-model", "device-version")
    peripheral = {name: name for name in names} | {"exclusive": True, "service-bindings": [service]}
    method = {"payment-method": 4, "method": "swish", "account": 1, "clearing-account": 2, "vat-account": 3}
    group = {"product-group": 1, "account": 4, "vat-account": 5, "discount-account": 6}
    accounts = {"payment-methods": [method], "product-groups": [group], "rounding": 7, "mismatches": 8}
    accounts |= {"gratuities": 9, "journal-series": "K", "cost-center": {"code": "1", "name": "Hall"}}
    config = {
        "peripheral-bindings": [peripheral],
        "auto-close-batch-schedules": ["15 9 * * *"],
        "button-map": 3,
    }
    body = {"name": "n", "type": "ordering-device", "description": "d", "location": 1, "config": config}
    body |= {"account-config": accounts, "control-unit-id": "c", "client-version": "9.9", "tags": ["t"]}
    body |= {"cloud-control-unit": {"type": "tax-cloud", "username": "u", "password": "p", "uri": "x:y"}}
    body |= BINDING | {"logical-device-id": "l", "labels": [3]}
    made = realm("POST", "/tills/", body).json()
    assert made | body == made
    assert realm("GET", f"/tills/{made['id']}").json() == made


def test_money_has_three_decimals_at_most(realm: Realm) -> None:
    product = {"name": "x", "product-group": 1}
    assert realm("POST", "/products/", product | {"price": 0.125}).json()["price"] == 0.125
    assert realm("POST", "/products/", product | {"price": 0.1255}).error == (400, "bad-request")
    assert realm("POST", "/products/", product | {"price": "1.00"}).error == (400, "bad-request")


def test_deleted_is_hidden_shown_on_request_and_brought_back(realm: Realm) -> None:
    assert realm("DELETE", "/products/2").status == 204
    assert ids(realm("GET", "/products/")) == [1, 3]
    gone = realm("GET", "/products/?d=t").json()[1]
    assert (gone["id"], gone["deleted"]) == (2, "2023-11-14T22:13:20.000Z")
    assert realm("GET", "/products/2").json()["deleted"] == gone["deleted"]
    assert realm("DELETE", "/products/2").status == 404
    assert realm("PATCH", "/products/2", {"price": 1}).status == 404
    assert "deleted" not in realm("PATCH", "/products/2", {"deleted": None}).json()
    assert ids(realm("GET", "/products/")) == [1, 2, 3]
    assert realm("POST", "/products/", {"name": "x", "product-group": 1}).json()["id"] == 4


def test_a_body_is_json_and_says_so(realm: Realm) -> None:
    target = "/v1/~demo.example/tabs/"
    for kind, body, status in [("text/plain", b"{}", 415), ("application/json", b"{", 400)]:
        signed = realm.authorization("POST", target, body, kind=kind)
        answer = realm.send("POST", target, body, Authorization=signed, **{"Content-Type": kind})
        assert answer.error[0] == status


# -- who may what --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "body", "allowed"),
    [
        ("bind-tills", BINDING, True),
        ("bind-tills", {"control-unit-id": "c"}, False),
        ("bind-tills", BINDING | {"name": "mine"}, False),
        ("bind-control-unit", {"control-unit-id": "c"}, True),
        ("bind-control-unit", BINDING, False),
        ("edit-till-config", {"config": {"button-map": 1}}, True),
        ("edit-till-config", {"location": 1}, False),
        ("edit-location", {"location": 1, "account-config": {"rounding": 1}}, True),
        ("edit-locations", {"location": 1}, True),
        ("edit-locations", {"description": "x"}, False),
        ("show-tills", {"description": "x"}, False),
    ],
)
def test_each_permission_opens_its_own_fields_of_a_till(
    realm: Realm, permission: str, body: dict[str, object], *, allowed: bool
) -> None:
    realm.only(permission)
    answer = realm("PATCH", "/tills/7", body)
    assert answer.status == (200 if allowed else 403)
    changed = realm.onslip.entities("tills")[0]
    assert all((changed.get(name) == value) == allowed for name, value in body.items() if name != "name")


def test_what_is_bound_stays_bound_until_staff_clears_it(realm: Realm) -> None:
    staff, device = {"id_": "key:staff@demo.example", "secret": b"s"}, ("bind-tills", "bind-control-unit")
    realm.key(staff["id_"], b"s", "edit-tills", "show-tills")
    realm.only(*device, "show-tills")
    assert realm("PATCH", "/tills/7", BINDING | {"control-unit-id": "c"}).status == 200
    for body in (BINDING, {"device-id": "pi-2"}, {"device-key": None}, {"control-unit-id": "d"}):
        assert realm("PATCH", "/tills/7", body).error == (403, "forbidden")
    assert realm("PUT", "/tills/7", {"name": "Kiosk"}).error == (403, "forbidden")
    assert realm("PATCH", "/tills/7", {"device-id": None, "device-key": None}, **staff).status == 200
    assert realm("PATCH", "/tills/7", {"device-id": "pi-2", "device-key": KEY}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/tills/", None),
        ("GET", "/tills/7", None),
        ("POST", "/tills/", {"name": "x"}),
        ("DELETE", "/tills/7", None),
        ("GET", "/tills/7/state", None),
        ("PUT", "/tills/7/state", {}),
        ("GET", "/products/", None),
        ("POST", "/products/", {"name": "x", "product-group": 1}),
        ("PATCH", "/products/1", {"price": 1}),
        ("GET", "/vouchers/5", None),
        ("POST", "/vouchers/5", {"amount": 1}),
        ("POST", "/orders/", {}),
        ("POST", "/tabs/", {}),
        ("GET", "/journal/7/", None),
        ("POST", "/journal/7/external-record", {}),
        ("POST", "/event-streams", {"queries": [{"resource": "tills"}]}),
        ("GET", "/locations/1/take-out-status", None),
    ],
)
def test_without_the_permission_nothing_is_shown_or_done(
    realm: Realm, method: str, path: str, body: object
) -> None:
    realm.only()
    assert realm(method, path, body).error == (403, "forbidden")
    assert realm.onslip.effects() == []


@pytest.mark.parametrize(("guarded", "refusal"), [(True, 412), (False, 403)])
def test_of_two_devices_that_race_for_a_till_one_wins(realm: Realm, refusal: int, *, guarded: bool) -> None:
    realm.only("bind-tills", "show-tills")
    headers = {"If-Match": realm("GET", "/tills/7").etag} if guarded else {}
    start, answers = threading.Barrier(2), {}

    def bind(name: str) -> None:
        body = {"device-id": name, "device-key": KEY}
        start.wait(30)
        answers[name] = realm("PATCH", "/tills/7", body, headers=headers).status

    threads = [threading.Thread(target=bind, args=(name,)) for name in ("pi-1", "pi-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [200, refusal]
    assert answers[realm.onslip.entities("tills")[0]["device-id"]] == 200


# -- bad days ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "after", "stored"), [("drop", False, 0), ("drop", True, 1), ("half", True, 1)]
)
def test_an_answer_is_lost_before_or_after_it_took_effect(
    realm: Realm, kind: str, stored: int, *, after: bool
) -> None:
    fault = {"kind": kind, "after": after, "count": 1, "method": "POST", "path": "/tabs/"}
    assert realm.admin("PUT", "faults", {"faults": [fault]}).status == 200
    tab = {"name": "t", "items": [ITEM], "_x-demo-tx": "one"}
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        realm("POST", "/tabs/", tab)
    told = realm.admin("GET", "counters").json()
    assert told["references"].get("tabs", {}).get("one", 0) == stored
    assert told["requests"]["POST /v1/~{realm}/{resource}/"] == 1
    assert realm("POST", "/tabs/", tab).status == 200
    assert realm.admin("GET", "counters").json()["references"]["tabs"]["one"] == stored + 1


def test_changes_meet_faults_of_their_own_method(realm: Realm) -> None:
    realm.onslip.faults.set(Fault(kind="status", method="PATCH", status=503, retry_after_s=7))
    answer = realm("PATCH", "/tills/7", {"description": "x"})
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert realm("GET", "/tills/7").status == 200
    assert realm.onslip.effects() == []


def test_the_state_outlives_the_server(open_realm: OpenRealm, tmp_path: object) -> None:
    file = f"{tmp_path}/sandbox.db"
    first = open_realm(database=file)
    made = first("POST", "/tabs/", {"name": "t"}).json()
    first.close()
    second = open_realm(database=file)
    assert second("GET", f"/tabs/{made['id']}").json() == made
    assert isinstance(second.clock, Clock)
    second.sandbox.reset()
    assert second.onslip.effects() == []
    assert second.onslip.entities("tabs") == []


def test_a_tester_seeds_over_http_and_mistakes_change_nothing(realm: Realm) -> None:
    key = {"id": "key:new@demo.example", "secret": "text", "permissions": ["show-products"]}
    good = {"users": [{"id": 9, "alias": "nine"}], "keys": [key | {"user": "nine"}]}
    good["entities"] = {"products": [{"id": 50, "name": "Seeded", "product-group": 1}]}
    assert realm.admin("POST", "seed", good).status == 200
    signer = {"id_": "key:new@demo.example", "secret": b"text"}
    assert realm("GET", "/products/50", **signer).json()["name"] == "Seeded"
    for bad in (
        {"keys": [key | {"permissions": ["fly"]}]},
        {"keys": [key | {"key": "AAAA"}]},
        {"entities": {"planets": [{"id": 1}]}},
        {"entities": {"products": [{"id": 51, "name": "x", "product-group": 1}, {"id": 52}]}},
        {"entities": {"products": [{"name": "x", "product-group": 1}]}},
    ):
        assert realm.admin("POST", "seed", bad).status == 400
    assert [it["id"] for it in realm.admin("GET", "entities/products").json()["entities"]] == [1, 2, 3, 50]
