"""A purchase as Kensium POS records it, and amounts and times as it wants them written. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from terminal.backends.kensium.writing import Unsupported
from terminal.core.value import Value


class Purchase(Value, frozen=True, kw_only=True):
    """A purchase for loyalty and reports; amounts in cents, the time in UTC."""

    transaction_id: str
    store_code: str
    purchased_on: datetime
    pay_amount: int
    sub_total: int
    lines: tuple[PurchaseLine, ...]
    sale_discount: int = 0
    item_discount: int = 0
    refund: int = 0
    tax: int = 0
    channel: str | None = None
    member_id: str | None = None
    order_type: str | None = None
    pay_method: str | None = None
    customer_id: str | None = None
    email: str | None = None

    def written(self) -> dict[str, Any]:
        """Return it by the server's names."""
        return {
            "transactionId": self.transaction_id,
            "storeCode": self.store_code,
            "purchasedOn": moment(self.purchased_on),
            "payAmount": decimal(self.pay_amount),
            "saleDiscountAmount": decimal(self.sale_discount),
            "itemDiscountAmount": decimal(self.item_discount),
            "subTotal": decimal(self.sub_total),
            "refundAmount": decimal(self.refund),
            "taxAmount": decimal(self.tax),
            "channel": self.channel,
            "memberId": self.member_id,
            "orderType": self.order_type,
            "payMethod": self.pay_method,
            "customerId": self.customer_id,
            "email": self.email,
            "lineItems": [each.written() for each in self.lines],
        }


class PurchaseLine(Value, frozen=True, kw_only=True):
    """One line of a purchase; amounts in cents."""

    number: int
    sku: str
    unit_price: int
    ext_price: int
    quantity: Decimal
    uom: str
    is_refund: bool = False
    item_discount: int = 0
    sale_discount: int = 0

    def written(self) -> dict[str, Any]:
        """Return it by the server's names."""
        return {
            "lineNumber": self.number,
            "sku": self.sku,
            "isRefund": self.is_refund,
            "unitPrice": decimal(self.unit_price),
            "extPrice": decimal(self.ext_price),
            "itemDiscountAmount": decimal(self.item_discount),
            "saleDiscountAmount": decimal(self.sale_discount),
            "quantity": self.quantity,
            "uom": self.uom,
        }


def decimal(cents: int) -> Decimal:
    """Return *cents* as an amount with two decimals."""
    return Decimal(cents).scaleb(-2)


def moment(when: datetime) -> str:
    """Return *when* in UTC, to the second and without a zone, as the server wants it.

    Raises:
        Unsupported: It has no zone.
    """
    if when.tzinfo is None:
        raise Unsupported("found a time without a zone")
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
