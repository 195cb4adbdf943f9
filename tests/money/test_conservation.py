"""Every coin that a device took is on the books exactly once or in a named report; what is paid is paid once.

Each test lives in ten worlds of a hundred sessions; its id is the seed of the first. ``MONEY_WORLD=N`` begins
with world N, so that a world that failed is lived through again at once.
"""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest

from tests.money.living import live

WORLDS, SESSIONS, AT_ONCE = 100, 100, 10
FIRST = int(os.environ.get("MONEY_WORLD", "0"))


@pytest.mark.parametrize("first", range(FIRST, FIRST + WORLDS, AT_ONCE))
def test_every_coin_is_somewhere(first: int, capsys: pytest.CaptureFixture[str]) -> None:
    total: Counter[str] = Counter()
    for seed in range(first, first + AT_ONCE):
        try:
            total.update(live(seed, SESSIONS))
        except BaseException as error:
            error.add_note(
                f"world {seed}; again: MONEY_WORLD={seed} pytest tests/money/test_conservation.py -x"
            )
            raise
    with capsys.disabled():
        told = ", ".join(f"{total[what]} {what}" for what in sorted(total))
        sys.stdout.write(f"\nworlds {first} to {seed}: {told}\n")
    assert total["sessions"] == AT_ONCE * SESSIONS
    for what, least in LEAST.items():
        assert total[what] >= least, f"{what}: {total[what]}"
    assert total["coins under LOST"] < total["coins taken"] / 3
    assert total["LOST reports of what only might have been"] < total["LOST reports"] / 3
    # Nobody can see them; if they were many, it would be the driver that does not look.
    assert total["resets that no answer shows"] < 5


LEAST = {
    "coins on the books": 500, "kills": 100, "power cuts": 5, "stops": 10, "drivers given up": 1,
    "resets": 30, "supply cuts": 20, "exchanged": 5, "wraps": 5, "unplugged": 15, "full disks": 10,
    "LOST reports": 50, "payouts": 20, "hopper dispense": 10, "unknown payouts": 1,
    "wire: late answer": 5, "wire: question lost": 2, "wire: answer lost": 2,
}  # fmt: skip
"""What happens at least in ten worlds: else nothing is proved."""
