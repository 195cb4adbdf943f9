"""Configurations with a sandbox inside the daemon, and the adapters that it gives to a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from terminal import backends
from terminal.sandbox import Sandbox
from terminal.sandbox.embedded import embedded
from terminal.settings import Settings, credential_reader, load

TERMINAL = """
[terminal]
id = "kiosk-1"
job = "vending"
[roles]
wallet = "main"
[[devices]]
name = "reader"
role = "reader"
driver = "simulated"
[[devices]]
name = "spout"
role = "release"
driver = "simulated"
[sandbox]
enabled = true
listen = "127.0.0.1:0"
database = "{folder}/sandbox.db"
token_file = "{folder}/sandbox.token"
"""
"""All that does not depend on which servers there are; more of [sandbox] follows."""


def configured(folder: Path, servers: str, *changes: tuple[str, str]) -> Settings:
    """Return the settings with *servers*, in which pieces are replaced."""
    text = (TERMINAL + servers).format(folder=folder)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "terminal.toml"
    file.write_text(text)
    return load(file)


@contextmanager
def running(settings: Settings, name: str, generation: str = "") -> Iterator[tuple[Sandbox, Any]]:
    """Run the sandbox; give it, and the adapter of the backend *name*."""
    assert settings.sandbox is not None
    backend = settings.backends[name]
    sandbox = embedded(settings.sandbox)
    try:
        sandbox.start()
        options: Any = backend.options
        values = {field: getattr(options, field) for field in options.__struct_fields__}
        adapter: Any = backends.find(backend.type)(
            name,
            type(options)(**values | {"url": sandbox.url_for(backend.type, generation)}),
            terminal_id="kiosk-1",
            credential=credential_reader(backend),
        )
        with closing(adapter):
            yield sandbox, adapter
    finally:
        sandbox.stop()
