"""Coin acceptors: one body for the simulated one and the real one on lines of every kind."""

import msgspec
import pytest

from drivers.coins.pulse import PulseAcceptor, PulseOptions
from drivers.coins.simulated import SimulatedAcceptor, SimulatedAcceptorOptions
from drivers.device import Pace
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, DeviceChanged, Health
from tests.drivers.benches import BENCHES, MS, WITH_WIDTHS, pulses
from tests.drivers.pulse_slots import COINS, INHIBIT, PULSE, ParallelSlot, PulseSlot
from tests.support.waiting import wait_until

FAST = Pace(first_s=0.001, last_s=0.01)


class SimulatedSlot:
    """The slot of the simulated acceptor."""

    def __init__(self, inbox, monkeypatch):
        self.device = SimulatedAcceptor(
            "coins", SimulatedAcceptorOptions(coins=tuple(COINS.values())), inbox.put
        )

    @property
    def inhibited(self):
        return self.device.inhibited

    def open_for(self, limit):
        return not self.inhibited

    def coin(self, cents):
        self.device.hands["coin"](cents)

    def noise(self, count):
        self.device.hands["unknown"](count)

    def lose(self):
        self.device.hands["unplug"]()

    def restore(self):
        self.device.hands["plug"]()


SLOTS = {
    "simulated": SimulatedSlot,
    **{
        f"pulse {kind}": lambda inbox, monkeypatch, kind=kind: PulseSlot(inbox, monkeypatch, kind)
        for kind in BENCHES
    },
    **{
        f"pulse {kind}, all upside down": lambda inbox, monkeypatch, kind=kind: PulseSlot(
            inbox, monkeypatch, kind, inhibit_level="low", active_low=False
        )
        for kind in BENCHES
    },
    **{
        f"parallel {kind}": lambda inbox, monkeypatch, kind=kind: ParallelSlot(inbox, monkeypatch, kind)
        for kind in BENCHES
    },
    **{
        f"parallel {kind}, all upside down": lambda inbox, monkeypatch, kind=kind: ParallelSlot(
            inbox, monkeypatch, kind, inhibit_level="low", active_low=False, inhibit_line=None
        )
        for kind in BENCHES
    },
}
LOSABLE = ["simulated", "pulse simulated"]


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(PulseAcceptor, "pace", FAST)
    monkeypatch.setattr(SimulatedAcceptor, "pace", FAST)


@pytest.fixture(params=SLOTS)
def slot(request, inbox, monkeypatch, running):
    made = SLOTS[request.param](inbox, monkeypatch)
    running(made.device)
    healthy(inbox)
    return made


@pytest.fixture(params=BENCHES)
def pulse_slot_emit(request, inbox, monkeypatch, running):
    """A slot, and whether it was closed whenever a coin was told."""
    made, closed = PulseSlot(inbox, monkeypatch, request.param), []

    def emit(event):
        if isinstance(event, CoinInserted):
            closed.append(made.inhibited)
        inbox.put(event)

    made.device._emit = emit
    running(made.device)
    healthy(inbox)
    return made, closed


def healthy(inbox):
    inbox.wait(lambda _: [c.health for c in inbox.of(DeviceChanged)][-1:] == [Health.OK], what="OK")


def coins(inbox):
    return [event.amount for event in inbox.of(CoinInserted)]


def wait_coins(inbox, *amounts):
    inbox.wait(lambda _: coins(inbox) == list(amounts), what=f"coins {amounts}")


def open_slot(slot, limit):
    slot.device.accept(limit)
    wait_until(lambda: slot.open_for(limit), what="an open slot")


def test_it_is_inhibited_until_it_is_told_otherwise(slot, inbox):
    assert slot.inhibited
    with pytest.raises(ValueError, match="falls through"):
        slot.coin(10)
    assert coins(inbox) == []


def test_a_coin_is_told_with_its_value(slot, inbox):
    open_slot(slot, 500)
    for cents in (10, 100, 20):
        slot.coin(cents)
        inbox.wait(lambda _, cents=cents: coins(inbox)[-1:] == [cents])
    assert inbox.of(CoinInserted) == [CoinInserted("coins", cents) for cents in (10, 100, 20)]
    assert not slot.inhibited


def test_the_limit_goes_down_by_itself_and_closes_the_slot(slot, inbox):
    open_slot(slot, 69)
    slot.coin(50)
    wait_coins(inbox, 50)
    assert not slot.inhibited
    slot.coin(10)
    wait_coins(inbox, 50, 10)
    assert slot.inhibited
    with pytest.raises(ValueError, match="falls through"):
        slot.coin(10)


def test_the_slot_is_closed_before_its_last_coin_is_told(pulse_slot_emit, inbox):
    slot, closed = pulse_slot_emit
    open_slot(slot, 10)
    slot.coin(10)
    wait_coins(inbox, 10)
    assert closed == [True]


