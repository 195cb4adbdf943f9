"""Each case of the rule by hand: what was told before and after, and what follows."""

from __future__ import annotations

import msgspec
import pytest

from terminal.core.reconcile import Booked, CannotTell, NotBooked, TooEarly, decide
from terminal.core.reconcile_evidence import Evidence, Item, Key, Listing, Looking, Operation, OrderLine
from terminal.core.reconcile_listing import additions
from terminal.core.reconcile_times import Begun, Fate, may_begin, next_look_ms
from terminal.core.stamp import Stamp
from terminal.core.value import replace

SETTLING = 60_000
SENT = Stamp(wall_ms=1_700_000_000_000, mono_ms=100_000, boot="a", synced=True)
MINE = "kiosk 7"


def later(ms: int, *, boot: str = "a", synced: bool = True) -> Stamp:
    return Stamp(SENT.wall_ms + ms, SENT.mono_ms + ms if boot == "a" else ms, boot, synced)


BEFORE, SOON, AFTER = later(-5_000), later(20_000), later(SETTLING)

OLD = (Item(-300, "08:00", "bar"), Item(500, "08:30", "bar"))
OURS = Item(200, "09:00", MINE)
THEIRS = Item(200, "09:01", "bar")
NAMELESS = Item(200, "09:01")
DEPOSIT = Operation(Looking.HISTORY, 200, SENT, MINE)


def history(*items: Item, at: Stamp = AFTER, cut: bool = False, balance: int | None = None) -> Evidence:
    """What a card tells that began with 10.00."""
    level = 1_000 + sum(item.amount for item in items) if balance is None else balance
    return Evidence(at, balance=level, listing=Listing(items, cut=cut))


def said(operation: Operation, before: Evidence | None, after: Evidence) -> str:
    found = decide(operation, before, after, after.at, SETTLING)
    return {Booked: "booked", NotBooked: "not", TooEarly: "early", CannotTell: "unclear"}[type(found)]


