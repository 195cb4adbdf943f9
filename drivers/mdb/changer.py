"""A changer on the bus: asks it through an adapter, patiently where it may be silent, and says what it said."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from drivers.errors import DeviceFault, DeviceMissing
from drivers.mdb.adapter import Adapter, Reply
from drivers.mdb.changer_frames import (
    POLL,
    TUBE_STATUS,
    FrameError,
    PollItem,
    TubeStatus,
    read_poll,
    read_tubes,
)

T = TypeVar("T")

ANSWER_S = 1.0
"""How long the adapter may take for the answer of the changer, which itself has 5 ms."""

_TRIES = 3
_PAUSE_S = 0.05


class Changer:
    """Sends blocks to a changer; every method raises DeviceMissing where the adapter or the changer is gone.

    Args:
        adapter: It is open, and master of the bus.
        silence_s: How long a changer may be silent, in seconds (MDB/ICP 4.2, section 5.4: 2 s).
        pause: Waits; False: the device is to stop.
    """

    def __init__(self, adapter: Adapter, silence_s: float, pause: Callable[[float], bool]) -> None:
        self._adapter = adapter
        self._silence_s = silence_s
        self._pause = pause
        self._heard_at = time.monotonic()

    def once(self, block: bytes) -> bytes | None:
        """Send *block* and return the data of its answer; empty: ACK alone; None: no answer, or a NAK."""
        reply = self._adapter.exchange(block, ANSWER_S)
        if reply is Reply.NONE:
            return None
        self._heard_at = time.monotonic()
        return b"" if reply is Reply.ACK else reply

    def poll(self) -> tuple[PollItem, ...] | None:
        """POLL; None: it is silent, and may be for a while.

        Raises:
            DeviceFault: The answer cannot be read; nobody can ask for it again.
        """
        data = self.once(POLL)
        if data is None:
            self._check_silence()
            return None
        try:
            return read_poll(data)
        except FrameError as error:
            raise DeviceFault(f"the coin changer answers what no changer may: {error}") from error

    def order(self, block: bytes) -> None:
        """Send *block*, which does no harm twice, until the changer takes it."""
        self._until(lambda: self.once(block) is not None)

    def ask(self, block: bytes, read: Callable[[bytes], T]) -> T:
        """Send *block*, which does no harm twice, until data come, and return what *read* makes of them.

        Raises:
            DeviceFault: *read* raises FrameError again and again.
        """
        error = FrameError()
        for _ in range(_TRIES):
            try:
                return read(self._data(block))
            except FrameError as wrong:
                error = wrong
        raise DeviceFault(f"the coin changer answers what no changer may: {error}") from error

    def tubes(self) -> TubeStatus:
        """Return what is in its tubes."""
        return self.ask(TUBE_STATUS, read_tubes)

    def _data(self, block: bytes) -> bytes:
        got: list[bytes] = []

        def come() -> bool:
            data = self.once(block)
            got[:] = [data] if data else []
            return bool(got)

        self._until(come)
        return got[0]

    def _until(self, done: Callable[[], bool]) -> None:
        """Try until it is *done*; a changer that is busy answers nothing, or ACK where data should come."""
        until = time.monotonic() + self._silence_s
        while not done():
            if time.monotonic() >= until:
                raise DeviceMissing(_GONE)
            if not self._pause(_PAUSE_S):
                raise DeviceMissing("the coin changer is being stopped")

    def _check_silence(self) -> None:
        if time.monotonic() - self._heard_at > self._silence_s:
            raise DeviceMissing(_GONE)


_GONE = "no coin changer answers on the MDB bus: has it power, and is its plug in the adapter's master side?"
