"""A PN532 as a reader of cards: commands and their answers, over any port.

Each command is acknowledged by the chip within 15 ms and then answered. What it does not acknowledge is sent
once more; an answer that came damaged is asked for again by a NACK; one that does not come at all is no longer
waited for, and the command is ended by an ACK (UM0701-02, 6.2.2).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from drivers.device import DeviceFault, DeviceMissing
from drivers.readers import pn532_frames as frames
from drivers.readers.pn532_frames import BadAnswer, Kind, Piece, Pn532Frames, Target
from drivers.readers.pn532_port import RATE, RATES, Port

Trace = Callable[[Literal[">", "<", "!"], bytes, str], None]

_ACK_S = (0.25, 0.25)
"""Far more than what the chip takes, for each try: USB adapters and a busy Pi take their time."""
_FIRST_ACK_S = 1.5
"""A Pi's USB delays the first byte after a serial adapter was opened by up to a second."""
_OTHER_ACK_S = 0.1
_ANSWER_S = 1.0
"""More than all tries for a card together take."""
_TRIES = 2
_ABORT_S = 0.01

_IC = 0x32
_NORMAL_MODE = bytes.fromhex("010000")  # no SAM, no time limit of it, no IRQ
_NO_RATS = b"\x00"  # nor ATR: the UID is all that is asked for, and a card is left as it was found
_TRY_TWICE = bytes.fromhex("05010101")
"""MaxRetries. A card that is selected already answers at the second time only; FF would wait for ever."""
_FIELD_ON, _FIELD_OFF = bytes.fromhex("0101"), bytes.fromhex("0100")
_POWER_UP_S = 0.006
"""What a card may take to be ready once the field is there (ISO/IEC 14443-3, 5 ms)."""
_ANYONE = {frames.TYPE_A: b"", frames.TYPE_B: frames.ALL_TYPE_B}
_CARD_PRESENCE = b"\x06"
_DONE = 0x00
_ANSWERS = (Kind.ANSWER, Kind.REFUSAL)


class Silent(DeviceMissing):
    """The way to the chip is there, but the chip does not answer."""


