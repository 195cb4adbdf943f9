"""A receipt on the wire: how many bytes it is, and so how long a serial line takes for it.

Ten bits a byte (8N1). What the printer's mechanics take comes on top. A printer that draws bar codes by itself
gets a few words for each; one that does not gets pictures.
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
from terminal.core.paper import Barcode, Columns, Document, QrCode, Rule, Text
from terminal.core.receipt import topup_receipt
from terminal.core.stamp import Stamp
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
TICKET = Document(
    (
        Text("Sommerfest", align="center", bold=True, large=True),
        Text("Samstag, 12. Juli, 20:00 Uhr", align="center"),
        Rule(),
        Columns("Eintritt, ermäßigt", "12,00 €", bold=True),
        Columns("Beleg", "0f8e77d2c0aa"),
        Barcode("2026000123"),
        QrCode("https://example.org/t/2026-000123"),
        Text("Gültig für eine Person.", align="center"),
    )
)


def receipts(plan: Plan) -> list[Row]:
    """Return the rows of both receipts on both kinds of printers, and what the driver adds."""
    rows = _rows("top-up receipt", TOPUP, NATIVE)
    rows += _rows("ticket, CODE128 and QR", TICKET, NATIVE, goals=True)
    rows += _rows("ticket, both as pictures", TICKET, POOR)
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
