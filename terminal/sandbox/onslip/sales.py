"""Sales and stored value of the Onslip server: which fields these entities have."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from terminal.sandbox.onslip.tills import Common, Group, Id, Ids, Method, Moment, Number, Shape, Text, Texts


class PaymentPart(Shape, kw_only=True):
    """What a voucher that pays is worth."""

    payment_method: Id
    balance: Number
    credit_limit: Number = 0


class CouponPart(Shape, kw_only=True):
    """What a punch card is worth."""

    product: Id
    quantity: Number
    credit_limit: Number = 0
    balance: Number | UnsetType = UNSET
    coupon_value: Number | UnsetType = UNSET


class Voucher(Common, kw_only=True):
    """Stored value behind identifiers."""

    type: Literal["payment", "coupon"]
    identifiers: Texts
    expires: Moment | UnsetType = UNSET
    customer: Id | UnsetType = UNSET
    payment: PaymentPart | UnsetType = UNSET
    coupon: CouponPart | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse a voucher without the part that its type names."""
        if (self.payment if self.type == "payment" else self.coupon) is UNSET:
            raise ValueError(f"a voucher of the type {self.type} has a member {self.type}")


class SoldItem(Shape, kw_only=True):
    """A line of a sale."""

    product_name: Text
    quantity: Number
    type: Group
    product: Id | UnsetType = UNSET
    product_group: Id | UnsetType = UNSET
    price: Number | UnsetType = UNSET
    unit: Text | UnsetType = UNSET
    vat_rate: Number | UnsetType = UNSET
    vat_amount: Number | UnsetType = UNSET
    discount_rate: Number | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    campaign: Id | UnsetType = UNSET
    stock_location: Id | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    comment: Text | UnsetType = UNSET
    sub_items: list[dict[str, Any]] | UnsetType = UNSET
    modifiers: list[Any] | UnsetType = UNSET
    undiscountable: bool | UnsetType = UNSET


class Payment(Shape, kw_only=True):
    """How something was paid."""

    method: Method
    amount: Number
    payment_method: Id | UnsetType = UNSET
    vat_rate: Number | UnsetType = UNSET
    vat_amount: Number | UnsetType = UNSET
    foreign_amount: Number | UnsetType = UNSET
    gratuity: Number | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class Tab(Common, kw_only=True):
    """A sale that a register takes up again."""

    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    items: list[SoldItem] | UnsetType = UNSET
    client: Id | UnsetType = UNSET
    order: Id | UnsetType = UNSET
    frozen: bool | UnsetType = UNSET
    printouts: Texts | UnsetType = UNSET
    original_payments: list[Payment] | UnsetType = UNSET
    tab_locked_by: Text | UnsetType = UNSET


class Order(Common, kw_only=True):
    """Something ordered."""

    location: Id
    state: Literal["requested", "booked", "active", "shipped", "fulfilled", "cancelled"]
    name: Text
    type: Literal["take-out"] | UnsetType = UNSET
    items: list[SoldItem] | UnsetType = UNSET
    payments: list[Payment] | UnsetType = UNSET
    auth_code: Text | UnsetType = UNSET
    client_reference: Text | UnsetType = UNSET
    order_reference: Text | UnsetType = UNSET
    owner: Id | UnsetType = UNSET
    customers: Ids | UnsetType = UNSET
    users: Ids | UnsetType = UNSET
    resources: Ids | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    end_date: Moment | UnsetType = UNSET
    schedules: Texts | UnsetType = UNSET


class ExternalReceipt(Shape, kw_only=True):
    """A sale of another system."""

    type: Literal["sale", "return", "credit"]
    items: list[SoldItem]
    payments: list[Payment]
    change: Number
    rounding: Number | UnsetType = UNSET
    tab: Id | UnsetType = UNSET
    order: Id | UnsetType = UNSET
    customer: Id | UnsetType = UNSET
    reference: Text | UnsetType = UNSET
    our_reference: Text | UnsetType = UNSET


class ExternalReport(Shape, kw_only=True):
    """A report, whose sums the server computes."""

    type: Literal["x-report", "z-report"]


class ExternalBatch(Shape, kw_only=True):
    """What was counted."""

    type: Literal["open", "close", "change"]
    amounts: list[Payment] | UnsetType = UNSET


class ExternalRecord(Shape, kw_only=True):
    """A record of an external journal, with the member that its type names."""

    date: Moment
    type: Literal["receipt", "report", "batch"]
    timezone_offset: int | UnsetType = UNSET
    client_name: Text | UnsetType = UNSET
    cashier: Id | UnsetType = UNSET
    cashier_name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    recipient_uri: Text | UnsetType = UNSET
    control_code: Text | UnsetType = UNSET
    control_unit_id: Text | UnsetType = UNSET
    receipt: ExternalReceipt | UnsetType = UNSET
    report: ExternalReport | UnsetType = UNSET
    batch: ExternalBatch | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse a record with another member than its type names."""
        there = [name for name in ("receipt", "report", "batch") if getattr(self, name) is not UNSET]
        if there != [self.type]:
            raise ValueError(f"a record of the type {self.type} has the member {self.type}, and no other")


class VoucherTransaction(Shape, kw_only=True):
    """What is booked on a voucher."""

    amount: Number | UnsetType = UNSET
    quantity: Number | UnsetType = UNSET
    expiration: Text | UnsetType = UNSET
