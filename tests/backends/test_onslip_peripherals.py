"""The devices that are reported to Onslip: whole, true, only when they change, and nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace
from terminal.sandbox.faults import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.onslip_device_making import (
    ACCOUNTS,
    NIGHTLY,
    PRINTER,
    READER,
    Make,
    asked,
    bindings,
    changes,
    till,
)
from tests.sandbox.realm import Realm


def test_devices_are_reported_whole_once_and_again_when_they_change(realm: Realm, device: Make) -> None:
    mine = device(till=7)
    assert mine.attached([READER, PRINTER], 30) == Answer(Outcome.DELIVERED)
    assert [each["device-id"] for each in bindings(realm)] == ["kiosk-1/paper", "kiosk-1/tags"]
    assert bindings(realm)[0]["service-bindings"][0]["functions"] == ["receipt-printer"]
    assert bindings(realm)[1]["device-version"] == ""
    assert mine.attached([PRINTER, READER], 30) == Answer(Outcome.DELIVERED)
    assert device(till=7).attached([PRINTER, READER], 30) == Answer(Outcome.DELIVERED)
    assert changes(realm) == 1
    assert mine.attached([PRINTER], 30) == Answer(Outcome.DELIVERED)
    assert [each["device-id"] for each in bindings(realm)] == ["kiosk-1/paper"]
    assert changes(realm) == 2


def test_one_that_was_never_there_is_not_reported_and_one_that_is_unplugged_keeps_its_place(
    realm: Realm, device: Make
) -> None:
    mine = device(till=7)
    mine.attached([PRINTER, replace(READER, seen=False)], 30)
    assert [each["device-id"] for each in bindings(realm)] == ["kiosk-1/paper"]
    mine.attached([PRINTER, READER], 30)
    mine.attached([PRINTER, replace(READER, seen=False)], 30)
    assert len(bindings(realm)) == 2
    assert changes(realm) == 2


def test_nothing_else_of_the_till_is_touched(realm: Realm, device: Make) -> None:
    foreign = {"_x-demo-custom": "kept", "auto-close-batch-schedules": NIGHTLY, "button-map": 3}
    more = {"account-config": {**ACCOUNTS, "_x-demo-id": "4"}, "_x-other-note": "n", "tags": ["a"]}
    realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", "device-id": "k", "config": foreign, **more}])
    assert device(till=7).attached([PRINTER], 30) == Answer(Outcome.DELIVERED)
    after = till(realm)
    assert {name: after["config"][name] for name in foreign} == foreign
    assert {name: after[name] for name in more} == more
    assert len(bindings(realm)) == 1


def test_a_name_from_the_back_office_is_kept(realm: Realm, device: Make) -> None:
    mine = device(till=7)
    mine.attached([PRINTER], 30)
    (known,) = bindings(realm)
    realm.onslip.know(
        "tills",
        [{"id": 7, "name": "Kiosk", "config": {"peripheral-bindings": [known | {"name": "Bar printer"}]}}],
    )
    mine.attached([PRINTER, READER], 30)
    assert [each["name"] for each in bindings(realm)] == ["Bar printer", "tags"]


class Between(httpx.BaseTransport):
    """Lets somebody else change the till just before a PATCH of ours arrives; *times* often."""

    def __init__(self, realm: Realm, times: int) -> None:
        self.realm = realm
        self.times = times
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and self.times:
            self.times -= 1
            told = {"description": f"changed, {self.times} to come", "config": {"button-map": self.times}}
            assert self.realm("PATCH", "/tills/7", told).status == 200
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize(("times", "outcome"), [(1, Outcome.DELIVERED), (2, Outcome.BUSY)])
def test_who_is_overtaken_reads_again_and_tries_once_more(
    realm: Realm, device: Make, times: int, outcome: Outcome
) -> None:
    mine = device(till=7, transport=Between(realm, times))
    assert mine.attached([PRINTER], 30).outcome is outcome
    assert till(realm)["description"] == "changed, 0 to come", "nobody's change was overwritten"
    assert till(realm)["config"]["button-map"] == 0
    assert mine.attached([PRINTER], 30) == Answer(Outcome.DELIVERED), "later it works"
    assert len(bindings(realm)) == 1
    assert changes(realm) == times + 1


def test_a_lost_answer_is_looked_at_and_not_repeated(realm: Realm, device: Make) -> None:
    mine = device(till=7)
    realm.onslip.faults.set(Fault(kind="drop", after=True, method="PATCH", count=1))
    assert mine.attached([PRINTER], 30).outcome is Outcome.UNKNOWN
    assert mine.attached([PRINTER], 30) == Answer(Outcome.DELIVERED)
    assert changes(realm) == 1


def test_only_those_with_a_function_or_none_at_all_where_that_is_wanted(realm: Realm, device: Make) -> None:
    assert device(till=7, peripherals="none").attached([PRINTER], 30) == Answer(Outcome.DELIVERED)
    assert asked(realm, "PATCH") == 0
    device(till=7, peripherals="with a function").attached([PRINTER, READER], 30)
    assert [each["device-id"] for each in bindings(realm)] == ["kiosk-1/paper"]


# -- servers that do not do as is inferred -------------------------------------------------------------


class Odd:
    """A server with one till, that takes a part of ``config`` for the whole, or writes lists its own way."""

    def __init__(self, *, merges: bool, drops: str = "") -> None:
        self.merges = merges
        self.drops = drops
        self.version = 1
        config = {"button-map": 3, "auto-close-batch-schedules": NIGHTLY, "_x-demo-custom": "kept"}
        moment = "2026-01-01T00:00:00.000Z"
        self.till: dict[str, Any] = {
            "id": 7, "created": moment, "updated": moment, "name": "Kiosk", "config": config
        }  # fmt: skip
        self.patches: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/~demo.example"):
            params: dict[str, list[str]] = {"vat-rates": [], "available-features": [], "required-features": []}
            info = {"company": {"name": "c", "alias": "demo.example"}, "merchant-params": params}
            return httpx.Response(
                200, json=info | {"service-endpoints": [], "permissions": sorted(PERMISSIONS)}
            )
        if request.method == "PATCH":
            if request.headers["if-match"] != f'"{self.version}"':
                return httpx.Response(412)
            config = json.loads(request.content)["config"]
            self.patches.append(config)
            for each in config.get("peripheral-bindings", []):
                each.pop(self.drops, None)
            self.till["config"] = (self.till["config"] if self.merges else {}) | config
            self.version += 1
        return httpx.Response(200, json=self.till, headers={"ETag": f'"{self.version}"'})


def test_a_server_that_takes_a_part_for_the_whole_gets_the_whole_back(device: Make) -> None:
    server = Odd(merges=False)
    before = dict(server.till["config"])
    mine = device(till=7, transport=httpx.MockTransport(server))
    assert mine.attached([PRINTER], 30) == Answer(Outcome.DELIVERED)
    assert {name: server.till["config"][name] for name in before} == before
    mine.attached([PRINTER, READER], 30)
    assert len(server.patches) == 3, "from then on the whole is sent at once"
    assert {name: server.till["config"][name] for name in before} == before
    assert len(server.till["config"]["peripheral-bindings"]) == 2


def test_a_server_that_keeps_less_than_it_was_told_is_not_told_again_and_again(device: Make) -> None:
    server = Odd(merges=True, drops="address")
    mine = device(till=7, transport=httpx.MockTransport(server))
    for _ in range(3):
        assert mine.attached([PRINTER], 30) == Answer(Outcome.DELIVERED)
    assert len(server.patches) == 1
    mine.attached([replace(PRINTER, version="2")], 30)
    assert len(server.patches) == 2
