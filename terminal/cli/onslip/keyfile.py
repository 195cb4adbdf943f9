"""The key of a till on disk: before the server hears of it, and until it is known to work.

onslip.key           what the daemon signs with
onslip.key.pending   a key that was made for a till, and not yet found to work
onslip.key.before    what was in onslip.key until then
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from terminal.backends.onslip.rest_place import Credentials, read_credentials
from terminal.cli.errors import Trouble, WrongUse
from terminal.cli.secret_file import SecretFile
from terminal.core.value import Value
from terminal.settings.secrets import guarded


class Unfinished(Value, frozen=True):
    """A key that was made for a till. Its repr tells nothing.

    Attributes:
        key: In base64.
        till: Whose it is to be.
        device_id: Of this machine.
        realm: Of the till.
        url: Of the API.
    """

    key: str
    till: int
    device_id: str
    realm: str
    url: str

    def __repr__(self) -> str:
        return "Unfinished(…)"


class KeyFile:
    """The files of one key. Use it in a ``with``: meanwhile nobody else binds into the same folder.

    Raises:
        WrongUse: Somebody else does, or nothing can be written there.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path).resolve()
        self.pending = self.path.with_name(f"{self.path.name}.pending")
        self.before = self.path.with_name(f"{self.path.name}.before")
        self._folder = -1

    def __enter__(self) -> Self:
        try:
            self._folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise WrongUse(
                f"No key can be kept in {self.path} ({error.strerror}): name a file by --out."
            ) from None
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._folder)
            raise WrongUse(
                f"Somebody else is binding with a key in {self.path.parent}: wait for that."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._folder)

    @property
    def replaces(self) -> bool:
        """Whether a key is in the file already.

        Raises:
            WrongUse: And another one before that: it would be lost.
        """
        key = self.unfinished()
        there = self.path.exists() and not (key and self.holds(key))
        if there and self.before.exists() and not self.before.samefile(self.path):
            raise WrongUse(f"{self.before} holds an older key, which would be lost: move it away first.")
        return there

    def unfinished(self) -> Unfinished | None:
        """Return the key that was made and not yet found to work.

        Raises:
            SecretError: The file cannot be read.
            Trouble: It holds something else.
        """
        if not self.pending.exists():
            return None
        raw = guarded(self.pending, f"The key of a binding: {self.pending}", "begin again")
        try:
            return msgspec.json.decode(raw, type=Unfinished)
        except msgspec.DecodeError:
            raise Trouble(f"{self.pending} does not hold what a binding left there: move it away.") from None

    def holds(self, key: Unfinished) -> bool:
        """Return whether *key* is in its place already: a power cut left the file behind that was to go."""
        try:
            return read_credentials(self.path.read_text()).key == key.key
        except (OSError, ValueError):
            return False

    def begin(self, key: Unfinished) -> None:
        """Keep a key, durably, before the server hears of it.

        Raises:
            WrongUse: It cannot be kept.
        """
        with SecretFile(str(self.pending)) as file:
            file.write(msgspec.json.encode(key).decode())

    def finish(self, found: Credentials) -> None:
        """Let a key that works take its place; what was there is kept beside it."""
        if self.replaces and not self.before.exists():
            os.link(self.path, self.before)
        with SecretFile(str(self.path)) as file:
            file.write(found.text())
        self.drop()

    def drop(self) -> None:
        """Forget a key that surely opens nothing, or has its place."""
        self.pending.unlink(missing_ok=True)
        os.fsync(self._folder)
