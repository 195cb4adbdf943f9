"""The addresses of the OnlinePOS server, under ``/onlinepos/api``: counted, let in by two headers."""

from __future__ import annotations

from collections.abc import Callable

from terminal.httpd import Request, Response, Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.onlinepos import (
    bulk,
    campaign_edits,
    campaigns,
    cards,
    concern,
    goods,
    history,
    offers,
    orders,
    sales,
    stock,
    stocktaking,
    takeaway,
)
from terminal.sandbox.onlinepos import card_writes as writes
from terminal.sandbox.onlinepos.call import NO_ACCESS, NO_PERMISSION, NO_USER, Answered, Call, forbidden
from terminal.sandbox.onlinepos.hash import is_same
from terminal.sandbox.onlinepos.print import whole
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onlinepos.store import OnlinePosStore
from terminal.sandbox.onlinepos.things import Company

PREFIX = "/onlinepos/api"

CALLS: tuple[tuple[str, str, str, Callable[[Call], Response]], ...] = (
    ("GET", "/getProducts", "getProducts", goods.get_products),
    ("GET", "/getProductStructure", "getProductStructure", goods.get_structure),
    ("POST", "/addProduct", "addProduct", goods.add_product),
    ("GET", "/taw/products", "tawProducts", takeaway.products),
    ("GET", "/taw/shops", "tawShops", takeaway.shops),
    ("GET", "/taw/timeslots", "tawTimeslots", takeaway.timeslots),
    ("GET", "/taw/timeslots/{date}", "tawTimeslots", takeaway.timeslots),
    ("POST", "/taw/makeOrdre", "tawMakeOrdre", takeaway.make_order),
    ("GET", "/offer", "offer", offers.offers),
    ("POST", "/offer", "offerCreate", offers.create),
    ("PUT", "/offer/{offer_id}", "offerEdit", offers.edit),
    ("POST", "/offer/{offer_id}/add", "offerAdd", offers.add),
    ("DELETE", "/offer/{offer_id}/remove", "offerRemove", offers.remove),
    ("GET", "/getCard/{cardnumber}", "getCard", cards.get_card),
    ("GET", "/getCards", "getCards", cards.get_cards),
    ("GET", "/getCards/{offset}", "getCards", cards.get_cards),
    ("GET", "/getCardsList/{debtor}/{type}", "getCardsList", cards.get_cards_list),
    ("GET", "/getCardsList/{debtor}/{type}/{offset}", "getCardsList", cards.get_cards_list),
    ("GET", "/getCardForKoncern/{cardnumber}", "getCardForKoncern", cards.get_card_for_koncern),
    ("GET", "/card/getStatusOfCards", "getStatusOfCards", cards.get_status),
    ("GET", "/getStatusOfCards", "getStatusOfCards", cards.get_status),
    ("GET", "/card/getCampaignValues", "getCampaignValues", cards.get_points),
    ("POST", "/addCard", "addCard", writes.add_card),
    ("POST", "/addCards", "addCards", writes.add_cards),
    ("POST", "/editCard", "editCard", writes.edit_card),
    ("POST", "/card/editCards", "editCards", bulk.edit_cards),
    ("POST", "/deposit", "deposit", writes.deposit),
    ("GET", "/createVoucher", "createVoucher", campaigns.create_voucher),
    ("POST", "/createVoucher", "createVoucher", campaigns.create_voucher),
    ("POST", "/createVoucherFromInterval", "createVoucherFromInterval", campaigns.create_vouchers),
    ("GET", "/getCardMovements/{firmaid}/{from}/{to}", "getCardMovements", history.card_movements),
    ("GET", "/getCardHistory/{cardnumber}", "getCardHistory", history.card_history),
    ("GET", "/campaign/campaignList", "campaignList", campaigns.campaign_list),
    ("GET", "/campaign/campaignProducts/{id}", "campaignProducts", campaigns.campaign_products),
    ("POST", "/campaign/editCampaign/{id}", "editCampaign", campaign_edits.edit_campaign),
    ("POST", "/campaign/cardInfo", "cardInfo", cards.card_info),
    ("POST", "/campaign/adjustValue", "adjustValue", campaigns.adjust_value),
    ("POST", "/campaign/adjustValues", "adjustValues", bulk.adjust_values),
    ("POST", "/external/makeorder", "makeorder", orders.make_order),
    ("GET", "/exportSales/v20", "exportSalesV20", sales.export_all),
    ("GET", "/exportSales/v20/{date}", "exportSalesV20", sales.export_from),
    ("GET", "/exportSales/v20/withId/{orderid}", "exportSalesV20", sales.export_with_id),
    ("POST", "/exportSales", "exportSales", sales.export_sales),
    ("GET", "/getByUnixTimeSales/{from}/{to}", "getByUnixTimeSales", sales.sums),
    ("GET", "/debtorExportSales/{from}/{to}", "debtorExportSales", concern.debtors),
    ("POST", "/exportKoncern", "exportKoncern", concern.export),
    ("GET", "/getByUnixTimeKoncern/{from}/{to}", "getByUnixTimeKoncern", concern.sums),
    ("GET", "/koncern/koncernInfo", "koncernInfo", concern.companies),
    ("GET", "/koncern/clerkInfo", "clerkInfo", concern.clerks),
    ("GET", "/koncern/getKoncernRevenue/{from}/{to}", "getKoncernRevenue", concern.revenue),
    ("POST", "/end_of_day_journal", "end_of_day_journal", history.journal),
    ("GET", "/stock", "stock", stock.stock),
    ("POST", "/stockFromEan", "stockFromEan", stock.stock_from_ean),
    ("GET", "/stock/getStockComposition", "getStockComposition", stocktaking.composition),
    ("GET", "/stock/getConsumption/{company}/{from}/{to}", "getConsumption", stocktaking.consumption),
    ("GET", "/stock/getStockLocations/{firmaid}", "getStockLocations", stocktaking.places),
    ("GET", "/stock/getStockValues", "getStockValues", stocktaking.values),
    ("GET", "/stock/getStockLocationValue/{firmaid}", "getStockLocationValue", stocktaking.place_values),
    ("POST", "/updateStock", "updateStock", stock.update_stock),
)
"""Method, path, name (as permissions and hashes know it) and handler of each call."""

