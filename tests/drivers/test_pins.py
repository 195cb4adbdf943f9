"""One body for the lines of every kind, then what each kind has of its own."""

import sys
import threading

import pytest

from drivers.device import DeviceFault, DeviceMissing
from drivers.pins import PinOptions, check_line, open_pins
from drivers.pins.gpiod_pins import GpiodPins
from tests.drivers.benches import BENCHES, MS, WITH_WIDTHS, GpiodBench, RpiBench, SimulatedBench
from tests.support import needs


@pytest.fixture
def edges(bench):
    opened = []

    def watch(*lines, active_low=True, bias="pull-up"):
        opened.append(bench.open().edges(lines, active_low=active_low, bias=bias))
        return opened[-1]

    yield watch
    for each in opened:
        each.close()


@pytest.mark.parametrize("active_low", [False, True])
@pytest.mark.parametrize("rest", [False, True])
def test_an_output_has_its_level_from_the_first_moment_on(bench, active_low, rest):
    output = bench.open().output("GPIO22", active_low=active_low, active=rest)
    assert bench.history(22) == [rest is not active_low]
    output.set(active=not rest)
    assert bench.high(22) is (rest is active_low)
    output.close()
    assert bench.history(22) == [rest is not active_low, rest is active_low, rest is not active_low]
    output.close()
    assert len(bench.history(22)) == 3


def test_a_closed_output_is_not_driven(bench):
    output = bench.open().output(22, active_low=False, active=False)
    output.close()
    with pytest.raises(DeviceFault):
        output.set(active=True)
    assert bench.high(22) is False


@pytest.mark.parametrize(("bias", "active_low"), [("pull-up", True), ("pull-down", False), ("none", False)])
def test_what_becomes_active_is_reported(bench, edges, bias, active_low):
    watched = edges(17, active_low=active_low, bias=bias)
    assert not watched.active(17)
    bench.drive(17, not active_low)
    (edge,) = watched.wait(30)
    assert (edge.line, edge.active, edge.lost) == (17, True, 0)
    assert watched.active(17)


def test_edges_come_in_order_with_the_name_of_their_line(bench, edges):
    watched = edges(17, "GPIO18")
    for line in (17, 18, 17):
        bench.drive(line, high=False)
        bench.drive(line, high=True)
    seen = []
    while len(seen) < 3:
        seen += [edge for edge in watched.wait(30) if edge.active]
    assert [edge.line for edge in seen] == ["GPIO18" if i == 1 else 17 for i in range(3)]
    assert [edge.t_ns for edge in seen] == sorted(edge.t_ns for edge in seen)


def test_waiting_ends_after_its_time(edges):
    assert edges(17).wait(0) == ()
    assert edges(18).wait(0.001) == ()


def test_a_wake_ends_a_wait_without_end(edges):
    watched = edges(17)
    watched.wake()
    assert watched.wait(None) == ()
    woken = threading.Event()

    def wait():
        watched.wait(None)
        woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    watched.wake()
    thread.join(30)
    assert woken.is_set()


def test_lines_are_free_again_after_close(bench, edges):
    first = edges(17)
    assert bench.taken(17)
    first.close()
    first.close()
    first.wake()
    assert not bench.taken(17)
    edges(17)
    assert bench.taken(17)


def test_a_line_that_is_no_line_is_refused_with_a_sentence(bench):
    with pytest.raises(DeviceFault, match="SODA"):
        bench.open().edges(["SODA"], active_low=True, bias="pull-up")


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_both_edges_and_their_times_are_exact(kind, monkeypatch):
    bench = BENCHES[kind](monkeypatch)
    pins = bench.open()
    assert pins.widths
    watched = pins.edges([17], active_low=True, bias="pull-up")
    bench.train(17, [(10 * MS, False), (60 * MS, True), (110 * MS, False)])
    seen = watched.wait(30)
    watched.close()
    assert [(edge.t_ns, edge.active) for edge in seen] == [(10 * MS, True), (60 * MS, False), (110 * MS, True)]


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_a_lost_edge_is_noticed_at_the_next_one(kind, monkeypatch):
    bench = BENCHES[kind](monkeypatch)
    watched = bench.open().edges([17], active_low=True, bias="pull-up")
    bench.lose(17, 2)
    bench.train(17, [(1, False), (2, True), (3, False), (4, True)])
    assert [(edge.t_ns, edge.lost) for edge in watched.wait(30)] == [(3, 2), (4, 0)]
    watched.close()


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_edges_lost_on_one_line_show_at_the_next_edge_of_any(kind, monkeypatch):
    bench = BENCHES[kind](monkeypatch)
    watched = bench.open().edges([17, 18], active_low=True, bias="pull-up")
    bench.lose(17, 2)
    bench.train(17, [(1, False), (2, True)])
    bench.train(18, [(3, False), (4, True)])
    bench.train(17, [(5, False)])
    seen = []
    while len(seen) < 3:
        seen += watched.wait(30)
    assert [(edge.line, edge.lost, edge.missed) for edge in seen] == [(18, 0, 2), (18, 0, 0), (17, 2, 0)]
    watched.close()


