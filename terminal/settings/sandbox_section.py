"""The section of the embedded server: what testers may say about it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from terminal.core.rules import Rules
from terminal.settings.texts import PathText


class SandboxWallet(Rules, frozen=True):
    """A wallet that the embedded server has from the start."""

    token: Annotated[
        str, Meta(min_length=2, max_length=40, description="UID of the token.", examples=["04A1B2C3D4E5F6"])
    ]
    balance: Annotated[
        int, Meta(ge=-100_000_00, le=100_000_00, description="What is in it at first, in cents.")
    ] = 0


class SandboxProduct(Rules, frozen=True):
    """A product that the embedded server sells."""

    id: Annotated[str | int, Meta(description="Its id, a text or a number.", examples=["espresso"])]
    name: Annotated[str, Meta(min_length=1, max_length=60, description="Its name.", examples=["Espresso"])]
    price: Annotated[int, Meta(ge=0, le=100_000_00, description="Its price, in cents.", examples=[150])]
    group: Annotated[
        str, Meta(min_length=1, max_length=60, description="Its product group, where the server has groups.")
    ] = "Goods"
    vat: Annotated[
        int,
        Meta(
            ge=0,
            le=100_00,
            description="The VAT rate of that group, in hundredths of a percent: 2500 is 25 %.",
        ),
    ] = 2500


class SandboxTicketProduct(Rules, frozen=True):
    """A product of the embedded server for tickets: what is sold, and each ticket of it."""

    id: Annotated[int, Meta(ge=1, le=2**53, description="Its id, a number there.", examples=[4])]
    name: Annotated[str, Meta(min_length=1, max_length=60, description="Its name.", examples=["Adult"])]
    price: Annotated[int, Meta(ge=0, le=100_000_00, description="Its price, in cents.", examples=[3000])]


class SandboxDelegate(Rules, frozen=True):
    """A person that the embedded server for tickets knows: a guest, or staff."""

    id: Annotated[int, Meta(ge=1, le=2**53, description="Their id, a number there.", examples=[789])]
    name: Annotated[str, Meta(min_length=1, max_length=60, description="Their name.", examples=["Kiri Tane"])]
    token: Annotated[
        str, Meta(min_length=2, max_length=40, description="UID of their token.", examples=["04AABBCCDDEE80"])
    ]


class SandboxSection(Rules, frozen=True):
    """A server of our own inside the daemon, for testers. Only where every device is simulated."""

    enabled: Annotated[bool, Meta(description="Whether it runs.")] = False
    listen: Annotated[
        str,
        Meta(
            pattern=r"\A(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}\Z",
            description="Where it listens. Port 0: any free one.",
            extra={"expected": 'an address of this machine and a port, like "127.0.0.1:8091"'},
        ),
    ] = "127.0.0.1:8091"
    dialect: Annotated[
        Literal["documented", "pretix"],
        Meta(description="Whether it speaks as documented or as the plugin of pretix does."),
    ] = "documented"
    database: Annotated[PathText, Meta(description="Its state.")] = "var/sandbox.db"
    token_file: Annotated[
        PathText, Meta(description="The token that it asks for; made at the first start.")
    ] = "var/sandbox.token"
    wallets: Annotated[tuple[SandboxWallet, ...], Meta(description="Its wallets at first.")] = ()
    products: Annotated[tuple[SandboxProduct, ...], Meta(description="What it sells.")] = ()
    satellite: Annotated[
        bool, Meta(description="Whether it is a Satellite server, too, which records tickets: under `/api`.")
    ] = False
    satellite_mode: Annotated[
        Literal["strict", "trusting"],
        Meta(
            description="`strict`: it refuses a sale that breaks the documented rules. `trusting`: it stores "
            "whatever it is sent."
        ),
    ] = "strict"
    satellite_file: Annotated[
        PathText, Meta(description="The credentials that it asks for; made at the first start.")
    ] = "var/sandbox-satellite.json"
    satellite_token_s: Annotated[
        int, Meta(ge=1, le=86_400, description="Seconds after which an access token of it expires.")
    ] = 3600
    ticket_products: Annotated[
        tuple[SandboxTicketProduct, ...],
        Meta(description="The products that it takes in sales, those of child tickets, too."),
    ] = ()
    delegates: Annotated[
        tuple[SandboxDelegate, ...], Meta(description="The people that it knows by their tokens.")
    ] = ()
    onslip: Annotated[
        bool,
        Meta(
            description="Whether it is an Onslip server, too: under `/v1`. It sells `products`, whose ids are "
            "whole numbers there, and each of `wallets` is a voucher; till 1 is the terminal's, till 2 an "
            "external journal."
        ),
    ] = False
    onslip_realm: Annotated[
        str,
        Meta(
            pattern=r"\A[^\s~/?#;:@%]{1,100}\Z",
            description="Its realm.",
            extra={"expected": "the alias of a company"},
        ),
    ] = "demo.example"
    onslip_file: Annotated[PathText, Meta(description="The key that it asks for; made at the first start.")] = (
        "var/sandbox-onslip.json"
    )
    onslip_cash_step: Annotated[
        int,
        Meta(ge=0, le=100_00, description="To what it has cash rounded, in cents; 0: not at all."),
    ] = 100
    onlinepos: Annotated[
        bool,
        Meta(
            description="Whether it is an OnlinePOS server, too: under `/onlinepos/api`. It sells `products`, "
            "whose ids are whole numbers there, and each of `wallets` is a card with that RFID."
        ),
    ] = False
    onlinepos_file: Annotated[
        PathText,
        Meta(description="The token, company number and key that it asks for; made at the first start."),
    ] = "var/sandbox-onlinepos.json"
    kensium: Annotated[
        bool,
        Meta(
            description="Whether it is a Kensium server, too: under `/kensium`. It sells `products`, whose ids "
            "are SKUs there, in the store MAIN, and each of `wallets` is a gift card with that code."
        ),
    ] = False
    kensium_file: Annotated[
        PathText, Meta(description="The client's id and secret that it asks for; made at the first start.")
    ] = "var/sandbox-kensium.json"
