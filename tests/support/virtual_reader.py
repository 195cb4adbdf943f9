"""What real PC/SC readers do beyond Get Data, for the card on the virtual one. Strict: wrong bytes are refused.

ACR122U: direct transmit to its PN53x, lamp and buzzer (ACR122U API 2.04). Others: the transparent exchange of
PC/SC part 3 (Supplemental Document for Contactless ICCs 2.02, chapter 3.2).
"""

from collections.abc import Callable
from typing import Protocol

_READ_SIG = bytes.fromhex("3C00")
_OK = bytes.fromhex("9000")
_FAILED = bytes.fromhex("6300")
_UNKNOWN = bytes.fromhex("6D00")
_WELL = bytes.fromhex("C003009000")


class Ntag:
    """The chip: it answers READ_SIG, if it has a signature, and nothing to what it does not know."""

    def __init__(self, signature: bytes) -> None:
        self._signature = signature

    def ask(self, command: bytes) -> bytes:
        """Return its answer; empty: none."""
        return self._signature if command == _READ_SIG else b""


class Reader(Protocol):
    """What answers all but Get Data."""

    def answer(self, apdu: bytes) -> bytes:
        """Return the answer to *apdu*."""


class Plain:
    """It knows nothing else."""

    def __init__(self, _chip: Ntag) -> None:
        pass

    def answer(self, apdu: bytes) -> bytes:
        """Refuse."""
        del apdu
        return _UNKNOWN


class Acr122:
    """An ACR122U."""

    def __init__(self, chip: Ntag) -> None:
        self._chip = chip
        self._lamp = 0

    def answer(self, apdu: bytes) -> bytes:
        """Pass a command on, show a light, sound a tone; or refuse."""
        body = apdu[5:]
        if apdu[:2] != b"\xff\x00" or len(apdu) < 5 or len(body) != apdu[4]:
            return _UNKNOWN
        if apdu[2:4] == b"\x00\x00" and body[:2] == b"\xd4\x42" and body[2:]:
            answer = self._chip.ask(body[2:])
            return b"\xd5\x43\x00" + answer + _OK if answer else b"\xd5\x43\x01" + _OK  # 01: time-out
        if apdu[2] == 0x52 and apdu[3] in (0x00, 0xFF) and not body:
            return _OK
        if apdu[2] == 0x40 and len(body) == 4 and body[2] and body[3] <= 3:
            mask = apdu[3] >> 2 & 3
            self._lamp = self._lamp & ~mask | apdu[3] & mask
            return bytes([0x90, self._lamp])
        return _FAILED


class Transparent:
    """A reader with transparent exchange."""

    def __init__(self, chip: Ntag) -> None:
        self._chip = chip
        self._session = False
        self._type_a = False

    def answer(self, apdu: bytes) -> bytes:
        """Begin, end, choose the protocol, pass a command on; or refuse."""
        if apdu[:3] != b"\xff\xc2\x00" or len(apdu) < 6 or len(apdu) != 6 + apdu[4] or apdu[-1]:
            return _UNKNOWN
        body = apdu[5:-1]
        if apdu[3] == 0:
            return self._manage(body)
        if not self._session:
            return bytes.fromhex("C003016985") + _OK
        if apdu[3] == 2 and body == bytes.fromhex("8F020003"):
            self._type_a = True
            return _WELL + _OK
        if apdu[3] == 1 and self._type_a:
            return self._exchange(body)
        return bytes.fromhex("C003016A81") + _OK

    def _manage(self, body: bytes) -> bytes:
        if body not in (b"\x81\x00", b"\x82\x00") or self._session is (body[0] == 0x81):
            return bytes.fromhex("C003016985") + _OK
        self._session = body[0] == 0x81
        self._type_a = False
        return _WELL + _OK

    def _exchange(self, body: bytes) -> bytes:
        timer, size = body[:3], body[8:9]
        if timer != bytes.fromhex("5F4604") or body[7:8] != b"\x95" or size != bytes([len(body) - 9]):
            return bytes.fromhex("C003016700") + _OK
        answer = self._chip.ask(body[9:])
        if not answer:
            return bytes.fromhex("C003026401") + _OK
        return _WELL + bytes.fromhex("92010096020000") + b"\x97" + bytes([len(answer)]) + answer + _OK


KINDS: dict[str, Callable[[Ntag], Reader]] = {"plain": Plain, "acr122": Acr122, "transparent": Transparent}
