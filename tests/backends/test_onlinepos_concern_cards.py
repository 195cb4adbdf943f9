"""Cards of OnlinePOS as an office finds them, in the shapes that its page shows."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.backends.onlinepos import concern_cards
from terminal.backends.onlinepos.cards import CARDS_PER_CALL
from terminal.core.delivery import Outcome
from tests.backends.onlinepos_making import LATIN, told, unreadable

CARD = {
    "id": "1", "name": "Bo", "phone": "", "debtor": "77", "pinkode": "4711", "cardgroup": "Bar", "RFID": "",
    "cardnumber": "0900", "cardtype": "Prepaid", "balance": "1.100,50",
}  # fmt: skip


def test_a_card_of_the_concern_is_read_and_its_pin_is_not() -> None:
    call = concern_cards.concern_card("0900")
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in CARD.items())
    for answer in (CARD, f"{LATIN}<card>{inner}</card>"):
        (card,) = told(call, answer)
        assert (card.number, card.balance, card.debtor, card.id) == ("0900", 110_050, "77", 1)
        assert not any(value == "4711" for value in (getattr(card, name) for name in card.__struct_fields__))
    assert (call.request.path, call.private) == ("getCardForKoncern/0900", ("0900",))


def test_a_card_that_the_concern_does_not_have() -> None:
    call = concern_cards.concern_card("0900")
    for answer in ([], {}, f"{LATIN}<card></card>"):
        assert told(call, answer) == ()
    assert told(call, {"ERROR": "Unknown card"}).outcome is Outcome.REFUSED
    assert "expected a list" in unreadable(call, {"status": "OK"})
    with pytest.raises(ValueError, match="letters and digits"):
        concern_cards.concern_card("0/9")


@pytest.mark.parametrize(("kind", "number"), [("staff", 1), ("prepaid", 2), ("gift", 3)])
def test_cards_of_a_debtor_are_read_a_thousand_at_a_time(kind: Any, number: int) -> None:
    call = concern_cards.debtor_cards("77", kind, 3)
    assert call.request.path == f"getCardsList/77/{number}/2000"
    page = told(call, [{**CARD, "cardnumber": str(each)} for each in range(CARDS_PER_CALL)])
    assert (len(page.items), page.number, page.last) == (CARDS_PER_CALL, 3, 4)
    page = told(call, [CARD])
    assert (page.number, page.last) == (3, 3)
    assert told(call, []).last == 3
