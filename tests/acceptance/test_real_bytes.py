"""Real bytes: receipts go out over a serial line, and what arrives there is read as a printer reads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.printers.paper.reading import read
from drivers.printers.paper.sheet import Sheet
from drivers.printers.paper.sheet import usual as printer_of
from tests.acceptance.conftest import UID
from tests.support.machine import PANEL, READER, Machine, SandboxProcess
from tests.support.printer_peer import SerialPrinter
from tests.support.waiting import wait_until

SLOT = {"name": "slot", "role": "coin_acceptor", "driver": "simulated"}
TERMINAL = {"id": "coins-7", "job": "topup", "locale": "de_DE", "currency": "EUR"}
EVERY_TAP = {"reading": {"same_card_ms": 0}}


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[SerialPrinter]:
    with SerialPrinter(tmp_path) as plugged:
        yield plugged


@pytest.fixture
def kiosk(tmp_path: Path, sandbox: SandboxProcess, printer: SerialPrinter) -> Iterator[Machine]:
    paper = {"name": "receipts", "role": "printer", "driver": "escpos", "port": printer.port}
    quick = {"check_s": 0.2, "stall_s": 1.0, "answer_ms": 500}
    sections = {"terminal": TERMINAL, "topup": {"show_s": 1, "receipt": ["Example Ltd."]}, **EVERY_TAP}
    machine = Machine(
        tmp_path, sandbox.url, sandbox.token_file, [READER, PANEL, SLOT, {**paper, **quick}], sections=sections
    )
    with machine:
        machine.wait_works()
        wait_until(lambda: paper_health(machine) == "ok", what="the printer")
        yield machine


def paper_health(kiosk: Machine) -> str:
    return kiosk.status()["devices"][3]["health"]


def top_up(kiosk: Machine, *coins: int) -> None:
    """Insert coins for the token, and see them credited."""
    before = kiosk.status()["queue"]["delivered"]
    kiosk.do("tap", uid=UID)
    kiosk.wait("collecting", phase="collecting coins")
    for cents in coins:
        assert kiosk.do("coin", cents=cents).is_success
    kiosk.do("button", name="confirm")
    kiosk.wait("the credit", screen__notice="credited", screen__amount=sum(coins))
    kiosk.do("untap")
    kiosk.wait("it is booked", queue__delivered=before + 1)


def prints(kiosk: Machine) -> list[tuple[str, str]]:
    """Return how each receipt ended, with the words, as the stories of the entries tell it; newest first."""
    with kiosk.reader() as journal:
        stories = [journal.story(entry.seq) for entry in journal.entries()]
    events = [event for story in stories if story for event in story.events]
    return [(e.how, e.words) for e in events if e.what == "print" and e.how != "intended"]


def paper(printer: SerialPrinter) -> Sheet:
    return read(bytes(printer.received), printer_of())


def test_a_receipt_is_read_back_from_the_line(
    kiosk: Machine, printer: SerialPrinter, sandbox: SandboxProcess
) -> None:
    top_up(kiosk, 200, 50)
    wait_until(lambda: ("done", "") in prints(kiosk), what="the end of the print")
    sheet = paper(printer)
    text = "\n".join(sheet.text)
    rows = {words[0]: words[-2:] for words in map(str.split, sheet.text) if len(words) > 1}
    assert rows["Terminal"] == ["Terminal", "coins-7"]
    assert rows["Gutgeschrieben"] == ["2,50", "EUR"]
    assert rows["Karte"][-1] == f"...{UID[-4:]}"
    assert "Example Ltd." in text
    assert UID not in text.replace(" ", "").upper()
    assert bytes.fromhex(UID) not in bytes(printer.received)
    assert sheet.cuts == 1
    (booked,) = sandbox.booked()
    assert booked["amount"] == 250
    assert booked["key"].endswith(rows["Beleg"][-1])


def receipts(printer: SerialPrinter) -> int:
    """How many receipts lie there, copies among them."""
    return sum("Gutgeschrieben" in line for line in paper(printer).text)


def test_a_printer_without_paper_stops_no_top_up(
    kiosk: Machine, printer: SerialPrinter, sandbox: SandboxProcess
) -> None:
    printer.paper_out = True
    wait_until(lambda: paper_health(kiosk) == "failed", what="a printer without paper")
    (problem,) = kiosk.status()["problems"]
    assert problem.startswith("Printer 'receipts' is failed:")
    assert "paper" in problem
    assert kiosk.ctl("status").returncode == 1
    top_up(kiosk, 100)
    assert bytes(printer.received) == b""
    printer.put_paper_in()
    wait_until(lambda: paper_health(kiosk) == "ok", what="the printer with paper")
    wait_until(lambda: ("done", "") in prints(kiosk), what="the receipt that waited")
    assert kiosk.ctl("status").returncode == 0
    top_up(kiosk, 20)
    wait_until(lambda: prints(kiosk).count(("done", "")) == 2, what="the end of the print")
    assert receipts(printer) == 2
    assert "KOPIE" not in "".join(paper(printer).text), "nothing of it was on paper before"
    assert [each["amount"] for each in sandbox.booked()] == [100, 20]


def test_paper_that_ends_in_the_middle_leaves_an_unknown_print_and_a_sure_credit(
    kiosk: Machine, printer: SerialPrinter, sandbox: SandboxProcess
) -> None:
    printer.out_after = 120
    top_up(kiosk, 200)
    wait_until(
        lambda: [how for how, _ in prints(kiosk)] == ["unknown"], timeout=60, what="the end of the print"
    )
    assert "printing broke off" in prints(kiosk)[0][1]
    printer.put_paper_in()
    # This printer went on with what it had in its memory; nobody here could know, so the copy says what it is.
    wait_until(lambda: prints(kiosk)[-1][0] == "done", timeout=60, what="the copy")
    wait_until(lambda: paper_health(kiosk) == "ok", what="the printer")
    assert receipts(printer) == 2
    assert sum("KOPIE 1" in line for line in paper(printer).text) == 2, "at the top and at the bottom"
    assert [each["amount"] for each in sandbox.booked()] == [200]
    top_up(kiosk, 10)
    wait_until(lambda: prints(kiosk)[0][0] == "done", what="the next receipt")
    assert receipts(printer) == 3


def test_a_printer_that_falls_silent_or_is_unplugged_stops_no_top_up(
    kiosk: Machine, printer: SerialPrinter, sandbox: SandboxProcess
) -> None:
    printer.silent = True
    wait_until(lambda: paper_health(kiosk) == "missing", timeout=60, what="a printer that is gone")
    assert "it does not answer any more" in kiosk.status()["problems"][0]
    top_up(kiosk, 50)
    printer.silent = False
    wait_until(lambda: paper_health(kiosk) == "ok", timeout=60, what="the printer")
    printer.unplug()
    try:
        wait_until(lambda: paper_health(kiosk) == "missing", timeout=60, what="a printer that is gone")
        top_up(kiosk, 20)
    finally:
        printer.plug()
    wait_until(lambda: paper_health(kiosk) == "ok", timeout=60, what="the printer")
    top_up(kiosk, 5)
    wait_until(lambda: prints(kiosk).count(("done", "")) == 3, timeout=60, what="all that waited, too")
    assert receipts(printer) == 3
    assert [each["amount"] for each in sandbox.booked()] == [50, 20, 5]
