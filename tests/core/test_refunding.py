"""Paying money back, event by event: counted first, written down, paid once; the rest goes where it belongs."""

import pytest

from terminal.core.coins import Purse
from terminal.core.effects import CountPayout, Notice, OpenSlot, PayOut, Print, TellPayout
from terminal.core.events import (
    Ended,
    Health,
    PayoutCounted,
    PayoutEnded,
    Place,
    StopAsked,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    DeviceCounted,
    EntryAdded,
    EntryKind,
    EntryState,
    PayoutIntended,
    PayoutSettled,
    ReleaseIntended,
    SessionClosed,
)
from terminal.core.paper import Columns
from terminal.core.records import OpenPayout, OpenSession
from terminal.core.recover import LeftOpen, Recovered, recover
from terminal.core.rules import CashRules
from terminal.core.value import replace
from tests.core.making import START, UID, Counter, Talk, effects, facts, topup_job

BIG, SMALL = "two euro", "ten cent"
JOB = replace(topup_job(), cash=CashRules(payouts=(BIG, SMALL)))


def talking(*, token: bool = True, coins: tuple[int, ...] = (200, 50), job=JOB) -> Talk:
    talk = Talk(job, healthy=("slot", BIG, SMALL))
    if token:
        talk.tap()
        talk.wallet(1000)
    for coin in coins:
        talk.coin(coin)
    return talk


def count(talk: Talk) -> CountPayout:
    (asked,) = effects(talk.last, CountPayout)
    return asked


def pay(talk: Talk, ended: Ended = Ended.DONE, paid: int = 0, words: str = "") -> str:
    """Answer the count and the payout that follows; return its id."""
    asked = count(talk)
    talk(PayoutCounted(asked.payout, "7/0/0"))
    (order,) = effects(talk.last, PayOut)
    (intent,) = facts(talk.last, PayoutIntended)
    assert (order.payout, order.device, order.amount, order.mark) == (
        intent.payout, intent.device, intent.amount, intent.mark,
    )  # fmt: skip
    talk(PayoutEnded(order.payout, ended, paid, words))
    return order.payout


def test_cancel_pays_back() -> None:
    talk = talking()
    made = talk.press("cancel")
    assert (made.facts, talk.notice) == ((), Notice.RETURNING)
    assert count(talk).device == BIG
    payout = pay(talk, paid=200)
    assert talk.last.facts == (
        PayoutSettled(payout, Ended.DONE, 200),
        CashMoved("n1", CashKind.RETURNED, 200, BIG),
    )
    assert count(talk).device == BIG  # it may pay no more than a number at once
    pay(talk, paid=0)
    assert count(talk).device == SMALL
    payout = pay(talk, paid=50)
    assert talk.last.facts == (
        PayoutSettled(payout, Ended.DONE, 50),
        CashMoved("n1", CashKind.RETURNED, 50, SMALL),
        SessionClosed("n1", "returned"),
    )
    assert (talk.notice, talk.shown.amount, talk.shown.words) == (Notice.RETURNED, 250, "")
    talk.wait()
    assert talk.notice is Notice.READY


def test_nothing_is_paid_before_the_mark_is_written_down() -> None:
    talk = talking()
    talk.press("cancel")
    asked = count(talk)
    made = talk(PayoutCounted("another", "1"))
    assert (made.facts, made.effects) == ((), ())
    made = talk(PayoutCounted(asked.payout, "7/0/0"))
    assert made.facts == (PayoutIntended(asked.payout, BIG, 250, "7/0/0", session="n1"),)
    made = talk(PayoutCounted(asked.payout, "7/0/0"))
    assert (made.facts, made.effects) == ((), ())  # said twice, paid once


@pytest.mark.parametrize("token", [UID, ""])
def test_the_rest_goes_to_the_token_or_waits_for_one(token: str) -> None:
    talk = talking(token=bool(token))
    talk.press("cancel")
    pay(talk, paid=200)
    pay(talk, Ended.FAILED)
    pay(talk, Ended.FAILED)
    assert (talk.notice, talk.shown.amount) == (Notice.RETURNED, 200)
    if token:
        (entry,) = facts(talk.last, EntryAdded)
        assert (entry.kind, entry.token, entry.amount) == (EntryKind.CREDIT, UID, 50)
        return
    assert facts(talk.last, EntryAdded) == []
    talk.wait()
    assert (talk.notice, talk.shown.amount) == (Notice.COINS_WAITING, 50)
    talk.tap()
    talk.wallet(0)
    (entry,) = facts(talk.press("confirm"), EntryAdded)
    assert (entry.token, entry.amount) == (UID, 50)


