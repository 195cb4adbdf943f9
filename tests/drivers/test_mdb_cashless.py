"""The reader's state machine: everything in every state, and what is promised of a release, by chance."""

import itertools
import random
from collections import Counter

import pytest

from drivers.mdb.cashless import (
    Alarm,
    Approve,
    Asked,
    Begin,
    Cashless,
    Deny,
    Doubtful,
    End,
    Grant,
    NotDispensed,
    NotTaken,
    RevalueAsked,
    SoldForCash,
    State,
    Status,
    Succeeded,
    Unreadable,
    WasReset,
    Withdrawn,
)
from terminal.core.events import Ended, ReleaseEnded
from terminal.core.machine import (
    CashSold,
    MachineEnabled,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)

M = "m"
TEA, SOUP = Asked(150, "5", "1.50"), Asked(80, "6", "0.80")
HEARD = [
    *(Status(state) for state in State),
    *(TEA, SOUP, Unreadable("?"), Unreadable("?", revalue=True), Withdrawn(), Succeeded("5"), NotDispensed()),
    *(WasReset(), NotTaken(start=True), NotTaken(start=False), NotTaken(start=False, wrong=True)),
    *(RevalueAsked(500), SoldForCash("1", 20), Doubtful("?")),
]


def reach(*steps):
    machine = Cashless(M)
    for step in steps:
        step(machine) if callable(step) else machine.hear(step)
    return machine


def approve(machine):
    assert machine.approve("r1", 150) == [Approve(TEA)]


ENABLED = Status(State.ENABLED)
STATES = {
    "inactive": (),
    "disabled": (Status(State.DISABLED),),
    "enabled": (ENABLED,),
    "beginning": (ENABLED, lambda machine: machine.begin(100)),
    "session": (ENABLED, Status(State.IDLE)),
    "asked": (ENABLED, TEA),
    "approved": (ENABLED, TEA, approve),
    "doubtful": (ENABLED, TEA, approve, Status(State.ENABLED)),
    "given up": (ENABLED, TEA, approve, lambda machine: machine.give_up("silence")),
    "revalue": (ENABLED, Status(State.IDLE), RevalueAsked(500)),
}
FAILS = {Withdrawn(): Ended.FAILED, NotDispensed(): Ended.FAILED, WasReset(): Ended.UNKNOWN}


@pytest.mark.parametrize("heard", HEARD, ids=repr)
def test_an_approved_release_ends_as_is_known(heard):
    """In the state in which it matters: one line for each thing that can be heard."""
    machine = reach(*STATES["approved"])
    ended = [out.ended for out in machine.hear(heard) if isinstance(out, ReleaseEnded)]
    expected = {
        **FAILS,
        Succeeded("5"): Ended.DONE,
        NotTaken(start=False): Ended.FAILED,
        NotTaken(start=False, wrong=True): Ended.FAILED,
        Status(State.INACTIVE): Ended.UNKNOWN,
        TEA: Ended.UNKNOWN,
        SOUP: Ended.UNKNOWN,
        Unreadable("?"): Ended.UNKNOWN,
    }
    assert ended == ([expected[heard]] if heard in expected else [])
    assert bool(machine.release) is not bool(ended)


@pytest.mark.parametrize("name", STATES)
def test_reset_and_loss_leave_nothing(name):
    for fall in (lambda machine: machine.hear(WasReset()), lambda machine: machine.lost("cable")):
        machine = reach(*STATES[name])
        outs = fall(machine)
        kinds = Counter(type(out) for out in outs)
        assert kinds[MachineEnabled] == (name not in ("inactive", "disabled"))
        assert kinds[ReleaseEnded] == (name in ("approved", "doubtful"))
        assert kinds[VendCancelled] == (name == "asked")
        in_session = ("beginning", "session", "asked", "approved", "doubtful", "given up", "revalue")
        assert kinds[SessionEnded] == (name in in_session)
        assert machine.state is State.INACTIVE
        assert fall(machine) == []
        assert machine.approve("r9", 150)[0].ended is Ended.FAILED


