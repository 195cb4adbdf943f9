"""The till that is shipped, in this process: a realm of Onslip embedded, every device simulated."""

from collections.abc import Iterator
from typing import Any

import pytest

from terminal.sandbox.onslip.furnish import JOURNAL, TILL
from terminal.sandbox.onslip.server import Onslip
from tests.support.shipped import Shipped, shipped
from tests.support.waiting import wait_until

UID, POOR = "04A1B2C3D4E5F6", "04112233445566"
LIST = f"journal/{JOURNAL}"


@pytest.fixture
def till() -> Iterator[Shipped]:
    with shipped("simulated-onslip.toml", var="var/onslip", listen="127.0.0.1:8093") as till:
        till.change("delay_ms = 1_500", "delay_ms = 0")
        yield till


def realm(till: Shipped) -> Onslip:
    assert till.daemon is not None
    assert till.daemon._sandbox is not None
    assert till.daemon._sandbox.onslip is not None
    return till.daemon._sandbox.onslip


def records(till: Shipped, kind: str) -> list[Any]:
    return [each[kind] for each in realm(till).entities(LIST) if each["type"] == kind]


def balances(till: Shipped) -> dict[str, float]:
    return {
        each["identifiers"][0].upper(): each["payment"]["balance"] for each in realm(till).entities("vouchers")
    }


def buy(till: Shipped, uid: str, button: str) -> None:
    till.hand("reader", "tap", uid)
    till.hand("panel", "button", button)


def leave(till: Shipped) -> None:
    till.hand("reader", "untap")
    till.wait("ready")


def all_delivered(till: Shipped, number: int) -> None:
    wait_until(lambda: till.status()["queue"]["delivered"] == number, what=f"{number} deliveries")


def test_a_voucher_pays_and_the_sale_is_on_the_books_of_the_realm(till: Shipped) -> None:
    till.start()
    wait_until(lambda: bool(realm(till).counters()["requests"]), what="the first request")
    buy(till, UID, "1")
    wait_until(lambda: len(records(till, "receipt")) == 1, what="the record")
    leave(till)
    (receipt,) = records(till, "receipt")
    (item,) = receipt["items"]
    assert (item["product-name"], item["product"], item["price"], item["vat-rate"]) == ("Espresso", 1, 19, 12)
    assert [(each["method"], each["amount"]) for each in receipt["payments"]] == [("payment-voucher", 19)]
    assert balances(till) == {UID: 181, POOR: 10}
    told = realm(till).counters()
    assert told["effects"][f"create {LIST}"] == 1
    assert set(told["references"][LIST].values()) == {1}
    assert told["vouchers"] == {"1": {"count": 1, "thousandths": -19_000}}
    status = till.status()
    assert [(each["name"], each["state"]) for each in status["backends"]] == [("main", "ok")]
    assert status["problems"] == []


def test_a_button_map_that_is_gone_is_a_trouble_until_it_is_there_and_no_pause(
    till: Shipped,
) -> None:
    till.start()
    _shows(till, 99)
    hears = "The products cannot be read anew from 'main', and stay as they are: the button map 99 is not there"
    assert till.daemon is not None
    till.daemon.reload()
    wait_until(lambda: any(each.startswith(hears) for each in till.status()["problems"]), what="the trouble")
    assert [(each["name"], each["state"]) for each in till.status()["backends"]] == [("main", "ok")]
    _shows(till, 1)
    till.daemon.reload()
    wait_until(lambda: not till.status()["problems"], what="the trouble to be over")


def _shows(till: Shipped, button_map: int) -> None:
    (own,) = [each for each in realm(till).entities("tills") if each["id"] == TILL]
    kept = {name: own[name] for name in ("name", "type", "location")}
    realm(till).know("tills", [{"id": TILL, **kept, "config": {"button-map": button_map}}])


def test_a_voucher_with_too_little_on_it_buys_nothing(till: Shipped) -> None:
    till.start()
    buy(till, POOR, "1")
    wait_until(lambda: till.status()["phase"] != "ready", what="the guest")
    leave(till)
    assert (records(till, "receipt"), balances(till)[POOR]) == ([], 10)


def test_it_sells_without_a_network_and_tells_later_exactly_once(till: Shipped) -> None:
    daemon = till.start()
    buy(till, UID, "2")  # so that it knows the token
    all_delivered(till, 2)
    leave(till)
    assert daemon._network is not None
    daemon._network.switch(False)
    buy(till, UID, "3")
    wait_until(lambda: till.status()["queue"]["queued"] + till.status()["queue"]["sending"] > 0, what="a sale")
    leave(till)
    assert balances(till)[UID] == 175
    daemon._network.switch(True)
    all_delivered(till, 4)
    assert balances(till)[UID] == 86
    assert [each["items"][0]["product-name"] for each in records(till, "receipt")] == ["Coffee", "Mug"]
    assert set(realm(till).counters()["references"][LIST].values()) == {1}


def test_a_z_report_is_delivered_to_the_realm(till: Shipped) -> None:
    till.start()
    buy(till, UID, "1")
    all_delivered(till, 2)
    leave(till)
    till.post("/v1/reports/z", {"by": "Kiri", "printed": False})
    all_delivered(till, 3)
    assert records(till, "report") == [{"type": "z-report"}]
    assert [each["type"] for each in records(till, "batch")] == ["close", "open"]


def test_the_realm_learns_which_devices_there_are(till: Shipped) -> None:
    till.start()

    def bound() -> set[str]:
        (own,) = [each for each in realm(till).entities("tills") if each["id"] == TILL]
        return {each["device-name"] for each in own.get("config", {}).get("peripheral-bindings", [])}

    wait_until(lambda: bound() == {"reader", "machine", "panel", "printer", "light"}, what="its peripherals")


def test_what_it_sold_stands_after_a_restart(till: Shipped) -> None:
    till.start()
    buy(till, UID, "1")
    all_delivered(till, 2)
    till.stop()
    till.start()
    assert balances(till)[UID] == 181
    assert len(records(till, "receipt")) == 1
    buy(till, UID, "1")
    all_delivered(till, 4)
    assert balances(till)[UID] == 162
