# ruff: noqa: N999 - the library's own name
"""``RPi.GPIO`` for a process of its own, by PYTHONPATH: its lines stay as they are when the process ends.

Every level that a line is driven to is one line of JSON in the file GPIO_RECORD: who did it and
whether the file GPIO_WATCH was there at that moment. Like the board's own lines, they keep what they were given
last, whatever became of who gave it.
"""

import json
import os
from pathlib import Path

from tests.drivers.standins.rpi_gpio import RpiGpio


class RecordedGpio(RpiGpio):
    def _drive(self, channel, high):
        super()._drive(channel, high)
        watched = Path(os.environ["GPIO_WATCH"]).exists()
        line = {"channel": channel, "high": high, "pid": os.getpid(), "watched": watched}
        with Path(os.environ["GPIO_RECORD"]).open("a") as record:
            record.write(json.dumps(line) + "\n")


GPIO = RecordedGpio()