@pytest.mark.parametrize("name", STATES)
def test_orders_in_every_state(name):
    begun = reach(*STATES[name]).begin(700)
    wants = {"inactive": SessionEnded(M), "disabled": SessionEnded(M), "enabled": Begin(700)}
    assert begun == ([wants[name]] if name in wants else [])
    assert reach(*STATES[name]).deny() == ([Deny()] if name == "asked" else [])
    ends = {"asked": [Deny(), End()], "revalue": [Grant(granted=False), End()]}
    ends |= {"beginning": [End()], "session": [End()], "given up": [End()]}
    assert reach(*STATES[name]).end() == ends.get(name, [])
    assert reach(*STATES[name]).revalue(granted=True) == ([Grant(granted=True)] if name == "revalue" else [])
    approved = reach(*STATES[name]).approve("r2", 150)
    if name == "asked":
        assert approved == [Approve(TEA)]
    else:
        assert [out.ended for out in approved] == [Ended.FAILED]


def test_another_price_is_denied():
    machine = reach(*STATES["asked"])
    failed, denied = machine.approve("r1", 149)
    assert failed.ended is Ended.FAILED
    assert denied == Deny()
    assert machine.approve("r2", 150)[0].ended is Ended.FAILED


def test_a_new_question_replaces_the_old_one_and_the_same_one_is_the_same():
    machine = reach(*STATES["asked"])
    assert machine.hear(Asked(150, "5", "1.5")) == []
    assert machine.hear(Asked(160, "5")) == [VendCancelled(M), VendRequested(M, "5", 160)]
    assert machine.approve("r1", 150)[0].ended is Ended.FAILED


def test_a_success_that_comes_after_the_machine_went_on_is_still_one():
    machine = reach(*STATES["approved"])
    assert machine.hear(Status(State.IDLE)) == []
    assert machine.hear(Status(State.ENABLED)) == []
    assert "without saying" in machine.doubtful
    assert machine.hear(Succeeded()) == [ReleaseEnded("r1", Ended.DONE, ""), SessionEnded(M)]
    assert machine.state is State.ENABLED


def test_an_end_while_a_piece_is_coming_is_said_after_it():
    for heard, ended in ((Succeeded(), Ended.DONE), (NotDispensed(), Ended.FAILED)):
        machine = reach(*STATES["approved"])
        assert machine.end() == []
        result, end = machine.hear(heard)
        assert result.ended is ended
        assert end == End()
    machine = reach(*STATES["doubtful"])
    machine.end()
    assert End() not in machine.hear(Succeeded())  # the machine has ended the session itself


def test_words_of_what_is_not_known():
    for words in ("the adapter is gone", "m was stopped"):
        (ended, *_) = reach(*STATES["approved"]).lost(words)
        assert ended.words == f"{words}: nobody knows whether the piece came out"


def test_a_success_of_what_was_given_up_is_no_free_piece():
    machine = reach(*STATES["given up"])
    (alarm,) = machine.hear(Succeeded())
    assert "only later" in alarm.words
    (alarm,) = machine.hear(Succeeded("5"))
    assert "without an approval" in alarm.words


def test_a_piece_that_nobody_paid_is_never_approved_afterwards():
    machine = reach(*STATES["asked"])
    outs = machine.hear(Succeeded("5"))
    assert outs[0] == VendCancelled(M)
    assert isinstance(outs[1], Alarm)
    assert machine.approve("r1", 150)[0].ended is Ended.FAILED


def test_an_old_line_that_says_enabled_does_not_end_the_session_that_begins():
    machine = reach(*STATES["beginning"])
    assert machine.hear(ENABLED) == []
    assert machine.hear(Status(State.IDLE)) == []
    assert machine.hear(ENABLED) == [SessionEnded(M)]


def test_a_begin_that_the_machine_overtook_with_a_choice():
    machine = reach(*STATES["beginning"])
    assert machine.hear(TEA) == [VendRequested(M, "5", 150)]
    assert machine.hear(NotTaken(start=True)) == []
    assert machine.approve("r1", 150) == [Approve(TEA)]


def test_a_begin_that_was_refused_is_a_session_that_ended():
    assert reach(*STATES["beginning"]).hear(NotTaken(start=True)) == [SessionEnded(M)]


