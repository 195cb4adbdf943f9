"""What every token reader keeps to: one body of tests, run on each of them by a small bench.

A reader's own tests hold this, and nothing else is needed::

    class RdmBench(ReaderBench):
        cards = ("0100086F44", "0100086F45", "0100086F46")
        refused = "0000000000"
        def make(self, emit): ...
        def put(self, uid): ...
        ...

    class TestContract(ReaderContract):
        @pytest.fixture
        def bench(self):
            with closing(RdmBench()) as bench:
                yield bench

What a reader or its stand-in cannot do, its bench declares in ``cannot``; those tests are then turned round (a
reader that cannot see a token go must never tell that it went later than at once) or do not exist for it.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from enum import Enum
from typing import ClassVar

import pytest

from drivers.contract import Emit, Traffic
from drivers.device import DeviceThread
from terminal.core.events import DeviceChanged, Health, TokenPresented, TokenRemoved, TokenUnreadable
from tests.support.waiting import Inbox

NAME = "reader under test"
REMOVED = TokenRemoved(NAME)
Token = TokenPresented | TokenRemoved | TokenUnreadable


class Cannot(Enum):
    """What a bench may declare that it cannot do."""

    TELL_REMOVAL = "the reader does not know when a token goes: it tells so at once, or never"
    LIE_FIRST = "no token can lie there before the reader is opened for the first time"
    PUT_WHILE_LOST = "no token can be put on while the reader is lost"
    HEAR = "there is no wire that could be listened to"


class ReaderBench(ABC):
    """A reader under test, what it emits, and the hands of whoever stands before it.

    Attributes:
        cards: Three tokens of different numbers, as the reader must tell them.
        refused: A token that must be refused with words.
        swaps: How many quick swaps the test makes.
        storms: How often the storm loses the device.
        removed_at_once: Of readers that cannot TELL_REMOVAL: whether they tell it right after the token.
    """

    cards: ClassVar[tuple[str, str, str]] = ("04A1B2C3D4E5F6", "0455667788AABB", "A1B2C3D4")
    refused: ClassVar[str] = "08112233"
    cannot: ClassVar[frozenset[Cannot]] = frozenset()
    swaps: ClassVar[int] = 50
    storms: ClassVar[int] = 10
    removed_at_once: ClassVar[bool] = False

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.heard: list[Traffic] = []
        self._device: DeviceThread | None = None

    # -- what each bench does its own way --------------------------------------------------------------------

    @abstractmethod
    def make(self, emit: Emit) -> DeviceThread:
        """Return the reader, named NAME, impatient (see Pace), not started."""

    @abstractmethod
    def put(self, uid: str) -> None:
        """Put the token *uid* on; nothing lies there."""

    @abstractmethod
    def take(self) -> None:
        """Take away what lies there."""

    @abstractmethod
    def dwell(self) -> None:
        """Return when the reader has looked at what lies there some more times; at once if it never does."""

    @abstractmethod
    def lose(self) -> None:
        """Unplug the reader, or end what stands between; a token that lies there stays."""

    @abstractmethod
    def bring_back(self) -> None:
        """Undo lose()."""

    @abstractmethod
    def clear(self) -> None:
        """Let go of everything but the reader; it has been stopped."""

    def swap(self, uid: str) -> None:
        """Take away what lies there and put *uid* on, as quickly as a hand that holds both."""
        self.take()
        self.put(uid)

    # -- what all share --------------------------------------------------------------------------------------

    @property
    def device(self) -> DeviceThread:
        """The reader."""
        if self._device is None:
            self._device = self.make(self.inbox.put)
            self._device.listener = self.heard.append
        return self._device

    def start(self) -> None:
        """Start the reader and wait until it works."""
        self.device.start()
        self.expect_health(Health.OK)

    def close(self) -> None:
        """Stop the reader and let everything go."""
        if self._device is not None:
            self._device.stop()
        self.clear()

    def can(self, *what: Cannot) -> bool:
        """Whether none of *what* is beyond it."""
        return self.cannot.isdisjoint(what)

    def tokens(self) -> list[Token]:
        """Return what was told of tokens so far."""
        return self.inbox.of(TokenPresented, TokenRemoved, TokenUnreadable)

    def expect(self, *tokens: Token) -> None:
        """Wait until these were told, and nothing else of tokens before or between."""
        self.inbox.wait(lambda _: len(self.tokens()) >= len(tokens), timeout=60, what=f"{tokens}")
        assert self.tokens() == list(tokens)

    def put_refused(self) -> list[Token]:
        """Put the token that must be refused on, wait until it is; return what was told, as the first ever."""
        self.put(self.refused)
        self.inbox.wait(lambda _: self.tokens(), timeout=60, what="the refusal")
        told = self.tokens()[0]
        assert isinstance(told, TokenUnreadable)
        assert told.words.endswith(".")
        assert self.refused not in told.words.upper()
        tokens: list[Token] = [told]
        if self.removed_at_once:
            tokens.append(REMOVED)
        self.expect(*tokens)
        return tokens

    def healths(self) -> list[Health]:
        """Return the changes of health so far."""
        return [change.health for change in self.inbox.of(DeviceChanged)]

    def expect_health(self, health: Health, words: str = "") -> str:
        """Wait until the reader is so; return its words."""

        def is_so(_: object) -> bool:
            changes = self.inbox.of(DeviceChanged)
            return bool(changes) and changes[-1].health is health and words in changes[-1].words

        self.inbox.wait(is_so, timeout=60, what=f"{health}, {words!r}")
        return self.inbox.of(DeviceChanged)[-1].words


class Story:
    """What should have been told: a hand on the bench, and the events that follow from what it does."""

    def __init__(self, bench: ReaderBench) -> None:
        self.bench = bench
        self.events: list[Token] = []
        self._lies = ""

    def put(self, uid: str) -> None:
        """Put *uid* on, and expect it."""
        self.bench.put(uid)
        self._presented(uid)
        self.expect()

    def take(self) -> None:
        """Take it away, and expect that."""
        self.bench.take()
        self._removed()
        self.expect()

    def swap(self, uid: str) -> None:
        """Swap quickly, and expect both."""
        self.bench.swap(uid)
        self._removed()
        self._presented(uid)
        self.expect()

    def elsewhere(self, uid: str) -> None:
        """Another token (empty: none) was laid there while nobody looked; nothing is told yet."""
        if self._lies:
            self.bench.take()
        if uid:
            self.bench.put(uid)
        self.expect()
        if uid != self._lies:
            self._removed()
            if uid:
                self._presented(uid)

    def expect(self) -> None:
        """Wait for what should have been told by now, and for nothing else."""
        self.bench.expect(*self.events)

    def lose(self) -> None:
        """Lose the reader and wait until that is known."""
        self.bench.lose()
        self.bench.expect_health(Health.MISSING)

    def bring_back(self) -> None:
        """Bring the reader back and wait until that is known."""
        self.bench.bring_back()
        self.bench.expect_health(Health.OK)

    def _presented(self, uid: str) -> None:
        self._lies = uid
        self.events.append(TokenPresented(NAME, uid))
        if self.bench.removed_at_once:
            self.events.append(REMOVED)

    def _removed(self) -> None:
        if self._lies and self.bench.can(Cannot.TELL_REMOVAL):
            self.events.append(REMOVED)
        self._lies = ""


def _only_if(bench: ReaderBench, *what: Cannot) -> bool:
    """Whether a scene exists for this reader; a bench must not declare what is unknown."""
    assert bench.cannot <= set(Cannot)
    return bench.can(*what)


class ReaderContract:
    """The body. A subclass gives the fixture ``bench``: made, not started, closed at the end."""

    @pytest.fixture
    def bench(self) -> ReaderBench:
        """Give the bench."""
        raise NotImplementedError

    @pytest.fixture
    def story(self, bench: ReaderBench) -> Story:
        """Give the hand, on a reader that works."""
        bench.start()
        return Story(bench)

    # -- tokens ------------------------------------------------------------------------------------------------

    def test_a_token_is_told_once_when_it_comes_and_once_when_it_goes(self, story: Story) -> None:
        for uid in story.bench.cards:
            story.put(uid)
            story.bench.dwell()
            story.expect()
            story.take()
        assert story.bench.healths() == [Health.OK]

    def test_the_same_token_put_on_again_is_told_again(self, story: Story) -> None:
        for _ in range(3):
            story.put(story.bench.cards[0])
            story.take()

    def test_quick_swaps_are_all_seen_and_none_is_invented(self, story: Story) -> None:
        cards = itertools.cycle(story.bench.cards)
        story.put(next(cards))
        for _ in range(story.bench.swaps):
            story.swap(next(cards))
        story.take()

    def test_what_is_no_token_is_told_in_words_for_the_guest_and_goes_again(self, story: Story) -> None:
        story.events = story.bench.put_refused()
        story.bench.dwell()
        story.bench.take()
        if story.bench.can(Cannot.TELL_REMOVAL):
            story.events.append(REMOVED)
        story.expect()
        story.put(story.bench.cards[0])

    def test_a_good_token_follows_a_bad_one(self, story: Story) -> None:
        story.events = story.bench.put_refused()
        if story.bench.can(Cannot.TELL_REMOVAL):
            story.events.append(REMOVED)
        story.swap(story.bench.cards[1])

    def test_a_token_that_lay_there_before_the_first_opening_is_told_as_lying(self, bench: ReaderBench) -> None:
        if not _only_if(bench, Cannot.LIE_FIRST):
            return
        bench.put(bench.cards[0])
        bench.start()
        bench.expect(TokenPresented(NAME, bench.cards[0], lying=True))
        bench.swap(bench.cards[1])
        bench.expect(
            TokenPresented(NAME, bench.cards[0], lying=True), REMOVED, TokenPresented(NAME, bench.cards[1])
        )

    # -- lost and back -----------------------------------------------------------------------------------------

    def test_a_token_that_lies_there_over_a_loss_is_the_same_tap(self, story: Story) -> None:
        story.put(story.bench.cards[0])
        story.lose()
        story.bring_back()
        story.bench.dwell()
        story.expect()
        story.swap(story.bench.cards[1])
        assert story.bench.healths() == [Health.OK, Health.MISSING, Health.OK]

    def test_a_token_taken_away_during_a_loss_is_told_when_the_reader_is_back(self, story: Story) -> None:
        story.put(story.bench.cards[0])
        story.lose()
        story.elsewhere("")
        story.bring_back()
        story.expect()
        story.put(story.bench.cards[0])

    def test_a_token_changed_during_a_loss_is_a_new_tap(self, story: Story) -> None:
        if not _only_if(story.bench, Cannot.PUT_WHILE_LOST):
            return
        story.put(story.bench.cards[0])
        story.lose()
        story.elsewhere(story.bench.cards[1])
        story.bring_back()
        story.expect()

    def test_a_token_put_on_during_a_loss_is_told_when_the_reader_is_back(self, story: Story) -> None:
        if not _only_if(story.bench, Cannot.PUT_WHILE_LOST):
            return
        story.lose()
        story.elsewhere(story.bench.cards[0])
        story.bring_back()
        story.expect()

    def test_a_storm_of_losses_loses_no_event_and_invents_none(self, story: Story) -> None:
        bench = story.bench
        story.put(bench.cards[0])
        for _ in range(bench.storms):
            bench.lose()
            bench.bring_back()
        # Whatever it noticed of that: what lies there is the same, and what comes next is told.
        story.lose()
        story.bring_back()
        bench.dwell()
        story.expect()
        for uid in itertools.islice(itertools.cycle(bench.cards[1:]), bench.storms):
            story.lose()
            if bench.can(Cannot.PUT_WHILE_LOST):
                story.elsewhere(uid)
                story.bring_back()
                story.expect()
            else:
                story.elsewhere("")
                story.bring_back()
                story.put(uid)

    def test_a_reader_that_is_not_there_at_first_is_missing_until_it_comes(self, bench: ReaderBench) -> None:
        bench.lose()
        bench.device.start()
        assert bench.expect_health(Health.MISSING)  # with words
        bench.bring_back()
        bench.expect_health(Health.OK)
        Story(bench).put(bench.cards[0])
        assert bench.healths() == [Health.MISSING, Health.OK]

    # -- its end, and its secrets ------------------------------------------------------------------------------

    @pytest.mark.parametrize("when", ["idle", "token", "lost", "refused"])
    def test_stop_ends_its_thread_and_nothing_is_told_any_more(self, story: Story, when: str) -> None:
        bench = story.bench
        if when == "token":
            story.put(bench.cards[0])
        elif when == "lost":
            story.lose()
        elif when == "refused":
            story.events = bench.put_refused()
        bench.device.stop()
        assert bench.device._thread is not None
        assert not bench.device._thread.is_alive()
        if when in ("token", "refused"):
            bench.take()
        story.expect()

    def test_no_number_is_logged_or_shown(self, story: Story, caplog: pytest.LogCaptureFixture) -> None:
        bench = story.bench
        caplog.set_level("DEBUG")
        story.put(bench.cards[0])
        story.swap(bench.cards[1])
        bench.lose()
        bench.expect_health(Health.MISSING)
        shown = caplog.text + repr(bench.inbox.of(DeviceChanged))
        shown += "".join(traffic.meaning for traffic in bench.heard)
        for uid in bench.cards[:2]:
            assert uid not in shown.upper().replace(" ", "").replace(":", "")

    def test_a_technician_can_listen(self, story: Story) -> None:
        if not _only_if(story.bench, Cannot.HEAR):
            return
        story.put(story.bench.cards[0])
        assert any(traffic.way == "<" and traffic.raw and traffic.meaning for traffic in story.bench.heard)
