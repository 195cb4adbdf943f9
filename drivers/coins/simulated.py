"""A simulated coin acceptor. Hands: coin, unknown, unplug, plug; if it counts: reject, fraud, power_cut.

As with a real one, what is inserted while it is inhibited falls through, and it knows only its own coins.
Without `fits` it cannot choose among them: the last one may be worth more than the room that was left.

With `counts` it has an event counter and remembers its five newest events, as ccTalk acceptors do: what the
terminal was not told, because it was killed right then, is told after the next start. For that the device must
live on: `memory` names the file in which it does. Without it the end of the process is a power cut.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.coins.simulated_memory import Count, Happening, Memory, New, Reached, news, parse, switched_on
from drivers.contract import Condition, DriverOptions, Emit
from drivers.errors import DeviceFault
from drivers.simulated import RecordPath, SimulatedDevice, whole
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, DeviceEvent, DeviceMarked, Place

Cents = Annotated[int, Meta(ge=1, le=1_000_000)]


class SimulatedAcceptorOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated acceptor."""

    coins: Annotated[
        tuple[Cents, ...],
        Meta(min_length=1, description="Coins and bills that it knows, in cents."),
    ] = (5, 10, 20, 50, 100, 200)
    tube_coins: Annotated[
        tuple[Cents, ...],
        Meta(description="Those of its coins that go to a tube, from which they can be paid out; in cents."),
    ] = ()
    fits: Annotated[
        bool, Meta(description="Whether it refuses a coin that is worth more than may still come in.")
    ] = False
    counts: Annotated[
        bool, Meta(description="Whether it counts by itself what it took, as ccTalk acceptors do.")
    ] = False
    memory: Annotated[
        str,
        Meta(
            max_length=4096,
            pattern=r"^[^\x00]*$",
            description="File in which it keeps what it counts, with `counts`, while the terminal is not "
            "running. Empty: none.",
            extra={"expected": "the path of a file, or an empty text"},
        ),
    ] = ""
    record: RecordPath = ""

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        if strange := [cents for cents in self.tube_coins if cents not in self.coins]:
            raise ValueError(f"tube_coins: {strange[0]} cents is none of its coins")
        if self.memory and not self.counts:
            raise ValueError("memory is given, and counts is false: nothing would be kept there")


