"""What is remembered of a token's voucher of Onslip, and when it is not to be believed any more."""

from __future__ import annotations

from collections.abc import Callable

from terminal.backends.onslip.adapter import Onslip360
from terminal.core.delivery import Outcome
from terminal.core.events import WalletAnswer
from terminal.sandbox import Fault
from tests.backends.making import ENOUGH_S
from tests.backends.onslip_bench import BOOKING, LIST, UID, VOUCHER, asked, booked, debit, know_voucher
from tests.sandbox.realm import Realm

Reach = Callable[..., Onslip360]


def test_a_card_that_was_taken_off_its_voucher_books_on_it_no_more(realm: Realm, reach: Reach) -> None:
    backend = reach(realm)
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    know_voucher(realm, "another", id_=VOUCHER)
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.NOT_PAIRED
    assert backend.deliver(debit(), ENOUGH_S).outcome is Outcome.REFUSED
    assert booked(realm) == []


def test_after_a_lost_answer_the_voucher_is_looked_at_again(realm: Realm, reach: Reach) -> None:
    """Its balance, which a person is told of whatever is lost next, is not what it was."""
    backend = reach(realm)
    lost = Fault(kind="drop", after=True, method="POST", count=1)
    assert backend.deliver(debit(), ENOUGH_S).balance == 9_750
    for number, seen in enumerate(("97.50", "95.00")):
        realm.onslip.faults.set(lost)
        answer = backend.deliver(debit(key=f"lost-{number}"), ENOUGH_S)
        assert (answer.outcome, seen in answer.words) == (Outcome.UNKNOWN, True), answer.words
    assert asked(realm, LIST) == 2
    assert booked(realm) == [(VOUCHER, -2_500)] * 3


def test_a_list_of_vouchers_that_is_refused_is_a_matter_of_configuration(realm: Realm, reach: Reach) -> None:
    """No entry is refused for it, one after the other."""
    realm.onslip.faults.set(Fault(kind="status", status=400, method="GET", path="/vouchers/"))
    backend = reach(realm, voucher_lookup="list")
    assert backend.deliver(debit(), ENOUGH_S).outcome is Outcome.DENIED
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.DENIED
    assert asked(realm, BOOKING) == 0
