"""What an operator says about a tenant of Kensium POS. What its pages do not tell is an option, too."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from terminal.backends.options import ADDRESS, EXPECTED_ADDRESS, ServerOptions

_PATH = r"\A/[^\s?#]*\Z"
_EXPECTED_PATH = "a path that begins with /"
_NAME = r"\A(?:[_A-Za-z][_0-9A-Za-z]*)?\Z"


class KensiumOptions(ServerOptions, frozen=True, kw_only=True):
    """The options of a Kensium backend."""

    url: Annotated[
        str,
        Meta(
            pattern=ADDRESS,
            description="Where the tenant is: its host name, and its prefix if it has one.",
            examples=["https://pos.example.com/store1"],
            extra={"expected": EXPECTED_ADDRESS},
        ),
    ]
    graphql_path: Annotated[
        str,
        Meta(
            pattern=_PATH,
            description="Where GraphQL is answered, below `url`.",
            extra={"expected": _EXPECTED_PATH},
        ),
    ] = "/api/graphql"
    token_path: Annotated[
        str,
        Meta(
            pattern=_PATH,
            description="Where tokens are given out, below `url`, if the server does not tell it by OpenID "
            "Connect discovery.",
            extra={"expected": _EXPECTED_PATH},
        ),
    ] = "/connect/token"
    client_auth: Annotated[
        Literal["discovered", "body", "basic"],
        Meta(
            description="How the client's id and secret are sent: in the `body`, as HTTP `basic`, or as the "
            "server's discovery says (in the body if it has none)."
        ),
    ] = "discovered"
    scope: Annotated[
        str,
        Meta(
            pattern=r"\A(?:[!#-\[\]-~]+(?: [!#-\[\]-~]+)*)?\Z",
            description="The scope that is asked for. Empty: none, the roles of the application count.",
            extra={"expected": "words with one space between them, or an empty text"},
        ),
    ] = ""
    names: Annotated[
        dict[
            str, Annotated[str, Meta(pattern=_NAME, extra={"expected": "a name in GraphQL, or an empty text"})]
        ],
        Meta(
            description="What the server calls a field, an argument or a word otherwise than its pages, by the "
            "path that the schema check shows. Empty: it has no such thing, which is left out."
        ),
    ] = msgspec.field(default_factory=dict)

    @property
    def base(self) -> str:
        """The address of the tenant without a slash at its end."""
        return self.url.rstrip("/")

    @property
    def graphql_url(self) -> str:
        """The whole address of the endpoint."""
        return self.base + self.graphql_path

    @property
    def token_url(self) -> str:
        """The whole address where tokens are given out, if the server does not tell another."""
        return self.base + self.token_path

    @property
    def discovery_url(self) -> str:
        """The whole address of what the server tells of itself (OpenID Connect Discovery 1.0, 4)."""
        return self.base + "/.well-known/openid-configuration"
