"""The PC/SC reader on a real pcscd with a virtual reader: cards, bad cards, a service that comes and goes."""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.readers.pcsc import PcscOptions, PcscReader
from drivers.readers.pcsc_port import PcscError, PcscPort
from terminal.core.events import DeviceChanged, Health, TokenPresented, TokenRemoved, TokenUnreadable
from tests.drivers.pcsc_making import FOUR, NAME, OTHER, REMOVED, SEVEN, TEN, QuickReader, presented
from tests.support.pcscd import OWN_SOCKET, PcscDaemon
from tests.support.virtual_card import VirtualCard
from tests.support.waiting import Inbox, wait_until


class PatientReader(QuickReader):
    """Never gives up a card that lay there, however slow this machine is."""

    settle_s = 600


class Bench:
    """A reader under test and what it emits."""

    def __init__(self, reader: str = "", kind: type[PcscReader] = QuickReader) -> None:
        self.inbox = Inbox()
        self.reader = kind(NAME, PcscOptions(reader=reader), self.inbox.put)

    def start(self) -> None:
        self.reader.start()

    def tokens(self) -> list[object]:
        return self.inbox.of(TokenPresented, TokenRemoved, TokenUnreadable)

    def expect(self, *tokens: object) -> None:
        """Wait until these came, and nothing else of tokens before or between."""
        self.inbox.wait(lambda _: len(self.tokens()) >= len(tokens), what=f"{tokens}")
        assert self.tokens() == list(tokens)

    def expect_health(self, health: Health, words: str = "") -> DeviceChanged:
        def last(_: object) -> DeviceChanged | None:
            changes = self.inbox.of(DeviceChanged)
            return (
                changes[-1] if changes and changes[-1].health is health and words in changes[-1].words else None
            )

        return self.inbox.wait(last, timeout=60, what=f"{health}, {words!r}")


@pytest.fixture
def daemon() -> Iterator[PcscDaemon]:
    """A pcscd that does not run yet, where this process looks for it."""
    daemon = PcscDaemon(OWN_SOCKET)
    yield daemon
    daemon.close()


@pytest.fixture
def bench(daemon: PcscDaemon) -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.reader.stop()


@pytest.fixture
def open_bench(daemon: PcscDaemon, bench: Bench) -> Bench:
    daemon.start()
    bench.start()
    bench.expect_health(Health.OK, "Virtual PCD 00 00")
    return bench


# -- cards ---------------------------------------------------------------------------------------------


def test_uids_of_every_size_are_read_once_and_go_once(daemon: PcscDaemon, open_bench: Bench) -> None:
    told: list[object] = []
    for uid in (FOUR, SEVEN, TEN):
        with VirtualCard(daemon.port, uid):
            told.append(presented(uid))
            open_bench.expect(*told)
        told.append(REMOVED)
        open_bench.expect(*told)


def test_cards_that_follow_at_once_are_told_apart_though_their_atr_is_the_same(
    daemon: PcscDaemon, open_bench: Bench
) -> None:
    first, second = VirtualCard(daemon.port, SEVEN), VirtualCard(daemon.port, OTHER)
    with first:
        open_bench.expect(presented(SEVEN))
        first.remove()
        with second:
            open_bench.expect(presented(SEVEN), REMOVED, presented(OTHER))
    open_bench.expect(presented(SEVEN), REMOVED, presented(OTHER), REMOVED)


def test_a_card_lifted_and_put_back_at_once_is_told_as_such(daemon: PcscDaemon, open_bench: Bench) -> None:
    card = VirtualCard(daemon.port, SEVEN)
    with card:
        open_bench.expect(presented(SEVEN))
        card.remove()
        card.insert()
        open_bench.expect(presented(SEVEN), REMOVED, presented(SEVEN))


def test_a_card_that_lies_there_at_the_start_is_read(daemon: PcscDaemon, bench: Bench) -> None:
    daemon.start()
    with VirtualCard(daemon.port, SEVEN):
        bench.start()
        bench.expect(presented(SEVEN))


