"""Sales and reports against the Onslip server over real HTTP: whatever is lost, each is there once."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm as Told
from terminal.backends.onslip.records import Records
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.records import Entry
from terminal.core.tickets import Interaction
from terminal.core.value import replace
from terminal.sandbox import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.making import ENOUGH_S
from tests.backends.onslip_records_making import (
    JOURNAL,
    NOON,
    Books,
    closing,
    coffee,
    of,
    references,
    tickets,
    tried,
)
from tests.backends.onslip_rest_making import BASE, Server, client
from tests.sandbox.realm import Realm

INFO = {
    "company": {"name": "Demo", "alias": "demo.example"},
    "permissions": ["show-records"],
    "service-endpoints": [],
    "merchant-params": {"vat-rates": [25], "available-features": [], "required-features": []},
}
RECORDS = f"journal/{JOURNAL}"
DELIVERED, REFUSED, UNKNOWN, UNSENT = Outcome.DELIVERED, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.UNSENT
SALE = of("k-1", tickets())
Z = of("z-12", closing(), EntryKind.REPORT)


def all_of(realm: Realm, what: str) -> list[dict[str, Any]]:
    return realm.onslip.entities(what)


def delivered(keeps: Onslip360, entry: Entry) -> Answer:
    """Do what the engine does after a doubt: look, and send what is surely not there."""
    looked = keeps.look(entry, ENOUGH_S)
    return keeps.deliver(entry, ENOUGH_S) if looked.outcome is REFUSED else looked


# -- what is there afterwards --------------------------------------------------------------------------


def test_a_sale_is_a_receipt_of_the_journal(realm: Realm, books: Books) -> None:
    answer = books().deliver(SALE, ENOUGH_S)
    assert (answer.outcome, answer.reference) == (DELIVERED, "1")
    (record,) = all_of(realm, RECORDS)
    assert (record["client-name"], record["receipt"]["total-amount"]) == ("coffee-1", 58.5)
    assert references(realm, RECORDS) == {"k-1": 1, "K1": 1}


def test_a_debit_and_its_return_are_receipts(realm: Realm, books: Books) -> None:
    keeps = books(wallet_payment_method=4)
    for key, back in (("d-record", False), ("r-record", True)):
        entry = of(key, coffee(back=back), EntryKind.RECORD)
        assert keeps.deliver(entry, ENOUGH_S).outcome is DELIVERED
    assert [each["receipt"]["type"] for each in all_of(realm, RECORDS)] == ["sale", "return"]
    assert [each["receipt"]["total-amount"] for each in all_of(realm, RECORDS)] == [2.5, -2.5]


def test_an_order_and_its_tab(realm: Realm, books: Books) -> None:
    assert books("orders").deliver(SALE, ENOUGH_S).outcome is DELIVERED
    (order,), (tab,) = all_of(realm, "orders"), all_of(realm, "tabs")
    assert (order["client-reference"], order["state"], order["location"]) == ("k-1", "requested", 1)
    assert "type" not in order
    assert (tab["order"], tab["name"], tab["items"]) == (order["id"], "K1", order["items"])


@pytest.mark.parametrize("takes", [True, False])
def test_orders_are_taken_out_while_the_place_takes_such(realm: Realm, books: Books, takes: bool) -> None:  # noqa: FBT001 - a case
    realm.admin("PUT", "rules", {"take_out": takes})
    keeps = books("orders", take_out=True, order_state="booked")
    assert keeps.deliver(SALE, ENOUGH_S).outcome is DELIVERED
    (order,) = all_of(realm, "orders")
    assert order.get("type") == ("take-out" if takes else None)
    assert order["state"] == "booked"


def test_an_order_waits_until_it_is_known_whether_it_is_taken_out(realm: Realm, books: Books) -> None:
    keeps = books("orders", take_out=True)
    realm.onslip.faults.set(Fault(kind="drop", path="take-out-status", count=1))
    assert keeps.deliver(SALE, ENOUGH_S).outcome is UNSENT
    assert all_of(realm, "orders") == []
    assert keeps.deliver(SALE, ENOUGH_S).outcome is DELIVERED
    assert all_of(realm, "orders")[0]["type"] == "take-out"


def test_a_z_report_closes_reports_and_opens(realm: Realm, books: Books) -> None:
    assert books().deliver(Z, ENOUGH_S).outcome is DELIVERED
    assert kinds(realm) == ["batch close", "report z-report", "batch open"]


def kinds(realm: Realm) -> list[str]:
    return [f"{each['type']} {each[each['type']]['type']}" for each in all_of(realm, RECORDS)]


def test_journal_and_place_are_what_the_realm_says(realm: Realm, books: Books) -> None:
    realm.only(*PERMISSIONS, journal=JOURNAL, till=JOURNAL)
    assert books(journal=None, location=None).deliver(SALE, ENOUGH_S).outcome is DELIVERED
    assert books("orders", location=None).deliver(SALE, ENOUGH_S).outcome is DELIVERED
    assert len(all_of(realm, RECORDS)) == len(all_of(realm, "orders")) == 1


def test_the_place_is_that_of_the_till_that_is_configured(realm: Realm, books: Books) -> None:
    assert books("orders", location=None, till=8).deliver(SALE, ENOUGH_S).outcome is DELIVERED
    assert all_of(realm, "orders")[0]["location"] == 1
    realm.onslip.faults.set(Fault(kind="drop", method="GET", path="/tills/8"))
    assert books("orders", location=None, till=8).deliver(SALE, ENOUGH_S).outcome is UNSENT


@pytest.mark.parametrize(("sales", "option"), [("journal", "journal"), ("orders", "location")])
def test_where_nobody_says_where_to_it_waits_for_a_person(
    realm: Realm, books: Books, sales: str, option: str
) -> None:
    realm.only(*PERMISSIONS)
    answer = books(sales, journal=None, location=None).deliver(SALE, ENOUGH_S)
    assert answer.outcome is Outcome.DENIED
    assert f"set `{option}`" in answer.words


# -- what is taken -------------------------------------------------------------------------------------


def test_what_is_promised(books: Books) -> None:
    for sales, reports in (("journal", True), ("orders", False)):
        keeps, blind = books(sales), books(sales, read_back=False)
        for kind in EntryKind:
            takes = kind in (EntryKind.SALE, EntryKind.RECORD) or (kind is EntryKind.REPORT and reports)
            wallet = kind in (EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND)
            assert keeps.guarantee(kind).promise is (Promise.READ_BACK if takes or wallet else Promise.NONE)
            assert blind.guarantee(kind).promise is (Promise.READ_BACK if wallet else Promise.NONE)


@pytest.mark.parametrize(
    "entry",
    [
        of("k", Interaction("join", 1), EntryKind.INTERACTION),
        of("k", Interaction("join", 1)),
        of("k", closing()),
    ],
)
def test_what_is_no_record_is_refused_unsent(realm: Realm, books: Books, entry: Entry) -> None:
    assert books().deliver(entry, ENOUGH_S).outcome is REFUSED
    assert not realm.onslip.effects()


def test_no_z_report_goes_to_a_register(realm: Realm, books: Books) -> None:
    answer = books("orders").deliver(Z, ENOUGH_S)
    assert answer.outcome is REFUSED
    assert 'sales = "orders"' in answer.words
    assert not realm.onslip.effects()


# -- what is looked for --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sales", "entry"), [("journal", SALE), ("orders", SALE), ("journal", Z)], ids=["receipt", "order", "z"]
)
def test_what_is_there_is_found_and_what_is_not_is_not(books: Books, sales: str, entry: Entry) -> None:
    keeps = books(sales)
    assert keeps.look(entry, ENOUGH_S).outcome is REFUSED
    assert keeps.deliver(entry, ENOUGH_S).outcome is DELIVERED
    assert keeps.look(entry, ENOUGH_S).outcome is DELIVERED
    assert keeps.look(replace(entry, key="k-2"), ENOUGH_S).outcome is REFUSED


def test_pages_are_read_down_to_what_is_older(realm: Realm, books: Books) -> None:
    keeps = books()
    for number in range(45):
        realm.clock.pass_s(600)
        created = replace(NOON, wall_ms=realm.clock.ms)
        keeps.deliver(of(f"s-{number}", tickets(f"C{number}"), created=created), ENOUGH_S)
    oldest, newest = of("s-0", tickets()), of("s-44", tickets(), created=replace(NOON, wall_ms=realm.clock.ms))

    def looks(entry: Entry, outcome: Outcome) -> int:
        before = pages(realm)
        assert keeps.look(entry, ENOUGH_S).outcome is outcome
        return pages(realm) - before

    assert looks(newest, DELIVERED) == 1
    assert looks(replace(newest, key="other"), REFUSED) == 1, "what is older than it can hold it no more"
    assert looks(oldest, DELIVERED) == 3
    unsure = replace(newest, key="other", created=replace(newest.created, synced=False))
    assert looks(unsure, REFUSED) == 4, "all, and an empty page at the end"


def pages(realm: Realm) -> int:
    counted: dict[str, int] = realm.onslip.counters()["requests"]
    return counted.get("GET /v1/~{realm}/journal/{client}/", 0)


def test_what_staff_deleted_was_recorded_all_the_same(realm: Realm, books: Books) -> None:
    keeps = books("orders")
    keeps.deliver(SALE, ENOUGH_S)
    for what in ("tabs", "orders"):
        assert realm("DELETE", f"/{what}/1").status == 204
    assert delivered(keeps, tried(SALE)).outcome is DELIVERED
    assert len(all_of(realm, "orders")) == len(all_of(realm, "tabs")) == 1


@pytest.mark.parametrize("kind", ["drop", "half", "garbage", "status"])
def test_a_look_that_fails_tells_nothing(realm: Realm, books: Books, kind: Any) -> None:
    keeps = books()
    keeps.deliver(SALE, ENOUGH_S)
    realm.onslip.faults.set(Fault(kind=kind, method="GET", after=True))
    assert keeps.look(SALE, ENOUGH_S).outcome is UNKNOWN
    again = keeps.deliver(tried(SALE), ENOUGH_S)
    assert again.outcome is UNSENT, "it is not sent before it was looked for"
    assert references(realm, RECORDS)["k-1"] == 1


def test_a_question_that_is_refused_tells_nothing(realm: Realm, books: Books) -> None:
    keeps = books(journal=77)
    assert keeps.look(SALE, ENOUGH_S).outcome is UNKNOWN, "404 is no proof"


@pytest.mark.parametrize(
    ("sales", "lacking"), [("journal", "show-records"), ("orders", "show-orders"), ("orders", "show-tabs")]
)
def test_with_a_key_that_may_not_read_nothing_is_looked_for(
    realm: Realm, books: Books, sales: str, lacking: str
) -> None:
    realm.only(*(PERMISSIONS - {lacking}), journal=JOURNAL)
    keeps = books(sales)
    looked = keeps.look(SALE, ENOUGH_S)
    assert (looked.outcome, lacking in looked.words) == (UNKNOWN, True)
    assert keeps.guarantee(EntryKind.SALE).promise is Promise.NONE
    assert keeps.deliver(replace(SALE, attempts=1), ENOUGH_S).outcome is DELIVERED
    realm.only(*PERMISSIONS, journal=JOURNAL)
    keeps.terminal(ENOUGH_S)
    assert keeps.guarantee(EntryKind.SALE).promise is Promise.READ_BACK, "it was given meanwhile"


def test_what_is_not_to_be_read_is_not_read(realm: Realm, books: Books) -> None:
    blind = books(read_back=False)
    assert blind.deliver(replace(SALE, attempts=1), ENOUGH_S).outcome is DELIVERED
    assert blind.look(SALE, ENOUGH_S).outcome is UNKNOWN
    assert pages(realm) == 0


def test_a_server_that_keeps_no_reference_is_not_trusted_to_be_looked_at(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    server.says(200, INFO)
    server.says(200, {"id": 5, "receipt": {"reference": "k-1"}})
    server.says(200, {"id": 6, "receipt": {}})
    server.says(200, {"id": 7, "receipt": {}})
    rest = client(server)
    options = OnslipOptions(url=BASE, realm="demo.example", journal=JOURNAL)
    keeps = Records(rest, options, Told(rest, "books"), "books", terminal_id="coffee-1")
    keeps.deliver(SALE, ENOUGH_S)
    assert keeps.guarantee(EntryKind.SALE).promise is Promise.READ_BACK
    assert keeps.deliver(of("k-2", tickets()), ENOUGH_S).outcome is DELIVERED
    keeps.deliver(of("k-3", tickets()), ENOUGH_S)
    assert caplog.text.count("does not keep the reference") == 1
    assert keeps.guarantee(EntryKind.SALE).promise is Promise.NONE
    rest.close()
