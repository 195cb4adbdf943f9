"""Several lines of one acceptor: a coin on each, crosstalk, and edges that are lost on one or another."""

import pytest

from drivers.coins.pulse_lines import PulseLines
from drivers.coins.pulses import Coin, Shape, Table, Unknown
from drivers.pins.port import Edge
from terminal.core.value import replace

MS = 1_000_000
SHAPE = Shape(min_ns=20 * MS, max_ns=150 * MS, gap_ns=10 * MS, end_ns=300 * MS)
LEADING = replace(SHAPE, widths=False)
ONE, TWO, BIG = "GPIO17", 22, "GPIO23"
TABLES = {ONE: Table({1: 10}), TWO: Table({1: 20}), BIG: Table({1: 50, 2: 100})}


class Mech:
    """The lines, what edges the kernel numbers, and what was told."""

    def __init__(self, shape=SHAPE, tables=TABLES):
        self.lines = PulseLines(shape, tables, t_ns=0, active=lambda _line: False)
        self.level = dict.fromkeys(tables, False)
        self.lost = {}
        self.missed = 0
        self.told = []

    def edges(self, *edges):
        """Move lines: (line, ms, active), in the order of the times; None for active: that edge is lost."""
        for line, ms, active in sorted(edges, key=lambda edge: edge[1]):
            t = int(ms * MS)
            while (due := self.lines.due()) is not None and due < t:
                self.tick(due)
            self.level[line] = not self.level[line] if active is None else active
            if active is None:
                self.lost[line] = self.lost.get(line, 0) + 1
                self.missed += 1
            elif active or self.lines._counters[line]._shape.widths:
                missed, self.missed = self.missed, 0
                self.told += self.lines.feed(Edge(line, t, active, self.lost.pop(line, 0), missed))

    def pulse(self, line, ms, width=100, *, known=True):
        self.edges((line, ms, True if known else None), (line, ms + width, False if known else None))

    def tick(self, t_ns):
        self.told += self.lines.tick(t_ns, self.level.__getitem__)

    def done(self):
        """Let all end; return what was told, as (line, result)."""
        while (due := self.lines.due()) is not None:
            self.tick(due)
        told, self.told = self.told, []
        return [(each.line, replace(each.result, spans=())) for each in told]


@pytest.mark.parametrize("shape", [SHAPE, LEADING])
def test_each_line_is_a_coin(shape):
    mech = Mech(shape)
    for number, line in enumerate((ONE, BIG, TWO, ONE)):
        mech.pulse(line, number * 200)
    assert mech.done() == [(ONE, Coin(10, 1)), (BIG, Coin(50, 1)), (TWO, Coin(20, 1)), (ONE, Coin(10, 1))]


@pytest.mark.parametrize("shape", [SHAPE, LEADING])
def test_coins_that_share_a_line_are_told_by_their_pulses(shape):
    mech = Mech(shape)
    mech.pulse(BIG, 0)
    mech.pulse(BIG, 200)
    mech.pulse(BIG, 1000)
    mech.pulse(BIG, 2000)
    mech.pulse(BIG, 2200)
    mech.pulse(BIG, 2400)
    unknown = Unknown(3, "no coin of this acceptor has 3 pulses")
    assert mech.done() == [(BIG, Coin(100, 2)), (BIG, Coin(50, 1)), (BIG, unknown)]


@pytest.mark.parametrize("later", [0, 1, 50, 99])
def test_two_lines_at_the_same_moment_are_both_in_doubt(later):
    mech = Mech()
    mech.edges((ONE, 0, True), (ONE, 100, False), (TWO, later, True), (TWO, later + 100, False))
    mech.pulse(ONE, 1000)
    (one, first), (two, second), good = mech.done()
    assert (one, two, good) == (ONE, TWO, (ONE, Coin(10, 1)))
    for doubt in (first, second):
        assert isinstance(doubt, Unknown)
        assert "lines 22 and GPIO17 were active at the same moment" in doubt.words
        assert not doubt.lost


