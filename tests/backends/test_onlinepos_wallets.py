"""Cards of OnlinePOS as wallets: which card a token is, what is booked on it, and what is refused before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile import CannotTell
from terminal.core.reconcile_evidence import Evidence
from terminal.sandbox.onlinepos.things import Card
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_wallet_making import (
    CAMPAIGN,
    CREDENTIAL,
    HELD,
    at_a,
    booked,
    looked,
    moment,
    order,
    tried,
)
from tests.sandbox.shop import CARD, CHIP, Shop

POINTS: dict[str, Any] = {"wallet": "points", "campaign": CAMPAIGN, "point_cents": 50}
NUMBER = "0400A1B2"
WRITTEN = {"cards": "number", "token_case": "lower", "token_order": "reversed"}


def change(shop: Shop, **fields: Any) -> None:
    """Let the back office change the card."""
    card = shop.pos.store.card(CARD)
    assert card is not None
    shop.pos.store.save_card(replace(card, **fields))


# -- which card ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("thousands", [False, True])
def test_a_token_is_the_rfid_of_a_card_and_each_kind_is_booked_once(*, thousands: bool) -> None:
    with at_a({"thousands": thousands}) as (shop, pos):
        change(shop, balance=500_000)
        assert pos.balance(CHIP, ENOUGH_S).balance == 500_000
        left = 500_000
        for kind, amount in ((EntryKind.DEBIT, -2500), (EntryKind.CREDIT, 2500), (EntryKind.REFUND, 2500)):
            left += amount
            _, answer = tried(pos, order(kind))
            assert (answer.outcome, answer.balance) == (Outcome.DELIVERED, left)
        assert (booked(shop), shop.balance()) == ([-2500, 2500, 2500], left)
        assert pos.guarantee(EntryKind.DEBIT).promise is Promise.READ_BACK


def test_a_token_can_be_the_number_of_a_card_written_otherwise() -> None:
    with at_a(**WRITTEN) as (shop, pos):
        shop.pos.know([Card(number="b2a10004", balance=700)])
        assert pos.balance(NUMBER, ENOUGH_S).balance == 700
        _, answer = tried(pos, order(amount=500, uid=NUMBER))
        assert answer.outcome is Outcome.DELIVERED
        assert shop.balance("b2a10004") == 200
        assert pos.balance(CHIP, ENOUGH_S).answer is WalletAnswer.NOT_PAIRED


@pytest.mark.parametrize("unknown", ["empty", "fail"])
@pytest.mark.parametrize("cards", ["rfid", "number"])
def test_a_token_without_a_card_is_refused_in_clear_words(unknown: str, cards: str) -> None:
    with at_a({"unknown_card": unknown}, cards=cards) as (shop, pos):
        reply = pos.balance("04FFFF", ENOUGH_S)
        assert reply.answer is WalletAnswer.NOT_PAIRED
        assert "no card" in reply.words
        for answer in (
            pos.deliver(order(uid="04FFFF"), ENOUGH_S),
            pos.evidence(order(uid="04FFFF"), None, moment(0), ENOUGH_S),
        ):
            assert isinstance(answer, Answer)
            assert (answer.outcome, answer.words) == (Outcome.REFUSED, reply.words)
        assert booked(shop) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"deleted": True}, "closed"),
        ({"type": 1}, "of the type 'Default', which is no wallet here"),
    ],
)
@pytest.mark.parametrize("warm", [False, True])
def test_a_card_that_is_no_wallet_is_refused(fields: dict[str, Any], words: str, *, warm: bool) -> None:
    with at_a() as (shop, pos):
        if warm:  # its number is remembered then
            assert pos.balance(CHIP, ENOUGH_S).balance == HELD
        change(shop, **fields)
        reply = pos.balance(CHIP, ENOUGH_S)
        assert (reply.answer, reply.balance) == (WalletAnswer.NOT_PAIRED, None)
        assert words in reply.words or "no card" in reply.words
        answer = pos.deliver(order(), ENOUGH_S)
        assert answer.outcome is Outcome.REFUSED
        assert booked(shop) == []


def test_cards_of_staff_are_wallets_where_that_is_wanted() -> None:
    with at_a(card_types=()) as (shop, pos):
        change(shop, type=1)
        assert pos.balance(CHIP, ENOUGH_S).balance == HELD


def test_a_token_that_was_given_another_card_is_that_card_at_once() -> None:
    with at_a() as (shop, pos):
        assert pos.balance(CHIP, ENOUGH_S).balance == HELD
        change(shop, rfid="")
        change(shop, rfid="04BBBB")
        shop.pos.know([Card(number="0077", rfid=CHIP, balance=300)])
        assert pos.balance(CHIP, ENOUGH_S).balance == 300


def test_a_card_whose_rfid_was_taken_away_is_not_the_token_s_any_more() -> None:
    """Its number is remembered; its RFID went to a new card, and it has none itself."""
    with at_a() as (shop, pos):
        assert pos.balance(CHIP, ENOUGH_S).balance == HELD
        change(shop, rfid="")
        assert pos.balance(CHIP, ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
        change(shop, rfid=CHIP)
        assert pos.balance(CHIP, ENOUGH_S).balance == HELD
        change(shop, rfid="")
        shop.pos.know([Card(number="0077", rfid=CHIP, balance=5000)])
        assert tried(pos, order())[1].balance == 2500
        assert (shop.balance(), shop.balance("0077")) == (HELD, 2500)


def test_a_try_is_made_on_the_card_that_was_read_and_on_no_other() -> None:
    with at_a() as (shop, pos):
        before = pos.evidence(order(), None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        change(shop, rfid="04BBBB")
        shop.pos.know([Card(number="0077", rfid=CHIP, balance=HELD)])
        assert pos.balance(CHIP, ENOUGH_S).balance == HELD
        sent = replace(order(), before=before)
        assert pos.deliver(sent, ENOUGH_S).outcome is Outcome.UNSENT
        found = looked(pos, sent, 240_000)
        assert isinstance(found, CannotTell), "the other card tells nothing of it"
        assert "Before (" in found.words
        assert booked(shop) == []


# -- amounts -------------------------------------------------------------------------------------------


def test_points_are_spent_and_loaded_by_either_call() -> None:
    for call in ("adjustValue", "adjustValues"):
        with at_a(points_call=call, **POINTS) as (shop, pos):
            change(shop, points={str(CAMPAIGN): 80})
            assert pos.balance(CHIP, ENOUGH_S).balance == 4000
            for kind in (EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.DEBIT):
                assert tried(pos, order(kind))[1].outcome is Outcome.DELIVERED
            assert (shop.points(), booked(shop)) == ({str(CAMPAIGN): 30}, [-50, 50, -50])
            assert shop.balance() == HELD


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wallet": "points"}, "`campaign`"),
        ({**POINTS, "history": True}, 'wallet = "deposit" with `history`'),
        ({"mark": "Kiosk"}, "`history` with `mark`"),
        ({"history_amounts": "spent"}, "`history` with `history_amounts`"),
        ({"campaign": CAMPAIGN}, 'wallet = "points" with `campaign`'),
        ({"point_cents": 50}, 'wallet = "points" with `campaign`'),
        ({"points_call": "adjustValue"}, 'wallet = "points" with `campaign`'),
        ({"hash_empty": True}, "`hash_names` with `hash_empty`"),
    ],
)
def test_options_that_do_nothing_are_no_configuration(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OnlinePosServer.Options(**options)


@pytest.mark.parametrize("kind", [EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND])
def test_without_time_nothing_is_sent(kind: EntryKind) -> None:
    for warm in (False, True):
        with at_a() as (shop, pos):
            if warm:
                assert pos.balance(CHIP, ENOUGH_S).balance == HELD
            asked = shop.sandbox.counters()["requests"]
            assert pos.deliver(order(kind), 0.0).outcome is Outcome.UNSENT
            assert pos.balance(CHIP, 0.0).answer is WalletAnswer.NO_ANSWER
            told = pos.evidence(order(kind), None, moment(0), 0.0)
            assert isinstance(told, Answer)
            assert told.outcome is Outcome.UNSENT
            assert shop.sandbox.counters()["requests"] == asked


@pytest.mark.parametrize(
    ("options", "amount", "words"),
    [
        ({}, 2550, "25.5 is no whole number of kroner"),
        (POINTS, 2525, "25.25 is no whole number of points of 0.5 each"),
    ],
)
def test_an_amount_that_the_server_cannot_take_is_refused_before_anything_is_sent(
    options: dict[str, Any], amount: int, words: str
) -> None:
    with at_a(**options) as (shop, pos):
        for kind in (EntryKind.DEBIT, EntryKind.CREDIT):
            for answer in (
                pos.deliver(order(kind, amount), ENOUGH_S),
                pos.evidence(order(kind, amount), None, moment(0), ENOUGH_S),
            ):
                assert isinstance(answer, Answer)
                assert answer.outcome is Outcome.REFUSED
                assert words in answer.words
        assert shop.sandbox.counters()["requests"] == {}


def test_more_than_there_is_is_refused_before_unless_cards_may_be_overdrawn() -> None:
    for options in ({}, POINTS):
        with at_a(**options) as (shop, pos):
            for answer in (
                pos.evidence(order(amount=20_000), None, moment(0), ENOUGH_S),
                pos.deliver(order(amount=20_000), ENOUGH_S),
            ):
                assert isinstance(answer, Answer)
                assert answer.outcome is Outcome.REFUSED
                assert "200 were to be taken" in answer.words
            assert booked(shop) == []
    with at_a(overdraft=True) as (shop, pos):
        assert tried(pos, order(amount=20_000))[1].outcome is Outcome.DELIVERED
        assert shop.balance() == -10_000


def test_what_costs_nothing_is_not_sent() -> None:
    with at_a() as (shop, pos):
        assert pos.deliver(order(amount=0), ENOUGH_S).outcome is Outcome.DELIVERED
        assert pos.account(order(amount=0)) is None
        assert shop.sandbox.counters()["requests"] == {}


def _heard(respond: Callable[[httpx.Request], httpx.Response], **options: Any) -> OnlinePosServer:
    told = OnlinePosServer.Options(url="https://pos.example.org/api", cards="number", overdraft=True, **options)
    transport = httpx.MockTransport(respond)
    return OnlinePosServer("main", told, terminal_id="t", credential=lambda: CREDENTIAL, transport=transport)


@settings(max_examples=60, deadline=None)
@given(
    cents=st.integers(1, 10**9),
    written=st.sampled_from(["whole kroner", "decimal point", "decimal comma"]),
    kind=st.sampled_from([EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND]),
)
def test_whatever_is_sent_is_the_amount_to_the_cent(cents: int, written: str, kind: EntryKind) -> None:
    sent: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.extend(parse_qs(request.content.decode())["amount"])
        return httpx.Response(200, text="<status> New balance: 1.00 </status>")

    pos = _heard(respond, deposit_amounts=written)
    try:
        answer = pos.deliver(order(kind, cents, uid=NUMBER), ENOUGH_S)
    finally:
        pos.close()
    whole, rest = divmod(cents, 100)
    if written == "whole kroner" and rest:
        assert (answer.outcome, sent) == (Outcome.REFUSED, [])
        return
    assert answer.outcome is Outcome.DELIVERED
    (text,) = sent
    assert text.startswith("-") == (kind is EntryKind.DEBIT)
    mark = "," if written == "decimal comma" else "."
    kroner, _, ore = text.removeprefix("-").partition(mark)
    assert (int(kroner), int(ore.ljust(2, "0") or "0")) == (whole, rest)
    assert len(ore) <= 2


# -- what is told --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "alone", "said"),
    [
        ("125.00", False, "the other way round"),
        ("100.00", False, "by 0 cents instead of -2500"),  # taken for a deposit of nothing
        ("76.00", True, "by -2400 cents instead of -2500"),
        ("76.00", False, ""),  # another till may have been there, too
        ("75,00", True, ""),
    ],
)
def test_a_balance_that_went_another_way_is_said_aloud(
    caplog: pytest.LogCaptureFixture, balance: str, said: str, *, alone: bool
) -> None:
    body = '[{"id":1,"cardnumber":"0400A1B2","balance":"100,00","cardtype":"Prepaid","deleted":"no"}]'

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, text=body)
        return httpx.Response(200, text=f"<status> New balance: {balance} </status>")

    pos = _heard(respond, alone=alone)
    try:
        _, answer = tried(pos, order(uid=NUMBER))
    finally:
        pos.close()
    assert answer.outcome is Outcome.DELIVERED
    assert said in caplog.text
    assert bool(said) is bool([each for each in caplog.records if each.levelname == "ERROR"])


def test_an_account_tells_cards_apart_and_nothing_of_them() -> None:
    with at_a() as (_, pos):
        mine, others = pos.account(order(key="a")), pos.account(order(uid="04FFFF"))
        assert mine == pos.account(order(EntryKind.CREDIT, key="b"))
        assert mine != others
        assert mine is not None
        assert CHIP.lower() not in mine.lower()
        before = pos.evidence(order(), None, moment(0), ENOUGH_S)
        assert CARD not in repr(before)
