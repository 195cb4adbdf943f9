"""What an operator says about a tenant of Kensium POS. What its pages do not tell is an option, too."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from terminal.backends.options import ADDRESS, EXPECTED_ADDRESS, ServerOptions, SettlingSeconds
from terminal.backends.values import Case, Order

_PATH = r"\A/[^\s?#]*\Z"
_EXPECTED_PATH = "a path that begins with /"
_NAME = r"\A(?:[_A-Za-z][_0-9A-Za-z]*)?\Z"
_Word = Annotated[
    str, Meta(max_length=50, pattern=r"\A[^\x00-\x1f\x7f]*\Z", extra={"expected": "a short text"})
]
_Said = Annotated[
    str, Meta(min_length=4, max_length=200, extra={"expected": "a text of at least four characters"})
]


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
    code_type: Annotated[
        Literal["PHYSICAL", "PERSONAL", "EXTERNAL"],
        Meta(description="Of which type the codes of gift cards are that tokens carry."),
    ] = "PHYSICAL"
    token_case: Annotated[
        Case, Meta(description="How the letters of a UID are written in the codes of gift cards.")
    ] = "lower"
    token_order: Annotated[Order, Meta(description="How the bytes of a UID are ordered there.")] = "as read"
    source_id: Annotated[
        _Word,
        Meta(description="What transactions name as their source. Empty: the id of this terminal."),
    ] = ""
    top_up: Annotated[
        Literal["complete", "authorise"],
        Meta(
            description="How funds are added: `complete`: at once; `authorise`: authorised first, which moves "
            "nothing, and then captured under the transaction's id, so that a repeat after a lost answer is "
            "known. How the server is asked to authorise only is assumed: `terminalctl kensium schema-check`."
        ),
    ] = "complete"
    spend: Annotated[
        Literal["complete", "authorise"],
        Meta(
            description="How funds are taken: `complete`: at once; `authorise`: they are held when a customer "
            "pays, captured when the sale is recorded, and given back where nothing was given out. Only for "
            "the job vending with this backend as roles.sales."
        ),
    ] = "complete"
    captures: Annotated[
        Literal["once", "unknown"],
        Meta(
            description="What a second capture (or cancellation) of one transaction does: `once`: nothing, the "
            "server says that it is done; `unknown`: nobody has tried, and what was lost is looked for."
        ),
    ] = "once"
    completed_says: Annotated[
        tuple[_Said, ...],
        Meta(description="What is in the code or message of that answer where a transaction is completed."),
    ] = ("transaction is completed", "already completed", "already been completed")
    cancelled_says: Annotated[
        tuple[_Said, ...],
        Meta(description="What is in it where a transaction is cancelled."),
    ] = ("transaction is cancelled", "already cancelled", "already been cancelled")
    alone: Annotated[
        bool,
        Meta(
            description="Whether the gift cards are used at this terminal only. Then a balance shows what "
            "became of a transaction whose answer was lost; if others use them too, a person is asked."
        ),
    ] = False
    settling_seconds: SettlingSeconds = 60
    purchases: Annotated[
        bool,
        Meta(
            description="Whether sales are recorded as purchases (for loyalty and reports). Each is sent at "
            "most once: the server knows no repeat, and nothing tells what it has."
        ),
    ] = True
    store_code: Annotated[
        _Word, Meta(description="Code of the location that purchases name as their store.", examples=["MAIN"])
    ] = ""
    channel: Annotated[_Word, Meta(description="Channel of purchases. Empty: none is named.")] = ""
    order_type: Annotated[_Word, Meta(description="Order type of purchases. Empty: none is named.")] = ""
    wallet_method: Annotated[
        _Word, Meta(description="Payment method of purchases paid by gift card. Empty: none is named.")
    ] = ""
    cash_method: Annotated[_Word, Meta(description="That of purchases paid in cash.")] = "CASH"
    card_method: Annotated[_Word, Meta(description="That of purchases paid by card. Empty: none is named.")] = (
        ""
    )
    uom: Annotated[
        _Word,
        Meta(min_length=1, description="Unit of measure in purchases, where the item tells none."),
    ] = "EACH"
    other_sku: Annotated[
        _Word,
        Meta(description="Item that purchases name for what has no product. Empty: such a sale is refused."),
    ] = ""
    warehouse_code: Annotated[
        _Word,
        Meta(
            description="Code of the warehouse whose prices count. Empty: an item is sold where only one "
            "warehouse has it."
        ),
    ] = ""
    free_items: Annotated[
        bool,
        Meta(
            description="Whether items at a price of 0 are given away. Many systems write 0 where nobody has "
            "set a price: if not, such an item is not sold."
        ),
    ] = False

    card_payment: Annotated[
        Literal["authorise", "sale"],
        Meta(
            description="How the server's card terminal takes money (roles.payments): `authorise`: the card is "
            "only authorised, which moves nothing, and captured when the tickets are on the books; `sale`: at "
            "once, and where its answer is lost a person has to look. Change it only while no payment is in "
            "doubt. How the server is asked to authorise is assumed: `terminalctl kensium schema-check`."
        ),
    ] = "authorise"
    card_statuses: Annotated[
        dict[_Word, Literal["authorised", "taken"]],
        Meta(description="What the status of a payment means. Any other is not understood: a person is asked."),
    ] = msgspec.field(
        default_factory=lambda: {"AUTHORIZED": "authorised", "COMPLETED": "taken", "CAPTURED": "taken"}
    )

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        super().__post_init__()
        if self.spend == "authorise" and self.names.get("giftcardTransAdd(trans.authorizeOnly)") == "":
            raise ValueError('spend = "complete", because `names` says that the server cannot authorise only')
        if self.top_up == "authorise" and self.names.get("giftcardTransAdd(trans.authorizeOnly)") == "":
            raise ValueError('top_up = "complete", because `names` says that the server cannot authorise only')

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
