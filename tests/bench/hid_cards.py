"""The reader that types, timed inside `umockdev-run`: prints the milliseconds of each number, as JSON.

umockdev-run --device tests/drivers/recordings/wedge.umockdev -- python -m tests.bench.hid_cards 100
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time

from drivers.readers.hid import HidOptions, HidReader
from terminal.core.events import Health, TokenPresented, TokenRemoved
from tests.bench.told import Told
from tests.drivers.hid_keys import ENTER, Keyboard
from tests.drivers.hid_under_umockdev import DEVICE, NODE
from tests.support.waiting import wait_until

NUMBER = "0008844356"
_GONE_MS = 100


def measure(numbers: int) -> list[float]:
    """Return the milliseconds from the last key of each number to TokenPresented."""
    NODE.unlink()
    os.mkfifo(NODE)
    keys = os.open(NODE, os.O_RDWR | os.O_NONBLOCK)
    told = Told()
    reader = HidReader("front", HidOptions(device=DEVICE, digits=len(NUMBER), gone_ms=_GONE_MS), told)
    reader.start()
    try:
        wait_until(lambda: reader.condition.health is Health.OK, what="the reader")
        time.sleep(reader.settle_s)
        return [_one(keys, told) for _ in range(numbers)]
    finally:
        reader.stop()
        os.close(keys)


def _one(keys: int, told: Told) -> float:
    typed = Keyboard(ms=int(time.time() * 1000)).type(NUMBER, ENTER)
    begun_ns = time.monotonic_ns()
    os.write(keys, typed)
    taken_ms = (told.next(TokenPresented) - begun_ns) / 1e6
    told.next(TokenRemoved)
    return taken_ms


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.CRITICAL)
    print(json.dumps(measure(int(sys.argv[1]))))  # noqa: T201 - the bench waits for it
