"""The client of OnlinePOS against a server on this machine: what goes over the wire, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest

from terminal.backends.onlinepos import cards, orders, sales, writes
from terminal.backends.onlinepos.client import OnlinePos, read_credentials
from terminal.backends.onlinepos.hash import body_hash
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.writes import Deposited
from terminal.core.delivery import Answer, Outcome
from terminal.httpd import Drop, Request, Response
from tests.backends.onlinepos_making import DAY, ENOUGH_S, KEY, MINE, ORDER, SECRET, TOKEN
from tests.backends.onlinepos_server import Answering, Peer, json, serving, xml


@contextmanager
def client(
    answer: Answering, credential: Callable[[], str] = lambda: SECRET
) -> Iterator[tuple[OnlinePos, Peer]]:
    """Yield a client of a server that answers so."""
    with serving(answer) as peer:
        pos = OnlinePos(OnlinePosOptions(url=peer.url, allow_http=True), credential=credential)
        try:
            yield pos, peer
        finally:
            pos.close()


def line(number: int, order: int = 1) -> dict[str, object]:
    """Return an order line as v20 has it, its money in two ways."""
    return {
        "datetime": "2014-03-08 00:09:20", "timestamp_pay": "2014-03-08 00:09:20",
        "timestamp_order": "2014-03-08 00:09:20", "orderlineid": number, "orderid": order, "productid": 74_631,
        "productname": "Stor Fadøl", "count": 1, "price": "45.00", "priceexclvat": 36, "discount": 0,
        "vatrate": "0.25", "paymenttype": "Kontant", "paymenttypecode": "k", "ordernumber": 2039,
        "department": "Kiosk 1", "cardnumber": None, "ean_1": "649528775290", "firmaid": 9000,
    }  # fmt: skip


def page(number: int, link: str | None, lines: int = 2) -> Response:
    data = [line(10 * number + each) for each in range(lines)]
    return Response.json({"current_page": number, "data": data, "next_page_url": link, "per_page": 2})


def test_a_card_is_read_with_our_headers() -> None:
    body = '[{"id":1,"name":"Bo","phone":1,"cardnumber":"0900","balance":"1.100,50","cardtype":"Prepaid","deleted":"no"}]'  # noqa: E501 - as it comes
    with client(lambda _: json(body)) as (pos, peer):
        found = pos.do(cards.card("0900"), ENOUGH_S)
    assert isinstance(found, tuple)
    assert [(each.number, each.balance, each.phone, each.closed) for each in found] == [
        ("0900", 110_050, "1", False)
    ]
    (asked,) = peer.asked
    assert (asked.method, asked.path, asked.body) == ("GET", "/api/getCard/0900", b"")
    assert (asked.headers["token"], asked.headers["firmaid"]) == (TOKEN, "9000")
    assert (asked.headers["accept"], "authorization" in asked.headers) == ("application/json", False)


def test_a_deposit_is_a_signed_form_that_is_answered_in_xml() -> None:
    with client(lambda _: xml("<status> New balance: 125.50 </status>")) as (pos, peer):
        assert pos.do(writes.deposit("0900", 500), ENOUGH_S) == Deposited(12_550)
    (asked,) = peer.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["accept"] == "application/xml"
    fields = parse_qs(asked.body.decode())
    assert fields["cardnumber"] == ["0900"]
    assert len(fields["hash"][0]) == 40


def test_a_voucher_is_made_by_a_get_that_has_a_body() -> None:
    with client(lambda _: json('{"status":"Voucher created","cardnumber":"0077"}')) as (pos, peer):
        assert pos.do(writes.create_voucher("77", 26, DAY, DAY), ENOUGH_S) == "0077"
    (asked,) = peer.asked
    assert asked.method == "GET"
    assert parse_qs(asked.body.decode())["voucherno"] == ["77"]


def test_what_arrives_is_what_the_header_signs() -> None:
    with client(lambda _: json('{"updatedCards":[]}')) as (pos, peer):
        pos.do(writes.adjust_values([("0900", 26, 5)]), ENOUGH_S)
    (asked,) = peer.asked
    assert asked.headers["hash"] == body_hash(asked.body, MINE)


def test_an_order_is_json_and_answered_by_its_number() -> None:
    with client(lambda _: json('{"status":"OK","ordernumber":"1000"}')) as (pos, peer):
        assert pos.do(orders.make(ORDER), ENOUGH_S) == "1000"
    assert msgspec.json.decode(peer.asked[0].body)["amountChecksum"] == 1


# -- secrets -------------------------------------------------------------------------------------------


def test_a_denied_secret_is_read_anew_and_never_told() -> None:
    given = iter([SECRET, SECRET.replace(TOKEN, "another-token")])

    def answer(request: Request) -> Response:
        if request.headers["token"] == TOKEN:
            return json(f'{{"ERROR":"User not found! {TOKEN} {KEY}"}}', 403)
        return json("[]")

    with client(answer, lambda: next(given)) as (pos, _):
        denied = pos.do(cards.card("0900"), ENOUGH_S)
        assert isinstance(denied, Answer)
        assert (denied.outcome, denied.status) == (Outcome.DENIED, 403)
        assert "User not found! [secret] [secret]" in denied.words
        assert pos.do(cards.card("0900"), ENOUGH_S) == ()
        assert pos.do(cards.card("0900"), ENOUGH_S) == ()
    assert TOKEN not in repr(pos)


@pytest.mark.parametrize("number", ["0900123456", "900123456"], ids=["as it is", "without its zero"])
def test_a_card_number_in_the_words_of_the_server_is_masked(number: str) -> None:
    with client(lambda _: xml(f"<fail> Unknown cardnumber: {number} - Deposit </fail>")) as (pos, _):
        refused = pos.do(writes.deposit("0900123456", 500), ENOUGH_S)
    assert refused == Answer(Outcome.REFUSED, "Unknown cardnumber: …3456 - Deposit", 200)


@pytest.mark.parametrize(
    "secret",
    ["", "token", "[]", '{"token":"a"}', '{"token":"a","firmaid":0}', '{"token":"a b","firmaid":1}',
     '{"token":"ø","firmaid":1}', '{"token":"","firmaid":1}', '{"token":"a","firmaid":"1"}',
     '{"token":"a","firmaid":1,"key":"x y"}'],
)  # fmt: skip
def test_a_secret_that_is_none_is_a_denial_that_does_not_repeat_it(secret: str) -> None:
    with client(lambda _: json("[]"), lambda: secret) as (pos, peer):
        answer = pos.do(cards.card("0900"), ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert answer.words.startswith("no secret for this server: it must be {")
    assert peer.asked == []


def test_without_a_key_what_is_not_signed_works_and_the_rest_is_not_sent() -> None:
    keyless = f'{{"token":"{TOKEN}","firmaid":9000}}'
    assert read_credentials(keyless).key == ""
    with client(lambda _: json("[]"), lambda: keyless) as (pos, peer):
        assert pos.do(cards.card("0900"), ENOUGH_S) == ()
        deposit = pos.do(writes.deposit("1", 100), ENOUGH_S)
        points = pos.do(writes.adjust_values([("1", 1, 1)]), ENOUGH_S)
        pos_that_signs = OnlinePos(
            OnlinePosOptions(url=peer.url, allow_http=True, hash_reads="query"), credential=lambda: keyless
        )
        listed = pos_that_signs.do(cards.statuses(), ENOUGH_S)
        pos_that_signs.close()
    for answer in (deposit, points, listed):
        assert isinstance(answer, Answer)
        assert answer.outcome is Outcome.DENIED
        assert "support gives one out" in answer.words
    assert len(peer.asked) == 1


# -- what a network does -------------------------------------------------------------------------------


def test_an_answer_that_is_lost_leaves_a_deposit_in_doubt() -> None:
    with client(lambda _: Drop()) as (pos, peer):
        answer = pos.do(writes.deposit("0900", 500), ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
    assert len(peer.asked) == 1


def test_a_redirect_is_not_followed() -> None:
    with client(lambda _: Response(302, b"", {"Location": "/api/elsewhere"})) as (pos, peer):
        answer = pos.do(cards.card("0900"), ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert len(peer.asked) == 1


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    def endless(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=(b" " * 2**20 for _ in iter(int, 1)))

    pos = OnlinePos(OnlinePosOptions(), credential=lambda: SECRET, transport=httpx.MockTransport(endless))
    answer = pos.do(cards.card("0900"), ENOUGH_S)
    pos.close()
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
    assert "longer than" in answer.words


def test_after_the_end_nothing_is_sent() -> None:
    with client(lambda _: json("[]")) as (pos, peer):
        pos.close()
        answer = pos.do(cards.card("0900"), ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNSENT
    assert peer.asked == []


# -- pages ---------------------------------------------------------------------------------------------


def test_order_lines_are_read_to_the_end_by_page_and_never_by_their_link() -> None:
    def answer(request: Request) -> Response:
        number = int(request.query.get("page", "1"))
        base = f"http://{request.headers['host']}/api/exportSales/v20/withId/1"
        return page(number, None if number == 3 else f"{base}?page={number + 1}")

    with client(answer) as (pos, peer):
        found = pos.gather(lambda number: sales.lines_from_order(1, number), ENOUGH_S)
    assert isinstance(found, tuple)
    assert [each.id for each in found] == [10, 11, 20, 21, 30, 31]
    assert (found[0].price, found[0].net, found[0].count) == (4500, Decimal(36), Decimal(1))
    assert [each.target for each in peer.asked] == [
        "/api/exportSales/v20/withId/1",
        "/api/exportSales/v20/withId/1?page=2",
        "/api/exportSales/v20/withId/1?page=3",
    ]


@pytest.mark.parametrize(
    ("number", "link", "words"),
    [
        (1, "http://evil.example/api/exportSales/v20?page=2", "leads elsewhere"),
        (1, "{base}/exportSales/v20?page=1", "page 1 comes next"),
        (1, "{base}/exportSales/v20?page=3", "page 3 comes next"),
        (7, None, "got page 7"),
    ],
)
def test_a_list_that_leads_in_a_circle_or_elsewhere_is_not_read(number: int, link: str, words: str) -> None:
    def answer(request: Request) -> Response:
        return page(number, link and link.format(base=f"http://{request.headers['host']}/api"))

    with client(answer) as (pos, peer):
        found = pos.gather(sales.lines, ENOUGH_S)
    assert isinstance(found, Answer)
    assert found.outcome is Outcome.UNKNOWN
    assert words in found.words
    assert len(peer.asked) == 1


def test_a_list_is_read_whole_or_not_at_all() -> None:
    def answer(request: Request) -> Response:
        number = int(request.query.get("page", "1"))
        if number == 2:
            return json('{"error":"Input fail!"}')
        return page(number, f"http://{request.headers['host']}/api/exportSales/v20?page={number + 1}")

    with client(answer) as (pos, _):
        assert pos.gather(sales.lines, ENOUGH_S) == Answer(Outcome.REFUSED, "Input fail!", 200)
        too_many = pos.gather(sales.lines, ENOUGH_S, most=1)
        assert too_many == Answer(Outcome.REFUSED, "the list has more than 1 elements")
        late = pos.gather(sales.lines, 0)
        assert late == Answer(Outcome.UNSENT, "no time was left after 0 pages of the list")


@pytest.mark.parametrize("shape", ["schema", "sample"])
def test_cards_are_read_page_by_page_in_both_shapes_of_the_page(shape: str) -> None:
    def answer(request: Request) -> Response:
        number = int(request.query["page"])
        if shape == "schema":
            card = {"cardNumber": f"0{number}", "name": "Bo", "cardType": "Prepaid", "balance": 25.5}
            told = {"total": 2, "perPage": 1, "currentPage": number, "lastPage": 2, "data": [card]}
        else:
            card = {"cardnumber": f"0{number}", "name": "Bo", "cardtype": "Prepaid", "balance": "25.50"}
            paging = {"total": 2, "per_page": 1, "current_page": number, "last_page": 2}
            told = {"groups": "VIP", "pagination": paging, "cards": [card]}
        return Response.json(told, 206)

    with client(answer) as (pos, peer):
        found = pos.gather(lambda number: cards.statuses(number, groups=["VIP"]), ENOUGH_S)
    assert isinstance(found, tuple)
    assert [(each.number, each.balance) for each in found] == [("01", 2550), ("02", 2550)]
    assert peer.asked[1].target == "/api/card/getStatusOfCards?groups=VIP&page=2"


def test_204_is_no_card_at_all() -> None:
    with client(lambda _: Response(204)) as (pos, _):
        assert pos.gather(cards.campaign_values, ENOUGH_S) == ()
        answer = pos.do(cards.card("0900"), ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN


def test_a_hash_that_does_not_match_tells_how_the_right_one_is_found() -> None:
    with client(lambda _: json('"Hash Not Matching!"', 403)) as (pos, _):
        answer = pos.do(writes.deposit("0900", 100), ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert "Hash Not Matching!" in answer.words
    assert "`terminalctl onlinepos probe`" in answer.words
    with client(lambda _: json("", 403)) as (pos, _):
        signed, read = pos.do(writes.deposit("0900", 100), ENOUGH_S), pos.do(cards.card("0900"), ENOUGH_S)
    assert isinstance(signed, Answer)
    assert isinstance(read, Answer)
    assert "`terminalctl onlinepos probe`" in signed.words, "who says nothing may mean that"
    assert "probe" not in read.words, "this one is not signed"
    with client(lambda _: json('"User not found!"', 403)) as (pos, _):
        other = pos.do(writes.deposit("0900", 100), ENOUGH_S)
    assert isinstance(other, Answer)
    assert "probe" not in other.words


def test_a_time_zone_that_this_machine_does_not_know_is_a_sentence() -> None:
    def read(_: object) -> None:
        raise OSError("this machine does not know Europe/Copenhagen: install the package tzdata")

    with client(lambda _: json("[]")) as (pos, _):
        answer = pos.do(replace(cards.card("0900"), read=read), ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
    assert "Europe/Copenhagen" in answer.words
