"""GraphQL over HTTP as the Kensium server speaks it: ways to ask, statuses, errors, other schemas, faults."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from msgspec import ValidationError

from terminal.sandbox.kensium.rules import KensiumRules
from tests.sandbox.tenant import CODE, Tenant, capture

WHO = "{ environment { currency } }"


def post(tenant: Tenant, kind: str, content: bytes) -> httpx.Response:
    url = f"{tenant.sandbox.kensium_url}/api/graphql"
    headers = {"Authorization": f"Bearer {tenant.token}", "Content-Type": kind}
    return tenant.http.post(url, content=content, headers=headers)


def get(tenant: Tenant, **query: str) -> httpx.Response:
    url = f"{tenant.sandbox.kensium_url}/api/graphql"
    return tenant.http.get(url, params=query, headers={"Authorization": f"Bearer {tenant.token}"})


def test_there_are_three_ways_to_ask(tenant: Tenant) -> None:
    told = {"data": {"environment": {"currency": "EUR"}}}
    assert tenant.send(WHO).json() == told
    assert post(tenant, "application/graphql", WHO.encode()).json() == told
    assert get(tenant, query=WHO).json() == told
    named = "query A { environment { currency } } query B($sku: String) { item(sku: $sku) { results { sku } } }"
    answer = get(tenant, query=named, operationName="B", variables='{"sku": "TEA"}')
    assert answer.json() == {"data": {"item": {"results": [{"sku": "TEA"}]}}}
    assert tenant.data(named, operationName="B", variables={"sku": "TEA"}) == answer.json()["data"]


def test_nothing_is_changed_by_get(tenant: Tenant) -> None:
    assert get(tenant, query=tenant.book("ADD", "1")).status_code == 405
    assert tenant.balance() == "10.00"


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"query": 7}', 400),
        ("application/json", b"{}", 400),
        ("application/json", b'{"query": "{ nothing }"}', 400),
        ("application/json", b'{"query": "{ item(first: \\"1\\") { results { sku } } }"}', 400),
        ("application/json", b'{"query": "query A { item { until } } query B { item { until } }"}', 400),
        ("application/graphql", b"{", 400),
        ("application/graphql", b"\xff", 400),
        ("application/graphql", b"{ a" * 3000, 400),
        ("application/graphql", b"a " * 30_000, 400),
    ],
)
def test_what_is_no_request_is_an_error(tenant: Tenant, kind: str, content: bytes, status: int) -> None:
    answer = post(tenant, kind, content)
    assert answer.status_code == status
    for error in answer.json()["errors"]:
        assert error["message"]
        assert error["extensions"]["code"] == "FUSION_ERROR"


def test_an_error_says_where_it_is(tenant: Tenant) -> None:
    error = tenant.error(capture("4711"))
    assert error["path"] == ["giftcardTransCapture"]
    assert error["locations"] == [{"line": 1, "column": 12}]


def test_data_stands_beside_errors(tenant: Tenant) -> None:
    good = tenant.book("ADD", "1").removeprefix("mutation { ").removesuffix(" }")
    bad = capture("4711").removeprefix("mutation { ").removesuffix(" }")
    answer = tenant.send(f"mutation {{ {good} {bad} }}")
    assert answer.status_code == 400
    assert answer.json()["data"]["giftcardTransAdd"]["balance"] == "11.00"
    assert answer.json()["data"]["giftcardTransCapture"] is None
    assert tenant.balance() == "11.00"


def test_what_cannot_be_answered_took_effect_all_the_same(tenant: Tenant) -> None:
    tenant.admin("PUT", "rules", {"broken": ["GiftCardTrans.balance"]})
    answer = tenant.send(tenant.book("ADD", "1"))
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["giftcardTransAdd", "balance"], "FUSION_ERROR")
    done = answer.json()["data"]["giftcardTransAdd"]
    assert (done["balance"], done["status"]) == (None, "COMPLETED")
    assert tenant.balance() == "11.00"
    tenant.admin("PUT", "rules", {"broken": ["Mutation.giftcardTransAdd"]})
    assert tenant.send(tenant.book("ADD", "1")).json()["data"] == {"giftcardTransAdd": None}
    assert tenant.balance() == "11.00", "a field that is broken itself does nothing"


# -- the schema ----------------------------------------------------------------------------------------

INPUT = '{ __type(name: "%s") { inputFields { name type { name kind ofType { name } } } } }'


def members(tenant: Tenant, type_: str) -> dict[str, Any]:
    """The members of an input by name, with their types."""
    found = tenant.data(INPUT % type_)["__type"]["inputFields"]
    return {each["name"]: each["type"]["name"] or each["type"]["ofType"]["name"] for each in found}


def test_the_schema_can_be_asked_for(tenant: Tenant) -> None:
    fields = tenant.data("{ __schema { mutationType { fields { name args { name } } } } }")
    args = {
        it["name"]: [arg["name"] for arg in it["args"]] for it in fields["__schema"]["mutationType"]["fields"]
    }
    assert args == {
        "giftcardAdd": ["giftcard"],
        "giftcardEdit": ["giftcard"],
        "giftcardTransAdd": ["trans"],
        "giftcardTransCapture": ["trans"],
        "purchaseAdd": ["add"],
        "terminalPayment": [],
    }
    assert members(tenant, "GiftCardTransAddInput")["authorizeOnly"] == "Boolean"
    tenant.admin("PUT", "rules", {"introspection": False})
    hidden = tenant.send(INPUT % "GiftCardTransAddInput")
    assert (hidden.status_code, "data" in hidden.json()) == (400, False)


def test_the_schema_may_lack_something(tenant: Tenant) -> None:
    missing = ["GiftCardTransAddInput.authorizeOnly", "Query.sale", "Query.item.since", "GiftCardTransType.USE"]
    assert tenant.admin("PUT", "rules", {"missing": missing}).status_code == 200
    assert "authorizeOnly" not in members(tenant, "GiftCardTransAddInput")
    for query in (
        tenant.book("ADD", "1", authorizeOnly=True),
        "{ sale { results { id } } }",
        '{ item(since: "") { until } }',
        tenant.book("USE", "-1"),
    ):
        assert tenant.send(query).status_code == 400
    assert tenant.booked("ADD", "1")["balance"] == "11.00"


def test_what_is_called_otherwise_does_the_same(tenant: Tenant) -> None:
    names = {
        "Query.giftcard": "card",
        "Query.giftcard.code": "number",
        "GiftCard.balance": "funds",
        "GiftCardTransAddInput.amount": "value",
        "GiftCardTransAddInput": "TransInput",
        "GiftCardTransType.ADD": "PLUS",
        "Decimal": "Money",
        "GiftCardTransStatus.COMPLETED": "DONE",
    }
    assert tenant.admin("PUT", "rules", {"renamed": names}).status_code == 200
    assert members(tenant, "TransInput")["value"] == "Money"
    told = tenant.data(
        "mutation Book($trans: TransInput!) { giftcardTransAdd(trans: $trans) { balance status } }",
        variables={"trans": {"code": CODE, "transType": "PLUS", "value": "1.50"}},
    )
    assert told["giftcardTransAdd"] == {"balance": "11.50", "status": "DONE"}
    found = tenant.data(f'{{ card(number: "{CODE}") {{ results {{ funds }} }} }}')
    assert found["card"]["results"] == [{"funds": "11.50"}]
    tenant.without("FindGiftCardByCode")
    assert tenant.code("{ card { results { id } } }", 401) == "NOT_AUTHORIZED", "by whatever name"


def test_something_may_be_of_another_type(tenant: Tenant) -> None:
    tenant.admin("PUT", "rules", {"types": {"GiftCardTransAddInput.amount": "Float!", "GiftCard.id": "Int"}})
    assert members(tenant, "GiftCardTransAddInput")["amount"] == "Float"
    assert tenant.send(tenant.book("ADD", "1")).status_code == 400


@pytest.mark.parametrize(
    "rules",
    [
        {"missing": ["Query.nothing"]},
        {"renamed": {"Nothing": "Something"}},
        {"renamed": {"Query.item": "0"}},
        {"types": {"Item.sku": "["}},
        {"types": {"Item.sku": "Nothing"}},
        {"missing": ["Purchase.id"]},
        {"broken": ["Item.nothing"]},
        {"codes": {"nothing": "X"}},
        {"others": 2},
    ],
)
def test_rules_that_cannot_be_are_refused_and_change_nothing(tenant: Tenant, rules: dict[str, Any]) -> None:
    before = tenant.admin("GET", "rules").json()
    answer = tenant.admin("PUT", "rules", rules)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert tenant.admin("GET", "rules").json() == before
    tenant.data("{ item { results { sku } } }")
    with pytest.raises(ValidationError):
        tenant.kensium.rules = KensiumRules(missing=("Query.nothing",))


def test_without_graphql_core_a_sentence_says_what_to_install(
    open_tenant: Callable[..., Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "graphql", None)
    with pytest.raises(ValueError, match=r"^the Kensium server needs graphql-core: pip install graphql-core$"):
        open_tenant()


# -- faults --------------------------------------------------------------------------------------------


def test_an_answer_is_lost_after_the_effect_and_for_that_field_alone(tenant: Tenant) -> None:
    fault = {"kind": "drop", "after": True, "path": "#giftcardTransAdd", "count": 1}
    tenant.admin("PUT", "faults", {"faults": [fault]})
    tenant.data(WHO)
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.send(tenant.book("ADD", "1"))
    assert tenant.balance() == "11.00"
    counters = tenant.counters()
    assert (counters["faults"], counters["references"]) == (1, {"7": {"COMPLETED": 1}})
    assert counters["requests"]["giftcardTransAdd"] == 1


def test_a_request_that_is_lost_before_takes_no_effect(tenant: Tenant) -> None:
    fault = {"kind": "status", "status": 503, "path": "#giftcardTransAdd", "count": 1}
    tenant.admin("PUT", "faults", {"faults": [fault]})
    assert tenant.send(tenant.book("ADD", "1")).status_code == 503
    assert tenant.balance() == "10.00"
    assert tenant.counters()["effects"] == {}


def test_a_fault_meets_tokens_alone(tenant: Tenant) -> None:
    tenant.admin("PUT", "faults", {"faults": [{"kind": "garbage", "path": "/connect/token"}]})
    tenant.data(WHO)
    answer = tenant.ask_token(grant_type="client_credentials")
    assert answer.headers["content-type"] == "text/html"


def test_a_reset_forgets_and_behaves(tenant: Tenant) -> None:
    tenant.booked("ADD", "1")
    tenant.http.post(f"{tenant.sandbox.base}/sandbox/reset", json={})
    assert tenant.send(WHO).status_code == 401
    assert tenant.counters()["effects"] == {}
    assert tenant.admin("GET", "entries").json()["cards"] == []