_BY_401 = frozenset({"offerCreate", "offerEdit", "offerAdd", "offerRemove"})
"""Calls that say by 401 what others say by 403."""


class OnlinePosApi:
    """The handlers.

    Args:
        store: What is remembered.
        desk: Where requests arrive.
        rules: How the server behaves now.
        now_ms: The wall clock, in milliseconds.
        answered: Told after each request that was let in.
    """

    def __init__(
        self,
        store: OnlinePosStore,
        desk: Desk,
        rules: Callable[[], OnlinePosRules],
        now_ms: Callable[[], int],
        answered: Callable[[], None],
    ) -> None:
        self._store = store
        self._desk = desk
        self._rules = rules
        self._now_ms = now_ms
        self._answered = answered

    def routes(self) -> list[Route]:
        """Return what it answers, and where."""
        return [self._route(method, f"{PREFIX}{path}", name, handler) for method, path, name, handler in CALLS]

    def _route(self, method: str, path: str, name: str, handler: Callable[[Call], Response]) -> Route:
        def answer(request: Request) -> Response:
            try:
                company = self._passed(request, name)
                call = self._call(name, request, company)
                with self._store.transaction():
                    response = handler(call)
                    self._answered()
            except Answered as answered:
                return answered.response
            return response

        return Route(method, path, self._desk.serve(f"{method} {path}", answer))

    def _call(self, name: str, request: Request, company: Company) -> Call:
        return Call(name, request, company, rules=self._rules(), store=self._store, now_ms=self._now_ms)

    def _passed(self, request: Request, name: str) -> Company:
        """Return who asks.

        Raises:
            Answered: 403: nobody who may.
        """
        number = request.headers.get("firmaid", "")
        company = self._store.thing(Company, number) if whole(number) else None
        if company is None or not is_same(request.headers.get("token", ""), company.token):
            raise forbidden(self._rules(), NO_USER)
        if name in company.denied and name in _BY_401:
            raise Answered(Response.json({"error": NO_PERMISSION}, 401))
        if name in company.denied:
            raise forbidden(self._rules(), NO_ACCESS)
        return company
