"""Originals, lamp and buzzer on a real pcscd: virtual cards on virtual readers that check each byte."""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.contract import Traffic
from drivers.device import Pace
from drivers.readers import originality
from drivers.readers.pcsc import PcscOptions, PcscReader
from drivers.readers.pcsc_port import Link, PcscError
from drivers.readers.pcsc_talk import Talk, TalkOptions
from terminal.core.events import DeviceChanged, Health, TokenPresented, TokenRemoved, TokenUnreadable
from tests.drivers.test_originality import NTAGS, ULTRALIGHTS
from tests.support.pcscd import OWN_SOCKET, PcscDaemon
from tests.support.virtual_card import NTAG_ATR, VirtualCard
from tests.support.waiting import Inbox, wait_until

ACR122 = "ACS ACR122U PICC Interface"
OTHER = "ACS ACR1252 1S CL Reader PICC"
FORGED = "00" * 32
(UID, SIGNATURE), (UID_EV1, SIGNATURE_EV1) = NTAGS[0], ULTRALIGHTS[0]
KINDS = pytest.mark.parametrize(("name", "kind"), [(ACR122, "acr122"), (OTHER, "transparent")])


class QuickReader(PcscReader):
    """The same, less patient."""

    pace = Pace(first_s=0.02, last_s=0.1)


class Front:
    """A device of this terminal, on a pcscd of its own."""

    def __init__(self, name: str, **options: object) -> None:
        self.daemon = PcscDaemon(OWN_SOCKET, name)
        self.daemon.start()
        self.inbox = Inbox()
        self.heard: list[Traffic] = []
        self.reader = QuickReader("front", PcscOptions(**options), self.inbox.put)  # type: ignore[arg-type]
        self.reader.listener = self.heard.append

    def start(self) -> "Front":
        self.reader.start()
        self.inbox.wait(lambda _: self.reader.condition.health is Health.OK, what="the reader")
        return self

    def tap(self, uid: str, kind: str, signature: str = "", says: int = 0) -> object:
        """Put a card on, and take it away when *says* more was said to it; return what was told of it."""
        says += len(self.talk())
        known = len(self.tokens())
        with VirtualCard(self.daemon.port, uid, reader=kind, signature=signature):
            self.inbox.wait(lambda _: len(self.tokens()) > known, timeout=60, what="the card")
            wait_until(lambda: len(self.talk()) >= says, what="all that is to be said to the card")
        self.inbox.wait(lambda _: len(self.tokens()) > known + 1, timeout=60, what="its end")
        told, gone = self.tokens()[known:]
        assert gone == TokenRemoved("front")
        return told

    def tokens(self) -> list[object]:
        return self.inbox.of(TokenPresented, TokenRemoved, TokenUnreadable)

    def talk(self) -> list[tuple[str, str]]:
        """Return what was said to the reader after the question for the UID, each with its status."""
        pairs = list(zip(self.heard, self.heard[1:], strict=False))
        return [
            (ask.raw.hex().upper(), answer.raw[-2:].hex().upper())
            for ask, answer in pairs
            if ask.way == ">" and not ask.raw.startswith(b"\xff\xca")
        ]

    def close(self) -> None:
        self.reader.stop()
        self.daemon.close()


@pytest.fixture
def front(request: pytest.FixtureRequest) -> Iterator[Front]:
    name, options = request.param
    with closing(Front(name, **options)) as front:
        yield front.start()


# -- originals ---------------------------------------------------------------------------------------------


@KINDS
def test_originals_are_told_from_copies(name: str, kind: str) -> None:
    with closing(Front(name, check_original=True)) as front:
        front.start()
        assert front.tap(UID, kind, SIGNATURE) == TokenPresented("front", UID, original=True)
        assert front.tap(UID_EV1, kind, SIGNATURE_EV1) == TokenPresented("front", UID_EV1, original=True)
        assert front.tap(UID, kind, SIGNATURE_EV1) == TokenPresented("front", UID, original=False)
        assert front.tap(UID, kind, FORGED) == TokenPresented("front", UID, original=False)
        assert front.tap(UID, kind) == TokenPresented("front", UID, original=False)
        assert front.tap("A1B2C3D4", kind) == TokenPresented("front", "A1B2C3D4", original=False)
        # What cannot have a signature was not even asked: it might take offence.
        last = next(
            index for index, each in reversed(list(enumerate(front.heard))) if each.raw[:2] == b"\xff\xca"
        )
        assert len(front.heard) == last + 2


