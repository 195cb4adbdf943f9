"""What is in force, defaults included, to be read by a person or a program: no secret, no full UID."""

from __future__ import annotations

from typing import Any

import msgspec

from terminal.core.token import mask
from terminal.settings import toml
from terminal.settings.between import UIDS
from terminal.settings.sections import BackendSettings, DeviceSettings, Settings


def in_force(settings: Settings) -> dict[str, Any]:
    """Return every option with its value, in the shape of the configuration file."""
    shown: dict[str, Any] = {}
    for name in (
        "terminal",
        "journal",
        "control",
        "roles",
        "offline",
        "vending",
        "topup",
        "tickets",
        "codes",
        "cash",
        "closing",
        "printing",
        "reading",
        "sync",
        "log",
    ):
        options = msgspec.to_builtins(getattr(settings, name))
        # What is not set has no value, in TOML neither.
        shown[name] = {option: value for option, value in options.items() if value is not None}
    for section, option in UIDS:
        shown[section][option] = [mask(uid) for uid in shown[section][option]]
    if settings.sandbox is not None:
        shown["sandbox"] = msgspec.to_builtins(settings.sandbox)
        for each in (*shown["sandbox"]["wallets"], *shown["sandbox"]["delegates"]):
            each["token"] = mask(each["token"])
    shown["backends"] = {name: _backend(backend) for name, backend in settings.backends.items()}
    shown["devices"] = [_device(device) for device in settings.devices]
    return shown


def show(settings: Settings) -> str:
    """Return ``in_force`` as TOML."""
    return "\n".join([f"# in force from {settings.file}", *toml.lines(in_force(settings))]) + "\n"


def _backend(backend: BackendSettings) -> dict[str, Any]:
    place = {"credential": backend.credential, "token_file": backend.token_file}
    given = {key: value for key, value in place.items() if value}
    return {"type": backend.type, **given, **msgspec.to_builtins(backend.options, str_keys=True)}


def _device(device: DeviceSettings) -> dict[str, Any]:
    head = {"name": device.name, "role": device.role, "driver": device.driver}
    return {**head, **msgspec.to_builtins(device.options, str_keys=True)}
