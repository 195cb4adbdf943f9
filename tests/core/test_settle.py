"""What becomes of a debit: every number of pieces, every end, booked before or not, parked or charged."""

from itertools import product

import pytest

from terminal.core.catalogue import Product, total
from terminal.core.events import Ended
from terminal.core.facts import EntryAbandoned, EntryAdded, EntryFreed, EntryKind, EntryParked, EntryState
from terminal.core.settle import Given, settle
from tests.core.making import UID, Counter

PIECES = (Product("a", "A", 100), Product("b", "B", 20), Product("c", "C", 3))


def debit(pieces: int) -> EntryAdded:
    chosen = PIECES[:pieces]
    return EntryAdded(
        "d", EntryKind.DEBIT, "main", UID, total(chosen), chosen, "text", "tag", None, None, held=True
    )


CASES = [
    (pieces, count, how, attempted, charge)
    for pieces, how, attempted, charge in product((1, 2, 3), Ended, (False, True), (False, True))
    for count in range(pieces + 1)
    if (count == pieces) is (how is Ended.DONE)
]


@pytest.mark.parametrize(("pieces", "count", "how", "attempted", "charge"), CASES)
def test_every_case(pieces: int, count: int, how: Ended, *, attempted: bool, charge: bool) -> None:
    sold = debit(pieces)
    made = settle(Given(sold, count, how, attempted=attempted), Counter(), charge_unknown=charge)
    doubt = how is Ended.UNKNOWN
    surely = total(sold.pieces[:count])
    perhaps = total(sold.pieces[count : count + 1]) if doubt else 0
    freed = any(fact == EntryFreed("d") for fact in made)
    abandoned = any(isinstance(fact, EntryAbandoned) and fact.key == "d" for fact in made)
    parked = [fact for fact in made if isinstance(fact, EntryParked)]
    added = [fact for fact in made if isinstance(fact, EntryAdded)]
    assert freed + abandoned + len(parked) == 1  # the held debit comes to exactly one end
    assert all(not fact.held and fact.token == UID and fact.backend == "main" for fact in added)
    assert all(fact.amount == total(fact.pieces) for fact in added if fact.kind is EntryKind.DEBIT)
    refunds = [fact for fact in added if fact.kind is EntryKind.REFUND]
    debits = [fact for fact in added if fact.kind is EntryKind.DEBIT]
    going = [fact for fact in debits if fact.state is EntryState.QUEUED]
    waiting = [fact for fact in debits if fact.state is EntryState.PARKED]
    pays = sum(fact.amount for fact in going) + (sold.amount if freed else 0)
    for_a_person = sum(fact.amount for fact in waiting) + (sold.amount if parked else 0)
    if refunds:
        # Booked already, and nobody can tell: it goes out, and a person decides about the way back.
        assert attempted
        assert freed
        assert (refunds[0].amount, refunds[0].refers_to) == (sold.amount, "d")
        assert (refunds[0].state, refunds[0].pieces) == (EntryState.PARKED, ())
        pays, for_a_person = 0, refunds[0].amount
    if charge:
        assert (pays, for_a_person) == (surely + perhaps, 0)
    else:
        assert (pays, for_a_person) == (surely, perhaps)
    assert all(fact.words for fact in (*parked, *waiting, *refunds))


def test_all_in_doubt_and_never_sent_is_one_parked_debit() -> None:
    made = settle(Given(debit(1), 0, Ended.UNKNOWN, attempted=False), Counter(), charge_unknown=False)
    assert [type(fact) for fact in made] == [EntryParked]
    assert made[0].state is EntryState.PARKED
    assert "A came out" in made[0].words


def test_one_in_doubt_and_sent_is_a_refund_that_waits() -> None:
    made = settle(Given(debit(1), 0, Ended.UNKNOWN, attempted=True), Counter(), charge_unknown=False)
    assert [type(fact) for fact in made] == [EntryFreed, EntryAdded]


def test_a_free_piece_is_settled_like_any_other() -> None:
    free = EntryAdded("d", EntryKind.DEBIT, "main", UID, 0, (Product("w", "W", 0),) * 2, held=True)
    made = settle(Given(free, 1, Ended.FAILED, attempted=False), Counter(), charge_unknown=False)
    assert [type(fact) for fact in made] == [EntryAbandoned, EntryAdded]
    assert made[1].pieces == free.pieces[:1]


def test_new_entries_have_keys_of_their_own() -> None:
    made = settle(Given(debit(3), 1, Ended.UNKNOWN, attempted=False), Counter(), charge_unknown=False)
    assert [fact.key for fact in made if isinstance(fact, EntryAdded)] == ["k1", "k2"]