@pytest.mark.parametrize("front", [(ACR122, {"check_original": True, "order": "reversed"})], indirect=True)
def test_the_number_is_turned_round_before_it_is_checked(front: Front) -> None:
    backwards = bytes.fromhex(UID)[::-1].hex().upper()
    assert front.tap(backwards, "acr122", SIGNATURE) == TokenPresented("front", UID, original=True)


@pytest.mark.parametrize("front", [(ACR122, {})], indirect=True)
def test_nobody_is_asked_where_it_is_not_wanted(front: Front) -> None:
    assert front.tap(UID, "acr122", SIGNATURE) == TokenPresented("front", UID)
    assert front.talk() == []


@pytest.mark.parametrize("front", [(OTHER, {"check_original": True})], indirect=True)
def test_a_reader_that_cannot_pass_the_question_on_says_so_once(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert front.tap(UID, "plain", SIGNATURE) == TokenPresented("front", UID, original=False)
    assert caplog.text.count("originals cannot be told on this reader") == 1
    assert UID not in caplog.text


def test_a_missing_library_shows_when_the_device_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originality, "ready", lambda: (_ for _ in ()).throw(originality_missing()))
    with closing(Front(OTHER, check_original=True)) as front:
        front.reader.start()
        front.inbox.wait(lambda _: front.reader.condition.health is Health.FAILED, what="the failure")
        assert "originality" in front.inbox.of(DeviceChanged)[-1].words


def originality_missing() -> Exception:
    from drivers.device import DeviceFault  # noqa: PLC0415 - for this test only

    return DeviceFault("the extra originality is not installed")


# -- lamp and buzzer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("front", [(ACR122, {"beep": "when read", "lamp": "when read"})], indirect=True)
def test_lamp_and_buzzer_tell_what_became_of_a_card(front: Front) -> None:
    front.tap(UID, "acr122", SIGNATURE, says=2)
    front.tap("08112233", "acr122", says=1)
    assert front.talk() == [
        ("FF00520000", "9000"),  # once: it beeps no more by itself
        ("FF00400E0401000101", "9002"),  # green
        ("FF00405D0401010201", "9001"),  # red
    ]


@pytest.mark.parametrize("front", [(ACR122, {"beep": "off"})], indirect=True)
def test_silence_is_ordered_again_after_the_reader_was_away(front: Front) -> None:
    front.tap(UID, "acr122", SIGNATURE, says=1)
    front.tap(UID, "acr122", SIGNATURE)
    assert front.talk() == [("FF00520000", "9000")]
    front.daemon.kill()
    front.inbox.wait(lambda _: front.reader.condition.health is Health.MISSING, what="the loss")
    front.daemon.start()
    front.inbox.wait(lambda _: front.reader.condition.health is Health.OK, timeout=60, what="the reader")
    front.tap(UID, "acr122", SIGNATURE, says=1)
    assert front.talk() == [("FF00520000", "9000")] * 2


@pytest.mark.parametrize("front", [(ACR122, {"lamp": "when read"})], indirect=True)
def test_the_lamp_alone_makes_no_sound(front: Front) -> None:
    front.tap(UID, "acr122", SIGNATURE, says=1)
    assert front.talk() == [("FF00400E0401000100", "9002")]


@pytest.mark.parametrize(
    ("front", "says", "words"),
    [
        ((ACR122, {"beep": "off"}), 1, "answered 6D 00"),
        ((OTHER, {"beep": "when read"}), 0, "has no lamp or buzzer that this driver knows"),
    ],
    indirect=["front"],
)
def test_a_reader_without_them_reads_all_the_same_and_it_is_said_once(
    front: Front, says: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        assert front.tap(UID, "plain", SIGNATURE, says=says) == TokenPresented("front", UID)
    assert caplog.text.count(words) == 1


def test_a_card_that_is_lifted_before_the_lamp_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    def gone(_: bytes) -> bytes:
        raise PcscError(0x80100069, "the card was removed")

    talk = Talk("front", TalkOptions(beep="when read"), lambda *_: None)
    talk.opened(ACR122 + " 00 00")
    for _ in range(3):
        talk.signal(Link(gone, NTAG_ATR), good=True)
    assert caplog.text.count("could not be reached") == 1
