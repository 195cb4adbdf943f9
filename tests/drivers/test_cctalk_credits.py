"""What is new in a buffer of events: nothing twice, nothing guessed, what is lost is said."""

import random

import pytest

from drivers.coins.cctalk_credits import Happened, Lost, Mark, news, parse, snapshot
from tests.support.seed import SEED

DEV = "4711"


def mark(counter, *pairs, opened=True, device=DEV):
    return Mark(device, counter, tuple((first, 1) for first in pairs), opened)


def full(counter, *pairs, **more):
    """A whole buffer, of which only *pairs* are events."""
    made = mark(counter, *pairs, **more)
    return Mark(made.device, counter, (*made.pairs, *[(0, 0)] * (5 - len(pairs))), made.opened)


def credited(fresh):
    return [each.pair[0] for each in fresh.told if isinstance(each, Happened)]


def lost(fresh):
    return [each.count for each in fresh.told if isinstance(each, Lost)]


KNOWN = full(10, 5, 4, 3, 2, 1)


@pytest.mark.parametrize(
    ("known", "now", "coins", "losses", "was_reset"),
    [
        # Nothing is known: what it counted is of the time before.
        (None, full(10, 5, 4, 3, 2, 1), [], [], False),
        # It went on.
        (KNOWN, KNOWN, [], [], False),
        (KNOWN, full(11, 6, 5, 4, 3, 2), [6], [], False),
        (KNOWN, full(14, 9, 8, 7, 6, 5), [6, 7, 8, 9], [], False),
        (KNOWN, full(15, 10, 9, 8, 7, 6), [6, 7, 8, 9, 10], [], False),
        (full(0), full(2, 2, 1), [1, 2], [], False),
        (full(2, 2, 1), full(3, 3, 2, 1), [3], [], False),
        # Over the end of the cycle there is no 0.
        (full(254, 5, 4, 3, 2, 1), full(2, 8, 7, 6, 5, 4), [6, 7, 8], [], False),
        (full(255, 5, 4, 3, 2, 1), full(1, 6, 5, 4, 3, 2), [6], [], False),
        # More than it remembers.
        (KNOWN, full(17, 12, 11, 10, 9, 8), [8, 9, 10, 11, 12], [2], False),
        (full(0), full(8, 12, 11, 10, 9, 8), [8, 9, 10, 11, 12], [3], False),
        (full(252, 5, 4, 3, 2, 1), full(3, 11, 10, 9, 8, 7), [7, 8, 9, 10, 11], [1], False),
        # It was reset: while it was open, what it took last is not known; while it was shut, nothing is lost.
        (KNOWN, full(0), [], [0], True),
        (full(10, 5, 4, 3, 2, 1, opened=False), full(0), [], [], True),
        (KNOWN, full(2, 8, 7), [7, 8], [0], True),
        (full(10, 5, 4, 3, 2, 1, opened=False), full(2, 8, 7), [7, 8], [], True),
        (full(3, 3, 2, 1), full(3, 8, 7, 6), [6, 7, 8], [0], True),
        (full(0), full(0), [], [], False),
        # It was reset and counted past what was known.
        (KNOWN, full(12, 9, 9, 8, 8, 7), [7, 8, 8, 9, 9], [7], True),
        (KNOWN, full(10, 9, 9, 8, 8, 7), [7, 8, 8, 9, 9], [5], True),
        # It went back: nobody knows why, and nothing is credited.
        (KNOWN, full(9, 4, 3, 2, 1, 7), [], [0], False),
        (KNOWN, full(7, 2, 1, 7, 7, 7), [], [0], False),
        # A counter below 5 with events of no reset that are not the known ones either: nothing is sure.
        (full(1, 1), full(2, 9, 8, 7), [], [2], True),
        # As if it was reset and kept its events, or counted once around: only those since are sure.
        (KNOWN, full(2, 7, 6, 5, 4, 3), [6, 7], [245], False),
        # Another device.
        (KNOWN, full(12, 7, 6, 5, 4, 3, device="8"), [], [0], True),
        (full(10, 5, opened=False), full(12, 7, 6, 5, 4, 3, device="8"), [], [], True),
    ],
)
def test_what_is_new(known, now, coins, losses, was_reset):
    fresh = news(known, now)
    assert credited(fresh) == coins
    assert lost(fresh) == losses
    assert fresh.was_reset is was_reset
    assert all(each.words for each in fresh.told if isinstance(each, Lost))


def test_just_five_are_all_only_if_somebody_watched():
    now = full(15, 10, 9, 8, 7, 6)
    assert lost(news(KNOWN, now, watched=False)) == [0]
    assert credited(news(KNOWN, now, watched=False)) == [6, 7, 8, 9, 10]
    shut = full(10, 5, 4, 3, 2, 1, opened=False)
    assert lost(news(shut, now, watched=False)) == []


def test_one_that_had_counted_nothing_may_have_been_reset_unseen():
    assert lost(news(full(0), full(0), watched=False)) == [0]
    assert credited(news(full(0), full(2, 2, 1), watched=False)) == [1, 2]
    assert lost(news(full(0, opened=False), full(2, 2, 1), watched=False)) == []


