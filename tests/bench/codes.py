"""Codes of tickets: how long one takes, beside the standard library's `secrets` alone, in turns in one run.

`secrets.choice` for each character is what most would write; `secrets.token_bytes` is the floor: the bytes,
without making characters of them.
"""

from __future__ import annotations

import os
import secrets
import statistics
import time
from collections.abc import Callable

from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Codes, Purchase
from terminal.tickets.codes import make
from terminal.tickets.signed import new_private_key, read_private_key, verify
from tests.bench.plan import Plan
from tests.bench.report import Row, at_least, at_most, blocks, ratio, spread

MOST_US = 5
RULES = CodeRules()
BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STRUCTURED = CodeRules(base="structured", device="A7Z", alphabet=BASE_36)


def codes(plan: Plan) -> list[Row]:
    """Return the rows of purchase codes, barcodes, and signed tickets."""
    number = plan.times(500, 50)
    drawn = _codes(RULES)
    series = {
        "ours": drawn.purchase,
        "structured": _codes(STRUCTURED).purchase,
        "derived": _codes(CodeRules(infix="derived")).purchase,
        "choice": lambda: "".join([secrets.choice(RULES.alphabet) for _ in range(RULES.length)]),
        "floor": lambda: secrets.token_bytes(RULES.length),
        "barcode": lambda: drawn.barcode(_PURCHASE, 41),
    }
    taken = _in_turns(series, rounds=plan.times(60, 4), number=number)
    middle = {name: statistics.median(each) for name, each in taken.items()}
    floor = f"secrets.token_bytes({RULES.length}): {middle['floor']:.2f} us"
    choice = f"secrets.choice x {RULES.length}: {middle['choice']:.1f} us"
    return [
        at_most(
            "ticket code: purchase code and infix, p50",
            middle["ours"],
            MOST_US,
            "us",
            baseline=floor,
            noise=spread(taken["ours"], "us"),
        ),
        Row("ticket code: per second", "", 1e6 / middle["ours"], "/s", None, choice),
        at_least(
            "ticket code: secrets.choice / ours",
            ratio(taken["choice"], taken["ours"]),
            2,
            baseline=choice,
            noise=spread(blocks(taken["choice"], taken["ours"])),
        ),
        Row("ticket code: structured, p50", "", middle["structured"], "us", None, floor),
        Row("ticket code: derived infix, p50", "", middle["derived"], "us", None, floor),
        Row("ticket barcode, p50", "", middle["barcode"], "us", None, "no chance in it"),
        *_signed(plan),
    ]


def _signed(plan: Plan) -> list[Row]:
    signer = read_private_key(new_private_key(), "The key")
    text = signer.sign("GJXS0LM6RYG37XJX01", 3, 4, 1_777_636_800)
    series = {
        "sign": lambda: signer.sign("GJXS0LM6RYG37XJX01", 3, 4, 1_777_636_800),
        "bare": lambda: signer._private.sign(b"x" * 70),
        "verify": lambda: verify(text, [signer.public]),
    }
    taken = _in_turns(series, rounds=plan.times(30, 4), number=plan.times(50, 10))
    bare = f"Ed25519 alone: {statistics.median(taken['bare']):.0f} us"
    return [
        Row(f"{what}, p50", "", statistics.median(taken[name]), "us", None, bare, spread(taken[name], "us"))
        for what, name in (("ticket: signed", "sign"), ("ticket: verified", "verify"))
    ] + [Row("ticket: signed text", "", len(text), "characters", None, "the barcode alone: 18")]


_PURCHASE = Purchase("GJXS0LM6RYG37", "XJX", "bench")


def _codes(rules: CodeRules) -> Codes:
    return make(
        rules,
        chance=os.urandom,
        known=lambda _: False,
        wall_ms=lambda: time.time_ns() // 1_000_000,
        key=bytes(32),
    )


def _in_turns(series: dict[str, Callable[[], object]], *, rounds: int, number: int) -> dict[str, list[float]]:
    """Return the microseconds of one call, for each of *rounds* in which each is called *number* times."""
    taken: dict[str, list[float]] = {name: [] for name in series}
    for _ in range(rounds):
        for name, call in series.items():
            begun = time.perf_counter()
            for _ in range(number):
                call()
            taken[name].append((time.perf_counter() - begun) / number * 1e6)
    return taken


MEASURES = {"codes": codes}
