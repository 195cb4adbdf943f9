"""The life of any device: open, serve, lose, reopen. The base waits, counts and reports; a driver only does.

A driver derives from :class:`DeviceThread` and gives four primitives, which all run in the device's own thread:

* ``_open()`` brings the device to its safe state and makes it ready, or raises;
* ``_serve()`` is called again and again while it is open. It blocks until there is something to do, does it,
  and returns. The default waits for orders. A driver that must block on its device instead overrides it: it
  carries out the waiting orders first, with ``self._work(0)``, then blocks, and makes ``_interrupt()`` end
  that call, also if it comes just before it;
* ``_close()`` brings it to its safe state and lets it go. It is called after every open, successful or not;
* ``_interrupt()`` is called from other threads, when an order waits or the device is to stop; it never raises.

What the device cannot do is raised: :class:`DeviceMissing` (or any ``OSError``) when it is not there,
:class:`DeviceFault` when it is there and does not work. The base then closes it, waits, and opens it again, for
ever. Commands of the daemon (release, print, accept) are orders: ``self._order(do, refuse)`` never blocks; *do*
runs in the device's thread while it is open, *refuse* tells why it was never begun::

    class Lamp(DeviceThread):
        role = "lamp"

        def light(self, job: str) -> None:
            self._order(lambda: self._pulse(job), lambda words: self._emit(LampEnded(job, Ended.FAILED, words)))
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal

from drivers.contract import Condition, Emit, Traffic
from drivers.errors import DeviceError, DeviceFault, DeviceMissing, needs, words_of
from terminal.core.events import DeviceChanged, Health
from terminal.core.value import Value

__all__ = ["DeviceError", "DeviceFault", "DeviceMissing", "DeviceThread", "Order", "Pace", "needs", "words_of"]

STOP_S = 5.0
"""How long stop() waits for the thread of a device that hangs."""

WAKE_S = 1.0
"""How long abandon() waits for a thread that hung to wake up, before it takes the device from it."""


class Pace(Value, frozen=True):
    """How patiently a lost device is reopened.

    Attributes:
        first_s: Seconds before the first new try; doubled with every further one.
        last_s: Most seconds between two tries.
        misses: How often it must be missed in a row before it is called missing.
        settled_s: A device that is lost sooner than this after it was opened never really was back.
    """

    first_s: float = 0.2
    last_s: float = 5.0
    misses: int = 3
    settled_s: float = 5.0

    def wait_s(self, failures: int) -> float:
        """Return the seconds to wait after *failures* (>= 1) failures in a row."""
        return min(self.last_s, self.first_s * 2.0 ** min(failures - 1, 30))


class Order(Value, frozen=True):
    """Something the daemon wants of a device.

    Attributes:
        do: Does it, in the device's thread; answers for its outcome itself, even where it raises.
        refuse: Called instead, with one sentence, where *do* was never begun.
    """

    do: Callable[[], None]
    refuse: Callable[[str], None]


class DeviceThread:
    """Base of every driver; see the module's text. One object lives once: start(), then stop()."""

    role: ClassVar[str]
    pace: ClassVar[Pace] = Pace()

    def __init__(self, name: str, emit: Emit) -> None:
        self.name = name
        self._emit = emit
        self._log = logging.getLogger(type(self).__module__)
        self._condition = Condition(Health.STARTING)
        self._orders: deque[Order] = deque()
        self._changed = threading.Condition()  # guards _orders, _running and _hurried
        self._running = False
        self._hurried = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._rests = False
        self._beat_at = time.monotonic()
        self.listener: Callable[[Traffic], None] | None = None

    # -- for the daemon --------------------------------------------------------------------------------

    @property
    def condition(self) -> Condition:
        """How it is now."""
        return self._condition

    def start(self) -> None:
        """Begin its life, in a thread of its own.

        Raises:
            RuntimeError: It was started before.
        """
        if self._thread is not None:
            raise RuntimeError(f"device {self.name!r} was started before")
        self._beat_at = time.monotonic()
        with self._changed:
            self._running = True
        self._thread = threading.Thread(target=self._live, name=f"device {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End its life: orders that wait are refused, the device is brought to its safe state and closed."""
        self._stopping.set()
        self._wake()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(STOP_S)
        if thread.is_alive():
            self._log.error("%s: its thread did not end within %.0f s and is left behind", self.name, STOP_S)

    def abandon(self) -> None:
        """Give up on a thread that hangs; may block as the device does.

        Orders that were not begun are refused: they did not happen. The one under way is left without an
        answer. A thread that does not wake up even now has its device closed from this one, which brings the
        outputs to their safe state; it ends by itself if it ever goes on.
        """
        self._stopping.set()
        with self._changed:
            self._running = False
        self._refuse_all(f"{self.name} does not answer and is started anew")
        self._wake()
        thread = self._thread
        if thread is not None:
            thread.join(WAKE_S)
            if thread.is_alive():
                self._let_go()

    def beat_age_ms(self) -> int:
        """Milliseconds since its thread last showed that it turns; 0 while it rests or does not run."""
        thread = self._thread
        if thread is None or (self._stopping.is_set() and not thread.is_alive()):
            return 0
        if self._rests and thread.is_alive():
            return 0
        return max(0, int((time.monotonic() - self._beat_at) * 1000))

    # -- primitives of a driver ------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        """Bring the device to its safe state and make it ready.

        Returns:
            How it is, where that is more than simply well.

        Raises:
            DeviceMissing: Or OSError: it is not there.
            DeviceFault: It is there and does not work.
        """
        raise NotImplementedError

    def _serve(self) -> None:
        """Wait for something to do, do it, return; may raise what _open may raise."""
        self._work()

    def _close(self) -> None:
        """Bring it to its safe state and let it go; also called after an _open that raised half-way."""

    def _interrupt(self) -> None:
        """End a blocking call of _serve, from another thread. Waiting for orders needs no help."""

    # -- tools for a driver ----------------------------------------------------------------------------

    def _order(self, do: Callable[[], None], refuse: Callable[[str], None]) -> None:
        """Have *do* run in the device's thread, or *refuse* called with the reason. Never blocks."""
        with self._changed:
            running = self._running
            if running:
                self._orders.append(Order(do, refuse))
        if running:
            self._wake()
        else:
            refuse(f"{self.name} is not running")

    def _work(self, timeout_s: float | None = None) -> None:
        """Carry out the orders that wait; if none does, wait for one, at most *timeout_s* (None: for ever)."""
        if timeout_s != 0 and not self._orders:
            with self._resting(), self._changed:
                self._changed.wait_for(lambda: self._orders or self._stopping.is_set(), timeout_s)
        while not self._stopping.is_set() and (order := self._next_order()) is not None:
            order.do()
            self._beat()

    def _pause(self, seconds: float) -> bool:
        """Wait; return False as soon as the device is to stop, which ends the wait."""
        with self._resting():
            return not self._stopping.wait(seconds)

    def _beat(self) -> None:
        """Show that the thread turns; for drivers that block on their device, with a time limit, for long."""
        self._beat_at = time.monotonic()

    @contextmanager
    def _resting(self) -> Iterator[None]:
        """Hold while the thread is blocked in a wait that cannot hang: it counts as a heartbeat."""
        self._rests = True
        try:
            yield
        finally:
            self._beat()
            self._rests = False

    def _traffic(self, way: Literal[">", "<", "!"], raw: bytes, meaning: str = "") -> None:
        """Tell a technician who listens what goes over the wire."""
        listener = self.listener
        if listener is not None:
            listener(Traffic(way, raw, meaning))

    def _report(self, health: Health, words: str = "", level: int | None = None) -> None:
        """Set the condition; in the device's thread only. A change is told, a change of health logged."""
        before, now = self._condition, Condition(health, words)
        if now == before:
            return
        self._condition = now
        if before.health is not health:
            usual = logging.INFO if health is Health.OK else logging.WARNING
            self._log.log(
                level or usual, "%s (%s) is %s%s", self.name, self.role, health.value, words and f": {words}"
            )
        self._emit(DeviceChanged(self.name, self.role, health, words))

    def _hurry(self) -> None:
        """Try to reopen now rather than after the back-off. Any thread."""
        with self._changed:
            self._hurried = True
        self._wake()

    # -- the life --------------------------------------------------------------------------------------

    def _live(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                failures = self._live_once(failures)
            except Exception:  # noqa: BLE001 - the top of the thread
                # The last net: an emit or refuse that raises is a bug, but no reason for a device to die.
                self._log.exception("%s: unexpected error outside of the device", self.name)
                self._stopping.wait(self.pace.last_s)
        with self._changed:
            self._running = False
        self._refuse_all(f"{self.name} is being stopped")

    def _live_once(self, failures: int) -> int:
        """Open and serve until it is lost or to be stopped; return the failures in a row, this one counted."""
        opened_at: float | None = None
        error: Exception | None = None
        try:
            self._beat()
            condition = self._open() or Condition(Health.OK)
            opened_at = time.monotonic()
            self._hurried = False
            self._report(condition.health, condition.words)
            while not self._stopping.is_set():
                self._beat()
                self._serve()
        except Exception as caught:  # noqa: BLE001 - the top of the thread: whatever it is becomes health
            error = caught
        self._let_go()
        if error is None:
            return 0
        if opened_at is not None and time.monotonic() - opened_at >= self.pace.settled_s:
            failures = 0
        failures += 1
        self._lost(error, failures)
        self._wait_to_reopen(self.pace.wait_s(failures))
        return failures

    def _let_go(self) -> None:
        self._beat()
        try:
            self._close()
        except Exception as error:  # noqa: BLE001 - a device that is gone may refuse anything; it is gone anyway
            self._log.debug("%s did not close cleanly: %s", self.name, words_of(error), exc_info=error)

    def _lost(self, error: Exception, failures: int) -> None:
        if isinstance(error, DeviceFault):
            self._report(Health.FAILED, error.words)
        elif isinstance(error, DeviceMissing | OSError):
            if failures >= self.pace.misses:
                self._report(Health.MISSING, words_of(error))
        else:
            self._log.debug("%s: unexpected error", self.name, exc_info=error)
            words = f"its driver failed unexpectedly ({type(error).__name__}); please report this"
            self._report(Health.FAILED, words, logging.ERROR)

    def _wait_to_reopen(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self._refuse_all(f"{self.name} is not ready: {self._condition.words or 'it is being reopened'}")
            with self._resting(), self._changed:
                self._changed.wait_for(self._disturbed, left)
                if self._hurried:
                    self._hurried = False
                    return

    def _disturbed(self) -> bool:
        return bool(self._orders) or self._hurried or self._stopping.is_set()

    def _next_order(self) -> Order | None:
        with self._changed:
            return self._orders.popleft() if self._orders else None

    def _refuse_all(self, words: str) -> None:
        while (order := self._next_order()) is not None:
            order.refuse(words)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
        self._interrupt()
