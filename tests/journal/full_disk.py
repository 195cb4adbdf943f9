"""A process whose files may not grow beyond a limit: the disk is full, for real. See test_disk."""

import resource
import sys
from pathlib import Path

from terminal.journal import Journal
from terminal.journal.errors import JournalUnwritable
from tests.journal.making import KEY, NOW, debit


def main():
    path = Path(sys.argv[1])
    journal = Journal.open(path, KEY, boot="b")
    journal.commit([debit("before")], NOW)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(f"{path.name}-wal").stat().st_size + 3000, hard))
    written, refused = ["before"], []
    for number in range(40):
        key = f"k{number}"
        try:
            journal.commit([debit(key, words="x" * 1500)], NOW)
        except JournalUnwritable as error:
            refused.append(key)
            sys.stdout.write(f"{error}\n")
        else:
            written.append(key)
    assert len(refused) > 30, refused
    assert [entry.key for entry in journal.entries()] == written[::-1]
    assert journal.verify() == []
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.probe(NOW)
    journal.commit([debit("after")], NOW)
    written.append("after")
    assert [entry.key for entry in journal.entries()] == written[::-1]
    assert [entry.seq for entry in journal.entries()] == list(range(len(written), 0, -1))
    assert journal.verify() == []
    journal.close()


main()
