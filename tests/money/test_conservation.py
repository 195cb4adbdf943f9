"""Every coin that a device took is on the books exactly once or in a named report; what is paid is paid once.

The id of a test is the seed of its world; ``MONEY_WORLD=N pytest tests/money`` lives in N and those after it.
"""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest

from tests.money.living import live

WORLDS, SESSIONS = 100, 100
FIRST = int(os.environ.get("MONEY_WORLD", "0"))
TOTAL: Counter[str] = Counter()


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS))
def test_every_coin_is_somewhere(seed: int) -> None:
    TOTAL.update(live(seed, SESSIONS))
    TOTAL["worlds"] += 1


def test_enough_has_happened(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(f"{TOTAL[what]:7} {what}" for what in sorted(TOTAL)) + "\n")
    if TOTAL["worlds"] < WORLDS:
        return  # some were chosen
    assert TOTAL["sessions"] == WORLDS * SESSIONS
    for what, least in LEAST.items():
        assert TOTAL[what] >= least, f"{what}: {TOTAL[what]}"
    assert TOTAL["coins under LOST"] < TOTAL["coins taken"] / 5
    assert TOTAL["LOST reports of what only might have been"] < TOTAL["LOST reports"] / 5
    # Nobody can see them; if they were many, it would be the driver that does not look.
    assert TOTAL["resets that no answer shows"] < TOTAL["coins taken"] / 1000


LEAST = {
    "coins on the books": 8_000, "kills": 1_000, "power cuts": 100, "stops": 100, "drivers given up": 20,
    "resets": 300, "supply cuts": 300, "exchanged": 100, "wraps": 100, "unplugged": 200, "full disks": 200,
    "LOST reports": 500, "payouts": 800, "hopper dispense": 500, "unknown payouts": 20,
    "wire: late answer": 200, "wire: question lost": 100, "wire: answer lost": 100,
}  # fmt: skip
