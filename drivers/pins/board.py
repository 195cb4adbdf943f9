"""What can be seen of a board's pins without touching them: that there are some, not what hangs on them."""

from __future__ import annotations

from pathlib import Path

from drivers.contract import Found

_MODEL = "proc/device-tree/model"
_CHIPS = "dev"


def pins_found(role: str, driver: str, root: Path = Path("/")) -> list[Found]:
    """Return what *driver* could use: the pins of this board, where the kernel gives any to programs.

    The options are left to the person who knows the wiring; without them the block is not complete.
    """
    chips = sorted(path.name for path in (root / _CHIPS).glob("gpiochip*"))
    if not chips:
        return []
    try:
        model = (root / _MODEL).read_text(errors="replace").strip("\0 \n")
    except OSError:  # no device tree: no Raspberry Pi
        model = "this machine"
    words = f"the pins of {model} ({', '.join(chips)}); what is wired to them cannot be seen"
    return [Found(role, driver, {}, words)]
