"""The rest of the Satellite server: lists, delegates, interactions, pings, and what testers ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.sandbox.office import GUEST, PUBLISHED, Office

OpenOffice = Callable[..., Office]

# -- what is known -------------------------------------------------------------------------------------


def test_the_old_list_is_bare_and_whole(office: Office) -> None:
    products = office("GET", "/api/product/list").json()
    assert [each["id"] for each in products] == [3, 4, 8, 9]
    assert products[1] == {
        "id": 4,
        "name": "Adult",
        "code": "product-4",
        "deviceType": "product",
        "data": {"price": 30},
        "createdAt": "2023-11-14T22:13:20+00:00",
        "updatedAt": "2023-11-14T22:13:20+00:00",
    }
    assert products[2]["data"] == {}
    assert office("GET", "/api/session/list.json").json() == []
    assert office("GET", "/api/unicorn/list").status_code == 404


def test_the_list_of_v5_comes_in_pages(office: Office) -> None:
    office.satellite.know("session", (85, "Opening", None))
    whole = office("GET", "/api/v5/device/list.json").json()
    assert (whole["meta"]["total"], whole["meta"]["next"], len(whole["devices"])) == (5, None, 5)
    assert {each["_type"] for each in whole["devices"]} == {"product", "session"}
    read: list[int] = []
    address = "/api/v5/device/list.json?limit=2"
    while address:
        page = office("GET", address).json()
        assert len(page["devices"]) <= 2
        read += [each["id"] for each in page["devices"]]
        following = page["meta"]["next"]
        address = following and httpx.URL(following).raw_path.decode()
    assert read == [each["id"] for each in whole["devices"]]
    assert page["meta"]["previous"] == f"{office.sandbox.base}/api/v5/device/list.json?offset=2&limit=2"


@pytest.mark.parametrize("query", ["limit=0", "limit=5001", "offset=-1", "offset=x", "limit=99999999999"])
def test_a_page_that_cannot_be_is_refused(office: Office, query: str) -> None:
    assert office("GET", f"/api/v5/device/list.json?{query}").status_code == 400


def test_a_thing_is_looked_up_by_its_id_and_type(office: Office) -> None:
    assert office("GET", "/api/product/id:4").json()["name"] == "Adult"
    assert office("GET", "/api/v5/device/id:4.json").json()["_type"] == "product"
    for path in ("/api/session/id:4", "/api/product/id:77", "/api/product/4", "/api/v5/device/id:77.json"):
        assert office("GET", path).status_code == 404


@pytest.mark.parametrize("path", ["/api/delegate/{}", "/api/delegate/{}.json", "/api/v5/delegate/{}.json"])
def test_a_delegate_is_found_by_token_barcode_and_id(office: Office, path: str) -> None:
    for lookup in (
        f"rfid:{GUEST}",
        f"rfid:{GUEST.lower()}",
        "rfid:04-A1-B2-C3-D4-E5-F6",
        "barcode:D789",
        "id:789",
    ):
        found = office("GET", path.format(lookup)).json()
        assert (found["id"], found["firstName"], found["lastName"]) == (789, "Kiri", "Te Kanawa")
    for lookup in ("rfid:04FFFFFF", "barcode:d789", "id:78", "id:", "rfid:", "name:Kiri", GUEST):
        assert office("GET", path.format(lookup)).status_code == 404


def test_a_ping_is_told_when_the_next_is_due(open_office: OpenOffice) -> None:
    office = open_office(rules={"ping_s": 7})
    assert office("POST", "/api/v5/device/ping.json", json={}).json() == {"data": {"pingFrequency": 7}}
    assert office("POST", "/api/v5/device/ping", json={}).status_code == 404


# -- interactions --------------------------------------------------------------------------------------

OLD = {"delegate_id": 789, "device_id": 85, "recordedAt": "2012-12-12T06:35:08+1300"}
V5 = {"delegate": 789, "device": 85, "recordedAt": 1_696_185_089}


@pytest.mark.parametrize(
    ("path", "what", "body"),
    [
        ("/api/device/log/check-in", "check-in", OLD),
        ("/api/device/log/join", "join", {**OLD, "recordedAt": "2012-12-12T06:35:08Z"}),
        ("/api/session/check-in", "check-in", OLD),
        (
            "/api/session/join.json",
            "join",
            {"delegate_rfid": GUEST, "session_id": 85, "recordedAt": OLD["recordedAt"]},
        ),
        ("/api/v5/interaction/new/check-in.json", "check-in", V5),
        (
            "/api/v5/interaction/new/join.json",
            "join",
            {"firstDelegate": 789, "firstDevice": 85, "recordedAt": 1},
        ),
    ],
)
def test_an_interaction_is_stored_in_both_generations(
    office: Office, path: str, what: str, body: dict[str, Any]
) -> None:
    answer = office("POST", path, json=body)
    assert (answer.status_code, answer.json()["interactionType"]) == (200, what), answer.text
    (stored,) = office.admin("GET", "interactions").json()["interactions"]
    assert (stored["what"], stored["delegate"], stored["device"]) == (what, 789, 85)
    assert stored["recorded_at"] == body["recordedAt"]


def test_an_interaction_without_a_device_is_for_the_log_only(office: Office) -> None:
    body = {"delegate_id": 789, "recordedAt": OLD["recordedAt"]}
    assert office("POST", "/api/device/log/entered", json=body).status_code == 200
    assert office("POST", "/api/session/check-in", json=body).status_code == 400


def test_interactions_that_say_the_same_are_told_apart_from_others(office: Office) -> None:
    for body in (V5, V5, {**V5, "recordedAt": 2}):
        assert office("POST", "/api/v5/interaction/new/check-in.json", json=body).status_code == 200
    assert office.admin("GET", "counters").json()["interactions"] == {"count": 3, "different": 2}


def test_a_dry_run_stores_nothing(office: Office) -> None:
    answer = office("POST", "/api/v5/interaction/test/join.json", json=V5)
    assert (answer.status_code, answer.json()["id"]) == (200, None)
    assert office("POST", "/api/v5/interaction/test/join.json", json={}).status_code == 400
    assert office.satellite.interactions() == []


@pytest.mark.parametrize(
    ("what", "change", "number"),
    [
        ("dance", {}, 1301),
        ("join", {"delegate": 788}, 1401),
        ("join", {"delegate": "789"}, 1401),
        ("join", {"firstDelegate": 789}, 1401),
        ("join", {"device": 86}, 1501),
        ("join", {"device": "85"}, 1501),
        ("join", {"firstDevice": 85}, 1501),
        ("join", {"recordedAt": 1_696_185_089_000}, 1502),
        ("join", {"recordedAt": "2012-12-12T06:35:08+1300"}, 1502),
        ("join", {"recordedAt": None}, 1502),
        ("join", {"session_id": 85}, 1503),
        ("join", {"data": []}, 1503),
    ],
)
def test_strict_refuses_an_interaction_of_v5_with_a_number(
    office: Office, what: str, change: dict[str, Any], number: int
) -> None:
    office.satellite.know("session", (85, "Opening", None))
    answer = office("POST", f"/api/v5/interaction/new/{what}.json", json={**V5, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, number)
    assert office.satellite.interactions() == []


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("device/log/dance", OLD, "no interaction"),
        ("device/log/join", [], "an object"),
        ("device/log/join", {**OLD, "delegate_id": "789"}, "no such delegate"),
        ("device/log/join", {**OLD, "delegate_rfid": GUEST}, "delegate_id, or one like"),
        ("device/log/join", {"device_id": 85, "recordedAt": OLD["recordedAt"]}, "delegate_id, or one like"),
        ("device/log/join", {**OLD, "recordedAt": 1_696_185_089}, "ISO 8601"),
        ("device/log/join", {**OLD, "recordedAt": "2012-12-12T06:35:08"}, "ISO 8601"),
        ("device/log/join", {**OLD, "device": 85}, "no such field"),
        ("session/join", {**OLD, "session_id": 85}, "one of device_id and session_id"),
    ],
)
def test_strict_refuses_an_old_interaction_with_words(
    office: Office, path: str, body: object, words: str
) -> None:
    answer = office("POST", f"/api/{path}", json=body)
    assert (answer.status_code, words in answer.json()["message"]) == (400, True)
    assert office.satellite.interactions() == []


@pytest.mark.parametrize("kind", ["v5", "unicorn", "ticket"])
def test_there_are_interactions_with_known_kinds_of_things_only(open_office: OpenOffice, kind: str) -> None:
    office = open_office(rules={"mode": "trusting"})
    assert office("POST", f"/api/{kind}/check-in", json=OLD).status_code == 404
    assert office.satellite.interactions() == []


@pytest.mark.parametrize("body", [5, [], {}, {"delegate": "who", "device": [1], "recordedAt": "then"}])
def test_trusting_stores_any_interaction(open_office: OpenOffice, body: object) -> None:
    office = open_office(rules={"mode": "trusting"})
    for path in ("/api/device/log/dance", "/api/v5/interaction/new/dance"):
        assert office("POST", path, json=body).status_code == 200
    assert len(office.satellite.interactions()) == 2


# -- testers -------------------------------------------------------------------------------------------


def test_a_tester_changes_the_rules_one_at_a_time(office: Office) -> None:
    assert office.admin("PUT", "rules", {"mode": "trusting"}).json()["mode"] == "trusting"
    told = office.admin("PUT", "rules", {"token_s": 5, "repeat": 409}).json()
    assert (told["mode"], told["token_s"], told["repeat"]) == ("trusting", 5, 409)
    assert office.admin("GET", "rules").json() == told
    assert office.ask_token().json()["expires_in"] == 5
    assert [office.sell({"code": "X"}).status_code for _ in range(2)] == [200, 409]


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("PUT", "rules", {"mode": "kind"}),
        ("PUT", "rules", {"moed": "strict"}),
        ("PUT", "rules", {"names": {"items.prise": "price"}}),
        ("PUT", "rules", {"repeat": 500}),
        ("PUT", "rules", []),
        ("PUT", "faults", {"faults": [{"kind": "explode"}]}),
        ("POST", "seed", {"things": {"product": [{"id": 0, "name": "x"}]}}),
        ("POST", "seed", {"things": {"product": [{"id": 1, "name": "x", "prise": 3}]}}),
        ("POST", "seed", {"delegates": [{"id": 1, "name": "x"}]}),
        ("POST", "approve", {}),
        ("POST", "discovery", []),
        ("POST", "expire", []),
    ],
)
def test_a_tester_who_asks_wrongly_is_told(office: Office, method: str, what: str, body: object) -> None:
    before = office.satellite.rules
    assert office.admin(method, what, body).status_code == 400
    assert (office.satellite.rules, office.satellite.faults.left()) == (before, [])


def test_a_tester_teaches_the_server(office: Office) -> None:
    things = {
        "product": [{"id": 5, "name": "Senior", "price": 20}, {"id": 5, "name": "Senior", "price": 25}],
        "session": [{"id": 85, "name": "Opening"}],
    }
    delegates = [{"id": 7, "name": "Max", "rfid": "04 EE EE EE", "barcode": "B7"}]
    assert office.admin("POST", "seed", {"things": things, "delegates": delegates}).status_code == 200
    assert [(it["id"], it["data"]) for it in office("GET", "/api/product/list").json()] == [(5, {"price": 25})]
    assert office("GET", "/api/delegate/rfid:04eeeeee").json()["lastName"] == ""
    assert office.admin("POST", "seed", {"things": {"product": []}}).status_code == 200
    assert office("GET", "/api/product/list").json() == []


def test_a_tester_opens_discovery_and_approves(office: Office) -> None:
    body = {"code": "80POS", "secret": "owsso0wssogksk4s8gwg4gksw4w0"}
    assert office.admin("POST", "approve", {"code": "80POS"}).status_code == 404
    assert office.admin("POST", "discovery", {}).status_code == 200
    assert office.plain("POST", "/api/device-request/new", json=body).status_code == 200
    assert office.admin("POST", "approve", {"code": "80POS"}).status_code == 200
    assert office.satellite.devices()[0]["added"] is True


def test_a_reset_forgets_all_but_the_credentials_of_the_start(office: Office) -> None:
    office.sell(PUBLISHED)
    done = httpx.post(f"{office.sandbox.base}/sandbox/reset", json={}, trust_env=False)
    assert done.status_code == 200
    told = office.admin("GET", "counters").json()
    assert (told["codes"], told["tickets"], told["requests"]) == ({}, 0, {})
    assert office.sell(PUBLISHED).json()["error"] == "invalid_grant"
    assert office.ask_token().status_code == 200


def test_a_sandbox_without_a_ticket_office_has_none(open_sandbox: Callable[..., Any]) -> None:
    sandbox, _ = open_sandbox()
    for path in ("/api/oauth/v2/token", "/sandbox/satellite/counters", "/satellite/devices"):
        assert httpx.get(sandbox.base + path, trust_env=False).status_code == 404
    assert sandbox.url_for("pointofsale", "") == sandbox.url


def test_both_dialects_live_beside_it(open_office: OpenOffice) -> None:
    office = open_office(dialect="pretix")
    office.sandbox.add_wallet(GUEST, 150)
    headers = {"Authorization": f"Bearer {office.sandbox.token}"}
    path = httpx.URL(office.sandbox.url).path
    assert office.plain("GET", f"{path}pos/wallets/token/{GUEST.lower()}/", headers=headers).status_code == 200
    assert office.sell(PUBLISHED).status_code == 200
    assert office.sandbox.url_for("pointofsale", "") == office.sandbox.url
    assert office.sandbox.url_for("satellite", "v5") == f"{office.sandbox.base}/api/v5"
