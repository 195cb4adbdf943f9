"""Questions to the server: what is remembered comes at once, and no server can hold up the next question."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from terminal.backends.protocol import TerminalInfo, WalletReply
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import (
    CachedWallet,
    CatalogueRead,
    Exposure,
    PairingEnded,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import CatalogueSeen, Fact, WalletSeen
from terminal.core.stamp import Stamp
from terminal.daemon import lookups as module
from terminal.daemon.lookups import Lookups
from terminal.journal.errors import JournalUnwritable
from tests.core.making import ESPRESSO, START, UID, WATER
from tests.support.pauses import hurried
from tests.support.waiting import Inbox, wait_until

CACHED, GIVEN = CachedWallet(500, 60_000), Exposure(token_debits=250, total=250, count=1)
AWAY = Answer(Outcome.UNSENT, "no route to the server")


class Memory:
    """What the journal remembers."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.error: Exception | None = None

    def wallet(self, token: str, now: Stamp) -> CachedWallet | None:
        assert (token, now) == (UID, START)
        return CACHED

    def exposure(self, token: str, now: Stamp) -> Exposure:
        assert (token, now) == (UID, START)
        return GIVEN

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        assert not urgent, "a cache waits for customers"
        assert not durable, "a cache costs no sync"
        if self.error:
            raise self.error
        self.facts += facts


class Weather:
    def __init__(self) -> None:
        self.there = True
        self.reports: list[tuple[str, bool]] = []
        self.denied: list[str] = []

    def available(self, backend: str) -> bool:
        assert backend == "main"
        return self.there

    def report(self, backend: str, *, ok: bool, denied: str = "") -> None:
        self.reports.append((backend, ok))
        self.denied.append(denied)


class Server:
    """A wallet server without pairing; *balances* and *catalogues* are asked for its answers."""

    def __init__(self, name: str = "main") -> None:
        self.name = name
        self.asked: list[tuple[str, float]] = []
        self.reads = 0
        self.balances: Callable[[], WalletReply] = lambda: WalletReply(WalletAnswer.KNOWN, 1234)
        self.catalogues: Callable[[], TerminalInfo | Answer] = lambda: TerminalInfo((ESPRESSO,))

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        self.asked.append((token, timeout_s))
        return self.balances()

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        assert timeout_s > 0
        self.reads += 1
        return self.catalogues()


class Pairs(Server):
    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []
        self.answer = Answer(Outcome.DELIVERED, "paired")

    def pair(self, token: str, code: str, timeout_s: float) -> Answer:
        assert timeout_s > 0
        self.pairs.append((token, code))
        return self.answer


NOBODY: Any = object()


class Desk:
    def __init__(self, wallet: Any = None, catalogue: Any = None) -> None:
        self.wallet: Any = None if wallet is NOBODY else wallet or Server()
        self.catalogue = catalogue or Server("shop")
        self.memory = Memory()
        self.weather = Weather()
        self.inbox = Inbox()
        self.lookups = Lookups(
            wallet=self.wallet,
            catalogue=self.catalogue,
            journal=self.memory,
            weather=self.weather,
            now=lambda: START,
            post=self.inbox.put,
        )

    def wait(self, kind: type, count: int = 1) -> list[Any]:
        self.inbox.wait(
            lambda events: sum(isinstance(each, kind) for each in events) >= count, what=kind.__name__
        )
        return self.inbox.of(kind)


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    """Every desk in it is stopped, and leaves no thread."""
    made: list[Desk] = []
    yield made
    for desk in made:
        desk.lookups.stop()
    mine = ("lookup-", "catalogue")
    wait_until(
        lambda: not any(each.name.startswith(mine) for each in threading.enumerate()), what="threads to end"
    )


@pytest.fixture
def desk(desks: list[Desk]) -> Desk:
    desks.append(Desk())
    return desks[0]


@pytest.fixture
def started(desk: Desk) -> Desk:
    desk.lookups.start()
    desk.wait(CatalogueRead)
    wait_until(lambda: desk.memory.facts, what="the catalogue to be remembered")
    desk.memory.facts.clear()
    desk.weather.reports.clear()
    return desk


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
