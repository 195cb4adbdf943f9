"""A tenant, and terminalctl with a client's id and secret for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from terminal.cli import cli
from tests.sandbox.tenant import ID, SECRET, Tenant

_CONFIG = """
[terminal]
id = "coffee-1"
job = "vending"

[backends.pos]
type = "kensium"
url = "{url}"
allow_http = true
token_file = "{file}"
store_code = "MAIN"
{options}

[roles]
wallet = "pos"
sales = "pos"

[[devices]]
name = "front reader"
role = "reader"
driver = "pcsc"

[[devices]]
name = "spout"
role = "release"
driver = "relay"
line = 17
"""


class Office:
    """A folder with a secret, and the server that knows it."""

    def __init__(self, tenant: Tenant, folder: Path) -> None:
        self.tenant, self.folder = tenant, folder
        self.file = folder / "kensium.json"
        self.file.touch(0o600)
        self.file.write_text(json.dumps({"client_id": ID, "client_secret": SECRET}, separators=(",", ":")))
        self.config = folder / "none.toml"

    def configure(self, options: str = "") -> None:
        """Write a configuration with these options."""
        self.config = self.folder / "terminal.toml"
        url = self.tenant.sandbox.kensium_url
        self.config.write_text(_CONFIG.format(url=url, file=self.file, options=options))

    def rule(self, **rules: Any) -> None:
        """Let the tenant behave otherwise."""
        self.tenant.kensium.rules = msgspec.structs.replace(self.tenant.kensium.rules, **rules)

    def run(self, *args: str) -> Result:
        """Run terminalctl kensium, as it is configured."""
        runner = CliRunner(env={"TERMINAL_CONFIG": str(self.config), "COLUMNS": "200"})
        return runner.invoke(cli, ["kensium", *args])

    def __call__(self, *args: str) -> Result:
        """Run it without a configuration."""
        url = self.tenant.sandbox.kensium_url
        return self.run(*args, "--url", url, "--secret-file", str(self.file), "--allow-http")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    tenant = Tenant()
    try:
        yield Office(tenant, tmp_path)
    finally:
        tenant.close()
