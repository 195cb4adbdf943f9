"""The contract of printers: on the simulated one, and on the driver for real ones against their peers."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.contract import Emit
from drivers.device import Pace
from drivers.printers.escpos import EscposOptions, EscposPrinter
from drivers.printers.simulated import SimulatedPrinter, SimulatedPrinterOptions
from tests.drivers.printer_contract import NAME, Break, PrinterBench, PrinterContract, Trouble
from tests.support import needs
from tests.support.printer_process import PrinterProcess

needs.module("escpos", "printer")
needs.module("serial", "printer")

QUICK = Pace(first_s=0.01, last_s=0.1)
HALF = 600
"""Bytes of a document after which it breaks off; it has some more than twice as many."""


class QuickSimulated(SimulatedPrinter):
    """The same, less patient."""

    pace = QUICK


class QuickEscpos(EscposPrinter):
    """The same, less patient."""

    pace = QUICK


class SimulatedBench(PrinterBench):
    """The simulated printer: its hands are those of the test."""

    steps = 100

    def make(self, emit: Emit) -> QuickSimulated:
        return QuickSimulated(NAME, SimulatedPrinterOptions(), emit)

    def hand(self, verb: str) -> None:
        assert isinstance(self.device, QuickSimulated)
        self.device.hands[verb]()

    def trouble(self, what: Trouble) -> None:
        verbs = {Trouble.PAPER: "paper_out", Trouble.COVER: "cover_open", Trouble.OFFLINE: "offline"}
        self.hand(verbs[what])

    def undo(self, what: Trouble) -> None:
        verbs = {Trouble.PAPER: "paper_in", Trouble.COVER: "cover_close", Trouble.OFFLINE: "online"}
        self.hand(verbs[what])

    def arm(self, what: Break) -> None:
        # Whatever happens to its cable comes to this: a part of the document is not taken.
        self.hand("tear_next" if what is Break.PAPER_ENDS else "hang_next")

    def mend(self, what: Break) -> None:
        if what is Break.PAPER_ENDS:
            self.hand("paper_in")

    def lose(self) -> None:
        self.hand("unplug")

    def bring_back(self) -> None:
        self.hand("plug")

    def paper(self) -> str:
        assert isinstance(self.device, QuickSimulated)
        return "\n".join(line for paper in self.device.papers for line in paper)

    def clear(self) -> None:
        pass


class EscposBench(PrinterBench):
    """The driver for real ones, at a printer that is a process of its own."""

    def __init__(self, printer: PrinterProcess) -> None:
        super().__init__()
        self.printer = printer

    def make(self, emit: Emit) -> QuickEscpos:
        options = EscposOptions(port=self.printer.port, check_s=0.2, answer_ms=1000, stall_s=0.5, finish_s=10)
        return QuickEscpos(NAME, options, emit)

    def trouble(self, what: Trouble) -> None:
        self._set(what, value=True)

    def undo(self, what: Trouble) -> None:
        self._set(what, value=False)

    def _set(self, what: Trouble, *, value: bool) -> None:
        names = {Trouble.PAPER: "paper_out", Trouble.COVER: "cover_open", Trouble.OFFLINE: "offline"}
        self.printer.set(**{names[what]: value})

    def arm(self, what: Break) -> None:
        names = {
            Break.PAPER_ENDS: "out_after",
            Break.STOPS_READING: "stalls_after",
            Break.DIES: "dies_after",
            Break.POWER_FAILS: "fails_after",
        }
        self.printer.set(**{names[what]: self.printer.get("received") + HALF})

    def mend(self, what: Break) -> None:
        match what:
            case Break.PAPER_ENDS:
                self.printer.do("put_paper_in")
            case Break.STOPS_READING:
                self.printer.set(stalls_after=None)
            case Break.DIES:
                self.printer.set(dies_after=None)
                self.printer.do("unplug")
                self.printer.do("plug")
            case Break.POWER_FAILS:
                self.printer.do("power_on")

    def lose(self) -> None:
        self.printer.do("power_off")

    def bring_back(self) -> None:
        self.printer.do("power_on")

    def paper(self) -> str:
        return self.printer.paper.decode("cp858")

    def clear(self) -> None:
        self.printer.close()


class TestSimulatedPrinter(PrinterContract):
    @pytest.fixture
    def bench(self) -> Iterator[SimulatedBench]:
        with closing(SimulatedBench()) as bench:
            yield bench


class TestSerialPrinter(PrinterContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[EscposBench]:
        with closing(EscposBench(PrinterProcess(tmp_path))) as bench:
            yield bench


class TestNetworkPrinter(PrinterContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[EscposBench]:
        with closing(EscposBench(PrinterProcess(tmp_path, "tcp"))) as bench:
            yield bench
