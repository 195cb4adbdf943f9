"""Readers of nfcpy: over UDP with a card in another process, over a pty with a chip."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from drivers.contract import Emit
from drivers.device import Pace
from drivers.readers.nfcpy import NfcpyOptions, NfcpyReader
from terminal.core.events import TokenPresented
from tests.drivers.reader_contract import NAME, ReaderBench
from tests.support.pn532_cards import TypeA
from tests.support.pn532_emulator import Pn532Emulator
from tests.support.waiting import wait_until

FOUR, SEVEN, TEN = "A1B2C3D4", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"

OTHER = "0455667788AABB"


class QuickReader(NfcpyReader):
    """The same, less patient between two tries to reopen."""

    pace = Pace(first_s=0.01, last_s=0.05)


class NfcpyBench(ReaderBench):
    """What both benches share."""

    cards = (SEVEN, FOUR, TEN)

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = {"poll_ms": 20, **options}

    def make(self, emit: Emit) -> NfcpyReader:
        return QuickReader(NAME, NfcpyOptions(path=self.path, **self.options), emit)

    @property
    def path(self) -> str:
        raise NotImplementedError


class SerialBench(NfcpyBench):
    """nfcpy's PN532 driver on a chip behind a pty. Lost: the USB adapter is pulled out."""

    storms = 5  # each opening starts the programs that nfcpy starts

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._all = ExitStack()
        self.board = self._all.enter_context(Pn532Emulator())

    @property
    def path(self) -> str:
        return self.board.path

    def put(self, uid: str) -> None:
        self.board.put(TypeA(uid))

    def take(self) -> None:
        self.board.take()

    def dwell(self) -> None:
        until = self.looks() + 4
        wait_until(lambda: self.looks() >= until, what="more looks for a card")

    def looks(self) -> int:
        return sum(body[0] == 0x4A for body in list(self.board.chip.heard))

    def lose(self) -> None:
        self.board.unplug()

    def bring_back(self) -> None:
        self.board.plug()

    def clear(self) -> None:
        self._all.close()


@pytest.fixture
def serial() -> Iterator[Callable[..., SerialBench]]:
    """The same on a chip."""
    with ExitStack() as benches:

        def start(**options: Any) -> SerialBench:
            bench = benches.enter_context(closing(SerialBench(**options)))
            bench.start()
            return bench

        yield start


def presented(uid: str, **more: Any) -> TokenPresented:
    return TokenPresented(NAME, uid, **more)
