"""Which of several PC/SC readers is whose, told by their names.

Each device declares a part of a name. Of the readers that have it, it takes one that no other device of this
terminal has taken or names more closely (with a longer part). What it has taken stays its own, also while it
is unplugged, until it takes another or ends: so two devices with the same part each take one, and keep it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass


class NoneLeft(Exception):  # noqa: N818 - what it is, not that it is an error
    """There is no reader to take. *words*: for the technician."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass
class _Claim:
    device: str
    part: str
    reader: str = ""


class Claims:
    """Which reader is whose, among the devices of one process. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: dict[int, _Claim] = {}

    def declare(self, owner: object, device: str, part: str) -> None:
        """Declare that *owner*, the device so named, wants a reader with *part* in its name."""
        with self._lock:
            self._claims[id(owner)] = _Claim(device, part)

    def forget(self, owner: object) -> None:
        """Let the reader of *owner* go, and what it declared."""
        with self._lock:
            self._claims.pop(id(owner), None)

    def take(self, owner: object, names: Sequence[str]) -> str:
        """Return the name that *owner* shall have of *names*, which now is its own.

        Raises:
            NoneLeft: None of them has the part, or all that have it are others'.
        """
        with self._lock:
            mine = self._claims.get(id(owner))
            if mine is None:
                raise NoneLeft("this device has ended")
            fitting = fits(mine.part, names)
            # What it had before comes first: two equal readers do not change places over a restart.
            for name in sorted(fitting, key=lambda name: name != mine.reader):
                if self._whose(name, mine) is None:
                    mine.reader = name
                    return name
            taken = "; ".join(f"{name!r} by {self._whose(name, mine)!r}" for name in fitting)
        if not taken:
            raise NoneLeft(_none(mine.part, names))
        one = (
            f"the PC/SC readers with {mine.part!r} in their names are" if mine.part else "all PC/SC readers are"
        )
        raise NoneLeft(
            f"{one} used by other devices: {taken}; give each device a `reader` of its own, such as the name "
            "with the serial number (pcsc_scan -r)"
        )

    def _whose(self, name: str, mine: _Claim) -> str | None:
        """Return which other device has *name*, or comes before in wanting it."""
        for claim in self._claims.values():
            if claim.device == mine.device:  # its own, or that of the hung one which it replaces
                continue
            closer = not claim.reader and len(claim.part) > len(mine.part) and claim.part in name
            if claim.reader == name or closer:
                return claim.device
        return None


def fits(part: str, names: Sequence[str]) -> list[str]:
    """Return those of *names* that have *part*; without a part: all but slots for a SAM."""
    if part:
        return [name for name in names if part in name]
    return [name for name in names if "SAM" not in name] or list(names)


def _none(part: str, names: Sequence[str]) -> str:
    if not names:
        return "the PC/SC service has no reader: is it plugged in? (lsusb)"
    there = ", ".join(map(repr, names))
    return f"no PC/SC reader has {part!r} in its name; there are: {there}"


CLAIMS = Claims()
"""Those of this process."""
