"""GPIO lines behind one small port, with three ways behind it.

* ``gpiod``: the kernel's character device. Edges carry the kernel's time stamp, and lost ones are noticed.
  The choice on every Raspberry Pi.
* ``rpi``: ``import RPi.GPIO``, which on a Raspberry Pi 5 is rpi-lgpio. Where gpiod cannot be had.
* ``simulated``: lines in this process, with hands.

Lines speak of *active* and *inactive*; what that is in volts is said once, by *active_low*, where the line is
opened. A line is named by its number on the chip (the BCM number on a Raspberry Pi) or by name (``GPIO17``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta

from drivers.contract import DriverOptions
from drivers.errors import DeviceError, DeviceFault, words_of
from drivers.pins.port import Bias, Edge, Edges, Line, Output, Pins

__all__ = [
    "Bias",
    "Edge",
    "Edges",
    "Line",
    "Output",
    "PinOptions",
    "Pins",
    "check_line",
    "drive_once",
    "open_pins",
]


class PinOptions(DriverOptions, frozen=True, kw_only=True):
    """What every driver on GPIO lines lets an operator choose."""

    pins: Annotated[
        Literal["gpiod", "rpi", "simulated"],
        Meta(description="How lines are reached: `gpiod`, `rpi` (RPi.GPIO or rpi-lgpio) or `simulated`."),
    ] = "gpiod"
    chip: Annotated[
        str,
        Meta(description="GPIO chip: its path or label. Empty: the one with the pins of the Raspberry Pi."),
    ] = ""


def open_pins(options: PinOptions) -> Pins:
    """Return the lines that *options* name.

    Raises:
        DeviceMissing: There is no such chip.
        DeviceFault: It cannot be used; the sentence says what to do.
    """
    if options.pins == "gpiod":
        from drivers.pins.gpiod_pins import GpiodPins  # noqa: PLC0415 - only where it is chosen

        return GpiodPins(options.chip)
    if options.pins == "rpi":
        from drivers.pins.rpi_pins import RpiPins  # noqa: PLC0415 - only where it is chosen

        return RpiPins()
    from drivers.pins.simulated import simulated_chip  # noqa: PLC0415 - only where it is chosen

    return simulated_chip(options.chip)


def drive_once(options: PinOptions, levels: Iterable[tuple[Line, bool, bool]]) -> None:
    """Drive lines and let them go at once, each (line, active_low, active): what MakesSafe is made of.

    Every line is tried, whatever becomes of the others.

    Raises:
        DeviceMissing: There is no such chip.
        DeviceFault: It, or at least one of the lines, cannot be driven.
    """
    pins = open_pins(options)
    failed: list[str] = []
    for line, active_low, active in levels:
        try:
            pins.output(line, active_low=active_low, active=active).close()
        except (DeviceError, OSError) as error:
            failed.append(words_of(error))
    if failed:
        raise DeviceFault("; ".join(dict.fromkeys(failed)))


def check_line(line: Line, what: str) -> None:
    """Check a line of a configuration.

    Raises:
        ValueError: It can be neither a number nor a name of a line.
    """
    if isinstance(line, bool) or (isinstance(line, int) and line < 0) or line == "":
        raise ValueError(f"{what} is {line!r}; expected the number of a line (17) or its name ('GPIO17')")
