"""Lists of the Onslip server beside goods and sales: peripherals, revisions, records by date and type."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.realm import ID, ITEM, SECRET, Realm

PRINTER = {
    "location": 1,
    "function": "receipt-printer",
    "device-id": "printer-1",
    "service-id": "paper",
    "name": "Front printer",
    "virtual-device": {
        "address": "192.0.2.7",
        "port": 9100,
        "device-name": "Printer",
        "device-type": "network-printer",
        "service-type": "escpos",
        "service-hint": "",
    },
    "kitchen-printer-config": {"section-labels": [1], "item-order": "tab-position"},
}


# -- peripherals ---------------------------------------------------------------------------------------


def test_peripherals_are_a_list_like_the_others(realm: Realm) -> None:
    made = realm("POST", "/peripherals/", PRINTER).json()
    assert made.items() >= PRINTER.items()
    renamed = realm("PATCH", f"/peripherals/{made['id']}", {"name": "Back printer", "function": None}).json()
    assert (renamed["name"], "function" in renamed) == ("Back printer", False)
    assert [it["id"] for it in realm("GET", "/peripherals/?q=device-id:printer-1").json()] == [made["id"]]
    assert realm("DELETE", f"/peripherals/{made['id']}").status == 204
    assert realm("GET", "/peripherals/").json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"function": "nfc-reader"},
        {"location": 99},
        {"virtual-device": {"address": "192.0.2.7"}},
        {"colour": "red"},
    ],
)
def test_what_is_no_peripheral_is_refused(realm: Realm, change: dict[str, Any]) -> None:
    assert realm("POST", "/peripherals/", PRINTER | change).error == (400, "bad-request")


def test_peripherals_have_permissions_of_their_own(realm: Realm) -> None:
    realm.only("show-tills", "edit-till-config")
    assert realm("GET", "/peripherals/").error == (403, "forbidden")
    realm.only("show-peripherals")
    assert realm("GET", "/peripherals/").status == 200
    assert realm("POST", "/peripherals/", PRINTER).error == (403, "forbidden")


# -- revisions -----------------------------------------------------------------------------------------


def test_the_revisions_of_an_entity_are_told_newest_first(realm: Realm) -> None:
    first = realm("GET", "/locations/1").json()["updated"]
    realm.clock.pass_s(1)
    changed = realm("PATCH", "/locations/1", {"name": "Yard"}).json()["updated"]
    realm.clock.pass_s(1)
    realm("DELETE", "/locations/1")
    told = realm("REPORT", "/locations/1", {"type": "revisions"}).json()
    deleted = told[0]["deleted"]
    assert told == [
        {"updated": deleted, "deleted": deleted, "updated-by": 1},
        {"updated": changed, "updated-by": 1},
        {"updated": first},
    ]
    assert first < changed < deleted


def test_what_a_device_does_without_a_change_is_no_revision(realm: Realm) -> None:
    realm.key(ID, SECRET, "show-tills", "edit-till-config", till=7)
    before = realm("REPORT", "/tills/7", {"type": "revisions"}).json()
    realm("PATCH", "/tills/7", {"config": {"peripheral-bindings": []}})
    after = realm("REPORT", "/tills/7", {"type": "revisions"}).json()
    assert (len(before), len(after), after[0]["updated-from"]) == (1, 2, 7)


def test_other_reports_are_not_known(realm: Realm) -> None:
    assert realm("REPORT", "/locations/1", {"type": "sales"}).error == (400, "bad-request")
    assert realm("REPORT", "/locations/9", {"type": "revisions"}).error == (404, "not-found")
    realm.only("show-tills")
    assert realm("REPORT", "/locations/1", {"type": "revisions"}).error == (403, "forbidden")


# -- records -------------------------------------------------------------------------------------------


@pytest.fixture
def journal(realm: Realm) -> Realm:
    """A journal with a sale at nine, ten and eleven, that in another zone, and a Z report at ten."""
    realm.onslip.know("tills", [{"id": 9, "name": "Sales", "type": "external-journal"}])
    realm.key(ID, SECRET, "add-external-records", "show-records", journal=9)
    receipt = {
        "type": "sale",
        "items": [ITEM],
        "payments": [{"method": "cash", "amount": 19.5}],
        "change": 0,
    }
    for moment in ("2026-01-01T09:00:00.000Z", "2026-01-01T10:00:00.000Z", "2026-01-01T12:00:00+01:00"):
        record = {"date": moment, "type": "receipt", "receipt": receipt, "_x-demo-tx": moment}
        assert realm("POST", "/journal/9/external-record", record).status == 200
    report = {"date": "2026-01-01T10:00:00.000Z", "type": "report", "report": {"type": "z-report"}}
    assert realm("POST", "/journal/9/external-record", report).status == 200
    return realm


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("type:receipt", [1, 2, 3]),
        ("type:report", [4]),
        ('date>"2026-01-01T10:00:00.000Z"', [3]),
        ('date<"2026-01-01T10:00:00.000Z"', [1]),
        ('date:"2026-01-01T11:00:00.000Z"', [3]),
        ('type:receipt AND date>"2026-01-01T09:30:00.000Z" AND date<"2026-01-01T10:30:00.000Z"', [2]),
        ('_x-demo-tx:"2026-01-01T09:00:00.000Z"', None),
    ],
)
def test_records_are_found_by_date_and_type(journal: Realm, query: str, ids: list[int] | None) -> None:
    answer = journal("GET", f"/journal/9/?q={quote(query)}")
    if ids is None:  # extended properties are no fields
        assert answer.error == (400, "bad-query")
    else:
        assert [each["id"] for each in answer.json()] == ids


def test_a_date_is_asked_for_as_a_moment(journal: Realm) -> None:
    assert journal("GET", f"/journal/9/?q={quote('date>2026')}").error == (400, "bad-query")


def test_each_reference_of_a_journal_is_counted(journal: Realm) -> None:
    told = journal.admin("GET", "counters").json()["references"]["journal/9"]
    assert list(told.values()) == [1, 1, 1]
    again = {"date": "2026-01-01T10:00:00.000Z", "type": "report", "report": {"type": "z-report"}}
    for _ in range(2):
        journal("POST", "/journal/9/external-record", again | {"_x-demo-tx": "z-7"})
    assert journal.admin("GET", "counters").json()["references"]["journal/9"]["z-7"] == 2


# -- who signs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bound", "told"), [({"journal": 8}, 8), ({"till": 7}, 7), ({}, None)])
def test_a_token_tells_what_it_is_bound_to(realm: Realm, bound: dict[str, int], told: int | None) -> None:
    realm.only("show-tills", **bound)
    token = realm("GET", "").json()["access-token"]
    assert (token["type"], token["name"], token.get("client")) == ("hawk-key", ID, told)
