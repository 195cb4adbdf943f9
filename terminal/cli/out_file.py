"""A file that an export writes line by line, of any length: it has its name once it is whole, and not before.

Until then it is called NAME.part. That stays where the command was broken off, so that another run can go on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import click

from terminal.cli.errors import WrongUse

_T = TypeVar("_T")

_MODE = 0o600  # it may say what people have bought
_LONGEST = 1 << 20  # characters of a line; no record is that long
_BLOCK = 65_536


OPTIONS = (
    click.option("--out", metavar="FILE", default="", help="Write it there, whole or not [default: stdout]."),
    click.option(
        "--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True,
        help="A spreadsheet's, or one JSON object in each line.",
    ),
)  # fmt: skip
"""Where an export goes, and how."""


def counting(records: Iterable[_T]) -> Iterator[_T]:
    """Give *records*, and show how many they are; how many there will be is not known."""
    bar: Any = click.progressbar(
        records, label="exporting", file=sys.stderr, hidden=not sys.stderr.isatty(), show_pos=True,
        update_min_steps=100,
    )  # fmt: skip
    with bar as counted:
        yield from counted


class OutFile:
    """Writes lines to *path*, or to stdout where that is empty. Use it in a ``with``.

    After an error within, the file that was there before stays untouched.

    Args:
        path: Of the file.
        go_on: Whether what NAME.part holds, or else the file, comes first; a torn last line does not.
        keep: Whether NAME.part stays after an error, for another run to go on with.

    Raises:
        WrongUse: Nothing can be written there, somebody else does, or there is nothing to go on with.
    """

    def __init__(self, path: str, *, go_on: bool = False, keep: bool = False) -> None:
        self._path = Path(path).absolute() if path else None
        self._go_on = go_on
        self._keep = keep
        self._handle = -1

    @property
    def part(self) -> Path | None:
        """What it is called while it is written; None: it goes to stdout."""
        return self._path and self._path.with_name(f"{self._path.name}.part")

    def __enter__(self) -> Self:
        if self._path is None or self.part is None:
            return self
        try:
            self._open(self._path, self.part)
        except BlockingIOError:
            self._close()
            raise WrongUse(f"Another command is writing {self.part}: wait for it, or stop it.") from None
        except OSError as error:
            self._close()
            raise WrongUse(
                f"{self.part} cannot be written ({error.strerror}): name another by --out."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path is None or self.part is None:
            return
        try:
            os.fsync(self._handle)
            if error is None:
                self.part.replace(self._path)
            elif not self._keep:
                self.part.unlink()
        finally:
            self._close()
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def write(self, line: str) -> None:
        """Write a line, which ends with a line break."""
        if self.part is None:
            sys.stdout.write(line)
            return
        rest = line.encode()
        while rest:
            rest = rest[os.write(self._handle, rest) :]

    def before(self) -> Iterator[str]:
        """Give the lines that stood there already; to be read to the end before more are written.

        Raises:
            WrongUse: They are no text.
        """
        if self.part is None or not self._go_on:
            return
        try:
            with self.part.open(encoding="utf-8", newline="") as file:
                while line := file.readline(_LONGEST):
                    yield line
        except UnicodeDecodeError:
            raise WrongUse(f"{self.part} cannot be gone on with: it is no text.") from None

    # -- within ----------------------------------------------------------------------------------------

    def _open(self, path: Path, part: Path) -> None:
        fresh = not part.exists()
        if self._go_on and fresh and not path.is_file():
            raise WrongUse(f"There is no {path} to go on with: leave --continue out at first.")
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = os.open(part, flags, _MODE)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not self._go_on:
            os.ftruncate(self._handle, 0)
            return
        if fresh:
            shutil.copyfile(path, part)
        end = _end_of_lines(self._handle)
        os.ftruncate(self._handle, end)
        os.lseek(self._handle, end, os.SEEK_SET)

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


def _end_of_lines(handle: int) -> int:
    """Return where the last line break of a file ends."""
    end = os.fstat(handle).st_size
    while end:
        begin = max(0, end - _BLOCK)
        at = os.pread(handle, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0
