"""Requests to one server and what became of them: a whole reply, a stream that goes on, or why there is none.

This module loads httpx, so it is itself loaded late (``terminal.backends.http``).
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Protocol

import httpcore
import httpx

from terminal.backends.replies import LARGEST_BODY, InDoubt, NotSent, Reply, Streamed
from terminal.backends.transport import WIRE, Transport

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


class Wire(Protocol):
    """The connection that an answer comes over."""

    def bear(self, silence_s: float) -> None:
        """From now on wait up to *silence_s* for each read, however long all of them take together."""

    def hang_up(self) -> None:
        """End it, from any thread: who reads from it is at its end at once."""


class Line:
    """Exchanges requests for replies with one server.

    Args:
        host: The server's name, for sentences.
        agent: What this client calls itself.
        ca_file: A PEM file of the only authorities that are trusted; empty: those of the system.
        transport: Stands in for the network.
        largest: Bytes of an answer that are read.

    Raises:
        OSError: *ca_file* cannot be read or is no such file.
    """

    def __init__(
        self,
        host: str,
        agent: str,
        ca_file: str,
        transport: httpx.BaseTransport | None,
        largest: int = LARGEST_BODY,
    ) -> None:
        self._host = host
        self._largest = largest
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
        request = self._request(method, url, content, headers, timeout_s)
        with self._told(timeout_s):
            return self._whole(self._transport.handle_request(request))

    def stream(self, url: str, headers: Mapping[str, str], timeout_s: float, silence_s: float) -> Reply:
        """Ask for what comes piece by piece, without an end: Streamed once its head is here, if it is 200.

        Args:
            url: What is asked for, by a GET.
            headers: Beside those of every request.
            timeout_s: For the head; for all of an answer that is not 200.
            silence_s: How long one piece may be waited for; then the rest is in doubt.

        Raises:
            NotSent: Surely nothing of it arrived.
            InDoubt: There was no answer.
        """
        # The connection is for nothing else, before and after it.
        request = self._request("GET", url, None, {**headers, "Connection": "close"}, timeout_s)
        with self._told(timeout_s):
            response = self._transport.handle_request(request)
            if response.status_code != HTTPStatus.OK:
                return self._whole(response)
        wire: Wire | None = response.extensions.get(WIRE)
        if wire is not None:
            wire.bear(silence_s)
        pieces = self._pieces(response, silence_s)
        hang_up = response.close if wire is None else wire.hang_up
        return Streamed(response.status_code, _headers(response), b"", pieces, hang_up, response.close)

    def close(self) -> None:
        """Close every connection; an exchange under way ends in doubt, a later one is not sent."""
        self._transport.close()

    def _request(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str], timeout_s: float
    ) -> httpx.Request:
        timeout = dict.fromkeys(("pool", "connect", "write", "read"), timeout_s)
        return httpx.Request(
            method, url, headers=self._headers | dict(headers), content=content, extensions={"timeout": timeout}
        )

    def _whole(self, response: httpx.Response) -> Reply:
        body = bytearray()
        with contextlib.closing(response):
            for piece in response.iter_bytes():
                body += piece
                if len(body) > self._largest:
                    raise InDoubt(f"the answer of {self._host} is longer than {self._largest} bytes")
        return Reply(response.status_code, _headers(response), bytes(body))

    def _pieces(self, response: httpx.Response, silence_s: float) -> Iterator[bytes]:
        try:
            yield from response.iter_bytes()
        except _TOO_LATE:
            raise InDoubt(f"nothing was heard from {self._host} for {silence_s:g} s") from None
        except _IN_DOUBT as error:
            raise InDoubt(self._in_doubt(error, silence_s)) from None

    @contextlib.contextmanager
    def _told(self, timeout_s: float) -> Iterator[None]:
        """Say what went wrong within as what it means."""
        try:
            yield
        except _NOT_SENT as error:
            raise NotSent(self._not_sent(error, timeout_s)) from None
        except _IN_DOUBT as error:
            raise InDoubt(self._in_doubt(error, timeout_s)) from None

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


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
