"""The systemd unit, read from its files: who runs the daemon, in which groups, with which secrets. Pure.

Read here rather than asked of systemd, because it is to be right before systemd was told of it, too. Facts:
systemd.unit(5), systemd.exec(5): files in /etc go before those in /run and /usr/lib; drop-ins add to them; a
list that is set to nothing begins anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from terminal.core.value import Value
from terminal.doctor.system import System

NAME = "terminald.service"
_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
)
_LISTS = ("SupplementaryGroups", "LoadCredential", "LoadCredentialEncrypted")


class Unit(Value, frozen=True):
    """The daemon's unit.

    Attributes:
        file: Where it is; empty: it is not installed.
        user: Who runs the daemon; empty: root.
        groups: Names of the groups beside the user's own.
        credentials: Files of the secrets, by name; an empty path: encrypted, or found by systemd itself.
    """

    file: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    credentials: Mapping[str, str] = msgspec.field(default_factory=dict)


def unit(system: System) -> Unit:
    """Return the unit as it is installed."""
    file = next((f"{folder}/{NAME}" for folder in _FOLDERS if system.node(f"{folder}/{NAME}")), "")
    if not file:
        return Unit()
    user, lists = "", {name: list[str]() for name in _LISTS}
    for name, value in _settings(system, file):
        if name == "User":
            user = value
        elif name in lists:
            lists[name] = [*lists[name], *value.split()] if value else []
    credentials = dict.fromkeys((each.partition(":")[0] for each in lists["LoadCredentialEncrypted"]), "")
    for each in lists["LoadCredential"]:
        name, _, path = each.partition(":")
        credentials[name] = path
    return Unit(file, user, tuple(lists["SupplementaryGroups"]), credentials)


def _settings(system: System, file: str) -> Iterator[tuple[str, str]]:
    """Give the settings of the section [Service], in order; the drop-ins by their names."""
    drop_ins = {
        path.rpartition("/")[2]: path
        for folder in reversed(_FOLDERS)
        for path in system.names(f"{folder}/{NAME}.d/*.conf")
    }
    for path in (file, *(drop_ins[name] for name in sorted(drop_ins))):
        section = ""
        for line in re.sub(r"\\\n", " ", system.read(path) or "").splitlines():
            text = line.strip()
            if text.startswith("["):
                section = text
            elif section == "[Service]" and "=" in text and text[0] not in "#;":
                name, _, value = text.partition("=")
                yield name.strip(), value.strip()
