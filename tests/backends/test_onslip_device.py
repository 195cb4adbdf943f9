"""The till that this terminal is: what is set for it, and what is said where it is none, or may not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from terminal.backends.onslip.device import Device
from terminal.core.delivery import Answer, Outcome
from terminal.core.till import TillSettings
from terminal.sandbox.faults import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.onslip_device_making import (
    ACCOUNTS,
    MORNING,
    NIGHTLY,
    PRINTER,
    Make,
    asked,
    changes,
    till,
)
from tests.sandbox.realm import AGENT, ID, Realm


def settings(device: Device) -> TillSettings:
    found = device.settings(30)
    assert isinstance(found, TillSettings), found
    return found


# -- what is set for it --------------------------------------------------------------------------------


def test_the_till_of_the_key_with_everything_that_is_set_for_it(realm: Realm, device: Make) -> None:
    realm.only(*PERMISSIONS, till=8)
    config = {"auto-close-batch-schedules": NIGHTLY}
    more = {
        "description": "At the door",
        "config": config,
        "account-config": ACCOUNTS,
        "client-version": "1.10",
    }
    realm.onslip.know("tills", [{"id": 8, "name": "Other", "location": 1, **more}])
    cash = {"id": 1, "name": "Cash", "type": "cash", "virtual": False, "rounding-multiple": 1}
    realm.onslip.know("payment-methods", [cash])
    found = settings(device())
    assert (found.bound, found.name, found.description, found.location) == (
        True,
        "Other",
        "At the door",
        "Hall",
    )
    assert found.schedules == tuple(NIGHTLY)
    assert (found.offered, found.accounts, found.cash_step) == ("1.10", True, 100)
    assert (found.missing, found.notices) == ((), ())
    assert {"configuration", "peripherals", "auto-close"} <= found.usable


def test_the_server_sees_which_version_runs(realm: Realm, device: Make) -> None:
    realm.only(*PERMISSIONS, till=8)
    settings(device())
    product, _, version = till(realm, 8)["client-user-agent"].partition("/")
    assert product == AGENT.partition("/")[0]
    assert version
    assert not {" ", "(", ","} & set(version), "one product token"


@pytest.mark.parametrize("offered", ["1.2.3", "1.2", "", "next", None])
def test_what_is_no_newer_version_is_no_offer(realm: Realm, device: Make, offered: str | None) -> None:
    more = {} if offered is None else {"client-version": offered}
    realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", "device-id": "k", **more}])
    assert settings(device(till=7)).offered == ""


def test_what_is_unchanged_is_not_sent_again_and_kept(realm: Realm, device: Make) -> None:
    realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", "location": 1, "device-id": "k"}])
    seen: list[int] = []
    transport = httpx.HTTPTransport()

    class Watched(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = transport.handle_request(request)
            if "/tills/" in request.url.path or "/locations/" in request.url.path:
                seen.append(response.status_code)
            return response

    rest = device(till=7, transport=Watched())
    first = settings(rest)
    assert settings(rest) == first
    assert seen == [200, 200, 304, 304]
    realm.onslip.know("locations", [{"id": 1, "name": "Bar"}])
    assert settings(rest).location == "Bar"
    assert seen[4:] == [304, 200]
    transport.close()


@pytest.mark.parametrize(
    ("own", "there", "expected"),
    [
        (NIGHTLY, MORNING, tuple(NIGHTLY)),
        (None, MORNING, tuple(MORNING)),
        ([], MORNING, ()),
        (None, None, None),
    ],
)
def test_the_till_s_schedules_precede_those_of_its_location(
    realm: Realm, device: Make, own: Any, there: Any, expected: Any
) -> None:
    configs = [
        {} if each is None else {"config": {"auto-close-batch-schedules": each}} for each in (own, there)
    ]
    realm.onslip.know("locations", [{"id": 1, "name": "Hall", **configs[1]}])
    realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", "location": 1, **configs[0]}])
    assert settings(device(till=7)).schedules == expected
    alone = settings(device(till=7, location_settings=False)).schedules
    assert alone == (None if own is None else expected)


def test_a_location_of_the_configuration_precedes_that_of_the_till(realm: Realm, device: Make) -> None:
    realm.onslip.know("locations", [{"id": 2, "name": "Bar"}])
    realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", "location": 1, "device-id": "k"}])
    assert settings(device(till=7, location=2)).location == "Bar"
    found = settings(device(till=7, location=99))
    assert found.location == ""
    assert "The location 99 cannot be read" in found.notices[0]


def test_an_account_without_the_feature_closes_nothing_by_schedules(realm: Realm, device: Make) -> None:
    config = {"auto-close-batch-schedules": NIGHTLY}
    realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", "device-id": "k", "config": config}])
    realm.admin("PUT", "rules", {"features": ["external-journal"]})
    found = settings(device(till=7))
    assert found.schedules is None
    assert "auto-close-batch" in found.notices[0]


# -- not bound, not allowed ----------------------------------------------------------------------------


def test_who_is_no_till_is_told_what_to_do_and_nothing_else_stops(realm: Realm, device: Make) -> None:
    found = settings(device())
    assert (found.bound, found.schedules, found.name) == (False, None, "")
    (words,) = found.notices
    assert words == "This terminal is not bound to a till of the realm demo.example: terminalctl onslip bind"
    assert "vouchers" in found.usable
    answer = device().attached([PRINTER], 30)
    assert answer.outcome is Outcome.REFUSED
    assert changes(realm) == 0


def test_a_till_that_nothing_is_bound_to_is_not_bound_and_its_settings_hold(realm: Realm, device: Make) -> None:
    config = {"auto-close-batch-schedules": NIGHTLY}
    realm.onslip.know("tills", [{"id": 7, "name": "Kiosk", "config": config}])
    found = settings(device(till=7))
    assert (found.bound, found.name, found.schedules) == (False, "Kiosk", tuple(NIGHTLY))
    assert found.notices == ("No device is bound to the till 7 'Kiosk' yet: terminalctl onslip bind",)


def test_a_till_that_is_not_there_or_was_deleted_is_said(realm: Realm, device: Make) -> None:
    (words,) = settings(device(till=99)).notices
    assert words.startswith("The till 99 cannot be read (tills: there is none of the id 99")
    assert realm("DELETE", "/tills/8").status == 204
    found = settings(device(till=8))
    assert not found.bound
    assert "the till 8 'Other' was deleted" in found.notices[0]


def test_a_key_of_another_till_is_said(realm: Realm, device: Make) -> None:
    realm.only(*PERMISSIONS, till=8)
    found = settings(device(till=7))
    assert found.name == "Kiosk"
    assert found.notices[0] == "The key is that of the till 8, and `till` says 7: correct one."


def test_what_the_key_may_not_is_said_to_whom_it_harms(realm: Realm, device: Make) -> None:
    realm.only(*(PERMISSIONS - {"edit-till-config", "use-vouchers", "show-products"}), till=7)
    found = settings(device())
    assert found.bound
    assert [each.role for each in found.missing] == ["", "catalogue", "wallet"]
    assert "the permission edit-till-config" in found.missing[0].words
    answer = device().attached([PRINTER], 30)
    assert answer.outcome is Outcome.REFUSED
    assert "edit-till-config" in answer.words
    assert asked(realm, "PATCH") == 0


def test_what_may_not_be_read_is_not_asked_for(realm: Realm, device: Make) -> None:
    realm.only(*(PERMISSIONS - {"show-tills", "show-locations", "show-payment-methods"}), till=8)
    found = settings(device())
    assert (found.bound, found.name, found.location, found.cash_step) == (True, "Other", "Hall", None)
    assert asked(realm, "GET") == 1


def test_a_server_that_does_not_answer_is_no_till_that_is_gone(realm: Realm, device: Make) -> None:
    realm.onslip.faults.set(Fault(kind="status", status=503, path="/tills/"))
    found = device(till=7).settings(30)
    assert isinstance(found, Answer)
    assert found.outcome is Outcome.BUSY
    realm.onslip.revoke(ID)
    denied = device(till=7).settings(30)
    assert isinstance(denied, Answer)
    assert denied.outcome is Outcome.DENIED
