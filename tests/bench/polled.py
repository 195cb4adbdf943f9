"""A process that has one device and does nothing with it: for what its polling costs.

    python -m tests.bench.polled coin_acceptor cctalk '{"port": "/tmp/x/wire"}'
    python -m tests.bench.polled bare PORT SECONDS     # between two

The second one is the floor: a loop that writes 5 bytes and reads 16. It says "ready" when it polls, and ends
with its standard input.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import msgspec

import drivers
from drivers.contract import Condition
from terminal.core.events import DeviceChanged, DeviceEvent, Health

QUESTION, ANSWER = 5, 16
"""Bytes of a ccTalk poll for credits, and of its answer."""

_PATIENCE_S = 60


def _device(role: str, driver: str, options: str) -> None:
    kind = drivers.find(role, driver)
    changed: list[Condition] = []
    known = threading.Condition()

    def emit(event: DeviceEvent) -> None:
        if isinstance(event, DeviceChanged):
            with known:
                changed.append(Condition(event.health, event.words))
                known.notify_all()

    device = kind("idle", msgspec.convert(json.loads(options), kind.Options), emit)
    device.start()
    try:
        with known:
            known.wait_for(lambda: changed, _PATIENCE_S)
        if not changed or changed[-1].health is not Health.OK:
            raise SystemExit(f"{role} {driver} is {changed[-1:]}")
        _ready()
    finally:
        device.stop()


def _bare(port: str, interval: str) -> None:
    import serial  # noqa: PLC0415 - as the drivers do

    interval_s = float(interval)
    with serial.Serial(port, 9600, timeout=1.0, write_timeout=1.0) as link:

        def poll() -> None:
            while True:
                link.write(bytes(QUESTION))
                if len(link.read(ANSWER)) != ANSWER:
                    return
                time.sleep(interval_s)

        threading.Thread(target=poll, daemon=True).start()
        _ready()


def _ready() -> None:
    """Say so, and return when nobody wants it any more."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        _bare(*sys.argv[2:])
    else:
        _device(*sys.argv[1:])
