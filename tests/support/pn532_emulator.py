"""A PN532 board on a serial line: the chip of ``pn532_chip.py`` behind a pty that has a name.

In a test, in a thread of the same process::

    with Pn532Emulator() as chip:               # or Pn532Emulator("/dev/ttyS99") for nfcpy: tty:S99:pn532
        driver on chip.path ...
        card = chip.put(Ntag("04A1B2C3D4E5F6"))         # TypeA, Ntag, TypeB, FeliCa of pn532_cards
        chip.take(card)                                  # or take(): all
        chip.unplug(); chip.plug()                       # the USB adapter; the chip keeps its power ...
        chip.power_cut()                                 # ... unless this is done: asleep, 115200, no settings
        chip.hang(); chip.hang(False)                    # the line is there, the chip says nothing

*path* is a link to the pty of the moment: it is there while the board is plugged in. Lifting a card and putting
it back are seen by the chip at once. Bytes at a speed other than the chip's are lost, as on a true line.
"""

import contextlib
import os
import select
import tempfile
import termios
import threading
import tty
from pathlib import Path
from typing import Self, TypeVar

from tests.support.pn532_cards import Card
from tests.support.pn532_chip import ACK, Chip

C = TypeVar("C", bound=Card)

_SPEEDS = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name.startswith("B") and name[1:].isdigit() and name != "B0"
}


class Pn532Emulator:
    """The board in a thread. *link*: the path it is to have; without one, a new one in a temporary folder.

    Attributes:
        path: Where the serial line is.
        chip: The chip itself: ``cards``, ``heard`` (command frames), ``rate``.
    """

    def __init__(self, link: str | Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory() if link is None else None
        self.path = str(link if self._folder is None else Path(self._folder.name) / "pn532")
        self._master = -1
        self._pipe = os.pipe()
        self._lock = threading.Lock()
        self._ended = False
        self._silent = False
        self.chip = Chip(self._poke)
        self._thread = threading.Thread(target=self._run, name="pn532", daemon=True)

    def __enter__(self) -> Self:
        self.plug()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._poke()
        self._thread.join()
        if self._master >= 0:
            self.unplug()
        for end in self._pipe:
            os.close(end)
        if self._folder is not None:
            self._folder.cleanup()

    # -- the hand of the test --------------------------------------------------------------------------

    def put(self, card: C) -> C:
        """Put *card* into the field; returns it."""
        self.chip.put(card)
        return card

    def take(self, card: Card | None = None) -> None:
        """Take *card*, or all cards, away."""
        self.chip.take(card)

    def plug(self) -> None:
        """Plug the serial adapter in: the path is there."""
        with self._lock:
            assert self._master < 0
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            place = Path(self.path)
            place.unlink(missing_ok=True)
            place.symlink_to(os.ttyname(slave))
            os.close(slave)
            self._master = master
        self._poke()

    def unplug(self) -> None:
        """Pull the serial adapter out: the path is gone and who has it open meets an error."""
        with self._lock:
            assert self._master >= 0
            Path(self.path).unlink(missing_ok=True)
            os.close(self._master)
            self._master = -1
        self._poke()

    def power_cut(self) -> None:
        """Cut the chip's power for a moment; the line stays."""
        self.chip.power_on()

    def hang(self, hangs: bool = True) -> None:  # noqa: FBT001, FBT002
        """Let the chip say nothing and take nothing in."""
        with self.chip.lock:
            self.chip.hangs = hangs
            self.chip.output.clear()

    # -- the thread ------------------------------------------------------------------------------------

    def _poke(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._pipe[1], b"!")

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                master = self._master
                poller = select.poll()
                poller.register(self._pipe[0], select.POLLIN)
                if master >= 0:
                    poller.register(master, select.POLLIN)
            for end, event in poller.poll():
                if end == self._pipe[0]:
                    os.read(end, 4096)
                elif event & select.POLLIN:
                    self._take()
                else:
                    # Nobody has it open: look again soon, or as soon as something happens here.
                    select.select([self._pipe[0]], [], [], 0.005)
            self._give()

    def _take(self) -> None:
        with self._lock:
            if self._master < 0:
                return
            try:
                data = os.read(self._master, 4096)
                speed = _SPEEDS.get(termios.tcgetattr(self._master)[4])
            except OSError:
                return
        # The ACK that ends a change of speed is sent at the old one; it may be read after the host has changed,
        # or be thrown away unread where the host flushes: a true line would have carried it.
        if data == ACK or speed == self.chip.announced:
            self.chip.feed(ACK)
        if data != ACK and speed == self.chip.rate:
            self.chip.feed(data)

    def _give(self) -> None:
        with self.chip.lock:
            data = b"".join(self.chip.output)
            self.chip.output.clear()
        with self._lock, contextlib.suppress(OSError):
            if self._master >= 0 and data and _SPEEDS.get(termios.tcgetattr(self._master)[4]) == self.chip.rate:
                os.write(self._master, data)
