"""Who is let in to the Kensium server, and what each may do."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote_plus

import httpx
import pytest

from tests.sandbox.tenant import ID, SECRET, Tenant, purchase

FORM = {"grant_type": "client_credentials", "client_id": ID, "client_secret": SECRET}
WHO = "{ environment { currency } }"


def refused(answer: httpx.Response, status: int, error: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "access_token" not in answer.json()


def test_the_discovery_document_tells_where_tokens_are(tenant: Tenant) -> None:
    url = f"{tenant.sandbox.kensium_url}/.well-known/openid-configuration"
    told = tenant.http.get(url).json()
    assert told["issuer"] == f"{tenant.sandbox.kensium_url}/"
    answer = tenant.http.post(told["token_endpoint"], data=FORM)
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}, "no refresh token in this flow"
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)
    assert answer.headers["cache-control"] == "no-store"
    assert tenant.http.get(told["jwks_uri"]).json() == {"keys": []}
    assert tenant.http.get(url, headers={"Host": "a b"}).status_code == 400
    tenant.admin("PUT", "rules", {"discovery": False})
    assert tenant.http.get(url).status_code == 404


def test_the_header_serves_as_well_as_the_body(tenant: Tenant) -> None:
    def header(secret: str) -> dict[str, str]:
        pair = f"{quote_plus(ID)}:{secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    url, form = f"{tenant.sandbox.kensium_url}/connect/token", {"grant_type": "client_credentials"}
    assert tenant.http.post(url, data=form, headers=header(quote_plus(SECRET))).status_code == 200
    refused(tenant.http.post(url, data=form, headers=header("wrong")), 401, "invalid_client")
    both = tenant.http.post(url, data=FORM, headers=header(quote_plus(SECRET)))
    refused(both, 400, "invalid_request")
    refused(tenant.http.post(url, data=form, headers={"Authorization": "Basic bm8="}), 400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unauthorized_client"),
        ({"grant_type": "refresh_token"}, 400, "unauthorized_client"),
        ({"grant_type": "chance"}, 400, "unsupported_grant_type"),
        ({"scope": "offline_access"}, 400, "invalid_scope"),
        ({"scope": "openid everything"}, 400, "invalid_scope"),
    ],
)
def test_who_asks_wrongly_gets_no_token(
    tenant: Tenant, changes: dict[str, str], status: int, error: str
) -> None:
    refused(tenant.ask_token(**FORM | changes), status, error)


def test_scopes_of_openid_change_nothing(tenant: Tenant) -> None:
    assert tenant.ask_token(**FORM, scope="openid roles").status_code == 200


def test_a_token_is_asked_for_with_a_form_each_part_of_which_comes_once(tenant: Tenant) -> None:
    url = f"{tenant.sandbox.kensium_url}/connect/token"
    refused(tenant.http.post(url, json=FORM), 400, "invalid_request")
    twice = f"grant_type=client_credentials&client_id={ID}&client_id={ID}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused(tenant.http.post(url, content=twice, headers=headers), 400, "invalid_request")


def test_a_token_expires(open_tenant: Callable[..., Tenant]) -> None:
    tenant = open_tenant(rules={"token_s": 60})
    tenant.clock.pass_s(59.9)
    tenant.data(WHO)
    tenant.clock.pass_s(0.1)
    assert tenant.send(WHO).status_code == 401
    tenant.token = tenant.fresh()
    tenant.data(WHO)
    tenant.admin("POST", "expire", {})
    assert tenant.send(WHO).status_code == 401


def test_who_has_no_token_is_challenged_and_may_be_told_why(tenant: Tenant) -> None:
    tenant.token = "nobody's"
    answer = tenant.send(WHO)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    tenant.admin("PUT", "rules", {"challenge": "json"})
    assert tenant.code(WHO, 401) == "NOT_AUTHENTICATED"


def test_who_may_not_use_graphql_is_sent_away_without_a_word(tenant: Tenant) -> None:
    tenant.without("ExecuteGraphQL")
    answer = tenant.send(WHO)
    assert (answer.status_code, answer.content) == (403, b"")


FIELDS = [
    ("ViewCustomers", "{ customer { results { id } } }"),
    ("ViewInventory", "{ item { results { sku } } }"),
    ("ViewInventory", "{ itemWarehouse { results { sku } } }"),
    ("ViewInventory", "{ itemSerialLot { results { sku } } }"),
    ("ViewSales", "{ sale { results { id } } }"),
    ("FindGiftCardByCode", '{ giftcard(code: "1") { results { id } } }'),
    ("CreateGiftCard", 'mutation { giftcardAdd(giftcard: {physicalCode: "9"}) { id } }'),
    ("EditGiftCard", 'mutation { giftcardEdit(giftcard: {id: "30001"}) { id } }'),
    ("AddPurchase", purchase()),
]


def test_each_field_needs_its_permission(tenant: Tenant) -> None:
    for permission, query in FIELDS:
        tenant.without(permission)
        answer = tenant.send(query)
        assert answer.status_code == 401, "before anything is executed"
        assert "data" not in answer.json()
        assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_AUTHORIZED"}
        tenant.only("ExecuteGraphQL", permission)
        tenant.data(query)


def test_a_permission_may_be_missed_only_when_the_field_is_resolved(tenant: Tenant) -> None:
    tenant.admin("PUT", "rules", {"permissions": "execution"})
    for permission, query in FIELDS:
        tenant.without(permission)
        error = tenant.error(query)
        assert error["extensions"] == {"code": "NOT_AUTHORIZED"}
        assert len(error["path"]) == 1
    assert tenant.counters()["effects"] == {}


def test_a_token_allows_what_was_allowed_when_it_was_given(tenant: Tenant) -> None:
    tenant.kensium.add_application(ID, SECRET, ["ExecuteGraphQL"])
    tenant.data(FIELDS[0][1])
    tenant.token = tenant.fresh()
    assert tenant.code(FIELDS[0][1], 401) == "NOT_AUTHORIZED"


def test_a_permission_hides_behind_no_fragment_and_no_alias(tenant: Tenant) -> None:
    tenant.without("ViewSales")
    query = "query { ...A } fragment A on Query { ... on Query { x: sale { results { id } } } }"
    assert tenant.code(query, 401) == "NOT_AUTHORIZED"
    assert tenant.code("{ ...A } fragment A on Query { ...A }") == "FUSION_ERROR"


def test_secrets_are_in_no_repr(tenant: Tenant) -> None:
    found = tenant.kensium.store.application(ID)
    assert SECRET not in repr(found)
    tenant.kensium.add_card("secret-code", pin="9876")
    text = repr(tenant.kensium.wallets.found("secret-code"))
    assert "secret-code" not in text
    assert "9876" not in text
