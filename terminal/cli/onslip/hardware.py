"""By which id this machine is told from all others: that of the board, else one made of the system's."""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from terminal.cli.errors import WrongUse

_SERIAL = "proc/device-tree/serial-number"
_MACHINE = "etc/machine-id"
_PURPOSE = bytes.fromhex("6f1c0e8f5a0d4b0c9a8e51d2c47b93a6")  # ours alone, and for ever the same
_GOOD = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{3,99}")


def device_id(given: str | None, root: Path = Path("/")) -> str:
    """Return *given*, or what the hardware says.

    The id of the system (machine-id(5)) must not leave the machine: a keyed hash of it does.

    Args:
        given: By a person.
        root: Of the file system.

    Raises:
        WrongUse: *given* is none, or nothing says one.
    """
    if given is not None:
        if not _GOOD.fullmatch(given):
            raise WrongUse("--device-id: 4 to 100 letters, digits, dots, colons, hyphens or underscores.")
        return given
    serial = _text(root / _SERIAL)
    if _GOOD.fullmatch(serial) and serial.strip("0"):
        return serial
    machine = _text(root / _MACHINE)
    if not re.fullmatch(r"[0-9a-f]{32}", machine):
        raise WrongUse(f"Neither /{_SERIAL} nor /{_MACHINE} tells this machine's id: name one by --device-id.")
    return hmac.new(bytes.fromhex(machine), _PURPOSE, "sha256").hexdigest()[:32]


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip("\0 \n")
    except OSError:
        return ""
