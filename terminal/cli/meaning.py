"""What the state of an entry means, and what a technician can do about it. Pure."""

from __future__ import annotations

from terminal.core.facts import EntryKind, EntryState
from terminal.core.payload import Sold
from terminal.core.records import Entry
from terminal.core.tickets import TicketSale

KINDS = {
    EntryKind.DEBIT: "a purchase",
    EntryKind.CREDIT: "a top-up",
    EntryKind.REFUND: "a credit for a purchase of which nothing was given out",
    EntryKind.UNCLAIMED: "coins that nobody claimed",
    EntryKind.SALE: "a sale of tickets",
    EntryKind.INTERACTION: "a token at the door",
    EntryKind.RECORD: "a sale, for the server that keeps books of it",
    EntryKind.REPORT: "a Z report, for the server",
    EntryKind.PAYMENT: "a payment at the card terminal",
}


def kind(entry: Entry) -> str:
    """Return what *entry* is."""
    if is_report(entry):
        return "the paper of a report"
    if isinstance(entry.payload, Sold) and entry.payload.back:
        return "a sale that is taken back, for the server that keeps books of it"
    return "a technician's trial" if is_trial(entry) else KINDS[entry.kind]


def is_trial(entry: Entry) -> bool:
    """Return whether nobody's coins are meant: core/trial.py."""
    return entry.kind is EntryKind.UNCLAIMED and not entry.amount and not is_report(entry)


def is_report(entry: Entry) -> bool:
    """Return whether it only explains what was printed: core/service.py."""
    if entry.kind is not EntryKind.UNCLAIMED or entry.amount:
        return False
    return entry.description == "X report" or entry.description.startswith("Z report ")


_TICKETS_ARE_OUT = {
    EntryState.UNKNOWN: "The server may or may not have recorded the sale: nobody here can tell.",
    EntryState.PARKED: "The server has surely not recorded the sale, and will not as it is.",
    EntryState.VOIDED: "It is settled without the server; it is not sent (any more).",
}

_RECORDS = {
    EntryState.UNKNOWN: "The server may or may not have it in its books: nobody here can tell.",
    EntryState.PARKED: "The server surely does not have it in its books, and will not as it is.",
    EntryState.DELIVERED: "The server has it in its books.",
}


_PAYMENTS = {
    EntryState.QUEUED: "The card is authorised, the tickets were given: the money is taken by its delivery.",
    EntryState.UNKNOWN: "The tickets were given. The server may or may not have taken the money from the card.",
    EntryState.PARKED: "The tickets were given, and the server does not take the money from the card as it is.",
    EntryState.DELIVERED: "The money was taken from the card.",
}


def meaning(entry: Entry) -> str:
    """Return what the state of *entry* means."""
    if is_report(entry):
        return "A report was printed. Nobody pays for it, and no server hears of it."
    if is_trial(entry):
        return "A technician tried whether the device works. Nobody pays for it, and no server hears of it."
    if entry.kind is EntryKind.UNCLAIMED and entry.state is EntryState.PARKED:
        return "The coins lie in the machine and belong to nobody yet. They are never sent to a server."
    if entry.kind is EntryKind.SALE and entry.state in _TICKETS_ARE_OUT:
        return f"{_TICKETS_ARE_OUT[entry.state]} The tickets that were printed stay valid."
    if entry.kind in (EntryKind.RECORD, EntryKind.REPORT) and entry.state in _RECORDS:
        return f"{_RECORDS[entry.state]} No money moves by it."
    if entry.kind is EntryKind.PAYMENT and entry.held:
        return "The card terminal was asked for it, and has not come to an end."
    if entry.kind is EntryKind.PAYMENT and entry.state in _PAYMENTS and not entry.compensate:
        return _PAYMENTS[entry.state]
    if entry.held and entry.state is EntryState.QUEUED:
        return "It is not sent yet: whether the piece was given out is not settled."
    return {
        EntryState.QUEUED: "It waits to be delivered."
        + (
            " An earlier try may have reached the server; it is repeated only where that is safe."
            if entry.in_doubt
            else ""
        ),
        EntryState.SENDING: "It is on its way to the server at this moment.",
        EntryState.UNKNOWN: "The server may or may not have booked it: nobody here can tell.",
        EntryState.PARKED: "The server has surely not booked it, and will not as it is.",
        EntryState.DELIVERED: "The server has booked it.",
        EntryState.VOIDED: "It is settled without the server; it is not sent (any more).",
    }[entry.state] + (" Nothing was given out for it." if entry.compensate else "")


def remedy(entry: Entry) -> str:
    """Return what a technician can do; empty where nothing is to be done."""
    resend, write_off = (f"terminalctl journal resolve {entry.seq} --{how}" for how in ("resend", "write-off"))
    if entry.kind is EntryKind.UNCLAIMED and entry.state is EntryState.PARKED:
        return f"Give the money to whom it belongs, or to the till, then settle it: {write_off}"
    if entry.held and entry.state is EntryState.QUEUED:
        return "It settles itself when the device answers, or at the next start."
    code = entry.payload.purchase.code if isinstance(entry.payload, TicketSale) else ""
    match entry.state:
        case EntryState.QUEUED:
            return "It goes out by itself; at once with: terminalctl sync now"
        case EntryState.UNKNOWN:
            return _choices(entry, code)
        case EntryState.PARKED if code:
            return (
                f"Remove the cause that the server names and send it again: {resend}. Or enter the sale on the "
                f"server by hand, under the purchase code {code}, and settle it: {write_off}"
            )
        case EntryState.PARKED if entry.kind is EntryKind.REFUND and entry.token is None:
            return f"Give the money back at the card terminal, on its server or by hand. Then: {write_off}"
        case EntryState.PARKED if entry.kind is EntryKind.REFUND:
            return (
                f"It is owed to the customer. Remove the cause and send it again: {resend}. Or give the money "
                f"back by hand and settle it: {write_off}"
            )
        case EntryState.PARKED:
            return (
                f"Remove the cause that the server names and send it again: {resend}. "
                f"Or give it up: {write_off}"
            )
    return ""


def _choices(entry: Entry, code: str) -> str:
    """Return how a person finds out about an entry in doubt, and the commands to choose from, line by line."""
    if entry.before is not None:
        look = "Compare what the server told before the try with its own books."
    else:
        look = f"Look on the server for the {_known_as(entry, code)}."
    again = "is to be given back by hand" if entry.kind is EntryKind.PAYMENT else "refunded by itself"
    ways = {
        f"it is booked, and {again} then" if entry.compensate else "it is booked": "delivered",
        "it is not: send it again": "" if entry.compensate else "resend",
        "it is not: give it up" if entry.compensate else "settle it without the server": "write-off",
    }
    column = max(map(len, ways))
    lines = [
        f"  {way:<{column}}  terminalctl journal resolve {entry.seq} --{how}"
        for way, how in ways.items()
        if how
    ]
    return "\n".join([f"{look} Then decide, with your name and a reason:", *lines])


def _known_as(entry: Entry, code: str) -> str:
    if code:
        return f"purchase code {code}"
    if entry.kind is EntryKind.PAYMENT and entry.reference:
        return f"payment {entry.reference}, of the key {entry.key}"
    return f"key {entry.key}"