def test_each_event_has_its_number_and_a_mark_from_which_the_rest_is_new():
    now = full(2, 8, 7, 6, 5, 4)
    told = news(full(254, 5, 4, 3, 2, 1), now).told
    assert [each.mark.counter for each in told] == [255, 1, 2]
    assert told[-1].mark == now
    for at, each in enumerate(told):
        assert [later.pair for later in news(each.mark, now).told] == [later.pair for later in told[at + 1 :]]


@pytest.mark.parametrize(
    ("known", "now"),
    [
        (KNOWN, full(17, 12, 11, 10, 9, 8)),
        (KNOWN, full(3, 9, 8, 7)),
        (KNOWN, full(12, 9, 9, 8, 8, 7)),
        (KNOWN, full(2, 7, 6, 5, 4, 3)),
        (KNOWN, full(4, 9, 8, 7, 6, 5)),
        (full(252, 5, 4, 3, 2, 1), full(3, 11, 10, 9, 8, 7)),
    ],
)
def test_a_loss_that_was_told_is_not_told_again_and_hides_no_coin(known, now):
    """The terminal may be killed between any two of these."""
    told = news(known, now).told
    for at, each in enumerate(told):
        again = news(parse(each.mark.text), now)
        assert lost(again) == []
        assert credited(again) == [later.pair[0] for later in told[at + 1 :]]


@pytest.mark.parametrize("made", [KNOWN, full(0), mark(7), full(255, 16, opened=False), mark(1, 3, device="-")])
def test_a_mark_can_be_read_again(made):
    assert parse(made.text) == made
    assert len(made.text) <= 200
    assert made.text.isascii()
    assert made.text.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "", "cctalk", "cctalk 1 open 256", "cctalk 1 open 3 01", "cctalk 1 half 3", "mdb 1 open 3",
        "cctalk 1 open 3 zz00", "cctalk 1 open 3 " + "0101" * 6, "cctalk 1 open 3 0101\n",
        "cctalk 1 open \N{ARABIC-INDIC DIGIT THREE}",
    ],
)  # fmt: skip
def test_what_is_no_mark_is_none(text):
    assert parse(text) is None


def test_noise_is_no_mark_and_a_buffer_of_another_size_none():
    chance = random.Random(SEED)
    alphabet = "cctalk opensh 0123456789abcdef"
    for _ in range(20_000):
        text = "cctalk " * chance.randrange(2) + "".join(chance.choices(alphabet, k=chance.randrange(30)))
        found = parse(text)
        assert found is None or parse(found.text) == found
    with pytest.raises(ValueError, match="10 bytes"):
        snapshot(DEV, bytes(10), opened=True)


DEEDS = ["coin", "coin", "coin", "error", "look", "look", "look", "commit", "kill", "reset"]


class World:
    """A device, and a terminal that is killed and comes back; coins have each its number, or are alike."""

    def __init__(self, chance, *, alike):
        self.chance = chance
        self.alike = alike
        self.taken = []
        self.errors = 0
        self.counter, self.pairs = 0, [(0, 0)] * 5
        self.opened = True
        self.known = self.on_books = self.now()
        self.books = []
        self.pending = []
        self.watched = True
        self.forgot = False

    def now(self):
        return Mark(DEV, self.counter, tuple(self.pairs), self.opened)

    def event(self, pair):
        self.counter = self.counter % 255 + 1
        self.pairs = [pair, *self.pairs[:4]]

    def error(self):
        if not (self.forgot and self.watched):
            self.errors += 1
            self.event((0, 1 if self.alike else self.errors))

    def coin(self):
        if self.forgot and self.watched:
            return  # a reset inhibits; and it is asked before anybody inserts so much
        label = (1, 1) if self.alike else (1 + len(self.taken) % 250, 1 + len(self.taken) // 250)
        self.taken.append(label)
        self.event(label)

    def reset(self):
        self.counter, self.pairs = 0, [(0, 0)] * 5
        self.forgot = True

    def look(self):
        now = self.now()
        told = news(self.known, now, watched=self.watched).told
        if self.forgot and self.watched and self.known.counter == 0:
            # A device that had counted nothing was reset: its driver sees that it forgot what it may take.
            told = (Lost(0, "it was reset", self.known), *told)
        self.pending += told
        self.known = now
        self.watched, self.forgot = True, False

    def commit(self):
        """So many of the events that were told are on the books, and no others."""
        done = self.chance.randrange(len(self.pending) + 1)
        self.books += self.pending[:done]
        if done:
            self.on_books = self.pending[done - 1].mark
        del self.pending[:done]

    def kill(self):
        self.pending.clear()
        self.known = self.on_books
        self.watched = False

    def finish(self):
        self.look()
        self.books += self.pending
        self.pending.clear()


@pytest.mark.parametrize("alike", [False, True])
def test_no_coin_is_credited_twice_and_none_is_missed_in_silence(alike):
    chance = random.Random(SEED)
    for _ in range(3_000):
        world = World(chance, alike=alike)
        for _ in range(chance.randrange(1, 60)):
            deed = chance.choice(DEEDS)
            if deed != "reset" or chance.random() < 0.2:
                getattr(world, deed)()
        world.finish()
        coins = [each.pair for each in world.books if isinstance(each, Happened) and each.pair[0]]
        losses = [each for each in world.books if isinstance(each, Lost)]
        assert len(coins) <= len(world.taken)
        if not alike:
            assert len(set(coins)) == len(coins)
            assert set(coins) <= set(world.taken)
            assert losses or coins == world.taken
