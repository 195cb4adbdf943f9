"""The configured servers, as the adapters that speak to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from terminal import backends
from terminal.backends.protocol import Tenure
from terminal.settings import BackendSettings, Settings, credential_reader


def build_servers(
    settings: Settings, *, tenure: Callable[[str], Tenure], network: Any, sandbox: str
) -> dict[str, Any]:
    """Return an adapter for each server, by its name.

    Args:
        settings: The configuration.
        tenure: Returns what remembers since when a server's secret is in use.
        network: The simulated network; None on a real terminal.
        sandbox: Address of the embedded server, which is known only when it runs; empty without one.
    """
    return {
        name: backends.find(each.type)(
            name,
            _options(each, sandbox),
            terminal_id=settings.terminal.id,
            credential=credential_reader(each),
            tenure=tenure(name),
            transport=network,
        )
        for name, each in settings.backends.items()
    }


def _options(backend: BackendSettings, sandbox: str) -> msgspec.Struct:
    if backend.sandbox and sandbox:
        return msgspec.structs.replace(backend.options, url=sandbox)
    return backend.options
