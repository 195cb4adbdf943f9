"""The dialogue with a PN532 when something goes wrong on the way: said again or given up, never believed."""

import random
from collections import deque
from collections.abc import Callable

import pytest

from drivers.device import DeviceError, DeviceFault, DeviceMissing
from drivers.readers import pn532_chip
from drivers.readers import pn532_frames as frames
from drivers.readers.pn532_chip import Pn532, Silent
from drivers.readers.pn532_frames import ACK, FELICA_212, FIRMWARE, NACK, RF, TYPE_A, TYPE_B, Target
from tests.support import pn532_chip as emulated
from tests.support.pn532_cards import Ntag, TypeA

VERSION = bytes.fromhex("32010607")
Damage = Callable[[bytes], bytes]


class Line:
    """A way to an emulated chip, on which *damage* is done, one for each frame that the chip says."""

    where = "the line"
    advice = "is it wired?"
    stream = True

    def __init__(self) -> None:
        self.chip = emulated.Chip()
        self.damage: deque[Damage] = deque()
        self.sent: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)
        self.chip.feed(frame)

    def receive(self, timeout_s: float) -> bytes:
        said = b""
        while self.chip.output:
            frame = self.chip.output.popleft()
            said += self.damage.popleft()(frame) if self.damage else frame
        return said

    def wake(self) -> None:
        self.chip.feed(bytes(10))

    def rates(self) -> tuple[int, ...]:
        return ()

    def set_rate(self, rate: int) -> bool:
        return False

    def close(self) -> None:
        """Nothing to let go."""


def lost(frame: bytes) -> bytes:
    return b""


def whole(frame: bytes) -> bytes:
    return frame


def wrong(frame: bytes) -> bytes:
    return frame[:-3] + bytes([frame[-3] ^ 0x10]) + frame[-2:]


def torn(frame: bytes) -> bytes:
    return frame[: len(frame) // 2]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is late on this line: what does not come at once does not come."""
    for wait in ("_ANSWER_S", "_FIRST_ACK_S", "_ABORT_S", "_POWER_UP_S"):
        monkeypatch.setattr(pn532_chip, wait, 0.0)
    monkeypatch.setattr(pn532_chip, "_ACK_S", (0.0, 0.0))


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def chip(line: Line) -> Pn532:
    chip = Pn532(line, lambda *_: None, lambda: None)
    assert chip.open() == "1.6"
    line.sent.clear()
    return chip


def test_a_command_that_was_not_acknowledged_is_given_again(chip: Pn532, line: Line) -> None:
    line.damage += [lost, lost]
    assert chip.command(FIRMWARE) == VERSION
    assert [frame for frame in line.sent if frame != ACK] == [frames.encode(FIRMWARE)] * 2


def test_an_answer_without_acknowledgement_is_an_answer(chip: Pn532, line: Line) -> None:
    line.damage += [lost]
    assert chip.command(FIRMWARE) == VERSION
    assert len(line.sent) == 1


@pytest.mark.parametrize("damage", [wrong, torn])
def test_a_damaged_answer_is_asked_for_again_and_the_command_is_not(
    chip: Pn532, line: Line, damage: Damage
) -> None:
    line.damage += [whole, damage]
    assert chip.command(FIRMWARE) == VERSION
    assert line.sent == [frames.encode(FIRMWARE), NACK]


def test_a_line_that_damages_everything_is_given_up(chip: Pn532, line: Line) -> None:
    line.damage += [whole] + [wrong] * 9
    with pytest.raises(Silent, match="took the command GetFirmwareVersion and did not answer"):
        chip.command(FIRMWARE)
    assert line.sent[-1] == ACK  # what is under way is ended


def test_a_chip_that_says_nothing_is_missing(line: Line) -> None:
    line.chip.hangs = True
    with pytest.raises(DeviceMissing, match="no PN532 answers on the line: is it wired"):
        Pn532(line, lambda *_: None, lambda: None).open()


def test_a_card_that_is_waited_for_without_end_is_not_waited_for(chip: Pn532, line: Line) -> None:
    line.chip._retries = 0xFF
    with pytest.raises(Silent):
        chip.find((TYPE_A,))
    assert line.chip._pending is None


def test_answers_to_what_was_not_asked_are_passed_over(chip: Pn532, line: Line) -> None:
    stale = emulated.frame(bytes.fromhex("D54B01010004080 4A1B2C3D4".replace(" ", "")))
    line.damage += [lambda frame: frame + stale, whole]
    assert chip.command(FIRMWARE) == VERSION


def test_what_the_chip_refuses_is_told(chip: Pn532) -> None:
    with pytest.raises(DeviceFault, match="refuses the command RFConfiguration"):
        chip.command(RF, b"\x77")


def test_a_chip_that_did_not_listen_once_is_set_up_again(chip: Pn532, line: Line) -> None:
    line.chip.power_on()
    line.chip.put(TypeA("A1B2C3D4"))
    assert chip.find((TYPE_A,)) == Target(frames._CHIPS[TYPE_A], TYPE_A, bytes.fromhex("A1B2C3D4"))
    assert line.chip._retries == 1
    assert not line.chip._automatic_rats


def test_the_field_is_on_only_while_somebody_is_there(chip: Pn532, line: Line) -> None:
    assert not line.chip._field
    assert chip.find((TYPE_A, TYPE_B, FELICA_212)) is None
    assert not line.chip._field
    line.chip.put(Ntag())
    assert chip.find((TYPE_A,)) is not None
    assert line.chip._field


def test_two_targets_in_one_answer_are_none(chip: Pn532, line: Line) -> None:
    line.chip.put(TypeA("A1B2C3D4"))
    body = bytes.fromhex("D54B02010004080 4A1B2C3D4".replace(" ", ""))
    line.damage += [whole, whole, whole, lambda _: emulated.frame(body)]
    assert chip.find((TYPE_A,)) is None


def test_a_chip_that_talks_nonsense_gives_no_card_and_no_crash(chip: Pn532, line: Line) -> None:
    """Whatever the chip says, by chance: never a card that is none."""
    chance = random.Random(534)
    line.chip.put(Ntag("04A1B2C3D4E5F6"))
    true = bytes.fromhex("04A1B2C3D4E5F6")
    seen = 0
    for _ in range(3000):
        line.damage.clear()
        line.damage += [_damage(chance) for _ in range(8)]
        try:
            found = chip.find((TYPE_A,))
        except DeviceError:
            continue
        finally:
            line.damage.clear()
        if found is not None:
            seen += 1
            assert found.number == true
    assert seen > 100


def _damage(chance: random.Random) -> Damage:
    match chance.randrange(8):
        case 0:
            return lost
        case 1:
            return torn
        case 2:
            return lambda _: chance.randbytes(chance.randint(0, 30))
        case 3:
            place, bit = chance.random(), 1 << chance.randrange(8)
            return lambda frame: _flip(frame, int(place * len(frame)), bit)
    return whole


def _flip(frame: bytes, place: int, bit: int) -> bytes:
    return frame[:place] + bytes([frame[place] ^ bit]) + frame[place + 1 :]