def test_what_nobody_can_tell_is_a_persons() -> None:
    talk = talking()
    talk.press("cancel")
    payout = pay(talk, Ended.UNKNOWN, paid=100, words="it fell silent")
    settled, moved, entry, doubt, closed = talk.last.facts
    assert settled == PayoutSettled(payout, Ended.UNKNOWN, 100, "it fell silent")
    assert moved == CashMoved("n1", CashKind.RETURNED, 100, BIG)
    assert isinstance(entry, EntryAdded)
    assert (entry.kind, entry.state, entry.amount) == (EntryKind.UNCLAIMED, EntryState.PARKED, 150)
    assert BIG in entry.words
    assert doubt == CashMoved("n1", CashKind.UNCLAIMED, 150, key=entry.key)
    assert closed == SessionClosed("n1", "unclaimed")
    assert (talk.notice, talk.shown.amount) == (Notice.UNKNOWN, 100)
    late = talk(PayoutEnded(payout, Ended.DONE, 250))
    assert (late.facts, late.effects) == ((), ())


def test_a_payer_that_does_not_count_is_passed_over_and_one_that_does_not_answer_is_unknown() -> None:
    talk = talking()
    talk.press("cancel")
    first = count(talk)
    assert talk.wait().facts == ()
    second = count(talk)
    assert (first.device, second.device) == (BIG, SMALL)
    talk(PayoutCounted(second.payout, "1"))
    made = talk.wait()
    (settled,) = facts(made, PayoutSettled)
    assert (settled.ended, settled.paid) == (Ended.UNKNOWN, 0)
    assert [entry.amount for entry in facts(made, EntryAdded)] == [250]


def test_a_payer_that_cannot_pay_at_all_is_no_fact() -> None:
    talk = talking()
    talk.press("cancel")
    made = talk(PayoutEnded(count(talk).payout, Ended.FAILED, 0, "it is empty"))
    assert made.facts == ()
    assert count(talk).device == SMALL


def test_a_coin_that_comes_while_money_is_paid_is_kept_with_the_rest() -> None:
    talk = talking(coins=(200,))
    talk.press("cancel")
    asked = count(talk)
    talk(PayoutCounted(asked.payout, "1"))
    talk.coin(50)
    talk(PayoutEnded(asked.payout, Ended.DONE, 200))
    assert facts(talk.last, SessionClosed) == []
    pay(talk, paid=0)
    pay(talk, paid=50)
    assert (talk.notice, talk.shown.amount) == (Notice.RETURNED, 250)


def test_without_a_payer_cancel_credits() -> None:
    talk = talking()
    talk.health(BIG, Health.FAILED)
    talk.health(SMALL, Health.MISSING)
    assert [entry.amount for entry in facts(talk.press("cancel"), EntryAdded)] == [250]


def test_a_payer_never_pays_more_than_was_ordered() -> None:
    talk = talking(coins=(200,))
    talk.press("cancel")
    payout = pay(talk, paid=10_000)
    assert facts(talk.last, PayoutSettled) == [PayoutSettled(payout, Ended.DONE, 200)]


def test_a_tap_meanwhile_has_to_wait_and_a_stop_waits_for_the_end() -> None:
    talk = talking()
    talk.press("cancel")
    asked = count(talk)
    assert talk.state.job.under_way
    assert talk.tap().facts == ()
    assert talk.shown.notice is Notice.BUSY
    talk(StopAsked())
    talk(PayoutCounted(asked.payout, "1"))
    talk(PayoutEnded(asked.payout, Ended.DONE, 250))
    assert not talk.state.job.under_way


# -- restarts ------------------------------------------------------------------------------------------

OPEN = OpenPayout("p1", BIG, 200, "7/0/0", "s1", START)


def left(token: str | None, held: int = 250) -> LeftOpen:
    return LeftOpen(sessions=[OpenSession("s1", token, held, START, START)], payouts=[OPEN])


@pytest.mark.parametrize("token", [UID, None])
def test_after_a_restart_the_device_is_asked(token: str | None) -> None:
    found = recover(JOB, left(token), START, Counter())
    assert (found.facts, found.payout) == ((), OPEN)
    talk = Talk(JOB, found=found, healthy=("slot",))
    assert effects(talk.first, TellPayout) == [TellPayout("p1", BIG, 200, "7/0/0")]
    assert talk.notice is Notice.RETURNING
    made = talk(PayoutEnded("p1", Ended.DONE, 200))
    assert made.facts[:2] == (
        PayoutSettled("p1", Ended.DONE, 200),
        CashMoved("s1", CashKind.RETURNED, 200, BIG),
    )
    if token:
        assert [entry.amount for entry in facts(made, EntryAdded)] == [50]
    else:
        talk.wait()
        assert (talk.notice, talk.shown.amount) == (Notice.COINS_WAITING, 50)


