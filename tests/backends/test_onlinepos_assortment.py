"""What OnlinePOS sells, changed: over a real connection, since one of the calls is a DELETE with a body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from terminal.backends.onlinepos import assortment
from terminal.backends.onlinepos.assortment import OfferFrame, OfferTerm
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.wire import Call, Signing, compose
from terminal.core.delivery import Answer, Outcome
from terminal.httpd import Request, Response, Route, Server
from tests.backends.onlinepos_making import ENOUGH_S, LATIN, MINE, SECRET, TOKEN, told, unreadable

FRAME = OfferFrame("Happy hour", date(2021, 7, 6), days=(True,) * 5 + (False,) * 2, priority=3)
FRAMED = {"name": "Happy hour", "dayfrom": "2021-07-06", "days": "1,1,1,1,1,_,_", "prio": 3}
TERM = OfferTerm(product=1234, price=1250, amount=2)
TERMED = {"pid": 1234, "price": 12.5, "amount": 2}
Case = tuple[Call[None], str, str, dict[str, Any]]
CALLS: list[Case] = [
    (assortment.create_offer(FRAME, (TERM,)), "POST", "/api/offer", {**FRAMED, "content": [TERMED]}),
    (assortment.edit_offer(17, FRAME), "PUT", "/api/offer/17", FRAMED),
    (assortment.add_offer_term(17, TERM), "POST", "/api/offer/17/add", TERMED),
    (assortment.remove_offer_term(17, group=56), "DELETE", "/api/offer/17/remove", {"gid": 56}),
]
EACH = pytest.mark.parametrize("case", CALLS, ids=[each[2] for each in CALLS])


@contextmanager
def client(answer: Callable[[], Response]) -> Iterator[tuple[OnlinePos, list[Request]]]:
    """Yield a client of a server that answers so, and what that is asked."""
    asked: list[Request] = []

    def handle(request: Request) -> Response:
        asked.append(request)
        return answer()

    routes = [Route(method, path, handle) for _, method, path, _ in CALLS]
    server = Server(routes, ("127.0.0.1", 0))
    server.start()
    url = f"http://127.0.0.1:{server.address[1]}/api"
    pos = OnlinePos(OnlinePosOptions(url=url, allow_http=True), credential=lambda: SECRET)
    try:
        yield pos, asked
    finally:
        pos.close()
        server.stop()


@EACH
@pytest.mark.parametrize(("status", "raw"), [(200, b""), (201, b'{"ID":17}')])
def test_a_call_of_offers_is_json_and_done_by_its_status(case: Case, status: int, raw: bytes) -> None:
    call, method, path, body = case
    with client(lambda: Response(status, raw)) as (pos, asked):
        assert pos.do(call, ENOUGH_S) is None
    (request,) = asked
    assert (request.method, request.path) == (method, path)
    assert msgspec.json.decode(request.body) == body
    assert request.headers["content-type"].startswith("application/json")
    assert (request.headers["token"], "hash" in request.headers) == (TOKEN, False)


@EACH
@pytest.mark.parametrize(
    ("status", "raw", "outcome"),
    [
        (401, b"", Outcome.DENIED),
        (404, b'{"error":"OfferNotFound"}', Outcome.REFUSED),
        (200, b'{"error":"prio is invalid"}', Outcome.REFUSED),
        (200, b"<html>Sign in to the wifi</html>", Outcome.UNKNOWN),
        (202, b"", Outcome.UNKNOWN),
        (500, b"", Outcome.UNKNOWN),
    ],
)
def test_a_call_of_offers_that_is_not_done(case: Case, status: int, raw: bytes, outcome: Outcome) -> None:
    call, method, path, _ = case
    with client(lambda: Response(status, raw)) as (pos, asked):
        found = pos.do(call, ENOUGH_S)
    assert isinstance(found, Answer)
    assert found.outcome is outcome
    assert [(each.method, each.path) for each in asked] == [(method, path)]


def test_an_offer_without_limits_names_none() -> None:
    assert OfferFrame("a").body() == {"name": "a", "days": "1,1,1,1,1,1,1"}
    assert OfferFrame("a", to=date(2021, 8, 6), priority=0).body()["dayto"] == "2021-08-06"
    assert OfferTerm(group=5, percent=25).body() == {"gid": 5, "percent": 25, "amount": 1}


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (OfferTerm(product=1, group=2, price=1), "a product or about a group"),
        (OfferTerm(price=1), "a product or about a group"),
        (OfferTerm(product=1), "a price or a discount"),
        (OfferTerm(product=1, price=1, percent=1), "a price or a discount"),
        (OfferTerm(product=1, percent=101), "0 to 100 percent"),
        (OfferTerm(product=1, price=1, amount=0), "at least one piece"),
        (OfferTerm(product=1, price=-1), "no negative price"),
        (OfferFrame(""), "has a name"),
        (OfferFrame("a", days=(True,)), "seven days"),
        (OfferFrame("a", date(2021, 7, 6), date(2021, 7, 5)), "ends on the day"),
    ],
)
def test_an_offer_that_is_none_is_not_sent(offer: OfferTerm | OfferFrame, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        offer.body()


def test_an_offer_has_lines_and_loses_one_thing_at_a_time() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        assortment.create_offer(FRAME, ())
    with pytest.raises(ValueError, match="a product or about a group"):
        assortment.remove_offer_term(17)


# -- products ------------------------------------------------------------------------------------------


def test_a_product_is_made_by_a_signed_form_and_has_a_number() -> None:
    call = assortment.add_product("Faxe Kondi", "Sodavand", price=1500, cost=650, fractions=True)
    sent = compose(call.request, MINE, Signing())
    fields = {name: value for name, (value,) in parse_qs((sent.content or b"").decode()).items()}
    assert len(fields.pop("hash")) == 40
    assert fields == {
        "productname": "Faxe Kondi", "productgroup": "Sodavand", "price": "15", "costprice": "6.5",
    }  # fmt: skip
    assert told(call, f"{LATIN}<status> Product 123456 created </status>") == 123_456
    refused = told(call, f"{LATIN}<fail> No product name </fail>")
    assert (refused.outcome, refused.words) == (Outcome.REFUSED, "No product name")
    assert "no number of a product" in unreadable(call, f"{LATIN}<status>Created</status>")


def test_a_product_costs_whole_kroner_unless_parts_are_allowed() -> None:
    with pytest.raises(ValueError, match="no whole number of kroner"):
        assortment.add_product("a", "b", price=1250)
    with pytest.raises(ValueError, match="a name and a group"):
        assortment.add_product("a", "")
    assert assortment.add_product("a", "b", price=0).request.body["price"] == 0
