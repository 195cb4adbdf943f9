"""What the service manager hears, read from a real datagram socket, and when it hears nothing."""

import logging
import os
import queue
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.daemon.watchdog import Notifier, Watchdog
from tests.support.waiting import wait_until


class Manager:
    """The service manager's end: a datagram socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.settimeout(30)

    def hears(self) -> str:
        return self._socket.recv(4096).decode()

    def hears_nothing_more(self) -> bool:
        """Whether nothing is waiting now: datagrams of this machine have arrived when they were sent."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(30)
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    abstract = f"@terminald-test-{os.getpid()}-{tmp_path.name}"
    it = Manager(str(tmp_path / "notify") if request.param == "path" else abstract)
    yield it
    it.close()


def notifier(manager: Manager, **environ: str) -> Notifier:
    return Notifier.from_environment({"NOTIFY_SOCKET": manager.address, **environ})


def test_every_word_is_one_datagram(manager: Manager) -> None:
    tells = notifier(manager)
    tells.ready("selling")
    assert manager.hears() == "READY=1\nSTATUS=selling"
    tells.ready()
    assert manager.hears() == "READY=1"
    tells.status("server away\nREADY=1")
    assert manager.hears() == "STATUS=server away READY=1"
    tells.watchdog()
    assert manager.hears() == "WATCHDOG=1"
    tells.stopping("settling")
    assert manager.hears() == "STOPPING=1\nSTATUS=settling"
    tells.reloading()
    reload, monotonic = manager.hears().split("\n")
    assert reload == "RELOADING=1"
    assert monotonic.removeprefix("MONOTONIC_USEC=").isdigit()
    assert manager.hears_nothing_more()


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_interval_is_the_managers_and_only_for_this_process(
    environ: dict[str, str], interval_s: float | None
) -> None:
    assert Notifier.from_environment({"NOTIFY_SOCKET": "/run/x", **environ}).interval_s == interval_s


@pytest.mark.parametrize("address", [None, "", "vsock:2:1234"])
def test_without_a_manager_nothing_is_said_and_no_watchdog_runs(address: str | None) -> None:
    environ = {"WATCHDOG_USEC": "1000"} | ({} if address is None else {"NOTIFY_SOCKET": address})
    tells = Notifier.from_environment(environ)
    for tell in (tells.ready, tells.watchdog, tells.reloading, tells.stopping):
        tell()
    tells.status("x")
    before = threading.active_count()
    watchdog = Watchdog(tells, lambda: pytest.fail("nobody asked"))
    watchdog.start()
    assert threading.active_count() == before
    watchdog.stop()


def test_a_manager_that_went_away_is_logged_once_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Manager(str(tmp_path / "notify"))
    tells = notifier(gone)
    gone.close()
    tells.ready()
    tells.watchdog()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_manager_that_does_not_read_does_not_hold_up_the_daemon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.daemon.watchdog._SEND_S", 0.01)
    deaf = Manager(str(tmp_path / "notify"))
    tells = notifier(deaf)
    for _ in range(10_000):  # far more than a datagram socket holds
        tells.watchdog()
        if caplog.records:
            break
    assert "going on without" in caplog.text
    deaf.close()


def test_it_is_fed_again_and_again_while_all_turns(manager: Manager) -> None:
    watchdog = Watchdog(notifier(manager, WATCHDOG_USEC="30000"), list)
    watchdog.start()
    assert [manager.hears() for _ in range(5)] == ["WATCHDOG=1"] * 5
    watchdog.stop()


def test_it_is_not_fed_while_something_hangs(manager: Manager, caplog: pytest.LogCaptureFixture) -> None:
    looks: queue.Queue[list[str]] = queue.Queue()
    seen = 0
    hang = ["reader front: its thread has not turned for 61 s"]

    def checks() -> list[str]:
        nonlocal seen
        sentences = looks.get(timeout=30)
        seen += 1
        return sentences

    watchdog = Watchdog(notifier(manager, WATCHDOG_USEC="30000"), checks)
    watchdog.start()
    looks.put([])
    assert manager.hears() == "WATCHDOG=1"
    for _ in range(5):
        looks.put(hang)
    wait_until(lambda: seen == 6, what="the looks")
    looks.put([])  # it turns again: the look before this one is over, and has fed nothing
    assert manager.hears() == "WATCHDOG=1"
    assert manager.hears_nothing_more()
    complaints = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(complaints) == 1
    assert hang[0] in complaints[0].getMessage()
    looks.put(hang)
    watchdog.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_checks_that_raise_end_the_feeding(manager: Manager) -> None:
    answers = iter([[]])
    watchdog = Watchdog(notifier(manager, WATCHDOG_USEC="30000"), lambda: next(answers))
    watchdog.start()
    assert manager.hears() == "WATCHDOG=1"
    wait_until(
        lambda: not any(thread.name == "watchdog" for thread in threading.enumerate()), what="its thread to end"
    )
    assert manager.hears_nothing_more()
    watchdog.stop()
