"""All devices: built, started, stopped, looked up by name, and replaced where a driver hangs.

A driver whose thread shows no sign of life for SILENT_MS is given up: what it says from then on is ignored, its
device is let go as far as that is possible, and a new object of the same class and options takes its place.
Who orders something looks the device up by name and so reaches the new one; what the old one had begun is
never ordered again, and becomes unknown when the time for it is over. The other devices notice nothing. After
MOST_ANEW times within an hour nothing is gained by one time more: the watchdog is not fed (see stuck()), and
the service manager starts the whole daemon anew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import drivers
from drivers.contract import Device, TellsFilling
from terminal.core.events import (
    CoinInserted,
    CoinUnrecognised,
    DeviceChanged,
    DeviceEvent,
    DeviceMarked,
    Health,
    TokenRemoved,
)
from terminal.core.report import Fill
from terminal.daemon.happened import HAPPENED
from terminal.daemon.status import DeviceStatus
from terminal.settings import DeviceSettings

_LOG = logging.getLogger(__name__)

SILENT_MS = 30_000
"""After so long without a sign of life a driver is started anew. Every driver beats within 10 s."""

STUCK_MS = 60_000
"""After so long a driver was not, or could not be, started anew: the watchdog is not fed any more."""

MOST_ANEW, WINDOW_S = 3, 3_600
"""How often a driver is started anew within how many seconds; for so long the status tells of it, too."""

LOOK_S = 5.0
LET_GO_S = 5.0
"""How long a driver that hangs may take to let its device go before the new one is tried."""


class Devices(Mapping[str, Device]):
    """The devices in force, by name, in the order of the configuration.

    Args:
        settings: What to build.
        post: Puts an event into the loop's inbox.
        now_s: Reads a monotonic clock, in seconds.
        marks: How far each acceptor that counts by itself is on the books.

    Attributes:
        heard: Is told, after the loop, what each device told it: for a technician who listens.
    """

    def __init__(
        self,
        settings: Sequence[DeviceSettings],
        post: Callable[[DeviceEvent], None],
        now_s: Callable[[], float] = time.monotonic,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        self._post = post
        self._now_s = now_s
        self.heard: Callable[[str, DeviceEvent], None] = lambda _name, _event: None
        marks = marks or {}
        self._places = {each.name: _Place(each, self._told, marks.get(each.name, "")) for each in settings}
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def _told(self, name: str, event: DeviceEvent) -> None:
        self._post(event)
        self.heard(name, event)

    def __getitem__(self, name: str) -> Device:
        return self._places[name].device

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def of_role(self, role: str) -> Mapping[str, Any]:
        """Return the devices of one role, by name: always those in force."""
        names = [name for name, place in self._places.items() if place.settings.role == role]
        return _View(names, self.__getitem__)

    def hands(self) -> Mapping[str, Mapping[str, Callable[..., Any]]]:
        """Return what can be done to the simulated devices, by name: always to those in force."""
        names = [name for name, device in self.items() if hasattr(device, "hands")]
        return _View(names, lambda name: getattr(self[name], "hands", {}))

    # -- start and stop --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start every device, which brings each slot and relay to its safe state, and begin to watch them."""
        for device in self.values():
            device.start()
        self._watcher = threading.Thread(target=self._watch, name="device watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop every device."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        for device in self.values():
            device.stop()

    # -- how they are ----------------------------------------------------------------------------------

    def states(self) -> list[DeviceStatus]:
        """Return how each device is."""
        return [place.state(self._now_s()) for place in self._places.values()]

    def fills(self) -> tuple[Fill, ...]:
        """Return what those that pay out can tell of what they still have."""
        return tuple(
            Fill(name, each.coin, each.pieces, each.words)
            for name, device in self.items()
            if isinstance(device, TellsFilling)
            for each in device.filling()
        )

    def stuck(self) -> list[str]:
        """Return one sentence for each driver that hangs and was not replaced."""
        return [
            f"the driver of {name!r} does not answer"
            for name, device in self.items()
            if device.beat_age_ms() > STUCK_MS
        ]

    # -- drivers that hang -----------------------------------------------------------------------------

    def look(self) -> None:
        """Replace every driver that hangs."""
        for place in self._places.values():
            try:
                silent_ms = place.device.beat_age_ms()
                if silent_ms <= SILENT_MS:
                    self._take_back(place)
                elif place.often_anew(self._now_s()):
                    self._give_up(place, silent_ms)
                elif not self._stopping.is_set():
                    self._replace(place, silent_ms)
            except Exception:  # noqa: BLE001 - the border of a plug-in: the other devices are watched all the same
                _LOG.exception("the driver of %r cannot be watched; please report this", place.settings.name)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self.look()

    def _replace(self, place: _Place, silent_ms: int) -> None:
        name, role = place.settings.name, place.settings.role
        words = f"its driver did not answer for {silent_ms // 1000} s and was started anew"
        _LOG.error("%s (%s): %s", name, role, words)
        place.let_go()
        if role == "reader":  # what lay there may have been taken away since; the new one tells what lies there
            self._told(name, TokenRemoved(name))
        self._told(name, DeviceChanged(name, role, Health.FAILED, words))
        place.begin_anew(words, self._now_s())

    def _give_up(self, place: _Place, silent_ms: int) -> None:
        """The watchdog decides now; guests are not to choose what this device would give out."""
        if place.given_up:
            return
        place.given_up = True
        words = f"its driver does not answer again, after it was started anew {MOST_ANEW} times within an hour"
        name, role = place.settings.name, place.settings.role
        _LOG.critical("%s (%s): %s", name, role, words)
        self._told(name, DeviceChanged(name, role, Health.FAILED, words))

    def _take_back(self, place: _Place) -> None:
        """A driver that was given up, and not replaced, goes on after all."""
        if place.given_up:
            place.given_up = False
            name, role, now = place.settings.name, place.settings.role, place.device.condition
            self._told(name, DeviceChanged(name, role, now.health, now.words))


class _Place:
    """The place of one device, and the driver that has it now."""

    def __init__(self, settings: DeviceSettings, post: Callable[[str, DeviceEvent], None], mark: str) -> None:
        self.settings = settings
        self._mark = mark  # the last one that was told, on the books or on the way to them
        self.given_up = False
        self._post = post
        self._anew_s: list[float] = []
        self._words = ""
        self._gate = _Gate(settings.name, self._told)
        self.device = self._build()

    def _build(self) -> Device:
        each = self.settings
        device: Any = drivers.find(each.role, each.driver)(each.name, each.options, self._gate)
        if hasattr(device, "resume"):
            device.resume(self._mark)
        built: Device = device
        return built

    def _told(self, name: str, event: DeviceEvent) -> None:
        """Let an event through; a driver that takes this one's place must not tell it again."""
        if isinstance(event, CoinInserted | CoinUnrecognised | DeviceMarked) and event.mark:
            self._mark = event.mark
        self._post(name, event)

    def let_go(self) -> None:
        """Take the device from a driver that hangs; in a thread of its own, for it may hang, too."""
        device, name = self.device, self.settings.name

        def give_up() -> None:
            try:
                getattr(device, "abandon", device.stop)()
            except Exception:  # noqa: BLE001 - the border of a plug-in: its place is given away all the same
                _LOG.exception("the driver of %r does not let its device go; please report this", name)

        helper = threading.Thread(target=give_up, name=f"let go {name}", daemon=True)
        helper.start()
        helper.join(LET_GO_S)
        self._gate.close()

    def begin_anew(self, words: str, now_s: float) -> None:
        """Put a new driver into the place."""
        self._words = words
        self._anew_s = [*self._lately(now_s), now_s]
        self._gate = _Gate(self.settings.name, self._told)
        self.device = self._build()
        self.device.start()

    def often_anew(self, now_s: float) -> bool:
        """Return whether a new driver was tried as often as makes sense."""
        return len(self._lately(now_s)) >= MOST_ANEW

    def state(self, now_s: float) -> DeviceStatus:
        """Return how the device is; that its driver was started anew is told for as long as it counts."""
        condition = self.device.condition
        health, words = condition.health, condition.words
        silent_ms = self.device.beat_age_ms()
        if silent_ms > SILENT_MS:
            health, words = Health.FAILED, f"its driver has not answered for {silent_ms // 1000} s"
        elif health in (Health.OK, Health.STARTING) and self._lately(now_s):
            health = Health.DEGRADED if health is Health.OK else Health.FAILED
            words = self._words
        each = self.settings
        return DeviceStatus(each.name, each.role, each.driver, health, words)

    def _lately(self, now_s: float) -> list[float]:
        return [each for each in self._anew_s if now_s - each < WINDOW_S]


class _Gate:
    """Lets the events of one driver through, until it is closed: no event follows after that."""

    def __init__(self, name: str, post: Callable[[str, DeviceEvent], None]) -> None:
        self._name = name
        self._post = post
        self._open = True
        self._lock = threading.Lock()

    def __call__(self, event: DeviceEvent) -> None:
        with self._lock:
            if self._open:
                self._post(self._name, event)
                return
        if isinstance(event, HAPPENED):
            _LOG.critical("the driver of %r was given up and says too late, unbooked: %s", self._name, event)

    def close(self) -> None:
        """Let nothing through any more."""
        with self._lock:
            self._open = False


class _View(Mapping[str, Any]):
    """Some names, and what they stand for at the moment when they are looked up."""

    def __init__(self, names: Sequence[str], find: Callable[[str], Any]) -> None:
        self._names = dict.fromkeys(names)
        self._find = find

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._find(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
