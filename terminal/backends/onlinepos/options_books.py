"""What an operator says about goods and sales at an OnlinePOS: what is sold here, and who keeps books of it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from terminal.backends.onlinepos.options_wallets import WalletOptions
from terminal.backends.onlinepos.pricing import Pricing
from terminal.backends.onlinepos.shelf import Wanted

_Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class BooksOptions(WalletOptions, frozen=True, kw_only=True):
    """The options of goods and sales, beside those of wallets."""

    products: Annotated[
        tuple[_Id, ...],
        Meta(
            description="Ids of the products that are sold here, in order. Empty: all of `product_groups` that "
            "cost something."
        ),
    ] = ()
    product_groups: Annotated[
        tuple[_Id, ...],
        Meta(description="Ids of the product groups that are sold here, in order. Empty: all."),
    ] = ()
    price_group: Annotated[
        str,
        Meta(
            pattern=r"\A[0-9]{0,9}\Z",
            description="Number of the price group whose prices hold here. Empty, and for products that have "
            "no price in it: the product's own price.",
            extra={"expected": "the number of a price group, or an empty text"},
        ),
    ] = ""
    sold_out: Annotated[
        bool,
        Meta(
            description="Whether what the server says is sold out to be taken away is not sold here either. It "
            "takes one call more when prices are read, every ten minutes."
        ),
    ] = False
    offers: Annotated[
        bool,
        Meta(
            description="Whether offers for one piece make it cheaper here. Prices are read every ten minutes: "
            "while the server is away, an offer lasts until it is back. Offers for several pieces are not "
            "applied. Whether offers in percent are told is not documented: compare prices before you sell."
        ),
    ] = False
    offer_times: Annotated[
        Literal["unknown", "hours", "hhmm", "minutes", "seconds"],
        Meta(
            description="In what the times of offers are written, which is not documented; `hhmm`: 1530 is "
            "half past three. While it is `unknown`, offers that hold at some hours only are not applied."
        ),
    ] = "unknown"
    offer_price: Annotated[
        Literal["together", "each"],
        Meta(description="Whether the price of an offer is that of all its pieces together, or of each."),
    ] = "together"
    books: Annotated[
        Literal["orders", "stock"],
        Meta(
            description="How sales are recorded: as paid `orders` of a kiosk; or as what is taken from the "
            "`stock` of the only product of a sale, for companies whose orders come from elsewhere."
        ),
    ] = "orders"
    order_name: Annotated[
        str,
        Meta(
            max_length=60, description="The name on orders, which the server wants. Empty: the terminal's id."
        ),
    ] = ""
    order_phone: Annotated[
        str,
        Meta(min_length=1, max_length=30, description="The phone number on orders, which the server wants."),
    ] = "00000000"
    order_email: Annotated[
        str,
        Meta(
            pattern=r"\A[^@\s]+@[^@\s]+\Z",
            max_length=100,
            description="The e-mail address on orders, which the server wants. It may write to it.",
            extra={"expected": "an e-mail address"},
        ),
    ] = "kiosk@example.org"
    order_payment: Annotated[
        Literal["Online", "App"],
        Meta(description="How orders are said to be paid, cash too: the server takes no other words."),
    ] = "Online"
    order_extras: Annotated[
        bool,
        Meta(
            description="Whether an order has lines of their own for preset choices and for the parts of a "
            "product. If not, its one line costs all; do that where the server adds such lines by itself."
        ),
    ] = True
    other_product: Annotated[
        _Id | None,
        Meta(
            description="Id of the product under which is recorded what has no number of the server. If it is "
            "not set, such a sale is refused, and a person is asked."
        ),
    ] = None
    department: Annotated[
        str,
        Meta(
            max_length=100,
            description="The department that exports of sales name for the orders of this terminal, and for "
            "nothing else: you promise that nobody and nothing else sells under it. Empty: there is none.",
        ),
    ] = ""
    orders_alone: Annotated[
        bool,
        Meta(description="You promise that nothing but this terminal sells for this company: no till, nobody."),
    ] = False
    orders_read_back: Annotated[
        bool,
        Meta(
            description="Whether sales may be exported with this token: an order that was sent and not "
            "answered is then looked for there. If not, a person is asked."
        ),
    ] = True
    stock_alone: Annotated[
        bool,
        Meta(
            description="You promise that nothing but this terminal changes the stock of what it sells, the "
            "kitchen and deliveries included. Only then stock tells whether what was sent and not answered "
            "was booked. If not, a person is asked."
        ),
    ] = False
    stock_types: Annotated[
        Literal["2 and 3", "1 and 2"],
        Meta(
            description="The numbers for a sale and for a return of stock. The page lists `2 and 3`; the words "
            "of its own error say `1 and 2`."
        ),
    ] = "2 and 3"

    def __post_init__(self) -> None:
        """Refuse options that would do nothing."""
        super().__post_init__()
        if self.products and self.product_groups:
            raise ValueError("`products` or `product_groups`, not both")
        if not self.offers and (self.offer_times != "unknown" or self.offer_price != "together"):
            raise ValueError("`offers = true` with `offer_times` and `offer_price`")
        if self.books == "stock" and (self.department or self.orders_alone or not self.orders_read_back):
            raise ValueError('books = "orders" with `department`, `orders_alone` and `orders_read_back`')
        if self.books == "orders" and (self.stock_alone or self.stock_types != "2 and 3"):
            raise ValueError('books = "stock" with `stock_alone` and `stock_types`')
        if not self.orders_read_back and (self.department or self.orders_alone):
            raise ValueError("`orders_read_back` with `department` and `orders_alone`, which are of use there")

    @property
    def wanted(self) -> Wanted:
        """What is sold here, and how prices are read."""
        clock = None if self.offer_times == "unknown" else self.offer_times
        pricing = Pricing(self.price_group, clock, self.offer_price == "each", self.order_extras)
        return Wanted(self.product_groups, self.products, pricing)
