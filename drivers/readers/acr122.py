"""Lamp and buzzer of the ACR122U and its kin, as bytes. Only while a card lies there can they be reached.

(Without a card they are behind an escape command, which pcscd's CCID driver forbids unless its Info.plist is
changed.) Source: ACR122U Application Programming Interface 2.04, 6.2 and 6.7::

    FF 00 52 00 00                   no beep of its own when it detects a card; until it is unplugged
    FF 00 40 P2 04 T1 T2 count link  lamp and buzzer; P2: final state, masks, blinking; T1, T2 in 100 ms
"""

from __future__ import annotations

SILENT = bytes.fromhex("FF00520000")
"""Switches the reader's own beep off."""

_RED, _GREEN, _RED_MASK, _GREEN_MASK = 0x01, 0x02, 0x04, 0x08
_RED_FIRST, _RED_BLINKS = 0x10, 0x40
_IN_T1 = 0x01  # link: the buzzer sounds during T1


def tell(*, good: bool, lamp: bool, beep: bool) -> bytes:
    """Return the command that shows whether a token was taken.

    Args:
        good: Green and one short tone; else red, blinking, and two.
        lamp: Whether the lamp shows it.
        beep: Whether the buzzer tells it.
    """
    state = 0
    if lamp:
        state = _RED_MASK | _GREEN_MASK | (_GREEN if good else _RED | _RED_FIRST | _RED_BLINKS)
    times = (1, 0, 1) if good else (1, 1, 2)
    return bytes([0xFF, 0x00, 0x40, state, 0x04, *times, _IN_T1 if beep else 0])


def done(answer: bytes) -> bool:
    """Whether *answer* says that it was done: 90 and the state of the lamp."""
    return len(answer) == 2 and answer[0] == 0x90  # noqa: PLR2004 - two status bytes