def test_a_card_left_on_the_reader_is_one_event(daemon: PcscDaemon, open_bench: Bench) -> None:
    with VirtualCard(daemon.port, SEVEN):
        open_bench.expect(presented(SEVEN))
        # Another program uses the same card: its state changes, but no card came or went.
        for _ in range(3):
            with closing(PcscPort()) as port, port.card("Virtual PCD 00 00") as card:
                assert card.transmit(bytes.fromhex("FFCA000000"))[:-2].hex().upper() == SEVEN
    open_bench.expect(presented(SEVEN), REMOVED)


def test_a_reader_that_demands_the_exact_length_gets_it(daemon: PcscDaemon, open_bench: Bench) -> None:
    with VirtualCard(daemon.port, SEVEN, exact=True):
        open_bench.expect(presented(SEVEN))


def test_a_card_that_fails_at_first_is_asked_again(daemon: PcscDaemon, open_bench: Bench) -> None:
    with VirtualCard(daemon.port, SEVEN, answers=["6300", "6300"]):
        open_bench.expect(presented(SEVEN))


@pytest.mark.parametrize(
    ("uid", "answers", "words"),
    [
        ("08112233", [], "another number each time"),
        ("88041122", [], "not read to the end"),
        ("01020304", [], "shares with others"),
        ("00000000", [], "no number of its own"),
        ("0411223344", [], "cannot be used here"),
        (SEVEN, ["6A81", "*"], "cannot be used here"),
        (SEVEN, ["6300", "*"], "hold it on the reader again"),
    ],
)
def test_what_is_no_token_is_told_in_words_and_goes_again(
    daemon: PcscDaemon, open_bench: Bench, uid: str, answers: list[str], words: str
) -> None:
    with VirtualCard(daemon.port, uid, answers):
        open_bench.inbox.wait(lambda _: open_bench.tokens(), what="the refusal")
    (told,) = open_bench.tokens()[:1]
    assert isinstance(told, TokenUnreadable)
    assert words in told.words
    open_bench.expect(told, REMOVED)


def test_a_card_taken_away_while_it_is_read_is_no_event(daemon: PcscDaemon, open_bench: Bench) -> None:
    hasty = VirtualCard(daemon.port, SEVEN, vanish=True).insert()
    hasty.wait_gone()
    with VirtualCard(daemon.port, OTHER):
        open_bench.expect(presented(OTHER))


def test_the_second_reader_is_chosen_by_its_name(daemon: PcscDaemon) -> None:
    bench = Bench(reader="PCD 00 01")
    daemon.start()
    bench.start()
    try:
        bench.expect_health(Health.OK, "Virtual PCD 00 01")
        with VirtualCard(daemon.port, FOUR), VirtualCard(daemon.port + 1, SEVEN):
            bench.expect(presented(SEVEN))
    finally:
        bench.reader.stop()


# -- the service comes and goes ------------------------------------------------------------------------


def test_it_goes_on_by_itself_after_the_service_was_killed(daemon: PcscDaemon, open_bench: Bench) -> None:
    with VirtualCard(daemon.port, SEVEN):
        open_bench.expect(presented(SEVEN))
    open_bench.expect(presented(SEVEN), REMOVED)
    daemon.kill()
    open_bench.expect_health(Health.MISSING, "is pcscd running? (systemctl status pcscd.socket)")
    daemon.start()
    open_bench.expect_health(Health.OK)
    with VirtualCard(daemon.port, OTHER):
        open_bench.expect(presented(SEVEN), REMOVED, presented(OTHER))


def test_a_card_left_over_a_restart_is_the_same_tap(daemon: PcscDaemon) -> None:
    bench = Bench(kind=PatientReader)
    daemon.start()
    bench.start()
    try:
        with VirtualCard(daemon.port, SEVEN):
            bench.expect(presented(SEVEN))
            daemon.kill()
            bench.expect_health(Health.MISSING)
            daemon.start()
            bench.expect_health(Health.OK)
            # It is known to lie there again when another program can read it.
            wait_until(lambda: can_read(SEVEN), what="the card to be found again")
        with VirtualCard(daemon.port, OTHER):
            bench.expect(presented(SEVEN), REMOVED, presented(OTHER))
    finally:
        bench.reader.stop()


