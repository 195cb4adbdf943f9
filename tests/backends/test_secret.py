"""The adapter with the secrets as the configuration reads them."""

from __future__ import annotations

from pathlib import Path

from terminal.core.delivery import Outcome
from terminal.settings.secrets import FileSecret
from tests.backends.making import SECRET, UID, adapter, entry


def test_a_secret_file_that_cannot_be_used_pauses_the_backend_with_its_sentence(tmp_path: Path) -> None:
    file = tmp_path / "token"
    backend = adapter("https://pos.example.org/", credential=FileSecret("main", file))
    answer = backend.deliver(entry(), 1)
    assert answer.outcome is Outcome.DENIED
    assert f"{file} does not exist" in answer.words
    file.write_text(SECRET)
    file.chmod(0o644)
    assert "open to everybody" in backend.balance(UID, 1).words
