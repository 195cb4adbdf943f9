"""What is on its way onto paper: the state of printing, and what can be asked of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from terminal.core.decision import Around, Wanted
from terminal.core.events import DeviceChanged, Health
from terminal.core.print_names import is_ticket, is_worth_money
from terminal.core.stamp import Stamp
from terminal.core.value import Value, replace

MOST = 50
"""So many documents that nobody need have wait at once; beyond, the oldest is given up.

`terminalctl print again` gives it later. Tickets and vouchers are worth money: as many wait as there are.
"""

REMEMBERED = 250
"""Ends of documents that are kept in mind: more than the tickets of two large sales."""

_REST_MS = 10_000
_LONGEST_REST_MS = 300_000
"""How long a printer is left alone after a failure, doubled with each in a row; less if its health changes."""

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


# -- what can be asked ---------------------------------------------------------------------------------


def pending(queue: Queue, prefix: str) -> int:
    """Return how many documents whose names begin like this (``KEY/ticket``) are still to come onto paper."""
    return sum(job.wanted.name.startswith(prefix) for job in queue.jobs)


def missing(queue: Queue, prefix: str) -> int:
    """Return how many documents whose names begin like this were given up, as far as that is remembered."""
    return sum(each.name.startswith(prefix) for each in queue.given_up)


def waiting_tickets(queue: Queue) -> int:
    """Return how many tickets, of whatever sales, are still to come onto paper."""
    return sum(is_ticket(job.wanted.name) for job in queue.jobs)


def wake_ms(queue: Queue, health: Mapping[str, Health], *, stopping: bool) -> int | None:
    """Return the monotonic milliseconds at which `Printing.passed` has something to do; None: never."""
    moments = [job.deadline_ms for job in queue.jobs if job.deadline_ms is not None]
    waiting = idle(queue)
    if waiting and not stopping:
        moments += [job.until_ms for job in waiting if job.until_ms is not None]
        moments += [free_ms(queue, printer) for printer in sound(queue, health)]
    return min(moments, default=None)


def idle(queue: Queue) -> list[PrintJob]:
    """Return the documents that no printer has at the moment."""
    return [job for job in queue.jobs if job.deadline_ms is None]


def sound(queue: Queue, health: Mapping[str, Health]) -> list[str]:
    """Return the printers that work and print nothing at the moment."""
    busy = {job.device for job in queue.jobs if job.deadline_ms is not None}
    return [each for each in queue.printers if health.get(each) in _SOUND and each not in busy]


def free_ms(queue: Queue, printer: str) -> int:
    """Return the monotonic milliseconds until which a printer is left alone."""
    rest = queue.rests.get(printer)
    return rest.until_ms if rest else 0


def over_most(jobs: Sequence[PrintJob], room: int = MOST) -> list[PrintJob]:
    """Return the oldest of those that need not wait for ever, as far as they are more than *room*."""
    limited = [job for job in jobs if not is_worth_money(job.wanted.name)]
    waiting = [job for job in limited if job.deadline_ms is None]
    return waiting[: max(0, len(limited) - room)]


# -- how it changes ------------------------------------------------------------------------------------


def heard(queue: Queue, event: DeviceChanged, before: Health | None) -> Queue:
    """Return the queue after a device said how it is: whoever was mended need not rest."""
    if event.health is before or event.name not in queue.rests:
        return queue
    return rested_enough(queue, event.name)


def rested(queue: Queue, printer: str, around: Around) -> Queue:
    """Return the queue after a printer failed once more."""
    before = queue.rests.get(printer)
    failures = before.failures + 1 if before else 1
    pause_ms = min(_REST_MS << min(failures - 1, 10), _LONGEST_REST_MS)
    return replace(queue, rests={**queue.rests, printer: Rest(around.now.mono_ms + pause_ms, failures)})


def rested_enough(queue: Queue, printer: str) -> Queue:
    """Return the queue without a rest for that printer."""
    return replace(queue, rests={name: rest for name, rest in queue.rests.items() if name != printer})


def exchanged(queue: Queue, old: PrintJob, new: PrintJob) -> Queue:
    """Return the queue with *new* in the place of *old*; at its end, if that is not in it."""
    jobs = tuple(new if each is old else each for each in queue.jobs)
    return replace(queue, jobs=jobs if any(each is new for each in jobs) else (*jobs, new))


def forgotten(queue: Queue, job: PrintJob) -> Queue:
    """Return the queue without *job*, of which only its last try is remembered."""
    jobs = tuple(each for each in queue.jobs if each is not job)
    past = (*queue.past, job.release)[-REMEMBERED:]
    given_up = tuple(each for each in queue.given_up if each.name != job.wanted.name)
    return replace(queue, jobs=jobs, past=past, given_up=given_up)


def lost(queue: Queue, job: PrintJob, why: str, now: Stamp) -> Queue:
    """Return the queue after *job* was given up."""
    queue = forgotten(queue, job)
    given_up = (*queue.given_up, GivenUp(job.wanted.name, why, now.mono_ms))[-REMEMBERED:]
    return replace(queue, given_up=given_up)
