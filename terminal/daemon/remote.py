"""What servers have set for this terminal is read now and then, and they hear which devices it has.

Of what is set, the schedules for closing the day are obeyed, and what cash is rounded to, also after a restart
without a network: both are noted in the journal as soon as they hold. Everything else is for persons: a
newer version that is offered, what the key may not do, that this terminal is bound to no till. Nothing here
stops a sale.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from terminal import __version__
from terminal.backends.protocol import TillBackend
from terminal.core.cron import Cron
from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import Fact, SettingsTold
from terminal.core.report import Report
from terminal.core.stamp import Stamp
from terminal.core.till import Attached, TillSettings, obeyed
from terminal.core.value import Value, replace
from terminal.daemon.lookups import Weather, report
from terminal.daemon.rounds import Rounds
from terminal.journal.errors import JournalError

_LOG = logging.getLogger(__name__)

Told = dict[str, tuple[str, ...] | None]
"""The schedules that each server says, by its name; None: it says nothing of them."""

LOOK_S = 15.0
"""How often it is looked whether other devices are there now."""

REFRESH_S = 600.0
"""How often a server is asked for its settings."""

ASK_S = 20.0
"""How long a server may take to answer."""

_RETRY_S = (15.0, 300.0)
_NO_ANSWER = (Outcome.UNSENT, Outcome.UNKNOWN, Outcome.BUSY)


class Schedules(Protocol):
    """Who closes the day."""

    def schedule(self, schedules: Sequence[Cron], held: Callable[[], None]) -> None:
        """Let *schedules* hold from now on, and call *held* as soon as they do."""


class Remembers(Protocol):
    """What is needed of the journal."""

    def settings_told(self, backend: str) -> str | None:
        """Return what a server told last."""

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        """Write down what a server told."""


class Noted(Value, frozen=True, omit_defaults=True):
    """What a server said last: the *schedules* that came into force, and what cash is rounded to, in cents."""

    schedules: tuple[str, ...] | None = None
    cash_step: int = 0


class Note:
    """What servers said last, where it outlives a restart; for any thread."""

    def __init__(self, books: Remembers, now: Callable[[], Stamp]) -> None:
        self._books = books
        self._now = now
        self._lock = threading.Lock()

    def read(self, name: str) -> Noted:
        """Return what the server *name* said; nothing where that is lost."""
        try:
            told = self._books.settings_told(name)
            return Noted() if told is None else msgspec.json.decode(told, type=Noted)
        except (JournalError, msgspec.MsgspecError) as error:
            _LOG.warning("what the server %s said last is lost: %s", name, error)
            return Noted()

    def change(self, name: str, **fields: Any) -> None:
        """Note other *fields* of it, durably; JournalError where that fails."""
        with self._lock:
            before = self.read(name)
            noted = replace(before, **fields)
            if noted != before:
                told = SettingsTold(name, msgspec.json.encode(noted).decode())
                self._books.commit((told,), self._now())


class Remote:
    """Keeps up with what servers have set; each is asked by a thread of its own.

    Args:
        backends: All of them, by name; those that have no ``settings`` have nothing set.
        roles: Which backend has which role.
        currency: In which this terminal counts.
        weather: Is told whether a server answered.
        attached: Returns the devices as they are now.
        last_report: Returns the last Z report; None: there is none.
        local: The schedules of the configuration, which hold where no server says any.
        obey: Whether those of a server hold before them.
        note: Where what a server said outlives a restart.
        round_to: Is told what cash is rounded to, in cents, when the server that records sales says another.
    """

    def __init__(
        self,
        backends: Mapping[str, Any],
        *,
        roles: Mapping[str, str],
        currency: str,
        weather: Weather,
        attached: Callable[[], tuple[Attached, ...]],
        last_report: Callable[[], Report | None],
        local: Sequence[Cron],
        obey: bool,
        note: Note,
        round_to: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._tills = [
            _Till(each, weather, attached, last_report, self._hand_on)
            for each in backends.values()
            if hasattr(each, "settings")
        ]
        self._roles = roles
        self._currency = currency
        self._local = tuple(local)
        self._obey = obey and bool(self._tills)
        self._note = note
        self._lock = threading.Lock()
        noted = {each.name: note.read(each.name) for each in self._tills}
        self._told: Told = {name: said.schedules if self._obey else None for name, said in noted.items()}
        self._cash_step = noted.get(roles.get("sales", ""), Noted()).cash_step
        self._round_to = round_to
        self._closing: Schedules | None = None
        self._keeping = threading.Lock()
        self._unkept: dict[str, dict[str, Any]] = {}
        self._unwritten = ""

    @property
    def schedules(self) -> tuple[Cron, ...]:
        """Those that hold, by what servers said last."""
        return obeyed(_first(self._told), self._local)[0]

    @property
    def cash_step(self) -> int:
        """What cash is rounded to, in cents, as the server that records sales said last; 0: it said nothing."""
        return self._cash_step

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for a technician about what is no trouble."""
        return tuple(dict.fromkeys(words for till in self._tills for words in till.notices(self._roles)))

    @property
    def troubles(self) -> tuple[str, ...]:
        """Sentences about what a person must put right."""
        found = [words for till in self._tills for words in till.troubles(self._currency)]
        refused = obeyed(_first(self._told))[1]
        return tuple(words for words in (*found, *refused, self._unwritten) if words)

    def start(self, closing: Schedules) -> None:
        """Begin; *closing* takes the schedules that change from now on."""
        self._closing = closing
        for till in self._tills:
            till.rounds.start()

    def stop(self) -> None:
        """End; a question under way is not waited for."""
        for till in self._tills:
            till.rounds.stop()

    def reload(self) -> None:
        """Ask every server now."""
        for till in self._tills:
            till.reload()

    # -- closing the day -------------------------------------------------------------------------------

    def _hand_on(self, name: str, settings: TillSettings) -> None:
        """Let what was read take effect, if it is another than before."""
        if self._unkept:
            self._keep({})  # the disk may be well again
        step = settings.cash_step
        if step is not None and step != self._cash_step and name == self._roles.get("sales"):
            self._cash_step = step
            self._round_to(step)
            self._keep({name: {"cash_step": step}})
        if not self._obey or self._closing is None:
            return
        with self._lock:
            if self._told[name] == settings.schedules:
                return
            told = {**self._told, name: settings.schedules}
            _LOG.info("the server %s says when the day is closed: %s", name, settings.schedules)
            held = {each: {"schedules": said} for each, said in told.items()}
            self._closing.schedule(obeyed(_first(told), self._local)[0], lambda: self._keep(held))
            self._told = told

    def _keep(self, said: Mapping[str, Mapping[str, Any]]) -> None:
        with self._keeping:
            for name, fields in said.items():
                self._unkept.setdefault(name, {}).update(fields)
            try:
                for name in tuple(self._unkept):
                    self._note.change(name, **self._unkept[name])
                    del self._unkept[name]
                self._unwritten = ""
            except JournalError as error:
                _LOG.warning("what a server said cannot be noted: %s", error)
                self._unwritten = (
                    f"What a server said of closing the day, or of cash, cannot be noted: after a restart "
                    f"without a network, what it said before holds. {error}"
                )


