"""A loop on a still clock, whose disk keeps the order of everything."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from terminal.core.coins import Purse
from terminal.core.effects import Effect
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    DeviceChanged,
    Event,
    Exposure,
    Health,
    TokenPresented,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import Fact
from terminal.core.job import Job
from terminal.core.recover import Recovered
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.value import replace
from terminal.daemon.loop import Loop
from terminal.journal.errors import JournalError, JournalUnwritable
from tests.core.making import ESPRESSO, START, UID, Counter

FULL = "The disk is full: free some space."

COIN, NEXT_COIN = CoinInserted("slot", 100, 1), CoinInserted("slot", 200, 2)


SALE = (
    TokenPresented("reader", UID),
    WalletRemembered(UID, None, Exposure()),
    WalletRead(UID, WalletAnswer.KNOWN, 1000),
    ButtonPressed("panel", "espresso"),
)


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.stamp = START

    def now(self) -> Stamp:
        return self.stamp

    def pass_ms(self, ms: int) -> None:
        stamp = self.stamp
        self.stamp = replace(stamp, wall_ms=stamp.wall_ms + ms, mono_ms=stamp.mono_ms + ms)


class Disk:
    """A journal that keeps the order of everything, and fails when told to."""

    def __init__(self, story: list[tuple[str, Any]]) -> None:
        self.story = story
        self.error: JournalError | None = None
        self.room: int | None = None  # commits until it is full again
        self.probes = 0

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        assert urgent, "a customer waits for the loop"
        assert durable, "money is at stake"
        self._fail()
        self.story += [("wrote", fact) for fact in facts]

    def probe(self, now: Stamp) -> None:
        self.probes += 1
        if self.error:
            raise self.error

    def _fail(self) -> None:
        if self.room == 0:
            self.error, self.room = JournalUnwritable(FULL), None
        if self.error:
            raise self.error
        if self.room is not None:
            self.room -= 1


class Bench:
    """A loop on a still clock. Events are taken in the test's own thread, unless `turning` runs it."""

    def __init__(self, job: Job, *, journal: Any = None, purse: Purse | None = None) -> None:
        self.clock = Clock()
        self.story: list[tuple[str, Any]] = []  # what was heard, written, told and done, in order
        self.disk = Disk(self.story)
        self.on_effect: Callable[[Effect], None] = lambda _: None
        terminal = _Listening(job, self.story)
        self.loop = Loop(
            terminal,
            journal or self.disk,
            self.clock.now,
            self._perform,
            lambda facts: self.story.extend(("told", fact) for fact in facts),
        )
        first = terminal.start(self.clock.now(), (ESPRESSO,), Recovered(purse=purse))
        self.loop.begin(first.state, first.effects)
        for device in ("relay", "slot"):
            self.happen(DeviceChanged(device, "any", Health.OK))
        self.story.clear()

    def _perform(self, effect: Effect) -> None:
        self.story.append(("did", effect))
        self.on_effect(effect)

    def happen(self, *events: Event) -> None:
        """Let the loop take *events*, one after the other, and come back."""
        for event in events:
            self.loop.post(event)
            assert self.loop._next()

    def buy(self) -> None:
        self.happen(*SALE)

    @property
    def state(self) -> TerminalState:
        assert self.loop.state is not None
        return self.loop.state

    def of(self, what: str, *kinds: type) -> list[Any]:
        """Return what was heard, written, told or done, of these kinds."""
        return [value for said, value in self.story if said == what and isinstance(value, kinds or object)]

    def place(self, what: str, kind: type) -> int:
        """Return where in the story the first such thing stands."""
        return next(n for n, (said, value) in enumerate(self.story) if said == what and isinstance(value, kind))

    @contextmanager
    def turning(self) -> Iterator[None]:
        thread = threading.Thread(target=self.loop.run)
        thread.start()
        try:
            yield
        finally:
            self.loop.end()
            thread.join(30)
            assert not thread.is_alive()


class _Listening(Terminal):
    """The real rules; the story tells what they heard."""

    def __init__(self, job: Job, story: list[tuple[str, Any]]) -> None:
        super().__init__(job, Counter())
        self._story = story

    def handle(self, state: TerminalState, event: Event, now: Stamp) -> Any:
        self._story.append(("heard", event))
        return super().handle(state, event, now)
