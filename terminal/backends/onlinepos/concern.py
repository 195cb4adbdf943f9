"""What OnlinePOS tells of a whole concern: its companies, turnover and revenue journals. Pure.

"Locations" of a concern are companies, and its "departments" the logins of terminals. Two calls have no
documented answer (``clerks``, ``debtor_sales``): what they answer is given as it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.sales import ExportedLine, read_exported_line
from terminal.backends.onlinepos.values import (
    Local,
    Unreadable,
    card_number,
    kind_of,
    read_period,
    unix_s,
)
from terminal.backends.onlinepos.wire import XML, Call, Request
from terminal.core.value import Value

LONGEST_REVENUE = timedelta(hours=48)
"""The longest period that getKoncernRevenue takes."""

_LATEST_S = 7_258_118_400  # the year 2200


class ConcernLine(Value, frozen=True):
    """A line of an order of any company; *line* has what the export of one company has.

    Attributes:
        moment: When it was sold; None where only the clock on the wall is told.
        discount: In cents.
        account: Where it is booked.
        master: The product's master; 0: none.
    """

    line: ExportedLine
    company: int | None
    moment: datetime | None
    discount: int
    account: str
    master: int
    debtor: str
    tags: tuple[str, ...]


class Takings(Value, frozen=True):
    """What one company took in, in cents, and of how many guests."""

    company: int
    amount: int
    guests: int


class Turnover(Value, frozen=True):
    """What was taken in, in a period as the server understood it."""

    first: Local
    last: Local
    takings: tuple[Takings, ...]


class Department(Value, frozen=True):
    """The login of terminals. *last_journal*: number of its last journal."""

    id: int
    name: str
    active: bool
    last_journal: int
    company: int


class Company(Value, frozen=True):
    """A company of the concern."""

    id: int
    name: str
    active: bool
    address: str
    zip_code: str
    city: str
    country: str
    departments: tuple[Department, ...]


class Revenue(Value, frozen=True):
    """A revenue journal. *revenue* and *difference* in cents; *by_kind*: as it comes, it is not documented."""

    company: int
    department: int
    number: int
    clerk: str
    revenue: int
    count: Decimal
    first: datetime
    last: datetime
    difference: int
    by_kind: Mapping[str, Any]


# -- sales ---------------------------------------------------------------------------------------------


def exported(
    first: datetime, last: datetime, *, offset: int = 0, company: int | None = None, department: str = "",
    card: str = "", field: Literal["lokation", "location"] = "lokation",
) -> Call[tuple[ConcernLine, ...]]:  # fmt: skip
    """Read order lines of all companies, 10000 at most (or 1000: the page says both).

    What lies beyond is read with the *offset* of what has been read: until an answer is empty.

    Args:
        first: Beginning of the period.
        last: Its end.
        offset: How many lines are left out.
        company: Only of this company.
        department: Only of these terminals.
        card: Only of this card.
        field: What the server calls *company*: its page says the one, and the sample on it the other.

    Raises:
        ValueError: A moment has no zone, or *card* is none.
    """
    body: dict[str, Any] = {"from": unix_s(first), "to": unix_s(last)}
    more = {
        "cardnumber": card_number(card) if card else "",
        "offset": offset or "",
        field: "" if company is None else company,
        "department": department,
    }
    body |= {name: value for name, value in more.items() if value != ""}
    return Call(Request("POST", "exportKoncern", body=body), _exported, private=(card,) if card else ())


def turnover(first: datetime, last: datetime, *, concern: bool = False) -> Call[Turnover]:
    """Read what was taken in, in a period.

    Args:
        first: Its beginning.
        last: Its end.
        concern: Whether of all companies of the concern, which answers in XML only.

    Raises:
        ValueError: A moment has no zone.
    """
    period = f"{unix_s(first)}/{unix_s(last)}"
    if concern:
        return Call(Request("GET", f"getByUnixTimeKoncern/{period}", accept=XML), _turnover)
    return Call(Request("GET", f"getByUnixTimeSales/{period}"), _turnover)


def debtor_sales(first: datetime, last: datetime) -> Call[Any]:
    """Read what debtors bought, in XML that is not documented. Raises ValueError if a moment has no zone."""
    path = f"debtorExportSales/{unix_s(first)}/{unix_s(last)}"
    return Call(Request("GET", path, accept=XML), lambda found: _some(found, "a list of sales"))


def revenue(first: datetime, last: datetime) -> Call[tuple[Revenue, ...]]:
    """Read the revenue journals of all companies in a period of LONGEST_REVENUE at most.

    Raises:
        ValueError: The period is longer or ends before it begins, or a moment has no zone.
    """
    period = f"{unix_s(first)}/{unix_s(last)}"
    if not timedelta(0) <= last - first <= LONGEST_REVENUE:
        raise ValueError("a period of at most 48 hours is expected")
    return Call(Request("GET", f"koncern/getKoncernRevenue/{period}"), _revenues)


# -- who there is --------------------------------------------------------------------------------------


def companies() -> Call[tuple[Company, ...]]:
    """Read the companies of the concern with their departments."""
    return Call(Request("GET", "koncern/koncernInfo"), _companies)


def clerks() -> Call[Any]:
    """Read the clerks of the concern; what is answered is not documented."""
    return Call(Request("GET", "koncern/clerkInfo"), lambda found: _some(found, "a list of clerks"))


# -- reading -------------------------------------------------------------------------------------------


def _some(found: Any, what: str) -> Any:
    if not isinstance(found, dict | list):
        raise Unreadable(f"found {kind_of(found)}; expected {what}")
    return found


def _listed(found: Any, name: str) -> Fields:
    fields = Fields(found, f"an answer with {name}")
    if not isinstance(fields.get(name), list):
        raise Unreadable(f"found {kind_of(found)} without {name}; expected a list of them")
    return fields


def _moment(fields: Fields, name: str) -> datetime:
    seconds = fields.whole(name)
    if not 0 <= seconds < _LATEST_S:
        raise Unreadable(f"found a number as {name} of {fields.what} that is no moment; expected one")
    return datetime.fromtimestamp(seconds, UTC)


def _exported(found: Any) -> tuple[ConcernLine, ...]:
    outer = _listed(found, "sales")
    return tuple(_line(each.within("line")) for each in outer.each("a sale", "sales"))


def _line(fields: Fields) -> ConcernLine:
    tags = (Fields({"tag": each}, "a tag of a sale") for each in fields.list("tags"))
    return ConcernLine(
        read_exported_line(fields),
        fields.whole("firma_id", default=0) or None,
        _moment(fields, "unix_timestamp") if fields.get("unix_timestamp") is not None else None,
        fields.cents_or_none("discount") or 0,
        fields.text("account"),
        fields.whole("MasterID", default=0),
        fields.text("debtor"),
        tuple(each.text("tag") for each in tags),
    )


def _turnover(found: Any) -> Turnover:
    outer = Fields(found, "a turnover")
    if isinstance(outer.get("XML"), dict):
        outer = outer.within("XML")
    takings = (
        Takings(each.whole("userid", "customerId"), each.cents("amount"), each.whole("pax", default=0))
        for each in outer.each("what a company took in", "location")
    )
    return Turnover(*read_period(outer.get("period")), tuple(takings))


def _companies(found: Any) -> tuple[Company, ...]:
    return tuple(map(_company, _listed(found, "lokations").each("a company", "lokations")))


def _company(fields: Fields) -> Company:
    departments = (
        Department(
            each.whole("departmentID"),
            each.text("departmentName"),
            each.flag("departmentActive"),
            each.whole("lastJournal", default=0),
            each.whole("parent_firmaid"),
        )
        for each in fields.each("a department", "departments")
    )
    return Company(
        fields.whole("firmaid"),
        fields.text("name"),
        fields.flag("active"),
        fields.text("address"),
        fields.text("postnumber"),
        fields.text("city"),
        fields.text("country"),
        tuple(departments),
    )


def _revenues(found: Any) -> tuple[Revenue, ...]:
    outer = _listed(found, "entries")
    return tuple(_revenue(each.within("entry")) for each in outer.each("a revenue journal", "entries"))


def _revenue(fields: Fields) -> Revenue:
    kinds = fields.get("btypes")
    if isinstance(kinds, list) and not kinds:  # how PHP writes an empty object
        kinds = {}
    if not isinstance(kinds, dict | None):
        raise Unreadable(f"found {kind_of(kinds)} as btypes of a revenue journal; expected an object")
    return Revenue(
        fields.whole("firmaid"),
        fields.whole("departmentid"),
        fields.whole("booknumber"),
        fields.text("clerk"),
        fields.cents("revenue"),
        fields.decimal("count"),
        _moment(fields, "startdate"),
        _moment(fields, "enddate"),
        fields.cents_or_none("diff") or 0,
        kinds or {},
    )
