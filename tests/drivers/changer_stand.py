"""The driver of the MDB changer before a program that plays adapter and changer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.core.events import (
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeviceChanged,
    Health,
    PayoutCounted,
    PayoutEnded,
)
from tests.drivers.changer_bench import ChangerPeer, Quick, quick
from tests.support.waiting import Inbox, wait_until


class Stand:
    """A changer, the driver for it as it is now, and what that tells."""

    def __init__(self, folder: Path, **kept: Any) -> None:
        self.peer = ChangerPeer(folder, **kept)
        self.options: dict[str, Any] = {}
        self.inbox = Inbox()
        self.device: Quick = quick(self.peer, self.inbox.put)

    def start(self, mark: str = "", **options: Any) -> Stand:
        """Start a new driver, and wait until it works."""
        self.inbox = Inbox()
        self.device = quick(self.peer, self.inbox.put, **(options or self.options))
        self.device.resume(mark)
        self.device.start()
        self.expect_health(Health.OK)
        return self

    def restart(self, mark: str = "") -> None:
        self.device.stop()
        self.start(mark)

    def close(self) -> None:
        self.device.stop()
        self.peer.close()

    def open(self, limit: int) -> None:
        self.device.accept(limit)
        wait_until(lambda: self.peer.look("enabled"), what="coins to be taken")

    def shut(self) -> None:
        self.device.inhibit()
        wait_until(lambda: not self.peer.look("enabled"), what="coins not to be taken")

    def coin(self, kind: int, route: str | None = None) -> bool:
        return bool(self.peer.do("coin", kind=kind, route=route))

    def at_rest(self) -> None:
        """Wait until the driver has polled some times more."""
        asked = self.peer.look("asked")
        wait_until(lambda: self.peer.look("asked") >= asked + 6, what="polls")

    def expect_health(self, health: Health, words: str = "") -> str:
        def is_so() -> bool:
            changes = self.inbox.of(DeviceChanged)
            return bool(changes) and changes[-1].health is health and words in changes[-1].words

        wait_until(is_so, timeout=60, what=f"{health}, {words!r}, not {self.inbox.of(DeviceChanged)[-1:]}")
        return self.inbox.of(DeviceChanged)[-1].words

    def coins(self) -> list[int]:
        return [coin.amount for coin in self.inbox.of(CoinInserted)]

    def expect(self, *cents: int) -> None:
        wait_until(lambda: len(self.coins()) >= len(cents), what=f"{cents}")
        assert self.coins() == list(cents)

    def troubles(self, trouble: CoinTrouble) -> list[CoinUnrecognised]:
        return [each for each in self.inbox.of(CoinUnrecognised) if each.trouble is trouble]

    def expect_trouble(self, trouble: CoinTrouble, count: int = 1) -> list[CoinUnrecognised]:
        wait_until(lambda: len(self.troubles(trouble)) >= count, timeout=60, what=f"{trouble}")
        assert len(self.troubles(trouble)) == count
        return self.troubles(trouble)

    def count(self, payout: str) -> str:
        self.device.count(payout)
        counted = wait_until(lambda: [it for it in self.inbox.of(PayoutCounted) if it.payout == payout])
        return counted[0].mark

    def ended(self, payout: str) -> PayoutEnded:
        return wait_until(
            lambda: [it for it in self.inbox.of(PayoutEnded) if it.payout == payout], timeout=60, what=payout
        )[0]

    def pay(self, payout: str, amount: int) -> PayoutEnded:
        self.device.pay_out(payout, amount, self.count(payout))
        return self.ended(payout)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Stand]]:
    stands: list[Stand] = []

    def make(**kept: Any) -> Stand:
        stands.append(Stand(tmp_path, **kept))
        return stands[-1]

    yield make
    for stand in stands:
        stand.close()


def coin_told(stand: Stand, kind: int) -> bool:
    before = len(stand.coins())
    took = stand.coin(kind)
    if took:
        wait_until(lambda: len(stand.coins()) > before, what="the coin")
    return took
