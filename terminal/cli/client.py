"""The control socket, as terminalctl uses it: JSON over HTTP over a Unix socket."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from terminal.cli.errors import DaemonAway, Refused

TIMEOUT_S = 15.0
"""Longer than any answer of the daemon takes; one that takes longer hangs."""


class Control:
    """One conversation with the daemon. Use it in a ``with``.

    Args:
        socket: Path of the control socket.
        timeout_s: How long one answer may take, in seconds.
    """

    def __init__(self, socket: str, timeout_s: float = TIMEOUT_S) -> None:
        import httpx  # noqa: PLC0415 - a third of a second on a small machine, and most commands do without

        self._httpx = httpx
        self._socket = socket
        self._timeout_s = timeout_s
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=socket), base_url="http://terminald", timeout=timeout_s
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str) -> dict[str, Any]:
        """Read; see *post* for what can go wrong."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask for something to be done.

        Raises:
            DaemonAway: Nobody answers, or you may not ask.
            Refused: The daemon said no, with its sentence; or it hangs.
        """
        return self._ask("POST", path, body or {})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, json=body)
        except self._httpx.ConnectError as error:
            raise self._away(error) from error
        except self._httpx.TimeoutException as error:
            raise Refused(
                f"terminald does not answer on {self._socket} within {self._timeout_s:g} s: it hangs. "
                "`journalctl -u terminald` says more."
            ) from error
        except self._httpx.TransportError as error:
            raise Refused(
                f"terminald broke off in the middle of its answer on {self._socket}. Look at `terminalctl "
                "status` before you try again."
            ) from error
        return self._read(response.status_code, response.content)

    def _read(self, status: int, content: bytes) -> dict[str, Any]:
        import msgspec  # noqa: PLC0415 - beside httpx

        try:
            answer = msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Refused(f"What answers on {self._socket} is no terminald (status {status}).") from error
        if status >= 400:  # noqa: PLR2004 - client and server errors
            raise Refused(str(answer.get("error", f"terminald answers with status {status}.")))
        return answer

    def _away(self, error: BaseException) -> DaemonAway:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, PermissionError):
            return DaemonAway(f"You may not use {self._socket}: join the group that owns it, or use sudo.")
        return DaemonAway(
            f"terminald does not run: nothing answers on {self._socket}. Start it (systemctl start terminald), "
            "or name the configuration it runs with by --config."
        )
