"""What is to be printed, one document after the other, until it is on paper or given up. Pure.

Each try is a release of its own: intended on the books with the document, then ordered, then settled.

    done       It is on paper.
    failed     Surely nothing of it is: it waits, and is ordered again as what it was.
    unknown    It may be on paper, or torn: it waits, and is ordered again as a copy, which says so.

A document waits for a printer that works, as long as somebody waits for the document, and for so many tries.
``KEY/receipt`` is a first try, ``KEY/receipt/2`` the second, ``KEY/receipt/3-copy-1`` the third, which is
marked as the first copy: so the books alone tell how to go on after a restart.

What waits is ordered when TimePassed comes, which `wake_ms` asks for at once: an event that the journal could
not take is lost, and time comes again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from terminal.core.decision import Around, Decision, Wanted
from terminal.core.effects import Print
from terminal.core.events import DeviceChanged, Ended, Health, PrintEnded
from terminal.core.facts import Fact, PrintGivenUp, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.job import Job
from terminal.core.paper import Document
from terminal.core.receipt import as_copy
from terminal.core.records import OpenRelease, WaitingPrint
from terminal.core.rules import PrintingRules
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import Value, replace

TICKET = "ticket"
"""What is named ``KEY/ticket…`` is worth money, and waits without a limit."""

MOST = 50
"""So many documents wait at once; beyond, the oldest is given up. `terminalctl print again` gives it later."""

_REST_MS = 10_000
_LONGEST_REST_MS = 300_000
"""How long a printer is left alone after a failure, doubled with each in a row; less if its health changes."""

_REMEMBERED = 50
_TRY = re.compile(r"(?P<name>.+)/(?P<number>\d+)(-copy-(?P<copy>\d+))?")

_SOUND = (Health.OK, Health.DEGRADED)


class PrintJob(Value, frozen=True):
    """A document on its way onto paper.

    Attributes:
        wanted: The document, as it was wanted.
        since_ms: Monotonic milliseconds since when.
        until_ms: When nobody waits for it any more; None: somebody always will.
        number: Number of the last try on the books, whoever made it; 0: none.
        copy: Which copy the try under way, or the next one, is; 0: the original.
        tries: How often a printer got it.
        release: The last try, if it was made for this job.
        device: The printer of that.
        deadline_ms: When the try under way becomes unknown; None: it waits.
    """

    wanted: Wanted
    since_ms: int
    until_ms: int | None
    number: int = 0
    copy: int = 0
    tries: int = 0
    release: str = ""
    device: str = ""
    deadline_ms: int | None = None


class GivenUp(Value, frozen=True):
    """A document that is not printed by itself any more, since *at_ms* (monotonic), and *words* why."""

    name: str
    words: str
    at_ms: int


class Rest(Value, frozen=True):
    """A printer that failed *failures* times in a row is left alone until *until_ms*."""

    until_ms: int
    failures: int


class Queue(Value, frozen=True):
    """All that is to be printed, in order.

    Attributes:
        printers: The printers that there are, the favoured first.
        jobs: What waits or is being printed.
        rests: Printers that failed.
        past: The last tries of what came to an end, as far as they are remembered.
        given_up: What came to an end without being on paper, the last ones; not what is printed since.
    """

    printers: tuple[str, ...] = ()
    jobs: tuple[PrintJob, ...] = ()
    rests: Mapping[str, Rest] = msgspec.field(default_factory=dict)
    past: tuple[str, ...] = ()
    given_up: tuple[GivenUp, ...] = ()


_Made = Decision[Queue]

_NO_PRINTER = "Nothing can be printed at the moment. Please call the staff."
_WAITS = "It waits: no printer is free."
_GONE = "No printer worked while somebody waited for it."
_TOO_MANY = "Too many documents wait for a printer."


def ready(job: Job, around: Around) -> str:
    """Return why nothing can be printed now, as guests are told; empty if it can."""
    return "" if any(around.works(printer) for printer in job.printers) else _NO_PRINTER


def wake_ms(queue: Queue, health: Mapping[str, Health], *, stopping: bool) -> int | None:
    """Return the monotonic milliseconds at which `Printing.passed` has something to do; None: never."""
    moments = [job.deadline_ms for job in queue.jobs if job.deadline_ms is not None]
    waiting = [job for job in queue.jobs if job.deadline_ms is None]
    if waiting and not stopping:
        moments += [job.until_ms for job in waiting if job.until_ms is not None]
        moments += [_free_ms(queue, printer) for printer in _sound(queue, health)]
    return min(moments, default=None)


def heard(queue: Queue, event: DeviceChanged, before: Health | None) -> Queue:
    """Return the queue after a device said how it is: whoever was mended need not rest."""
    if event.health is before or event.name not in queue.rests:
        return queue
    return replace(queue, rests=_without(queue.rests, event.name))


def restore(
    job: Job, opened: Sequence[OpenRelease], waiting: Sequence[WaitingPrint], now: Stamp
) -> tuple[tuple[Fact, ...], Queue]:
    """Return what the books say is to be printed after a restart, and the facts of what is not.

    *opened* are tries that nobody saw the end of; the facts come after those that settle them as unknown.
    """
    facts: list[PrintGivenUp] = []
    jobs: list[PrintJob] = []
    seen = [
        WaitingPrint(each.release, each.key, each.document, Ended.UNKNOWN, each.at)
        for each in opened
        if each.kind is ReleaseKind.PRINT and each.document is not None
    ]
    for each in (*waiting, *seen):
        name, number, copy = _told(each.release)
        limit_ms = _limit_ms(job.printing, name)
        # Where no clock can tell how long it has waited, somebody may be waiting still.
        waited_ms = elapsed_ms(each.at, now) or 0
        found = PrintJob(
            Wanted(name, each.key, each.document),
            since_ms=now.mono_ms - waited_ms,
            until_ms=None if limit_ms is None else now.mono_ms - waited_ms + limit_ms,
            number=number,
            copy=copy + (each.ended is Ended.UNKNOWN),
            tries=number,
            release=each.release,
        )
        why = _why_no_more(job.printing, found, now)
        if why:
            facts.append(PrintGivenUp(found.release, why))
        else:
            jobs.append(found)
    too_many = jobs[: max(0, len(jobs) - MOST)]
    facts += [PrintGivenUp(each.release, _TOO_MANY) for each in too_many]
    given_up = tuple(GivenUp(name_of(fact.release), fact.words, now.mono_ms) for fact in facts)
    return tuple(facts), Queue(job.printers, tuple(jobs[len(too_many) :]), given_up=given_up[-_REMEMBERED:])


def name_of(release: str) -> str:
    """Return the name of the document that *release* is a try to print."""
    return _told(release)[0]


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
        known = [told for each in (*queue.past, wanted.after) if (told := _told(each))[0] == wanted.name]
        limit_ms, now_ms = _limit_ms(self._rules, wanted.name), around.now.mono_ms
        job = PrintJob(
            wanted,
            since_ms=now_ms,
            until_ms=None if limit_ms is None else now_ms + limit_ms,
            number=max((number for _, number, _ in known), default=0),
            copy=max((copy + 1 for _, _, copy in known), default=0),
        )
        free = self._free(queue, around)
        if free is not None and all(each.deadline_ms is not None for each in queue.jobs):
            return self._order(queue, job, free, around)
        working = [each for each in queue.printers if around.works(each)]
        if limit_ms is not None and working:
            # Its turn comes, however short it may wait for a printer that does not work.
            job = replace(job, until_ms=now_ms + max(limit_ms, self._rules.print_s * 1000))
        elif limit_ms == 0:
            return Decision(queue)
        queue, facts = _with_room(queue, around.now)
        job, intent = self._intent(job, (*working, *queue.printers)[0])
        failed = ReleaseSettled(job.release, Ended.FAILED, _WAITS)
        return Decision(replace(queue, jobs=(*queue.jobs, job)), (*facts, intent, failed))

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
        for job in _waiting(made.state):
            if _too_late(job, around.now):
                made = _then(made, _given_up(made.state, job, _GONE, around.now))
        for job in _waiting(made.state):
            printer = self._free(made.state, around)
            if printer is None:
                break
            made = _then(made, self._order(made.state, job, printer, around))
        return made

    # -- one try ---------------------------------------------------------------------------------------

    def _order(self, queue: Queue, job: PrintJob, printer: str, around: Around) -> _Made:
        limit_ms = _limit_ms(self._rules, job.wanted.name)
        tried, intent = self._intent(job, printer)
        tried = replace(
            tried,
            tries=job.tries + 1,
            until_ms=None if limit_ms is None else job.since_ms + limit_ms,
            deadline_ms=around.now.mono_ms + self._rules.print_s * 1000,
        )
        document = job.wanted.document
        if job.copy:
            document = as_copy(document, job.copy, self._job.locale)
        jobs = tuple(tried if each is job else each for each in queue.jobs)
        queue = replace(queue, jobs=jobs if job in queue.jobs else (*queue.jobs, tried))
        return Decision(queue, (intent,), (Print(tried.release, printer, document),))

    @staticmethod
    def _intent(job: PrintJob, printer: str) -> tuple[PrintJob, Fact]:
        """Return *job* with its next try, and the fact that there will be one."""
        wanted, number = job.wanted, job.number + 1
        release = wanted.name if number == 1 else f"{wanted.name}/{number}"
        detail = wanted.name.rpartition("/")[2]
        if job.copy:
            release = f"{wanted.name}/{number}-copy-{job.copy}"
            detail += f", copy {job.copy}{wanted.by and f', for {wanted.by}'}"
        intent = ReleaseIntended(
            release, ReleaseKind.PRINT, wanted.key, printer, detail, wanted.document, job.release
        )
        return replace(job, number=number, release=release, device=printer), intent

    def _settle(self, queue: Queue, job: PrintJob, ended: Ended, words: str, around: Around) -> _Made:
        settled = ReleaseSettled(job.release, ended, words)
        if ended is Ended.DONE:
            queue = replace(queue, rests=_without(queue.rests, job.device))
            return Decision(_forgotten(queue, job), (settled,))
        queue = _rested(queue, job.device, around)
        after = replace(job, deadline_ms=None, copy=job.copy + (ended is Ended.UNKNOWN))
        queue = replace(queue, jobs=tuple(after if each is job else each for each in queue.jobs))
        made = Decision(queue, (settled,))
        why = _why_no_more(self._rules, after, around.now)
        return _then(made, _given_up(queue, after, why, around.now)) if why else made

    def _free(self, queue: Queue, around: Around) -> str | None:
        """Return the first printer that works, prints nothing, and need not rest."""
        for printer in _sound(queue, around.health):
            if _free_ms(queue, printer) <= around.now.mono_ms:
                return printer
        return None


def _sound(queue: Queue, health: Mapping[str, Health]) -> list[str]:
    """Return the printers that work and print nothing at the moment."""
    busy = {job.device for job in queue.jobs if job.deadline_ms is not None}
    return [each for each in queue.printers if health.get(each) in _SOUND and each not in busy]


def _free_ms(queue: Queue, printer: str) -> int:
    rest = queue.rests.get(printer)
    return rest.until_ms if rest else 0


def _waiting(queue: Queue) -> list[PrintJob]:
    return [job for job in queue.jobs if job.deadline_ms is None]


def _rested(queue: Queue, printer: str, around: Around) -> Queue:
    before = queue.rests.get(printer)
    failures = before.failures + 1 if before else 1
    pause_ms = min(_REST_MS << min(failures - 1, 10), _LONGEST_REST_MS)
    return replace(queue, rests={**queue.rests, printer: Rest(around.now.mono_ms + pause_ms, failures)})


def _without(rests: Mapping[str, Rest], printer: str) -> Mapping[str, Rest]:
    return {name: rest for name, rest in rests.items() if name != printer}


def _limit_ms(rules: PrintingRules, name: str) -> int | None:
    """Return how long a document waits for a printer; None: as long as it takes."""
    return None if name.rpartition("/")[2].startswith(TICKET) else rules.receipt_wait_s * 1000


def _too_late(job: PrintJob, now: Stamp) -> bool:
    return job.until_ms is not None and now.mono_ms >= job.until_ms


def _why_no_more(rules: PrintingRules, job: PrintJob, now: Stamp) -> str:
    if job.tries >= rules.tries:
        return f"It was tried {job.tries} times."
    return _GONE if _too_late(job, now) else ""


def _given_up(queue: Queue, job: PrintJob, why: str, now: Stamp) -> _Made:
    queue = _forgotten(queue, job)
    given_up = (*queue.given_up, GivenUp(job.wanted.name, why, now.mono_ms))[-_REMEMBERED:]
    return Decision(replace(queue, given_up=given_up), (PrintGivenUp(job.release, why),))


def _forgotten(queue: Queue, job: PrintJob) -> Queue:
    """Return the queue without *job*, of which only its last try is remembered."""
    jobs = tuple(each for each in queue.jobs if each is not job)
    past = (*queue.past, job.release)[-_REMEMBERED:]
    given_up = tuple(each for each in queue.given_up if each.name != job.wanted.name)
    return replace(queue, jobs=jobs, past=past, given_up=given_up)


def _with_room(queue: Queue, now: Stamp) -> tuple[Queue, tuple[Fact, ...]]:
    waiting = _waiting(queue)
    if len(queue.jobs) < MOST or not waiting:
        return queue, ()
    made = _given_up(queue, waiting[0], _TOO_MANY, now)
    return made.state, made.facts


def _then(made: _Made, more: _Made) -> _Made:
    return Decision(more.state, (*made.facts, *more.facts), (*made.effects, *more.effects))


def _told(release: str) -> tuple[str, int, int]:
    """Return the name, the number of the try, and which copy it was, as a release tells them."""
    found = _TRY.fullmatch(release)
    if found is None:
        return release, 1, 0
    return found["name"], int(found["number"]), int(found["copy"] or 0)
