"""What a reader types like a keyboard: events of the input layer in, numbers of tokens out. Pure.

Keys are taken by their codes, which say where a key is, and not by characters, which change with the layout,
Caps Lock and Num Lock of a keyboard that nobody has. So a reader must type as on a US keyboard: they come so.

Facts: Linux, Documentation/input/input.rst and event-codes.rst, uapi/linux/input.h and input-event-codes.h.
"""

from __future__ import annotations

import re
import struct
from typing import Literal

from drivers.readers.apdu import HOLD_AGAIN
from drivers.readers.uid import NOT_SUPPORTED, Refused
from terminal.core.value import Value

Form = Literal["decimal", "hex", "wiegand"]

EVENT = struct.Struct("@LLHHi")
"""struct input_event: seconds, microseconds, type, code, value. 24 bytes; 16 for a program of 32 bits."""

_EV_SYN, _EV_KEY = 0, 1
_SYN_REPORT, _SYN_DROPPED = 0, 3
_UP, _DOWN = 0, 1  # 2: repeated, because it is held
_SHIFTS = frozenset({42, 54})
_LOCKS = frozenset({58, 69, 70})
_ENDS = frozenset({28, 96, 15})  # Enter, Enter of the keypad, Tab
_ROWS = {
    2: "1234567890-",
    16: "QWERTYUIOP",
    30: "ASDFGHJKL;",
    44: "ZXCVBNM,./",
    57: " ",
    71: "789-456+1230.",
    98: "/",
    121: ",",
}
_KEYS = {first + at: sign for first, row in _ROWS.items() for at, sign in enumerate(row)}
_STRANGE = "?"
_LONGEST = 64

_BETWEEN = re.compile("[ ,;:./-]")
_HEX = re.compile("(?:[0-9A-F]{2})+")
_DECIMAL = re.compile("[0-9]{1,25}")
_WIEGAND = re.compile("([0-9]{3})([0-9]{5})|([0-9]{1,3})[ ,;:./-]([0-9]{1,5})")


class Typed(Value, frozen=True):
    """Something that was typed.

    Attributes:
        text: Upper-case letters, digits and signs; ``?`` for any other key.
        ended: Whether Enter or Tab ended it. If not, nothing more came, or some of it was lost: it is dropped.
        whole: Whether it is known to be there from its beginning.
    """

    text: str
    ended: bool = True
    whole: bool = True


class Typing:
    """Takes the events of a keyboard in pieces of any size.

    Args:
        silence_ms: Pause between two keys after which what was typed before it is dropped.
    """

    def __init__(self, silence_ms: int) -> None:
        self._silence_us = silence_ms * 1000
        self._rest = b""
        self._text = ""
        self._whole = False  # whether what comes next is known to be the beginning of something
        self._fresh = True  # just opened, perhaps in the middle of a number
        self._shift = False
        self._losing = False  # some events were lost; those up to the next report say nothing
        self._last_us: int | None = None

    def feed(self, chunk: bytes) -> list[Typed]:
        """Return what was completed, or dropped, with the events of *chunk*, in order."""
        raw = self._rest + chunk
        whole = len(raw) - len(raw) % EVENT.size
        self._rest = raw[whole:]
        typed: list[Typed] = []
        for seconds, micros, kind, code, value in EVENT.iter_unpack(raw[:whole]):
            if kind == _EV_SYN:
                typed += self._synchronised(code)
            elif kind == _EV_KEY and not self._losing:
                typed += self._key(seconds * 1_000_000 + micros, code, value)
        return typed

    @property
    def pending(self) -> bool:
        """Whether silence would mean anything."""
        return bool(self._text) or self._fresh

    def silent(self) -> list[Typed]:
        """Note that nothing came for the silence; return what is dropped by that."""
        if self._text:
            return self._dropped()
        self._whole = self._whole or self._fresh
        self._fresh = False
        return []

    def _synchronised(self, code: int) -> list[Typed]:
        if code == _SYN_DROPPED:
            self._losing = True
            self._shift = False
            return self._dropped()
        if code == _SYN_REPORT:
            self._losing = False
        return []

    def _key(self, t_us: int, code: int, value: int) -> list[Typed]:
        late = self._last_us is not None and t_us - self._last_us > self._silence_us
        self._last_us = t_us
        dropped = self._dropped() if late and self._text else []
        if code in _SHIFTS:
            self._shift = value != _UP
        elif value == _DOWN and code in _ENDS:
            return [*dropped, *self._ended()]
        elif value == _DOWN and code not in _LOCKS and len(self._text) < _LONGEST:
            self._text += self._sign(code)
        return dropped

    def _sign(self, code: int) -> str:
        sign = _KEYS.get(code, _STRANGE)
        if not self._shift or sign.isalpha():
            return sign
        return ":" if sign == ";" else _STRANGE

    def _ended(self) -> list[Typed]:
        typed = [Typed(self._text, whole=self._whole)] if self._text else []
        self._text, self._whole, self._fresh = "", True, False
        return typed

    def _dropped(self) -> list[Typed]:
        """Drop what was begun. What comes next, up to an end, may be the rest of it, however late."""
        typed = [Typed(self._text, ended=False)] if self._text else []
        self._text, self._whole, self._fresh = "", False, False
        return typed


def number(typed: Typed, form: Form, digits: int, size: int) -> bytes:
    """Return the number of a token that was typed, as it stands in the text.

    Args:
        typed: What was typed, up to its end.
        form: How the number is written.
        digits: How many digits (of hex: letters too) it has; 0: any number of them.
        size: Bytes of a decimal number.

    Raises:
        Refused: This is no such number, or part of one. The reason does not hold the text.
    """
    signs = len(_BETWEEN.sub("", typed.text))
    if digits and signs != digits:
        raise Refused(HOLD_AGAIN, f"{signs} digits were typed, where `digits` says {digits}")
    if not typed.whole and not digits:
        raise Refused(HOLD_AGAIN, "perhaps only the end of a number was typed; with `digits` that can be told")
    found = _FORMS[form](typed.text, size)
    if found is None:
        raise Refused(NOT_SUPPORTED, f"what was typed ({len(typed.text)} characters) is no {form} number")
    return found


def _hex(text: str, _size: int) -> bytes | None:
    digits = _BETWEEN.sub("", text)
    return bytes.fromhex(digits) if _HEX.fullmatch(digits) else None


def _decimal(text: str, size: int) -> bytes | None:
    if not _DECIMAL.fullmatch(text) or (value := int(text)) >= 1 << 8 * size:
        return None
    return value.to_bytes(size, "big")


def _wiegand(text: str, _size: int) -> bytes | None:
    """``134,62532`` or ``13462532``: the last three bytes of the number, as one and two (26 bit Wiegand)."""
    found = _WIEGAND.fullmatch(text)
    if found is None:
        return None
    facility, rest = (int(part) for part in found.groups() if part is not None)
    if facility >= 1 << 8 or rest >= 1 << 16:
        return None
    return bytes([facility]) + rest.to_bytes(2, "big")


_FORMS = {"decimal": _decimal, "hex": _hex, "wiegand": _wiegand}