def test_gpiod_takes_edges_of_two_lines_in_another_order_than_they_were_numbered_in(monkeypatch):
    bench = GpiodBench(monkeypatch)
    watched = bench.open().edges([17, 18], active_low=True, bias="pull-up")
    bench.train(17, [(1, False)])
    bench.train(18, [(2, False)])
    request = bench.kernel.wires(bench.chip)[17].request
    request.queue.reverse()
    assert [(edge.line, edge.lost, edge.missed) for edge in watched.wait(30)] == [(18, 0, 1), (17, 0, -1)]
    bench.train(17, [(3, True)])
    assert [(edge.lost, edge.missed) for edge in watched.wait(30)] == [(0, 0)]
    watched.close()


def test_gpiod_counts_on_when_the_kernels_numbers_run_round(monkeypatch):
    bench = GpiodBench(monkeypatch)
    watched = bench.open().edges([17], active_low=True, bias="pull-up")
    wire = bench.kernel.wires(bench.chip)[17]
    wire.seqno = wire.request.global_seqno = 2**32 - 2
    watched._numbers[17] = watched._number = 2**32 - 2
    bench.train(17, [(1, False)])
    wire.seqno = wire.request.global_seqno = -1
    bench.train(17, [(2, True), (3, False)])
    seen = []
    while len(seen) < 3:
        seen += watched.wait(30)
    assert [(edge.lost, edge.missed) for edge in seen] == [(0, 0)] * 3
    watched.close()


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_a_line_has_one_owner(kind, monkeypatch):
    bench = BENCHES[kind](monkeypatch)
    output = bench.open().output(17, active_low=False, active=False)
    with pytest.raises(DeviceFault, match="in use"):
        bench.open().edges([17], active_low=True, bias="pull-up")
    output.close()


def test_gpiod_reads_more_edges_than_one_read_gives(monkeypatch):
    bench = GpiodBench(monkeypatch)
    watched = bench.open().edges([17], active_low=True, bias="pull-up")
    bench.train(17, [(t, bool(t % 2)) for t in range(200)])
    seen = []
    while len(seen) < 200:
        seen += watched.wait(30)
    assert [edge.t_ns for edge in seen] == list(range(200))
    assert not any(edge.lost for edge in seen)
    watched.close()


def test_gpiod_finds_the_chip_with_the_forty_pins_by_its_label(monkeypatch, tmp_path):
    bench = GpiodBench(monkeypatch)
    monkeypatch.setattr("drivers.pins.gpiod_pins.DEVICES", tmp_path)
    for number, label in enumerate(["raspberrypi-exp-gpio", "gpio-brcmstb@107d508500", "pinctrl-rp1"]):
        (tmp_path / f"gpiochip{number}").touch()
        bench.kernel.add_chip(str(tmp_path / f"gpiochip{number}"), label)
    GpiodPins("").output(4, active_low=False, active=True).close()
    assert (str(tmp_path / "gpiochip2"), 4) in bench.kernel.history
    GpiodPins("raspberrypi-exp-gpio").output(4, active_low=False, active=True).close()
    assert (str(tmp_path / "gpiochip0"), 4) in bench.kernel.history
    GpiodPins("gpiochip1").output(4, active_low=False, active=True).close()
    assert (str(tmp_path / "gpiochip1"), 4) in bench.kernel.history
    with pytest.raises(DeviceMissing, match=r"pinctrl-nope; found: raspberrypi-exp-gpio, gpio-brcmstb"):
        GpiodPins("pinctrl-nope")


