"""Sales and Z reports for an Onslip server, and who records them there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

from terminal.backends.onslip.adapter import Onslip360
from terminal.core.facts import EntryKind
from terminal.core.payload import Closed, Payload, Sold
from terminal.core.records import Entry
from terminal.core.report import Cash, Grand, MethodSum, Report, ReportKind, Sum
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, Method, Payment, Purchase, TicketSale
from terminal.core.value import replace
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.making import entry
from tests.backends.onslip_bench import adapter
from tests.sandbox.realm import Realm

JOURNAL = 9
Books = Callable[..., Onslip360]
NOON = Stamp(1_700_000_000_000, 0, "boot", synced=True)


def keepers(realm: Realm) -> Iterator[Books]:
    """Bind the key of *realm* to an external journal, and give what makes adapters that record sales there.

    All of them are closed at the end.
    """
    journal = {"id": JOURNAL, "name": "Sales of the kiosk", "type": "external-journal", "location": 1}
    realm.onslip.know("tills", [journal])
    realm.only(*PERMISSIONS, journal=JOURNAL)
    with ExitStack() as stack:

        def keeper(sales: str = "journal", **options: Any) -> Onslip360:
            given: dict[str, Any] = {"journal": JOURNAL, "location": 1, "sales": sales, **options}
            made = adapter(realm, **given)
            stack.callback(made.close)
            return made

        yield keeper


def of(key: str, payload: Payload, kind: EntryKind = EntryKind.SALE, created: Stamp = NOON) -> Entry:
    """Return an entry that is about to be sent for the first time."""
    made = entry(key, kind, uid=None, pieces=(), amount=0, description="Coffee")
    refers_to = "debit-1" if kind is EntryKind.RECORD else None
    return replace(made, payload=payload, created=created, refers_to=refers_to)


def tried(sent: Entry) -> Entry:
    """Return *sent* after a try that ended unknown."""
    return replace(sent, attempts=sent.attempts + 1, in_doubt=True, first_attempted=sent.created)


def tickets(code: str = "K1", *, discount: int = 0) -> TicketSale:
    """Return a sale of three tickets at 19.50, paid in cash."""
    line = Line(1, "Adult", 3, 1950, discount, vat=1200)
    paid = Payment(Method.CASH, line.total, change=150)
    return TicketSale(Purchase(code, "", "test"), 3, (line,), (paid,))


def coffee(*, back: bool = False) -> Sold:
    """Return a coffee that a wallet paid for."""
    return Sold(
        (Line(1, "Coffee", 1, 250, vat=600),), (Payment(Method.WALLET, 250, reference="debit-1"),), NOON, back
    )


def closing(number: int = 12) -> Closed:
    """Return a Z report with cash, a wallet and a box from which somebody took half a krona."""
    sales = Sum(3, 9000)
    return Closed(
        Report(
            kind=ReportKind.Z,
            number=number,
            after=0,
            upto=90,
            opened=NOON,
            closed=replace(NOON, wall_ms=NOON.wall_ms + 3_600_000),
            sales=sales,
            returns=Sum(1, 250),
            topups=Sum(),
            groups=(),
            vats=(),
            methods=(MethodSum("cash", Sum(2, 8000)), MethodSum("wallet", Sum(1, 1000), Sum(1, 250))),
            cash=Cash(taken=8000, boxes=(("coins", Sum(7, 5000)), ("notes", Sum(1, 2000)))),
            offline=Sum(),
            unknown=Sum(),
            parked=Sum(),
            grand=Grand(sales),
        )
    )


def worth(items: list[dict[str, Any]]) -> Fraction:
    """Return what items are worth in cents, exactly, as the server multiplies."""
    return sum(
        (
            Fraction(str(each["quantity"]))
            * Fraction(str(each["price"]))
            * (1 - Fraction(str(each.get("discount-rate", 0))) / 100)
            for each in items
        ),
        Fraction(),
    ) * 100  # fmt: skip


def paid(payments: list[dict[str, Any]]) -> Fraction:
    """Return what payments are together, in cents."""
    return sum((Fraction(str(each["amount"])) for each in payments), Fraction()) * 100


def references(realm: Realm, list_: str) -> dict[str, int]:
    """Return how often each reference was created in a list."""
    found: dict[str, int] = realm.onslip.counters()["references"].get(list_, {})
    return found


def what_is_there(realm: Realm) -> Counter[str]:
    """Return how often the parts of each reference were created, by what they are."""
    found: Counter[str] = Counter()
    for record in realm.onslip.entities(f"journal/{JOURNAL}"):
        part = record[record["type"]]
        key = part.get("reference") or record["description"].rpartition("[")[2].rstrip("]")
        found[f"{key} {record['type']} {part['type']}"] += 1
    orders = {each["id"]: each["client-reference"] for each in realm.onslip.entities("orders")}
    found.update(f"{key} order" for key in orders.values())
    found.update(f"{orders[each['order']]} tab" for each in realm.onslip.entities("tabs"))
    return found
