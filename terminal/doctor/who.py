"""Who drives the devices, and what that user may open. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from terminal.core.value import Value
from terminal.doctor.system import Node, System
from terminal.doctor.unit import Unit

READ, WRITE = 0o4, 0o2
_GROUP_FIELDS = 4
_USER_FIELDS = 4


class Who(Value, frozen=True):
    """A user. *known*: whether the machine knows it at all."""

    name: str
    uid: int
    gids: frozenset[int]
    known: bool = True


def who(system: System, unit: Unit) -> Who:
    """Return who runs the daemon by its unit; without one, who asks."""
    users = {fields[0]: fields for fields in _rows(system, "/etc/passwd", _USER_FIELDS)}
    if unit.file:
        name = unit.user or "root"
    else:
        name = next((each for each, fields in users.items() if fields[2] == str(system.uid)), str(system.uid))
    found = users.get(name)
    if found is None:
        return Who(
            name, 0 if name == "root" else system.uid, frozenset(), known=name == "root" or not unit.file
        )
    gids = {int(found[3])}
    for group, _, gid, members in _groups(system):
        if name in members.split(",") or (unit.file and group in unit.groups):
            gids.add(int(gid))
    return Who(name, int(found[2]), frozenset(gids))


def may(who: Who, node: Node, want: int) -> bool:
    """Return whether *who* may open *node* to READ, WRITE, or both."""
    if who.uid == 0:
        return True
    shift = 6 if node.uid == who.uid else 3 if node.gid in who.gids else 0
    return (node.mode >> shift) & want == want


def group_name(system: System, gid: int) -> str:
    """Return the name of a group."""
    return next((fields[0] for fields in _groups(system) if fields[2] == str(gid)), str(gid))


def _groups(system: System) -> list[Sequence[str]]:
    return list(_rows(system, "/etc/group", _GROUP_FIELDS))


def _rows(system: System, path: str, least: int) -> Iterator[Sequence[str]]:
    for line in (system.read(path) or "").splitlines():
        fields = line.split(":")
        if len(fields) >= least and fields[2].isdecimal():
            yield fields
