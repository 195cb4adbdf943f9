"""Trusted devices of Onslip, which it calls tills: with their configuration and what a PATCH may change of it.

After Onslip's Tills page, all fields; ``logical-device-id``, CloudControlUnit and TillState after the types of
its SDK 1.37.5.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import UNSET, UnsetType

from terminal.backends.onslip.models import Entity, EntityPatch, Model, Patch
from terminal.backends.onslip.models_values import Base64, Id, Int32, Money, Secret, Word


class TillType(Word):
    """What a trusted device is; a till without a type is a cash register."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"till", "ordering-device", "external-journal"})


class Function(Word):
    """What a device uses a service of a peripheral for. None of them is for readers or coin acceptors."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset(
        {
            "barcode-scanner",
            "card-terminal",
            "cash-drawer",
            "control-unit",
            "customer-display",
            "kitchen-printer",
            "kitchen-printer-2",
            "kitchen-printer-3",
            "kitchen-printer-4",
            "kitchen-printer-5",
            "receipt-printer",
            "host2t",
        }
    )


class MethodType(Word):
    """How is paid. Cash, card and credit work without a stored method; the others need its id."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset(
        {"cash", "card", "credit", "custom", "currency", "payment-voucher", "swish", "weiq"}
    )


class ControlUnitType(Word):
    """Kinds of cloud based control units."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"green-gate", "tax-cloud"})


class PeripheralServiceBinding(Model, frozen=True, kw_only=True):
    """A service that a peripheral provides. *functions*: what this device uses it for."""

    functions: tuple[Function, ...]
    name: str
    service_id: str
    service_name: str
    service_type: str
    service_hint: str | None = None


class PeripheralBinding(Model, frozen=True, kw_only=True):
    """A peripheral. *exclusive*: kept connected, not shared. *name* differs from *device_name* if renamed."""

    name: str
    exclusive: bool
    device_id: str
    device_name: str
    device_type: str
    device_model: str
    device_version: str
    service_bindings: tuple[PeripheralServiceBinding, ...]
    address: str | None = None


class TillConfig(Model, frozen=True, kw_only=True):
    """Settings of one device. Schedules are texts here: ``terminal.core.cron`` reads them."""

    peripheral_bindings: tuple[PeripheralBinding, ...] | None = None
    auto_close_batch_schedules: tuple[str, ...] | None = None
    button_map: Id | None = None


class CostCenter(Model, frozen=True, kw_only=True):
    """A cost centre of the bookkeeping."""

    code: str
    name: str


class PaymentMethodAccount(Model, frozen=True, kw_only=True):
    """Accounts for a payment method."""

    method: MethodType
    payment_method: Id | None = None
    account: Int32 | None = None
    clearing_account: Int32 | None = None
    vat_account: Int32 | None = None


class ProductGroupAccount(Model, frozen=True, kw_only=True):
    """Accounts for a product group."""

    product_group: Id
    account: Int32 | None = None
    vat_account: Int32 | None = None
    discount_account: Int32 | None = None


class AccountConfig(Model, frozen=True, kw_only=True):
    """Overrides of the bookkeeping; a terminal only passes them on."""

    payment_methods: tuple[PaymentMethodAccount, ...] | None = None
    product_groups: tuple[ProductGroupAccount, ...] | None = None
    rounding: Int32 | None = None
    mismatches: Int32 | None = None
    gratuities: Int32 | None = None
    journal_series: str | None = None
    cost_center: CostCenter | None = None


class CloudControlUnit(Model, frozen=True, kw_only=True):
    """A control unit that is reached online only."""

    type: ControlUnitType
    username: str
    password: Secret | None = None
    uri: str | None = None


class Till(Entity, frozen=True, kw_only=True):
    """A trusted device.

    Attributes:
        device_id: UID of the hardware that is bound to it; unset: none is.
        device_key: The secret by which that hardware signs.
        logical_device_id: Its meaning is not known; it is carried through.
        client_version: Greater than the running version: an update is there. A notice, no command.
        client_user_agent: The last one seen; the server writes it.
    """

    name: str
    type: TillType | None = None
    description: str | None = None
    location: Id | None = None
    config: TillConfig | None = None
    account_config: AccountConfig | None = None
    logical_device_id: str | None = None
    device_id: str | None = None
    device_key: Base64 | None = None
    control_unit_id: str | None = None
    client_version: str | None = None
    client_user_agent: str | None = None
    cloud_control_unit: CloudControlUnit | None = None


class Summary(Model, frozen=True, kw_only=True):
    """How many, and how much."""

    count: Id
    amount: Money


class TillState(Entity, frozen=True, kw_only=True):
    """Counters of a device, kept on the server so that hardware that replaces it can carry on [inferred]."""

    normal_receipt_counter: Id
    training_receipt_counter: Id
    profo_receipt_counter: Id
    x_report_counter: Id
    z_report_counter: Id
    current_batch_id: Id
    batch_is_open: bool
    grand_total_sales: Summary
    grand_total_returns: Summary
    grand_total_amount: Summary
    z_report_pending: bool | None = None


# -- what a PATCH changes ------------------------------------------------------------------------------


class TillConfigPatch(Patch, frozen=True, kw_only=True):
    """Changes of a TillConfig. Lists are replaced whole; that the rest is merged is inferred."""

    peripheral_bindings: tuple[PeripheralBinding, ...] | UnsetType | None = UNSET
    auto_close_batch_schedules: tuple[str, ...] | UnsetType | None = UNSET
    button_map: Id | UnsetType | None = UNSET


class CostCenterPatch(Patch, frozen=True, kw_only=True):
    """Changes of a CostCenter."""

    code: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class AccountConfigPatch(Patch, frozen=True, kw_only=True):
    """Changes of an AccountConfig. Lists are replaced whole."""

    payment_methods: tuple[PaymentMethodAccount, ...] | UnsetType | None = UNSET
    product_groups: tuple[ProductGroupAccount, ...] | UnsetType | None = UNSET
    rounding: Int32 | UnsetType | None = UNSET
    mismatches: Int32 | UnsetType | None = UNSET
    gratuities: Int32 | UnsetType | None = UNSET
    journal_series: str | UnsetType | None = UNSET
    cost_center: CostCenterPatch | UnsetType | None = UNSET


class CloudControlUnitPatch(Patch, frozen=True, kw_only=True):
    """Changes of a CloudControlUnit."""

    type: ControlUnitType | UnsetType = UNSET
    username: str | UnsetType = UNSET
    password: Secret | UnsetType | None = UNSET
    uri: str | UnsetType | None = UNSET


class TillPatch(EntityPatch, frozen=True, kw_only=True):
    """Changes of a Till."""

    name: str | UnsetType = UNSET
    type: TillType | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    location: Id | UnsetType | None = UNSET
    config: TillConfigPatch | UnsetType | None = UNSET
    account_config: AccountConfigPatch | UnsetType | None = UNSET
    logical_device_id: str | UnsetType | None = UNSET
    device_id: str | UnsetType | None = UNSET
    device_key: Base64 | UnsetType | None = UNSET
    control_unit_id: str | UnsetType | None = UNSET
    client_version: str | UnsetType | None = UNSET
    client_user_agent: str | UnsetType | None = UNSET
    cloud_control_unit: CloudControlUnitPatch | UnsetType | None = UNSET


class TillStatePatch(EntityPatch, frozen=True, kw_only=True):
    """Changes of a TillState. Sums are replaced whole."""

    normal_receipt_counter: Id | UnsetType = UNSET
    training_receipt_counter: Id | UnsetType = UNSET
    profo_receipt_counter: Id | UnsetType = UNSET
    x_report_counter: Id | UnsetType = UNSET
    z_report_counter: Id | UnsetType = UNSET
    current_batch_id: Id | UnsetType = UNSET
    batch_is_open: bool | UnsetType = UNSET
    z_report_pending: bool | UnsetType | None = UNSET
    grand_total_sales: Summary | UnsetType = UNSET
    grand_total_returns: Summary | UnsetType = UNSET
    grand_total_amount: Summary | UnsetType = UNSET
