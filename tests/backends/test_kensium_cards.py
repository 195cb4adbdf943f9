"""Gift cards of Kensium as wallets: the four ways to move funds, and what is told of a lost answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from terminal.backends.kensium.adapter import Kensium
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Booked, CannotTell, Conclusion, NotBooked, decide
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.value import replace
from tests.backends.kensium_bench import (
    AT,
    Deaf,
    about,
    adapter,
    card,
    held,
    lose,
    ready,
    sent,
)
from tests.backends.making import ENOUGH_S, UID
from tests.sandbox.tenant import Tenant

LATER = replace(AT, mono_ms=AT.mono_ms + 400_000, wall_ms=AT.wall_ms + 400_000)
SPELT: dict[str, Any] = {"code_type": "EXTERNAL", "token_case": "upper", "token_order": "reversed"}
NO_UID = "no uid"
BOTH: dict[str, Any] = {"top_up": "authorise", "spend": "authorise"}


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


def concluded(backend: Kensium, what: Entry) -> Conclusion:
    """Look what became of *what*, as the engine does when all has settled."""
    after = backend.evidence(what, what.before, LATER, ENOUGH_S)
    assert isinstance(after, Evidence)
    return decide(backend.operation(what, AT), what.before, after, LATER, backend.settling_ms)


# -- what is booked ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, BOTH], ids=["complete", "authorise"])
def test_each_kind_is_booked_once_in_its_direction(tenant: Tenant, options: dict[str, Any]) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **options)
    paid = sent(backend, about())
    assert (paid.outcome, paid.balance) == (Outcome.DELIVERED, 750)
    topped = sent(backend, about(EntryKind.CREDIT, 300, "coffee-1-BBBB"))
    assert (topped.outcome, topped.balance) == (Outcome.DELIVERED, 1050)
    back = about(
        EntryKind.REFUND, 250, "coffee-1-AAAA-refund", reference=paid.reference, refers_to="coffee-1-AAAA"
    )
    answer = sent(backend, back)
    assert (answer.outcome, answer.balance) == (Outcome.DELIVERED, 1300)
    assert backend.balance(UID, ENOUGH_S).balance == 1300
    expected = {"count": 1, "cents": 300, "held": 0} if options else {"count": 3, "cents": 300, "held": 0}
    assert held(tenant, id_) == expected, "a debit that held funds was cancelled, and added nothing"
    backend.close()


def test_transactions_say_who_made_them_and_for_what(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant)
    assert sent(backend, about(key="coffee-1-" + "x" * 60)).outcome is Outcome.DELIVERED
    other = adapter(tenant, source_id="Door 1")
    assert sent(other, about(key="coffee-1-CCCC")).outcome is Outcome.DELIVERED
    told = [(each.source, each.ref, each.type) for each in tenant.kensium.wallets.all_trans() if each.ref]
    assert told == [("coffee-1", "x" * 50, "USE"), ("Door 1", "coffee-1-CCCC", "USE")]
    backend.close()
    other.close()


def test_other_types_and_spellings_of_codes_are_found(tenant: Tenant) -> None:
    tenant.kensium.add_card("F6E5D4C3B2A104", 500, type_="EXTERNAL")
    backend = adapter(tenant, **SPELT)
    assert backend.balance(UID, ENOUGH_S).balance == 500
    assert sent(backend, about()).balance == 250
    backend.close()


# -- adding funds by authorisation ---------------------------------------------------------------------


def test_an_authorisation_that_is_never_captured_moves_nothing(tenant: Tenant) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **BOTH)
    topup = about(EntryKind.CREDIT, 300)
    orphan = ready(backend, topup)
    assert orphan.before is not None
    assert (orphan.before.balance, bool(orphan.before.handle)) == (1000, True)
    deaf = adapter(tenant, Deaf("authorizeOnly"), **BOTH)
    failed = deaf.evidence(topup, None, AT, ENOUGH_S)
    assert isinstance(failed, Answer)
    assert failed.outcome is Outcome.UNSENT, "nothing that counts was sent: it is tried again"
    assert sent(backend, topup).balance == 1300
    assert held(tenant, id_) == {"count": 1, "cents": 300, "held": 0}
    assert tenant.counters()["references"]["coffee-1-AAAA"] == {"AUTHORIZED": 2, "COMPLETED": 1}
    backend.close()
    deaf.close()


def test_a_capture_whose_answer_was_lost_is_repeated_and_books_once(tenant: Tenant) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **BOTH)
    topup = ready(backend, about(EntryKind.CREDIT, 300))
    lose(tenant)
    assert backend.deliver(topup, ENOUGH_S).outcome is Outcome.UNKNOWN
    assert backend.guarantee(EntryKind.CREDIT).promise is Promise.NATURAL_KEY
    again = backend.deliver(replace(topup, in_doubt=True, attempts=2), ENOUGH_S)
    assert again.outcome is Outcome.DELIVERED
    assert "Completed" in again.words
    assert held(tenant, id_) == {"count": 1, "cents": 300, "held": 0}
    backend.close()


def test_a_refusal_in_doubt_that_does_not_say_so_tells_a_person_where_to_look(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant, **BOTH, completed_says=["ALREADY_DONE"])
    topup = ready(backend, about(EntryKind.CREDIT, 300))
    lose(tenant)
    assert backend.deliver(topup, ENOUGH_S).outcome is Outcome.UNKNOWN
    again = backend.deliver(replace(topup, in_doubt=True, attempts=2), ENOUGH_S)
    assert again.outcome is Outcome.REFUSED
    assert "may have been booked" in again.words
    assert "coffee-1-AAAA" in again.words
    backend.close()


def test_what_was_sent_without_an_authorisation_is_not_sent_again(tenant: Tenant) -> None:
    id_ = card(tenant)
    once = adapter(tenant)
    topup = ready(once, about(EntryKind.CREDIT, 300))
    backend = adapter(tenant, **BOTH)
    answer = backend.deliver(replace(topup, in_doubt=True), ENOUGH_S)
    assert answer.outcome is Outcome.REFUSED
    assert "may have been booked" in answer.words
    assert held(tenant, id_)["count"] == 0
    once.close()
    backend.close()


def test_a_server_that_completes_what_it_was_to_authorise_is_found_out(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument is assumed; a server may take it and mean something else."""
    id_ = card(tenant)
    book = tenant.kensium.wallets.book
    monkeypatch.setattr(
        tenant.kensium.wallets, "book", lambda *a, **more: book(*a, **more | {"status": "COMPLETED"})
    )
    backend = adapter(tenant, **BOTH)
    entry = about(EntryKind.CREDIT, 300)
    told = backend.evidence(entry, None, AT, ENOUGH_S)
    assert isinstance(told, Evidence)
    for _ in range(2):  # what is kept beside the try says so, as often as that is made
        added = backend.deliver(replace(entry, before=told, in_doubt=True), ENOUGH_S)
        assert (added.outcome, added.reference) == (Outcome.DELIVERED, told.handle.removeprefix("done "))
    assert held(tenant, id_)["cents"] == 300
    refused = backend.evidence(about(EntryKind.CREDIT, 300, "coffee-1-BBBB"), None, AT, ENOUGH_S)
    assert isinstance(refused, Answer)
    assert (refused.outcome, held(tenant, id_)["cents"]) == (Outcome.REFUSED, 300)
    assert 'top_up = "complete"' in refused.words
    spent = sent(backend, about())
    assert (spent.outcome, (spent.reference or "").startswith("hold")) == (Outcome.DELIVERED, False)
    assert held(tenant, id_)["cents"] == 50
    backend.close()


