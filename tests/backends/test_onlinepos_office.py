"""The calls of an office against a server that was built from the same page by somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from terminal.backends.onlinepos import campaigns, cards, concern, concern_cards, edits, orders, takeaway
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.edits import CardEdit, CardValues
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace
from tests.backends.onlinepos_making import ENOUGH_S, ORDER
from tests.sandbox.shop import CARD, CHIP, FIRMAID, KEY, TOKEN, Shop

Open = Callable[..., OnlinePos]
EARLY, LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
SECRET = f'{{"token":"{TOKEN}","firmaid":{FIRMAID},"key":"{KEY}"}}'


@pytest.fixture
def open_pos() -> Iterator[Open]:
    """Start a shop by its rules, and a client of it."""
    with ExitStack() as stack:

        def open_(**rules: Any) -> OnlinePos:
            shop = Shop(rules)
            stack.callback(shop.close)
            options = OnlinePosOptions(url=shop.sandbox.onlinepos_url, allow_http=True)
            pos = OnlinePos(options, credential=lambda: SECRET)
            stack.callback(pos.close)
            return pos

        yield open_


def listed(pos: OnlinePos) -> dict[str, cards.Card]:
    """Return all cards as getCards has them."""
    found = pos.gather(cards.cards, ENOUGH_S)
    assert isinstance(found, tuple)
    return {each.number: each for each in found}


@pytest.mark.parametrize("wrapped", [False, True])
def test_campaigns_and_their_products(open_pos: Open, *, wrapped: bool) -> None:
    pos = open_pos(wrapped=wrapped)
    running = pos.do(campaigns.campaigns(), ENOUGH_S)
    assert isinstance(running, tuple)
    assert [(each.id, each.active) for each in running] == [(27, True)]
    every = pos.do(campaigns.campaigns(inactive=True), ENOUGH_S)
    assert isinstance(every, tuple)
    assert [(each.id, each.active) for each in every] == [(27, True), (28, False)]
    found = pos.do(campaigns.campaign_products(27), ENOUGH_S)
    assert isinstance(found, campaigns.CampaignProducts)
    assert found.rewards == (campaigns.Reward(1, "Stor kaffe", 9, 0),)
    unknown = pos.do(campaigns.campaign_products(404), ENOUGH_S)
    assert isinstance(unknown, Answer)
    assert unknown.outcome is Outcome.REFUSED


def test_a_card_is_changed_by_the_form(open_pos: Open) -> None:
    pos = open_pos()
    edit = CardEdit(name="Åse", email="aase@example.org", birthday=date(1999, 12, 8), group=3, discount=5)
    assert pos.do(edits.edit_card(CARD, edit), ENOUGH_S) is None
    assert pos.do(edits.edit_card(CARD, edit), ENOUGH_S) is None
    assert (listed(pos)[CARD].name, listed(pos)[CARD].email) == ("Åse", "aase@example.org")
    assert pos.do(edits.edit_card(CARD, CardEdit(delete=True)), ENOUGH_S) is None
    assert listed(pos)[CARD].closed
    for number, change in (("404", edit), ("0002", CardEdit(rfid=CHIP)), (CARD, CardEdit(group=99))):
        refused = pos.do(edits.edit_card(number, change), ENOUGH_S)
        assert isinstance(refused, Answer)
        assert refused.outcome is Outcome.REFUSED


def test_cards_are_set_and_already_so(open_pos: Open) -> None:
    pos = open_pos()
    values = {
        CARD: CardValues(balance=12_345, birthday=date(1999, 12, 8)),
        "404": CardValues(balance=1),
        "0002": CardValues(rfid=CHIP),
    }

    def told() -> list[tuple[int, Outcome]]:
        found = pos.do(edits.edit_cards(values), ENOUGH_S)
        assert isinstance(found, tuple)
        return [(each.told[0][0], each.answer(delta=False).outcome) for each in found]

    others = [(401, Outcome.REFUSED), (423, Outcome.REFUSED)]
    assert told() == [(200, Outcome.DELIVERED), *others]
    assert listed(pos)[CARD].balance == 12_345
    assert told() == [(301, Outcome.DELIVERED), *others]
    assert listed(pos)[CARD].balance == 12_345


def test_cards_of_a_debtor_and_of_the_concern(open_pos: Open) -> None:
    pos = open_pos()
    found = pos.gather(lambda page: concern_cards.debtor_cards("77", "staff", page), ENOUGH_S)
    assert isinstance(found, tuple)
    assert [(each.number, each.closed) for each in found] == [("0002", True)]
    assert pos.gather(lambda page: concern_cards.debtor_cards("77", "gift", page), ENOUGH_S) == ()
    one = pos.do(concern_cards.concern_card(CARD), ENOUGH_S)
    assert isinstance(one, tuple)
    assert (one[0].number, one[0].balance) == (CARD, 10_000)


def test_cards_are_listed_to_their_end_and_by_a_filter(open_pos: Open) -> None:
    pos = open_pos()
    assert set(listed(pos)) == {CARD, "0002"}
    found = pos.gather(lambda page: cards.cards(page, mobile="12345678"), ENOUGH_S)
    assert isinstance(found, tuple)
    assert [each.number for each in found] == [CARD]


def test_what_is_taken_away(open_pos: Open) -> None:
    pos = open_pos()
    groups = pos.do(takeaway.products(), ENOUGH_S)
    assert isinstance(groups, tuple)
    coffee = next(each for each in groups[0].products if each.id == 1)
    assert (coffee.price, [(each.id, each.preset) for each in coffee.options]) == (2500, [(2, True)])
    shops = pos.do(takeaway.shops(), ENOUGH_S)
    assert isinstance(shops, tuple)
    assert takeaway.Shop(FIRMAID, "Café Å") in shops
    slots = pos.do(takeaway.slots(date(2020, 8, 2)), ENOUGH_S)
    assert isinstance(slots, takeaway.Slots)
    assert (slots.day, slots.times[0]) == (date(2020, 8, 2), time(10))


def test_turnover_is_what_was_sold(open_pos: Open) -> None:
    pos = open_pos()
    lines = (orders.Line(1, 2, 5000),)
    assert isinstance(pos.do(orders.make(replace(ORDER, lines=lines)), ENOUGH_S), str)
    found = pos.do(concern.turnover(EARLY, LATE), ENOUGH_S)
    assert isinstance(found, concern.Turnover)
    assert [(each.company, each.amount) for each in found.takings] == [(FIRMAID, 5000)]
    assert found.first.within(EARLY, LATE)