KNOWN = history(*OLD, at=BEFORE)
ALONE = replace(DEPOSIT, mark="", alone=True)
DOUBTED = replace(DEPOSIT, doubt="what this server lists was never seen to be whole")
HISTORIES = {
    "ours is new": (DEPOSIT, KNOWN, history(*OLD, OURS), "booked"),
    "ours is new at once": (DEPOSIT, KNOWN, history(*OLD, OURS, at=SOON), "booked"),
    "ours among others": (DEPOSIT, KNOWN, history(*OLD, THEIRS, OURS, THEIRS), "booked"),
    "nothing is new": (DEPOSIT, KNOWN, history(*OLD), "not"),
    "nothing is new yet": (DEPOSIT, KNOWN, history(*OLD, at=SOON), "early"),
    "nothing is new a moment too early": (DEPOSIT, KNOWN, history(*OLD, at=later(SETTLING - 1)), "early"),
    "in doubt of the list, ours is new": (DOUBTED, KNOWN, history(*OLD, OURS), "booked"),
    "in doubt of the list, nothing is new yet": (DOUBTED, KNOWN, history(*OLD, at=SOON), "early"),
    "in doubt of the list, nothing is new": (DOUBTED, KNOWN, history(*OLD), "unclear"),
    "another customer's": (DEPOSIT, KNOWN, history(*OLD, THEIRS), "not"),
    "one that may be another's": (DEPOSIT, KNOWN, history(*OLD, NAMELESS), "unclear"),
    "one that may be another's, early": (DEPOSIT, KNOWN, history(*OLD, NAMELESS, at=SOON), "early"),
    "ours beside one that may be another's": (DEPOSIT, KNOWN, history(*OLD, NAMELESS, OURS), "booked"),
    "two of ours": (DEPOSIT, KNOWN, history(*OLD, OURS, OURS), "unclear"),
    "two of ours, one accounted for": (
        replace(DEPOSIT, beside=(Item(200),)), KNOWN, history(*OLD, OURS, OURS), "booked"),
    "one of ours, accounted for": (replace(DEPOSIT, beside=(Item(200),)), KNOWN, history(*OLD, OURS), "not"),
    "ours, and what was confirmed is missing": (
        replace(DEPOSIT, beside=(Item(700),)), KNOWN, history(*OLD, OURS), "early"),
    "something else of ours": (DEPOSIT, KNOWN, history(*OLD, Item(250, "09:00", MINE)), "unclear"),
    "an old one of ours": (DEPOSIT, history(OURS, at=BEFORE), history(OURS), "not"),
    "a withdrawal is no deposit": (DEPOSIT, KNOWN, history(*OLD, Item(-200, "09:00", "")), "not"),
    "the list lost one": (DEPOSIT, KNOWN, history(OLD[1]), "unclear"),
    "the list was rewritten": (DEPOSIT, KNOWN, history(OLD[1], OLD[0], OURS), "unclear"),
    "an unlisted movement": (DEPOSIT, KNOWN, history(*OLD, balance=1_400), "early"),
    "an unlisted movement, and no look to come": (
        DEPOSIT, KNOWN, history(*OLD, balance=1_400, at=later(4 * SETTLING)), "unclear"),
    "no balance": (DEPOSIT, KNOWN, Evidence(later(4 * SETTLING), listing=Listing(OLD)), "unclear"),
    "no balance before": (DEPOSIT, Evidence(BEFORE, listing=Listing(OLD)), history(*OLD), "unclear"),
    "nothing before": (DEPOSIT, None, history(*OLD, OURS), "unclear"),
    "alone": (ALONE, KNOWN, history(*OLD, NAMELESS), "booked"),
    "alone, and it is not there": (ALONE, KNOWN, history(*OLD), "not"),
    "alone, and two": (ALONE, KNOWN, history(*OLD, NAMELESS, NAMELESS), "unclear"),
    "not as alone as said": (ALONE, KNOWN, history(*OLD, NAMELESS, Item(-100)), "unclear"),
    "not as alone as said, and none like ours": (ALONE, KNOWN, history(*OLD, Item(-100)), "unclear"),
    "alone, and one that is accounted for": (
        replace(ALONE, beside=(Item(-100),)), KNOWN, history(*OLD, Item(-100)), "not"),
    "an empty card": (DEPOSIT, history(at=BEFORE), history(OURS), "booked"),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "before", "after", "expected"), HISTORIES.values(), ids=HISTORIES)
def test_history(operation: Operation, before: Evidence | None, after: Evidence, expected: str) -> None:
    assert said(operation, before, after) == expected


def level(looking: Looking, value: int, at: Stamp = AFTER) -> Evidence:
    return Evidence(at, balance=value) if looking is Looking.BALANCE else Evidence(at, points=value)


@pytest.mark.parametrize("looking", [Looking.BALANCE, Looking.POINTS])
@pytest.mark.parametrize(
    ("found", "at", "alone", "others"),
    [
        (800, AFTER, "booked", "unclear"),
        (800, SOON, "booked", "early"),
        (1_000, AFTER, "not", "unclear"),
        (1_000, SOON, "early", "early"),
        (900, AFTER, "unclear", "unclear"),
        (600, AFTER, "unclear", "unclear"),
    ],
)
def test_a_level_tells_only_who_is_alone(
    looking: Looking, found: int, at: Stamp, alone: str, others: str
) -> None:
    before, after = level(looking, 1_000, BEFORE), level(looking, found, at)
    spending = Operation(looking, -200, SENT, alone=True)
    assert said(spending, before, after) == alone
    assert said(replace(spending, alone=False), before, after) == others
    assert said(replace(spending, beside=(Item(-100),)), before, level(looking, found - 100, at)) == alone


