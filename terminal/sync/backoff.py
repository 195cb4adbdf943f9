"""How long to wait before a repeat: tenacity's exponential back-off with jitter, used as a calculator."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Waits that double from *first_s* up to *longest_s*, each drawn at random between the first and its limit.

    The jitter keeps a hundred terminals that lost one server from all coming back in the same second, and it
    stays when the longest wait is reached.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = max(first_s, longest_s)
        self._wait_s: Callable[[int], float] | None = None

    def delay_ms(self, tries: int) -> int:
        """Return the wait in milliseconds after *tries* failures in a row (1 or more)."""
        if self._wait_s is None:
            self._wait_s = _calculator(self._first_s, self._longest_s)
        return round(self._wait_s(max(1, tries)) * 1000)


def load() -> None:
    """Load tenacity, which loads asyncio: nobody needs it before the first failure, nor with a lock held."""
    import tenacity  # noqa: F401, PLC0415 - see above


def _calculator(first_s: float, longest_s: float) -> Callable[[int], float]:
    import tenacity  # noqa: PLC0415 - see load()

    wait = tenacity.wait_random_exponential(multiplier=2 * first_s, min=first_s, max=longest_s)
    retrying = tenacity.Retrying()

    def wait_s(tries: int) -> float:
        state = tenacity.RetryCallState(retrying, None, (), {})
        state.attempt_number = tries
        return wait(state)

    return wait_s
