"""Profiles and codes for tests: chance from a seed, a clock that the test sets."""

import random
from collections.abc import Callable

from hypothesis import reject
from hypothesis import strategies as st

from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Codes
from terminal.tickets.codes import Seal, make
from tests.support.seed import SEED

BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PUBLISHED = CodeRules(infix="fixed", infix_text="XJX")
STRUCTURED = CodeRules(base="structured", device="A7Z", alphabet=BASE_36)
NOON_MS = 1_777_636_800_000  # 1 May 2026, 12:00 UTC
KEY = bytes(range(32))


def codes(
    rules: CodeRules = CodeRules(),  # noqa: B008 - frozen
    *,
    chance: Callable[[int], bytes] | None = None,
    known: Callable[[str], bool] = lambda _: False,
    wall_ms: Callable[[], int] = lambda: NOON_MS,
    key: bytes = KEY,
    seal: Seal | None = None,
) -> Codes:
    return make(
        rules,
        chance=chance or random.Random(SEED).randbytes,
        known=known,
        wall_ms=wall_ms,
        key=key,
        seal=seal,
    )


@st.composite
def profiles(draw: st.DrawFn) -> CodeRules:
    """Return any profile that the configuration allows, but for signing."""
    structured = draw(st.booleans())
    options: dict[str, object] = {
        "infix": draw(st.sampled_from(("random", "fixed", "derived", "none"))),
        "infix_length": draw(st.integers(1, 16)),
        "infix_text": draw(st.text(BASE_36, min_size=1, max_size=16)),
        "counter_width": draw(st.integers(1, 8)),
        "counter_base": draw(st.sampled_from((10, 16, 31, 36))),
        "counter_start": draw(st.integers(0, 40)),
    }
    if structured:
        options |= {"base": "structured", "device": draw(st.text(BASE_36, min_size=3, max_size=3))}
        options["alphabet"] = BASE_36
    else:
        options["length"] = draw(st.integers(8, 32))
        chosen = draw(st.lists(st.sampled_from(BASE_36), min_size=10, max_size=36, unique=True))
        options["alphabet"] = "".join(chosen)
    try:  # some of them are refused: tests/tickets/test_profiles.py
        return CodeRules(**options)  # type: ignore[arg-type] # the names are the struct's
    except ValueError:
        reject()
