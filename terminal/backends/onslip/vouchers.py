"""Vouchers of Onslip as wallets: the voucher that a token's id identifies, its balance, bookings on it.

    GET  ~realm/vouchers/?q=identifiers%3A%2204a1…%22      the voucher of a token
    POST ~realm/vouchers/5   {"amount": -2.5}  -> {"type": "payment-voucher", "payment-voucher": {"balance": …}}

Nothing tells a repeat of a booking from a second one, so none is sent twice, unless its voucher shows that the
first was not booked. It is read before each booking: where others use it, too, a person gets what it told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import Literal

from terminal.backends.onslip.models import Unreadable, plainly, read
from terminal.backends.onslip.models_catalogue import Voucher, VoucherTransaction
from terminal.backends.onslip.models_rules import spending
from terminal.backends.onslip.models_sale import Metadata, PaymentVoucherMetadata
from terminal.backends.onslip.models_values import Money
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.backends.onslip.rest_paths import entity
from terminal.backends.onslip.vouchers_find import Finder, NotOne, cents_of
from terminal.backends.protocol import WalletReply
from terminal.backends.replies import hide, not_told
from terminal.backends.values import Remembered, token_text
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Looking, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.token import mask
from terminal.core.value import Value, replace

_LOG = logging.getLogger(__name__)
_REMEMBERED = 1000
_REMEMBERED_S = 300.0  # a card may be given to another guest


class Wallet(Value, frozen=True):
    """The voucher of a token, as it is remembered: its id, what it may be overdrawn by, and its balance."""

    id: int
    credit: int
    balance: int


class Vouchers:
    """The wallets of a realm.

    Args:
        rest: Speaks with it.
        options: How vouchers are found and booked on.
        name: What the backend is called in the configuration.
        wall_s: Returns seconds since 1970.
    """

    def __init__(self, rest: Onslip, options: OnslipOptions, name: str, wall_s: Callable[[], int]) -> None:
        self._rest = rest
        self._options = options
        self._name = name
        self._finder = Finder(rest, options, name, wall_s)
        self._wallets = Remembered[Wallet](_REMEMBERED, _REMEMBERED_S)

    def balance(self, token: str, timeout_s: float) -> WalletReply:
        """Read a token's balance within *timeout_s* seconds."""
        try:
            identifier = self._identifier(token)
        except ValueError as error:
            return WalletReply(WalletAnswer.NOT_PAIRED, words=str(error))
        try:
            wallet = self._find(identifier, monotonic() + timeout_s)
        except NotOne as error:
            return WalletReply(WalletAnswer.NOT_PAIRED, words=_hidden(str(error), identifier))
        if isinstance(wallet, Answer):
            return WalletReply(not_told(wallet), words=_hidden(wallet.words, identifier))
        return WalletReply(WalletAnswer.KNOWN, self._shown(wallet))

    def prepare(self, timeout_s: float) -> None:
        """Do what need not wait for a token."""
        self._finder.prepare(monotonic() + timeout_s)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Book *entry*, once, within *timeout_s* seconds, the look for its voucher included."""
        if not entry.amount:
            return Answer(Outcome.DELIVERED, "nothing was to be booked")
        try:
            identifier = self._identifier(entry.token or "")
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        answer = self._deliver(entry, identifier, monotonic() + timeout_s)
        return replace(answer, words=_hidden(answer.words, identifier))

    # -- reconciliation --------------------------------------------------------------------------------

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        """Return what was to be booked: a balance tells of it, if nobody else changes that."""
        changes = -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount
        return Operation(Looking.BALANCE, changes, sent, alone=self._options.alone)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read the voucher of *entry* within *timeout_s* seconds."""
        try:
            identifier = self._identifier(entry.token or "")
        except ValueError as error:
            return Answer(Outcome.REFUSED, str(error))
        try:
            found = self._find(identifier, monotonic() + timeout_s)
        except NotOne as error:
            return Answer(Outcome.REFUSED, _hidden(str(error), identifier))
        if isinstance(found, Answer):
            return replace(found, words=_hidden(found.words, identifier))
        if before is not None and before.handle != str(found.id):
            return Evidence(at)  # the token has another voucher now
        return Evidence(at, balance=found.balance, handle=str(found.id))

    def look(self, entry: Entry) -> Answer:
        """Say what became of an entry of which no voucher tells: it has no amount, or no token."""
        if entry.amount:
            return Answer(Outcome.REFUSED, "it is for no token, so it was not sent")
        return Answer(Outcome.DELIVERED, "nothing was to be booked")

    # -- booking ---------------------------------------------------------------------------------------

    def _deliver(self, entry: Entry, identifier: str, until: float) -> Answer:
        wallet = self._wallets.get(identifier)
        if wallet is not None and _was_read(entry, wallet):
            answer = self._book(entry, identifier, wallet, until)
            if answer.status != HTTPStatus.NOT_FOUND:
                return answer
            # That one is gone, and nothing was booked: another may be there.
        try:
            found = self._find(identifier, until)
        except NotOne as error:
            return Answer(Outcome.REFUSED, str(error))
        if isinstance(found, Answer):
            # A look books nothing, however it ends.
            unknown = found.outcome is Outcome.UNKNOWN
            return replace(found, outcome=Outcome.UNSENT if unknown else found.outcome, foreign=False)
        if not _was_read(entry, found):
            return Answer(Outcome.UNSENT, "the token has another voucher than when it was read just now")
        return self._book(entry, identifier, found, until)

    def _book(self, entry: Entry, identifier: str, wallet: Wallet, until: float) -> Answer:
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to send it after the look for the voucher")
        body = plainly(transaction(entry, self._options))
        reply = self._rest.post(entity(self._rest.realm, "vouchers", wallet.id), body, left_s)
        booked = _booked(reply.body, wallet.id) if isinstance(reply, Found) else None
        if booked is None:
            self._wallets.forget(identifier)
            return _not_booked(reply, wallet)
        if booked.balance is None:
            self._wallets.forget(identifier)
            return Answer(Outcome.DELIVERED, reference=booked.transaction_id)
        after = replace(wallet, balance=cents_of(booked.balance))
        self._check_direction(entry, wallet, after)
        self._wallets.put(identifier, after)
        return Answer(Outcome.DELIVERED, balance=self._shown(after), reference=booked.transaction_id)

    def _check_direction(self, entry: Entry, before: Wallet, after: Wallet) -> None:
        """Say so where a booking went the wrong way: which sign spends is not documented."""
        expected = -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount
        if after.balance - before.balance == -expected:
            other = "positive" if self._options.voucher_sign == "negative" else "negative"
            _LOG.error(
                "%s: a %s of %d cents changed a balance the other way round: stop this terminal, set "
                'voucher_sign = "%s", and put right entry %d on the server',
                self._name, entry.kind.value, entry.amount, other, entry.seq,
            )  # fmt: skip

    # -- finding ---------------------------------------------------------------------------------------

    def _find(self, identifier: str, until: float) -> Wallet | Answer:
        """Return the voucher of *identifier* as it is now.

        Raises:
            NotOne: There is none that can be used, or more than one.
        """
        self._wallets.forget(identifier)
        found = self._finder.find(identifier, until)
        if isinstance(found, Answer):
            return found
        wallet = _wallet(found)
        self._wallets.put(identifier, wallet)
        return wallet

    def _shown(self, wallet: Wallet) -> int:
        return wallet.balance + (wallet.credit if self._options.voucher_credit else 0)

    def _identifier(self, uid: str) -> str:
        return token_text(uid, self._options.token_case, self._options.token_order)


