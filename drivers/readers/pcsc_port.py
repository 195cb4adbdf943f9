"""The PC/SC service (pcscd) as one small typed port: the raw winscard calls, and what their codes mean.

The calls are those of pyscard's ``smartcard.scard``; its CardMonitor is not used, because its thread ends for
good when pcscd is restarted, and because it tells cards apart by an ATR that nearly all tokens share. Codes and
states: ``pcsclite.h`` and the API text of pcsc-lite (``SCardGetStatusChange``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.readers import pcsc_library

PRESENT = 0x0020
_LOST = 0x0004 | 0x0008  # SCARD_STATE_UNKNOWN, SCARD_STATE_UNAVAILABLE

_NO_READERS = 0x8010002E
_QUIET = frozenset({0x8010000A, 0x80100002})  # SCARD_E_TIMEOUT, SCARD_E_CANCELLED
_READER_LOST = 0x80100009  # SCARD_E_UNKNOWN_READER

CARD_GONE = frozenset({0x8010000C, 0x80100069})
"""SCARD_E_NO_SMARTCARD, SCARD_W_REMOVED_CARD: nothing lies there any more."""

CARD_TROUBLE = frozenset(
    {
        0x8010000B,  # SCARD_E_SHARING_VIOLATION: another program holds it
        0x8010000F,  # SCARD_E_PROTO_MISMATCH
        0x80100010,  # SCARD_E_NOT_READY
        0x80100013,  # SCARD_F_COMM_ERROR: also a card at the edge of the field
        0x80100016,  # SCARD_E_NOT_TRANSACTED
        0x80100065,  # SCARD_W_UNSUPPORTED_CARD
        0x80100066,  # SCARD_W_UNRESPONSIVE_CARD
        0x80100067,  # SCARD_W_UNPOWERED_CARD
        0x80100068,  # SCARD_W_RESET_CARD
    }
)
"""It may be the card, so it is worth another try. A service that is gone says so at the next call."""

REFUSED = 0x8010006A
"""SCARD_W_SECURITY_VIOLATION: polkit refused. Also what a client sees of a daemon that dies in the greeting."""

_ABSENT = "the PC/SC service does not answer: is pcscd running? (systemctl status pcscd.socket)"
_SENTENCES = {
    0x80100013: _ABSENT,
    0x8010001D: _ABSENT,
    0x8010001E: _ABSENT,
    0x80100003: _ABSENT,  # SCARD_E_INVALID_HANDLE: it was restarted and does not know us
    _READER_LOST: "the reader was unplugged",
    0x80100017: "the reader was unplugged",
    REFUSED: "the PC/SC service refuses this user: allow org.debian.pcsc-lite.access_pcsc and "
    "org.debian.pcsc-lite.access_card in a polkit rule (/etc/polkit-1/rules.d)",
}

_ANY_READER = "\\\\?PnP?\\Notification"
_SEIZER = Path("/sys/module/pn533_usb")
_CANCEL_EVERY_S = 0.02
_CANCEL_TIMES = 50


class PcscError(Exception):
    """A call of the PC/SC service failed. *code*: its unsigned return code; *words*: for the technician."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


class ReaderLost(PcscError):  # noqa: N818 - what happened
    """The reader is not there any more; the service is."""


@dataclass(frozen=True)
class Link:
    """A connection to the card on a reader.

    Attributes:
        transmit: Sends an APDU and returns the answer.
        atr: What the card, or its reader for it, answered to the reset.
    """

    transmit: Callable[[bytes], bytes]
    atr: bytes


