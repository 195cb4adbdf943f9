"""Onslip's journal: receipts, batches and reports of a device. After the types of Onslip's SDK 1.37.5."""

from __future__ import annotations

from typing import ClassVar

from terminal.backends.onslip.models import Entity, Model
from terminal.backends.onslip.models_sale import Customer, Item, Payment
from terminal.backends.onslip.models_till import MethodType, Summary
from terminal.backends.onslip.models_values import Id, Int32, Moment, Money, Number, Word


class RecordType(Word):
    """What a record is; the member that fits says more."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset(
        {
            "receipt",
            "report",
            "tab",
            "batch",
            "cash-drawer",
            "product-update",
            "usage",
            "invalid-payload",
            "card-transaction",
            "order-ticket",
            "entertainment-bill",
        }
    )


class ReceiptType(Word):
    """Which way goods and money went."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"sale", "return", "credit"})


class BatchType(Word):
    """The start and the end of a period, or petty cash within it [inferred]."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"open", "close", "change"})


class ReportType(Word):
    """Reports of a period that goes on (X) or ends (Z)."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"x-report", "z-report"})


class DrawerType(Word):
    """What happened to the cash drawer."""

    __slots__ = ()
    KNOWN: ClassVar = frozenset({"open", "close"})


class VATSummary(Model, frozen=True, kw_only=True):
    """What was sold at one VAT rate."""

    vat_rate: Number
    vat_amount: Money
    net_amount: Money
    gross_amount: Money


class Receipt(Model, frozen=True, kw_only=True):
    """A receipt, as the journal has it."""

    id: str
    type: ReceiptType
    items: tuple[Item, ...]
    payments: tuple[Payment, ...]
    rounding: Money
    change: Money
    total_amount: Money
    total_vat_amount: Money
    vat_summaries: tuple[VATSummary, ...]
    total_sales_amount: Money | None = None
    total_sales_vat_amount: Money | None = None
    tab: Id | None = None
    order: Id | None = None
    customer: Customer | None = None
    reference: str | None = None
    our_reference: str | None = None


class Batch(Model, frozen=True, kw_only=True):
    """What was counted when a period ended, and by how much it was wrong."""

    type: BatchType
    cash_amount: Money | None = None
    amounts: tuple[Payment, ...] | None = None
    mismatches: tuple[Payment, ...] | None = None
    vat_summaries: tuple[VATSummary, ...] | None = None


class ProductGroupSummary(Model, frozen=True, kw_only=True):
    """What a product group took."""

    product_group: Id
    product_group_name: str
    amount: Money


class PaymentSummary(Model, frozen=True, kw_only=True):
    """How often, and how much, was paid by a method."""

    method: MethodType
    count: Id
    amount: Money
    payment_method: Id | None = None
    vat_rate: Number | None = None
    vat_amount: Money | None = None
    foreign_amount: Money | None = None
    name: str | None = None
    gratuity: Money | None = None


class TransactionSummary(Model, frozen=True, kw_only=True):
    """What a card terminal says of its transactions."""

    purchase_count: Id
    purchase_amount: Money
    cb_amount: Money
    vat_amount: Money
    extra_amount: Money
    refund_count: Id
    refund_amount: Money


class PaymentBatchSummary(Model, frozen=True, kw_only=True):
    """The settlement of a card terminal."""

    name: str
    transaction_summary: TransactionSummary
    acquirers_transaction_summary: TransactionSummary | None = None
    status: str | None = None


class GratuitySummary(Model, frozen=True, kw_only=True):
    """Gratuities of a person."""

    user: Id
    user_name: str
    count: Id
    amount: Money


class Report(Model, frozen=True, kw_only=True):
    """An X or Z report."""

    id: str
    type: ReportType
    total_sales_amount: Money
    cash_drawer_openings: Id
    goods: Summary
    services: Summary
    discounts: Summary
    losses: Summary
    sales_receipts: Summary
    return_receipts: Summary
    training_receipts: Summary
    receipt_copies: Summary
    grand_total_sales: Summary
    grand_total_returns: Summary
    grand_total_amount: Summary
    start_date: Moment | None = None
    end_date: Moment | None = None
    total_amount: Money | None = None
    total_vat_amount: Money | None = None
    total_sales_vat_amount: Money | None = None
    total_change_amount: Money | None = None
    gratuity_summaries: tuple[GratuitySummary, ...] | None = None
    incoming_cash_amount: Money | None = None
    outgoing_cash_amount: Money | None = None
    cash_deposits: Summary | None = None
    cash_withdrawals: Summary | None = None
    incoming_petty_cash: tuple[Payment, ...] | None = None
    outgoing_petty_cash: tuple[Payment, ...] | None = None
    petty_cash_deposits: tuple[PaymentSummary, ...] | None = None
    petty_cash_withdrawals: tuple[PaymentSummary, ...] | None = None
    petty_cash_mismatch: tuple[Payment, ...] | None = None
    product_group_summaries: tuple[ProductGroupSummary, ...] | None = None
    vat_summaries: tuple[VATSummary, ...] | None = None
    payments: tuple[Payment, ...] | None = None
    payment_sale_summaries: tuple[PaymentSummary, ...] | None = None
    payment_batch_summaries: tuple[PaymentBatchSummary, ...] | None = None
    liabilities: Summary | None = None
    credit_sales: Summary | None = None
    credit_returns: Summary | None = None
    open_tabs: Summary | None = None


class CashDrawer(Model, frozen=True, kw_only=True):
    """The cash drawer was opened or closed."""

    type: DrawerType


class AccountingEntry(Model, frozen=True, kw_only=True):
    """An amount that is booked to an account."""

    account: Int32
    amount: Money


class Record(Entity, frozen=True, kw_only=True):
    """An entry of a device's journal. Members for card terminals, tickets and the like are carried along."""

    date: Moment
    type: RecordType
    batch_id: Id
    training: bool
    copies: Id
    cashier: Id
    cashier_name: str
    company_name: str
    org_number: str
    address: str
    currency: str | None = None
    locale: str | None = None
    timezone_offset: Id | None = None
    copy_from: Id | None = None
    copy_of: Id | None = None
    external: bool | None = None
    queued: Moment | None = None
    location: Id | None = None
    client: Id | None = None
    client_name: str | None = None
    control_code: str | None = None
    control_unit_id: str | None = None
    description: str | None = None
    phone_number: str | None = None
    web_address: str | None = None
    email: str | None = None
    store_name: str | None = None
    store_address: str | None = None
    receipt_header: str | None = None
    receipt_footer: str | None = None
    batch: Batch | None = None
    cash_drawer: CashDrawer | None = None
    receipt: Receipt | None = None
    report: Report | None = None
    accounting: tuple[AccountingEntry, ...] | None = None
    recipient_uri: str | None = None
