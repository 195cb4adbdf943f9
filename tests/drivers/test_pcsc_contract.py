"""The contract of readers on a real pcscd with virtual readers: one alone, then two of them at once."""

import itertools
from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.contract import Emit
from drivers.device import Pace
from drivers.readers.pcsc import PcscOptions, PcscReader
from drivers.readers.pcsc_port import PcscError, PcscPort
from terminal.core.events import Health, TokenPresented, TokenRemoved
from tests.drivers.reader_contract import NAME, ReaderBench, ReaderContract, Story
from tests.support.pcscd import OWN_SOCKET, PcscDaemon
from tests.support.virtual_card import VirtualCard
from tests.support.waiting import Inbox, wait_until

FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
ENDLESS_S, SHORT_S = 600.0, 0.3


class QuickReader(PcscReader):
    """The same, less patient between two tries to reopen; it gives up no card, however slow this machine is."""

    pace = Pace(first_s=0.02, last_s=0.1)
    settle_s = ENDLESS_S


def can_read(reader: str, uid: str) -> bool:
    """Whether another program finds *uid* on *reader*."""
    try:
        with closing(PcscPort()) as port, port.card(reader) as card:
            return card.transmit(bytes.fromhex("FFCA000000"))[:-2].hex().upper() == uid
    except PcscError:
        return False


class PcscBench(ReaderBench):
    """A pcscd, and a card on its first reader.

    It is lost in three ways, in turns: killed, stopped by systemd, and with its readers unplugged.
    """

    storms = 6

    def __init__(self) -> None:
        super().__init__()
        self.daemon = PcscDaemon(OWN_SOCKET)
        self.daemon.start()
        self._losses = itertools.cycle([self.daemon.kill, self.daemon.stop, self._unplug])
        self._runs = True
        self._card: VirtualCard | None = None
        self._uid = ""

    def make(self, emit: Emit) -> QuickReader:
        return QuickReader(NAME, PcscOptions(), emit)

    def put(self, uid: str) -> None:
        self._card, self._uid = VirtualCard(self.daemon.port, uid).insert(waits=self._runs), uid
        if self.device.condition.health is Health.STARTING and self._runs:
            self.dwell()  # it really lies there before the reader is opened

    def take(self) -> None:
        assert self._card is not None
        self._card.remove()
        self._card, self._uid = None, ""

    def dwell(self) -> None:
        if self._runs:
            for _ in range(2):
                wait_until(lambda: can_read(FIRST, self._uid), what="another program to read the card")

    def lose(self) -> None:
        self._runs = False
        next(self._losses)()

    def bring_back(self) -> None:
        # A card that lies there is waited for without end; that there is none can only be told after a while.
        self.device.settle_s = ENDLESS_S if self._uid else SHORT_S  # type: ignore[misc]
        self.daemon.stop()  # the one without readers
        self.daemon.start()
        self._runs = True

    def clear(self) -> None:
        if self._card is not None:
            self._card.remove()
        self.daemon.close()

    def _unplug(self) -> None:
        self.daemon.restart(readers=False)


class TestPcscReader(ReaderContract):
    @pytest.fixture
    def bench(self) -> Iterator[PcscBench]:
        with closing(PcscBench()) as bench:
            yield bench


# -- several at once ---------------------------------------------------------------------------------------


class Two:
    """Two devices in one terminal, on the two readers of one pcscd, and what they should have told."""

    def __init__(self, *parts: str) -> None:
        self.daemon = PcscDaemon(OWN_SOCKET)
        self.inbox = Inbox()
        self.readers = [
            QuickReader(f"reader {number}", PcscOptions(reader=part), self.inbox.put)
            for number, part in enumerate(parts)
        ]
        self.cards: list[VirtualCard | None] = [None] * len(parts)
        self.expected: list[list[object]] = [[] for _ in parts]

    def start(self) -> None:
        for reader in self.readers:
            reader.start()
        self.wait_open()

    def wait_open(self) -> None:
        wait_until(lambda: all(reader.condition.health is Health.OK for reader in self.readers), what="both")

    def serves(self) -> list[str]:
        return [reader.condition.words for reader in self.readers]

    def swap(self, number: int, uid: str) -> None:
        """Swap what lies on reader *number*; nothing is waited for."""
        card = self.cards[number]
        if card is not None:
            card.remove()
            self.expected[number].append(TokenRemoved(f"reader {number}"))
        slot = self.serves()[number]
        port = self.daemon.port + (slot == SECOND)
        self.cards[number] = VirtualCard(port, uid).insert()
        self.expected[number].append(TokenPresented(f"reader {number}", uid))

    def told(self, number: int) -> list[object]:
        name = f"reader {number}"
        return [event for event in self.inbox.of(TokenPresented, TokenRemoved) if event.reader == name]

    def expect(self) -> None:
        for number, expected in enumerate(self.expected):
            self.inbox.wait(
                lambda _, number=number, expected=expected: len(self.told(number)) >= len(expected),  # type: ignore[misc]
                timeout=60,
                what=f"{expected} of reader {number}",
            )
            assert self.told(number) == expected

    def close(self) -> None:
        for reader in self.readers:
            reader.stop()
        for card in self.cards:
            if card is not None:
                card.remove()
        self.daemon.close()


