"""What follows from Onslip's entities: binding, versions, settings, the products of a screen, bookings.

Pure. What Onslip's pages do not tell is a parameter here, with what is likely as its default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hmac import compare_digest
from typing import Literal

from terminal.backends.onslip.models_catalogue import ButtonMap, ButtonMapItem, Location, VoucherTransaction
from terminal.backends.onslip.models_till import (
    Function,
    PeripheralBinding,
    PeripheralServiceBinding,
    Till,
    TillPatch,
)
from terminal.backends.onslip.models_values import Base64, Money
from terminal.core.till import Attached
from terminal.core.value import replace

KEY_BYTES = 32
"""Of the key that a device makes for itself [inferred]."""
EXTERNAL_JOURNAL = "external-journal"
"""The type of a till that stands for another system's books, and for no machine."""

_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}")
_PRINTER: Mapping[str, tuple[str, ...]] = {"printer": ("receipt-printer",)}


class Refused(Exception):  # noqa: N818 - an outcome, not a fault
    """It must not be done; one sentence says why and what to do."""


# -- binding -------------------------------------------------------------------------------------------


def binding(till: Till, device_id: str, key: bytes) -> TillPatch:
    """Return the change that binds *till*, as it was just read, to this hardware. Send it with If-Match.

    Args:
        till: A stored one.
        device_id: UID of the hardware.
        key: Random, ``KEY_BYTES`` long; that the device chooses it is inferred.

    Raises:
        Refused: The till is deleted, no machine at all, or something is bound to it.
        ValueError: The device id is empty, or the key has another length.
    """
    if not device_id or len(key) != KEY_BYTES:
        raise ValueError(f"a till is bound by a device id and a key of {KEY_BYTES} bytes")
    name = f"the till {till.id} {till.name!r}"
    if till.deleted is not None:
        raise Refused(f"{name} is deleted; choose another, or have it restored in the back office")
    if till.type == EXTERNAL_JOURNAL:
        raise Refused(f"{name} is the journal of another system and no machine; choose another")
    if till.device_id is not None or till.device_key is not None:
        what = "a key without a device id" if till.device_id is None else f"the device {till.device_id!r}"
        hint = "choose another, or have device-id and device-key cleared in the back office"
        raise Refused(f"{name} is bound to {what} already; {hint}")
    return TillPatch(device_id=device_id, device_key=Base64.of(key))


def bound_to_us(till: Till, device_id: str, key: bytes) -> bool | None:
    """Return whether *till* is bound to this hardware, to settle a binding whose answer was lost.

    None where it has our device id, but the server does not show its key: try to sign with ours.
    """
    if till.device_id != device_id:
        return False
    return None if till.device_key is None else compare_digest(till.device_key.raw, key)


# -- versions and settings -----------------------------------------------------------------------------


def newer(offered: str | None, running: str) -> bool:
    """Return whether ``client-version`` is greater than the version that runs.

    Numbers between dots are compared [inferred]; what is no such version is ignored.
    """
    ours, theirs = _version(running), _version(offered or "")
    return ours is not None and theirs is not None and theirs > ours


def _version(text: str) -> tuple[int, ...] | None:
    if not _VERSION.fullmatch(text.strip()):
        return None
    numbers = [int(each) for each in text.strip().split(".")]
    while numbers and not numbers[-1]:  # 1.2.0 is 1.2
        numbers.pop()
    return tuple(numbers)


def button_map_of(
    till: Till | None, location: Location | None, default: int | None = None, *, use_location: bool = True
) -> int | None:
    """Return the button map of a device: its own, else that of its location [inferred], else *default*."""
    own = till.config.button_map if till and till.config else None
    there = location.config.button_map if use_location and location and location.config else None
    return next((each for each in (own, there) if each is not None), default)


def schedules_of(
    till: Till | None, location: Location | None, *, use_location: bool = True
) -> tuple[str, ...] | None:
    """Return when a device closes by itself: by its own schedules, else by those of its location [inferred].

    An empty list of its own never fires, and nothing else holds then [inferred]. None: neither says anything.
    """
    own = till.config.auto_close_batch_schedules if till and till.config else None
    config = location.config if use_location and location else None
    there = config.auto_close_batch_schedules if config else None
    return own if own is not None else there


# -- the products of a screen --------------------------------------------------------------------------


