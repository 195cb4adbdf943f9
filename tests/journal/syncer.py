"""A process that commits, with marks on stderr before and after, so that a tracer can count. See test_syncs."""

import os
import sys
from pathlib import Path

from terminal.journal import Journal
from tests.journal.making import KEY, NOW, debit

COMMITS = 50


def main():
    durable = sys.argv[2] == "durable"
    with Journal.open(Path(sys.argv[1]), KEY, boot="b") as journal:
        journal.commit([debit("first")], NOW, durable=durable)
        os.write(2, b"MARK")
        for number in range(COMMITS):
            journal.commit([debit(f"k{number}")], NOW, durable=durable)
        os.write(2, b"MARK")


main()
