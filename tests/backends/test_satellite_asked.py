"""What the Satellite adapter asks: delegates, products, pings; and its options."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from terminal.backends.protocol import DelegateReply, TerminalInfo
from terminal.backends.satellite.adapter import Satellite
from terminal.backends.satellite.options import SatelliteOptions
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.records import Entry
from tests.backends import satellite_calls
from tests.backends.making import UID
from tests.backends.satellite_calls import CHECK_IN, GUEST_CALL, SALE, STAFF_CALL
from tests.backends.satellite_making import (
    HOST,
    PUBLISHED,
    STAFF,
    Server,
    adapter,
    checked_in,
    published_sale,
    sold,
)

server = satellite_calls.server

old = satellite_calls.old


# -- delegates -----------------------------------------------------------------------------------------


def test_who_carries_a_token(server: Server) -> None:
    backend = adapter(server)
    assert backend.delegate(UID, 1) == DelegateReply(WalletAnswer.KNOWN, 789, "Erika Mustermann")
    assert backend.delegate(STAFF, 1) == DelegateReply(WalletAnswer.KNOWN, 12, "Staff")
    unknown = backend.delegate("04FFFFFFFF", 1)
    assert unknown.answer is WalletAnswer.NOT_PAIRED
    assert "knows nobody" in unknown.words


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, None, WalletAnswer.NO_ANSWER),
        (200, {"id": True}, WalletAnswer.NO_ANSWER),
        (200, {"id": "d-7"}, WalletAnswer.KNOWN),
        (403, None, WalletAnswer.DENIED),
        (404, b"<html>", WalletAnswer.NO_ANSWER),
        (404, None, WalletAnswer.NOT_PAIRED),
        (500, None, WalletAnswer.NO_ANSWER),
        (503, None, WalletAnswer.NO_ANSWER),
    ],
)
def test_each_answer_to_who_it_is(server: Server, status: int, body: Any, answer: WalletAnswer) -> None:
    server.says(GUEST_CALL, status, body)
    assert adapter(server).delegate(UID, 1).answer is answer


def test_the_kind_of_id_is_configuration(server: Server) -> None:
    server.says(f"GET /delegate/nfc:{UID.lower()}", 200, {"id": 5})
    options = {"delegate_id_type": "nfc", "token_case": "lower"}
    assert adapter(server, **options).delegate(UID, 1).id == 5


def test_a_guest_is_looked_up_once_for_several_check_ins(server: Server) -> None:
    backend = adapter(server)
    assert [backend.deliver(checked_in(), 1).outcome for _ in range(3)] == [Outcome.DELIVERED] * 3
    assert len(server.called(GUEST_CALL)) == 1
    server.says(CHECK_IN, 404, {"message": "no such delegate"})
    assert backend.deliver(checked_in(), 1).outcome is Outcome.REFUSED
    server.says(CHECK_IN, 200)
    server.says(GUEST_CALL, 200, {"id": 790})
    backend.deliver(checked_in(), 1)
    assert server.called(CHECK_IN)[-1]["delegate"] == 790, "what the server does not know is asked for anew"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (404, Outcome.REFUSED),
        (400, Outcome.REFUSED),
        (403, Outcome.DENIED),
        (500, Outcome.UNSENT),
        (502, Outcome.UNSENT),
        (503, Outcome.BUSY),
        (200, Outcome.UNSENT),
    ],
)
def test_a_check_in_of_somebody_who_cannot_be_looked_up_sends_nothing(
    server: Server, status: int, outcome: Outcome
) -> None:
    server.says(GUEST_CALL, status, {"message": "Because."})
    assert adapter(server).deliver(checked_in(), 1).outcome is outcome
    assert server.called(CHECK_IN) == []


def test_a_look_up_that_is_lost_sends_nothing(server: Server) -> None:
    server.breaks(GUEST_CALL, httpx.ReadTimeout("x"))
    assert adapter(server).deliver(checked_in(), 1).outcome is Outcome.UNSENT
    server.breaks(STAFF_CALL, httpx.ReadTimeout("x"))
    assert adapter(server).deliver(sold(published_sale(STAFF)), 1).outcome is Outcome.UNSENT
    assert server.called(CHECK_IN) + server.called(SALE) == []


@pytest.mark.parametrize("status", [404, 400, 403, 410])
def test_a_sale_is_not_held_back_for_staff_that_the_server_does_not_tell(server: Server, status: int) -> None:
    server.says(STAFF_CALL, status, {"message": "no"})
    assert adapter(server).deliver(sold(published_sale(STAFF)), 1).outcome is Outcome.DELIVERED
    (sent,) = server.called(SALE)
    assert "recordedBy" not in sent
    assert sent["notes"].startswith(PUBLISHED["notes"])
    assert "…EEFF" in sent["notes"]
    assert STAFF not in sent["notes"]


# -- products ------------------------------------------------------------------------------------------


def _device(id_: int, kind: str = "product", **more: Any) -> dict[str, Any]:
    return {"id": id_, "_type": kind, "name": f"P{id_}", "data": {"price": id_ * 10}, **more}


def test_products_of_the_old_list(old: Server) -> None:
    listed = [{"id": 4, "name": "Adult", "deviceType": "product", "price": 30}, {"id": 3, "price": 150}]
    old.says("GET /product/list", 200, listed)
    assert adapter(old, generation="old", price_field="price").terminal(1) == TerminalInfo(
        (Product(4, "Adult", 30), Product(3, "3", 150))
    )
    assert adapter(old, generation="old").terminal(1) == TerminalInfo(()), "prices are the configuration's"


@pytest.mark.parametrize(
    "meta", [{"total": 250}, {"links": {"next": "x"}}, {"next": "https://evil.example/"}, {}]
)
def test_all_pages_of_v5_are_read(server: Server, meta: dict[str, Any]) -> None:
    devices = [_device(n, "product" if n % 50 == 0 else "room") for n in range(1, 251)]

    def page() -> httpx.Response:
        query = server.asked[-1][1].partition("?")[2]
        offset, limit = (int(part.partition("=")[2]) for part in query.split("&"))
        here = devices[offset : offset + limit]
        last = offset + limit >= len(devices)
        told = {**meta, "links": {"next": None}} if last and "links" in meta else meta
        told = {**told, "next": None} if last and "next" in meta else told
        return httpx.Response(200, json={"meta": told, "devices": here, "links": []})

    server.answers["GET /device/list"] = page
    info = adapter(server, price_field="data.price").terminal(1)
    assert info == TerminalInfo(tuple(Product(n, f"P{n}", n * 10) for n in (50, 100, 150, 200, 250)))
    assert [path for _, path, _ in server.asked] == [
        f"/device/list?offset={offset}&limit=100" for offset in (0, 100, 200)
    ]


def test_pages_without_end_are_not_read_for_ever(server: Server) -> None:
    server.says("GET /device/list", 200, {"meta": {"next": "x"}, "devices": [_device(1)]})
    assert isinstance(adapter(server, price_field="data.price").terminal(5), Answer)
    assert len(server.asked) == 50


def test_what_has_no_price_in_whole_cents_is_said_and_not_sold(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    prices = ["30", 1.5, True, None, -1, 0]
    devices = [_device(n, data={"price": price}) for n, price in enumerate(prices, 1)]
    server.says(
        "GET /device/list", 200, {"meta": {}, "items": [*devices, _device(7, data=3), {"_type": "product"}]}
    )
    assert adapter(server, price_field="data.price").terminal(1) == TerminalInfo((Product(6, "P6", 0),))
    assert caplog.text.count("no whole number of cents at data.price") == 6
    assert "a product has no id" in caplog.text


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"message": "hello"}, Outcome.REFUSED),
        (200, None, Outcome.REFUSED),
        (200, {"a": [], "b": []}, Outcome.REFUSED),
        (403, None, Outcome.DENIED),
        (500, None, Outcome.UNKNOWN),
    ],
)
def test_a_list_that_is_none_is_a_sentence(server: Server, status: int, body: Any, outcome: Outcome) -> None:
    server.says("GET /device/list", status, body)
    answer = adapter(server).terminal(1)
    assert isinstance(answer, Answer)
    assert answer.outcome is outcome
    assert answer.words


# -- pings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field", "seconds"),
    [
        ({"data": {"pingFrequency": 60}}, "data.pingFrequency", 60),
        ({"data": {"pingFrequency": 60}}, "", 300),
        ({"every": 1}, "every", 10),
        ({"every": 10**30}, "every", 3600),
        ({"every": "60"}, "every", 300),
        ({"every": None}, "every", 300),
        ([], "every", 300),
        (b"<html>", "every", 300),
    ],
)
def test_a_ping_says_when_the_next_is_due(server: Server, body: Any, field: str, seconds: float) -> None:
    server.says("POST /device/ping", 200, body)
    assert adapter(server, ping_field=field).ping(1) == seconds
    assert server.called("POST /device/ping") == [{}]


def test_a_ping_that_fails_says_why(server: Server, old: Server) -> None:
    server.says("POST /device/ping", 403, {"message": "revoked"})
    answer = adapter(server).ping(1)
    assert isinstance(answer, Answer)
    assert (answer.outcome, "revoked" in answer.words) == (Outcome.DENIED, True)
    assert adapter(old, generation="old").ping(1) is None, "it wants to hear none"
    assert old.asked == []


# -- options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "http://tickets.example.org/api"}, "allow_http"),
        ({"url": f"{HOST}/api/v5"}, 'generation = "v5"'),
        ({"url": "tickets.example.org"}, "matching regex"),
        ({"device_code": "80 POS"}, "matching regex"),
        ({"device_code": ""}, "matching regex"),
        ({"token_path": "oauth"}, "matching regex"),
        ({"sale_fields": {"items.product": "x"}}, "Invalid enum value"),
        ({"sale_fields": {"items.quantity": "description"}}, "two fields would have it"),
        ({"sale_fields": {"items": "code"}}, "two fields would have it"),
        ({"interaction_fields": {"who": "x"}}, "Invalid enum value"),
    ],
)
def test_options_that_cannot_be_right(options: dict[str, Any], words: str) -> None:
    given_options = {"url": f"{HOST}/api", "generation": "old", "device_code": "80POS", **options}
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(given_options, SatelliteOptions)


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({"url": f"{HOST}/api", "generation": "old"}, f"{HOST}/api/oauth/v2/token"),
        ({"url": f"{HOST}/api/v5/", "generation": "v5"}, f"{HOST}/api/oauth/v2/token"),
        ({"url": f"{HOST}/tag/api/v5", "generation": "v5"}, f"{HOST}/tag/api/oauth/v2/token"),
        (
            {"url": f"{HOST}/api/v5", "generation": "v5", "token_path": "/oauth/v2/token"},
            f"{HOST}/oauth/v2/token",
        ),
    ],
)
def test_where_tokens_are_fetched(options: dict[str, Any], url: str) -> None:
    assert msgspec.convert({"device_code": "80POS", **options}, SatelliteOptions).token_url == url


def test_entries_are_what_they_seem() -> None:
    """The helpers of these tests make what the journal would."""
    found: Entry = sold()
    assert (found.kind, found.token, found.amount) == (EntryKind.SALE, None, 240)
    assert isinstance(adapter(Server()), Satellite)
