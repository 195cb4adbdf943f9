"""The offline journal: every money-relevant fact, durable before the world is touched."""

from terminal.journal.check import verify_file
from terminal.journal.keyfile import load_or_create_key
from terminal.journal.reads import JournalReader
from terminal.journal.store import Journal

__all__ = ["Journal", "JournalReader", "load_or_create_key", "verify_file"]
