"""What an operator says about a Satellite server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from terminal.backends.options import ADDRESS, EXPECTED_ADDRESS, ServerOptions
from terminal.backends.values import Case, Order

Moment = Literal["milliseconds text", "seconds", "iso"]

SaleField = Literal[
    "items",
    "items.product_id",
    "items.quantity",
    "items.description",
    "items.unitAmount",
    "items.totalAmount",
    "items.discountAmount",
    "items.tickets",
    "items.tickets.product_id",
    "items.tickets.description",
    "items.tickets.barcode",
]
InteractionField = Literal["delegate", "device", "recordedAt"]

_V5 = "/v5"


class SatelliteOptions(ServerOptions, frozen=True, kw_only=True):
    """The options of a Satellite backend."""

    exact_payments: ClassVar = True
    """Payments must add up to what is sold: what cash was rounded by has no field."""

    url: Annotated[
        str,
        Meta(
            pattern=ADDRESS,
            description="Where the API is: what stands before `/ticket/transaction` or `/tx/new`. It ends in "
            "`/api`, or in `/api/v5`.",
            examples=["https://example.satellite.co.nz/api/v5"],
            extra={"expected": EXPECTED_ADDRESS},
        ),
    ]
    generation: Annotated[
        Literal["old", "v5"],
        Meta(description="Which API that is: the `old` one without a version, or `v5`.", examples=["v5"]),
    ]
    device_code: Annotated[
        str,
        Meta(
            pattern=r"\A[0-9A-Za-z][0-9A-Za-z._-]{0,31}\Z",
            description="The code of this device, as typed at the device discovery: usually the digits on its "
            "case and what it does. Each call names it.",
            examples=["80POS"],
            extra={"expected": '1 to 32 letters and digits like "80POS"'},
        ),
    ]
    app: Annotated[
        str,
        Meta(
            pattern=r"\A[0-9A-Za-z][0-9A-Za-z._-]{0,31}\Z",
            description="What this program is called in the server's list of devices.",
            extra={"expected": "1 to 32 letters and digits"},
        ),
    ] = "terminald"
    json_suffix: Annotated[
        bool | None,
        Meta(description="Whether paths end in `.json`. If it is not set, those of v5 do."),
    ] = None
    token_path: Annotated[
        str,
        Meta(
            pattern=r"\A(/[^\s?#]*)?\Z",
            description="Where access tokens are fetched, from the root of the server, such as "
            "`/api/oauth/v2/token`. Empty: `/oauth/v2/token` behind the `url` without its `/v5`.",
            extra={"expected": "a path that begins with /, or an empty text"},
        ),
    ] = ""
    product_type: Annotated[
        str,
        Meta(
            pattern=r"\A[0-9A-Za-z_-]{1,64}\Z",
            description="The type of device under which the server lists what is sold.",
            extra={"expected": "the name of a type of device"},
        ),
    ] = "product"
    price_field: Annotated[
        str,
        Meta(
            max_length=100,
            description="Where a product's price in cents stands in that list, such as `data.price`. Empty: "
            "not there; every price is set in [tickets].",
        ),
    ] = ""
    delegate_id_type: Annotated[
        str,
        Meta(
            pattern=r"\A[0-9A-Za-z_-]{1,32}\Z",
            description="What the server calls an NFC token when a person is looked up by it.",
            extra={"expected": "a word like `rfid`"},
        ),
    ] = "rfid"
    token_case: Annotated[Case, Meta(description="How the server writes the letters of a UID.")] = "upper"
    token_order: Annotated[Order, Meta(description="How the server orders the bytes of a UID.")] = "as read"
    recorded_by: Annotated[
        Literal["recordedBy", "recordedBy_rfid"],
        Meta(
            description="The field of a sale that holds the staff's UID. The server's documentation lists "
            "`recordedBy_rfid`, and its example has `recordedBy`; v5 always has the latter, with a person's id."
        ),
    ] = "recordedBy"
    wallet_method: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=40,
            description="What a payment by wallet is called on the server, which knows `cash` and `card`. Its "
            "reference is the key of the debit.",
        ),
    ] = "card"
    created_at: (
        Annotated[
            Moment,
            Meta(
                description="How the moment of a sale is written: milliseconds since 1970 as a text, seconds "
                "as a number, or `iso`. If it is not set, the generation says: `milliseconds text` if old, "
                "`seconds` in v5."
            ),
        ]
        | None
    ) = None
    sale_fields: Annotated[
        dict[SaleField, str],
        Meta(
            description='Other names for fields of a sale, such as { "items.product_id" = "product" }; an '
            "empty name leaves the field out. Those of v5 are not published: ask the operator of the server.",
            extra={"expected": "a table of fields of a sale and their names"},
        ),
    ] = msgspec.field(default_factory=dict)
    interaction_path: Annotated[
        str,
        Meta(
            pattern=r"\A(/[^\s?#]*)?\Z",
            description="Where a check-in is recorded; {what} is replaced by `check-in` or `join`. Empty: "
            "`/device/log/{what}` if old, `/interaction/new/{what}` in v5. An old server may want "
            "`/session/{what}`.",
            extra={"expected": "a path that begins with /, or an empty text"},
        ),
    ] = ""
    interaction_fields: Annotated[
        dict[InteractionField, str],
        Meta(
            description="Other names for its fields `delegate`, `device` and `recordedAt`, such as "
            '{ delegate = "firstDelegate", device = "firstDevice" }.',
            extra={"expected": "a table of fields of an interaction and their names"},
        ),
    ] = msgspec.field(default_factory=dict)
    interactions: Annotated[
        Literal["once", "repeat"],
        Meta(
            description="What becomes of a check-in of which nobody can tell whether it arrived: `once`, a "
            "person decides; `repeat`, it is sent again, and the server may list it twice."
        ),
    ] = "once"
    ping_field: Annotated[
        str,
        Meta(
            max_length=100,
            description="Where the answer to a ping (v5) says in how many seconds the next is due, such as "
            "`data.pingFrequency`. Empty: every 300 s.",
        ),
    ] = ""

    def __post_init__(self) -> None:
        """Refuse to send the secret in the open unless that is wanted, and names that hide one another."""
        super().__post_init__()
        if not self.v5 and urlsplit(self.url).path.rstrip("/").endswith(_V5):
            raise ValueError('generation = "v5" beside a `url` that ends in /v5')
        for table in ("", "items", "items.tickets"):
            if clash := _clash(table, self.sale_fields):
                raise ValueError(f"another name than {clash!r} in `sale_fields`: two fields would have it")

    @property
    def v5(self) -> bool:
        """Whether it is the later generation."""
        return self.generation == "v5"

    @property
    def base(self) -> str:
        """The address that every path of the API is appended to."""
        return self.url.rstrip("/")

    @property
    def token_url(self) -> str:
        """Where access tokens are fetched: exempt from the version in the prefix, and from ``.json``."""
        if self.token_path:
            parts = urlsplit(self.url)
            return f"{parts.scheme}://{parts.netloc}{self.token_path}"
        return f"{self.base.removesuffix(_V5) if self.v5 else self.base}/oauth/v2/token"

    @property
    def moment(self) -> Moment:
        """How the moment of a sale is written."""
        return self.created_at or ("seconds" if self.v5 else "milliseconds text")

    def path(self, short: str) -> str:
        """Return a path as the server wants it."""
        suffix = self.v5 if self.json_suffix is None else self.json_suffix
        return f"{short}.json" if suffix else short


_TOP = frozenset(
    {
        "event_id",
        "context",
        "code",
        "totalAmount",
        "notes",
        "createdAt",
        "recordedBy",
        "recordedBy_rfid",
        "transactions",
    }
)


def _clash(table: str, names: Mapping[SaleField, str]) -> str:
    """Return a name that two fields of *table* would have; empty if there is none."""
    taken = set(_TOP if not table else ())
    for field in get_args(SaleField):
        where, _, usual = field.rpartition(".")
        name: str = names.get(field, usual)
        if where == table and name:
            if name in taken:
                return name
            taken.add(name)
    return ""
