"""A technician tries a device: only on an idle machine, explained before it happens, paid by nobody."""

from pathlib import Path

import pytest

from terminal.core.effects import Print, Release
from terminal.core.events import (
    ButtonPressed,
    Ended,
    Event,
    JournalFailed,
    PairingAsked,
    PrintEnded,
    ReleaseEnded,
    StopAsked,
    TokenPresented,
    TrialAsked,
)
from terminal.core.facts import (
    EntryAdded,
    EntryState,
    PersonDecided,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
)
from terminal.core.job import Job
from terminal.core.paper import Document, Text
from terminal.core.records import OpenRelease
from terminal.core.recover import LeftOpen, recover
from terminal.core.trial import PATIENCE_MS
from terminal.journal.store import Journal
from tests.core.making import ESPRESSO, START, UID, Talk, effects, facts, topup_job, vending_job

PULSE = TrialAsked("t1", "relay", "the technician", ESPRESSO)
PAGE = TrialAsked("t2", "paper", "the technician", Document((Text("Trial"),)))


@pytest.mark.parametrize("job", [vending_job(), topup_job()])
def test_the_fact_that_explains_a_trial_comes_with_its_order(job: Job) -> None:
    talk = Talk(job)
    talk(PULSE)
    (entry,) = facts(talk.last, EntryAdded)
    (decided,) = facts(talk.last, PersonDecided)
    (intent,) = facts(talk.last, ReleaseIntended)
    assert (entry.amount, entry.token, entry.held, entry.pieces) == (0, None, False, (ESPRESSO,))
    assert (decided.key, decided.action, decided.by) == (entry.key, "void", "the technician")
    assert (intent.key, intent.kind, intent.device) == (entry.key, ReleaseKind.VEND, "relay")
    assert effects(talk.last, Release) == [Release(intent.release, "relay", ESPRESSO)]
    assert talk.state.trial is not None
    assert (talk.state.trial.ticket, talk.state.trial.words, talk.state.trial.key) == ("t1", "", entry.key)


def test_a_page_is_explained_too() -> None:
    talk = Talk(vending_job())
    talk(PAGE)
    (intent,) = facts(talk.last, ReleaseIntended)
    assert intent.kind is ReleaseKind.PRINT
    assert [order.job for order in effects(talk.last, Print)] == [intent.release]
    talk(PrintEnded(intent.release, Ended.DONE))
    assert facts(talk.last, ReleaseSettled) == [ReleaseSettled(intent.release, Ended.DONE)]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (TokenPresented("reader", UID), "Somebody is at the machine (checking the wallet)"),
        (ButtonPressed("panel", "espresso"), "Somebody is at the machine (waiting for a token)"),
        (PairingAsked("123"), "Somebody is at the machine"),
        (JournalFailed("The disk is full."), "The disk is full."),
        (StopAsked(), "about to stop"),
        (PULSE, "Another trial is under way"),
    ],
)
def test_it_is_refused_while_the_machine_is_not_idle(before: Event, words: str) -> None:
    talk = Talk(vending_job())
    talk(before)
    talk(TrialAsked("t9", "relay", "the technician", ESPRESSO))
    assert talk.last.facts == ()
    assert talk.last.effects == ()
    assert talk.state.trial is not None
    assert talk.state.trial.ticket == "t9"
    assert words in talk.state.trial.words


def test_its_end_is_written_once_and_frees_the_next_one() -> None:
    talk = Talk(vending_job())
    talk(PULSE)
    (intent,) = facts(talk.last, ReleaseIntended)
    talk(ReleaseEnded(intent.release, Ended.FAILED, "jammed"))
    assert facts(talk.last, ReleaseSettled) == [ReleaseSettled(intent.release, Ended.FAILED, "jammed")]
    talk(ReleaseEnded(intent.release, Ended.DONE))
    assert talk.last.facts == ()
    talk(PULSE)
    assert len(effects(talk.last, Release)) == 1


def test_a_refusal_does_not_forget_the_trial_under_way() -> None:
    talk = Talk(vending_job())
    talk(PULSE)
    (intent,) = facts(talk.last, ReleaseIntended)
    talk(PULSE)
    talk(ReleaseEnded(intent.release, Ended.DONE))
    assert facts(talk.last, ReleaseSettled) == [ReleaseSettled(intent.release, Ended.DONE)]


def test_a_trial_that_nobody_answers_is_unknown_when_the_next_one_begins() -> None:
    talk = Talk(vending_job())
    talk(PULSE)
    (first,) = facts(talk.last, ReleaseIntended)
    talk(PULSE, after_ms=PATIENCE_MS)
    (second,) = facts(talk.last, ReleaseIntended)
    assert [settled.ended for settled in facts(talk.last, ReleaseSettled)] == [Ended.UNKNOWN]
    assert second.release != first.release


def test_a_trial_does_not_disturb_the_guest_who_comes_meanwhile() -> None:
    talk = Talk(vending_job())
    talk(PULSE)
    (intent,) = facts(talk.last, ReleaseIntended)
    talk.tap()
    talk.wallet(1000)
    talk.press("espresso")
    (sale,) = effects(talk.last, Release)
    talk(ReleaseEnded(intent.release, Ended.DONE))
    assert talk.phase == "releasing"
    talk(ReleaseEnded(sale.release, Ended.DONE))
    assert talk.phase == "showing the result"


def test_the_journal_keeps_a_trial_and_is_whole(tmp_path: Path) -> None:
    talk = Talk(vending_job())
    talk(PULSE)
    journal = Journal.open(tmp_path / "journal.db", b"k" * 32, boot=START.boot)
    try:
        journal.commit(talk.last.facts, talk.now, urgent=True)
        (open_release,) = journal.open_releases()
        assert open_release.device == "relay"
        talk(ReleaseEnded(open_release.release, Ended.DONE))
        journal.commit(talk.last.facts, talk.now, urgent=True)
        (entry,) = journal.entries()
        assert entry.state is EntryState.VOIDED
        assert "the technician" in entry.words
        assert journal.pending_lanes() == []
        assert journal.open_releases() == []
        assert journal.books().missing == 0
        assert journal.verify(lambda _done, _total: None) == []
    finally:
        journal.close()


def test_a_trial_that_a_power_cut_interrupts_is_unknown_and_not_repeated() -> None:
    talk = Talk(vending_job())
    talk(PULSE)
    (intent,) = facts(talk.last, ReleaseIntended)
    left = OpenRelease(intent.release, intent.kind, intent.key, intent.device, intent.detail, talk.now)
    found = recover(vending_job(), LeftOpen(releases=(left,)), talk.now, talk.ids)
    (settled,) = found.facts
    assert isinstance(settled, ReleaseSettled)
    assert (settled.release, settled.ended) == (intent.release, Ended.UNKNOWN)
