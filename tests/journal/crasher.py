"""A process that commits until it is killed, and tells, line by line, what was acknowledged to it."""

import os
import sys
import threading
from pathlib import Path

from terminal.core.facts import CashKind, ReportMade, SessionClosed, SessionOpened
from terminal.core.report import ReportKind
from terminal.journal import Journal
from tests.journal.making import KEY, NOW, coin, credit, debit, delivered, started, taken
from tests.journal.ticketing import printed, sold, ticket_sale


def main():
    path, first = Path(sys.argv[1]), int(sys.argv[2])
    journal = Journal.open(path, KEY, boot="b")
    say = threading.Lock()

    def acknowledge(word):
        with say:
            os.write(1, f"{word}\n".encode())

    def sell(lane):
        for number in range(first, first + 100_000):
            key = f"{lane}-{number}"
            journal.commit([debit(key, token=f"T{lane}")], NOW, urgent=lane == 0, durable=number % 2 == 0)
            acknowledge(f"added {key}")
            journal.commit([started(key)], NOW)
            acknowledge(f"started {key}")
            journal.commit([delivered(key)[1]], NOW, durable=False)
            acknowledge(f"delivered {key}")
            session = f"s{key}"
            journal.commit([SessionOpened(session, None), coin(100, session)], NOW)
            acknowledge(f"coin {session}")
            journal.commit(
                [
                    credit(f"c{key}", amount=100),
                    taken(CashKind.CREDITED, 100, session, f"c{key}"),
                    SessionClosed(session, "credited"),
                ],
                NOW,
            )

    def kiosk():
        for number in range(first, first + 100_000):
            key = f"t-{number}"
            sale = ticket_sale(f"{number:013}", 3, card=f"A-{number}")
            journal.commit(sold(key, sale, session=f"s{key}"), NOW, durable=number % 2 == 0)
            acknowledge(f"sold {key}")
            journal.commit([printed(f"{key}/ticket-1")], NOW, durable=False)
            acknowledge(f"printed {key}")
            if number % 4 == 0:
                report = journal.made_report(ReportKind.Z, "", NOW, lambda product: (str(product), 1900))
                journal.commit([ReportMade(report)], NOW)
                acknowledge(f"closed {report.number}")

    def upkeep():
        while True:
            journal._behind = 10_000
            journal.maintain()

    acknowledge("open")
    threads = [threading.Thread(target=sell, args=(lane,)) for lane in range(3)]
    threads += [threading.Thread(target=kiosk), threading.Thread(target=upkeep)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


main()
