"""The PC/SC reader on a real pcscd with a virtual reader: cards, bad cards, a service that comes and goes."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from drivers.device import Pace
from drivers.readers import pcsc_port
from drivers.readers.apdu import HOLD_AGAIN
from drivers.readers.pcsc import PcscOptions, PcscReader
from drivers.readers.pcsc_port import CARD_GONE, CARD_TROUBLE, PRESENT, Link, PcscError, PcscPort, ReaderLost
from terminal.core.events import DeviceChanged, Health, TokenPresented, TokenRemoved, TokenUnreadable
from tests.support.pcscd import OWN_SOCKET, PcscDaemon
from tests.support.virtual_card import ATR, VirtualCard
from tests.support.waiting import Inbox, wait_until

NAME = "front reader"
FOUR, SEVEN, TEN = "A1B2C3D4", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"
OTHER = "0455667788AABB"


class QuickReader(PcscReader):
    """The same, less patient between two tries to reopen."""

    pace = Pace(first_s=0.05, last_s=0.2)
    settle_s = 0.5


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


def presented(uid: str) -> TokenPresented:
    return TokenPresented(NAME, uid)


def lying(uid: str) -> TokenPresented:
    return TokenPresented(NAME, uid, lying=True)


REMOVED = TokenRemoved(NAME)


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


# -- what no virtual reader can do: a scripted service ----------------------------------------------------


class Scripted(PcscPort):
    """A service that does as told: each call takes the next step of its script, an error or an answer.

    A script that is used up means that nothing more happens. ``answer``: what the card says to an APDU, in hex.
    """

    steps: dict[str, list[object]]

    def __init__(self) -> None:
        self._over = threading.Event()
        self._take("open")

    def _take(self, call: str, usual: object = None) -> object:
        steps = type(self).steps.get(call, [])
        step = steps.pop(0) if steps else usual
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        pass

    def end(self) -> None:
        self._over.set()

    def readers(self) -> list[str]:
        return list(self._take("readers", ["Scripted"]))  # type: ignore[call-overload]

    def wait(self, reader: str, state: int, timeout_ms: int) -> int:
        if timeout_ms == 0:  # a look between
            return int(self._take("peek", state))  # type: ignore[call-overload]
        step = self._take("wait")
        if step is None:
            self._over.wait(timeout_ms / 1000)
        return int(step or state or EMPTY)  # type: ignore[call-overload]

    def wait_for_readers(self, timeout_ms: int) -> list[str]:
        self._take("plugged")
        return self.readers()

    @contextmanager
    def card(self, reader: str) -> Iterator[Link]:
        def transmit(apdu: bytes) -> bytes:
            answer = self._take("answer")
            assert isinstance(answer, str), "asked once more than expected"
            return bytes.fromhex(answer)

        self._take("card")
        yield Link(transmit, ATR)


EMPTY = 0x10


def there(events: int) -> int:
    """A card lies there, and so many came or went before."""
    return events << 16 | PRESENT


def scripted(**steps: list[object]) -> tuple[PcscReader, Inbox]:
    class Port(Scripted):
        pass

    Port.steps = steps

    class Reader(QuickReader):
        port_class = Port

    inbox = Inbox()
    return Reader(NAME, PcscOptions(), inbox.put), inbox


def denied() -> PcscError:
    port = object.__new__(PcscPort)
    with pytest.raises(PcscError) as caught:
        port._check(0x8010006A - (1 << 32))  # as a 32-bit machine returns it
    return caught.value


def run_until(reader: PcscReader, inbox: Inbox, *healths: Health) -> list[DeviceChanged]:
    reader.start()
    try:
        inbox.wait(lambda _: [c.health for c in inbox.of(DeviceChanged)][-len(healths) :] == list(healths))
    finally:
        reader.stop()
    return inbox.of(DeviceChanged)


def test_a_service_that_refuses_the_user_names_the_rule() -> None:
    reader, inbox = scripted(open=[denied(), denied()])
    failed, _ = run_until(reader, inbox, Health.FAILED, Health.OK)
    assert "org.debian.pcsc-lite.access_pcsc" in failed.words


def test_one_refusal_alone_may_be_a_daemon_on_its_way_out() -> None:
    reader, inbox = scripted(open=[denied()])
    assert [change.health for change in run_until(reader, inbox, Health.OK)] == [Health.OK]


def test_a_reader_that_is_plugged_in_is_found_without_asking_again_and_again() -> None:
    reader, inbox = scripted(readers=[[], [], [], [], ["Scripted"]], plugged=[None])
    missing, ok = run_until(reader, inbox, Health.MISSING, Health.OK)
    assert "is it plugged in?" in missing.words
    assert ok.words == "Scripted"


def test_a_reader_pulled_out_is_lost_and_found_again() -> None:
    lost = ReaderLost(0x80100009, "the reader 'Scripted' was unplugged")
    reader, inbox = scripted(wait=[EMPTY, lost], readers=[["Scripted"], [], [], [], [], ["Scripted"]])
    changes = run_until(reader, inbox, Health.OK, Health.MISSING, Health.OK)
    assert [change.health for change in changes] == [Health.OK, Health.MISSING, Health.OK]


def test_the_module_that_seizes_readers_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.setattr(pcsc_port, "_SEIZER", tmp_path)
    reader, inbox = scripted(readers=[[]] * 5)
    missing = run_until(reader, inbox, Health.MISSING, Health.OK)[0]
    assert "blacklist pn533_usb" in missing.words


def tokens_of(*tokens: object, **steps: list[object]) -> None:
    """Run the script *steps*; exactly *tokens* come, then nothing more."""
    reader, inbox = scripted(**steps)
    reader.start()
    kinds = (TokenPresented, TokenRemoved, TokenUnreadable)
    try:
        inbox.wait(
            lambda _: len(inbox.of(*kinds)) >= len(tokens) and not any(steps.values()), what="the script"
        )
    finally:
        reader.stop()
    assert inbox.of(*kinds) == list(tokens)


def test_a_swap_between_two_looks_is_seen_by_the_event_counter() -> None:
    tokens_of(
        lying(SEVEN),
        REMOVED,
        presented(OTHER),
        wait=[there(1), there(3)],
        answer=[SEVEN + "9000", OTHER + "9000"],
    )


def test_a_swap_just_before_it_is_read_is_not_read_under_the_number_of_the_other() -> None:
    tokens_of(
        presented(OTHER),
        wait=[EMPTY, there(1), there(3)],
        peek=[there(3)],
        answer=[OTHER + "9000"],
    )


def test_what_the_service_found_at_its_own_start_was_not_presented() -> None:
    tokens_of(lying(SEVEN), wait=[EMPTY, there(0)], answer=[SEVEN + "9000"])


def test_a_change_of_state_that_is_no_card_is_not_read_again() -> None:
    in_use = there(1) | 0x100
    tokens_of(lying(SEVEN), wait=[there(1), in_use, there(1), in_use], answer=[SEVEN + "9000"])


@pytest.mark.parametrize("code", sorted(CARD_GONE))
def test_a_card_gone_before_it_could_be_read_is_no_event(code: int) -> None:
    tokens_of(
        presented(OTHER),
        wait=[there(1), EMPTY | 2 << 16, there(3)],
        card=[PcscError(code, "gone")],
        answer=[OTHER + "9000"],
    )


@pytest.mark.parametrize("code", sorted(CARD_TROUBLE))
def test_a_card_in_trouble_that_then_goes_is_no_event(code: int) -> None:
    gone = EMPTY | 2 << 16
    tokens_of(
        presented(OTHER),
        # The move is seen while the next try is waited for, and once more by who handles it.
        wait=[there(1), gone, gone, there(3)],
        card=[PcscError(code, "trouble")],
        answer=[OTHER + "9000"],
    )


def test_a_card_in_trouble_that_stays_is_told() -> None:
    trouble = PcscError(0x80100066, "unresponsive")
    tokens_of(TokenUnreadable(NAME, HOLD_AGAIN), wait=[there(1)], card=[trouble] * 4)


def test_a_reader_lost_while_it_reads_reads_the_card_when_it_is_back() -> None:
    lost = PcscError(0x80100017, "the reader was unplugged")
    tokens_of(lying(SEVEN), wait=[there(1), there(1)], card=[lost], answer=[SEVEN + "9000"])


def test_only_what_lay_there_at_the_first_opening_was_not_presented() -> None:
    lost = ReaderLost(0x80100009, "the reader 'Scripted' was unplugged")
    tokens_of(presented(SEVEN), wait=[EMPTY, lost, there(2)], answer=[SEVEN + "9000"])


# -- helpers -------------------------------------------------------------------------------------------


def can_read(uid: str) -> bool:
    try:
        with closing(PcscPort()) as port, port.card("Virtual PCD 00 00") as card:
            return card.transmit(bytes.fromhex("FFCA000000"))[:-2].hex().upper() == uid
    except PcscError:
        return False
