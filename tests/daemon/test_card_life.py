"""Whatever is lost, cancelled, late or killed: no card pays without tickets, but for what is a person's."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from terminal.core.facts import EntryKind, EntryState
from tests.daemon.card_life import Life

LIVES = int(os.environ.get("LIVES", "5"))


@pytest.mark.parametrize("how", ["authorise", "sale"])
def test_no_card_pays_twice_or_for_nothing(tmp_path: Path, how: str) -> None:
    seen: Counter[str] = Counter()
    for seed in range(LIVES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        life = Life(folder, seed, how)
        for _ in range(250):
            life.step()
            if life.rng.random() < 0.3:
                life.paper()
        life.settle()
        life.check()
        payments = [each for each in life.books.entries(limit=10_000) if each.kind is EntryKind.PAYMENT]
        seen.update(each.state.value for each in payments)
        seen["killed"] += life.kills
        seen["begun"] += len(life.server.payments)
        life.books.close()
    assert seen[EntryState.DELIVERED.value] > LIVES // 2, seen
    assert seen[EntryState.VOIDED.value], seen
    assert seen["killed"] > LIVES, seen
    if how == "authorise":  # nothing is taken without the sale, so nobody has to look
        assert not seen[EntryState.UNKNOWN.value], seen
    else:
        assert seen[EntryState.UNKNOWN.value], seen
