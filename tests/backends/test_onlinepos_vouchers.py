"""Vouchers of OnlinePOS: what is credited becomes one, once, under a number that its journal key gives."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.backends.onlinepos.campaigns_known import Campaigns
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.vouchers import Vouchers, danish_day
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Booked, CannotTell, NotBooked
from terminal.core.reconcile_evidence import Evidence, Looking
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos.things import Card
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_wallet_making import (
    CAMPAIGN,
    CREDENTIAL,
    LOST_AFTER,
    LOST_BEFORE,
    at_a,
    booked,
    looked,
    moment,
    order,
    tried,
)
from tests.sandbox.shop import Shop

VOUCHERS: dict[str, Any] = {"credit": "voucher", "voucher_campaign": CAMPAIGN, "voucher_point_cents": 50}
COINS = order(EntryKind.CREDIT, 2500)
NUMBER = "992700463471922"


def vouchers(**options: Any) -> Vouchers:
    """Return what reckons numbers; it is asked for nothing else."""
    told = OnlinePosServer.Options(**{**VOUCHERS, **options})
    pos = OnlinePos(told, credential=lambda: CREDENTIAL)
    return Vouchers(pos, told, Campaigns(pos, "main"))


def made(shop: Shop) -> list[Card]:
    return [each for each in shop.pos.store.cards() if each.voucher]


# -- numbers -------------------------------------------------------------------------------------------


def test_a_number_never_changes() -> None:
    """It is what a repeat after years is known by: this test is never put right."""
    assert vouchers().number("k1") == NUMBER
    assert vouchers(voucher_prefix="").number("k1") == "192700463471922"
    assert vouchers(voucher_prefix="", voucher_digits=12).number("k1") == "700463471922"


@given(
    keys=st.sets(st.text(min_size=1), min_size=2, max_size=20),
    prefix=st.from_regex(r"\A[0-9]{0,4}\Z"),
    digits=st.integers(12, 15),
)
def test_numbers_are_digits_of_one_length_and_differ(keys: set[str], prefix: str, digits: int) -> None:
    maker = vouchers(voucher_prefix=prefix, voucher_digits=digits)
    numbers = {key: maker.number(key) for key in keys}
    assert all(len(each) == digits and each.isdigit() and each.startswith(prefix) for each in numbers.values())
    assert numbers == {key: maker.number(key) for key in keys}
    assert len(set(numbers.values())) == len(keys)


@pytest.mark.parametrize(
    ("utc_ms", "day"),
    [(1_704_063_600_000, "2024-01-01"), (1_704_063_599_999, "2023-12-31"), (1_719_784_800_000, "2024-07-01")],
)
def test_a_day_is_that_of_denmark(utc_ms: int, day: str) -> None:
    assert danish_day(Stamp(utc_ms, 0, "boot", synced=True)).isoformat() == day


# -- making one ----------------------------------------------------------------------------------------


def test_what_is_credited_becomes_a_voucher_and_the_card_keeps_what_it_has() -> None:
    with at_a(voucher_days=10, voucher_name="Møntretur", **VOUCHERS) as (shop, pos):
        assert pos.guarantee(EntryKind.CREDIT).promise is Promise.READ_BACK
        sent, answer = tried(pos, COINS)
        assert (answer.outcome, answer.reference) == (Outcome.DELIVERED, NUMBER)
        (card,) = made(shop)
        assert (card.number, card.points, card.name) == (NUMBER, {str(CAMPAIGN): 50}, "Møntretur")
        assert card.valid == ("20260202", "20260212")
        assert shop.balance() == 10_000
        assert isinstance(looked(pos, sent, 1), Booked)
        # A refund makes good what was taken from the card, and goes back to it.
        assert tried(pos, order(EntryKind.REFUND, key="k2"))[1].balance == 12_500
        assert len(made(shop)) == 1


def test_without_that_option_coins_go_to_the_card() -> None:
    with at_a(voucher_campaign=CAMPAIGN) as (shop, pos):
        assert tried(pos, COINS)[1].balance == 12_500
        assert made(shop) == []


def test_vouchers_of_no_campaign_are_no_configuration() -> None:
    with pytest.raises(ValueError, match="voucher_campaign"):
        OnlinePosServer.Options(credit="voucher")


@pytest.mark.parametrize("amount", [2525, 25])
def test_what_is_no_whole_number_of_points_is_refused_before_anything_is_sent(amount: int) -> None:
    with at_a(**VOUCHERS) as (shop, pos):
        coins = order(EntryKind.CREDIT, amount)
        for answer in (pos.deliver(coins, ENOUGH_S), pos.evidence(coins, None, moment(0), ENOUGH_S)):
            assert isinstance(answer, Answer)
            assert answer.outcome is Outcome.REFUSED
            assert "no whole number of points of 0.5 each" in answer.words
        assert shop.sandbox.counters()["requests"] == {}


def test_a_machine_whose_clock_is_not_set_waits_for_that() -> None:
    with at_a(**VOUCHERS) as (shop, pos):
        unset = replace(moment(0), synced=False)
        told = pos.evidence(COINS, None, unset, ENOUGH_S)
        answer = pos.deliver(replace(COINS, before=Evidence(unset)), ENOUGH_S)
        for each in (told, answer):
            assert isinstance(each, Answer)
            assert each.outcome is Outcome.UNSENT
            assert "the clock" in each.words
        assert made(shop) == []


def test_a_hash_that_does_not_match_is_a_denial_though_it_comes_as_200() -> None:
    with at_a(**VOUCHERS) as (shop, pos):
        before = pos.evidence(COINS, None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        shop.pos.rules = replace(shop.pos.rules, scheme=type(shop.pos.rules.scheme)(algorithm="sha256"))
        answer = pos.deliver(replace(COINS, before=before), ENOUGH_S)
        assert answer.outcome is Outcome.DENIED
        assert "`terminalctl onlinepos probe`" in answer.words


# -- what is lost --------------------------------------------------------------------------------------


def test_a_lost_answer_is_told_by_the_number() -> None:
    for fault, expected in ((LOST_AFTER, Booked), (LOST_BEFORE, NotBooked)):
        with at_a(**VOUCHERS) as (shop, pos):
            before = pos.evidence(COINS, None, moment(0), ENOUGH_S)
            assert isinstance(before, Evidence)
            shop.pos.faults.set(fault)
            sent = replace(COINS, before=before)
            assert pos.deliver(sent, ENOUGH_S).outcome is Outcome.UNKNOWN
            assert pos.operation(sent, moment(0)).looking is Looking.KEY
            assert isinstance(looked(pos, sent), expected)
            assert booked(shop) == ([50] if expected is Booked else [])
            if expected is NotBooked:
                assert tried(pos, replace(COINS, attempts=1))[1].outcome is Outcome.DELIVERED
                assert booked(shop) == [50]


@pytest.mark.parametrize("card", ["same", "own"])
def test_a_repeat_of_one_that_got_through_is_known_by_its_number(card: str) -> None:
    """A server that gives vouchers card numbers of their own shows none of them; then it is not made twice."""
    with at_a({"voucher_card": card}, **VOUCHERS) as (shop, pos):
        before = pos.evidence(COINS, None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        shop.pos.faults.set(LOST_AFTER)
        sent = replace(COINS, before=before)
        assert pos.deliver(sent, ENOUGH_S).outcome is Outcome.UNKNOWN
        assert isinstance(looked(pos, sent), Booked if card == "same" else NotBooked)
        _, answer = tried(pos, replace(COINS, attempts=1))
        assert (answer.outcome, answer.reference) == (Outcome.DELIVERED, NUMBER)
        assert booked(shop) == [50]


@pytest.mark.parametrize("card", ["same", "own"])
def test_somebody_elses_voucher_of_our_number_is_not_ours(card: str) -> None:
    with at_a({"voucher_card": card}, **VOUCHERS) as (shop, pos):
        number = NUMBER if card == "same" else "77"
        shop.pos.know([Card(number=number, voucher=NUMBER, points={str(CAMPAIGN): 50})])
        told = pos.evidence(COINS, None, moment(0), ENOUGH_S)
        if card == "same":
            assert isinstance(told, Answer)
        else:
            assert isinstance(told, Evidence)
            told = pos.deliver(replace(COINS, before=told), ENOUGH_S)
        assert told.outcome is Outcome.REFUSED
        assert "not of this entry" in told.words
        assert booked(shop) == []


def test_a_voucher_of_our_number_with_another_worth_goes_to_a_person() -> None:
    with at_a(**VOUCHERS) as (shop, pos):
        before = pos.evidence(COINS, None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        shop.pos.faults.set(LOST_BEFORE)
        sent = replace(COINS, before=before)
        assert pos.deliver(sent, ENOUGH_S).outcome is Outcome.UNKNOWN
        shop.pos.know([Card(number=NUMBER, voucher=NUMBER, points={str(CAMPAIGN): 7})])
        found = looked(pos, sent)
        assert isinstance(found, CannotTell)
        assert "worth 3.50" in found.words


def test_one_that_was_spent_from_is_not_made_again() -> None:
    """A person has it sent again who does not know: whether the server would refuse that is not documented."""
    with at_a(**VOUCHERS) as (shop, pos):
        shop.pos.know([Card(number=NUMBER, voucher=NUMBER, points={str(CAMPAIGN): 7})])
        _, answer = tried(pos, replace(COINS, attempts=1))
        assert answer.outcome is Outcome.REFUSED
        assert "worth 3.5 and not 25" in answer.words
        assert booked(shop) == []


def test_a_look_for_one_that_is_refused_leaves_the_question_to_a_person() -> None:
    with at_a(**VOUCHERS) as (shop, pos):
        before = pos.evidence(COINS, None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        shop.pos.faults.set(Fault(kind="status", status=400, method="GET"))
        found = looked(pos, replace(COINS, before=before), 240_000)
        assert isinstance(found, CannotTell)
        assert "does not tell any more" in found.words


@pytest.mark.parametrize("prefix", ["", "0", "01"])
def test_a_number_begins_with_no_zero_which_a_server_may_drop(prefix: str) -> None:
    """It would be there under another number then, be looked for in vain, and be made again."""
    with pytest.raises(ValueError, match="voucher_prefix"):
        msgspec.convert({**VOUCHERS, "voucher_prefix": prefix}, OnlinePosServer.Options)


def test_the_number_of_a_try_stays_that_of_its_repeat_whatever_the_options_say() -> None:
    with at_a(**VOUCHERS) as (shop, pos):
        before = pos.evidence(COINS, None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        sent = replace(COINS, before=replace(before, handle="471147114711471"))
        assert pos.deliver(sent, ENOUGH_S).reference == "471147114711471"
        assert [each.number for each in made(shop)] == ["471147114711471"]
