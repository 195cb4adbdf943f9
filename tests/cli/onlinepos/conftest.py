"""A company of OnlinePOS, and terminalctl with a secret for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from terminal.cli import cli
from tests.sandbox.shop import FIRMAID, KEY, TOKEN, Shop


class Office:
    """A folder with a secret, and where the server is."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.file = folder / "onlinepos.json"
        self.write(token=TOKEN, firmaid=FIRMAID, key=KEY)

    def write(self, **secret: Any) -> None:
        """Put a secret where terminalctl finds it."""
        self.file.touch(0o600)
        self.file.write_text(json.dumps(secret, separators=(",", ":")))

    def __call__(self, *args: str) -> Result:
        """Run terminalctl onlinepos."""
        said = ["--url", self.url, "--secret-file", str(self.file), "--allow-http"]
        runner = CliRunner(env={"TERMINAL_CONFIG": str(self.folder / "none.toml"), "COLUMNS": "200"})
        return runner.invoke(cli, ["onlinepos", *args, *said])

    def export(self, *args: str) -> list[str]:
        """Return the lines of an export to stdout."""
        done = self("export", *args)
        assert done.exit_code == 0, done.output
        return done.stdout.splitlines()


Open = Callable[..., tuple[Office, Shop]]


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Open]:
    """Start a shop by its rules, and have an office for it."""
    with ExitStack() as stack:

        def open_(**rules: Any) -> tuple[Office, Shop]:
            shop = Shop(rules)
            stack.callback(shop.close)
            return Office(tmp_path, shop.sandbox.onlinepos_url), shop

        yield open_
