"""The PC/SC reader with a scripted service: what no virtual reader can do."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.readers import pcsc_port
from drivers.readers.apdu import HOLD_AGAIN
from drivers.readers.pcsc import PcscOptions, PcscReader
from drivers.readers.pcsc_port import CARD_GONE, CARD_TROUBLE, PRESENT, Link, PcscError, PcscPort, ReaderLost
from terminal.core.events import DeviceChanged, Health, TokenPresented, TokenRemoved, TokenUnreadable
from tests.drivers.pcsc_making import NAME, OTHER, REMOVED, SEVEN, QuickReader, presented
from tests.support.virtual_card import ATR
from tests.support.waiting import Inbox


def lying(uid: str) -> TokenPresented:
    return TokenPresented(NAME, uid, lying=True)


class Scripted(PcscPort):
    """A service that does as told: each call takes the next step of its script, an error or an answer.

    A script that is used up means that nothing more happens. ``answer``: what the card says to an APDU, in hex.
    """

    steps: dict[str, list[object]]

    def __init__(self) -> None:
        self._over = threading.Event()
        self._take("open")

    def _take(self, call: str, usual: object = None) -> object:
        steps = type(self).steps.get(call, [])
        step = steps.pop(0) if steps else usual
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        pass

    def end(self) -> None:
        self._over.set()

    def readers(self) -> list[str]:
        return list(self._take("readers", ["Scripted"]))  # type: ignore[call-overload]

    def wait(self, reader: str, state: int, timeout_ms: int) -> int:
        if timeout_ms == 0:  # a look between
            return int(self._take("peek", state))  # type: ignore[call-overload]
        step = self._take("wait")
        if step is None:
            self._over.wait(timeout_ms / 1000)
        return int(step or state or EMPTY)  # type: ignore[call-overload]

    def wait_for_readers(self, timeout_ms: int) -> list[str]:
        self._take("plugged")
        return self.readers()

    @contextmanager
    def card(self, reader: str) -> Iterator[Link]:
        def transmit(apdu: bytes) -> bytes:
            answer = self._take("answer")
            assert isinstance(answer, str), "asked once more than expected"
            return bytes.fromhex(answer)

        self._take("card")
        yield Link(transmit, ATR)


EMPTY = 0x10


def there(events: int) -> int:
    """A card lies there, and so many came or went before."""
    return events << 16 | PRESENT


def scripted(**steps: list[object]) -> tuple[PcscReader, Inbox]:
    class Port(Scripted):
        pass

    Port.steps = steps

    class Reader(QuickReader):
        port_class = Port

    inbox = Inbox()
    return Reader(NAME, PcscOptions(), inbox.put), inbox


def denied() -> PcscError:
    port = object.__new__(PcscPort)
    with pytest.raises(PcscError) as caught:
        port._check(0x8010006A - (1 << 32))  # as a 32-bit machine returns it
    return caught.value


def run_until(reader: PcscReader, inbox: Inbox, *healths: Health) -> list[DeviceChanged]:
    reader.start()
    try:
        inbox.wait(lambda _: [c.health for c in inbox.of(DeviceChanged)][-len(healths) :] == list(healths))
    finally:
        reader.stop()
    return inbox.of(DeviceChanged)


def test_a_service_that_refuses_the_user_names_the_rule() -> None:
    reader, inbox = scripted(open=[denied(), denied()])
    failed, _ = run_until(reader, inbox, Health.FAILED, Health.OK)
    assert "org.debian.pcsc-lite.access_pcsc" in failed.words


def test_one_refusal_alone_may_be_a_daemon_on_its_way_out() -> None:
    reader, inbox = scripted(open=[denied()])
    assert [change.health for change in run_until(reader, inbox, Health.OK)] == [Health.OK]


def test_a_reader_that_is_plugged_in_is_found_without_asking_again_and_again() -> None:
    reader, inbox = scripted(readers=[[], [], [], [], ["Scripted"]], plugged=[None])
    missing, ok = run_until(reader, inbox, Health.MISSING, Health.OK)
    assert "is it plugged in?" in missing.words
    assert ok.words == "Scripted"


def test_a_reader_pulled_out_is_lost_and_found_again() -> None:
    lost = ReaderLost(0x80100009, "the reader 'Scripted' was unplugged")
    reader, inbox = scripted(wait=[EMPTY, lost], readers=[["Scripted"], [], [], [], [], ["Scripted"]])
    changes = run_until(reader, inbox, Health.OK, Health.MISSING, Health.OK)
    assert [change.health for change in changes] == [Health.OK, Health.MISSING, Health.OK]


def test_the_module_that_seizes_readers_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.setattr(pcsc_port, "_SEIZER", tmp_path)
    reader, inbox = scripted(readers=[[]] * 5)
    missing = run_until(reader, inbox, Health.MISSING, Health.OK)[0]
    assert "blacklist pn533_usb" in missing.words


def tokens_of(*tokens: object, **steps: list[object]) -> None:
    """Run the script *steps*; exactly *tokens* come, then nothing more."""
    reader, inbox = scripted(**steps)
    reader.start()
    kinds = (TokenPresented, TokenRemoved, TokenUnreadable)
    try:
        inbox.wait(
            lambda _: len(inbox.of(*kinds)) >= len(tokens) and not any(steps.values()), what="the script"
        )
    finally:
        reader.stop()
    assert inbox.of(*kinds) == list(tokens)


def test_a_swap_between_two_looks_is_seen_by_the_event_counter() -> None:
    tokens_of(
        lying(SEVEN),
        REMOVED,
        presented(OTHER),
        wait=[there(1), there(3)],
        answer=[SEVEN + "9000", OTHER + "9000"],
    )


def test_a_swap_just_before_it_is_read_is_not_read_under_the_number_of_the_other() -> None:
    tokens_of(
        presented(OTHER),
        wait=[EMPTY, there(1), there(3)],
        peek=[there(3)],
        answer=[OTHER + "9000"],
    )


def test_what_the_service_found_at_its_own_start_was_not_presented() -> None:
    tokens_of(lying(SEVEN), wait=[EMPTY, there(0)], answer=[SEVEN + "9000"])


def test_a_change_of_state_that_is_no_card_is_not_read_again() -> None:
    in_use = there(1) | 0x100
    tokens_of(lying(SEVEN), wait=[there(1), in_use, there(1), in_use], answer=[SEVEN + "9000"])


@pytest.mark.parametrize("code", sorted(CARD_GONE))
def test_a_card_gone_before_it_could_be_read_is_no_event(code: int) -> None:
    tokens_of(
        presented(OTHER),
        wait=[there(1), EMPTY | 2 << 16, there(3)],
        card=[PcscError(code, "gone")],
        answer=[OTHER + "9000"],
    )


@pytest.mark.parametrize("code", sorted(CARD_TROUBLE))
def test_a_card_in_trouble_that_then_goes_is_no_event(code: int) -> None:
    gone = EMPTY | 2 << 16
    tokens_of(
        presented(OTHER),
        # The move is seen while the next try is waited for, and once more by who handles it.
        wait=[there(1), gone, gone, there(3)],
        card=[PcscError(code, "trouble")],
        answer=[OTHER + "9000"],
    )


def test_a_card_in_trouble_that_stays_is_told() -> None:
    trouble = PcscError(0x80100066, "unresponsive")
    tokens_of(TokenUnreadable(NAME, HOLD_AGAIN), wait=[there(1)], card=[trouble] * 4)


def test_a_reader_lost_while_it_reads_reads_the_card_when_it_is_back() -> None:
    lost = PcscError(0x80100017, "the reader was unplugged")
    tokens_of(lying(SEVEN), wait=[there(1), there(1)], card=[lost], answer=[SEVEN + "9000"])


def test_only_what_lay_there_at_the_first_opening_was_not_presented() -> None:
    lost = ReaderLost(0x80100009, "the reader 'Scripted' was unplugged")
    tokens_of(presented(SEVEN), wait=[EMPTY, lost, there(2)], answer=[SEVEN + "9000"])