def products_of(
    start: int, maps: Mapping[int, ButtonMap], *, deepest: int = 4, most: int = 500
) -> tuple[int, ...]:
    """Return the ids of the products of a button map in the order of a screen, each once.

    A map that a button leads to stands in its place; each map counts once, so that a circle ends. Menus go from
    left to right, everything else line by line. Other buttons, maps that are not there, and unknown actions are
    passed over.

    Args:
        start: The id of the map.
        maps: All that are known, by id.
        deepest: How many maps may lie within each other, the first included.
        most: How many products are returned.
    """
    found: dict[int, None] = {}
    for product in _walk(start, maps, {start}, deepest):
        found[product] = None
        if len(found) >= most:
            break
    return tuple(found)


def _walk(here: int, maps: Mapping[int, ButtonMap], seen: set[int], deepest: int) -> Iterator[int]:
    shown = maps.get(here)
    if shown is None or shown.deleted is not None:
        return
    for button in sorted(shown.buttons, key=_left_first if shown.type == "menu" else _top_first):
        target = button.button_map
        if button.action == "add-product-item" and button.product is not None:
            yield button.product
        elif (
            button.action == "display-button-map" and target is not None and target not in seen and deepest > 1
        ):
            seen.add(target)
            yield from _walk(target, maps, seen, deepest - 1)


def _left_first(button: ButtonMapItem) -> tuple[int, int]:
    return button.x, button.y


def _top_first(button: ButtonMapItem) -> tuple[int, int]:
    return button.y, button.x


# -- bookings ------------------------------------------------------------------------------------------


def spending(cents: int, *, sign: Literal[-1, 1] = -1) -> VoucherTransaction:
    """Return the booking that takes *cents*, more than zero, from a voucher.

    Args:
        cents: What is spent.
        sign: Of an amount that is spent: not documented, less than zero is likely. Probe it before money moves.

    Raises:
        ValueError: Nothing, or less, would be spent.
    """
    if cents <= 0:
        raise ValueError(f"found {cents} cents to spend from a voucher; expected more than zero")
    return VoucherTransaction(amount=Money.of_cents(sign * cents))


# -- peripherals ---------------------------------------------------------------------------------------


def peripherals(
    devices: Sequence[Attached],
    known: Sequence[PeripheralBinding] = (),
    functions: Mapping[str, tuple[str, ...]] = _PRINTER,
) -> tuple[PeripheralBinding, ...]:
    """Return the whole list of ``peripheral-bindings`` for the devices that are there, ordered by id.

    Args:
        devices: All of them.
        known: What the server has. A name that somebody gave a device there is kept, and so is what is carried
            along with it; a peripheral that is not there any more is left out.
        functions: What the devices of a role are used for. There is no function for readers and acceptors:
            roles that are not named have none. Device and service types are free texts [inferred]: the role.

    Raises:
        ValueError: Two devices have one id, or a function is none that Onslip knows.
    """
    unknown = {each for of_role in functions.values() for each in of_role} - Function.KNOWN
    if unknown:
        raise ValueError(f"found the functions {sorted(unknown)}; expected some of {sorted(Function.KNOWN)}")
    if len({device.id for device in devices}) < len(devices) or not all(device.id for device in devices):
        raise ValueError("found devices with the same id or none; expected one of its own for each")
    before = {each.device_id: each for each in known}
    ordered = sorted(devices, key=lambda device: device.id)
    return tuple(
        _bound(device, before.get(device.id), tuple(Function(each) for each in functions.get(device.role, ())))
        for device in ordered
    )


def _bound(device: Attached, known: PeripheralBinding | None, used: tuple[Function, ...]) -> PeripheralBinding:
    service = PeripheralServiceBinding(
        functions=used,
        name=device.name,
        service_id=f"{device.id}:{device.role}",
        service_name=device.name,
        service_type=device.role,
    )
    bound = PeripheralBinding(
        name=device.name,
        address=device.address or None,
        exclusive=True,
        device_id=device.id,
        device_name=device.name,
        device_type=device.role,
        device_model=device.driver,
        device_version=device.version,
        service_bindings=(service,),
    )
    if known is None:
        return bound
    renamed = {each.service_id: each for each in known.service_bindings}.get(service.service_id)
    if renamed is not None:
        service = replace(
            service, name=_name(renamed.name, renamed.service_name, device), others=renamed.others
        )
    name = _name(known.name, known.device_name, device)
    return replace(bound, name=name, others=known.others, service_bindings=(service,))


def _name(given: str, own: str, device: Attached) -> str:
    return given if given != own else device.name
