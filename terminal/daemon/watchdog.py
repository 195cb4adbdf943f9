"""What the service manager is told, in the protocol of sd_notify(3): one datagram for each word, no library.

The watchdog is an honest one: it is fed only while everything that must turn turns. When something hangs, the
feeding stops, and after ``WatchdogSec`` systemd ends the process and starts it anew. What was committed is
there again, and what was intended and not confirmed becomes *unknown*.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping

_LOG = logging.getLogger(__name__)
_SEND_S = 1.0
_PER_INTERVAL = 3
"""Pings in one interval: systemd asks for more than two, so that a late one does no harm."""


class Notifier:
    """Tells the service manager how the daemon is; says nothing to nobody where there is none.

    Args:
        address: Path of the manager's datagram socket; ``@`` at its head stands for the abstract namespace;
            None where nobody listens.
        interval_s: After how many seconds without a ping the manager ends this process; None: never.
    """

    def __init__(self, address: str | None = None, interval_s: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address and address[0] == "@" else address
        self.interval_s = interval_s
        self._lost = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Notifier:
        """Return the notifier that *environ* asks for by NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.

        Only Unix sockets are spoken; a ``vsock:`` address, which a virtual machine's manager may give, counts
        as nobody.
        """
        address = environ.get("NOTIFY_SOCKET", "")
        if address[:1] not in ("/", "@"):
            return cls()
        return cls(address, _interval_s(environ))

    def ready(self, status: str = "") -> None:
        """Tell that the start, or a reload, is over."""
        self._send("READY=1", _status(status))

    def status(self, text: str) -> None:
        """Tell in one line, for ``systemctl status``, what the daemon does."""
        self._send(_status(text))

    def watchdog(self) -> None:
        """Tell that all is alive."""
        self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """Tell that the configuration or the catalogue is being read anew; ready() ends it."""
        monotonic_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={monotonic_us}")

    def stopping(self, status: str = "") -> None:
        """Tell that the end has begun."""
        self._send("STOPPING=1", _status(status))

    def _send(self, *lines: str) -> None:
        message = "\n".join(line for line in lines if line)
        if self._address is None or not message:
            return
        try:
            with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
                # A manager that does not read must not hold up the daemon.
                manager.settimeout(_SEND_S)
                manager.sendto(message.encode(), self._address)
        except OSError as error:
            if not self._lost:
                _LOG.warning(
                    "the service manager does not take notifications (%s); going on without",
                    error.strerror or error,
                )
            self._lost = True
        else:
            self._lost = False


class Watchdog:
    """Pings the service manager while *checks* has nothing to say; from a thread of its own.

    Args:
        notifier: Where to; without an interval there is nothing to feed and no thread.
        checks: Returns one sentence for everything that does not turn (a loop, a device, a worker); it must not
            block. If it raises, the feeding ends: a daemon that cannot tell how it is has to be started anew.
    """

    def __init__(self, notifier: Notifier, checks: Callable[[], list[str]]) -> None:
        self._notifier = notifier
        self._checks = checks
        self._stopping = threading.Event()
        self._said: list[str] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to feed, if somebody waits for it."""
        interval_s = self._notifier.interval_s
        if interval_s is None:
            return
        self._thread = threading.Thread(
            target=self._feed, args=(interval_s / _PER_INTERVAL,), name="watchdog", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the feeding. The manager's time limit for stopping takes over."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_SEND_S * 2)

    def _feed(self, pause_s: float) -> None:
        while True:
            self._look()
            if self._stopping.wait(pause_s):
                return

    def _look(self) -> None:
        sentences = self._checks()
        for sentence in sentences:
            if sentence not in self._said:
                _LOG.error("%s; the watchdog is not fed until it turns again", sentence)
        self._said = sentences
        if not sentences:
            self._notifier.watchdog()


def _interval_s(environ: Mapping[str, str]) -> float | None:
    """Return WatchdogSec in seconds if it is meant for this process."""
    pid, usec = environ.get("WATCHDOG_PID", ""), environ.get("WATCHDOG_USEC", "")
    if pid and pid != str(os.getpid()):
        return None
    return int(usec) / 1_000_000 if usec.isascii() and usec.isdigit() and int(usec) > 0 else None


def _status(text: str) -> str:
    """Return *text* as a STATUS= line; a line break in it would begin another assignment."""
    return f"STATUS={' '.join(text.split())}" if text.strip() else ""
