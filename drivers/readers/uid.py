"""UIDs of contactless cards, tags and phones: one way to write them, and which of them say nothing.

Every reader hands its bytes to ``canonical``, so that ids of different readers can be compared: as whole
strings, never in part. ``refusal`` tells the guest why a thing that has a UID is no token all the same.
"""

from __future__ import annotations

_SIZES = (4, 7, 8, 10)
"""Single, double and triple size (ISO/IEC 14443-3, 6.5.4), and the fixed size of ISO/IEC 15693-3, 4.1 (8)."""

_RANDOM_ID = 0x08
_CASCADE_TAG = 0x88
_SHARED = frozenset({"01020304"})


def canonical(raw: bytes) -> str:
    """Return *raw* as upper-case hex without separators, first transmitted byte first.

    This is the order in which PC/SC readers give it (PC/SC part 3, 3.2.2.1.3, Get Data: for ISO 14443 A the
    first transmitted byte is the first of the answer), and the order printed on data sheets.

    Raises:
        ValueError: *raw* is not 4, 7, 8 or 10 bytes long. The sentence does not hold the bytes.
    """
    if len(raw) not in _SIZES:
        raise ValueError(f"The card's UID has {len(raw)} bytes; 4, 7 or 10 were expected (8 for ISO 15693).")
    return raw.hex().upper()


def refusal(uid: str) -> str | None:
    """Return why the canonical *uid* must not be used, in one sentence for the guest; None if it may be.

    Refused, because they do not tell one card from another:

    * 4 bytes starting 08: made up anew at each touch by phones, passports and cards in random-id mode
      (NXP AN10927, "MIFARE product and handling of UIDs", random id).
    * 4 bytes starting 88: the cascade tag, so this is the first part of a longer UID that the reader did not
      finish (ISO/IEC 14443-3, 6.5.4: uid0 of a single size UID is never 88).
    * all 00 or all FF: erased or unfinished chips, and readers that failed without saying so.
    * 01020304: the fixed answer of many Android phones, the same for all of them.
    """
    raw = bytes.fromhex(uid)
    if set(raw) in ({0x00}, {0xFF}):
        return "This card has no number of its own; please use another one."
    if uid in _SHARED:
        return "This phone shows a number that it shares with others; please use your card."
    if len(raw) == min(_SIZES) and raw[0] == _RANDOM_ID:
        return "This phone or card shows another number each time; please use your usual card."
    if len(raw) == min(_SIZES) and raw[0] == _CASCADE_TAG:
        return "The card was not read to the end; please hold it on the reader again."
    return None
