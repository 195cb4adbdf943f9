"""What documents and their tries are called, and how long each kind waits. Pure.

``KEY/receipt`` is a first try, ``KEY/receipt/2`` the second, ``KEY/receipt/3-copy-1`` the third, which is
marked as the first copy: so the books alone tell how to go on after a restart.
"""

from __future__ import annotations

import re

from terminal.core.rules import PrintingRules

TICKET = "ticket"
"""What is named ``KEY/ticket…`` is worth money, and waits without a limit."""

VOUCHER = "voucher"
"""``KEY/voucher`` is, too."""

_TRY = re.compile(r"(?P<name>.+)/(?P<number>\d+)(-copy-(?P<copy>\d+))?")


def told(release: str) -> tuple[str, int, int]:
    """Return the name, the number of the try, and which copy it was, as a release tells them."""
    found = _TRY.fullmatch(release)
    if found is None:
        return release, 1, 0
    return found["name"], int(found["number"]), int(found["copy"] or 0)


def name_of(release: str) -> str:
    """Return the name of the document that *release* is a try to print."""
    return told(release)[0]


def release_of(name: str, number: int, copy: int) -> str:
    """Return what try *number* of the document is called, where it is that *copy* (0: the original)."""
    if copy:
        return f"{name}/{number}-copy-{copy}"
    return name if number == 1 else f"{name}/{number}"


def is_ticket(name: str) -> bool:
    """Return whether a document is a ticket."""
    return kind_of(name).startswith(TICKET)


def is_worth_money(name: str) -> bool:
    """Return whether a document waits for as long as it takes, however many others do."""
    return is_ticket(name) or kind_of(name).startswith(VOUCHER)


def kind_of(name: str) -> str:
    """Return what a document is beside the key that explains it, such as ``receipt``."""
    return name.rpartition("/")[2]


def limit_ms(rules: PrintingRules, name: str) -> int | None:
    """Return how long a document waits for a printer; None: as long as it takes."""
    return None if is_worth_money(name) else rules.receipt_wait_s * 1000
