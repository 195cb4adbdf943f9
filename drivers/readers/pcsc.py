"""Tokens on a PC/SC reader (ACR122U, ACR1252U, uTrust, SCL011, ...) through pcscd.

    [[devices]]
    name = "front reader"
    role = "reader"
    driver = "pcsc"
    reader = "ACR122U"     # part of its name, serial number included; empty: the first one

On the wire, for each card that comes: SCardConnect (shared), ``FF CA 00 00 00`` -> UID ``90 00``. It is read
once; what lies there is then watched by pcscd's event counter only. The connection is held as long as it lies
there: pcscd switches a card off that nobody holds, and one that is off can be swapped between two of its looks
without a trace (CCID driver, IFDHICCPresence: present and inactive).

A card that stays where it is while the service is restarted or the reader plugged anew is the same tap. So what
was told last is kept over a loss, and nothing is said of it before the reader is back and has had time to look.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceFault, DeviceMissing, DeviceThread, needs
from drivers.readers import pcsc_scan
from drivers.readers.apdu import HOLD_AGAIN, NoUid
from drivers.readers.pcsc_names import CLAIMS, NoneLeft
from drivers.readers.pcsc_port import (
    CARD_GONE,
    CARD_TROUBLE,
    PRESENT,
    REFUSED,
    Link,
    PcscError,
    PcscPort,
    seized,
)
from drivers.readers.pcsc_talk import Talk, TalkOptions
from terminal.core.events import Health, TokenPresented, TokenRemoved, TokenUnreadable
from terminal.core.value import replace

WAIT_MS = 4000
"""Longest wait for an event: what wakes an idle reader, and the age that its heartbeat reaches. Shorter than
stop() waits for a thread, so that even a wait that could not be cancelled ends in time."""

_PATIENCE_MS = (50, 150, 300, 500)
"""Waits between tries to read a card. Together longer than pcscd takes to notice that it was taken away."""


class PcscOptions(TalkOptions, frozen=True, kw_only=True):
    """Options of the driver `pcsc`."""

    reader: Annotated[
        str,
        Meta(
            max_length=128,
            description="Part of the reader's name, as `pcsc_scan -r` shows it, such as its serial number. "
            "Empty: the first one. Several devices with the same part each take another reader.",
        ),
    ] = ""


class PcscReader(DeviceThread):
    """A token reader behind pcscd."""

    role: ClassVar[str] = "reader"
    Options: ClassVar[type[DriverOptions]] = PcscOptions
    port_class: ClassVar[type[PcscPort]] = PcscPort
    settle_s: ClassVar[float] = 2.0
    """How long a reader that is back may take to find the card that still lies on it: pcscd asks each reader
    every 0.4 s (PCSCLITE_STATUS_POLL_RATE), and a reader has to switch its field on first."""

    def __init__(self, name: str, options: PcscOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._talk = Talk(name, options, self._traffic)
        self._port: PcscPort | None = None
        self._holding = ExitStack()  # holds the connection to what lies there
        self._card: Link | None = None
        self._reader = ""
        self._state = 0
        self._seen: tuple[int, bool] | None = None  # event counter and presence; None: not looked since opening
        self._settled_at = 0.0
        self._lying: str | None = None  # what was told of the thing that lies there: a UID, or a refusal
        self._refusals = 0
        self._looked_before = False  # at any time since the start
        self._openings = 0
        CLAIMS.declare(self, name, options.reader)

    @staticmethod
    def scan() -> list[Found]:
        """Return the readers that pcscd has, and those plugged in that it does not have."""
        return pcsc_scan.found()

    def stop(self) -> None:
        """End its life; its reader is free for others."""
        super().stop()
        CLAIMS.forget(self)

    def abandon(self) -> None:
        """Give up on a thread that hangs; its reader is free for the one that comes in its place."""
        CLAIMS.forget(self)
        super().abandon()

    # -- the life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        try:
            with needs("pcsc"):
                self._port = port = self.port_class()
            if self._stopping.is_set():
                port.end()  # stop() came too early to find it
            self._reader = self._find(port)
        except PcscError as error:
            raise self._loss(error) from error
        self._talk.opened(self._reader)
        self._openings += 1
        self._refusals = 0
        self._state = 0
        self._seen = None
        self._settled_at = time.monotonic() + self.settle_s
        return Condition(Health.OK, self._reader)

    def _serve(self) -> None:
        try:
            self._state = self._now_open().wait(self._reader, self._state, self._wait_ms())
            if not self._stopping.is_set():
                self._look()
        except PcscError as error:
            raise self._loss(error) from error

    def _close(self) -> None:
        self._let_card_go()
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _interrupt(self) -> None:
        port = self._port
        if port is not None and self._stopping.is_set():
            port.end()

    def _loss(self, error: PcscError) -> DeviceMissing | DeviceFault:
        """Return what a failed call means for the device.

        A refusal counts from the second one in a row: the first may be a daemon that was just being stopped.
        """
        self._refusals = self._refusals + 1 if error.code == REFUSED else 0
        return DeviceFault(error.words) if self._refusals > 1 else DeviceMissing(error.words)

    def _find(self, port: PcscPort) -> str:
        """Return the full name of the reader that is this device's."""
        names = port.readers()
        while True:
            try:
                return CLAIMS.take(self, names)
            except NoneLeft as error:
                words = error.words if names else error.words + seized()
            if self._stopping.is_set() or self._condition != Condition(Health.MISSING, words):
                raise DeviceMissing(words)
            # This is known already: rather than to ask again and again, wait until one is plugged in.
            self._beat()
            names = port.wait_for_readers(WAIT_MS)

    # -- cards -----------------------------------------------------------------------------------------

    def _now_open(self) -> PcscPort:
        if self._port is None:
            raise DeviceMissing("the reader is closed")
        return self._port

    def _wait_ms(self) -> int:
        if self._seen is None and self._lying is not None:
            return max(1, min(WAIT_MS, int((self._settled_at - time.monotonic()) * 1000)))
        return WAIT_MS

    def _look(self) -> None:
        """Tell what changed on the reader, if anything did."""
        now = _events(self._state)
        reopened = self._seen is None
        present = now[1]
        if now == self._seen:
            return
        if reopened and not present and self._lying is not None and time.monotonic() < self._settled_at:
            return
        self._seen = now
        self._let_card_go()
        if not (reopened and present):
            self._tell_removed()
        # pcscd counts what comes and goes: what it found at its own start was no event.
        lay_there = (reopened and not self._looked_before) or (self._openings == 1 and now[0] == 0)
        if present and (found := self._read()) is not None:
            what = found.uid if isinstance(found, TokenPresented) else found.words
            if what == self._lying:
                return  # only after a loss: it lay there all the time
            self._tell_removed()
            self._lying = what
            if isinstance(found, TokenPresented) and lay_there:
                found = replace(found, lying=True)
            self._emit(found)
            # After the daemon was told: nothing waits for lamp and buzzer.
            if self._card is not None:
                self._talk.signal(
                    self._card, good=isinstance(found, TokenPresented) and found.original is not False
                )
        self._looked_before = True

    def _tell_removed(self) -> None:
        if self._lying is not None:
            self._lying = None
            self._emit(TokenRemoved(self.name))

    def _read(self) -> TokenPresented | TokenUnreadable | None:
        """Read the card that lies there; None if it was taken away too early."""
        port = self._now_open()
        words = why = ""
        for patience_ms in _PATIENCE_MS:
            self._let_card_go()
            try:
                self._card = self._holding.enter_context(port.card(self._reader))
                # Another card may have come since the last look; then that look comes first.
                if self._moves_within(0):
                    return None
                uid, original = self._talk.who(self._card)
                return TokenPresented(self.name, uid, original=original)
            except NoUid as error:
                words, why = error.words, error.why
                if error.final:
                    break
            except PcscError as error:
                if error.code in CARD_GONE:
                    return None
                if error.code not in CARD_TROUBLE:
                    raise
                words, why = HOLD_AGAIN, error.words
            if self._moves_within(patience_ms):
                return None
        self._log.info("%s: a card was not read: %s", self.name, why)
        return TokenUnreadable(self.name, words)

    def _let_card_go(self) -> None:
        self._card = None
        self._holding.close()

    def _moves_within(self, patience_ms: int) -> bool:
        """Wait (0: only look); True as soon as the card went, or another came, or the reader is to stop."""
        state = self._state  # what _serve knows; it is to see the move too
        until = time.monotonic() + patience_ms / 1000
        while True:
            left_ms = max(0, int((until - time.monotonic()) * 1000))
            state = self._now_open().wait(self._reader, state, left_ms)
            if _events(state) != self._seen or self._stopping.is_set():
                return True
            if time.monotonic() >= until:
                return False


def _events(state: int) -> tuple[int, bool]:
    """Return the event counter of *state*, and whether a card lies there."""
    return state >> 16, bool(state & PRESENT)
