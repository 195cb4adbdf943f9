"""A Kensium server that answers in part, or in a way that nobody would think of."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any

import httpx
import pytest

from terminal.backends.kensium import feeds
from terminal.backends.kensium.adapter import Kensium
from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import read as judged
from terminal.backends.kensium.models import Amount, Item, Unreadable, read_page
from terminal.backends.kensium.paging import followed
from terminal.backends.kensium.tenant import Tenant as Asked
from terminal.backends.replies import Reply
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile import CannotTell, NotBooked, decide
from terminal.core.reconcile_evidence import Evidence
from terminal.core.value import replace
from terminal.mirror import Mirror
from tests.backends.kensium_bench import AT, about, record
from tests.backends.kensium_making import CREDENTIALS, Tenant, client, options
from tests.backends.making import ENOUGH_S, UID

BROKE = [{"message": "It broke.", "extensions": {"code": "FUSION_ERROR"}}]
COFFEE = {"sku": "COFFEE", "name": "Coffee"}
BEFORE = Evidence(AT, balance=1000)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def adapter(tenant: Tenant, **changes: Any) -> Kensium:
    """Return an adapter whose network is *tenant*; close it."""
    return Kensium(
        "pos",
        options(store_code="MAIN", **changes),
        terminal_id="coffee-1",
        credential=lambda: CREDENTIALS,
        transport=httpx.MockTransport(tenant),
    )


def cards(**page: Any) -> dict[str, Any]:
    return {"data": {"giftcard": {"limitedByPermission": False, **page}}}


# -- lists that are told in part -----------------------------------------------------------------------


@pytest.fixture
def asked(tenant: Tenant) -> Iterator[Asked]:
    asked = Asked(client(tenant), Documents())
    yield asked
    asked.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"data": {"item": None}}),
        (200, {"data": {"item": {"hasMoreResults": False, "until": "u2", "results": None}}}),
        (200, {"data": {"item": {"hasMoreResults": False, "until": "u2", "results": [COFFEE, None]}}}),
        (400, {"errors": BROKE, "data": {"item": {"until": "u2", "results": None}}}),
        (400, {"errors": BROKE, "data": {"item": {"until": "u2", "results": [{**COFFEE, "name": None}]}}}),
    ],
    ids=["no list", "no rows", "a row", "rows that broke", "a field that broke"],
)
def test_a_list_that_is_told_in_part_takes_nothing_from_the_copy(
    tenant: Tenant, asked: Asked, status: int, body: dict[str, Any]
) -> None:
    mirror = Mirror(None, "")
    rows = [COFFEE, {"sku": "TEA", "name": "Tea"}]
    tenant.says(200, {"data": {"item": {"hasMoreResults": False, "until": "u1", "results": rows}}})
    assert feeds.bring(asked, mirror, feeds.ITEMS, lambda: monotonic() + ENOUGH_S) is None
    mirror.begin_anew("items")
    before, cursor = mirror.rows("items"), mirror.cursor("items")
    tenant.says(status, body)
    answer = feeds.bring(asked, mirror, feeds.ITEMS, lambda: monotonic() + ENOUGH_S)
    assert isinstance(answer, Answer)
    assert (answer.outcome, "only a part" in answer.words) == (Outcome.UNKNOWN, True)
    assert (mirror.rows("items"), mirror.cursor("items")) == (before, cursor)
    mirror.close()


@pytest.mark.parametrize("results", [None, [None]])
def test_a_card_that_could_not_be_told_is_not_taken_for_none(tenant: Tenant, results: Any) -> None:
    backend = adapter(tenant)
    tenant.says(400, {"errors": BROKE, **cards(results=results)})
    answer = backend.evidence(about(EntryKind.REFUND), None, AT, ENOUGH_S)
    assert isinstance(answer, Answer)
    assert (answer.outcome, "It broke" in answer.words) == (Outcome.UNSENT, True)
    tenant.says(400, {"errors": BROKE, **cards(results=results)})
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.NO_ANSWER
    tenant.says(400, {"errors": BROKE, **cards(results=[{"id": "30004", "balance": "10.00", "codes": None}])})
    assert backend.balance(UID, ENOUGH_S).balance == 1000, "its codes are nobody's matter here"
    backend.close()


# -- cursors -------------------------------------------------------------------------------------------


def looping(tenant: Tenant, *ways: str) -> None:
    """Let pages of items lead on like this."""
    for until in ways:
        tenant.says(200, {"data": {"item": {"hasMoreResults": True, "until": until, "results": [COFFEE]}}})


def test_cursors_that_lead_in_a_circle_are_followed_once() -> None:
    reading = followed("", 10)
    page = read_page(Item, {"hasMoreResults": True, "until": "u1", "results": [COFFEE]})
    next(reading)
    assert reading.send(page).since == "u1"
    assert reading.send(replace(page, until="u2")).since == "u2"
    with pytest.raises(Unreadable, match="does not lead on"):
        reading.send(page)


def test_a_cursor_that_leads_nowhere_any_more_is_given_up_once(tenant: Tenant, asked: Asked) -> None:
    mirror = Mirror(None, "")
    read = mirror.cursor("items")
    assert mirror.keep("items", read, [("OLD", b'{"sku":"OLD"}')], "u7", ended=False)
    looping(tenant, "u7")
    tenant.says(200, {"data": {"item": {"hasMoreResults": False, "until": "u1", "results": [COFFEE]}}})
    assert feeds.bring(asked, mirror, feeds.ITEMS, lambda: monotonic() + ENOUGH_S) is None
    assert [each.sku for each in feeds.kept(feeds.ITEMS, mirror)] == ["COFFEE"]
    mirror.begin_anew("items")
    looping(tenant, *("u1", "u2", "u1") * 2, "u3")
    answer = feeds.bring(asked, mirror, feeds.ITEMS, lambda: monotonic() + ENOUGH_S)
    assert isinstance(answer, Answer)
    assert "does not lead on" in answer.words
    mirror.close()


# -- amounts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["1e999999999999", "1e-999999999999", "0e999999999999", "1e50"])
def test_numbers_that_fill_all_memory_when_they_are_written_out_are_none(tenant: Tenant, number: str) -> None:
    backend = adapter(tenant)
    body = f'{{"data":{{"giftcard":{{"results":[{{"id":"1","balance":{number}}}]}}}}}}'
    tenant.says(200, body.encode())
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.NO_ANSWER
    backend.close()


def test_amounts_beyond_all_reason_are_neither_rounded_nor_kept() -> None:
    assert Amount.read("0000000010.5000").cents == 1050
    assert Amount.read("-0.00").cents == 0
    assert Amount.read("9999999999999999.99").cents == 999_999_999_999_999_999
    for text in ("99999999999999999999.9999999999", "99999999999999999999", "10000000000000000"):
        with pytest.raises(Unreadable):
            assert not Amount.read(text).cents


# -- names of what was booked --------------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["", " 7", "7 ", "a\u0000b", "x" * 201, "\u00fc"])
def test_a_hold_without_a_name_that_can_be_kept_is_in_doubt_and_not_forgotten(tenant: Tenant, id_: str) -> None:
    backend = adapter(tenant, spend="authorise", top_up="authorise")
    made = {"data": {"giftcardTransAdd": {"id": id_, "balance": "7.50", "status": "AUTHORIZED"}}}
    tenant.says(200, made)
    answer = backend.deliver(replace(about(), before=BEFORE), ENOUGH_S)
    assert (answer.outcome, answer.reference) == (Outcome.UNKNOWN, None)
    tenant.says(200, cards(results=[{"id": "30004", "balance": "10.00"}]))
    tenant.says(200, made)
    told = backend.evidence(about(EntryKind.CREDIT), None, AT, ENOUGH_S)
    assert isinstance(told, Answer), "what has no name cannot be captured"
    tenant.says(200, {"data": {"purchaseAdd": {"id": id_}}})
    assert backend.deliver(record(about(), "7"), ENOUGH_S).outcome is Outcome.UNKNOWN
    backend.close()


@pytest.mark.parametrize(
    ("status", "names"),
    [
        ("Completed", {}),
        ("completed", {}),
        (
            "SETTLED",
            {
                "giftcardTransAdd.status.COMPLETED": "SETTLED",
                "giftcardTransCapture.status.COMPLETED": "SETTLED",
            },
        ),
    ],
)
def test_a_status_is_understood_however_the_tenant_spells_it(
    tenant: Tenant, status: str, names: dict[str, str]
) -> None:
    backend = adapter(tenant, top_up="authorise", captures="unknown", names=names)
    tenant.says(200, cards(results=[{"id": "30004", "balance": "10.00"}]))
    tenant.says(200, {"data": {"giftcardTransAdd": {"id": "7", "status": status}}})
    told = backend.evidence(about(EntryKind.CREDIT), None, AT, ENOUGH_S)
    assert isinstance(told, Evidence)
    assert told.handle == "done 7"
    tenant.says(200, {"data": {"giftcardTransCapture": {"id": "7", "status": status}}})
    ready = replace(about(EntryKind.CREDIT), before=replace(BEFORE, handle="7"))
    assert backend.deliver(ready, ENOUGH_S).outcome is Outcome.DELIVERED
    backend.close()


def test_an_authorisation_of_a_state_that_nobody_knows_is_not_made_again_and_again(tenant: Tenant) -> None:
    backend = adapter(tenant, top_up="authorise")
    tenant.says(200, cards(results=[{"id": "30004", "balance": "10.00"}]))
    tenant.says(200, {"data": {"giftcardTransAdd": {"id": "7", "status": "POSTED"}}})
    told = backend.evidence(about(EntryKind.CREDIT), None, AT, ENOUGH_S)
    assert isinstance(told, Answer)
    assert (told.outcome, "POSTED" in told.words, "7" in told.words) == (Outcome.REFUSED, True, True)
    backend.close()


# -- what is sent once ---------------------------------------------------------------------------------


def test_a_purchase_that_broke_under_way_is_not_sent_again_whatever_the_status_says(tenant: Tenant) -> None:
    backend = adapter(tenant)
    for _ in range(2):
        tenant.says(401, {"errors": BROKE, "data": {"purchaseAdd": None}})
    assert backend.deliver(record(about(), "7"), ENOUGH_S).outcome is Outcome.UNKNOWN
    assert len(tenant.operations()) == 1
    backend.close()


@pytest.mark.parametrize("status", [409, 429, 503])
def test_a_server_that_is_busy_after_it_had_begun_is_in_doubt(status: int) -> None:
    call = Documents().giftcard_trans_capture("7")
    for data in ({"giftcardTransCapture": {"id": "7"}}, {"giftcardTransCapture": None}, None):
        body = httpx.Response(status, json={"errors": BROKE, "data": data})
        found = judged(Reply(status, {}, body.content), call)
        assert not isinstance(found, Answer) or found.outcome is Outcome.UNKNOWN, data
    body = httpx.Response(status, json={"errors": BROKE})
    found = judged(Reply(503, {}, body.content), call)
    assert isinstance(found, Answer)
    assert found.outcome is Outcome.BUSY


def test_the_balance_of_another_card_tells_nothing_of_the_first(tenant: Tenant) -> None:
    """The token was given another card while an answer was lost: equal funds are not the same funds."""
    backend = adapter(tenant, alone=True)
    tenant.says(200, cards(results=[{"id": "30004", "balance": "10.00"}]))
    before = backend.evidence(about(), None, AT, ENOUGH_S)
    assert isinstance(before, Evidence)
    later = replace(AT, mono_ms=AT.mono_ms + 400_000, wall_ms=AT.wall_ms + 400_000)
    for id_, expected in (("30004", NotBooked), ("30005", CannotTell)):
        tenant.says(200, cards(results=[{"id": id_, "balance": "10.00"}]))
        after = backend.evidence(replace(about(), before=before), before, later, ENOUGH_S)
        assert isinstance(after, Evidence)
        operation = backend.operation(about(), AT)
        assert isinstance(decide(operation, before, after, later, backend.settling_ms), expected)
    backend.close()


def test_what_was_read_of_a_card_is_never_captured(tenant: Tenant) -> None:
    """Read when funds were to be added at once; since then the option was changed."""
    tenant.says(200, cards(results=[{"id": "30004", "balance": "10.00"}]))
    once = adapter(tenant)
    before = once.evidence(about(EntryKind.CREDIT), None, AT, ENOUGH_S)
    assert isinstance(before, Evidence)
    once.close()
    backend = adapter(tenant, top_up="authorise")
    asked = len(tenant.operations())
    ready = replace(about(EntryKind.CREDIT), before=before)
    assert backend.deliver(ready, ENOUGH_S).outcome is Outcome.UNSENT
    assert backend.deliver(replace(ready, in_doubt=True), ENOUGH_S).outcome is Outcome.REFUSED
    assert len(tenant.operations()) == asked
    backend.close()


def test_a_code_that_comes_back_in_any_part_of_an_error_is_not_told(tenant: Tenant) -> None:
    backend = adapter(tenant)
    code = UID.lower()
    data = {"Property": code, "ValidationType": "s3cret+/=%&word"}
    told = {"message": f"No {code}.", "extensions": {"code": f"BAD_{code}", "data": data}}
    tenant.says(400, {"errors": [told], **cards(results=None)})
    words = backend.balance(UID, ENOUGH_S).words
    assert "No …" in words
    assert code not in words
    assert "s3cret" not in words
    backend.close()