def _first(told: Told) -> tuple[str, ...] | None:
    """Return what the first server says that says something."""
    return next((each for each in told.values() if each is not None), None)


class _Till:
    """One server, with what it has set."""

    def __init__(
        self,
        backend: TillBackend,
        weather: Weather,
        attached: Callable[[], tuple[Attached, ...]],
        last_report: Callable[[], Report | None],
        hand_on: Callable[[str, TillSettings], None],
    ) -> None:
        self.name = backend.name
        self._backend = backend
        self._weather = weather
        self._attached = attached
        self._last_report = last_report
        self._hand_on = hand_on
        self._settings: TillSettings | None = None
        self._reported: tuple[Attached, ...] | None = None
        self._refused: tuple[str, ...] = ()
        self._left_s = 0.0
        self._wanted = threading.Event()
        self.rounds = Rounds(
            f"till {self.name}", f"asking {self.name} for settings", self.look, retry_s=_RETRY_S
        )

    def reload(self) -> None:
        """Ask the server now."""
        self._wanted.set()
        self.rounds.hurry()

    def look(self) -> float | Answer:
        """Ask the server if it is time, or other devices are there; return the seconds until the next look."""
        devices = self._attached()
        self._left_s -= LOOK_S
        if self._left_s > 0 and devices == self._reported and not self._wanted.is_set():
            return LOOK_S
        self._wanted.clear()
        self._left_s = 0.0
        found = self._backend.settings(ASK_S)
        if isinstance(found, Answer):
            report(self._weather, self.name, found)
            _LOG.info("the settings of %s could not be read: %s", self.name, found.words)
            return found
        self._weather.report(self.name, ok=True)
        self._settings = found
        self._hand_on(self.name, found)
        answers = [self._backend.attached(devices, ASK_S)]
        report_made = self._last_report()
        if report_made is not None:
            answers.append(self._backend.counted(report_made, ASK_S))
        for each in answers:
            if each.outcome in _NO_ANSWER:
                _LOG.info("not everything could be reported to %s yet: %s", self.name, each.words)
                return each
        refused = [each.words for each in answers if each.outcome is not Outcome.DELIVERED]
        self._refused = tuple(words for words in refused if words)
        self._reported, self._left_s = devices, REFRESH_S
        return LOOK_S

    def notices(self, roles: Mapping[str, str]) -> list[str]:
        """Return what a technician should know."""
        found = self._settings
        if found is None:
            return []
        told = [*found.notices]
        told += [each.words for each in found.missing if not each.role or roles.get(each.role) == self.name]
        told += self._refused
        if found.offered:
            told.append(
                f"version {found.offered} of the terminal is offered, and {__version__} runs: update it when "
                "nobody is there"
            )
        return [f"Server {self.name!r}: {words}" for words in told]

    def troubles(self, currency: str) -> list[str]:
        """Return what a person must put right."""
        found = []
        if self.rounds.unforeseen:
            found.append(
                f"The server {self.name!r} could not be asked for its settings, for a reason not foreseen: "
                "please report this."
            )
        theirs = self._settings.currency if self._settings is not None else ""
        if theirs and theirs != currency:
            found.append(
                f"The server {self.name!r} counts in {theirs}, this terminal in {currency}: correct one of "
                "them."
            )
        return found
