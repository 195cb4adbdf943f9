"""What an operator says about a server of the PointOfSale wallet API."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from terminal.backends.options import ADDRESS, EXPECTED_ADDRESS, ServerOptions, SettlingSeconds


class PointOfSaleOptions(ServerOptions, frozen=True, kw_only=True):
    """The options of a PointOfSale backend."""

    url: Annotated[
        str,
        Meta(
            pattern=ADDRESS,
            description="Where the API is: what stands before `pos/…`.",
            examples=["https://pos.example.org/"],
            extra={"expected": EXPECTED_ADDRESS},
        ),
    ]
    dialect: Annotated[
        Literal["documented", "pretix"],
        Meta(description="`documented`: as its documentation says. `pretix`: the plugin of pretix."),
    ] = "documented"
    idempotency: (
        Annotated[
            Literal["key", "header-24h", "none"],
            Meta(
                description="Whether the server drops a repeat: of the key, of its header within 24 h, or not "
                "at all. If it is not set, the dialect says: `key` if documented, `none` with pretix. A wrong "
                "promise books twice.",
            ),
        ]
        | None
    ) = None
    credit: (
        Annotated[
            Literal["amount", "none"],
            Meta(
                description="Whether the server takes a signed amount (top-ups need it), or has no such call. "
                "If it is not set, the dialect says: `amount` if documented, `none` with pretix."
            ),
        ]
        | None
    ) = None
    trailing_slash: Annotated[
        bool | None,
        Meta(description="Whether paths end in a slash. If it is not set, only those of pretix do."),
    ] = None
    token_case: Annotated[
        Literal["lower", "upper"], Meta(description="How the server writes the letters of a UID.")
    ] = "lower"
    token_order: Annotated[
        Literal["as read", "reversed"], Meta(description="How the server orders the bytes of a UID.")
    ] = "as read"
    alone: Annotated[
        bool,
        Meta(
            description="You promise that nobody and nothing but this terminal ever changes the balances of "
            "its wallets, and that no wallet has two tokens. Only then a balance tells whether what was "
            "sent and not answered was booked. If not, a person is asked. It is of no use where the server "
            "drops repeats."
        ),
    ] = False
    settling_seconds: SettlingSeconds = 60
    products: Annotated[
        tuple[str | int, ...],
        Meta(description="Ids of the products that are sold here, in order. Empty: all that the server names."),
    ] = ()
