"""A killed daemon: what was acknowledged is there, and the journal is whole."""

import os
import random
import subprocess
import sys

from terminal.core.facts import EntryState
from terminal.journal import Journal
from terminal.journal.boot import beside
from terminal.journal.rows import OnPaper
from tests.journal.making import KEY, NOW
from tests.journal.ticketing import sold, ticket_sale
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


def whole_sale(journal, key):
    """Return how far the papers of a sale are; of all that belongs to it, nothing is missing."""
    code = f"{int(key.removeprefix('t-')):013}"
    entry = journal.sale(code)
    assert entry.key == key
    assert entry.payload == ticket_sale(code, 3, card=f"A-{int(code)}")
    assert [journal.sale(barcode).key for barcode in entry.payload.barcodes] == [key] * 3
    assert journal.card_used(f"A-{int(code)}").key == key
    return [paper.state for paper in journal.paper(entry.seq)]


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
            sales = {key for key in states if key.startswith("t-")}
            papers = {key: whole_sale(journal, key) for key in sales}
            closed = journal.last_report()
            books = journal.books()
            coins_in = books.accepted - books.spent
            assert books.spent == 1000 * len(sales)
        coins = 0
        for what, key in acknowledged:
            match what:
                case "added":
                    assert key in states
                case "started":
                    assert states[key] in DONE
                case "delivered":
                    assert states[key] is EntryState.DELIVERED
                case "sold":
                    assert key in sales
                case "printed":
                    assert papers[key] == [OnPaper.DONE, *[OnPaper.PRINTING] * 3]
                case "closed":
                    assert int(key) <= closed.number
                case "coin":
                    coins += 100
                    assert key in sessions or f"c{key[1:]}" in states
        # The last one may be there without a word, and none is lost, repeated or left out (verify).
        told = max((int(key) for what, key in acknowledged if what == "closed"), default=0)
        assert closed is None or closed.number <= told + number + 1
        # At most the coin of each thread that was under way at each kill is there without a word.
        assert coins <= coins_in <= coins + 100 * 3 * (number + 1)
    assert len(acknowledged) > ROUNDS


def test_a_power_cut_keeps_a_sale_whole_or_not_at_all(path, tmp_path):
    codes = [f"{number * 7:013}" for number in range(4)]
    with Journal.open(path, KEY, boot="b") as journal:
        for number, code in enumerate(codes):
            sale = ticket_sale(code, 3, card=f"A-{int(code)}")
            journal.commit(sold(f"t-{int(code)}", sale, session=f"s{number}"), NOW, durable=number % 2 == 0)
        file, log = path.read_bytes(), beside(path, "-wal").read_bytes()
    kept = set()
    for cut in range(0, len(log) + 1, 700):  # a page and its head are 1048 bytes: cuts fall anywhere in them
        copy = tmp_path / f"cut-{cut}.db"
        copy.write_bytes(file)
        beside(copy, "-wal").write_bytes(log[:cut])
        with Journal.open(copy, KEY, boot="b") as journal:
            assert journal.set_aside is None
            assert journal.verify() == []
            there = [code for code in codes if journal.knows_code(code)]
            assert there == codes[: len(there)]
            for code in there:
                assert len(whole_sale(journal, f"t-{int(code)}")) == 4
            assert (journal.books().accepted, journal.open_sessions()) == (1000 * len(there), [])
        kept.add(len(there))
    assert kept == set(range(len(codes)))  # the last one is whole only with the last byte of the log
