"""Secrets: read from their own places when they are needed, never kept in the configuration."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from terminal.core.ticket_rules import CodeRules
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
        place = f"The secret of backend {self.backend}: {self.file}"
        secret = guarded(self.file, place, "write the secret into it, with permissions 0640").rstrip(b"\r\n")
        if not secret:
            raise SecretError(f"{place} is empty: write the secret into it.")
        if not all(0x20 < byte < 0x7F for byte in secret):  # noqa: PLR2004 - what may stand in an HTTP header
            raise SecretError(
                f"{place} holds spaces, line breaks or other unprintable bytes: one line of ASCII is expected."
            )
        return secret.decode("ascii")


class Credential(Value, frozen=True):
    """Reads a secret that systemd hands over (``LoadCredential=`` in the unit, systemd.exec(5))."""

    backend: str
    name: str

    def __call__(self) -> str:
        """Return the secret.

        Raises:
            SecretError: There is none of that name, or it cannot be used; see FileSecret.
        """
        return FileSecret(
            self.backend, credential_file(self.name, f"The secret of backend {self.backend}", "token_file")
        )()


def signing_key(rules: CodeRules) -> tuple[bytes, str]:
    """Return the private key of signed tickets, PEM as it stands in its file, and what to call it in sentences.

    Raises:
        SecretError: The file is missing, not a plain file, readable for everybody, or too long.
    """
    name = "The signing key of the tickets"
    file = Path(rules.sign_key_file)
    if rules.sign_credential:
        file = credential_file(rules.sign_credential, name, "sign_key_file")
    return read_key(file, name)


def read_key(file: Path, name: str = "The signing key") -> tuple[bytes, str]:
    """Return the private key in *file*, and what to call it in sentences; *name* begins that.

    Raises:
        SecretError: As signing_key.
    """
    place = f"{name}: {file}"
    return guarded(file, place, f"terminalctl ticket key new {file} makes one"), place


def credential_file(name: str, whose: str, instead: str) -> Path:
    """Return the file of credential *name* that systemd hands over. *instead*: the option for a file.

    Raises:
        SecretError: systemd hands nothing over; *whose* secret it is begins the sentence.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise SecretError(
            f"{whose}: systemd gave no credentials. Put "
            f"LoadCredential={name}:/etc/terminal/{name} into the unit, or use {instead}."
        )
    return Path(folder) / name


def guarded(file: Path, place: str, remedy: str) -> bytes:
    """Return what stands in a file that not everybody may read. *place* begins the sentence of an error.

    Raises:
        SecretError: It is missing (*remedy* says what to do), not a plain file, open to everybody, or too long.
    """
    try:
        # Non-blocking: a FIFO in the place of the file must not stop the daemon.
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise SecretError(f"{place} is not a plain file.")
            if status.st_mode & stat.S_IRWXO:
                raise SecretError(f"{place} is open to everybody: chmod 0640 it, and replace the secret.")
            raw = os.read(handle, MOST + 1)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise SecretError(f"{place} does not exist: {remedy}.") from None
    except OSError as error:
        raise SecretError(f"{place} cannot be read: {error.strerror}.") from None
    if len(raw) > MOST:
        raise SecretError(f"{place} has more than {MOST} bytes: that is no secret.")
    return raw


def credential_reader(backend: BackendSettings) -> Callable[[], str]:
    """Return what reads the secret of *backend*; it raises SecretError, and no repr of it holds the secret."""
    if backend.credential:
        return Credential(backend.name, backend.credential)
    return FileSecret(backend.name, Path(backend.token_file))
