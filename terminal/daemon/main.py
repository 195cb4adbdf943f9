"""terminald: the daemon's command line, its signals and its exit codes."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys

from terminal import __version__
from terminal.daemon.watchdog import Notifier

EX_FAILED, EX_CONFIG = 1, 2
DEFAULT_CONFIG = "/etc/terminal/terminal.toml"

_LOG = logging.getLogger(__name__)
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def main(argv: list[str] | None = None) -> int:
    """Run the daemon until it is told to stop.

    Exit codes: 0 after SIGTERM or SIGINT; 1 if it cannot go on (one sentence says why, the service manager
    starts it anew); 2 for a configuration that cannot be used, with every mistake in it.
    """
    options = _parser().parse_args(argv)
    if options.make_safe:
        return _make_safe(options.config)
    # Before any thread is made: each inherits the mask, so that only sigwait below hears the signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    from terminal.daemon import safety  # noqa: PLC0415 - --help needs none of it
    from terminal.settings import ConfigError, load  # noqa: PLC0415 - --help needs none of it

    try:
        settings = load(options.config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    _log_to_stderr(settings.log.level)
    # Before anything that takes time or may fail. A running terminald keeps its outputs; the journal, which is
    # its own, will tell this second one to go.
    if not safety.runs_already(settings.control.socket):
        for words in safety.make_safe(settings.devices)[1]:
            _LOG.warning("%s", words)
    from terminal.daemon.wiring import CannotStart, Daemon  # noqa: PLC0415 - it loads what a slot need not wait for

    notifier = Notifier.from_environment(os.environ)
    try:
        daemon = Daemon(settings, notifier)
        daemon.start()
    except CannotStart as error:
        _LOG.critical("%s", error)
        return EX_FAILED
    _LOG.info("ready: %s, job %s, version %s", settings.terminal.id, settings.terminal.job, __version__)
    for line in daemon.greeting():
        _LOG.info("%s", line)
    while (received := signal.sigwait(_SIGNALS)) == signal.SIGHUP:
        notifier.reloading()
        daemon.reload()
        notifier.ready()
    _LOG.info("stopping on %s", signal.Signals(received).name)
    notifier.stopping()
    daemon.stop()
    return EX_FAILED if daemon.failed else 0


def _make_safe(config: str) -> int:
    """Close slots, release relays, put out lamps, say so, and do nothing else."""
    from terminal.daemon import safety  # noqa: PLC0415 - --help needs none of it
    from terminal.settings import ConfigError, load_devices  # noqa: PLC0415 - --help needs none of it

    try:
        devices, socket, mistakes = load_devices(config)
    except ConfigError as error:
        sys.stderr.write(f"No output was brought to its safe state, because none is known: {error}\n")
        return EX_FAILED
    if safety.runs_already(str(socket)):
        sys.stderr.write(
            "A terminald is running and drives its outputs itself: stop it first (systemctl stop terminald).\n"
        )
        return EX_FAILED
    safe, failed = safety.make_safe(devices)
    failed += [f"Not brought to its safe state, because it is not known: {mistake}" for mistake in mistakes]
    for words in failed:
        sys.stderr.write(f"{words}\n")
    if safe:
        sys.stderr.write(f"In their safe state: {', '.join(safe)}.\n")
    elif not failed:
        sys.stderr.write("No device has an output that could do harm.\n")
    return EX_FAILED if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="terminald",
        description="Runs one unattended terminal: reads tokens, takes coins, gives out, prints, and delivers "
        "every debit and credit to its server exactly once. It stays in the foreground and logs on stderr.",
        epilog="SIGTERM stops it cleanly, SIGHUP reads the products anew. `terminalctl status` tells how it "
        "is; `terminalctl config check` looks at a configuration without starting anything.",
    )
    parser.add_argument(
        "--config",
        default=os.environ.get("TERMINAL_CONFIG", DEFAULT_CONFIG),
        metavar="FILE",
        help=f"the configuration (default: $TERMINAL_CONFIG, else {DEFAULT_CONFIG})",
    )
    parser.add_argument(
        "--make-safe",
        action="store_true",
        help="close slots, release relays, put out lamps, and end: for after the daemon, however it ended",
    )
    parser.add_argument("--version", action="version", version=f"terminald {__version__}")
    return parser


def _log_to_stderr(level: str) -> None:
    """Log as the journal of systemd likes it: one line each, its priority at the head (sd-daemon(3))."""
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(_Lines(under_systemd=under_systemd))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class _Lines(logging.Formatter):
    """One line for a record; with the priority that systemd understands, or with the time for people."""

    _PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))

    def __init__(self, *, under_systemd: bool) -> None:
        super().__init__(
            "%(message)s" if under_systemd else "%(asctime)s %(levelname)-8s %(name)s: %(message)s"
        )
        self._under_systemd = under_systemd

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line = super().format(record)
        if not self._under_systemd:
            return line
        priority = next(number for level, number in self._PRIORITIES if record.levelno >= level)
        return "\n".join(f"<{priority}>{part}" for part in line.splitlines())


if __name__ == "__main__":
    sys.exit(main())
