"""A company to begin with: goods and stock of them, cards for tokens, and a campaign that vouchers are of."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.sandbox.ledger import whole_number
from terminal.sandbox.onlinepos.server import OnlinePos
from terminal.sandbox.onlinepos.things import Campaign, Card, Company, Product, ProductGroup, Stock
from terminal.sandbox.onslip.furnish import Held, Sold

CAMPAIGN = 1
"""The id of the campaign."""

_SOLD = (Sold(1, "Kaffe", 2500, "Drikke"), Sold(2, "Te", 2000, "Drikke"))
_HELD = (Held("04A1B2C3D4E5F6", 100_00),)
_FIRST_CARD = 90_000_200_000_001
_PIECES = 100_000
"""A hundred of each product, in thousandths."""


def furnish(pos: OnlinePos, company: Company, *, sold: Sequence[Sold] = (), held: Sequence[Held] = ()) -> None:
    """Let *company* do everything, and know what a terminal needs. What is there already stays.

    Args:
        pos: The server.
        company: Who the terminal is.
        sold: Products, in place of those of the same id; none: two drinks, if there are no products.
        held: Cards for tokens, which are their chips, that have none; none: one, if there are no cards.

    Raises:
        ValueError: Two products have one id.
    """
    with pos.store.transaction():
        pos.know([company])
        if not pos.store.things(Campaign):
            pos.know([Campaign(id=CAMPAIGN, name="Gavekort", type="amount")])
        if sold or not pos.store.things(Product):
            _sell(pos, sold or _SOLD)
        cards = pos.store.cards()
        for each in held or (() if cards else _HELD):
            if pos.store.card_by_rfid(each.token.upper()) is None:
                number = f"{_FIRST_CARD + len(pos.store.cards()):015d}"
                pos.know([Card(number=number, name="Kort", rfid=each.token.upper(), balance=each.balance)])


def _sell(pos: OnlinePos, sold: Sequence[Sold]) -> None:
    ids = [whole_number(each.id, position) for position, each in enumerate(sold, 1)]
    if len(set(ids)) < len(ids):
        raise ValueError(
            "the ids of products are whole numbers for OnlinePOS, and two of them would be the same"
        )
    groups = list(dict.fromkeys(each.group for each in sold))
    pos.know(ProductGroup(id=number, name=name) for number, name in enumerate(groups, 1))
    for id_, each in zip(ids, sold, strict=True):
        ean, group = f"{id_:013d}", 1 + groups.index(each.group)
        pos.know([Product(id=id_, name=each.name, price=each.price, group=group, vat=each.vat, eans=(ean,))])
        if pos.store.thing(Stock, ean) is None:
            pos.know([Stock(ean=ean, amount=_PIECES)])
