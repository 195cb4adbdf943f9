"""The servers beside that of the wallets: those that are wanted, on the same port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from terminal.httpd import Route
from terminal.sandbox.kensium import admin as kensium_admin
from terminal.sandbox.kensium.rules import KensiumRules
from terminal.sandbox.kensium.server import Kensium
from terminal.sandbox.keys import new_secret
from terminal.sandbox.onlinepos import admin as onlinepos_admin
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onlinepos.server import OnlinePos
from terminal.sandbox.onslip import admin as onslip_admin
from terminal.sandbox.onslip.rules import OnslipRules
from terminal.sandbox.onslip.server import Onslip
from terminal.sandbox.satellite import admin as satellite_admin
from terminal.sandbox.satellite.rules import SatelliteRules
from terminal.sandbox.satellite.server import Satellite


class Beside:
    """One server of each kind that has rules; see ``Sandbox`` for the arguments."""

    def __init__(
        self,
        satellite: SatelliteRules | None,
        client: tuple[str, str] | None,
        onslip: OnslipRules | None,
        kensium: KensiumRules | None,
        onlinepos: OnlinePosRules | None,
        *,
        database: str | Path,
        seed: int,
        now_ms: Callable[[], int],
    ) -> None:
        self.satellite: Satellite | None = None
        self.onslip: Onslip | None = None
        self.kensium: Kensium | None = None
        self.onlinepos: OnlinePos | None = None
        if satellite is not None:
            self.satellite = Satellite(
                satellite, client, database=database, seed=seed, now_ms=now_ms, secret=new_secret
            )
        if onslip is not None:
            self.onslip = Onslip(onslip, database=database, seed=seed, now_ms=now_ms, secret=new_secret)
        if kensium is not None:
            self.kensium = Kensium(kensium, database=database, seed=seed, now_ms=now_ms, secret=new_secret)
        if onlinepos is not None:
            self.onlinepos = OnlinePos(onlinepos, database=database, seed=seed, now_ms=now_ms)

    def all(self) -> list[Satellite | Onslip | Kensium | OnlinePos]:
        """Return those that there are."""
        every = (self.satellite, self.onslip, self.kensium, self.onlinepos)
        return [each for each in every if each is not None]

    def routes(self, near: bool) -> list[Route]:  # noqa: FBT001 - as Address says it
        """Return what they answer, and to testers on this machine (*near*) what they did."""
        routes = [route for each in self.all() for route in each.routes()]
        if not near:
            return routes
        if self.satellite is not None:
            routes += satellite_admin.routes(self.satellite)
        if self.onslip is not None:
            routes += onslip_admin.routes(self.onslip)
        if self.kensium is not None:
            routes += kensium_admin.routes(self.kensium)
        if self.onlinepos is not None:
            routes += onlinepos_admin.routes(self.onlinepos)
        return routes
