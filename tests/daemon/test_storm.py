"""Plugs pulled and put in a thousand times, on devices of all roles at once: nothing is lost, nothing invented.

What is done to a device while it works is told exactly once, in order; what is ordered is answered once, and
truly: DONE where it came out, FAILED where it did not. Each device has a tormentor of its own.
"""

import json
import random
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import drivers
from drivers.contract import Signal
from drivers.device import Pace
from drivers.simulated import SimulatedDevice
from terminal.core.catalogue import Product
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    DeviceChanged,
    DeviceEvent,
    Ended,
    Health,
    PrintEnded,
    ReleaseEnded,
    TokenPresented,
    TokenRemoved,
)
from terminal.core.paper import Document, Text
from terminal.daemon.devices import Devices
from terminal.settings import DeviceSettings
from tests.support import seed
from tests.support.waiting import Inbox, wait_until

TIMES = 1000
COFFEE = Product("coffee", "Coffee", 120)
PAPER = Document((Text("Thank you"),))
COINS = (5, 10, 20, 50, 100, 200)
ROLES = ("reader", "coin_acceptor", "release", "printer", "buttons", "indicator")
_PATIENCE_S = 60


class Tormentor(threading.Thread):
    """Pulls the plug of one device and puts it in, again and again, and uses it whenever it works.

    Attributes:
        expected: What the device has to tell because of that, in order.
        orders: What it was ordered and has to answer.
    """

    def __init__(self, role: str, devices: Devices, answers: dict[str, Ended], chance: random.Random) -> None:
        super().__init__(name=f"storm {role}", daemon=True)
        self.role = role
        self.device: Any = devices[role]
        self.expected: list[object] = []
        self.orders: list[str] = []
        self.error: BaseException | None = None
        self._answers = answers
        self._chance = chance
        self._use: Callable[[int], None] = getattr(self, f"_use_{role}")

    def run(self) -> None:
        try:
            for number in range(TIMES):
                self._use(number)
                self.device.hands["unplug"]()
                self._while_unplugged(number)
                self.device.hands["plug"]()
        except BaseException as error:  # noqa: BLE001 - told by the test, in its own thread
            self.error = error

    def _while_unplugged(self, number: int) -> None:
        """Now and then long enough to be missed; and what a guest does to a dead device."""
        if self._chance.random() < 0.5:
            wait_until(lambda: not self.device._works, _PATIENCE_S, "it to be noticed")
        if self.role == "reader" and number % 3 == 0:
            self.device.hands["untap"]()
            self.expected.append(TokenRemoved(self.role))
        elif self.role in ("coin_acceptor", "buttons"):
            verb, argument = ("coin", 100) if self.role == "coin_acceptor" else ("button", "espresso")
            with pytest.raises(ValueError, match="unplugged"):
                self.device.hands[verb](argument)
        elif self.role in ("release", "printer"):
            self._order(f"{self.role} {number}, unplugged")

    def _act(self, verb: str, argument: object) -> None:
        """Do it as soon as the device works again: it refuses what would be lost."""

        def done() -> bool:
            try:
                self.device.hands[verb](argument)
            except ValueError:
                return False
            return True

        wait_until(done, _PATIENCE_S, f"{self.role} to be back")

    def _use_reader(self, number: int) -> None:
        if number and (number - 1) % 3:
            self.device.hands["untap"]()
            self.expected.append(TokenRemoved(self.role))
        uid = f"04{number:012X}"
        self._act("tap", uid)
        self.expected.append(TokenPresented(self.role, uid))

    def _use_coin_acceptor(self, number: int) -> None:
        amount = self._chance.choice(COINS)
        self.device.accept(10_000)
        self._act("coin", amount)
        self.expected.append(CoinInserted(self.role, amount))

    def _use_buttons(self, number: int) -> None:
        self._act("button", f"product {number}")
        self.expected.append(ButtonPressed(self.role, f"product {number}"))

    def _use_indicator(self, number: int) -> None:
        self.device.show(list(Signal)[number % len(Signal)])

    def _use_release(self, number: int) -> None:
        """It is refused as long as it is not back; then it comes out."""

        def came_out() -> bool:
            order = f"{self.role} {number}, try {len(self.orders)}"
            self._order(order)
            return wait_until(lambda: self._answers.get(order), _PATIENCE_S, "an answer") is Ended.DONE

        wait_until(came_out, _PATIENCE_S, f"{self.role} to be back")

    _use_printer = _use_release

    def _order(self, order: str) -> None:
        self.orders.append(order)
        if self.role == "release":
            self.device.release(order, COFFEE)
        else:
            self.device.print(order, PAPER)


