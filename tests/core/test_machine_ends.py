"""How sales end at a machine that asks for payment: doubts, several vends in one session, a charge."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.effects import Notice, ReadWallet, Release, Show
from terminal.core.events import (
    CachedWallet,
    DeliveryEnded,
    Ended,
    Event,
    Health,
    JournalFailed,
    JournalRecovered,
    StopAsked,
    TimePassed,
)
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryParked,
    EntryState,
    ReleaseIntended,
    ReleaseSettled,
)
from terminal.core.machine import BeginSession, MachineEnabled, SessionEnded, VendCancelled, VendRequested
from terminal.core.policy import Reason
from terminal.core.rules import OfflineRules
from tests.core.making import OTHER, effects, facts, kinds, shown
from tests.core.snacks import (
    CHIPS,
    DENY,
    END,
    FULL,
    PHASES,
    charging,
    checking,
    choosing,
    ended,
    releasing,
    showing,
    told,
    waiting,
)

# -- how it ends ---------------------------------------------------------------------------------------


def test_a_failed_vend_is_not_charged() -> None:
    talk = releasing()
    made = talk(ended(Ended.FAILED))
    assert kinds(made)[0] == [ReleaseSettled, EntryAbandoned]
    assert (told(talk), talk.notice) == ([END], Notice.REFUSED)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("after_unknown", ["park", "charge"])
def test_a_vend_of_which_nobody_can_tell_is_charged_at_most_once(after_unknown: str, *, silent: bool) -> None:
    talk = releasing(after_unknown_release=after_unknown)
    made = talk.wait() if silent else talk(ended(Ended.UNKNOWN))
    assert facts(made, ReleaseSettled)[0].ended is Ended.UNKNOWN
    if after_unknown == "park":
        assert [(fact.key, fact.state) for fact in facts(made, EntryParked)] == [("k1", EntryState.PARKED)]
    else:
        assert facts(made, EntryFreed) == [EntryFreed("k1")]
    assert facts(made, EntryAdded) == []
    assert (told(talk), talk.notice) == ([END], Notice.UNKNOWN)
    late = talk(ended(Ended.DONE))
    assert (late.facts, late.effects) == ((), ())


def test_an_answer_for_another_vend_is_not_this_ones() -> None:
    talk = releasing()
    assert (talk(ended(Ended.DONE, "k0")).facts, talk.phase) == ((), "releasing")


def test_a_vend_that_is_given_out_waits_for_its_own_end() -> None:
    talk = releasing()
    events: list[Event] = [
        VendCancelled("snacks"),
        SessionEnded("snacks"),
        MachineEnabled("snacks", enabled=False),
    ]
    for event in (*events, JournalFailed("full"), JournalRecovered()):
        assert (talk(event).facts, talk.phase) == ((), "releasing")
    talk.health("snacks", Health.MISSING)
    assert talk.phase == "releasing"
    assert len(facts(talk(ended(Ended.DONE)), EntryFreed)) == 1


def test_a_second_request_during_a_vend_is_denied() -> None:
    talk = releasing()
    made = talk.ask("12", 300)
    assert (made.facts, made.effects, talk.phase) == ((), (DENY,), "releasing")
    assert facts(talk(ended(Ended.DONE)), EntryFreed) == [EntryFreed("k1")]


@pytest.mark.parametrize("leave", ["card", "button", "time", "lever"])
def test_leaving_while_choosing(leave: str) -> None:
    talk = choosing(choose_s=20)
    made = {
        "card": talk.tap,
        "button": lambda: talk.press("cancel"),
        "time": talk.wait,
        "lever": lambda: talk(SessionEnded("snacks")),
    }[leave]()
    assert (made.facts, told(talk), talk.notice) == ((), [END], Notice.CANCELLED)


@pytest.mark.parametrize("leave", ["button", "time", "taken back", "lever"])
def test_leaving_before_the_tap(leave: str) -> None:
    talk = waiting()
    made = {
        "button": lambda: talk.press("cancel"),
        "time": talk.wait,
        "taken back": lambda: talk(VendCancelled("snacks")),
        "lever": lambda: talk(SessionEnded("snacks")),
    }[leave]()
    assert (made.facts, told(talk), talk.notice) == ((), [DENY, END], Notice.CANCELLED)
    talk.wait()
    assert talk.phase == "ready"
    talk.tap()
    talk.wallet(1000)
    assert told(talk) == [BeginSession("snacks", 1000)], "what the one before chose is forgotten"


def test_another_token_has_to_wait() -> None:
    for begin in (checking, choosing, charging, releasing):
        talk = begin()
        before = talk.state.job
        made = talk.tap(OTHER)
        assert (made.facts, shown(made).notice, talk.state.job) == ((), Notice.BUSY, before)


def test_buttons_of_the_terminal_choose_nothing() -> None:
    for begin in PHASES[:-1]:
        talk = begin()
        made = talk.press("espresso")
        assert (made.facts, made.effects) == ((), ())
    talk = showing()
    talk.press("espresso")
    assert talk.phase == "ready"


@pytest.mark.parametrize("how", ["tap", "request"])
def test_the_next_customer_need_not_wait_for_the_result_to_go(how: str) -> None:
    talk = showing()
    if how == "tap":
        assert effects(talk.tap(OTHER), ReadWallet) == [ReadWallet(OTHER, 700)]
    else:
        talk.ask("12", 200)
        assert (talk.phase, talk.shown.amount, talk.shown.token) == ("waiting for a token", 200, None)


# -- several vends in one session ----------------------------------------------------------------------


def test_several_vends_in_one_session() -> None:
    talk = choosing(500, machine_multivend=True)
    talk.ask("11", 150)
    talk(ended(Ended.DONE))
    assert (talk.phase, talk.notice, told(talk)) == ("choosing", Notice.CONFIRMED, [])
    assert talk.shown.balance == 350
    second = talk.ask("12", 350)
    assert [fact.key for fact in facts(second, EntryAdded)] == ["k2"]
    assert effects(second, Release)[0].release == "k2/0"
    talk(ended(Ended.DONE, "k2"))
    assert talk.shown.balance == 0
    third = talk.ask("12", 1)
    assert (third.facts, told(talk), talk.shown.words) == ((), [DENY, END], Reason.INSUFFICIENT.value)


@pytest.mark.parametrize("leave", ["lever", "time", "card"])
def test_the_end_of_a_session_in_which_something_was_bought_is_no_cancelling(leave: str) -> None:
    talk = choosing(machine_multivend=True)
    talk.ask()
    talk(ended(Ended.DONE))
    made = {"lever": lambda: talk(SessionEnded("snacks")), "time": talk.wait, "card": talk.tap}[leave]()
    assert (made.facts, told(talk)) == ((), [END])
    assert (talk.phase, talk.notice) == ("showing the result", Notice.CONFIRMED)


@pytest.mark.parametrize("limit", [{"max_count": 1}, {"max_total": 299}])
def test_what_is_sold_in_a_session_counts_against_the_offline_limits(limit: dict[str, int]) -> None:
    talk = checking(machine_multivend=True, offline=OfflineRules(max_per_token=400, **limit))
    talk.wallet(cached=CachedWallet(9_999, 0))
    talk.ask("11", 150)
    talk(ended(Ended.DONE))
    assert talk.ask("11", 150).facts == ()
    assert talk.shown.words == Reason.OFFLINE_TERMINAL.value


@pytest.mark.parametrize("how", [Ended.FAILED, Ended.UNKNOWN])
def test_a_vend_that_does_not_succeed_ends_the_session(how: Ended) -> None:
    talk = releasing(machine_multivend=True)
    talk(ended(how))
    assert (told(talk), talk.phase) == ([END], "showing the result")


def test_who_chose_first_and_whoever_left_have_one_vend() -> None:
    first = waiting(machine_multivend=True)
    first.tap()
    first.wallet(1000)
    left = releasing(machine_multivend=True)
    left(SessionEnded("snacks"))
    closing = releasing(machine_multivend=True)
    closing(MachineEnabled("snacks", enabled=False))
    stopping = releasing(machine_multivend=True)
    stopping(StopAsked())
    for talk in (first, left, closing, stopping):
        talk(ended(Ended.DONE))
        assert (talk.phase, told(talk)) == ("showing the result", [END])


# -- authorize = "charge" ------------------------------------------------------------------------------


def test_charged_before_it_is_approved() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.DELIVERED, balance=150))
    assert kinds(made) == ([ReleaseIntended], [Release, Show])
    assert effects(made, Release)[0].product == CHIPS
    talk(ended(Ended.DONE))
    assert (talk.notice, talk.shown.balance, told(talk)) == (Notice.CONFIRMED, 150, [END])


def test_a_refused_charge_denies_the_vend() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.REFUSED, "wallet is locked"))
    assert (kinds(made)[0], told(talk), talk.notice) == ([EntryAbandoned], [DENY, END], Notice.REFUSED)


def test_a_charge_without_an_answer_falls_back_on_trust() -> None:
    talk = charging()
    assert len(effects(talk.wait(), Release)) == 1
    refused = charging(offline=OfflineRules(max_sale=149))
    made = refused.wait()
    assert (kinds(made)[0], told(refused)) == ([EntryAbandoned], [DENY, END])


GONE: list[Event] = [
    VendCancelled("snacks"),
    SessionEnded("snacks"),
    VendRequested("snacks", "12", 90),
]


@pytest.mark.parametrize("event", GONE, ids=lambda event: type(event).__name__)
def test_a_machine_that_does_not_wait_for_the_charge_gives_nothing_out(event: Event) -> None:
    talk = charging()
    made = talk(event)
    assert [fact.key for fact in facts(made, EntryAbandoned)] == ["k1"]
    assert (told(talk), talk.notice) == ([DENY, END], Notice.CANCELLED)
    late = talk(DeliveryEnded("k1", Outcome.DELIVERED))
    assert (late.facts, late.effects) == ((), ())


def test_a_machine_that_is_lost_while_the_server_is_asked_gives_nothing_out() -> None:
    talk = charging()
    talk.health("paper", Health.MISSING)
    talk.health("snacks", Health.DEGRADED)
    assert talk.phase == "charging"
    made = talk.health("snacks", Health.MISSING)
    assert (kinds(made)[0], talk.phase) == ([EntryAbandoned], "showing the result")


@pytest.mark.parametrize("event", [FULL, *GONE], ids=lambda event: type(event).__name__)
def test_what_cannot_be_written_off_while_the_disk_is_full_is_later(event: Event) -> None:
    """Approving it then would be for nobody: the machine has long gone on."""
    talk = charging()
    talk(FULL)
    assert told(talk) == [DENY, END]
    for each in (event, DeliveryEnded("k1", Outcome.DELIVERED), TimePassed()):
        assert talk(each, after_ms=2_000).facts == ()
        assert told(talk) == [DENY, END]
    assert talk.phase == "charging"
    made = talk(JournalRecovered())
    assert ([fact.key for fact in facts(made, EntryAbandoned)], effects(made, Release)) == (["k1"], [])
    assert talk.phase == "showing the result"


def test_a_journal_that_recovers_disturbs_no_charge() -> None:
    talk = charging()
    assert (talk(JournalRecovered()).facts, talk.phase) == ((), "charging")
    assert len(effects(talk(DeliveryEnded("k1", Outcome.DELIVERED)), Release)) == 1
