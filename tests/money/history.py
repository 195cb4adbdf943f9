"""What happens to a kiosk: guests with coins and without, and every mishap that the hardware knows."""

from __future__ import annotations

from collections.abc import Callable

from terminal.core.events import ButtonPressed, EmptyingAsked, TokenPresented
from tests.money.peers import HopperPeer, lived
from tests.money.world import BILLS, COINS, World

TOKENS = ("04A1B2C3D4E501", "04A1B2C3D4E502", "04A1B2C3D4E503")
COIN_ERRORS = (1, 3, 5, 14, 20, 25, 254)
BILL_ERRORS = (3, 8, 18, 21)


class History:
    """The sessions of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        self._mishaps: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.30, self._kill),
            (0.05, self._reset),
            (0.05, self._switched_off),
            (0.05, self._weather),
            (0.04, self._unplug),
            (0.03, self._full_disk),
            (0.03, self._busy_while_down),
            (0.02, self._hang),
            (0.02, self._exchange),
            (0.03, self._sparkle),
            (0.15, self._hopper_mishap),
        )

    def session(self) -> None:
        """Let one guest come, with whatever happens meanwhile."""
        world, rng = self.world, self.rng
        world.figures["sessions"] += 1
        for chance, mishap in self._mishaps:
            if rng.random() < chance:
                world.clock.plan(rng.uniform(0, 5), mishap)
        self._guest()
        world.run(rng.choice((3.0, 4.0, 5.0, 7.0)))
        if rng.random() < 0.02:
            world.stop()
        if rng.random() < 0.05:
            self._empty()

    def settle(self) -> None:
        """End all trouble and let everything be told."""
        world = self.world
        world.wire.rate, world.wire.plugged, world.disk.full = 0.0, True, False
        for slave in world.slaves.values():
            if not slave.powered:
                self._power(slave, on=True)
        for hopper in world.hoppers.values():
            if not hopper.hopper.powered:
                hopper.hopper.power_up()
        world.fate.set("", 0)
        world.run(60)
        world.stop()
        world.run(60)

    # -- guests --------------------------------------------------------------------------------------------

    def _guest(self) -> None:
        rng = self.rng
        token = rng.choice(TOKENS)
        kind = rng.choice(("coins first", "token first", "token first", "changes mind", "leaves", "regrets"))
        at = 0.1
        if kind in ("token first", "changes mind"):
            at = self._then(at, lambda: self._tap(token))
        for _ in range(rng.choice((1, 1, 2, 3, 4, 7))):
            at = self._then(at, self._coin)
        if kind == "coins first":
            at = self._then(at, lambda: self._tap(token))
        elif kind in ("changes mind", "regrets"):
            at = self._then(at, lambda: self._press("cancel"))
        elif kind == "token first" and rng.random() < 0.5:
            at = self._then(at, lambda: self._press("confirm"))
        if rng.random() < 0.1:
            self._then(at, self._coin)  # one that was on its way

    def _then(self, at: float, do: Callable[[], None]) -> float:
        self.world.clock.plan(at, do)
        return at + self.rng.choice((0.01, 0.15, 0.4, 0.8, 1.2))

    def _tap(self, token: str) -> None:
        self.world.post(TokenPresented("reader", f"{token}{self.rng.randrange(256):02X}"[:14]))

    def _press(self, button: str) -> None:
        self.world.post(ButtonPressed("panel", button))

    def _coin(self) -> None:
        world, rng = self.world, self.rng
        name = BILLS if BILLS in world.slaves and rng.random() < 0.3 else COINS
        slave = world.slaves[name]
        if rng.random() < 0.06 and slave.powered:
            slave.event(0, rng.choice(COIN_ERRORS if name == COINS else BILL_ERRORS))
            return
        before = len(world.audit.ledgers[name].taken)
        slave.insert(rng.choice(tuple(slave.types)))
        world.figures["coins offered"] += 1
        world.figures["wraps"] += slave.memory["counter"] == 1 and len(world.audit.ledgers[name].taken) > before
        if name == BILLS:
            world.clock.plan(20.1, slave.tick)

    # -- mishaps -------------------------------------------------------------------------------------------

    def _kill(self) -> None:
        """Kill the process at some point of some kind that comes soon."""
        kind, most = self.rng.choice(
            (("step", 6), ("commit", 8), ("emit", 8), ("wire", 60), ("paying", 40), ("intent", 1))
        )
        self.world.fate.set(kind, self.rng.randint(1, most))

    def _power(self, slave: object, *, on: bool) -> None:
        slave.powered = on  # type: ignore[attr-defined]
        if on:
            slave.switch_on()  # type: ignore[attr-defined]

    def _reset(self) -> None:
        """A dip in its supply: an acceptor begins anew, at once."""
        world, rng = self.world, self.rng
        name = rng.choice(tuple(world.slaves))
        slave = world.slaves[name]

        def dip() -> None:
            world.figures["resets"] += 1
            slave.switch_on()
            world.audit.ledgers[name].begins_anew()

        dip()
        if rng.random() < 0.4:  # and once more, right after the next coin
            world.clock.plan(2.0, lambda: slave.insert(rng.choice(tuple(slave.types))))
            world.clock.plan(2.3, dip)

    def _switched_off(self) -> None:
        """Everything on the wire is dark for a while; the coins stay where they are."""
        world = self.world
        world.figures["supply cuts"] += 1
        for name, slave in world.slaves.items():
            if slave.powered:
                slave.powered = False
                slave.switch_on()
                world.audit.ledgers[name].begins_anew()
        for hopper in world.hoppers.values():
            hopper.hopper.powered = False
        world.clock.plan(self.rng.choice((0.05, 1.0, 12.0)), self._switched_on)

    def _switched_on(self) -> None:
        for slave in self.world.slaves.values():
            slave.powered = not slave.settings.get("away")
        for hopper in self.world.hoppers.values():
            if not hopper.hopper.powered:
                hopper.hopper.power_up()

    def _weather(self) -> None:
        """Noise on the wire, for a while."""
        wire = self.world.wire
        self.world.figures["noise"] += 1
        wire.rate = self.rng.choice((0.05, 0.2, 0.6))
        self.world.clock.plan(self.rng.choice((1.0, 5.0)), lambda: setattr(wire, "rate", 0.0))

    def _unplug(self) -> None:
        wire = self.world.wire
        self.world.figures["unplugged"] += 1
        wire.pull()
        self.world.clock.plan(self.rng.choice((0.1, 2.0, 15.0)), lambda: setattr(wire, "plugged", True))

    def _full_disk(self) -> None:
        disk = self.world.disk
        self.world.figures["full disks"] += 1
        disk.full = True
        self.world.clock.plan(self.rng.choice((0.5, 3.0)), lambda: setattr(disk, "full", False))

    def _busy_while_down(self) -> None:
        """The process is killed, and the device goes on counting without it."""
        world = self.world
        slave = world.slaves[self.rng.choice(tuple(world.slaves))]
        # Not so many that its counter comes round to where it was: nobody could tell.
        count = self.rng.choice((3, 5, 5, 6, 9, 40, 120))

        def busy() -> None:
            for _ in range(count):
                if slave.powered and self.rng.random() < 0.5:
                    slave.event(0, 1)
                else:
                    slave.insert(self.rng.choice(tuple(slave.types)))

        world.while_down = busy
        world.fate.set(self.rng.choice(("step", "wire", "emit")), 1)

    def _hang(self) -> None:
        self.world.hang(self.rng.randint(1, 60))

    def _exchange(self) -> None:
        """A technician puts another device in the place of one."""
        world = self.world
        name = self.rng.choice(tuple(world.slaves))
        slave = world.slaves[name]
        if not slave.powered or not world.up or world.lives[name].hangs:
            return
        world.figures["exchanged"] += 1
        slave.powered = False
        slave.switch_on()
        slave.settings["serial"] += 1
        lived(slave, self.rng.choice((0, 7, 254)), self.rng)
        world.audit.ledgers[name].begins_anew()
        slave.settings["away"] = True

        def there() -> None:
            slave.settings["away"] = False
            slave.powered = True

        world.clock.plan(5.0, there)

    def _sparkle(self) -> None:
        """Many events at once: a guest plays with coins that come back."""
        slave = self.world.slaves[self.rng.choice(tuple(self.world.slaves))]
        for _ in range(self.rng.choice((3, 5, 7))):
            if slave.powered:
                slave.event(0, self.rng.choice((1, 2)))

    def _hopper_mishap(self) -> None:
        world, rng = self.world, self.rng
        if not world.hoppers:
            return
        hopper: HopperPeer = world.hoppers[rng.choice(tuple(world.hoppers))]
        device = hopper.hopper
        match rng.choice(("cut", "unplug", "empty", "jam", "refill", "fault", "fault", "fault", "reset")):
            case "cut":
                device.arm["cut"] = rng.choice((0, 1, 2))
                world.clock.plan(rng.uniform(3, 9), self._switched_on)
            case "unplug":
                device.arm["unplug"] = rng.choice((0, 1, 2))
                world.clock.plan(rng.uniform(3, 9), lambda: setattr(world.wire, "plugged", True))
            case "empty":
                device.stock = rng.choice((0, 1, 3))
            case "jam":
                device.jammed = True
                world.clock.plan(rng.uniform(3, 9), lambda: setattr(device, "jammed", False))
            case "refill":
                device.stock = 1000
            case "fault":
                fault = rng.choice(("drop", "drop", "ignore", "garble", "delay", "refuse", "busy", "spoil"))
                hopper.faults.append((fault, rng.choice((167, 167, 167, 166, 163, 168)), 0.5))
            case "reset":
                if not device.remaining:
                    device.reset()

    def _empty(self) -> None:
        self.world.post(EmptyingAsked(self.rng.choice(tuple(self.world.slaves)), "Ada", None))
