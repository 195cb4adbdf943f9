"""An acceptor with several lines, for a test."""

import pytest

from terminal.core.events import CoinInserted, DeviceChanged, Health
from tests.drivers.pulse_slots import ParallelSlot
from tests.support.waiting import wait_until


@pytest.fixture
def start(inbox, monkeypatch, running):
    """Start a slot of a kind, open for much; return it."""

    def begin(made=ParallelSlot, kind="simulated", limit=10_000, **options):
        slot = made(inbox, monkeypatch, kind, **options)
        running(slot.device)
        healthy(inbox)
        slot.device.accept(limit)
        wait_until(lambda: slot.open_for(limit), what="an open slot")
        return slot

    return begin


def health(inbox):
    return [change.health for change in inbox.of(DeviceChanged)][-1:]


def healthy(inbox):
    inbox.wait(lambda _: health(inbox) == [Health.OK], what="OK")


def coins(inbox):
    return [coin.amount for coin in inbox.of(CoinInserted)]


def wait_coins(inbox, *amounts):
    inbox.wait(lambda _: coins(inbox) == list(amounts), what=f"coins {amounts}")
