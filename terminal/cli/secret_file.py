"""A file for a secret: whole or not at all, and nobody else's to read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from terminal.cli.errors import WrongUse

_MODE = 0o600


class SecretFile:
    """Writes one secret to *path*. Use it in a ``with``: entering it shows that the file can be made.

    A file that is there is replaced at once and whole, and keeps its owner.

    Raises:
        WrongUse: Nothing can be written there.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path).resolve()
        self._fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}.new")
        self._handle = -1

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._fresh.unlink(missing_ok=True)
            self._handle = os.open(self._fresh, flags, _MODE)
        except OSError as error:
            raise WrongUse(
                f"The credentials cannot be kept in {self._path} ({error.strerror}): use sudo, or name another "
                "file by --out."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._handle)
        self._fresh.unlink(missing_ok=True)

    def write(self, secret: str) -> None:
        """Put *secret* into the file, durably.

        Raises:
            OSError: It cannot be written; what was there before is still there.
        """
        with contextlib.suppress(FileNotFoundError, PermissionError):
            before = self._path.stat()
            os.fchown(self._handle, before.st_uid, before.st_gid)
        os.fchmod(self._handle, _MODE)
        rest = f"{secret}\n".encode()
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        os.fsync(self._handle)
        self._fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
