"""One try to deliver an entry, as values: what goes out, and what its answer makes of the entry."""

from __future__ import annotations

from terminal.core.delivery import (
    LONGEST_RETRY_AFTER_MS,
    Again,
    Answer,
    Done,
    Guarantee,
    LookFirst,
    Outcome,
    Park,
    Pause,
    Promise,
    Verdict,
    advice,
    advice_unnamed,
    decide,
    owed,
    proven,
)
from terminal.core.facts import AttemptEnded, EntryKind, EntryParked, EntryState
from terminal.core.reconcile import Booked, CannotTell, Conclusion, NotBooked, TooEarly
from terminal.core.reconcile_times import LOOKS_EIGHTHS
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import Value, replace

_HARMLESS = Guarantee(Promise.KEY)

TOO_EARLY = "looked: it is not to be seen, and may still be booked"
STOPPED = "the terminal was stopped while this was being sent"


class Job(Value, frozen=True):
    """An entry that somebody has claimed to send.

    Attributes:
        entry: As the journal gave it.
        lane: The lane it came from, which is busy; None if it did not come from a lane.
        probe: Whether its answer is what the breaker waits for.
        look: Only ask the server whether it was booked.
        started: When AttemptStarted was committed; None: not (yet).
        account: What only reads can tell of: one at a time on each, and none without a read before it. None:
            nothing is read.
        settling_ms: Of a server with accounts; see protocol.Reconciles.
        until_ms: When the time for reading and sending is over, on the monotonic clock; None: nothing is read.
    """

    entry: Entry
    lane: str | None
    probe: bool
    look: bool = False
    started: Stamp | None = None
    account: str | None = None
    settling_ms: int = 0
    until_ms: int | None = None

    @property
    def unread(self) -> bool:
        """Whether something is to be read before it may begin."""
        return self.account is not None and not self.look and self.started is None


class Result(Value, frozen=True):
    """What became of a try.

    *fact* is to be committed before anybody hears of it; None: nothing has changed. *left*: the try was made,
    and not ended, before the terminal was stopped.
    """

    job: Job
    answer: Answer
    verdict: Verdict
    fact: AttemptEnded | EntryParked | None
    left: bool = False

    @property
    def settled(self) -> bool:
        """Whether the entry has left the queue."""
        return isinstance(self.verdict, Done | Park)


def may_be_lost(entry: Entry, guarantee: Guarantee) -> bool:
    """Say whether a power cut may take the start or the end of a try from the disk again, which saves a sync.

    It may where a repeat never does harm. But not while the entry is held: nothing was given for it yet, and
    one that seems never to have been sent would be voided after the cut, although the server has booked it.
    """
    return guarantee == _HARMLESS and not entry.held


def judge(job: Job, guarantee: Guarantee, answer: Answer, now: Stamp, delay_ms: int) -> Result:
    """Return what *answer* means for the entry; *delay_ms* is what the back-off asks for."""
    if job.look:
        return _judge_look(job, answer, delay_ms)
    answer = proven(guarantee, answer, anew=job.account is not None)
    verdict = decide(
        guarantee,
        answer,
        first_attempted=job.entry.first_attempted or job.started,
        in_doubt=job.entry.in_doubt,
        now=now,
        delay_ms=delay_ms,
    )
    if isinstance(verdict, LookFirst) and job.account is not None:
        verdict = LookFirst(max(first_look_ms(job.entry, job.settling_ms), _asked_ms(answer)))
    # A repeat that was refused tells nothing of the earlier try: the doubt stays.
    doubted = answer.outcome is Outcome.REFUSED and isinstance(verdict, LookFirst)
    fact = AttemptEnded(
        job.entry.key,
        Outcome.UNKNOWN if doubted else answer.outcome,
        _state(verdict),
        answer.status,
        park_words(job.entry, verdict) if isinstance(verdict, Park) else answer.words,
        answer.balance,
        answer.reference or "",
    )
    return Result(job, answer, verdict, fact)


def first_look_ms(entry: Entry, settling_ms: int) -> int:
    """Return how long after its last byte may have left *entry* is looked for.

    Where nothing was kept from before, a person will have to look: when all has settled.
    """
    return settling_ms if entry.before is None else settling_ms * LOOKS_EIGHTHS[0] // 8


