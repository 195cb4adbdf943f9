"""What stands on X and Z reports, as their reader sees it."""

from __future__ import annotations

from datetime import timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.plain import lines
from terminal.core.report import Report, ReportKind
from terminal.core.report_paper import report_document
from terminal.core.report_words import report_words_of
from terminal.core.value import replace
from tests.core.report_samples import ANY, CLOSED, EMPTY, WHOLE

LOCALES = ("en_GB", "de_DE", "da_DK", "sv_SE")
USUAL = {
    "head": ("Coffee Ltd.", "Main street 1"),
    "terminal": "kiosk-1",
    "currency": "EUR",
    "locale": "en_IE",
}


def rows(report: Report, columns: int = 32, **changes) -> list[str]:
    return lines(report_document(report, **(USUAL | changes)), columns)


def test_the_whole_z_report() -> None:
    assert rows(WHOLE) == [
        "          Coffee Ltd.",
        "         Main street 1",
        "",
        "        Z report no. 17",
        "-" * 32,
        "Terminal                 kiosk-1",
        "From        2026-03-31 14:05 UTC",
        "To          2026-04-01 14:05 UTC",
        "By                         Grace",
        "-" * 32,
        "Sales (12)             31.50 EUR",
        "Returns (1)            -2.50 EUR",
        "Total                  29.00 EUR",
        "-" * 32,
        "Top-ups (2)            25.00 EUR",
        "-" * 32,
        "Sales by group",
        "Coffee                 23.80 EUR",
        "  9 x, VAT 19 %",
        "  Discounts            -0.50 EUR",
        "Other                   5.20 EUR",
        "  2 x, VAT rate not known",
        "-" * 32,
        "VAT",
        "VAT rate not known      5.20 EUR",
        "VAT 19 %               23.80 EUR",
        "  Net                  20.00 EUR",
        "  VAT amount            3.80 EUR",
        "-" * 32,
        "Payments",
        "Cash (4)                9.80 EUR",
        "Wallet (8)             21.50 EUR",
        "  Returns (1)          -2.50 EUR",
        "Rounding (2)           -0.20 EUR",
        "-" * 32,
        "Cash in the machine",
        "slot",
        "  20 x 1.00 EUR        20.00 EUR",
        "  10 x 2.00 EUR        20.00 EUR",
        "Taken                  40.00 EUR",
        "Held before             2.00 EUR",
        "Spent                  10.00 EUR",
        "  Of it overpaid        0.20 EUR",
        "Credited               25.00 EUR",
        "Paid back               3.00 EUR",
        "Unclaimed               3.00 EUR",
        "  Of it settled         1.50 EUR",
        "Held now                1.00 EUR",
        "Paid out by hopper (2)  3.00 EUR",
        "  Uncertain (1)         0.50 EUR",
        "Emptied: slot",
        "  By                         Ada",
        "  Expected             50.00 EUR",
        "  Counted              49.00 EUR",
        "  Difference           -1.00 EUR",
        "Emptied: slot",
        "  By                         Bob",
        "  Expected              7.00 EUR",
        "  Counted            not counted",
        "-" * 32,
        "In the cash boxes",
        "slot (7)                9.00 EUR",
        "-" * 32,
        "In hoppers and tubes",
        "hopper",
        "  1.00 EUR                     ?",
        "  it is nearly empty: fill it",
        "tubes",
        "  12 x 0.50 EUR         6.00 EUR",
        "-" * 32,
        "Not settled",
        "Offline (3)             7.50 EUR",
        "Unknown (1)             2.50 EUR",
        "Parked (2)              4.00 EUR",
        "-" * 32,
        "Since the first sale",
        "Sales (112)           331.50 EUR",
        "Returns (4)           -12.50 EUR",
        "Total                 319.00 EUR",
    ]


def test_a_day_without_anything_is_a_short_report() -> None:
    assert rows(EMPTY)[5:] == [
        "Terminal                 kiosk-1",
        "From        2026-03-31 14:05 UTC",
        "To          2026-04-01 14:05 UTC",
        "By                      schedule",
        "-" * 32,
        "Sales (0)               0.00 EUR",
        "Total                   0.00 EUR",
        "-" * 32,
        "Since the first sale",
        "Sales (0)               0.00 EUR",
        "Total                   0.00 EUR",
    ]


def test_an_x_report_says_that_it_closes_nothing_and_has_no_number() -> None:
    found = "\n".join(rows(replace(WHOLE, kind=ReportKind.X)))
    assert "X report" in found
    assert "17" not in found
    assert "closes nothing" in found
    assert "closes nothing" not in "\n".join(rows(WHOLE))


def test_a_report_with_a_clock_that_was_not_set_says_so() -> None:
    unset = replace(CLOSED, synced=False)
    for changed in (replace(WHOLE, closed=unset), replace(WHOLE, opened=unset)):
        assert "clock was not set" in " ".join(rows(changed))
    assert "clock" not in " ".join(rows(WHOLE))


def test_moments_are_in_the_zone_that_is_asked_for() -> None:
    found = rows(WHOLE, zone=timezone(timedelta(hours=2), "CEST"))
    assert "To         2026-04-01 16:05 CEST" in found


@pytest.mark.parametrize(("vat", "shown"), [(1_900, "19 %"), (770, "7,7 %"), (255, "2,55 %"), (0, "0 %")])
def test_a_rate_has_no_zeros_that_say_nothing(vat: int, shown: str) -> None:
    group = replace(WHOLE.groups[0], vat=vat)
    found = rows(replace(WHOLE, groups=(group,), vats=()), locale="de_DE")
    assert f"  9 x, MwSt. {shown}" in found


@given(ANY, st.sampled_from(LOCALES), st.sampled_from([32, 42, 48]))
def test_any_report_fits_on_any_paper(report: Report, locale: str, columns: int) -> None:
    document = report_document(report, **(USUAL | {"locale": locale}))
    msgspec.json.encode(document)
    assert all(len(row) <= columns for row in lines(document, columns))
    for line in msgspec.to_builtins(document.lines):
        assert all(str(line.get(part, "")).isprintable() for part in ("text", "left", "right"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("columns", [32, 42, 48])
def test_amounts_stand_in_one_line_with_their_words_on_every_paper(locale: str, columns: int) -> None:
    amounts = [row for row in rows(WHOLE, columns, locale=locale) if row.endswith("EUR")]
    assert len(amounts) > 30
    assert all(len(row) == columns and row[:4].strip() for row in amounts), amounts


def test_every_language_has_every_word_and_printers_know_its_letters() -> None:
    every = [report_words_of(locale) for locale in LOCALES]
    for words in every:
        for name in words.__struct_fields__:
            word = getattr(words, name)
            assert word.strip()
            word.encode("cp858")
        assert "{number}" in words.z
        assert "{rate}" in words.vat_rate
        assert "{device}" in words.emptied
        assert "{device}" in words.paid_out
    for name in ("x", "reads", "groups", "spent", "mismatch", "offline", "grand", "vat", "returned"):
        found = {getattr(words, name) for words in every}
        assert len(found) >= len(LOCALES) - 1, name
    assert report_words_of("fr_FR") == report_words_of("en_GB")