def test_a_denial_that_was_not_understood_ends_the_session_instead():
    machine = reach(*STATES["asked"])
    assert machine.deny() == [Deny()]
    assert machine.hear(NotTaken(start=False, wrong=True)) == [End()]


def test_revalues():
    machine = reach(*STATES["session"])
    assert machine.hear(RevalueAsked(500)) == [RevalueRequested(M, 500)]
    assert machine.hear(RevalueAsked(500)) == []
    assert machine.revalue(granted=False) == [Grant(granted=False)]
    assert reach(*STATES["asked"]).hear(RevalueAsked(500)) == [Grant(granted=False)]
    assert reach(*STATES["session"]).hear(Unreadable("?", revalue=True))[0] == Grant(granted=False)


def test_cash_sales_are_told_in_every_state():
    for steps in STATES.values():
        assert reach(*steps).hear(SoldForCash("1", 20)) == [CashSold(M, "1", 20)]


class Watch:
    """What must hold of everything that comes out, whatever happens."""

    def __init__(self):
        self.asked = None  # what the terminal believes that the machine asks for
        self.approved = {}  # releases that were approved and have not ended
        self.ended = {}
        self.enabled = False

    def see(self, cause, outs):
        for out in outs:
            getattr(self, f"_{type(out).__name__}", lambda *_: None)(cause, out)

    def _VendRequested(self, cause, out):  # noqa: N802 - by the name of the class
        assert self.asked is None
        assert isinstance(cause, Asked)
        self.asked = out

    def _VendCancelled(self, cause, out):  # noqa: N802 - by the name of the class
        assert self.asked is not None
        self.asked = None

    def _MachineEnabled(self, cause, out):  # noqa: N802 - by the name of the class
        assert out.enabled is not self.enabled
        self.enabled = out.enabled

    def _Approve(self, cause, out):  # noqa: N802 - by the name of the class
        release, price = cause
        assert not self.approved
        assert (self.asked.item, self.asked.price) == (out.asked.item, out.asked.price)
        assert price == self.asked.price
        self.asked = None
        self.approved[release] = out

    def _Deny(self, cause, out):  # noqa: N802 - by the name of the class
        self.asked = None

    def _ReleaseEnded(self, cause, out):  # noqa: N802 - by the name of the class
        assert out.release not in self.ended
        self.ended[out.release] = out.ended
        was_approved = self.approved.pop(out.release, None)
        if out.ended is Ended.DONE:
            assert was_approved
            assert isinstance(cause, Succeeded)
        elif out.ended is Ended.UNKNOWN:
            assert was_approved
        elif was_approved:
            assert isinstance(cause, Withdrawn | NotDispensed | NotTaken)
        if out.ended is Ended.FAILED and not was_approved:
            assert isinstance(cause, tuple), "only an order can fail that was not approved"


def test_a_hundred_thousand_things_in_any_order():
    chance = random.Random(7)
    numbers = itertools.count()
    machine, watch = Cashless(M), Watch()
    outcomes = Counter()
    ordered = []
    for _ in range(100_000):
        roll = chance.random()
        if roll < 0.6:
            cause = chance.choice(HEARD)
            outs = machine.hear(cause)
        elif roll < 0.85:
            cause = (f"r{next(numbers)}", chance.choice([150, 80, 99]))
            ordered.append(cause[0])
            outs = machine.approve(*cause)
        else:
            cause, outs = chance.choice(
                [
                    lambda: ("begin", machine.begin(100)),
                    lambda: ("deny", machine.deny()),
                    lambda: ("end", machine.end()),
                    lambda: ("revalue", machine.revalue(granted=True)),
                    lambda: ("lost", machine.lost("cable")),
                    lambda: ("give up", machine.give_up("silence")),
                ]
            )()
        watch.see(cause, outs)
        assert bool(machine.release) is bool(watch.approved)
    watch.see("lost", machine.lost("cable"))
    outcomes.update(watch.ended.values())
    assert set(watch.ended) == set(ordered)
    assert all(outcomes[ended] > 50 for ended in Ended), outcomes
