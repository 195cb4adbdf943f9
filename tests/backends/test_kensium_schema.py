"""The schema check: what a server has otherwise is found and told, and what the operator knows of is quiet."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from typing import Any

import msgspec
import pytest
from graphql import build_schema, execute_sync, parse

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Call, Found
from terminal.backends.kensium.introspection import Schema, explore, read_schema
from terminal.backends.kensium.schema import Finding, check
from terminal.sandbox.kensium.sdl import SDL
from tests.backends.kensium_making import Tenant, client


def explored(sdl: str, names: dict[str, str] | None = None) -> Schema:
    """Ask a server of that schema, without the way to it; of types that differ not all fit together."""
    server = build_schema(sdl, assume_valid=True)

    def ask(call: Call) -> Any:
        result = execute_sync(server, parsed(call.document), variable_values=call.variables)
        assert result.errors is None
        assert result.data is not None
        return result.data[call.path[0]]

    return followed(explore(names or {}), ask)


def followed(asking: Generator[Call, Any, Schema], ask: Callable[[Call], Any]) -> Schema:
    call = next(asking)
    while True:
        try:
            call = asking.send(ask(call))
        except StopIteration as end:
            schema: Schema = end.value
            return schema


parsed = functools.cache(parse)


def test_it_is_asked_for_over_our_own_client() -> None:
    graphql = client(Tenant())

    def ask(call: Call) -> Any:
        found = graphql.ask(call, 30)
        assert isinstance(found, Found), found
        return found.data

    assert followed(explore({}), ask) == explored(SDL)


def findings(old: str = "", new: str = "", names: dict[str, str] | None = None) -> list[Finding]:
    assert old in SDL
    sdl = SDL.replace(old, new, 1) if old else SDL
    return list(check(explored(sdl, names), names or {}))


def found(old: str, new: str, names: dict[str, str] | None = None) -> list[tuple[str, str, str | None]]:
    return [(each.path, each.what, each.near) for each in findings(old, new, names)]


def test_a_server_that_has_it_all_is_found_nothing_of() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("  environment: Environment\n", "", "environment"),
        (" hasMoreResults: Boolean limitedByPermission: Boolean until", " limitedByPermission: Boolean until",
         "customer.hasMoreResults"),
        ("phone: Phone", "", "customer.results.phone"),
        ("until: String results: [Sale]", "results: [Sale]", "sale.until"),
        ("balance: Decimal codes", "codes", "giftcard.results.balance"),
        ("customerId: String, fromDate: String, ", "customerId: String, ", "sale(fromDate)"),
        ("customerId: String email: String", "customerId: String", "purchaseAdd(add.email)"),
        (" quantity: Decimal! uom: String!", " uom: String!", "purchaseAdd(add.lineItems.quantity)"),
        ("authorizeOnly: Boolean", "", "giftcardTransAdd(trans.authorizeOnly)"),
        ("  purchaseAdd(add: PurchaseAddInput!): Purchase\n", "", "purchaseAdd"),
        (" waitMilliseconds: Int", "", "terminalPayment.start.continuation.waitMilliseconds"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_by_its_path(old: str, new: str, path: str) -> None:
    told = {each.path: each for each in findings(old, new)}
    assert path in told
    assert told[path].what == "missing"
    assert "missing" in told[path].words
    assert f'names."{path}" = ""' in told[path].words


def test_one_that_is_renamed_is_told_with_what_it_may_be_now() -> None:
    (finding,) = findings("memberId: String balance: Decimal codes", "memberId: String balanse: Decimal codes")
    assert (finding.path, finding.what, finding.near) == ("giftcard.results.balance", "renamed", "balanse")
    assert finding.words == (
        "giftcard.results.balance is missing: GiftCard has no balance; expected a decimal number, quoted "
        "(Amount, Currency, Decimal, Money, String). It has balanse; if that is it, set "
        'names."giftcard.results.balance" = "balanse".'
    )


def test_what_an_object_holds_is_looked_at_under_its_new_name_too() -> None:
    old, new = "codes: [GiftCardCode]", "cardCodes: [GiftCardCode]"
    told = found(old, new)
    assert ("giftcard.results.codes", "renamed", "cardCodes") in told
    names = {each[0]: "cardCodes" for each in told}
    assert set(names) == {"giftcard.results.codes", "giftcardAdd.codes", "giftcardEdit.codes"}
    assert found(old, new, names) == []
    sdl = SDL.replace(old, new).replace("expiresOn: DateTime isMasked", "isMasked")
    assert {each.path for each in check(explored(sdl, names), names)} == {f"{each}.expiresOn" for each in names}


def test_what_the_operator_knows_of_is_written_as_the_server_wants_it() -> None:
    old, new = "refNo: String authorizeOnly: Boolean", "reference: String"
    names = {"giftcardTransAdd(trans.refNo)": "reference", "giftcardTransAdd(trans.authorizeOnly)": ""}
    assert {each[:2] for each in found(old, new)} == {(path, "missing") for path in names}
    assert found(old, new, names) == []
    tenant = Tenant(build_schema(SDL.replace(old, new)), root={"giftcardTransAdd": {"id": "5"}})
    call = Documents(names).giftcard_trans_add("9", 100, "ADD", source_id="s", ref_no="r")
    result = client(tenant).ask(call, 30)
    assert isinstance(result, Found)
    assert result.data["id"] == "5"


@pytest.mark.parametrize(
    ("old", "new", "path", "type_"),
    [
        ("balance: Decimal codes", "balance: Float codes", "giftcard.results.balance", "Float"),
        ("balance: Decimal codes", "balance: [Decimal] codes", "giftcard.results.balance", "[Decimal]"),
        ("results: [Customer]", "results: Customer", "customer.results", "Customer"),
        ("phone: Phone }", "phone: String }", "customer.results.phone", "String"),
        ("fromDate: String,", "fromDate: Int,", "sale(fromDate)", "Int"),
        ("transType: GiftCardTransType!", "transType: String!", "giftcardTransAdd(trans.transType)", "String!"),
        ("pin: String transType", "pin: Int transType", "giftcardTransAdd(trans.pin)", "Int"),
        ("lineNumber: Int!", "lineNumber: String!", "purchaseAdd(add.lineItems.lineNumber)", "String!"),
        ("isRefund: Boolean!", "isRefund: Int!", "purchaseAdd(add.lineItems.isRefund)", "Int!"),
        ("lineItems: [PurchaseLineInput!]!", "lineItems: PurchaseLineInput!", "purchaseAdd(add.lineItems)",
         "PurchaseLineInput!"),
        ("giftcardEdit(giftcard: GiftCardEditInput!)", "giftcardEdit(giftcard: String!)",
         "giftcardEdit(giftcard)", "String!"),
    ],
)  # fmt: skip
def test_one_of_another_type_is_told_with_both(old: str, new: str, path: str, type_: str) -> None:
    told = [each for each in findings(old, new) if each.path == path]
    assert [each.what for each in told] == ["other type"]
    assert f"{path} is {type_} on the server; expected " in told[0].words


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("balance: Decimal codes", "balance: String codes"),
        ("balance: Decimal codes", "balance: Decimal! codes"),
        ("results: [Customer]", "results: [Customer!]!"),
        ("sku: String name: String longName", "sku: ID! name: String longName"),
        ("type Sale { id: String", "type Sale { new: Int id: String"),
        ("codeType: GiftCardCodeType code: String expiresOn", "codeType: String code: String expiresOn"),
        ("saleDate: DateTime", "saleDate: String"),
        ("location(first: Int, skip: Int)", 'location(first: Int, skip: Int, kind: String! = "STORE")'),
        ("IMPORT }", "IMPORT TRANSFER }"),
    ],
)
def test_what_fits_as_well_is_no_finding(old: str, new: str) -> None:
    assert findings(old, new) == []


def test_words_that_are_missing_are_named() -> None:
    old, new = (
        "enum GiftCardTransType { ADD USE ADJUST EXTERNAL IMPORT }",
        "enum GiftCardTransType { ADD USED IMPORT }",
    )
    path = "giftcardTransAdd(trans.transType)"
    assert found(old, new) == [
        (f"{path}.USE", "missing word", "USED"),
        (f"{path}.ADJUST", "missing word", None),
        (f"{path}.EXTERNAL", "missing word", None),
    ]
    words = findings(old, new)[0].words
    assert "has ADD, USED, IMPORT; expected USE" in words
    names = {f"{path}.USE": "USED", f"{path}.ADJUST": "", f"{path}.EXTERNAL": ""}
    assert found(old, new, names) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("location(first: Int,", "location(tenant: String!, first: Int,", "location(tenant)"),
        ("refNo: String authorize", "refNo: String till: ID! authorize", "giftcardTransAdd(trans.till)"),
        ("quantity: Decimal! uom", "quantity: Decimal! tax: String! uom", "purchaseAdd(add.lineItems.tax)"),
    ],
)  # fmt: skip
def test_what_the_server_wants_and_is_not_sent_is_told(old: str, new: str, path: str) -> None:
    assert found(old, new) == [(path, "wanted", None)]


def test_a_server_without_changes_or_with_nothing_known_is_told_all_of_it() -> None:
    told = {each.path for each in check(explored("type Query { x: Int }"), {})}
    assert {"environment", "giftcard", "sale", "giftcardTransAdd", "terminalPayment"} <= told
    assert len(told) == 20


@pytest.mark.parametrize(
    "answer", [None, 7, [], {"queryType": None}, {"queryType": {"name": 5}, "mutationType": []}]
)
def test_answers_that_are_no_schema_leave_everything_missing(answer: Any) -> None:
    asking = explore({})
    next(asking)
    with pytest.raises(StopIteration) as end:
        asking.send(answer)
    assert len(check(end.value.value, {})) == 20


@pytest.mark.parametrize(
    "answer", [None, 7, {"fields": 5}, {"fields": [5, {"name": "item", "type": 5, "args": 5}]}]
)
def test_types_that_are_none_are_asked_for_once(answer: Any) -> None:
    roots, asked = {"queryType": {"name": "Query"}, "mutationType": {"name": "Mutation"}}, list[str]()

    def ask(call: Call) -> Any:
        asked.append(call.variables.get("name", ""))
        return answer if asked[-1] else roots

    schema = followed(explore({}), ask)
    assert len(asked) == len(set(asked)) <= 4
    assert len(check(schema, {})) >= 19


def test_only_types_on_the_way_are_asked_for_and_the_schema_can_be_kept() -> None:
    sdl = (
        SDL
        + "\nextend type Query { content: Content }\ntype Content { body: Html }\ntype Html { text: String }"
    )
    schema = explored(sdl)
    assert {"Content", "Html", "String"}.isdisjoint(schema.types)
    kept = read_schema(msgspec.json.encode(schema))
    assert kept == schema
    assert check(kept, {}) == ()
    with pytest.raises(ValueError, match="truncated"):
        read_schema(b"{")
