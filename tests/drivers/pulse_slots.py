"""The slot of an acceptor on GPIO lines: as it does, it sends nothing for a coin while that is inhibited."""

from drivers.coins.pulse import PulseAcceptor, PulseOptions
from drivers.pins.simulated import number_of
from tests.drivers.benches import BENCHES, MS, pulses

COINS = {"1": 10, "2": 20, "5": 50, "10": 100}
PULSES = {cents: int(count) for count, cents in COINS.items()}
PULSE, INHIBIT = 17, 27
LINES = {"GPIO17": 10, "18": 20, "GPIO22": 50, "GPIO23": 100, "GPIO24": 200}
INHIBITS = {"GPIO5": 10, "6": 20, "GPIO13": 50, "GPIO19": 100, "GPIO26": 200}


class PulseSlot:
    """One line, and one that forbids all."""

    def __init__(self, inbox, monkeypatch, kind="simulated", **options):
        self.bench = BENCHES[kind](monkeypatch)
        self.bench.stop_clock()
        self.active_high = not options.get("active_low", True)
        self.level = options.get("inhibit_level", "high") == "high"
        options.setdefault("bias", "pull-down" if self.active_high else "pull-up")
        self.options = PulseOptions(**{**self.wiring(), **self.bench.options, **options})
        self.device = PulseAcceptor("coins", self.options, inbox.put)

    def wiring(self):
        return {"line": PULSE, "inhibit_line": "GPIO27", "coins": dict(COINS)}

    @property
    def inhibited(self):
        return self.bench.high(INHIBIT) is self.level

    def open_for(self, limit):
        """Whether it takes all that fits *limit* cents; its lines change one after the other."""
        return not self.inhibited

    def coin(self, cents):
        if self.inhibited:
            raise ValueError("inhibited: the coin falls through")
        self.noise(PULSES[cents])

    def noise(self, count, line=PULSE, **shape):
        levels, end = pulses(self.bench.now + MS, count, active_high=self.active_high, **shape)
        self.bench.train(line, levels)
        self.pass_time(end)

    def pass_time(self, since, ms=1000):
        self.bench.now = since + ms * MS
        self.device._interrupt()

    def become(self, line, *, active):
        """Let *line* become active, or inactive, and a second pass."""
        self.bench.train(line, [(self.bench.now + MS, active is self.active_high)])
        self.pass_time(self.bench.now)

    def lose(self):
        self.bench.lines.pull()

    def restore(self):
        self.bench.lines.put_back()


class ParallelSlot(PulseSlot):
    """A line for each coin, one that forbids each, and, unless it is told otherwise, one that forbids all."""

    def wiring(self):
        return {"lines": dict(LINES), "inhibit_lines": dict(INHIBITS), "inhibit_line": 27}

    @property
    def inhibited(self):
        return all(self.forbidden(cents) for cents in LINES.values())

    def forbidden(self, cents):
        own = next((line for line, worth in INHIBITS.items() if worth == cents), None)
        lines = [INHIBIT] if self.options.inhibit_line is not None else []
        lines += [number_of(own)] if own in self.options.inhibit_lines else []
        return any(self.bench.high(line) is self.level for line in lines)

    def open_for(self, limit):
        return not any(self.forbidden(cents) for cents in LINES.values() if cents <= limit)

    def line_of(self, cents):
        return next(number_of(line) for line, worth in LINES.items() if worth == cents)

    def coin(self, cents):
        if self.forbidden(cents):
            raise ValueError("forbidden: the coin falls through")
        self.noise(1, self.line_of(cents), width_ms=100)
