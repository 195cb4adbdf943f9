"""What OnlinePOS says was sold, for reconciliation: order lines page by page, and the journal of days. Pure.

The number of an order line is the only thing that tells one from another; a reading that begins at the order
that was last seen has that order twice (``distinct``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Local, Unreadable, kind_of, read_time, unix_s
from terminal.backends.onlinepos.wire import Call, Page, Request
from terminal.core.value import Value

_V20 = "exportSales/v20"


class SoldLine(Value, frozen=True):
    """A line of an order that was paid; of what was taken back, *count* and *price* are negative.

    Attributes:
        id: Its number.
        order: Number of its order.
        price: In cents, of the whole line.
        discount: In cents.
        net: Its price without VAT, which may have parts of a cent.
        order_number: What makeorder answered [assumed].
        payment_code: ``k``: cash.
        department: Name of the terminal.
        account: Where its sale is booked; *account_number* is told beside it, and not how the two differ.
        guests: How many were at the table (``pax``).
        employee: The clerk's number (``pnumber``).
    """

    id: int
    order: int
    paid: Local
    ordered: Local
    product: int
    product_name: str
    count: Decimal
    price: int
    discount: int
    net: Decimal | None
    vat_rate: str
    payment: str
    payment_code: str
    order_number: int | None
    check: int | None
    department: str
    clerk: str
    card: str
    company: int | None
    eans: tuple[str, ...]
    cost: Decimal | None = None
    account: str = ""
    account_number: str = ""
    group: int | None = None
    group_name: str = ""
    master: int | None = None
    guests: int | None = None
    table: str = ""
    pid: str = ""
    company_name: str = ""
    card_country: str = ""
    employee: str = ""
    debtor: str = ""
    debtor_name: str = ""

    def __repr__(self) -> str:
        """Tell nothing of the card."""
        return f"SoldLine(id={self.id}, order={self.order}, product={self.product}, price={self.price})"


class ExportedLine(Value, frozen=True):
    """A line of the older export; *price* in cents, which some take for a unit price: not told."""

    id: int
    check: int
    time: Local
    product: int
    product_name: str
    amount: Decimal
    price: int
    payment: str
    clerk: str
    department: str
    group: int | None = None
    group_name: str = ""
    guests: int | None = None
    eans: tuple[str, ...] = ()


def lines(page: int = 1) -> Call[Page[SoldLine]]:
    """Read a page of all order lines."""
    return _v20(_V20, page)


def lines_since(moment: datetime, page: int = 1) -> Call[Page[SoldLine]]:
    """Read a page of the order lines from *moment* on. Raises ValueError if it has no zone."""
    return _v20(f"{_V20}/{unix_s(moment)}", page)


def lines_from_order(order: int, page: int = 1) -> Call[Page[SoldLine]]:
    """Read a page of the order lines from an order on, that included [assumed]."""
    return _v20(f"{_V20}/withId/{order}", page)


def distinct(lines: Iterable[SoldLine]) -> tuple[SoldLine, ...]:
    """Return each line once, in its order.

    Raises:
        Unreadable: One number stands for two different lines.
    """
    known: dict[int, SoldLine] = {}
    for line in lines:
        if known.setdefault(line.id, line) != line:
            raise Unreadable(f"found two different order lines with the number {line.id}")
    return tuple(known.values())


def exported(
    first: datetime, last: datetime, *, department: str = "", card: str = "", concern: bool = False
) -> Call[tuple[ExportedLine, ...]]:
    """Read the order lines of a period by the older call.

    Args:
        first: Its beginning.
        last: Its end.
        department: Only of these terminals.
        card: Only of this card.
        concern: Whether ids are those of the concern.

    Raises:
        ValueError: A moment has no zone.
    """
    body = {"from": unix_s(first), "to": unix_s(last)}
    more = {"department": department, "cardnumber": card, "map_to_koncern": "true" if concern else ""}
    request = Request(
        "POST", "exportSales", body={**body, **{name: value for name, value in more.items() if value}}
    )
    return Call(request, _exported, private=(card,) if card else ())


def _v20(path: str, page: int) -> Call[Page[SoldLine]]:
    query = (("page", str(page)),) if page > 1 else ()
    return Call(Request("GET", path, query=query), _page)


def _page(found: Any) -> Page[SoldLine]:
    outer = Fields(found, "a page of order lines")
    if not isinstance(outer.get("data"), list) or outer.get("current_page") is None:
        raise Unreadable(
            f"found {kind_of(found)} without data and current_page; expected a page of order lines"
        )
    link = outer.text("next_page_url") or None
    items = tuple(_sold(each) for each in outer.each("an order line", "data"))
    return Page(items, outer.whole("current_page"), link=link)


def _sold(fields: Fields) -> SoldLine:
    return SoldLine(
        id=fields.whole("orderlineid"),
        order=fields.whole("orderid"),
        paid=fields.time("timestamp_pay", "datetime"),
        ordered=fields.time("timestamp_order", "datetime"),
        product=fields.whole("productid", default=0),
        product_name=fields.text("productname"),
        count=fields.decimal("count"),
        price=fields.cents("price"),
        discount=fields.cents_or_none("discount") or 0,
        net=None if fields.get("priceexclvat") is None else fields.decimal("priceexclvat"),
        vat_rate=fields.text("vatrate"),
        payment=fields.text("paymenttype"),
        payment_code=fields.text("paymenttypecode"),
        order_number=fields.whole_or_none("ordernumber"),
        check=fields.whole_or_none("chkno"),
        department=fields.text("department"),
        clerk=fields.text("clerk"),
        card=fields.text("cardnumber"),
        company=fields.whole_or_none("firmaid"),
        eans=_eans(fields),
        cost=None if fields.get("costprice") in (None, "") else fields.decimal("costprice"),
        account=fields.text("account"),
        account_number=fields.text("accountnumber"),
        group=fields.whole_or_none("productgroupid"),
        group_name=fields.text("productgroup"),
        master=fields.whole_or_none("MasterID"),
        guests=fields.whole_or_none("pax"),
        table=fields.text("table"),
        pid=fields.text("pid"),
        company_name=fields.text("companyname"),
        card_country=fields.text("cardcountry"),
        employee=fields.text("pnumber"),
        debtor=fields.text("debtornumber"),
        debtor_name=fields.text("debtorname"),
    )


def _eans(fields: Fields) -> tuple[str, ...]:
    return tuple(ean for number in range(1, 5) if (ean := fields.text(f"ean_{number}")))


def _exported(found: Any) -> tuple[ExportedLine, ...]:
    outer = Fields(found, "a list of sales")
    if outer.get("sales") is None:
        raise Unreadable(f"found {kind_of(found)} without sales; expected them")
    return tuple(read_exported_line(each.within("line")) for each in outer.each("a sale", "sales"))


def read_exported_line(fields: Fields) -> ExportedLine:
    """Return a line of the older export. Raises Unreadable if it is something else."""
    return ExportedLine(
        fields.whole("id"),
        fields.whole("chk"),
        read_time(f"{fields.text('date')} {fields.text('time')}"),
        fields.whole("product_id"),
        fields.text("product"),
        fields.decimal("amount"),
        fields.cents("price"),
        fields.text("payment_type"),
        fields.text("clerk"),
        fields.text("department"),
        fields.whole_or_none("product_group_id"),
        fields.text("product_group"),
        fields.whole_or_none("pax"),
        _eans(fields),
    )
