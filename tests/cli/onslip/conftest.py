"""A realm, and terminalctl with a key for it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from terminal.backends.onslip import client as onslip_client
from terminal.cli import cli
from tests.sandbox.realm import ID, SECRET, Realm

DEVICE = "10000000abcdef01"


class Office:
    """A folder with a key, and the server that knows it."""

    def __init__(self, realm: Realm, folder: Path) -> None:
        self.realm, self.folder = realm, folder
        self.file = folder / "onslip.key"
        self.write(ID, SECRET)

    def write(self, id_: str, secret: bytes, file: Path | None = None) -> None:
        """Put a key where terminalctl finds it."""
        kept = json.dumps({"key_id": id_, "key": b64encode(secret).decode()}, separators=(",", ":"))
        path = file or self.file
        path.touch(0o600)
        path.write_text(kept)

    def options(self, file: Path | None = None) -> list[str]:
        """Whom to ask, as what."""
        url, realm = self.realm.sandbox.onslip_url, self.realm.onslip.rules.realm
        return ["--url", url, "--realm", realm, "--secret-file", str(file or self.file), "--allow-http"]

    def __call__(self, *args: str, file: Path | None = None, **more: Any) -> Result:
        """Run terminalctl onslip."""
        runner = CliRunner(env={"TERMINAL_CONFIG": str(self.folder / "none.toml"), "COLUMNS": "120"})
        return runner.invoke(cli, ["onslip", *args, *self.options(file)], **more)

    def bind(self, *args: str, **more: Any) -> Result:
        """Run terminalctl onslip bind, as this machine."""
        return self("bind", *args, "--device-id", DEVICE, "--yes", **more)

    def till(self, id_: int = 7) -> dict[str, Any]:
        """A till as the server has it."""
        return next(each for each in self.realm.onslip.entities("tills") if each["id"] == id_)

    def kept(self, suffix: str = "") -> dict[str, Any]:
        """What a file of the key holds."""
        found: dict[str, Any] = json.loads(self.file.with_name(self.file.name + suffix).read_text())
        return found

    def changes(self) -> int:
        """How often a till was really changed."""
        count: int = self.realm.onslip.counters()["effects"].get("update tills", 0)
        return count


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    realm = Realm({"device_id": "device:{device}@{realm}", "device_permissions": ["show-tills"]})
    monkeypatch.setattr(onslip_client, "wall_s", lambda: realm.clock.ms // 1000)
    try:
        yield Office(realm, tmp_path)
    finally:
        realm.close()
