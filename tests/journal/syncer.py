"""A process that commits, with marks on stderr before and after, so that a tracer can count. See test_syncs."""

import os
import sys
from pathlib import Path

from terminal.journal import Journal
from tests.journal.making import KEY, NOW, debit
from tests.journal.ticketing import sold, ticket_sale

COMMITS = 50


def main():
    durable, selling = sys.argv[2] != "not durable", sys.argv[2] == "sales of five tickets"

    def facts(key, number):
        # Codes are random: one of a new sale is anywhere among the others.
        code = f"{number * 7919 % 10_007:05}GJXS0LM6"
        return sold(key, ticket_sale(code, 5), session=f"session of {key}") if selling else [debit(key)]

    with Journal.open(Path(sys.argv[1]), KEY, boot="b") as journal:
        journal.commit(facts("first", COMMITS), NOW, durable=durable)
        os.write(2, b"MARK")
        for number in range(COMMITS):
            journal.commit(facts(f"k{number}", number), NOW, durable=durable)
        os.write(2, b"MARK")


main()
