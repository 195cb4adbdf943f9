"""A technician tries acceptors and hoppers: every coin of it is on the books, by that name."""

import pytest

from terminal.core.effects import CloseSlot, CountPayout, Notice, OpenSlot, PayOut
from terminal.core.events import (
    EmptyingAsked,
    Ended,
    PayCoins,
    PayoutCounted,
    PayoutEnded,
    StopAsked,
    TakeCoins,
    TrialAsked,
    TrialOver,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    PayoutIntended,
    PayoutSettled,
    PersonDecided,
    SessionClosed,
)
from terminal.core.rules import CashRules
from terminal.core.trial import PATIENCE_MS
from terminal.core.value import replace
from tests.core.making import Talk, effects, facts, topup_job, vending_job

PAY = TrialAsked("t1", "hopper", "the technician", PayCoins(50))
TAKE = TrialAsked("t2", "slot", "the technician", TakeCoins(500, 30))
JOB = replace(topup_job(), acceptors=("slot", "bills"))


def pay(talk: Talk) -> str:
    talk(PAY)
    ((asked),) = effects(talk.last, CountPayout)
    return asked.payout


def test_a_coin_is_paid_out_once_it_is_explained_and_counted() -> None:
    talk = Talk(topup_job())
    payout = pay(talk)
    (entry,) = facts(talk.last, EntryAdded)
    (decided,) = facts(talk.last, PersonDecided)
    assert (entry.amount, decided.by, facts(talk.last, PayoutIntended)) == (0, "the technician", [])
    made = talk(PayoutCounted(payout, "3"))
    assert made.facts == (PayoutIntended(payout, "hopper", 50, "3", key=entry.key),)
    assert effects(made, PayOut) == [PayOut(payout, "hopper", 50, "3")]
    assert talk(PayoutCounted(payout, "3")).effects == ()
    made = talk(PayoutEnded(payout, Ended.DONE, 50))
    assert made.facts == (PayoutSettled(payout, Ended.DONE, 50),)
    assert talk(PayoutEnded(payout, Ended.DONE, 50)).facts == ()
    assert talk.notice is Notice.READY


def test_a_hopper_that_cannot_count_leaves_nothing_open() -> None:
    talk = Talk(topup_job())
    payout = pay(talk)
    assert talk(PayoutEnded(payout, Ended.FAILED, 0, "it is empty")).facts == ()
    assert talk(replace(PAY, ticket="t9")).effects != ()


@pytest.mark.parametrize("counted", ["3", ""])
def test_a_hopper_that_never_answers_is_unknown_when_the_next_trial_begins(counted: str) -> None:
    talk = Talk(topup_job())
    payout = pay(talk)
    if counted:
        talk(PayoutCounted(payout, counted))
    assert talk(replace(PAY, ticket="t9")).facts == ()
    assert talk.state.trial is not None
    assert "under way" in talk.state.trial.words
    made = talk(replace(PAY, ticket="t10"), after_ms=PATIENCE_MS)
    settled = [PayoutSettled(payout, Ended.UNKNOWN, 0, "The device did not answer before the next trial.")]
    assert facts(made, PayoutSettled) == (settled if counted else [])


def test_coins_of_a_trial_are_written_off_by_its_name() -> None:
    talk = Talk(JOB, healthy=("slot", "bills"))
    made = talk(TAKE)
    assert (made.facts, effects(made, OpenSlot)) == ((), [OpenSlot(500, ("bills",))])
    made = talk.coin(200, counter=3, mark="3")
    (came, went) = facts(made, CashMoved)
    (entry,) = facts(made, EntryAdded)
    (decided,) = facts(made, PersonDecided)
    assert (came.kind, came.amount, went.kind, went.key) == (CashKind.IN, 200, CashKind.UNCLAIMED, entry.key)
    assert (entry.kind, entry.amount, entry.token) == (EntryKind.UNCLAIMED, 200, None)
    assert (decided.key, decided.action, decided.by) == (entry.key, "void", "the technician")
    assert len(facts(made, SessionClosed)) == 1
    assert talk.state.boxes["slot"].amount == 200


@pytest.mark.parametrize("how", ["time", "over", "tap", "stop"])
def test_the_trial_of_an_acceptor_ends_and_the_slot_is_the_jobs_again(how: str) -> None:
    talk = Talk(JOB, healthy=("slot", "bills"))
    talk(TAKE)
    made = {
        "time": talk.wait,
        "over": lambda: talk(TrialOver("t2")),
        "tap": talk.tap,
        "stop": lambda: talk(StopAsked()),
    }[how]()
    said = [effect for effect in made.effects if isinstance(effect, OpenSlot | CloseSlot)]
    assert isinstance(said[0], CloseSlot)
    if how in ("time", "over"):
        assert said[-1] == OpenSlot(5000)
    made = talk.coin(200)
    assert facts(made, PersonDecided) == [], "it is a guest's now"


def test_a_trial_that_is_over_for_somebody_else_goes_on() -> None:
    talk = Talk(JOB, healthy=("slot", "bills"))
    talk(TAKE)
    assert talk(TrialOver("t1")).effects == ()
    assert len(facts(talk.coin(100), PersonDecided)) == 1
    assert len(facts(talk.coin(100), PersonDecided)) == 1


def test_where_the_slot_is_always_closed_it_is_closed_again() -> None:
    talk = Talk(replace(vending_job(), acceptors=("slot",)))
    assert effects(talk(TAKE), OpenSlot) != []
    made = talk.wait()
    assert effects(made, CloseSlot) != []
    assert effects(made, OpenSlot) == []


def test_one_trial_at_a_time() -> None:
    talk = Talk(JOB)
    talk(TAKE)
    assert talk(PAY).effects == ()
    assert talk.state.trial is not None
    assert "under way" in talk.state.trial.words
    assert talk.state.trial.until_ms is not None


def test_no_trial_fills_a_cash_box_beyond_its_limit() -> None:
    talk = Talk(replace(JOB, cash=CashRules(box_pieces={"slot": 2})), healthy=("slot", "bills"))
    talk(TAKE)
    assert effects(talk.coin(200), CloseSlot) == []
    made = talk.coin(200)
    assert len(facts(made, PersonDecided)) == 1
    assert effects(made, CloseSlot) != []
    assert effects(made, OpenSlot) == [OpenSlot(5000, ("slot",))]
    assert talk(replace(TAKE, ticket="t3")).effects == ()
    assert talk.state.trial is not None
    assert "cash box of slot is full" in talk.state.trial.words
    talk(EmptyingAsked("slot", "the technician"))
    assert effects(talk(replace(TAKE, ticket="t4")), OpenSlot) == [OpenSlot(500, ("bills",))]
