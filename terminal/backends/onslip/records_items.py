"""What was sold and how it was paid, as the items and payments of Onslip: exact to the cent. Pure.

The server multiplies: an item is worth quantity x price, less its discount rate. So a discount goes out as a
rate only where that is exact; else it is in the prices of the pieces, of which two differ, and by one cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from terminal.backends.onslip.models_catalogue import GroupType
from terminal.backends.onslip.models_sale import Item, Metadata, MetadataType, Payment, PrePaidMetadata
from terminal.backends.onslip.models_till import MethodType
from terminal.backends.onslip.models_values import Money, Number
from terminal.backends.sold import Sale
from terminal.core.tickets import Line, Method
from terminal.core.value import Value

_UNNAMED = "Sale"

_RATE = 10_000
"""Hundredths of a percent in a whole."""


# -- items ---------------------------------------------------------------------------------------------


def items(lines: Iterable[Line], *, type: str, vat_scale: int | None, sign: int = 1) -> tuple[Item, ...]:  # noqa: A002 - its name on the server
    """Return *lines* as items, which are together worth what the lines cost.

    Args:
        lines: What was sold.
        type: Of the product groups: the server wants it said again.
        vat_scale: Hundredths of a percent that a rate of one stands for; None: nobody knows. A rate that
            cannot be told is left out.
        sign: -1: the quantities are negative, as of what comes back.
    """
    return tuple(
        Item(
            product_name=line.description or str(line.product) or _UNNAMED,
            quantity=Number(quantity * sign),
            type=GroupType(type),
            product=line.product if isinstance(line.product, int) else None,
            price=Money.of_cents(price),
            discount_rate=rate,
            vat_rate=_vat_rate(line.vat, vat_scale),
            comment=_comment(line) if rate is None else None,
        )
        for line in lines
        for quantity, price, rate in _pieces(line)
    )


def _vat_rate(vat: int | None, scale: int | None) -> Number | None:
    if vat == 0:
        return Number(0)
    return None if vat is None or scale is None else Number(Decimal(vat) / scale)


def _pieces(line: Line) -> Iterator[tuple[int, int, Number | None]]:
    """Give quantity, price and discount rate of the items that a line makes."""
    full = line.quantity * line.unit
    if not line.discount:
        yield line.quantity, line.unit, None
    elif line.discount * _RATE % full == 0:
        yield line.quantity, line.unit, Number(Decimal(line.discount * _RATE // full).scaleb(-2))
    else:
        price, dearer = divmod(line.total, line.quantity)
        yield line.quantity - dearer, price, None
        if dearer:
            yield dearer, price + 1, None


def _comment(line: Line) -> str | None:
    if not line.discount:
        return None
    return (
        f"{Money.of_cents(line.unit):.2f} each, {Money.of_cents(line.discount):.2f} taken off {line.quantity}"
    )


# -- payments ------------------------------------------------------------------------------------------


class Ways(Value, frozen=True):
    """How the ways to pay are called on the server.

    Attributes:
        wallet: The method of what is paid from a wallet.
        wallet_id: The stored payment method of that; None: none is named.
        card_id: The stored payment method of cards; None: none is named.
    """

    wallet: str = "payment-voucher"
    wallet_id: int | None = None
    card_id: int | None = None

    def payment(self, method: str, cents: int, reference: str = "") -> Payment:
        """Return one payment.

        Args:
            method: ``cash``, ``wallet`` or ``card``; anything else is the name of a way of the operator's own.
            cents: How much; may be negative.
            reference: By which somebody else knows it.
        """
        known: dict[str, tuple[str, int | None]] = {
            Method.CASH.value: ("cash", None),
            Method.CARD.value: ("card", self.card_id),
            Method.WALLET.value: (self.wallet, self.wallet_id),
        }
        type_, id_ = known.get(method, ("custom", None))
        paid = None
        if reference:
            prepaid = PrePaidMetadata(payment_reference=reference)
            paid = Metadata(type=MetadataType("pre-paid"), pre_paid=prepaid)
        return Payment(
            method=MethodType(type_),
            amount=Money.of_cents(cents),
            payment_method=id_,
            name=None if method in known else method,
            metadata=paid,
        )


def payments(sale: Sale, ways: Ways, *, tendered: bool, sign: int = 1) -> tuple[Payment, ...]:
    """Return how *sale* was paid; all cash as one payment.

    Args:
        sale: The sale.
        ways: How methods are called.
        tendered: Whether cash is what was given: with the change, and with what was kept. Else what the lines
            cost, exactly.
        sign: -1: the amounts are negative, as of what is given back.
    """
    extra = sale.kept + sale.change if tendered else -sale.rounding
    in_cash = [each for each in sale.payments if each.method is Method.CASH]
    cash = sum(each.amount for each in in_cash) + extra
    found = [ways.payment(Method.CASH.value, cash * sign)] if in_cash or cash else []
    found += [
        ways.payment(each.method.value, each.amount * sign, each.reference)
        for each in sale.payments
        if each.method is not Method.CASH
    ]
    return tuple(found)
