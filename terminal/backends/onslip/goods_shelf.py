"""What of Onslip's products is sold here: prices, groups, VAT and modifiers, in the order of a screen. Pure.

Not sold are products with an open price, those that are more than a piece (coupons and vouchers), and those of
groups that are no goods and no services. Whether prices include VAT, and how rates are written, is not told by
Onslip's pages: options say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from terminal.backends.onslip import models_catalogue as models
from terminal.backends.onslip.models_values import Money
from terminal.core.catalogue import Product
from terminal.core.value import Value

Unit = Literal["auto", "percent", "fraction"]

_SOLD = ("goods", "services")
_PERCENT, _FRACTION = 100, 10_000  # hundredths of a percent in a rate of one


class NotSold(Exception):  # noqa: N818 - an outcome, not a fault
    """A product is left out; the words say why, beginning behind its name."""


class Shelf(Value, frozen=True):
    """What a realm sells, by id.

    Attributes:
        products, groups, modifiers: All that are not deleted.
        scale: Hundredths of a percent in a VAT rate of one; None: nobody can tell.
        net: Whether prices are without VAT.
    """

    products: Mapping[int, models.Product]
    groups: Mapping[int, models.ProductGroup]
    modifiers: Mapping[int, models.ProductModifier]
    scale: int | None
    net: bool = False

    def sold(self, order: tuple[int, ...] | None) -> tuple[tuple[Product, ...], tuple[str, ...]]:
        """Return what is sold, and a sentence for each product that is left out.

        Args:
            order: Ids of the products that a screen shows, in its order; None: all of them, by name.
        """
        if order is None:
            order = tuple(sorted(self.products, key=lambda id_: (self.products[id_].name.casefold(), id_)))
        found: list[Product] = []
        left_out: list[str] = []
        for id_ in order:
            known = self.products.get(id_)
            if known is None:
                left_out.append(f"the product {id_} of the button map is not sold: it is not there any more")
                continue
            try:
                found.append(self._product(id_, known))
            except NotSold as why:
                left_out.append(f"the product {id_} {known.name!r} is not sold: {why}")
        return tuple(found), tuple(left_out)

    def _product(self, id_: int, product: models.Product) -> Product:
        group = self.groups.get(product.product_group)
        if product.type is not None:
            raise NotSold(f"it is of the type {product.type}")
        if group is None:
            raise NotSold(f"its group {product.product_group} is not there")
        if group.type not in _SOLD:
            raise NotSold(f"its group {group.name!r} is of the type {group.type}")
        if product.price is None:
            raise NotSold("it has no price of its own")
        vat = rate(group.vat_rate, self.scale)
        price = gross(product.price, vat) if self.net else exact(product.price)
        texts = tuple(self._modifiers(product, group))
        return Product(id_, product.name, price, group=group.name, vat=vat, modifiers=texts)

    def _modifiers(self, product: models.Product, group: models.ProductGroup) -> Iterator[str]:
        for id_ in dict.fromkeys([*(product.modifiers or ()), *(group.modifiers or ())]):
            modifier = self.modifiers.get(id_)
            text = self._text(modifier) if modifier is not None else ""
            if text:
                yield text

    def _text(self, modifier: models.ProductModifier) -> str:
        """Return a modifier as it is shown, such as ``Milk: whole, oat``."""
        chosen = [self.products[id_].name for id_ in modifier.products or () if id_ in self.products]
        choices = ", ".join([*(modifier.values or ()), *chosen])
        if modifier.title == "hidden":
            return choices
        return f"{modifier.name}: {choices}" if choices else modifier.name


def scale_of(unit: Unit, rates: Iterable[Decimal]) -> int | None:
    """Return how many hundredths of a percent a VAT rate of one stands for.

    Args:
        unit: As it was set; ``auto``: as *rates* show.
        rates: All that are known: where one is greater than one, they are percents; where one is between zero
            and one, fractions. None is returned where only zero and one are known.
    """
    if unit != "auto":
        return _PERCENT if unit == "percent" else _FRACTION
    known = tuple(rates)
    if any(each > 1 for each in known):
        return _PERCENT
    return _FRACTION if any(0 < each < 1 for each in known) else None


def rate(written: Decimal, scale: int | None) -> int | None:
    """Return a VAT rate in hundredths of a percent; None where it is none, or nobody can tell."""
    if not written:
        return 0
    scaled = Decimal(written) * (scale or 0)
    return int(scaled) if scaled > 0 and scaled == scaled.to_integral_value() else None


def exact(price: Money) -> int:
    """Return a price in cents.

    Raises:
        NotSold: It is less than nothing, or not payable.
    """
    if price < 0:
        raise NotSold(f"its price is {price}")
    try:
        return price.cents
    except ValueError:
        raise NotSold(f"its price, {price}, is no whole number of cents") from None


def gross(price: Money, vat: int | None) -> int:
    """Return a price without VAT as it is with it, in cents.

    Raises:
        NotSold: It is less than nothing, or the rate is not known.
    """
    if vat is None:
        raise NotSold("its price is without VAT, and its rate is not known (vat_unit)")
    if price < 0:
        raise NotSold(f"its price is {price}")
    return int((Decimal(price) * (10_000 + vat) / 100).to_integral_value(ROUND_HALF_UP))
