"""The ticket kiosk with a card terminal that a server drives, event by event."""

import pytest

from terminal.core.card import Step
from terminal.core.delivery import Outcome
from terminal.core.effects import AskPayment, CloseSlot, CountPayout, Notice, Print
from terminal.core.events import (
    CardPaid,
    CatalogueRead,
    Ended,
    Health,
    JournalFailed,
    PrintEnded,
    StopAsked,
    TimePassed,
)
from terminal.core.facts import (
    AttemptEnded,
    AttemptStarted,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    ReleaseIntended,
)
from terminal.core.tickets import Method, Payment
from terminal.core.value import replace
from tests.core.box_office import at_the_kiosk, choose, entries, prints, sale_of, to_pay
from tests.core.card_talk import ONLY_CARD, asked, by_card, ends, job, key_of, moved, paying, waits
from tests.core.making import ESPRESSO, STAFF, UID, effects, facts


def test_the_button_is_offered_only_where_a_server_drives_a_card_terminal():
    assert paying(4).shown.offers == ("card",)
    talk = to_pay(4)
    assert talk.shown.offers == ()
    talk.press("card")
    assert (talk.phase, talk.last.facts) == ("paying", ())
    talk = paying(4, pay=("coins",))
    talk.press("card")
    assert (talk.shown.offers, talk.phase) == ((), "paying")


def test_who_has_chosen_may_press_it_at_once():
    talk = at_the_kiosk(job())
    talk.press("card")
    assert (talk.phase, talk.shown.words) == ("ready", "")
    talk.press("4")
    talk.press("card")
    assert (talk.phase, asked(talk).amount) == ("paying by card", 300)
    talk = at_the_kiosk(job())
    talk.press("4")
    talk.health("paper", Health.FAILED)
    talk.press("card")
    assert (talk.phase, effects(talk.last, AskPayment)) == ("choosing", [])
    assert talk.shown.words


def test_it_is_on_the_books_as_begun_before_the_card_terminal_is_asked():
    talk = by_card(4)
    (entry,) = facts(talk.last, EntryAdded)
    assert (entry.kind, entry.backend, entry.token, entry.amount, entry.held) == (
        EntryKind.PAYMENT,
        "terminal",
        None,
        300,
        True,
    )
    assert facts(talk.last, AttemptStarted) == [AttemptStarted(entry.key)]
    assert asked(talk) == AskPayment(entry.key, 300)
    assert effects(talk.last, CloseSlot)
    assert (talk.notice, talk.shown.due) == (Notice.CARD, 300)


def test_the_server_is_asked_again_when_it_says_and_what_is_authorised_is_captured_with_the_sale():
    talk = by_card(4)
    key = key_of(talk)
    waits(talk, wait_ms=500)
    assert talk.state.wake_ms == talk.now.mono_ms + 500
    talk(TimePassed(), after_ms=499)
    assert effects(talk.last, AskPayment) == []
    talk(TimePassed(), after_ms=1)
    assert asked(talk) == AskPayment(key, 300, "77")
    moved(talk, Step.AUTHORISED, reference="77")
    assert ends(talk) == [(Outcome.BUSY, EntryState.QUEUED, "77")]
    assert facts(talk.last, EntryFreed) == [EntryFreed(key)]
    assert sale_of(talk).payments == (Payment(Method.CARD, 300, reference="77"),)
    assert prints(talk) == ["ticket-1", "receipt"]
    assert talk.notice is Notice.ISSUED
    assert talk.last.facts.index(EntryFreed(key)) > talk.last.facts.index(facts(talk.last, AttemptEnded)[0])


def test_what_was_taken_at_once_is_booked_and_sold():
    talk = by_card(4)
    moved(talk, Step.TAKEN, reference="77")
    assert ends(talk) == [(Outcome.DELIVERED, EntryState.DELIVERED, "77")]
    assert sale_of(talk).payments == (Payment(Method.CARD, 300, reference="77"),)


def test_a_card_that_is_not_accepted_pays_nothing_and_may_be_tried_again():
    talk = by_card(4)
    first = key_of(talk)
    moved(talk, Step.REFUSED, words="declined")
    assert ends(talk) == [(Outcome.REFUSED, EntryState.QUEUED, "")]
    assert [each.key for each in facts(talk.last, EntryAbandoned)] == [first]
    assert (talk.phase, talk.shown.offers) == ("paying", ("card",))
    assert "not accepted" in talk.shown.words
    talk.press("card")
    assert key_of(talk) != first


