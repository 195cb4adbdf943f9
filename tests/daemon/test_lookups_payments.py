"""Questions to the server of a card terminal: each answer, and what it means that there is none."""

from collections.abc import Callable

import pytest

from terminal.core.card import PaymentReply, Step, unanswered
from terminal.core.delivery import Answer, Outcome
from terminal.core.effects import AskPayment
from terminal.core.events import PaymentMoved
from terminal.core.facts import EntryKind
from terminal.journal.errors import JournalUnwritable
from tests.backends.kensium_bench import about
from tests.daemon import lookups_making
from tests.daemon.lookups_making import Desk

desks = lookups_making.desks
BEGIN, ASK = AskPayment("k1", 300), AskPayment("k1", 300, "77")


class Terminal:
    """The server of a card terminal; *told* is what it says."""

    name = "main"
    takes_at_once = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.told: Callable[[], PaymentReply | Answer] = lambda: PaymentReply(Step.WAIT, "77", 500)

    def start_payment(self, key: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        assert timeout_s > 0
        self.asked.append((key, amount))
        return self.told()

    def proceed_payment(self, reference: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        return self.start_payment(reference, amount, timeout_s)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def desk(desks: list[Desk], terminal: Terminal) -> Desk:
    desks.append(Desk(payments=terminal))
    desks[0].lookups.start()
    return desks[0]


def test_it_is_begun_under_its_key_and_asked_for_by_its_reference(desk: Desk, terminal: Terminal) -> None:
    desk.lookups.pay(BEGIN)
    assert desk.wait(PaymentMoved) == [PaymentMoved("k1", PaymentReply(Step.WAIT, "77", 500))]
    terminal.told = lambda: PaymentReply(Step.TAKEN, "77")
    desk.lookups.pay(ASK)
    assert desk.wait(PaymentMoved, 2)[1] == PaymentMoved("k1", PaymentReply(Step.TAKEN, "77"))
    assert terminal.asked == [("k1", 300), ("77", 300)]


def test_a_server_that_is_away_begins_nothing_but_is_asked_how_far_it_is(
    desk: Desk, terminal: Terminal
) -> None:
    desk.weather.there = False
    desk.lookups.pay(BEGIN)
    assert desk.wait(PaymentMoved)[0].reply.step is Step.REFUSED
    assert terminal.asked == []
    desk.lookups.pay(ASK)
    desk.wait(PaymentMoved, 2)
    assert terminal.asked == [("77", 300)]


def test_what_is_not_answered_may_have_begun(desk: Desk, terminal: Terminal) -> None:
    terminal.told = lambda: Answer(Outcome.UNKNOWN, "reset")
    desk.lookups.pay(BEGIN)
    (moved,) = desk.wait(PaymentMoved)
    assert moved.reply == PaymentReply(Step.LOST, binding=True, words="reset")


def test_without_such_a_server_nothing_is_begun(desks: list[Desk]) -> None:
    desks.append(Desk())
    desks[0].lookups.pay(BEGIN)
    (moved,) = desks[0].wait(PaymentMoved)
    assert (moved.reply.step, "roles.payments" in moved.reply.words) == (Step.REFUSED, True)


@pytest.mark.parametrize("binding", [False, True])
@pytest.mark.parametrize(
    ("outcome", "begun", "asked"),
    [
        (Outcome.UNSENT, Step.REFUSED, Step.WAIT),
        (Outcome.BUSY, Step.REFUSED, Step.WAIT),
        (Outcome.DENIED, Step.REFUSED, Step.WAIT),
        (Outcome.REFUSED, Step.REFUSED, Step.LOST),
        (Outcome.UNKNOWN, Step.LOST, Step.WAIT),
    ],
)
def test_what_an_answer_about_nothing_means(
    outcome: Outcome, begun: Step, asked: Step, *, binding: bool
) -> None:
    answer = Answer(outcome, "words", retry_after_ms=5_000)
    told = unanswered(answer, "", binding=binding)
    assert (told.step, told.words, told.binding) == (begun, "words", binding and begun is Step.LOST)
    told = unanswered(answer, "77", binding=binding)
    assert (told.step, told.reference, told.binding) == (asked, "77", binding)
    assert told.wait_ms == (5_000 if asked is Step.WAIT else 0)


def test_a_proxy_that_is_busy_may_have_passed_on_what_begins_a_payment() -> None:
    answer = Answer(Outcome.BUSY, "503", foreign=True)
    assert unanswered(answer, "", binding=True) == PaymentReply(Step.LOST, binding=True, words="503")
    assert unanswered(answer, "77", binding=True).step is Step.WAIT


@pytest.mark.parametrize("step", [Step.AUTHORISED, Step.TAKEN])
def test_what_has_paid_a_sale_already_pays_no_other_though_the_server_says_so(
    desk: Desk, terminal: Terminal, step: Step
) -> None:
    terminal.told = lambda: PaymentReply(step, "77")
    desk.memory.paid["77"] = about(EntryKind.SALE, 300, "t1", token=None, seq=12)
    desk.lookups.pay(BEGIN)
    (moved,) = desk.wait(PaymentMoved)
    assert (moved.reply.step, moved.reply.reference, moved.reply.binding) == (Step.LOST, "", True)
    assert "entry 12" in moved.reply.words
    desk.memory.paid["77"] = about(EntryKind.PAYMENT, 300, "k1", token=None)
    desk.lookups.pay(ASK)
    assert desk.wait(PaymentMoved, 2)[1].reply == terminal.told()
    desk.memory.error = JournalUnwritable("The disk is gone.")
    desk.lookups.pay(ASK)
    assert desk.wait(PaymentMoved, 3)[2].reply == terminal.told()
