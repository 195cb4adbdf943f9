"""Simulated buttons, lamps and buzzers. Hands: button, unplug, plug."""

from __future__ import annotations

from collections import deque
from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Signal
from drivers.simulated import RecordPath, SimulatedDevice
from terminal.core.events import ButtonPressed, Health

_KEPT = 1000


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


class SimulatedIndicatorOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated indicator."""

    record: RecordPath = ""


class SimulatedIndicator(SimulatedDevice):
    """Lamps and a buzzer to look at: what they show stands among the device's words.

    Attributes:
        shown: The last signals, oldest first.
    """

    role: ClassVar[str] = "indicator"
    Options: ClassVar[type[DriverOptions]] = SimulatedIndicatorOptions

    def __init__(self, name: str, options: SimulatedIndicatorOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._signal: Signal | None = None
        self.shown: deque[Signal] = deque(maxlen=_KEPT)

    @property
    def condition(self) -> Condition:
        """How it is now, and what it shows: a signal is no change of health, so nobody is told of it."""
        condition, signal = super().condition, self._signal
        if condition.health is not Health.OK or signal is None:
            return condition
        return Condition(Health.OK, f"shows: {signal.value}")

    def show(self, signal: Signal) -> None:
        """Show *signal* until the next one; kept while the device is away."""
        self._order(lambda: self._light(signal), lambda _words: self._keep(signal))

    def _open(self) -> Condition | None:
        condition = super()._open()
        if self._signal is not None:
            self._light(self._signal)
        return condition

    def _keep(self, signal: Signal) -> None:
        self._signal = signal

    def _light(self, signal: Signal) -> None:
        self._keep(signal)
        self._check_plug()
        self._record.write("signal", signal=signal.value)
        self.shown.append(signal)
