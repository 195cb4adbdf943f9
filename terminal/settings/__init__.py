"""The configuration: one TOML file, read once, checked whole, with every mistake at a time."""

from terminal.settings.check import Mistake
from terminal.settings.loading import ConfigError, load, load_devices
from terminal.settings.sandbox_section import SandboxSection
from terminal.settings.secrets import SecretError, credential_reader, read_key, signing_key
from terminal.settings.sections import BackendSettings, DeviceSettings, Settings
from terminal.settings.showing import in_force, show

__all__ = [
    "BackendSettings",
    "ConfigError",
    "DeviceSettings",
    "Mistake",
    "SandboxSection",
    "SecretError",
    "Settings",
    "credential_reader",
    "example",
    "in_force",
    "load",
    "load_devices",
    "read_key",
    "show",
    "signing_key",
]


def example() -> str:
    """Return the example file, made from the options of every section, backend and driver."""
    from terminal.settings.example_file import text  # noqa: PLC0415 - the daemon never needs it

    return text()
