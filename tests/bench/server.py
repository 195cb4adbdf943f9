"""A server that costs next to nothing, so that what is measured is the client: `python -m tests.bench.server`.

It reads requests on kept connections and gives each the same answer, as the PointOfSale API words it, after
the delay that its path asks for. It prints its address, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys

_BODY = b'{"data":{"id":7,"amount":-120,"balance":1880}}'
_ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(_BODY)).encode()
    + b"\r\n\r\n"
    + _BODY
)
_LENGTH = b"content-length:"


class _Connection(asyncio.Protocol):
    """One client; a request at a time."""

    def __init__(self) -> None:
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            at = head.find(_LENGTH)
            body = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._read) < end + 4 + body:
                return
            self._read = self._read[end + 4 + body :]
            delay_s = int(head.split(b"/", 2)[1]) / 1000
            if delay_s:
                asyncio.get_running_loop().call_later(delay_s, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        if self._transport is not None:
            self._transport.write(_ANSWER)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - its client waits for it
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
