"""The wire that several devices share: whose answer is whose, what is repeated, and who finds it closed."""

import os
import threading
import tty

import pytest

from drivers.cctalk import bus as buses
from drivers.cctalk.bus import Busy, Garbled, Refused, Silent, seat_at
from drivers.cctalk.headers import Header
from drivers.device import DeviceFault, DeviceMissing
from tests.support.cctalk_process import CctalkProcess


@pytest.fixture
def peer(tmp_path):
    made = CctalkProcess(tmp_path, "coin:2", "coin:11", "bill:40:crc")
    yield made
    made.kill()
    assert not buses._BUSES  # nobody left a line open


@pytest.fixture
def heard():
    return []


@pytest.fixture
def seat(peer, heard):
    with seat_at(peer.port, lambda *traffic: heard.append(traffic)) as made:
        yield made


def asked(peer, header):
    return peer.do("look")["asked"].get(str(int(header)), 0)


@pytest.mark.parametrize("echo", [True, False])
def test_devices_of_both_forms_answer_on_one_wire(peer, seat, heard, echo):
    peer.do("wire", echo=echo)
    assert seat.ask(2, Header.REQUEST_SERIAL) == (4713).to_bytes(3, "little")
    assert seat.ask(11, Header.REQUEST_SERIAL) == (4722).to_bytes(3, "little")
    assert seat.ask(40, Header.REQUEST_SERIAL, crc_form=True) == (4751).to_bytes(3, "little")
    assert seat.present(range(2, 14)) == [2, 11]
    assert seat.present([40], crc_form=True) == [40]
    ways = [way for way, _, _ in heard]
    assert ways[:4] == [">", "<", ">", "<"]
    assert heard[0][2] == "to 2: request serial"
    assert heard[1][1] == bytes((1, 3, 2, 0)) + (4713).to_bytes(3, "little") + heard[1][1][-1:]
    expected = "hears its own bytes" if echo else "not even"
    with pytest.raises(Silent, match=expected):
        seat.ask(5, Header.SIMPLE_POLL)


@pytest.mark.parametrize("fault", ["drop", "garble", "half", "wrong", "noise"])
def test_what_may_be_repeated_is(peer, seat, fault):
    peer.do("wire", **{fault: 2})
    assert seat.ask(2, Header.REQUEST_MAKER) == b"TST"
    assert asked(peer, Header.REQUEST_MAKER) == 3


@pytest.mark.parametrize(("fault", "error"), [("drop", Silent), ("wrong", Garbled), ("half", Garbled)])
def test_what_may_not_be_repeated_is_not(peer, seat, fault, error):
    peer.do("wire", **{fault: 1})
    with pytest.raises(error, match="device 2 on"):
        seat.ask(2, Header.SET_INHIBITS, b"\xff\xff", repeat=False)
    assert asked(peer, Header.SET_INHIBITS) == 1
    # And the next question is answered as if nothing had been.
    assert seat.ask(2, Header.READ_INHIBITS, repeat=False) == b"\xff\xff"


def test_who_is_busy_is_asked_again_a_little_later(peer, seat):
    peer.do("wire", busy=2)
    assert seat.ask(2, Header.REQUEST_MAKER) == b"TST"
    peer.do("wire", busy=9)
    with pytest.raises(Busy, match="too busy"):
        seat.ask(2, Header.REQUEST_MAKER)
    peer.do("wire", busy=1)
    with pytest.raises(Busy):
        seat.ask(2, Header.REQUEST_MAKER, repeat=False)


def test_a_refusal_is_told_at_once(peer, seat):
    with pytest.raises(Refused, match=r"refuses to request bill id \(157\)"):
        seat.ask(2, Header.REQUEST_BILL_ID, b"\x01")
    assert asked(peer, Header.REQUEST_BILL_ID) == 1


def test_an_answer_of_another_size_is_none(peer, seat):
    with pytest.raises(Garbled, match="3 bytes instead of 11"):
        seat.ask(2, Header.REQUEST_MAKER, size=11)
    assert asked(peer, Header.REQUEST_MAKER) == buses.TRIES
    assert seat.ask(2, Header.REQUEST_MAKER, size=(1, 3)) == b"TST"


def test_seats_of_one_line_share_it_and_the_last_one_closes_it(peer, tmp_path):
    alias = tmp_path / "alias"
    alias.symlink_to(peer.port)
    first = seat_at(peer.port, lambda *_: None)
    second = seat_at(str(alias), lambda *_: None)
    with pytest.raises(DeviceFault, match="in use at 9600 baud; this device has 19200"):
        seat_at(peer.port, lambda *_: None, 19_200)
    first.close()
    first.close()
    with pytest.raises(DeviceMissing, match="closed"):
        first.ask(2, Header.SIMPLE_POLL)
    assert second.ask(2, Header.SIMPLE_POLL) == b""
    second.close()
    with seat_at(peer.port, lambda *_: None, 19_200) as other:
        assert other.ask(2, Header.SIMPLE_POLL) == b""


def test_many_at_once_get_each_its_own_answer(peer):
    """Two threads for each of three devices; none is given what another asked for."""
    wrong = []

    def use(address, crc_form):
        with seat_at(peer.port, lambda *_: None) as seat:
            for _ in range(30):
                serial = seat.ask(address, Header.REQUEST_SERIAL, crc_form=crc_form)
                if serial != (4711 + address).to_bytes(3, "little"):
                    wrong.append((address, serial))

    threads = [
        threading.Thread(target=use, args=(address, address == 40)) for address in (2, 11, 40) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert wrong == []


def test_a_line_that_was_lost_is_lost_for_all_until_one_opens_it_again(peer):
    first, second = (seat_at(peer.port, lambda *_: None) for _ in range(2))
    with first, second:
        peer.do("unplug")
        with pytest.raises(DeviceMissing):
            first.ask(2, Header.SIMPLE_POLL)
        with pytest.raises(DeviceMissing, match="not open yet"):
            second.ask(2, Header.SIMPLE_POLL)
        with pytest.raises(DeviceMissing, match="there is no"):
            seat_at(peer.port, lambda *_: None)


def test_a_line_that_is_not_there_leaves_nothing_behind(tmp_path):
    with pytest.raises(DeviceMissing, match="there is no"):
        seat_at(str(tmp_path / "none"), lambda *_: None)
    assert not buses._BUSES


def test_a_line_that_is_never_silent_is_a_fault(heard):
    far, near = os.openpty()
    tty.setraw(far)
    tty.setraw(near)
    ended = threading.Event()

    def chatter():
        while not ended.is_set():
            os.write(far, b"chatter")
            ended.wait(0.005)

    thread = threading.Thread(target=chatter)
    try:
        with seat_at(os.ttyname(near), lambda *traffic: heard.append(traffic)) as seat:
            thread.start()
            with pytest.raises(DeviceFault, match=r"never silent|cannot be understood"):
                seat.ask(2, Header.SIMPLE_POLL)
        assert any(way == "!" for way, _, _ in heard)
    finally:
        ended.set()
        thread.join()
        os.close(far)
        os.close(near)