# -- spending by authorisation -------------------------------------------------------------------------


def test_funds_are_held_and_a_refund_lets_them_go(tenant: Tenant) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **BOTH)
    paid = sent(backend, about())
    assert (paid.outcome, paid.balance) == (Outcome.DELIVERED, 750)
    assert held(tenant, id_) == {"count": 0, "cents": 0, "held": 250}
    refund = ready(backend, about(EntryKind.REFUND, 250, "coffee-1-AAAA-refund", reference=paid.reference))
    lose(tenant)
    assert backend.deliver(refund, ENOUGH_S).outcome is Outcome.UNKNOWN
    again = backend.deliver(replace(refund, in_doubt=True), ENOUGH_S)
    assert (again.outcome, held(tenant, id_)["held"]) == (Outcome.DELIVERED, 0)
    assert backend.balance(UID, ENOUGH_S).balance == 1000
    backend.close()


def test_what_was_captured_before_is_no_refunds_to_cancel(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant, **BOTH)
    paid = sent(backend, about())
    assert paid.reference is not None
    tenant.data(f'mutation {{ giftcardTransCapture(trans: {{id: "{paid.reference[5:]}"}}) {{ id }} }}')
    answer = sent(backend, about(EntryKind.REFUND, 250, "coffee-1-R", reference=paid.reference))
    assert answer.outcome is Outcome.REFUSED
    assert "Completed" in answer.words
    backend.close()


