"""A process that migrates a journal and is killed after so many statements. See test_migration_cuts."""

import os
import signal
import sys
from pathlib import Path

from terminal.journal import migrate
from terminal.journal.connect import connect_to_write


def main():
    path, steps = Path(sys.argv[1]), int(sys.argv[2])
    whole = migrate.statements

    def cut(script):
        for number, statement in enumerate([*whole(script), None]):
            if number == steps:
                os.kill(os.getpid(), signal.SIGKILL)
            yield statement

    migrate.statements = cut
    db = connect_to_write(path)
    db.execute("PRAGMA cache_size = 1")  # so that what is not committed is in the log already
    migrate.migrate(db)


main()
