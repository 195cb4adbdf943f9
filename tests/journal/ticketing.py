"""A sale of tickets for tests, made short."""

from terminal.core.events import Ended
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
    SessionOpened,
)
from terminal.core.paper import Barcode, Columns, Document, QrCode, Rule, Text
from terminal.core.tickets import Interaction, Line, Method, Payment, Purchase, Ticket, TicketSale
from tests.journal.making import TOKEN, coin

STAFF = "04DEADBEEF0102"
CODE = "GJXS0LM6RYG37"
OTHER = "BCDFGHJKLMNPQ"


def ticket_sale(code=CODE, tickets=2, kept=0, card="", **more):
    """A sale of so many tickets at 500 cents each: in coins, but for one of them if there is a *card*."""
    printed = tuple(Ticket(8, "Adult", f"{code}XJX{number:02}") for number in range(1, tickets + 1))
    cash = 500 * tickets - (500 if card else 0)
    payments = (Payment(Method.CASH, cash),) + ((Payment(Method.CARD, 500, 0, card),) if card else ())
    line = Line(4, "Adult", tickets, 500, tickets=printed)
    return TicketSale(Purchase(code, "XJX", "random"), 3, (line,), payments, staff=STAFF, kept=kept, **more)


def added(key, sale, **more):
    return EntryAdded(key, EntryKind.SALE, "tag", None, sale.total, description="Tickets", payload=sale, **more)


def interaction(key="i1", token=TOKEN, what="check-in"):
    return EntryAdded(key, EntryKind.INTERACTION, "tag", token, 0, payload=Interaction(what, 85))


def document(title, barcode=""):
    """A ticket's paper, as full as a real one."""
    parts = [Text("The Festival of the Small Town by the Lake", bold=True), Text(title), Rule()]
    parts += [Columns("Adult", "5.00 EUR"), Columns("1 May 2026", "14:03"), Columns("Terminal", "kiosk-1")]
    if barcode:
        parts += [QrCode(barcode), Barcode(barcode)]
    return Document((*parts, Text("Not valid twice. Keep it until you leave.")))


def paper(key, sale):
    """The intents of all that is printed for a sale."""
    of = len(str(len(sale.barcodes)))
    names = [(f"ticket-{number:0{of}}", code) for number, code in enumerate(sale.barcodes, start=1)]
    return tuple(
        ReleaseIntended(f"{key}/{name}", ReleaseKind.PRINT, key, "printer", name, document(name, code))
        for name, code in (*names, ("receipt", ""))
    )


def sold(key="t1", sale=None, session="ts1"):
    """All facts of one commit that sells: coins in hand, the sale, the money, the paper."""
    sale = ticket_sale() if sale is None else sale
    cash = sum(each.amount for each in sale.payments if each.method is Method.CASH) + sale.kept
    return (
        SessionOpened(session, None),
        coin(cash, session),
        added(key, sale),
        CashMoved(session, CashKind.SPENT, cash, key=key),
        SessionClosed(session, "spent"),
        *paper(key, sale),
    )


def printed(release, ended=Ended.DONE, words=""):
    return ReleaseSettled(release, ended, words)