@pytest.mark.parametrize(
    ("was", "found", "expected"),
    [
        (Key(there=False), Key(there=True), "booked"),
        (Key(there=False), Key(there=True, amount=200), "booked"),
        (Key(there=False), Key(there=True, amount=500), "unclear"),
        (Key(there=False), Key(there=False), "not"),
        (Key(there=True), Key(there=True), "unclear"),
        (None, Key(there=True), "unclear"),
    ],
)
def test_key(was: Key | None, found: Key, expected: str) -> None:
    operation = Operation(Looking.KEY, 200, SENT)
    assert said(operation, Evidence(BEFORE, key=was), Evidence(AFTER, key=found)) == expected


TEA, CAKE = OrderLine("tea", 2, 400), OrderLine("cake", 1, 300)
ORDER = Operation(Looking.ORDERS, 700, SENT, MINE, lines=(TEA, CAKE))
SOUP = OrderLine("soup", 1, 700)
LAST = Item(250, "08:59", "bar", 17, (OrderLine("tea", 1, 250),))
SPLIT = (CAKE, OrderLine("tea", 1, 200), OrderLine("tea", 1, 200))
FOUND = Item(700, "09:00", MINE, 19, SPLIT)
ORDERS = {
    "ours, its lines split and in another order": (ORDER, (LAST, FOUND), "booked"),
    "ours, and the last is not shown": (ORDER, (FOUND,), "unclear"),
    "none": (ORDER, (LAST,), "not"),
    "alone, and ours with a discount": (
        replace(ORDER, mark="", alone=True), (LAST, replace(FOUND, mark="", amount=650)), "unclear"),
    "another department's": (ORDER, (LAST, replace(FOUND, mark="bar")), "not"),
    "an older one of ours": (ORDER, (replace(FOUND, number=16), LAST), "not"),
    "ours with a discount": (ORDER, (LAST, replace(FOUND, amount=650)), "unclear"),
    "ours with other lines of the same sum": (
        ORDER, (LAST, replace(FOUND, lines=(SOUP,))), "unclear"),
    "in a department of all": (replace(ORDER, mark=""), (LAST, FOUND), "unclear"),
    "two of ours": (ORDER, (LAST, FOUND, replace(FOUND, number=20)), "unclear"),
    "two of ours, one confirmed by its lines": (
        replace(ORDER, beside=(Item(700, lines=(TEA, CAKE)),)),
        (LAST, FOUND, replace(FOUND, number=20)),
        "booked",
    ),
    "another of ours that cost the same, and was confirmed": (
        replace(ORDER, beside=(Item(700, lines=(SOUP,)),)),
        (LAST, replace(FOUND, lines=(SOUP,)), FOUND),
        "booked",
    ),
    "two of ours, one confirmed by its number": (
        replace(ORDER, beside=(Item(700, number=20),)), (LAST, FOUND, replace(FOUND, number=20)), "booked"),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "items", "expected"), ORDERS.values(), ids=ORDERS)
def test_orders(operation: Operation, items: tuple[Item, ...], expected: str) -> None:
    before = Evidence(BEFORE, listing=Listing((LAST,), cut=True))
    assert said(operation, before, Evidence(AFTER, listing=Listing(items, cut=True))) == expected


def test_what_was_booked_is_told_with_its_number_and_the_balance() -> None:
    before = Evidence(BEFORE, listing=Listing())
    after = Evidence(AFTER, balance=3, listing=Listing((FOUND,)))
    assert decide(ORDER, before, after, AFTER, SETTLING) == Booked(number=19, balance=3)
    assert decide(DEPOSIT, KNOWN, history(*OLD, OURS), AFTER, SETTLING) == Booked(balance=1_400)


A, B, C = Item(1, "1"), Item(1, "2"), Item(1, "3")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Listing((A, B)), Listing((A, B, C)), (C,)),
        (Listing((A, A)), Listing((A, A, A)), (A,)),
        (Listing((A, B)), Listing((B, C), cut=True), None),  # B may be another B
        (Listing((A, B, C)), Listing((B, C, C), cut=True), (C,)),
        (Listing((A, B), cut=True), Listing((A, B, C), cut=True), (C,)),
        (Listing((A, B), cut=True), Listing((C, C), cut=True), None),
        (Listing((A, A), cut=True), Listing((A, A), cut=True), None),
        (Listing((B, C), cut=True), Listing((A, B, C)), ()),
        (Listing((B, C)), Listing((A, B, C)), None),
        (Listing(), Listing((A,)), (A,)),
        (Listing(), Listing((A,), cut=True), None),
        (Listing((), cut=True), Listing((A,)), None),
        (Listing(), Listing(), ()),
    ],
)
def test_what_was_added(before: Listing, after: Listing, expected: tuple[Item, ...] | None) -> None:
    assert additions(before, after) == expected


