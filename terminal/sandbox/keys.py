"""The secrets of the sandbox: made by chance, kept in files of their own."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec


def new_token() -> str:
    """Return a token of a wallet server."""
    return secrets.token_urlsafe(32)


def new_secret() -> str:
    """Return what nobody can guess, in the manner of a Satellite server."""
    return secrets.token_hex(25)


def kept_token(path: str | Path) -> str:
    """Return the token in the file *path*; a new file with a new token is made where there is none.

    Raises:
        OSError: It cannot be read or made.
    """
    return _kept(path, new_token)


def kept_client(path: str | Path) -> tuple[str, str]:
    """Return client id and secret in the file *path*, JSON in one line; it is made where there is none.

    Raises:
        OSError: It cannot be read or made.
        ValueError: It holds something else.
    """
    text = _kept(path, _new_client)
    try:
        found = msgspec.json.decode(text, type=_Client)
    except msgspec.DecodeError:
        raise ValueError(f'{path}: expected {{"client_id":"...","client_secret":"..."}}') from None
    return found.client_id, found.client_secret


class _Client(msgspec.Struct, frozen=True):
    client_id: str
    client_secret: str


def _kept(path: str | Path, make: Callable[[], str]) -> str:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as new:
            new.write(make() + "\n")
    return file.read_text().strip()


def _new_client() -> str:
    return msgspec.json.encode(_Client(f"1_{new_secret()}", new_secret())).decode()
