"""The whole delivery to servers without keys: never twice, never lost; what nobody can tell is a person's."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import AttemptStarted, EntryState
from terminal.core.reconcile import NotBooked
from terminal.core.reconcile_evidence import Looking
from terminal.core.records import Entry
from terminal.core.value import replace
from terminal.sync import attempt
from terminal.sync.accounts import Accounts
from terminal.sync.attempt import Job
from terminal.sync.picker import Picker
from terminal.sync.reading import Reading
from terminal.sync.worker import Worker
from tests.core.reconcile_scenes import MOST_PARKED, SCENES
from tests.core.reconcile_server import Scene
from tests.sync.model import MemoryJournal
from tests.sync.reconcile_run import EngineRun

RUNS = 10_000
MUTANT_RUNS = 2_000
PREPARED = Scene(Looking.BALANCE)
"""A server that knows a repeat by what it prepared for the try; see Evidence.handle."""

Patch = pytest.MonkeyPatch
Break = Callable[[Patch], None]
BROKEN: list[tuple[Break, str]] = []


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def in_scene(name: str) -> Callable[[Break], Break]:
    def add(variant: Break) -> Break:
        BROKEN.append((variant, name))
        return variant

    return add


@pytest.mark.parametrize("name", [*SCENES, "prepared"])
def test_never_twice_and_never_lost(name: str) -> None:
    tally: Counter[str] = Counter()
    for seed in range(RUNS // (len(SCENES) + 1) + 1):
        tally += play(name, seed)
    if name == "prepared":
        assert not tally["parked"]
        return
    lost = tally["lost"]
    ends = {end: f"{tally[end] / lost:.1%}" for end in ("booked", "not booked", "parked", "given up")}
    print(f"{name}: {lost} replies lost; {ends}")  # noqa: T201 - what a person decides by which server to trust
    assert lost > RUNS // len(SCENES)
    # A little more than where everything else goes well: what a hasty person gave up may be seen in between.
    assert tally["parked"] <= (MOST_PARKED[name] + 0.01) * lost


def play(name: str, seed: int) -> Counter[str]:
    prepared = name == "prepared"
    return EngineRun(seed, PREPARED if prepared else SCENES[name], handles=prepared).play()


# -- the proof proves something ----------------------------------------------------------------------------


@in_scene("history, our own mark")
def nothing_is_durable_before_the_answer(patch: Patch) -> None:
    real = Worker._commit

    def commit(self: Worker, facts: Any, now: Any, *, durable: bool) -> None:
        real(self, facts, now, durable=durable and not isinstance(facts[0], AttemptStarted))

    patch.setattr(Worker, "_commit", commit)


@in_scene("history, our own mark")
def it_is_read_anew_while_it_is_in_doubt(patch: Patch) -> None:
    real = Reading.after

    def after(self: Reading, job: Job) -> Any:
        fresh = self._read(job.entry, None, self._clock.now())
        return (
            fresh
            if isinstance(fresh, Answer)
            else real(self, replace(job, entry=replace(job.entry, before=fresh)))
        )

    patch.setattr(Reading, "after", after)


@in_scene("prepared")
def what_was_prepared_is_prepared_anew(patch: Patch) -> None:
    real = Reading.before

    def before(self: Reading, job: Job) -> Any:
        return real(self, replace(job, entry=replace(job.entry, in_doubt=False)))

    patch.setattr(Reading, "before", before)


@in_scene("history, our own mark")
def two_on_one_account_at_once(patch: Patch) -> None:
    patch.setattr(Accounts, "claim", lambda *_: True)
    patch.setattr(Reading, "_may_begin", lambda *_: True)


@in_scene("orders, our own department")
def what_is_in_doubt_hinders_nobody(patch: Patch) -> None:
    patch.setattr(Reading, "_may_begin", lambda *_: True)


@in_scene("balance, alone")
def claims_hinder_nobody(patch: Patch) -> None:
    patch.setattr(Accounts, "claim", lambda *_: True)


@in_scene("orders, our own department")
def what_a_person_gave_up_is_over(patch: Patch) -> None:
    patch.setattr(Accounts, "sent", lambda *_: None)
    real = MemoryJournal.doubtful

    def forgetful(self: MemoryJournal, backend: str) -> list[Entry]:
        return [each for each in real(self, backend) if each.state is not EntryState.VOIDED]

    patch.setattr(MemoryJournal, "doubtful", forgetful)


@in_scene("key")
def everything_settles_at_once(patch: Patch) -> None:
    real = Reading.after
    patch.setattr(Reading, "after", lambda self, job: real(self, replace(job, settling_ms=5_000)))


@in_scene("balance, alone")
def a_proxy_is_believed(patch: Patch) -> None:
    patch.setattr(attempt, "proven", lambda _promised, answer, **_: answer)


@in_scene("prepared")
def a_proxy_is_believed_where_repeats_are_known(patch: Patch) -> None:
    patch.setattr(attempt, "proven", lambda _promised, answer, **_: answer)


@in_scene("balance, alone")
def a_look_that_is_refused_says_no(patch: Patch) -> None:
    real = Reading._read

    def read(self: Reading, entry: Any, before: Any, now: Any) -> Any:
        told = real(self, entry, before, now)
        no = before is not None and isinstance(told, Answer) and told.outcome is Outcome.REFUSED
        return replace(told, outcome=Outcome.DENIED, words="no") if no else told

    def after(self: Reading, job: Job) -> Any:
        told = looked(self, job)
        return NotBooked() if isinstance(told, Answer) and told.words == "no" else told

    looked = Reading.after
    patch.setattr(Reading, "_read", read)
    patch.setattr(Reading, "after", after)


@in_scene("balance, alone")
def what_was_begun_before_a_restart_never_left(patch: Patch) -> None:
    real = attempt.decide

    def decide(guarantee: Any, answer: Answer, **known: Any) -> Any:
        stopped = answer.words == attempt.STOPPED
        return real(guarantee, replace(answer, outcome=Outcome.UNSENT) if stopped else answer, **known)

    def proven(_promised: Any, answer: Answer, **_: Any) -> Answer:
        return replace(answer, outcome=Outcome.UNSENT) if answer.words == attempt.STOPPED else answer

    patch.setattr(attempt, "decide", decide)
    patch.setattr(attempt, "proven", proven)


@in_scene("balance")
def whoever_is_sent_ahead_waits_behind_those_who_wait_for_it(patch: Patch) -> None:
    patch.setattr(Picker, "_doubted", lambda *_: None)


@pytest.mark.parametrize(("variant", "name"), BROKEN, ids=[variant.__name__ for variant, _ in BROKEN])
def test_a_broken_engine_is_caught(variant: Break, name: str, monkeypatch: Patch) -> None:
    variant(monkeypatch)
    with pytest.raises(AssertionError, match=r"booked|taken for|lost|never comes|round and round|told that"):
        play_all(name)


def play_all(name: str) -> None:
    for seed in range(MUTANT_RUNS):
        play(name, seed)
