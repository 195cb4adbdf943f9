"""ccTalk acceptors in programs of their own, and their drivers."""

import msgspec
import pytest

from drivers.coins.cctalk import CctalkAcceptor, CctalkCoinOptions
from drivers.coins.cctalk_bill import CctalkBillOptions, CctalkBillValidator
from terminal.core.events import CoinInserted, CoinUnrecognised, DeviceChanged, Health
from tests.support.cctalk_process import CctalkProcess
from tests.support.waiting import Inbox, wait_until

POSITION = {10: 1, 20: 2, 50: 3, 100: 4, 200: 5}


class House:
    """Devices on a wire, and a terminal that drives them."""

    def __init__(self, folder):
        self.folder = folder
        self.peer = None
        self.drivers = []

    def devices(self, *devices, **settings):
        self.peer = CctalkProcess(self.folder, *(devices or ("coin:2",)), **settings)
        return self.peer

    def coins(self, mark=None, **options):
        given = msgspec.convert({"port": self.peer.port, "poll_ms": 50, **options}, CctalkCoinOptions)
        return self.begin(CctalkAcceptor, given, mark)

    def bills(self, mark=None, **options):
        given = msgspec.convert({"port": self.peer.port, "poll_ms": 50, **options}, CctalkBillOptions)
        return self.begin(CctalkBillValidator, given, mark)

    def begin(self, kind, options, mark):
        inbox = Inbox()
        driver = kind("slot", options, inbox.put)
        if mark is not None:
            driver.resume(mark)
        driver.start()
        self.drivers.append(driver)
        return driver, inbox

    def look(self, at=0):
        return self.peer.do("look", at=at)

    def insert(self, cents):
        wait_until(lambda: POSITION[cents] in self.look()["takes"], what=f"{cents} to fit")
        assert self.peer.do("insert", position=POSITION[cents])["taken"]

    def close(self):
        for driver in self.drivers:
            driver.stop()
        if self.peer is not None:
            self.peer.kill()


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.close()


def healthy(inbox, health=Health.OK, words=""):
    def is_so(_):
        changes = inbox.of(DeviceChanged)
        return changes and changes[-1].health is health and words in changes[-1].words

    inbox.wait(is_so, 60, f"{health} {words!r}")
    return inbox.of(DeviceChanged)[-1].words


def amounts(inbox):
    return [coin.amount for coin in inbox.of(CoinInserted)]


def troubles(inbox):
    return [(each.trouble, each.pulses) for each in inbox.of(CoinUnrecognised)]
