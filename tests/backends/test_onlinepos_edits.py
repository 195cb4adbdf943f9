"""What is known of cards, changed: by the form for one, and by the JSON for many."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date
from typing import Any
from urllib.parse import parse_qs

import pytest

from terminal.backends.onlinepos import edits
from terminal.backends.onlinepos.edits import CardEdit, CardValues
from terminal.backends.onlinepos.wire import Signing, compose
from terminal.core.delivery import Answer, Outcome
from tests.backends.onlinepos_making import FIRMAID, KEY, LATIN, MINE, TOKEN, told, unreadable

BORN = date(1999, 12, 8)


def test_one_card_is_changed_by_a_signed_form() -> None:
    edit = CardEdit(name="Bo", rfid="04A1", group=3, delete=True, birthday=BORN, discount=0)
    sent = compose(edits.edit_card("0900", edit).request, MINE, Signing())
    fields = {name: value for name, (value,) in parse_qs((sent.content or b"").decode()).items()}
    # In the order of the page, where delete comes before the birthday and the discount last.
    signed = f"{TOKEN}{FIRMAID}0900Bo04A13true199912080"
    assert fields == {
        "hash": hmac.new(KEY.encode(), signed.encode(), hashlib.sha1).hexdigest(), "cardnumber": "0900",
        "name": "Bo", "rfid": "04A1", "group": "3", "delete": "true", "birthday": "19991208", "discount": "0",
    }  # fmt: skip
    assert (sent.path, sent.headers["Accept"]) == ("/editCard", "application/xml")


def test_what_became_of_one_card_is_what_the_body_says() -> None:
    call = edits.edit_card("0900123456", CardEdit(rfid="04A1B2C3"))
    assert told(call, f"{LATIN}<status> Card 0900123456 successfully updated! </status>") is None
    assert told(call, f"{LATIN}<fail> Unknown cardnumber - edit </fail>") == Answer(
        Outcome.REFUSED, "Unknown cardnumber - edit", 200
    )
    assert "no status" in unreadable(call, f"{LATIN}<status></status>")
    assert call.private == ("0900123456", "04A1B2C3")


def test_many_cards_are_json_with_a_hash_over_its_bytes() -> None:
    values = {"0900": CardValues(birthday=BORN, balance=2525), "0901": CardValues(group=3, delete=False)}
    sent = compose(edits.edit_cards(values).request, MINE, Signing())
    expected = (
        b'{"firmaid":9000,"updateCards":[{"cardNumber":"0900","updates":{"birthday":"1999-12-08",'
        b'"balance":25.25}},{"cardNumber":"0901","updates":{"groupId":3,"delete":0}}]}'
    )
    assert sent.content == expected
    assert sent.headers["hash"] == hmac.new(KEY.encode(), expected, hashlib.sha256).hexdigest()
    everything = CardValues("04A1", "Bo", "1", "a@b", BORN, 3, 25, 43, 0, delete=True)
    sent = compose(edits.edit_cards({"0900": everything}).request, MINE, Signing())
    (card,) = json.loads(sent.content or b"")["updateCards"]
    assert card["updates"] == {
        "rfid": "04A1", "name": "Bo", "phone": "1", "email": "a@b", "birthday": "1999-12-08", "groupId": 3,
        "discountPct": 25, "priceGroupNo": 43, "balance": 0, "delete": 1,
    }  # fmt: skip


def card(number: str, *codes: int) -> dict[str, Any]:
    """Return what the server says of a card."""
    return {"cardNumber": number, "status": [{"code": each, "message": "m"} for each in codes]}


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        ([200], Outcome.DELIVERED),
        ([201], Outcome.DELIVERED),
        ([301], Outcome.DELIVERED),
        ([200, 301], Outcome.DELIVERED),
        ([401], Outcome.REFUSED),
        ([423, 424], Outcome.REFUSED),
        ([200, 423], Outcome.UNKNOWN),
        ([501], Outcome.UNKNOWN),
        ([999], Outcome.UNKNOWN),
        ([], Outcome.UNKNOWN),
    ],
)
def test_each_card_has_an_answer_of_its_own(codes: list[int], outcome: Outcome) -> None:
    call = edits.edit_cards({"0900": CardValues(balance=1)})
    (found,) = told(call, {"updatedCards": [card("0900", *codes)]})
    assert found.answer(delta=False).outcome is outcome


def test_answers_to_other_cards_are_none() -> None:
    call = edits.edit_cards({"0900": CardValues(balance=1), "0901": CardValues(name="Bo", rfid="04A1")})
    both = [card("0901", 200), card("0900", 401)]
    assert [each.number for each in told(call, {"updatedCards": both})] == ["0901", "0900"]
    assert "other cards" in unreadable(call, {"updatedCards": both[:1]})
    assert "other cards" in unreadable(call, {"updatedCards": [*both, both[0]]})
    assert "without updatedCards" in unreadable(call, {})
    assert call.private == ("0900", "0901", "04A1")


def test_a_change_of_nothing_is_not_sent() -> None:
    with pytest.raises(ValueError, match="nothing of the card"):
        edits.edit_card("0900", CardEdit())
    with pytest.raises(ValueError, match="nothing of the card"):
        edits.edit_cards({"0900": CardValues()})
    with pytest.raises(ValueError, match="1 to 1000 cards"):
        edits.edit_cards({})
    with pytest.raises(ValueError, match="1 to 1000 cards"):
        edits.edit_cards({str(each): CardValues(name="a") for each in range(1001)})
    with pytest.raises(ValueError, match="letters and digits"):
        edits.edit_card("../0900", CardEdit(name="a"))
    with pytest.raises(ValueError, match="letters and digits"):
        edits.edit_cards({"0900": CardValues(rfid="04 A1")})


def test_nothing_of_the_person_is_shown() -> None:
    assert repr(CardEdit(name="Bo", rfid="04A1")) == "CardEdit(delete=False)"
    assert repr(CardValues(name="Bo", balance=5)) == "CardValues(balance=5, delete=None)"
