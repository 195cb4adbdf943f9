"""The one question that a PC/SC reader is asked about a contactless card: its UID. Bytes only, no reader.

The question is Get Data of PC/SC part 3 (3.2.2.1.3): ``FF CA 00 00 Le``. The reader itself answers it, so it
works for cards that know no commands at all. The answer is the UID and two status bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.readers.uid import NOT_SUPPORTED

HOLD_AGAIN = "The card could not be read; please hold it on the reader again."

_DONE = frozenset({0x9000, 0x6282})  # 6282: the UID is shorter than asked for, which does no harm
_WRONG_LENGTH = 0x6C
_NEVER = frozenset({0x6A81, 0x6800, 0x6881, 0x6D00, 0x6E00})
"""Function, class, channel, instruction not supported (PC/SC part 3 table 3-9; ISO/IEC 7816-4, 5.1.3)."""


class NoUid(Exception):  # noqa: N818 - what it is, not that it is an error
    """The card has no UID to give, or did not give it.

    Attributes:
        words: One sentence for the guest.
        why: The same for the technician.
        final: To ask again is of no use.
    """

    def __init__(self, words: str, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.words = words
        self.why = why
        self.final = final


def get_uid(length: int = 0) -> bytes:
    """Return the question for the UID; *length* 0: however long it is."""
    return bytes([0xFF, 0xCA, 0x00, 0x00, length])


def ask_uid(transmit: Callable[[bytes], bytes]) -> bytes:
    """Ask for the UID by *transmit* (a question in, its answer out) and return its bytes.

    A reader that demands the exact length (6C xx) is asked a second time with it.

    Raises:
        NoUid: There is none, or it could not be read. What *transmit* raises goes through.
    """
    answer = transmit(get_uid())
    if len(answer) == 2 and answer[0] == _WRONG_LENGTH:  # noqa: PLR2004 - two status bytes and nothing else
        answer = transmit(get_uid(answer[1]))
    status = int.from_bytes(answer[-2:], "big")
    if status in _DONE and len(answer) > 2:  # noqa: PLR2004 - the status bytes again
        return answer[:-2]
    why = f"the card answered {status:04X} to the question for its UID"
    if status in _NEVER:
        raise NoUid(NOT_SUPPORTED, f"{why}: not supported", final=True)
    raise NoUid(HOLD_AGAIN, why, final=False)


_MEANINGS = {
    bytes.fromhex("FFCA0000"): "asks for the UID",
    bytes.fromhex("FF000000"): "command to the chip",
    bytes.fromhex("FF005200"): "beep at each card: off",
    bytes.fromhex("FFC20000"): "transparent session: start or end",
    bytes.fromhex("FFC20002"): "transparent session: protocol",
    bytes.fromhex("FFC20001"): "transparent session: command to the chip",
}
_LAMP = bytes.fromhex("FF0040")


def meaning(apdu: bytes) -> str:
    """Return in a few words what the question *apdu* is."""
    return "lamp and buzzer" if apdu.startswith(_LAMP) else _MEANINGS.get(apdu[:4], "")