class Pn532:
    """One chip.

    Args:
        port: The way to it.
        trace: Is told each frame, for who listens.
        alive: Called between steps that may take long; raises to end them.
    """

    def __init__(self, port: Port, trace: Trace, alive: Callable[[], None]) -> None:
        self._port = port
        self._trace = trace
        self._alive = alive
        self._frames = Pn532Frames()
        self._said: deque[Piece] = deque()
        self._field = False
        self._doubtful = False  # it did not listen once: its power may have failed, and with it all settings

    def open(self) -> str:
        """Wake it, whatever it was left in the midst of, and set it up; return its version.

        Raises:
            DeviceMissing: Nobody answers.
            DeviceFault: It is no PN532, or refuses what every PN532 does.
        """
        self._find_it()
        said = self.command(frames.FIRMWARE)
        if len(said) != 4 or said[0] != _IC:  # noqa: PLR2004 - IC, version, revision, support
            raise DeviceFault(
                f"what answers on {self._port.where} is a chip {said[:1].hex().upper()}, no PN532 (32)"
            )
        self._set_up()
        return f"{said[1]}.{said[2]}"

    def _set_up(self) -> None:
        self.command(frames.SAM, _NORMAL_MODE)
        self.command(frames.PARAMETERS, _NO_RATS)
        self.command(frames.RF, _TRY_TWICE)
        self.field_off()
        self._doubtful = False

    def _find_it(self) -> None:
        if self._answers(_FIRST_ACK_S):
            return
        for rate in self._port.rates():
            self._alive()
            if rate != RATE and self._port.set_rate(rate) and self._answers(_OTHER_ACK_S):
                # A reader that was killed left it there; its own speed is the one that all ask first.
                self.command(frames.SET_RATE, bytes([RATES.index(RATE)]))
                self._send(frames.ACK, "ACK: change the speed now")
                self._port.set_rate(RATE)
                time.sleep(_ABORT_S)
                return
        raise self._silent()

    def _answers(self, patience_s: float) -> bool:
        """Wake it and end what is under way; return whether it then knows the first command after power-on."""
        self._port.wake()
        self._abort()
        try:
            self.command(frames.SAM, _NORMAL_MODE, (patience_s,))
        except Silent:
            return False
        return True

    def _silent(self) -> Silent:
        return Silent(f"no PN532 answers on {self._port.where}: {self._port.advice}")

    # -- cards -----------------------------------------------------------------------------------------

    def find(self, kinds: tuple[int, ...]) -> Target | None:
        """Look for a card of *kinds*, in this order; the field stays on if there is one, and goes if not.

        A card that is in whatever state is so asked from the beginning the next time.
        """
        if not self._field:
            self._field_on()
        if self._doubtful:
            self._set_up()
            self._field_on()
        for kind in kinds:
            found = self._list(kind, _ANYONE.get(kind, frames.POLL_FELICA))
            if found is not None:
                return found
        self.field_off()
        return None

    def lies(self, target: Target) -> bool:
        """Return whether *target*, which find() found, is still there, whatever else is."""
        if self._doubtful:
            return False
        if target.kind == frames.TYPE_B:
            # It was activated, so it would not answer if it were looked for (ISO/IEC 14443-3, 7.4).
            return self.command(frames.DIAGNOSE, _CARD_PRESENCE)[:1] == bytes([_DONE])
        known = frames.cascaded(target.number) if target.kind == frames.TYPE_A else frames.POLL_FELICA
        return self._list(target.kind, known) == target

    def ask(self, question: bytes) -> bytes | None:
        """Return what the card that was found says to *question*; None: nothing, or that it cannot."""
        said = self.command(frames.THRU, question)
        return said[1:] if said[:1] == bytes([_DONE]) else None

    def _field_on(self) -> None:
        self.command(frames.RF, _FIELD_ON)
        self._field = True
        time.sleep(_POWER_UP_S)

    def field_off(self) -> None:
        """Take the field away: every card forgets everything."""
        self.command(frames.RF, _FIELD_OFF)
        self._field = False

    def _list(self, kind: int, known: bytes) -> Target | None:
        said = self.command(frames.LIST, bytes([1, kind]) + known)
        try:
            return frames.target(kind, said)
        except BadAnswer as error:
            self._trace("!", said, str(error))
            return None

    # -- commands --------------------------------------------------------------------------------------

    def command(self, code: int, data: bytes = b"", patience_s: tuple[float, ...] = ()) -> bytes:
        """Give a command and return what follows the code of its answer.

        Args:
            code: The command.
            data: What belongs to it.
            patience_s: Seconds to wait for the acknowledgement, for each try; empty: as usual.

        Raises:
            Silent: No acknowledgement, or no answer.
            DeviceMissing: Or DeviceFault: the port does not work.
            DeviceFault: The chip refuses it.
        """
        words = frames.describe(code, data)
        piece = self._give(frames.encode(code, data), code, words, patience_s or _ACK_S) or self._answer(code)
        if piece is None:
            self._abort()
            raise Silent(f"the PN532 on {self._port.where} took the command {words} and did not answer it")
        if piece.kind is Kind.REFUSAL:
            raise DeviceFault(f"the PN532 on {self._port.where} refuses the command {words}")
        return piece.body[1:]

    def _give(self, frame: bytes, code: int, words: str, patience_s: tuple[float, ...]) -> Piece | None:
        """Send a command until it is acknowledged; return the answer, should it come instead."""
        for timeout_s in patience_s:
            self._send(frame, words)
            piece = self._await(code, timeout_s, (Kind.ACK, *_ANSWERS))
            if piece is not None:
                return None if piece.kind is Kind.ACK else piece
            self._abort()
            self._doubtful = True
        raise self._silent()

    def _answer(self, code: int) -> Piece | None:
        """Return the answer, asked for again where it came damaged; None: it does not come."""
        for _ in range(_TRIES):
            piece = self._await(code, _ANSWER_S, (*_ANSWERS, Kind.STRANGE))
            if piece is None or piece.kind is not Kind.STRANGE:
                return piece
            self._send(frames.NACK, "NACK: say it again")
        return self._await(code, _ANSWER_S, _ANSWERS)

    def _abort(self) -> None:
        self._send(frames.ACK, "ACK: end what is under way")
        time.sleep(_ABORT_S)

    def _send(self, frame: bytes, words: str) -> None:
        self._frames = Pn532Frames()
        self._said.clear()
        self._trace(">", frame, words)
        self._port.send(frame)

    def _await(self, code: int, timeout_s: float, kinds: tuple[Kind, ...]) -> Piece | None:
        """Return the first piece of *kinds* that the chip says within *timeout_s*; an answer to *code* only."""
        until = time.monotonic() + timeout_s
        while True:
            while self._said:
                piece = self._said.popleft()
                if piece.kind in kinds and (piece.kind is not Kind.ANSWER or piece.body[0] == code + 1):
                    return piece
            left_s = until - time.monotonic()
            chunk = self._port.receive(max(0.0, left_s))
            self._hear(chunk)
            if left_s <= 0 and not self._said:
                return None

    def _hear(self, chunk: bytes) -> None:
        if not self._port.stream:
            # One read is one frame, and what the bus showed after its end.
            self._frames = Pn532Frames()
        pieces = self._frames.feed(chunk)
        if not chunk or not self._port.stream:
            pieces += self._frames.give_up()
        if not self._port.stream:
            pieces = [piece for piece in pieces if piece.kind is not Kind.STRANGE][:1] or pieces
        for piece in pieces:
            self._trace("!" if piece.kind is Kind.STRANGE else "<", piece.raw, frames.meaning(piece))
        self._said.extend(pieces)
