"""A keyboard's keys as the kernel tells them: the other side of drivers/readers/hid_text.py, written apart."""

import struct

KEY = {sign: code for code, sign in enumerate("1234567890", 2)}
KEY |= {"-": 12, ";": 39, ",": 51, ".": 52, "/": 53, " ": 57}
KEY |= dict(zip("QWERTYUIOP", range(16, 26), strict=True))
KEY |= dict(zip("ASDFGHJKL", range(30, 39), strict=True))
KEY |= dict(zip("ZXCVBNM", range(44, 51), strict=True))
KEYPAD = {"7": 71, "8": 72, "9": 73, "4": 75, "5": 76, "6": 77, "1": 79, "2": 80, "3": 81, "0": 82}
ENTER, TAB, KEYPAD_ENTER = 28, 15, 96
LEFT_SHIFT, RIGHT_SHIFT, CAPS_LOCK, NUM_LOCK, LEFT_CTRL, DOWN = 42, 54, 58, 69, 29, 108

_NATIVE = struct.Struct("@LLHHi")  # struct input_event of this machine


class Keyboard:
    """Makes the events of keys; *ms*: the time of the next one, *pace_ms*: how long after the one before."""

    def __init__(self, ms: int = 1_795_000_000_000, pace_ms: int = 4) -> None:
        self.ms = ms
        self.pace_ms = pace_ms

    def event(self, kind: int, code: int, value: int) -> bytes:
        return _NATIVE.pack(self.ms // 1000, self.ms % 1000 * 1000, kind, code, value)

    def move(self, code: int, value: int) -> bytes:
        """A key goes down (1), is repeated (2) or up (0), as usbhid tells it: scan code, key, report."""
        self.ms += self.pace_ms
        return self.event(4, 4, 0x70000 + code) + self.event(1, code, value) + self.event(0, 0, 0)

    def press(self, *codes: int) -> bytes:
        return b"".join(self.move(code, 1) + self.move(code, 0) for code in codes)

    def shifted(self, code: int, shift: int = LEFT_SHIFT) -> bytes:
        return self.move(shift, 1) + self.press(code) + self.move(shift, 0)

    def type(self, text: str, *ends: int) -> bytes:
        """Letters are typed with Shift where they are capital, as readers do."""
        return b"".join(self._sign(sign) for sign in text) + self.press(*ends)

    def _sign(self, sign: str) -> bytes:
        if sign == ":":
            return self.shifted(KEY[";"])
        code = KEY[sign.upper()]
        return self.shifted(code) if sign.isalpha() and sign.isupper() else self.press(code)
