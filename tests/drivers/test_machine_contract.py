"""The machine contract, on every driver of a vending machine."""

from contextlib import closing

import pytest

from tests.drivers.machine_benches import CentsBench, MdbBench, RawBench, SimulatedBench
from tests.drivers.machine_contract import MachineContract


def bench_of(kind):
    @pytest.fixture
    def fresh(self):
        with closing(kind()) as bench:
            yield bench

    return fresh


class TestSimulated(MachineContract):
    fresh = bench_of(SimulatedBench)


class TestQibixx(MachineContract):
    fresh = bench_of(MdbBench)


class TestQibixxInCents(MachineContract):
    fresh = bench_of(CentsBench)


class TestRaw(MachineContract):
    fresh = bench_of(RawBench)
