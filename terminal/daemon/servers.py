"""The configured servers, as the adapters that speak to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from terminal import backends
from terminal.backends.protocol import Tenure
from terminal.mirror import Mirror, beside
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
            **_mirror(each, settings),
            **backends.placed(each.type, settings.plays(name)),
        )
        for name, each in settings.backends.items()
    }


def _mirror(backend: BackendSettings, settings: Settings) -> dict[str, Any]:
    """Return where an adapter keeps a copy of what its server has many of, if it keeps one."""
    if not getattr(backends.find(backend.type), "mirrored", False):
        return {}
    return {"mirror": partial(Mirror, beside(settings.journal.path, backend.name))}


def _options(backend: BackendSettings, sandbox: Address | None) -> msgspec.Struct:
    if backend.sandbox and sandbox is not None:
        url = sandbox(backend.type, getattr(backend.options, "generation", ""))
        return msgspec.structs.replace(backend.options, url=url)
    return backend.options
