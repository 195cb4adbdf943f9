"""What each signal looks and sounds like: rhythms as values. Pure.

No signal is told by its colour alone: each has a rhythm of its own, so that one lamp is enough, and who sees no
red, or hears no buzzer, is told as much. The table, with times in seconds:

    signal      lamp                                      buzzer                           lasts
    ready       on                                        -                                until the next one
    busy        0.5 on, 0.5 off                           -                                until the next one
    accepted    2 on                                      one short                        once
    offline     0.6 on, 0.3 off, three times              two short                        once
    refused     0.1 on, 0.1 off, fifteen times            one long                         once
    call staff  three flashes of 0.15, then 1.2 off       three long, after 2 of silence   until the next one

``offline`` is *accepted*, on trust. The buzzer calls the staff once and not all night; what is over within two
seconds, as at a start before the machine has answered, calls nobody.
"""

from __future__ import annotations

from drivers.contract import Signal
from terminal.core.value import Value


class Rhythm(Value, frozen=True):
    """On and off by turns.

    Attributes:
        steps: Milliseconds on, off, on, ...; each more than 0. None at all: off.
        times: How often they are gone through; None: for ever. Then off.
        after_ms: Milliseconds off before the first step.
    """

    steps: tuple[int, ...] = ()
    times: int | None = None
    after_ms: int = 0

    def at(self, ms: int) -> tuple[bool, int | None]:
        """Return whether it is on *ms* (>= 0) milliseconds after it began, and in how many that may change.

        None: it stays as it is.
        """
        if ms < self.after_ms:
            return False, self.after_ms - ms
        period = sum(self.steps)
        ms -= self.after_ms
        if not period or (self.times is not None and ms >= self.times * period):
            return False, None
        if self.times is None and len(self.steps) == 1:
            return True, None
        ms %= period
        for number, step in enumerate(self.steps):
            if ms < step:
                return number % 2 == 0, step - ms
            ms -= step
        raise AssertionError("a moment within a period is within one of its steps")


class Pattern(Value, frozen=True):
    """What a signal does: *lamp* to its lamp (all others are off), *buzzer* to the buzzer.

    *lasting*: whether it goes on until the next signal; else it says what happened once, and goes out.
    """

    lamp: Rhythm
    buzzer: Rhythm = Rhythm()

    @property
    def lasting(self) -> bool:
        """See the class."""
        return self.lamp.times is None


PATTERNS: dict[Signal, Pattern] = {
    Signal.READY: Pattern(Rhythm((1000,))),
    Signal.BUSY: Pattern(Rhythm((500, 500))),
    Signal.ACCEPTED: Pattern(Rhythm((2000,), times=1), Rhythm((120,), times=1)),
    Signal.OFFLINE: Pattern(Rhythm((600, 300), times=3), Rhythm((120, 120), times=2)),
    Signal.REFUSED: Pattern(Rhythm((100, 100), times=15), Rhythm((800,), times=1)),
    Signal.CALL_STAFF: Pattern(
        Rhythm((150, 150, 150, 150, 150, 1200)), Rhythm((600, 400), times=3, after_ms=2000)
    ),
}
"""The table of the module's text."""