@pytest.mark.parametrize("reference", ["", "7"])
def test_a_refund_of_a_hold_whose_name_is_lost_adds_nothing_and_says_where_to_look(
    tenant: Tenant, reference: str
) -> None:
    id_ = card(tenant)
    backend = adapter(tenant, **BOTH)
    refund = about(EntryKind.REFUND, 250, "coffee-1-R", reference=reference, refers_to="coffee-1-AAAA")
    answer = sent(backend, refund)
    assert answer.outcome is Outcome.REFUSED
    assert "coffee-1-AAAA" in answer.words
    assert held(tenant, id_)["count"] == 0
    backend.close()


# -- what a balance tells ------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, BOTH], ids=["complete", "authorise"])
@pytest.mark.parametrize("after", [True, False], ids=["booked", "not booked"])
def test_of_a_lost_answer_the_balance_tells_where_we_are_alone(
    tenant: Tenant, options: dict[str, Any], *, after: bool
) -> None:
    card(tenant)
    backend = adapter(tenant, **options, alone=True)
    debit = ready(backend, about())
    lose(tenant, after=after)
    assert backend.deliver(debit, ENOUGH_S).outcome is Outcome.UNKNOWN
    assert backend.guarantee(EntryKind.DEBIT).promise is Promise.READ_BACK
    assert isinstance(concluded(backend, debit), Booked if after else NotBooked)
    backend.close()


def test_where_others_use_the_card_a_person_gets_both_sides_facts(tenant: Tenant) -> None:
    card(tenant)
    backend = adapter(tenant)
    debit = ready(backend, about())
    lose(tenant, after=False)
    answer = backend.deliver(debit, ENOUGH_S)
    assert "coffee-1-AAAA of coffee-1" in answer.words
    assert tenant.kensium.book_other(UID.lower(), -250), "which looks just like ours"
    assert isinstance(concluded(backend, debit), CannotTell)
    backend.close()


def test_only_what_captures_or_cancels_may_be_repeated(tenant: Tenant) -> None:
    kinds = (EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND)
    letters = {Promise.READ_BACK: "R", Promise.NATURAL_KEY: "N"}
    told: list[tuple[dict[str, Any], str]] = [
        ({}, "RRR"),
        ({"top_up": "authorise"}, "RNN"),
        ({"spend": "authorise"}, "RRN"),
        (BOTH, "RNN"),
        ({**BOTH, "captures": "unknown"}, "RRR"),
    ]
    for options, promises in told:
        backend = adapter(tenant, **options)
        assert "".join(letters[backend.guarantee(kind).promise] for kind in kinds) == promises, options
        backend.close()


def test_only_what_moves_funds_of_a_card_has_an_account(tenant: Tenant) -> None:
    backend = adapter(tenant)
    assert backend.account(about()) == UID
    assert backend.account(about(amount=0)) is None
    assert backend.account(about(token=NO_UID)) is None
    assert backend.account(about(EntryKind.RECORD, 0)) is None
    assert backend.deliver(about(amount=0), ENOUGH_S).outcome is Outcome.DELIVERED
    assert backend.deliver(about(token=NO_UID), ENOUGH_S).outcome is Outcome.REFUSED
    backend.close()
