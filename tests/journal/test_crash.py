"""A killed daemon: what was acknowledged is there, and the journal is whole."""

import os
import random
import subprocess
import sys

from terminal.core.facts import EntryState
from terminal.journal import Journal
from tests.journal.making import KEY
from tests.support.seed import SEED

ROUNDS = 25
DONE = (EntryState.SENDING, EntryState.DELIVERED)


def run_and_kill(path, first, lines):
    """Let the process commit until it has acknowledged so many commits, kill it, and return all of them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.crasher", str(path), str(first)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with process, process.stdout:
        heard = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        heard += process.stdout.readlines()
    return [line.decode().split() for line in heard if line.endswith(b"\n")]


def test_what_was_acknowledged_survives_a_kill_at_any_moment(path):
    moments = random.Random(SEED)
    acknowledged = []
    for number in range(ROUNDS):
        heard = run_and_kill(path, number * 1_000_000, moments.randint(1, 300))
        assert heard
        assert heard[0] == ["open"]
        acknowledged += heard[1:]
        with Journal.open(path, KEY, boot="b") as journal:
            assert journal.set_aside is None
            assert journal.verify() == []
            states = {entry.key: entry.state for entry in journal.entries(limit=1_000_000)}
            sessions = {session.session for session in journal.open_sessions()}
            accepted = journal.books().accepted
        coins = 0
        for what, key in acknowledged:
            match what:
                case "added":
                    assert key in states
                case "started":
                    assert states[key] in DONE
                case "delivered":
                    assert states[key] is EntryState.DELIVERED
                case "coin":
                    coins += 100
                    assert key in sessions or f"c{key[1:]}" in states
        # At most the coin of each thread that was under way at each kill is there without a word.
        assert coins <= accepted <= coins + 100 * 3 * (number + 1)
    assert len(acknowledged) > ROUNDS
