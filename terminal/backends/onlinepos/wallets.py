"""Cards of OnlinePOS as wallets: their balance, or their points in a campaign.

    POST deposit                 cardnumber=0900… amount=-25          -> New balance: 75.00
    POST campaign/adjustValues   [{"cardNumber": …, "value": -25}]    -> a status of each card

Nothing tells a repeat from a second booking, so none is ever sent twice unless what the server told before and
tells now leaves no other story (``terminal.core.reconcile``).
"""

from __future__ import annotations

import hashlib
import logging
from time import monotonic

from terminal.backends.onlinepos import cards, writes
from terminal.backends.onlinepos.campaigns_known import Campaigns
from terminal.backends.onlinepos.cards import Change
from terminal.backends.onlinepos.cards_find import Finder, NoWallet
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.values import amount_text
from terminal.backends.protocol import WalletReply
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Item, Listing, Looking, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.token import mask
from terminal.core.value import Value, replace

_LOG = logging.getLogger(__name__)
_READS = 3  # of balance and history, until they are of one moment
_KEPT = 50  # movements beside a try; what is new is told by the last ones
_ASKED = {Outcome.DENIED: WalletAnswer.DENIED, Outcome.REFUSED: WalletAnswer.NOT_PAIRED}  # the card was refused
_NO_TIME = Answer(Outcome.UNSENT, "no time was left to read the card")
_UNQUIET = Answer(Outcome.UNSENT, "the card is used elsewhere just now: its balance and history do not agree")


class Level(Value, frozen=True):
    """What a card has: *cents*, and *points* where they are what it has."""

    number: str
    cents: int
    points: int | None = None

    @property
    def handle(self) -> str:
        """What stands for this card beside a try on it; nobody can use it."""
        return _card(self.number)

    def __repr__(self) -> str:
        return f"Level(cents={self.cents}, points={self.points})"


