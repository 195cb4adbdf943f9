"""Waiting for a condition in a test: a generous deadline, no fixed sleep."""

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")

_PAUSE_S = 0.01


def wait_until(predicate: Callable[[], T], timeout: float = 30, what: str = "the condition") -> T:
    """Return what *predicate* gives as soon as it is true; fail the test after *timeout* seconds.

    The deadline only bounds a test that has already failed: the machine may be slow, so it is never tight.
    """
    pause = threading.Event()
    waited = 0.0
    while True:
        found = predicate()
        if found:
            return found
        if waited >= timeout:
            pytest.fail(f"waited {timeout:g} s for {what}; last answer: {found!r}")
        # Short at first, for what is nearly done; longer later, so that waiting costs the others little.
        step = min(0.1, _PAUSE_S + waited / 20)
        pause.wait(step)
        waited += step


class Inbox:
    """What a driver emits, in order, from whatever thread. Hand ``inbox.put`` to it as *emit*."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._events: list[object] = []

    def put(self, event: object) -> None:
        """Keep *event* and wake who waits."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    @property
    def events(self) -> tuple[object, ...]:
        """All events so far."""
        with self._changed:
            return tuple(self._events)

    def of(self, *kinds: type[T]) -> list[T]:
        """Return the events of *kinds* so far."""
        return [event for event in self.events if isinstance(event, kinds)]

    def wait(
        self, predicate: Callable[[tuple[object, ...]], T], timeout: float = 30, what: str = "events"
    ) -> T:
        """Return what *predicate* makes of all events as soon as it is true; else fail the test."""
        with self._changed:
            found = self._changed.wait_for(lambda: predicate(tuple(self._events)), timeout)
            if not found:
                pytest.fail(f"waited {timeout:g} s for {what}; events so far: {self._events!r}")
            return found
