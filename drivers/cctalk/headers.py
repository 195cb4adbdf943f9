"""The commands of ccTalk by number, as far as the drivers send them, and the headers that answers carry.

Numbers: ccTalk Generic Specification, parts 2 and 3; checked against the manuals of SR5, Azkoyen X6, Alberici
AL66 and Suzo-Happ Flow for coin acceptors and hoppers. Those of bill validators are from the generic
specification alone.
"""

from __future__ import annotations

from enum import IntEnum

HOST = 1
"""Address of whoever asks."""

ACK, NAK, BUSY = 0, 5, 6
"""Headers of answers: done (with or without data), refused, not now."""


class Header(IntEnum):
    """Commands of the host."""

    SIMPLE_POLL = 254
    REQUEST_POLLING_PRIORITY = 249
    REQUEST_STATUS = 248
    REQUEST_MAKER = 246
    REQUEST_CATEGORY = 245
    REQUEST_PRODUCT = 244
    REQUEST_SERIAL = 242
    REQUEST_SOFTWARE = 241
    TEST_SOLENOIDS = 240
    SELF_CHECK = 232
    SET_INHIBITS = 231
    READ_INHIBITS = 230
    READ_CREDITS = 229
    SET_MASTER_INHIBIT = 228
    READ_MASTER_INHIBIT = 227
    SET_SORTER_OVERRIDE = 222
    READ_SORTER_OVERRIDE = 221
    REQUEST_OPTION_FLAGS = 213
    SET_SORTER_PATHS = 210
    READ_SORTER_PATHS = 209
    REQUEST_BUILD = 192
    REQUEST_COIN_ID = 184
    ENTER_PIN = 218
    REQUEST_PAYOUT_LEVELS = 217
    TEST_HOPPER = 163
    ENABLE_HOPPER = 164
    PUMP_RNG = 161
    REQUEST_CIPHER_KEY = 160
    READ_BILL_EVENTS = 159
    REQUEST_BILL_ID = 157
    REQUEST_COUNTRY_SCALING = 156
    ROUTE_BILL = 154
    SET_BILL_MODE = 153
    READ_BILL_MODE = 152
    DISPENSE = 167
    REQUEST_HOPPER_STATUS = 166
    REQUEST_DISPENSE_COUNT = 168
    EMERGENCY_STOP = 172
    READ_OPTO_STATES = 236
    REQUEST_ENCRYPTION = 111
    REQUEST_COMMS_REVISION = 4
    RESET = 1


def name_of(header: int) -> str:
    """Return what *header* asks for, in words."""
    try:
        return Header(header).name.replace("_", " ").lower()
    except ValueError:
        return "a command that these drivers do not send"
