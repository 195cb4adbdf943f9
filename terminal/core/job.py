"""One terminal as the core knows it: what it does, with which devices and servers, by which rules."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Literal

import msgspec

from terminal.core.rules import (
    CashRules,
    OfflineRules,
    PrintingRules,
    ReadingRules,
    TopupRules,
    VendingRules,
)
from terminal.core.ticket_rules import CodeRules, TicketRules


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that the core must know to run one terminal.

    Attributes:
        terminal: The terminal's id; it stands at the head of every idempotency key.
        currency: ISO 4217.
        wallet: Name of the backend that holds the wallets; empty where nothing is paid by token.
        office: Name of the backend that records sales, and interactions; empty where none does.
        registrar: Name of the backend that Z reports are delivered to; empty where none takes them.
        payments: Name of the backend that drives a card terminal; empty where none does.
        zone: Time zone of what is printed.
        acceptors, releases, printers: Names of the configured devices of these roles.
        machines: Name of the vending machine that asks for payment: one, or none.
    """

    terminal: str
    kind: Literal["vending", "topup", "tickets"]
    currency: str
    locale: str
    wallet: str
    office: str = ""
    registrar: str = ""
    payments: str = ""
    zone: tzinfo = UTC
    acceptors: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    printers: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    vending: VendingRules = VendingRules()
    topup: TopupRules = TopupRules()
    tickets: TicketRules = TicketRules()
    codes: CodeRules = CodeRules()
    offline: OfflineRules = OfflineRules()
    cash: CashRules = CashRules()
    printing: PrintingRules = PrintingRules()
    reading: ReadingRules = ReadingRules()
