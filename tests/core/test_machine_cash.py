"""A machine that asks for payment: cash, no cards, no machine, and anything in any state."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.core.decision import Decision
from terminal.core.effects import CloseSlot, Notice, ReadWallet, Release
from terminal.core.events import (
    CachedWallet,
    CatalogueRead,
    CoinInserted,
    DeviceChanged,
    Ended,
    Event,
    Health,
    JournalRecovered,
    Place,
    StopAsked,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    ReleaseIntended,
    SaleReported,
    SessionClosed,
    SessionOpened,
)
from terminal.core.machine import (
    AnswerRevalue,
    BeginSession,
    CashSold,
    DenyVend,
    MachineEnabled,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)
from terminal.core.rules import TopupRules
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.value import replace
from tests.core.making import PRODUCTS, START, UID, Counter, Talk, effects, facts, machine_job, topup_job
from tests.core.snacks import (
    DENY,
    END,
    FULL,
    PHASES,
    Begin,
    checking,
    choosing,
    ended,
    ready,
    showing,
    told,
    waiting,
)
from tests.core.test_total import ANYTHING, Watch, likely

NO_REVALUE = AnswerRevalue("snacks", granted=False)

UNDECIDED: list[Begin] = [waiting, checking, choosing]


# -- a machine that sells nothing by card, or is not there ---------------------------------------------


def test_a_machine_that_takes_no_cards() -> None:
    talk = ready()
    talk(MachineEnabled("snacks", enabled=False))
    assert (talk.notice, talk.shown.words) == (
        Notice.OUT_OF_ORDER,
        "The machine takes no cards at the moment.",
    )
    assert talk.terminal.trouble(talk.state, talk.now) == talk.shown.words
    assert effects(talk.tap(), ReadWallet) == []
    talk.wait()
    made = talk.ask()
    assert (made.facts, told(talk)) == ((), [DENY, END])
    talk.wait()
    talk(MachineEnabled("snacks", enabled=True))
    assert talk.notice is Notice.READY
    assert talk.terminal.trouble(talk.state, talk.now) == ""


def test_a_machine_that_has_not_said_yet_that_it_takes_cards() -> None:
    talk = Talk(machine_job())
    talk(MachineEnabled("snacks", enabled=False))
    talk(MachineEnabled("another", enabled=True))
    assert talk.notice is Notice.OUT_OF_ORDER


@pytest.mark.parametrize(
    "event", [MachineEnabled("snacks", enabled=False), FULL, "lost"], ids=["disabled", "disk full", "lost"]
)
@pytest.mark.parametrize("begin", UNDECIDED)
def test_who_has_not_decided_cannot_go_on(begin: Begin, event: Event | str) -> None:
    talk = begin()
    made = talk.health("snacks", Health.MISSING) if isinstance(event, str) else talk(event)
    assert (made.facts, talk.phase, talk.notice) == ((), "showing the result", Notice.OUT_OF_ORDER)
    assert END in told(talk)
    assert (DENY in told(talk)) is (begin is waiting or (begin is choosing and event is FULL))
    assert talk.wallet(1000).facts == ()


def test_what_the_machine_asked_for_when_the_disk_was_full_is_answered() -> None:
    """The request was taken from the inbox, and what it led to could not be written: nobody knows of it."""
    talk = choosing()
    talk(FULL)
    assert told(talk) == [DENY, NO_REVALUE, END]


@pytest.mark.parametrize("begin", PHASES)
def test_another_device_that_goes_disturbs_nobody(begin: Begin) -> None:
    talk = begin()
    before = talk.phase
    talk.health("paper", Health.MISSING)
    talk(MachineEnabled("another", enabled=False))
    talk(CatalogueRead(PRODUCTS, fresh=True))
    assert (talk.phase, told(talk)) == (before, [])


def test_a_stop_denies_what_is_not_decided_and_waits_for_what_is() -> None:
    wanted = {ready: [], waiting: [DENY, END], checking: [END], choosing: [END], showing: []}
    for begin in PHASES:
        talk = begin()
        made = talk(StopAsked())
        assert CloseSlot() in made.effects
        if begin in wanted:
            assert (told(talk), talk.state.job.under_way) == (wanted[begin], False)
            made = talk.ask()
            assert (made.facts, told(talk)) == ((), [DENY, END])
        else:
            assert (told(talk), talk.state.job.under_way) == ([], True)


def test_a_coin_in_the_terminals_own_slot_disturbs_no_session() -> None:
    talk = choosing()
    made = talk.coin(200)
    assert facts(made, EntryAdded)[0].kind is EntryKind.UNCLAIMED
    assert (talk.phase, told(talk)) == ("choosing", [])


# -- cash ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [*PHASES, lambda: Talk(topup_job())])
def test_what_is_sold_in_cash_is_noted(begin: Begin) -> None:
    talk = begin()
    before = talk.state
    made = talk(CashSold("snacks", "11", 150))
    assert (made.facts, made.effects, made.state) == ((SaleReported("snacks", "11", 150),), (), before)


def test_cash_for_the_token_of_the_session() -> None:
    talk = choosing(100, machine_revalue=True)
    made = talk(RevalueRequested("snacks", 500))
    assert made.facts == (
        SessionOpened("n1", UID),
        CashMoved("n1", CashKind.IN, 500, "snacks", place=Place.MACHINE),
        EntryAdded("k1", EntryKind.CREDIT, "main", UID, 500, description="Top-up", session="n1"),
        CashMoved("n1", CashKind.CREDITED, 500, key="k1"),
        SessionClosed("n1", "credited"),
    )
    assert told(talk) == [AnswerRevalue("snacks", granted=True)]
    assert (talk.phase, talk.notice, talk.shown.balance) == ("choosing", Notice.CREDITED, 600)
    sold = talk.ask("12", 600)
    assert facts(sold, EntryAdded)[0].amount == 600
    talk(ended(Ended.DONE, "k2"))
    assert talk.shown.balance == 0


def test_cash_while_the_server_is_away_can_be_spent_at_once() -> None:
    talk = checking(machine_revalue=True)
    talk.wallet(cached=CachedWallet(0, 0))
    assert told(talk) == [BeginSession("snacks", 0)], "an empty wallet is what people want to fill"
    talk(RevalueRequested("snacks", 200))
    assert len(facts(talk.ask("12", 200), EntryAdded)) == 1


def test_a_session_with_cash_only_is_no_cancelling() -> None:
    talk = choosing(machine_revalue=True)
    talk(RevalueRequested("snacks", 200))
    talk(SessionEnded("snacks"))
    assert (talk.phase, talk.notice, told(talk)) == ("showing the result", Notice.CREDITED, [END])


@pytest.mark.parametrize(
    ("amount", "rules"),
    [
        (200, {"machine_revalue": False}),
        (0, {}),
        (-5, {}),
        (1001, {"topup": TopupRules(max_session=1000)}),
        (501, {"topup": TopupRules(max_balance=1500)}),
        (200, {"topup": TopupRules(max_balance=1000)}),
    ],
)
def test_cash_that_the_wallet_cannot_take(amount: int, rules: dict[str, object]) -> None:
    talk = choosing(1000, **{"machine_revalue": True, **rules})
    made = talk(RevalueRequested("snacks", amount))
    assert (made.facts, made.effects, talk.phase) == ((), (NO_REVALUE,), "choosing")


def test_the_most_of_one_session_is_not_passed_by_parts() -> None:
    talk = choosing(machine_revalue=True, topup=TopupRules(max_session=500))
    assert talk(RevalueRequested("snacks", 300)).facts
    assert talk(RevalueRequested("snacks", 201)).facts == ()
    assert talk(RevalueRequested("snacks", 200)).facts
    assert talk(RevalueRequested("snacks", 1)).facts == ()


def test_cash_is_credited_in_a_session_only() -> None:
    for begin in PHASES:
        talk = begin(machine_revalue=True)
        if talk.phase == "choosing":
            continue
        before = talk.state.job
        made = talk(RevalueRequested("snacks", 200))
        assert (made.facts, made.effects, talk.state.job) == ((), (NO_REVALUE,), before)


# -- anything, in any state ----------------------------------------------------------------------------

SNACKS = st.sampled_from(["snacks", "another"])

ITEMS = st.sampled_from(["11", "7", "espresso", ""])

PRICES = st.integers(-1, 700)


OF_THE_MACHINE: st.SearchStrategy[Event] = st.one_of(
    st.builds(MachineEnabled, SNACKS, st.booleans()),
    st.builds(VendRequested, SNACKS, ITEMS, PRICES),
    st.builds(VendCancelled, SNACKS),
    st.builds(SessionEnded, SNACKS),
    st.builds(RevalueRequested, SNACKS, PRICES),
    st.builds(CashSold, SNACKS, ITEMS, PRICES),
)


JOBS = {
    "balance": machine_job(),
    "charge": machine_job(authorize="charge", after_unknown_release="charge", machine_unlisted=False),
    "everything": machine_job(
        machine_multivend=True, machine_revalue=True, max_price=600, same_card_ms=1500, overdraft=300
    ),
    "all of it charged": machine_job(authorize="charge", machine_multivend=True, machine_revalue=True),
}


def likely_at_a_machine(state: TerminalState) -> st.SearchStrategy[Event]:
    """What would bring this state on its way."""
    events: list[Event] = [
        DeviceChanged("snacks", "machine", Health.OK),
        MachineEnabled("snacks", enabled=True),
    ]
    events += [VendRequested("snacks", "11", 150), VendRequested("snacks", "7", 100)]
    events += [RevalueRequested("snacks", 300)]
    return st.sampled_from(events) | likely(state)


@dataclass
class WatchMachine(Watch):
    """What must hold at a machine beside what must hold anywhere."""

    asked: VendRequested | None = None  # asked for, and neither answered nor taken back

    def look(self, event: Event, made: Decision[TerminalState]) -> None:
        if isinstance(event, VendRequested):
            self.asked = event
        elif isinstance(event, (VendCancelled, SessionEnded)):
            self.asked = None
        self._answers(event, made)
        super().look(event, made)
        assert self.asked is None or made.state.job.phase_name in (
            "waiting for a token",
            "checking the wallet",
            "charging",
        ), "the machine waits for an answer, and nobody sees to it"

    def _answers(self, event: Event, made: Decision[TerminalState]) -> None:
        revalues = 0
        for effect in made.effects:
            match effect:
                case Release(device="snacks", product=product):
                    assert self.asked is not None, "approved, and not asked for"
                    assert (product.id, product.price) == (self.asked.item, self.asked.price)
                    (intent,) = [fact for fact in made.facts if isinstance(fact, ReleaseIntended)]
                    assert intent.device == "snacks"
                    self.asked = None
                case DenyVend():
                    self.asked = None
                case BeginSession():
                    assert (made.state.broken, made.state.stopping, made.facts) == ("", False, ())
                    assert "snacks" in made.state.enabled
                case AnswerRevalue(granted=granted):
                    revalues += isinstance(event, RevalueRequested)
                    credited = [fact.amount for fact in made.facts if isinstance(fact, EntryAdded)]
                    assert credited == ([event.amount] if granted and revalues else [])
                case _:
                    pass
        assert revalues == isinstance(event, RevalueRequested), "a revalue has one answer"

    def _money(self, event: Event, made: Decision[TerminalState]) -> None:
        granted = AnswerRevalue("snacks", granted=True) in made.effects
        coin = (
            CoinInserted("snacks", event.amount) if granted and isinstance(event, RevalueRequested) else event
        )
        super()._money(coin, made)


@pytest.mark.parametrize("name", JOBS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
@given(data=st.data())
def test_total(name: str, data: st.DataObject) -> None:
    job = JOBS[name]
    terminal = Terminal(job, Counter())
    now = START
    first = terminal.start(now, PRODUCTS)
    watch = WatchMachine(job)
    watch.look(JournalRecovered(), first)
    state = first.state
    for _ in range(data.draw(st.integers(5, 50))):
        which = data.draw(st.integers(0, 5))
        event = data.draw(likely_at_a_machine(state) if which else OF_THE_MACHINE | ANYTHING)
        step_ms = data.draw(st.sampled_from([0, 100, 700, 5_000, 30_000]))
        now = replace(now, wall_ms=now.wall_ms + step_ms, mono_ms=now.mono_ms + step_ms)
        made = terminal.handle(state, event, now)
        watch.look(event, made)
        state = made.state
