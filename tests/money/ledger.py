"""One acceptor's coins: what it physically took, held against what came onto the books, each in its order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

OPEN_END = ("was not read", "or more if")
"""Words of a report that cannot know how much it is about, even where it names a number."""

OVERFLOW = 5
"""Events at once from which on a device may have forgotten some."""


class UnprovenError(AssertionError):
    """The books and the world do not fit together."""


@dataclass(frozen=True)
class Happened:
    """One event of the device, or a cut in its life (number 0).

    *cents*: what physically went in; 0: nothing. *life*: how often it had been switched on. *pair*: what the
    device says that it was.
    """

    number: int
    life: int
    cents: int = 0
    pair: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Report:
    """LOST, as it came onto the books: *about* nothing that happened later than it."""

    count: int
    words: str
    about: int

    @property
    def open_end(self) -> bool:
        """Whether it says that nobody knows how much it is about."""
        return self.count == 0 or any(words in self.words for words in OPEN_END)


@dataclass
class Ledger:
    """All that concerns one place of an acceptor.

    Attributes:
        happened: What the device did.
        booked: Coins on the books.
        reports: Every LOST report.
        needless: Reports of what might have been: the device had counted nothing when it was left alone.
        absences: How often its driver has begun anew.
        unseen: Coins that nobody can miss: the device was reset while it was alone, and answers as if not.
    """

    name: str
    happened: list[Happened] = field(default_factory=list)
    booked: list[int] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    needless: int = 0
    absences: int = 0
    unseen: int = 0
    _life: int = 0
    _standing: set[int] = field(default_factory=lambda: {0})  # how far the books may be, by all that is known
    _since: list[Report] = field(default_factory=list)  # reports since the last coin

    # -- the world ----------------------------------------------------------------------------------------

    def counts(self, number: int, pair: tuple[int, int], cents: int) -> None:
        """Hear of an event of the device."""
        self.happened.append(Happened(number, self._life, cents, pair))

    def begins_anew(self) -> None:
        """Hear that it was reset, switched on, or replaced."""
        self._life += 1
        self.happened.append(Happened(0, self._life))

    # -- the books ----------------------------------------------------------------------------------------

    def books(self, number: int | None, cents: int) -> None:
        """Hear of a coin that was committed: it is one that the device took, after those before it, once."""
        fitting = [
            (start, at)
            for start in self._standing
            for at in range(start, len(self.happened))
            if self.happened[at].cents == cents and self.happened[at].number == number
        ]
        found = {at + 1 for start, at in fitting if not self._uncovered(start, at)}
        if not found:
            found = {at + 1 for start, at in fitting if self._unseen(start, at)}
            self.unseen += bool(found)
        if not found:
            raise UnprovenError(
                f"{self.name}: {cents} cents (event {number}) are on the books, and were not taken, or coins "
                f"before them are missing and no report says so: {self._story()}"
            )
        self._standing, self._since = found, []
        self.booked.append(cents)

    def loses(self, count: int, words: str) -> None:
        """Hear of a LOST report that was committed: something must have happened that can lose a coin."""
        report = Report(count, words, len(self.happened))
        cautious = report.open_end and self._had_counted_nothing()
        if not cautious and not any(self._cause(start) for start in self._standing):
            raise UnprovenError(f"{self.name}: {report} without a cause: {self._story()}")
        told = self._since[-1].about if self._since else 0
        self.needless += not any(self._cause(max(start, told)) for start in self._standing)
        self.reports.append(report)
        self._since.append(report)

    # -- at the end ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """When all is told: what is not on the books is in a report."""
        end = len(self.happened)
        wrong = [self._uncovered(start, end) for start in self._standing if not self._unseen(start, end)]
        if wrong and all(wrong):
            raise UnprovenError(
                f"{self.name}: at the end, {min(wrong, key=len)} are on no books: {self._story()}"
            )
        left = Counter(each.cents for each in self.happened if each.cents)
        left.subtract(self.booked)
        if min(left.values(), default=0) < 0:
            raise UnprovenError(f"{self.name}: more of {left} on the books than were taken")

    @property
    def taken(self) -> list[int]:
        """Each coin that physically is in the machine, in cents."""
        return [each.cents for each in self.happened if each.cents]

    # -- how they fit -------------------------------------------------------------------------------------

    def _unseen(self, start: int, end: int) -> bool:
        """Whether what is missing from *start* up to *end* lies within a reset that no answer shows."""
        missing = [at for at in range(start, end) if self.happened[at] in self._uncovered(start, end)]
        return bool(missing) and any(
            self.happened[before].life != self.happened[after].life and self._goes_on(before, after)
            for before in range(max(0, start - 1), missing[0])
            for after in range(missing[-1] + 1, min(end + 1, len(self.happened)))
        )

    def _goes_on(self, before: int, after: int) -> bool:
        """Whether the device's answer after its event *after* could be one without a reset since *before*."""
        if not self.happened[before].number or not self.happened[after].number:
            return False  # at 0 it is what the device was set to that shows a reset
        steps = (self.happened[after].number - self.happened[before].number) % 255
        then, now = self._knows(before), self._knows(after)
        return steps < OVERFLOW and all(x == y for x, y in zip(now[steps:], then, strict=False))

    def _knows(self, at: int) -> list[tuple[int, int]]:
        """Return the events that the device knows right after *at*, newest first, as far as they were seen."""
        life = self.happened[at].life
        known = [
            each.pair for each in self.happened[max(0, at - 9) : at + 1] if each.life == life and each.number
        ]
        known = known[::-1][:OVERFLOW]
        return known + [(0, 0)] * (OVERFLOW - len(known)) * (life > 0)

    def _uncovered(self, start: int, end: int) -> list[Happened]:
        """Return the coins from *start* up to *end* that the reports since the last coin do not account for."""
        missing = [at for at in range(start, end) if self.happened[at].cents]
        if not missing:
            return []
        known = max((each.about for each in self._since if each.open_end), default=0)
        missing = [at for at in missing if at >= known]
        for back, at in enumerate(reversed(missing), start=1):
            if back > sum(each.count for each in self._since if each.about > at):
                return [self.happened[at] for at in missing]
        return []

    def _cause(self, start: int) -> bool:
        """Whether, since *start*, the device was reset or replaced, or counted more than it can remember."""
        since = self.happened[start:]
        return any(each.number == 0 for each in since) or len(since) >= OVERFLOW

    def _had_counted_nothing(self) -> bool:
        """Whether a device that had counted nothing was left alone: nobody can tell whether it was reset."""
        return self.absences > 0 and any(at and self.happened[at - 1].number == 0 for at in self._standing)

    def _story(self) -> str:
        first = max(0, min(self._standing) - 3)
        story = [
            f"{each.life}:{each.number}" + f"={each.cents}" * bool(each.cents) for each in self.happened[first:]
        ]
        told = f"told up to {sorted(self._standing)} of {len(self.happened)}"
        return f"{told}; from {first} on: {' '.join(story)[:600]}"
