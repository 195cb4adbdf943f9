"""What an answer of GraphQL means: its body is judged before its status; what is not whole is in doubt."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Call, Found, Trouble, is_spent, read
from terminal.backends.kensium.openid import LARGEST
from terminal.backends.replies import Reply
from terminal.core.delivery import Answer, Outcome
from tests.backends.kensium_making import CLIENT_SECRET, Tenant, client

CODE, PIN = "98761234", "4711"
CARD = Documents().giftcard(CODE)
MOVE = Documents().giftcard_trans_add(CODE, -649, "USE", source_id="kiosk-1", ref_no="kiosk-1-7", pin=PIN)
PAY = Documents().payment_start(199, source_id="kiosk-1", ref_no="kiosk-1-8")
NOTHING: dict[str, Any] = {"giftcardTransAdd": None}
MOVED = {"id": "5", "balance": "3.51"}


def error(code: str | None = None, message: str = "no", **more: Any) -> dict[str, Any]:
    extensions = {} if code is None else {"extensions": {"code": code} | more}
    return {"message": message, "path": ["giftcardTransAdd"], **extensions}


def reply(status: int, body: Any = None) -> Reply:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Reply(status, {}, content)


def answered(status: int, body: Any, call: Call = MOVE) -> Answer:
    answer = read(reply(status, body), call)
    assert isinstance(answer, Answer)
    assert answer.status == status
    return answer


@pytest.mark.parametrize("status", [200, 400])
def test_what_is_there_is_found_whatever_the_status(status: int) -> None:
    assert read(reply(status, {"data": {"giftcardTransAdd": MOVED}}), MOVE) == Found(MOVED)


@pytest.mark.parametrize("status", [200, 400, 401])
def test_what_is_there_in_part_is_found_with_its_troubles(status: int) -> None:
    """The server moved the funds, and could not say their balance: no refusal, and nothing in doubt."""
    broken = {"message": "x", "path": ["giftcardTransAdd", "balance"], "extensions": {"code": "FUSION_ERROR"}}
    body = {"data": {"giftcardTransAdd": {"id": "5", "balance": None}}, "errors": [broken]}
    found = read(reply(status, body), MOVE)
    trouble = Trouble("FUSION_ERROR", "x", path="giftcardTransAdd.balance")
    assert found == Found({"id": "5", "balance": None}, (trouble,))


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("NOT_AUTHENTICATED", Outcome.DENIED),
        ("NOT_AUTHORIZED", Outcome.DENIED),
        ("VALIDATION", Outcome.REFUSED),
        ("GIFTCARD_INSUFFICIENT_FUNDS", Outcome.REFUSED),
        ("FUSION_ERROR", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
        (None, Outcome.UNKNOWN),
    ],
)
def test_of_a_change_that_gave_nothing_the_code_decides(
    status: int, code: str | None, outcome: Outcome
) -> None:
    answer = answered(status, {"data": NOTHING, "errors": [error(code)]})
    if status in {401, 403} and outcome is Outcome.REFUSED:
        outcome = Outcome.DENIED
    assert answer.outcome is outcome
    assert (code or "no code") in answer.words


@pytest.mark.parametrize("data", [{"data": None}, {"data": NOTHING}])
def test_a_result_that_is_null_as_a_whole_is_null_in_its_field(data: dict[str, Any]) -> None:
    assert answered(400, data | {"errors": [error("VALIDATION")]}).outcome is Outcome.REFUSED


@pytest.mark.parametrize("code", ["FIELDS_ON_CORRECT_TYPE", "FUSION_ERROR", None])
def test_a_request_that_was_never_begun_is_refused(code: str | None) -> None:
    """Without ``data`` nothing was executed (GraphQL, 7.1.2)."""
    answer = answered(400, {"errors": [error(code)]})
    assert answer.outcome is Outcome.REFUSED


def test_of_several_errors_the_worst_counts() -> None:
    codes = ["VALIDATION", "NOT_AUTHORIZED", "FUSION_ERROR"]
    for number, outcome in ((1, Outcome.REFUSED), (2, Outcome.DENIED), (3, Outcome.UNKNOWN)):
        body = {"data": NOTHING, "errors": [error(code) for code in codes[:number]]}
        assert answered(400, body).outcome is outcome


def test_words_name_the_property_and_the_check() -> None:
    data = {"ValidationType": "NotEmptyValidator", "Property": "Member"}
    answer = answered(400, {"data": NOTHING, "errors": [error("VALIDATION", "bad", data=data)]})
    assert answer.words == "bad (VALIDATION): Member does not pass NotEmptyValidator"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_that_broke_leaves_it_in_doubt_whatever_it_says(status: int) -> None:
    assert answered(status, {"data": NOTHING, "errors": [error("VALIDATION")]}).outcome is Outcome.UNKNOWN
    assert answered(status, {"data": {"giftcardTransAdd": MOVED}}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, None, Outcome.UNKNOWN),
        (200, b"<html>sign in</html>", Outcome.UNKNOWN),
        (200, b'{"data":{"giftcardTransAdd":{"id"', Outcome.UNKNOWN),
        (200, {}, Outcome.UNKNOWN),
        (200, [], Outcome.UNKNOWN),
        (200, {"data": []}, Outcome.UNKNOWN),
        (200, {"data": {}}, Outcome.UNKNOWN),
        (200, {"data": NOTHING}, Outcome.UNKNOWN),
        (200, {"data": NOTHING, "errors": []}, Outcome.UNKNOWN),
        (200, {"data": NOTHING, "errors": "no"}, Outcome.UNKNOWN),
        (200, {"data": NOTHING, "errors": ["no"]}, Outcome.UNKNOWN),
        (400, b'{"data":{"giftcardTransAdd":null},"err', Outcome.UNKNOWN),
        (400, None, Outcome.UNKNOWN),
        (400, {"data": NOTHING}, Outcome.UNKNOWN),
        (401, None, Outcome.DENIED),
        (403, None, Outcome.DENIED),
        (302, None, Outcome.DENIED),
        (404, b"not here", Outcome.BUSY),
        (429, None, Outcome.BUSY),
        (503, None, Outcome.BUSY),
        (500, b"<html>", Outcome.UNKNOWN),
    ],
)
def test_of_a_change_what_is_less_than_a_whole_result_is_in_doubt(
    status: int, body: Any, outcome: Outcome
) -> None:
    assert answered(status, body).outcome is outcome


def test_a_question_may_be_answered_by_null() -> None:
    assert read(reply(200, {"data": {"giftcard": None}}), CARD) == Found(None)
    assert read(reply(200, b'{"data":{"giftcard":{"results":[{"balance":1e2}]}}}'), CARD) == Found(
        {"results": [{"balance": 100}]}
    )


@pytest.mark.parametrize("code", ["FUSION_ERROR", None, "VALIDATION"])
def test_a_question_that_failed_is_refused(code: str | None) -> None:
    assert answered(400, {"data": {"giftcard": None}, "errors": [error(code)]}, CARD).outcome is Outcome.REFUSED


def test_what_is_nested_is_found_where_it_stands() -> None:
    step = {"payment": {"id": "1"}}
    assert read(reply(200, {"data": {"terminalPayment": {"start": step}}}), PAY) == Found(step)
    for data in ({"terminalPayment": None}, {"terminalPayment": {"start": None}}):
        assert answered(400, {"data": data, "errors": [error("VALIDATION")]}, PAY).outcome is Outcome.REFUSED
        assert answered(200, {"data": data}, PAY).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("depth", [50, 100_000])
def test_hostile_bodies_are_in_doubt(depth: int) -> None:
    for body in (b"[" * depth, b'{"data":' * depth, b'{"data":{"x":1e999999999999999999999}}', b"\xff\xfe"):
        assert answered(200, body).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "spent"),
    [
        (401, None, True),
        (401, {"errors": [error("NOT_AUTHORIZED")]}, True),
        (200, {"errors": [error("NOT_AUTHENTICATED")]}, True),
        (400, {"data": NOTHING, "errors": [error("NOT_AUTHENTICATED")]}, True),
        (400, {"data": NOTHING, "errors": [error("NOT_AUTHENTICATED"), error("VALIDATION")]}, False),
        (400, {"data": {"giftcardTransAdd": MOVED}, "errors": [error("NOT_AUTHENTICATED")]}, False),
        (401, {"data": {"giftcardTransAdd": MOVED}, "errors": [error("NOT_AUTHENTICATED")]}, False),
        (400, {"data": NOTHING}, False),
        (403, None, False),
        (200, b"<html>", False),
    ],
)
def test_only_where_nothing_was_done_the_token_is_renewed(status: int, body: Any, *, spent: bool) -> None:
    assert is_spent(reply(status, body)) is spent


# -- on the way ----------------------------------------------------------------------------------------


def ask(tenant: Tenant, call: Call = MOVE) -> Found | Answer:
    return client(tenant).ask(call, 30)


def test_one_post_says_document_name_and_variables() -> None:
    tenant = Tenant()
    ask(tenant, CARD)
    assert json.loads(tenant.operations()[0]) == {"query": CARD.document, "operationName": "Giftcard"}
    assert tenant.headers[-1]["content-type"] == "application/json"
    told = Call(
        "Roots", "query Roots($n: String!) { __type(name: $n) { name } }", ("__type",), variables={"n": "Item"}
    )
    assert ask(tenant, told) == Found({"name": "Item"})


def test_a_document_that_the_schema_does_not_know_is_refused_in_its_words() -> None:
    answer = ask(Tenant(), Call("X", "mutation X { nothing }", ("nothing",), changes=True))
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.REFUSED
    assert "Cannot query field 'nothing'" in answer.words


def test_a_change_is_sent_once_and_its_answer_is_read() -> None:
    tenant = Tenant(root={"giftcardTransAdd": MOVED | {"status": "COMPLETED", "giftcardId": "30004"}})
    found = ask(tenant)
    assert found == Found(MOVED | {"status": "COMPLETED", "giftcardId": "30004"})
    assert len(tenant.operations()) == 1


@pytest.mark.parametrize(
    "failure", [httpx.ReadError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")]
)
def test_a_reply_that_got_lost_leaves_it_in_doubt_and_nothing_is_repeated(failure: Exception) -> None:
    def lose() -> httpx.Response:
        raise failure

    tenant = Tenant(answers=[lose])
    answer = ask(tenant)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
    assert len(tenant.operations()) == 1


def test_an_answer_beyond_all_measure_is_not_read() -> None:
    tenant = Tenant()
    tenant.says(200, b'{"data":{"giftcardTransAdd":{"id":"' + b"5" * LARGEST + b'"}}}')
    answer = ask(tenant)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
    assert str(LARGEST) in answer.words


def test_neither_code_nor_pin_nor_secret_is_told(caplog: pytest.LogCaptureFixture) -> None:
    tenant = Tenant()
    gossip = f"card {CODE} with PIN {PIN}, asked by {CLIENT_SECRET}"
    tenant.says(400, {"data": NOTHING, "errors": [error("NOPE", gossip)]})
    answer = ask(tenant)
    assert isinstance(answer, Answer)
    assert answer.words == "card …1234 with PIN [secret], asked by [secret] (NOPE)"
    tenant.says(400, {"data": {"giftcardTransAdd": MOVED}, "errors": [error("NOPE", gossip)]})
    found = ask(tenant)
    assert isinstance(found, Found)
    assert found.troubles[0].message == "card …1234 with PIN [secret], asked by [secret]"
    assert CODE not in caplog.text
