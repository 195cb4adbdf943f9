"""What the Onslip server sells, and where: which fields these entities have."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from terminal.sandbox.onslip.tills import (
    AccountConfig,
    Common,
    Function,
    Group,
    Id,
    Ids,
    Method,
    Number,
    Shape,
    T9n,
    Text,
    Texts,
)


class Product(Common, kw_only=True):
    """What is sold."""

    name: Text
    product_group: Id
    name_t9n: T9n | UnsetType = msgspec.field(default=UNSET, name="name-t9n")
    description: Text | UnsetType = UNSET
    description_t9n: T9n | UnsetType = msgspec.field(default=UNSET, name="description-t9n")
    type: Literal["coupon", "coupon-voucher", "payment-voucher"] | UnsetType = UNSET
    price: Number | UnsetType = UNSET
    unit: Text | UnsetType = UNSET
    plu: int | UnsetType = UNSET
    sku: Text | UnsetType = UNSET
    brand: Text | UnsetType = UNSET
    model_number: Text | UnsetType = UNSET
    ean: Text | UnsetType = UNSET
    html_description: Text | UnsetType = UNSET
    purchase_price: Number | UnsetType = UNSET
    default_quantity: Number | UnsetType = UNSET
    alert: Text | UnsetType = UNSET
    voucher_coupon_product: Id | UnsetType = UNSET
    voucher_coupon_quantity: Number | UnsetType = UNSET
    voucher_payment_method: Id | UnsetType = UNSET
    expiration: Text | UnsetType = UNSET
    modifiers: Ids | UnsetType = UNSET


class ProductGroup(Common, kw_only=True):
    """What products share: kind and VAT."""

    name: Text
    type: Group
    vat_rate: Number
    alert: Text | UnsetType = UNSET
    account: int | UnsetType = UNSET
    discount_account: int | UnsetType = UNSET
    vat_account: int | UnsetType = UNSET
    undiscountable: bool | UnsetType = UNSET
    kitchen_printer: Function | UnsetType = UNSET
    secondary_kitchen_printers: list[Function] | UnsetType = UNSET
    secondary_kitchen_printer_mode: Literal["informative", "always"] | UnsetType = UNSET
    modifiers: Ids | UnsetType = UNSET


class ProductModifier(Common, kw_only=True):
    """A choice that goes with a product."""

    name: Text
    type: Literal[
        "single-value", "multiple-values", "single-product", "multiple-products", "products", "single-label",
        "multiple-labels",
    ]  # fmt: skip
    automatic: bool
    title: Literal["heading", "inline", "hidden"] | UnsetType = UNSET
    values: Texts | UnsetType = UNSET
    products: Ids | UnsetType = UNSET
    label_values: Ids | UnsetType = UNSET
    required: bool | UnsetType = UNSET


class PaymentMethod(Common, kw_only=True):
    """A way to pay."""

    name: Text
    type: Method
    virtual: bool
    vat_rate: Number | UnsetType = UNSET
    rounding_multiple: Number | UnsetType = UNSET
    exchange_rate: Number | UnsetType = UNSET
    currency_code: Text | UnsetType = UNSET
    currency_symbol: Text | UnsetType = UNSET
    register_customer: bool | UnsetType = UNSET
    erp_invoice_provider: Text | UnsetType = UNSET
    swish_merchant: Text | UnsetType = UNSET
    account: int | UnsetType = UNSET
    clearing_account: int | UnsetType = UNSET
    vat_account: int | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET
    access_token_user: Id | UnsetType = UNSET
    access_token: Id | UnsetType = UNSET


class Button(Shape, kw_only=True):
    """A place of a button map."""

    x: int
    y: int
    action: Literal[
        "add-product-item", "display-button-map", "display-parent-button-map", "display-previous-page",
        "display-next-page", "add-tab-discount", "open-uri",
    ]  # fmt: skip
    name: Text | UnsetType = UNSET
    theme: Text | UnsetType = UNSET
    product: Id | UnsetType = UNSET
    button_map: Id | UnsetType = UNSET
    uri: Text | UnsetType = UNSET
    discount_type: Literal["percentage", "fixed-amount"] | UnsetType = UNSET
    amount: Number | UnsetType = UNSET
    discount_rate: Number | UnsetType = UNSET


class ButtonMap(Common, kw_only=True):
    """A grid or a list of buttons."""

    name: Text
    type: Literal["tablet-groups", "tablet-buttons", "phone-buttons", "menu", "menu-section"]
    width: int
    height: int
    buttons: list[Button]
    theme: Literal["classic", "modern"] | UnsetType = UNSET


class LocationConfig(Shape, kw_only=True):
    """Settings of a place."""

    auto_close_batch_schedules: Texts | UnsetType = UNSET
    button_map: Id | UnsetType = UNSET


class Location(Common, kw_only=True):
    """A place of business."""

    name: Text
    config: LocationConfig | UnsetType = UNSET
    account_config: AccountConfig | UnsetType = UNSET
    company_name: Text | UnsetType = UNSET
    address: Text | UnsetType = UNSET
    receipt_header: Text | UnsetType = UNSET
    receipt_footer: Text | UnsetType = UNSET
    receipt_logo_mono: bytes | UnsetType = UNSET
    receipt_logo_gray: bytes | UnsetType = UNSET
