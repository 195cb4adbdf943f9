"""What a device says, as lines for a technician. Pure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from drivers.contract import Traffic
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeviceChanged,
    DeviceEvent,
    DeviceMarked,
    PayoutCounted,
    PayoutEnded,
    PrintEnded,
    ReleaseEnded,
    TokenPresented,
    TokenRemoved,
    TokenUnreadable,
)
from terminal.core.machine import (
    CashSold,
    MachineEnabled,
    MachineEvent,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)
from terminal.core.token import mask
from terminal.core.value import Value

READER = "reader"

_TROUBLES = {
    CoinTrouble.UNKNOWN: "no known coin",
    CoinTrouble.LOST: "perhaps coins, lost",
    CoinTrouble.FRAUD: "attempt at fraud",
}


class Line(Value, frozen=True):
    """One line.

    Attributes:
        kind: ``event``: what the driver told the terminal; ``traffic``: what went over the wire; ``note``: what
            the terminal says; ``end``: the last one, with the reason.
        words: For a person.
        event: Name of the event.
        values: What it holds, for a program; a UID is masked unless the listener asked for it.
        way: Of traffic: ``>`` to the device, ``<`` from it, ``!`` not understood.
        raw: Of traffic: its bytes in hex; empty where they may hold a UID that was not asked for.
        at_s: Seconds since the listening began.
    """

    kind: Literal["event", "traffic", "note", "end"]
    words: str
    event: str = ""
    values: dict[str, Any] = msgspec.field(default_factory=dict)
    way: Literal[">", "<", "!", ""] = ""
    raw: str = ""
    at_s: float = 0.0


def note(words: str, **values: object) -> Line:
    """Return what the terminal says."""
    return Line("note", words, values=values)


def event(happened: DeviceEvent, *, full_uids: bool = False) -> Line:
    """Return an event as a line."""
    values: dict[str, Any] = msgspec.to_builtins(happened)
    if "uid" in values and not full_uids:
        values["uid"] = mask(values["uid"])
    return Line("event", _words(happened, values), event=type(happened).__name__, values=values)


def traffic(heard: Traffic, role: str, *, full_uids: bool = False) -> Line:
    """Return what went over the wire as a line.

    The bytes on a reader's wire may be those of a UID, whatever its protocol, and in both directions: a card is
    selected by its number. They are shown only to who asked for full UIDs (I8); what they mean is always told.
    """
    hidden = role == READER and not full_uids
    size = f"{len(heard.raw)} bytes" if len(heard.raw) != 1 else "1 byte"
    words = f"{heard.meaning} ({size})".strip() if hidden else heard.meaning
    return Line("traffic", words, way=heard.way, raw="" if hidden else heard.raw.hex(" ").upper())


def _words(happened: DeviceEvent, values: dict[str, Any]) -> str:
    match happened:
        case TokenPresented():
            words = f"token {values['uid']}"
            if happened.original is not None:
                words += ", an original one" if happened.original else ", not proved to be an original one"
            return words + (", which lay there already" if happened.lying else "")
        case TokenRemoved():
            return "token taken away"
        case TokenUnreadable():
            return f"no usable token: {happened.words}"
        case CoinInserted():
            counted = "" if happened.counter is None else f", the device's number {happened.counter}"
            return f"money: {happened.amount} cents{counted}"
        case CoinUnrecognised():
            return f"{_TROUBLES[happened.trouble]} ({happened.pulses} pulses): {happened.words}"
        case DeviceMarked() | PayoutCounted():
            return f"its counters: {happened.mark}"
        case PayoutEnded():
            return f"payout {happened.ended.value}, {happened.paid} cents{_after(happened.words)}"
        case ButtonPressed():
            return f"button {happened.button}"
        case ReleaseEnded() | PrintEnded():
            what = "release" if isinstance(happened, ReleaseEnded) else "print"
            return f"{what} {happened.ended.value}{_after(happened.words)}"
        case DeviceChanged():
            return f"health {happened.health.value}{_after(happened.words)}"
        case _:
            return _machine_words(happened)


def _machine_words(happened: MachineEvent) -> str:
    match happened:
        case MachineEnabled():
            return f"card reader {'enabled' if happened.enabled else 'disabled'} by the machine"
        case VendRequested():
            return f"vend requested: selection {happened.item} for {happened.price} cents"
        case VendCancelled():
            return "vend taken back by the machine"
        case SessionEnded():
            return "session ended by the machine"
        case RevalueRequested():
            return f"revalue requested: {happened.amount} cents"
        case CashSold():
            return f"sold for cash: selection {happened.item} for {happened.price} cents"


def _after(words: str) -> str:
    return f": {words}" if words else ""
