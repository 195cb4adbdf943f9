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
import re
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping

import httpcore
import httpx
from httpcore import SOCKET_OPTION

from terminal.backends.replies import LARGEST_BODY, InDoubt, NotSent, Reply
from terminal.courtesy import waiting

KEEP_S = 4.0
"""Idle seconds after which a connection is not used again. Common servers close at 5: a request that crosses
that on the way ends in doubt, which costs more than a new connection."""

CONNECTIONS = 32

_MOST_UNSENT = 65_536  # bytes

_NOT_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
"""What surely came before the first byte of a request."""

_IN_DOUBT = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpx.HTTPError,
    OSError,
)
"""What may have come after it. An error on a kept connection is among them: nobody knows when it was closed."""

_TOO_LATE = (httpcore.TimeoutException, httpx.TimeoutException)
_NUMBER = re.compile(r"\A\[.*?\] ")
_CLOCK = re.compile("not yet valid|has expired")
_CERTIFICATE = re.compile(r"certificate verify failed: (.*?)(?: \(_ssl\.c:\d+\))?\Z")

# They would write request lines, and with them UIDs, into our log.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Line:
    """Exchanges requests for replies with one server.

    Args:
        host: The server's name, for sentences.
        agent: What this client calls itself.
        ca_file: A PEM file of the only authorities that are trusted; empty: those of the system.
        transport: Stands in for the network.

    Raises:
        OSError: *ca_file* cannot be read or is no such file.
    """

    def __init__(self, host: str, agent: str, ca_file: str, transport: httpx.BaseTransport | None) -> None:
        self._host = host
        self._transport = transport or Transport(ssl.create_default_context(cafile=ca_file or None))
        # "identity": packing gains nothing for short answers, and unpacking could yield any size.
        self._headers = {"User-Agent": agent, "Accept": "application/json", "Accept-Encoding": "identity"}

    def exchange(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str], timeout_s: float
    ) -> Reply:
        """Send one request and return the whole reply, within *timeout_s* seconds.

        The transport is asked without a client around it: redirects, cookies and a .netrc are not wanted here,
        and doing without them halves what a delivery costs the processor.

        Raises:
            NotSent: Surely nothing of it arrived.
            InDoubt: It may have arrived.
        """
        body = bytearray()
        timeout = dict.fromkeys(("pool", "connect", "write", "read"), timeout_s)
        request = httpx.Request(
            method, url, headers=self._headers | dict(headers), content=content, extensions={"timeout": timeout}
        )
        try:
            with contextlib.closing(self._transport.handle_request(request)) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > LARGEST_BODY:
                        raise InDoubt(f"the answer of {self._host} is longer than {LARGEST_BODY} bytes")
        except _NOT_SENT as error:
            raise NotSent(self._not_sent(error, timeout_s)) from None
        except _IN_DOUBT as error:
            raise InDoubt(self._in_doubt(error, timeout_s)) from None
        return Reply(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            bytes(body),
        )

    def close(self) -> None:
        """Close every connection; an exchange under way ends in doubt, a later one is not sent."""
        self._transport.close()

    def _not_sent(self, error: Exception, timeout_s: float) -> str:
        reason = str(error)
        if isinstance(error, _TOO_LATE):
            return f"no connection to {self._host} within {timeout_s:.2g} s"
        if found := _CERTIFICATE.search(reason):
            hint = "; is this machine's clock right?" if _CLOCK.search(reason) else ""
            return f"the certificate of {self._host} is not trusted: {found[1]}{hint}"
        return f"cannot connect to {self._host}: {_NUMBER.sub('', reason) or 'no reason is given'}"

    def _in_doubt(self, error: Exception, timeout_s: float) -> str:
        if isinstance(error, _TOO_LATE):
            return f"{self._host} did not answer within {timeout_s:.2g} s"
        kind = type(error).__name__
        return f"the connection to {self._host} broke before its whole answer was here ({kind})"


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
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(stream))

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

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with waiting():
            # A server may close before it has read all, and have answered: so httpcore reads on, too.
            with contextlib.suppress(httpcore.WriteError):
                self._flush(timeout)
            return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

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
        # Closing alone does not wake a thread that is reading from it. Past any TLS: it needs no farewell.
        sock = self._stream.get_extra_info("socket")
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
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
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(each[4][0]) for each in found)))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        with waiting():
            answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time") from None
    if isinstance(answer, OSError):
        raise httpcore.ConnectError(f"the name {host} cannot be resolved: {answer.strerror}") from None
    return answer
