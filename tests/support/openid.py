"""OpenID providers that are not ours: the package oidc-provider, each at a port of its own, and a resource."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tests.support import needs

HERE = Path(__file__).with_name("oidc")
BOTH = ("client_secret_post", "client_secret_basic")


class Providers:
    """The process that they live in; end it by ``close``."""

    def __init__(self) -> None:
        node = needs.program("node")
        if not (HERE / "node_modules/oidc-provider").is_dir():
            needs.missing("the OpenID provider is not installed: apt-get install npm, then make setup")
        self._process = subprocess.Popen(
            [node, str(HERE / "provider.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def order(self, order: str, **what: Any) -> dict[str, Any]:
        """Have something done, and return what it says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"order": order, **what}) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def open(self, methods: Sequence[str] = BOTH, **what: Any) -> Provider:
        """Return a new provider whose clients may say by *methods* who they are."""
        asked = {"methods": list(methods), "ttl": 600, "headers": {}, **what}
        return Provider(self, asked, **self.order("open", **asked))

    def know(self, id_: str, secret: str, method: str = BOTH[0], **more: Any) -> None:
        """Let every provider know a client, in place of the one of that id."""
        client = {
            "client_id": id_,
            "client_secret": secret,
            "grant_types": ["client_credentials"],
            "redirect_uris": [],
            "response_types": [],
            "token_endpoint_auth_method": method,
            **more,
        }
        self.order("client", client=client)

    def close(self) -> None:
        """End them all."""
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Provider:
    """One of them.

    Attributes:
        issuer: What it calls itself.
        port: Where it listens on 127.0.0.1.
    """

    def __init__(self, providers: Providers, asked: dict[str, Any], port: int, issuer: str) -> None:
        self._providers = providers
        self._asked = asked
        self.port, self.issuer = port, issuer

    def counts(self) -> dict[str, Any]:
        """Return what it was asked for: discoveries, tokens, errors, and calls that were let in or not."""
        return self._providers.order("counts", port=self.port)

    def restart(self) -> None:
        """End it, and begin anew at the same place: with other keys."""
        self._providers.order("close", port=self.port)
        self._providers.order("open", **self._asked | {"port": self.port, "keys": 1})
