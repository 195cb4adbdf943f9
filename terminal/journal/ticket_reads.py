"""Questions about codes: which sale a purchase code, an item code or a ticket's barcode is of."""

from __future__ import annotations

import re

from terminal.core.events import Ended
from terminal.core.print_names import told
from terminal.core.tickets import TicketSale
from terminal.core.value import replace
from terminal.journal.entry_reads import EntryReads
from terminal.journal.rows import Entry, OnPaper, Paper

_ITEM = re.compile(r"(?P<code>.+)(?P<index>[0-9]{4})", re.DOTALL)
"""An item code is the purchase code with the number of the line, in four digits from 0000."""


class TicketReads(EntryReads):
    """What JournalReader asks of tickets."""

    def knows_code(self, code: str) -> bool:
        """Return whether a sale has the purchase code *code*."""
        with self._reading() as db:
            return db.execute("SELECT 1 FROM purchases WHERE code = ?", (code,)).fetchone() is not None

    def sale(self, text: str) -> Entry | None:
        """Return the sale that *text* is a code of: a ticket's barcode, the purchase code or an item code."""
        found = self._entries("WHERE e.seq = (SELECT entry FROM tickets WHERE barcode = ?)", text)
        found = found or self._of_purchase(text)
        item = None if found else _ITEM.fullmatch(text)
        if item is not None:
            index = int(item["index"])
            found = [sale for sale in self._of_purchase(item["code"]) if _has_line(sale, index)]
        return found[0] if found else None

    def card_used(self, reference: str) -> Entry | None:
        """Return the newest sale for which a card terminal gave this reference, else the payment it names."""
        found = self._entries(
            "WHERE e.seq = (SELECT max(entry) FROM card_references WHERE reference = ?)", reference
        )
        found = found or self._entries(
            "WHERE e.seq = (SELECT max(seq) FROM entries INDEXED BY entries_payments "
            "WHERE kind = 'payment' AND reference = ?)",
            reference,
        )
        return found[0] if found else None

    def paper(self, seq: int) -> tuple[Paper, ...]:
        """Return what has become of each document of the entry *seq*, in the order of their first tries."""
        found: dict[str, Paper] = {}
        with self._reading() as db:
            for release, ended, detail, words in db.execute(_PRINTS, (seq,)):
                name, _, copy = told(release)
                before = found.get(name, Paper(name, OnPaper.PRINTING, copy, 0, ""))
                found[name] = replace(before, copy=copy, words=words, state=_state(ended, detail))
                if found[name].state is OnPaper.DONE:
                    found[name] = replace(found[name], printed=before.printed + 1)
        return tuple(found.values())

    def _of_purchase(self, code: str) -> list[Entry]:
        return self._entries("WHERE e.seq = (SELECT entry FROM purchases WHERE code = ?)", code)


_PRINTS = (
    "SELECT release, ended, detail, words FROM releases "
    "WHERE entry = ?1 AND seq > ?1 AND kind = 'print' ORDER BY seq"
)


def _state(ended: str | None, detail: str) -> OnPaper:
    """Return how far a document is after one row about it; an end with a detail gives it up."""
    if ended is None:
        return OnPaper.PRINTING
    if ended == Ended.DONE.value:
        return OnPaper.DONE
    return OnPaper.GIVEN_UP if detail else OnPaper.WAITING


def _has_line(entry: Entry, index: int) -> bool:
    return isinstance(entry.payload, TicketSale) and index < len(entry.payload.lines)
