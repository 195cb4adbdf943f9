"""The operations of Kensium POS: every query and every change that its pages support."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from terminal.backends.kensium.graphql import Call
from terminal.backends.kensium.purchase import Purchase, decimal
from terminal.backends.kensium.sheet import CHANGES, QUERIES, named
from terminal.backends.kensium.writing import Unsupported, Writer
from terminal.core.token import mask

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Documents:
    """Writes operations for one server.

    Args:
        names: What it calls otherwise, by path; empty: it has no such thing. See ``KensiumOptions.names``.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._writer = Writer(names or {})

    # -- queries ---------------------------------------------------------------------------------------

    def environment(self) -> Call:
        """Ask what the server is: a health check."""
        return self._query("environment")

    def customer(
        self,
        *,
        id_: str | None = None,
        member_id: str | None = None,
        first: int | None = None,
        skip: int | None = None,
        since: str | None = None,
    ) -> Call:
        """Ask for customers. Permission: ViewCustomers."""
        return self._query("customer", id=id_, memberId=member_id, first=first, skip=skip, since=since)

    def giftcard(self, code: str | None = None, code_type: str | None = "PHYSICAL") -> Call:
        """Ask for the gift card with *code*; without one, for those that a trusted caller may list."""
        kind = None if code is None else code_type
        return self._query("giftcard", _hiding(code), code=code, codeType=kind)

    def item(
        self,
        *,
        first: int | None = None,
        skip: int | None = None,
        warehouse: str | None = None,
        since: str | None = None,
    ) -> Call:
        """Ask for items with their prices and stock. Permission: ViewInventory. *since*: blank to begin."""
        return self._query("item", first=first, skip=skip, warehouseCode=warehouse, since=since)

    def item_serial_lot(
        self, *, first: int | None = None, skip: int | None = None, since: str | None = None
    ) -> Call:
        """Ask for serial numbers and lots."""
        return self._query("itemSerialLot", first=first, skip=skip, since=since)

    def item_warehouse(
        self,
        *,
        first: int | None = None,
        skip: int | None = None,
        warehouse: str | None = None,
        since: str | None = None,
    ) -> Call:
        """Ask for prices and stock by warehouse."""
        return self._query("itemWarehouse", first=first, skip=skip, warehouseCode=warehouse, since=since)

    def location(self, *, first: int | None = None, skip: int | None = None) -> Call:
        """Ask for the places that purchases name as their store."""
        return self._query("location", first=first, skip=skip)

    def product(self, *, first: int | None = None, skip: int | None = None) -> Call:
        """Ask for products."""
        return self._query("product", first=first, skip=skip)

    def product_banner(self, *, first: int | None = None, skip: int | None = None) -> Call:
        """Ask for the banners of products."""
        return self._query("productBanner", first=first, skip=skip)

    def product_group(self, *, first: int | None = None, skip: int | None = None) -> Call:
        """Ask for the groups of products."""
        return self._query("productGroup", first=first, skip=skip)

    def product_notice(self, *, first: int | None = None, skip: int | None = None) -> Call:
        """Ask for the notices of products."""
        return self._query("productNotice", first=first, skip=skip)

    def product_section(self, *, first: int | None = None, skip: int | None = None) -> Call:
        """Ask for the sections of products."""
        return self._query("productSection", first=first, skip=skip)

    def product_sort_option(self, *, first: int | None = None, skip: int | None = None) -> Call:
        """Ask how products may be sorted."""
        return self._query("productSortOption", first=first, skip=skip)

    def sale(
        self,
        *,
        id_: str | None = None,
        customer_id: str | None = None,
        from_date: str | None = None,
        to_date: str | None = None,
        first: int | None = None,
        skip: int | None = None,
        since: str | None = None,
    ) -> Call:
        """Ask for sales. Permission: ViewSales. Dates are ``YYYY-MM-DD``, the last one not included."""
        for date in (from_date, to_date):
            if date is not None and not _DATE.fullmatch(date):
                raise Unsupported(f"found the date {date[:20]!r}; expected YYYY-MM-DD")
        return self._query(
            "sale",
            id=id_,
            customerId=customer_id,
            fromDate=from_date,
            toDate=to_date,
            first=first,
            skip=skip,
            since=since,
        )

    # -- changes ---------------------------------------------------------------------------------------

    def giftcard_add(
        self,
        code: str,
        pin: str | None = None,
        *,
        member_id: str | None = None,
        external_code: str | None = None,
        add_personal_code: bool | None = None,
    ) -> Call:
        """Make a gift card, without funds. Permission: CreateGiftCard. A code in use is refused [assumed]."""
        card = {
            "physicalCode": code,
            "physicalPin": pin,
            "addPersonalCode": add_personal_code,
            "memberId": member_id,
            "externalCode": external_code,
        }
        return self._change("giftcardAdd", _hiding(code, pin, external_code), giftcard=card)

    def giftcard_edit(
        self,
        id_: str,
        *,
        add_personal_code: bool | None = None,
        revoke_physical_code: bool | None = None,
        member_id: str | None = None,
    ) -> Call:
        """Change a gift card's codes or owner. Permission: EditGiftCard, which is not for kiosks."""
        card = {
            "id": id_,
            "addPersonalCode": add_personal_code,
            "revokePhysicalCode": revoke_physical_code,
            "memberId": member_id,
        }
        return self._change("giftcardEdit", giftcard=card)

    def giftcard_trans_add(
        self,
        code: str,
        amount: int,
        kind: str,
        *,
        source_id: str,
        ref_no: str,
        pin: str | None = None,
        code_type: str = "PHYSICAL",
        authorize_only: bool = False,
    ) -> Call:
        """Move funds of a gift card. A repeat is booked again.

        Args:
            code: Of the card.
            amount: In cents, signed: ADD takes more than zero, USE less.
            kind: ADD, USE, ADJUST, EXTERNAL or IMPORT; each needs the permission of its name.
            source_id: What moves them: the terminal.
            ref_no: What it is called there, the same in all tries.
            pin: If the card has one.
            code_type: Of *code*.
            authorize_only: Only hold them, for ``giftcard_trans_capture``.

        Raises:
            Unsupported: The sign is wrong for *kind*, or this server can not do that.
        """
        if not amount or (kind == "ADD" and amount < 0) or (kind == "USE" and amount > 0):
            raise Unsupported(f"found {amount} cents; expected another sign for {kind}")
        trans = {
            "codeType": code_type,
            "code": code,
            "pin": pin,
            "transType": kind,
            "amount": decimal(amount),
            "sourceId": source_id,
            "refNo": ref_no,
            "authorizeOnly": authorize_only or None,
        }
        return self._change("giftcardTransAdd", _hiding(code, pin), trans=trans)

    def giftcard_trans_capture(self, id_: str, *, cancel: bool = False) -> Call:
        """Complete what was only authorised, or cancel it [its arguments are assumed]."""
        return self._change("giftcardTransCapture", trans={"id": id_, "cancel": cancel or None})

    def purchase_add(self, bought: Purchase) -> Call:
        """Record a purchase. Permission: AddPurchase. A repeat is recorded again, and none can be read."""
        return self._change("purchaseAdd", add=bought.written())

    def payment_start(self, amount: int, kind: str = "SALE", *, source_id: str, ref_no: str) -> Call:
        """Begin a payment at a card terminal [its arguments are assumed]; *amount* in cents."""
        payment = {"transType": kind, "amount": decimal(amount), "sourceId": source_id, "refNo": ref_no}
        return self._change("terminalPayment", step="start", payment=payment)

    def payment_continue(self, id_: str) -> Call:
        """Ask what became of it, after the time that its continuation named."""
        return self._change("terminalPayment", step="continue", id=id_)

    def payment_capture(self, id_: str) -> Call:
        """Complete one that was authorised."""
        return self._change("terminalPayment", step="capture", id=id_)

    def _query(self, name: str, secrets: dict[str, str] | None = None, **args: Any) -> Call:
        return self._writer.operation("query", (named(QUERIES, name),), args, secrets)

    def _change(self, name: str, secrets: dict[str, str] | None = None, step: str = "", **args: Any) -> Call:
        field = named(CHANGES, name)
        path = (field, named(field.parts, step)) if step else (field,)
        return self._writer.operation("mutation", path, args, secrets)


def _hiding(code: str | None, *others: str | None) -> dict[str, str]:
    """Return what errors must not tell: of a code the last digits are shown, of a PIN nothing."""
    shown = {code: mask(code)} if code else {}
    return shown | {each: "[secret]" for each in others if each}
