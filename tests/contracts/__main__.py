"""Writes ``docs/contracts.md`` anew."""

from tests.contracts.document import PATH, document

PATH.write_text(document(), "utf-8")