class Storm:
    """What was done to each device, what was told of it, and what came out of the machines."""

    def __init__(self, record: Path) -> None:
        self.inbox = Inbox()
        self.answers: dict[str, Ended] = {}
        self.tormentors: dict[str, Tormentor] = {}
        self._record = record
        self.devices = Devices([self._settings(role) for role in ROLES], self._post)

    def _settings(self, role: str) -> DeviceSettings:
        recorded = {"record": str(self._record)} if role in ("release", "printer") else {}
        options = drivers.find(role, "simulated").Options(**recorded)
        return DeviceSettings(name=role, role=role, driver="simulated", options=options)

    def _post(self, event: DeviceEvent) -> None:
        self.inbox.put(event)
        if isinstance(event, ReleaseEnded):
            self.answers[event.release] = event.ended
        elif isinstance(event, PrintEnded):
            self.answers[event.job] = event.ended

    def rage(self) -> None:
        self.devices.start()
        self.inbox.wait(lambda _: len(self.inbox.of(DeviceChanged)) >= len(ROLES))
        chance = random.Random(seed.SEED)
        for role in ROLES:
            one = Tormentor(role, self.devices, self.answers, random.Random(chance.random()))
            self.tormentors[role] = one
            one.start()
        for one in self.tormentors.values():
            one.join()
            assert one.error is None, (one.role, one.error)
        for role in ROLES:
            wait_until(
                lambda role=role: self.devices[role].condition.health is Health.OK, what=f"{role} to be back"
            )
        ordered = sum(len(one.orders) for one in self.tormentors.values())
        self.inbox.wait(lambda _: len(self.inbox.of(ReleaseEnded, PrintEnded)) >= ordered, what="every answer")

    def came_out(self, what: str, order: str) -> list[str]:
        """Return the orders that were carried out, as the world saw it."""
        lines = [json.loads(line) for line in self._record.read_text().splitlines()]
        return [line[order] for line in lines if line["what"] == what]


@pytest.fixture
def storm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Storm]:
    monkeypatch.setattr(SimulatedDevice, "pace", Pace(first_s=0.0005, last_s=0.002))
    storm = Storm(tmp_path / "record")
    yield storm
    storm.devices.stop()


def test_nothing_is_lost_and_nothing_invented(storm: Storm) -> None:
    storm.rage()
    inbox, tormentors = storm.inbox, storm.tormentors
    assert inbox.of(TokenPresented, TokenRemoved) == tormentors["reader"].expected
    assert inbox.of(CoinInserted) == tormentors["coin_acceptor"].expected
    assert inbox.of(ButtonPressed) == tormentors["buttons"].expected
    answered = [each.release for each in inbox.of(ReleaseEnded)] + [each.job for each in inbox.of(PrintEnded)]
    assert sorted(answered) == sorted(tormentors["release"].orders + tormentors["printer"].orders)
    assert set(storm.answers.values()) <= {Ended.DONE, Ended.FAILED}
    for role, what, order in (("release", "piece", "release"), ("printer", "document", "job")):
        done = [each for each in tormentors[role].orders if storm.answers[each] is Ended.DONE]
        assert storm.came_out(what, order) == done
    for role in ROLES:
        healths = [each.health for each in inbox.of(DeviceChanged) if each.name == role]
        assert set(healths) <= {Health.OK, Health.MISSING}, "a pulled plug is no fault"
        assert all(one is not other for one, other in pairwise(healths)), "each change is told once"
    lamps: Any = storm.devices["indicator"]
    lamps.show(Signal.CALL_STAFF)
    wait_until(lambda: lamps.shown[-1] is Signal.CALL_STAFF, what="the lamp to go on")
