"""Device drivers: one small file for each kind of hardware, its simulated twin beside it.

``DRIVERS`` is the table of those that are part of the terminal; each is imported when it is asked for. A
package of a third party adds its own by an entry point of the group ``terminal.drivers``, named
``role.driver``, which names a class of the shape of :class:`drivers.contract.DriverClass`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from drivers.contract import DriverClass

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "terminal.drivers"

DRIVERS: dict[tuple[str, str], str] = {
    ("reader", "pcsc"): "drivers.readers.pcsc:PcscReader",
    ("reader", "nfcpy"): "drivers.readers.nfcpy:NfcpyReader",
    ("reader", "pn532"): "drivers.readers.pn532:Pn532Reader",
    ("reader", "rdm6300"): "drivers.readers.rdm6300:Rdm6300Reader",
    ("reader", "hid"): "drivers.readers.hid:HidReader",
    ("reader", "simulated"): "drivers.readers.simulated:SimulatedReader",
    ("coin_acceptor", "pulse"): "drivers.coins.pulse:PulseAcceptor",
    ("coin_acceptor", "cctalk"): "drivers.coins.cctalk:CctalkAcceptor",
    ("coin_acceptor", "cctalk_bill"): "drivers.coins.cctalk_bill:CctalkBillValidator",
    ("coin_acceptor", "mdb"): "drivers.coins.mdb:MdbChanger",
    ("coin_acceptor", "simulated"): "drivers.coins.simulated:SimulatedAcceptor",
    ("payout", "cctalk_hopper"): "drivers.payouts.cctalk_hopper:CctalkHopper",
    ("payout", "simulated"): "drivers.payouts.simulated:SimulatedPayout",
    ("machine", "mdb"): "drivers.machines.mdb:MdbMachine",
    ("machine", "simulated"): "drivers.machines.simulated:SimulatedMachine",
    ("release", "relay"): "drivers.releases.relay:Relay",
    ("release", "simulated"): "drivers.releases.simulated:SimulatedRelease",
    ("printer", "escpos"): "drivers.printers.escpos:EscposPrinter",
    ("printer", "simulated"): "drivers.printers.simulated:SimulatedPrinter",
    ("buttons", "gpio"): "drivers.panel.gpio_buttons:GpioButtons",
    ("buttons", "simulated"): "drivers.panel.simulated:SimulatedButtons",
    ("indicator", "gpio"): "drivers.panel.gpio_indicator:GpioIndicator",
    ("indicator", "simulated"): "drivers.panel.simulated:SimulatedIndicator",
}


class UnknownDriver(LookupError):  # noqa: N818 - what it is, as a person would say it
    """No driver of that name; the sentence names the known ones, and the one that was probably meant."""

    def __init__(self, role: str, driver: str) -> None:
        import difflib  # noqa: PLC0415 - for a mistake only

        known = names()
        of_role = [name for known_role, name in known if known_role == role]
        if of_role:
            near = difflib.get_close_matches(driver, of_role, n=1)
            words = f"no driver {driver!r} for the role {role!r}; known: {', '.join(of_role)}"
        else:
            roles = sorted({known_role for known_role, _ in known})
            near = difflib.get_close_matches(role, roles, n=1)
            words = f"no role {role!r} of a device; known: {', '.join(roles)}"
        self.suggestion: str | None = near[0] if near else None
        super().__init__(words + (f" (did you mean {near[0]!r}?)" if near else ""))

    def __str__(self) -> str:
        return str(self.args[0])


def names() -> list[tuple[str, str]]:
    """Return (role, driver) of every driver that can be named, those of third parties too, in order."""
    return sorted({*DRIVERS, *_foreign()})


def find(role: str, driver: str) -> DriverClass:
    """Return the class of a driver, imported now.

    Raises:
        UnknownDriver: There is none of that name.
        ImportError: There is one, but its own module cannot be imported.
    """
    found: DriverClass
    if (place := DRIVERS.get((role, driver))) is not None:
        module, _, name = place.partition(":")
        found = getattr(import_module(module), name)
    elif (foreign := _foreign().get((role, driver))) is not None:
        found = foreign.load()
    else:
        raise UnknownDriver(role, driver)
    return found


def _foreign() -> dict[tuple[str, str], EntryPoint]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - 30 ms that our own drivers do not need

    found: dict[tuple[str, str], EntryPoint] = {}
    for point in entry_points(group=GROUP):
        role, dot, driver = point.name.partition(".")
        if dot:
            found[role, driver] = point
    return found
