"""A simulated machine that gives out pieces. Hands: fail_next, silent_next, unplug, plug.

It keeps what it gave out. Like a real one it carries out one release after the other, each once.
"""

from __future__ import annotations

from collections import deque
from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import DriverOptions, Emit
from drivers.device import DeviceFault, DeviceMissing
from drivers.releases.once import Once
from drivers.simulated import RecordPath, SimulatedDevice
from terminal.core.catalogue import Product
from terminal.core.events import Ended, ReleaseEnded

_KEPT = 1000


class SimulatedReleaseOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated release."""

    delay_ms: Annotated[
        int, Meta(ge=0, le=600_000, description="How long giving out a piece takes, in milliseconds.")
    ] = 0
    record: RecordPath = ""


class SimulatedRelease(SimulatedDevice):
    """A machine with an endless stock.

    Attributes:
        given: The last pieces given out, oldest first: (release, product).
        count: How many pieces it ever gave out.
    """

    role: ClassVar[str] = "release"
    Options: ClassVar[type[DriverOptions]] = SimulatedReleaseOptions

    def __init__(self, name: str, options: SimulatedReleaseOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._options = options
        self._once = Once()
        self._fail: str | None = None
        self._silent = False
        self.given: deque[tuple[str, Product]] = deque(maxlen=_KEPT)
        self.count = 0
        self.hands |= {"fail_next": self.fail_next, "silent_next": self.silent_next}

    def release(self, release: str, product: Product) -> None:
        """Give out one piece of *product*, once; ReleaseEnded answers.

        Raises:
            ValueError: This release was ordered before.
        """
        self._once.take(release)
        self._order(
            lambda: self._give_out(release, product),
            lambda words: self._emit(ReleaseEnded(release, Ended.FAILED, words)),
        )

    def fail_next(self, words: str = "the piece is sold out") -> None:
        """Let the next release fail before anything comes out."""
        with self._hold:
            self._fail = words

    def silent_next(self) -> None:
        """Let the next release give out its piece and never answer."""
        with self._hold:
            self._silent = True

    def _give_out(self, release: str, product: Product) -> None:
        with self._hold:
            fail, self._fail = self._fail, None
            silent = self._silent and fail is None
            self._silent = self._silent and not silent
        if fail is not None:
            self._emit(ReleaseEnded(release, Ended.FAILED, fail))
            return
        try:
            self._check_plug()
        except DeviceMissing as error:
            self._emit(ReleaseEnded(release, Ended.FAILED, error.words))
            raise
        self._run(release, product, silent=silent)

    def _run(self, release: str, product: Product, *, silent: bool) -> None:
        """The machine has begun: from now on only its end tells what happened."""
        finished = not self._options.delay_ms or self._pause(self._options.delay_ms / 1000)
        if not finished:
            self._emit(ReleaseEnded(release, Ended.UNKNOWN, f"{self.name} was stopped while it gave out"))
            return
        try:
            self._check_plug()
        except DeviceMissing as error:
            self._emit(ReleaseEnded(release, Ended.UNKNOWN, f"{error.words} since it began to give out"))
            raise
        try:
            self._record.write("piece", release=release, product=product.id)
        except DeviceFault as error:
            self._emit(ReleaseEnded(release, Ended.FAILED, error.words))
            raise
        with self._hold:
            self.given.append((release, product))
            self.count += 1
        if not silent:
            self._emit(ReleaseEnded(release, Ended.DONE))
