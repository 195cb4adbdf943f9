"""Every shape in which OnlinePOS says yes or no, and what is neither."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onlinepos import cards, orders, stock, writes
from terminal.backends.onlinepos.answers import failure, judged, parse
from terminal.backends.onlinepos.values import Unreadable
from terminal.backends.onlinepos.wire import Call
from terminal.backends.onlinepos.writes import CardCode, Deposited, Updated
from terminal.backends.replies import Reply
from terminal.core.delivery import Answer, Outcome
from tests.backends.onlinepos_making import DAY, ORDER

LATIN = b'<?xml version="1.0" encoding="ISO-8859-1"?> '

DEPOSIT = writes.deposit("0900", 500)
VOUCHER = writes.create_voucher("77", 26, DAY, DAY)
VOUCHERS = writes.create_vouchers("10", "15", points=10, campaign=26)
ADJUST = writes.adjust_value(26, -5, number="0900")
STOCK = stock.update("0001234567890", 3, "sale", "123456")
MAKE = orders.make(ORDER)
INFO = cards.by_rfid("04A1B2C3")


def told(call: Call[Any], body: bytes | str, status: int = 200) -> Any:
    """Return what *call* makes of an answer."""
    raw = body.encode() if isinstance(body, str) else body
    return judged(Reply(status, {}, raw), call.read, call.good)


# -- yes, by its sign ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "body", "found"),
    [
        (DEPOSIT, LATIN + b"<status> New balance: 125.50 </status>", Deposited(12_550)),
        (DEPOSIT, LATIN + b"<status> New balance: 125,50 </status>", Deposited(12_550)),
        (DEPOSIT, LATIN + b"<status> New balance: lots </status>", Deposited(None)),
        (VOUCHER, '{"status":"Voucher created","cardnumber":"1000000007"}', "1000000007"),
        (VOUCHER, LATIN + b"<cardnumber> 1234567890 </cardnumber>", "1234567890"),
        (VOUCHERS, '{"status":"Vouchers created"}', None),
        (ADJUST, '{"status":"Card adjusted"}', None),
        (ADJUST, '{"status":{"points":5}}', None),
        (STOCK, '{"info":{"reply":"OK"}}', None),
        (STOCK, LATIN + b"<info><info><reply>OK</reply></info></info>", None),
        (MAKE, '{"status":"OK","ordernumber":"1000"}', "1000"),
        (MAKE, '{"status":"OK","ordernumber":1000,"error":""}', "1000"),
    ],
)
def test_yes_is_told_by_its_sign(call: Call[Any], body: bytes | str, found: Any) -> None:
    assert told(call, body) == found


@pytest.mark.parametrize("call", [DEPOSIT, VOUCHER, VOUCHERS, ADJUST, STOCK, MAKE, INFO])
@pytest.mark.parametrize(
    "body",
    ["", "{}", "[]", "null", "true", '"OK"', "OK", "<html>Log in</html>", '{"data":[]}', '{"status":""}',
     LATIN + b"<status></status>", b"<a>\xff</a>", b'<!DOCTYPE a [<!ENTITY x "y">]><status>&x;</status>'],
)  # fmt: skip
def test_what_is_neither_yes_nor_no_may_have_been_done(call: Call[Any], body: bytes | str) -> None:
    answer = told(call, body)
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.status) == (Outcome.UNKNOWN, 200)
    assert answer.words.startswith("the server answered 200 OK")


def test_yes_and_no_in_one_answer_is_neither() -> None:
    answer = told(MAKE, '{"status":"OK","ordernumber":"1000","error":"The cart field is required"}')
    assert answer.outcome is Outcome.UNKNOWN
    assert "both yes and no: The cart field is required" in answer.words


def test_a_status_that_a_call_never_answers_is_no_yes() -> None:
    assert told(MAKE, '{"status":"OK","ordernumber":"1"}', 201) == "1"
    assert told(MAKE, '{"status":"OK","ordernumber":"1"}', 206).outcome is Outcome.UNKNOWN


# -- no, in every shape --------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [DEPOSIT, VOUCHER, VOUCHERS, ADJUST, STOCK, MAKE, INFO])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"ERROR":"Unknown Card - CardInfo"}', "Unknown Card - CardInfo"),
        ('{"Error":"Unknown Card"}', "Unknown Card"),
        ('{"error":"Input fail!"}', "Input fail!"),
        ('{"status":{"ERROR":"Unknown Card"}}', "Unknown Card"),
        ('{"status":"ERROR","error":"The cart field is required"}', "The cart field is required"),
        ('{"status":"error"}', "the server says ERROR, and not why"),
        ('{"status":"fail","error":{"cart":["required"]}}', '{"cart":["required"]}'),
        (LATIN + b"<fail> voucherno is not unique! </fail>", "voucherno is not unique!"),
        (LATIN + b"<FAIL>Ukendt kort: \xf8</FAIL>", "Ukendt kort: ø"),
        (LATIN + b"<XML><error>No</error></XML>", "No"),
        (LATIN + b"<fail/>", "the server says that it failed, and not why"),
        ((b'<?xml version="1.0" encoding="UTF-8"?><info><info><type>1</type><num>5</num>'
         b"<text>No location</text></info></info>"), "No location"),
        ('{"info":{"type":"","num":1,"text":""}}', "the server says error 1"),
    ],
)  # fmt: skip
def test_no_is_told_in_many_shapes_with_status_200(call: Call[Any], body: bytes | str, words: str) -> None:
    assert told(call, body) == Answer(Outcome.REFUSED, words, 200)


@pytest.mark.parametrize(
    "words", ["Hash Not Matching!", "You don't have access to this call!", "User not found!"]
)
@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize(
    "shape", ["%s", '{"ERROR":"%s"}', '{"status":"ERROR","error":"%s"}', "<fail> %s </fail>"]
)
def test_a_denial_is_one_with_whatever_status(words: str, status: int, shape: str) -> None:
    answer = told(VOUCHERS, shape % words, status)
    if shape == "%s" and status == 200:
        assert answer.outcome is Outcome.UNKNOWN
        return
    assert (answer.outcome, answer.status) == (Outcome.DENIED, status)
    assert words in answer.words


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Outcome.REFUSED), (401, Outcome.DENIED), (500, Outcome.UNKNOWN), (503, Outcome.BUSY),
     (301, Outcome.DENIED)],
)  # fmt: skip
def test_other_statuses_mean_what_they_mean_everywhere(status: int, outcome: Outcome) -> None:
    answer = told(DEPOSIT, '{"error":"Because."}', status)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert outcome is Outcome.DENIED or "Because." in answer.words


def test_the_code_of_a_stock_error_is_kept() -> None:
    found = failure(parse(b'{"info":{"type":"1","num":"4","text":"No orderno"}}'))
    assert found is not None
    assert (found.code, found.words) == (4, "No orderno")


@pytest.mark.parametrize(
    "body",
    ['[{"name":"error"}]', '{"cards":[],"error":null}', '{"data":[{"error":"x"}],"total":1}',
     '{"status":{"Campaigns":[]}}', '{"name":"Fail","text":"x"}'],
)  # fmt: skip
def test_what_only_looks_like_a_no_is_none(body: str) -> None:
    assert failure(parse(body.encode())) is None


@given(st.binary(max_size=80))
def test_whatever_comes_is_an_answer(body: bytes) -> None:
    for head in (b"", b"{", b'{"status":', LATIN + b"<status>", b"["):
        found = told(DEPOSIT, head + body)
        assert isinstance(found, Answer | Deposited)
        assert not isinstance(found, Answer) or found.outcome is not Outcome.DELIVERED


def test_what_is_neither_json_nor_xml_is_said_to_be() -> None:
    assert parse(b" \n") is None
    with pytest.raises(Unreadable, match="neither JSON nor XML"):
        parse(b"Input fail!")


# -- what is said per card -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", CardCode)
@pytest.mark.parametrize("delta", [False, True])
def test_each_code_of_a_card_has_its_meaning(code: CardCode, *, delta: bool) -> None:
    outcome = Updated("1", ((code, "because"),)).answer(delta=delta)
    if code in {CardCode.UPDATED, CardCode.DELETED}:
        assert outcome.outcome is Outcome.DELIVERED
    elif code is CardCode.ALREADY:
        assert outcome.outcome is (Outcome.UNKNOWN if delta else Outcome.DELIVERED)
    elif code is CardCode.OTHER:
        assert outcome.outcome is Outcome.UNKNOWN
    else:
        assert outcome.outcome is Outcome.REFUSED
    assert outcome.words == f"because ({int(code)})"


@pytest.mark.parametrize("told_", [(), ((200, ""), (502, "")), ((999, "new"),), ((401, ""), (501, "x"))])
def test_codes_that_contradict_or_are_not_known_prove_nothing(told_: tuple[tuple[int, str], ...]) -> None:
    assert Updated("1", told_).answer(delta=True).outcome is Outcome.UNKNOWN


def test_answers_for_other_cards_than_ours_prove_nothing() -> None:
    call = writes.adjust_values([("0900", 26, 5), ("0901", 26, -5)])
    one = '{"cardNumber":"%s","campaignId":26,"value":5,"firmaid":null,"status":[{"code":200,"message":"ok"}]}'
    both = f'{{"updatedCards":[{one % "0901"},{one % "0900"}]}}'
    assert [each.number for each in told(call, both)] == ["0901", "0900"]
    assert told(call, f'{{"updatedCards":[{one % "0900"}]}}').outcome is Outcome.UNKNOWN
    assert told(call, f'{{"updatedCards":[{one % "0900"},{one % "0999"}]}}').outcome is Outcome.UNKNOWN
    assert told(call, '{"updatedCards":[]}').outcome is Outcome.UNKNOWN
