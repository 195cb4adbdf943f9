"""Reports of a till whose server tells groups and VAT with its products; what its file says holds first."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.shipped import Shipped, shipped
from tests.support.waiting import wait_until

UID = "04A1B2C3D4E5F6"
CLOSING = """[closing]
groups = { 1 = "Hot" }
vat = { Hot = 600 }

[sandbox]
"""


@pytest.fixture
def till() -> Iterator[Shipped]:
    with shipped("simulated-onslip.toml", var="var/onslip", listen="127.0.0.1:8093") as till:
        till.change("delay_ms = 1_500", "delay_ms = 0")
        yield till


def sell(till: Shipped, *buttons: str) -> None:
    """Sell something of each button to a guest of its own."""
    for number, button in enumerate(buttons, 1):
        till.hand("reader", "tap", UID)
        till.hand("panel", "button", button)
        till.hand("panel", "button", "confirm")
        delivered(till, 2 * number)  # the sale, and its record
        till.hand("reader", "untap")
        till.wait("ready")


def delivered(till: Shipped, number: int) -> None:
    wait_until(lambda: till.status()["queue"]["delivered"] == number, what=f"{number} deliveries")


def groups(report: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    return [(each["group"], each["vat"], each["pieces"], each["gross"]) for each in report["groups"]]


def test_what_is_sold_stands_under_the_groups_of_the_server(till: Shipped) -> None:
    till.start()
    wait_until(lambda: till.status()["screen"]["products"], what="the products of the server")
    sell(till, "1", "3", "2")
    report = till.post("/v1/reports/x", {})["report"]
    assert groups(report) == [("Coffee", 1200, 2, 4_400), ("Things", 2500, 1, 8_900)]
    assert [(each["vat"], each["gross"], each["vat_amount"]) for each in report["vats"]] == [
        (1200, 4_400, 471),
        (2500, 8_900, 1_780),
    ]
    assert (report["sales"], report["total"]) == ({"count": 3, "amount": 13_300}, 13_300)


def test_what_the_configuration_names_holds_before_the_server(till: Shipped) -> None:
    till.change("[sandbox]\n", CLOSING)
    till.start()
    wait_until(lambda: till.status()["screen"]["products"], what="the products of the server")
    sell(till, "1", "2")
    assert groups(till.post("/v1/reports/z", {"by": "Kiri"})["report"]) == [
        ("Coffee", 1200, 1, 2_500),
        ("Hot", 600, 1, 1_900),
    ]
