"""What was lost on the way from the MDB changer, and what is made of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, DeviceMarked, Health
from tests.drivers.changer_stand import Stand, coin_told
from tests.support.seed import SEED
from tests.support.waiting import wait_until


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with closing(Stand(tmp_path)) as stand:
        yield stand


def test_coins_that_it_took_while_the_adapter_was_away_are_told_when_it_is_back(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    stand.peer.do("unplug")
    assert stand.coin(3)
    assert stand.coin(5)
    stand.expect_health(Health.MISSING)
    stand.peer.do("plug")
    stand.expect_health(Health.OK)
    stand.expect(50, 200)
    assert "may not have been told" in stand.expect_trouble(CoinTrouble.LOST)[0].words  # nobody can know


@pytest.mark.parametrize("what", ["lose", "garble", "late"])
@pytest.mark.parametrize("kind", [3, 5])
def test_a_coin_whose_answer_is_lost_is_reported_and_never_credited(stand: Stand, kind: int, what: str) -> None:
    stand.start()
    stand.open(10_000)
    stand.peer.do("trap", on="0B", what="silence", when="before", times=2)
    assert stand.coin(kind)
    stand.peer.do("trap", on="0B", what=what)
    wait_until(lambda: not stand.peer.look("traps"), what="the trap")
    told = stand.expect_trouble(CoinTrouble.LOST, 2 if kind == 3 else 1)
    assert ("1 of 0.50" in told[-1].words) == (kind == 3)  # its tube has it; the cash box is silent
    stand.open(10_000)
    assert stand.coin(4)
    stand.expect(100)


def test_what_only_the_adapter_could_not_hear_is_told_again(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    stand.peer.do("trap", on="0B", what="nack", times=3)
    assert stand.coin(3)
    assert stand.coin(5)
    stand.expect(50, 200)
    assert stand.inbox.of(CoinUnrecognised) == []


@pytest.mark.parametrize("is_open", [False, True])
def test_a_changer_that_resets_itself_is_set_up_again(stand: Stand, *, is_open: bool) -> None:
    stand.start()
    if is_open:
        stand.open(10_000)
    stand.peer.do("power", on=False)
    stand.peer.do("power", on=True)
    if not is_open:
        stand.open(10_000)
    wait_until(lambda: stand.coin(3), what="it to take coins again")
    stand.expect(50)
    stand.at_rest()
    assert len(stand.troubles(CoinTrouble.LOST)) == is_open


def test_a_daemon_that_was_killed_while_coins_were_taken_reports_it(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    marks = stand.inbox.of(DeviceMarked)
    assert coin_told(stand, 3)
    stand.restart(marks[-1].mark)  # killed before the coin was on the books
    told = stand.expect_trouble(CoinTrouble.LOST, 2)
    assert "1 of 0.50" in told[1].words
    assert stand.coins() == []
    stand.restart(stand.inbox.events[-1].mark if hasattr(stand.inbox.events[-1], "mark") else told[1].mark)
    stand.at_rest()
    assert stand.inbox.of(CoinUnrecognised) == []


def test_every_coin_that_it_took_is_told_once_or_in_a_report(stand: Stand) -> None:
    dice = random.Random(SEED)
    stand.start()
    mark = stand.inbox.of(DeviceMarked)[-1].mark
    for session in range(120):
        before = len(stand.peer.lines("coin"))
        seen = len(stand.inbox.events)
        stand.open(10_000)
        opened = next(
            at for at, it in enumerate(stand.inbox.events) if at >= seen and isinstance(it, DeviceMarked)
        )
        fate = dice.choice(["well", "well", "lose", "nack", "unplug", "blink", "killed", "killed"])
        if fate in ("lose", "nack"):
            stand.peer.do("trap", on="0B", what=fate, skip=dice.randrange(4))
        for _ in range(dice.randint(0, 4)):
            stand.coin(dice.randrange(6))
        if fate in ("unplug", "blink"):
            stand.peer.do("trap", on="0B", what=fate)
        if fate != "well":
            wait_until(lambda: not stand.peer.look("traps"), what=fate)
        stand.peer.do("plug")
        wait_until(
            lambda: stand.device.condition.health is Health.OK and not stand.peer.look("untold"), timeout=60
        )
        if fate == "killed":
            stand.device.stop()
            events = stand.inbox.events
            done = events[: dice.randint(opened + 1, len(events))]
            mark = [it.mark for it in done if hasattr(it, "mark")][-1]
            told = [it for it in done[seen:] if isinstance(it, CoinInserted)]
            stand.start(mark)
            stand.at_rest()
            rest = stand.inbox.events
        else:
            stand.shut()
            wait_until(
                lambda: [it.mark for it in stand.inbox.events if hasattr(it, "mark")][-1].endswith("shut")
            )
            told = [it for it in stand.inbox.events[seen:] if isinstance(it, CoinInserted)]
            rest = stand.inbox.events[seen:]
        if fate == "killed":
            told += [it for it in rest if isinstance(it, CoinInserted)]
        took = Counter(line["cents"] for line in stand.peer.lines("coin")[before:])
        missing = took - Counter(coin.amount for coin in told)
        invented = Counter(coin.amount for coin in told) - took
        reports = [it for it in rest if isinstance(it, CoinUnrecognised) and it.trouble is CoinTrouble.LOST]
        assert not invented, (session, fate, SEED)
        assert bool(reports) or not missing, (session, fate, missing, SEED)
        if fate in ("well", "nack"):
            assert not missing
            assert not reports, (session, fate, reports, SEED)
        if any(kind in missing for kind in (5, 10, 20, 50)) and fate != "blink":
            assert sum(report.pulses for report in reports) >= 1
