"""The control socket, as terminalctl uses it: JSON over HTTP over a Unix socket.

By the standard library: a program that lives for one question would spend most of its time on loading more.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from terminal.cli.errors import DaemonAway, NotRunning, Refused, WrongUse

TIMEOUT_S = 15.0
"""Longer than any answer of the daemon takes; one that takes longer hangs."""

MOST = 50_000_000  # bytes of an answer

_NOT_ASKED_WELL = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("terminald", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Control:
    """One conversation with the daemon. Use it in a ``with``.

    Args:
        path: Path of the control socket.
        timeout_s: How long one answer may take, in seconds.
    """

    def __init__(self, path: str, timeout_s: float | None = None) -> None:
        self._path = path
        self._timeout_s = TIMEOUT_S if timeout_s is None else timeout_s
        self._connection = _UnixConnection(path, self._timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, path: str) -> dict[str, Any]:
        """Read; see *post* for what can go wrong."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for something to be done.

        Raises:
            DaemonAway: Nobody answers, or you may not ask.
            WrongUse: There is no such thing, or the daemon does not understand it.
            Refused: The daemon said no, with its sentence; or it hangs.
        """
        return self._ask("POST", path, body)

    def stream(self, path: str, body: Mapping[str, Any], lasts_s: float) -> Iterator[dict[str, Any]]:
        """Ask for something that goes on for *lasts_s* seconds; give each line of the answer as it comes.

        Raises what post raises; NotRunning before anything was asked.
        """
        with self._conversation():
            connected = (
                self._connection.sock
            )  # forgotten when the answer begins, which ends with the connection
            response = self._request("POST", path, body)
            if response.status >= HTTPStatus.BAD_REQUEST:
                self._read(response.status, response.read(MOST))
            connected.settimeout(lasts_s + self._timeout_s)
            while line := response.readline(MOST):
                yield self._read(HTTPStatus.OK, line)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        with self._conversation():
            response = self._request(method, path, body)
            return self._read(response.status, response.read(MOST))

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> http.client.HTTPResponse:
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        return self._connection.getresponse()

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        """Connect, close again, and say in a sentence what went wrong in between."""
        self._connect()
        try:
            yield
        except TimeoutError as error:
            raise Refused(
                f"terminald does not answer on {self._path} within {self._timeout_s:g} s: it hangs. "
                "`journalctl -u terminald` says more."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Refused(
                f"terminald broke off in the middle of its answer on {self._path}. Look at `terminalctl "
                "status` before you try again."
            ) from error
        finally:
            self._connection.close()

    def _connect(self) -> None:
        try:
            self._connection.connect()
        except PermissionError as error:
            self._connection.close()
            raise DaemonAway(
                f"You may not use {self._path}: join the group that owns it, or use sudo."
            ) from error
        except OSError as error:
            self._connection.close()
            raise NotRunning(
                f"terminald does not run: nothing answers on {self._path}. Start it (systemctl start "
                "terminald), or name the configuration it runs with by --config."
            ) from error

    def _read(self, status: int, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Refused(f"What answers on {self._path} is no terminald (status {status}).")
        if status >= HTTPStatus.BAD_REQUEST:
            sentence = str(answer.get("error", f"terminald answers with status {status}."))
            raise WrongUse(sentence) if status in _NOT_ASKED_WELL else Refused(sentence)
        return answer
