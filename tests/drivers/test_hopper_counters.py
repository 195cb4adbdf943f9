"""What counters tell of a payout: never wrong, over random lives of hoppers of every sort in the manuals."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from drivers.payouts.hopper_counters import Counters, Status, Verdict, after, decide, read, status
from terminal.core.events import Ended
from tests.support.seed import SEED

LIVES = 60_000
BEFORE = Counters("4711", 100, 50, event=7, paid=3, unpaid=0, dispensed=1000)


@dataclass
class Hopper:
    """A hopper as its counters go, of a sort that is thrown by dice."""

    dice: random.Random
    event: int = 0
    paid: int = 0
    unpaid: int = 0
    dispensed: int = 0
    enabled: bool = False
    fallen: int = 0
    counts_refused: bool = field(init=False)
    counts_all: bool = field(init=False)
    power_clears_unpaid: bool = field(init=False)
    end_clears_unpaid: bool = field(init=False)
    stop_resets: bool = field(init=False)
    needs_enabling: bool = field(init=False)

    def __post_init__(self):
        self.counts_refused, self.counts_all, self.power_clears_unpaid, self.end_clears_unpaid = (
            self.dice.random() < 0.5 for _ in range(4)
        )
        self.stop_resets = self.dice.random() < 0.5
        self.needs_enabling = self.dice.random() < 0.8
        self.dispensed = self.dice.choice([0, 5, (1 << 24) - 2, self.dice.randrange(1 << 24)])
        if self.dice.random() < 0.3:
            self.event = self.dice.choice([1, 254, 255])

    def reset(self, *, power: bool) -> None:
        self.event = 0
        self.enabled = False
        if power and self.power_clears_unpaid:
            self.unpaid = 0

    def dispense(self, coins: int, *, end: str = "") -> bool:
        """Order *coins*; return whether it pays. *end*: how it ends if not well."""
        if self.needs_enabling and not self.enabled:
            if self.counts_refused:
                self.event = after(self.event)
            return False
        self.event = after(self.event)
        fell = self.dice.randint(0, coins) if end else coins
        self.paid, self.unpaid = fell, coins - fell
        self.fallen += fell
        self.dispensed = (self.dispensed + fell) % (1 << 24)
        if end == "power":
            self.event, self.enabled = 0, False  # it keeps what was unpaid
        elif end == "stop" and self.stop_resets:
            self.reset(power=False)
        elif end == "timeout" and self.end_clears_unpaid:
            self.unpaid = 0
        return True

    def counters(self) -> Counters:
        dispensed = self.dispensed if self.counts_all else None
        return Counters("4711", 100, 50, self.event, self.paid, self.unpaid, dispensed)


def life(dice: random.Random) -> tuple[Hopper, Counters, int, bool | None]:
    """Live a random life around one payout; return the hopper, the mark, the order, what was heard of it."""
    hopper = Hopper(dice)
    most = dice.choice([1, 2, 3, 10])  # small orders, so that numbers meet by chance

    def upset() -> None:
        for _ in range(dice.choice([0, 0, 0, 1, 2])):
            hopper.reset(power=dice.random() < 0.7)

    def one() -> tuple[int, str]:
        return dice.randint(1, most), dice.choice(["", "", "timeout", "stop", "power"])

    for _ in range(dice.randrange(4)):
        hopper.enabled = dice.random() < 0.9
        coins, end = one()
        hopper.dispense(coins, end=end)
        upset()
    hopper.enabled = True
    mark, fallen = hopper.counters(), hopper.fallen
    ordered, end = one()
    upset()
    began = None
    stands = hopper.counters() == mark  # the driver looks before it orders
    if stands and dice.random() < 0.8:
        if dice.random() < 0.3:
            upset()  # in the moment between the look and the order
        if dice.random() < 0.8:
            pays = hopper.dispense(ordered, end=end)
            began = pays if dice.random() < 0.4 else None
    upset()
    hopper.fallen -= fallen
    return hopper, mark, ordered, began


def test_what_counters_tell_is_never_wrong() -> None:
    dice = random.Random(SEED)
    told: Counter[Ended] = Counter()
    for number in range(LIVES):
        hopper, mark, ordered, began = life(dice)
        now = hopper.counters()
        verdict = decide(mark, ordered, now, began=began)
        told[verdict.ended] += 1
        story = (
            f"life {number} of seed {SEED}: {mark} -> {now}, ordered {ordered}, {began=}: {verdict}, {hopper}"
        )
        match verdict.ended:
            case Ended.DONE:
                assert verdict.coins == hopper.fallen > 0, story
            case Ended.FAILED:
                assert verdict.coins == hopper.fallen == 0, story
            case Ended.UNKNOWN:
                assert verdict.coins <= hopper.fallen, story
                assert verdict.words, story
    # It does tell: an answer that is UNKNOWN every time would pass above.
    assert told[Ended.UNKNOWN] < LIVES / 2, told
    assert min(told.values()) > LIVES / 50, told


def test_a_hopper_that_counts_all_coins_tells_always_where_nothing_contradicts_it() -> None:
    dice = random.Random(SEED)
    told: Counter[Ended] = Counter()
    for _ in range(LIVES // 4):
        hopper, mark, ordered, began = life(dice)
        if hopper.counts_all:
            told[decide(mark, ordered, hopper.counters(), began=began).ended] += 1
    assert told[Ended.UNKNOWN] < told.total() / 20, told


@pytest.mark.parametrize(
    ("counters", "began", "expected"),
    [
        # The order was counted: it paid all, some, nothing.
        ({"event": 8, "paid": 5, "unpaid": 0, "dispensed": 1005}, None, (Ended.DONE, 5)),
        ({"event": 8, "paid": 2, "unpaid": 3, "dispensed": 1002}, None, (Ended.DONE, 2)),
        ({"event": 8, "paid": 0, "unpaid": 5, "dispensed": 1000}, None, (Ended.FAILED, 0)),
        # The same without a count of all coins.
        ({"event": 8, "paid": 2, "unpaid": 3, "dispensed": None}, None, (Ended.DONE, 2)),
        # Nothing moved: it did not begin.
        ({}, None, (Ended.FAILED, 0)),
        ({"dispensed": None}, None, (Ended.FAILED, 0)),
        # Nothing moved, and yet it had said that it pays.
        ({}, True, (Ended.UNKNOWN, 0)),
        # The order was counted, and it said no.
        ({"event": 8}, False, (Ended.FAILED, 0)),
        ({"event": 8, "dispensed": None}, False, (Ended.FAILED, 0)),
        # The order was counted, and nobody heard whether it was refused.
        ({"event": 8}, None, (Ended.FAILED, 0)),
        ({"event": 8, "dispensed": None}, None, (Ended.UNKNOWN, 0)),
        # Power cut: in mid-payout, before it began, and where nobody can tell.
        ({"event": 0, "paid": 4, "unpaid": 1, "dispensed": 1004}, None, (Ended.DONE, 4)),
        ({"event": 0, "paid": 4, "unpaid": 1, "dispensed": None}, None, (Ended.DONE, 4)),
        ({"event": 0}, None, (Ended.FAILED, 0)),
        ({"event": 0, "dispensed": None}, None, (Ended.UNKNOWN, 0)),
        ({"event": 0, "paid": 4, "unpaid": 1, "dispensed": 1003}, None, (Ended.UNKNOWN, 3)),
        ({"event": 0, "paid": 4, "unpaid": 0, "dispensed": None}, None, (Ended.UNKNOWN, 4)),
        # The count of all coins was cleared meanwhile: it says nothing.
        ({"event": 8, "paid": 5, "unpaid": 0, "dispensed": 5}, None, (Ended.DONE, 5)),
        # Somebody else ordered, too; another hopper was put in.
        ({"event": 9, "paid": 5, "unpaid": 0, "dispensed": 1010}, None, (Ended.UNKNOWN, 0)),
        ({"hopper": "4712", "event": 8, "paid": 5, "unpaid": 0}, None, (Ended.UNKNOWN, 0)),
    ],
)
def test_known_stories(counters, began, expected) -> None:
    verdict = decide(BEFORE, 5, _changed(**counters), began=began)
    assert (verdict.ended, verdict.coins) == expected
    assert verdict.words or verdict == Verdict(Ended.DONE, 5)


def _changed(**counters: object) -> Counters:
    kept = {name: getattr(BEFORE, name) for name in Counters.__struct_fields__}
    return Counters(**(kept | counters))


def test_the_event_counter_goes_round() -> None:
    assert [after(event) for event in (0, 1, 254, 255)] == [1, 2, 255, 1]


def test_a_mark_is_short_plain_text_and_is_read_back() -> None:
    dice = random.Random(SEED)
    for _ in range(1000):
        dispensed = dice.choice([None, dice.randrange(1 << 24)])
        serial = str(dice.randrange(1 << 24))
        numbers = [dice.randrange(256) for _ in range(3)]
        counters = Counters(serial, dice.randint(1, 10**6), dice.randint(1, 255), *numbers, dispensed)
        assert read(counters.mark) == counters
        assert len(counters.mark) <= 200
        assert counters.mark.isascii()
        assert counters.mark.isprintable()


@pytest.mark.parametrize(
    "mark", ["", "x", BEFORE.mark + " ", BEFORE.mark[:-1] + "x", BEFORE.mark.replace("coin 100", "coin 0")]
)
def test_what_is_no_mark_is_none(mark: str) -> None:
    assert read(mark) is None


def test_no_random_text_is_taken_for_a_mark() -> None:
    dice = random.Random(SEED)
    text = list(BEFORE.mark)
    for _ in range(100_000):
        mutated = list(text)
        for _ in range(dice.randint(1, 3)):
            mutated[dice.randrange(len(mutated))] = chr(dice.randrange(32, 127))
        found = read("".join(mutated))
        assert found is None or found.mark.split() == _plain("".join(mutated))


def _plain(mark: str) -> list[str]:
    """The words of a mark with its numbers written as numbers are."""
    words = mark.split()
    return [*words[:2], *(str(int(word)) if word.isdigit() else word for word in words[2:])]


def test_the_status_is_four_bytes() -> None:
    assert status(bytes([9, 1, 2, 3])) == Status(9, 1, 2, 3)


@pytest.mark.parametrize(("amount", "coins"), [(0, 0), (99, 0), (100, 1), (399, 3), (5000, 50), (90_000, 50)])
def test_only_whole_coins_are_ordered_and_not_too_many(amount: int, coins: int) -> None:
    assert BEFORE.coins_for(amount) == coins
