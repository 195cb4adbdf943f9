"""What `onlinepos export` tells of a concern: companies, what they took in, and what is not documented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from terminal.backends.onlinepos import concern
from terminal.backends.onlinepos.concern import LONGEST_REVENUE, Company, Revenue
from terminal.backends.onlinepos.values import local
from terminal.cli.export import Record
from terminal.cli.onlinepos.access import Reads
from terminal.cli.onlinepos.moments import shown
from terminal.cli.onlinepos.records import kroner

COMPANIES = (
    "company", "name", "active", "address", "zip_code", "city", "country", "department", "department_name",
    "department_active", "last_journal",
)  # fmt: skip
REVENUE = (
    "company", "department", "journal", "clerk", "begins", "begins_utc", "ends", "ends_utc", "revenue", "count",
    "difference", "kinds",
)  # fmt: skip
TURNOVER = ("from", "to", "company", "amount", "guests")
TOLD = ("entry", "field", "value")


def companies(reads: Reads) -> Iterator[Record]:
    """Give each company with each of its departments. Raises Trouble."""
    for each in reads.one(concern.companies(), "Reading the companies"):
        yield from _company(each)


def _company(company: Company) -> Iterator[Record]:
    about: Record = {
        "company": company.id,
        "name": company.name,
        "active": company.active,
        "address": company.address,
        "zip_code": company.zip_code,
        "city": company.city,
        "country": company.country,
    }
    for each in company.departments:
        yield {
            **about,
            "department": each.id,
            "department_name": each.name,
            "department_active": each.active,
            "last_journal": each.last_journal,
        }
    if not company.departments:
        yield {**about, **dict.fromkeys(COMPANIES[len(about) :])}


def revenue(reads: Reads, span: tuple[datetime, datetime]) -> Iterator[Record]:
    """Give each revenue journal, so many hours at a time as the server takes. Raises Trouble."""
    first, last = span
    while first <= last:
        end = min(first + LONGEST_REVENUE, last)
        found = reads.one(concern.revenue(first, end), "Reading the revenue")
        yield from map(_revenue, found)
        first = end + timedelta(seconds=1)


def _revenue(each: Revenue) -> Record:
    begins, ends = shown(local(each.first)), shown(local(each.last))
    return {
        "company": each.company,
        "department": each.department,
        "journal": each.number,
        "clerk": each.clerk,
        "begins": begins["time"],
        "begins_utc": _utc(each.first),
        "ends": ends["time"],
        "ends_utc": _utc(each.last),
        "revenue": kroner(each.revenue),
        "count": each.count,
        "difference": kroner(each.difference),
        "kinds": "; ".join(f"{name} {_text(value)}" for name, value in each.by_kind.items()),
    }


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def turnover(reads: Reads, span: tuple[datetime, datetime], *, whole: bool) -> Iterator[Record]:
    """Give what each company took in; *whole*: of the whole concern. Raises Trouble."""
    found = reads.one(concern.turnover(*span, concern=whole), "Reading the turnover")
    for each in found.takings:
        yield {
            "from": shown(found.first)["time"],
            "to": shown(found.last)["time"],
            "company": each.company,
            "amount": kroner(each.amount),
            "guests": each.guests,
        }


# -- what is not documented ----------------------------------------------------------------------------


def clerks(reads: Reads) -> Iterator[Record]:
    """Give what is told of each clerk, field by field. Raises Trouble."""
    return told(reads.one(concern.clerks(), "Reading the clerks"))


def debtor_sales(reads: Reads, span: tuple[datetime, datetime]) -> Iterator[Record]:
    """Give what is told of each sale to a debtor, field by field. Raises Trouble."""
    return told(reads.one(concern.debtor_sales(*span), "Reading the sales to debtors"))


def told(found: Any) -> Iterator[Record]:
    """Give all that an answer holds, a record for each field: nobody knows its columns before."""
    for entry, each in enumerate(_entries(found), 1):
        for field, value in _leaves(each, ()):
            yield {"entry": entry, "field": field, "value": value}


def _entries(found: Any) -> list[Any]:
    """Return what is in the list within an answer; all of it, as one, where it is more than such a list."""
    while isinstance(found, Mapping) and len(found) == 1:
        (inner,) = found.values()
        if not isinstance(inner, Mapping | list):
            break
        found = inner
    if isinstance(found, list):
        return found
    empty = not found or (isinstance(found, Mapping) and len(found) == 1 and not any(found.values()))
    return [] if empty else [found]


def _leaves(found: Any, within: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(found, Mapping):
        inner = found.items()
    elif isinstance(found, list):
        inner = enumerate(found, 1)
    else:
        yield ".".join(within), _text(found)
    for name, value in inner:
        yield from _leaves(value, (*within, str(name)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping | list | bool):
        return msgspec.json.encode(value).decode()
    return str(value)
