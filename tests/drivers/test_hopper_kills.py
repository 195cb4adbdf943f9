"""A process is killed around a payout, or the hopper too: nothing is paid twice, and what is told is true."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.payouts import cctalk_hopper
from terminal.core.events import Ended
from tests.drivers.hopper_bench import COIN, HopperBench
from tests.support.remote import Remote
from tests.support.seed import SEED

MOMENTS = 36
KINDS = ("before", "after", "coin", "some time")


class User(Remote):
    """A process that has the hopper."""

    def __init__(self, port: Path) -> None:
        super().__init__("tests.support.hopper_user", port, COIN)

    def wait_for(self, what: str) -> Any:
        """Wait until it says *what*; return that."""
        while True:
            said = self.wait_said()
            assert said is not None, "it ended by itself"
            if what in said:
                return said[what]

    def told(self) -> list[Any]:
        """Return what it had told of ended payouts until it was killed."""
        ended = []
        while (said := self.wait_said()) is not None:
            if "ended" in said:
                ended.append(said["ended"])
        return ended


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HopperBench]:
    monkeypatch.setattr(cctalk_hopper, "POLL_S", 0.005)
    with closing(HopperBench(tmp_path)) as bench:
        bench.peer.tell(set={"coin_ms": 15, "stock": 10_000})
        yield bench


def pay_and_die(bench: HopperBench, dice: random.Random, payout: str, coins: int) -> tuple[str, str, list[Any]]:
    """Have a process order a payout and kill it at some moment; return when, the mark, and what it had told."""
    kind = dice.choice(KINDS)
    with closing(User(bench.peer.port)) as user:
        assert user.wait_for("is") == "ok"
        user.ask({"count": payout})
        mark = user.wait_for("mark")
        if kind == "coin":
            at = dice.randint(0, coins)
            bench.peer.tell(arm={"hold": at})
        elif kind != "some time":
            at = dice.randint(1, 9)
            bench.peer.tell(hold=kind, frames=at)
        else:
            at = dice.randint(0, 150)
        user.ask({"pay": [payout, coins * COIN, mark]})
        if kind == "some time":
            threading.Event().wait(at / 1000)
        else:
            bench.peer.wait_said()
        user.kill()
        told = user.told()
    bench.peer.tell(do="go")
    return f"{kind} {at}", mark, told


def test_a_killed_process_never_leads_to_a_second_payout(bench: HopperBench) -> None:
    dice = random.Random(SEED)
    began = 0
    for number in range(MOMENTS):
        payout, coins = f"payout-{number}", dice.randint(1, 3)
        fallen, orders = bench.fallen(), bench.orders()
        when, mark, told = pay_and_die(bench, dice, payout, coins)
        bench.start()
        answer = bench.tell(payout, coins, mark)
        fell, ordered = bench.fallen() - fallen, bench.orders() - orders
        story = f"moment {number} of seed {SEED}, killed {when}: {answer}, {fell} cents fell"
        assert ordered <= 1, story
        assert fell == ordered * coins * COIN, story
        assert (answer.ended, answer.paid) == (Ended.DONE if fell else Ended.FAILED, fell), story
        assert told in ([], [[payout, "done", fell]]), story
        began += ordered
        bench.end()
    assert 0 < began < MOMENTS, f"all kills came too early, or too late (seed {SEED})"


def test_the_hopper_itself_killed_with_the_process(bench: HopperBench) -> None:
    """A power cut of the whole machine: the program of the hopper is killed, too, and begins anew."""
    dice = random.Random(SEED)
    for number in range(6):
        payout, coins = f"payout-{number}", dice.randint(2, 3)
        fallen, orders = bench.fallen(), bench.orders()
        with closing(User(bench.peer.port)) as user:
            assert user.wait_for("is") == "ok"
            user.ask({"count": payout})
            mark = user.wait_for("mark")
            bench.peer.tell(arm={"hold": dice.randint(0, coins)})
            user.ask({"pay": [payout, coins * COIN, mark]})
            bench.peer.wait_said()
            bench.peer.kill()
            user.kill()
        bench.peer.start()
        bench.peer.tell(set={"coin_ms": 15, "stock": 1000})
        bench.start()
        answer = bench.tell(payout, coins, mark)
        bench.agree(answer, bench.fallen() - fallen)
        assert bench.orders() - orders == 1
        bench.end()
