"""The machine at a company of OnlinePOS that is shipped, in this process: all of it embedded and simulated."""

from collections.abc import Iterator

import pytest

from terminal.sandbox.faults import Fault
from terminal.sandbox.onlinepos.server import OnlinePos
from tests.support.shipped import Shipped, shipped
from tests.support.waiting import wait_until

UID, POOR = "04A1B2C3D4E5F6", "04112233445566"


@pytest.fixture
def machine() -> Iterator[Shipped]:
    with shipped("simulated-onlinepos.toml", var="var/onlinepos", listen="127.0.0.1:8094") as machine:
        machine.change("delay_ms = 1_500", "delay_ms = 0")
        yield machine


def company(machine: Shipped) -> OnlinePos:
    assert machine.daemon is not None
    assert machine.daemon._sandbox is not None
    assert machine.daemon._sandbox.onlinepos is not None
    return machine.daemon._sandbox.onlinepos


def balances(machine: Shipped) -> dict[str, int]:
    """What each card has, by its RFID."""
    return {each.rfid: each.balance for each in company(machine).store.cards()}


def buy(machine: Shipped, uid: str, button: str) -> None:
    machine.hand("reader", "tap", uid)
    machine.hand("panel", "button", button)


def delivered(machine: Shipped, number: int) -> None:
    wait_until(lambda: machine.status()["queue"]["delivered"] == number, what=f"{number} deliveries")


def test_a_card_pays_and_the_sale_is_an_order(machine: Shipped) -> None:
    machine.start()
    buy(machine, UID, "1")
    delivered(machine, 2)
    machine.hand("reader", "untap")
    machine.wait("ready")
    assert balances(machine) == {UID: 18_100, POOR: 1_000}
    told = company(machine).counters()
    assert told["effects"] == {"deposit": 1, "makeorder": 1}
    assert set(told["references"]["displayOrderNo"].values()) == {1}
    assert machine.status()["problems"] == []


def test_a_card_with_too_little_on_it_buys_nothing(machine: Shipped) -> None:
    machine.start()
    buy(machine, POOR, "1")
    wait_until(lambda: machine.status()["phase"] != "ready", what="the guest")
    machine.hand("reader", "untap")
    machine.wait("ready")
    assert (balances(machine)[POOR], company(machine).counters()["effects"]) == (1_000, {})


@pytest.mark.parametrize("lost", ["deposit", "makeorder"])
def test_what_was_booked_and_not_answered_is_found_and_booked_once(machine: Shipped, lost: str) -> None:
    machine.change("settling_seconds = 5", "settling_seconds = 1")
    machine.start()
    company(machine).faults.set(Fault(kind="drop", after=True, path=lost, count=1))
    buy(machine, UID, "2")
    delivered(machine, 2)
    assert company(machine).faults.happened == 1
    assert balances(machine)[UID] == 17_500
    assert company(machine).counters()["effects"] == {"deposit": 1, "makeorder": 1}


def test_what_it_sold_stands_after_a_restart(machine: Shipped) -> None:
    machine.start()
    buy(machine, UID, "1")
    delivered(machine, 2)
    machine.stop()
    machine.start()
    assert balances(machine)[UID] == 18_100
    buy(machine, UID, "1")
    delivered(machine, 4)
    assert balances(machine)[UID] == 16_200
