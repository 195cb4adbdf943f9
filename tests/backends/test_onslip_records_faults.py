"""Each sale and each Z report is with the Onslip server once, whatever is lost: its counters say so."""

from __future__ import annotations

import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryKind
from terminal.core.records import Entry
from terminal.core.value import replace
from terminal.sandbox import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.making import ENOUGH_S
from tests.backends.onslip_bench import LIST, asked
from tests.backends.onslip_records_making import (
    JOURNAL,
    NOON,
    Books,
    closing,
    of,
    tickets,
    tried,
    what_is_there,
)
from tests.sandbox.realm import Realm

RECORDS = f"journal/{JOURNAL}"
SALE = of("k-1", tickets())
Z = of("z-12", closing(), EntryKind.REPORT)
CASES = pytest.mark.parametrize(
    ("sales", "entry"), [("journal", SALE), ("orders", SALE), ("journal", Z)], ids=["receipt", "order", "z"]
)


def parts(sales: str, entry: Entry) -> dict[str, int]:
    """Return what is to be there of an entry."""
    if entry.kind is EntryKind.REPORT:
        return {f"{entry.key} {each}": 1 for each in ("batch close", "report z-report", "batch open")}
    return dict.fromkeys([f"{entry.key} order", f"{entry.key} tab"] if sales == "orders" else [
        f"{entry.key} receipt sale"
    ], 1)  # fmt: skip


def settle(keeps: Onslip360, entry: Entry, answer: Answer) -> Answer:
    """Go on as the engine does after *answer*: look where it is in doubt, else send again."""
    for _ in range(10):
        if answer.outcome in (Outcome.DELIVERED, Outcome.REFUSED, Outcome.DENIED):
            return answer
        doubt = entry.in_doubt or answer.outcome is Outcome.UNKNOWN
        entry = replace(entry, attempts=entry.attempts + 1, in_doubt=doubt, first_attempted=NOON)
        if doubt:
            answer = keeps.look(entry, ENOUGH_S)
            if answer.outcome is not Outcome.REFUSED:
                continue
            entry = replace(entry, in_doubt=False)
        answer = keeps.deliver(entry, ENOUGH_S)
    return answer


# -- one fault at a time -------------------------------------------------------------------------------

LOST = [
    Fault(kind="drop", after=True),
    Fault(kind="drop"),
    Fault(kind="half"),
    Fault(kind="garbage"),
    Fault(kind="garbage", after=True),
    *(Fault(kind="status", status=status, after=True) for status in (500, 502, 503, 429)),
    *(Fault(kind="status", status=status) for status in (500, 502, 503, 429)),
]


def named(fault: Fault) -> str:
    what = str(fault.status) if fault.kind == "status" else fault.kind
    return f"{what}-{'after' if fault.is_after() else 'before'}"


@CASES
@pytest.mark.parametrize("fault", LOST, ids=named)
def test_what_is_lost_is_looked_for_and_made_whole(
    realm: Realm, books: Books, sales: str, entry: Entry, fault: Fault
) -> None:
    keeps = books(sales)
    realm.onslip.faults.set(replace(fault, method="POST", count=1))
    answer = settle(keeps, entry, keeps.deliver(entry, ENOUGH_S))
    assert realm.onslip.faults.happened == 1
    assert answer.outcome is Outcome.DELIVERED
    assert what_is_there(realm) == parts(sales, entry)


@pytest.mark.parametrize("fault", LOST, ids=named)
def test_an_order_whose_tab_is_lost_gets_it_and_no_second_order(
    realm: Realm, books: Books, fault: Fault
) -> None:
    keeps = books("orders")
    realm.onslip.faults.set(replace(fault, method="POST", path="/tabs/", count=1))
    answer = keeps.deliver(SALE, ENOUGH_S)
    assert (answer.outcome, "the tab is missing" in answer.words) == (Outcome.UNKNOWN, True)
    assert settle(keeps, SALE, answer).outcome is Outcome.DELIVERED
    assert what_is_there(realm) == parts("orders", SALE)


def test_an_order_without_its_tab_is_not_recorded_yet(realm: Realm, books: Books) -> None:
    keeps = books("orders")
    realm.onslip.faults.set(Fault(kind="drop", method="POST", path="/tabs/", count=1))
    keeps.deliver(SALE, ENOUGH_S)
    looked = keeps.look(tried(SALE), ENOUGH_S)
    assert (looked.outcome, looked.words) == (Outcome.REFUSED, "looked: the tab is not there")


