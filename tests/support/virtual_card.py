"""A contactless card for vpcd, the virtual reader of pcscd: one process is one card lying on the reader.

The process is the card, so ``python tests/support/virtual_card.py PORT UID`` puts it on, and the end of its
standard input (or of its parent) takes it away. When the reader's daemon goes, the card stays where it is, and
is there again as soon as the daemon is back. It lives in a process of its own because pcscd's client library
waits for the card: in one process both would hang at its end.

Wire form (vsmartcard, virtualsmartcard/src/vpcd/vpcd.c): the card is the TCP client. Each message is a length
of two bytes, high byte first, and the body. A body of one byte is a control: 0 power off, 1 power on, 2 reset,
4 send the ATR; only the last one is answered. Every other body is an APDU and is answered.
"""

import argparse
import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

if __name__ == "__main__":  # a program of its own, started by its path
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.virtual_reader import KINDS, Ntag

ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
"""That of a Mifare Classic 1K behind a PC/SC reader (PC/SC part 3, 3.1.3.2.3): nearly all tokens share it."""
NTAG_ATR = bytes.fromhex("3B8F8001804F0CA0000003060300030000000068")
"""That of a MIFARE Ultralight and of an NTAG21x."""

_SEND_ATR = 4
_GET_DATA = bytes.fromhex("FFCA0000")
_RETRY_S = 0.05
_INSERT_S = 60


class Card:
    """What a card and its reader answer to an APDU.

    Attributes:
        uid: The bytes of the UID.
        answers: Whole answers (hex) to give instead, one for each question for the UID, then the true one;
            a last ``*`` repeats the one before it for ever.
        exact: Ask for the exact length (6C xx) where 00 (any length) was asked for, as some readers do.
        vanish: Be taken away at the first question for the UID.
        reader: What else it lies on than a reader that knows Get Data only: see virtual_reader.KINDS.
        signature: What the chip answers to READ_SIG; empty: it is none that has a signature.
    """

    def __init__(
        self,
        uid: bytes,
        answers: Sequence[str] = (),
        *,
        exact: bool = False,
        vanish: bool = False,
        reader: str = "plain",
        signature: bytes = b"",
    ) -> None:
        self.uid = uid
        self.answers = list(answers)
        self.exact = exact
        self.vanish = vanish
        self.atr = NTAG_ATR if signature else ATR
        self._reader = KINDS[reader](Ntag(signature))

    def answer(self, apdu: bytes) -> bytes:
        """Return the answer to *apdu*; ConnectionError when the card is taken away instead."""
        if apdu[:4] != _GET_DATA or len(apdu) != len(_GET_DATA) + 1:
            return self._reader.answer(apdu)
        if self.vanish:
            raise ConnectionError
        if self.answers:
            return bytes.fromhex(self.answers[0] if self.answers[1:] == ["*"] else self.answers.pop(0))
        return self._uid(apdu[4])

    def _uid(self, expected: int) -> bytes:
        if expected < len(self.uid) and (expected or self.exact):
            return bytes([0x6C, len(self.uid)])
        if expected > len(self.uid):
            return self.uid + bytes.fromhex("6282")
        return self.uid + bytes.fromhex("9000")


def lie_on(port: int, card: Card) -> None:
    """Be *card* on the virtual reader at *port* until standard input ends."""
    while True:
        with (
            contextlib.suppress(ConnectionRefusedError),
            socket.create_connection(("127.0.0.1", port)) as reader,
        ):
            print("in", flush=True)  # noqa: T201 - the parent waits for it
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                if not _talk(reader, card):
                    return
        if select.select([sys.stdin], [], [], _RETRY_S)[0]:
            return


