"""The books of an Onslip realm: what was sold, and Z reports, each recorded once under its own reference.

    sales = "journal"   POST ~realm/journal/9/external-record      a receipt; three records for a Z report
    sales = "orders"    POST ~realm/orders/, POST ~realm/tabs/     an order, and the tab for a register

The server knows no repeat from a second sale. So whatever was tried before is looked for first, each part by
itself: what is there is not sent again, and what a lost answer left out follows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any

from terminal.backends.onslip.models_realm import ClientInfo
from terminal.backends.onslip.models_till import Till
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm
from terminal.backends.onslip.records_parts import (
    Journal,
    Part,
    journal_of,
    order_parts,
    style_of,
)
from terminal.backends.onslip.records_seek import id_of, seek
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.backends.onslip.rest_paths import entity
from terminal.backends.sold import sale_of
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.payload import Closed
from terminal.core.records import Entry
from terminal.core.value import replace

_LOG = logging.getLogger(__name__)
_SALES = frozenset({EntryKind.SALE, EntryKind.RECORD})
_READING = {"journal": frozenset({"show-records"}), "orders": frozenset({"show-orders", "show-tabs"})}


class Records:
    """Records sales and reports.

    Args:
        rest: Speaks with the realm.
        options: How the realm keeps its books.
        realm: What it tells about us.
        name: What the backend is called in the configuration.
        terminal_id: Who we are, in its books.
    """

    def __init__(
        self, rest: Onslip, options: OnslipOptions, realm: Realm, name: str, *, terminal_id: str
    ) -> None:
        self._rest = rest
        self._options = options
        self._realm = realm
        self._name = name
        self._terminal_id = terminal_id
        self._forgets = False

    def takes(self, kind: EntryKind) -> bool:
        """Return whether entries of *kind* can be recorded: a Z report only in a journal."""
        return kind in _SALES or (kind is EntryKind.REPORT and self._options.sales == "journal")

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what is promised about a repeat: what was sent is looked for, if that can be told."""
        return Guarantee(Promise.READ_BACK if self.takes(kind) and self._tells() else Promise.NONE)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Record *entry* within *timeout_s* seconds; what an earlier try recorded of it is left as it is."""
        until = monotonic() + timeout_s
        parts = self._parts(entry, until)
        if isinstance(parts, Answer):
            return parts
        looking = self._tells() and (entry.in_doubt or entry.attempts > 0)
        before = 0
        for part in parts:
            found = self._seek(part, before, entry, until) if looking else None
            if found is None:
                looking = False  # what comes after a part that is missing was never sent
                found = self._make(part, before, until)
            elif isinstance(found, Answer):
                found = _unsent(found)
            if isinstance(found, Answer):
                return _begun(found, part) if before else found
            before = found
        return Answer(Outcome.DELIVERED, reference=str(before))

    def look(self, entry: Entry, timeout_s: float) -> Answer:
        """Say whether all of *entry* is recorded. REFUSED: surely not; ``deliver`` adds what is missing."""
        until = monotonic() + timeout_s
        parts = self._parts(entry, until)
        if isinstance(parts, Answer):
            return _untold(parts)
        if not self._tells():
            needed = " and ".join(sorted(_READING[self._options.sales]))
            words = f"what was recorded cannot be looked for: it takes {needed}, and references that are kept"
            return Answer(Outcome.UNKNOWN, words)
        before = 0
        for part in parts:
            found = self._seek(part, before, entry, until)
            if found is None:
                return Answer(Outcome.REFUSED, f"looked: the {part.name} is not there")
            if isinstance(found, Answer):
                return _untold(found)
            before = found
        return Answer(Outcome.DELIVERED, "looked: it is there", reference=str(before))

    def _tells(self) -> bool:
        """Return whether a look can tell what is recorded, as far as is known of the realm."""
        info = self._realm.known
        may_read = info is None or _READING[self._options.sales] <= set(info.permissions)
        return self._options.read_back and may_read and not self._forgets

    # -- one part --------------------------------------------------------------------------------------

    def _seek(self, part: Part, before: int, entry: Entry, until: float) -> int | Answer | None:
        def mine(found: Mapping[str, Any]) -> bool:
            return part.mine(found, before)

        return seek(self._rest, part.shelf, mine, entry.created, until)

    def _make(self, part: Part, before: int, until: float) -> int | Answer:
        """Send *part*, once; return its id."""
        body = part.body(before)
        if isinstance(body, Answer):
            return body
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, f"no time was left to send the {part.name}")
        sent = self._rest.post(part.path, body, left_s)
        if isinstance(sent, Answer):
            return sent
        made = id_of(sent.body)
        if isinstance(made, int) and not part.mine(sent.body, before):
            self._note_forgetting(part)
        return made

    def _note_forgetting(self, part: Part) -> None:
        if not self._forgets:
            self._forgets = True
            _LOG.error(
                "%s: the server does not keep the reference of the %s, so nothing can be looked for: where an "
                "answer is lost, a person is asked; set read_back = false",
                self._name, part.name,
            )  # fmt: skip

    # -- what an entry is made of ----------------------------------------------------------------------

    def _parts(self, entry: Entry, until: float) -> tuple[Part, ...] | Answer:
        """Return the parts of *entry*; an Answer: it cannot be recorded, or not now."""
        if not self.takes(entry.kind):
            where = ' as sales = "orders"' if entry.kind is EntryKind.REPORT else ""
            return Answer(Outcome.REFUSED, f"this server does not record a {entry.kind.value}{where}")
        info = self._realm.known or self._realm.info(until - monotonic())
        if isinstance(info, Answer):
            return _unsent(info)
        style = style_of(self._options, info, self._terminal_id)
        sale = sale_of(entry)
        if sale is not None and self._options.sales == "orders":
            location = self._location(info, until)
            if isinstance(location, Answer):
                return location
            return order_parts(self._rest.realm, sale, style, location, lambda: self._take_out(location, until))
        number = journal_of(self._options, info)
        if number is None:
            words = "the key is bound to no external journal: set `journal`, or use the key of one"
            return Answer(Outcome.DENIED, words)
        journal = Journal(self._rest.realm, number, style)
        if sale is not None:
            return journal.receipt(sale)
        if entry.kind is EntryKind.REPORT and isinstance(entry.payload, Closed):
            return journal.report(entry.key, entry.payload.report)
        return Answer(Outcome.REFUSED, f"this {entry.kind.value} holds nothing that could be recorded")

    def _location(self, info: ClientInfo, until: float) -> int | Answer:
        """Return where the terminal is: as configured, else the place of its till, or of the key."""
        till = info.till
        if self._options.location is None and self._options.till is not None:
            found = self._realm.entity("tills", Till, self._options.till, until - monotonic())
            if isinstance(found, Answer):
                return _unsent(found)
            till = found
        place = info.location.id if info.location is not None else None
        known = (self._options.location, till.location if till is not None else None, place)
        words = "nobody says where this terminal is: set `location`, or that of its till"
        return next((each for each in known if each is not None), Answer(Outcome.DENIED, words))

    def _take_out(self, location: int, until: float) -> bool | Answer:
        """Return whether an order is to be one that is taken out; an Answer: it could not be asked now."""
        if not self._options.take_out:
            return False
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to ask whether orders are taken out")
        told = self._rest.get(entity(self._rest.realm, "locations", location, "take-out-status"), left_s)
        if isinstance(told, Answer) and told.outcome not in (Outcome.REFUSED, Outcome.DENIED):
            return _unsent(told)
        status = told.body if isinstance(told, Found) and isinstance(told.body, dict) else {}
        if all(status.get(each) is True for each in ("configured", "enabled", "open")):
            return True
        words = told.words if isinstance(told, Answer) else "it takes no such orders now"
        _LOG.warning("%s: an order is recorded as an ordinary one, not to be taken out: %s", self._name, words)
        return False


def _unsent(answer: Answer) -> Answer:
    """Return what a question that failed means for an entry: nothing of it was sent by that."""
    doubtful = answer.outcome in (Outcome.UNKNOWN, Outcome.REFUSED)
    return replace(answer, outcome=Outcome.UNSENT) if doubtful else answer


def _untold(answer: Answer) -> Answer:
    """Return what a look that failed tells: a question that is refused says nothing of the entry."""
    return replace(answer, outcome=Outcome.UNKNOWN) if answer.outcome is Outcome.REFUSED else answer


def _begun(answer: Answer, missing: Part) -> Answer:
    """Return what became of an entry of which all before *missing* is recorded."""
    words = f"the {missing.name} is missing, what comes before it is recorded: {answer.words}"
    open_ = answer.outcome in (Outcome.BUSY, Outcome.UNSENT)
    return replace(answer, words=words, outcome=Outcome.UNKNOWN if open_ else answer.outcome)