def test_one_right_after_the_other_is_two_coins():
    mech = Mech()
    mech.edges((ONE, 0, True), (ONE, 100, False), (TWO, 100, True), (TWO, 200, False))
    assert mech.done() == [(ONE, Coin(10, 1)), (TWO, Coin(20, 1))]


def test_where_widths_are_unknown_two_within_a_shortest_pulse_are_in_doubt():
    mech = Mech(LEADING)
    mech.edges((ONE, 0, True), (TWO, 19, True))
    mech.edges((ONE, 100, False), (TWO, 119, False))
    assert [type(result) for _, result in mech.done()] == [Unknown, Unknown]


def test_a_spike_on_another_line_puts_doubt_on_nothing():
    mech = Mech()
    mech.edges(
        (ONE, 0, True), (TWO, 0, True), (TWO, 5, False), (BIG, 99, True), (ONE, 100, False), (BIG, 101, False)
    )
    assert mech.done() == [(ONE, Coin(10, 1))]


def test_a_supply_that_breaks_down_is_no_money():
    mech = Mech()
    for line, ms in ((ONE, 0), (TWO, 0.4), (BIG, 1)):
        mech.edges((line, ms, True))
    for line, ms in ((TWO, 80), (ONE, 81), (BIG, 90)):
        mech.edges((line, ms, False))
    assert [type(result) for _, result in mech.done()] == [Unknown] * 3


def test_one_pulse_of_a_train_that_another_line_touches_spoils_both():
    mech = Mech()
    mech.edges(
        *((BIG, 0, True), (BIG, 100, False), (BIG, 200, True), (BIG, 300, False)),
        *((ONE, 50, True), (ONE, 120, False)),
    )
    assert {(line, type(result)) for line, result in mech.done()} == {(BIG, Unknown), (ONE, Unknown)}


def test_a_coin_beside_a_line_that_is_stuck_is_in_doubt_and_the_line_is_named():
    mech = Mech()
    mech.edges((TWO, 0, True))
    mech.pulse(ONE, 300)
    mech.edges((BIG, 1000, True), (BIG, 1005, False))
    assert mech.lines.stuck == [TWO]
    mech.edges((TWO, 2000, False))
    told = dict(mech.done())
    assert "at the same moment" in told[ONE].words
    assert "2000 ms is too long" in told[TWO].words
    assert mech.lines.stuck == []


def test_a_restless_line_is_named():
    mech = Mech()
    for ms in range(0, 11_000, 50):
        mech.edges((BIG, ms, True), (BIG, ms + 15, False), (BIG, ms + 20, True), (BIG, ms + 35, False))
    assert mech.lines.restless == [BIG]
    mech.done()
    assert mech.lines.restless == []


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_an_edge_lost_on_another_line_puts_no_doubt_on_this_one(lost):
    mech = Mech()
    mech.edges(*((TWO, ms, None) for ms in range(lost)))
    mech.pulse(ONE, 1000)
    mech.pulse(TWO, 1200)
    mech.edges((TWO, 1210, True), (TWO, 1220, False)) if lost % 2 else None
    told = mech.done()
    assert (ONE, Coin(10, 1)) in told
    assert not any(isinstance(result, Coin) for line, result in told if line == TWO)
    assert any(isinstance(result, Unknown) and result.lost for line, result in told if line == TWO)


@pytest.mark.parametrize("which", range(4))
def test_one_lost_on_this_line_always_does(which):
    mech = Mech()
    edges = [(BIG, 0, True), (BIG, 100, False), (BIG, 200, True), (BIG, 300, False)]
    edges[which] = (*edges[which][:2], None)
    mech.edges(*edges)
    mech.pulse(ONE, 1000)
    told = mech.done()
    assert not any(isinstance(result, Coin) for line, result in told if line == BIG)
    assert any(isinstance(result, Unknown) and result.lost for line, result in told if line == BIG)
    assert (ONE, Coin(10, 1)) in told