def test_a_new_limit_replaces_the_old_one(slot, inbox):
    open_slot(slot, 100)
    slot.coin(100)
    wait_coins(inbox, 100)
    wait_until(lambda: slot.inhibited)
    open_slot(slot, 10)
    slot.device.accept(9)
    wait_until(lambda: slot.inhibited)


@pytest.mark.parametrize("kind", ["simulated", *(f"pulse {kind}" for kind in BENCHES)])
def test_one_that_cannot_choose_takes_more_than_there_is_room_for(kind, inbox, monkeypatch, running):
    slot = SLOTS[kind](inbox, monkeypatch)
    running(slot.device)
    healthy(inbox)
    open_slot(slot, 10)
    slot.coin(100)
    wait_coins(inbox, 100)
    wait_until(lambda: slot.inhibited)
    open_slot(slot, 10)


def test_inhibit_closes_the_slot(slot):
    open_slot(slot, 500)
    slot.device.inhibit()
    wait_until(lambda: slot.inhibited)


def test_what_is_no_coin_is_recorded_and_never_credited(slot, inbox):
    open_slot(slot, 500)
    slot.noise(7)
    inbox.wait(lambda _: inbox.of(CoinUnrecognised))
    (event,) = inbox.of(CoinUnrecognised)
    assert (event.acceptor, event.pulses) == ("coins", 7)
    assert "7 pulses" in event.words
    assert coins(inbox) == []
    assert not slot.inhibited


def test_noise_while_it_is_inhibited_is_recorded(slot, inbox):
    slot.noise(3)
    inbox.wait(lambda _: inbox.of(CoinUnrecognised))
    assert coins(inbox) == []


def test_stop_closes_the_slot(slot, inbox):
    open_slot(slot, 500)
    slot.device.stop()
    assert slot.inhibited


@pytest.mark.parametrize("kind", LOSABLE)
def test_a_lost_acceptor_is_missing_and_comes_back_as_it_was_told(kind, inbox, monkeypatch, running):
    slot = SLOTS[kind](inbox, monkeypatch)
    running(slot.device)
    healthy(inbox)
    open_slot(slot, 500)
    slot.lose()
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.MISSING)
    slot.device.accept(20)
    slot.restore()
    healthy(inbox)
    wait_until(lambda: slot.open_for(20))
    slot.coin(20)
    wait_coins(inbox, 20)
    wait_until(lambda: slot.inhibited)


# -- the simulated one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("coin", [30, 0, -10, "10", True, 10.0])
def test_the_simulated_one_knows_its_own_coins_only(coin, inbox, monkeypatch, running):
    slot = SimulatedSlot(inbox, monkeypatch)
    running(slot.device)
    healthy(inbox)
    slot.device.accept(500)
    with pytest.raises(ValueError, match="coin"):
        slot.coin(coin)
    assert coins(inbox) == []


def test_nobody_inserts_anything_into_an_unplugged_one(inbox, monkeypatch, running):
    slot = SimulatedSlot(inbox, monkeypatch)
    running(slot.device)
    healthy(inbox)
    slot.device.accept(500)
    slot.lose()
    with pytest.raises(ValueError, match="is unplugged"):
        slot.coin(10)
    with pytest.raises(ValueError, match="unplugged already"):
        slot.lose()
    slot.restore()
    with pytest.raises(ValueError, match="plugged in already"):
        slot.restore()


# -- the real one --------------------------------------------------------------------------------------


@pytest.fixture(params=BENCHES)
def pulse_slot(request, inbox, monkeypatch, running):
    made = PulseSlot(inbox, monkeypatch, request.param)
    running(made.device)
    healthy(inbox)
    return made


def test_the_line_is_inhibited_from_the_moment_on_in_which_it_is_driven(pulse_slot):
    assert pulse_slot.bench.history(INHIBIT) == [True]
    pulse_slot.device.accept(500)
    wait_until(lambda: pulse_slot.bench.history(INHIBIT) == [True, False])
    pulse_slot.device.stop()
    assert pulse_slot.bench.history(INHIBIT)[2:]
    assert all(pulse_slot.bench.history(INHIBIT)[2:])
    assert not pulse_slot.bench.taken(PULSE)


def test_a_coin_in_flight_is_counted_after_the_slot_was_closed(pulse_slot, inbox):
    open_slot(pulse_slot, 500)
    levels, end = pulses(pulse_slot.bench.now + MS, 5)
    pulse_slot.bench.train(PULSE, levels[:4])
    pulse_slot.device.inhibit()
    wait_until(lambda: pulse_slot.inhibited)
    pulse_slot.bench.train(PULSE, levels[4:])
    pulse_slot.pass_time(end)
    wait_coins(inbox, 50)
    assert pulse_slot.inhibited


