"""The ticket kiosk that is shipped, with a card terminal that an embedded Kensium server drives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from terminal.cli.client import Control
from terminal.core.facts import EntryKind, EntryState
from terminal.core.records import Entry
from terminal.core.report import ReportKind
from terminal.core.tickets import Method, Payment, TicketSale
from terminal.sandbox.kensium.server import Kensium
from tests.support.shipped import Shipped, shipped
from tests.support.waiting import wait_until


@pytest.fixture
def house() -> Iterator[Shipped]:
    with shipped("simulated-tickets.toml", var="var/tickets", listen="127.0.0.1:8092") as house:
        house.change(
            "satellite = true\n", f'satellite = true\nkensium = true\nkensium_file = "{house.folder}/k"\n'
        )
        house.change(
            "[backends.office]\n", '[backends.cards]\ntype = "kensium"\nurl = "sandbox:"\n\n[backends.office]\n'
        )
        house.change('"receipt"]', '"receipt", "card"]')
        house.change("[roles]\n", '[roles]\npayments = "cards"\n')
        yield house


def server(house: Shipped) -> Kensium:
    assert house.daemon is not None
    assert house.daemon._sandbox is not None
    found = house.daemon._sandbox.kensium
    assert found is not None
    return found


def rule(house: Shipped, **rules: Any) -> None:
    server(house).rules = msgspec.structs.replace(server(house).rules, **rules)


def of(house: Shipped, kind: EntryKind) -> list[Entry]:
    assert house.daemon is not None
    return [each for each in house.daemon._journal.entries(limit=100) if each.kind is kind]


def sale(house: Shipped) -> Any:
    with Control(str(house.folder / "control.sock"), 30) as control:
        return control.get("/v1/sale")


def to_card(house: Shipped) -> None:
    house.hand("panel", "button", "4")
    house.hand("panel", "button", "confirm")
    house.wait("paying")
    assert list(house.status()["screen"]["offers"]) == ["card"]
    house.hand("panel", "button", "card")


def test_a_card_that_was_declined_pays_when_it_is_tried_again_and_is_captured_with_the_sale(
    house: Shipped,
) -> None:
    daemon = house.start()
    rule(house, waits=1, wait_ms=200, card="declined")
    to_card(house)
    wait_until(lambda: "not accepted" in house.status()["screen"]["words"], what="the refusal")
    assert [each.state for each in of(house, EntryKind.PAYMENT)] == [EntryState.VOIDED]
    assert of(house, EntryKind.SALE) == []
    rule(house, card="approved")
    house.hand("panel", "button", "card")
    wait_until(lambda: house.status()["queue"]["delivered"] == 2, what="the sale and its capture")
    paid, _ = of(house, EntryKind.PAYMENT)
    assert (paid.state, paid.amount, paid.reference) == (EntryState.DELIVERED, 1500, "2")
    (sold,) = of(house, EntryKind.SALE)
    assert isinstance(sold.payload, TicketSale)
    assert sold.payload.payments == (Payment(Method.CARD, 1500, reference="2"),)
    assert server(house).counters()["payments"] == {
        "begun": 2,
        "states": {"declined": 1, "captured": 1},
        "cents": 1500,
    }
    assert house.status()["problems"] == []
    (method,) = daemon._reports._added_up(ReportKind.X, "me").methods
    assert (method.method, method.sales.amount) == (Method.CARD.value, 1500)
    assert daemon._journal.verify() == []


def test_what_is_cancelled_at_the_kiosk_is_never_captured_and_stays_so_over_a_restart(house: Shipped) -> None:
    house.start()
    rule(house, waits=1, wait_ms=600_000)
    to_card(house)
    house.wait("paying by card")
    wait_until(lambda: sale(house)["card_reference"] == "1", what="the server's name of it")
    assert (sale(house)["card"], sale(house)["due"]) == (1500, 1500)
    house.post("/v1/sale/cancel", {})
    house.wait("showing the result")
    house.stop()
    daemon = house.start()
    (payment,) = of(house, EntryKind.PAYMENT)
    assert (payment.held, payment.compensate) == (False, True)
    assert of(house, EntryKind.SALE) == []
    assert server(house).counters()["payments"]["cents"] == 0
    to_card(house)
    house.wait("paying by card")
    assert daemon._journal.verify() == []
