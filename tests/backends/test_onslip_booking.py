"""Bookings on vouchers of Onslip: amounts and signs, signatures, permissions, endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.backends.onslip.options import OnslipOptions
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.sandbox import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.making import ENOUGH_S, credit
from tests.backends.onslip_bench import (
    BOOKING,
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


# -- amounts -------------------------------------------------------------------------------------------


def test_what_a_voucher_may_be_overdrawn_by_can_be_spent_only_if_that_is_wanted(
    realm: Realm, reach: Reach
) -> None:
    know_voucher(realm, "04cc01", id_=60, balance=2, credit=10)
    plain, generous = reach(realm), reach(realm, voucher_credit=True)
    assert (plain.balance("04CC01", ENOUGH_S).balance, generous.balance("04CC01", ENOUGH_S).balance) == (
        200,
        1200,
    )
    assert plain.deliver(debit(500, uid="04CC01"), ENOUGH_S).balance == -300
    assert generous.deliver(debit(100, uid="04CC01"), ENOUGH_S).balance == 600
    assert plain.deliver(debit(601, uid="04CC01"), ENOUGH_S).outcome is Outcome.REFUSED
    assert booked(realm) == [(60, -5000), (60, -1000)]


def test_a_part_of_a_cent_is_no_money_that_could_be_spent(realm: Realm, reach: Reach) -> None:
    know_voucher(realm, "04cc02", id_=61, balance=2.009)
    know_voucher(realm, "04cc03", id_=62, balance=-0.001)
    backend = reach(realm)
    assert backend.balance("04CC02", ENOUGH_S).balance == 200
    assert backend.balance("04CC03", ENOUGH_S).balance == -1


def test_nothing_is_booked_for_what_is_free(realm: Realm, reach: Reach) -> None:
    assert reach(realm).deliver(debit(0), ENOUGH_S).outcome is Outcome.DELIVERED
    assert asked(realm, BOOKING) == 0


def test_a_wrong_sign_is_cried_out_at_the_first_booking(
    open_realm: Callable[..., Realm], reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    realm = open_realm({"spends": "positive"})
    backend = reach(realm, voucher_sign="negative")
    assert backend.deliver(debit(), ENOUGH_S).balance == 10_250
    assert 'set voucher_sign = "positive"' in caplog.text
    caplog.clear()
    right = reach(realm, voucher_sign="positive")
    assert right.deliver(debit(), ENOUGH_S).balance == 10_000
    assert (
        right.deliver(credit(amount=500), ENOUGH_S) == Answer(Outcome.REFUSED, "no voucher is of this token")
        or right.balance(UID, ENOUGH_S).balance == 10_500
    )
    assert caplog.text == ""


def test_a_booking_that_expired_meanwhile_is_refused_and_not_tried_for_ever(realm: Realm, reach: Reach) -> None:
    know_voucher(realm, "04dd01", id_=70, expires="2023-11-14T22:14:20.000Z")
    backend = reach(realm)
    assert backend.balance("04DD01", ENOUGH_S).answer is WalletAnswer.KNOWN
    realm.clock.pass_s(60)
    answer = backend.deliver(debit(uid="04DD01"), ENOUGH_S)
    assert (answer.outcome, answer.status, answer.retry_after_ms) == (Outcome.REFUSED, 409, None)
    assert "this voucher has expired" in answer.words


@pytest.mark.parametrize(
    "body",
    [
        {"ok": True},
        [],
        {"type": "coupon-voucher"},
        {"type": "payment-voucher", "payment-voucher": {"voucher": VOUCHER, "balance": 97.5}},
        {
            "type": "payment-voucher",
            "payment-voucher": {
                "transaction-id": "1", "transaction-date": "2023-11-14T22:13:20.000Z", "voucher": VOUCHER + 1,
            },
        },
    ],
)  # fmt: skip
def test_an_answer_that_is_no_booking_on_this_voucher_is_unknown(realm: Realm, reach: Reach, body: Any) -> None:
    class Instead(Spoiling):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            return httpx.Response(200, json=body) if request.method == "POST" else response

    backend = reach(realm, transport=Instead(lambda each: each))
    answer = backend.deliver(debit(), ENOUGH_S)
    assert answer.outcome is Outcome.UNKNOWN
    assert answer.words.endswith("; the voucher 9 was last seen with 100.00")
    assert booked(realm) == [(VOUCHER, -2500)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="drop", method="GET"),
        Fault(kind="half", method="GET"),
        Fault(kind="garbage", method="GET"),
        Fault(kind="status", status=502, method="GET"),
    ],
)
@pytest.mark.parametrize("lookup", ["query", "list"])
def test_a_look_for_the_voucher_that_fails_leaves_nothing_in_doubt(
    open_realm: Callable[..., Realm], reach: Reach, fault: Fault, lookup: str
) -> None:
    realm = open_realm({"members": lookup == "query"})
    realm.onslip.faults.set(fault)
    assert reach(realm, voucher_lookup=lookup).deliver(debit(), ENOUGH_S).outcome is Outcome.UNSENT
    assert asked(realm, BOOKING) == 0


# -- signatures, permissions, endpoints ----------------------------------------------------------------


def test_a_clock_that_is_wrong_is_repaired_by_the_servers_proof_and_booked_once(
    open_realm: Callable[..., Realm], reach: Reach
) -> None:
    realm = open_realm({"clock_s": 4000})
    backend = reach(realm)
    assert backend.deliver(debit(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert backend.deliver(debit(key="k2"), ENOUGH_S).outcome is Outcome.DELIVERED
    assert booked(realm) == [(VOUCHER, -2500)] * 2
    assert (asked(realm, LIST), asked(realm, BOOKING)) == (2, 2)


@pytest.mark.parametrize("proof", ["wrong", "none"])
def test_a_time_without_proof_is_not_believed_and_the_backend_waits(
    open_realm: Callable[..., Realm], reach: Reach, proof: str
) -> None:
    realm = open_realm({"clock_s": 4000, "proof": proof})
    backend = reach(realm)
    answer = backend.deliver(debit(), ENOUGH_S)
    assert (answer.outcome, answer.status) == (Outcome.DENIED, 401)
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.DENIED
    assert (asked(realm, LIST), asked(realm, BOOKING)) == (2, 0)


def test_a_clock_that_turns_out_wrong_at_the_booking_books_once(realm: Realm, reach: Reach) -> None:
    ahead = [0]
    backend = reach(realm, wall_s=lambda: realm.clock.ms // 1000 + ahead[0])
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    ahead[0] = 4000
    assert backend.deliver(debit(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert (asked(realm, BOOKING), booked(realm)) == (2, [(VOUCHER, -2500)])


@pytest.mark.parametrize("missing", ["show-vouchers", "use-vouchers"])
def test_a_permission_that_is_missing_pauses_the_backend(realm: Realm, reach: Reach, missing: str) -> None:
    realm.only(*(PERMISSIONS - {missing}))
    answer = reach(realm).deliver(debit(), ENOUGH_S)
    assert (answer.outcome, answer.status) == (Outcome.DENIED, 403)
    assert missing in answer.words
    assert booked(realm) == []


def test_another_endpoint_takes_over_where_nothing_was_sent_and_never_what_may_have_arrived(
    open_realm: Callable[..., Realm], reach: Reach
) -> None:
    realm = open_realm(second=("127.0.0.1", 0))
    backend = reach(realm)
    backend.terminal(ENOUGH_S)  # who are we, and where else
    realm.sandbox.away(0)
    assert backend.deliver(debit(), ENOUGH_S).outcome is Outcome.DELIVERED
    realm.sandbox.back()
    realm.onslip.faults.set(Fault(kind="drop", after=True, method="POST"))
    assert backend.deliver(debit(key="k2"), ENOUGH_S).outcome is Outcome.UNKNOWN
    assert booked(realm) == [(VOUCHER, -2500)] * 2
    assert asked(realm, BOOKING) == 2


# -- what is no booking, and options -------------------------------------------------------------------


def test_what_has_no_call_here_is_refused(realm: Realm, reach: Reach) -> None:
    for kind in (EntryKind.UNCLAIMED, EntryKind.INTERACTION):
        assert reach(realm).deliver(credit(kind=kind), ENOUGH_S).outcome is Outcome.REFUSED
    assert booked(realm) == []


@pytest.mark.parametrize(
    "options",
    [
        {"url": "http://api.example.org/v1/"},
        {"url": "https://user:pw@api.example.org/v1/"},
        {"realm": "~demo.example"},
        {"realm": ""},
        {"voucher_query": "identifiers"},
        {"voucher_query": '{identifier}"{identifier}'},
        {"namespace": "X"},
        {"till": 0},
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    given = {"url": "https://api.example.org/v1/", "realm": "demo.example", **options}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, OnslipOptions)


def test_nothing_but_this_machine_is_spoken_to_in_the_open_by_itself() -> None:
    for url, allowed in (("https://api.example.org/v1/", False), ("http://127.0.0.1:8090/v1/", True)):
        assert OnslipOptions(url=url, realm="demo.example").place.allow_http is allowed
