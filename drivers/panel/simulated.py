"""Simulated buttons. Hands: button, unplug, plug."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import DriverOptions, Emit
from drivers.simulated import SimulatedDevice
from terminal.core.events import ButtonPressed


class SimulatedButtonsOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated buttons."""

    buttons: Annotated[
        tuple[str, ...],
        Meta(description="The buttons there are: product ids, `cancel`, `confirm`. Empty: any."),
    ] = ()


class SimulatedButtons(SimulatedDevice):
    """A panel of buttons."""

    role: ClassVar[str] = "buttons"
    Options: ClassVar[type[DriverOptions]] = SimulatedButtonsOptions

    def __init__(self, name: str, options: SimulatedButtonsOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self.hands |= {"button": self.button}

    def button(self, name: str) -> None:
        """Press the button *name*."""
        with self._hold:
            self._check_works()
            known = self._options.buttons
            if not name or (known and name not in known):
                raise ValueError(
                    f"{self.name} has no button {name!r}; it has: {', '.join(known) or 'any name'}"
                )
            self._emit(ButtonPressed(self.name, str(name)))
