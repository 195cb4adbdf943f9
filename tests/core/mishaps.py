"""What goes wrong around a simulated terminal, by chance: weather, cables, a full disk, machines with whims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.core.events import DeviceChanged, Health
from tests.core.outside import Weather
from tests.core.seller import Seller
from tests.core.timetable import HOUR_MS

if TYPE_CHECKING:
    from tests.core.world import World


class Mishaps:
    """Brings trouble, now and then."""

    def __init__(self, world: World) -> None:
        self._world = world

    def happen(self) -> None:
        world = self._world
        rng = world.rng
        if rng.random() < 0.15:
            calm = 0.4
            world.server.weather = Weather.FAIR if rng.random() < calm else rng.choice(list(Weather))
            world.gate.weather = Weather.LOSSY if rng.random() < 0.5 else world.server.weather
            world.books.weather = world.gate.weather
        if rng.random() < 0.05:
            world.technician_comes()
        if rng.random() < 0.03:
            self._unplug()
        if rng.random() < 0.01:
            world.full = True
            world.outside(rng.randrange(1_000, HOUR_MS), self._room_again)
        if rng.random() < 0.01:
            world.stop()
        for hopper in world.hoppers.values():
            if rng.random() < 0.03 and hopper.name in world.job.cash.payouts:
                world.soon(rng.randrange(5_000), hopper.renew)
        for seller in world.sellers.values():
            self._whims(seller)
        if rng.random() < 0.02:
            world.server.balances[rng.choice(list(world.server.balances))] += 2_000

    def _whims(self, seller: Seller) -> None:
        """What machines do that nobody asked for."""
        world = self._world
        rng = world.rng
        if rng.random() < 0.04:
            world.soon(rng.randrange(10_000), seller.reset)
        if rng.random() < 0.03:
            world.soon(rng.randrange(10_000), lambda: seller.enable(wants=False))
            world.outside(rng.randrange(10_000, HOUR_MS), lambda: seller.enable(wants=True))
        if rng.random() < 0.1:
            product = rng.choice(world.products)
            world.soon(rng.randrange(10_000), lambda: seller.sell_for_cash(str(product.id), product.price))

    def _unplug(self) -> None:
        world = self._world
        devices = (
            *world.job.acceptors,
            *world.job.releases,
            *world.job.printers,
            *world.hoppers,
            *world.sellers,
        )
        if devices:
            name = world.rng.choice(devices)
            other = world.hoppers.get(name) or world.sellers.get(name)
            if other:
                world.soon(world.rng.randrange(5_000), other.unplug)
                world.outside(world.rng.randrange(6_000, HOUR_MS), other.plug)
                return
            world.event(world.rng.randrange(5_000), DeviceChanged(name, "any", Health.MISSING, "unplugged"))
            world.event(world.rng.randrange(6_000, HOUR_MS), DeviceChanged(name, "any", Health.OK))

    def _room_again(self) -> None:
        self._world.full = False
