"""``terminald`` with its clocks moved on, as if the machine had been off for so long: the rest is as it is.

    python -m tests.support.moved_clock terminald --config FILE

``TERMINAL_MOVED_NS`` says by how much. Both clocks move, for both go on while a machine is off; and the wall
clock counts as set, whatever this machine has for a clock.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial

from terminal.daemon import main, wiring
from terminal.daemon.clock import SystemClock

if __name__ == "__main__":
    moved_ns = int(os.environ["TERMINAL_MOVED_NS"])
    vars(wiring)["SystemClock"] = partial(
        SystemClock,
        wall_ns=lambda: time.time_ns() + moved_ns,
        mono_ns=lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME) + moved_ns,
        kernel_synced=lambda: True,
    )
    sys.exit(main.main(sys.argv[2:]))
