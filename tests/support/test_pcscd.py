"""The private pcscd: it keeps to itself, and to a port that is really its own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.pcscd import PcscDaemon
from tests.support.virtual_card import VirtualCard
from tests.support.waiting import wait_until

CLIENT = """
import sys
from drivers.readers.apdu import ask_uid
from drivers.readers.pcsc_port import PcscPort
port = PcscPort()
reader = port.readers()[0]
state = 0
while not state & 0x20:
    state = port.wait(reader, state, 60000)
with port.card(reader) as card:
    print(ask_uid(card.transmit).hex().upper())
port.close()
"""


def read_by_a_process_of_its_own(daemon: PcscDaemon) -> str:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", CLIENT],
        env={**os.environ, **daemon.env},
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout.strip()


def test_two_run_side_by_side_each_with_its_card() -> None:
    with (
        PcscDaemon() as first,
        PcscDaemon() as second,
        VirtualCard(first.port, "04A1B2C3"),
        VirtualCard(second.port, "0455667788AABB"),
    ):
        assert read_by_a_process_of_its_own(first) == "04A1B2C3"
        assert read_by_a_process_of_its_own(second) == "0455667788AABB"


def test_a_port_that_somebody_took_is_left_to_them() -> None:
    daemon = PcscDaemon()
    try:
        daemon.start()
        daemon.stop()
        taken = daemon.port
        with socket.create_server(("0.0.0.0", taken)):  # noqa: S104 - where vpcd would listen
            daemon.start()
            assert daemon.port != taken
    finally:
        daemon.close()


def test_nothing_is_left_behind() -> None:
    with PcscDaemon() as daemon:
        folder = daemon.socket.parent
        process = daemon._process
        assert process is not None
    assert process.returncode is not None
    assert not folder.exists()


def test_a_card_ends_with_its_parent() -> None:
    with PcscDaemon() as daemon:
        card = VirtualCard(daemon.port, "04A1B2C3").insert()
        process = card._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()  # what the kernel does when the parent is killed
        wait_until(lambda: process.poll() is not None, what="the card's process to end")
        process.stdin = None
        card.remove()
