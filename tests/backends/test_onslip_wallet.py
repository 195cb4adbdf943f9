"""Vouchers of Onslip as wallets: which voucher is a token's, how it is booked on, what a signature may meet."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from terminal.backends.onslip import vouchers as onslip_vouchers
from terminal.backends.onslip import vouchers_find as onslip_vouchers_find
from terminal.backends.onslip.adapter import Onslip360
from terminal.backends.protocol import WalletReply
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from tests.backends.making import ENOUGH_S
from tests.backends.onslip_bench import (
    BOOKING,
    ENTITY,
    LIST,
    UID,
    VOUCHER,
    Spoiling,
    asked,
    booked,
    debit,
    know_voucher,
)
from tests.sandbox.realm import Realm

Reach = Callable[..., Onslip360]


# -- which voucher -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lookup", ["query", "list"])
def test_only_a_voucher_of_money_that_is_alive_is_a_wallet(
    open_realm: Callable[..., Realm], reach: Reach, lookup: str
) -> None:
    realm = open_realm({"members": lookup == "query"})
    know_voucher(realm, "04aa01", id_=20, expires="2023-11-14T22:13:20.000Z")  # this very second
    know_voucher(realm, "04aa02", id_=21, expires="2023-11-14T22:13:21.000Z")
    punches = {"product": 1, "quantity": 3, "credit-limit": 0}
    coupon = {"id": 22, "type": "coupon", "identifiers": ["04aa03"], "coupon": punches}
    realm.onslip.know("vouchers", [coupon])
    know_voucher(realm, "04aa04", id_=23)
    assert realm("DELETE", "/vouchers/23").status == 204
    backend = reach(realm, voucher_lookup=lookup)
    assert backend.balance("04AA02", ENOUGH_S) == WalletReply(WalletAnswer.KNOWN, 10_000)
    for uid, words in (
        ("04AA01", "the voucher 20 of this token has expired, on 2023-11-14"),
        ("04AA03", "the voucher 22 of this token holds no money, but is of the type coupon"),
        ("04AA04", "no voucher is of this token"),
    ):
        assert backend.balance(uid, ENOUGH_S) == WalletReply(WalletAnswer.NOT_PAIRED, words=words)
        assert backend.deliver(debit(uid=uid), ENOUGH_S) == Answer(Outcome.REFUSED, words)
    assert (asked(realm, BOOKING), booked(realm)) == (0, [])


@pytest.mark.parametrize("lookup", ["query", "list"])
def test_two_vouchers_of_one_token_are_no_wallet_and_words_name_both(
    open_realm: Callable[..., Realm], reach: Reach, lookup: str
) -> None:
    realm = open_realm({"members": lookup == "query"})
    know_voucher(realm, "other", UID.lower(), id_=30)
    backend = reach(realm, voucher_lookup=lookup)
    reply = backend.balance(UID, ENOUGH_S)
    assert reply.answer is WalletAnswer.NOT_PAIRED
    assert f"the vouchers {VOUCHER}, 30 are all of this token" in reply.words
    assert backend.deliver(debit(), ENOUGH_S).outcome is Outcome.REFUSED
    assert booked(realm) == []


def test_a_server_that_answers_with_others_vouchers_is_not_believed(realm: Realm, reach: Reach) -> None:
    """As one that ignores what it does not understand, and answers with all that there are."""
    know_voucher(realm, "04bb01", id_=31)
    know_voucher(realm, "04bb03", id_=32)
    assert realm("DELETE", "/vouchers/32").status == 204
    known = realm.onslip.entities("vouchers")
    everything = httpx.MockTransport(
        lambda _: httpx.Response(200, json=known, headers={"X-Total-Count": str(len(known))})
    )
    backend = reach(realm, transport=everything)
    assert backend.balance("04BB01", ENOUGH_S).balance == 10_000
    for uid in ("04BB02", "04BB03"):
        assert backend.balance(uid, ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    assert backend.deliver(debit(uid="04BB02"), ENOUGH_S).outcome is Outcome.REFUSED
    assert asked(realm, BOOKING) == 0


def test_a_query_that_is_not_understood_is_a_matter_of_configuration(
    open_realm: Callable[..., Realm], reach: Reach
) -> None:
    realm = open_realm({"members": False})
    backend = reach(realm)
    answer = backend.deliver(debit(), ENOUGH_S)
    assert (answer.outcome, asked(realm, BOOKING)) == (Outcome.DENIED, 0)
    assert 'set voucher_lookup = "list"' in answer.words
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.DENIED


@pytest.mark.parametrize(
    ("options", "stored"),
    [
        ({"token_case": "upper"}, "04A1B2C3"),
        ({"token_order": "reversed"}, "c3b2a104"),
        ({"token_case": "upper", "token_order": "reversed"}, "C3B2A104"),
        ({"voucher_query": 'identifiers="{identifier}"'}, "04a1b2c3"),
    ],
)
def test_how_identifiers_are_written_is_configuration(
    realm: Realm, reach: Reach, options: dict[str, str], stored: str
) -> None:
    know_voucher(realm, stored, id_=40, balance=7.7)
    assert reach(realm, **options).balance("04A1B2C3", ENOUGH_S).balance == 770


def test_a_token_is_looked_for_once_while_it_is_remembered(realm: Realm, reach: Reach) -> None:
    backend = reach(realm)
    assert [backend.deliver(debit(key=f"k{n}"), ENOUGH_S).balance for n in range(3)] == [9750, 9500, 9250]
    assert (asked(realm, LIST), asked(realm, BOOKING)) == (1, 3)


def test_a_voucher_that_is_gone_is_looked_for_anew_before_anything_is_refused(
    realm: Realm, reach: Reach
) -> None:
    backend = reach(realm)
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert realm("DELETE", f"/vouchers/{VOUCHER}").status == 204
    know_voucher(realm, id_=50)
    assert backend.deliver(debit(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert booked(realm) == [(50, -2500)]
    assert realm("DELETE", "/vouchers/50").status == 204
    assert backend.deliver(debit(key="k2"), ENOUGH_S).outcome is Outcome.REFUSED


def test_a_balance_always_asks_whose_voucher_it_is_now(realm: Realm, reach: Reach) -> None:
    """A card that was given to another guest."""
    backend = reach(realm)
    assert backend.balance(UID, ENOUGH_S).balance == 10_000
    know_voucher(realm, "another", id_=VOUCHER)
    know_voucher(realm, id_=51, balance=3)
    assert backend.balance(UID, ENOUGH_S).balance == 300
    assert backend.deliver(debit(), ENOUGH_S).balance == 50
    assert booked(realm) == [(51, -2500)]


def test_a_voucher_expires_by_the_servers_clock(open_realm: Callable[..., Realm], reach: Reach) -> None:
    """Once the server has proved its time: that of a machine without a battery may be anything."""
    realm = open_realm()
    know_voucher(realm, "04aa01", id_=20, expires="2023-11-14T22:13:21.000Z")
    backend = reach(realm, wall_s=lambda: 4_000_000_000)
    assert backend.balance("04AA01", ENOUGH_S).balance == 10_000
    realm.clock.pass_s(1)
    late = reach(realm, wall_s=lambda: 1_000_000_000)
    assert "has expired" in late.balance("04AA01", ENOUGH_S).words


# -- the list of all vouchers --------------------------------------------------------------------------


@pytest.fixture
def listed(open_realm: Callable[..., Realm]) -> Realm:
    realm = open_realm({"members": False})
    for number in range(150):
        know_voucher(realm, f"05{number:06x}", id_=100 + number, balance=number)
    return realm


def test_the_list_is_read_once_and_then_only_what_has_changed(listed: Realm, reach: Reach) -> None:
    backend = reach(listed, voucher_lookup="list")
    listed.clock.pass_s(60)
    know_voucher(listed, "06aabbcc", id_=400, balance=4)
    assert backend.balance("05000095", ENOUGH_S).balance == 14_900
    assert asked(listed, LIST) == 2  # pages of a hundred, of 153
    assert backend.balance("06AABBCC", ENOUGH_S).balance == 400
    listed.clock.pass_s(60)
    know_voucher(listed, "06aabbdd", id_=400, balance=5)
    assert backend.balance("06AABBCC", ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    assert backend.balance("06AABBDD", ENOUGH_S).balance == 500
    assert listed("DELETE", "/vouchers/400").status == 204
    assert backend.balance("06AABBDD", ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    assert (asked(listed, LIST), asked(listed, ENTITY)) == (2 + 4, 3)


def test_vouchers_that_were_all_entered_at_once_are_not_read_again_for_ever(
    listed: Realm, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = reach(listed, voucher_lookup="list")
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert asked(listed, LIST) == 4  # what may show itself late is looked for
    for module in (onslip_vouchers, onslip_vouchers_find):
        monkeypatch.setattr(module, "monotonic", lambda: time.monotonic() + 61)
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert asked(listed, LIST) == 5


def test_a_balance_is_never_that_of_the_list(listed: Realm, reach: Reach) -> None:
    backend = reach(listed, voucher_lookup="list")
    assert backend.balance(UID, ENOUGH_S).balance == 10_000
    assert listed("POST", f"/vouchers/{VOUCHER}", {"amount": -99}).status == 200
    assert backend.balance(UID, ENOUGH_S).balance == 100


def test_a_list_that_is_wrong_is_read_anew(listed: Realm, reach: Reach) -> None:
    """Where a change did not show itself by its time, as after the server's clock was set back."""
    backend = reach(listed, voucher_lookup="list")
    listed.clock.pass_s(3600)
    assert listed("POST", f"/vouchers/{VOUCHER}", {"amount": -1}).status == 200
    assert backend.balance(UID, ENOUGH_S).balance == 9_900
    listed.clock.pass_s(-1800)
    know_voucher(listed, "another", id_=VOUCHER)
    know_voucher(listed, id_=500, balance=2)
    assert backend.balance(UID, ENOUGH_S).balance == 200


def test_the_list_is_read_before_a_guest_waits_for_it(listed: Realm, reach: Reach) -> None:
    backend = reach(listed, voucher_lookup="list")
    listed.clock.pass_s(60)
    know_voucher(listed)
    backend.terminal(ENOUGH_S)
    before = asked(listed, LIST)
    assert backend.balance("05000001", ENOUGH_S).answer is WalletAnswer.KNOWN
    assert asked(listed, LIST) == before + 1


def test_a_voucher_that_cannot_be_read_harms_no_other(
    listed: Realm, reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    transport = Spoiling(lambda each: each | {"identifiers": "none"} if each["id"] == 100 else each)
    backend = reach(listed, voucher_lookup="list", transport=transport)
    assert backend.balance("05000001", ENOUGH_S).balance == 100
    assert backend.balance("05000000", ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    assert "a voucher is left out" in caplog.text
    assert "05000000" not in caplog.text