def test_gpiod_says_what_to_do(monkeypatch):
    bench = GpiodBench(monkeypatch)
    with pytest.raises(DeviceMissing, match="/dev/gpiochip9"):
        GpiodPins("/dev/gpiochip9")
    with pytest.raises(DeviceFault, match="0 to 27"):
        bench.open().output(99, active_low=False, active=False)
    output = bench.open().output(5, active_low=False, active=False)
    with pytest.raises(DeviceFault, match="5 by terminald"):
        bench.open().output("GPIO5", active_low=False, active=False)
    output.close()
    bench.kernel.denied.add(bench.chip)
    with pytest.raises(DeviceFault, match="group gpio"):
        bench.open()


def test_a_missing_or_old_gpiod_is_a_sentence(monkeypatch):
    monkeypatch.setattr("gpiod.__version__", "1.6.3")
    with pytest.raises(DeviceFault, match=r"1\.6\.3.*terminald\[gpiod\]"):
        open_pins(PinOptions(pins="gpiod"))
    monkeypatch.setitem(sys.modules, "gpiod", None)
    with pytest.raises(DeviceFault, match=r"terminald\[gpiod\]"):
        open_pins(PinOptions(pins="gpiod"))


def test_gpiod_here_finds_no_chip(monkeypatch, tmp_path):
    """The installed library against this machine: an empty folder of devices has no chip."""
    monkeypatch.setattr("drivers.pins.gpiod_pins.DEVICES", tmp_path)
    with pytest.raises(DeviceMissing, match="no chip at all"):
        open_pins(PinOptions(pins="gpiod"))
    (tmp_path / "gpiochip0").touch()
    with pytest.raises(DeviceFault, match="is no GPIO chip"):
        open_pins(PinOptions(pins="gpiod", chip="gpiochip0"))


def test_rpi_counts_the_edge_that_makes_a_line_active_only(monkeypatch):
    bench = RpiBench(monkeypatch)
    pins = bench.open()
    assert not pins.widths
    watched = pins.edges([17], active_low=True, bias="pull-up")
    bench.train(17, [(0, False), (0, True), (0, False), (0, True)])
    assert [edge.active for edge in watched.wait(30)] == [True, True]
    assert bench.gpio.detect[17][0] == bench.gpio.FALLING
    watched.close()


def test_rpi_outputs_stay_outputs_so_that_no_relay_floats(monkeypatch):
    bench = RpiBench(monkeypatch)
    bench.open().output(22, active_low=True, active=False).close()
    assert bench.gpio.roles[22] == bench.gpio.OUT
    assert bench.high(22)


def test_rpi_on_a_new_kernel_names_the_way_out(monkeypatch):
    bench = RpiBench(monkeypatch)
    bench.gpio.no_edges = True
    with pytest.raises(DeviceFault, match=r"rpi-lgpio.*gpiod"):
        bench.open().edges([17], active_low=True, bias="pull-up")
    assert 17 not in bench.gpio.roles


def test_rpi_off_a_raspberry_pi_names_the_way_out():
    """The installed RPi.GPIO, which refuses this machine."""
    needs.module("RPi", "rpi-gpio")
    with pytest.raises(DeviceFault, match=r"rpi-lgpio.*gpiod"):
        open_pins(PinOptions(pins="rpi"))


def test_a_pulled_simulated_chip_fails_every_call(monkeypatch):
    bench = SimulatedBench(monkeypatch)
    pins = bench.open()
    output = pins.output(5, active_low=False, active=False)
    watched = pins.edges([6], active_low=True, bias="pull-up")
    bench.lines.pull()
    with pytest.raises(DeviceMissing):
        watched.wait(None)
    with pytest.raises(DeviceMissing):
        output.set(active=True)
    with pytest.raises(DeviceMissing):
        bench.open()
    with pytest.raises(DeviceMissing):
        output.close()
    watched.close()
    bench.lines.put_back()
    bench.open().output(5, active_low=False, active=False).close()


def test_hands_cannot_drive_what_a_driver_drives(monkeypatch):
    bench = SimulatedBench(monkeypatch)
    output = bench.open().output(5, active_low=False, active=False)
    with pytest.raises(ValueError, match="is an output"):
        bench.drive(5, high=True)
    output.close()


@pytest.mark.parametrize("line", [-1, "", True])
def test_a_line_of_a_configuration_is_checked(line):
    with pytest.raises(ValueError, match="line is"):
        check_line(line, "line")
