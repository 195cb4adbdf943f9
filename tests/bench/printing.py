"""Paper on the wire: how many bytes a receipt or ticket is, how long a serial line takes for it, and we before.

Ten bits a byte (8N1). What the printer's mechanics take comes on top. A printer that draws bar codes by itself
gets a few words for each; one that does not gets pictures, which are drawn anew for each ticket.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from pathlib import Path

from drivers.printers.compose import composer
from drivers.printers.escpos import EscposOptions, EscposPrinter
from terminal.core.events import Ended, PrintEnded
from terminal.core.paper import Document
from terminal.core.receipt import topup_receipt
from terminal.core.stamp import Stamp
from terminal.core.ticket_paper import ticket_document
from terminal.core.tickets import Ticket
from tests.bench.plan import Plan
from tests.bench.report import Row, at_most, spread
from tests.support.printer_peer import SerialPrinter
from tests.support.waiting import wait_until

NATIVE, POOR = "TM-T88V", "POS-5890"
MOST_BYTES, MOST_S = 600, 0.7
BITS = 10

TOPUP = topup_receipt(
    head=("Café Übermut", "Hauptstraße 1, 12345 Musterstadt"),
    terminal="coins-1",
    at=Stamp(1_700_000_000_000, 0, "bench", synced=True),
    token="04A1B2C3D4E5F6",  # noqa: S106 - a made-up card
    amount=350,
    key="coins-1/0f8e77d2c0aa",
    currency="EUR",
    locale="de_DE",
    coins=(200, 100, 50),
    confirmed=True,
    balance=1250,
)
SIGNED = (
    "3.4.1777636800.10Nif4sg."
    "5WYZSSf4uB-q2S_QH4OKoziai4zrqyf7oaOg9GWm7ky2B88Ldo6qVr_AcjNZY_gr0hIM09-FKyuwHnBmuNeI"
)
"""What the QR code of a signed ticket holds behind its barcode."""


def ticket(number: int = 1, *, signed: bool = False) -> Document:
    """Return a ticket as the kiosk prints it, with a code of the usual form that no other number has."""
    barcode = f"GJXS0LM6R{number:04d}XJX01"
    return ticket_document(
        ticket=Ticket(4, "Erwachsene, ermäßigt", barcode),
        number=1,
        of=2,
        event_name="Sommerfest 2026",
        product_name="Erwachsene, ermäßigt",
        price=1200,
        terminal="kiosk-1",
        at=Stamp(1_700_000_000_000, 0, "bench", synced=True),
        qr=f"{barcode}.T1.{SIGNED}" if signed else barcode,
        currency="EUR",
        locale="de_DE",
    )


TICKET = ticket()


def receipts(plan: Plan) -> list[Row]:
    """Return the rows of receipts and tickets on both kinds of printers, and what the driver adds."""
    rows = _rows("top-up receipt", TOPUP, NATIVE)
    rows += _rows("ticket, CODE128 and QR", TICKET, NATIVE, goals=True)
    rows += _rows("signed ticket, CODE128 and QR", ticket(signed=True), NATIVE)
    rows += _rows("ticket, both as pictures", TICKET, POOR)
    rows += _rows("signed ticket, both as pictures", ticket(signed=True), POOR)
    rows += [_composed(plan, NATIVE), _composed(plan, POOR)]
    return [*rows, _driver(plan)]


def _rows(what: str, document: Document, profile: str, *, goals: bool = False) -> list[Row]:
    size = len(composer(profile).compose(document))
    by = f"profile {profile}"
    seconds = {baud: size * BITS / baud for baud in (9_600, 38_400)}
    if goals:
        return [
            at_most(f"{what}: bytes", size, MOST_BYTES, "bytes", baseline=by),
            at_most(f"{what}: at 9,600 baud", seconds[9_600], MOST_S, "s", baseline=by),
            Row(f"{what}: at 38,400 baud", "", seconds[38_400], "s", None, by),
        ]
    return [
        Row(f"{what}: bytes", "", size, "bytes", None, by),
        Row(f"{what}: at 9,600 baud", "", seconds[9_600], "s", None, by),
        Row(f"{what}: at 38,400 baud", "", seconds[38_400], "s", None, by),
    ]


def _composed(plan: Plan, profile: str) -> Row:
    """Each ticket of a large sale, made into bytes: none is like another, so none is kept from before."""
    made, taken = composer(profile), []
    for number in range(plan.times(99, 5) + 1):
        document = ticket(100 + number, signed=True)
        begun = time.perf_counter()
        made.compose(document)
        taken.append((time.perf_counter() - begun) * 1000)
    taken = taken[1:]  # the first one imports what it needs
    how = "codes as pictures" if profile == POOR else "codes by the printer"
    return Row(
        f"signed ticket, {how}: made into bytes, p50",
        "",
        statistics.median(taken),
        "ms",
        None,
        f"profile {profile}",
        spread(taken, "ms"),
    )


def _driver(plan: Plan) -> Row:
    """From the order to DONE, at a printer that takes everything at once and confirms: what the driver adds."""
    ended = threading.Event()
    outcomes: list[Ended] = []

    def emit(event: object) -> None:
        if isinstance(event, PrintEnded):
            outcomes.append(event.ended)
            ended.set()

    taken = []
    with tempfile.TemporaryDirectory() as folder, SerialPrinter(Path(folder)) as peer:
        device = EscposPrinter("receipts", EscposOptions(port=peer.port, profile=NATIVE), emit)
        device.start()
        try:
            wait_until(lambda: peer.tells, what="the printer open")
            for number in range(plan.times(30, 3)):
                ended.clear()
                begun = time.perf_counter()
                device.print(f"job {number}", TICKET)
                if not ended.wait(60) or outcomes[-1] is not Ended.DONE:
                    raise RuntimeError(f"a ticket was not printed: {outcomes}")
                taken.append((time.perf_counter() - begun) * 1000)
        finally:
            device.stop()
    return Row(
        "ticket: order to confirmed, without the wire, p50",
        "",
        statistics.median(taken),
        "ms",
        None,
        "a printer in the same process",
        spread(taken, "ms"),
    )


MEASURES = {"printing": receipts}
