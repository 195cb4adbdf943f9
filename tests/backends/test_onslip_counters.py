"""The counters of a till that the server keeps: what the last Z report says, and never less."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.report import Grand, Sum
from terminal.core.till import TillSettings
from terminal.core.value import replace
from terminal.sandbox.faults import Fault
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.onslip_device_making import Make, asked
from tests.core.report_samples import EMPTY
from tests.sandbox.realm import Realm

DONE = Answer(Outcome.DELIVERED)
GRAND = {"count": 0, "amount": 0}
KEPT = {
    "normal-receipt-counter": 5, "training-receipt-counter": 0, "profo-receipt-counter": 0,
    "x-report-counter": 2, "current-batch-id": 9, "batch-is-open": True,
}  # fmt: skip
TWELFTH = replace(EMPTY, number=12, grand=Grand(Sum(100, 250_050), Sum(2, 50)))


@pytest.fixture
def realm(realm: Realm) -> Realm:
    """One whose key is that of a till."""
    realm.only(*(PERMISSIONS - {"edit-tills"}), till=7)
    return realm


def state(realm: Realm) -> dict[str, Any]:
    """The counters as the server has them."""
    answer = realm("GET", "/tills/7/state")
    assert answer.status == 200
    return dict(answer.json())


def know(realm: Realm, number: int) -> None:
    """Let another have counted so far."""
    sums = {f"grand-total-{name}": GRAND for name in ("sales", "returns", "amount")}
    assert realm("PATCH", "/tills/7/state", {**KEPT, **sums, "z-report-counter": number}).status == 200


def test_they_say_what_the_last_report_says_and_are_written_once(realm: Realm, device: Make) -> None:
    mine = device(till_state=True)
    know(realm, 11)
    mine.settings(30)
    before = asked(realm, "PATCH")
    assert mine.counted(TWELFTH, 30) == DONE
    assert mine.counted(TWELFTH, 30) == DONE
    assert state(realm) == KEPT | {
        "z-report-counter": 12,
        "grand-total-sales": {"count": 100, "amount": 2500.5},
        "grand-total-returns": {"count": 2, "amount": 0.5},
        "grand-total-amount": {"count": 102, "amount": 2500},
    }
    assert asked(realm, "PATCH") == before + 1


def test_where_there_are_none_yet_all_that_are_required_are_written(realm: Realm, device: Make) -> None:
    mine = device(till_state=True)
    mine.settings(30)
    assert mine.counted(TWELFTH, 30) == DONE
    assert state(realm).keys() == KEPT.keys() | {
        "z-report-counter", "grand-total-sales", "grand-total-returns", "grand-total-amount",
    }  # fmt: skip
    assert isinstance(mine.settings(30), TillSettings), "what was written can be read"


def test_they_are_never_set_back(realm: Realm, device: Make) -> None:
    know(realm, 13)
    mine = device(till_state=True)
    mine.settings(30)
    answer = mine.counted(TWELFTH, 30)
    assert answer.outcome is Outcome.REFUSED
    assert "counted 13 Z reports of the till 7, this terminal 12" in answer.words
    assert state(realm)["z-report-counter"] == 13


@pytest.mark.parametrize("number", [3, 12])
def test_nor_are_the_totals_of_a_machine_whose_place_this_one_took(
    realm: Realm, device: Make, number: int
) -> None:
    """It has made as many Z reports meanwhile, and has not sold as much."""
    know(realm, number)
    grand = {"grand-total-sales": {"count": 101, "amount": 9_000}}
    assert realm("PATCH", "/tills/7/state", grand).status == 200
    mine = device(till_state=True)
    mine.settings(30)
    answer = mine.counted(TWELFTH, 30)
    assert answer.outcome is Outcome.REFUSED
    assert "counted 101 sales of the till 7, this terminal 100" in answer.words
    assert state(realm)["grand-total-sales"] == grand["grand-total-sales"]
    assert state(realm)["z-report-counter"] == number


def test_nothing_is_sent_unless_that_is_wanted_and_there_is_a_till(realm: Realm, device: Make) -> None:
    mine = device()
    mine.settings(30)
    assert mine.counted(TWELFTH, 30) == DONE
    realm.only(*PERMISSIONS)
    nobody = device(till_state=True)
    nobody.settings(30)
    assert nobody.counted(TWELFTH, 30) == Answer(Outcome.REFUSED)
    assert asked(realm, "PATCH") == 0


def test_a_lost_answer_is_looked_at(realm: Realm, device: Make) -> None:
    mine = device(till_state=True)
    mine.settings(30)
    realm.onslip.faults.set(Fault(kind="drop", after=True, method="PATCH", count=1))
    assert mine.counted(TWELFTH, 30).outcome is Outcome.UNKNOWN
    assert mine.counted(TWELFTH, 30) == DONE
    assert asked(realm, "PATCH") == 1


def test_who_is_overtaken_overwrites_nothing(realm: Realm, device: Make) -> None:
    class Between(httpx.BaseTransport):
        inner = httpx.HTTPTransport()

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PATCH":
                know(realm, 20)
            return self.inner.handle_request(request)

        def close(self) -> None:
            self.inner.close()

    mine = device(till_state=True, transport=Between())
    mine.settings(30)
    assert mine.counted(TWELFTH, 30).outcome is Outcome.BUSY
    assert state(realm)["z-report-counter"] == 20


def test_who_may_not_is_told(realm: Realm, device: Make) -> None:
    realm.only(*(PERMISSIONS - {"edit-tills"}))
    mine = device(till=7, till_state=True)
    mine.settings(30)
    assert mine.counted(TWELFTH, 30).outcome is Outcome.DENIED
