"""Vouchers of OnlinePOS for money that is to be given back: their numbers are made of the journal's keys.

    POST createVoucherFromInterval   voucherNoFrom = voucherNoTo, points, campaignid, startDate, endDate

A number is made once for each key, so that a voucher can be looked for by it, and a second one of it is refused
("voucherno is not unique!"). Other vouchers do not get it: of the digits behind the prefix, each is as likely
as any other, so that with n vouchers there already, it is one of theirs in n of 10^digits cases; and then it is
found there before, and nothing is made.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from time import monotonic

from terminal.backends.http import sentence
from terminal.backends.onlinepos import cards, writes
from terminal.backends.onlinepos.campaigns_known import Campaigns
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.values import amount_text, local
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Key, Looking, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import replace

_NO_CLOCK = "the clock of this machine is not set, and a voucher is valid from a day on"


class Vouchers:
    """Makes vouchers of one campaign; for any thread.

    Args:
        pos: Speaks with the server.
        options: Of which campaign they are, what a point is worth, how they are numbered, how long they hold.
        campaigns: Those that the server has.
    """

    def __init__(self, pos: OnlinePos, options: OnlinePosOptions, campaigns: Campaigns) -> None:
        self._pos = pos
        self._options = options
        self._campaigns = campaigns

    def lack(self, until: float) -> str:
        """Return why no voucher can be made; empty: it can. See ``Campaigns.lack``."""
        return self._campaigns.lack(self._options.voucher_campaign, "voucher_campaign", until)

    def number(self, key: str) -> str:
        """Return the number of the voucher for *key*: always the same, with the same options."""
        prefix, digits = self._options.voucher_prefix, self._options.voucher_digits
        rest = digits - len(prefix)
        drawn = int.from_bytes(hashlib.sha256(f"voucher {key}".encode()).digest(), "big")
        return f"{prefix}{drawn % 10**rest:0{rest}d}"

    def points(self, cents: int) -> int:
        """Return what *cents* are in points.

        Raises:
            ValueError: They are no whole number of them, or it is not set of which campaign vouchers are.
        """
        if self._options.voucher_campaign is None:
            raise ValueError("it is not set of which campaign vouchers are (voucher_campaign)")
        points, rest = divmod(cents, self._options.voucher_point_cents)
        if rest or points < 1:
            worth = amount_text(self._options.voucher_point_cents)
            raise ValueError(f"{amount_text(cents)} is no whole number of points of {worth} each")
        return points

    def find(self, number: str, timeout_s: float) -> Key | Answer:
        """Return whether the voucher *number* is there, and what it is worth now."""
        found = self._pos.do(cards.campaign_values(numbers=(number,), closed=True), timeout_s)
        if isinstance(found, Answer):
            return found
        mine = [each for each in found.items if each.card.number == number]
        if len(mine) != len(found.items) or len(mine) > 1:
            return Answer(
                Outcome.UNKNOWN, "the server answered with other cards than the one that was asked for"
            )
        if not mine:
            return Key(there=False)
        campaign, worth = self._options.voucher_campaign, self._options.voucher_point_cents
        points = sum(each.points for each in mine[0].points if each.campaign == campaign)
        return Key(there=True, amount=points * worth)

    def make(self, number: str, cents: int, day: date, timeout_s: float) -> Answer:
        """Make the voucher *number*, worth *cents*, once; see ``writes.is_taken`` for one that is there.

        Args:
            number: As ``number`` makes it.
            cents: As for ``points``.
            day: The first on which it is valid.
            timeout_s: For everything together.

        Raises:
            ValueError: As ``points``.
        """
        options = self._options
        points = self.points(cents)
        assert options.voucher_campaign is not None  # noqa: S101 - or it has no points
        call = writes.create_vouchers(
            number,
            number,
            points=points,
            campaign=options.voucher_campaign,
            name=options.voucher_name,
            start=day,
            end=day + timedelta(days=options.voucher_days),
        )
        told = self._pos.do(call, timeout_s)
        return told if isinstance(told, Answer) else Answer(Outcome.DELIVERED, reference=number)

    # -- for the engine --------------------------------------------------------------------------------

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises: that a number is there can be read.

        That a second voucher of a number is refused is documented of another call; it is not relied upon.
        """
        return Guarantee(Promise.READ_BACK)

    def account(self, entry: Entry) -> str | None:
        """Return what stands for the voucher of *entry*; None where none is made."""
        return f"voucher {self.number(entry.key)}" if entry.amount else None

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what was to be made, and that its number tells."""
        return Operation(Looking.KEY, entry.amount, sent)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read whether the voucher of *entry* is there; REFUSED: it can never be made."""
        number = _handle(before) or self.number(entry.key)
        try:
            self.points(entry.amount)
        except ValueError as error:
            return Answer(Outcome.REFUSED, f"{error}: nothing was sent") if before is None else Evidence(at)
        if before is None and not at.synced:
            return Answer(Outcome.UNSENT, _NO_CLOCK)
        until = monotonic() + timeout_s
        lack = self.lack(until) if before is None and not entry.attempts else ""
        if lack:
            return Answer(Outcome.REFUSED, lack)
        found = self.find(number, until - monotonic())
        if isinstance(found, Answer):
            refused = before is not None and found.outcome is Outcome.REFUSED
            return Evidence(at, handle=number) if refused else found  # a look, and not the try
        if before is None and found.there and not entry.attempts:
            return Answer(Outcome.REFUSED, f"there is a voucher {number} already, which is not of this entry")
        return Evidence(at, key=found, handle=number)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Make the voucher of *entry*, once, within *timeout_s* seconds; its number is the reference."""
        if not entry.amount:
            return Answer(Outcome.DELIVERED, "nothing was to be given back")
        number = _handle(entry.before) or self.number(entry.key)
        known = entry.before.key if entry.before is not None else None
        if known is not None and known.there:
            return self._known(number, known, entry)
        at = entry.created if entry.before is None else entry.before.at
        if not at.synced:
            return Answer(Outcome.UNSENT, _NO_CLOCK)
        until = monotonic() + timeout_s
        lack = self.lack(until) if entry.before is None else ""
        if lack:
            return Answer(Outcome.REFUSED, lack)
        try:
            answer = self.make(number, entry.amount, danish_day(at), until - monotonic())
        except ValueError as error:
            return Answer(Outcome.REFUSED, f"{error}: nothing was sent")
        except OSError as error:
            return Answer(Outcome.UNSENT, sentence(error))
        if writes.is_taken(answer) and entry.attempts:
            return self._there(number)
        if writes.is_taken(answer):
            return replace(answer, words=f"there is a voucher {number} already, which is not of this entry")
        return replace(answer, words=f"voucher {number}") if answer.outcome is Outcome.DELIVERED else answer

    def _known(self, number: str, known: Key, entry: Entry) -> Answer:
        """Return what it means that the voucher was there before a try: an earlier one may have made it."""
        if known.amount == entry.amount:
            return self._there(number)
        worth = f"worth {amount_text(known.amount or 0)} and not {amount_text(entry.amount)}"
        words = f"there is a voucher {number} already, {worth}: it was spent from, or is somebody else's"
        return Answer(Outcome.REFUSED, words)

    @staticmethod
    def _there(number: str) -> Answer:
        words = f"voucher {number}, which an earlier try has made"
        return Answer(Outcome.DELIVERED, words, reference=number)


def danish_day(at: Stamp) -> date:
    """Return the day in Denmark at a moment. Raises OSError if this machine does not know its time zone."""
    return local(datetime.fromtimestamp(at.wall_ms / 1000, UTC)).wall.date()


def _handle(before: Evidence | None) -> str:
    return "" if before is None else before.handle
