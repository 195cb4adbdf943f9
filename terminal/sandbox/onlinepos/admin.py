"""What a tester asks of the OnlinePOS server beside its API."""

from __future__ import annotations

import msgspec

from terminal.httpd import Problem, Request, Response, Route
from terminal.sandbox.admin import DONE, Id, Strict, Text, ruled_routes
from terminal.sandbox.onlinepos.server import OnlinePos
from terminal.sandbox.onlinepos.things import (
    Campaign,
    Card,
    CardGroup,
    Company,
    Offer,
    Page,
    Product,
    ProductGroup,
    Stock,
    StockPlace,
    StockProduct,
)

PREFIX = "/sandbox/onlinepos"


class OnlinePosSeed(Strict, frozen=True):
    """What the server is to know; a thing takes the place of one of the same id."""

    companies: tuple[Company, ...] = ()
    groups: tuple[ProductGroup, ...] = ()
    products: tuple[Product, ...] = ()
    pages: tuple[Page, ...] = ()
    card_groups: tuple[CardGroup, ...] = ()
    cards: tuple[Card, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    offers: tuple[Offer, ...] = ()
    stock: tuple[Stock, ...] = ()
    stock_places: tuple[StockPlace, ...] = ()
    stock_products: tuple[StockProduct, ...] = ()


class Spending(Strict, frozen=True):
    """What another customer does to a card: hundredths that are added, or points of a campaign."""

    card: Text
    amount: int
    campaign: Id | None = None


class OrderNumber(Strict, frozen=True):
    """The number of an order."""

    ordernumber: Id


class Till(Strict, frozen=True):
    """The company of a till."""

    firmaid: Id


def routes(onlinepos: OnlinePos) -> list[Route]:
    """Return the tester's addresses."""
    return [
        *ruled_routes(PREFIX, onlinepos),
        Route("GET", f"{PREFIX}/effects", lambda _: Response.json({"effects": onlinepos.effects()})),
        Route("GET", f"{PREFIX}/cards", lambda _: Response.json({"cards": onlinepos.cards()})),
        Route("GET", f"{PREFIX}/orders", lambda _: Response.json({"orders": onlinepos.orders()})),
        Route("POST", f"{PREFIX}/seed", lambda request: _seed(onlinepos, request)),
        Route("POST", f"{PREFIX}/spend", lambda request: _spend(onlinepos, request)),
        Route("POST", f"{PREFIX}/pay", lambda request: _pay(onlinepos, request)),
        Route("POST", f"{PREFIX}/close", lambda request: _close(onlinepos, request)),
    ]


def _seed(onlinepos: OnlinePos, request: Request) -> Response:
    asked: OnlinePosSeed = request.json(OnlinePosSeed)
    onlinepos.know(each for name in msgspec.structs.asdict(asked).values() for each in name)
    return DONE


def _spend(onlinepos: OnlinePos, request: Request) -> Response:
    asked: Spending = request.json(Spending)
    if not onlinepos.spend(asked.card, asked.amount, asked.campaign):
        raise Problem(404, f"there is no card {asked.card!r}")
    return DONE


def _pay(onlinepos: OnlinePos, request: Request) -> Response:
    asked: OrderNumber = request.json(OrderNumber)
    if not onlinepos.pay(asked.ordernumber):
        raise Problem(404, f"there is no unpaid order {asked.ordernumber}")
    return DONE


def _close(onlinepos: OnlinePos, request: Request) -> Response:
    asked: Till = request.json(Till)
    try:
        return Response.json(onlinepos.close_day(asked.firmaid))
    except ValueError as error:
        raise Problem(404, str(error)) from None
