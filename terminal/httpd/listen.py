"""Sockets to listen on: TCP addresses, and Unix sockets that replace only a dead one."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

_LAST_PORT = 65_535

Listen = tuple[str, int] | str | Path


class CannotListen(Exception):  # noqa: N818 - reads better where it is caught
    """The address cannot be listened on; the message is one sentence that says why."""


def listen_tcp(address: tuple[str, int]) -> socket.socket:
    """Return a socket that listens on host and port.

    Raises:
        CannotListen: There is no such port.
        OSError: It is taken, not ours, or no address of this machine.
    """
    if not 0 <= address[1] <= _LAST_PORT:
        raise CannotListen(f"cannot listen on {address[0]}:{address[1]}: ports go up to {_LAST_PORT}")
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    return socket.create_server(address, family=family, backlog=128)


def listen_unix(path: Path, mode: int) -> tuple[socket.socket, tuple[int, int]]:
    """Return a socket that listens on *path* with permissions *mode*, and the file's device and inode.

    Raises:
        CannotListen: Something else is there.
        OSError: No such directory, no right to it, name too long.
    """
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(mode)  # before listen: until then nobody can connect, whatever the umask
        listener.listen(128)
        info = path.stat()
    except BaseException:
        listener.close()
        raise
    return listener, (info.st_dev, info.st_ino)


def _remove_stale(path: Path) -> None:
    """Remove a socket file on which nobody listens any more."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise CannotListen(f"cannot listen on {path}: there is a file that is no socket; remove it")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise CannotListen(f"cannot listen on {path}: another process already answers there")
