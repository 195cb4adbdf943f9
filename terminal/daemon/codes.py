"""The codes of this terminal's tickets, built from its settings: chance, clock, books and keys meet here.

The signing key is read once, at the start: a new one needs a restart, so that no sale has tickets of two keys.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from terminal.core.catalogue import ProductId
from terminal.core.stamp import Stamp
from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Codes, Ticket
from terminal.daemon.opening import CannotStart
from terminal.journal import load_or_create_key
from terminal.journal.errors import JournalDamaged, JournalError
from terminal.settings import SecretError, Settings, signing_key
from terminal.tickets.codes import Seal, make
from terminal.tickets.signed import CannotSign, read_private_key

_LOG = logging.getLogger(__name__)


class Books(Protocol):
    """What the journal knows of codes."""

    def knows_code(self, code: str) -> bool:
        """Say whether a sale on the books has that purchase code."""


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> Stamp:
        """Return this moment."""


def build_codes(settings: Settings, books: Books, clock: Clock) -> Codes:
    """Return what makes the codes of this terminal's tickets.

    Raises:
        CannotStart: Tickets are to be signed, and the key cannot be used; or the journal's key cannot.
    """
    rules = settings.codes
    return make(
        rules,
        chance=os.urandom,
        known=_careful(books),
        wall_ms=lambda: clock.now().wall_ms,
        key=_infix_key(settings) if rules.infix == "derived" else b"",
        seal=_seal(rules) if rules.sign else None,
    )


def _careful(books: Books) -> Callable[[str], bool]:
    """Return what says whether a code is known, or cannot be looked up: then it is not used either."""

    def known(code: str) -> bool:
        try:
            return books.knows_code(code)
        except JournalDamaged:
            raise  # only a start can set the file aside
        except JournalError as error:
            _LOG.warning("no code is used that cannot be looked up: %s", error)
            return True

    return known


def _infix_key(settings: Settings) -> bytes:
    """Return the key of a `derived` infix: made from the journal's, which it does not give away."""
    path = Path(settings.journal.key_file or f"{settings.journal.path}.key")
    try:
        key = load_or_create_key(path)
    except JournalError as error:
        raise CannotStart(str(error)) from None
    return blake2b(b"ticket infix", key=key, digest_size=32, person=b"derived").digest()


def _seal(rules: CodeRules) -> Seal:
    try:
        pem, place = signing_key(rules)
        signer = read_private_key(pem, place)
    except (SecretError, CannotSign) as error:
        raise CannotStart(str(error)) from None
    _LOG.info("tickets are signed by the key %s", signer.key)

    def seal(ticket: Ticket, event: ProductId, at_ms: int) -> str:
        try:
            return signer.sign(ticket.barcode, event, ticket.product, at_ms // 1000)
        except ValueError as error:
            # Its guest has paid: the ticket is good by its barcode, which any gate can look up.
            _LOG.warning("a ticket is printed without a signature: %s", error)
            return ticket.barcode

    return seal
