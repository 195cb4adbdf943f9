"""What stands on a top-up's receipt, as its reader sees it."""

from __future__ import annotations

from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.plain import lines
from terminal.core.receipt import reference, topup_receipt
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


def test_an_unconfirmed_credit_says_so_and_shows_no_balance() -> None:
    paper = text(balance=1200)
    assert "as the server is reached" in paper
    assert "12.00" not in paper
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
