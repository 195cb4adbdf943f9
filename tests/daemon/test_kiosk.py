"""The ticket kiosk that is shipped, in this process: both servers embedded, every device simulated."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from terminal.cli.client import Control
from terminal.cli.errors import Refused
from terminal.core.facts import EntryKind
from terminal.core.tickets import TicketSale
from terminal.daemon.wiring import CannotStart, Daemon
from terminal.tickets.signed import new_private_key
from tests.support.shipped import Shipped, shipped
from tests.support.waiting import wait_until

UID = "04A1B2C3D4E5F6"


@pytest.fixture
def house() -> Iterator[Shipped]:
    with shipped("simulated-tickets.toml", var="var/tickets", listen="127.0.0.1:8092") as house:
        yield house


def sold(house: Shipped) -> list[TicketSale]:
    assert house.daemon is not None
    entries = house.daemon._journal.entries(limit=1000)
    return [each.payload for each in entries if isinstance(each.payload, TicketSale)]


def test_it_sells_for_coins_gives_change_and_records_it(house: Shipped) -> None:
    daemon = house.start()
    house.hand("panel", "button", "3")
    house.hand("panel", "button", "confirm")
    house.wait("paying")
    house.hand("slot", "coin", 2000)
    house.hand("slot", "coin", 2000)
    house.hand("slot", "coin", 1000)
    wait_until(lambda: house.status()["queue"]["delivered"] == 1, what="the delivery")
    house.wait("ready")
    (sale,) = sold(house)
    assert [(each.amount, each.change) for each in sale.payments] == [(4500, 500)]
    assert daemon._sandbox is not None
    assert daemon._sandbox.satellite is not None
    (stored,) = daemon._sandbox.satellite.sales()
    assert stored["code"] == sale.purchase.code
    printer: Any = daemon._devices["printer"]
    assert len(printer.papers) == 6, "five tickets and a receipt"
    status = house.status()
    assert status["problems"] == []
    assert [(each["name"], each["state"]) for each in status["backends"]] == [
        ("office", "ok"),
        ("wallets", "unused"),
    ]


def rounded_sale(house: Shipped) -> TicketSale:
    """Sell for two coins what costs 45.00, where cash is rounded to 40.00."""
    house.hand("panel", "button", "3")
    house.hand("panel", "button", "confirm")
    house.wait("paying")
    screen = house.status()["screen"]
    assert (screen["due"], screen["cash_due"], screen["rounding"]) == (4500, 4000, -500)
    house.hand("slot", "coin", 2000)
    house.hand("slot", "coin", 2000)
    wait_until(lambda: house.status()["queue"]["delivered"] == 1, what="the delivery")
    (sale,) = sold(house)
    assert (sale.total, [each.amount for each in sale.payments], sale.rounding) == (4500, [4000], -500)
    return sale


def test_cash_is_rounded_and_a_server_that_has_no_field_for_it_is_told_the_exact_price(house: Shipped) -> None:
    house.change("[tickets]\n", "[tickets]\ncash_rounding = 2000\n")
    daemon = house.start()
    rounded_sale(house)
    assert daemon._sandbox is not None
    assert daemon._sandbox.satellite is not None
    (stored,) = daemon._sandbox.satellite.sales()
    assert [each["amount"] for each in stored["body"]["transactions"]] == [4500]
    assert stored["body"]["notes"] == "What was paid in cash is rounded by -5.00."
    assert daemon._journal.verify() == []


def test_what_a_server_says_that_cash_is_rounded_to_reaches_the_sale(house: Shipped) -> None:
    daemon = house.start()
    daemon._remote._round_to(2000)
    wait_until(lambda: bool(daemon._loop.state and daemon._loop.state.cash_step == 2000), what="the word")
    rounded_sale(house)


def test_its_server_hears_that_it_is_there(house: Shipped) -> None:
    daemon = house.start()
    assert daemon._sandbox is not None
    office = daemon._sandbox.satellite
    assert office is not None
    wait_until(lambda: any("ping" in name for name in office.counters()["requests"]), what="the first ping")
    wait_until(lambda: house.status()["backends"][0]["state"] == "ok", what="its weather")


def without_wallets(house: Shipped) -> None:
    house.change('wallet = "wallets"\n', "")
    house.change('pay = ["coins", "wallet", "card"]', 'pay = ["coins"]')
    house.change('change = ["payout", "credit", "voucher"]', 'change = ["payout", "voucher"]')


def test_a_kiosk_without_wallets_sells_and_pairs_no_token(
    house: Shipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []  # what a screen says for a moment only is heard as it is shown
    show = Daemon._show
    monkeypatch.setattr(Daemon, "_show", lambda self, screen: (shown.append(screen.words), show(self, screen)))
    without_wallets(house)
    house.change('[[devices]]\nname = "light"\nrole = "indicator"\ndriver = "simulated"\n', "")
    daemon = house.start()
    house.post("/v1/pair", {"code": "12345678"})
    house.hand("reader", "tap", UID)
    wait_until(lambda: any("roles.wallet" in words for words in shown), what="the refusal")
    house.hand("reader", "untap")
    wait_until(lambda: house.status()["screen"]["notice"] == "ready", what="the next guest")
    house.hand("panel", "button", "4")
    house.hand("reader", "tap", "04112233445566")
    house.hand("panel", "button", "confirm")
    house.wait("paying")
    house.hand("slot", "coin", 1000)
    house.post("/v1/sale/cancel", {})
    house.wait("ready")
    assert sold(house) == []
    books = daemon._journal.books()
    assert (books.accepted, books.returned, books.held) == (1000, 1000, 0)
    assert {each["name"] for each in house.status()["backends"]} == {"office", "wallets"}
    assert house.status()["problems"] == []


def test_what_a_technician_tries_at_a_kiosk_without_wallets_waits_for_no_server(house: Shipped) -> None:
    without_wallets(house)
    daemon = house.start()
    with Control(str(house.folder / "control.sock"), 30) as control:
        body = {"seconds": 60, "raw": False, "full_uids": False, "act": "print", "what": "", "by": "me"}
        for line in control.stream("/v1/devices/printer/try", body, 60):
            if "print done" in line["words"]:
                break
    wait_until(lambda: len(daemon._devices["printer"].papers) == 1, what="the page")  # type: ignore[attr-defined]
    assert {each["name"] for each in house.status()["backends"]} == {"office", "wallets"}
    assert house.status()["problems"] == []


def test_a_card_terminal_that_has_taken_too_little_pays_nothing(house: Shipped) -> None:
    house.start()
    house.hand("panel", "button", "4")
    house.hand("panel", "button", "confirm")
    house.wait("paying")
    with pytest.raises(Refused, match="are due"):
        house.post("/v1/sale/card", {"reference": "8817", "amount": 1499, "by": "me"})
    told = house.post("/v1/sale/card", {"reference": "8817", "amount": 1500, "by": "me"})["sale"]
    (sale,) = sold(house)
    assert (told["code"], told["kind"]) == (sale.purchase.code, EntryKind.SALE.value)
    with pytest.raises(Refused, match="has paid a sale already"):
        house.post("/v1/sale/card", {"reference": "8817", "amount": 1500, "by": "me"})


def test_signed_tickets_need_their_key_at_the_start(house: Shipped) -> None:
    house.change("[tickets]\n", f'[codes]\nsign = true\nsign_key_file = "{house.folder}/key"\n\n[tickets]\n')
    before = set(threading.enumerate())
    with pytest.raises(CannotStart, match="terminalctl ticket key new"):
        house.build()
    assert set(threading.enumerate()) == before, "nothing was left running"
    key = house.folder / "key"
    key.write_bytes(new_private_key())
    key.chmod(0o600)
    house.start()
