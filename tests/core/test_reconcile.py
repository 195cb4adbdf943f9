"""What was lost is settled by looking: never twice, never lost, and what cannot be told goes to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from terminal.core import reconcile, reconcile_listing, reconcile_times
from terminal.core.reconcile import Booked
from terminal.core.reconcile_evidence import Evidence, Item, Listing, Operation
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import replace
from tests.core.reconcile_scenes import MOST_PARKED, SCENES
from tests.core.reconcile_server import Scene
from tests.core.reconcile_world import Run

RUNS = 10_000
MUTANT_RUNS = 4_000

Patch = pytest.MonkeyPatch
Break = Callable[[Patch], None]
BROKEN: list[tuple[Break, str]] = []


def in_scene(name: str) -> Callable[[Break], Break]:
    def add(variant: Break) -> Break:
        BROKEN.append((variant, name))
        return variant

    return add


@pytest.mark.parametrize("name", SCENES)
def test_never_twice_and_never_lost(name: str) -> None:
    tally: Counter[str] = Counter()
    for seed in range(RUNS // len(SCENES) + 1):
        tally += Run(seed, SCENES[name]).play()
    lost, parked = tally["lost"], tally["parked"]
    ends = {end: f"{tally[end] / lost:.1%}" for end in ("booked", "not booked", "parked")}
    print(f"{name}: {lost} replies lost; {ends}")  # noqa: T201 - what a person decides by which server to trust
    assert lost > RUNS // len(SCENES)
    assert tally["booked"] + tally["not booked"] + parked == lost
    assert parked <= MOST_PARKED[name] * lost


# -- the proof proves something ----------------------------------------------------------------------------


def spoiled(patch: Patch, change: Callable[..., tuple[Operation, Evidence, Evidence, Stamp]]) -> None:
    """Let the rule decide about what *change* makes of its operation and both sides' evidence, and of now."""
    real = reconcile.decide

    def decide(operation: Operation, before: Any, after: Evidence, now: Stamp, settling_ms: int) -> Any:
        return real(*change(operation, before, after, now), settling_ms)

    patch.setattr(reconcile, "decide", decide)


@in_scene("key")
def absence_counts_at_once(patch: Patch) -> None:
    spoiled(
        patch,
        lambda op, before, after, now: (
            replace(op, sent=replace(op.sent, mono_ms=-(10**9))),
            before,
            after,
            now,
        ),
    )


@in_scene("orders, our own department")
def settled_when_the_reads_end(patch: Patch) -> None:
    spoiled(patch, lambda op, before, after, now: (op, before, replace(after, at=now), now))


@in_scene("key")
def a_restart_of_the_machine_settles_everything(patch: Patch) -> None:
    def elapsed(earlier: Stamp, later: Stamp) -> int:
        told = elapsed_ms(earlier, later)
        return 10**9 if told is None else told

    patch.setattr(reconcile_times, "elapsed_ms", elapsed)


@in_scene("history that omits ours")
def the_balance_is_not_asked(patch: Patch) -> None:
    patch.setattr(reconcile, "_balances", lambda *_: True)


@in_scene("history without marks")
def one_of_the_amount_must_be_ours(patch: Patch) -> None:
    spoiled(patch, lambda op, before, after, now: (replace(op, alone=True), before, after, now))


@in_scene("history, our own mark")
def marks_are_not_read(patch: Patch) -> None:
    real = reconcile._by_items

    def by_items(operation: Operation, new: tuple[Item, ...], balance: int | None) -> Any:
        return real(
            operation,
            tuple(replace(item, mark=operation.mark) for item in new if operation.is_like(item)),
            balance,
        )

    patch.setattr(reconcile, "_by_items", by_items)


@in_scene("orders, a shared department")
def a_shared_department_is_taken_for_ours(patch: Patch) -> None:
    spoiled(patch, lambda op, before, after, now: (replace(op, mark="kiosk 7"), before, after, now))


@in_scene("balance")
def a_difference_of_balances_is_believed(patch: Patch) -> None:
    spoiled(patch, lambda op, before, after, now: (replace(op, alone=True), before, after, now))


@in_scene("points")
def points_that_did_not_change_are_believed(patch: Patch) -> None:
    def by_level(operation: Operation, was: int, found: int, after: Evidence) -> Any:
        return None if was == found else reconcile._Unclear("")

    patch.setattr(reconcile, "_by_level", by_level)


@in_scene("history of the last 2, our own mark")
def a_list_with_a_gap_is_all_new(patch: Patch) -> None:
    def additions(before: Listing, after: Listing) -> tuple[Item, ...]:
        new = reconcile_listing.additions(before, after)
        return after.items if new is None else new

    patch.setattr(reconcile, "additions", additions)
    patch.setattr(reconcile, "_balances", lambda *_: True)


@in_scene("history of the last 2, our own mark")
def what_looks_alike_is_the_same(patch: Patch) -> None:
    patch.setattr(reconcile_listing, "_surely_shared", lambda *_: True)


@in_scene("history, our own mark")
def new_is_what_the_servers_clock_says(patch: Patch) -> None:
    def additions(before: Listing, after: Listing) -> tuple[Item, ...]:
        last = before.items[-1].at if before.items else ""
        return tuple(item for item in after.items if item.at > last)

    patch.setattr(reconcile, "additions", additions)
    patch.setattr(reconcile, "_balances", lambda *_: True)


@in_scene("orders that the server changes")
def what_is_not_quite_ours_is_another_s(patch: Patch) -> None:
    real = reconcile._by_items

    def by_items(operation: Operation, new: tuple[Item, ...], balance: int | None) -> Any:
        return real(operation, tuple(filter(operation.is_like, new)), balance)

    patch.setattr(reconcile, "_by_items", by_items)


@in_scene("key")
def a_name_that_was_there_is_ours(patch: Patch) -> None:
    real = reconcile._by_key

    def by_key(operation: Operation, before: Evidence, after: Evidence) -> Any:
        return Booked() if after.key and after.key.there else real(operation, before, after)

    patch.setattr(reconcile, "_by_key", by_key)


@in_scene("history, our own mark")
def two_on_one_card_at_once(patch: Patch) -> None:
    patch.setattr(reconcile_times, "may_begin", lambda *_: True)


@in_scene("history, our own mark")
def what_nobody_can_tell_is_sent_again(patch: Patch) -> None:
    real = reconcile._compare

    def compare(operation: Operation, before: Evidence, after: Evidence) -> Any:
        found = real(operation, before, after)
        return found if isinstance(found, Booked) else None

    patch.setattr(reconcile, "_compare", compare)


@pytest.mark.parametrize(("variant", "name"), BROKEN, ids=[variant.__name__ for variant, _ in BROKEN])
def test_a_broken_rule_is_caught(variant: Break, name: str, monkeypatch: Patch) -> None:
    variant(monkeypatch)
    with pytest.raises(AssertionError, match=r"booked|taken for|lost|never comes"):
        play_all(SCENES[name])


def play_all(scene: Scene) -> None:
    for seed in range(MUTANT_RUNS):
        Run(seed, scene).play()
