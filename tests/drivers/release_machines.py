"""Machines that give out pieces: the simulated one, and one behind a relay on lines of every kind."""

from itertools import pairwise

from drivers.device import Pace
from drivers.releases.relay import Relay, RelayOptions
from terminal.core.catalogue import Product
from terminal.core.events import ReleaseEnded
from tests.drivers.benches import BENCHES

COFFEE = Product("coffee", "Coffee", 120)

RELAY, CONFIRM = 22, 25

FAST = Pace(first_s=0.001, last_s=0.01)

LONG_MS = 60_000


class RelayMachine:
    """A machine behind a relay."""

    def __init__(self, inbox, monkeypatch, *, slow=False, kind="simulated", **options):
        self.bench = BENCHES[kind](monkeypatch)
        self.low = options.get("active_low", False)
        given = {"line": RELAY, "pulse_ms": LONG_MS if slow else 1, **self.bench.options, **options}
        self.device = Relay("coffee", RelayOptions(**given), inbox.put)

    def pulled(self):
        return self.bench.high(RELAY) is not self.low

    def given(self):
        """How often the relay was pulled."""
        levels = [high is not self.low for high in self.bench.history(RELAY)]
        return sum(1 for before, now in pairwise(levels) if now and not before)

    def begun(self):
        return self.pulled()

    def lose(self):
        self.bench.lines.pull()

    def restore(self):
        self.bench.lines.put_back()


def ended(inbox, release):
    """Wait for the answer to *release*."""
    return inbox.wait(
        lambda _: [event for event in inbox.of(ReleaseEnded) if event.release == release], what=release
    )[0]
