"""What the kernel or the system does with a device before the terminal can: NFC modules, the serial console."""

from __future__ import annotations

import re
from collections.abc import Iterator

from terminal.doctor.case import Case, files
from terminal.doctor.finding import Finding, ok, trouble, warning

_READERS = {"pcsc", "nfcpy"}
_MODULES = ("pn533_usb", "pn533", "nfc")
_BLACKLIST = (
    "sudo install -m 644 systemd/terminald-modprobe.conf /etc/modprobe.d/terminald.conf"
    " && sudo modprobe -r pn533_usb pn533 nfc"
)
_MODPROBE = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
_UART = re.compile(r"tty(AMA|S)\d+")
_CONSOLE = re.compile(r"console=(serial\d+|tty(?:AMA|S)\d+)")


def reader_modules(case: Case) -> Iterator[Finding]:
    """Whether the kernel's NFC modules take readers before pcscd or nfcpy can."""
    check = "kernel modules"
    readers = sorted(case.drivers() & _READERS)
    if not readers:
        return
    loaded = [name for name in _MODULES if case.system.node(f"/sys/module/{name}")]
    if loaded:
        words = (
            f"The kernel has loaded {', '.join(loaded)}, which seize readers that {' and '.join(readers)} want."
        )
        yield trouble(check, words, _BLACKLIST)
    elif _blacklisted(case):
        yield ok(check, "The kernel's NFC modules are kept from seizing readers.")
    elif case.system.names("/lib/modules/*/kernel/drivers/nfc/pn533/pn533_usb.ko*"):
        words = "Nothing keeps the kernel's module pn533_usb from seizing a reader that is plugged in."
        yield warning(check, words, _BLACKLIST)
    else:
        yield ok(check, "The kernel has no module that seizes readers.")


def _blacklisted(case: Case) -> bool:
    configured = (
        case.system.read(file) or "" for folder in _MODPROBE for file in case.system.names(f"{folder}/*.conf")
    )
    lines = {" ".join(line.split()) for text in configured for line in text.splitlines()}
    return "blacklist pn533_usb" in lines


def serial_console(case: Case) -> Iterator[Finding]:
    """Whether the kernel's console or a log-in sits on a serial line that a device uses."""
    check = "serial console"
    ours = {case.system.target(path): device.name for device in case.devices for path in files(device)}
    lines = {name: device for name, device in ours.items() if _UART.fullmatch(name)}
    if not lines:
        return
    consoles = _CONSOLE.findall(case.system.read("/proc/cmdline") or "")
    talking = {case.system.target(f"/dev/{name}") if name.startswith("serial") else name for name in consoles}
    clean = True
    for name, device in sorted(lines.items()):
        if name in talking:
            clean = False
            yield trouble(
                check, f"The kernel's console is on {name}, which {device!r} uses.", _no_console(case)
            )
        if case.system.names(f"/etc/systemd/system/*.wants/serial-getty@{name}.service") or _logs_in(
            case, name
        ):
            clean = False
            yield trouble(
                check,
                f"A log-in waits on {name}, which {device!r} uses.",
                f"sudo systemctl mask --now serial-getty@{name}.service",
            )
    if clean:
        yield ok(check, f"Neither console nor log-in is on {', '.join(sorted(lines))}.")


def _logs_in(case: Case, name: str) -> bool:
    asked = case.system.run("systemctl", "is-active", f"serial-getty@{name}.service")
    return asked is not None and asked.out == "active"


def _no_console(case: Case) -> str:
    places = ("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
    file = next((path for path in places if case.system.node(path)), places[0])
    return f"sudo sed -i -E 's/console=(serial|ttyAMA|ttyS)[0-9]+(,[0-9a-z]+)? ?//g' {file} && sudo reboot"
