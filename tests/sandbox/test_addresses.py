"""Two addresses of one server: a client that turns from one to the other finds the same realm."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.backends.onslip.rest_paths import entity
from terminal.backends.onslip.rest_place import Credentials, Place
from terminal.sandbox.faults import Fault
from tests.sandbox.realm import ID, SECRET, Realm, b64
from tests.support.waiting import wait_until

Open = Callable[..., Realm]


@pytest.fixture
def twins(open_realm: Open) -> Realm:
    return open_realm(second=("127.0.0.1", 0))


def reaches(realm: Realm, number: int) -> bool:
    """Whether a signed request gets an answer at that address."""
    realm.port = urlsplit(realm.sandbox.onslip_urls[number]).port or 0
    try:
        return realm("GET", "/tills/").status == 200
    except OSError:
        return False


def test_both_addresses_are_told_and_lead_to_one_realm(twins: Realm) -> None:
    urls = [each["uri"] for each in twins("GET", "").json()["service-endpoints"]]
    assert urls == twins.sandbox.onslip_urls
    assert len({urlsplit(each).port for each in urls}) == 2
    assert reaches(twins, 1)
    assert twins("POST", "/locations/", {"name": "Yard"}).status == 200
    assert reaches(twins, 0)
    assert [each["name"] for each in twins("GET", "/locations/").json()] == ["Hall", "Yard"]


def test_a_signature_counts_once_at_both_together(twins: Realm) -> None:
    """Only where each signature is for its own port is nothing replayed; the other's is refused for its MAC."""
    signed = twins.authorization("GET", "/v1/~demo.example/tills/", b"")
    assert twins.send("GET", "/v1/~demo.example/tills/", Authorization=signed).status == 200
    twins.port = urlsplit(twins.sandbox.onslip_urls[1]).port or 0
    assert twins.send("GET", "/v1/~demo.example/tills/", Authorization=signed).status == 401


@pytest.mark.parametrize("gone", [0, 1])
def test_one_address_goes_away_and_the_other_stays(twins: Realm, gone: int) -> None:
    twins.sandbox.away(gone)
    assert (reaches(twins, gone), reaches(twins, 1 - gone)) == (False, True)
    before = twins.sandbox.onslip_urls
    twins.sandbox.back()
    assert (reaches(twins, gone), reaches(twins, 1 - gone)) == (True, True)
    assert twins.sandbox.onslip_urls == before
    twins.sandbox.away()
    assert (reaches(twins, gone), reaches(twins, 1 - gone)) == (False, False)


def test_faults_still_delay_at_the_address_that_stays(twins: Realm) -> None:
    twins.sandbox.away(0)
    twins.onslip.faults.set(Fault(kind="delay", ms=50, count=1))
    assert reaches(twins, 1)
    assert twins.onslip.faults.happened == 1


def test_a_tester_sends_one_of_them_away(twins: Realm) -> None:
    with httpx.Client(trust_env=False, timeout=30) as client:
        asked = client.put(f"{twins.sandbox.base}/sandbox/away", json={"for_ms": 3_600_000, "address": 1})
    assert asked.json() == {"done": True}
    wait_until(lambda: not reaches(twins, 1), what="the second address to be away")
    assert reaches(twins, 0)


def test_endpoints_that_a_test_sets_stay(open_realm: Open) -> None:
    told = ["https://elsewhere.example/v1/"]
    realm = open_realm(rules={"endpoints": told}, second=("127.0.0.1", 0))
    assert [each["uri"] for each in json.loads(realm("GET", "").body)["service-endpoints"]] == told


def test_a_client_that_was_told_both_turns_from_one_to_the_other(twins: Realm) -> None:
    numbers = itertools.count()
    client = Onslip(
        Place(twins.sandbox.onslip_url, "demo.example", allow_http=True),
        credential=lambda: Credentials(ID, b64(SECRET)).text(),
        wall_s=lambda: twins.clock.ms // 1000,
        nonce=lambda: f"client{next(numbers)}",
    )
    path = entity("demo.example", "tills", 7)
    try:
        assert isinstance(client.client_info(30), Found)
        for gone in (0, 1, 0):
            twins.sandbox.away(gone)
            assert isinstance(client.get(path, 30), Found)
            changed = client.patch(path, {"description": f"without {gone}"}, 30)
            assert isinstance(changed, Found), "what surely did not arrive is sent to the other"
            twins.sandbox.back()
    finally:
        client.close()
    assert twins.admin("GET", "counters").json()["effects"] == {"update tills": 3}
