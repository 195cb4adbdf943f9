"""What is told of an entry to people and programs outside the terminal. Pure.

No UID is told whole (I8): not the token of an entry, and not that of the staff in a sale.

A barcode is no secret of that kind, but it is worth money: who knows it can be let in with it. So it is told
where somebody asks for one sale (`journal show`, `journal find`), which is what a gate needs where a ticket
cannot be read, and never where many entries are told at once, or go to a spreadsheet: there is the purchase
code by which the sale can be asked for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from terminal.core.records import Entry
from terminal.core.tickets import TicketSale
from terminal.core.token import mask


def brief(entry: Entry) -> dict[str, Any]:
    """Return one entry among many as JSON-shaped values; a sale has its purchase code and no tickets."""
    value: dict[str, Any] = msgspec.to_builtins(entry)
    del value["payload"], value["before"]
    value["token"] = mask(entry.token)
    if isinstance(entry.payload, TicketSale):
        value["code"] = entry.payload.purchase.code
        value["tickets"] = len(entry.payload.tickets)
    return value


def whole(entry: Entry) -> dict[str, Any]:
    """Return the one entry that was asked for as JSON-shaped values, with all that it is made of."""
    payload = entry.payload
    if isinstance(payload, TicketSale) and payload.staff:
        payload = msgspec.structs.replace(payload, staff=mask(payload.staff))
    before = msgspec.to_builtins(entry.before)
    return {**brief(entry), "payload": msgspec.to_builtins(payload), "before": before}
