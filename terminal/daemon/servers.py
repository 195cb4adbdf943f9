"""The configured servers, as the adapters that speak to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from terminal import backends
from terminal.backends.protocol import Tenure
from terminal.settings import BackendSettings, Settings, credential_reader

Address = Callable[[str, str], str]
"""The ``url`` of a server of this type and generation, where there are several."""


def build_servers(
    settings: Settings, *, tenure: Callable[[str], Tenure], network: Any, sandbox: Address | None
) -> dict[str, Any]:
    """Return an adapter for each server, by its name.

    Args:
        settings: The configuration.
        tenure: Returns what remembers since when a server's secret is in use.
        network: The simulated network; None on a real terminal.
        sandbox: Returns the address of the embedded server, which is known only when it runs; None: there is
            none.
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


def _options(backend: BackendSettings, sandbox: Address | None) -> msgspec.Struct:
    if backend.sandbox and sandbox is not None:
        url = sandbox(backend.type, getattr(backend.options, "generation", ""))
        return msgspec.structs.replace(backend.options, url=url)
    return backend.options