def test_a_coin_in_flight_is_counted_when_the_driver_is_stopped(pulse_slot, inbox):
    open_slot(pulse_slot, 500)
    levels, _ = pulses(pulse_slot.bench.now + MS, 2)
    pulse_slot.bench.train(PULSE, levels)
    wait_until(lambda: pulse_slot.device._taken.lines.busy)
    stop_from = pulse_slot.bench.now
    inhibited = []
    monkeyed = pulse_slot.device._listen

    def listen(*args):
        inhibited.append(pulse_slot.inhibited)
        pulse_slot.bench.now = stop_from + 1000 * MS
        monkeyed(*args)

    pulse_slot.device._listen = listen
    pulse_slot.device.stop()
    assert coins(inbox) == [20]
    assert inhibited[-1] is True


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_a_spike_is_nothing_and_a_long_pulse_a_doubt(kind, inbox, monkeypatch, running):
    slot = PulseSlot(inbox, monkeypatch, kind)
    running(slot.device)
    healthy(inbox)
    open_slot(slot, 500)
    now = slot.bench.now
    slot.bench.train(PULSE, [(now + MS, False), (now + 3 * MS, True)])
    slot.pass_time(now)
    slot.bench.train(PULSE, [(now + 2000 * MS, False), (now + 2200 * MS, True)])
    slot.pass_time(now + 2200 * MS)
    inbox.wait(lambda _: inbox.of(CoinUnrecognised))
    assert "200 ms" in inbox.of(CoinUnrecognised)[0].words
    assert coins(inbox) == []


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_lost_edges_are_never_money(kind, inbox, monkeypatch, running):
    slot = PulseSlot(inbox, monkeypatch, kind)
    running(slot.device)
    healthy(inbox)
    open_slot(slot, 500)
    slot.bench.lose(PULSE, 2)
    slot.noise(3)
    inbox.wait(lambda _: inbox.of(CoinUnrecognised))
    assert "lost" in inbox.of(CoinUnrecognised)[0].words
    assert coins(inbox) == []


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_a_stuck_line_closes_the_slot_and_calls_a_person(kind, inbox, monkeypatch, running):
    slot = PulseSlot(inbox, monkeypatch, kind)
    running(slot.device)
    healthy(inbox)
    open_slot(slot, 500)
    slot.bench.train(PULSE, [(slot.bench.now + MS, False)])
    slot.pass_time(slot.bench.now)
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.FAILED)
    assert "wiring" in slot.device.condition.words
    wait_until(lambda: slot.inhibited)
    slot.bench.train(PULSE, [(slot.bench.now + MS, True)])
    slot.pass_time(slot.bench.now)
    inbox.wait(lambda _: inbox.of(CoinUnrecognised))
    healthy(inbox)
    wait_until(lambda: not slot.inhibited)
    assert coins(inbox) == []


def test_a_coin_that_was_falling_when_the_chip_went_is_a_doubt(inbox, monkeypatch, running):
    slot = PulseSlot(inbox, monkeypatch)
    running(slot.device)
    healthy(inbox)
    open_slot(slot, 500)
    levels, _ = pulses(slot.bench.now + MS, 2)
    slot.bench.train(PULSE, levels)
    wait_until(lambda: slot.device._taken.lines.busy)
    slot.lose()
    inbox.wait(lambda _: inbox.of(CoinUnrecognised))
    lost = CoinUnrecognised("coins", 2, "the acceptor was lost meanwhile", CoinTrouble.LOST)
    assert inbox.of(CoinUnrecognised) == [lost]
    assert coins(inbox) == []


def test_it_sleeps_while_nothing_happens(inbox, monkeypatch, running):
    slot = SLOTS["pulse gpiod"](inbox, monkeypatch)
    waits = []
    real = slot.device._listen

    def listen(*args):
        waits.append(slot.device._taken.lines.due())
        real(*args)

    slot.device._listen = listen
    running(slot.device)
    healthy(inbox)
    wait_until(lambda: slot.device._rests)
    assert waits == [None]
    assert slot.device.beat_age_ms() == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"coins": {}}, "exactly one"),
        ({"unit": 10}, "exactly one"),
        ({"coins": {"0": 10}}, "more than 0"),
        ({"coins": {"one": 10}}, "more than 0"),
        ({"coins": {"1": 0}}, "more than 0"),
        ({"min_ms": 200}, "min_ms"),
        ({"gap_ms": 300}, "gap_ms"),
        ({"line": 27}, "two lines"),
        ({"line": ""}, "line is"),
        ({"inhibit_level": "middle"}, "inhibit_level"),
        ({"max_ms": 0}, "max_ms"),
        ({"sound": True}, "sound"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(options, words):
    good = {"line": 17, "inhibit_line": 27, "coins": {"1": 10}}
    msgspec.convert(good, PulseOptions)
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({**good, **options}, PulseOptions)


@pytest.mark.parametrize("level", ["high", "low"])
def test_coins_are_forbidden_from_outside(bench, level):
    PulseAcceptor.make_safe(
        PulseOptions(line=17, inhibit_line=27, inhibit_level=level, unit=10, **bench.options)
    )
    assert set(bench.history(27)) == {level == "high"}
    assert not bench.taken(27)
    assert not bench.taken(17), "the pulses are nobody's business here"
