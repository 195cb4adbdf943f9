"""The machine at a tenant of Kensium that is shipped, in this process: all of it embedded and simulated."""

from collections.abc import Iterator
from typing import Any

import pytest

from terminal.sandbox.faults import Fault
from terminal.sandbox.kensium.server import Kensium
from tests.support.shipped import Shipped, shipped
from tests.support.waiting import wait_until

UID, POOR = "04A1B2C3D4E5F6", "04112233445566"


@pytest.fixture
def machine() -> Iterator[Shipped]:
    with shipped("simulated-kensium.toml", var="var/kensium", listen="127.0.0.1:8095") as machine:
        machine.change("delay_ms = 1_500", "delay_ms = 0")
        yield machine


def tenant(machine: Shipped) -> Kensium:
    assert machine.daemon is not None
    assert machine.daemon._sandbox is not None
    assert machine.daemon._sandbox.kensium is not None
    return machine.daemon._sandbox.kensium


def balances(machine: Shipped) -> dict[str, int]:
    """What each card has, by its code."""
    return {each["codes"][0]["code"].upper(): each["cents"] for each in tenant(machine).entries()["cards"]}


def buy(machine: Shipped, uid: str, button: str) -> None:
    machine.hand("reader", "tap", uid)
    machine.hand("panel", "button", button)


def delivered(machine: Shipped, number: int) -> None:
    wait_until(lambda: machine.status()["queue"]["delivered"] == number, what=f"{number} deliveries")


def test_a_gift_card_pays_and_the_sale_is_a_purchase(machine: Shipped) -> None:
    machine.start()
    buy(machine, UID, "ESPRESSO")
    delivered(machine, 2)
    machine.hand("reader", "untap")
    machine.wait("ready")
    assert balances(machine) == {UID: 1_805, POOR: 100}
    told = tenant(machine).counters()
    assert (told["effects"], told["repeats"]) == ({"complete": 1, "purchaseAdd": 1}, 0)
    (purchase,) = tenant(machine).entries()["purchases"]
    assert _line(purchase) == ("ESPRESSO", "1.95")
    assert machine.status()["problems"] == []


def _line(purchase: Any) -> tuple[str, str]:
    told = purchase.get("body", purchase)
    (line,) = told["lineItems"]
    return line["sku"], line["unitPrice"]


def test_a_card_with_too_little_on_it_buys_nothing(machine: Shipped) -> None:
    machine.start()
    buy(machine, POOR, "ESPRESSO")
    wait_until(lambda: machine.status()["phase"] != "ready", what="the guest")
    machine.hand("reader", "untap")
    machine.wait("ready")
    assert balances(machine) == {UID: 2_000, POOR: 100}


def test_what_was_booked_and_not_answered_is_found_and_booked_once(machine: Shipped) -> None:
    machine.start()
    tenant(machine).faults.set(Fault(kind="drop", after=True, path="giftcardTransAdd", count=1))
    buy(machine, UID, "COFFEE")
    delivered(machine, 2)
    assert tenant(machine).faults.happened == 1
    assert balances(machine)[UID] == 1_750
    assert tenant(machine).counters()["effects"] == {"complete": 1, "purchaseAdd": 1}


def test_what_it_sold_stands_after_a_restart(machine: Shipped) -> None:
    machine.start()
    buy(machine, UID, "ESPRESSO")
    delivered(machine, 2)
    machine.stop()
    machine.start()
    assert balances(machine)[UID] == 1_805
    buy(machine, UID, "ESPRESSO")
    delivered(machine, 4)
    assert balances(machine)[UID] == 1_610
