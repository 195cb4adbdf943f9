"""What technicians ask of the terminal: trials, copies, reports, an emptied cash box, a token to be paired."""

from __future__ import annotations

from terminal.core import cashbox, printing, trial
from terminal.core.cashbox import Level, Levels
from terminal.core.decision import Decision, Ids, Wanted
from terminal.core.effects import CloseSlot, Notice, PairToken, Screen, Show
from terminal.core.events import (
    CoinInserted,
    EmptyingAsked,
    PairingAsked,
    PairingEnded,
    PrintAgainAsked,
    ReportAsked,
    TakeCoins,
    TokenPresented,
    TrialAsked,
)
from terminal.core.facts import BoxEmptied, EntryAdded, EntryKind, Fact, ReportMade
from terminal.core.job import Job
from terminal.core.payload import Closed
from terminal.core.printing import Printing
from terminal.core.report import Report, ReportKind
from terminal.core.report_paper import report_document
from terminal.core.stamp import Stamp
from terminal.core.state import Again, Made, Pairing, Reported, TerminalState, around, passing, printed, then
from terminal.core.token import mask
from terminal.core.trial import PATIENCE_MS
from terminal.core.value import replace

PAIRING_MS = 60_000
"""How long a technician's pairing waits for the token."""

REPORT = "report"
"""``KEY/report`` is the paper of a report."""

SCHEDULE = "the schedule"
"""Who closes a terminal that nobody has asked to: its name on the books."""

Asked = TrialAsked | PrintAgainAsked | ReportAsked | EmptyingAsked | PairingAsked


class Service:
    """The rules for technicians, over any job."""

    def __init__(self, job: Job, ids: Ids, prints: Printing) -> None:
        self.job = job
        self._ids = ids
        self._printing = prints

    def asked(self, state: TerminalState, event: Asked, now: Stamp) -> Made:
        """Decide what follows from what a technician wants."""
        match event:
            case TrialAsked():
                return self._trial(state, event, now)
            case PrintAgainAsked():
                return self._print_again(state, event, now)
            case ReportAsked():
                return self._report(state, event, now)
            case EmptyingAsked():
                return self._emptied(state, event)
            case PairingAsked(code=code):
                state = replace(state, pairing=Pairing(code, now.mono_ms + PAIRING_MS))
                return Decision(state, effects=(Show(Screen(Notice.PAIR_TOKEN)),))

    # -- trials ----------------------------------------------------------------------------------------

    def _trial(self, state: TerminalState, asked: TrialAsked, now: Stamp) -> Made:
        """Only while nobody is at the machine: a guest must not take a trial's piece for theirs."""
        words = _why_not(state, now)
        if not words and isinstance(asked.what, TakeCoins) and asked.device in state.full:
            words = f"The cash box of {asked.device} is full: empty it, and tell the terminal so."
        if words:
            return Decision(replace(state, trial=trial.refused(state.trial, asked, words)))
        made = trial.begin(self.job, asked, self._ids.key(), now.mono_ms, state.trial)
        return Decision(replace(state, trial=made.state), made.facts, made.effects)

    def trial_coin(self, state: TerminalState, coin: CoinInserted) -> Made:
        """A coin that the technician inserted, who tries the acceptor."""
        if state.trial is None:
            return Decision(state)
        return Decision(state, trial.took(self.job, state.trial, coin, self._ids))

    # -- printing --------------------------------------------------------------------------------------

    def _print_again(self, state: TerminalState, asked: PrintAgainAsked, now: Stamp) -> Made:
        """Only while nobody is at the machine, whose next guest would take the copy along."""
        given = around(state, now)
        words = _why_not(state, now) or printing.ready(self.job, given)
        found: Made = Decision(state)
        for release, document in () if words else asked.papers:
            wanted = printing.copy_of(release, asked.key, document, asked.by)
            found = then(found, printed(found.state, self._printing.add(found.state.prints, wanted, given)))
        if not words and not found.facts:
            words = "It is about to be printed already."
        return replace(found, state=replace(found.state, again=Again(asked.ticket, words)))

    # -- reports ---------------------------------------------------------------------------------------

    def _report(self, state: TerminalState, asked: ReportAsked, now: Stamp) -> Made:
        """A Z report never ends a period in the middle of a sale; paper comes while no guest would take it.

        An X report that is not printed disturbs nobody.
        """
        report = replace(asked.report, by=asked.by)
        words = self._why_no_report(state, asked, now)
        if words:
            return Decision(replace(state, reported=Reported(asked.ticket, words)))
        facts: tuple[Fact, ...] = ()
        state = replace(state, reported=Reported(asked.ticket))
        if report.kind is ReportKind.Z:
            facts = (ReportMade(report), *self._for_the_server(report))
            state = replace(state, closed=report.number)
        if not (asked.printed and self.job.printers):
            return Decision(state, facts)
        key = self._ids.key()
        name = f"Z report {report.number}" if facts else "X report"
        facts = (*facts, *trial.explained(self.job, key, name, asked.by or SCHEDULE))
        job = self.job
        head = job.tickets.receipt if job.kind == "tickets" else job.topup.receipt
        paper = report_document(
            report,
            head=head,
            terminal=job.terminal,
            currency=job.currency,
            locale=job.locale,
            zone=job.zone,
        )
        wanted = Wanted(f"{key}/{REPORT}", key, paper)
        made: Made = Decision(state, facts)
        return then(made, printed(state, self._printing.add(state.prints, wanted, around(state, now))))

    def _for_the_server(self, report: Report) -> tuple[Fact, ...]:
        """Return what tells the server of a Z report, where one takes it."""
        if not self.job.registrar:
            return ()
        name = f"Z report {report.number}"
        kind, key, payload = EntryKind.REPORT, self._ids.key(), Closed(report)
        return (EntryAdded(key, kind, self.job.registrar, None, 0, description=name, payload=payload),)

    def _why_no_report(self, state: TerminalState, asked: ReportAsked, now: Stamp) -> str:
        if asked.report.kind is ReportKind.Z:
            if asked.report.number <= state.closed:
                return f"Z report {asked.report.number} was made meanwhile: ask again."
            return _why_not(state, now)
        if asked.printed:
            return _why_not(state, now) or printing.ready(self.job, around(state, now))
        return state.broken

    # -- cash boxes ------------------------------------------------------------------------------------

    def levelled(self, state: TerminalState, boxes: Levels) -> TerminalState:
        """Return the state with other levels of the cash boxes."""
        return replace(state, boxes=boxes, full=cashbox.full(self.job.cash, boxes))

    def _emptied(self, state: TerminalState, asked: EmptyingAsked) -> Made:
        level = state.boxes.get(asked.device, Level())
        fact = BoxEmptied(asked.device, level.pieces, level.amount, asked.by, asked.counted)
        state = self.levelled(replace(state, emptied=fact), {**state.boxes, asked.device: Level()})
        return Decision(state, (fact,))


