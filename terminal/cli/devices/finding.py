"""What the drivers find plugged in, each asked by itself: one that fails or hangs is told and stops nothing."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

import drivers
from drivers.contract import Found
from drivers.errors import DeviceError
from terminal.core.value import Value
from terminal.settings import DeviceSettings

WITHIN_S = 10.0
"""How long a driver may look; a service behind it may hang."""


class Looked(Value, frozen=True):
    """What one driver has found, or why it could not look. *trouble* is one line; empty: it could."""

    role: str
    driver: str
    found: tuple[Found, ...] = ()
    trouble: str = ""


class Proposal(Value, frozen=True):
    """A device that was found.

    Attributes:
        configured: Name of the configured device that it is; empty: none.
        taken: Name of the device, of another driver, that is configured at the same place; empty: none.
        rivals: Other drivers that were proposed for the same place: at most one of them is right.
        lacks: What its block lacks to be right, as the driver says it; empty: nothing.
    """

    found: Found
    configured: str = ""
    taken: str = ""
    rivals: tuple[str, ...] = ()
    lacks: str = ""


def look(known: Sequence[tuple[str, str]] | None = None, within_s: float = WITHIN_S) -> list[Looked]:
    """Ask every driver that can tell; all at the same time, for no longer than *within_s* seconds together."""
    answers: queue.SimpleQueue[Looked] = queue.SimpleQueue()
    order = drivers.names() if known is None else list(known)
    for role, driver in order:
        asker = threading.Thread(
            target=lambda role=role, driver=driver: answers.put(_ask(role, driver)), daemon=True
        )
        asker.start()
    looked: dict[tuple[str, str], Looked] = {}
    until = time.monotonic() + within_s
    while len(looked) < len(order):
        try:
            answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        looked[answer.role, answer.driver] = answer
    silent = f"did not answer within {within_s:g} s"
    return [looked.get(each) or Looked(*each, trouble=silent) for each in order]


def _ask(role: str, driver: str) -> Looked:
    try:
        scan = getattr(drivers.find(role, driver), "scan", None)
        return Looked(role, driver, () if scan is None else tuple(scan()))
    except ImportError as error:
        return Looked(role, driver, trouble=f"its library cannot be imported: {error}")
    except DeviceError as error:
        return Looked(role, driver, trouble=error.words)
    except Exception as error:  # noqa: BLE001 - the border of a plug-in: the others are asked all the same
        return Looked(role, driver, trouble=f"cannot look: {error or type(error).__name__}")


def proposals(looked: Sequence[Looked], configured: Sequence[DeviceSettings]) -> list[Proposal]:
    """Return everything that was found, each configured device being at most one of it."""
    found = [each for one in looked for each in one.found]
    left = list(configured)
    made = []
    for each in found:
        same = next((device for device in left if _same(device, each)), None)
        if same is not None:
            left.remove(same)
            made.append(Proposal(each, configured=same.name))
            continue
        places = _places(each.options)
        taken = (device.name for device in configured if places & _places(_options(device)))
        others = (one.driver for one in found if one is not each and places & _places(one.options))
        rivals = tuple(dict.fromkeys(others))
        made.append(Proposal(each, taken=next(taken, ""), rivals=rivals, lacks=_lacks(each)))
    return made


def _options(device: DeviceSettings) -> dict[str, object]:
    return {name: getattr(device.options, name) for name in device.options.__struct_fields__}


def _places(options: dict[str, Any]) -> set[Path]:
    """Return the device files that *options* name: what two drivers cannot have at the same time."""
    return {_node(value) for value in options.values() if isinstance(value, str) and "/dev/" in value}


def _same(device: DeviceSettings, found: Found) -> bool:
    """Return whether *device* would be what was *found*: every option that tells it from others fits."""
    if (device.role, device.driver) != (found.role, found.driver):
        return False
    return all(_fits(getattr(device.options, option, None), value) for option, value in found.options.items())


def _fits(given: object, value: object) -> bool:
    if given == value:
        return True
    if not isinstance(given, str) or not isinstance(value, str):
        return False
    if "/dev/" in given and "/dev/" in value:
        return _node(given) == _node(value)
    # Many options take a part of a name, and an empty one means: whatever there is.
    return given in value


def _node(text: str) -> Path:
    return Path("/dev/" + text.partition("/dev/")[2]).resolve()


def _lacks(found: Found) -> str:
    try:
        msgspec.convert(found.options, drivers.find(found.role, found.driver).Options)
    except msgspec.ValidationError as error:
        return str(error)
    return ""
