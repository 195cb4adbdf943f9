"""The secrets of the sandbox: made by chance, kept in files of their own."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

_FIRMAID = 1234
"""The number of the company that a new file is for."""


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


def kept_client(path: str | Path, id_: str | None = None) -> tuple[str, str]:
    """Return client id and secret in the file *path*, JSON in one line; it is made where there is none.

    Args:
        path: The file.
        id_: The id of a new one; None: as a Satellite server makes them.

    Raises:
        OSError: It cannot be read or made.
        ValueError: It holds something else.
    """
    text = _kept(path, lambda: _new_client(id_ or f"1_{new_secret()}"))
    try:
        found = msgspec.json.decode(text, type=_Client)
    except msgspec.DecodeError:
        raise ValueError(f'{path}: expected {{"client_id":"...","client_secret":"..."}}') from None
    return found.client_id, found.client_secret


def kept_onslip_key(path: str | Path, realm: str) -> tuple[str, str]:
    """Return id and key (base64) for an Onslip server in the file *path*; it is made where there is none.

    The file is what a terminal's secret for such a server is: JSON in one line.

    Raises:
        OSError: It cannot be read or made.
        ValueError: It holds something else.
    """

    def make() -> str:
        key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
        return msgspec.json.encode(_OnslipKey(f"key:terminal+sandbox@{realm}", key)).decode()

    try:
        found = msgspec.json.decode(_kept(path, make), type=_OnslipKey)
        base64.b64decode(found.key, validate=True)
    except (msgspec.DecodeError, binascii.Error):
        raise ValueError(f'{path}: expected {{"key_id":"...","key":"<base64>"}}') from None
    return found.key_id, found.key


def kept_onlinepos(path: str | Path) -> tuple[str, int, str]:
    """Return token, company number and key of hashes in the file *path*; it is made where there is none.

    The file is what a terminal's secret for such a server is: JSON in one line.

    Raises:
        OSError: It cannot be read or made.
        ValueError: It holds something else.
    """

    def make() -> str:
        made = _OnlinePosCompany(secrets.token_hex(32), _FIRMAID, secrets.token_hex(16))
        return msgspec.json.encode(made).decode()

    try:
        found = msgspec.json.decode(_kept(path, make), type=_OnlinePosCompany)
    except msgspec.DecodeError:
        raise ValueError(f'{path}: expected {{"token":"...","firmaid":1234,"key":"..."}}') from None
    return found.token, found.firmaid, found.key


class _OnlinePosCompany(msgspec.Struct, frozen=True):
    token: str
    firmaid: Annotated[int, Meta(ge=1)]
    key: str


class _OnslipKey(msgspec.Struct, frozen=True):
    key_id: str
    key: str


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


def _new_client(id_: str) -> str:
    return msgspec.json.encode(_Client(id_, new_secret())).decode()