def test_coins_that_are_in_are_not_paid_again_by_card_and_come_back_where_it_is_cancelled():
    talk = paying(4)
    talk.coin(100)
    talk.press("card")
    assert asked(talk).amount == 200
    waits(talk)
    talk.press("cancel")
    assert [each.words for each in facts(talk.last, EntryAbandoned)]
    assert effects(talk.last, CountPayout)
    assert talk.notice is Notice.RETURNING


def test_a_coin_that_was_on_its_way_comes_back_when_the_card_has_paid_all():
    talk = by_card(4)
    talk.coin(200)
    moved(talk, Step.AUTHORISED, reference="77")
    assert sale_of(talk).payments == (Payment(Method.CARD, 300, reference="77"),)
    assert talk.notice is Notice.RETURNING
    assert effects(talk.last, CountPayout)


@pytest.mark.parametrize("binding", [False, True])
def test_cancel_ends_what_is_only_authorised_and_nothing_that_may_be_taken(binding):
    talk = by_card(4)
    talk.press("cancel")
    assert talk.phase == "paying by card"  # the server has not said yet what it does
    waits(talk, binding=binding)
    talk.press("cancel")
    if binding:
        assert (talk.phase, talk.last.facts) == ("paying by card", ())
        assert "cancel at the card terminal" in talk.shown.words
    else:
        assert ends(talk) == [(Outcome.UNKNOWN, EntryState.QUEUED, "77")]
        assert talk.notice is Notice.CANCELLED


@pytest.mark.parametrize("how", ["time", "lost"])
@pytest.mark.parametrize("binding", [False, True])
def test_what_nobody_can_tell_ends_the_sale_only_where_money_may_have_been_taken(binding, how):
    talk = by_card(4, card_s=10)
    waits(talk, binding=binding, wait_ms=60_000)
    if how == "time":
        talk(TimePassed(), after_ms=10_000)
    else:
        moved(talk, Step.LOST, binding=binding, words="no answer")
    assert ends(talk) == [(Outcome.UNKNOWN, EntryState.QUEUED, "77")]
    assert len(facts(talk.last, EntryAbandoned)) == 1
    assert EntryKind.SALE not in entries(talk)
    if binding:
        assert talk.notice is Notice.UNKNOWN
        assert "call the staff" in talk.shown.words
        assert talk.shown.amount == 300
    else:
        assert (talk.phase, talk.notice) == ("paying", Notice.PAY)
        assert "Nothing was taken" in talk.shown.words


@pytest.mark.parametrize("step", [Step.AUTHORISED, Step.LOST, Step.REFUSED])
def test_what_the_server_calls_a_payment_is_on_the_books_though_it_says_so_only_at_the_end(step):
    talk = by_card(4)
    talk.health("paper", Health.FAILED)
    moved(talk, step, reference="77", binding=True, words="no answer")
    assert [reference for _, _, reference in ends(talk)] == ["77"]
    talk = by_card(4)
    waits(talk)
    moved(talk, Step.TAKEN)
    assert [reference for _, _, reference in ends(talk)] == ["77"]
    assert sale_of(talk).payments == (Payment(Method.CARD, 300, reference="77"),)


def test_a_start_that_is_never_answered_is_taken_for_one_that_may_take_money():
    talk = by_card(4, card_s=10)
    talk(TimePassed(), after_ms=10_000)
    assert talk.notice is Notice.UNKNOWN


def test_an_answer_that_nobody_waits_for_is_written_down_only_if_money_moved():
    talk = by_card(4)
    key = key_of(talk)
    waits(talk)
    talk.press("cancel")
    for step in (Step.WAIT, Step.AUTHORISED, Step.REFUSED, Step.LOST):
        assert not moved(talk, step, key=key, reference="77").facts
    moved(talk, Step.TAKEN, key=key, reference="77")
    assert ends(talk) == [(Outcome.DELIVERED, EntryState.DELIVERED, "77")]
    assert talk.notice is Notice.CANCELLED


def test_the_answer_to_an_earlier_payment_pays_no_later_one():
    talk = by_card(4)
    first = key_of(talk)
    waits(talk)
    moved(talk, Step.LOST, words="?")
    talk.press("card")
    second = key_of(talk)
    moved(talk, Step.AUTHORISED, key=first, reference="77")
    assert (talk.phase, key_of(talk), talk.last.facts) == ("paying by card", second, ())


