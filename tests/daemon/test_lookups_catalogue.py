"""The catalogue: asked for again and again, until it comes; and how the look-ups end."""

import logging
import threading

import pytest

from terminal.backends.protocol import TerminalInfo, WalletReply
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import CatalogueRead, WalletAnswer, WalletRemembered
from terminal.core.facts import CatalogueSeen
from terminal.daemon import lookups as module
from tests.core.making import ESPRESSO, UID, WATER
from tests.daemon import lookups_making
from tests.daemon.lookups_making import Desk
from tests.support.pauses import hurried
from tests.support.waiting import wait_until

desks = lookups_making.desks

started = lookups_making.started

AWAY = Answer(Outcome.UNSENT, "no route to the server")


@pytest.fixture
def desk(desks: list[Desk]) -> Desk:
    desks.append(Desk())
    return desks[0]


# -- the catalogue -------------------------------------------------------------------------------------


def test_the_catalogue_is_read_at_the_start_told_and_remembered(desk: Desk) -> None:
    desk.lookups.start()
    assert desk.wait(CatalogueRead) == [CatalogueRead((ESPRESSO,), fresh=True)]
    wait_until(lambda: desk.memory.facts, what="it to be remembered")
    assert desk.memory.facts == [CatalogueSeen("shop", (ESPRESSO,))]
    assert desk.weather.reports == [("shop", True)]


def test_reload_reads_it_at_once(started: Desk) -> None:
    started.catalogue.catalogues = lambda: TerminalInfo((ESPRESSO, WATER))
    started.lookups.reload()
    assert started.wait(CatalogueRead, 2)[-1] == CatalogueRead((ESPRESSO, WATER), fresh=True)
    wait_until(
        lambda: not started.lookups._refresher._wanted.is_set(),
        what="the wish to be fulfilled: once, not for ever",
    )


def test_a_reload_during_a_read_is_another_read(desk: Desk) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slowly() -> TerminalInfo:
        entered.set()
        assert leave.wait(30)
        return TerminalInfo((ESPRESSO,))

    desk.catalogue.catalogues = slowly
    desk.lookups.start()
    assert entered.wait(30)
    desk.lookups.reload()
    leave.set()
    desk.wait(CatalogueRead, 2)


