"""Secrets: read from their own places when they are needed, never kept in the configuration."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from terminal.core.value import Value
from terminal.settings.sections import BackendSettings

MOST = 8192  # bytes of a secret


class SecretError(ValueError):
    """A secret cannot be used; the sentence says which, why, and what to do. Never the secret."""


class FileSecret(Value, frozen=True):
    """Reads a secret from its file, anew at each call, so that a new one is taken into use at once.

    Attributes:
        backend: Whose secret it is.
        file: Where it stands.
    """

    backend: str
    file: Path

    def __call__(self) -> str:
        """Return the secret.

        Raises:
            SecretError: The file is missing, not a plain file, readable for everybody, too long, empty, or
                holds anything but one line of printable ASCII.
        """
        try:
            raw = self._read()
        except FileNotFoundError:
            raise self._error("does not exist: write the secret into it, with permissions 0640") from None
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}") from None
        secret = raw.rstrip(b"\r\n")
        if not secret:
            raise self._error("is empty: write the secret into it")
        if len(raw) > MOST:
            raise self._error(f"has more than {MOST} bytes: that is no secret of a server")
        if not all(0x20 < byte < 0x7F for byte in secret):  # noqa: PLR2004 - what may stand in an HTTP header
            raise self._error(
                "holds spaces, line breaks or other unprintable bytes: one line of ASCII is expected"
            )
        return secret.decode("ascii")

    def _read(self) -> bytes:
        # Non-blocking: a FIFO in the place of the file must not stop the daemon.
        handle = os.open(self.file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise self._error("is not a plain file")
            if status.st_mode & stat.S_IRWXO:
                raise self._error("is open to everybody: chmod 0640 it, and replace the secret")
            return os.read(handle, MOST + 1)
        finally:
            os.close(handle)

    def _error(self, what: str) -> SecretError:
        return SecretError(f"The secret of backend {self.backend}: {self.file} {what}.")


class Credential(Value, frozen=True):
    """Reads a secret that systemd hands over (``LoadCredential=`` in the unit, systemd.exec(5))."""

    backend: str
    name: str

    def __call__(self) -> str:
        """Return the secret.

        Raises:
            SecretError: There is none of that name, or it cannot be used; see FileSecret.
        """
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise SecretError(
                f"The secret of backend {self.backend}: systemd gave no credentials. Put "
                f"LoadCredential={self.name}:/etc/terminal/{self.name} into the unit, or use token_file."
            )
        return FileSecret(self.backend, Path(folder) / self.name)()


def credential_reader(backend: BackendSettings) -> Callable[[], str]:
    """Return what reads the secret of *backend*; it raises SecretError, and no repr of it holds the secret."""
    if backend.credential:
        return Credential(backend.name, backend.credential)
    return FileSecret(backend.name, Path(backend.token_file))
