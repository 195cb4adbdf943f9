"""Onslip's catalogue: products, groups, modifiers, payment methods, button maps, and locations.

After the types of Onslip's SDK 1.37.5. Of a location, what a terminal needs; the rest is carried along.
"""

from __future__ import annotations

from typing import ClassVar

from terminal.backends.onslip.models import Entity, Model
from terminal.backends.onslip.models_till import AccountConfig, Function, MethodType
from terminal.backends.onslip.models_values import (
    Base64,
    Id,
    Int32,
    Moment,
    Money,
    Number,
    Secret,
    Translation,
    Word,
)


class ProductType(Word):
    """Products that are more than a piece; an ordinary one has no type."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"coupon", "coupon-voucher", "payment-voucher"})


class GroupType(Word):
    """What the products of a group are. Stored value belongs to liabilities [inferred]."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset(
        {"goods", "services", "liabilities", "adjustments", "campaigns", "discounts", "discount"}
    )


class SecondaryPrinterMode(Word):
    """What the further kitchen printers of a group print."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"informative", "always"})


class ModifierTitle(Word):
    """How the name of a modifier is shown."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"heading", "inline", "hidden"})


class ModifierType(Word):
    """What is chosen by a modifier, and how many of it."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset(
        {
            "single-value",
            "multiple-values",
            "single-product",
            "multiple-products",
            "products",
            "single-label",
            "multiple-labels",
        }
    )


class MapType(Word):
    """What a button map is for."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"tablet-groups", "tablet-buttons", "phone-buttons", "menu", "menu-section"})


class MapTheme(Word):
    """How a button map looks."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"classic", "modern"})


class Action(Word):
    """What a button does."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset(
        {
            "add-product-item",
            "display-button-map",
            "display-parent-button-map",
            "display-previous-page",
            "display-next-page",
            "add-tab-discount",
            "open-uri",
        }
    )


class DiscountType(Word):
    """How a discount is reckoned."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"percentage", "fixed-amount"})


class Product(Entity, frozen=True, kw_only=True):
    """What is sold. Without a *price* it has an open one [inferred]; its VAT rate is that of its group."""

    name: str
    product_group: Id
    name_t9n: tuple[Translation, ...] | None = None
    description: str | None = None
    description_t9n: tuple[Translation, ...] | None = None
    type: ProductType | None = None
    price: Money | None = None
    unit: str | None = None
    plu: Id | None = None
    sku: str | None = None
    brand: str | None = None
    model_number: str | None = None
    ean: str | None = None
    html_description: str | None = None
    html_description_t9n: tuple[Translation, ...] | None = None
    purchase_price: Money | None = None
    default_quantity: Number | None = None
    alert: str | None = None
    voucher_coupon_product: Id | None = None
    voucher_coupon_quantity: Number | None = None
    voucher_payment_method: Id | None = None
    expiration: str | None = None
    modifiers: tuple[Id, ...] | None = None


class ProductGroup(Entity, frozen=True, kw_only=True):
    """Products of one VAT rate. Whether 25 or 0.25 stands for 25 % is not known: compare ``vat-rates``."""

    name: str
    type: GroupType
    vat_rate: Number
    alert: str | None = None
    account: Int32 | None = None
    discount_account: Int32 | None = None
    vat_account: Int32 | None = None
    undiscountable: bool | None = None
    kitchen_printer: Function | None = None
    secondary_kitchen_printers: tuple[Function, ...] | None = None
    secondary_kitchen_printer_mode: SecondaryPrinterMode | None = None
    modifiers: tuple[Id, ...] | None = None


class ProductModifier(Entity, frozen=True, kw_only=True):
    """A choice that belongs to products: values, further products, or labels."""

    name: str
    type: ModifierType
    automatic: bool
    title: ModifierTitle | None = None
    values: tuple[str, ...] | None = None
    required: bool | None = None
    label_values: tuple[Id, ...] | None = None
    products: tuple[Id, ...] | None = None


class PaymentMethod(Entity, frozen=True, kw_only=True):
    """A way to pay. *rounding_multiple*: the smallest amount that is paid by it, such as 1 [inferred]."""

    name: str
    type: MethodType
    virtual: bool
    vat_rate: Number | None = None
    rounding_multiple: Money | None = None
    exchange_rate: Number | None = None
    currency_code: str | None = None
    currency_symbol: str | None = None
    register_customer: bool | None = None
    erp_invoice_provider: str | None = None
    swish_merchant: str | None = None
    account: Int32 | None = None
    clearing_account: Int32 | None = None
    vat_account: Int32 | None = None
    access_token_user: Id | None = None
    access_token: Id | None = None
    hidden: bool | None = None


class ButtonMapItem(Model, frozen=True, kw_only=True):
    """A button at a place of a map."""

    x: Id
    y: Id
    action: Action
    name: str | None = None
    theme: Id | None = None
    product: Id | None = None
    button_map: Id | None = None
    uri: str | None = None
    discount_type: DiscountType | None = None
    amount: Money | None = None
    discount_rate: Number | None = None


class ButtonMap(Entity, frozen=True, kw_only=True):
    """A grid of buttons, or a menu of sections, or a section of products."""

    name: str
    type: MapType
    width: Id
    height: Id
    buttons: tuple[ButtonMapItem, ...]
    theme: MapTheme | None = None


class LocationConfig(Model, frozen=True, kw_only=True):
    """Settings of a location, for devices that have none of their own [inferred]."""

    register_customer: bool | None = None
    customer_screen_registration: bool | None = None
    auto_close_batch_schedules: tuple[str, ...] | None = None
    button_map: Id | None = None


class Location(Entity, frozen=True, kw_only=True):
    """Where devices stand, with the texts of its receipts and the logos in base64."""

    name: str
    account_config: AccountConfig | None = None
    company_name: str | None = None
    address: str | None = None
    phone_number: str | None = None
    web_address: str | None = None
    email: str | None = None
    receipt_header: str | None = None
    receipt_footer: str | None = None
    receipt_logo_mono: Base64 | None = None
    receipt_logo_gray: Base64 | None = None
    config: LocationConfig | None = None


# -- what stores value ---------------------------------------------------------------------------------


class VoucherType(Word):
    """What a voucher holds."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"payment", "coupon"})


class PaymentVoucher(Model, frozen=True, kw_only=True):
    """Stored money. *credit_limit*: how far below zero the balance may go [inferred]."""

    payment_method: Id
    balance: Money
    credit_limit: Money


class CouponVoucher(Model, frozen=True, kw_only=True):
    """Stored pieces of a product."""

    product: Id
    quantity: Number
    credit_limit: Number
    balance: Number | None = None
    coupon_value: Money | None = None


class Voucher(Entity, frozen=True, kw_only=True):
    """A wallet, found by one of its *identifiers* (UIDs of cards, printed codes), which no repr shows."""

    type: VoucherType
    identifiers: tuple[Secret, ...]
    expires: Moment | None = None
    customer: Id | None = None
    payment: PaymentVoucher | None = None
    coupon: CouponVoucher | None = None


class VoucherTransaction(Model, frozen=True, kw_only=True):
    """A booking on a voucher. Which sign spends is not known: see ``onslip.models_rules.spending``."""

    amount: Money | None = None
    quantity: Number | None = None
    expiration: str | None = None
