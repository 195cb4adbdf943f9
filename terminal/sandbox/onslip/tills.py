"""The trusted devices of the Onslip server: which fields they have, and what all its entities share."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Text = Annotated[str, Meta(max_length=10_000)]
Moment = Annotated[str, Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)\Z")]
Number = int | float
Texts = list[Text]
Ids = list[Id]
T9n = list[tuple[str, str]]

Function = Literal[
    "barcode-scanner", "card-terminal", "cash-drawer", "control-unit", "customer-display", "kitchen-printer",
    "kitchen-printer-2", "kitchen-printer-3", "kitchen-printer-4", "kitchen-printer-5", "receipt-printer",
    "host2t",
]  # fmt: skip
Method = Literal["cash", "card", "credit", "custom", "currency", "payment-voucher", "swish", "weiq"]
Group = Literal["goods", "services", "liabilities", "adjustments", "campaigns", "discounts", "discount"]


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What has these fields and no others; one that is UNSET is not there."""


class Common(Shape, kw_only=True):
    """What every stored entity may have."""

    tags: Texts | UnsetType = UNSET
    labels: Ids | UnsetType = UNSET


class CostCenter(Shape, kw_only=True):
    """Part of AccountConfig."""

    code: Text
    name: Text


class PaymentMethodAccount(Shape, kw_only=True):
    """Part of AccountConfig; the method's id is required for all but cash, card and credit."""

    method: Method
    payment_method: Id | UnsetType = UNSET
    account: int | UnsetType = UNSET
    clearing_account: int | UnsetType = UNSET
    vat_account: int | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse a method that needs an id and has none."""
        if self.method not in ("cash", "card", "credit") and self.payment_method is UNSET:
            raise ValueError(f"payment-method is required for the method {self.method}")


class ProductGroupAccount(Shape, kw_only=True):
    """Part of AccountConfig."""

    product_group: Id
    account: int | UnsetType = UNSET
    vat_account: int | UnsetType = UNSET
    discount_account: int | UnsetType = UNSET


class AccountConfig(Shape, kw_only=True):
    """Overrides for bookkeeping."""

    payment_methods: list[PaymentMethodAccount] | UnsetType = UNSET
    product_groups: list[ProductGroupAccount] | UnsetType = UNSET
    rounding: int | UnsetType = UNSET
    mismatches: int | UnsetType = UNSET
    gratuities: int | UnsetType = UNSET
    journal_series: Text | UnsetType = UNSET
    cost_center: CostCenter | UnsetType = UNSET


class PeripheralServiceBinding(Shape, kw_only=True):
    """What a device uses a service of a peripheral for."""

    functions: list[Function]
    name: Text
    service_id: Text
    service_name: Text
    service_type: Text
    service_hint: Text | UnsetType = UNSET


class PeripheralBinding(Shape, kw_only=True):
    """A peripheral of a device."""

    name: Text
    exclusive: bool
    device_id: Text
    device_name: Text
    device_type: Text
    device_model: Text
    device_version: Text
    service_bindings: list[PeripheralServiceBinding]
    address: Text | UnsetType = UNSET


class TillConfig(Shape, kw_only=True):
    """Settings of one device."""

    peripheral_bindings: list[PeripheralBinding] | UnsetType = UNSET
    auto_close_batch_schedules: Texts | UnsetType = UNSET
    button_map: Id | UnsetType = UNSET


class VirtualDevice(Shape, kw_only=True):
    """A peripheral of the network that staff describes by hand."""

    address: Text
    device_name: Text
    device_type: Text
    service_type: Text
    service_hint: Text
    port: int | UnsetType = UNSET


class KitchenPrinterConfig(Shape, kw_only=True):
    """What a kitchen printer prints, and in which order."""

    section_labels: Ids | UnsetType = UNSET
    item_order: Literal["name", "tab-position"] | UnsetType = UNSET


class Peripheral(Common, kw_only=True):
    """Gives a service of a peripheral a name and a function."""

    location: Id | UnsetType = UNSET
    function: Function | UnsetType = UNSET
    device_id: Text | UnsetType = UNSET
    service_id: Text | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    virtual_device: VirtualDevice | UnsetType = UNSET
    kitchen_printer_config: KitchenPrinterConfig | UnsetType = UNSET


class CloudControlUnit(Shape, kw_only=True):
    """A control unit in the cloud."""

    type: Literal["green-gate", "tax-cloud"]
    username: Text
    password: Text | UnsetType = UNSET
    uri: Text | UnsetType = UNSET


class Till(Common, kw_only=True):
    """A trusted device."""

    name: Text
    type: Literal["till", "ordering-device", "external-journal"] | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    location: Id | UnsetType = UNSET
    config: TillConfig | UnsetType = UNSET
    account_config: AccountConfig | UnsetType = UNSET
    device_id: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    device_key: bytes | UnsetType = UNSET
    logical_device_id: Text | UnsetType = UNSET
    control_unit_id: Text | UnsetType = UNSET
    client_version: Text | UnsetType = UNSET
    client_user_agent: Text | UnsetType = UNSET
    cloud_control_unit: CloudControlUnit | UnsetType = UNSET


class Sum(Shape, kw_only=True):
    """A count and an amount."""

    count: int
    amount: Number


class TillState(Shape, kw_only=True):
    """The counters of a device."""

    normal_receipt_counter: int | UnsetType = UNSET
    training_receipt_counter: int | UnsetType = UNSET
    profo_receipt_counter: int | UnsetType = UNSET
    x_report_counter: int | UnsetType = UNSET
    z_report_counter: int | UnsetType = UNSET
    current_batch_id: int | UnsetType = UNSET
    batch_is_open: bool | UnsetType = UNSET
    z_report_pending: bool | UnsetType = UNSET
    grand_total_sales: Sum | UnsetType = UNSET
    grand_total_returns: Sum | UnsetType = UNSET
    grand_total_amount: Sum | UnsetType = UNSET
