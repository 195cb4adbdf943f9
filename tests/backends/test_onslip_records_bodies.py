"""What is recorded with Onslip adds up to the cent, whatever was sold, at what discount, and however paid."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.backends.onslip import records_bodies as bodies
from terminal.backends.onslip.json import write_json
from terminal.backends.onslip.records_bodies import Style
from terminal.backends.onslip.records_items import Ways
from terminal.backends.sold import Sale, sale_of
from terminal.core.facts import EntryKind
from terminal.core.report import Cash, Emptied, Sum
from terminal.core.tickets import Line, Method, Payment, Purchase, TicketSale
from terminal.core.value import replace
from tests.backends.making import entry
from tests.backends.onslip_records_making import NOON, closing, coffee, of, paid, tickets, worth

STYLE = Style("kiosk-1", "x-test", ways=Ways(wallet_id=4))
KEY = "kiosk-1-7"

unhurried = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    quantity, unit = draw(st.integers(1, 60)), draw(st.integers(0, 30_000))
    discount = draw(st.integers(0, quantity * unit))
    percent = draw(st.none() | st.integers(0, 100))
    if percent is not None:
        discount = quantity * unit * percent // 100
    vat = draw(st.none() | st.sampled_from([0, 600, 1200, 2500]))
    product = draw(st.integers(1, 99) | st.sampled_from(["", "own"]))
    return Line(product, draw(st.sampled_from(["", "Adult"])), quantity, unit, discount, vat=vat)


@st.composite
def sales(draw: st.DrawFn) -> TicketSale:
    """Paid by wallet, card and cash together, rounded, with change or something kept."""
    sold = tuple(draw(st.lists(lines(), min_size=1, max_size=6)))
    left = sum(line.total for line in sold)
    payments = []
    for method in (Method.WALLET, Method.CARD):
        share = draw(st.integers(0, left))
        payments += [Payment(method, share, reference=f"{method.value}-1")] if share else []
        left -= share
    rounding = draw(st.sampled_from([0, 0, -min(left, 40), 37]))
    if left + rounding:
        payments.append(Payment(Method.CASH, left + rounding, change=draw(st.integers(0, 900))))
    kept = draw(st.sampled_from([0, 50]))
    return TicketSale(Purchase("K1", "", "test"), 3, sold, tuple(payments), kept=kept, rounding=rounding)


def sale(sold: TicketSale, *, back: bool = False) -> Sale:
    found = sale_of(of(KEY, sold))
    assert found is not None
    return replace(found, back=back)


def on_the_wire(body: bodies.Body) -> dict[str, Any]:
    """As the server reads it, its numbers as they are written."""
    found: dict[str, Any] = json.loads(write_json(body), parse_float=str)
    return found


@unhurried
@given(sales(), st.sampled_from(["sale", "return"]), st.sampled_from([-1, 1]))
def test_a_receipt_adds_up_to_the_cent(sold: TicketSale, what: str, return_sign: Any) -> None:
    style = replace(STYLE, return_sign=return_sign)
    back = what == "return"
    receipt = on_the_wire(bodies.receipt(sale(sold, back=back), style))["receipt"]
    sign = return_sign if back else 1
    given_ = sum(each.amount + each.change for each in sold.payments) + sold.kept
    change = Fraction(str(receipt["change"])) * 100
    rounding = Fraction(str(receipt.get("rounding", 0))) * 100
    assert worth(receipt["items"]) == sold.total * sign
    assert paid(receipt["payments"]) == given_ * sign
    assert change == sum(each.change for each in sold.payments) * sign
    assert rounding == (sold.rounding + sold.kept) * sign
    assert paid(receipt["payments"]) - change == worth(receipt["items"]) + rounding
    assert receipt["type"] == what


@unhurried
@given(sales())
def test_an_order_is_paid_exactly_and_its_tab_says_the_same(sold: TicketSale) -> None:
    order = on_the_wire(bodies.order(sale(sold), STYLE, 1, take_out=False))
    tab = on_the_wire(bodies.tab(sale(sold), STYLE, 5))
    assert worth(order["items"]) == paid(order["payments"]) == sold.total
    assert (tab["items"], tab["order"]) == (order["items"], 5)


@unhurried
@given(lines())
def test_pieces_and_prices_of_a_line_are_its_own(line: Line) -> None:
    made = on_the_wire(bodies.receipt(Sale(KEY, "", NOON, (line,), ()), STYLE))["receipt"]["items"]
    assert sum(each["quantity"] for each in made) == line.quantity
    assert all(Fraction(str(each["price"])) * 100 % 1 == 0 for each in made), "no price finer than a cent"
    prices = [Fraction(str(each["price"])) * 100 for each in made]
    assert max(prices) - min(prices) <= 1
    assert all(each["product-name"] for each in made)
    assert all(("vat-rate" in each) == (line.vat is not None) for each in made)
    assert all(("product" in each) == isinstance(line.product, int) for each in made)


def test_a_discount_that_is_an_exact_rate_is_told_as_one() -> None:
    (item,) = on_the_wire(bodies.receipt(sale(tickets(discount=1170)), STYLE))["receipt"]["items"]
    assert (item["price"], item["discount-rate"], "comment" in item) == ("19.5", "20.00", False)
    first, second = on_the_wire(bodies.receipt(sale(tickets(discount=1000)), STYLE))["receipt"]["items"]
    assert [(each["quantity"], each["price"]) for each in (first, second)] == [(1, "16.16"), (2, "16.17")]
    assert first["comment"] == "19.50 each, 10.00 taken off 3"


@pytest.mark.parametrize(("scale", "rate"), [(100, 12), (10_000, "0.12"), (None, None)])
def test_vat_rates_are_in_the_unit_of_the_server(scale: int | None, rate: object) -> None:
    style = replace(STYLE, vat_scale=scale)
    (item,) = on_the_wire(bodies.receipt(sale(tickets()), style))["receipt"]["items"]
    assert item.get("vat-rate") == rate


def test_a_receipt_names_the_entry_and_the_purchase() -> None:
    record = on_the_wire(bodies.receipt(sale(tickets("K77")), STYLE))
    assert (record["receipt"]["reference"], record["receipt"]["our-reference"]) == (KEY, "K77")
    assert (record["date"], record["client-name"]) == ("2023-11-14T22:13:20.000Z", "kiosk-1")
    assert record["description"] == f"Sale K77. Coffee [{KEY}]"
    assert record["_x-test-tx"] == KEY
    unsure = sale(tickets("K77"))
    told = bodies.receipt(replace(unsure, at=replace(NOON, synced=False)), STYLE)["description"]
    assert told == f"Sale K77. Coffee. The clock was not set [{KEY}]"


def test_a_record_is_dated_by_the_sale_and_paid_from_the_wallet() -> None:
    later = replace(NOON, wall_ms=NOON.wall_ms + 86_400_000)
    found = sale_of(of(KEY, coffee(back=True), EntryKind.RECORD, created=later))
    assert found is not None
    record = on_the_wire(bodies.receipt(found, STYLE))
    assert record["date"] == "2023-11-14T22:13:20.000Z"
    receipt = record["receipt"]
    assert (receipt["type"], receipt["our-reference"]) == ("return", "debit-1")
    (payment,) = receipt["payments"]
    assert payment == {
        "method": "payment-voucher",
        "amount": "-2.5",
        "payment-method": 4,
        "metadata": {"type": "pre-paid", "pre-paid": {"payment-reference": "debit-1"}},
    }
    assert [each["quantity"] for each in receipt["items"]] == [-1]


@pytest.mark.parametrize(("unit", "most"), [("minutes", 14 * 60), ("seconds", 14 * 3600)])
def test_the_offset_from_utc_is_in_the_unit_of_the_server(unit: Any, most: int) -> None:
    told = bodies.receipt(sale(tickets()), replace(STYLE, timezone=unit))["timezone-offset"]
    assert isinstance(told, int)
    assert abs(told) <= most
    assert "timezone-offset" not in bodies.receipt(sale(tickets()), replace(STYLE, timezone="none"))


def test_the_offset_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import time  # noqa: PLC0415 - only here

    monkeypatch.setenv("TZ", "Europe/Stockholm")
    time.tzset()
    try:
        assert bodies.receipt(sale(tickets()), STYLE)["timezone-offset"] == 60
        summer = replace(NOON, wall_ms=1_690_000_000_000)
        assert bodies.receipt(replace(sale(tickets()), at=summer), STYLE)["timezone-offset"] == 120
        seconds = replace(STYLE, timezone="seconds")
        assert bodies.receipt(sale(tickets()), seconds)["timezone-offset"] == 3600
    finally:
        monkeypatch.undo()
        time.tzset()


# -- reports -------------------------------------------------------------------------------------------


def test_a_z_report_closes_reports_and_opens() -> None:
    report = closing().report
    close, made, open_ = (
        on_the_wire(bodies.report_record(KEY, part, report, STYLE)) for part in bodies.REPORT_PARTS
    )
    assert close["batch"] == {
        "type": "close",
        "amounts": [
            {"method": "cash", "amount": 70},
            {"method": "payment-voucher", "amount": "7.5", "payment-method": 4},
        ],
    }
    assert made["report"] == {"type": "z-report"}
    assert open_["batch"] == {"type": "open", "amounts": [{"method": "cash", "amount": 70}]}
    assert {each["date"] for each in (close, made, open_)} == {"2023-11-14T23:13:20.000Z"}
    for each in (close, made, open_):
        assert each["description"].endswith(f"[{KEY}]")
        assert each["_x-test-tx"] == KEY


@pytest.mark.parametrize(
    ("counted", "told"), [(4950, "0.50 less than"), (5050, "0.50 more than"), (5000, ""), (None, "")]
)
def test_what_does_not_match_is_told(counted: int | None, told: str) -> None:
    cash = Cash(emptied=(Emptied("coins", "Ada", NOON, 5000, counted),))
    body = bodies.report_record(KEY, "close", replace(closing().report, cash=cash), STYLE)
    assert ("less than" in body["description"] or "more than" in body["description"]) == bool(told)
    assert told in body["description"]


def test_cash_without_boxes_is_what_was_taken_and_not_paid_back() -> None:
    report = replace(closing().report, cash=Cash(taken=8000, returned=150))
    assert bodies.in_boxes(report) == 7850
    assert bodies.in_boxes(replace(report, cash=Cash(taken=8000, boxes=(("a", Sum(1, 0)),)))) == 0


def test_parts_of_a_report_are_told_apart() -> None:
    report = closing().report
    records = {part: bodies.report_record(KEY, part, report, STYLE) for part in bodies.REPORT_PARTS}
    for part in bodies.REPORT_PARTS:
        found = [name for name, each in records.items() if bodies.is_report_part(each, part, KEY, STYLE)]
        assert found == [part]
        assert not bodies.is_report_part(records[part], part, "kiosk-1-70", STYLE)
        assert not bodies.is_receipt(records[part], KEY, STYLE)


@pytest.mark.parametrize("bare", ["_x-test-tx", "description"])
def test_what_somebody_edited_is_known_all_the_same(bare: str) -> None:
    body = bodies.receipt(sale(tickets()), STYLE)
    del body["receipt"]["reference"], body[bare]
    assert bodies.is_receipt(body, KEY, STYLE)
    assert not bodies.is_receipt(body, KEY + "-record", STYLE)


def test_a_reference_within_another_is_another() -> None:
    longer = bodies.order(replace(sale(tickets()), key=KEY + "-record"), STYLE, 1, take_out=False)
    assert not bodies.is_order(longer, KEY, STYLE)
    assert bodies.is_order(longer, KEY + "-record", STYLE)


def test_a_key_that_begins_another_is_not_read_into_it() -> None:
    body = bodies.receipt(replace(sale(tickets()), key=KEY + "0"), STYLE)
    del body["_x-test-tx"]
    assert not bodies.carries(body, KEY, STYLE)
    assert bodies.carries(body, KEY + "0", STYLE)


def test_a_tab_is_that_of_its_order_whatever_a_register_made_of_it() -> None:
    edited = {"order": 5, "name": "Table 3", "items": []}
    assert bodies.is_tab(edited, KEY, STYLE, 5)
    assert not bodies.is_tab(edited, KEY, STYLE, 6)
    split = bodies.tab(sale(tickets()), STYLE, 5)
    del split["order"]
    assert bodies.is_tab(split, KEY, STYLE, 5)


def test_what_is_no_sale_is_none() -> None:
    assert sale_of(of(KEY, closing())) is None
    assert sale_of(entry()) is None
