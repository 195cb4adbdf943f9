"""A simulated token reader. Hands: tap, untap, unplug, plug.

As on a real one, one card lies there at a time; a card that stays there over a loss of the reader is the same
tap, and a card without a number of its own is unreadable.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit
from drivers.readers.uid import canonical, refusal
from drivers.simulated import SimulatedDevice
from terminal.core.events import TokenPresented, TokenRemoved, TokenUnreadable


class SimulatedReaderOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated reader."""

    check_original: Annotated[
        bool,
        Meta(description="Whether each token is asked to prove that its maker made it; see `sim tap --copy`."),
    ] = False


class SimulatedReader(SimulatedDevice):
    """A reader with a place for one card."""

    role: ClassVar[str] = "reader"
    Options: ClassVar[type[DriverOptions]] = SimulatedReaderOptions

    def __init__(self, name: str, options: SimulatedReaderOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._lies: str | None = None  # the card on the reader
        self._copy = False  # whether its number was copied onto it
        self._told: str | None = None  # the card that the daemon knows to be there
        self.hands |= {"tap": self.tap, "untap": self.untap}

    def tap(self, uid: str, *, copy: bool = False) -> None:
        """Put the card *uid* (hex, blanks and colons allowed) on the reader, where it stays.

        *copy*: a blank card onto which that number was copied; only a reader that asks sees the difference.
        """
        with self._hold:
            self._check_works()
            if self._lies is not None:
                raise ValueError(f"a card lies on {self.name} already: untap it first")
            self._lies, self._copy = _uid(uid), bool(copy)
            self._look()

    def untap(self) -> None:
        """Take the card away."""
        with self._hold:
            if self._lies is None:
                raise ValueError(f"no card lies on {self.name}")
            self._lies = None
            if self._works:
                self._look()

    def _open(self) -> Condition | None:
        with self._hold:
            condition = super()._open()
            self._look()
        return condition

    def _look(self) -> None:
        """Tell what has changed since it was told last."""
        if self._lies == self._told:
            return
        if self._told is not None:
            self._emit(TokenRemoved(self.name))
        self._told = self._lies
        if self._lies is None:
            return
        words = refusal(self._lies)
        original = not self._copy if self._options.check_original else None
        self._emit(
            TokenPresented(self.name, self._lies, original=original)
            if words is None
            else TokenUnreadable(self.name, words)
        )


def _uid(text: object) -> str:
    """Return the canonical UID; the sentence of the ValueError does not hold what was given."""
    try:
        raw = bytes.fromhex(str(text).replace(":", ""))
    except ValueError:
        raise ValueError("a UID is written in hex digits, such as 04A1B2C3D4E5F6") from None
    return canonical(raw)
