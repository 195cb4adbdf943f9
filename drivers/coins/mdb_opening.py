"""How an MDB changer is opened: nothing that it still has to tell is lost, then it begins anew.

1. It takes no coins any more, and is asked until it has nothing more to tell: coins of the time before count.
2. A payout under way ends, and PAYOUT STATUS, if it has one, says what came out.
3. RESET, unless it has just done so by itself; its features are switched on.
4. The tubes are compared with what was told (drivers.coins.mdb_books).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from drivers.coins.mdb_books import Books
from drivers.coins.mdb_settle import Found, Tubes, read_status
from drivers.errors import DeviceFault, DeviceMissing
from drivers.mdb import changer_frames as frames
from drivers.mdb.changer import Changer
from drivers.mdb.changer_tubes import changed
from terminal.core.events import CoinTrouble
from terminal.core.value import Value

LAST_COIN_S = 1.0
"""How long a coin may fall that was let in just before no more were taken."""

_RESET_S = 10.0
_NO_COIN_S = 5.0
_PAUSE_S = 0.05
_WITH_EXPANSION = 3

Hear = Callable[[tuple[frames.PollItem, ...], Mapping[int, int]], None]


class Opened(Value, frozen=True):
    """A changer that is ready: what its coins are worth, how it pays, what was found, what it is in words."""

    cents: dict[int, int]
    pays: Tubes
    found: Found
    diagnoses: bool
    words: str


class _Known(Value, frozen=True):
    """What a changer says of itself."""

    setup: frames.Setup
    cents: dict[int, int]
    identity: frames.Identity | None

    def can(self, feature: int) -> bool:
        return self.identity is not None and bool(self.identity.features & feature)


class Opening:
    """Opens a changer.

    Args:
        changer: The changer; the adapter is the master of its bus.
        books: What was told of it before.
        hear: Takes what it tells.
        pause: Waits; False: the device is to stop.
        last_coin_s: How long a coin may fall.
        payout_s: How long a payout may last.
    """

    def __init__(
        self,
        changer: Changer,
        books: Books,
        hear: Hear,
        pause: Callable[[float], bool],
        *,
        last_coin_s: float,
        payout_s: float,
    ) -> None:
        self._changer = changer
        self._books = books
        self._hear = hear
        self._pause = pause
        self._last_coin_s = last_coin_s
        self._payout_s = payout_s
        self._to_tubes: list[int] = []  # types of the coins that went to the tubes and are told only now

    def run(self, country: str) -> Opened:
        """Open it; *country* is the currency that it must have, empty: any.

        Raises:
            DeviceMissing: It does not answer.
            DeviceFault: It has another currency, or says what no changer may.
        """
        known = self._know(country)
        before, was_open = self._books.tubes, self._books.open
        self._changer.order(frames.coin_type(0))
        fresh = self._drain(known)
        paid = self._paid(known)
        if not fresh:
            self._reset(known)
        known = self._know(country)
        self._enable(known)
        tubes = self._tubes(known)
        self._books.open = False
        if was_open:
            self._tell_doubt()
        self._books.check(tubes, known.cents)
        for kind in self._to_tubes:
            tubes = changed(tubes, kind, tubes.counts[kind] - 1)
        return Opened(
            known.cents,
            _pays(known),
            Found(tubes, before, was_open, paid),
            known.can(frames.EXTENDED_DIAGNOSTIC),
            _words(known),
        )

    def _know(self, country: str) -> _Known:
        setup = self._changer.ask(frames.SETUP, frames.read_setup)
        if country and setup.country != country:
            raise DeviceFault(
                f"the coin changer is made for the currency {setup.country}, the configuration says {country}"
            )
        try:
            cents = setup.cents
        except frames.FrameError as error:
            raise DeviceFault(f"the coin changer cannot be used: {error}") from error
        identity = None
        if setup.level >= _WITH_EXPANSION:
            identity = self._changer.ask(frames.IDENTIFICATION, frames.read_identity)
        return _Known(setup, cents, identity)

    # -- what it has to tell -----------------------------------------------------------------------------

    def _drain(self, known: _Known) -> bool:
        """Hear all that it has to tell, until it is at rest; return whether it has reset itself."""
        fresh = False
        # A mark that says "shut" was told when no coin could be falling any more.
        doubtful = self._books.open or self._books.tubes is None
        began = time.monotonic()
        quiet_at = began + (self._last_coin_s if doubtful else 0)
        while True:
            items = self._poll(known)
            if items is not None:
                fresh = fresh or frames.Status(frames.JUST_RESET) in items
                pays = frames.Status(frames.PAYOUT_BUSY) in items or self._pays(known, began)
                quiet = fresh or time.monotonic() >= quiet_at
                if quiet and not pays and not frames.moved(items):
                    return fresh
                if pays and time.monotonic() - began > self._payout_s:
                    raise DeviceFault(
                        f"the coin changer has been paying out for {self._payout_s:.0f} s: is it jammed?"
                    )
            self._wait()

    def _poll(self, known: _Known) -> tuple[frames.PollItem, ...] | None:
        """POLL, and hear what it says; None: it is silent."""
        items = self._changer.poll()
        if items is None:
            return None
        self._hear(items, known.cents)
        self._to_tubes += [
            item.type for item in items if isinstance(item, frames.CoinIn) and item.route is frames.Route.TUBE
        ]
        return items

    def _pays(self, known: _Known, began: float) -> bool:
        """Whether a PAYOUT is under way; one without a coin for long is over, whatever it says."""
        if not known.can(frames.ALTERNATIVE_PAYOUT):
            return False
        value = self._changer.once(frames.PAYOUT_POLL)
        return bool(value) and (any(value or ()) or time.monotonic() - began < _NO_COIN_S)

    def _paid(self, known: _Known) -> dict[int, int]:
        if not known.can(frames.ALTERNATIVE_PAYOUT):
            return {}
        return read_status(self._changer.once(frames.PAYOUT_STATUS))

    # -- anew --------------------------------------------------------------------------------------------

    def _reset(self, known: _Known) -> None:
        self._changer.order(frames.RESET)
        until = time.monotonic() + _RESET_S
        while frames.Status(frames.JUST_RESET) not in (self._poll(known) or ()):
            if time.monotonic() > until:
                raise DeviceFault("the coin changer was reset and does not say so")
            self._wait()

    def _enable(self, known: _Known) -> None:
        """Switch its features on, and let it take no coins and give out none by hand."""
        self._changer.order(frames.coin_type(0))
        wanted = frames.ALTERNATIVE_PAYOUT | frames.EXTENDED_DIAGNOSTIC
        if known.identity is not None:
            self._changer.order(frames.enable_features(known.identity.features & wanted))

    def _tubes(self, known: _Known) -> frames.TubeStatus:
        """Return what is in the tubes when it has nothing more to tell."""
        while True:
            tubes = self._changer.tubes()
            items = self._poll(known)
            if items is not None:
                if frames.Status(frames.JUST_RESET) in items:
                    raise DeviceMissing(frames.RESET_ITSELF)
                if not frames.moved(items):
                    return tubes
            self._wait()

    def _tell_doubt(self) -> None:
        words = (
            "the coin changer was lost while it took coins: one that fell into the cash box at that moment may "
            "not have been told; compare the cash box with the books"
        )
        self._books.trouble(1, words, CoinTrouble.LOST)

    def _wait(self) -> None:
        if not self._pause(_PAUSE_S):
            raise DeviceMissing("the coin changer is being stopped")


def _pays(known: _Known) -> Tubes:
    routed = {kind: cents for kind, cents in known.cents.items() if known.setup.routing >> kind & 1}
    return Tubes(routed, known.setup.unit, chooses=known.can(frames.ALTERNATIVE_PAYOUT))


def _words(known: _Known) -> str:
    coins = ", ".join(f"{cents // 100}.{cents % 100:02}" for cents in sorted(set(known.cents.values())))
    who = f"{known.identity.maker} {known.identity.model}" if known.identity else "a coin changer"
    return f"{who}, level {known.setup.level}, currency {known.setup.country}, coins {coins}"
