"""Questions to the server: what is remembered comes at once, and no server can hold up the next question."""

import logging
import threading

import pytest

from terminal.backends.protocol import WalletReply
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import CatalogueRead, PairingEnded, WalletAnswer, WalletRead, WalletRemembered
from terminal.core.facts import WalletSeen
from terminal.daemon import lookups as module
from terminal.journal.errors import JournalUnwritable
from tests.core.making import UID
from tests.daemon import lookups_making
from tests.daemon.lookups_making import CACHED, GIVEN, NOBODY, Desk, Server
from tests.support.waiting import wait_until

desks = lookups_making.desks

started = lookups_making.started


class Pairs(Server):
    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []
        self.answer = Answer(Outcome.DELIVERED, "paired")

    def pair(self, token: str, code: str, timeout_s: float) -> Answer:
        assert timeout_s > 0
        self.pairs.append((token, code))
        return self.answer


@pytest.fixture
def desk(desks: list[Desk]) -> Desk:
    desks.append(Desk())
    return desks[0]


# -- wallets -------------------------------------------------------------------------------------------


def test_what_is_remembered_comes_before_the_server_is_asked(desk: Desk) -> None:
    """Not started: nobody can ask, and yet it is there at once, in the caller's own thread."""
    desk.lookups.read_wallet(UID, 700)
    assert desk.inbox.events == (WalletRemembered(UID, CACHED, GIVEN),)
    assert desk.wallet.asked == []
    desk.lookups.start()
    desk.wait(WalletRead)
    events = [each for each in desk.inbox.events if not isinstance(each, CatalogueRead)]
    assert events == [WalletRemembered(UID, CACHED, GIVEN), WalletRead(UID, WalletAnswer.KNOWN, 1234)]


def test_the_servers_answer_is_told_reported_and_remembered(started: Desk) -> None:
    started.lookups.read_wallet(UID, 700)
    assert started.wait(WalletRead) == [WalletRead(UID, WalletAnswer.KNOWN, 1234)]
    assert started.wallet.asked == [(UID, 0.7)]
    wait_until(lambda: started.memory.facts, what="the balance to be remembered")
    assert started.memory.facts == [WalletSeen(UID, 1234)]
    assert started.weather.reports == [("main", True)]


@pytest.mark.parametrize(
    ("answer", "there"),
    [(WalletAnswer.NOT_PAIRED, True), (WalletAnswer.DENIED, True), (WalletAnswer.NO_ANSWER, False)],
)
def test_an_answer_without_a_balance_is_not_remembered(
    desk: Desk, *, answer: WalletAnswer, there: bool
) -> None:
    desk.wallet.balances = lambda: WalletReply(answer)
    desk.lookups._read_wallet(desk.wallet, UID, 700)
    assert desk.inbox.events == (WalletRead(UID, answer),)
    assert desk.weather.reports == [("main", there)]
    assert desk.memory.facts == []


def test_nobody_waits_for_a_server_that_is_known_to_be_away(desk: Desk) -> None:
    desk.weather.there = False
    desk.lookups.read_wallet(UID, 700)
    assert desk.inbox.events == (
        WalletRemembered(UID, CACHED, GIVEN),
        WalletRead(UID, WalletAnswer.NO_ANSWER),
    )
    assert desk.weather.reports == []
    desk.lookups.start()
    desk.lookups.pair(UID, "1")
    desk.wait(PairingEnded)
    assert desk.wallet.asked == []


def test_a_server_that_hangs_does_not_hold_up_the_next_customer(started: Desk) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hang() -> WalletReply:
        entered.set()
        assert leave.wait(30)
        return WalletReply(WalletAnswer.NO_ANSWER)

    started.wallet.balances = hang
    started.lookups.read_wallet(UID, 700)
    assert entered.wait(30)
    started.wallet.balances = lambda: WalletReply(WalletAnswer.KNOWN, 7)
    started.lookups.read_wallet(UID, 700)
    assert started.wait(WalletRead) == [WalletRead(UID, WalletAnswer.KNOWN, 7)]
    leave.set()
    started.wait(WalletRead, 2)


def test_an_adapter_that_raises_ends_no_thread(started: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The guest is not told anything by it: the core decides at its own deadline."""

    def fail() -> WalletReply:
        raise ZeroDivisionError

    started.wallet.balances = fail
    for _ in range(2 * module._ASKERS):
        started.lookups.read_wallet(UID, 700)
    wait_until(lambda: caplog.text.count("not foreseen") == 2 * module._ASKERS, what="the complaints")
    assert started.inbox.of(WalletRead) == []
    started.wallet.balances = lambda: WalletReply(WalletAnswer.KNOWN, 7)
    started.lookups.read_wallet(UID, 700)
    assert started.wait(WalletRead) == [WalletRead(UID, WalletAnswer.KNOWN, 7)]
    assert UID not in caplog.text


def test_a_cache_that_cannot_be_written_harms_nothing(started: Desk, caplog: pytest.LogCaptureFixture) -> None:
    started.memory.error = JournalUnwritable("The disk is full.")
    with caplog.at_level(logging.INFO):
        started.lookups.read_wallet(UID, 700)
        started.wait(WalletRead)
        wait_until(lambda: "not remembered: The disk is full." in caplog.text, what="the words")


# -- pairing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "paired"), [(Outcome.DELIVERED, True), (Outcome.REFUSED, False), (Outcome.UNKNOWN, False)]
)
def test_pairing(desks: list[Desk], *, outcome: Outcome, paired: bool) -> None:
    server = Pairs()
    server.answer = Answer(outcome, "the server's words")
    desks.append(desk := Desk(server))
    desk.lookups.start()
    desk.lookups.pair(UID, "12345678")
    assert desk.wait(PairingEnded) == [PairingEnded(UID, paired, "the server's words")]
    assert server.pairs == [(UID, "12345678")]


def test_a_server_that_cannot_pair(started: Desk) -> None:
    started.lookups.pair(UID, "12345678")
    assert started.wait(PairingEnded) == [
        PairingEnded(UID, paired=False, words="This server cannot pair tokens.")
    ]


def test_without_wallets_a_token_has_no_answer_and_cannot_be_paired(desks: list[Desk]) -> None:
    desks.append(desk := Desk(NOBODY))
    desk.lookups.read_wallet(UID, 700)
    assert desk.inbox.events == (
        WalletRemembered(UID, CACHED, GIVEN),
        WalletRead(UID, WalletAnswer.NO_ANSWER),
    )
    desk.lookups.start()
    desk.lookups.pair(UID, "12345678")
    (ended,) = desk.wait(PairingEnded)
    assert not ended.paired
    assert "roles.wallet" in ended.words
