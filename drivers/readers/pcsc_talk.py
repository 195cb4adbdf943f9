"""What is said to a card on a PC/SC reader: who it is, whether it is an original, what lamp and buzzer tell."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta

from drivers.readers import acr122, native, originality
from drivers.readers.apdu import NoUid, ask_uid, meaning
from drivers.readers.atr import chip_of, may_sign
from drivers.readers.pcsc_port import Link, PcscError
from drivers.readers.uid import ReaderOptions, Refused, identify

Listen = Callable[[Literal[">", "<"], bytes, str], None]

_LOG = logging.getLogger(__name__)
_TRIES = 2
"""How often a chip is asked for its signature: at the edge of the field an answer is lost now and then."""


class TalkOptions(ReaderOptions, frozen=True, kw_only=True):
    """Options of what is said to a card."""

    check_original: Annotated[
        bool,
        Meta(
            description="Whether each token is asked to prove that its maker made it (NTAG21x, MIFARE "
            "Ultralight EV1), on a reader with a PN53x (ACR122U) or transparent exchange (PC/SC part 3)."
        ),
    ] = False
    beep: Annotated[
        Literal["reader's own", "off", "when read"],
        Meta(
            description="What an ACR122U sounds like. `off`: it is told not to beep at each card. `when "
            "read`: one tone for a token that was read, two for one that was not."
        ),
    ] = "reader's own"
    lamp: Annotated[
        Literal["reader's own", "when read"],
        Meta(
            description="What the lamp of an ACR122U shows. `when read`: green for a token that was read, "
            "else red."
        ),
    ] = "reader's own"


class Talk:
    """The talk of one device.

    Args:
        name: The device.
        options: What is to be said.
        listen: Gets every message, for a technician.
    """

    def __init__(self, name: str, options: TalkOptions, listen: Listen) -> None:
        self._name = name
        self._options = options
        self._listen = listen
        self._reader = ""
        self._silenced = False
        self._told_once: set[str] = set()

    def opened(self, reader: str) -> None:
        """Begin anew with *reader* (its full name), which may have been without power meanwhile."""
        if self._options.check_original:
            originality.ready()
        self._reader = reader
        self._silenced = False

    def who(self, card: Link) -> tuple[str, bool | None]:
        """Return the id of *card*, and whether it is an original (None: it was not asked).

        Raises:
            NoUid: It has none that could be used.
            PcscError: It went, or the service failed.
        """
        self._listen("<", card.atr, "a card; its ATR")
        transmit = self._heard(card)
        raw = ask_uid(transmit)
        try:
            uid = identify(raw, self._options, chip_of(card.atr, len(raw)))
        except Refused as error:
            raise NoUid(error.words, error.why, final=True) from error
        return uid, self._original(transmit, raw, card.atr) if self._options.check_original else None

    def signal(self, card: Link, *, good: bool) -> None:
        """Let lamp and buzzer tell whether *card* was read. It does nothing worse than to say nothing."""
        commands = self._signals(good=good)
        if commands and not native.has_pn53x(self._reader):
            self._once(f"{self._reader!r} has no lamp or buzzer that this driver knows; only an ACR122U has")
            return
        try:
            for command in commands:
                answer = self._heard(card)(command)
                if acr122.done(answer):
                    self._silenced |= command == acr122.SILENT
                elif answer:  # none: the card was lifted
                    self._once(f"lamp and buzzer: the reader answered {answer.hex(' ').upper()}")
        except PcscError as error:  # the card was lifted already, most of the time
            self._once(f"lamp and buzzer could not be reached: {error.words}")

    def _signals(self, *, good: bool) -> list[bytes]:
        beep, lamp = self._options.beep == "when read", self._options.lamp == "when read"
        commands = [] if self._silenced or self._options.beep == "reader's own" else [acr122.SILENT]
        return [*commands, acr122.tell(good=good, lamp=lamp, beep=beep)] if beep or lamp else commands

    def _original(self, transmit: native.Transmit, raw: bytes, atr: bytes) -> bool:
        uid = raw[::-1] if self._options.order == "reversed" else raw
        if len(uid) != originality.UID_SIZE or not may_sign(atr):
            return False
        try:
            for _ in range(_TRIES):
                signature = native.ask_chip(transmit, self._reader, originality.READ_SIG)
                if signature is not None:
                    return originality.verify(uid, signature)
        except native.CannotPass as error:
            self._once(f"originals cannot be told on this reader, so all tokens count as copies: {error}")
        return False

    def _heard(self, card: Link) -> native.Transmit:
        """Return the transmit of *card*, with a technician listening."""

        def transmit(apdu: bytes) -> bytes:
            self._listen(">", apdu, meaning(apdu))
            answer = card.transmit(apdu)
            self._listen("<", answer, f"{max(0, len(answer) - 2)} bytes, status {answer[-2:].hex().upper()}")
            return answer

        return transmit

    def _once(self, words: str) -> None:
        """Log *words*, the first time only."""
        if words not in self._told_once:
            self._told_once.add(words)
            _LOG.warning("%s: %s", self._name, words)
