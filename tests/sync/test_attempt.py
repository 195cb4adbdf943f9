"""What an answer writes into the journal."""

from terminal.core.delivery import Again, Answer, Done, Guarantee, LookFirst, Outcome, Park, Pause, Promise
from terminal.core.facts import AttemptEnded, EntryAdded, EntryKind, EntryState
from terminal.core.records import Entry
from terminal.core.value import replace
from terminal.sync.attempt import Job, judge
from tests.sync.model import ManualClock, MemoryJournal

NOW = ManualClock().now()


def entry(*, in_doubt: bool = False) -> Entry:
    journal = MemoryJournal()
    journal.commit([EntryAdded("k", EntryKind.DEBIT, "main", "T1", 150)], NOW)
    found = journal.entry("k")
    assert found is not None
    return replace(found, in_doubt=in_doubt, first_attempted=NOW if in_doubt else None)


def judged(
    answer: Answer, promise: Promise = Promise.KEY, *, in_doubt: bool = False, look: bool = False
) -> object:
    job = Job(entry(in_doubt=in_doubt), "T1", probe=False, look=look, started=NOW)
    result = judge(job, Guarantee(promise), answer, NOW, 700)
    return result.fact, type(result.verdict)


def test_what_each_answer_writes() -> None:
    for outcome, state, verdict in (
        (Outcome.DELIVERED, EntryState.DELIVERED, Done),
        (Outcome.REFUSED, EntryState.PARKED, Park),
        (Outcome.DENIED, EntryState.QUEUED, Pause),
        (Outcome.BUSY, EntryState.QUEUED, Again),
        (Outcome.UNSENT, EntryState.QUEUED, Again),
        (Outcome.UNKNOWN, EntryState.QUEUED, Again),
    ):
        answer = Answer(outcome, "words", 299, balance=850)
        assert judged(answer) == (AttemptEnded("k", outcome, state, 299, "words", 850), verdict)


def test_a_refused_repeat_leaves_the_doubt_where_a_look_must_tell() -> None:
    fact, verdict = judged(Answer(Outcome.REFUSED, "no"), Promise.READ_BACK, in_doubt=True)  # type: ignore[misc]
    assert fact == AttemptEnded("k", Outcome.UNKNOWN, EntryState.QUEUED, None, "no")
    assert verdict is LookFirst


def test_only_yes_and_no_of_a_look_are_facts() -> None:
    def looked(outcome: Outcome) -> object:
        return judged(Answer(outcome, "words"), Promise.READ_BACK, in_doubt=True, look=True)

    assert looked(Outcome.DELIVERED) == (
        AttemptEnded("k", Outcome.DELIVERED, EntryState.DELIVERED, None, "words"),
        Done,
    )
    # REFUSED with QUEUED ends all doubt.
    assert looked(Outcome.REFUSED) == (
        AttemptEnded("k", Outcome.REFUSED, EntryState.QUEUED, None, "words"),
        Again,
    )
    assert looked(Outcome.DENIED) == (None, Pause)
    for outcome in (Outcome.BUSY, Outcome.UNSENT, Outcome.UNKNOWN):
        assert looked(outcome) == (None, LookFirst)
