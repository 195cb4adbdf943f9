"""What must hold of all that is printed: the same document under the same name, and a copy says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from terminal.core.events import Ended
from terminal.core.facts import Fact, PrintGivenUp, ReleaseIntended, ReleaseSettled
from terminal.core.paper import Barcode, Document, Text
from terminal.core.print_names import name_of, told
from terminal.core.receipt import reference
from terminal.core.tickets import TicketSale
from tests.core.watch import Watch


def barcodes(document: Document) -> tuple[str, ...]:
    return tuple(line.data for line in document.lines if isinstance(line, Barcode))


def marked(document: Document) -> bool:
    """Whether it says at its top that it is a copy."""
    return isinstance(document.lines[0], Text) and document.lines[0].text.startswith("COPY")


@dataclass
class PaperWatch(Watch):
    """What was intended to be printed so far.

    Attributes:
        papers: What each document holds, as it was intended first; *ends*: how its last try ended.
        given_up: What is not printed by itself any more.
        sales: By key. *codes*: all of them, ever.
    """

    papers: dict[str, Document] = field(default_factory=dict)
    ends: dict[str, Ended | None] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    sales: dict[str, TicketSale] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    owed: dict[str, int] = field(default_factory=dict)

    def hear_of_paper(self, fact: Fact) -> None:
        match fact:
            case ReleaseIntended(release=release, document=Document() as document):
                name, _, copy = told(release)
                assert self.papers.setdefault(name, document) == document, "a reprint is another document"
                torn = self.ends.get(name) is Ended.UNKNOWN
                assert not torn or copy, "what may be on paper is printed without a mark"
                assert name == f"{fact.key}/{name.rpartition('/')[2]}"
                self.ends[name] = None
                self.given_up.discard(name)
            case ReleaseSettled(release=release, ended=ended) if name_of(release) in self.papers:
                self.ends[name_of(release)] = ended
            case PrintGivenUp(release=release):
                self.given_up.add(name_of(release))
            case _:
                pass

    def see_order(self, release: str, document: Document) -> None:
        name, _, copy = told(release)
        assert marked(document) == bool(copy)
        assert barcodes(document) == barcodes(self.papers[name])
        kind = name.rpartition("/")[2]
        if kind.startswith("ticket"):
            assert set(barcodes(document)) <= self.codes, "a ticket that is not on the books"
        if kind == "voucher":
            key = name.rpartition("/")[0]
            assert key in self.owed, "a voucher for nothing"
            amount = f"{self.owed[key] / 100:.2f} EUR"
            texts = [line.text for line in document.lines if isinstance(line, Text)]
            assert amount in texts, "a voucher for another amount"
            assert barcodes(document) == (reference(key),)
