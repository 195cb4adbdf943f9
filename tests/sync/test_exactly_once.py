"""Whatever the network and the power do: nothing is lost, and nothing is booked twice (I5, I6)."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core.delivery import Guarantee, Promise
from terminal.core.facts import EntryState
from tests.sync import model
from tests.sync.model import (
    HOUR_MS,
    Killed,
    LookingServer,
    ManualClock,
    MemoryJournal,
    ModelServer,
    Run,
)

WEATHER = [
    model.BOOK,
    model.LOSE_REPLY,
    model.BOOK_LATE,
    model.LOSE_REQUEST,
    model.UNREACHABLE,
    model.BUSY,
    model.DENY,
    model.REFUSE,
    model.DIE_BEFORE,
    model.DIE_AFTER,
]
PROMISES = [*(Guarantee(promise) for promise in Promise), Guarantee(Promise.KEY, 6 * HOUR_MS)]
ENDS = (EntryState.DELIVERED, EntryState.PARKED, EntryState.UNKNOWN)


class World:
    """A terminal that dies at the commits that *deaths* names, and is started again."""

    def __init__(self, promise: Guarantee, weather: list[str], deaths: dict[int, tuple[bool, bool]]) -> None:
        self.clock = ManualClock()
        looking = promise.promise is Promise.READ_BACK
        self.server = (LookingServer if looking else ModelServer)(promise=promise, clock=self.clock)
        self.server.script.extend(weather)
        self.journal = MemoryJournal()
        self.deaths = deaths
        self.commits = 0
        self.journal.on_commit = lambda _facts: self._may_die(after=False)
        self.journal.after_commit = lambda: self._may_die(after=True)
        self.added = 0
        self.run = Run(self.journal, self.server, clock=self.clock)

    def _may_die(self, *, after: bool) -> None:
        self.commits += not after
        dies_after, _ = self.deaths.get(self.commits, (None, False))
        if dies_after is after:
            raise Killed

    def do(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Killed:
            _, power = self.deaths.pop(self.commits, (None, False))
            self.server.inside.clear()
            if power:
                self.journal.power_cut()
                self.clock.advance(40_000)
                self.clock.reboot(synced=self.commits % 3 != 0)
            else:
                self.clock.advance(1_000)
            self.run = Run(self.journal, self.server, clock=self.clock)

    def step(self, what: str, number: int) -> None:
        match what:
            case "sell":
                self.added += 1
                self.do(lambda: self.run.add(f"k{self.added}", f"T{number % 3}"))
            case "charge":
                self.added += 1
                key = f"k{self.added}"
                self.do(lambda: self._charge(key, f"T{number % 3}"))
            case "work":
                self.do(self.run.work)
            case "turn":
                self.do(self.run.workers[number % len(self.run.workers)].turn)
            case "sync":
                self.do(self.run.engine.sync_now)
            case _:
                # What is begun is sent at once: time passes only when nobody is about to send.
                self.do(self._end_what_is_begun)
                self.clock.advance(number * 60_000)

    def _end_what_is_begun(self) -> None:
        for worker in self.run.workers + self.run.urgent:
            while worker._task is not None:
                worker.turn()

    def _charge(self, key: str, lane: str) -> None:
        self.run.add(key, lane)
        self.run.engine.deliver_now(key, lambda _answer: None)
        self.run.urgent[0].turn()
        self.run.workers[0].turn()
        self.run.urgent[0].turn()

    def calm(self) -> None:
        """The weather clears up; everything that can be delivered is."""
        self.server.script.clear()
        self.deaths.clear()
        self.run.engine.sync_now()
        self.run.work_out(hours=72)
        self.clock.advance(60_000)
        self.server.catch_up()


steps = st.lists(
    st.tuples(
        st.sampled_from(["sell", "sell", "charge", "work", "work", "turn", "turn", "sync", "wait"]),
        st.integers(0, 200),
    ),
    min_size=4,
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(
    promise=st.sampled_from(PROMISES),
    weather=st.lists(st.sampled_from(WEATHER), max_size=25),
    deaths=st.dictionaries(st.integers(1, 40), st.tuples(st.booleans(), st.booleans()), max_size=6),
    steps=steps,
)
def test_exactly_once_or_to_a_person(
    promise: Guarantee,
    weather: list[str],
    deaths: dict[int, tuple[bool, bool]],
    steps: list[tuple[str, int]],
) -> None:
    world = World(promise, weather, dict(deaths))
    for what, number in steps:
        world.step(what, number)
    world.calm()
    booked = world.server.booked
    for entry in world.journal.all():
        assert entry.state in ENDS, (entry.key, entry.state)
        assert booked[entry.key] <= 1, f"{entry.key} was booked {booked[entry.key]} times"
        if entry.state is EntryState.DELIVERED:
            assert booked[entry.key] == 1
        if entry.state is EntryState.PARKED:
            assert booked[entry.key] == 0
    assert set(booked) <= {entry.key for entry in world.journal.all()}
