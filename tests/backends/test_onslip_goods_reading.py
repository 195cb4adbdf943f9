"""How the catalogue of an Onslip realm is read: unchanged, long, forbidden, broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome
from terminal.sandbox import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.making import ENOUGH_S
from tests.backends.onslip_bench import ENTITY, LIST, asked, ids, know_product, told
from tests.sandbox.realm import Realm

Open = Callable[..., Realm]
Reach = Callable[..., Onslip360]
COFFEE = Product(1, "Coffee", 1950, group="Drinks", vat=1200)
TEA = Product(2, "Tea", 2500, group="Drinks", vat=1200)


class Counting(httpx.HTTPTransport):
    """Notes the status of each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        self.statuses.append(response.status_code)
        return response


def test_what_is_unchanged_is_not_sent_again(mapped: Realm, reach: Reach) -> None:
    way = Counting()
    backend = reach(mapped, transport=way, till=17)
    first = told(backend)
    assert way.statuses == [200] * 7  # who we are, till, location, and four lists
    assert told(backend) == first
    assert way.statuses[7:] == [200] + [304] * 6
    know_product(mapped, 2, name="Green tea")
    assert told(backend).products[0].name == "Green tea"
    assert sorted(way.statuses[14:]) == [200] * 2 + [304] * 5


def test_long_lists_are_read_to_their_end(realm: Realm, reach: Reach) -> None:
    for number in range(100, 330):
        know_product(realm, number)
    assert len(told(reach(realm)).products) == 232
    assert asked(realm, LIST) == 5


@pytest.mark.parametrize(
    "permission", ["show-products", "show-product-groups", "show-button-maps", "show-payment-methods"]
)
def test_a_missing_permission_is_one_clear_sentence(realm: Realm, reach: Reach, permission: str) -> None:
    realm.only(*(PERMISSIONS - {permission}))
    words = f"for the catalogue the key lacks the permission {permission}: have it given in the back office"
    assert reach(realm).terminal(ENOUGH_S) == Answer(Outcome.REFUSED, words, 403)
    assert asked(realm, LIST) == 0


def test_without_permission_for_modifiers_none_are_shown(realm: Realm, reach: Reach) -> None:
    realm.only(*(PERMISSIONS - {"show-product-modifiers"}))
    assert told(reach(realm)).products == (COFFEE, TEA)
    assert asked(realm, LIST) == 2


def test_a_location_that_may_not_be_read_has_no_settings(mapped: Realm, reach: Reach) -> None:
    mapped.only(*(PERMISSIONS - {"show-locations"}))
    assert ids(reach(mapped, till=17)) == [1, 2]
    assert asked(mapped, ENTITY) == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(kind="drop"), Outcome.UNKNOWN),
        (Fault(kind="half"), Outcome.UNKNOWN),
        (Fault(kind="garbage"), Outcome.UNKNOWN),
        (Fault(kind="status", status=500), Outcome.UNKNOWN),
        (Fault(kind="status", status=503), Outcome.BUSY),
        (Fault(kind="status", status=302), Outcome.DENIED),
    ],
)
@pytest.mark.parametrize(
    "path", ["~demo.example", "product-groups/", "products/", "product-modifiers/", "tills/7"]
)
def test_a_catalogue_that_is_not_read_whole_is_none(
    mapped: Realm, reach: Reach, fault: Fault, outcome: Outcome, path: str
) -> None:
    backend = reach(mapped, till=7)
    before = told(backend)
    mapped.onslip.faults.set(Fault(**{**_fields(fault), "path": path}))
    answer = backend.terminal(ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is outcome
    mapped.onslip.faults.clear()
    assert told(backend) == before


def _fields(fault: Fault) -> dict[str, Any]:
    return {name: getattr(fault, name) for name in fault.__struct_fields__}


def test_without_time_nothing_is_asked_for_ever(realm: Realm, reach: Reach) -> None:
    realm.onslip.faults.set(Fault(kind="hang", path="products/"))
    answer = reach(realm).terminal(0.5)
    assert isinstance(answer, Answer)
    assert answer.outcome in (Outcome.UNKNOWN, Outcome.UNSENT)