def test_a_group_of_which_the_end_was_lost_is_in_doubt_though_nothing_comes_on_its_line():
    """The kernel's buffer was full: half of a coin of two pulses is gone, and only another line shows it."""
    mech = Mech()
    mech.lines.feed(Edge(BIG, 0, active=True))
    mech.lines.feed(Edge(BIG, 100 * MS, active=False))
    mech.missed = 2
    mech.lost[BIG] = 2
    mech.pulse(ONE, 310)
    told = dict(mech.done())
    assert set(told) == {BIG, ONE, None}
    assert told[BIG].lost
    assert told[ONE] == Coin(10, 1)


def test_a_loss_that_a_look_at_the_line_found_is_told_once():
    mech = Mech()
    mech.edges((TWO, 0, True), (TWO, 100, None))
    mech.pulse(ONE, 130)
    mech.pulse(TWO, 5000)
    (two, doubt), *coins = sorted(mech.done(), key=lambda told: isinstance(told[1], Coin))
    assert (two, doubt.lost) == (TWO, True)
    assert coins == [(ONE, Coin(10, 1)), (TWO, Coin(20, 1))]


def test_an_edge_that_was_late_and_not_lost_after_all_does_not_hide_the_next_loss():
    mech = Mech()
    mech.edges((TWO, 0, True))
    mech.told += mech.lines.tick(200 * MS, lambda _line: False)  # it looks as if the edge were lost
    mech.edges((TWO, 201, False))
    assert [type(result) for _, result in mech.done()] == [Unknown]
    mech.pulse(BIG, 1000, known=False)
    mech.pulse(ONE, 2000)
    told = dict(mech.done())
    assert told[ONE] == Coin(10, 1)
    assert told[None].pulses == 2


def test_a_coin_that_nobody_saw_is_told_as_lost_edges_of_some_line():
    mech = Mech()
    mech.pulse(TWO, 0, known=False)
    mech.pulse(ONE, 500)
    lost = Unknown(2, "2 edges were lost, and nobody knows on which line: this machine was too busy", lost=True)
    assert sorted(mech.done(), key=str) == sorted([(ONE, Coin(10, 1)), (None, lost)], key=str)
    mech.pulse(ONE, 5000)
    assert mech.done() == [(ONE, Coin(10, 1))], "told once"
    mech.pulse(TWO, 6000)
    mech.pulse(BIG, 7000)
    assert mech.done() == [(TWO, Coin(20, 1)), (BIG, Coin(50, 1))], "long ago, and told"


def test_losses_after_a_loss_are_told_too():
    mech = Mech()
    mech.pulse(TWO, 0, known=False)
    mech.pulse(ONE, 500)
    mech.done()
    mech.pulse(BIG, 2000, known=False)
    mech.pulse(ONE, 2500)
    told = dict(mech.done())
    assert told[None].pulses == 2
    assert told[ONE] == Coin(10, 1)


def test_edges_that_arrive_in_another_order_than_they_were_numbered_in_are_not_lost():
    mech = Mech()
    for edge in (
        *(Edge(TWO, 0, active=True), Edge(ONE, 100 * MS, active=True, missed=1)),
        *(Edge(TWO, 100 * MS, active=False, missed=-1), Edge(ONE, 200 * MS, active=False)),
    ):
        mech.told += mech.lines.feed(edge)
    assert mech.done() == [(TWO, Coin(20, 1)), (ONE, Coin(10, 1))]


def test_what_is_under_way_on_any_line_is_abandoned_together():
    mech = Mech()
    mech.edges((ONE, 0, True), (TWO, 10, True), (TWO, 60, False))
    assert mech.lines.busy
    assert mech.lines.falling
    told = mech.lines.abandon("gone")
    assert [(each.line, each.result.words, each.result.lost) for each in told] == [
        (ONE, "gone", True),
        (TWO, "gone", True),
    ]
    assert not mech.lines.busy
    assert mech.lines.due() is None


def test_a_line_that_is_active_at_the_beginning_is_in_doubt_and_the_others_are_not():
    mech = Mech()
    mech.lines = PulseLines(SHAPE, TABLES, t_ns=0, active=lambda line: line == TWO)
    mech.level[TWO] = True
    mech.edges((TWO, 30, False))
    mech.pulse(ONE, 100)
    told = dict(mech.done())
    assert told[ONE] == Coin(10, 1)
    assert "under way" in told[TWO].words
