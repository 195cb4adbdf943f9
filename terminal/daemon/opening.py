"""The journal, opened at the start; or one sentence that says why the daemon cannot start."""

from __future__ import annotations

from pathlib import Path

from terminal.journal import Journal, load_or_create_key
from terminal.journal.errors import JournalError
from terminal.settings import Settings


class CannotStart(Exception):  # noqa: N818 - it is an answer to the operator
    """The daemon cannot start; one sentence says why and what to do."""


def open_journal(settings: Settings, boot: str) -> Journal:
    """Open the journal, with its folder and key made where they are missing.

    Raises:
        CannotStart: It cannot be used.
    """
    path = Path(settings.journal.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        key = load_or_create_key(Path(settings.journal.key_file or f"{path}.key"))
        return Journal.open(path, key, boot=boot)
    except JournalError as error:
        raise CannotStart(str(error)) from None
    except OSError as error:
        raise CannotStart(
            f"The journal {path} cannot be used ({error.strerror}): check that its directory belongs to the "
            "daemon's user."
        ) from None