@pytest.mark.parametrize("step", [Step.AUTHORISED, Step.TAKEN])
def test_a_printer_that_died_meanwhile_stops_a_capture_but_not_what_is_paid(step):
    talk = by_card(4)
    waits(talk, binding=step is Step.TAKEN)
    talk.health("paper", Health.FAILED)
    moved(talk, step, reference="77")
    if step is Step.TAKEN:
        assert sale_of(talk).payments[0].reference == "77"
    else:
        assert EntryKind.SALE not in entries(talk)
        assert len(facts(talk.last, EntryAbandoned)) == 1
        assert facts(talk.last, EntryFreed) == []


def test_nothing_is_asked_where_no_ticket_could_be_issued():
    talk = paying(4)
    talk.health("paper", Health.FAILED)
    talk.press("card")
    assert effects(talk.last, AskPayment) == []
    assert EntryKind.PAYMENT not in entries(talk)


def test_while_nothing_can_be_written_nobody_is_told_that_it_is_over():
    talk = by_card(4, card_s=10)
    waits(talk, wait_ms=60_000)
    talk(JournalFailed("The disk is full."))
    for _ in range(3):
        assert not talk(TimePassed(), after_ms=10_000).facts
        assert talk.phase == "paying by card"
        assert talk.state.job.wake_ms > talk.now.mono_ms
    assert not talk.press("cancel").facts


@pytest.mark.parametrize("binding", [False, True])
def test_a_stop_waits_for_what_may_be_taken_and_gives_up_the_rest(binding):
    talk = by_card(4)
    waits(talk, binding=binding)
    talk(StopAsked())
    assert talk.state.job.under_way is binding
    assert bool(facts(talk.last, EntryAbandoned)) is not binding


def test_taps_staff_and_products_change_nothing_while_a_card_is_paying():
    talk = by_card(4)
    before = talk.state.job
    for uid in (UID, STAFF):
        talk.tap(uid)
        assert talk.notice is Notice.BUSY
    talk.press("9")
    talk.press("card")
    talk.press("confirm")
    assert talk.state.job == before
    talk(CardPaid("t1", "8817", 300, "Kim"))
    assert "No sale waits" in talk.state.job.answer.words
    assert EntryKind.SALE not in entries(talk)


def test_a_price_that_changes_while_a_card_is_paying_changes_nothing_for_it():
    talk = at_the_kiosk(job(products=()))
    talk(CatalogueRead((ESPRESSO,), fresh=True))
    for button in ("espresso", "confirm", "card"):
        talk.press(button)
    talk(CatalogueRead((replace(ESPRESSO, price=999),), fresh=True))
    assert (talk.phase, talk.last.facts) == ("paying by card", ())
    moved(talk, Step.AUTHORISED, reference="77")
    assert sale_of(talk).total == ESPRESSO.price


def test_where_only_cards_pay_the_card_terminal_is_asked_at_once_and_again_by_confirm():
    talk = paying(4, **ONLY_CARD)
    assert (talk.phase, asked(talk).amount) == ("paying by card", 300)
    moved(talk, Step.REFUSED, words="declined")
    assert talk.phase == "paying"
    talk.press("confirm")
    assert asked(talk).amount == 300


def test_what_costs_nothing_asks_no_card():
    talk = paying("guest", **ONLY_CARD)
    assert effects(talk.last, AskPayment) == []
    assert sale_of(talk).payments == ()


def test_the_receipt_names_what_the_server_calls_the_payment():
    talk = by_card(4)
    moved(talk, Step.AUTHORISED, reference="TP-0077")
    papers = {each.release.split("/")[1]: each.document for each in facts(talk.last, ReleaseIntended)}
    assert "TP-0077" in str(papers["receipt"])


def test_the_next_guest_pays_a_payment_of_their_own():
    talk = by_card(4)
    first = key_of(talk)
    moved(talk, Step.AUTHORISED, reference="77")
    while effects(talk.last, Print):
        talk(PrintEnded(effects(talk.last, Print)[0].job, Ended.DONE))
    choose(talk, 9)
    talk.press("confirm")
    talk.press("card")
    assert key_of(talk) != first
    assert asked(talk).amount == 150
