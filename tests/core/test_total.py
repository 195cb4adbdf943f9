"""Every event in every state, with whatever contents: nothing raises, and what must hold always does."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.core.catalogue import Product
from terminal.core.decision import Decision
from terminal.core.delivery import Outcome
from terminal.core.effects import DeliverNow, OpenSlot, PairToken, Print, Release, Show
from terminal.core.events import (
    ButtonPressed,
    CachedWallet,
    CatalogueRead,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeliveryEnded,
    DeviceChanged,
    Ended,
    Event,
    Exposure,
    Health,
    JournalFailed,
    JournalRecovered,
    PairingAsked,
    PairingEnded,
    PrintEnded,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    TokenUnreadable,
    TrialAsked,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    ReleaseIntended,
    ReleaseSettled,
)
from terminal.core.job import Job
from terminal.core.paper import Document
from terminal.core.sale import VendingState
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.topup import TopupState
from terminal.core.value import replace
from tests.core.making import OTHER, PRODUCTS, START, UID, Counter, topup_job, vending_job

UIDS = st.sampled_from([UID, OTHER, "04CAFECAFE1234"])
NAMES = st.sampled_from(["relay", "slot", "paper", "reader", "left"])
WORDS = st.text(max_size=8)
CENTS = st.integers(1, 6000)
BALANCES = st.none() | st.integers(-1000, 20_000)
KEYS = st.sampled_from([f"k{number}" for number in range(1, 6)])
AGES = st.none() | st.integers(0, 1_000_000_000)
LISTS = st.lists(
    st.builds(Product, st.sampled_from(["espresso", 7, "7", ""]), WORDS, st.integers(0, 900)), max_size=4
)
EXPOSURES = st.builds(
    Exposure, st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 30_000), st.integers(0, 300), AGES
)

ANYTHING: st.SearchStrategy[Event] = st.one_of(
    st.builds(TokenPresented, NAMES, UIDS),
    st.builds(TokenRemoved, NAMES),
    st.builds(TokenUnreadable, NAMES, WORDS),
    st.builds(CoinInserted, NAMES, CENTS, st.none() | st.integers(0, 255)),
    st.builds(CoinUnrecognised, NAMES, st.integers(0, 99), WORDS, st.sampled_from(CoinTrouble), WORDS),
    st.builds(ButtonPressed, NAMES, st.sampled_from(["espresso", "cappuccino", "7", "cancel", "confirm", "?"])),
    st.builds(
        ReleaseEnded,
        st.builds(lambda key, number: f"{key}/{number}", KEYS, st.integers(0, 2)),
        st.sampled_from(Ended),
        WORDS,
    ),
    st.builds(PrintEnded, st.builds(lambda key: f"{key}/receipt", KEYS) | WORDS, st.sampled_from(Ended), WORDS),
    st.builds(DeviceChanged, NAMES, WORDS, st.sampled_from(Health), WORDS),
    st.builds(WalletRemembered, UIDS, st.none() | st.builds(CachedWallet, st.integers(), AGES), EXPOSURES),
    st.builds(WalletRead, UIDS, st.sampled_from(WalletAnswer), BALANCES),
    st.builds(DeliveryEnded, KEYS, st.sampled_from(Outcome), WORDS, BALANCES),
    st.builds(CatalogueRead, LISTS.map(tuple), st.booleans()),
    st.builds(PairingAsked, WORDS),
    st.builds(PairingEnded, UIDS, st.booleans(), WORDS),
    st.builds(TrialAsked, WORDS, NAMES, WORDS, st.just(PRODUCTS[0]) | st.just(Document(()))),
    st.builds(JournalFailed, st.just("The disk is full.")),
    st.just(JournalRecovered()),
    st.just(TimePassed()),
    st.just(StopAsked()),
)

JOBS = {
    "vending": vending_job(),
    "one product": vending_job(one_product="7", same_card_ms=1500),
    "charge": vending_job(authorize="charge", confirm=True, after_unknown_release="charge"),
    "pieces": vending_job(confirm=True, max_pieces=3, overdraft=500),
    "topup": topup_job(printers=("paper",), unknown_tokens=True),
    "small": topup_job(max_session=500, max_balance=2000, coins_first=False, same_card_ms=1500),
}


def likely(state: TerminalState) -> st.SearchStrategy[Event]:
    """What would bring this state on its way; without it no run would come far."""
    job = state.job
    events: list[Event] = [DeviceChanged("relay", "any", Health.OK), DeviceChanged("slot", "any", Health.OK)]
    if state.trial is not None and state.trial.release:
        events += [ReleaseEnded(state.trial.release, how) for how in Ended]
    asked = job.asked if isinstance(job, VendingState | TopupState) else None
    if asked is None:
        events += [TokenPresented("reader", UID), TokenRemoved("reader")]
    else:
        events += [WalletRead(asked.token, WalletAnswer.KNOWN, 1000), ButtonPressed("panel", "espresso")]
        events += [ButtonPressed("panel", "confirm"), CoinInserted("slot", 200)]
    if isinstance(job, VendingState) and job.sale is not None:
        events += [DeliveryEnded(job.sale.key, outcome) for outcome in Outcome]
        events += [ReleaseEnded(job.sale.release, how) for how in (*Ended, Ended.DONE)]
    return st.sampled_from(events)


@dataclass
class Watch:
    """What a run has decided so far, and the rules that hold of it."""

    job: Job
    held: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    intended: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    ordered: set[str] = field(default_factory=set)
    in_machine: int = 0

    def look(self, event: Event, made: Decision[TerminalState]) -> None:
        for fact in made.facts:
            self._fact(fact)
        self._money(event, made)
        self._world(made)
        if isinstance(event, TokenPresented):
            assert any(isinstance(effect, Show) for effect in made.effects), "a tap was swallowed"
        if not made.state.job.under_way:
            assert not self.held, "nobody sees to a debit that is held"

    def _fact(self, fact: object) -> None:
        match fact:
            case EntryAdded(key=key):
                assert key not in self.keys, "a key was given twice"
                self.keys.add(key)
                if fact.held:
                    assert fact.kind is EntryKind.DEBIT
                    self.held.add(key)
            case EntryFreed(key=key) | EntryAbandoned(key=key) | EntryParked(key=key):
                assert key in self.held, "a debit came to an end twice"
                self.held.remove(key)
            case ReleaseIntended(release=release, key=key):
                assert key in self.keys, "a release that no entry explains"
                assert release not in self.intended, "the same release was intended twice"
                self.intended.add(release)
            case ReleaseSettled(release=release):
                assert release in self.intended - self.settled
                self.settled.add(release)
            case _:
                pass

    def _world(self, made: Decision[TerminalState]) -> None:
        """Nothing touches the world before, or without, the fact that explains it (I1, I4)."""
        for effect in made.effects:
            match effect:
                case Release(release=name) | Print(job=name):
                    assert name in {fact.release for fact in made.facts if isinstance(fact, ReleaseIntended)}
                    assert name not in self.ordered
                    self.ordered.add(name)
                case DeliverNow(key=key):
                    assert key in self.keys
                case OpenSlot(limit=limit):
                    self._slot(limit, made.state)
                case Show(screen=screen):
                    assert not any(uid in repr(screen) for uid in (UID, OTHER)), "a full UID on the screen"
                case PairToken():
                    assert made.state.pairing is not None
                case _:
                    pass

    def _slot(self, limit: int, state: TerminalState) -> None:
        assert self.job.kind == "topup"
        assert limit > 0
        assert not state.broken
        assert not state.stopping
        assert state.health.get("slot") in (Health.OK, Health.DEGRADED)
        assert self.in_machine + limit <= self.job.topup.max_session

    def _money(self, event: Event, made: Decision[TerminalState]) -> None:
        moved = [fact for fact in made.facts if isinstance(fact, CashMoved)]
        came = [fact.amount for fact in moved if fact.kind is CashKind.IN]
        assert came == ([event.amount] if isinstance(event, CoinInserted) else [])
        self.in_machine += sum(came) - sum(fact.amount for fact in moved if fact.kind is not CashKind.IN)
        if isinstance(made.state.job, TopupState):
            purse = made.state.job.purse
            assert self.in_machine == (purse.amount if purse else 0)
        else:
            assert self.in_machine == 0


@pytest.mark.parametrize("name", JOBS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
@given(data=st.data())
def test_total(name: str, data: st.DataObject) -> None:
    job = JOBS[name]
    terminal = Terminal(job, Counter())
    now = START
    first = terminal.start(now, PRODUCTS)
    watch = Watch(job)
    watch.look(JournalRecovered(), first)
    state = first.state
    for _ in range(data.draw(st.integers(5, 40))):
        event = data.draw(likely(state) if data.draw(st.integers(0, 2)) else ANYTHING)
        step_ms = data.draw(st.sampled_from([0, 100, 700, 5_000, 30_000, 900_000]))
        now = replace(now, wall_ms=now.wall_ms + step_ms, mono_ms=now.mono_ms + step_ms)
        made = terminal.handle(state, event, now)
        watch.look(event, made)
        state = made.state
