"""The section of the configuration that says when a terminal closes its day, and how its sales are sorted."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from terminal.core import cron
from terminal.core.catalogue import ProductId
from terminal.core.cron import Cron
from terminal.core.rules import Rules

Rate = Annotated[int, Meta(ge=0, le=100_00)]
"""VAT in hundredths of a percent: 1900 is 19 %."""


class ClosingRules(Rules, frozen=True):
    """The end of the day: when it is closed by a Z report, and how reports sort what was sold."""

    schedules: Annotated[
        tuple[str, ...],
        Meta(
            description="When the terminal closes its day by itself, in local time: minute, hour, day of "
            'month, month and day of week (0 is Sunday), such as "30 23 * * *". A missed one is made good.'
        ),
    ] = ()
    from_server: Annotated[
        bool,
        Meta(description="Whether schedules that a server has for this terminal hold instead of these."),
    ] = True
    printed: Annotated[
        bool, Meta(description="Whether such a Z report is printed, where there is a printer.")
    ] = True
    groups: Annotated[
        dict[str, Annotated[str, Meta(min_length=1, max_length=80)]],
        Meta(
            description="Product group of each product, by its id, for reports. "
            "Without it, a product is in the group that the server told when it was sold."
        ),
    ] = msgspec.field(default_factory=dict)
    vat: Annotated[
        dict[str, Rate],
        Meta(
            description="VAT rate of each group, in hundredths of a percent: 1900 is 19 %. "
            "Without it, the rate that the server told when it was sold."
        ),
    ] = msgspec.field(default_factory=dict)
    vat_default: Annotated[
        Rate | None,
        Meta(description="VAT rate of everything else. Without it, reports say that it is not known."),
    ] = None

    def sorted_by(self, product: ProductId, group: str, vat: int | None) -> tuple[str, int | None]:
        """Return the group of *product* (empty: none), and its VAT rate (None: nobody knows it).

        What is set here holds before *group* and *vat*, which the server told when it was sold.
        """
        group = self.groups.get(str(product), group)
        rate = self.vat.get(group, vat)
        return group, self.vat_default if rate is None else rate

    def parsed(self) -> tuple[Cron, ...]:
        """Return the schedules.

        Raises:
            ValueError: One is none; the check of the configuration has found it before.
        """
        return tuple(cron.parse(text) for text in self.schedules)
