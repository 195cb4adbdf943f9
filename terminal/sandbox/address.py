"""An address at which a server can be there, be away and be back."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from terminal.httpd import Limits, Route, Server

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LIMITS = Limits(body=1_048_576, connections=256, idle_s=300.0)


class Address:
    """Serves *routes* at *listen*, as long as it is not away.

    Args:
        listen: Host and port; port 0: any free one, which it keeps.
        routes: Returns what is answered there; is told whether only this machine can ask.
    """

    def __init__(self, listen: tuple[str, int], routes: Callable[[bool], list[Route]]) -> None:
        self._listen = listen
        self._routes = routes
        self._lock = threading.RLock()
        self._server: Server | None = None
        self._holder: socket.socket | None = None

    @property
    def base(self) -> str:
        """The address as a client writes it."""
        host, port = self._listen
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def there(self) -> bool:
        """Whether somebody listens."""
        return self._server is not None

    def back(self) -> None:
        """Serve, always on the same port.

        Raises:
            CannotListen: Somebody else has it.
        """
        with self._lock:
            if self._server is not None:
                return
            server = Server(self._routes(self._listen[0] in _LOOPBACK), self._listen, limits=_LIMITS)
            try:
                server.start()
            finally:
                self._let_go()
            address = server.address
            if isinstance(address, tuple):
                self._listen = address
            self._server = server

    def away(self) -> None:
        """Close the address and every connection: clients are refused, as by a machine that is off."""
        with self._lock:
            if self._server is None:
                return
            self._server.stop(grace_s=0.0)
            self._server = None
            # Bound and not listening: nobody else gets the port, and nobody connects to it.
            self._holder = socket.socket(socket.AF_INET6 if ":" in self._listen[0] else socket.AF_INET)
            self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # then the port is free meanwhile, and most likely stays so
                self._holder.bind(self._listen)

    def end(self) -> None:
        """Be away for good; the port is free."""
        with self._lock:
            self.away()
            self._let_go()

    def _let_go(self) -> None:
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.close()
