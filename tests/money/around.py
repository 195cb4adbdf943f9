"""What stands around the loop of a simulated terminal: its devices by name, a server that is away, wallets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.core.effects import Screen
from terminal.core.events import CachedWallet, Exposure, WalletAnswer, WalletRead, WalletRemembered

if TYPE_CHECKING:
    from tests.money.world import World


class Devices(dict[str, Any]):
    """The devices by name, looked up anew for each order."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def __getitem__(self, name: str) -> Any:
        return self._world.lives[name].device


class Device:
    """The driver that has this name now."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self.name = world, name

    def __getattr__(self, what: str) -> Any:
        return getattr(self._world.lives[self.name].device, what)


class Nobody:
    """No server: what is to be delivered waits in the journal."""

    def deliver_now(self, key: str, done: Any) -> None:
        """Nothing."""


class Wallets:
    """What is known of tokens: some wallets the server tells, some only the journal."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read_wallet(self, token: str, deadline_ms: int) -> None:
        world = self._world
        world.post(WalletRemembered(token, CachedWallet(100, 0), Exposure()))
        answer = WalletRead(token, WalletAnswer.KNOWN, 500)
        if world.rng.random() < 0.7:
            world.clock.plan(world.rng.choice((0.05, 0.3)), lambda: world.post(answer))

    def pair(self, token: str, code: str) -> None:
        """Nobody asks for it."""


def unseen(screen: Screen) -> None:
    """Nobody looks."""
