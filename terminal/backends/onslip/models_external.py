"""Records of an external journal: the sales of a system that is no Onslip register.

After the types of Onslip's SDK 1.37.5. The server fills in the sums and the company's texts [inferred].
"""

from __future__ import annotations

from terminal.backends.onslip.models import Model
from terminal.backends.onslip.models_journal import BatchType, ReceiptType, RecordType, ReportType
from terminal.backends.onslip.models_sale import Customer, Item, Payment
from terminal.backends.onslip.models_values import Id, Moment, Money


class ExternalReceipt(Model, frozen=True, kw_only=True):
    """A receipt of another system. *reference* can be one's own, to look for after a lost answer [inferred]."""

    type: ReceiptType
    items: tuple[Item, ...]
    payments: tuple[Payment, ...]
    change: Money
    rounding: Money | None = None
    tab: Id | None = None
    order: Id | None = None
    customer: Customer | None = None
    reference: str | None = None
    our_reference: str | None = None


class ExternalReport(Model, frozen=True, kw_only=True):
    """The wish for a report, which the server computes [inferred]."""

    type: ReportType


class ExternalBatch(Model, frozen=True, kw_only=True):
    """What was counted."""

    type: BatchType
    amounts: tuple[Payment, ...] | None = None


class ExternalRecord(Model, frozen=True, kw_only=True):
    """An entry of an external journal."""

    date: Moment
    type: RecordType
    timezone_offset: Id | None = None
    client_name: str | None = None
    cashier: Id | None = None
    cashier_name: str | None = None
    description: str | None = None
    recipient_uri: str | None = None
    control_code: str | None = None
    control_unit_id: str | None = None
    receipt: ExternalReceipt | None = None
    report: ExternalReport | None = None
    batch: ExternalBatch | None = None
