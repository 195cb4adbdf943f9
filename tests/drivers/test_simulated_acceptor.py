"""The simulated acceptor: what it refuses, how it counts, and that nothing it took is lost or told twice."""

import json
import random

import msgspec
import pytest

from drivers.coins.simulated import SimulatedAcceptor, SimulatedAcceptorOptions
from drivers.coins.simulated_memory import CYCLE, KEPT, Count, Happening, Memory, Reached, news, parse
from drivers.device import DeviceFault, Pace
from drivers.simulated import SimulatedDevice
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, DeviceMarked, Health, Place
from tests.support.waiting import Inbox, wait_until

LIFE = "0123abcd"


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(SimulatedDevice, "pace", Pace(first_s=0.001, last_s=0.01))


class House:
    """An acceptor that lives on while the processes that drive it come and go."""

    def __init__(self, tmp_path):
        self.options = SimulatedAcceptorOptions(
            counts=True, memory=str(tmp_path / "memory"), record=str(tmp_path / "record"), tube_coins=(50,)
        )
        self.record = tmp_path / "record"
        self.memory = tmp_path / "memory"
        self.mark = ""
        self.inbox = Inbox()
        self.device = None

    def start(self, emit=None):
        """Start a process that resumes at the last mark that its predecessor wrote down."""
        self.inbox = Inbox()
        self.device = SimulatedAcceptor("slot", self.options, emit or self.inbox.put)
        self.device.resume(self.mark)
        self.device.start()
        wait_until(lambda: self.device.condition.health is Health.OK)
        self.device.accept(100_000)

    def commit(self):
        """Write down what was told so far."""
        told = self.told()
        self.mark = told[-1].mark if told else self.mark
        return told

    def told(self):
        return self.inbox.of(CoinInserted, CoinUnrecognised, DeviceMarked)

    def stop(self):
        if self.device is not None:
            self.device.stop()


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def make(inbox, running):
    def build(**options):
        device = running(SimulatedAcceptor("slot", SimulatedAcceptorOptions(**options), inbox.put))
        wait_until(lambda: device.condition.health is Health.OK)
        return device

    return build


# -- what it takes -----------------------------------------------------------------------------------------


def test_a_coin_that_must_fit_falls_through_where_it_does_not(make, inbox):
    slot = make(fits=True)
    slot.accept(120)
    with pytest.raises(ValueError, match="takes 120 cents at most"):
        slot.coin(200)
    slot.coin(100)
    with pytest.raises(ValueError, match="takes 20 cents at most"):
        slot.coin(50)
    slot.coin(20)
    assert [coin.amount for coin in inbox.of(CoinInserted)] == [100, 20]
    assert slot.inhibited


def test_coins_of_a_tube_go_there(make, inbox):
    slot = make(tube_coins=(10, 50))
    slot.accept(500)
    slot.coin(50)
    slot.coin(100)
    assert inbox.of(CoinInserted) == [CoinInserted("slot", 50, place=Place.TUBE), CoinInserted("slot", 100)]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"tube_coins": [30]}, "none of its coins"), ({"memory": "/x"}, "counts"), ({"coins": []}, "length")],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, SimulatedAcceptorOptions)


def test_one_that_does_not_count_has_no_marks_and_no_such_hands(make, inbox):
    slot = make()
    slot.resume("simulated 00000000 7")
    slot.accept(500)
    slot.coin(50)
    slot.unknown(3)
    assert inbox.of(CoinInserted) == [CoinInserted("slot", 50)]
    assert [event.mark for event in inbox.of(CoinUnrecognised)] == [""]
    assert not inbox.of(DeviceMarked)
    assert set(slot.hands) == {"coin", "unknown", "unplug", "plug"}


# -- what it counts ----------------------------------------------------------------------------------------


