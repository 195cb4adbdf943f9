"""What a terminal of an Onslip realm sells: the products of its button map, else all of them.

GET ~realm                  who we are: permissions, till, location, VAT rates
GET ~realm/products/        and product-groups, product-modifiers, button-maps: 304 while nothing changes
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from time import monotonic
from typing import TypeVar

from terminal.backends.onslip import models_catalogue as models
from terminal.backends.onslip.goods_shelf import Shelf, scale_of
from terminal.backends.onslip.models import Entity
from terminal.backends.onslip.models_realm import ClientInfo, missing
from terminal.backends.onslip.models_rules import button_map_of, products_of
from terminal.backends.onslip.models_till import Till
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm, lacking
from terminal.backends.protocol import TerminalInfo
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace

_LOG = logging.getLogger(__name__)
_E = TypeVar("_E", bound=Entity)


class Goods:
    """The catalogue; for one thread.

    Args:
        realm: What the server tells.
        options: Which till, location and button map; how prices and rates are written.
        name: What the backend is called in the configuration.
    """

    def __init__(self, realm: Realm, options: OnslipOptions, name: str) -> None:
        self._realm = realm
        self._options = options
        self._name = name
        self._said: frozenset[str] = frozenset()

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read who this terminal is and what it sells, everything within *timeout_s* seconds."""
        until = monotonic() + timeout_s
        info = self._realm.info(timeout_s)
        if isinstance(info, Answer):
            return info
        unable = _refused("catalogue", info)
        if unable is not None:
            return unable
        till = self._till(info, until)
        if isinstance(till, Answer):
            return till
        shelf = self._shelf(info, until)
        if isinstance(shelf, Answer):
            return shelf
        order = self._order(info, till, until)
        if isinstance(order, Answer):
            return order
        products, left_out = shelf.sold(order)
        self._tell(left_out)
        if till is None:
            return TerminalInfo(products)
        return TerminalInfo(products, str(till.id), till.description or till.name)

    def _till(self, info: ClientInfo, until: float) -> Till | Answer | None:
        number = self._options.till
        if number is None or (info.till is not None and info.till.id == number):
            return info.till
        unable = _refused("configuration", info)
        return unable or self._realm.entity("tills", Till, number, until - monotonic())

    def _location(self, info: ClientInfo, till: Till | None, until: float) -> models.Location | Answer | None:
        number = self._options.location
        if number is None and till is not None:
            number = till.location
        told = info.location
        if number is None or (told is not None and told.id == number):
            return told
        if not self._options.location_settings or "show-locations" not in info.permissions:
            return None
        return self._realm.entity("locations", models.Location, number, until - monotonic())

    def _shelf(self, info: ClientInfo, until: float) -> Shelf | Answer:
        groups = self._list("product-groups", models.ProductGroup, until)
        if isinstance(groups, Answer):
            return groups
        products = self._list("products", models.Product, until)
        if isinstance(products, Answer):
            return products
        modifiers: dict[int, models.ProductModifier] | Answer = {}
        if not missing("modifiers", info):
            modifiers = self._list("product-modifiers", models.ProductModifier, until)
        if isinstance(modifiers, Answer):
            return modifiers
        rates = [*info.merchant_params.vat_rates, *(group.vat_rate for group in groups.values())]
        scale = scale_of(self._options.vat_unit, rates)
        return Shelf(products, groups, modifiers, scale, net=self._options.prices == "without VAT")

    def _order(self, info: ClientInfo, till: Till | None, until: float) -> tuple[int, ...] | Answer | None:
        """Return the products of the button map, in its order; None: there is none."""
        number = self._options.button_map
        if number is None:
            location = self._location(info, till, until)
            if isinstance(location, Answer):
                return location
            usual, there = self._options.default_button_map, self._options.location_settings
            number = button_map_of(till, location, usual, use_location=there)
        if number is None:
            return None
        maps = self._list("button-maps", models.ButtonMap, until)
        if isinstance(maps, Answer):
            return maps
        if number not in maps:
            words = f"the button map {number} is not there: choose another in the back office (or button_map)"
            return Answer(Outcome.REFUSED, words)
        return products_of(number, maps)

    def _list(self, name: str, kind: type[_E], until: float) -> dict[int, _E] | Answer:
        """Return what is not deleted of a list, by id."""
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, f"no time was left to read the {name}")
        found = self._realm.entities(name, kind, left_s)
        if isinstance(found, Answer):
            return found
        return {each.id: each for each in found if each.id is not None and each.deleted is None}

    def _tell(self, left_out: Iterable[str]) -> None:
        """Say what is not sold; once, until that changes."""
        said = frozenset(left_out)
        for words in sorted(said - self._said):
            _LOG.warning("%s: %s", self._name, words)
        self._said = said


def _refused(part: str, info: ClientInfo) -> Answer | None:
    """Return why *part* cannot be used; None: it can. The server accepts this terminal all the same."""
    unable = lacking(part, info)
    return None if unable is None else replace(unable, outcome=Outcome.REFUSED)