@pytest.mark.parametrize("token", [UID, None])
def test_a_device_that_is_gone_cannot_be_asked(token: str | None) -> None:
    found = recover(topup_job(), left(token), START, Counter())
    assert (found.payout, found.purse) == (None, None)
    assert facts(found, PayoutSettled)[0].ended is Ended.UNKNOWN
    doubt, rest = facts(found, EntryAdded)
    assert (doubt.kind, doubt.amount) == (EntryKind.UNCLAIMED, 200)
    assert (rest.kind, rest.amount) == (EntryKind.CREDIT if token else EntryKind.UNCLAIMED, 50)


def test_a_trial_that_was_cut_off_is_unknown() -> None:
    trial = OpenPayout("t1", BIG, 200, "7/0/0", None, START)
    found = recover(JOB, LeftOpen(payouts=[trial]), START, Counter())
    assert [(each.payout, each.ended) for each in facts(found, PayoutSettled)] == [("t1", Ended.UNKNOWN)]
    assert found.payout is None


def test_a_device_that_never_answers_leaves_it_to_a_person() -> None:
    talk = Talk(JOB, found=recover(JOB, left(None, 200), START, Counter()), healthy=("slot",))
    made = talk.wait()
    assert facts(made, PayoutSettled)[0].ended is Ended.UNKNOWN
    assert [entry.kind for entry in facts(made, EntryAdded)] == [EntryKind.UNCLAIMED]


# -- where coins go, and how far their acceptor has counted --------------------------------------------


def test_a_coin_takes_its_mark_and_its_place_with_it() -> None:
    talk = talking(coins=())
    made = talk.coin(200, counter=8, place=Place.TUBE, mark="8")
    assert made.facts[1:] == (
        CashMoved("n1", CashKind.IN, 200, "slot", 8, place=Place.TUBE),
        DeviceCounted("slot", "8"),
    )


def test_a_purse_that_waited_is_not_told_as_being_paid() -> None:
    talk = Talk(JOB, found=Recovered(purse=Purse("s1", None, 100)), healthy=("slot", BIG))
    assert effects(talk.last, OpenSlot) != []
    talk.press("cancel")
    assert count(talk).device == BIG


# -- what can go wrong on the way ----------------------------------------------------------------------


def test_an_unknown_end_after_everything_came_out_leaves_nothing_in_doubt() -> None:
    talk = talking(coins=(200,))
    talk.press("cancel")
    asked = count(talk)
    talk(PayoutCounted(asked.payout, "1"))
    talk.coin(50)
    made = talk(PayoutEnded(asked.payout, Ended.UNKNOWN, 200))
    assert [fact.amount for fact in facts(made, CashMoved)] == [200]
    assert facts(made, EntryAdded) == []


def test_a_receipt_says_what_did_not_come_back() -> None:
    job = replace(JOB, printers=("paper",))
    talk = Talk(job, healthy=("slot", BIG, SMALL, "paper"))
    talk.tap()
    talk.wallet(1000)
    talk.coin(200)
    talk.press("cancel")
    pay(talk, Ended.UNKNOWN, paid=100)
    (entry,) = facts(talk.last, EntryAdded)
    (order,) = effects(talk.last, Print)
    assert facts(talk.last, ReleaseIntended)[0].key == entry.key
    said = [(line.left, line.right) for line in order.document.lines if isinstance(line, Columns)]
    assert ("Returned", "1.00 EUR") in said
    assert ("Uncertain", "1.00 EUR") in said


def test_money_that_came_back_whole_needs_no_receipt() -> None:
    talk = Talk(replace(JOB, printers=("paper",)), healthy=("slot", BIG, "paper"))
    talk.coin(200)
    talk.press("cancel")
    pay(talk, paid=200)
    assert effects(talk.last, Print) == []


def test_a_payer_whose_driver_was_started_anew_is_asked() -> None:
    talk = talking(coins=(200,))
    talk.press("cancel")
    asked = count(talk)
    assert talk.health(BIG, Health.OK).effects == (), "nothing is ordered yet"
    talk(PayoutCounted(asked.payout, "7"))
    assert talk.health(BIG, Health.FAILED).effects == ()
    assert talk.health(SMALL, Health.OK).effects == ()
    made = talk.health(BIG, Health.OK)
    assert (made.facts, made.effects) == ((), (TellPayout(asked.payout, BIG, 200, "7"),))
    made = talk(PayoutEnded(asked.payout, Ended.DONE, 200))
    assert facts(made, PayoutSettled) == [PayoutSettled(asked.payout, Ended.DONE, 200)]
    assert talk(PayoutEnded(asked.payout, Ended.DONE, 200)).facts == ()
