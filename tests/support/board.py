"""A board whose lines outlive the processes that drive them: what RPi.GPIO leaves behind after a SIGKILL."""

import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_STANDIN = ROOT / "tests/drivers/standins/pythonpath"


@dataclass(frozen=True)
class Drive:
    """A line was driven. *watched*: whether the watched file was there already."""

    channel: int
    high: bool
    pid: int
    watched: bool


class Board:
    """The lines, seen from outside. *watch*: a file; was a line driven before it was made?"""

    def __init__(self, folder: Path, watch: Path) -> None:
        self._record = folder / "lines.jsonl"
        self.environment = {
            "PYTHONPATH": f"{_STANDIN}:{ROOT}",
            "GPIO_RECORD": str(self._record),
            "GPIO_WATCH": str(watch),
        }

    def drives(self, channel: int) -> list[Drive]:
        """Return how *channel* was driven, oldest first."""
        if not self._record.exists():
            return []
        drives = [Drive(**json.loads(line)) for line in self._record.read_text().splitlines(keepends=True)
                  if line.endswith("\n")]  # fmt: skip
        return [drive for drive in drives if drive.channel == channel]

    def high(self, channel: int) -> bool:
        """Return the level of *channel*: the last that it was given."""
        return self.drives(channel)[-1].high
