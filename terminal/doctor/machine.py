"""The machine itself: its clock, its power, its temperature, its disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, not_checked, ok, trouble, warning

_TIMESYNC_MARK = "/run/systemd/timesync/synchronized"
_THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled"
_NOW = (
    (1, "the voltage is too low"),
    (2, "the processor is slowed down"),
    (4, "it is throttled"),
    (8, "it is hot"),
)
"""Bits of the firmware's answer (Raspberry Pi documentation, vcgencmd); 16 bits higher: since the start."""

_WARM, _HOT = 70, 80  # degrees Celsius; the Pi slows itself down from 80 on
_FULL, _TIGHT = 50_000_000, 500_000_000  # bytes
_FEW_INODES = 1_000
_TIDY = "sudo journalctl --vacuum-size=100M && sudo apt-get clean"


def clock(case: Case) -> Iterator[Finding]:
    """Whether the clock is right: limits by age and the 24 hours of a key depend on it."""
    check = "clock"
    if case.system.node(_TIMESYNC_MARK):
        yield ok(check, "The clock was set from the network since the start.")
        return
    asked = case.system.run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if asked is None or asked.out not in ("yes", "no"):
        yield not_checked(check, "Whether the clock is set from the network, this system does not say.")
    elif asked.out == "yes":
        yield ok(check, "The clock is set from the network.")
    else:
        words = "The clock is not set from the network: after a power cut this machine does not know the time"
        sells_tickets = case.settings is not None and case.settings.terminal.job == "tickets"
        words += ", which stands on every ticket." if sells_tickets else "."
        yield warning(check, words, "sudo timedatectl set-ntp true")


def power(case: Case) -> Iterator[Finding]:
    """Whether the power supply is strong enough."""
    check = "power"
    bits = _throttled(case)
    if bits is None:
        return
    now = [words for bit, words in _NOW if bits & bit]
    before = [words for bit, words in _NOW if bits >> 16 & bit]
    if now:
        yield trouble(check, f"At this moment {', '.join(now)}: use a stronger power supply, or give it air.")
    elif before:
        words = f"Since the start, at times {', '.join(before)}: use a stronger power supply, or give it air."
        yield warning(check, words)
    else:
        yield ok(check, "The power supply is strong enough.")


def _throttled(case: Case) -> int | None:
    text = case.system.read(_THROTTLED)
    if text is None:
        asked = case.system.run("vcgencmd", "get_throttled")
        text = asked.out.partition("=")[2] if asked is not None and asked.code == 0 else ""
    try:
        return int(text.strip(), 16)
    except ValueError:
        return None


def temperature(case: Case) -> Iterator[Finding]:
    """Whether the processor is too hot."""
    check = "temperature"
    text = (case.system.read("/sys/class/thermal/thermal_zone0/temp") or "").strip()
    if not text.isdecimal():
        return
    degrees = int(text) // 1000
    if degrees >= _HOT:
        yield trouble(check, f"The processor has {degrees} °C and slows itself down: give it air.")
    elif degrees >= _WARM:
        yield warning(
            check, f"The processor has {degrees} °C; from {_HOT} on it slows itself down: give it air."
        )
    else:
        yield ok(check, f"The processor has {degrees} °C.")


def disk(case: Case) -> Iterator[Finding]:
    """Whether the journal's disk can be written and has room."""
    check = "disk"
    if case.settings is None:
        return
    folder = str(PurePath(case.settings.journal.path).parent)
    room = case.system.disk(folder)
    if room is None:
        yield not_checked(check, f"How much room {folder} has, the system does not say.")
        return
    free = f"{room.free // 1_000_000} MB"
    if room.read_only:
        words = (
            f"The disk of {folder} is read-only: nothing is sold. A card that turns read-only is about to fail."
        )
        yield trouble(check, words, "sudo dmesg | grep -iE 'mmc|ext4|i/o error'")
    elif room.free < _FULL:
        yield trouble(check, f"The disk of {folder} is full: {free} are free.", _TIDY)
    elif room.inodes and room.inodes_free < _FEW_INODES:
        words = f"The disk of {folder} can take only {room.inodes_free} files more."
        yield trouble(check, words, f"sudo du --inodes -xd1 / {folder} | sort -n | tail")
    elif room.free < _TIGHT:
        yield warning(check, f"The disk of {folder} is nearly full: {free} are free.", _TIDY)
    else:
        yield ok(check, f"The disk of {folder} has {free} free.")
