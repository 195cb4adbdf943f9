"""The simulated reader is as strict as the real one."""

import pytest

from drivers.device import Pace
from drivers.readers.simulated import SimulatedReader, SimulatedReaderOptions
from terminal.core.events import DeviceChanged, Health, TokenPresented, TokenRemoved, TokenUnreadable

UID = "04A1B2C3D4E5F6"


@pytest.fixture
def reader(inbox, running, monkeypatch):
    monkeypatch.setattr(SimulatedReader, "pace", Pace(first_s=0.001, last_s=0.01))
    device = running(SimulatedReader("front", SimulatedReaderOptions(), inbox.put))
    health(inbox, Health.OK)
    return device


def health(inbox, wanted):
    inbox.wait(
        lambda _: [change.health for change in inbox.of(DeviceChanged)][-1:] == [wanted], what=str(wanted)
    )


def told(inbox):
    return inbox.of(TokenPresented, TokenRemoved, TokenUnreadable)


@pytest.mark.parametrize("uid", ["04a1b2c3d4e5f6", "04:A1:B2:C3:D4:E5:F6", "04 a1 b2 c3 d4 e5 f6"])
def test_a_card_comes_and_goes(reader, inbox, uid):
    reader.hands["tap"](uid)
    reader.hands["untap"]()
    assert told(inbox) == [TokenPresented("front", UID), TokenRemoved("front")]


def test_there_is_room_for_one_card(reader, inbox):
    reader.hands["tap"](UID)
    with pytest.raises(ValueError, match="untap it first"):
        reader.hands["tap"]("AABBCCDD")
    reader.hands["untap"]()
    with pytest.raises(ValueError, match="no card"):
        reader.hands["untap"]()
    assert told(inbox) == [TokenPresented("front", UID), TokenRemoved("front")]


@pytest.mark.parametrize("uid", ["", "77A1", "nothex!!", "77A1B2C3D4E5F", "77A1B2C3D4E5"])
def test_what_is_no_uid_is_refused_without_repeating_it(reader, inbox, uid):
    with pytest.raises(ValueError, match=r"UID|digits") as caught:
        reader.hands["tap"](uid)
    assert not uid or uid not in str(caught.value)
    assert told(inbox) == []
    reader.hands["tap"](UID)


@pytest.mark.parametrize("uid", ["08A1B2C3", "00000000", "01020304"])
def test_a_card_without_a_number_of_its_own_is_unreadable(reader, inbox, uid):
    reader.hands["tap"](uid)
    reader.hands["untap"]()
    unreadable, removed = told(inbox)
    assert isinstance(unreadable, TokenUnreadable)
    assert unreadable.words
    assert removed == TokenRemoved("front")


def test_a_card_that_stays_over_a_loss_is_the_same_tap(reader, inbox):
    reader.hands["tap"](UID)
    reader.hands["unplug"]()
    health(inbox, Health.MISSING)
    with pytest.raises(ValueError, match="is unplugged"):
        reader.hands["tap"]("AABBCCDD")
    reader.hands["plug"]()
    health(inbox, Health.OK)
    assert told(inbox) == [TokenPresented("front", UID)]


def test_a_card_taken_away_during_a_loss_is_told_when_the_reader_is_back(reader, inbox):
    reader.hands["tap"](UID)
    reader.hands["unplug"]()
    health(inbox, Health.MISSING)
    reader.hands["untap"]()
    assert told(inbox) == [TokenPresented("front", UID)]
    reader.hands["plug"]()
    health(inbox, Health.OK)
    assert told(inbox) == [TokenPresented("front", UID), TokenRemoved("front")]


@pytest.mark.parametrize(
    ("asks", "copy", "original"), [(True, False, True), (True, True, False), (False, True, None)]
)
def test_only_a_reader_that_asks_knows_a_copy(inbox, running, asks, copy, original):
    device = running(SimulatedReader("front", SimulatedReaderOptions(check_original=asks), inbox.put))
    health(inbox, Health.OK)
    device.hands["tap"](UID, copy=copy)
    assert told(inbox) == [TokenPresented("front", UID, original=original)]
