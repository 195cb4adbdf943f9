"""Purchases of Kensium: what is captured before, what is sent once, and how a sale is written."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from terminal.backends.kensium.books import purchase_of
from terminal.backends.kensium.options import KensiumOptions
from terminal.core.delivery import Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.payload import Booked, Sold
from terminal.core.records import Entry
from terminal.core.tickets import Line, Method, Payment, Purchase, TicketSale
from terminal.core.value import replace
from tests.backends.kensium_bench import AT, Deaf, about, adapter, card, held, lose, record, sent
from tests.backends.making import ENOUGH_S, entry
from tests.sandbox.tenant import Tenant

HOLDS: dict[str, Any] = {"spend": "authorise"}
OPTIONS = KensiumOptions(url="https://pos.example.com", store_code="MAIN", wallet_method="GIFT")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


def purchases(tenant: Tenant) -> list[dict[str, Any]]:
    return list(tenant.kensium.store.purchases())


def sale(key: str = "coffee-1-SALE", **changes: Any) -> Entry:
    lines = (Line("COFFEE", "Coffee", 2, 250, discount=60), Line("TEA", "Tea", 1, 200))
    paid = (Payment(Method.CASH, 640, change=360),)
    sold = TicketSale(Purchase("C1", "", "plain"), "event", lines, paid)
    return replace(entry(key, EntryKind.SALE, uid=None, pieces=(), amount=640), payload=sold, **changes)


# -- what is sent --------------------------------------------------------------------------------------


def test_what_was_held_is_captured_and_then_recorded(tenant: Tenant) -> None:
    id_ = card(tenant)
    tenant.kensium.know("item", [{"sku": "COFFEE", "name": "Coffee", "saleUom": "CUP", "stockUom": "KG"}])
    backend = adapter(tenant, **HOLDS)
    assert not hasattr(backend.terminal(ENOUGH_S), "outcome")
    debit = about()
    reference = sent(backend, debit).reference or ""
    answer = backend.deliver(record(debit, reference), ENOUGH_S)
    assert answer.outcome is Outcome.DELIVERED
    assert held(tenant, id_) == {"count": 1, "cents": -250, "held": 0}
    (bought,) = purchases(tenant)
    assert answer.reference == str(bought["id"])
    assert bought["transactionId"] == "coffee-1-AAAA-record"
    assert [each["uom"] for each in bought["lineItems"]] == ["CUP"]
    backend.close()


def test_a_capture_that_was_not_answered_is_repeated_and_nothing_was_recorded(tenant: Tenant) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **HOLDS)
    debit = about()
    books = record(debit, sent(backend, debit).reference or "")
    lose(tenant)
    answer = backend.deliver(books, ENOUGH_S)
    assert (answer.outcome, purchases(tenant)) == (Outcome.UNSENT, [])
    assert backend.deliver(replace(books, attempts=2), ENOUGH_S).outcome is Outcome.DELIVERED
    assert held(tenant, id_) == {"count": 1, "cents": -250, "held": 0}
    assert len(purchases(tenant)) == 1
    backend.close()


def test_where_nobody_knows_what_a_second_capture_does_a_person_is_asked(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant, **HOLDS, captures="unknown")
    debit = about()
    books = record(debit, sent(backend, debit).reference or "")
    lose(tenant)
    assert backend.deliver(books, ENOUGH_S).outcome is Outcome.UNKNOWN
    assert backend.guarantee(EntryKind.RECORD).promise is Promise.NONE
    backend.close()


def test_a_purchase_whose_answer_was_lost_is_told_by_where_a_person_finds_it(tenant: Tenant) -> None:
    deaf = adapter(tenant, Deaf("purchaseAdd"))
    answer = deaf.deliver(record(about(), ""), ENOUGH_S)
    assert answer.outcome is Outcome.UNKNOWN
    assert "Loyalty / Purchases as transaction coffee-1-AAAA-record" in answer.words
    assert len(purchases(tenant)) == 1
    for kind in (EntryKind.RECORD, EntryKind.SALE):
        assert deaf.guarantee(kind).promise is Promise.NONE
    deaf.close()


def test_without_purchases_only_the_capture_is_made(tenant: Tenant) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **HOLDS, purchases=False, store_code="")
    debit = about()
    answer = backend.deliver(record(debit, sent(backend, debit).reference or ""), ENOUGH_S)
    assert answer.outcome is Outcome.DELIVERED
    assert (held(tenant, id_)["cents"], purchases(tenant)) == (-250, [])
    assert backend.guarantee(EntryKind.RECORD).promise is Promise.NATURAL_KEY
    backend.close()


def test_a_hold_that_the_server_gave_up_is_not_recorded_as_paid(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant, **HOLDS)
    debit = about()
    reference = sent(backend, debit).reference or ""
    assert tenant.kensium.cancel(reference.removeprefix("hold "))
    answer = backend.deliver(record(debit, reference), ENOUGH_S)
    assert (answer.outcome, purchases(tenant)) == (Outcome.REFUSED, [])
    assert "Cancelled" in answer.words
    backend.close()


def test_a_hold_whose_name_is_lost_is_a_persons(tenant: Tenant) -> None:
    backend = adapter(tenant, **HOLDS)
    answer = backend.deliver(record(about(), ""), ENOUGH_S)
    assert (answer.outcome, purchases(tenant)) == (Outcome.REFUSED, [])
    assert "coffee-1-AAAA" in answer.words
    backend.close()


def test_what_was_taken_back_captures_nothing(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant, **HOLDS)
    reference = sent(backend, about()).reference or ""
    back = record(about(EntryKind.REFUND, 250, "coffee-1-AAAA-refund"), reference, back=True)
    assert backend.deliver(back, ENOUGH_S).outcome is Outcome.DELIVERED
    (bought,) = purchases(tenant)
    assert [each["isRefund"] for each in bought["lineItems"]] == [True]
    assert Decimal(bought["refundAmount"]) == Decimal("2.50")
    assert tenant.counters()["effects"] == {"authorize": 1, "purchaseAdd": 1}
    backend.close()


def test_a_missing_permission_is_named(tenant: Tenant) -> None:
    tenant.without("AddPurchase")
    backend = adapter(tenant)
    answer = backend.deliver(sale(), ENOUGH_S)
    assert answer.outcome is Outcome.DENIED
    assert "AddPurchase" in answer.words
    backend.close()


# -- how it is written ---------------------------------------------------------------------------------


def test_totals_of_a_sale_are_those_of_its_lines() -> None:
    written = purchase_of(sale(), OPTIONS, lambda _: "").written()
    lines = written.pop("lineItems")
    assert {name: str(value) for name, value in written.items() if value is not None} == {
        "transactionId": "coffee-1-SALE",
        "storeCode": "MAIN",
        "purchasedOn": "1970-01-01T00:00:00",
        "payAmount": "6.40",
        "saleDiscountAmount": "0.00",
        "itemDiscountAmount": "0.60",
        "subTotal": "6.40",
        "refundAmount": "0.00",
        "taxAmount": "0.00",
        "payMethod": "CASH",
    }
    coffee, tea = ({name: str(value) for name, value in line.items()} for line in lines)
    assert coffee == {
        "lineNumber": "1",
        "sku": "COFFEE",
        "isRefund": "False",
        "unitPrice": "2.50",
        "extPrice": "5.00",
        "itemDiscountAmount": "0.60",
        "saleDiscountAmount": "0.00",
        "quantity": "2",
        "uom": "EACH",
    }
    assert (tea["lineNumber"], tea["extPrice"]) == ("2", "2.00")


def test_what_is_taken_back_pays_nothing_and_refunds_all() -> None:
    written = purchase_of(record(about(), "", back=True), OPTIONS, lambda _: "").written()
    assert [str(written[name]) for name in ("subTotal", "payAmount", "refundAmount")] == [
        "2.50",
        "0.00",
        "2.50",
    ]
    assert (written["purchasedOn"], written["payMethod"]) == ("2023-11-14T22:13:20", "GIFT")


def test_several_ways_to_pay_name_none() -> None:
    mixed = (Payment(Method.CASH, 140), Payment(Method.WALLET, 500), Payment(Method.CARD, 0))
    payload = sale().payload
    assert isinstance(payload, TicketSale)
    written = purchase_of(replace(sale(), payload=replace(payload, payments=mixed)), OPTIONS, lambda _: "")
    assert written.pay_method is None


@pytest.mark.parametrize(
    ("options", "what", "words"),
    [
        (replace(OPTIONS, store_code=""), sale(), "store_code"),
        (
            OPTIONS,
            replace(sale(), payload=Sold((Line("", "Odds", 1, 5),), (Payment(Method.CASH, 5),), AT)),
            "other_sku",
        ),
        (OPTIONS, replace(sale(), payload=None), "nothing that could be recorded"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(
    tenant: Tenant, options: KensiumOptions, what: Entry, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        purchase_of(what, options, lambda _: "")
    backend = adapter(tenant, store_code=options.store_code)
    assert backend.deliver(what, ENOUGH_S).outcome is Outcome.REFUSED
    assert purchases(tenant) == []
    backend.close()


def test_what_has_no_product_is_booked_on_an_item_of_the_operators_choice() -> None:
    odds = replace(sale(), payload=Sold((Line("", "Odds", 1, 5),), (Payment(Method.CASH, 5),), AT))
    (line,) = purchase_of(odds, replace(OPTIONS, other_sku="MISC"), lambda _: "").lines
    assert line.sku == "MISC"


@pytest.mark.parametrize("payload", [None, Booked("other")])
def test_what_no_record_would_capture_is_not_held(tenant: Tenant, payload: Any) -> None:
    """It was sold before this server kept the books: nobody would ever complete a hold."""
    id_ = card(tenant)
    backend = adapter(tenant, **HOLDS)
    assert sent(backend, about(payload=payload)).balance == 750
    assert held(tenant, id_) == {"count": 1, "cents": -250, "held": 0}
    backend.close()
