"""Listening to a realm of Onslip that changes, breaks off, and is away: nothing falls between."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from terminal.backends.onslip.models import SERVER_OWNED
from terminal.backends.protocol import CATALOGUE, SETTINGS, TerminalInfo
from terminal.daemon import following as module
from terminal.daemon.following import Following
from terminal.sandbox.onslip.furnish import TILL
from tests.backends.onslip_bench import adapter, asked
from tests.sandbox.realm import Realm
from tests.support.shipped import shipped
from tests.support.waiting import Inbox, wait_until


class Terminal:
    """Reads prices and its till when they have changed; what it read is in *inbox*."""

    def __init__(self) -> None:
        self.realm = Realm()
        self.backend = adapter(self.realm, till=7, events_silence_s=3600)
        self.inbox = Inbox()
        self.following = Following(
            {"main": self.backend}, {CATALOGUE: self._prices, SETTINGS: lambda: self.inbox.put("settings")}
        )

    def _prices(self) -> None:
        info = self.backend.terminal(30)
        assert isinstance(info, TerminalInfo)
        self.inbox.put({each.name: each.price for each in info.products})

    def sees(self, name: str, price: int) -> None:
        """Wait until it has read that something costs this."""
        self.inbox.wait(
            lambda events: [each for each in events if isinstance(each, dict) and each.get(name) == price],
            what=f"{name} at {price}",
        )

    def costs(self, name: str, price: float, id_: int = 1) -> None:
        """Let somebody change a price, whether the server can be reached or not."""
        self.realm.onslip.know("products", [{"id": id_, "name": name, "product-group": 1, "price": price}])

    def again(self) -> None:
        """Do not wait for the back-off."""
        self.following._ears["main"].rounds.hurry()

    def streams(self) -> int:
        """How many were asked for."""
        return asked(self.realm, "POST /event-streams")

    def close(self) -> None:
        self.following.stop()
        self.backend.close()
        self.realm.close()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_a_way_to_pay_that_changes_tells_what_cash_is_rounded_to(terminal: Terminal) -> None:
    terminal.following.start()
    terminal.inbox.wait(lambda events: "settings" in events, what="the first reading")
    method = {"id": 1, "name": "Cash", "type": "cash", "virtual": False, "rounding-multiple": 0.5}
    terminal.realm.onslip.know("payment-methods", [method])
    terminal.inbox.wait(lambda events: list(events).count("settings") >= 2, what="the settings")


def test_a_price_is_known_as_soon_as_it_changes(terminal: Terminal) -> None:
    terminal.following.start()
    terminal.sees("Coffee", 1950)
    terminal.costs("Coffee", 20)
    terminal.sees("Coffee", 2000)
    assert terminal.streams() == 1


def test_what_changes_while_nobody_listens_is_seen_by_the_next_connection(terminal: Terminal) -> None:
    terminal.following.start()
    terminal.sees("Coffee", 1950)
    for number, price in enumerate((20, 21, 22), 1):
        terminal.realm.sandbox.away()
        terminal.costs("Coffee", price)
        terminal.realm.sandbox.back()
        terminal.again()
        terminal.sees("Coffee", price * 100)
        assert terminal.streams() == 1 + number, "one new stream for each connection"
    wait_until(lambda: terminal.inbox.of(str) == ["settings"] * 4, what="the settings to be read each time")


def test_a_stream_that_is_cut_is_made_anew_once_and_the_old_one_is_gone(terminal: Terminal) -> None:
    terminal.following.start()
    terminal.sees("Coffee", 1950)
    (old,) = terminal.realm("GET", "/event-streams").json()
    assert terminal.realm.admin("POST", "cut", {}).json() == {"cut": 1}
    wait_until(lambda: terminal.realm("GET", "/event-streams").json() != [old], what="the old one to end")
    terminal.costs("Coffee", 30)
    terminal.again()
    terminal.sees("Coffee", 3000)
    (new,) = terminal.realm("GET", "/event-streams").json()
    assert new["id"] != old["id"]
    assert terminal.streams() == 2


def test_without_the_permission_everything_else_goes_on(
    terminal: Terminal, caplog: pytest.LogCaptureFixture
) -> None:
    shown = ["show-tills", "show-products", "show-product-groups", "show-button-maps", "show-payment-methods"]
    terminal.realm.only(*shown)
    with caplog.at_level(logging.INFO):
        terminal.following.start()
        wait_until(lambda: terminal.following.notices, what="the notice")
        assert "use-event-streams" in terminal.following.notices[0]
        assert isinstance(terminal.backend.terminal(30), TerminalInfo)
        assert terminal.streams() == 0
        for _ in range(3):
            terminal.again()
        terminal.realm.only(*shown, "use-event-streams")
        terminal.again()
        terminal.sees("Coffee", 1950)
    assert terminal.following.notices == ()
    told = [each for each in caplog.records if each.name == module.__name__]
    assert [each.levelno for each in told] == [logging.INFO], "said once, and no error"


def test_the_end_of_the_terminal_waits_for_no_stream(terminal: Terminal) -> None:
    terminal.following.start()
    terminal.sees("Coffee", 1950)
    terminal.following.stop()
    assert not terminal.following._ears["main"].rounds._thread.is_alive()
    wait_until(lambda: terminal.realm("GET", "/event-streams").json() == [], what="the server to notice")


def test_the_terminal_as_it_is_shipped_sells_at_the_price_of_now_and_hears_of_its_till() -> None:
    with shipped("simulated-onslip.toml", var="var/onslip", listen="127.0.0.1:8093") as till:
        daemon = till.start()
        assert daemon._sandbox is not None
        realm = daemon._sandbox.onslip
        assert realm is not None
        wait_until(
            lambda: realm.counters()["requests"].get("GET /v1/~{realm}/event-streams/{id}/stream"),
            what="somebody to listen",
        )

        def price() -> int:
            state = daemon._loop.state
            return next((each.price for each in state.products if each.name == "Espresso"), 0) if state else 0

        def change(resource: str, name: str, **changed: object) -> None:
            (entity,) = [each for each in realm.entities(resource) if each["name"] == name]
            kept = {key: value for key, value in entity.items() if key not in SERVER_OWNED - {"id"}}
            realm.know(resource, [kept | changed])

        for crowns in (21, 22, 23):
            change("products", "Espresso", price=crowns)
            wait_until(lambda: price() == crowns * 100, what=f"the price {crowns}")  # noqa: B023 - waited for here
        own = next(each["name"] for each in realm.entities("tills") if each["id"] == TILL)
        change("tills", own, **{"client-version": "99.0"})
        wait_until(lambda: "99.0" in str(till.status()["notices"]), what="the version that is offered")
        assert till.status()["problems"] == []
