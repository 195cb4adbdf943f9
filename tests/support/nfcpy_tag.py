"""A contactless card in another process, for nfcpy's UDP driver: ``NfcpyTag`` here, the card in a child.

What goes over UDP is what would go over the air, written as text: ``106A 26`` asks for cards of type A,
``RFOFF`` says that the field is off (nfcpy 1.0.4, ``nfc/clf/udp.py``). The child answers it as a card does, or
as an empty field: with RFOFF, which ends nfcpy's waiting at once, or when it is *silent*, with nothing.
"""

import selectors
import socket
from functools import reduce
from operator import xor
from typing import Self

from tests.support.remote import Orders, Remote
from tests.support.waiting import wait_until

SENS_REQ = b"\x26"
_FIRST = (SENS_REQ, bytes.fromhex("050010"), bytes.fromhex("0600FFFF0100"))
_CASCADE = 0x88
_SELECTS = (0x93, 0x95, 0x97)


class NfcpyTag:
    """A place for one card, and the hands that put it there."""

    def __init__(self) -> None:
        self._remote = Remote("tests.support.nfcpy_tag")
        self.path = f"udp:127.0.0.1:{self._remote.hello}"

    def put(self, number: str, kind: str = "A", *, also: str = "") -> None:
        """Put a card in the place of what lies there.

        Args:
            number: Its UID (A), PUPI (B; of two it tells the one and then the other), IDm (F), or UID (1).
            kind: A, B, F, or 1 for a Type 1 tag.
            also: IDm by which it answers as FeliCa, too.
        """
        self._do("put", kind, number, *([also] if also else []))

    def take(self) -> None:
        """Take away what lies there."""
        self._do("take")

    def sign(self, signature: str) -> None:
        """From now on cards of type A answer READ_SIG with this; empty: with nothing."""
        self._do("sign", signature)

    def miss(self, asks: int) -> None:
        """The next *asks* for a card of type A find none, though it lies there."""
        self._do("miss", str(asks))

    def answer(self, datagram: bytes) -> None:
        """From now on answer whatever is asked with this; empty: as a card does."""
        self._do("answer", datagram.hex())

    def silent(self) -> None:
        """From now on an empty field answers nothing."""
        self._do("silent")

    def looks(self) -> int:
        """Return how often a card was looked for."""
        return self._do("looks")

    def dwell(self, looks: int = 4) -> None:
        """Return when a card was looked for some more times."""
        until = self.looks() + looks
        wait_until(lambda: self.looks() >= until, what="more looks for a card")

    def close(self) -> None:
        """End the child."""
        self._remote.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _do(self, *words: str) -> int:
        looks: int = self._remote.ask(words)
        return looks


# -- the child ---------------------------------------------------------------------------------------------


class Card:
    """What lies in the field, and what it answers."""

    def __init__(self) -> None:
        self.looks = 0
        self._numbers: dict[str, bytes] = {}  # by kind
        self._signature = b""
        self._missed = 0
        self._fixed = b""
        self._silent = False

    def obey(self, words: list[str]) -> int:
        """Do what the hand wants; return how often a card was looked for."""
        verb, *rest = words
        match verb:
            case "put":
                kinds = (rest[0], "F")
                self._numbers = {kind: bytes.fromhex(text) for kind, text in zip(kinds, rest[1:], strict=False)}
            case "take":
                self._numbers = {}
            case "sign":
                self._signature = bytes.fromhex("".join(rest))
            case "miss":
                self._missed = int(rest[0])
            case "answer":
                self._fixed = bytes.fromhex("".join(rest))
            case "silent":
                self._silent = True
        return self.looks

    def hear(self, datagram: bytes) -> bytes:
        """Return the answer to *datagram*; empty: none."""
        technology, _, data = datagram.partition(b" ")
        if technology == b"RFOFF":
            return b""
        asked = bytes.fromhex(data.decode())
        self.looks += asked in _FIRST
        if self._fixed:
            return self._fixed
        if answer := self._answer(technology, asked):
            return technology + b" " + answer.hex().encode()
        return b"" if self._silent else b"RFOFF"

    def _answer(self, technology: bytes, asked: bytes) -> bytes:
        if asked == SENS_REQ and self._missed:
            self._missed -= 1
            return b""
        numbers = self._numbers
        match technology:
            case b"106A" if "A" in numbers:
                return self._type_a(numbers["A"], asked)
            case b"106A" if "1" in numbers:
                return {SENS_REQ[0]: bytes.fromhex("000C"), 0x78: b"\x11\x48" + numbers["1"]}.get(asked[0], b"")
            case b"106B" if "B" in numbers:
                number = numbers["B"]
                numbers["B"] = number[4:] + number[:4]
                return b"\x50" + number[:4] + bytes(4) + bytes.fromhex("008185")
            case b"212F" if "F" in numbers:
                return b"\x14\x01" + numbers["F"] + bytes.fromhex("03014B024F4993FF12FC")
            case _:
                return b""

    def _type_a(self, uid: bytes, asked: bytes) -> bytes:
        levels = _levels(uid)
        if asked == SENS_REQ:
            return bytes.fromhex("4400")
        if asked == b"\x3c\x00":
            return self._signature
        if asked[:1] == b"\x30":
            return bytes(16)
        if asked[0] not in _SELECTS[: len(levels)]:
            return b""
        level = _SELECTS.index(asked[0])
        if asked[1:] == b"\x20":
            return levels[level]
        if asked[1:] == b"\x70" + levels[level]:
            return b"\x04" if level + 1 < len(levels) else b"\x00"
        return b""


def _levels(uid: bytes) -> list[bytes]:
    """Return the parts of the anticollision, each with its check byte (ISO/IEC 14443-3, 6.5.4)."""
    parts = []
    while len(uid) > 4:
        parts.append(bytes([_CASCADE]) + uid[:3])
        uid = uid[3:]
    return [part + bytes([reduce(xor, part)]) for part in (*parts, uid)]


def main() -> None:
    """Be the card, until nobody holds it any more."""
    card, orders = Card(), Orders()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as air, selectors.DefaultSelector() as both:
        air.bind(("127.0.0.1", 0))
        both.register(air, selectors.EVENT_READ)
        both.register(orders, selectors.EVENT_READ)
        orders.here(air.getsockname()[1])
        while True:
            for key, _ in both.select():
                if key.fileobj is air:
                    data, sender = air.recvfrom(1024)
                    if answer := card.hear(data):
                        air.sendto(answer, sender)
                elif not orders.obey(card.obey):
                    return


if __name__ == "__main__":
    main()