def transaction(entry: Entry, options: OnslipOptions) -> VoucherTransaction:
    """Return the booking that *entry* asks for."""
    sign: Literal[-1, 1] = -1 if options.voucher_sign == "negative" else 1
    if entry.kind is EntryKind.DEBIT:
        return spending(entry.amount, sign=sign)
    return VoucherTransaction(amount=Money.of_cents(-sign * entry.amount))


def _was_read(entry: Entry, wallet: Wallet) -> bool:
    """Whether *wallet* is the one that was read before *entry*, if one was."""
    return entry.before is None or entry.before.handle == str(wallet.id)


def _wallet(voucher: Voucher) -> Wallet:
    assert voucher.id is not None  # noqa: S101 - a stored one
    assert voucher.payment is not None  # noqa: S101 - the finder saw to that
    credit = max(0, cents_of(voucher.payment.credit_limit))
    return Wallet(voucher.id, credit, cents_of(voucher.payment.balance))


def _booked(body: object, voucher: int) -> PaymentVoucherMetadata | None:
    """Return what an answer says of a booking on *voucher*; None if it is none."""
    try:
        told = read(Metadata, body).payment_voucher
    except Unreadable:
        return None
    return told if told is not None and told.voucher == voucher else None


def _not_booked(reply: Found | Answer, wallet: Wallet) -> Answer:
    """Return what an answer means that tells of no booking on *wallet*; a person can look there."""
    if isinstance(reply, Found):
        words = "the server answered, but not with a booking on this voucher: is something else before it?"
        reply = Answer(Outcome.UNKNOWN, words)
    if reply.outcome is Outcome.UNKNOWN:
        seen = f"the voucher {wallet.id} was last seen with {Money.of_cents(wallet.balance):.2f}"
        return replace(reply, words=f"{reply.words}; {seen}")
    if reply.status == HTTPStatus.CONFLICT:
        # Its way to say that there is not enough, or that it has expired: later it says the same.
        return replace(reply, outcome=Outcome.REFUSED, retry_after_ms=None)
    return reply


def _hidden(words: str, identifier: str) -> str:
    return hide(words, {identifier: mask(identifier)})
