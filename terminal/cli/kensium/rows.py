"""What `kensium export` writes: rows of a tenant as flat records, read from it or from a copy of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import click

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.feeds import FEEDS, FIRST, bring, kept
from terminal.backends.kensium.graphql import Call
from terminal.backends.kensium.models import (
    Customer,
    GiftCard,
    Item,
    Page,
    Row,
    Sale,
    SerialLot,
    Stock,
    Unreadable,
)
from terminal.backends.kensium.paging import Ask, paged
from terminal.backends.kensium.tenant import Tenant
from terminal.backends.kensium.writing import Unsupported
from terminal.cli.errors import Trouble, WrongUse
from terminal.cli.export import Record
from terminal.cli.kensium.access import trouble
from terminal.core.delivery import Answer
from terminal.core.token import mask
from terminal.mirror import Mirror, MirrorLost, is_free

_MOST_PAGES = 100_000
_OF: dict[str, tuple[type[Row], tuple[str, ...]]] = {
    "items": (Item, ("sku", "name", "long_name", "sale_uom", "stock_uom")),
    "warehouses": (Stock, ("warehouse_code", "sku", "base_price", "quantity_available")),
    "lots": (SerialLot, ("warehouse_code", "sku", "serial_lot_nbr")),
    "sales": (Sale, ("id", "register_code", "tran_no", "customer_id", "sale_date")),
}
FIELDS = {name: fields for name, (_, fields) in _OF.items()}
CUSTOMERS = ("id", "member_id", "status", "full_name", "phone")
GIFTCARDS = ("id", "member_id", "balance", "code_type", "code", "expires_on")

_Write = Callable[[Documents], Call]


class Reads:
    """Asks *tenant* for what a command needs, and says in a sentence where it does not get it.

    Args:
        tenant: Whom.
        timeout_s: For each request.
    """

    def __init__(self, tenant: Tenant, timeout_s: float) -> None:
        self.tenant = tenant
        self.timeout_s = timeout_s
        self.limited = False

    def page(self, kind: type[Row], write: _Write, needs: str, doing: str, *, whole: bool = True) -> Page[Any]:
        """Return a page; *whole* as for ``Tenant.page``.

        Raises:
            Trouble: It did not work; *doing* is what was tried.
        """
        try:
            page: Page[Any] | Answer = self.tenant.page(
                kind, write, needs, monotonic() + self.timeout_s, whole=whole
            )
            if isinstance(page, Answer):
                raise trouble(page, doing)
        except (Unreadable, Unsupported) as error:
            raise Trouble(f"{doing} did not work: {error}.") from None
        self.limited |= page.limited
        return page

    def all(
        self, kind: type[Row], write: Callable[[Documents, Ask], Call], needs: str, doing: str
    ) -> Iterator[Any]:
        """Give the rows of a list, page by page as they are wanted. Raises Trouble as ``page``."""
        reading = paged(FIRST, _MOST_PAGES)
        ask = next(reading)
        while True:
            page = self.page(kind, partial(_at, write, ask), needs, doing)
            yield from page.rows
            try:
                ask = reading.send(page)
            except StopIteration:
                return
            except Unreadable as error:
                raise Trouble(f"{doing} did not work: {error}.") from None


def _at(write: Callable[[Documents, Ask], Call], ask: Ask, documents: Documents) -> Call:
    return write(documents, ask)


def listed(reads: Reads, name: str, chosen: Mapping[str, str | None]) -> Iterator[Record]:
    """Give all records of a list; *chosen*: of sales, which ones."""
    kind, fields = _OF[name]
    ways: dict[str, Callable[[Documents, Ask], Call]] = {
        "items": lambda it, ask: it.item(first=ask.first, skip=ask.skip),
        "warehouses": lambda it, ask: it.item_warehouse(first=ask.first, skip=ask.skip),
        "lots": lambda it, ask: it.item_serial_lot(first=ask.first, skip=ask.skip),
        "sales": lambda it, ask: it.sale(first=ask.first, skip=ask.skip, **chosen),
    }
    for row in reads.all(kind, ways[name], FEEDS[name].needs, f"Reading the {name}"):
        yield _flat(row, fields)


def followed(reads: Reads, name: str, file: Path) -> Iterator[Record]:
    """Bring the copy in *file* up to date, and give all records of it.

    Raises:
        Trouble: It did not work; what had come is kept.
        WrongUse: The file is something else.
    """
    try:
        free = is_free(file)
    except OSError as error:
        raise WrongUse(f"The copy {file} cannot be read: {error.strerror}.") from None
    if not free:
        raise WrongUse(
            f"{file} is no copy that was made here: expected one, or no file. Nothing in it was changed."
        )
    with closing(Mirror(file, str(reads.tenant))) as mirror:
        failed = bring(reads.tenant, mirror, FEEDS[name], lambda: monotonic() + reads.timeout_s, _progress)
        if isinstance(failed, Answer):
            raise trouble(failed, f"Reading the {name}")
        try:
            rows = kept(FEEDS[name], mirror)
        except (Unreadable, MirrorLost) as error:
            raise Trouble(f"Reading the copy {file} did not work: {error}.") from None
    for row in rows:
        yield _flat(row, FIELDS[name])


def _progress(rows: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{rows} read", nl=False, err=True)


def customers(reads: Reads, id_: str | None, member_id: str | None) -> Iterator[Record]:
    """Give customers; all of them, without an id."""

    def write(documents: Documents, ask: Ask) -> Call:
        return documents.customer(id_=id_, member_id=member_id, first=ask.first, skip=ask.skip)

    for row in reads.all(Customer, write, "ViewCustomers", "Reading the customers"):
        phone = row.phone.raw if row.phone is not None else None
        yield _flat(row, CUSTOMERS[:-1]) | {"phone": phone}


def giftcards(reads: Reads, code: str, code_type: str | None) -> Iterator[Record]:
    """Give a record for each code of the gift card with *code*."""

    def write(documents: Documents) -> Call:
        return documents.giftcard(code, code_type or "PHYSICAL")

    page = reads.page(GiftCard, write, "FindGiftCardByCode", "Finding the gift card", whole=False)
    for card in page.rows:
        of_card = {**_flat(card, GIFTCARDS[:2]), "balance": _text(card.balance)}
        for each in card.codes or (None,):
            known = (each.code_type, mask(each.code), each.expires_on) if each is not None else (None,) * 3
            yield of_card | dict(zip(GIFTCARDS[3:], known, strict=True))


def _flat(row: Row, fields: tuple[str, ...]) -> Record:
    return {name: _text(getattr(row, name)) for name in fields}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