@pytest.mark.parametrize("fault", LOST, ids=named)
def test_a_z_report_goes_on_where_it_was_broken_off(realm: Realm, books: Books, fault: Fault) -> None:
    for number in range(6):
        keeps = books()
        entry = of(f"z-{number}", closing(number), EntryKind.REPORT)
        realm.onslip.faults.set(replace(fault, method="POST", count=2, probability=0.5), seed=number)
        answer = settle(keeps, entry, keeps.deliver(entry, ENOUGH_S))
        assert answer.outcome is Outcome.DELIVERED
    assert realm.onslip.faults.happened > 4
    there = what_is_there(realm)
    assert set(there.values()) == {1}
    assert len(there) == 6 * 3
    made = [each["type"] for each in realm.onslip.entities(RECORDS)]
    assert made == ["batch", "report", "batch"] * 6, "in their order"


@CASES
def test_a_server_that_is_too_slow_is_looked_at(realm: Realm, books: Books, sales: str, entry: Entry) -> None:
    keeps = books(sales)
    keeps.look(entry, ENOUGH_S)
    realm.onslip.faults.set(Fault(kind="hang", after=True, method="POST", count=1))
    answer = keeps.deliver(entry, 1.0)
    assert answer.outcome is Outcome.UNKNOWN
    assert settle(keeps, entry, answer).outcome is Outcome.DELIVERED
    assert what_is_there(realm) == parts(sales, entry)


def test_after_an_order_that_is_missing_no_tab_is_looked_for(realm: Realm, books: Books) -> None:
    before = asked(realm, LIST)
    assert books("orders").deliver(replace(SALE, attempts=1), ENOUGH_S).outcome is Outcome.DELIVERED
    assert asked(realm, LIST) == before + 1


def test_no_time_means_not_sent(realm: Realm, books: Books) -> None:
    assert books().deliver(SALE, 0.0).outcome is Outcome.UNSENT
    keeps = books()
    keeps.look(SALE, ENOUGH_S)
    assert keeps.deliver(SALE, 0.0).outcome is Outcome.UNSENT
    assert keeps.look(SALE, 0.0).outcome in (Outcome.UNKNOWN, Outcome.UNSENT)
    assert not realm.onslip.effects()


# -- signatures and endpoints --------------------------------------------------------------------------


@CASES
def test_a_clock_that_is_wrong_is_repaired_by_proof_alone(
    realm: Realm, books: Books, sales: str, entry: Entry
) -> None:
    keeps = books(sales)
    realm.admin("PUT", "rules", {"clock_s": 900, "proof": "wrong"})
    assert keeps.deliver(entry, ENOUGH_S).outcome is Outcome.DENIED
    realm.admin("PUT", "rules", {"proof": "none"})
    assert keeps.deliver(entry, ENOUGH_S).outcome is Outcome.DENIED
    assert not what_is_there(realm)
    realm.admin("PUT", "rules", {"proof": "right"})
    assert keeps.deliver(entry, ENOUGH_S).outcome is Outcome.DELIVERED
    assert keeps.look(entry, ENOUGH_S).outcome is Outcome.DELIVERED
    assert what_is_there(realm) == parts(sales, entry)


@CASES
def test_a_key_that_may_not_record_parks_nothing(realm: Realm, books: Books, sales: str, entry: Entry) -> None:
    keeps = books(sales)
    realm.only(*(PERMISSIONS - {"add-external-records", "edit-tabs"}), journal=JOURNAL)
    answer = keeps.deliver(entry, ENOUGH_S)
    assert answer.outcome is Outcome.DENIED
    realm.only(*PERMISSIONS, journal=JOURNAL)
    again = keeps.deliver(replace(entry, attempts=1), ENOUGH_S)
    assert again.outcome is Outcome.DELIVERED
    assert what_is_there(realm) == parts(sales, entry), "what was recorded before the pause is not sent again"


@pytest.mark.parametrize("sales", ["journal", "orders"])
def test_the_next_endpoint_takes_over(realm: Realm, books: Books, sales: str) -> None:
    """The first that the realm names cannot be reached: nothing arrived there, so it is sent to the next."""
    dead = "http://127.0.0.1:9/v1/"
    realm.admin("PUT", "rules", {"endpoints": [dead, f"{realm.sandbox.base}/v1/"]})
    keeps = books(sales)
    assert keeps.deliver(SALE, ENOUGH_S).outcome is Outcome.DELIVERED
    assert keeps.look(SALE, ENOUGH_S).outcome is Outcome.DELIVERED
    assert what_is_there(realm) == parts(sales, SALE)
