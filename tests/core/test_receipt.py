"""What stands on a top-up's receipt, as its reader sees it."""

from __future__ import annotations

from datetime import timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.plain import lines
from terminal.core.paper import Document, Drawer
from terminal.core.receipt import as_copy, payout_receipt, reference, topup_receipt
from terminal.core.receipt_words import words_of
from terminal.core.stamp import Stamp

AT = Stamp(wall_ms=1_775_052_300_000, mono_ms=5, boot="b", synced=True)
USUAL = {
    "head": ("Café Übermut", "Hauptstr. 1"),
    "terminal": "coins-1",
    "at": AT,
    "token": "04A1B2C3D4E5F6",
    "amount": 450,
    "key": "coins-1-0198c0de-7f31a4b2c9d0",
    "currency": "EUR",
    "locale": "en_IE",
}
LOCALES = ("en_GB", "de_DE", "da_DK", "sv_SE")
BACK = {name: value for name, value in USUAL.items() if name not in ("token", "amount")}


def text(**changes) -> str:
    return "\n".join(lines(topup_receipt(**(USUAL | changes)), 32))


def test_the_whole_receipt() -> None:
    assert text(coins=(200, 50, 200), confirmed=True, balance=1200).split("\n") == [
        "          Café Übermut",
        "          Hauptstr. 1",
        "",
        "             Top-up",
        "-" * 32,
        "Terminal                 coins-1",
        "Time        2026-04-01 14:05 UTC",
        "Card                     ...E5F6",
        "-" * 32,
        "1 x 0.50 EUR            0.50 EUR",
        "2 x 2.00 EUR            4.00 EUR",
        "Inserted                4.50 EUR",
        "Credited                4.50 EUR",
        "New balance            12.00 EUR",
        "-" * 32,
        "Reference           7f31a4b2c9d0",
    ]


def test_an_unconfirmed_credit_says_so_and_calls_no_balance_the_new_one() -> None:
    paper = text(balance=1200)
    assert "as the server is reached" in paper
    assert "New balance" not in paper
    assert "Balance then           12.00 EUR" in paper
    assert "alance" not in text()
    assert "as soon as" not in text(confirmed=True)


def test_a_clock_that_was_not_set_is_admitted() -> None:
    paper = text(at=Stamp(wall_ms=60_000, mono_ms=5, boot="b", synced=False))
    assert "1970-01-01 00:01 UTC" in paper
    assert "clock was not set" in paper
    assert "clock" not in text()


def test_the_zone_and_the_language_come_in_as_values() -> None:
    paper = text(zone=timezone(timedelta(hours=2), "CEST"), locale="de_DE", coins=(450,))
    assert "2026-04-01 16:05 CEST" in paper
    assert "Gutgeschrieben          4,50 EUR" in paper
    assert "sobald der Server" in paper


def test_the_reference_is_the_end_of_the_key() -> None:
    assert reference("t/1/abc") == "t/1/abc"
    assert reference("terminal-long-0123456789ab") == "0123456789ab"
    assert reference("terminal-long-0123456789a") == "0123456789a"


@given(st.text("0123456789ABCDEF", min_size=8, max_size=20), st.lists(st.sampled_from([10, 50, 100, 200])))
def test_no_full_uid_is_ever_printed(token, coins) -> None:
    paper = text(token=token, coins=tuple(coins), key="k")
    assert token not in paper
    assert f"...{token[-4:]}" in paper


# -- money back ----------------------------------------------------------------------------------------


def test_the_receipt_for_money_that_came_back() -> None:
    paper = lines(payout_receipt(**BACK, returned=400, unclaimed=50, unknown=200), 32)
    assert paper[3:] == [
        "         Money returned",
        "-" * 32,
        "Terminal                 coins-1",
        "Time        2026-04-01 14:05 UTC",
        "-" * 32,
        "Returned                4.00 EUR",
        "Not returned            0.50 EUR",
        "This money is kept for you.",
        "Please show this receipt to the",
        "staff.",
        "Uncertain               2.00 EUR",
        "The machine cannot tell whether",
        "this money came out. Please show",
        "this receipt to the staff.",
        "-" * 32,
        "Reference           7f31a4b2c9d0",
    ]


def test_it_says_only_what_there_is_to_say() -> None:
    whole = "\n".join(lines(payout_receipt(**BACK, returned=450), 32))
    assert "staff" not in whole
    assert "Credited" not in whole
    rest = "\n".join(lines(payout_receipt(**BACK, returned=400, credited=50), 32))
    assert "Credited                0.50 EUR" in rest


# -- copies and languages ------------------------------------------------------------------------------


def test_a_copy_says_so_at_both_ends_and_is_the_same_between_them() -> None:
    original = topup_receipt(**USUAL)
    copied = as_copy(Document((Drawer(), *original.lines)), 3, "de_DE")
    assert Drawer() not in copied.lines
    copy = lines(copied, 32)
    assert [copy[0].strip(), copy[-1].strip()] == ["KOPIE 3", "KOPIE 3"]
    assert copy[1:-2] == lines(original, 32)


def test_each_language_has_its_own_words_for_everything() -> None:
    every = [words_of(locale) for locale in LOCALES]
    assert [words.copy for words in every] == ["COPY", "KOPIE", "KOPI", "KOPIA"]
    assert len({words.title for words in every}) == len(LOCALES)
    for words in every:
        for name in words.__struct_fields__:
            assert getattr(words, name).strip()
            if name not in ("terminal", "reference"):
                others = [getattr(other, name) for other in every if other is not words]
                shared = {("time", "Tid"), ("card", "Kort")}
                assert getattr(words, name) not in others or (name, getattr(words, name)) in shared
    assert words_of("fr_FR") == words_of("en_GB")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_can_be_printed_by_the_usual_code_page(locale: str) -> None:
    for word in msgspec.structs.astuple(words_of(locale)):
        word.encode("cp858")
