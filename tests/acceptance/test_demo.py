"""The demo tells its whole story and ends well; and it would not, if the books did not agree."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.demo import page
from tests.demo.__main__ import OWNERS, verdict
from tests.demo.books import Booked, Books, Coin, GivenOut, Piece, Printed, Swallowed, Written, differences
from tests.demo.narrator import Narrator

ROOT = Path(__file__).parent.parent.parent
BLUE, RED = "04A1B2C3D4E5F6", "04112233445566"

SALE = Written("coffee", 1, "c-1", "debit", BLUE, 120, "delivered", (Piece("espresso", 120),))
VOID = Written("coffee", 5, "c-2", "debit", RED, 150, "voided", (Piece("soup", 150),))
TOPUP = Written("receptor", 3, "r-1", "credit", BLUE, 300, "delivered")
AGREED = Books(
    written=(SALE, VOID, TOPUP),
    coins=(Coin("receptor", 200, "credited", "r-1"), Coin("receptor", 100, "credited", "r-1")),
    booked=(Booked("c-1", BLUE, -120), Booked("r-1", BLUE, 300)),
    opening={BLUE: 1000, RED: 500},
    balances={BLUE: 1180, RED: 500},
    swallowed=(Swallowed("receptor", 200), Swallowed("receptor", 100)),
    given=(GivenOut("coffee", "c-1/0", "espresso"),),
    printed=(Printed("receptor", "r-1/receipt", ("Credited   3.00 EUR",)),),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: the demo's sockets lie below it, and the system allows them 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="demo-") as made:
        yield Path(made)


def test_the_demo_tells_its_story_and_the_books_agree(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert re.fullmatch(
        r"The books agree to the cent: 5 coins, 6\.50 EUR credited; 7 pieces, 9\.40 EUR paid; "
        r"nothing lost, nothing twice \(\d+ s\)\.",
        done.stdout.splitlines()[-1],
    )
    assert "Nobody can tell whether Soup came out" in done.stdout
    assert "this token has reached its limit without it" in " ".join(done.stdout.split())
    assert "tries of" in done.stdout
    assert list(folder.iterdir()) == []


def test_books_that_agree_have_no_differences_and_a_good_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert differences(AGREED) == []
    assert verdict(AGREED, Narrator(colour=None, pause_s=0), 1.0) == 0
    assert "agree to the cent: 2 coins, 3.00 EUR credited; 1 pieces, 1.20 EUR paid" in capsys.readouterr().out


TAMPERED: dict[str, tuple[dict[str, Any], str]] = {
    "the server booked less": (
        {"booked": (Booked("c-1", BLUE, -119), AGREED.booked[1])},
        "the server booked -119 cents",
    ),
    "the server booked another card": (
        {"booked": (Booked("c-1", RED, -120), AGREED.booked[1])},
        "the server booked -120 cents for 5566",
    ),
    "the server booked twice": (
        {"booked": (*AGREED.booked, AGREED.booked[0])},
        "the server booked it 2 times",
    ),
    "the server lost one": ({"booked": AGREED.booked[:1]}, "the server booked it 0 times"),
    "the server booked what was voided": (
        {"booked": (*AGREED.booked, Booked("c-2", RED, -150))},
        "is voided, and the server booked it 1 times",
    ),
    "the server knows more": ({"booked": (*AGREED.booked, Booked("x", BLUE, -1))}, "no journal knows it"),
    "a cent is missing in a wallet": ({"balances": {BLUE: 1179, RED: 500}}, "1180 cents, by the server 1179"),
    "a wallet is gone": ({"balances": {BLUE: 1180}}, "500 cents, by the server 0"),
    "the journal lost an entry": ({"written": (SALE, VOID)}, "which no journal knows"),
    "the journal was edited": (
        {"written": (SALE, VOID, replace(TOPUP, amount=299))},
        "299 cents, and 300 cents of coins became it",
    ),
    "something is not settled": ({"written": (SALE, replace(VOID, state="parked"), TOPUP)}, "not settled"),
    "a coin is not in the journal": (
        {"swallowed": (*AGREED.swallowed, Swallowed("receptor", 50))},
        "the box of",
    ),
    "a coin is not in the box": ({"swallowed": AGREED.swallowed[:1]}, "the box of"),
    "a coin is nobody's": (
        {"coins": (AGREED.coins[0], Coin("receptor", 100, "held", ""))},
        "is held: nobody has it",
    ),
    "coins became a debit": (
        {"coins": (AGREED.coins[0], replace(AGREED.coins[1], key="c-1"))},
        "is no credit, and 100 cents",
    ),
    "a piece came out twice": ({"given": AGREED.given * 2}, "came out 2 times"),
    "a piece came out unpaid": (
        {"given": (*AGREED.given, GivenOut("coffee", "c-2/0", "soup"))},
        "nobody paid for it",
    ),
    "another piece came out": ({"given": (GivenOut("coffee", "c-1/0", "soup"),)}, "which is espresso"),
    "a piece never came out": ({"given": ()}, "it never came out"),
    "a price is wrong": (
        {"written": (replace(SALE, pieces=(Piece("espresso", 121),)), VOID, TOPUP)},
        "its pieces cost 121",
    ),
    "a receipt is missing": ({"printed": ()}, "has 0 receipts"),
    "a receipt is torn": ({"printed": (replace(AGREED.printed[0], whole=False),)}, "has 0 receipts"),
    "a receipt names another sum": (
        {"printed": (replace(AGREED.printed[0], lines=("Credited  13.00 EUR",)),)},
        "its receipt does not say so",
    ),
    "a document is for nothing": (
        {"printed": (*AGREED.printed, replace(AGREED.printed[0], job="x/receipt"))},
        "printed for no entry",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_books_that_were_tampered_with_are_found_out(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    changes, expected = TAMPERED[name]
    books = replace(AGREED, **changes)
    assert any(expected in sentence for sentence in differences(books)), differences(books)
    say = Narrator(colour=None, pause_s=0)
    page.lay_open(books, OWNERS, say)
    assert verdict(books, say, 1.0) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("THE BOOKS DO NOT AGREE")


@pytest.mark.parametrize("colour", [True, False, None])
def test_colours_can_be_turned_off_and_are_off_where_nobody_watches(
    *, colour: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    say = Narrator(colour=colour, pause_s=0)
    say.chapter("A heading", "A sentence.")
    say.say("screen", "Welcome.")
    say.table("A table", ("name", ">amount"), [("a", "1.00 EUR")])
    say.end("The end.", good=True)
    out = capsys.readouterr().out
    assert ("\x1b" in out) is bool(colour)
    assert "Welcome." in out
