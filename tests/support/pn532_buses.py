"""A PN532 on an I2C bus and on an SPI bus, byte by byte, where smbus2 and spidev would talk to the kernel.

``I2cBoard`` and ``SpiBoard`` have the verbs of ``Pn532Emulator`` (put, take, plug, unplug, hang, power_cut);
their *install* puts them where the libraries would open a device file.
Facts: UM0701-02, 6.2.3 (I2C) and 6.2.5 (SPI).
"""

import errno
import os
from typing import ClassVar

import pytest

from tests.support.pn532_cards import Card
from tests.support.pn532_chip import Chip

ADDRESS = 0x24
SLOW = 2
"""How often the chip says that a frame is not ready yet."""
JUNK = 0xFF
"""What a bus shows after the end of a frame."""


class Board:
    """What both have."""

    boards: ClassVar[dict[str, "Board"]] = {}

    def __init__(self, path: str) -> None:
        self.path = path
        self.chip = Chip()
        self.plugged = True
        self.misread = 0  # frames that were read before they were ready
        self._asked = 0

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Be at *path* for whoever opens it."""
        patch.setitem(self.boards, self.path, self)

    def put(self, card: Card) -> Card:
        """Put *card* into the field."""
        self.chip.put(card)
        return card

    def take(self, card: Card | None = None) -> None:
        """Take *card*, or all cards, away."""
        self.chip.take(card)

    def plug(self) -> None:
        """Put its wires back on."""
        self.plugged = True

    def unplug(self) -> None:
        """Pull its wires off: the bus stays."""
        self.plugged = False

    def power_cut(self) -> None:
        """Cut the chip's power for a moment."""
        self.chip.power_on()

    def hang(self, hangs: bool = True) -> None:  # noqa: FBT001, FBT002
        """Let the chip say nothing and take nothing in."""
        with self.chip.lock:
            self.chip.hangs = hangs
            self.chip.output.clear()

    def _feed(self, data: bytes) -> None:
        """Take what one transaction brings: its end is the end of a frame, too."""
        self._asked = 0
        self.chip.feed(data)
        self.chip._buffer.clear()

    def _ready(self) -> bool:
        """Answer the question whether a frame is ready: each takes its time."""
        self._asked += bool(self.chip.output)
        return self._asked > SLOW

    def _frame(self, size: int) -> bytes:
        """Give the next frame once, however much of it is read, and junk after its end."""
        if self._asked <= SLOW:
            self.misread += 1
        self._asked = 0
        return self.chip.output.popleft()[:size].ljust(size, bytes([JUNK]))

    def _waken(self) -> bool:
        """Wake the chip; return whether it slept."""
        slept = self.chip._asleep > 0
        self.chip._asleep = 0
        return slept

    @classmethod
    def at(cls, path: str) -> "Board":
        """Return the board at *path*, as opening its device file would."""
        board = cls.boards.get(path)
        if board is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return board


class I2cBoard(Board):
    """On an I2C bus, whose transactions are those of smbus2."""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        super().install(patch)
        patch.setattr("smbus2.SMBus", I2cBus)

    def transact(self, message) -> None:
        """Do one message of smbus2's."""
        with self.chip.lock:
            if message.addr != ADDRESS or not self.plugged or self._waken():
                raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
            if not message.flags & 1:
                self._feed(bytes(message))
                return
            if message.len > 1 and self.chip.output:
                said = b"\x01" + self._frame(message.len - 1)
            else:
                said = bytes([self._ready()]).ljust(message.len, b"\0")
            for at, byte in enumerate(said):
                message.buf[at] = byte


class I2cBus:
    """In the place of smbus2.SMBus."""

    def __init__(self, path: str) -> None:
        self._board = Board.at(path)

    def i2c_rdwr(self, *messages) -> None:
        for message in messages:
            self._board.transact(message)

    def close(self) -> None:
        """Nothing to let go."""


class SpiBoard(Board):
    """On an SPI bus, whose transactions are those of spidev."""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        super().install(patch)
        patch.setattr("spidev.SpiDev", SpiBus)

    def transact(self, sent: bytes) -> bytes:
        """Exchange bytes, lowest bit first, while the chip is selected."""
        with self.chip.lock:
            if not self.plugged or self._waken():
                return bytes([JUNK]) * len(sent)
            match sent[0]:
                case 0x01:
                    self._feed(sent[1:])
                case 0x02:
                    return bytes([JUNK, self._ready()]).ljust(len(sent), b"\0")
                case 0x03 if self.chip.output:
                    return bytes([JUNK]) + self._frame(len(sent) - 1)
            return bytes([JUNK]) * len(sent)


class SpiBus:
    """In the place of spidev.SpiDev, on the controller of a Pi: it sends the highest bit first only."""

    def __init__(self) -> None:
        self._board: Board | None = None
        self.mode = 3
        self.max_speed_hz = 125_000_000

    def open_path(self, path: str) -> None:
        self._board = Board.at(path)

    @property
    def lsbfirst(self) -> bool:
        return False

    @lsbfirst.setter
    def lsbfirst(self, value: bool) -> None:
        if value:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def xfer2(self, values: list[int]) -> list[int]:
        assert self._board is not None
        assert self.mode == 0
        assert self.max_speed_hz <= 5_000_000
        return [turned(byte) for byte in self._board.transact(bytes(turned(value) for value in values))]

    def close(self) -> None:
        self._board = None


def turned(byte: int) -> int:
    """Return *byte* with its lowest bit first."""
    result = 0
    for bit in range(8):
        result |= (byte >> bit & 1) << (7 - bit)
    return result
