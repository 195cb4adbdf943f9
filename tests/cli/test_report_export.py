"""`report export`: Z reports for a bookkeeper, every sum of theirs in one table or another."""

import csv
import io
import json
from typing import Any

import pytest

from terminal.core import report_rows
from terminal.core.closing_rules import ClosingRules
from terminal.core.facts import EntryKind, EntryState, ReportMade
from terminal.core.report import ReportKind
from terminal.core.value import replace
from terminal.journal import report_reads
from tests.cli.conftest import UID, Place, at
from tests.core.report_samples import EMPTY, WHOLE

SORTED = ClosingRules(groups={"espresso": "=Coffee"}, vat={"=Coffee": 1900})
REPORTS = [
    "number", "closed", "opened", "clock_synchronised", "by", "after", "upto", "total_cents",
    "sales", "sales_cents", "returns", "returns_cents", "topups", "topups_cents", "rounding",
    "rounding_cents", "offline", "offline_cents", "unknown", "unknown_cents", "parked", "parked_cents",
    "cash_taken_cents", "cash_held_before_cents",
    "cash_held_after_cents", "cash_spent_cents", "cash_kept_cents", "cash_credited_cents",
    "cash_returned_cents", "cash_unclaimed_cents", "cash_written_off_cents", "cash_mismatch_cents",
    "grand_sales", "grand_sales_cents", "grand_returns", "grand_returns_cents", "grand_total_cents", "currency",
]  # fmt: skip
"""Somebody's bookkeeping relies on them."""


def close(place: Place, second: int) -> None:
    report = place.journal.made_report(ReportKind.Z, "Ada", at(second), SORTED.sorted_by)
    place.journal.commit([ReportMade(report)], at(second))


def exported(place: Place, *options: str) -> list[dict[str, Any]]:
    done = place.run("report", "export", "--format", "json", *options)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def told(what: str) -> list[tuple[object, ...]]:
    """Return the rows of a whole report, without what stands before every one."""
    found = list(report_rows.rows(WHOLE, what))
    for row in found:
        assert (row.pop("number"), row.pop("closed")) == (17, "2026-04-01T14:05:00+00:00")
    return [tuple(row.values()) for row in found]


def test_a_row_for_each_report_oldest_first_and_no_uid(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_reads, "_PAGE", 2)
    for number in range(5):
        place.add(f"k{number}", second=number * 60)
        close(place, number * 60 + 30)
    done = place.run("report", "export")
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == REPORTS
    assert [row["number"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert {(row["sales"], row["sales_cents"], row["total_cents"], row["currency"]) for row in rows} == {
        ("1", "120", "120", "EUR")
    }
    assert [row["grand_total_cents"] for row in rows] == ["120", "240", "360", "480", "600"]
    assert rows[1]["closed"] == "2026-05-01T12:01:30+00:00"
    assert UID not in done.stdout
    since = exported(place, "--since", "2026-05-01T12:03:30")
    assert [row["number"] for row in since] == [4, 5]


def test_a_row_for_each_group_of_each_report(place: Place) -> None:
    place.add("k1")
    close(place, 10)
    place.add("k2", second=11)
    place.add("t1", kind=EntryKind.CREDIT, second=12)
    close(place, 20)
    assert [(row["number"], row["group"], row["vat_percent"], row["gross_cents"]) for row in exported(
        place, "--what", "groups"
    )] == [(1, "=Coffee", "19.00", 120), (2, "=Coffee", "19.00", 120)]  # fmt: skip
    sheet = place.run("report", "export", "--what", "groups").stdout
    assert ",'=Coffee,19.00,1,120,0,EUR" in sheet, "no spreadsheet takes a name for a formula"


@pytest.mark.parametrize("what", report_rows.TABLES)
def test_a_table_without_a_row_still_has_its_head(place: Place, what: str) -> None:
    head = place.run("report", "export", "--what", what).stdout.strip()
    assert head.split(",") == [*report_rows.fields(what), "currency"]
    assert exported(place, "--what", what) == []
    assert len(list(report_rows.rows(EMPTY, what))) == (what == "reports")


def test_every_sum_of_a_report_stands_in_a_table() -> None:
    (whole,) = report_rows.rows(WHOLE, "reports")
    assert (whole["by"], whole["after"], whole["upto"]) == ("Grace", 40, 95)
    assert (whole["sales_cents"], whole["returns_cents"], whole["total_cents"]) == (3_150, 250, 2_900)
    assert [whole[f"{name}_cents"] for name in ("topups", "offline", "unknown", "parked")] == [
        2500,
        750,
        250,
        400,
    ]
    cash = {name[5:-6]: value for name, value in whole.items() if name.startswith("cash_")}
    assert cash == {name: getattr(WHOLE.cash, name) for name in cash}
    assert (cash["kept"], cash["mismatch"]) == (20, -100)
    assert (whole["grand_sales"], whole["grand_returns_cents"], whole["grand_total_cents"]) == (
        112,
        1250,
        31_900,
    )
    assert told("groups") == [("Coffee", "19.00", 9, 2_380, 50), ("", None, 2, 520, 0)]
    assert told("vat") == [(None, 520, 520, 0), ("19.00", 2_380, 2_000, 380)]
    assert (whole["rounding"], whole["rounding_cents"]) == (2, -20)
    assert told("payments") == [("cash", 4, 980, 0, 0, 980), ("wallet", 8, 2_150, 1, 250, 1_900)]
    assert told("coins") == [("slot", 100, 20, 2_000), ("slot", 200, 10, 2_000)]
    assert told("payouts") == [("hopper", 2, 300, 1, 50)]
    at_the_end = "2026-04-01T14:05:00+00:00"
    assert told("emptyings") == [
        ("slot", at_the_end, "Ada", 5_000, 4_900, -100),
        ("slot", at_the_end, "Bob", 700, None, None),
    ]
    assert told("boxes") == [("slot", 7, 900)]
    assert told("fills") == [
        ("hopper", 100, None, None, "it is nearly empty: fill it"),
        ("tubes", 50, 12, 600, ""),
    ]


def test_a_clock_that_was_not_set_is_told() -> None:
    unset = replace(WHOLE, opened=replace(WHOLE.opened, synced=False))
    assert [
        row["clock_synchronised"] for each in (WHOLE, unset) for row in report_rows.rows(each, "reports")
    ] == [
        True,
        False,
    ]


def test_what_stands_unsettled_is_of_the_moment_of_the_report(place: Place) -> None:
    place.add("k1", state=EntryState.PARKED, words="?")
    close(place, 10)
    (row,) = exported(place)
    assert (row["parked"], row["parked_cents"], row["offline"]) == (1, 120, 0)
