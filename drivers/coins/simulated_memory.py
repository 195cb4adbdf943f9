"""What a simulated acceptor counts by itself: an event counter, the five newest events, and what of it is new.

As ccTalk acceptors do it. The counter is 0 after the device was switched on; then it goes from 1 to 255 and on
to 1. What is older than the five newest events can be asked of nobody any more. Unlike a real one it has a name
for each of its lives, so that a power cut is never taken for a counter that ran round.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any, Literal

import msgspec

from drivers.errors import DeviceFault, words_of
from terminal.core.value import Value

KEPT = 5
CYCLE = 255
_TAIL = 65_536
_MARK = re.compile(r"simulated ([0-9a-f]{8}) (\d{1,3})", re.ASCII)


class Happening(Value, frozen=True):
    """One event. *amount*: of a coin, in cents; *pulses* and *words*: of what is none."""

    what: Literal["coin", "unknown", "fraud", "reject"]
    amount: int = 0
    pulses: int = 0
    words: str = ""


class Reached(Value, frozen=True):
    """How far was counted: in which life, and to which number."""

    life: str
    counter: int

    @property
    def mark(self) -> str:
        """This as it is kept on the books."""
        return f"simulated {self.life} {self.counter}"

    def on(self, events: int) -> Reached:
        """Return this *events* later."""
        return Reached(self.life, (self.counter - 1 + events) % CYCLE + 1) if events else self


class Count(Value, frozen=True):
    """The counter, and the newest events, newest first."""

    reached: Reached
    newest: tuple[Happening, ...] = ()

    def next(self, happening: Happening) -> Count:
        """Return the count after one more event."""
        return Count(self.reached.on(1), (happening, *self.newest)[:KEPT])


class New(Value, frozen=True):
    """One thing to tell, and how far is told with it.

    *happening* is None where *lost* events are forgotten; 0: nobody knows how many.
    """

    reached: Reached
    happening: Happening | None = None
    lost: int = 0
    words: str = ""


def switched_on() -> Count:
    """Return the count of a device that was switched on just now."""
    return Count(Reached(secrets.token_hex(4), 0))


def parse(mark: str) -> Reached | None:
    """Return what *mark* says; None: it is none of a device of this kind."""
    found = _MARK.fullmatch(mark)
    return None if found is None else Reached(found[1], int(found[2]))


def news(told: Reached | None, count: Count) -> list[New]:
    """Return what is new at *count*, oldest first, for whoever was told up to *told*.

    None: nobody knows how far that is, so that any of it may have been told.
    """
    if told is None:
        unsure = "what was told of its coins before is not known: nothing of it is credited"
        return [New(count.reached, words=unsure)]
    same = told if told.life == count.reached.life else None
    begun = same or Reached(count.reached.life, 0)
    steps = count.reached.counter - begun.counter
    steps = steps if steps >= 0 else steps + CYCLE
    sure = min(steps, len(count.newest))
    lost = steps - sure
    words = [] if same else ["it was switched off, and what it took right before and nobody read is not known"]
    words += [f"it counted {steps} events that nobody read, and knows {sure} of them"] if lost else []
    new = [New(begun.on(lost), lost=lost, words="; ".join(words))] if words else []
    return new + [
        New(begun.on(lost + number), happening)
        for number, happening in enumerate(reversed(count.newest[:sure]), 1)
    ]


class Memory:
    """Keeps a count, in a file over restarts of the process.

    A coin that stands on the record has fallen, even if the process was killed before the file knew it: so the
    two cannot disagree.

    Args:
        device: Its name.
        path: The file; empty: nothing is kept, and the end of the process is a power cut.
        record: The record of the device; empty: it has none.
    """

    def __init__(self, device: str, path: str, record: str) -> None:
        self._device = device
        self._path = Path(path) if path else None
        self._record = Path(record) if record else None
        self.count = switched_on()

    def load(self) -> None:
        """Read the file, if there is one.

        Raises:
            DeviceFault: It cannot be read or written.
        """
        if self._path is None:
            return
        try:
            self.count = msgspec.json.decode(self._path.read_bytes(), type=Count)
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError) as error:
            raise DeviceFault(f"the memory of {self._device} cannot be read: {words_of(error)}") from error
        last = self._last_on_record()
        if last is not None and last[0] == self.count.reached.on(1):
            self.count = self.count.next(Happening("coin", last[1]))
        self.prepare(self.count)
        self.keep(self.count)

    def prepare(self, count: Count) -> None:
        """Make ready what keep() puts into its place.

        Raises:
            DeviceFault: It cannot be written: then the event must not happen.
        """
        if self._path is None:
            return
        try:
            self._next.write_bytes(msgspec.json.encode(count))
        except OSError as error:
            raise DeviceFault(f"the memory of {self._device} cannot be written: {words_of(error)}") from error

    def keep(self, count: Count) -> None:
        """Take *count*, which was prepared, for what is so."""
        self.count = count
        if self._path is not None:
            self._next.replace(self._path)

    @property
    def _next(self) -> Path:
        return Path(f"{self._path}.new")

    def _last_on_record(self) -> tuple[Reached, int] | None:
        """Return where this device counted its last coin on record, and its cents."""
        if self._record is None or not self._record.exists():
            return None
        with self._record.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            lines = file.read().split(b"\n")[1 if size > _TAIL else 0 :]
        for line in reversed(lines):
            said: dict[str, Any] = json.loads(line) if line else {}
            if said.get("device") == self._device and "life" in said:
                return Reached(said["life"], said["count"]), said["amount"]
        return None
