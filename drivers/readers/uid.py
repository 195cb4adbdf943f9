"""Numbers of tokens: one way to write them, whatever reads them, and which of them say nothing.

A number is written as upper-case hex, first transmitted byte first, without separators and without the cascade
tag 88. Readers that say the same in other words declare how (``ReaderOptions``, and what their own options
add), so that ids of different readers can be compared: as whole strings, never in part.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

from msgspec import Meta

from drivers.contract import DriverOptions

_SIZES = (3, 4, 5, 7, 8, 10)
"""Bytes: 4, 7, 10 single, double and triple size (ISO/IEC 14443-3, 6.5.4); 8 ISO/IEC 15693-3, 4.1 and the IDm
of FeliCa (JIS X 6319-4); 5 EM4100; 3 what is left of a number by readers that speak Wiegand with 26 bits."""

_RANDOM_ID = 0x08
_CASCADE_TAG = 0x88
_SINGLE = 4
_SHARED = frozenset({"01020304"})
_PEER = "01FE"

CHANGES = "This phone or card shows another number each time; please use your usual card."


class Chip(Enum):
    """What kind of token a number is of, as far as its reader can tell."""

    UNKNOWN = "unknown"
    NFC = "13.56 MHz"  # one of the next four
    A = "ISO 14443 A"
    B = "ISO 14443 B"
    FELICA = "FeliCa"
    VICINITY = "ISO 15693"
    EM4100 = "EM4100"
    PLAIN = "another kind"  # whose first byte says nothing: 125 kHz tags, or parts of longer numbers


_SIZES_OF = {
    Chip.NFC: (4, 7, 8, 10),
    Chip.A: (4, 7, 10),
    Chip.B: (4,),
    Chip.FELICA: (8,),
    Chip.VICINITY: (8,),
    Chip.EM4100: (5,),
}
_MAY_BE_RANDOM = frozenset({Chip.UNKNOWN, Chip.NFC, Chip.A})


class ReaderOptions(DriverOptions, frozen=True, kw_only=True):
    """What every token reader lets an operator declare."""

    order: Annotated[
        Literal["as read", "reversed"],
        Meta(
            description="Order of the bytes of a token's number. `reversed`: this reader tells the last first."
        ),
    ] = "as read"
    cut: Annotated[
        str,
        Meta(
            pattern="^((first|last) ([3457]|8|10))?$",
            description="The part of each number that is kept, in bytes, like `last 4`, where another reader "
            "tells no more of the same tokens. Empty: all of it.",
        ),
    ] = ""


class Refused(Exception):  # noqa: N818 - what it is, not that it is an error
    """This is no usable token. *words*: for the guest; *why*: for the technician; neither holds the number."""

    def __init__(self, words: str, why: str) -> None:
        super().__init__(why)
        self.words = words
        self.why = why


NOT_SUPPORTED = "This kind of card cannot be used here; please use another one."


def identify(raw: bytes, options: ReaderOptions, chip: Chip = Chip.UNKNOWN) -> str:
    """Return the canonical id of the token whose number a reader gave as *raw*.

    Raises:
        Refused: The number tells no token from another, or has a length that no token has.
    """
    whole = raw[::-1] if options.order == "reversed" else raw
    try:
        words = refusal(canonical(whole, chip), chip)
        uid = canonical(_cut(whole, options.cut))
    except ValueError as error:
        raise Refused(NOT_SUPPORTED, str(error)) from error
    if words is not None:
        raise Refused(words, words)
    return uid


def _cut(raw: bytes, cut: str) -> bytes:
    if not cut:
        return raw
    end, _, size = cut.partition(" ")
    count = int(size)
    if len(raw) < count:
        raise ValueError(f"The card's UID has {len(raw)} bytes; `cut` keeps the {cut}.")
    return raw[:count] if end == "first" else raw[-count:]


def canonical(raw: bytes, chip: Chip = Chip.UNKNOWN) -> str:
    """Return *raw* as upper-case hex without separators, first transmitted byte first.

    This is the order in which PC/SC readers give it (PC/SC part 3, 3.2.2.1.3, Get Data: for ISO 14443 A the
    first transmitted byte is the first of the answer), and the order printed on data sheets.

    Raises:
        ValueError: *raw* is as long as no number of such a token. The sentence does not hold the bytes.
    """
    sizes = _SIZES_OF.get(chip, _SIZES)
    if len(raw) not in sizes:
        kind = "" if chip is Chip.UNKNOWN else f" of {chip.value}"
        expected = ", ".join(map(str, sizes))
        raise ValueError(f"The card's UID has {len(raw)} bytes; a number{kind} has {expected}.")
    return raw.hex().upper()


def refusal(uid: str, chip: Chip = Chip.UNKNOWN) -> str | None:
    """Return why the canonical *uid* must not be used, in one sentence for the guest; None if it may be.

    Refused, because they do not tell one card from another:

    * 4 bytes starting 08: made up anew at each touch by phones, passports and cards in random-id mode
      (NXP AN10927, "MIFARE product and handling of UIDs", random id). Not of EM4100, where it means nothing.
    * 4 bytes starting 88: the cascade tag, so this is the first part of a longer UID that the reader did not
      finish (ISO/IEC 14443-3, 6.5.4: uid0 of a single size UID is never 88).
    * all 00 or all FF: erased or unfinished chips, and readers that failed without saying so.
    * 01020304: the fixed answer of many Android phones, the same for all of them.
    * 8 bytes starting 01FE of FeliCa: a phone that wants to exchange data, made up anew each time (NFC Forum,
      Digital Protocol, NFCID2).
    """
    raw = bytes.fromhex(uid)
    if set(raw) in ({0x00}, {0xFF}):
        return "This card has no number of its own; please use another one."
    if chip is Chip.FELICA and uid.startswith(_PEER):
        return CHANGES
    if len(raw) != _SINGLE or chip not in _MAY_BE_RANDOM:
        return None
    if uid in _SHARED:
        return "This phone shows a number that it shares with others; please use your card."
    if raw[0] == _RANDOM_ID:
        return CHANGES
    if raw[0] == _CASCADE_TAG:
        return "The card was not read to the end; please hold it on the reader again."
    return None
