"""Sales as kiosk orders of OnlinePOS: what is sent, what is refused, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace as changed

from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.payload import Booked
from terminal.core.reconcile_evidence import Evidence
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line
from terminal.core.value import replace
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos.things import Company, Product
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_books_making import KEY, body_of, cart, coffee, made, of, recorded, tickets
from tests.backends.onlinepos_wallet_making import at_a, moment, tried
from tests.sandbox.shop import FIRMAID, TOKEN
from tests.sandbox.shop import KEY as SIGNING


def refused(pos: OnlinePosServer, entry: Any) -> str:
    """Return why an entry is refused, before anything was sent and if it is sent all the same."""
    found = pos.evidence(entry, None, moment(0), ENOUGH_S)
    sent = pos.deliver(entry, ENOUGH_S)
    assert isinstance(found, Answer)
    assert (found.outcome, sent.outcome) == (Outcome.REFUSED, Outcome.REFUSED)
    assert found.words == sent.words
    return found.words


def test_a_sale_is_a_paid_order_of_a_kiosk_with_our_reference_on_it() -> None:
    with at_a(order_email="bar@example.org", order_payment="App") as (shop, pos):
        sent, answer = tried(pos, of(tickets(Line(1, "Stor kaffe", 2, 2995), Line(2, "Mælk", 1, 495, 95))))
        assert answer == Answer(Outcome.DELIVERED, reference="1000")
        body = body_of(shop)
        assert cart(shop) == [(1, 2, 5000, 0), (2, 2, 990, 1), (2, 1, 400, 0)]
        assert (body["name"], body["phone"], body["email"]) == ("coffee-1", "00000000", "bar@example.org")
        assert (body["type"], body["paid"], body["paymentType"]) == (2, 1, "App")
        assert (body["priceChecksum"], body["amountChecksum"]) == ("63.9", 3)
        assert {each["lineOption"] for each in body["cart"]} == {0}
        # 2026-02-02 02:40 UTC
        assert (body["pickupTime"], body["pickupDate"]) == ("03:40", 20_260_202)
        assert (body["displayOrderNo"], body["note"]) == ("234567", f"coffee-1 {KEY}")
        assert sent.before is not None


def test_the_record_of_a_wallet_bears_the_debit_s_reference() -> None:
    with at_a(order_name="Kaffe 1") as (shop, pos):
        tried(pos, recorded())
        assert (body_of(shop)["name"], body_of(shop)["displayOrderNo"]) == ("Kaffe 1", "t-0042")


@pytest.mark.parametrize(("paid", "lines"), [
    (3000, [(3, 2, 990, 0), (1, 2, 5010, 1)]),
    (2000, [(3, 2, 0, 0), (1, 2, 4000, 1)]),
])  # fmt: skip
def test_the_lines_come_to_what_was_paid_and_not_to_what_is_on_the_shelf(paid: int, lines: Any) -> None:
    with at_a() as (shop, pos):
        _, answer = tried(pos, recorded(Line(3, "Menu", 2, paid)))
        assert answer.outcome is Outcome.DELIVERED
        assert cart(shop) == lines


def test_rounded_cash_is_no_line_of_an_order() -> None:
    with at_a() as (shop, pos):
        tried(pos, of(tickets(Line(2, "Mælk", 1, 495), rounding=5)))
        assert made(shop)[-1].amount == 495


def test_a_product_that_changed_its_choices_goes_as_one_line() -> None:
    with at_a() as (shop, pos):
        shop.pos.know([Product(id=1, name="Stor kaffe", price=2500, group=10, page=77)])
        tried(pos, recorded())
        assert cart(shop) == [(1, 2, 5990, 0)]


def test_choices_and_parts_have_no_lines_where_the_server_adds_them() -> None:
    with at_a(order_extras=False) as (shop, pos):
        shop.pos.faults.set(Fault(kind="status", status=500, path="getProductStructure"))
        tried(pos, recorded())
        assert cart(shop) == [(1, 2, 5990, 0)]


def test_what_has_no_number_goes_as_another_product_or_not_at_all() -> None:
    nameless = recorded(Line("", "Kaffe", 1, 250), Line("2", "Mælk", 1, 495))
    with at_a(other_product=2) as (shop, pos):
        assert tried(pos, nameless)[1].outcome is Outcome.DELIVERED
        assert cart(shop) == [(2, 1, 250, 0), (2, 1, 495, 0)]
    with at_a() as (shop, pos):
        assert "a sale without a product: set other_product" in refused(pos, nameless)
        assert "no number for the product 'kaffe'" in refused(pos, recorded(Line("kaffe", "Kaffe", 1, 250)))
        assert made(shop) == []


def test_what_comes_back_is_a_person_s() -> None:
    with at_a() as (shop, pos):
        assert "take it back at a till there" in refused(pos, recorded(back=True))
        assert made(shop) == []


def test_an_entry_without_a_sale_is_refused() -> None:
    with at_a() as (_, pos):
        assert refused(pos, of(Booked("main"))) == "this sale holds nothing that could be recorded"
        with pytest.raises(ValueError, match="holds nothing"):
            pos.operation(of(None), moment(0))


@pytest.mark.parametrize(("rule", "other"), [("lines", "pieces"), ("pieces", "lines")])
def test_a_wrong_count_is_told_with_the_option_for_it(rule: str, other: str) -> None:
    with at_a({"amount_checksum": rule}, amount_checksum=other) as (shop, pos):
        _, answer = tried(pos, recorded())
        assert answer.outcome is Outcome.REFUSED
        assert f'is amount_checksum right? It is "{other}" now' in answer.words
    with at_a({"amount_checksum": rule}, amount_checksum=rule) as (shop, pos):
        assert tried(pos, recorded())[1].outcome is Outcome.DELIVERED
        assert len(made(shop)) == 1


def test_what_is_missing_at_the_server_is_refused_in_its_words() -> None:
    with at_a() as (_, pos):
        _, answer = tried(pos, recorded(Line(99, "Gone", 1, 250)))
        assert (answer.outcome, answer.words) == (Outcome.REFUSED, "Product 99 was not found")


@pytest.mark.parametrize("path", ["getProductStructure", "exportSales/v20"])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(kind="drop"), Outcome.UNSENT),
        (Fault(kind="status", status=500), Outcome.UNSENT),
        (Fault(kind="status", status=422), Outcome.UNSENT),
        (Fault(kind="garbage"), Outcome.UNSENT),
        (Fault(kind="status", status=503), Outcome.BUSY),
        (Fault(kind="status", status=403), Outcome.DENIED),
    ],
)
def test_where_a_read_fails_nothing_is_sent(path: str, fault: Fault, outcome: Outcome) -> None:
    with at_a() as (shop, pos):
        shop.pos.faults.set(changed(fault, path=path))
        found = pos.evidence(recorded(), None, moment(0), ENOUGH_S)
        assert isinstance(found, Answer)
        assert found.outcome is outcome
        assert made(shop) == []


def test_a_server_whose_sales_may_not_be_read_gets_orders_all_the_same_if_that_is_set() -> None:
    barred = Company(firmaid=FIRMAID, token=TOKEN, key=SIGNING, denied=("exportSalesV20",))
    with at_a() as (shop, pos):
        shop.pos.know([barred])
        found = pos.evidence(recorded(), None, moment(0), ENOUGH_S)
        assert isinstance(found, Answer)
        assert found.outcome is Outcome.DENIED
        assert "orders_read_back = false" in found.words
        assert pos.guarantee(EntryKind.RECORD).promise is Promise.READ_BACK
    with at_a(orders_read_back=False) as (shop, pos):
        shop.pos.know([barred])
        at = Stamp(round(datetime(2026, 6, 30, 22, 30, tzinfo=UTC).timestamp() * 1000), 0, "b", synced=True)
        sale = of(tickets(Line(2, "Mælk", 1, 495)), at=at)
        assert pos.account(sale) is None
        assert pos.guarantee(EntryKind.SALE).promise is Promise.NONE
        assert pos.deliver(sale, ENOUGH_S).outcome is Outcome.DELIVERED
        assert (body_of(shop)["pickupTime"], body_of(shop)["pickupDate"]) == ("00:30", 20_260_701)


def test_products_are_read_once_and_then_known() -> None:
    with at_a() as (shop, pos):
        tried(pos, recorded())
        shop.pos.faults.set(Fault(kind="drop", path="getProductStructure"))
        assert tried(pos, of(coffee(), EntryKind.RECORD, "k2"))[1].outcome is Outcome.DELIVERED


def test_what_stands_beside_a_try_is_what_is_sent() -> None:
    with at_a() as (shop, pos):
        entry = recorded()
        before = pos.evidence(entry, None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        kept = replace(entry, before=before)
        shop.pos.know([Product(id=1, name="Stor kaffe", price=2500, group=10)])
        assert pos.terminal(ENOUGH_S)
        pos.deliver(kept, ENOUGH_S)
        assert cart(shop) == [(1, 2, 5000, 0), (2, 2, 990, 1)]
        torn = replace(entry, before=replace(before, handle="[[1,2]]"))
        assert "written by another program" in pos.deliver(torn, ENOUGH_S).words


def test_no_time_is_no_order() -> None:
    with at_a() as (shop, pos):
        entry = recorded()
        before = pos.evidence(entry, None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        assert pos.deliver(replace(entry, before=before), 0).outcome is Outcome.UNSENT
        assert pos.evidence(entry, None, moment(0), 0) == Answer(
            Outcome.UNSENT, "no time was left to read which orders there are"
        )
        assert made(shop) == []


def test_all_orders_are_told_apart_together() -> None:
    with at_a(department="Kiosk 1") as (_, pos):
        assert pos.account(recorded()) == pos.account(of(tickets(Line(2, "Mælk", 1, 495)))) == "orders:Kiosk 1"
