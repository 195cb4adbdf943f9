"""The Satellite adapter against a strict server: what is sent, and what each answer means."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from terminal.core.delivery import Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, Method, Payment
from terminal.core.value import replace
from tests.backends import satellite_calls
from tests.backends.making import UID, credit, entry
from tests.backends.satellite_calls import CHECK_IN, OLD_CHECK_IN, OLD_SALE, SALE, STAFF_CALL
from tests.backends.satellite_making import (
    CODE,
    PUBLISHED,
    STAFF,
    Server,
    adapter,
    checked_in,
    published_sale,
    recorded,
    sold,
)

server = satellite_calls.server

old = satellite_calls.old


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