def pair(state: TerminalState, pairing: Pairing, event: TokenPresented) -> Made:
    """The token has come that a technician's pairing waits for."""
    screen = Screen(Notice.CHECKING, token=mask(event.uid))
    order = PairToken(event.uid, pairing.code)
    return Decision(replace(state, pairing=replace(pairing, token=event.uid)), effects=(Show(screen), order))


def paired(state: TerminalState, event: PairingEnded, now: Stamp) -> Made:
    """The server has answered the pairing."""
    notice = Notice.PAIRED if event.paired else Notice.REFUSED
    screen = Screen(notice, event.words, token=mask(event.token))
    return passing(replace(state, pairing=None), screen, now)


def taking(state: TerminalState, acceptor: str = "") -> bool:
    """Return whether a technician tries an acceptor (that one, if it is named)."""
    tried = state.trial
    return tried is not None and tried.until_ms is not None and acceptor in ("", tried.device)


def stop_taking(state: TerminalState) -> Made:
    """The trial of an acceptor is over."""
    tried = state.trial and replace(state.trial, until_ms=None)
    return Decision(replace(state, trial=tried), effects=(CloseSlot(),))


def tried(state: TerminalState, answered: str) -> bool:
    """Return whether *answered* is the id of the trial under way."""
    return state.trial is not None and bool(answered) and answered == state.trial.release


def trial_answered(state: TerminalState, event: trial.Answer) -> Made:
    """The device of the trial under way has answered."""
    if state.trial is None:
        return Decision(state)
    made = trial.answered(state.trial, event)
    return Decision(replace(state, trial=made.state), made.facts, made.effects)


def _why_not(state: TerminalState, now: Stamp) -> str:
    """Return why nothing can be tried now; empty if it can."""
    if state.broken:
        return state.broken
    if state.stopping:
        return "The terminal is about to stop."
    if not state.job.idle or state.pairing:
        return f"Somebody is at the machine ({state.job.phase_name}): try again when it is idle."
    if taking(state):
        return "Another trial is under way: wait for its end."
    before = state.trial
    if before and before.release and now.mono_ms - before.begun_ms < PATIENCE_MS:
        return "Another trial is under way: wait for its end."
    return ""
