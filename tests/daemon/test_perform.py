"""Each effect reaches exactly what it names, and nothing else."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from drivers.contract import Signal
from terminal.core.delivery import Answer, Outcome
from terminal.core.effects import (
    CloseSlot,
    CountPayout,
    DeliverNow,
    Effect,
    Notice,
    OpenSlot,
    PairToken,
    PayOut,
    Print,
    ReadWallet,
    Release,
    Screen,
    Show,
    TellPayout,
)
from terminal.core.events import DeliveryEnded
from terminal.core.machine import AnswerRevalue, BeginSession, DenyVend, EndSession
from terminal.core.paper import Document, Text
from terminal.daemon.perform import Performer
from terminal.daemon.signals import SIGNALS
from tests.core.making import ESPRESSO, UID

PAPER = Document((Text("Thank you"),))
SCREEN = Screen(Notice.READY)


class Named:
    """A device or service that notes each call."""

    def __init__(self, name: str, calls: list[tuple[Any, ...]], role: str = "") -> None:
        self.name = name
        self.role = role
        self._calls = calls
        self.fails: Exception | None = None

    def __getattr__(self, verb: str) -> Callable[..., None]:
        def call(*args: Any) -> None:
            self._calls.append((self.name, verb, *args))
            if self.fails:
                raise self.fails

        return call


class Stage:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        make = lambda *names: {name: Named(name, self.calls) for name in names}  # noqa: E731 - here only
        self.acceptors, self.indicators = make("coins", "bills"), make("lamps", "buzzer")
        others = make("relay", "tower", "snacks", "paper", "till", "hopper")
        self.devices = {**self.acceptors, **self.indicators, **others}
        self.engine = Named("engine", self.calls)
        self.posted: list[Any] = []
        self.perform = Performer(
            acceptors=self.acceptors,
            devices=self.devices,
            indicators=self.indicators,
            engine=self.engine,
            lookups=Named("lookups", self.calls),
            show=lambda screen: self.calls.append(("show", screen)),
            post=self.posted.append,
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize(
    ("effect", "calls"),
    [
        (Show(SCREEN), [("show", SCREEN), *((each, "show", Signal.READY) for each in ("lamps", "buzzer"))]),
        (OpenSlot(450), [("coins", "accept", 450), ("bills", "accept", 450)]),
        (OpenSlot(450, closed=("coins",)), [("coins", "inhibit"), ("bills", "accept", 450)]),
        (CountPayout("p1", "hopper"), [("hopper", "count", "p1")]),
        (PayOut("p1", "hopper", 250, "7"), [("hopper", "pay_out", "p1", 250, "7")]),
        (PayOut("p1", "coins", 250, "7"), [("coins", "pay_out", "p1", 250, "7")]),
        (TellPayout("p1", "hopper", 250, "7"), [("hopper", "tell_payout", "p1", 250, "7")]),
        (CloseSlot(), [("coins", "inhibit"), ("bills", "inhibit")]),
        (Release("k1/0", "tower", ESPRESSO), [("tower", "release", "k1/0", ESPRESSO)]),
        (Release("k1/0", "snacks", ESPRESSO), [("snacks", "release", "k1/0", ESPRESSO)]),
        (BeginSession("snacks", 750), [("snacks", "begin", 750)]),
        (BeginSession("snacks", None), [("snacks", "begin", None)]),
        (DenyVend("snacks"), [("snacks", "deny")]),
        (EndSession("snacks"), [("snacks", "end")]),
        (AnswerRevalue("snacks", granted=True), [("snacks", "revalue", True)]),
        (AnswerRevalue("snacks", granted=False), [("snacks", "revalue", False)]),
        (Print("k1/receipt", "till", PAPER), [("till", "print", "k1/receipt", PAPER)]),
        (ReadWallet(UID, 700), [("lookups", "read_wallet", UID, 700)]),
        (PairToken(UID, "12345678"), [("lookups", "pair", UID, "12345678")]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_effect_reaches_what_it_names(stage: Stage, effect: Effect, calls: list[tuple[Any, ...]]) -> None:
    stage.perform(effect)
    assert stage.calls == calls
    assert stage.posted == []


def test_the_end_of_a_delivery_becomes_an_event(stage: Stage) -> None:
    stage.perform(DeliverNow("k7"))
    ((who, verb, key, done),) = stage.calls
    assert (who, verb, key) == ("engine", "deliver_now", "k7")
    done(Answer(Outcome.REFUSED, "not enough", status=422, balance=30))
    assert stage.posted == [DeliveryEnded("k7", Outcome.REFUSED, "not enough", 30)]


def test_two_deliveries_answer_for_their_own_keys(stage: Stage) -> None:
    stage.perform(DeliverNow("k1"))
    stage.perform(DeliverNow("k2"))
    stage.calls[1][3](Answer(Outcome.DELIVERED))
    stage.calls[0][3](Answer(Outcome.UNKNOWN))
    assert [(event.key, event.outcome) for event in stage.posted] == [
        ("k2", Outcome.DELIVERED),
        ("k1", Outcome.UNKNOWN),
    ]


@pytest.mark.parametrize(
    "effect",
    [
        Show(SCREEN),
        OpenSlot(1),
        CloseSlot(),
        Release("k1/0", "relay", ESPRESSO),
        Release("k1/0", "snacks", ESPRESSO),
        EndSession("snacks"),
        PayOut("p1", "hopper", 250, "7"),
        Print("k1/receipt", "paper", PAPER),
    ],
    ids=lambda effect: type(effect).__name__,
)
def test_a_driver_that_raises_harms_only_itself(
    stage: Stage, effect: Effect, caplog: pytest.LogCaptureFixture
) -> None:
    """A driver of somebody else may break its contract: the other slots are closed all the same."""
    for name in ("coins", "relay", "snacks", "paper", "lamps", "hopper"):
        stage.devices[name].fails = RuntimeError("a bug")
    stage.perform(effect)
    if isinstance(effect, (OpenSlot, CloseSlot)):
        assert [call[0] for call in stage.calls] == ["coins", "bills"]
    if isinstance(effect, Show):
        assert [call[0] for call in stage.calls] == ["show", "lamps", "buzzer"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "please report this" in caplog.text
    assert stage.posted == [], "nobody invents an answer: an order that is not answered becomes unknown"


def test_a_device_is_looked_up_for_each_order(stage: Stage) -> None:
    """A driver that hangs is replaced; whoever held on to it would order in vain for ever."""
    stage.perform(Release("k1/0", "relay", ESPRESSO))
    stage.devices["relay"] = Named("new relay", stage.calls)
    stage.perform(Release("k2/0", "relay", ESPRESSO))
    assert [call[0] for call in stage.calls] == ["relay", "new relay"]


# -- lamps and buzzers ---------------------------------------------------------------------------------


def test_every_notice_has_its_signal() -> None:
    assert set(SIGNALS) == set(Notice)
    assert set(SIGNALS.values()) == set(Signal)


@pytest.mark.parametrize(
    ("notice", "signal"),
    [
        (Notice.READY, Signal.READY),
        (Notice.RELEASING, Signal.BUSY),
        (Notice.CONFIRMED, Signal.ACCEPTED),
        (Notice.CREDITED, Signal.ACCEPTED),
        (Notice.ACCEPTED_OFFLINE, Signal.OFFLINE),
        (Notice.REFUSED, Signal.REFUSED),
        (Notice.OUT_OF_ORDER, Signal.CALL_STAFF),
        (Notice.UNKNOWN, Signal.CALL_STAFF),
        (Notice.COIN_KEPT, Signal.CALL_STAFF),
    ],
)
def test_what_a_guest_sees_is_what_the_screen_says(stage: Stage, notice: Notice, signal: Signal) -> None:
    stage.perform(Show(Screen(notice)))
    assert stage.calls[1:] == [("lamps", "show", signal), ("buzzer", "show", signal)]
