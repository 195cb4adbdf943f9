"""What ccTalk coin acceptors and bill validators share: a life of polling, and books by the event counter.

Both tell in the same way what they took (cctalk_credits), are inhibited in the same way, and stop by themselves
about a second after the last poll (SR5, X6; not all do). So a driver asks them all the time, sets what they may
take to what still fits, and reads back what it set.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any, ClassVar

from drivers.cctalk.bus import Seat, Silent, seat_at
from drivers.cctalk.headers import Header
from drivers.cctalk.identity import Identity, Partner, agreed, check_category, who_is_there
from drivers.cctalk.inhibits import Inhibits, mask_of, shut
from drivers.cctalk.words import Code, Kind
from drivers.coins.cctalk_books import Books
from drivers.coins.cctalk_credits import SIZE, Happened, Lost, Mark, News, Pair, snapshot
from drivers.coins.cctalk_options import CctalkOptions, by_position, interval_s, silence
from drivers.coins.cctalk_values import Named
from drivers.contract import Condition, Emit
from drivers.device import DeviceFault, DeviceMissing, DeviceThread
from terminal.core.events import ButtonPressed, CoinInserted, CoinTrouble, CoinUnrecognised, Health, Place
from terminal.core.value import Value

_SETTLE_S = 1.5
"""What was falling when it was inhibited has been told after this."""

_LAST_COIN_S = 0.8
"""How long a coin that is falling is waited for when the driver is stopped."""

_VERIFY_S = 5.0
"""How often what was set is read back, and a device in trouble checks itself."""

_TROUBLE_S = 60.0
"""How long a trouble is told that did not come again."""

_READS = 6
_MISSES_TO_SCAN = 3


class Credit(Value, frozen=True):
    """Money was taken: the *position* of what it was, and the sorter path that it went."""

    position: int
    path: int = 0


class PolledAcceptor(DeviceThread):
    """An acceptor that is asked again and again; see the module's text."""

    role: ClassVar[str] = "coin_acceptor"
    category: ClassVar[str]
    what: ClassVar[str]
    """What it takes, as the option that says what each is worth is called."""
    reset_s: ClassVar[float] = 600.0
    """Seconds between two resets of a device that finds a fault in itself."""
    events: ClassVar[Header]

    def __init__(self, name: str, options: CctalkOptions, emit: Emit, given: dict[str, int]) -> None:
        super().__init__(name, emit)
        self._common = options
        self._given = by_position(self.what, given)
        self._names: dict[int, Named] = {}
        self._worth: dict[int, int] = {}  # cents, by position
        self._seat: Seat | None = None
        self._who = Identity()
        self._books = Books(name, emit)
        self._inhibits = Inhibits()
        self._room = 0  # cents that may still come in
        self._reached = False  # whether it was found since it was opened
        self._prepared = False  # and what its events are worth is known
        self._missed = 0
        self._who_else = ""
        self._trouble = ""
        self._interval_s = 0.0
        self._set_at = 0  # its counter when it surely knew what it may take
        self._due = self._calm_at = self._verify_at = self._trouble_until = 0.0
        self._faulty_at: float | None = None
        self._reset_due = 0.0

    @staticmethod
    def make_safe(options: Any) -> None:
        """Inhibit it; see drivers.contract.MakesSafe."""
        silence(options)

    # -- for the daemon --------------------------------------------------------------------------------

    def resume(self, mark: str) -> None:
        """Go on from *mark*; see drivers.contract.Resumes."""
        if mark and not self._books.resume(mark):
            self._log.warning("%s begins anew: its mark is none of this driver: %s", self.name, mark)

    def accept(self, limit: int) -> None:
        """Take money up to *limit* cents; a later call replaces the limit. Kept while the device is away."""
        self._order(lambda: self._remember(limit), lambda _words: self._remember(limit))

    def inhibit(self) -> None:
        """Take no money."""
        self.accept(0)

    # -- what is different -----------------------------------------------------------------------------

    @abstractmethod
    def _prepare(self, partner: Partner) -> None:
        """Set it up, and read what it takes; everything is inhibited. Again after each reset."""

    @abstractmethod
    def _read_names(self, partner: Partner) -> dict[int, Named]:
        """Return what it says of its positions."""

    @abstractmethod
    def _meaning(self, pair: Pair) -> Credit | Code:
        """Return what one event is."""

    @abstractmethod
    def _name_of(self, position: int) -> str:
        """Return how the device calls what it takes at *position*."""

    def _learn_worth(self, partner: Partner) -> None:
        """Find out what its positions are worth: by the options, and by what it says of this country's."""
        self._names = names = agreed(partner, lambda: self._read_names(partner))
        known = {
            position: named.cents
            for position, named in names.items()
            if named.cents and named.country == self._common.country
        }
        self._worth = {position: cents for position, cents in (known | self._given).items() if cents}
        if not self._worth:
            told = ", ".join(f"{position} = {named.name or '?'}" for position, named in names.items())
            raise DeviceFault(
                f"what the {self.what} of the device {partner.address} are worth is not known: "
                f"give {self.what} = {{ 1 = … }}, in cents, or another country; it says: {told or 'nothing'}"
            )

    def _place(self, credit: Credit) -> Place:
        """Return where it went."""
        return Place.BOX

    def _act(self, partner: Partner, newest: Pair) -> None:
        """Do what the newest event asks for."""

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        common = self._common
        self._seat = seat_at(common.port, self._traffic, common.baudrate)
        partner = common.partner(self._seat)
        self._find(partner)
        self._who = agreed(partner, partner.identity)
        check_category(self._who, self.category, common.address)
        self._reached = True
        self._inhibits.begin(partner)
        try:
            partner.check_itself()
        except DeviceFault:
            self._try_reset(partner)
            raise
        self._faulty_at = None
        self._prepare(partner)
        self._prepared = True
        self._interval_s = interval_s(common, partner)
        self._due = time.monotonic()
        self._calm_at = self._due + _SETTLE_S
        self._verify_at = self._due + _VERIFY_S
        self._trouble = ""
        now = self._read(partner, self._snapshot(partner))
        self._tell(self._books.news(now), now)
        self._act(partner, now.pairs[0])
        return Condition(Health.OK, self._well)

    def _serve(self) -> None:
        self._work(max(0.0, self._due - time.monotonic()))
        if self._seat is None:
            raise DeviceMissing("the serial line is closed")
        partner = self._common.partner(self._seat)
        self._apply(partner)
        now = time.monotonic()
        if now >= self._due:
            # Counted from now: a wire that was held by others is not asked twice as often afterwards.
            self._due = now + self._interval_s
            self._look(partner)
            self._look_after(partner, now)

    def _close(self) -> None:
        seat, self._seat = self._seat, None
        reached, self._reached = self._reached, False
        prepared, self._prepared = self._prepared, False
        self._books.look_away()
        if seat is None:
            return
        with seat:
            partner = self._common.partner(seat)
            if self._stopping.is_set() and prepared:
                self._end(partner)
            elif reached:
                # Who is lost does not hear it the third time either.
                shut(partner, repeat=self._stopping.is_set())

    def _end(self, partner: Partner) -> None:
        """Inhibit it, and hear out what is falling, so that it is off the books for good."""
        self._room = 0
        shut(partner, repeat=True)
        until = time.monotonic() + (_LAST_COIN_S if self._books.opened else 0.0)
        self._look(partner)
        while time.monotonic() < until:
            time.sleep(_LAST_COIN_S / 8)
            self._look(partner)
        self._books.set_opened(opened=False)

    def _find(self, partner: Partner) -> None:
        try:
            partner.ask(Header.SIMPLE_POLL, size=0)
        except Silent as error:
            self._missed += 1
            if self._missed == _MISSES_TO_SCAN:
                # Once for each time that it is lost: the others on the wire wait meanwhile.
                self._who_else = f"; {who_is_there(partner, self._may_go_on)}"
            raise DeviceMissing(error.words + self._who_else) from error
        self._missed = 0
        self._who_else = ""

    def _try_reset(self, partner: Partner) -> None:
        """Reset a device that finds a fault in itself, now and then: some go on after it.

        It forgets its events by that: so all that it knows is told first, and nothing may be falling any more.
        """
        now_s = time.monotonic()
        self._faulty_at = now_s if self._faulty_at is None else self._faulty_at
        if not self._worth:
            self._prepare(partner)
        now = self._read(partner, self._snapshot(partner))
        self._tell(self._books.news(now), now)
        if now_s < max(self._faulty_at + _SETTLE_S, self._reset_due):
            return
        self._books.set_opened(opened=False)
        self._reset_due = now_s + self.reset_s
        self._log.warning("%s finds a fault in itself and is reset", self.name)
        partner.ask(Header.RESET, size=0, repeat=False)

    def _may_go_on(self) -> bool:
        self._beat()
        return not self._stopping.is_set()

    @property
    def _well(self) -> str:
        takes = " ".join(str(cents) for cents in sorted(set(self._worth.values())))
        return f"{self._who.words}; takes {takes} cents"

    # -- what it took ----------------------------------------------------------------------------------

    def _look(self, partner: Partner) -> None:
        """Ask what it took, and tell it."""
        now = self._snapshot(partner)
        if self._books.has(now):
            return
        now = self._read(partner, now)
        fresh = self._books.news(now)
        self._tell(fresh, now)
        if fresh.was_reset:
            self._set_up_anew(partner, "was reset")
        self._act(partner, now.pairs[0])

    def _read(self, partner: Partner, before: Mark) -> Mark:
        """Return where it stands: what is new is believed if it was read twice, for a sum proves little."""
        for _ in range(_READS):
            now = self._snapshot(partner)
            if now == before:
                return now
            before = now
        raise DeviceFault(f"the device {partner.address} says something else about its events each time")

    def _snapshot(self, partner: Partner) -> Mark:
        return snapshot(self._who.mark, partner.ask(self.events, size=SIZE), opened=self._books.opened)

    def _tell(self, fresh: News, now: Mark) -> None:
        for each in fresh.told:
            if isinstance(each, Lost):
                self._tell_loss(each.count, each.words, each.mark)
            else:
                self._tell_one(each)
        if fresh.told:
            self._calm_at = max(self._calm_at, time.monotonic() + _SETTLE_S)
        self._books.stand(now)

    def _tell_loss(self, count: int, words: str, mark: Mark) -> None:
        self._books.told(mark, marked=True)
        words = f"{words}: money may be in the machine that is on no books"
        self._emit(CoinUnrecognised(self.name, count, words, CoinTrouble.LOST, mark.text))

    def _tell_one(self, happened: Happened) -> None:
        meaning, mark = self._meaning(happened.pair), happened.mark
        if isinstance(meaning, Credit):
            self._books.told(mark, marked=True)
            self._tell_credit(meaning, mark)
        elif meaning.kind in (Kind.FRAUD, Kind.SWALLOWED):
            self._books.told(mark, marked=True)
            trouble = CoinTrouble.FRAUD if meaning.kind is Kind.FRAUD else CoinTrouble.UNKNOWN
            self._emit(CoinUnrecognised(self.name, 1, meaning.words, trouble, mark.text))
        else:
            self._books.told(mark, marked=False)
            self._log.debug("%s: %s (event %d)", self.name, meaning.words, mark.counter)
            if meaning.kind is Kind.LEVER:
                self._emit(ButtonPressed(self.name, "cancel"))
            elif meaning.kind is Kind.TROUBLE:
                self._trouble = meaning.words
                self._trouble_until = time.monotonic() + _TROUBLE_S
                self._verify_at = 0.0

    def _tell_credit(self, credit: Credit, mark: Mark) -> None:
        cents = self._worth.get(credit.position)
        if cents is None:
            words = f"it took {self._name_of(credit.position)}, which has no value here"
            self._emit(CoinUnrecognised(self.name, 1, words, CoinTrouble.UNKNOWN, mark.text))
            return
        self._room = max(0, self._room - cents)
        self._trouble_until = 0.0  # it works
        self._emit(CoinInserted(self.name, cents, mark.counter, self._place(credit), mark.text))

    # -- what it may take ------------------------------------------------------------------------------

    def _remember(self, limit: int) -> None:
        self._room = limit

    def _apply(self, partner: Partner) -> None:
        """Let it take what still fits, and nothing else."""
        mask = mask_of([position for position, cents in self._worth.items() if cents <= self._room])
        if mask == self._inhibits.mask:
            return
        if self._inhibits.mask and self._set_at == 0:
            # Of a reset since its counter was 0 only this tells, and it is overwritten now.
            self._look(partner)
            self._verify(partner)
        if mask:
            if not self._books.opened:
                self._look(partner)  # what it forgot while it was shut was no money
            # First of all: from now on it is a loss if it forgets its events.
            self._books.set_opened(opened=True)
        else:
            self._calm_at = time.monotonic() + _SETTLE_S
        self._inhibits.set(partner, mask)
        self._note_set()
        if not mask and self._set_at == 0:
            self._look(partner)  # from 1 on a reset is seen

    def _note_set(self) -> None:
        known = self._books.known
        self._set_at = known.counter if known is not None else 0

    def _set_up_anew(self, partner: Partner, why: str) -> None:
        """Set everything that a device forgets when it is reset; the next turn lets it take what fits."""
        self._log.warning("%s %s and is set up anew", self.name, why)
        self._inhibits.set(partner, 0)
        self._prepare(partner)
        self._inhibits.mask = None

    def _look_after(self, partner: Partner, now: float) -> None:
        """Do what is due from time to time."""
        if self._inhibits.mask == 0 and now >= self._calm_at:
            self._books.set_opened(opened=False)
        self._books.tidy()
        if now >= self._verify_at:
            self._verify_at = now + _VERIFY_S
            self._verify(partner)
            if self._trouble:
                self._look_at_trouble(partner)

    def _verify(self, partner: Partner) -> None:
        """Hold what it keeps against what was set: a device that had counted nothing yet is reset unseen."""
        known, mask = self._books.known, self._inhibits.mask
        if not mask:
            return
        if self._inhibits.kept(partner, mask):
            self._note_set()
            return
        if known is not None and self._set_at == 0:
            self._tell_loss(0, "it was reset, and what it took right before that was not read", known)
        self._set_up_anew(partner, "forgot what it may take")

    def _look_at_trouble(self, partner: Partner) -> None:
        partner.check_itself()
        if time.monotonic() >= self._trouble_until:
            self._trouble = ""
            self._report(Health.OK, self._well)
        else:
            self._report(Health.DEGRADED, f"the device {partner.address} says: {self._trouble}")
