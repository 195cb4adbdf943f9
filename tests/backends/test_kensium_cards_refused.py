"""What a Kensium server does not book, and what is said of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from tests.backends.kensium_bench import AT, about, adapter, card, held, ready, record, ruled, sent
from tests.backends.making import ENOUGH_S, UID
from tests.sandbox.tenant import Tenant

BOTH: dict[str, Any] = {"top_up": "authorise", "spend": "authorise"}


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


def test_a_token_without_a_card_is_refused_before_anything_is_sent(tenant: Tenant) -> None:
    backend = adapter(tenant)
    reply = backend.balance(UID, ENOUGH_S)
    assert reply.answer is WalletAnswer.NOT_PAIRED
    assert UID.lower() not in reply.words
    told = backend.evidence(about(), None, AT, ENOUGH_S)
    assert isinstance(told, Answer)
    assert told.outcome is Outcome.REFUSED
    backend.close()


@pytest.mark.parametrize("options", [{}, BOTH], ids=["complete", "authorise"])
def test_more_than_there_is_is_refused(tenant: Tenant, options: dict[str, Any]) -> None:
    card(tenant)
    backend = adapter(tenant, **options)
    answer = sent(backend, about(amount=5000))
    assert answer.outcome is Outcome.REFUSED
    assert "GIFT_CARD_INSUFFICIENT_FUNDS" in answer.words
    backend.close()


@pytest.mark.parametrize(
    ("missing", "kind"),
    [("GiftCardTransUse", EntryKind.DEBIT), ("GiftCardTransAdd", EntryKind.CREDIT)],
)
def test_a_missing_permission_is_named_and_pauses(tenant: Tenant, missing: str, kind: EntryKind) -> None:
    card(tenant)
    tenant.without(missing)
    backend = adapter(tenant)
    answer = sent(backend, about(kind))
    assert answer.outcome is Outcome.DENIED
    assert missing in answer.words
    backend.close()


def test_where_the_role_does_not_show_codes_that_is_said(tenant: Tenant) -> None:
    card(tenant)
    tenant.without("UsePhysicalGiftCardCodes")
    backend = adapter(tenant)
    reply = backend.balance(UID, ENOUGH_S)
    assert reply.answer is WalletAnswer.NOT_PAIRED
    assert "or the application's role does not show it: it needs FindGiftCardByCode" in reply.words
    backend.close()


def test_a_balance_that_is_not_told_after_the_booking_takes_nothing_back(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant)
    debit = ready(backend, about())
    ruled(tenant, broken=("GiftCardTrans.balance",))
    answer = backend.deliver(debit, ENOUGH_S)
    assert (answer.outcome, answer.balance) == (Outcome.DELIVERED, None)
    backend.close()


def test_what_is_done_already_is_known_whatever_code_says_so(tenant: Tenant) -> None:
    """The code of that refusal is told nowhere: it may be the generic one, of which else nothing follows."""
    id_ = card(tenant)
    ruled(tenant, codes={"status": "FUSION_ERROR"})
    backend = adapter(tenant, **BOTH)
    topup = ready(backend, about(EntryKind.CREDIT, 300, "coffee-1-C"))
    debit, other = about(), about(key="coffee-1-BBBB")
    paid, kept = sent(backend, debit).reference or "", sent(backend, other).reference or ""
    refund = about(EntryKind.REFUND, 250, "coffee-1-R", reference=paid, refers_to=debit.key)
    for _ in range(2):
        assert backend.deliver(topup, ENOUGH_S).outcome is Outcome.DELIVERED
        assert backend.deliver(refund, ENOUGH_S).outcome is Outcome.DELIVERED
    late = backend.deliver(record(debit, paid), ENOUGH_S)
    assert (late.outcome, "were not captured" in late.words) == (Outcome.REFUSED, True), "a person hears of it"
    assert backend.deliver(record(other, kept), ENOUGH_S).outcome is Outcome.DELIVERED
    late = backend.deliver(
        about(EntryKind.REFUND, 250, "coffee-1-S", reference=kept, refers_to=other.key), ENOUGH_S
    )
    assert (late.outcome, "are captured already" in late.words) == (Outcome.REFUSED, True)
    assert held(tenant, id_) == {"count": 2, "cents": 50, "held": 0}
    backend.close()


def test_held_funds_are_given_back_though_the_token_has_no_card_any_more(tenant: Tenant) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **BOTH)
    paid = sent(backend, about()).reference or ""
    assert tenant.kensium.wallets.drop_code(int(id_), "PHYSICAL")
    refund = about(EntryKind.REFUND, 250, "coffee-1-R", reference=paid, refers_to="coffee-1-AAAA")
    assert sent(backend, refund).outcome is Outcome.DELIVERED
    assert held(tenant, id_) == {"count": 0, "cents": 0, "held": 0}
    backend.close()
