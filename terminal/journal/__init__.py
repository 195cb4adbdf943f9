"""The offline journal: every money-relevant fact, durable before the world is touched."""

from pathlib import Path

from terminal.journal.backup import Progress
from terminal.journal.keyfile import load_or_create_key
from terminal.journal.reads import JournalReader
from terminal.journal.store import Journal

__all__ = ["Journal", "JournalReader", "load_or_create_key", "verify_file"]


def verify_file(path: Path, key: bytes, progress: Progress | None = None) -> list[str]:
    """Return what is wrong with the journal at *path*, as sentences; see terminal.journal.check."""
    from terminal.journal import check  # noqa: PLC0415 - a technician asks for it; the daemon starts without

    return check.verify_file(path, key, progress)
