"""The parts of Kensium's client together, over sockets: the counters of the sandbox are the judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Call, Found, GraphQL
from terminal.backends.kensium.introspection import Schema, explore
from terminal.backends.kensium.models import (
    GiftCard,
    GiftCardTrans,
    Item,
    PaymentStep,
    Purchased,
    read,
    read_page,
)
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.paging import followed
from terminal.backends.kensium.schema import check
from terminal.core.delivery import Answer, Outcome
from tests.backends.test_kensium_documents import PURCHASE
from tests.sandbox.tenant import CODE, ID, SECRET, Tenant

WRITE = Documents()
USE = WRITE.giftcard_trans_add(CODE, -649, "USE", source_id="kiosk-1", ref_no="kiosk-1-7")


def client_of(tenant: Tenant, secret: str = SECRET) -> GraphQL:
    options = msgspec.convert({"url": tenant.sandbox.kensium_url}, KensiumOptions)
    credential = json.dumps({"client_id": ID, "client_secret": secret})
    return GraphQL(options, agent="terminald/test", credential=lambda: credential)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


@pytest.fixture
def graphql(tenant: Tenant) -> Iterator[GraphQL]:
    graphql = client_of(tenant)
    yield graphql
    graphql.close()


def data(graphql: GraphQL, call: Call) -> Any:
    found = graphql.ask(call, 30)
    assert isinstance(found, Found), found
    assert found.troubles == ()
    return found.data


def refused(graphql: GraphQL, call: Call) -> Answer:
    answer = graphql.ask(call, 30)
    assert isinstance(answer, Answer)
    return answer


def balance(graphql: GraphQL) -> int:
    (card,) = read_page(GiftCard, data(graphql, WRITE.giftcard(CODE))).rows
    assert card.balance is not None
    return card.balance.cents


def test_funds_are_held_and_captured(tenant: Tenant, graphql: GraphQL) -> None:
    hold = WRITE.giftcard_trans_add(
        CODE, -649, "USE", source_id="kiosk-1", ref_no="kiosk-1-7", authorize_only=True
    )
    held = read(GiftCardTrans, data(graphql, hold))
    assert (held.status, balance(graphql)) == ("AUTHORIZED", 351)
    done = read(GiftCardTrans, data(graphql, WRITE.giftcard_trans_capture(held.id)))
    assert (done.id, done.status, balance(graphql)) == (held.id, "COMPLETED", 351)
    assert tenant.counters()["cards"][tenant.card] == {"count": 1, "cents": -649, "held": 0}


def test_what_is_refused_took_no_effect(tenant: Tenant, graphql: GraphQL) -> None:
    dear = WRITE.giftcard_trans_add(CODE, -5000, "USE", source_id="kiosk-1", ref_no="kiosk-1-7")
    assert refused(graphql, dear).outcome is Outcome.REFUSED
    tenant.without("GiftCardTransUse")
    other = client_of(tenant)
    answer = refused(other, USE)
    other.close()
    assert answer.outcome is Outcome.DENIED
    assert "GiftCardTransUse" in answer.words
    assert (balance(graphql), tenant.counters()["effects"]) == (1000, {})


def test_a_part_that_failed_after_the_effect_is_no_refusal() -> None:
    tenant = Tenant({"broken": ("GiftCardTrans.balance",)})
    graphql = client_of(tenant)
    found = graphql.ask(USE, 30)
    assert isinstance(found, Found)
    assert [each.path for each in found.troubles] == ["giftcardTransAdd.balance"]
    assert read(GiftCardTrans, found.data).balance is None
    assert tenant.counters()["cards"][tenant.card]["cents"] == -649
    graphql.close()
    tenant.close()


def test_a_token_that_ended_is_renewed_and_the_effect_is_one(tenant: Tenant, graphql: GraphQL) -> None:
    assert balance(graphql) == 1000
    tenant.clock.pass_s(4000)
    data(graphql, USE)
    assert tenant.counters()["cards"][tenant.card]["count"] == 1


def test_another_secret_is_denied_without_a_word_of_it(tenant: Tenant) -> None:
    graphql = client_of(tenant, secret="wrong-secret")  # noqa: S106 - that of a test
    answer = refused(graphql, USE)
    assert answer.outcome is Outcome.DENIED
    assert "wrong-secret" not in answer.words
    graphql.close()


def test_a_server_that_tells_nothing_of_itself_is_found_all_the_same() -> None:
    tenant = Tenant({"discovery": False})
    graphql = client_of(tenant)
    assert balance(graphql) == 1000
    graphql.close()
    tenant.close()


def test_items_are_followed_page_by_page(tenant: Tenant, graphql: GraphQL) -> None:
    kept: dict[Any, Item] = {}
    reading = followed("", 1)
    ask = next(reading)
    with pytest.raises(StopIteration) as end:  # noqa: PT012 - a loop that the server ends
        while True:
            page = read_page(Item, data(graphql, WRITE.item(first=ask.first, since=ask.since)))
            kept |= {row.key: row for row in page.rows}
            ask = reading.send(page)
    assert {row.sku: row.name for row in kept.values()} == {"COFFEE": "Coffee", "TEA": "Tea"}
    tenant.kensium.know("item", [{"sku": "TEA", "name": "Green tea"}])
    later = read_page(Item, data(graphql, WRITE.item(first=5, since=end.value.value)))
    assert [row.name for row in later.rows] == ["Green tea"]


def test_a_purchase_and_a_payment(tenant: Tenant, graphql: GraphQL) -> None:
    assert read(Purchased, data(graphql, WRITE.purchase_add(PURCHASE))).id
    assert tenant.counters()["transactions"] == {"kiosk-1-7": 1}
    step = read(PaymentStep, data(graphql, WRITE.payment_start(199, source_id="kiosk-1", ref_no="r")))
    assert step.continuation is not None
    assert step.continuation.id
    step = read(PaymentStep, data(graphql, WRITE.payment_continue(step.continuation.id)))
    assert step.payment is not None
    assert step.payment.amount is not None
    assert step.payment.amount.cents == 199


def schema_of(graphql: GraphQL, names: dict[str, str]) -> Schema:
    asking = explore(names)
    call = next(asking)
    while True:
        try:
            call = asking.send(data(graphql, call))
        except StopIteration as end:
            schema: Schema = end.value
            return schema


def test_the_schema_check_finds_what_differs_and_names_mend_it() -> None:
    rules = {"missing": ("GiftCardTransAddInput.authorizeOnly",), "renamed": {"GiftCard.balance": "balanse"}}
    tenant = Tenant(rules)
    graphql = client_of(tenant)
    assert {each.path for each in check(schema_of(graphql, {}), {})} == {
        "giftcard.results.balance",
        "giftcardTransAdd(trans.authorizeOnly)",
    }
    names = {"giftcard.results.balance": "balanse", "giftcardTransAdd(trans.authorizeOnly)": ""}
    assert check(schema_of(graphql, names), names) == ()
    assert "balanse" in refused(graphql, WRITE.giftcard(CODE)).words
    (card,) = read_page(GiftCard, data(graphql, Documents(names).giftcard(CODE))).rows
    assert card.balance is not None
    assert card.balance.cents == 1000
    graphql.close()
    tenant.close()