@pytest.fixture
def two(request: pytest.FixtureRequest) -> Iterator[Two]:
    with closing(Two(*request.param)) as two:
        two.daemon.start()
        yield two


BY_SLOT = pytest.mark.parametrize("two", [("PCD 00 00", "PCD 00 01")], indirect=True)


@BY_SLOT
def test_two_readers_at_once_each_tell_their_own_cards_over_restarts(two: Two) -> None:
    two.start()
    assert two.serves() == [FIRST, SECOND]
    numbers = itertools.count(1)
    for end in (None, two.daemon.kill, two.daemon.stop, None):
        for _ in range(4):
            for number in (0, 1):
                two.swap(number, f"04{next(numbers):012X}")
            two.expect()
        if end is not None:
            end()
            wait_until(
                lambda: all(reader.condition.health is Health.MISSING for reader in two.readers),
                timeout=60,
                what="both to be missing",
            )
            two.daemon.stop()
            two.daemon.start()
            two.wait_open()
            assert two.serves() == [FIRST, SECOND]
    two.expect()


@pytest.mark.parametrize("two", [("", ""), ("Virtual", "Virtual")], indirect=True)
def test_two_devices_that_name_the_same_readers_take_one_each_and_keep_it(two: Two) -> None:
    two.start()
    before = two.serves()
    assert sorted(before) == [FIRST, SECOND]
    for _ in range(3):
        two.daemon.kill()
        wait_until(
            lambda: all(reader.condition.health is Health.MISSING for reader in two.readers),
            timeout=60,
            what="both to be missing",
        )
        two.daemon.stop()
        two.daemon.start()
        two.wait_open()
        assert two.serves() == before


@pytest.mark.parametrize("two", [("", "PCD 00 00")], indirect=True)
def test_the_closer_name_comes_first_whoever_was_started_first(two: Two) -> None:
    two.start()
    assert two.serves() == [SECOND, FIRST]


@pytest.mark.parametrize("two", [("PCD 00 01", "PCD 00 01")], indirect=True)
def test_two_devices_for_one_reader_are_told_who_has_it(two: Two) -> None:
    first, second = two.readers
    first.start()
    wait_until(lambda: first.condition.health is Health.OK, what="the first")
    second.start()
    wait_until(lambda: second.condition.health is Health.MISSING, what="the second")
    assert "'Virtual PCD 00 01' by 'reader 0'" in second.condition.words
    assert "`reader` of its own" in second.condition.words
    assert two.serves()[0] == SECOND
    first.stop()
    wait_until(lambda: second.condition.health is Health.OK, what="the reader to be free")


@BY_SLOT
def test_one_device_that_ends_does_not_disturb_the_other(two: Two) -> None:
    two.start()
    two.swap(1, "0455667788AABB")
    two.expect()
    two.readers[0].stop()
    two.swap(1, "04A1B2C3D4E5F6")
    two.expect()


def test_a_storm_that_never_lets_it_come_to_rest_leaves_nothing_wrong_behind() -> None:
    """Kills, stops and unplugging one after the other, faster than it is missed; cards swapped in between."""
    with closing(PcscBench()) as bench:
        bench.start()
        story = Story(bench)
        story.put(bench.cards[0])
        for round_ in range(12):
            bench.lose()
            if round_ % 3 == 2:
                story.elsewhere(bench.cards[round_ % 2])
            bench.bring_back()
            if round_ % 3 == 2:
                story.expect()
        bench.dwell()
        story.expect()
        story.swap(bench.cards[2])