def judge_unread(job: Job, answer: Answer, delay_ms: int) -> Result:
    """Return what becomes of an entry before which something could not be read: nothing of it was sent."""
    match answer.outcome:
        case Outcome.REFUSED:
            park = Park(unknown=False, words=answer.words)
            words = park_words(job.entry, park)
            return Result(job, answer, park, EntryParked(job.entry.key, EntryState.PARKED, words))
        case Outcome.DENIED:
            return Result(job, answer, Pause(delay_ms, answer.words), None)
        case _:
            wait_ms = max(delay_ms, _asked_ms(answer))
            return Result(job, replace(answer, outcome=Outcome.UNSENT), Again(wait_ms), None)


def judge_found(job: Job, conclusion: Conclusion) -> Result:
    """Return what becomes of an entry in doubt after a look that could be made."""
    match conclusion:
        case Booked(number=number, balance=balance):
            named = None if number is None else str(number)
            answer = Answer(Outcome.DELIVERED, balance=balance, reference=named)
            return _judge_look(job, answer, 0)
        case NotBooked():
            return _judge_look(job, Answer(Outcome.REFUSED), 0)
        case TooEarly(wait_ms=wait_ms):
            return Result(job, Answer(Outcome.UNKNOWN, TOO_EARLY), LookFirst(wait_ms), None)
        case CannotTell(words=words):
            told = f"{words} {advice_unnamed(job.entry.seq)}"
            fact = EntryParked(job.entry.key, EntryState.UNKNOWN, told)
            return Result(job, Answer(Outcome.UNKNOWN, told), Park(unknown=True, words=words), fact)


def judge_stopped(job: Job, guarantee: Guarantee, now: Stamp) -> Result:
    """Return what becomes of an entry that was being sent when the terminal was stopped."""
    return replace(judge(job, guarantee, Answer(Outcome.UNKNOWN, STOPPED), now, 0), left=True)


def judge_unsendable(job: Job, park: Park) -> Result:
    """Return what becomes of an entry in doubt that may not be sent any more: no try was made."""
    words = park_words(job.entry, park)
    fact = EntryParked(job.entry.key, EntryState.UNKNOWN, words)
    return Result(job, Answer(Outcome.UNKNOWN, words), park, fact)


def park_words(entry: Entry, park: Park) -> str:
    """Return what a technician reads: the server's own words, or what is known, and what to do."""
    if park.unknown:
        return f"{park.words} {advice(entry.key, entry.seq)}"
    if entry.kind is EntryKind.REFUND:
        stop = "" if park.words.endswith((".", "!", "?")) else "."
        return f"{park.words}{stop} {owed(entry.refers_to, entry.seq)}"
    return park.words


def _judge_look(job: Job, answer: Answer, delay_ms: int) -> Result:
    """Only yes and no are facts; a look that told nothing leaves the entry as it was."""
    key, words = job.entry.key, answer.words
    match answer.outcome:
        case Outcome.DELIVERED:
            fact = AttemptEnded(
                key,
                Outcome.DELIVERED,
                EntryState.DELIVERED,
                answer.status,
                words or "looked: it is booked",
                answer.balance,
                answer.reference or "",
            )
            return Result(job, answer, Done(), fact)
        case Outcome.REFUSED:
            # REFUSED with QUEUED ends all doubt: see facts.AttemptEnded.
            fact = AttemptEnded(
                key, Outcome.REFUSED, EntryState.QUEUED, answer.status, words or "looked: it is not booked"
            )
            return Result(job, replace(answer, outcome=Outcome.UNSENT), Again(0), fact)
        case Outcome.DENIED:
            return Result(job, answer, Pause(delay_ms, words), None)
        case _:
            return Result(job, answer, LookFirst(max(delay_ms, _asked_ms(answer))), None)


def _asked_ms(answer: Answer) -> int:
    return min(answer.retry_after_ms or 0, LONGEST_RETRY_AFTER_MS)


def _state(verdict: Verdict) -> EntryState:
    match verdict:
        case Done():
            return EntryState.DELIVERED
        case Park(unknown=unknown):
            return EntryState.UNKNOWN if unknown else EntryState.PARKED
        case Again() | LookFirst() | Pause():
            return EntryState.QUEUED
