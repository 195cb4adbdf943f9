"""The configuration file, read once and checked whole."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from terminal.settings.between import check_between
from terminal.settings.check import Checker, Mistake
from terminal.settings.draft import draft, finish, sound_devices
from terminal.settings.plugins import Installed, Plugins
from terminal.settings.sections import ControlSection, DeviceSettings, Settings

MOST = 1_000_000  # bytes; a configuration of a terminal has some thousands

_PLACE = re.compile(r"(?P<words>.*) \(at (?P<place>line \d+, column \d+|end of document)\)", re.DOTALL)


class ConfigError(Exception):
    """A configuration that cannot be used.

    Attributes:
        path: The file.
        mistakes: All of them.
    """

    def __init__(self, path: str, mistakes: tuple[Mistake, ...]) -> None:
        self.path = path
        self.mistakes = mistakes
        number = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n".join([f"{number} in {path}:", *(f"  {mistake}" for mistake in mistakes)]))


def load(path: str | os.PathLike[str], plugins: Plugins | None = None) -> Settings:
    """Read and check a configuration file.

    Args:
        path: The file.
        plugins: The drivers and adapters that it may name; by default those that are installed.

    Raises:
        ConfigError: It cannot be read, is no TOML, or has mistakes: with all of them.
    """
    file = Path(path)
    checker = Checker()
    found = draft(_read(file), plugins or Installed(), checker)
    check_between(found, checker)
    if checker.mistakes:
        raise ConfigError(str(file), tuple(checker.mistakes))
    return finish(found, file)


def load_devices(
    path: str | os.PathLike[str], plugins: Plugins | None = None
) -> tuple[tuple[DeviceSettings, ...], Path, tuple[Mistake, ...]]:
    """Read what is needed to bring outputs to their safe state, and load nothing else.

    Returns:
        The devices that are right in themselves, whatever else is wrong in the file; the control socket, by
        which a running daemon is known; and what is wrong with the other devices.

    Raises:
        ConfigError: It cannot be read, or is no TOML.
    """
    raw = _read(Path(path))
    checker = Checker()
    devices = sound_devices(raw, plugins or Installed(), checker)
    control = raw.get("control")
    socket = control.get("socket") if isinstance(control, dict) else None
    usual = ControlSection().socket
    return devices, Path(socket if isinstance(socket, str) else usual), tuple(checker.mistakes)


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST + 1)
    except FileNotFoundError:
        hint = "`terminalctl config example` prints one to begin with"
        raise _unreadable(file, "no such file", hint) from None
    except OSError as error:
        raise _unreadable(file, f"what cannot be read: {error.strerror}") from None
    if len(raw) > MOST:
        raise _unreadable(file, f"more than {MOST} bytes")
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            str(file), (Mistake(f"line {line}", "bytes that are no UTF-8", "UTF-8 text"),)
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(file), (_syntax(str(error)),)) from None


def _unreadable(file: Path, found: str, hint: str = "") -> ConfigError:
    return ConfigError(str(file), (Mistake(str(file), found, "a configuration file", hint),))


def _syntax(error: str) -> Mistake:
    """Return the parser's words with their place. They quote keys, never values."""
    split = _PLACE.fullmatch(error)
    place, said = (split["place"], split["words"]) if split else ("the file", error)
    hint = 'a text stands in quotes: name = "text"' if said == "Invalid value" else ""
    return Mistake(place, f"what is no TOML ({said})", "TOML", hint)
