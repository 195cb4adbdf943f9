"""Random sales of tickets, from the journal through the real driver onto paper: a scanner reads what was sold.

What is scanned is drawn from the very bytes that came out of the driver at the other end of a serial line, a
network connection, or in a file; what it is held against is the sale as it stands in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from drivers.printers import library
from drivers.printers.escpos import EscposOptions, EscposPrinter
from drivers.printers.paper.reading import read
from drivers.printers.paper.sheet import Kind, Sheet, kind_of
from drivers.printers.preview import composer_of
from terminal.core.events import Ended, PrintEnded
from terminal.core.facts import EntryAdded, EntryKind, ReleaseIntended, ReleaseKind
from terminal.core.paper import Document
from terminal.core.receipt import as_copy
from terminal.core.stamp import Stamp
from terminal.core.ticket_paper import sale_receipt, ticket_document, voucher_document
from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Codes, Line, Method, Payment, Ticket, TicketSale
from terminal.journal.keyfile import load_or_create_key
from terminal.journal.store import Journal
from terminal.tickets import codes as ticket_codes
from terminal.tickets.signed import Signer
from tests.support import needs
from tests.support.printer_peer import NetworkPrinter, SerialPrinter
from tests.support.scanning import scan
from tests.support.waiting import Inbox

needs.module("escpos", "printer")
needs.module("serial", "printer")
needs.module("cryptography", "signing")

SALES = 25
"""For each printer; there are eight."""

EVIL = [
    "\x1b@", "\x1dV\x00", "\x10\x14\x01\x00\x05", "\x1bp\x00\x32\x32", "\x1d(k\x03\x001Q0", "\r\n", "\t",
    "\u202e", "\u2028", "😀", "漢字", "ж", "e\u0301\u0301", "½", "€", "ß", "ØÅÆ", "{B", "{", "\U0010ffff",
    "מזל", "\x7f", "\x00",
]  # fmt: skip
NAMES = ["Adult", "Erwachsene", "Barn (0-12 år)", "Familienkarte", "Børn", "Ærø & Öland", "Zwölf " * 9]
LOCALES = ["en_GB", "de_DE", "de_CH", "da_DK", "sv_SE", "fr_FR"]


def name(chance: Random) -> str:
    """Some are what people call things, some are what nobody should."""
    if chance.random() < 0.5:
        return chance.choice(NAMES)
    parts = [chance.choice(EVIL) if chance.random() < 0.5 else chance.choice(NAMES) for _ in range(3)]
    return chance.choice(["", " ", "x" * 40]).join(parts)


def codes(chance: Random) -> Codes:
    """Codes of the usual form, or of other ones that an operator may choose; half of them are signed."""
    rules = chance.choice(
        [
            CodeRules(),
            CodeRules(),
            CodeRules(infix="fixed", infix_text="XJX"),
            CodeRules(infix="none", length=10, counter_width=5),
            CodeRules(counter_base=36, counter_start=100, counter_width=3),
            CodeRules(length=20, infix_length=5),
        ]
    )
    seal: Callable[[Ticket, str | int, int], str] | None = None
    if chance.random() < 0.5:
        # Only its signatures must be the same each time.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - needed

        signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))

        def seal(ticket: Ticket, event: str | int, at_ms: int) -> str:
            return signer.sign(ticket.barcode, event, ticket.product, at_ms // 1000)

    return ticket_codes.make(
        rules, chance=chance.randbytes, known=lambda _: False, wall_ms=lambda: 1_781_289_000_000, seal=seal
    )


def sale(chance: Random, maker: Codes) -> TicketSale:
    """A sale that adds up: a few lines, some with a discount, several payments."""
    purchase = maker.purchase()
    assert purchase is not None
    lines, numbered = [], 0
    for product in range(1, chance.randint(2, 3)):
        quantity = chance.randint(1, 2)
        unit = chance.choice([0, 50, 300, 1250, 99_999])
        tickets = tuple(
            Ticket(product + 10, name(chance), maker.barcode(purchase, numbered + at)) for at in range(quantity)
        )
        numbered += quantity
        off = chance.choice([0, quantity * unit // 10])
        lines.append(Line(product, name(chance), quantity, unit, off, tickets))
    total = sum(line.total for line in lines)
    cash = chance.randint(0, total)
    payments = (
        Payment(Method.CASH, cash, chance.choice([0, 80])),
        Payment(Method.CARD, total - cash, reference=name(chance)),
    )
    return TicketSale(purchase, 3, tuple(lines), payments, kept=chance.choice([0, 20]))


def papers(chance: Random, key: str, sold: TicketSale, maker: Codes, at: Stamp) -> dict[str, Document]:
    """All that is printed for a sale."""
    usual = {"terminal": "kiosk-1", "at": at, "currency": "EUR", "locale": chance.choice(LOCALES)}
    head = tuple(name(chance) for _ in range(chance.randint(0, 2)))
    of = len(sold.tickets)
    found = {
        f"{key}/ticket-{number}": ticket_document(
            **usual,
            ticket=ticket,
            number=number,
            of=of,
            event_name=name(chance),
            product_name=chance.choice([ticket.description, name(chance)]),
            price=chance.choice([None, 0, 1250]),
            qr=maker.sealed(ticket, sold.event, at.wall_ms),
            head=head,
        )
        for number, ticket in enumerate(sold.tickets, 1)
    }
    found[f"{key}/receipt"] = sale_receipt(**usual, head=head, key=key, sale=sold, discounts={0: name(chance)})
    if chance.random() < 0.3:
        found[f"{key}/voucher"] = voucher_document(**usual, head=head, amount=80, key=key)
    return found


# -- the way onto paper --------------------------------------------------------------------------------


@dataclass
class Printed:
    """A printer, and what has come out of its driver so far."""

    device: EscposPrinter
    inbox: Inbox
    kind: Kind
    received: Callable[[], bytes]

    def print(self, job: str, document: Document) -> Sheet:
        """Print and return the paper, read from the bytes that arrived meanwhile."""
        before = len(self.received())
        self.device.print(job, document)
        (ended,) = self.inbox.wait(
            lambda events: [event for event in events if isinstance(event, PrintEnded) and event.job == job],
            what=job,
        )
        assert ended.ended is Ended.DONE, ended.words
        return read(self.received()[before:], self.kind)


@contextmanager
def printer(port: str, folder: Path, **options: str) -> Iterator[Printed]:
    with ExitStack() as stack:
        path = folder / "paper.bin"
        if port == "file":
            place, received = f"file://{path}", lambda: path.read_bytes() if path.exists() else b""
        else:
            peer = stack.enter_context(SerialPrinter(folder) if port == "serial" else NetworkPrinter())
            place, received = peer.port, lambda: bytes(peer.received)
        inbox = Inbox()
        told = EscposOptions(port=place, check_s=3600, answer_ms=5000, finish_s=60, **options)
        made = composer_of(told)
        device = EscposPrinter("tickets", told, inbox.put)
        device.start()
        stack.callback(device.stop)
        kind = kind_of(library.profiles()[made.profile], library.encodings(), made.dots)
        yield Printed(device, inbox, kind, received)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    books = Journal.open(tmp_path / "journal.db", load_or_create_key(tmp_path / "journal.db.key"), boot="boot")
    yield books
    books.close()


@pytest.mark.parametrize(
    ("port", "options"),
    [
        ("serial", {"profile": "TM-T88V"}),  # both codes are the printer's own
        ("tcp", {"profile": "TM-T20II"}),  # 576 dots, 48 columns
        ("tcp", {"profile": "TM-T88II"}),  # CP1252
        ("file", {"profile": "TH230"}),  # its own barcodes, QR codes as pictures by GS v 0
        ("file", {"profile": "POS-5890", "leave_chinese": True}),  # 58 mm, pictures only
        ("serial", {"profile": "Sunmi-V2", "charset": "CP437"}),  # 58 mm, its own codes where they fit
        ("file", {"profile": "simple", "cut": "none"}),  # CP437, pictures, no cutter
        ("file", {"profile": "TM-U220"}),  # pictures by ESC *
    ],
    ids=lambda each: each if isinstance(each, str) else each["profile"],
)
def test_a_scanner_reads_on_paper_what_the_journal_has_sold(
    port: str, options: dict[str, str], tmp_path: Path, journal: Journal
) -> None:
    chance = Random(options["profile"])
    sheets: list[Sheet] = []
    expected: list[set[str]] = []
    with printer(port, tmp_path, **options) as out:
        for number in range(SALES):
            key = f"kiosk-1-{number:012d}"
            maker = codes(chance)
            sold = sale(chance, maker)
            at = Stamp(1_781_289_000_000 + number, number, "boot", synced=chance.random() < 0.9)
            intents = [
                ReleaseIntended(each, ReleaseKind.PRINT, key, "tickets", "", document)
                for each, document in papers(chance, key, sold, maker, at).items()
            ]
            entry = EntryAdded(key, EntryKind.SALE, "office", None, sold.total, payload=sold)
            journal.commit([entry, *intents], at)

            booked = journal.entry(key)
            assert booked is not None
            assert isinstance(booked.payload, TicketSale)
            for release, document in journal.papers(booked.seq):
                copied = chance.random() < 0.2
                sheet = out.print(release, as_copy(document, 1, "de_DE") if copied else document)
                if codes_due := wanted(release, booked.payload, at, maker):
                    sheets.append(sheet)
                    expected.append(codes_due)
    assert len(sheets) > SALES
    for sheet, seen, due in zip(sheets, scan(sheets, tmp_path), expected, strict=True):
        assert seen == due, sheet.text


def wanted(release: str, sold: TicketSale, at: Stamp, maker: Codes) -> set[str]:
    """What a scanner is to find on a document."""
    key, _, kind = release.rpartition("/")
    if kind == "voucher":
        return {f"CODE-128:{key[-12:]}"}
    if kind == "receipt":
        return set()
    ticket = sold.tickets[int(kind.partition("-")[2]) - 1]
    return {f"CODE-128:{ticket.barcode}", f"QR-Code:{maker.sealed(ticket, sold.event, at.wall_ms)}"}