def _talk(reader: socket.socket, card: Card) -> bool:
    """Answer until the reader hangs up (True: it may come back) or the card is taken away (False)."""
    while True:
        if sys.stdin in select.select([sys.stdin, reader], [], [])[0]:
            return False
        # Nothing is read ahead: select() knows only of what still waits in the socket.
        # vpcd sends each message in two parts, and the second only after an ACK, for which Linux takes 40 ms.
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        size = int.from_bytes(reader.recv(2, socket.MSG_WAITALL), "big")
        body = reader.recv(size, socket.MSG_WAITALL)
        if not body:
            return True
        if len(body) > 1:
            try:
                _send(reader, card.answer(body))
            except ConnectionError:
                return False
            print("read", flush=True)  # noqa: T201 - the parent may wait for it
        elif body[0] == _SEND_ATR:
            _send(reader, card.atr)


def _send(reader: socket.socket, body: bytes) -> None:
    reader.sendall(len(body).to_bytes(2, "big") + body)


class VirtualCard:
    """A card in a process of its own, put on the virtual reader at *port* by insert(), taken off by remove().

    *answers* and all that follows: see Card. The same object can be put on again and again.
    """

    def __init__(
        self,
        port: int,
        uid: str,
        answers: Sequence[str] = (),
        *,
        exact: bool = False,
        vanish: bool = False,
        reader: str = "plain",
        signature: str = "",
    ) -> None:
        self._arguments = [str(port), uid, *(f"--answer={answer}" for answer in answers)]
        self._arguments += ["--exact"] * exact + ["--vanish"] * vanish
        self._arguments += [f"--reader={reader}", f"--signature={signature}"]
        self._process: subprocess.Popen[bytes] | None = None
        self._told = b""

    def insert(self, *, waits: bool = True) -> Self:
        """Put it on; returns when the reader has taken it, which needs a daemon that runs.

        Without *waits* it is laid there, and taken as soon as there is a daemon.
        """
        if self._process is not None:
            raise RuntimeError("the card lies on the reader already")
        self._process = subprocess.Popen(
            [sys.executable, __file__, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._told = b""
        if waits and not self._tells(b"in\n", 1):
            self.remove()
            raise RuntimeError("the card could not be put on the virtual reader")
        return self

    def wait_read(self, times: int = 1) -> None:
        """Wait until *times* commands were answered since it was put on, over all restarts of the daemon."""
        if not self._tells(b"read\n", times):
            raise RuntimeError(f"the card was not read {times} times")

    def _tells(self, word: bytes, times: int) -> bool:
        assert self._process is not None
        assert self._process.stdout is not None
        while self._told.count(word) < times:
            if not select.select([self._process.stdout], [], [], _INSERT_S)[0]:
                return False
            told = os.read(self._process.stdout.fileno(), 4096)
            if not told:
                return False
            self._told += told
        return True

    def remove(self) -> None:
        """Take it off; returns when the connection is closed. Nothing happens if it is off."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate(timeout=30)

    def wait_gone(self) -> None:
        """Wait until a card that vanishes by itself is gone."""
        if self._process is not None:
            self._process.wait(timeout=30)
            self.remove()

    def __enter__(self) -> Self:
        return self.insert()

    def __exit__(self, *_: object) -> None:
        self.remove()


def main() -> None:
    """Be the card that the command line describes."""
    parser = argparse.ArgumentParser(description="A card on the virtual reader, until standard input ends.")
    parser.add_argument("port", type=int)
    parser.add_argument("uid", type=bytes.fromhex)
    parser.add_argument("--answer", action="append", default=[], help="answer in hex instead of the UID")
    parser.add_argument("--exact", action="store_true", help="demand the exact length (6C xx)")
    parser.add_argument("--vanish", action="store_true", help="be taken away when the UID is asked for")
    parser.add_argument("--reader", choices=KINDS, default="plain", help="what it lies on")
    parser.add_argument("--signature", type=bytes.fromhex, default=b"", help="what READ_SIG is answered with")
    given = parser.parse_args()
    card = Card(
        given.uid,
        given.answer,
        exact=given.exact,
        vanish=given.vanish,
        reader=given.reader,
        signature=given.signature,
    )
    lie_on(given.port, card)


if __name__ == "__main__":
    main()
