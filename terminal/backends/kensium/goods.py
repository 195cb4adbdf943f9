"""What is sold here, from the items of Kensium POS and their prices in a warehouse."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from time import monotonic

import msgspec

from terminal.backends.kensium.feeds import ITEMS, STOCK, bring, kept
from terminal.backends.kensium.models import Amount, Item, Stock, Unreadable, read
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.tenant import Tenant
from terminal.backends.protocol import TerminalInfo
from terminal.backends.replies import plain
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome
from terminal.mirror import Mirror, MirrorLost

_LOG = logging.getLogger(__name__)
_LONGEST_NAME = 60
_decode = msgspec.json.Decoder().decode


class Goods:
    """The catalogue.

    Args:
        tenant: The server.
        mirror: Keeps what it told.
        options: Whose prices count.
        name: What the backend is called in the configuration.
    """

    def __init__(self, tenant: Tenant, mirror: Mirror, options: KensiumOptions, name: str) -> None:
        self._tenant = tenant
        self._mirror = mirror
        self._options = options
        self._name = name
        self._said: frozenset[str] = frozenset()
        self._stock = options.names.get("itemWarehouse") != ""

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read what is sold, within *timeout_s* seconds; what came in that time is not read again."""
        until = monotonic() + timeout_s
        for feed in (ITEMS, STOCK) if self._stock else (ITEMS,):
            came = [0]
            failed = bring(self._tenant, self._mirror, feed, lambda: until, came.append)
            if failed is not None and came[-1] and monotonic() >= until:
                # It is there, and there is much of it: deliveries need not wait for that.
                words = f"the {feed.name} are still being read: {came[-1]} more have come, and it goes on"
                return Answer(Outcome.REFUSED, words)
            if failed is not None:
                return failed
        try:
            items: list[Item] = kept(ITEMS, self._mirror)
            stock: list[Stock] = kept(STOCK, self._mirror) if self._stock else []
        except (Unreadable, MirrorLost) as error:
            return Answer(Outcome.UNKNOWN, str(error))
        if not self._stock:
            stock = [each for item in items for each in item.warehouses or ()]
        products, left_out = sold(items, stock, self._options.warehouse_code, free=self._options.free_items)
        self._tell(left_out)
        return TerminalInfo(products)

    def uom(self, sku: str) -> str:
        """Return the unit of measure in which an item is sold; empty: it is not known."""
        try:
            body = self._mirror.row(ITEMS.name, msgspec.json.encode((sku,)).decode())
            return "" if body is None else read(Item, _decode(body)).sale_uom or ""
        except (Unreadable, MirrorLost):
            return ""

    def _tell(self, left_out: Iterable[str]) -> None:
        """Say what is not sold; once, until that changes."""
        said = frozenset(left_out)
        for words in sorted(said - self._said):
            _LOG.warning("%s: %s", self._name, words)
        self._said = said


def sold(
    items: Iterable[Item], stock: Iterable[Stock], warehouse: str, *, free: bool = False
) -> tuple[tuple[Product, ...], tuple[str, ...]]:
    """Return what is sold at the prices of *warehouse*, and in sentences what is not, and why. Pure.

    *free*: a price of 0 is one.
    """
    prices: dict[str, dict[str, Amount]] = {}
    for each in stock:
        if each.base_price is not None and warehouse in ("", each.warehouse_code):
            prices.setdefault(each.sku, {})[each.warehouse_code] = each.base_price
    products, left_out = [], []
    for item in items:
        found = prices.get(item.sku, {})
        if not item.sku:
            left_out.append("an item without a sku is not sold: nothing could name it in a purchase")
        elif not found:
            if warehouse:
                continue  # that warehouse has no such thing
            left_out.append(f"the item {_named(item)} is not sold: no warehouse tells a price")
        elif len(found) > 1:
            left_out.append(
                f"the item {_named(item)} is not sold: several warehouses have it, set warehouse_code"
            )
        else:
            (price,) = found.values()
            product = _product(item, price, free=free)
            if isinstance(product, Product):
                products.append(product)
            else:
                left_out.append(product)
    return tuple(products), tuple(left_out)


def _named(item: Item) -> str:
    """Return what an item is called in a log, which a server does not write."""
    return plain(item.sku)[:_LONGEST_NAME]


def _product(item: Item, price: Amount, *, free: bool) -> Product | str:
    try:
        cents = price.cents
    except Unreadable as error:
        return f"the item {_named(item)} is not sold: {error}"
    if cents < 0:
        return f"the item {_named(item)} is not sold: found the price {price}; expected none below zero"
    if not (cents or free):
        return f"the item {_named(item)} is not sold: its price is 0; see free_items"
    return Product(item.sku, item.name or item.long_name or item.sku, cents)
