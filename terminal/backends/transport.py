"""The way out to a server: httpx over sockets that obey one deadline for a whole call.

The time-outs of HTTP libraries bound each operation on a socket, and the look-up of a name not at all: a server
that sends one byte now and then, or a dead resolver, holds a caller for minutes. Here the time-out of a call
becomes a moment, and every operation, down to the single read, ends by then.

This module loads httpx, so it is itself loaded late (``terminal.backends.http``).
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import queue
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterable, Iterator

import httpcore
import httpx
from httpcore import SOCKET_OPTION

from terminal.courtesy import waiting

KEEP_S = 4.0
"""Idle seconds after which a connection is not used again. Common servers close at 5: a request that crosses
that on the way ends in doubt, which costs more than a new connection."""

CONNECTIONS = 32

_MOST_UNSENT = 65_536  # bytes

WIRE = "network_stream"
"""The extension of an answer that holds the connection it comes over (``line.Wire``): httpcore names it so."""

# They would write request lines, and with them UIDs, into our log.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Transport(httpx.BaseTransport):
    """A pool of connections; the longest of a request's time-outs bounds the whole exchange."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._network = _Network()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=KEEP_S,
            network_backend=self._network,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; raises what httpcore raises."""
        seconds = max(request.extensions["timeout"].values())
        moment = time.monotonic() + seconds
        # For the network below, these are moments and not durations; the pool itself waits before it.
        bounds = {"pool": seconds, "connect": moment, "write": moment, "read": moment}
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": bounds},
            )
        )
        stream = answer.stream
        if not isinstance(stream, Iterable):
            raise TypeError("httpcore gave no stream that can be read")
        extensions = {WIRE: answer.extensions.get(WIRE)}
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(stream), extensions=extensions
        )

    def hang_up(self) -> None:
        """End what goes on without an end; other calls go on."""
        self._network.hang_up()

    def close(self) -> None:
        """Close every connection; calls under way end at once with an error."""
        self._network.close()
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _Network(httpcore.NetworkBackend):
    """Connects; every *timeout* that it is given is a moment of the monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: weakref.WeakSet[_Stream] = weakref.WeakSet()
        self._closed = False

    def keep(self, stream: _Stream) -> _Stream:
        """Remember *stream* so that ``close`` finds it. Raises ConnectError if that was called before."""
        with self._lock:
            if not self._closed:
                self._streams.add(stream)
                return stream
        stream.close()
        raise httpcore.ConnectError("this terminal is stopping")

    def hang_up(self) -> None:
        """End every connection that bears silence."""
        with self._lock:
            streams = [each for each in self._streams if each.endless]
        for stream in streams:
            stream.hang_up()

    def close(self) -> None:
        """Close every connection, at whatever point it is, and let no new one come up."""
        with self._lock:
            self._closed = True
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolve(host, port, _left(timeout, httpcore.ConnectTimeout))
        error: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for number, address in enumerate(addresses):
            # Each address gets its share, so that one that swallows packets does not cost the others theirs.
            share = _left(timeout, httpcore.ConnectTimeout) / (len(addresses) - number)
            try:
                with waiting():
                    stream = httpcore.SyncBackend().connect_tcp(
                        address, port, share, local_address, socket_options
                    )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
                continue
            return self.keep(_Stream(stream, self))
        raise error


class _Stream(httpcore.NetworkStream):
    """One connection; every *timeout* that it is given is a moment of the monotonic clock."""

    def __init__(self, stream: httpcore.NetworkStream, network: _Network) -> None:
        self._stream = stream
        self._network = network
        self._unsent = bytearray()
        self._silence_s: float | None = None

    @property
    def endless(self) -> bool:
        """Whether what comes over it has no end."""
        return self._silence_s is not None

    def bear(self, silence_s: float) -> None:
        """From now on wait up to *silence_s* for each read, however long all of them take together."""
        self._silence_s = silence_s

    def hang_up(self) -> None:
        """End the connection, from any thread: who is reading from it is at its end at once."""
        # Closing alone does not wake a thread that is reading. Past any TLS: it needs no farewell.
        sock = self._stream.get_extra_info("socket")
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with waiting():
            # A server may close before it has read all, and have answered: so httpcore reads on, too.
            with contextlib.suppress(httpcore.WriteError):
                self._flush(timeout)
            left = self._silence_s or _left(timeout, httpcore.ReadTimeout)
            return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # A request comes as its head and its body: they leave together, in one packet and one TLS record.
        self._unsent += buffer
        if len(self._unsent) > _MOST_UNSENT:
            self._flush(timeout)

    def _flush(self, timeout: float | None) -> None:
        unsent, self._unsent = bytes(self._unsent), bytearray()
        if unsent:
            self._stream.write(unsent, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self.hang_up()
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        with waiting():
            self._flush(timeout)
            secured = self._stream.start_tls(ssl_context, server_hostname, left)
        return self._network.keep(_Stream(secured, self._network))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(moment: float | None, late: type[Exception]) -> float:
    left = (moment or 0.0) - time.monotonic()
    if left <= 0:
        raise late("the time for this call is over")
    return left


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of *host*; a resolver cannot be interrupted, so it works on a thread of its own."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    answers: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(each[4][0]) for each in found)))
        except (OSError, UnicodeError) as error:  # the latter: a name that no name server can be asked for
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        with waiting():
            answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time") from None
    if isinstance(answer, UnicodeError):
        raise httpcore.ConnectError(f"the name {host} cannot be resolved: it is no name of a host") from None
    if isinstance(answer, OSError):
        raise httpcore.ConnectError(f"the name {host} cannot be resolved: {answer.strerror}") from None
    return answer
