"""What the tests of the engine say again and again."""

from terminal.core.delivery import Guarantee, Promise
from tests.sync.model import HOUR_MS, ManualClock, MemoryJournal, ModelServer, Run

KEY_DAY = Guarantee(Promise.KEY, 24 * HOUR_MS)


def memory_run(server: ModelServer, clock: ManualClock) -> tuple[MemoryJournal, Run]:
    journal = MemoryJournal()
    return journal, Run(journal, server, clock=clock)
