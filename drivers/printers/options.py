"""The options of the driver ``escpos``."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from drivers.contract import DriverOptions
from drivers.printers import ports
from drivers.printers.charset import AUTO
from drivers.printers.compose import Cut, DrawerPin
from drivers.printers.ports import Flow, Parity


class EscposOptions(DriverOptions, frozen=True):
    """Options of the driver ``escpos``."""

    port: Annotated[
        str,
        Meta(
            description="Where the printer is: serial:///dev/serial/by-id/…, usb://VENDOR:PRODUCT (or "
            "usb://VENDOR:PRODUCT/SERIAL), tcp://HOST:9100, file:///dev/usb/lp0, or file:///… for a plain file."
        ),
    ]
    baudrate: Annotated[int, Meta(ge=300, le=4_000_000, description="Bits a second, serial only.")] = 9600
    parity: Annotated[Parity, Meta(description="Parity bit, serial only.")] = "none"
    flow: Annotated[Flow, Meta(description="How the printer says that it is busy, serial only.")] = "none"
    profile: Annotated[
        str, Meta(description="Model, as python-escpos calls it, such as TM-T88V; `simple` for poor ones.")
    ] = "default"
    columns: Annotated[int, Meta(ge=0, le=128, description="Characters in a line; 0: as the profile says.")] = 0
    charset: Annotated[
        str,
        Meta(
            description="Code page that text is printed in, as python-escpos calls it, such as CP858; `auto`: "
            "the one of the profile that has most of German, Danish, Swedish and the euro sign."
        ),
    ] = AUTO
    leave_chinese: Annotated[
        bool, Meta(description="Whether to switch off two-byte signs, where umlauts come out as Chinese.")
    ] = False
    cut: Annotated[Cut, Meta(description="How the paper is cut.")] = "full"
    drawer_pin: Annotated[
        DrawerPin, Meta(description="Pin of the printer's socket that opens the cash drawer, 2 or 5.")
    ] = 2
    status: Annotated[
        Literal["auto", "always", "none"],
        Meta(
            description="Whether the printer answers questions: `auto` finds out, `always`: its silence means "
            "that it is off, `none`: it is never asked."
        ),
    ] = "auto"
    automatic: Annotated[
        Literal["auto", "off"],
        Meta(
            description="Whether the printer is to tell by itself when its paper ends or its cover is opened: "
            "`auto`: if it answers questions and can."
        ),
    ] = "auto"
    answer_ms: Annotated[
        int, Meta(ge=50, le=5_000, description="Time to answer a question in, in milliseconds.")
    ] = 1000
    check_s: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            description="Seconds between two looks at paper and cover; also where it tells changes "
            "by itself, for who is switched off tells nothing.",
        ),
    ] = 10.0
    stall_s: Annotated[
        float, Meta(ge=0.1, le=600, description="Seconds without taking a byte after which it is given up.")
    ] = 10.0
    finish_s: Annotated[
        float, Meta(ge=0.1, le=600, description="Seconds to print what was sent, where it confirms.")
    ] = 30.0
    connect_s: Annotated[float, Meta(ge=0.1, le=20, description="Seconds to connect in, network only.")] = 5.0

    def __post_init__(self) -> None:
        """Refuse a port that is none; what only the library knows is found when the printer is opened."""
        ports.parse(self.port)
