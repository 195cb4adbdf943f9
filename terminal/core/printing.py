"""What is to be printed, one document after the other, until it is on paper or given up. Pure.

Each try is a release of its own: intended on the books with the document, then ordered, then settled.

    done       It is on paper.
    failed     Surely nothing of it is: it waits, and is ordered again as what it was.
    unknown    It may be on paper, or torn: it waits, and is ordered again as a copy, which says so.

A document waits for a printer that works, as long as somebody waits for the document, and for so many tries.
What is worth money (tickets, vouchers) waits for as long as it takes, however much of it does.

What waits is ordered when TimePassed comes, which `wake_ms` asks for at once: an event that the journal could
not take is lost, and time comes again.
"""

from __future__ import annotations

from collections.abc import Sequence

from terminal.core.decision import Around, Decision, Wanted
from terminal.core.effects import Print
from terminal.core.events import Ended, PrintEnded
from terminal.core.facts import Fact, PrintGivenUp, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.job import Job
from terminal.core.paper import Document
from terminal.core.print_names import (
    TICKET,
    VOUCHER,
    is_ticket,
    is_worth_money,
    kind_of,
    limit_ms,
    name_of,
    release_of,
    told,
)
from terminal.core.print_queue import (
    MOST,
    REMEMBERED,
    GivenUp,
    PrintJob,
    Queue,
    Rest,
    exchanged,
    forgotten,
    free_ms,
    heard,
    idle,
    lost,
    missing,
    over_most,
    pending,
    rested,
    rested_enough,
    sound,
    waiting_tickets,
    wake_ms,
)
from terminal.core.receipt import as_copy
from terminal.core.records import OpenRelease, WaitingPrint
from terminal.core.rules import PrintingRules
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import replace

__all__ = [
    "MOST",
    "TICKET",
    "VOUCHER",
    "GivenUp",
    "PrintJob",
    "Printing",
    "Queue",
    "Rest",
    "copy_of",
    "heard",
    "missing",
    "name_of",
    "pending",
    "ready",
    "restore",
    "waiting_tickets",
    "wake_ms",
]

_Made = Decision[Queue]

_NO_PRINTER = "Nothing can be printed at the moment. Please call the staff."
_WAITS = "It waits: no printer is free."
_GONE = "No printer worked while somebody waited for it."
_TOO_MANY = "Too many documents wait for a printer."


def ready(job: Job, around: Around) -> str:
    """Return why nothing can be printed now, as guests are told; empty if it can."""
    return "" if any(around.works(printer) for printer in job.printers) else _NO_PRINTER


def restore(
    job: Job, opened: Sequence[OpenRelease], waiting: Sequence[WaitingPrint], now: Stamp
) -> tuple[tuple[Fact, ...], Queue]:
    """Return what the books say is to be printed after a restart, and the facts of what is not.

    *opened* are tries that nobody saw the end of; the facts come after those that settle them as unknown.
    """
    seen = [
        WaitingPrint(each.release, each.key, each.document, Ended.UNKNOWN, each.at)
        for each in opened
        if each.kind is ReleaseKind.PRINT and each.document is not None
    ]
    facts: list[PrintGivenUp] = []
    jobs: list[PrintJob] = []
    for found in _in_turn([_found(job, each, now) for each in (*waiting, *seen)]):
        if why := _why_no_more(job.printing, found, now):
            facts.append(PrintGivenUp(found.release, why))
        else:
            jobs.append(found)
    too_many = {each.release for each in over_most(jobs)}
    facts += [PrintGivenUp(each.release, _TOO_MANY) for each in jobs if each.release in too_many]
    given_up = tuple(GivenUp(name_of(fact.release), fact.words, now.mono_ms) for fact in facts)
    kept = tuple(each for each in jobs if each.release not in too_many)
    return tuple(facts), Queue(job.printers, kept, given_up=given_up[-REMEMBERED:])