class PcscPort:
    """One context of the PC/SC service. For one thread, but for end().

    Raises:
        ImportError: pyscard is not installed.
        PcscError: The service is not there, or refuses.
    """

    def __init__(self) -> None:
        scard = pcsc_library.load()
        self._scard = scard
        self._ended = False
        self._idle = threading.Event()
        self._idle.set()
        code, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        self._check(code)

    def close(self) -> None:
        """Let the context go."""
        self._scard.SCardReleaseContext(self._context)

    def readers(self) -> list[str]:
        """Return the names of all readers that the service has now."""
        code, names = self._scard.SCardListReaders(self._context, [])
        if _unsigned(code) == _NO_READERS:
            return []
        self._check(code)
        return list(names)

    def wait(self, reader: str, state: int, timeout_ms: int) -> int:
        """Wait until *reader* is no longer in *state* (0: answer at once), at most *timeout_ms*.

        Returns:
            Its state now: the flags of SCARD_STATE_*, and in the upper 16 bits the number of cards that
            came or went, so that a quick change of cards is seen though one lies there before and after.

        Raises:
            ReaderLost: It was unplugged.
            PcscError: The service failed.
        """
        code, states = self._wait([(reader, state)], timeout_ms)
        if code == _READER_LOST:
            raise ReaderLost(code, f"the reader {reader!r} was unplugged")
        if code not in _QUIET:
            self._check(code)
        now = int(states[0][1]) if states and states[0][1] else state
        if now & _LOST:
            raise ReaderLost(_READER_LOST, f"the reader {reader!r} was unplugged")
        return now

    def wait_for_readers(self, timeout_ms: int) -> list[str]:
        """Wait until a reader is plugged in or out, at most *timeout_ms*; return the names of all."""
        code, _ = self._wait([(_ANY_READER, 0)], timeout_ms)
        if code not in _QUIET:
            self._check(code)
        return self.readers()

    def end(self) -> None:
        """End the wait under way, and let no other begin. From any thread."""
        self._ended = True
        # SCardCancel has no effect on a wait that has not quite begun, so it is said until it was heard.
        for _ in range(_CANCEL_TIMES):
            if self._idle.is_set():
                return
            self._scard.SCardCancel(self._context)
            self._idle.wait(_CANCEL_EVERY_S)

    @contextmanager
    def card(self, reader: str) -> Iterator[Link]:
        """Connect to the card on *reader*.

        The connection is shared and leaves the card as it is: other programs may use it too.

        Raises:
            PcscError: By the call that fails; see CARD_GONE and CARD_TROUBLE.
        """
        scard = self._scard
        code, handle, protocol = scard.SCardConnect(
            self._context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        self._check(code)
        header = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1

        def transmit(apdu: bytes) -> bytes:
            code, answer = scard.SCardTransmit(handle, header, list(apdu))
            self._check(code)
            return bytes(byte & 0xFF for byte in answer)

        try:
            code, _, _, _, atr = scard.SCardStatus(handle)
            self._check(code)
            yield Link(transmit, bytes(byte & 0xFF for byte in atr))
        finally:
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)

    def _wait(self, states: list[tuple[str, int]], timeout_ms: int) -> tuple[int, list[Any]]:
        self._idle.clear()
        try:
            if self._ended:
                return 0, []
            code, now = self._scard.SCardGetStatusChange(self._context, timeout_ms, states)
            return _unsigned(code), list(now)
        finally:
            self._idle.set()

    def _check(self, code: int) -> None:
        if code:
            code = _unsigned(code)
            words = (
                _SENTENCES.get(code) or f"{self._scard.SCardGetErrorMessage(code)} (PC/SC code {code:#010x})"
            )
            raise PcscError(code, words)


def seized() -> str:
    """Return what to do about a kernel module that holds a reader before pcscd can; empty if there is none."""
    if not _SEIZER.exists():
        return ""
    return (
        "; the kernel module pn533_usb is loaded and seizes such readers: put 'blacklist pn533_usb', "
        "'blacklist pn533' and 'blacklist nfc' into /etc/modprobe.d/blacklist-nfc.conf and restart"
    )


def _unsigned(code: int) -> int:
    """Return *code* as the header writes it: a LONG is negative here where it has 32 bits."""
    return code & 0xFFFFFFFF