def test_each_event_has_its_number_and_its_mark(house):
    house.start()
    house.device.hands["coin"](50)
    house.device.hands["reject"]()
    house.device.hands["fraud"]()
    house.device.hands["unknown"](3)
    house.device.hands["coin"](100)
    begun, coin, reject, fraud, unknown, last = house.told()
    life = parse(begun.mark).life
    marks = [event.mark for event in house.told()]
    assert marks == [f"simulated {life} {number}" for number in range(6)]
    assert (coin.amount, coin.counter, coin.place) == (50, 1, Place.TUBE)
    assert isinstance(reject, DeviceMarked)
    assert (fraud.trouble, fraud.words) == (CoinTrouble.FRAUD, "a coin on a string")
    assert (unknown.trouble, unknown.pulses) == (CoinTrouble.UNKNOWN, 3)
    assert (last.amount, last.counter, last.place) == (100, 5, Place.BOX)
    assert all(len(mark) <= 200 and mark.isascii() and mark.isprintable() for mark in marks)


def test_the_counter_goes_from_255_to_1(house):
    house.start()
    for _ in range(2 * CYCLE + 3):
        house.device.coin(5)
    counters = [coin.counter for coin in house.inbox.of(CoinInserted)]
    assert counters == [number % CYCLE + 1 for number in range(2 * CYCLE + 3)]


def test_what_was_told_and_written_down_is_not_told_again(house):
    house.start()
    house.device.coin(50)
    house.commit()
    house.device.stop()
    house.start()
    assert house.told() == []


@pytest.mark.parametrize("unread", range(1, KEPT + 1))
def test_what_was_not_written_down_is_told_after_the_next_start(house, unread):
    house.start()
    house.device.coin(50)
    house.commit()
    amounts = [5, 10, 20, 50, 100][:unread]
    for cents in amounts:
        house.device.coin(cents)
    unwritten = house.told()[-unread:]
    house.device.stop()
    house.start()
    assert house.told() == unwritten
    assert [coin.amount for coin in house.told()] == amounts


def test_more_than_it_remembers_is_told_as_lost_never_guessed(house):
    house.start()
    house.commit()
    for cents in (5, 10, 20, 50, 100, 200, 5):
        house.device.coin(cents)
    house.device.stop()
    house.start()
    lost, *coins = house.commit()
    assert (lost.trouble, lost.pulses) == (CoinTrouble.LOST, 2)
    assert "7 events" in lost.words
    assert [coin.amount for coin in coins] == [20, 50, 100, 200, 5]
    house.device.stop()
    house.start()
    assert house.told() == []


@pytest.mark.parametrize("written", range(7))
def test_a_kill_in_the_middle_of_telling_tells_the_rest(house, written):
    house.start()
    house.commit()
    for cents in (5, 10, 20, 50, 100, 200, 5):
        house.device.coin(cents)
    house.device.stop()
    house.start()
    told = house.told()
    house.mark = told[written - 1].mark if written else house.mark
    house.device.stop()
    house.start()
    assert house.told() == told[written:]


def test_a_power_cut_begins_anew_and_is_on_the_books(house):
    house.start()
    house.device.coin(50)
    house.device.hands["power_cut"]()
    house.device.coin(100)
    before, coin, cut, after = house.told()
    assert isinstance(cut, DeviceMarked)
    assert parse(cut.mark).counter == 0
    assert parse(cut.mark).life != parse(before.mark).life
    assert (coin.counter, after.counter) == (1, 1)
    house.commit()
    house.device.stop()
    house.start()
    assert house.told() == []


def test_a_power_cut_that_nobody_heard_of_is_a_doubt_and_what_came_since_is_told(house):
    house.start()
    house.device.coin(50)
    house.commit()
    house.device.coin(20)  # nobody will ever know
    house.device.power_cut()
    house.device.coin(100)
    house.device.stop()
    house.start()
    lost, coin = house.told()
    assert (lost.trouble, lost.pulses) == (CoinTrouble.LOST, 0)
    assert "switched off" in lost.words
    assert (coin.amount, coin.counter) == (100, 1)


def test_without_a_memory_the_end_of_the_process_is_a_power_cut(house):
    house.options = msgspec.structs.replace(house.options, memory="")
    house.start()
    house.device.coin(50)
    house.commit()
    house.device.stop()
    house.start()
    (lost,) = house.told()
    assert (lost.trouble, lost.pulses) == (CoinTrouble.LOST, 0)


