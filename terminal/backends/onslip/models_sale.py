"""What is sold through Onslip: items, payments, what was paid with, and the orders and tabs that hold them.

After the types of Onslip's SDK 1.37.5.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import UNSET, UnsetType

from terminal.backends.onslip.models import Entity, EntityPatch, Model
from terminal.backends.onslip.models_catalogue import GroupType, ModifierType
from terminal.backends.onslip.models_till import MethodType
from terminal.backends.onslip.models_values import Id, Moment, Money, Number, Secret, Translation, Word


class MetadataType(Word):
    """What was paid with, or what an item is; the member of the same name says more."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset(
        {
            "payment-voucher",
            "coupon-voucher",
            "card-receipt",
            "swish-transaction",
            "currency",
            "pre-paid",
            "erp-invoice",
        }
    )


class OrderState(Word):
    """Where an order is; of FINAL ones nothing changes any more."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"requested", "booked", "active", "shipped", "fulfilled", "cancelled"})
    FINAL: ClassVar = frozenset({"fulfilled", "cancelled"})


class OrderType(Word):
    """Orders that are to be taken out have a type."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"take-out"})


class CustomerType(Word):
    """Who a customer is."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"individual", "organization"})


class PaymentVoucherMetadata(Model, frozen=True, kw_only=True):
    """A booking on stored money, as the server answers it."""

    transaction_id: str
    transaction_date: Moment
    voucher: Id
    balance: Money | None = None
    identifiers: tuple[Secret, ...] | None = None
    expires: Moment | None = None


class CouponVoucherMetadata(Model, frozen=True, kw_only=True):
    """A booking on stored pieces, as the server answers it."""

    transaction_id: str
    transaction_date: Moment
    voucher: Id
    balance: Number | None = None
    coupon_value: Money | None = None
    quantity: Number | None = None
    identifiers: tuple[Secret, ...] | None = None
    expires: Moment | None = None


class PrePaidMetadata(Model, frozen=True, kw_only=True):
    """It was paid elsewhere."""

    payment_reference: str


class CurrencyMetadata(Model, frozen=True, kw_only=True):
    """A foreign currency."""

    exchange_rate: Number
    currency_code: str
    currency_symbol: str | None = None


class Metadata(Model, frozen=True, kw_only=True):
    """What was paid with. Of cards, Swish and invoices the member is carried along unread."""

    type: MetadataType
    payment_voucher: PaymentVoucherMetadata | None = None
    coupon_voucher: CouponVoucherMetadata | None = None
    currency: CurrencyMetadata | None = None
    pre_paid: PrePaidMetadata | None = None


class ItemModifier(Model, frozen=True, kw_only=True):
    """What was chosen by a modifier."""

    modifier: Id
    name: str
    values: tuple[str, ...]
    type: ModifierType | None = None


class Item(Model, frozen=True, kw_only=True):
    """A line of a sale."""

    product_name: str
    quantity: Number
    type: GroupType
    product: Id | None = None
    product_group: Id | None = None
    campaign: Id | None = None
    stock_location: Id | None = None
    product_name_t9n: tuple[Translation, ...] | None = None
    description: str | None = None
    description_t9n: tuple[Translation, ...] | None = None
    price: Money | None = None
    unit: str | None = None
    vat_rate: Number | None = None
    vat_amount: Money | None = None
    discount_rate: Number | None = None
    purchase_price: Money | None = None
    metadata: Metadata | None = None
    tickets: tuple[str, ...] | None = None
    last_kitchen_ticket_item: Item | None = None
    comment: str | None = None
    undiscountable: bool | None = None
    sub_items: tuple[Item, ...] | None = None
    modifier: Id | None = None
    modifiers: tuple[ItemModifier, ...] | None = None


class Payment(Model, frozen=True, kw_only=True):
    """An amount and how it is paid."""

    method: MethodType
    amount: Money
    payment_method: Id | None = None
    vat_rate: Number | None = None
    vat_amount: Money | None = None
    foreign_amount: Money | None = None
    metadata: Metadata | None = None
    name: str | None = None
    gratuity: Money | None = None


class Customer(Entity, frozen=True, kw_only=True):
    """A customer."""

    name: str
    type: CustomerType | None = None
    street_address: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country: str | None = None
    reference_name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    org_number: str | None = None
    comment: str | None = None
    customer_number: str | None = None
    subscription: bool | None = None
    client_references: tuple[Secret, ...] | None = None


class Order(Entity, frozen=True, kw_only=True):
    """An order. *client_reference* can be the own one by which a lost answer is settled [inferred]."""

    location: Id
    state: OrderState
    name: str
    owner: Id | None = None
    type: OrderType | None = None
    description: str | None = None
    resources: tuple[Id, ...] | None = None
    users: tuple[Id, ...] | None = None
    customers: tuple[Id, ...] | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    schedules: tuple[str, ...] | None = None
    items: tuple[Item, ...] | None = None
    payments: tuple[Payment, ...] | None = None
    auth_code: Secret | None = None
    client_reference: str | None = None
    order_reference: str | None = None


class OrderPatch(EntityPatch, frozen=True, kw_only=True):
    """Changes of an Order. Lists are replaced whole."""

    location: Id | UnsetType = UNSET
    state: OrderState | UnsetType = UNSET
    name: str | UnsetType = UNSET
    owner: Id | UnsetType | None = UNSET
    type: OrderType | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    resources: tuple[Id, ...] | UnsetType | None = UNSET
    users: tuple[Id, ...] | UnsetType | None = UNSET
    customers: tuple[Id, ...] | UnsetType | None = UNSET
    start_date: Moment | UnsetType | None = UNSET
    end_date: Moment | UnsetType | None = UNSET
    schedules: tuple[str, ...] | UnsetType | None = UNSET
    items: tuple[Item, ...] | UnsetType | None = UNSET
    payments: tuple[Payment, ...] | UnsetType | None = UNSET
    auth_code: Secret | UnsetType | None = UNSET
    client_reference: str | UnsetType | None = UNSET
    order_reference: str | UnsetType | None = UNSET


class Tab(Entity, frozen=True, kw_only=True):
    """A suspended sale, to be resumed at a register.

    Attributes:
        client: The till that made it.
        frozen: Nothing of it may change.
        tab_locked_by: Name of the device that has it open: leave it alone.
        closed: Deprecated by Onslip.
    """

    name: str | None = None
    description: str | None = None
    printouts: tuple[str, ...] | None = None
    closed: Moment | None = None
    frozen: bool | None = None
    client: Id | None = None
    order: Id | None = None
    items: tuple[Item, ...] | None = None
    original_payments: tuple[Payment, ...] | None = None
    tab_locked_by: str | None = None


class TabPatch(EntityPatch, frozen=True, kw_only=True):
    """Changes of a Tab. Lists are replaced whole."""

    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    printouts: tuple[str, ...] | UnsetType | None = UNSET
    closed: Moment | UnsetType | None = UNSET
    frozen: bool | UnsetType | None = UNSET
    client: Id | UnsetType | None = UNSET
    order: Id | UnsetType | None = UNSET
    items: tuple[Item, ...] | UnsetType | None = UNSET
    original_payments: tuple[Payment, ...] | UnsetType | None = UNSET
    tab_locked_by: str | UnsetType | None = UNSET
