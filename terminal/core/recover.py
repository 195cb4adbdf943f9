"""After a restart: what was begun and not ended. Nothing is repeated; what cannot be known is unknown (I4)."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.core import coins
from terminal.core.coins import Purse
from terminal.core.decision import Ids
from terminal.core.events import Ended
from terminal.core.facts import EntryAbandoned, EntryAdded, Fact, ReleaseKind, ReleaseSettled, SessionClosed
from terminal.core.records import Entry, OpenRelease, OpenSession
from terminal.core.rules import Job
from terminal.core.settle import Given, settle
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import Value

_STOPPED = "The terminal was stopped before the answer came."


class LeftOpen(Value, frozen=True):
    """What the journal still holds open.

    *held* are entries whose releases were not settled; *releases* and *sessions* those without an end.
    """

    held: Sequence[Entry] = ()
    releases: Sequence[OpenRelease] = ()
    sessions: Sequence[OpenSession] = ()


class Recovered(Value, frozen=True):
    """The facts to commit before anything else, and coins that still wait for a token (since *waited_ms*)."""

    facts: tuple[Fact, ...]
    purse: Purse | None
    waited_ms: int


def recover(job: Job, left: LeftOpen, now: Stamp, ids: Ids) -> Recovered:
    """Decide what becomes of everything that was open when the terminal stopped."""
    facts: list[Fact] = [ReleaseSettled(each.release, Ended.UNKNOWN, _STOPPED) for each in left.releases]
    under_way = {each.key: each for each in left.releases if each.kind is ReleaseKind.VEND}
    for entry in left.held:
        facts += _held(job, entry, under_way.get(entry.key), ids)
    session_facts, purse, waited_ms = _sessions(job, left.sessions, now, ids)
    return Recovered((*facts, *session_facts), purse, waited_ms)


def _held(job: Job, entry: Entry, release: OpenRelease | None, ids: Ids) -> tuple[Fact, ...]:
    if release is None:
        return (EntryAbandoned(entry.key, f"{_STOPPED} Nothing was given out."),)
    count = int(release.release.rpartition("/")[2])
    attempted = entry.first_attempted is not None
    given = Given(_as_added(entry), count, Ended.UNKNOWN, attempted=attempted)
    return settle(given, ids, charge_unknown=job.vending.after_unknown_release == "charge")


def _as_added(entry: Entry) -> EntryAdded:
    return EntryAdded(
        key=entry.key,
        kind=entry.kind,
        backend=entry.backend,
        token=entry.token,
        amount=entry.amount,
        pieces=entry.pieces,
        description=entry.description,
        tag=entry.tag,
        session=entry.session,
        held=True,
    )


def _sessions(
    job: Job, sessions: Sequence[OpenSession], now: Stamp, ids: Ids
) -> tuple[tuple[Fact, ...], Purse | None, int]:
    """Credit what has an owner; let the newest coins without one wait on; put the rest on the books."""
    facts: list[Fact] = []
    waiting: list[tuple[Purse, int]] = []
    for session in sessions:
        purse = Purse(session.session, session.token, session.held)
        if not session.held:
            facts.append(SessionClosed(session.session, "empty"))
        elif session.token is not None:
            facts += coins.credit(job, purse, session.token, ids.key())
        else:
            # Where no clock can tell how long they have waited, the window begins anew.
            waited_ms = elapsed_ms(session.last_coin or session.opened, now) or 0
            waiting.append((purse, waited_ms))
    keep: tuple[Purse | None, int] = (None, 0)
    if waiting and job.kind == "topup" and waiting[-1][1] < job.topup.window_s * 1000:
        keep = waiting.pop()
    for purse, _ in waiting:
        why = "Nobody presented a token for these coins in time."
        facts += coins.leave_unclaimed(job, purse, ids.key(), why)
    return tuple(facts), *keep