def test_a_catalogue_that_cannot_be_read_is_tried_again_and_again_more_and_more_rarely(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[TerminalInfo | Answer] = [AWAY] * 40
    answers += [TerminalInfo((ESPRESSO,)), AWAY, TerminalInfo((ESPRESSO,))]
    pauses = hurried(desk.lookups._refresher, len(answers))
    script = iter(answers)
    desk.catalogue.catalogues = lambda: next(script)
    with caplog.at_level(logging.INFO):
        desk.lookups.start()
        desk.wait(CatalogueRead, 2)
    assert AWAY.words in caplog.text
    first_s, longest_s = module._RETRY_S
    assert pauses.seconds[0] == 0.0
    assert first_s <= pauses.seconds[1] <= 2 * first_s
    assert max(pauses.seconds[1:41]) > 30, "it grows"
    assert max(pauses.seconds[1:41]) <= longest_s, "but not beyond reason"
    assert pauses.seconds[41] == module.REFRESH_S
    assert first_s <= pauses.seconds[42] <= 2 * first_s, "after a success it begins anew"


def test_an_adapter_that_raises_on_the_catalogue_is_asked_again(desk: Desk) -> None:
    hurried(desk.lookups._refresher, 2)
    answers = iter([TerminalInfo((ESPRESSO,))])

    def once() -> TerminalInfo:
        if desk.catalogue.reads == 1:
            raise ZeroDivisionError
        return next(answers)

    desk.catalogue.catalogues = once
    desk.lookups.start()
    desk.wait(CatalogueRead)


@pytest.mark.parametrize(
    ("outcome", "there"),
    [
        (Outcome.DENIED, True),
        (Outcome.REFUSED, True),
        (Outcome.BUSY, False),
        (Outcome.UNKNOWN, False),
        (Outcome.UNSENT, False),
    ],
)
def test_a_server_that_says_no_is_there_all_the_same(desk: Desk, *, outcome: Outcome, there: bool) -> None:
    desk.catalogue.catalogues = lambda: Answer(outcome, "no")
    desk.lookups.start()
    wait_until(lambda: desk.weather.reports, what="the report")
    assert desk.weather.reports == [("shop", there)]
    assert desk.inbox.events == ()


def test_products_that_are_refused_stay_and_a_person_is_told_until_they_are_read(desk: Desk) -> None:
    desk.catalogue.catalogues = lambda: Answer(Outcome.REFUSED, "the button map 5 is not there")
    desk.lookups._refresh()
    told = (
        "The products cannot be read anew from 'shop', and stay as they are: the button map 5 is not there",
    )
    assert desk.lookups.troubles == told
    desk.catalogue.catalogues = lambda: AWAY
    desk.lookups._refresh()
    assert desk.lookups.troubles == told
    assert desk.weather.denied == ["", ""]
    desk.catalogue.catalogues = lambda: TerminalInfo((ESPRESSO,))
    desk.lookups._refresh()
    assert desk.lookups.troubles == ()


def test_a_read_that_failed_unforeseen_is_told(desk: Desk) -> None:
    def fails() -> TerminalInfo:
        raise ZeroDivisionError

    desk.catalogue.catalogues = fails
    desk.lookups.start()
    wait_until(lambda: desk.lookups.troubles, what="the trouble")
    assert desk.lookups.troubles == (
        "The products could not be read anew, for a reason not foreseen: please report this.",
    )


@pytest.mark.parametrize(
    ("words", "told"), [("401: rolled", "401: rolled"), ("", "the server does not accept this terminal")]
)
def test_a_server_that_does_not_accept_the_terminal_is_reported_until_it_does(
    desk: Desk, words: str, told: str
) -> None:
    desk.wallet.balances = lambda: WalletReply(WalletAnswer.DENIED, words=words)
    desk.lookups._read_wallet(desk.wallet, UID, 700)
    desk.catalogue.catalogues = lambda: Answer(Outcome.DENIED, words, 401)
    assert desk.lookups._refresh() == Answer(Outcome.DENIED, words, 401)
    assert desk.weather.denied == [told, told]
    desk.wallet.balances = lambda: WalletReply(WalletAnswer.NOT_PAIRED, words="404")
    desk.lookups._read_wallet(desk.wallet, UID, 700)
    desk.catalogue.catalogues = lambda: TerminalInfo((ESPRESSO,))
    assert desk.lookups._refresh() == module.REFRESH_S
    assert desk.weather.denied[2:] == ["", ""]


# -- the end -------------------------------------------------------------------------------------------


def test_a_question_under_way_is_not_waited_for(desk: Desk) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hang() -> WalletReply:
        entered.set()
        assert leave.wait(60)
        return WalletReply(WalletAnswer.NO_ANSWER)

    desk.wallet.balances = hang
    desk.lookups.start()
    for _ in range(module._ASKERS + 2):
        desk.lookups.read_wallet(UID, 700)
    assert entered.wait(30)
    stopper = threading.Thread(target=desk.lookups.stop)
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()
    asked = len(desk.wallet.asked)
    hanging = [each for each in threading.enumerate() if each.name.startswith("lookup-")]
    assert all(each.daemon for each in hanging), "the process can end without them"
    leave.set()
    for thread in hanging:
        thread.join(30)
    assert len(desk.wallet.asked) <= max(asked, module._ASKERS), "what was not begun is not asked any more"


def test_a_question_after_the_end_harms_nothing(started: Desk) -> None:
    """The loop may outlive its look-ups for a moment."""
    started.lookups.stop()
    started.lookups.read_wallet(UID, 700)
    started.lookups.pair(UID, "1")
    assert started.inbox.of(WalletRemembered)
    assert started.wallet.asked == []


def test_stop_before_start(desk: Desk) -> None:
    desk.lookups.stop()
    assert desk.inbox.events == ()
