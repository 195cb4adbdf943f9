"""Every call of the client, all of them: testers' server understands it, and the client what it answers."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from terminal.backends import onlinepos
from terminal.backends.onlinepos import (
    assortment,
    campaigns,
    cards,
    concern,
    concern_cards,
    day_journal,
    edits,
    goods,
    orders,
    sales,
    stock,
    stocktaking,
    takeaway,
    writes,
)
from terminal.backends.onlinepos.assortment import OfferFrame, OfferTerm
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.wire import Call
from terminal.core.delivery import Answer, Outcome
from terminal.sandbox.onlinepos.api import CALLS
from terminal.sandbox.onlinepos.things import (
    Company,
    Content,
    Ingredient,
    Offer,
    Product,
    StockPlace,
    StockProduct,
)
from tests.backends.onlinepos_making import ENOUGH_S
from tests.sandbox.shop import CARD, CHIP, FIRMAID, KEY, TOKEN, Shop

SECRET = f'{{"token":"{TOKEN}","firmaid":{FIRMAID},"key":"{KEY}"}}'
FIRST, LAST = datetime(2023, 11, 14, tzinfo=UTC), datetime(2023, 11, 15, 12, tzinfo=UTC)
DAY = date(2023, 11, 14)
LINE = orders.Line(1, 2, 5000)
ORDER = orders.Order("Kiosk", "1", "a@example.org", "10:00", (LINE,), paid=True)
OFFER = OfferFrame("Happy hour", days=(False,) * 5 + (True,) * 2, priority=3)
TAKEN_AWAY = {"name": "Kiosk", "phone": "1", "email": "a@example.org", "pickup_time": "10:00", "paid": "1"}


class Row(NamedTuple):
    """A call; what is so of its answer; and, for one that writes, what is so of the server then."""

    make: Callable[[], Call[Any]]
    said: Callable[[Any], bool]
    done: Callable[[Shop], bool] = lambda shop: shop.pos.effects() == []


def kept(kind: type[Any], id_: int) -> Callable[[Shop], Any]:
    return lambda shop: shop.pos.store.thing(kind, id_)


def known(shop: Shop, number: str = CARD) -> Any:
    card = shop.pos.store.card(number)
    assert card is not None
    return card


TABLE: dict[str, Row] = {
    "assortment.add_product": Row(
        lambda: assortment.add_product("Kage", "Brød", price=2500, cost=700),
        lambda said: said == 4,
        lambda shop: kept(Product, 4)(shop).price == 2500,
    ),
    "assortment.create_offer": Row(
        lambda: assortment.create_offer(OFFER, (OfferTerm(product=1, price=1250, amount=2),)),
        lambda said: said is None,
        lambda shop: kept(Offer, 5)(shop).content == (Content(pid=1, price=1250, amount=2),),
    ),
    "assortment.edit_offer": Row(
        lambda: assortment.edit_offer(4, OFFER),
        lambda said: said is None,
        lambda shop: (kept(Offer, 4)(shop).prio, len(kept(Offer, 4)(shop).content)) == (3, 1),
    ),
    "assortment.add_offer_term": Row(
        lambda: assortment.add_offer_term(4, OfferTerm(group=10, percent=25)),
        lambda said: said is None,
        lambda shop: kept(Offer, 4)(shop).content[1] == Content(gid=10, price=None, percent=25),
    ),
    "assortment.remove_offer_term": Row(
        lambda: assortment.remove_offer_term(4, product=1),
        lambda said: said is None,
        lambda shop: kept(Offer, 4)(shop).content == (),
    ),
    "campaigns.campaigns": Row(campaigns.campaigns, lambda said: [each.id for each in said] == [27]),
    "campaigns.campaign_products": Row(
        lambda: campaigns.campaign_products(27), lambda said: said.rewards[0].name == "Stor kaffe"
    ),
    "campaigns.edit_campaign": Row(
        lambda: campaigns.edit_campaign(27, campaigns.CampaignEdit(name="Øl", add_companies=(9000,))),
        lambda said: said is None,
        lambda shop: "Øl" in str(shop.read("campaign/campaignList")),
    ),
    "cards.card": Row(lambda: cards.card(CARD), lambda said: said[0].balance == 10_300),
    "cards.by_rfid": Row(lambda: cards.by_rfid(CHIP), lambda said: said.number == CARD),
    "cards.by_number": Row(lambda: cards.by_number(CARD), lambda said: said.name == "Jens Åge"),
    "cards.history": Row(lambda: cards.history(CARD), lambda said: [it.amount for it in said] == [500, 200]),
    "cards.cards": Row(cards.cards, lambda said: [it.number for it in said.items] == [CARD, "0002"]),
    "cards.movements": Row(
        lambda: cards.movements(FIRST, LAST), lambda said: (said[0].deposit, said[0].withdrawal) == (500, 200)
    ),
    "cards.statuses": Row(cards.statuses, lambda said: [it.balance for it in said.items] == [10_300]),
    "cards.campaign_values": Row(
        lambda: cards.campaign_values(numbers=[CARD]), lambda said: said.items[0].points[0].points == 7
    ),
    "concern.exported": Row(
        lambda: concern.exported(FIRST, LAST, company=FIRMAID),
        lambda said: said[0].moment == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
    ),
    "concern.turnover": Row(
        lambda: concern.turnover(FIRST, LAST, concern=True),
        lambda said: [(it.company, it.amount) for it in said.takings] == [(FIRMAID, 5000), (9000, 0)],
    ),
    "concern.debtor_sales": Row(lambda: concern.debtor_sales(FIRST, LAST), lambda said: "debtorSales" in said),
    "concern.revenue": Row(
        lambda: concern.revenue(FIRST, LAST), lambda said: (said[0].revenue, said[0].count) == (5000, 2)
    ),
    "concern.companies": Row(
        concern.companies,
        lambda said: said[0].departments == (concern.Department(1, "Kiosk 1", True, 789, 1234),),
    ),
    "concern.clerks": Row(concern.clerks, lambda said: len(said["clerks"]) == 2),
    "concern_cards.concern_card": Row(
        lambda: concern_cards.concern_card(CARD), lambda said: said[0].balance == 10_300
    ),
    "concern_cards.debtor_cards": Row(
        lambda: concern_cards.debtor_cards("77", "staff"), lambda said: said.items[0].number == "0002"
    ),
    "edits.edit_card": Row(
        lambda: edits.edit_card(CARD, edits.CardEdit(name="Åse")),
        lambda said: said is None,
        lambda shop: known(shop).name == "Åse",
    ),
    "edits.edit_cards": Row(
        lambda: edits.edit_cards({CARD: edits.CardValues(balance=5)}),
        lambda said: said[0].told[0][0] == 200,
        lambda shop: shop.balance() == 5,
    ),
    "goods.structure": Row(goods.structure, lambda said: len(said.groups[0].products) == 3),
    "goods.products": Row(goods.products, lambda said: said[1].name == "Mælk"),
    "goods.offers": Row(goods.offers, lambda said: said[0].lines[0].price == 4000),
    "orders.make": Row(
        lambda: orders.make(ORDER), lambda said: said == "1001", lambda shop: len(shop.pos.orders()) == 2
    ),
    "orders.make_takeaway": Row(
        lambda: orders.make_takeaway(TAKEN_AWAY, [LINE]),
        lambda said: said == "1001",
        lambda shop: len(shop.read("exportSales/v20")["data"]) == 2,
    ),
    "sales.lines": Row(sales.lines, lambda said: said.items[0].price == 5000),
    "sales.lines_since": Row(lambda: sales.lines_since(LAST), lambda said: said.items == ()),
    "sales.lines_from_order": Row(
        lambda: sales.lines_from_order(15_000_001), lambda said: said.items[0].order == 15_000_001
    ),
    "sales.exported": Row(lambda: sales.exported(FIRST, LAST), lambda said: said[0].price == 2500),
    "day_journal.journal": Row(
        lambda: day_journal.journal(FIRST, LAST), lambda said: said[0].lines[0].amount == 5000
    ),
    "stock.stock": Row(stock.stock, lambda said: said[0].amount == 5),
    "stock.stock_of": Row(lambda: stock.stock_of(["0001"]), lambda said: said[0].ean == "0001"),
    "stock.update": Row(
        lambda: stock.update("0001", 2, "sale", "7"),
        lambda said: said is None,
        lambda shop: [each["amount"] for each in shop.pos.effects()] == [-2000],
    ),
    "stocktaking.composition": Row(
        stocktaking.composition, lambda said: said.items[0].parts == ((70, Decimal("0.2")),)
    ),
    "stocktaking.consumption": Row(
        lambda: stocktaking.consumption(FIRST, LAST),
        lambda said: (said[0].amount, said[0].value) == (Decimal("0.4"), Decimal(2)),
    ),
    "stocktaking.locations": Row(
        stocktaking.locations,
        lambda said: [(each.id, each.main) for each in said] == [(520, True), (521, False)],
    ),
    "stocktaking.values": Row(
        stocktaking.values, lambda said: (said[0].amount, said[0].value) == (Decimal("11.6"), Decimal(58))
    ),
    "stocktaking.location_values": Row(
        lambda: stocktaking.location_values(location=521), lambda said: said[0].values[0].amount == 2
    ),
    "takeaway.products": Row(takeaway.products, lambda said: said[0].products[0].options[0].preset),
    "takeaway.shops": Row(takeaway.shops, lambda said: [each.id for each in said] == [FIRMAID, 9000]),
    "takeaway.slots": Row(takeaway.slots, lambda said: (said.day, len(said.times)) == (DAY, 48)),
    "writes.deposit": Row(
        lambda: writes.deposit(CARD, 700),
        lambda said: said.balance == 11_000,
        lambda shop: shop.balance() == 11_000,
    ),
    "writes.adjust_value": Row(
        lambda: writes.adjust_value(27, 3, rfid=CHIP),
        lambda said: said is None,
        lambda shop: shop.points() == {"27": 10},
    ),
    "writes.adjust_values": Row(
        lambda: writes.adjust_values([(CARD, 27, -7)]),
        lambda said: said[0].told[0][0] == 200,
        lambda shop: shop.points() == {"27": 0},
    ),
    "writes.create_voucher": Row(
        lambda: writes.create_voucher("0042", 27, DAY, date(2030, 1, 1)),
        lambda said: said == "0042",
        lambda shop: known(shop, "0042").points == {"27": 10},
    ),
    "writes.create_vouchers": Row(
        lambda: writes.create_vouchers("050", "051", points=5, campaign=27),
        lambda said: said is None,
        lambda shop: known(shop, "051").points == {"27": 5},
    ),
    "writes.add_card": Row(
        lambda: writes.add_card(writes.NewCard(2, "Ny")),
        lambda said: said == "090000100000001",
        lambda shop: known(shop, "090000100000001").name == "Ny",
    ),
    "writes.add_cards": Row(
        lambda: writes.add_cards([writes.NewCard(3, rfid="5001")]),
        lambda said: said[0].made,
        lambda shop: known(shop, "5001").rfid == "5001",
    ),
}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Shop, OnlinePos]]:
    """One server and one client for all tests."""
    shop = Shop()
    options = OnlinePosOptions(url=shop.sandbox.onlinepos_url, allow_http=True)
    pos = OnlinePos(options, credential=lambda: SECRET)
    yield shop, pos
    pos.close()
    shop.close()


@pytest.fixture
def pos(running: tuple[Shop, OnlinePos]) -> OnlinePos:
    return running[1]


@pytest.fixture
def shop(running: tuple[Shop, OnlinePos]) -> Shop:
    """A shop that has sold something, with stock, an offer and a card that was used."""
    shop = running[0]
    shop.sandbox.reset()
    shop.furnish()
    recipe = (Ingredient(stock=70, amount=200),)
    coffee = Product(id=1, name="Stor kaffe", price=2500, group=10, eans=("0001",), page=5, recipe=recipe)
    shop.pos.know(
        [
            coffee,
            StockPlace(id=520, name="Hovedlager", firmaid=FIRMAID, main=True),
            StockPlace(id=521, name="Bar", firmaid=FIRMAID),
            StockProduct(id=70, name="Bønner", cost=500, amounts={"520": 10_000, "521": 2_000}),
            Offer(id=4, name="Happy", content=(Content(pid=1, price=4000),)),
        ]
    )
    shop.order(paid=1)
    shop.pos.close_day(FIRMAID)
    for amount in (500, -200):
        shop.admin("POST", "spend", {"card": CARD, "amount": amount})
    shop.admin("POST", "spend", {"card": CARD, "amount": 7, "campaign": 27})
    shop.pos.store.change("DELETE FROM onlinepos_effects")
    return shop


def calls() -> set[str]:
    """Name every function of the client that makes a call."""
    found = set()
    for each in pkgutil.iter_modules(onlinepos.__path__):
        module = importlib.import_module(f"{onlinepos.__name__}.{each.name}")
        for name, value in inspect.getmembers(module, inspect.isfunction):
            made = str(value.__annotations__.get("return", "")).startswith("Call[")
            if made and value.__module__ == module.__name__ and not name.startswith("_"):
                found.add(f"{each.name}.{name}")
    return found


def test_no_call_lacks_a_row() -> None:
    assert len(calls()) > 50
    assert calls() == set(TABLE)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_call_is_answered_and_read(shop: Shop, pos: OnlinePos, name: str) -> None:
    row = TABLE[name]
    said = pos.do(row.make(), ENOUGH_S)
    assert not isinstance(said, Answer), said.words
    assert row.said(said), said
    assert row.done(shop)


def test_a_call_that_a_company_may_not_make_is_denied(shop: Shop, pos: OnlinePos) -> None:
    """Whatever the call is, its refusal is read as one."""
    company = shop.pos.store.thing(Company, FIRMAID)
    assert company is not None
    shop.pos.know([replace(company, denied=tuple({name for _, _, name, _ in CALLS}))])
    told = {name: pos.do(row.make(), ENOUGH_S) for name, row in TABLE.items()}
    assert {name for name, said in told.items() if not isinstance(said, Answer)} == set()
    assert {said.outcome for said in told.values() if isinstance(said, Answer)} == {Outcome.DENIED}
    assert shop.pos.effects() == []