def test_a_person_reads_both_sides() -> None:
    found = decide(DEPOSIT, KNOWN, history(*OLD, NAMELESS), AFTER, SETTLING)
    assert isinstance(found, CannotTell)
    for fact in (
        "2.00",
        "balance 12.00",
        "balance 14.00",
        "2 items",
        "3 items",
        "New: 2.00 at 09:01",
        "2023-11-14T22:1",
    ):
        assert fact in found.words
    gone = decide(DEPOSIT, KNOWN, history(OLD[1]), AFTER, SETTLING)
    assert isinstance(gone, CannotTell)
    assert "do not fit together" in gone.words


# -- time ------------------------------------------------------------------------------------------------


def test_what_counts_is_when_the_reads_began_and_a_slow_one_costs_no_second_wait() -> None:
    found = decide(DEPOSIT, KNOWN, history(*OLD, at=later(50_000)), later(55_000), SETTLING)
    assert found == TooEarly(5_000)
    assert decide(DEPOSIT, KNOWN, history(*OLD, at=later(50_000)), later(70_000), SETTLING) == TooEarly(0)


def test_looks_come_ever_rarer_and_end() -> None:
    moment, looks = 0, []
    while (wait_ms := next_look_ms(SENT, later(moment), SETTLING)) is not None:
        moment += wait_ms
        looks.append(moment)
    assert looks == [7_500, 15_000, 30_000, 60_000, 120_000, 240_000]


@pytest.mark.parametrize(("up_ms", "expected"), [(SETTLING - 1, "early"), (SETTLING, "not")])
def test_after_a_restart_without_a_clock_the_time_since_then_counts(up_ms: int, expected: str) -> None:
    seen = later(up_ms, boot="b", synced=False)
    assert said(DEPOSIT, KNOWN, history(*OLD, at=seen)) == expected


@pytest.mark.parametrize("settling_ms", [0, -1])
def test_nothing_is_settled_at_once(settling_ms: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        decide(DEPOSIT, KNOWN, history(*OLD), AFTER, settling_ms)


@pytest.mark.parametrize(
    ("fate", "sent", "may"),
    [
        (Fate.UNDER_WAY, None, False),
        (Fate.IN_DOUBT, later(-(10**9)), False),
        (Fate.LEFT, SENT, False),
        (Fate.LEFT, later(-SETTLING), True),
        (Fate.LEFT, None, False),
    ],
)
def test_one_at_a_time_on_each_account(fate: Fate, sent: Stamp | None, may: bool) -> None:  # noqa: FBT001 - a table
    begun = [Begun("card 1", fate, sent)]
    assert may_begin("card 1", begun, SENT, SETTLING) is may
    assert may_begin("card 2", begun, SENT, SETTLING)


# -- as JSON ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [KNOWN, Evidence(BEFORE, key=Key(there=False)), Evidence(BEFORE, listing=Listing((FOUND,), cut=True))],
)
def test_evidence_survives_the_journal(told: Evidence) -> None:
    written = msgspec.json.encode(told)
    assert msgspec.json.decode(written, type=Evidence) == told
    assert b"null" not in written


def test_what_no_look_can_find_is_no_operation() -> None:
    for looking in (Looking.HISTORY, Looking.BALANCE, Looking.POINTS):
        with pytest.raises(ValueError, match="amount of nothing"):
            Operation(looking, 0, SENT)
    with pytest.raises(ValueError, match="no lines"):
        Operation(Looking.ORDERS, 500, SENT)
