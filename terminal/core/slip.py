"""The receipt of the top-up that is being shown: on paper at once, when the guest asks, or as a copy. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.core import printing
from terminal.core.coins import Purse
from terminal.core.decision import Around, Wanted
from terminal.core.facts import EntryAdded, EntryKind
from terminal.core.job import Job
from terminal.core.receipt import payout_receipt, topup_receipt
from terminal.core.value import Value, replace

BUTTON = "receipt"

MOST_COPIES = 3
"""So many copies a guest gets of one receipt."""


class Slip(Value, frozen=True):
    """A receipt that a guest may have; *given* of it were wanted so far, the original among them."""

    wanted: Wanted
    given: int = 0


def slip(job: Job, purse: Purse, token: str, key: str, around: Around, *, balance: int | None) -> Slip | None:
    """Return the receipt for what a purse held and the entry *key* credits; None where there is none.

    *balance*: in cents, after it; None where it is not surely known.
    """
    if job.topup.receipt_mode == "never" or not job.printers:
        return None
    document = topup_receipt(
        head=job.topup.receipt,
        terminal=job.terminal,
        at=around.now,
        token=token,
        amount=purse.amount,
        key=key,
        currency=job.currency,
        locale=job.locale,
        # After a restart only their sum is known.
        coins=purse.coins if sum(purse.coins) == purse.amount else (),
        balance=balance,
        zone=job.zone,
    )
    return Slip(Wanted(f"{key}/{BUTTON}", key, document))


def payout_slip(job: Job, added: Sequence[EntryAdded], returned: int, around: Around) -> Slip | None:
    """Return the receipt for *returned* cents that came back, and for the rest, which is *added* to the books.

    Money that came back whole needs no receipt, and no entry would explain it.
    """
    if job.topup.receipt_mode == "never" or not job.printers or not added:
        return None
    sums = {kind: sum(each.amount for each in added if each.kind is kind) for kind in EntryKind}
    document = payout_receipt(
        head=job.topup.receipt,
        terminal=job.terminal,
        at=around.now,
        key=added[0].key,
        currency=job.currency,
        locale=job.locale,
        returned=returned,
        credited=sums[EntryKind.CREDIT],
        unknown=sums[EntryKind.UNCLAIMED],
        zone=job.zone,
    )
    return Slip(Wanted(f"{added[0].key}/{BUTTON}", added[0].key, document))


def at_once(job: Job, found: Slip | None) -> tuple[Slip | None, tuple[Wanted, ...]]:
    """Return the receipt as it stands when the credit is shown, and what is printed without being asked for."""
    mode = job.tickets.receipt_mode if job.kind == "tickets" else job.topup.receipt_mode
    if found is None or mode == "ask":
        return found, ()
    return replace(found, given=1), (found.wanted,)


def asked(job: Job, found: Slip | None, around: Around) -> tuple[Slip | None, tuple[Wanted, ...]]:
    """Return the receipt after its guest has asked for it, and what is printed: at first it, then copies."""
    if found is None or not offers(job, found, around):
        return found, ()
    wanted = replace(found.wanted, after=found.wanted.name) if found.given else found.wanted
    return replace(found, given=found.given + 1), (wanted,)


def offers(job: Job, found: Slip | None, around: Around) -> tuple[str, ...]:
    """Return the buttons that do something: the one for a receipt, while it can be printed."""
    if found is None or found.given > MOST_COPIES or printing.ready(job, around):
        return ()
    return (BUTTON,)
