"""The journal of days of OnlinePOS: what a register posted when its day was closed. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Local, Unreadable, kind_of, local
from terminal.backends.onlinepos.wire import Call, Request
from terminal.core.value import Value


class DebtorSale(Value, frozen=True):
    """What was sold to a debtor in a day; *amount* in cents."""

    name: str
    number: str
    card: str
    amount: int
    ean: str

    def __repr__(self) -> str:
        """Tell nothing of the debtor."""
        return f"DebtorSale(amount={self.amount})"


class JournalLine(Value, frozen=True):
    """A posting; *amount* in cents."""

    text: str
    account: str
    amount: int
    kind: Literal["debit", "credit"]


class JournalEntry(Value, frozen=True):
    """The end of a day at one register."""

    number: int
    register: int
    register_name: str
    department: str
    venue: int | None
    time: Local
    lines: tuple[JournalLine, ...]
    clerk: int | None = None
    venue_name: str = ""
    debtors: tuple[DebtorSale, ...] = ()


def journal(
    first: datetime, last: datetime, *, register: int | None = None, place: Literal["query", "form"] = "query"
) -> Call[tuple[JournalEntry, ...]]:
    """Read the ends of days in a period: it reads, though it is a POST.

    Times go out as clocks in Denmark show them: what lies in the hour that comes twice in autumn cannot be told
    apart by the server, so a period is better not begun or ended there.

    Raises:
        ValueError: A moment has no zone.
    """
    told = {"time_from": local(first).iso(), "time_to": local(last).iso()}
    told |= {} if register is None else {"cash_register_id": str(register)}
    path = "end_of_day_journal"
    if place == "query":
        return Call(Request("POST", path, query=tuple(told.items())), _journal)
    return Call(Request("POST", path, body=told), _journal)


# -- reading -------------------------------------------------------------------------------------------


def _journal(found: Any) -> tuple[JournalEntry, ...]:
    outer = Fields(found, "a journal")
    if outer.get("journal_entries") is None:
        raise Unreadable(f"found {kind_of(found)} without journal_entries; expected them")
    return tuple(_journal_entry(each) for each in outer.each("an entry of the journal", "journal_entries"))


def _journal_entry(fields: Fields) -> JournalEntry:
    return JournalEntry(
        fields.whole("journal_number"),
        fields.whole("cash_register_id", default=0),
        fields.text("cash_register_name"),
        fields.text("department_code"),
        fields.whole_or_none("venue_id"),
        fields.time("time"),
        tuple(_journal_line(each) for each in fields.each("a line of the journal", "journal_lines")),
        fields.whole_or_none("clerk_id"),
        fields.text("venue_name"),
        _debtors(fields),
    )


def _debtors(fields: Fields) -> tuple[DebtorSale, ...]:
    if not fields.get("extended_data"):
        return ()
    told = fields.within("extended_data")
    if not told.get("debtor_sales"):
        return ()
    return tuple(
        DebtorSale(
            each.text("debtor_name"),
            each.text("debtor_number"),
            each.card_number("card_number") if each.get("card_number") else "",
            each.cents("amount"),
            each.text("ean"),
        )
        for each in told.each("a sale to a debtor", "debtor_sales")
    )


def _journal_line(fields: Fields) -> JournalLine:
    kind = fields.text("journal_line_type").lower()
    text, account = fields.text("journal_line_text"), fields.text("journal_line_account_number")
    amount = fields.cents("journal_line_amount")
    match kind:
        case "debit" | "credit":
            return JournalLine(text, account, amount, kind)
        case _:
            raise Unreadable(f"found a line of the journal that is {kind[:20]!r}; expected debit or credit")