class Wallets:
    """The cards of a company.

    Args:
        pos: Speaks with the server.
        options: Which cards are wallets, and what of them is spent.
        name: What the backend is called in the configuration.
        campaigns: Those that the server has.
    """

    def __init__(self, pos: OnlinePos, options: OnlinePosOptions, name: str, campaigns: Campaigns) -> None:
        self._pos = pos
        self._options = options
        self._name = name
        self._campaigns = campaigns
        self._finder = Finder(pos, options)

    def lack(self, until: float) -> str:
        """Return why nothing can be booked on any card; empty: it can. See ``Campaigns.lack``."""
        options = self._options
        return self._campaigns.lack(options.campaign, "campaign", until) if options.wallet == "points" else ""

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what the server promises about a repeat: nothing, but reads may tell."""
        return Guarantee(Promise.READ_BACK)

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance within *timeout_s* seconds."""
        until = monotonic() + timeout_s
        lack = self.lack(until)
        if lack:
            return WalletReply(WalletAnswer.NOT_PAIRED, words=lack)
        try:
            level = self._level(token, until)
        except NoWallet as error:
            return WalletReply(WalletAnswer.NOT_PAIRED, words=str(error))
        if isinstance(level, Answer):
            answer = _ASKED.get(level.outcome, WalletAnswer.NO_ANSWER)
            return WalletReply(answer, words=self._finder.hidden(level.words, token))
        return WalletReply(WalletAnswer.KNOWN, level.cents)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Book *entry*, once, within *timeout_s* seconds, the look for its card included."""
        if not entry.amount:
            return Answer(Outcome.DELIVERED, "nothing was to be booked")
        try:
            answer = self._deliver(entry, monotonic() + timeout_s)
        except (NoWallet, ValueError) as error:
            return Answer(Outcome.REFUSED, str(error))
        return replace(answer, words=self._finder.hidden(answer.words, entry.token))

    # -- reconciliation --------------------------------------------------------------------------------

    def account(self, entry: Entry) -> str | None:
        """Return what stands for the card of *entry*; None where nothing is booked, or on no card."""
        if not entry.amount or not entry.token:
            return None
        return f"{self._options.wallet} {_stands_for(entry.token)}"

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what was to be booked, and how one sees that it was.

        Raises:
            ValueError: It cannot be booked, or nothing could tell of it.
        """
        options = self._options
        looking = Looking.HISTORY if options.history else Looking.BALANCE
        amount = self._change(entry)
        if options.wallet == "points":
            looking, amount = Looking.POINTS, amount // options.point_cents
        return Operation(looking, amount, sent, mark=options.mark, alone=options.alone)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read what the server tells of the card of *entry* now; REFUSED: it can never be booked."""
        until = monotonic() + timeout_s
        lack = self.lack(until) if before is None else ""
        if lack:
            return Answer(Outcome.REFUSED, lack)
        try:
            self._change(entry)
            found = self._evidence(entry.token, at, until)
        except (NoWallet, ValueError) as error:
            # After a try that says nothing of it; what a person then reads is that nothing is told any more.
            return Evidence(at) if before is not None else Answer(Outcome.REFUSED, str(error))
        if isinstance(found, Answer):
            if before is not None and found.outcome is Outcome.REFUSED:
                return Evidence(at)  # a look, and not the try: if nothing is told any more, a person is asked
            return replace(found, words=self._finder.hidden(found.words, entry.token))
        if before is None:
            return self._lack(entry, found.balance) or _bounded(found)
        return found if found.handle == before.handle else Evidence(at)  # the token has another card now

    def _evidence(self, token: str | None, at: Stamp, until: float) -> Evidence | Answer:
        level = self._level(token, until)
        if isinstance(level, Answer):
            return level
        if self._options.wallet == "points":
            return Evidence(at, balance=level.cents, points=level.points, handle=level.handle)
        if not self._options.history:
            return Evidence(at, balance=level.cents, handle=level.handle)
        for _ in range(_READS):
            told = self._pos.do(cards.history(level.number), until - monotonic())
            if isinstance(told, Answer):
                return told
            again = self._level(token, until)
            if isinstance(again, Answer):
                return again
            if again == level:
                listing = self._listing(told)
                return Evidence(at, balance=level.cents, listing=listing, handle=level.handle)
            level = again
        return _UNQUIET

    def _listing(self, told: tuple[Change, ...]) -> Listing:
        """Return a history, the oldest first; in which order the server has it is not documented.

        Only our own location is a mark: it may be set wrongly, and what is like ours elsewhere be ours then.
        """
        if told and told[0].time.wall > told[-1].time.wall:
            told = told[::-1]
        return Listing(tuple(map(self._item, told)))

    def _item(self, change: Change) -> Item:
        mark = change.location if change.location == self._options.mark else ""
        return Item(self._changed_by(change), change.time.iso(), mark)

    def _changed_by(self, change: Change) -> int:
        spent = self._options.history_amounts == "spent" or change.kind.strip().casefold() == "purchase"
        return -change.amount if spent else change.amount

    # -- booking ---------------------------------------------------------------------------------------

    def _deliver(self, entry: Entry, until: float) -> Answer:
        change = self._change(entry)
        missing = self.lack(until) if entry.before is None else ""
        if missing:
            return Answer(Outcome.REFUSED, missing)
        number = self._finder.number(entry.token, until)
        if isinstance(number, Answer):
            return _unsent(number)
        known = None if entry.before is None else entry.before.balance
        if known is None and entry.kind is EntryKind.DEBIT and not self._options.overdraft:
            level = self._level(entry.token, until)
            if isinstance(level, Answer):
                return _unsent(level)
            number, known = level.number, level.cents
        if entry.before is not None and entry.before.handle not in ("", _card(number)):
            return Answer(Outcome.UNSENT, "the token has another card now than a moment ago")
        lack = self._lack(entry, known)
        if lack is not None:
            return lack
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to send it after the look for the card")
        answer = self._send(number, change, left_s)
        if answer.outcome is not Outcome.DELIVERED:
            self._finder.forget(entry.token)
        elif known is not None and answer.balance is not None:
            self._check_direction(entry, change, answer.balance - known)
        return answer

    def _send(self, number: str, change: int, timeout_s: float) -> Answer:
        options = self._options
        if options.wallet == "deposit":
            written = options.deposit_amounts
            call = writes.deposit(
                number, change, fractions=written != "whole kroner", comma=written == "decimal comma"
            )
            done = self._pos.do(call, timeout_s)
            return done if isinstance(done, Answer) else Answer(Outcome.DELIVERED, balance=done.balance)
        assert options.campaign is not None  # noqa: S101 - the options see to that
        points = change // options.point_cents
        if options.points_call == "adjustValue":
            told = self._pos.do(writes.adjust_value(options.campaign, points, number=number), timeout_s)
            return Answer(Outcome.DELIVERED) if told is None else told
        updated = self._pos.do(writes.adjust_values([(number, options.campaign, points)]), timeout_s)
        return updated if isinstance(updated, Answer) else updated[0].answer(delta=True)

    def _change(self, entry: Entry) -> int:
        """Return the cents by which *entry* changes a card, with their sign.

        Raises:
            ValueError: The server cannot take such an amount.
        """
        options = self._options
        text = amount_text(entry.amount)
        if options.wallet == "points":
            if entry.amount % options.point_cents:
                worth = amount_text(options.point_cents)
                raise ValueError(f"{text} is no whole number of points of {worth} each: nothing was sent")
        elif options.deposit_amounts == "whole kroner" and entry.amount % 100:
            raise ValueError(
                f"{text} is no whole number of kroner, and the server is said to take no other "
                "(deposit_amounts): nothing was sent"
            )
        return -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount

    def _lack(self, entry: Entry, known: int | None) -> Answer | None:
        """Return a refusal where less is on the card than is to be taken from it, and that matters."""
        if entry.kind is not EntryKind.DEBIT or self._options.overdraft:
            return None
        if known is None or known >= entry.amount:
            return None
        words = f"the card has {amount_text(known)}, and {amount_text(entry.amount)} were to be taken from it"
        return Answer(Outcome.REFUSED, words)

    def _check_direction(self, entry: Entry, change: int, changed: int) -> None:
        """Say so where a deposit did something else: negative ones, and parts of a krone, are not documented.

        Another till may have changed the balance since it was read, but hardly by just that.
        """
        if changed != change and (changed in (0, -change) or self._options.alone):
            how = "the other way round" if changed == -change else f"by {changed} cents instead of {change}"
            _LOG.error(
                "%s: a %s of %d cents changed a balance %s: stop this terminal, and put right entry %d on the "
                "server",
                self._name, entry.kind.value, entry.amount, how, entry.seq,
            )  # fmt: skip

    # -- reading ---------------------------------------------------------------------------------------

    def _level(self, token: str | None, until: float) -> Level | Answer:
        """Return what the card of a token has now. Raises NoWallet if it has none that can be used."""
        if until - monotonic() <= 0:
            return _NO_TIME
        options = self._options
        if options.wallet == "deposit":
            card = self._finder.card(token, until)
            if isinstance(card, Answer):
                return card
            assert card.balance is not None  # noqa: S101 - the finder saw to that
            return Level(card.number, card.balance)
        found = self._finder.points(token, until)
        if isinstance(found, Answer):
            return found
        points = next((each.points for each in found.points if each.campaign == options.campaign), 0)
        return Level(found.card.number, points * options.point_cents, points)


def _bounded(found: Evidence) -> Evidence:
    """Return what stands beside a try: it goes into the journal, and some cards were used for years."""
    listing = found.listing
    if listing is None or len(listing.items) <= _KEPT:
        return found
    return replace(found, listing=Listing(listing.items[-_KEPT:], cut=True))


def _card(number: str) -> str:
    return f"card {mask(number)} #{_stands_for(number)}"


def _stands_for(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _unsent(answer: Answer) -> Answer:
    """A look books nothing, however it ends and whoever answers."""
    unknown = answer.outcome is Outcome.UNKNOWN
    return replace(answer, outcome=Outcome.UNSENT if unknown else answer.outcome, foreign=False)