def _found(job: Job, books: WaitingPrint, now: Stamp) -> PrintJob:
    """Return what a document that did not come onto paper has been through, as the books tell it."""
    name, number, copy = told(books.release)
    wait_ms = limit_ms(job.printing, name)
    # Where no clock can tell how long it has waited, somebody may be waiting still.
    since_ms = now.mono_ms - (elapsed_ms(books.at, now) or 0)
    torn = books.ended is Ended.UNKNOWN
    return PrintJob(
        Wanted(name, books.key, books.document),
        since_ms=since_ms,
        until_ms=None if wait_ms is None else since_ms + wait_ms,
        number=number,
        copy=copy + torn,
        # The books do not tell a try that failed from one that only waited for its turn: what is worth money
        # is not given up for having waited.
        tries=number - 1 if is_worth_money(name) and not torn else number,
        release=books.release,
    )


def copy_of(release: str, key: str, document: Document, by: str) -> Wanted:
    """Return what *by* wants when he asks for what was last tried as *release* once more."""
    return Wanted(name_of(release), key, document, release, by)


class Printing:
    """The rules of printing, for one terminal."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._rules = job.printing

    def add(self, queue: Queue, wanted: Wanted, around: Around) -> _Made:
        """Print *wanted*, now or when a printer is free; what is on its way already is not begun again."""
        if not queue.printers or any(job.wanted.name == wanted.name for job in queue.jobs):
            return Decision(queue)
        past = (each for each in (*queue.past, wanted.after) if each.startswith(wanted.name))
        known = [tried for each in past if (tried := told(each))[0] == wanted.name]
        wait_ms, now_ms = limit_ms(self._rules, wanted.name), around.now.mono_ms
        job = PrintJob(
            wanted,
            since_ms=now_ms,
            until_ms=None if wait_ms is None else now_ms + wait_ms,
            number=max((number for _, number, _ in known), default=0),
            copy=max((copy + 1 for _, _, copy in known), default=0),
        )
        free = self._free(queue, around)
        if free is not None and all(each.deadline_ms is not None for each in queue.jobs):
            return self._order(queue, job, free, around)
        working = [each for each in queue.printers if around.works(each)]
        if wait_ms is not None and working:
            # Its turn comes, however short it may wait for a printer that does not work.
            job = replace(job, until_ms=now_ms + max(wait_ms, self._rules.print_s * 1000))
        elif wait_ms == 0:
            return Decision(queue)
        made: _Made = Decision(queue) if wait_ms is None else _with_room(queue, around.now)
        job, intent = self._intent(job, (*working, *queue.printers)[0])
        failed = ReleaseSettled(job.release, Ended.FAILED, _WAITS)
        queue = replace(made.state, jobs=(*made.state.jobs, job))
        return Decision(queue, (*made.facts, intent, failed))

    def ended(self, queue: Queue, event: PrintEnded, around: Around) -> _Made:
        """A printer has answered; what nobody ordered, or was answered already, is no fact."""
        for job in queue.jobs:
            if job.release == event.job and job.deadline_ms is not None:
                return self._settle(queue, job, event.ended, event.words, around)
        return Decision(queue)

    def passed(self, queue: Queue, around: Around) -> _Made:
        """See to what is due: tries without an answer, documents that nobody waits for, and the next ones."""
        made: _Made = Decision(queue)
        for job in queue.jobs:
            if job.deadline_ms is not None and around.now.mono_ms >= job.deadline_ms:
                words = f"The printer did not answer within {self._rules.print_s} s."
                made = _then(made, self._settle(made.state, job, Ended.UNKNOWN, words, around))
        if around.stopping:
            return made
        for job in idle(made.state):
            if _too_late(job, around.now):
                made = _then(made, _given_up(made.state, job, _GONE, around.now))
        for job in idle(made.state):
            printer = self._free(made.state, around)
            if printer is None:
                break
            made = _then(made, self._order(made.state, job, printer, around))
        return made

    # -- one try ---------------------------------------------------------------------------------------

    def _order(self, queue: Queue, job: PrintJob, printer: str, around: Around) -> _Made:
        wait_ms = limit_ms(self._rules, job.wanted.name)
        tried, intent = self._intent(job, printer)
        tried = replace(
            tried,
            tries=job.tries + 1,
            until_ms=None if wait_ms is None else job.since_ms + wait_ms,
            deadline_ms=around.now.mono_ms + self._rules.print_s * 1000,
        )
        document = job.wanted.document
        if job.copy:
            document = as_copy(document, job.copy, self._job.locale)
        return Decision(exchanged(queue, job, tried), (intent,), (Print(tried.release, printer, document),))

    @staticmethod
    def _intent(job: PrintJob, printer: str) -> tuple[PrintJob, Fact]:
        """Return *job* with its next try, and the fact that there will be one."""
        wanted, number = job.wanted, job.number + 1
        release = release_of(wanted.name, number, job.copy)
        detail = kind_of(wanted.name)
        if job.copy:
            detail += f", copy {job.copy}{wanted.by and f', for {wanted.by}'}"
        intent = ReleaseIntended(
            release, ReleaseKind.PRINT, wanted.key, printer, detail, wanted.document, job.release
        )
        return replace(job, number=number, release=release, device=printer), intent

    def _settle(self, queue: Queue, job: PrintJob, ended: Ended, words: str, around: Around) -> _Made:
        settled = ReleaseSettled(job.release, ended, words)
        if ended is Ended.DONE:
            return Decision(forgotten(rested_enough(queue, job.device), job), (settled,))
        queue = rested(queue, job.device, around)
        after = replace(job, deadline_ms=None, copy=job.copy + (ended is Ended.UNKNOWN))
        queue = exchanged(queue, job, after)
        made = Decision(queue, (settled,))
        why = _why_no_more(self._rules, after, around.now)
        return _then(made, _given_up(queue, after, why, around.now)) if why else made

    def _free(self, queue: Queue, around: Around) -> str | None:
        """Return the first printer that works, prints nothing, and need not rest."""
        for printer in sound(queue, around.health):
            if free_ms(queue, printer) <= around.now.mono_ms:
                return printer
        return None


def _too_late(job: PrintJob, now: Stamp) -> bool:
    return job.until_ms is not None and now.mono_ms >= job.until_ms


def _why_no_more(rules: PrintingRules, job: PrintJob, now: Stamp) -> str:
    if job.tries >= rules.tries:
        return f"It was tried {job.tries} times."
    return _GONE if _too_late(job, now) else ""


def _given_up(queue: Queue, job: PrintJob, why: str, now: Stamp) -> _Made:
    return Decision(lost(queue, job, why, now), (PrintGivenUp(job.release, why),))


def _with_room(queue: Queue, now: Stamp) -> _Made:
    """Return the queue with room for one more document that need not wait for ever."""
    made: _Made = Decision(queue)
    for job in over_most(queue.jobs, MOST - 1):
        made = _then(made, _given_up(made.state, job, _TOO_MANY, now))
    return made


def _in_turn(jobs: Sequence[PrintJob]) -> list[PrintJob]:
    """Return what is found on the books, of each sale the tickets first, in the order of their names.

    On the books they stand by their last tries: one that a printer had in hand is behind those that waited.
    """
    sales: dict[str, list[PrintJob]] = {}
    for job in sorted(jobs, key=_turn):
        sales.setdefault(job.wanted.key, []).append(job)
    turns = {key: iter(found) for key, found in sales.items()}
    return [next(turns[job.wanted.key]) for job in jobs]


def _turn(job: PrintJob) -> tuple[bool, int, str]:
    name = job.wanted.name
    return (False, len(name), name) if is_ticket(name) else (True, 0, "")


def _then(made: _Made, more: _Made) -> _Made:
    return Decision(more.state, (*made.facts, *more.facts), (*made.effects, *more.effects))