def test_a_mark_of_another_kind_credits_nothing(house):
    house.start()
    house.device.coin(50)
    house.mark = "cctalk 4711 open 3"
    house.device.stop()
    house.start()
    (lost,) = house.commit()
    assert lost.trouble is CoinTrouble.LOST
    house.device.coin(20)
    assert [coin.amount for coin in house.inbox.of(CoinInserted)] == [20]


def test_plugged_in_again_it_goes_on(house):
    house.start()
    house.device.coin(50)
    house.device.unplug()
    wait_until(lambda: house.device.condition.health is Health.MISSING)
    house.device.plug()
    wait_until(lambda: house.device.condition.health is Health.OK)
    house.device.coin(20)
    assert [coin.counter for coin in house.inbox.of(CoinInserted)] == [1, 2]
    assert len(house.inbox.of(DeviceMarked)) == 1


def test_a_coin_is_in_its_memory_before_the_daemon_hears_of_it(house):
    house.start()
    house.commit()
    house.device.stop()
    seen = []

    def emit(event):
        if isinstance(event, CoinInserted):
            count = msgspec.json.decode(house.memory.read_bytes(), type=Count)
            seen.append((count.reached.mark == event.mark, len(house.record.read_text().splitlines())))

    house.start(emit)
    house.device.coin(50)
    assert seen == [(True, 1)]


def test_a_coin_on_record_that_its_memory_does_not_know_has_fallen(house):
    """The process was killed between the two."""
    house.start()
    house.device.coin(50)
    house.commit()
    before = house.memory.read_bytes()
    house.device.coin(20)
    house.device.stop()
    house.memory.write_bytes(before)
    house.start()
    (coin,) = house.told()
    assert (coin.amount, coin.counter) == (20, 2)
    house.commit()
    house.device.stop()
    house.start()
    assert house.told() == []


def test_the_record_of_others_is_not_its_own(house):
    house.start()
    house.device.coin(50)
    house.commit()
    house.device.stop()
    said = json.loads(house.record.read_text())
    with house.record.open("a") as record:
        for other in ({"what": "piece", "device": "slot"}, {**said, "device": "other", "count": 2}):
            record.write(json.dumps(other) + "\n")
    house.start()
    assert house.told() == []


def test_a_coin_that_its_memory_cannot_keep_falls_through(house):
    house.start()
    (house.memory.parent / "memory.new").mkdir()
    with pytest.raises(ValueError, match=r"the memory of slot cannot be written: .*falls through"):
        house.device.coin(50)
    assert house.record.read_text() == ""
    with pytest.raises(ValueError, match="the memory of slot cannot be written"):
        house.device.power_cut()
    (house.memory.parent / "memory.new").rmdir()
    house.device.coin(20)
    assert [coin.counter for coin in house.inbox.of(CoinInserted)] == [1]


def test_a_memory_that_cannot_be_read_is_a_sentence(house):
    house.memory.write_bytes(b"{")
    house.device = SimulatedAcceptor("slot", house.options, house.inbox.put)
    house.device.start()
    wait_until(lambda: house.device.condition.health is Health.FAILED)
    assert "the memory of slot cannot be read" in house.device.condition.words
    with pytest.raises(DeviceFault, match="cannot be read"):
        Memory("slot", str(house.memory), "").load()


def test_ten_thousand_random_lives_lose_no_coin_and_credit_none_twice():
    """Whenever it is killed: from the last mark that was written down on, each coin is told once or is lost."""
    rng = random.Random(7)
    for _ in range(10_000):
        start = rng.randrange(CYCLE + 1)
        count, told = Count(Reached(LIFE, start)), Reached(LIFE, start)
        fallen = [Happening("coin", cents) for cents in range(1, rng.randrange(1, 12))]
        for happening in fallen:
            count = count.next(happening)
        credited, lost = [], 0
        while new := news(told, count):
            for each in new[: rng.randrange(len(new) + 1)]:  # then it is killed
                told = each.reached
                lost += each.lost
                credited += [each.happening] if each.happening else []
        assert lost == max(0, len(fallen) - KEPT)
        assert credited == fallen[lost:]
        assert told == count.reached


@pytest.mark.parametrize("mark", ["", "simulated", "simulated 0123abcd 1234", "simulated 0123ABCD 1", "x\n"])
def test_what_is_no_mark_is_none(mark):
    assert parse(mark) is None
