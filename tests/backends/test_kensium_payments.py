"""Payments at a card terminal that Kensium drives, against the sandbox: what it counts is the judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest

from terminal.backends.kensium.adapter import Kensium
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.payments import Payments
from terminal.core.card import PaymentReply, Step
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.value import replace
from tests.backends.kensium_bench import about, adapter, lose, ruled
from tests.backends.making import ENOUGH_S
from tests.sandbox.tenant import Tenant

KEY = "kiosk-1-AAAA"


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


@pytest.fixture
def kensium(tenant: Tenant) -> Iterator[Kensium]:
    kensium = adapter(tenant)
    yield kensium
    kensium.close()


@pytest.fixture
def at_once(tenant: Tenant) -> Iterator[Kensium]:
    kensium = adapter(tenant, card_payment="sale")
    yield kensium
    kensium.close()


def payments(tenant: Tenant) -> dict[str, Any]:
    found: dict[str, Any] = tenant.counters()["payments"]
    return found


def told(reply: PaymentReply | Answer) -> PaymentReply:
    assert isinstance(reply, PaymentReply), reply
    return reply


def finish(kensium: Kensium, amount: int = 1200, key: str = KEY) -> PaymentReply:
    """Begin a payment, and ask for it until it ends."""
    reply = told(kensium.start_payment(key, amount, ENOUGH_S))
    while reply.step is Step.WAIT:
        reply = told(kensium.proceed_payment(reply.reference, amount, ENOUGH_S))
    return reply


def to_capture(reply: PaymentReply, **more: Any) -> Any:
    return about(EntryKind.PAYMENT, 1200, KEY, token=None, reference=reply.reference, **more)


def test_it_waits_as_it_is_told_is_authorised_and_captured_once(tenant: Tenant, kensium: Kensium) -> None:
    ruled(tenant, waits=2, wait_ms=700)
    begun = told(kensium.start_payment(KEY, 1200, ENOUGH_S))
    assert (begun.step, begun.wait_ms, begun.binding) == (Step.WAIT, 700, False)
    reply = told(kensium.proceed_payment(begun.reference, 1200, ENOUGH_S))
    assert (reply.step, reply.reference) == (Step.WAIT, begun.reference)
    reply = told(kensium.proceed_payment(begun.reference, 1200, ENOUGH_S))
    assert (reply.step, reply.reference) == (Step.AUTHORISED, begun.reference)
    assert payments(tenant)["cents"] == 0
    entry = to_capture(reply)
    assert kensium.look(entry, ENOUGH_S).outcome is Outcome.REFUSED
    done = kensium.deliver(entry, ENOUGH_S)
    assert (done.outcome, done.reference) == (Outcome.DELIVERED, reply.reference)
    assert payments(tenant) == {"begun": 1, "states": {"captured": 1}, "cents": 1200}
    (payment,) = tenant.kensium.store.payments()
    assert (payment["ref"], payment["type"]) == (KEY, "AUTHORIZE")


def test_a_capture_whose_answer_is_lost_is_found_and_a_second_takes_nothing(
    tenant: Tenant, kensium: Kensium
) -> None:
    entry = to_capture(finish(kensium))
    assert kensium.guarantee(EntryKind.PAYMENT).promise is Promise.READ_BACK
    lose(tenant)
    assert kensium.deliver(entry, ENOUGH_S).outcome is Outcome.UNKNOWN
    assert kensium.look(entry, ENOUGH_S).outcome is Outcome.DELIVERED
    assert kensium.deliver(entry, ENOUGH_S).outcome is not Outcome.DELIVERED
    assert payments(tenant)["cents"] == 1200


def test_a_capture_that_did_not_arrive_is_known_not_to_have(tenant: Tenant, kensium: Kensium) -> None:
    entry = to_capture(finish(kensium))
    lose(tenant, after=False)
    assert kensium.deliver(entry, ENOUGH_S).outcome is Outcome.UNKNOWN
    looked = kensium.look(entry, ENOUGH_S)
    assert looked.outcome is Outcome.REFUSED
    assert kensium.deliver(entry, ENOUGH_S).outcome is Outcome.DELIVERED
    assert payments(tenant)["cents"] == 1200


@pytest.mark.parametrize(("card", "words"), [("declined", "DECLINED"), ("failed", "TERMINAL_OFFLINE")])
def test_what_the_card_terminal_refuses_is_refused_in_its_words(
    tenant: Tenant, kensium: Kensium, card: str, words: str
) -> None:
    ruled(tenant, card=card)
    reply = finish(kensium)
    assert (reply.step, words in reply.words) == (Step.REFUSED, True)
    assert payments(tenant)["cents"] == 0


def test_half_of_it_is_not_what_was_asked_for(tenant: Tenant, kensium: Kensium, at_once: Kensium) -> None:
    ruled(tenant, card="partial")
    reply = finish(kensium)
    assert (reply.step, reply.binding, "6.00" in reply.words) == (Step.LOST, False, True)
    assert payments(tenant)["cents"] == 0
    reply = finish(at_once, key="kiosk-1-BBBB")
    assert (reply.step, reply.binding, reply.reference) == (Step.LOST, True, "2")
    assert payments(tenant)["cents"] == 600


def test_a_sale_takes_the_money_at_once_and_promises_nothing(tenant: Tenant, at_once: Kensium) -> None:
    begun = told(at_once.start_payment(KEY, 1200, ENOUGH_S))
    assert (begun.step, begun.binding) == (Step.WAIT, True)
    reply = told(at_once.proceed_payment(begun.reference, 1200, ENOUGH_S))
    assert (reply.step, reply.reference) == (Step.TAKEN, begun.reference)
    assert at_once.guarantee(EntryKind.PAYMENT).promise is Promise.NONE
    assert payments(tenant) == {"begun": 1, "states": {"captured": 1}, "cents": 1200}


@pytest.mark.parametrize("after", [True, False])
def test_a_start_without_an_answer_is_told_as_that_and_not_sent_again(
    tenant: Tenant, kensium: Kensium, *, after: bool
) -> None:
    lose(tenant, after=after)
    reply = kensium.start_payment(KEY, 1200, ENOUGH_S)
    assert isinstance(reply, Answer)
    assert reply.outcome is Outcome.UNKNOWN
    assert payments(tenant)["begun"] == int(after)


def test_what_was_never_authorised_to_our_knowledge_is_surely_not_captured(kensium: Kensium) -> None:
    entry = about(EntryKind.PAYMENT, 1200, KEY, token=None)
    assert kensium.look(entry, ENOUGH_S).outcome is Outcome.REFUSED
    assert kensium.deliver(entry, ENOUGH_S).outcome is Outcome.REFUSED


@pytest.mark.parametrize(("compensate", "outcome"), [(True, Outcome.REFUSED), (False, Outcome.UNKNOWN)])
def test_what_came_to_no_end_pays_for_nothing_or_is_looked_for_again(
    tenant: Tenant, kensium: Kensium, *, compensate: bool, outcome: Outcome
) -> None:
    ruled(tenant, waits=9)
    begun = told(kensium.start_payment(KEY, 1200, ENOUGH_S))
    entry = replace(to_capture(begun), compensate=compensate)
    assert kensium.look(entry, ENOUGH_S).outcome is outcome


def test_a_payment_that_the_server_does_not_know_proves_nothing(kensium: Kensium) -> None:
    entry = about(EntryKind.PAYMENT, 1200, KEY, token=None, reference="999")
    assert kensium.look(entry, ENOUGH_S).outcome is Outcome.UNKNOWN


def test_what_pays_for_nothing_is_not_looked_for_for_ever_where_the_server_has_forgotten_it() -> None:
    class Forgetful:
        def change(self, *_: object) -> Answer:
            return Answer(Outcome.REFUSED, "no such payment (NOT_FOUND)")

    options = msgspec.convert({"url": "https://pos.example.com"}, KensiumOptions)
    payments = Payments(cast("Any", Forgetful()), options, "kiosk-1")
    entry = about(EntryKind.PAYMENT, 1200, KEY, token=None, reference="999")
    assert payments.look(entry, ENOUGH_S).outcome is Outcome.UNKNOWN
    answer = payments.look(replace(entry, compensate=True), ENOUGH_S)
    assert (answer.outcome, "never captured" in answer.words) == (Outcome.REFUSED, True)


def test_a_status_that_nobody_knows_is_a_persons(tenant: Tenant) -> None:
    kensium = adapter(tenant, card_statuses={"COMPLETED": "taken"})
    reply = finish(kensium)
    assert (reply.step, "AUTHORIZED" in reply.words) == (Step.LOST, True)
    kensium.close()


def test_a_permission_that_is_missing_is_named(tenant: Tenant, kensium: Kensium) -> None:
    tenant.without("MakeAuthorizeTerminalPayment")
    reply = kensium.start_payment(KEY, 1200, ENOUGH_S)
    assert isinstance(reply, Answer)
    assert (reply.outcome, "MakeAuthorizeTerminalPayment" in reply.words) == (Outcome.DENIED, True)
    assert payments(tenant)["begun"] == 0


def test_other_names_are_sent_and_read(tenant: Tenant) -> None:
    ruled(
        tenant, renamed={"TerminalPayments.continue": "resume", "TerminalPaymentStartInput.refNo": "reference"}
    )
    names = {"terminalPayment.continue": "resume", "terminalPayment.start(payment.refNo)": "reference"}
    kensium = adapter(tenant, names=names)
    assert finish(kensium).step is Step.AUTHORISED
    assert tenant.kensium.store.payments()[0]["ref"] == KEY
    kensium.close()


def test_what_a_card_paid_no_server_gives_back(tenant: Tenant, kensium: Kensium) -> None:
    refund = about(EntryKind.REFUND, 1200, KEY, token=None)
    answer = kensium.deliver(refund, ENOUGH_S)
    assert (answer.outcome, "by a person" in answer.words) == (Outcome.REFUSED, True)
    assert payments(tenant)["begun"] == 0
