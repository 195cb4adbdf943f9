"""The Satellite adapter against a strict server: what is sent, and what each answer means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.protocol import DelegateReply, TerminalInfo
from terminal.backends.satellite import Satellite
from terminal.backends.satellite_options import SatelliteOptions
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, Method, Payment
from terminal.core.value import replace
from tests.backends.making import UID, credit, entry
from tests.backends.satellite_making import (
    CODE,
    HOST,
    NOON,
    PUBLISHED,
    STAFF,
    Server,
    adapter,
    checked_in,
    published_sale,
    recorded,
    sold,
)

OLD_SALE, SALE = "POST /ticket/transaction", "POST /tx/new"
OLD_CHECK_IN, CHECK_IN = "POST /device/log/check-in", "POST /interaction/new/check-in"
STAFF_CALL, GUEST_CALL = f"GET /delegate/rfid:{STAFF}", f"GET /delegate/rfid:{UID}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.says(SALE, 200, {"id": 1})
    server.says(CHECK_IN, 200, {"id": 2})
    server.says(GUEST_CALL, 200, {"id": 789, "firstName": "Erika", "lastName": "Mustermann"})
    server.says(STAFF_CALL, 200, {"id": 12, "name": "Staff"})
    yield server
    assert server.wrong == []


@pytest.fixture
def old() -> Iterator[Server]:
    server = Server("old")
    server.says(OLD_SALE, 200, {"id": 1})
    server.says(OLD_CHECK_IN, 200, {"id": 2})
    server.says(GUEST_CALL, 200, {"id": 789, "name": "Erika"})
    yield server
    assert server.wrong == []


# -- what is sent --------------------------------------------------------------------------------------


def test_the_published_request_is_reproduced_field_by_field(old: Server) -> None:
    created = Stamp(int(PUBLISHED["createdAt"]), 0, "boot", synced=True)
    assert adapter(old, generation="old").deliver(sold(created=created), 1).outcome is Outcome.DELIVERED
    assert old.called(OLD_SALE) == [PUBLISHED]
    (sent,) = old.called(OLD_SALE)
    assert type(sent["createdAt"]) is str
    assert [list(map(type, each.values())) for each in sent["items"][0]["tickets"]] == [[int, str, str]] * 3


def test_v5_takes_the_same_sale_with_its_own_names(server: Server) -> None:
    adapter(server).deliver(sold(published_sale(STAFF)), 1)
    wanted = {**PUBLISHED, "context": 3, "createdAt": 1_777_636_800, "recordedBy": 12}
    del wanted["event_id"]
    assert server.called(SALE) == [wanted]


def test_what_there_is_none_of_is_null_or_left_out(old: Server) -> None:
    lines = (Line(4, "Adult", 2, 30, discount=10), Line("prog", "Programme", 1, 5))
    payments = (Payment(Method.WALLET, 50, reference="kiosk-1-0007"), Payment(Method.CASH, 5))
    sale = replace(published_sale(""), lines=lines, payments=payments, notes="")
    adapter(old, generation="old", wallet_method="wristband").deliver(sold(sale), 1)
    (sent,) = old.called(OLD_SALE)
    assert sent["transactions"] == [
        {"paymentMethod": "wristband", "amount": 50, "transactionId": "kiosk-1-0007"},
        {"paymentMethod": "cash", "amount": 5},
    ]
    assert [each["discountAmount"] for each in sent["items"]] == [10, None]
    assert [each["totalAmount"] for each in sent["items"]] == [50, 5]
    assert [each["product_id"] for each in sent["items"]] == [4, "prog"]
    assert [each["tickets"] for each in sent["items"]] == [[], []]
    assert sent["notes"] == ""
    assert "recordedBy" not in sent


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"recorded_by": "recordedBy_rfid"}, {"recordedBy_rfid": "04AABBCCDDEEFF"}),
        ({"token_case": "lower"}, {"recordedBy": "04aabbccddeeff"}),
        ({"token_order": "reversed"}, {"recordedBy": "FFEEDDCCBBAA04"}),
        ({"created_at": "seconds"}, {"createdAt": 1_777_636_800}),
        ({"created_at": "iso"}, {"createdAt": "2026-05-01T12:00:00+0000"}),
        ({}, {"createdAt": "1777636800123"}),
    ],
)
def test_how_it_is_written_is_configuration(
    old: Server, options: dict[str, str], changed: dict[str, Any]
) -> None:
    adapter(old, generation="old", **options).deliver(sold(published_sale(STAFF)), 1)
    (sent,) = old.called(OLD_SALE)
    assert changed.items() <= sent.items()
    assert len(sent) == len(PUBLISHED)


def test_fields_of_a_sale_have_the_names_that_the_operator_gives(server: Server) -> None:
    names = {
        "items": "lines",
        "items.product_id": "product",
        "items.discountAmount": "",
        "items.tickets": "delegates",
        "items.tickets.barcode": "code",
    }
    adapter(server, sale_fields=names).deliver(sold(published_sale("")), 1)
    (sent,) = server.called(SALE)
    line = sent["lines"][1]
    assert set(line) == {"product", "quantity", "description", "unitAmount", "totalAmount", "delegates"}
    assert line["delegates"][0] == {"product_id": 8, "description": "Adult", "code": f"{CODE}XJX04"}
    assert sent["totalAmount"] == 240


def test_a_check_in_names_who_what_and_when(server: Server, old: Server) -> None:
    assert adapter(server).deliver(checked_in(), 1).outcome is Outcome.DELIVERED
    assert server.called(CHECK_IN) == [{"delegate": 789, "device": 85, "recordedAt": 1_777_636_800}]
    assert adapter(old, generation="old").deliver(checked_in(), 1).outcome is Outcome.DELIVERED
    assert old.called(OLD_CHECK_IN) == [
        {"delegate_id": 789, "device_id": 85, "recordedAt": "2026-05-01T12:00:00+0000"}
    ]


def test_path_and_fields_of_a_check_in_are_configuration(server: Server, old: Server) -> None:
    server.says("POST /interaction/new/join", 201)
    fields = {"delegate": "firstDelegate", "device": "firstDevice"}
    assert adapter(server, interaction_fields=fields).deliver(checked_in("join"), 1).status == 201
    assert server.called("POST /interaction/new/join")[0].keys() == {
        "firstDelegate",
        "firstDevice",
        "recordedAt",
    }
    old.says("POST /session/check-in", 204)
    backend = adapter(old, generation="old", interaction_path="/session/{what}")
    assert backend.deliver(checked_in(device=0), 1).outcome is Outcome.DELIVERED
    assert old.called("POST /session/check-in")[0].keys() == {"delegate_id", "recordedAt"}


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"generation": "v5"}, "/api/v5/tx/new.json"),
        ({"generation": "v5", "json_suffix": False}, "/api/v5/tx/new"),
        ({"generation": "old"}, "/api/ticket/transaction"),
        ({"generation": "old", "json_suffix": True}, "/api/ticket/transaction.json"),
    ],
)
def test_a_suffix_is_configuration(options: dict[str, Any], path: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"access_token": "t0ken-0123"})

    assert adapter(answer, **options).deliver(sold(published_sale("")), 1).outcome is Outcome.DELIVERED
    assert asked == ["/api/oauth/v2/token", path]


@pytest.mark.parametrize("kind", [EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND])
def test_a_server_of_tickets_holds_no_wallets(server: Server, kind: EntryKind) -> None:
    answer = adapter(server).deliver(entry(kind=kind) if kind is EntryKind.DEBIT else credit(kind=kind), 1)
    assert answer.outcome is Outcome.REFUSED
    assert "holds no wallets" in answer.words
    assert (server.asked, server.tokens) == ([], 0)


@pytest.mark.parametrize("kind", [EntryKind.SALE, EntryKind.INTERACTION])
def test_an_entry_that_holds_nothing_is_refused(server: Server, kind: EntryKind) -> None:
    assert adapter(server).deliver(recorded(kind, None, UID), 1).outcome is Outcome.REFUSED
    assert (server.asked, server.tokens) == ([], 0)


# -- promises ------------------------------------------------------------------------------------------


def test_a_sale_is_known_by_its_code_and_a_check_in_by_nothing(server: Server) -> None:
    backend, again = adapter(server), adapter(server, interactions="repeat")
    assert backend.guarantee(EntryKind.SALE).promise is Promise.NATURAL_KEY
    assert backend.guarantee(EntryKind.SALE).window_ms is None
    assert backend.guarantee(EntryKind.INTERACTION).promise is Promise.NONE
    assert again.guarantee(EntryKind.INTERACTION).promise is Promise.NATURAL_KEY
    assert again.guarantee(EntryKind.DEBIT).promise is Promise.NONE


def test_a_repeat_is_the_same_to_the_last_field(server: Server) -> None:
    """Though the staff member became known, or unknown, in between."""
    server.says(STAFF_CALL, 404, {"code": 404, "message": "Not Found"})
    server.breaks(SALE, httpx.ReadTimeout("x"))
    backend = adapter(server)
    doubted = sold(published_sale(STAFF))
    assert backend.deliver(doubted, 1).outcome is Outcome.UNKNOWN
    server.says(STAFF_CALL, 200, {"id": 12})
    server.says(SALE, 200)
    assert backend.deliver(replace(doubted, in_doubt=True), 1).outcome is Outcome.DELIVERED
    first, second = server.called(SALE)
    assert first == second


# -- what an answer means ------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["sale", "check-in"])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.DELIVERED) for status in (200, 201, 202, 204)),
        *((status, Outcome.REFUSED) for status in (400, 402, 404, 405, 409, 410, 413, 415, 422)),
        *((status, Outcome.DENIED) for status in (401, 403, 301, 302, 307, 308)),
        *((status, Outcome.BUSY) for status in (429, 503)),
        *((status, Outcome.UNKNOWN) for status in (500, 501, 502, 504, 599)),
    ],
)
def test_each_status_is_read_as_what_it_proves(
    server: Server, call: str, status: int, outcome: Outcome
) -> None:
    server.says(SALE if call == "sale" else CHECK_IN, status, {"code": 1503, "message": "Because."})
    answer = adapter(server).deliver(sold(published_sale("")) if call == "sale" else checked_in(), 1)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert status // 100 == 3 or "Because." in answer.words


@pytest.mark.parametrize(
    "body", [None, {"id": 1}, [], "ok", b"<?xml version='1.0'?><result/>", b"created", b"[" * 100_000]
)
def test_any_2xx_is_a_success_whatever_it_says(server: Server, body: Any) -> None:
    server.says(SALE, 200, body)
    answer = adapter(server).deliver(sold(), 1)
    assert answer.outcome is Outcome.DELIVERED
    assert len(answer.words) <= 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" <html>Welcome</html>", "a web page"),
        (b"<!DOCTYPE HTML>", "a web page"),
        (b"\xff\xfe", "no text"),
        (b"\0ok", "no text"),
    ],
)
def test_nonsense_is_sent_again_and_then_is_a_persons_affair(server: Server, body: bytes, words: str) -> None:
    server.says(SALE, 200, body)
    backend = adapter(server)
    first = backend.deliver(sold(), 1)
    again = [backend.deliver(replace(sold(), in_doubt=True), 1) for _ in range(4)]
    assert words in first.words
    outcomes = [answer.outcome for answer in (first, *again)]
    assert outcomes == [Outcome.UNKNOWN] * 4 + [Outcome.REFUSED]
    assert "to send it again does no harm" in again[-1].words
    # A person has sent it again: the same patience once more.
    assert backend.deliver(replace(sold(), in_doubt=True), 1).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "known"),
    [
        (409, None, True),
        (409, {"message": "No."}, True),
        (400, {"code": 400, "message": f"{CODE} already exists."}, True),
        (422, {"message": "This purchase code has already been used"}, True),
        (400, {"error": "Duplicate purchase code"}, True),
        (
            400,
            {"code": 400, "message": "Validation Failed", "errors": {"code": ["This is already used."]}},
            True,
        ),
        (
            400,
            {"errors": {"children": {"code": {"errors": ["This value is already used."]}}}},
            True,
        ),
        (500, {"message": f"Duplicate code {CODE}"}, True),
        (400, {"message": "Error code 17: the event is already closed"}, False),
        (400, {"message": f"Sale {CODE}: the event is already closed"}, False),
        (400, {"code": 400, "message": "Validation Failed", "errors": {"items": ["already sold"]}}, False),
        (422, {"message": "The code must have 13 characters."}, False),
    ],
)
def test_a_code_that_the_server_knows_is_ours_only_if_we_may_have_sent_it(
    server: Server, status: int, body: Any, *, known: bool
) -> None:
    server.says(SALE, status, body)
    backend, fresh = adapter(server), sold()
    doubted = replace(fresh, in_doubt=True, first_attempted=NOON, attempts=1)
    said = list(body.values())[-1] if body else "409 Conflict"
    first, again = backend.deliver(fresh, 1), backend.deliver(doubted, 1)
    assert first.outcome is Outcome.REFUSED
    assert again.outcome is (Outcome.DELIVERED if known else Outcome.REFUSED)
    assert again.words.startswith("recorded before: ") is known
    assert first.words in again.words
    assert not isinstance(said, str) or said in first.words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"code": 1301, "message": "No such type"}, "1301: No such type"),
        ({"error": "invalid_x", "error_description": "It is wrong."}, "invalid_x: It is wrong."),
        ({"error": {"code": 7, "message": "Inner"}}, "7: Inner"),
        ({"message": "M", "errors": {"items": ["bad"]}}, 'M: {"items":["bad"]}'),
        ({"strange": True}, '{"strange": true}'),
        (["a", 1], '["a", 1]'),
        (b"plain\x1b[31m words", "plain [31m words"),
        (b"<html>", "the server answered 400 Bad Request"),
        ({"code": True, "message": 7}, '{"code": true, "message": 7}'),
    ],
)
def test_the_servers_own_words_are_kept(server: Server, body: Any, words: str) -> None:
    server.says(SALE, 400, body)
    assert adapter(server).deliver(sold(), 1) == Answer(Outcome.REFUSED, words, 400)


def test_busy_says_when(server: Server) -> None:
    server.says(SALE, 503, None, Retry_After="7")
    assert adapter(server).deliver(sold(), 1).retry_after_ms == 7000


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("x"), Outcome.UNSENT),
        (httpx.ConnectTimeout("x"), Outcome.UNSENT),
        (httpx.ReadTimeout("x"), Outcome.UNKNOWN),
        (httpx.RemoteProtocolError("x"), Outcome.UNKNOWN),
        (ConnectionResetError(104, "reset"), Outcome.UNKNOWN),
    ],
)
def test_what_breaks_on_the_way_is_read_as_what_it_proves(
    server: Server, error: Exception, outcome: Outcome
) -> None:
    server.breaks(SALE, error)
    assert adapter(server).deliver(sold(), 1).outcome is outcome


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


# -- whatever comes ------------------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["id", "code", "message", "error", "errors", "meta", "links", "next", "total", "data", "devices",
             "name", "price", "_type", "access_token", "expires_in", "error_description"]
        ) | st.text(max_size=5),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip
_body = st.binary(max_size=200) | _json.map(msgspec.json.encode)


@given(status=st.integers(200, 599), body=_body, token=st.none() | _body, sure=st.booleans())
def test_no_answer_raises_and_none_is_endless(
    status: int, body: bytes, token: bytes | None, *, sure: bool
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            granted = b'{"access_token": "tok-123456", "expires_in": 60}' if token is None else token
            return httpx.Response(200 if sure else status, content=granted)
        return httpx.Response(status, content=body)

    for generation in ("old", "v5"):
        backend = adapter(answer, generation=generation, price_field="data.price", ping_field="data.next")
        for each in (sold(), sold(published_sale(STAFF), in_doubt=True), checked_in()):
            answered = backend.deliver(each, 5)
            assert isinstance(answered, Answer)
            assert len(answered.words) < 1500
            assert answered.words.isprintable()
        assert isinstance(backend.delegate(UID, 5), DelegateReply)
        assert isinstance(backend.terminal(5), TerminalInfo | Answer)
        assert isinstance(backend.ping(5), float | Answer | None)


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
