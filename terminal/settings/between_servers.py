"""Rules between a backend's options, its roles and the job: its adapter says what does not fit. Pure."""

from __future__ import annotations

import msgspec

from terminal.settings import words
from terminal.settings.check import Checker, join
from terminal.settings.draft import Block, Draft
from terminal.settings.sections import RolesSection


def check_servers(found: Draft, checker: Checker) -> None:
    """Note what adapters say of their options that no option can say by itself."""
    roles = [each.name for each in msgspec.structs.fields(RolesSection)]
    for name, block in found.backends.items():
        unfit = getattr(block.plugin, "unfit", None)
        if unfit is None:
            continue
        options = _in_force(block)
        plays = frozenset(role for role in roles if found.get("roles", role) == name)
        for option, expected, why in unfit(options, plays, found.get("terminal", "job")):
            checker.wrong(join(block.path, option), words.found(options.get(option)), expected, why)


def _in_force(block: Block) -> dict[str, object]:
    """Return the options of a backend as far as they are right, with the defaults of the others."""
    fields = msgspec.structs.fields(block.plugin.Options)
    usual = {each.name: each.default for each in fields if each.default is not msgspec.NODEFAULT}
    return usual | block.options
