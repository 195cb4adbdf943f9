"""A campaign that the server does not have: said before anything is sent, and not asked for at each sale."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.backends.onlinepos import campaigns_known
from terminal.backends.protocol import TerminalInfo
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos.things import Campaign, Company
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_wallet_making import CAMPAIGN, at_a, booked, moment, order, tried
from tests.sandbox.shop import CHIP, FIRMAID, Shop

POINTS: dict[str, Any] = {"wallet": "points", "campaign": 99}
VOUCHERS: dict[str, Any] = {"credit": "voucher", "voucher_campaign": 99}
WORDS = "the server has no campaign 99, which is set as campaign: nothing is booked until that is put right"


def looks(shop: Shop) -> int:
    """Return how often the campaigns were asked for."""
    counted = shop.pos.counters()["requests"]
    return sum(count for path, count in counted.items() if "campaignList" in path)


def test_nobody_buys_for_points_of_a_campaign_that_is_not_there(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_a(**POINTS) as (shop, pos):
        for key in ("k1", "k2"):
            reply = pos.balance(CHIP, ENOUGH_S)
            assert (reply.answer, reply.words) == (WalletAnswer.NOT_PAIRED, WORDS)
            sent = order(key=key)
            for answer in (pos.evidence(sent, None, moment(0), ENOUGH_S), pos.deliver(sent, ENOUGH_S)):
                assert isinstance(answer, Answer)
                assert (answer.outcome, answer.words) == (Outcome.REFUSED, WORDS)
        assert (looks(shop), booked(shop)) == (1, [])
        assert [each.message for each in caplog.records if each.levelno == logging.ERROR] == [f"main: {WORDS}"]
        shop.pos.know([Campaign(id=99, name="Points")])
        assert pos.balance(CHIP, ENOUGH_S).answer is WalletAnswer.NOT_PAIRED, "it is not asked for each time"
        monkeypatch.setattr(campaigns_known, "monotonic", lambda: 10.0**9)
        assert pos.balance(CHIP, 10.0**9 * 2).answer is WalletAnswer.KNOWN
        assert looks(shop) == 2


def test_no_voucher_is_made_of_a_campaign_that_is_not_there() -> None:
    coins = order(EntryKind.CREDIT)
    with at_a(**VOUCHERS) as (shop, pos):
        for answer in (pos.evidence(coins, None, moment(0), ENOUGH_S), pos.deliver(coins, ENOUGH_S)):
            assert isinstance(answer, Answer)
            assert answer.outcome is Outcome.REFUSED
            assert "no campaign 99, which is set as voucher_campaign" in answer.words
        assert pos.balance(CHIP, ENOUGH_S).answer is WalletAnswer.KNOWN, "its cards are as good as ever"
        before = Evidence(moment(0), handle="901")
        assert isinstance(pos.evidence(coins, before, moment(1), ENOUGH_S), Evidence), (
            "what was sent is looked for"
        )
        assert looks(shop) == 1


def test_who_reads_the_products_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    with at_a(**POINTS, **VOUCHERS | {"voucher_campaign": 98}) as (shop, pos):
        for _ in range(2):
            assert isinstance(pos.terminal(ENOUGH_S), TerminalInfo)
        said = [each.message for each in caplog.records if each.levelno == logging.ERROR]
        assert ["campaign 99" in said[0], "campaign 98" in said[1], len(said), looks(shop)] == [
            True,
            True,
            2,
            1,
        ]


def test_a_campaign_that_is_there_is_looked_for_once_even_if_it_rests() -> None:
    with at_a({"wrapped": True}, **POINTS | {"campaign": 28}) as (shop, pos):
        for key in ("k1", "k2"):
            _, answer = tried(pos, order(EntryKind.CREDIT, 700, key=key))
            assert answer.outcome is Outcome.DELIVERED
        assert (looks(shop), booked(shop)) == (1, [7, 7])


def test_a_list_that_may_not_be_read_stops_nobody() -> None:
    with at_a(**POINTS | {"campaign": CAMPAIGN}) as (shop, pos):
        company = shop.pos.store.thing(Company, FIRMAID)
        assert company is not None
        shop.pos.know([replace(company, denied=("campaignList",))])
        _, answer = tried(pos, order(EntryKind.CREDIT, 700))
        assert (answer.outcome, booked(shop)) == (Outcome.DELIVERED, [7])
        assert looks(shop) == 1


def test_a_list_that_is_lost_stops_nobody() -> None:
    with at_a(**POINTS) as (shop, pos):
        shop.pos.faults.set(Fault(kind="drop", path="campaignList", count=1))
        assert pos.balance(CHIP, ENOUGH_S).answer is WalletAnswer.KNOWN
