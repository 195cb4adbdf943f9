"""What a terminal tells of its devices: all of the configuration, where they are, whether they were there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

import drivers
from terminal.core.events import Health
from terminal.daemon.attached import Attachments, address
from terminal.daemon.status import DeviceStatus
from terminal.settings import DeviceSettings


class Box:
    """Devices whose health the test sets."""

    def __init__(self, settings: list[DeviceSettings]) -> None:
        self.settings = settings
        self.health = dict.fromkeys((each.name for each in settings), Health.STARTING)
        self.versions: dict[str, str] = {}

    def states(self) -> list[DeviceStatus]:
        return [
            DeviceStatus(each.name, each.role, each.driver, self.health[each.name], "")
            for each in self.settings
        ]

    def __getitem__(self, name: str) -> Any:
        version = self.versions.get(name)
        return SimpleNamespace(version=version) if version else object()


def device(name: str, role: str, driver: str, **options: Any) -> DeviceSettings:
    found = msgspec.convert(options, drivers.find(role, driver).Options)
    return DeviceSettings(name=name, role=role, driver=driver, options=found)


COINS = device("coins", "coin_acceptor", "cctalk", port="/dev/serial/by-id/usb-x", address=2)
READER = device("tags", "reader", "simulated")


def test_every_device_has_an_id_that_no_other_terminal_has_and_that_a_restart_keeps() -> None:
    box = Box([COINS, READER])
    first, second = Attachments("kiosk-1", box.settings, box)()  # type: ignore[arg-type] # all that is asked of them
    assert (first.name, first.role, first.driver) == ("coins", "coin_acceptor", "cctalk")
    assert (first.id, second.id) == ("kiosk-1/coins", "kiosk-1/tags")
    assert first.address == "/dev/serial/by-id/usb-x, address 2"
    assert (second.address, second.version) == ("", "")


def test_one_that_was_there_once_stays_so_whatever_becomes_of_its_health() -> None:
    box = Box([COINS, READER])
    attachments = Attachments("kiosk-1", box.settings, box)  # type: ignore[arg-type] # all that is asked of them
    assert [each.seen for each in attachments()] == [False, False]
    box.health.update(coins=Health.OK, tags=Health.MISSING)
    before = attachments()
    assert [each.seen for each in before] == [True, False]
    box.health.update(coins=Health.MISSING)
    assert attachments() == before
    box.health.update(tags=Health.DEGRADED)
    assert [each.seen for each in attachments()] == [True, True]


def test_what_a_driver_knows_of_its_version_is_told() -> None:
    box = Box([READER])
    box.versions["tags"] = "1.6"
    (only,) = Attachments("kiosk-1", box.settings, box)()  # type: ignore[arg-type] # all that is asked of them
    assert only.version == "1.6"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (device("p", "printer", "escpos", port="tcp://10.0.0.9:9100"), "tcp://10.0.0.9:9100"),
        (device("p", "release", "relay", line=17), "line 17"),
        (device("p", "release", "relay", chip="/dev/gpiochip0", lines={"tea": 5, "milk": 6}),
         "/dev/gpiochip0, lines tea=5 milk=6"),
        (device("p", "reader", "pcsc", reader="ACS ACR122U"), "ACS ACR122U"),
        (device("p", "reader", "pcsc"), ""),
    ],
)  # fmt: skip
def test_where_it_is_attached_is_told_as_the_configuration_says_it(
    settings: DeviceSettings, expected: str
) -> None:
    assert address(settings.options) == expected
