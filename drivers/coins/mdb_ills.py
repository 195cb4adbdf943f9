"""What is wrong with an MDB changer: it says it once, and says only in part when it is over."""

from __future__ import annotations

from drivers.contract import Condition
from drivers.mdb import changer_frames as frames
from terminal.core.events import Health

_LASTING = frozenset(
    {
        frames.TUBE_SENSOR,
        frames.UNPLUGGED,
        frames.TUBE_JAM,
        frames.ROM,
        frames.ROUTING,
        frames.COIN_JAM,
    }
)
_STOPS = frozenset({frames.UNPLUGGED, frames.ROM, frames.COIN_JAM})  # it takes no coins
_OVER_BY_COIN = frozenset({frames.UNPLUGGED, frames.ROUTING, frames.COIN_JAM})


class Ills:
    """Collects what is wrong."""

    def __init__(self) -> None:
        self._said: dict[int, str] = {}
        self._diagnosis: tuple[str, ...] = ()

    def note(self, code: int) -> bool:
        """Take a status; return whether it is one that lasts."""
        if code in _LASTING:
            self._said[code] = frames.STATUSES[code]
        return code in _LASTING

    def coin_taken(self) -> None:
        """Forget what cannot be, now that a coin was taken."""
        for code in _OVER_BY_COIN:
            self._said.pop(code, None)

    def paid(self) -> None:
        """Forget a jam, now that all that was ordered came out."""
        self._said.pop(frames.TUBE_JAM, None)

    def diagnose(self, data: bytes) -> None:
        """Take the answer to DIAGNOSTIC STATUS; that nothing is wrong ends all that was said before."""
        try:
            self._diagnosis = frames.read_diagnosis(data)
        except frames.FrameError:
            return
        if not self._diagnosis:
            self._said.clear()

    def condition(self, well: str) -> Condition:
        """Return how the changer is; *well*: the words where it is."""
        words = "; ".join(dict.fromkeys((*self._said.values(), *self._diagnosis)))
        if not words:
            return Condition(Health.OK, well)
        return Condition(Health.FAILED if _STOPS & self._said.keys() else Health.DEGRADED, words)
