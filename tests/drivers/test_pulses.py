"""Coins from pulses: what is a coin, what is a doubt, and that no noise makes money."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.coins.pulses import LOOK_NS, Coin, PulseCounter, Shape, Table, Unknown
from terminal.core.value import replace

MS = 1_000_000
SHAPE = Shape(min_ns=20 * MS, max_ns=150 * MS, gap_ns=10 * MS, end_ns=300 * MS)
LEADING = Shape(min_ns=20 * MS, max_ns=150 * MS, gap_ns=10 * MS, end_ns=300 * MS, widths=False)
EURO = Table({1: 10, 2: 20, 5: 50, 10: 100, 20: 200})


def seeded(seed):
    return random.Random(seed)


def plain(results):
    """Return *results* without when their pulses were."""
    return [replace(each, spans=()) for each in results]


def run(levels, *, shape=SHAPE, table=EURO, active=False, end=None):
    """Feed (t_ms, active) edges, the time being told whenever it is due; return the results."""
    counter = PulseCounter(shape, table, t_ns=0, active=active)
    results = []
    for t, *rest in levels:
        while (due := counter.due()) is not None and due < t * MS:
            results += counter.tick(due)
        results += counter.feed(int(t * MS), active=rest[0], lost=rest[1] if len(rest) > 1 else False)
    last = int((levels[-1][0] if levels else 0) * MS)
    results += counter.tick(last + (10_000 * MS if end is None else end * MS))
    return plain(results)


def train(count, start=0.0, width=50.0, gap=50.0):
    levels = []
    for number in range(count):
        at = start + number * (width + gap)
        levels += [(at, True), (at + width, False)]
    return levels


@pytest.mark.parametrize("pulses", [1, 2, 5, 10, 20])
@pytest.mark.parametrize(("width", "gap"), [(20, 10), (25, 25), (50, 50), (65, 65), (100, 100), (150, 299)])
def test_a_clean_train_is_its_coin(pulses, width, gap):
    assert run(train(pulses, width=width, gap=gap)) == [Coin(EURO.coins[pulses], pulses)]


def test_a_count_that_no_coin_has_is_in_doubt():
    assert run(train(3)) == [Unknown(3, "no coin of this acceptor has 3 pulses")]


def test_a_unit_makes_every_count_a_coin():
    assert run(train(7), table=Table({}, 50)) == [Coin(350, 7)]
    assert Table({}, 50).smallest == 50
    assert EURO.smallest == 10


def test_quiet_ends_a_coin_and_only_quiet_does():
    two = train(1) + train(2, start=50 + 300)
    assert run(two) == [Coin(10, 1), Coin(20, 2)]
    joined = train(1) + train(1, start=50 + 299)
    assert run(joined) == [Coin(20, 2)]


def test_a_coin_is_told_when_its_time_is_due_and_not_before():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    assert counter.due() is None
    assert not counter.busy
    counter.feed(0, active=True)
    counter.feed(50 * MS, active=False)
    assert counter.busy
    assert counter.due() == 60 * MS
    assert counter.tick(60 * MS) == []
    assert counter.due() == 350 * MS
    assert counter.tick(350 * MS - 1) == []
    assert counter.tick(350 * MS) == [Coin(10, 1, ((0, 50 * MS),))]
    assert counter.due() is None
    assert not counter.busy


def test_spikes_are_neither_coins_nor_doubts_and_do_not_delay():
    spikes = [(t + d, d == 0) for t in (60, 100, 140, 250, 340) for d in (0, 5)]
    assert run(train(1) + spikes, end=10) == [Coin(10, 1)]
    assert run([(0, True), (19.9, False)]) == []


def test_a_pulse_that_bounces_is_one():
    bouncing = [(0, True), (1, False), (2, True), (50, False), (51, True), (52, False)]
    assert run(bouncing) == [Coin(10, 1)]
    dropped = [(0, True), (30, False), (35, True), (60, False)]
    assert run(dropped) == [Coin(10, 1)]


def test_a_flickering_line_is_a_doubt():
    noise = [(t, t % 2 == 0) for t in range(40)]
    assert run(noise) == [Unknown(0, "the signal flickered")]
    assert run([*train(1), *((t + 100, t % 2 == 0) for t in range(40))]) == [Unknown(1, "the signal flickered")]


def test_a_pulse_that_is_too_long_spoils_its_coin():
    assert run([*train(1), (100, True), (251, False)]) == [Unknown(2, "a pulse of 151 ms is too long")]


def test_a_lost_edge_spoils_its_coin():
    levels = [(0, True), (50, False), (100, True, True), (150, False)]
    (result,) = run(levels)
    assert isinstance(result, Unknown)
    assert "lost" in result.words
    assert result.lost


def test_what_was_lost_may_belong_to_the_coin_before():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    counter.feed(0, active=True)
    counter.feed(50 * MS, active=False)
    results = counter.feed(2000 * MS, active=True, lost=True)
    assert [type(result) for result in results] == [Unknown]
    counter.feed(2050 * MS, active=False)
    assert [type(result) for result in counter.tick(9000 * MS)] == [Unknown]


@pytest.mark.parametrize("levels", [[(0, True), (50, True), (90, False)], [(5, False)]])
def test_an_impossible_signal_is_a_doubt(levels):
    assert [type(result) for result in run(levels)] == [Unknown]


def test_a_coin_under_way_at_the_beginning_is_a_doubt():
    levels = [(30, False), *train(1, start=80)]
    assert run(levels, active=True) == [Unknown(2, "it was under way when the terminal began to look")]


def test_a_stuck_line_is_seen_and_ends_as_a_doubt():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    counter.feed(0, active=True)
    assert counter.due() == 150 * MS + 1
    counter.tick(150 * MS)
    assert not counter.stuck
    assert counter.tick(150 * MS + 1) == []
    assert counter.stuck
    assert counter.due() <= 150 * MS + 1 + LOOK_NS
    assert counter.look(1000 * MS, active=True) == []
    assert counter.due() == 1000 * MS + LOOK_NS
    counter.feed(60_000 * MS, active=False)
    assert not counter.tick(60_100 * MS)
    assert not counter.stuck
    assert plain(counter.tick(61_000 * MS)) == [Unknown(1, "a pulse of 60000 ms is too long")]


def test_a_line_that_rests_though_its_last_edge_says_otherwise_has_lost_one():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    counter.feed(0, active=True)
    assert not counter.curious(150 * MS)
    assert counter.curious(151 * MS)
    assert counter.look(151 * MS, active=False) == []
    assert not counter.curious(152 * MS)
    (result,) = counter.tick(1000 * MS)
    assert isinstance(result, Unknown)
    assert result.lost
    assert not counter.stuck
    assert counter.due() is None


def test_a_group_that_never_ends_is_restless():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    for t in range(0, 10_000, 50):  # what is one again and again, and has no part that is long enough
        for at, active in ((0, True), (15, False), (20, True), (35, False)):
            assert counter.feed((t + at) * MS, active=active) == []
        assert not counter.stuck
        assert not counter.restless
    counter.feed(10_100 * MS, active=True)
    assert counter.restless
    counter.feed(10_101 * MS, active=False)
    assert [type(result) for result in counter.tick(20_000 * MS)] == [Unknown]
    assert not counter.restless


def test_a_line_that_flickers_for_too_long_is_stuck_and_is_heard_out():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    for t in range(0, 200, 5):
        counter.feed(t * MS, active=t % 10 == 0)
    assert counter.stuck
    assert counter.due() == 205 * MS
    assert counter.tick(205 * MS) == []
    assert not counter.stuck
    assert plain(counter.tick(495 * MS)) == [Unknown(1, "a pulse of 195 ms is too long")]


def test_noise_without_an_end_takes_no_memory_without_an_end():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    for t in range(5_000):
        counter.feed(t * 50 * MS, active=t % 2 == 0)
    assert len(counter.spans(10**12)) <= 1_001
    (result,) = counter.tick(10**12)
    assert result.pulses == 2_500


def test_a_pulse_that_is_not_judged_yet_is_seen_as_soon_as_it_may_be_one():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    counter.feed(0, active=True)
    assert counter.spans(19 * MS) == ()
    assert counter.spans(20 * MS) == ((0, 20 * MS),)
    counter.feed(50 * MS, active=False)
    assert counter.spans(90 * MS) == ((0, 50 * MS),)
    counter.tick(60 * MS)
    assert counter.spans(90 * MS) == ((0, 50 * MS),)


def test_abandoning_tells_what_was_under_way():
    counter = PulseCounter(SHAPE, EURO, t_ns=0, active=False)
    assert counter.abandon("lost") == []
    counter.feed(0, active=True)
    counter.feed(50 * MS, active=False)
    assert plain(counter.abandon("lost")) == [Unknown(1, "lost", lost=True)]
    assert not counter.busy
    assert counter.abandon("lost") == []


def test_without_widths_first_edges_count():
    levels = [(t, True) for t in (0, 2, 100, 104, 200, 300, 400)]
    assert run(levels, shape=LEADING) == [Coin(50, 5)]
    apart = [(0, True), (449, True), (449 + 451, True)]
    assert run(apart, shape=LEADING) == [Coin(20, 2), Coin(10, 1)]


def test_without_widths_the_level_tells_a_coin_from_a_line_that_stays_active():
    counter = PulseCounter(LEADING, EURO, t_ns=0, active=False)
    counter.feed(0, active=True)
    assert counter.due() == 450 * MS
    assert counter.curious(450 * MS)
    assert counter.look(450 * MS, active=True) == []
    assert counter.tick(450 * MS) == [], "the next coin may just have begun"
    assert counter.due() == 600 * MS + 1
    counter.look(counter.due(), active=True)
    assert counter.stuck
    assert counter.tick(700 * MS) == []
    counter.look(counter.due(), active=True)
    assert counter.stuck
    counter.look(3_000 * MS, active=False)
    assert not counter.stuck
    assert plain(counter.tick(3_000 * MS)) == [Unknown(1, "the line stays active")]


@pytest.mark.parametrize("edge", [False, True])
def test_without_widths_a_coin_whose_successor_has_begun_is_a_coin(edge):
    counter = PulseCounter(LEADING, EURO, t_ns=0, active=False)
    counter.feed(0, active=True)
    counter.look(450 * MS, active=True)
    counter.tick(450 * MS)
    if edge:
        assert plain(counter.feed(451 * MS, active=True)) == [Coin(10, 1)]
        counter.look(901 * MS, active=False)
        assert plain(counter.tick(901 * MS)) == [Coin(10, 1)]
    else:
        counter.look(600 * MS, active=False)
        assert plain(counter.tick(600 * MS)) == [Coin(10, 1)]


def test_without_widths_a_line_that_is_active_at_the_beginning_is_looked_at():
    counter = PulseCounter(LEADING, EURO, t_ns=0, active=True)
    assert counter.due() == 150 * MS + 1
    assert counter.curious(counter.due())
    counter.look(counter.due(), active=True)
    assert counter.stuck
    counter.look(counter.due(), active=False)
    assert not counter.stuck
    assert [type(result) for result in counter.tick(9_000 * MS)] == [Unknown]
    begun = [Unknown(1, "it was under way when the terminal began to look")]
    assert run([(0, True)], shape=LEADING, active=True) == begun


@st.composite
def machines(draw):
    """An acceptor, what it signals (clean), and the same with the jitter and the spikes of a long wire."""
    shape = Shape(
        min_ns=draw(st.integers(5, 40)) * MS,
        max_ns=200 * MS,
        gap_ns=draw(st.integers(2, 15)) * MS,
        end_ns=300 * MS,
    )
    counts = draw(st.lists(st.integers(1, 25), min_size=1, max_size=6))
    seed = draw(st.integers(0, 2**32))
    return shape, counts, seed


def noisy(shape, counts, rng):
    """Return the edges, in ns, of coins of *counts* pulses, with jitter, bounces and spikes."""
    edges, t = [], rng.randrange(MS, 50 * MS)
    spike = shape.min_ns - 1
    for count in counts:
        for _ in range(count):
            width = rng.randrange(shape.min_ns + 2 * MS, shape.max_ns - MS)
            edges += [(t, True)]
            if rng.random() < 0.2:  # a bounce as the contact closes: shorter than any gap
                edges += [(t + 1000, False), (t + 1000 + rng.randrange(1, min(MS, shape.gap_ns)), True)]
            t += width
            edges += [(t, False)]
            gap = rng.randrange(shape.gap_ns, shape.end_ns // 2)
            if rng.random() < 0.2 and gap > 2 * shape.gap_ns + 2:  # a spike well within the gap
                at = t + shape.gap_ns
                wide = rng.randrange(1, min(spike, gap - 2 * shape.gap_ns))
                edges += [(at, True), (at + wide, False)]
            t += gap
        quiet_from, t = t, t + shape.end_ns + rng.randrange(MS, 500 * MS)
        for _ in range(rng.randrange(3)):
            room = t - quiet_from - 2 * shape.gap_ns
            if room <= spike:
                break
            at = quiet_from + shape.gap_ns + rng.randrange(room - spike)
            edges += [(at, True), (at + rng.randrange(1, spike), False)]
            quiet_from = edges[-1][0]
    return edges


@settings(max_examples=700, deadline=None)
@given(machines())
def test_coins_are_counted_right_through_jitter_bounces_and_spikes(machine):
    shape, counts, seed = machine
    table = Table({}, 5)
    edges = noisy(shape, counts, seeded(seed))
    counter = PulseCounter(shape, table, t_ns=0, active=False)
    results = []
    for t, active in edges:
        results += counter.feed(t, active=active)
    results += counter.tick(edges[-1][0] + 10**12)
    assert plain(results) == [Coin(count * 5, count) for count in counts]


@settings(max_examples=700, deadline=None)
@given(machines(), st.floats(0, 1))
def test_whenever_the_time_is_told_the_coins_are_the_same(machine, when):
    shape, counts, seed = machine
    rng = seeded(seed)
    edges = noisy(shape, counts, rng)
    plain = PulseCounter(shape, Table({}, 5), t_ns=0, active=False)
    watched = PulseCounter(shape, Table({}, 5), t_ns=0, active=False)
    one, other, before = [], [], 0
    for t, active in [*edges, (edges[-1][0] + 10**12, True)]:
        other += watched.tick(before + int((t - before) * when))
        while (due := watched.due()) is not None and due <= t:
            other += watched.tick(due)
        one += plain.feed(t, active=active)
        other += watched.feed(t, active=active)
        before = t
    assert one == other


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400_000_000), st.booleans(), st.integers(0, 20)), min_size=0, max_size=60
    ),
    st.booleans(),
)
def test_any_signal_at_all_is_taken_and_money_needs_whole_pulses(signal, active):
    """Whatever comes: no exception, every group ends, and no coin has more pulses than the line really had."""
    counter = PulseCounter(SHAPE, Table({}, 5), t_ns=0, active=active)
    t, results, active_since, wide, lost_any = 0, [], 0 if active else None, 0, False
    for wait, level, luck in signal:
        t += wait
        lost = luck == 0
        lost_any |= lost
        results += counter.feed(t, active=level, lost=lost)
        if level and active_since is None:
            active_since = t
        elif not level and active_since is not None:
            wide += t - active_since >= SHAPE.min_ns
            active_since = None
    if active_since is not None:
        results += counter.feed(t + 1, active=False)
        wide += t + 1 - active_since >= SHAPE.min_ns
    results += counter.tick(t + 10**12)
    assert not counter.busy
    assert counter.due() is None
    assert sum(result.pulses for result in results if isinstance(result, Coin)) <= wide
    if lost_any:
        assert any(isinstance(result, Unknown) for result in results)


def test_twenty_thousand_random_trains():
    """Much volume in one seeded run: every coin right, none made of noise."""
    rng = seeded(20261)
    for _ in range(20_000 // 5):
        counts = [rng.randrange(1, 12) for _ in range(5)]
        edges = noisy(SHAPE, counts, rng)
        counter = PulseCounter(SHAPE, Table({}, 5), t_ns=0, active=False)
        results = [result for t, active in edges for result in counter.feed(t, active=active)]
        results += counter.tick(edges[-1][0] + 10**12)
        assert plain(results) == [Coin(count * 5, count) for count in counts]
