"""Who may change what of a trusted device: a device binds itself once, and staff does the rest."""

from __future__ import annotations

from terminal.sandbox.onslip.query import Entity
from terminal.sandbox.onslip.rules import forbidden

_FIELDS = {
    "device-id": ("bind-tills",),
    "device-key": ("bind-tills",),
    "control-unit-id": ("bind-control-unit",),
    "config": ("edit-till-config",),
    # The page of the tills names the first, the list of permissions the second.
    "account-config": ("edit-location", "edit-locations"),
    "location": ("edit-location", "edit-locations"),
}
_BINDING = frozenset({"device-id", "device-key"})


def check_till(permissions: frozenset[str], before: Entity, named: frozenset[str]) -> None:
    """Let a change of the fields *named* pass, or not. What is bound counts as a change even if it is equal.

    Args:
        permissions: What the key may do.
        before: The device as it is; empty: it is being added.
        named: The fields that are to change.

    Raises:
        Refusal: The key may not.
    """
    if "edit-tills" in permissions:
        return
    if not before:
        raise forbidden("edit-tills")
    for name in sorted(named):
        taken = any(each in before for each in (_BINDING if name in _BINDING else {name}))
        once = name in _BINDING or name == "control-unit-id"
        enough = _FIELDS.get(name, ())
        if (once and taken) or not permissions.intersection(enough):
            raise forbidden("edit-tills" if (once and taken) or not enough else enough[0])