def test_a_card_taken_away_while_the_service_was_gone_is_told_when_it_is_back(
    daemon: PcscDaemon, open_bench: Bench
) -> None:
    with VirtualCard(daemon.port, SEVEN):
        open_bench.expect(presented(SEVEN))
        daemon.kill()
        open_bench.expect_health(Health.MISSING)
    open_bench.expect(presented(SEVEN))
    daemon.start()
    open_bench.expect(presented(SEVEN), REMOVED)


def test_a_card_changed_while_the_service_was_gone_is_a_new_tap(daemon: PcscDaemon, open_bench: Bench) -> None:
    with VirtualCard(daemon.port, SEVEN):
        open_bench.expect(presented(SEVEN))
        daemon.kill()
        open_bench.expect_health(Health.MISSING)
    daemon.start()
    with VirtualCard(daemon.port, OTHER):
        open_bench.expect(presented(SEVEN), REMOVED, presented(OTHER))


def test_a_service_started_later_is_found(daemon: PcscDaemon, bench: Bench) -> None:
    bench.start()
    bench.expect_health(Health.MISSING, "is pcscd running?")
    daemon.start()
    bench.expect_health(Health.OK)
    with VirtualCard(daemon.port, SEVEN):
        bench.expect(presented(SEVEN))
    assert [change.health for change in bench.inbox.of(DeviceChanged)] == [Health.MISSING, Health.OK]


def test_a_reader_that_is_not_plugged_in_is_missing_until_it_is(daemon: PcscDaemon, bench: Bench) -> None:
    daemon.start(readers=False)
    bench.start()
    bench.expect_health(Health.MISSING, "has no reader: is it plugged in?")
    daemon.restart()
    bench.expect_health(Health.OK)


def test_a_name_that_fits_no_reader_tells_which_there_are(daemon: PcscDaemon) -> None:
    bench = Bench(reader="ACR122U")
    daemon.start()
    bench.start()
    try:
        bench.expect_health(Health.MISSING, "'ACR122U'")
        words = bench.reader.condition.words
        assert "there are: 'Virtual PCD 00 00', 'Virtual PCD 00 01'" in words
    finally:
        bench.reader.stop()


# -- its end, and its secrets --------------------------------------------------------------------------


@pytest.mark.parametrize("card", [False, True])
def test_stop_ends_the_wait_and_the_thread(daemon: PcscDaemon, open_bench: Bench, *, card: bool) -> None:
    held = VirtualCard(daemon.port, SEVEN)
    if card:
        held.insert()
        open_bench.expect(presented(SEVEN))
    open_bench.reader.stop()
    thread = open_bench.reader._thread
    assert thread is not None
    assert not thread.is_alive()
    held.remove()
    assert REMOVED not in open_bench.tokens()  # nobody looks any more


def test_stop_before_it_was_ever_open_ends_too(bench: Bench) -> None:
    bench.start()
    bench.reader.stop()
    thread = bench.reader._thread
    assert thread is not None
    assert not thread.is_alive()


def test_no_uid_is_logged_or_shown(daemon: PcscDaemon, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    daemon.start()
    bench.start()
    with VirtualCard(daemon.port, SEVEN):
        bench.expect(presented(SEVEN))
        daemon.kill()
        bench.expect_health(Health.MISSING)
    daemon.start()
    with VirtualCard(daemon.port, "08112233"):
        bench.inbox.wait(lambda _: bench.inbox.of(TokenUnreadable), what="the refusal")
    shown = caplog.text + repr(bench.inbox.of(DeviceChanged, TokenUnreadable))
    assert "was not read" in shown
    for secret in (SEVEN, "08112233"):
        assert secret.lower() not in shown.lower()


def can_read(uid: str) -> bool:
    try:
        with closing(PcscPort()) as port, port.card("Virtual PCD 00 00") as card:
            return card.transmit(bytes.fromhex("FFCA000000"))[:-2].hex().upper() == uid
    except PcscError:
        return False
