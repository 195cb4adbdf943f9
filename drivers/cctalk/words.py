"""What the codes of ccTalk devices mean, as words for a technician, and what follows from them.

Codes of coin acceptors and faults: ccTalk Generic Specification, part 3 (tables of error and fault codes), as
the manuals of SR5, Azkoyen X6 and Alberici AL66 have them. Events of bill validators: part 2, header 159, by
knowledge of the generic specification; not tried on a device.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.value import Value


class Kind(Enum):
    """What follows from an event that is no credit."""

    NOTHING = "nothing"  # the coin came back, or nothing happened
    SWALLOWED = "swallowed"  # a coin may have gone in without being credited
    FRAUD = "fraud"
    TROUBLE = "trouble"  # the device should be looked at
    LEVER = "lever"  # the customer wants his money back


class Code(Value, frozen=True):
    """What one code means."""

    kind: Kind
    words: str


def _codes(kind: Kind, words: dict[int, str]) -> dict[int, Code]:
    return {number: Code(kind, each) for number, each in words.items()}


COIN_CODES: dict[int, Code] = {
    **_codes(
        Kind.NOTHING,
        {
            0: "nothing happened",
            1: "a coin that it does not know came back",
            2: "an inhibited coin came back",
            3: "a coin that could be two different ones came back",
            4: "nothing came after its wake-up sensor",
            8: "two coins came too close to each other",
            9: "a coin came before the gate was ready",
            10: "a coin came before the credit sensor was ready",
            11: "a coin came before the sorter was ready",
            12: "a coin came before a rejected one was out of the way",
            24: "a coin came back, the same again and again",
            27: "too many games were paid for at once",
            28: "too many pulses for the coin meter",
            37: "a coin was too fast for the measurement",
            38: "a coin was too slow for the measurement",
            253: "it wants a block of data, which is not a matter of this terminal",
        },
    ),
    **_codes(
        Kind.SWALLOWED,
        {
            5: "a coin was measured and did not go on in time",
            6: "an accepted coin did not reach the credit sensor",
            7: "an accepted coin did not leave the sorter in time",
            18: "a coin was too fast over the credit sensor and is not credited",
            19: "a coin was too slow over the credit sensor and is not credited",
            23: "a coin reached the credit sensor too early and is not credited",
            36: "a coin was swallowed",
            39: "a coin went to the wrong exit of the sorter and is not credited",
        },
    ),
    **_codes(
        Kind.FRAUD,
        {
            16: "a coin passed the credit sensor in the wrong order",
            17: "a coin went backwards",
            20: "a coin on a string",
            25: "a slug",
            40: "light from outside fell on its sensors",
        },
    ),
    **_codes(
        Kind.TROUBLE,
        {
            13: "its measuring sensor is not ready",
            14: "its credit sensor is blocked",
            15: "its sorter's sensor is blocked",
            21: "a coin did not pass the double-entry sensor in time",
            22: "a coin was not seen by the double-entry sensor",
            26: "its reject sensor is blocked",
            29: "its gate does not close",
            30: "its gate does not open",
            31: "a coin did not pass the manifold in time",
            32: "its manifold is blocked",
            33: "its manifold is not ready",
            34: "its security setting was changed",
            35: "its motor does not work",
            255: "an alarm that it has no code for",
        },
    ),
    **{code: Code(Kind.NOTHING, f"the inhibited coin {code - 127} came back") for code in range(128, 160)},
    254: Code(Kind.LEVER, "the return lever was pressed"),
}

BILL_CODES: dict[int, Code] = {
    **_codes(
        Kind.NOTHING,
        {
            0: "a bill was refused because all are",
            1: "a bill was returned from escrow",
            2: "a bill that it does not know came back",
            3: "a bill that could not be drawn in well came back",
            4: "an inhibited bill came back",
            5: "a bill that its switches forbid came back",
            10: "its stacker is well again",
            12: "its stacker was put in",
            20: "a bar code was read",
        },
    ),
    **_codes(Kind.SWALLOWED, {21: "a bill that it does not know went to the stacker"}),
    **_codes(
        Kind.FRAUD,
        {
            8: "a bill was pulled back",
            9: "a bill was tampered with",
            17: "its light barriers were tampered with",
            18: "a bill on a string",
        },
    ),
    **_codes(
        Kind.TROUBLE,
        {
            6: "a bill is stuck in its transport, where a hand can reach it",
            7: "a bill is stuck in its stacker",
            11: "its stacker was taken out",
            13: "its stacker does not work",
            14: "its stacker is full",
            15: "its stacker is stuck",
            16: "a bill is stuck in its transport",
            19: "its protection against strings does not work",
        },
    ),
}

FAULTS: dict[int, str] = {
    1: "its settings are damaged (EEPROM checksum)",
    2: "its coils do not work",
    3: "its credit sensor does not work",
    4: "its piezo sensor does not work",
    5: "its reflective sensor does not work",
    6: "its diameter sensor does not work",
    7: "its wake-up sensor does not work",
    8: "its sorter's exit sensors do not work",
    9: "its counters are damaged (NVRAM checksum)",
    10: "it cannot dispense coins",
    11: "its low-level sensor does not work",
    12: "its high-level sensor does not work",
    13: "it cannot count coins",
    14: "its keypad does not work",
    15: "a button of it does not work",
    16: "its display does not work",
    17: "its coin audit does not work",
    18: "its reject sensor does not work",
    19: "its return lever is stuck or does not work",
    20: "its protection against coins on strings is active or does not work",
    21: "its rim sensor does not work",
    22: "its temperature sensor does not work",
    23: "its payout motor does not work",
    24: "a payout took too long",
    25: "its payout is jammed",
    26: "its payout sensor does not work",
    27: "its level sensor does not work",
    28: "its personality module is missing",
    29: "its personality module is damaged",
    30: "its program is damaged (ROM checksum)",
    31: "a device behind it is missing",
    32: "it cannot talk to its own parts",
    33: "its supply voltage is not what it should be",
    34: "it is too hot or too cold",
    35: "its double-entry sensor does not work",
    36: "its bill sensors do not work",
    37: "its bill transport does not work",
    38: "its stacker does not work",
    39: "a bill is stuck in it",
    40: "its memory does not work",
    41: "its string sensor does not work",
    42: "its gate does not close",
    43: "its gate does not open",
    44: "its stacker is missing",
    45: "its stacker is full",
    46: "its flash memory cannot be erased",
    47: "its flash memory cannot be written",
    48: "a device behind it does not answer",
    49: "its light barrier does not work",
    50: "its battery is empty",
    51: "its door is open",
    52: "a switch of it does not work",
    53: "its clock does not work",
    54: "its program does not work",
    55: "it could not start up",
    56: "it draws too much or too little current",
    57: "it waits for a new program",
    255: "it has a fault without a code",
}

_MOST_SIGNS = 40

STATUSES = {0: "", 1: "its return lever is pressed", 2: "its protection against coins on strings is active"}


def coin_code(number: int) -> Code:
    """Return what the error *number* of a coin acceptor means."""
    return COIN_CODES.get(number, Code(Kind.TROUBLE, f"its error {number}, which no table has"))


def bill_code(number: int) -> Code:
    """Return what the event 0, *number* of a bill validator means."""
    return BILL_CODES.get(number, Code(Kind.TROUBLE, f"its event {number}, which no table has"))


def fault(data: bytes) -> str:
    """Return what the answer to a self-check says; empty: all is well."""
    if not data or data[0] == 0:
        return ""
    more = f" ({data[1]})" if len(data) > 1 else ""
    return FAULTS.get(data[0], f"its self-check says {data[0]}, which no table has") + more


def printable(raw: bytes) -> str:
    """Return *raw* as text that is fit for a screen: what a device says of itself is its own matter."""
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in raw)  # noqa: PLR2004 - ASCII
    return text.strip()[:_MOST_SIGNS]
