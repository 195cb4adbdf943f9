"""What a listener is told, what is kept from them, and what becomes of a slow one."""

import select
import threading

import pytest

from drivers.contract import Traffic
from drivers.printers.plain import lines
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinUnrecognised,
    DeviceChanged,
    DeviceEvent,
    Ended,
    Health,
    PrintEnded,
    ReleaseEnded,
    TokenPresented,
    TokenRemoved,
    TokenUnreadable,
)
from terminal.listening import Ear, event, page, traffic
from terminal.listening.ear import MOST

UID = "04A1B2C3D4E5F6"
FRAME = bytes.fromhex("0000FF0FF1D54B010100040008" + UID)


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (TokenPresented("r", UID), "token …E5F6"),
        (TokenPresented("r", UID, lying=True), "token …E5F6, which lay there already"),
        (TokenPresented("r", UID, original=False), "token …E5F6, not proved to be an original one"),
        (TokenRemoved("r"), "token taken away"),
        (TokenUnreadable("r", "Another card, please."), "no usable token: Another card, please."),
        (CoinInserted("c", 200, 7), "money: 200 cents, the device's number 7"),
        (CoinUnrecognised("c", 3, "too many"), "no known coin (3 pulses): too many"),
        (ButtonPressed("p", "espresso"), "button espresso"),
        (ReleaseEnded("k/0", Ended.UNKNOWN, "silent"), "release unknown: silent"),
        (PrintEnded("k", Ended.DONE), "print done"),
        (DeviceChanged("r", "reader", Health.MISSING, "unplugged"), "health missing: unplugged"),
    ],
)
def test_every_event_has_words(happened: DeviceEvent, words: str) -> None:
    line = event(happened)
    assert line.words == words
    assert line.event == type(happened).__name__
    assert UID not in repr(line)


def test_a_full_uid_is_told_to_who_asked_for_it() -> None:
    line = event(TokenPresented("r", UID), full_uids=True)
    assert line.words == f"token {UID}"
    assert line.values["uid"] == UID


@pytest.mark.parametrize("way", ["<", ">", "!"])
def test_the_bytes_of_a_reader_are_kept_back_for_they_may_hold_a_uid(way: str) -> None:
    line = traffic(Traffic(way, FRAME, "one token"), "reader")  # type: ignore[arg-type] # one of its values
    assert (line.way, line.raw, line.words) == (way, "", f"one token ({len(FRAME)} bytes)")
    shown = traffic(Traffic("<", FRAME, "one token"), "reader", full_uids=True)
    assert shown.raw.startswith("00 00 FF 0F")
    assert shown.words == "one token"


def test_the_bytes_of_other_devices_are_shown() -> None:
    assert traffic(Traffic("<", b"\x12", "online"), "printer").raw == "12"


def test_an_ear_wakes_who_polls_it_and_keeps_the_order() -> None:
    ear = Ear("buttons", raw=True, full_uids=False)
    try:
        poll = select.poll()
        poll.register(ear, select.POLLIN)
        assert poll.poll(0) == []
        teller = threading.Thread(target=lambda: [ear.event(ButtonPressed("p", str(n))) for n in range(5)])
        teller.start()
        assert poll.poll(30_000) != []
        teller.join()
        taken = ear.take()
        assert [line.words for line in taken] == [f"button {n}" for n in range(5)]
        assert [line.at_s for line in taken] == sorted(line.at_s for line in taken)
        assert poll.poll(0) == []
    finally:
        ear.close()


def test_a_slow_listener_loses_lines_and_is_told_how_many() -> None:
    ear = Ear("buttons", raw=False, full_uids=False)
    try:
        for number in range(MOST + 3):
            ear.event(ButtonPressed("p", str(number)))
        taken = ear.take()
        assert len(taken) == MOST + 1
        assert "3 lines" in taken[-1].words
        ear.event(ButtonPressed("p", "after"))
        assert [line.words for line in ear.take()] == ["button after"]
    finally:
        ear.close()


def test_a_closed_ear_takes_nothing_and_harms_nobody() -> None:
    ear = Ear("buttons", raw=False, full_uids=False)
    ear.close()
    ear.close()
    ear.event(ButtonPressed("p", "x"))
    assert ear.take() == []
    with pytest.raises(ValueError, match="closed"):
        ear.fileno()


def test_the_page_says_what_it_is() -> None:
    text = "\n".join(lines(page("coffee-1", "receipts"), 42))
    assert "no receipt" in text
    assert "coffee-1" in text
    assert "€" in text
