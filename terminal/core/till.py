"""What a server says of the till that this terminal is, and what the terminal tells it of its devices."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.core import cron
from terminal.core.cron import Cron
from terminal.core.value import Value

MOST_SCHEDULES = 50
"""More of them nobody means."""


class Attached(Value, frozen=True):
    """A real device of the terminal.

    Attributes:
        name: As the terminal's configuration calls it.
        role: Such as ``printer`` or ``reader``.
        driver: The name of its driver.
        address: Where it is attached; empty: nobody knows.
        id: By which it is told from all others, and the same after a restart.
        version: Of its firmware; empty: nobody knows.
        seen: Whether it was there since the start; one that was not may only be unplugged for a while.
    """

    name: str
    role: str
    driver: str
    address: str
    id: str
    version: str = ""
    seen: bool = True


class Lack(Value, frozen=True):
    """What cannot be done with a server, in *words*; it harms who has it in *role* (empty: everybody)."""

    role: str
    words: str


class TillSettings(Value, frozen=True):
    """What a server has set for this terminal.

    Attributes:
        bound: Whether the server knows this terminal as a device of its own.
        name, description, location: For persons; empty where the server tells none.
        schedules: When the day is to be closed, as unchecked texts; None: the server does not say.
        offered: A version that is newer than the one that runs; empty: there is none.
        usable: The parts of the server that may be used, in its own words.
        missing: Why others may not be.
        accounts: Whether accounts of the bookkeeping are set for it, which only the server needs.
        currency, locale: Of the company; empty where the server tells none.
        cash_step: What cash is rounded to, in cents; None where the server tells nothing.
        notices: What a technician should know beside all that, in sentences.
    """

    bound: bool
    name: str = ""
    description: str = ""
    location: str = ""
    schedules: tuple[str, ...] | None = None
    offered: str = ""
    usable: frozenset[str] = frozenset()
    missing: tuple[Lack, ...] = ()
    accounts: bool = False
    currency: str = ""
    locale: str = ""
    cash_step: int | None = None
    notices: tuple[str, ...] = ()


def obeyed(
    told: tuple[str, ...] | None, local: Sequence[Cron] = ()
) -> tuple[tuple[Cron, ...], tuple[str, ...]]:
    """Return the schedules that hold, and one sentence for each of the server's that is not obeyed.

    What the server says holds, an empty list included, as far as it can be read; where it says nothing, or
    nothing that can be read, *local* does.
    """
    texts = told or ()
    found: list[Cron] = []
    refused: list[str] = []
    for text in texts[:MOST_SCHEDULES]:
        try:
            found.append(cron.parse(text))
        except ValueError as error:
            refused.append(f"A schedule of the server for closing the day is not obeyed: {error}.")
    if len(texts) > MOST_SCHEDULES:
        refused.append(
            f"Of {len(texts)} schedules of the server for closing the day, {MOST_SCHEDULES} are obeyed."
        )
    nothing_said = told is None or (texts and not found)
    return tuple(local) if nothing_said else tuple(found), tuple(refused)
