"""A PN532 on each of its ways, with the same chip behind it."""

from contextlib import ExitStack

import pytest

from drivers.contract import Emit
from drivers.device import Pace
from drivers.readers import pn532_chip
from drivers.readers.pn532 import Pn532Options, Pn532Reader
from tests.drivers.reader_contract import NAME, ReaderBench
from tests.support.pn532_buses import I2cBoard, SpiBoard
from tests.support.pn532_cards import Card, Ntag, TypeA
from tests.support.pn532_emulator import Pn532Emulator
from tests.support.waiting import wait_until


class QuickReader(Pn532Reader):
    """The same, less patient between two tries to reopen."""

    pace = Pace(first_s=0.02, last_s=0.05)


class Bench(ReaderBench):
    """A board in one of three ways, with any cards."""

    def __init__(self, way: str, patch: pytest.MonkeyPatch, **options: object) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._options = options
        # A Pi's USB may delay the first byte by a second; nothing here does.
        patch.setattr(pn532_chip, "_FIRST_ACK_S", 0.25)
        if way == "uart":
            self.board = self._stack.enter_context(Pn532Emulator())
            self.port = self.board.path
        else:
            self.board = {"i2c": I2cBoard, "spi": SpiBoard}[way](f"/dev/{way}-of-test")
            self.board.install(patch)
            self.storms = 3  # a bus stays where it is, so that each loss is found out by waiting only
            self.port = f"{way}://{self.board.path}"

    def make(self, emit: Emit) -> QuickReader:
        return QuickReader(NAME, Pn532Options(port=self.port, **{"poll_ms": 20, **self._options}), emit)

    def put(self, uid: str) -> None:
        self.lay(Ntag(uid) if len(uid) == 14 else TypeA(uid))

    def lay(self, card: Card) -> Card:
        return self.board.put(card)

    def take(self) -> None:
        self.board.take()

    def dwell(self) -> None:
        self.wait_asked(5)

    def wait_asked(self, times: int) -> None:
        """Wait until the chip was asked for cards *times* more."""
        heard = self.board.chip.heard
        before = len(heard)
        wait_until(lambda: sum(body[0] in (0x00, 0x4A) for body in heard[before:]) >= times)

    def lose(self) -> None:
        self.board.unplug()

    def bring_back(self) -> None:
        self.board.plug()

    def clear(self) -> None:
        self._stack.close()
