"""Rules of the section [closing] that no type can say: schedules that fire, and groups that there are. Pure."""

from __future__ import annotations

from datetime import UTC

from terminal.core import cron
from terminal.settings import words
from terminal.settings.check import Checker, join
from terminal.settings.draft import Draft


def check_closing(found: Draft, checker: Checker) -> None:
    """Note every schedule that is none, and every rate of a group that no product is in.

    Where a server tells the groups of its products, nobody knows yet which ones there are.
    """
    for number, text in enumerate(found.get("closing", "schedules") or (), 1):
        _schedule(text, f"closing.schedules[{number}]", checker)
    groups = found.get("closing", "groups")
    if groups is None or any(block.plugin is None for block in found.backends.values()):
        return  # wrong in itself
    if any(getattr(block.plugin, "tells_groups", False) for block in found.backends.values()):
        return
    known = sorted(set(groups.values()))
    for name in found.get("closing", "vat") or {}:
        if name not in known:
            expected = f"the name of a group in closing.groups: {words.choices(known)}"
            hint = words.did_you_mean(name, known)
            checker.wrong(join("closing.vat", name), words.found(name), expected, hint)


def _schedule(text: str, path: str, checker: Checker) -> None:
    try:
        schedule = cron.parse(text)
    except ValueError as error:
        # Its sentence has the form of a mistake already.
        what, _, expected = str(error).removeprefix("found ").partition("; expected ")
        checker.wrong(path, what, expected)
        return
    if cron.following([schedule], 0, UTC) is None:
        checker.wrong(path, words.found(text), "a day that there is")
