"""Everything built from the settings, started in order, stopped in reverse. The only file that knows it all."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from terminal import __version__
from terminal.backends.protocol import CATALOGUE, SETTINGS
from terminal.core.effects import Effect, Notice, Screen
from terminal.core.events import CashStepTold, StopAsked
from terminal.core.printing import Queue
from terminal.core.recover import LeftOpen, recover
from terminal.core.terminal import Terminal
from terminal.courtesy import RightOfWay
from terminal.daemon.attached import Attachments
from terminal.daemon.cashdesk import CashDesk
from terminal.daemon.clock import Names, SystemClock, local_zone
from terminal.daemon.closing import Closing
from terminal.daemon.codes import build_codes
from terminal.daemon.control import Control
from terminal.daemon.devices import Devices
from terminal.daemon.following import Following
from terminal.daemon.lookups import Lookups
from terminal.daemon.loop import Loop
from terminal.daemon.maintenance import Maintenance
from terminal.daemon.opening import CannotStart, open_journal
from terminal.daemon.perform import Performer
from terminal.daemon.pings import Pings
from terminal.daemon.printdesk import PrintDesk
from terminal.daemon.remote import Note, Remote
from terminal.daemon.reportdesk import ReportDesk
from terminal.daemon.salesdesk import SalesDesk
from terminal.daemon.servers import build_servers
from terminal.daemon.status import BackendStatus, Snapshot, screen, status
from terminal.daemon.trials import Trials
from terminal.daemon.watchdog import Notifier, Watchdog
from terminal.httpd import CannotListen, Server
from terminal.journal.errors import JournalError
from terminal.settings import Settings
from terminal.sync import Engine

if TYPE_CHECKING:  # loaded late: only testers need them
    from terminal.sandbox import Sandbox
    from terminal.sandbox.embedded import CuttableNetwork

__all__ = ["CannotStart", "Daemon"]

_LOG = logging.getLogger(__name__)

SETTLE_S = 8
"""How long a stop waits for a sale that is being given out."""

LOOP_STUCK_MS = 20_000
"""After so long with one event the watchdog is not fed any more."""


class Daemon:
    """One terminal, built from its settings.

    Raises:
        CannotStart: The journal cannot be used, or the key that signs tickets, or the embedded server.
    """

    def __init__(self, settings: Settings, notifier: Notifier) -> None:
        self._settings = settings
        self._notifier = notifier
        self.failed = False
        self._clock = SystemClock()
        self._screen = Screen(Notice.OUT_OF_ORDER, "Starting.")
        self._journal = open_journal(settings, self._clock.boot)
        sells_tickets = settings.terminal.job == "tickets"
        try:
            codes = build_codes(settings, self._journal, self._clock) if sells_tickets else None
            self._sandbox, self._network = _simulated_world(settings)
        except CannotStart:
            self._journal.close()
            raise
        self._backends = build_servers(
            settings,
            tenure=lambda name: self._journal.tenure(name, self._clock.now),
            network=self._network,
            sandbox=self._sandbox.url_for if self._sandbox else None,
        )
        way = RightOfWay()
        self._engine = Engine(self._journal, self._backends, self._clock, settings.sync, way=way)
        self._job = msgspec.structs.replace(settings.job(), zone=local_zone())
        self._names = Names(self._clock, settings.terminal.id)
        self._terminal = Terminal(self._job, self._names, codes)
        self._loop = Loop(
            self._terminal, self._journal, self._clock.now, self._perform, self._engine.notice, way=way
        )
        self._devices = Devices(settings.devices, self._loop.post, marks=self._journal.marks())
        self._lookups = Lookups(
            wallet=self._backends.get(settings.roles.wallet),
            catalogue=self._backends[settings.roles.catalogue],
            payments=self._backends.get(settings.roles.payments),
            journal=self._journal,
            weather=self._engine,
            now=self._clock.now,
            post=self._loop.post,
        )
        self._pings = Pings(self._backends, self._engine)
        self._performer = Performer(
            devices=self._devices,
            acceptors=self._devices.of_role("coin_acceptor"),
            indicators=self._devices.of_role("indicator"),
            engine=self._engine,
            lookups=self._lookups,
            show=self._show,
            post=self._loop.post,
        )
        self._cash = CashDesk(settings.cash, settings.named("coin_acceptor"), self._loop)
        closing, now = settings.closing, self._clock.now
        self._reports = ReportDesk(
            self._journal, self._loop, closing, self._job.printers,
            now=now, ticket=self._names.id, fills=self._devices.fills,
        )  # fmt: skip
        self._remote = Remote(
            self._backends,
            roles=msgspec.structs.asdict(settings.roles),
            currency=settings.terminal.currency,
            weather=self._engine,
            attached=Attachments(settings.terminal.id, settings.devices, self._devices),
            last_report=self._journal.last_report,
            local=closing.parsed(),
            obey=closing.from_server,
            note=Note(self._journal, now),
            round_to=lambda step: self._loop.post(CashStepTold(step)),
        )
        self._following = Following(
            self._backends, {CATALOGUE: self._lookups.reload, SETTINGS: self._remote.reload}
        )
        self._closing = Closing(
            closing, self._journal, self._reports,
            now=now, zone=self._job.zone, schedules=self._remote.schedules,
        )  # fmt: skip
        self._control = self._build_control()
        backups = Path(settings.journal.backups or Path(settings.journal.path).parent / "backups")
        self._maintenance = Maintenance(self._journal, backups, settings.journal.keep)
        self._watchdog = Watchdog(notifier, self.hangs)
        # A loop that hangs must not keep the process alive: see stop().
        self._turning = threading.Thread(target=self._turn, name="loop", daemon=True)

    # -- start and stop --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start everything. Devices come first, for that brings every slot and relay to its safe state.

        The service manager is told READY as soon as a tap would be served; what talks to servers comes after
        it, since that loads an HTTP client, and a sale needs none.

        Raises:
            CannotStart: What was open at the last stop cannot be settled, or the control socket is taken; then
                everything is stopped and closed again.
        """
        self._devices.start()
        try:
            self._begin()
            self._control.start()
            self._turning.start()
            self._notifier.ready(f"{self._settings.terminal.id}: {self._settings.terminal.job}")
            self._engine.start()
        except (JournalError, CannotListen) as error:
            self.stop()
            raise CannotStart(str(error)) from None
        self._lookups.start()
        self._pings.start()
        self._maintenance.start()
        self._closing.start()
        self._remote.start(self._closing)
        self._following.start()
        self._watchdog.start()

    def _begin(self) -> None:
        """Settle what was open at the last stop, and take the first state."""
        now = self._clock.now()
        journal = self._journal
        left = LeftOpen(
            held=journal.held(),
            releases=journal.open_releases(),
            sessions=journal.open_sessions(),
            payouts=journal.open_payouts(),
            prints=journal.waiting_prints(),
        )
        found = recover(self._job, left, now, self._names)
        products = journal.catalogue(self._settings.roles.catalogue)
        first = self._terminal.start(now, products, found, journal.boxes(), self._remote.cash_step)
        facts = (*found.facts, *first.facts)
        if facts:
            journal.commit(facts, now, urgent=True)
            _LOG.warning("settled %d things that were open when the terminal stopped", len(facts))
        self._loop.begin(first.state, first.effects)

    def _turn(self) -> None:
        try:
            self._loop.run()
        except Exception:  # noqa: BLE001 - the boundary of a thread
            # Crash-only: a state that nobody foresaw is left by starting anew from the journal.
            _LOG.critical("the loop has failed; the terminal ends itself to be started anew", exc_info=True)
            self.failed = True
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Stop everything that was started, slots first; what is being given out may end."""
        self._watchdog.stop()
        self._control.stop()
        self._closing.stop()
        self._loop.post(StopAsked())
        if self._turning.is_alive() and not self.failed:
            self._loop.wait_for(lambda state: state.stopping and not state.job.under_way, SETTLE_S)
        self._devices.stop()
        self._loop.end()
        if self._turning.is_alive():
            self._turning.join(SETTLE_S)
        self._following.stop()
        self._lookups.stop()
        self._pings.stop()
        self._remote.stop()
        self._engine.stop()
        self._maintenance.stop()
        for backend in self._backends.values():
            backend.close()
        self._journal.close()
        if self._sandbox is not None:
            self._sandbox.stop()

    def reload(self) -> None:
        """Read the products and the servers' settings anew."""
        self._lookups.reload()
        self._remote.reload()

    def greeting(self) -> Sequence[str]:
        """Return lines for a person who starts it by hand."""
        command = f"terminalctl --config {self._settings.file}"
        if self._sandbox is None:
            return (f"look: {command} status",)
        return (
            f"the embedded server answers at {self._sandbox.url}",
            f"look: {command} status    play: {command} sim --help",
        )

    # -- parts -----------------------------------------------------------------------------------------

    def _build_control(self) -> Server:
        trials = Trials(
            terminal=self._settings.terminal.id,
            devices=self._devices,
            loop=self._loop,
            ticket=self._names.id,
            screen=lambda: self._screen,
        )
        self._devices.heard = trials.heard
        control = Control(
            status=self.status,
            screen=lambda: screen(self._screen),
            devices=lambda: [msgspec.to_builtins(each) for each in self._devices.states()],
            books=self._journal,
            now=self._clock.now,
            post=self._loop.post,
            committed=self._engine.notice,
            sync_now=self._engine.sync_now,
            reload=self.reload,
            hands=self._devices.hands(),
            network=self._network.switch if self._network else None,
            trial=trials.begin,
            flush=self._loop.flush,
            settling_ms={name: getattr(each, "settling_ms", 0) for name, each in self._backends.items()},
        )
        socket = Path(self._settings.control.socket)
        prints = PrintDesk(self._journal, self._loop, self._names.id)
        sales = SalesDesk(self._job, self._journal, self._loop, self._names.id)
        routes = [
            *control.routes(),
            *self._cash.routes(),
            *prints.routes(),
            *sales.routes(),
            *self._reports.routes(),
        ]
        return Server(routes, socket, mode=self._settings.socket_mode())

    # -- how it is -------------------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        self._performer(effect)

    def _show(self, screen: Screen) -> None:
        self._screen = screen

    def status(self) -> dict[str, Any]:
        """Return how the terminal is; see daemon.status."""
        state, now = self._loop.state, self._clock.now()
        return status(
            Snapshot(
                terminal=self._settings.terminal.id,
                job=self._settings.terminal.job,
                version=__version__,
                phase=state.job.phase_name if state else "starting",
                now=now,
                screen=self._screen,
                counts=self._journal.counts(),
                oldest=self._journal.oldest_queued(),
                devices=self._devices.states(),
                backends=[
                    BackendStatus(each.name, self._type(each.name), each.state, each.words)
                    for each in self._engine.states()
                ],
                broken=state.broken if state else "",
                set_aside=self._journal.set_aside or "",
                upkeep=[
                    *self._maintenance.troubles,
                    *self._closing.troubles,
                    *self._lookups.troubles,
                    *self._remote.troubles,
                    *self._cash.troubles(),
                ],
                notices=[*self._remote.notices, *self._following.notices],
                out_of_order=self._terminal.trouble(state, now) if state else "",
                max_age_h=self._settings.offline.max_age_h,
                prints=state.prints if state else Queue(),
            )
        )

    def _type(self, backend: str) -> str:
        """Return a backend's type; entries may wait for one that is not configured any more."""
        found = self._settings.backends.get(backend)
        return found.type if found else "not configured"

    def hangs(self) -> list[str]:
        """Return one sentence for everything that does not turn any more."""
        found = []
        if not self._turning.is_alive() or self._loop.stuck_ms() > LOOP_STUCK_MS:
            found.append("the loop does not turn")
        return [*found, *self._devices.stuck()]


def _simulated_world(settings: Settings) -> tuple[Sandbox | None, CuttableNetwork | None]:
    """Return the embedded server, running, and a network that can be cut; neither on a real terminal."""
    if settings.sandbox is None:
        return None, None
    from terminal.sandbox.embedded import CuttableNetwork, embedded  # noqa: PLC0415 - never on a real terminal

    with contextlib.ExitStack() as undo:
        try:
            sandbox = embedded(settings.sandbox)
            undo.callback(sandbox.stop)
            sandbox.start()
        except (CannotListen, OSError, ValueError) as error:
            raise CannotStart(f"The embedded server cannot start: {error}.") from None
        undo.pop_all()
    return sandbox, CuttableNetwork()