class SimulatedAcceptor(SimulatedDevice):
    """An acceptor with a slot."""

    role: ClassVar[str] = "coin_acceptor"
    Options: ClassVar[type[DriverOptions]] = SimulatedAcceptorOptions

    def __init__(self, name: str, options: SimulatedAcceptorOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._options = options
        self._room = 0
        self._memory = Memory(name, options.memory, options.record)
        self._told: Reached | None = None  # as far as the terminal was told
        self._resumed: str | None = None
        self.hands |= {"coin": self.coin, "unknown": self.unknown}
        if options.counts:
            self.hands |= {"reject": self.reject, "fraud": self.fraud, "power_cut": self.power_cut}

    @property
    def inhibited(self) -> bool:
        """Whether a coin would fall through now."""
        with self._hold:
            return not (self._works and self._plugged) or self._room < min(self._options.coins)

    # -- for the daemon --------------------------------------------------------------------------------

    def accept(self, limit: int) -> None:
        """Take money up to *limit* cents; a later call replaces the limit. Kept while the device is away."""
        with self._hold:
            self._room = limit

    def inhibit(self) -> None:
        """Take no money."""
        self.accept(0)

    def resume(self, mark: str) -> None:
        """Go on from *mark*; see drivers.contract.Resumes. Does nothing where it does not count."""
        with self._hold:
            self._resumed = mark

    # -- hands -----------------------------------------------------------------------------------------

    def coin(self, cents: int) -> None:
        """Insert a coin."""
        with self._hold:
            self._check_works()
            if whole(cents, "a coin") not in self._options.coins:
                known = ", ".join(map(str, self._options.coins))
                raise ValueError(
                    f"{self.name} knows no coin of {cents} cents: it falls through; known: {known}"
                )
            if self.inhibited:
                raise ValueError(f"{self.name} is inhibited: the coin falls through")
            if self._options.fits and cents > self._room:
                raise ValueError(
                    f"{self.name} takes {self._room} cents at most: the coin of {cents} falls through"
                )
            self._happens(Happening("coin", cents))

    def unknown(self, pulses: int = 1) -> None:
        """Let it signal something that is no coin: noise comes at any time."""
        with self._hold:
            self._check_works()
            whole(pulses, "the number of pulses", 0)
            words = f"no coin of this acceptor has {pulses} pulses"
            self._happens(Happening("unknown", pulses=pulses, words=words))

    def reject(self) -> None:
        """Insert what is no coin; it comes out again and is counted."""
        with self._hold:
            self._check_works()
            self._happens(Happening("reject"))

    def fraud(self, words: str = "a coin on a string") -> None:
        """Try to cheat it."""
        with self._hold:
            self._check_works()
            self._happens(Happening("fraud", pulses=1, words=str(words)))

    def power_cut(self) -> None:
        """Switch it off and on: its counter is 0, and its events are forgotten."""
        with self._hold:
            count = switched_on()
            try:
                self._memory.prepare(count)
            except DeviceFault as error:
                raise ValueError(error.words) from error
            self._memory.keep(count)
            if self._works:
                self._told = count.reached
                self._emit(DeviceMarked(self.name, count.reached.mark))

    # -- what it counts --------------------------------------------------------------------------------

    def _happens(self, happening: Happening) -> None:
        """Let it happen: on record first, then in its memory; then the terminal is told."""
        count = self._memory.count.next(happening)
        try:
            self._memory.prepare(count)
            if happening.what == "coin":
                self._record.write("coin", amount=happening.amount, **self._counted(count))
        except DeviceFault as error:
            raise ValueError(f"{error.words}: the coin falls through") from error
        self._room -= happening.amount
        if self._options.counts:
            self._memory.keep(count)
            self._tell()
        elif (event := self._event(New(count.reached, happening))) is not None:
            self._emit(event)

    def _counted(self, count: Count) -> dict[str, object]:
        if not self._options.counts:
            return {}
        return {"life": count.reached.life, "count": count.reached.counter}

    def _tell(self) -> None:
        """Tell what the terminal was not told."""
        for new in news(self._told, self._memory.count):
            self._told = new.reached
            self._emit(self._event(new))

    def _event(self, new: New) -> DeviceEvent:
        mark, counter = (new.reached.mark, new.reached.counter) if self._options.counts else ("", None)
        match new.happening:
            case None:
                return CoinUnrecognised(self.name, new.lost, new.words, CoinTrouble.LOST, mark)
            case Happening(what="coin", amount=cents):
                place = Place.TUBE if cents in self._options.tube_coins else Place.BOX
                return CoinInserted(self.name, cents, counter, place, mark)
            case Happening(what="reject"):
                return DeviceMarked(self.name, mark)
            case Happening(what=what, pulses=pulses, words=words):
                trouble = CoinTrouble.FRAUD if what == "fraud" else CoinTrouble.UNKNOWN
                return CoinUnrecognised(self.name, pulses, words, trouble, mark)

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        with self._hold:
            condition = super()._open()
            if self._options.counts and self._told is None:
                self._catch_up()
            return condition

    def _catch_up(self) -> None:
        """Find out what the terminal was not told before it was started."""
        self._memory.load()
        if self._resumed:
            self._told = parse(self._resumed)
            self._tell()
        else:  # nothing is on the books: what it counts from now on is this terminal's
            self._told = self._memory.count.reached
            self._emit(DeviceMarked(self.name, self._told.mark))

    def _close(self) -> None:
        with self._hold:
            super()._close()
            if self._stopping.is_set():
                self._room = 0
