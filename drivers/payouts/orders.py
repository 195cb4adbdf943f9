"""How a device takes orders to pay: a payout is ordered once, and one that cannot be begun is answered."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from drivers.contract import Emit
from drivers.device import DeviceThread
from drivers.payouts.hopper_counters import MOST_COINS
from drivers.payouts.unsettled import Unsettled
from drivers.releases.once import Once
from terminal.core.events import Ended, PayoutEnded

MostCoins = Annotated[
    int,
    Meta(ge=1, le=MOST_COINS, description="Most coins that it pays at a time; the rest is ordered again."),
]
"""Type of the option `most_coins`."""

BackS = Annotated[
    int,
    Meta(
        ge=0,
        le=3600,
        description="Seconds for which it is waited for when it is lost while it pays; then nobody can tell "
        "what it paid.",
    ),
]
"""Type of the option `back_s`."""


class Pays(DeviceThread):
    """Base of what pays coins out. A driver gives _count and _pay, which run in the device's thread."""

    def __init__(self, name: str, emit: Emit) -> None:
        super().__init__(name, emit)
        self._once = Once("payout")

    def count(self, payout: str) -> None:
        """Make ready to pay; PayoutCounted tells the mark, or PayoutEnded, FAILED, why it cannot pay."""
        self._order(lambda: self._count(payout), lambda words: self._failed(payout, words))

    def pay_out(self, payout: str, amount: int, mark: str) -> None:
        """Pay up to *amount* cents, if it still stands at *mark*; PayoutEnded answers.

        Raises:
            ValueError: This payout was ordered before.
        """
        self._once.take(payout)
        self._order(lambda: self._pay(payout, amount, mark), lambda words: self._failed(payout, words))

    def _failed(self, payout: str, words: str) -> None:
        """Answer that nothing was paid, and why."""
        self._emit(PayoutEnded(payout, Ended.FAILED, 0, words))

    # -- primitives of a driver ------------------------------------------------------------------------

    def _count(self, payout: str) -> None:
        """Make ready to pay, and answer as count() says."""
        raise NotImplementedError

    def _pay(self, payout: str, amount: int, mark: str) -> None:
        """Begin to pay, or answer why not."""
        raise NotImplementedError


class CountedPays(Pays):
    """Base of hoppers, whose own counters tell how a payout ended."""

    _unsettled: Unsettled
    """The driver's, made with its option `back_s`."""

    def tell_payout(self, payout: str, amount: int, mark: str) -> None:
        """Tell how a payout ended, as soon as the hopper is there; PayoutEnded answers."""

        def ask() -> None:
            self._unsettled.ask(payout, amount, mark)

        self._order(ask, lambda _words: ask())
