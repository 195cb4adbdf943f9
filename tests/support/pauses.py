"""A thread that should sleep between its rounds, and does not: how long it wanted to is noted."""

import threading

from terminal.daemon.rounds import Rounds


class Pauses(threading.Event):
    """Stands in for the event that a thread waits for. *most*: waits that end at once; None: all of them."""

    def __init__(self, most: int | None = None) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds.append(timeout)
        if self._most is not None and len(self.seconds) > self._most:
            return super().wait(60)
        return self.is_set()


def hurried(rounds: Rounds, most: int | None = None) -> Pauses:
    """Let *rounds* go on without sleeping; before it is started."""
    rounds._wanted = pauses = Pauses(most)
    return pauses
