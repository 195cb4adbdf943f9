"""What the driver of an MDB changer has told of coins, held against what the changer's tubes say.

A changer does not number its events: an answer that is lost between the adapter, which acknowledges by itself,
and the terminal is lost with the coins in it. What can still be known of it is in the tubes. So the mark of an
event is what the tubes hold with this event, and whether the changer may be taking coins; tubes that hold more
than that are reported, and never credited.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.contract import Emit
from drivers.mdb.changer_frames import CoinIn, PaidByHand, Route, TubeStatus
from drivers.mdb.changer_tubes import Mark, added, changed, read_mark
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, DeviceMarked, Place

_PLACES = {Route.BOX: Place.BOX, Route.TUBE: Place.TUBE}


class Books:
    """Tells coins, and what of them was lost.

    Attributes:
        tubes: What the tubes hold by all that was told; None: nobody knows.
        open: Whether the changer may be taking coins, as far as the mark that was told last says.
    """

    def __init__(self, name: str, emit: Emit) -> None:
        self._name = name
        self._emit = emit
        self._told = ""  # the mark that was told last
        self.tubes: TubeStatus | None = None
        self.open = False

    def resume(self, mark: str) -> None:
        """Go on from *mark*; empty, or none of ours: nothing is known."""
        found = read_mark(mark)
        if found is not None:
            self.tubes, self.open, self._told = found.tubes, found.open, mark

    # -- what the changer tells --------------------------------------------------------------------------

    def coin(self, coin: CoinIn, cents: int | None) -> None:
        """Tell a coin; what the count of its tube says beyond it was lost before. *cents*: None if unknown."""
        if coin.route is Route.TUBE:
            self._see(coin.type, coin.in_tube - 1)
            self._hold(coin.type, max(coin.in_tube, self._held(coin.type) + 1))
        else:
            self._see(coin.type, coin.in_tube)
        place = _PLACES.get(coin.route)
        if coin.route is Route.REJECT:
            return
        if place is None or cents is None:
            what = "a token or a coin without a value" if place else "a coin that went where coins do not go"
            self.trouble(1, f"{what}, type {coin.type}", CoinTrouble.UNKNOWN)
            return
        self._told = self._mark()
        self._emit(CoinInserted(self._name, cents, place=place, mark=self._told))

    def by_hand(self, coins: PaidByHand) -> None:
        """Note coins that somebody let out by the changer's own buttons."""
        self._hold(coins.type, coins.in_tube)
        self.tell_mark()

    def trouble(self, count: int, words: str, trouble: CoinTrouble) -> None:
        """Tell something of coins that is not credited."""
        self._told = self._mark()
        self._emit(CoinUnrecognised(self._name, count, words, trouble, mark=self._told))

    # -- what the tubes tell -----------------------------------------------------------------------------

    def check(self, tubes: TubeStatus, cents: Mapping[int, int]) -> None:
        """Take *tubes* for what they hold, after all that the changer had to tell; more than known was lost."""
        known, self.tubes = self.tubes, tubes
        more = added(known, tubes) if known is not None else {}
        if more:
            names = ", ".join(f"{count} of {_amount(cents.get(kind))}" for kind, count in more.items())
            self._lost(sum(more.values()), names)
        self.tell_mark()

    def paid(self, coins: Mapping[int, int]) -> None:
        """Take away what came out."""
        for kind, count in coins.items():
            self._hold(kind, self._held(kind) - count)
        self.tell_mark()

    def adopt(self, tubes: TubeStatus) -> None:
        """Take *tubes* for what is in them; what was before cannot be known."""
        self.tubes = tubes
        self.tell_mark()

    def set_open(self, *, now: bool) -> None:
        """Note that the changer may be taking coins from *now* on, or not any more."""
        self.open = now
        self.tell_mark()

    def tell_mark(self) -> None:
        """Tell the mark, if it has changed and no event did so."""
        if self.tubes is not None and self._mark() != self._told:
            self._told = self._mark()
            self._emit(DeviceMarked(self._name, self._told))

    def _mark(self) -> str:
        return "" if self.tubes is None else str(Mark(self.tubes, self.open))

    def _held(self, kind: int) -> int:
        return 0 if self.tubes is None else self.tubes.counts[kind]

    def _hold(self, kind: int, count: int) -> None:
        if self.tubes is not None:
            self.tubes = changed(self.tubes, kind, count)

    def _see(self, kind: int, count: int) -> None:
        """Take *count* for what was in a tube before something that is yet to be told."""
        more = count - self._held(kind)
        if self.tubes is not None and more > 0:
            self._hold(kind, count)
            self._lost(more, f"{more} of type {kind}")

    def _lost(self, count: int, names: str) -> None:
        words = (
            f"the tubes hold coins that nobody told of: {names}; answers of the changer were lost, or it was "
            "filled by hand"
        )
        self.trouble(count, words, CoinTrouble.LOST)


def _amount(cents: int | None) -> str:
    return "an unknown value" if cents is None else f"{cents // 100}.{cents % 100:02}"
