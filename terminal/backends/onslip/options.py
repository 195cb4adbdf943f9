"""What an operator says about a realm of Onslip 360. What its pages do not tell is an option, too."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from terminal.backends.onslip.rest_place import Place
from terminal.backends.options import ADDRESS, EXPECTED_ADDRESS, ServerOptions, SettlingSeconds
from terminal.backends.values import Case, Order

IDENTIFIER = "{identifier}"
"""Where the identifier of a token stands in ``voucher_query``."""

_Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class OnslipOptions(ServerOptions, frozen=True, kw_only=True):
    """The options of an Onslip backend."""

    url: Annotated[
        str,
        Meta(
            pattern=ADDRESS,
            description="Where the API is: what stands before `~realm`.",
            examples=["https://api.onslip360.com/v1/"],
            extra={"expected": EXPECTED_ADDRESS},
        ),
    ]
    realm: Annotated[
        str,
        Meta(
            pattern=r"\A[^\s~/?#;:@%]{1,100}\Z",
            description="The alias of the company, without the `~`.",
            examples=["demo.example"],
            extra={"expected": "the alias of a company"},
        ),
    ]
    acting_for: Annotated[
        str,
        Meta(
            pattern=r"\A[^\s\"\\@]{0,100}\Z",
            description="Alias of the user for whom the key acts. Empty: its own user.",
            extra={"expected": "the alias of a user, or an empty text"},
        ),
    ] = ""
    till: Annotated[
        _Id | None,
        Meta(description="Id of the till that this terminal is. If it is not set, the one of the key."),
    ] = None
    location: Annotated[
        _Id | None,
        Meta(description="Id of the place where it stands. If it is not set, that of the till, or of the key."),
    ] = None
    sales: Annotated[
        Literal["journal", "orders"],
        Meta(
            description="How sales are recorded: in the external `journal` that the key is bound to, which "
            "takes Z reports too; or as `orders` with a tab, for a register to resume."
        ),
    ] = "journal"
    journal: Annotated[
        _Id | None,
        Meta(
            description="Id of the till that is the external journal. If it is not set, the one that the key "
            "is bound to."
        ),
    ] = None
    read_back: Annotated[
        bool,
        Meta(
            description="Whether the key may read what it recorded (show-records, or show-orders and "
            "show-tabs): what was sent and not answered is then looked for. If not, a person is asked."
        ),
    ] = True
    item_type: Annotated[
        Literal["goods", "services", "liabilities"],
        Meta(description="The type of the product groups of what is sold here, as records say it."),
    ] = "goods"
    wallet_method: Annotated[
        Literal["payment-voucher", "custom", "credit"],
        Meta(description="The method of payment that records name for what is paid from a wallet."),
    ] = "payment-voucher"
    wallet_payment_method: Annotated[
        _Id | None,
        Meta(description="Id of the payment method for that. If it is not set, none is named."),
    ] = None
    card_payment_method: Annotated[
        _Id | None,
        Meta(description="Id of the payment method for cards. If it is not set, none is named."),
    ] = None
    returns: Annotated[
        Literal["negative", "positive"],
        Meta(description="The sign of quantities and amounts in the record of what is taken back."),
    ] = "negative"
    timezone_offset: Annotated[
        Literal["minutes", "seconds", "none"],
        Meta(description="How records say how far the local time is ahead of UTC; `none`: not at all."),
    ] = "minutes"
    order_state: Annotated[
        Literal["requested", "booked", "active", "shipped", "fulfilled"],
        Meta(description="The state of a new order, with `sales` = `orders`."),
    ] = "requested"
    take_out: Annotated[
        bool,
        Meta(
            description="Whether orders are to be taken out. While the place takes no such orders, they are "
            "recorded as ordinary ones."
        ),
    ] = False
    namespace: Annotated[
        str,
        Meta(
            pattern=r"\A[a-z0-9]+(-[a-z0-9]+)*\Z",
            max_length=40,
            description="Namespace of the properties that this terminal adds to what it writes, so that it "
            "finds it again; Onslip gives such names out.",
            extra={"expected": "lower-case letters and digits, hyphens between them"},
        ),
    ] = "x-terminald"
    voucher_sign: Annotated[
        Literal["negative", "positive"],
        Meta(
            description="The sign of an amount that is spent from a voucher. It is not documented: "
            "`terminalctl onslip probe` before money moves."
        ),
    ] = "negative"
    voucher_lookup: Annotated[
        Literal["query", "list"],
        Meta(
            description="How the voucher of a token is found: by `query`, or in a `list` of all vouchers that "
            "is kept here, for servers that cannot be asked for members of lists."
        ),
    ] = "query"
    voucher_query: Annotated[
        str,
        Meta(
            pattern=r"\A[^{}]*\{identifier\}[^{}]*\Z",
            max_length=200,
            description="What the server is asked by `query`; {identifier} is replaced.",
            extra={"expected": 'a text with {identifier} in it, like `identifiers:"{identifier}"`'},
        ),
    ] = 'identifiers:"{identifier}"'
    voucher_credit: Annotated[
        bool,
        Meta(
            description="Whether the credit limit of a voucher can be spent here: balances then include it. "
            "The server has the last word all the same."
        ),
    ] = False
    token_case: Annotated[
        Case, Meta(description="How the letters of a UID are written in the identifiers of vouchers.")
    ] = "lower"
    token_order: Annotated[Order, Meta(description="How the bytes of a UID are ordered there.")] = "as read"
    alone: Annotated[
        bool,
        Meta(
            description="You promise that nobody and nothing but this terminal ever changes the balances of "
            "its vouchers, and that no voucher has two tokens. Only then a balance tells whether what was "
            "sent and not answered was booked. If not, a person is asked."
        ),
    ] = False
    settling_seconds: SettlingSeconds = 60
    button_map: Annotated[
        _Id | None,
        Meta(
            description="Id of the button map with the products that are sold here. If it is not set, that of "
            "the till, else that of its location, else `default_button_map`, else all products are sold."
        ),
    ] = None
    default_button_map: Annotated[
        _Id | None, Meta(description="Id of the button map where neither till nor location has one.")
    ] = None
    location_settings: Annotated[
        bool,
        Meta(description="Whether settings that the till does not have are taken from its location."),
    ] = True
    peripherals: Annotated[
        Literal["all", "with a function", "none"],
        Meta(
            description="Which devices are reported as peripherals of the till: `all`; those `with a function` "
            "there, which only printers have, for servers that refuse the others; or `none`."
        ),
    ] = "all"
    till_state: Annotated[
        bool,
        Meta(
            description="Whether the counters of the till are kept on the server, too, after each Z report. "
            "That they are the terminal's to write is inferred."
        ),
    ] = False
    prices: Annotated[
        Literal["with VAT", "without VAT"], Meta(description="Whether the prices of products include VAT.")
    ] = "with VAT"
    vat_unit: Annotated[
        Literal["auto", "percent", "fraction"],
        Meta(
            description="Whether 25 or 0.25 stands for a VAT rate of 25 %. `auto`: as the rates show that the "
            "account has."
        ),
    ] = "auto"
    events: Annotated[
        bool,
        Meta(
            description="Whether the server is asked to tell what changes as it happens. Without it, changes "
            "are found when everything is read again, every ten minutes."
        ),
    ] = True
    events_silence_s: Annotated[
        float,
        Meta(
            ge=30,
            le=3600,
            description="Seconds after which a silent event stream is taken as gone and made anew. How often "
            "the server shows that it is there is not documented.",
            extra={"expected": "30 to 3600 seconds"},
        ),
    ] = 300
    events_signed: Annotated[
        bool,
        Meta(
            description="Whether the request that reads an event stream is signed, although the address of the "
            "stream is a secret by itself."
        ),
    ] = False

    @property
    def place(self) -> Place:
        """Where the API is, and as whom it is used. What goes to this machine itself may go in the open."""
        return Place(
            self.url,
            self.realm,
            acting_for=self.acting_for,
            ca_file=self.ca_file,
            allow_http=self.allow_http or not self.url.startswith("https:"),
        )
