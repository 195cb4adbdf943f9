import pytest

from tests.drivers.benches import BENCHES
from tests.support.waiting import Inbox

pytest.register_assert_rewrite("tests.drivers.reader_contract")
pytest.register_assert_rewrite("tests.drivers.printer_contract")
pytest.register_assert_rewrite("tests.drivers.payout_bench")
pytest.register_assert_rewrite("tests.drivers.payout_contract")


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture(params=BENCHES)
def bench(request, monkeypatch):
    """Lines of every kind, one after the other."""
    return BENCHES[request.param](monkeypatch)


@pytest.fixture
def running():
    """Start devices by this; each is stopped at the end of the test."""
    devices = []

    def run(device):
        devices.append(device)
        device.start()
        return device

    yield run
    for device in devices:
        device.stop()
