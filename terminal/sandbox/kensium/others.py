"""What other customers do with the same gift cards in between: drawn from a seeded lot."""

from __future__ import annotations

import random
import threading

from terminal.sandbox.kensium.wallets import Wallets


class Others:
    """Other customers, whose luck starts from *seed*."""

    def __init__(self, wallets: Wallets, seed: int) -> None:
        self._wallets = wallets
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lock = threading.Lock()
        self.happened = 0

    def forget(self) -> None:
        """Start again from the seed."""
        with self._lock:
            self._random.seed(self._seed)
            self.happened = 0

    def perhaps(self, card: int, probability: float, most: int, now_ms: int) -> None:
        """Maybe use the card, or top it up, by 1 to *most* cents; nobody takes more than is on it."""
        with self._lock:
            if self._random.random() >= probability:
                return
            amount = self._random.randint(1, most)
            if self._random.random() < 0.5:  # noqa: PLR2004 - as often as not
                amount = -min(amount, max(self._wallets.available(card), 0))
            self.happened += 1
            self.act(card, amount, now_ms)

    def act(self, card: int, amount: int, now_ms: int) -> None:
        """Book *amount* cents, by nobody that the API knows."""
        if amount:
            self._wallets.book(card, "ADD" if amount > 0 else "USE", amount, now_ms, source="another customer")
