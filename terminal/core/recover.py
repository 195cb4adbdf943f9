"""After a restart: what was begun and not ended. Nothing is repeated; what cannot be known is unknown (I4)."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.core import coins, printing
from terminal.core.coins import Purse
from terminal.core.decision import Ids, Wanted
from terminal.core.events import Ended
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryKind,
    Fact,
    PayoutSettled,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
)
from terminal.core.job import Job
from terminal.core.printing import Queue
from terminal.core.records import Entry, OpenPayout, OpenRelease, OpenSession, WaitingPrint
from terminal.core.settle import Given, settle
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.ticket_change import voucher
from terminal.core.value import Value

_STOPPED = "The terminal was stopped before the answer came."


class LeftOpen(Value, frozen=True):
    """What the journal still holds open.

    *held* are entries whose releases were not settled; *releases*, *payouts* and *sessions* those without an
    end; *prints* are documents that did not come onto paper.
    """

    held: Sequence[Entry] = ()
    releases: Sequence[OpenRelease] = ()
    sessions: Sequence[OpenSession] = ()
    prints: Sequence[WaitingPrint] = ()
    payouts: Sequence[OpenPayout] = ()


class Recovered(Value, frozen=True):
    """The facts to commit before anything else, and coins that still wait for a token (since *waited_ms*).

    *prints* is what is to be printed still, *vouchers* what is wanted on paper for coins that were left.
    *payout* may have paid out some of *purse*: its device is to be asked.
    """

    facts: tuple[Fact, ...] = ()
    purse: Purse | None = None
    waited_ms: int = 0
    prints: Queue = Queue()
    payout: OpenPayout | None = None
    vouchers: tuple[Wanted, ...] = ()


def recover(job: Job, left: LeftOpen, now: Stamp, ids: Ids) -> Recovered:
    """Decide what becomes of everything that was open when the terminal stopped."""
    facts: list[Fact] = [ReleaseSettled(each.release, Ended.UNKNOWN, _STOPPED) for each in left.releases]
    under_way = {each.key: each for each in left.releases if each.kind is ReleaseKind.VEND}
    for entry in left.held:
        facts += _held(job, entry, under_way.get(entry.key), ids)
    asked = next((each for each in left.payouts if _can_tell(job, each)), None)
    doubtful = [each for each in left.payouts if each is not asked]
    facts += [PayoutSettled(each.payout, Ended.UNKNOWN, 0, _STOPPED) for each in doubtful]
    sessions = list(left.sessions)
    apart = next((each for each in sessions if asked and each.session == asked.session), None)
    for session in left.sessions:
        mine = [each for each in doubtful if each.session == session.session]
        if mine:
            facts += _in_doubt(job, session, mine, ids)
        if mine or session is apart:
            sessions.remove(session)
    session_facts, purse, waited_ms = _sessions(job, sessions, now, ids, wait=apart is None)
    if apart is not None:
        purse = Purse(apart.session, apart.token, apart.held)
    print_facts, prints = printing.restore(job, left.releases, left.prints, now)
    vouchers = _vouchers(job, session_facts, now)
    return Recovered((*facts, *session_facts, *print_facts), purse, waited_ms, prints, asked, vouchers)


def _vouchers(job: Job, facts: Sequence[Fact], now: Stamp) -> tuple[Wanted, ...]:
    """Return the vouchers for coins that a person keeps now: their owner may stand there still."""
    if job.kind != "tickets" or "voucher" not in (*job.tickets.refund, *job.tickets.change):
        return ()
    kept = [fact for fact in facts if isinstance(fact, EntryAdded) and fact.kind is EntryKind.UNCLAIMED]
    return tuple(voucher(job, entry.amount, entry.key, now) for entry in kept)


def _can_tell(job: Job, payout: OpenPayout) -> bool:
    """Return whether the device that was to pay is still there to be asked, and guests' money is in it."""
    return job.kind != "vending" and payout.session is not None and payout.device in job.cash.payouts


def _in_doubt(job: Job, session: OpenSession, payouts: Sequence[OpenPayout], ids: Ids) -> tuple[Fact, ...]:
    """Put what may have been paid out before a person, and credit or keep the rest."""
    facts: tuple[Fact, ...] = ()
    purse: Purse | None = Purse(session.session, session.token, session.held)
    for payout in payouts:
        if purse is not None:
            found, purse = coins.doubt(job, purse, payout.amount, ids.key(), payout.device)
            facts += found
    if purse is None:
        return facts
    if session.token is not None:
        return facts + coins.credit(job, purse, session.token, ids.key())
    return facts + coins.leave_unclaimed(job, purse, ids.key(), "Some of these coins may have been paid back.")


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
        payload=entry.payload,
    )


def _sessions(
    job: Job, sessions: Sequence[OpenSession], now: Stamp, ids: Ids, *, wait: bool
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
    if waiting and wait and job.kind == "topup" and waiting[-1][1] < job.topup.window_s * 1000:
        keep = waiting.pop()
    for purse, _ in waiting:
        why = "Nobody presented a token for these coins in time."
        facts += coins.leave_unclaimed(job, purse, ids.key(), why)
    return tuple(facts), *keep
