"""May this token spend, may it be filled? A verdict as a value, with the reason for the guest."""

from __future__ import annotations

from enum import Enum

from terminal.core.events import CachedWallet, Exposure, WalletAnswer, WalletRead, WalletRemembered
from terminal.core.rules import OfflineRules, TopupRules
from terminal.core.value import Value, replace

MS_PER_HOUR = 3_600_000


class Reason(Enum):
    """Why the terminal says no: one sentence for the guest."""

    DENIED_TOKEN = "This token is blocked. Please ask the staff."
    NOT_PAIRED = "This token has no wallet yet. Please register it first."
    INSUFFICIENT = "The balance is not sufficient."
    OFFLINE_SALE = "The server cannot be reached, and this costs more than may be sold without it."
    OFFLINE_TOKEN = "The server cannot be reached, and this token has reached its limit without it."
    OFFLINE_TERMINAL = "The server has been away too long: no more sales until it is back."
    OFFLINE_UNKNOWN = "The server cannot be reached, and this token is not known here yet."
    OFFLINE_TOPUP = "The server cannot be reached: no top-up for this token at the moment."
    WALLET_FULL = "This wallet cannot take any more money."


class Asked(Value, frozen=True):
    """What is known of a token at the moment of decision.

    *answer* and *balance* are the server's; *cached* and *exposure* are the journal's.
    """

    token: str
    answer: WalletAnswer = WalletAnswer.NO_ANSWER
    balance: int | None = None
    cached: CachedWallet | None = None
    exposure: Exposure = Exposure()


def told(asked: Asked | None, event: WalletRemembered | WalletRead) -> Asked | None:
    """Return *asked* with what *event* tells of it; None if that is about another token, or nobody asked."""
    if asked is None or asked.token != event.token:
        return None
    if isinstance(event, WalletRemembered):
        return replace(asked, cached=event.cached, exposure=event.exposure)
    return replace(asked, answer=event.answer, balance=event.balance)


class Allowed(Value, frozen=True):
    """Yes. *confirmed*: by a balance the server told just now.

    *available* is what the wallet holds less what is not delivered yet, in cents; None if nothing is known.
    *age_ms* is the age of that knowledge; None if it is not known.
    """

    confirmed: bool
    available: int | None
    age_ms: int | None


class Refused(Value, frozen=True):
    """No, and why."""

    reason: Reason


def may_spend(offline: OfflineRules, overdraft: int, asked: Asked, amount: int) -> Allowed | Refused:
    """Decide whether *asked.token* may spend *amount* cents now.

    A balance from the server counts less what this terminal has not delivered yet. Credits under way are not
    added to it: the server may have booked them already.
    """
    if asked.token in offline.deny:
        return Refused(Reason.DENIED_TOKEN)
    if asked.answer is WalletAnswer.NOT_PAIRED:
        return Refused(Reason.NOT_PAIRED)
    if asked.answer is WalletAnswer.KNOWN and asked.balance is not None:
        available = asked.balance - asked.exposure.token_debits
        if available + overdraft < amount:
            return Refused(Reason.INSUFFICIENT)
        return Allowed(confirmed=True, available=available, age_ms=0)
    return _on_trust(offline, overdraft, asked, amount)


def funds(offline: OfflineRules, overdraft: int, asked: Asked, allowed: Allowed) -> int | None:
    """Return the most that *asked.token* may spend at once, which is *allowed*; None if nothing is known."""
    if allowed.available is None:
        return None
    own = allowed.available + overdraft
    if allowed.confirmed:
        return own
    exposure = asked.exposure
    trust = min(
        offline.max_sale, offline.max_per_token - exposure.token_debits, offline.max_total - exposure.total
    )
    return trust if asked.token in offline.allow else min(own, trust)


def _on_trust(offline: OfflineRules, overdraft: int, asked: Asked, amount: int) -> Allowed | Refused:
    exposure = asked.exposure
    if amount > offline.max_sale:
        return Refused(Reason.OFFLINE_SALE)
    if exposure.token_debits + amount > offline.max_per_token:
        return Refused(Reason.OFFLINE_TOKEN)
    too_old = exposure.oldest_ms is not None and exposure.oldest_ms > offline.max_age_h * MS_PER_HOUR
    if exposure.total + amount > offline.max_total or exposure.count + 1 > offline.max_count or too_old:
        return Refused(Reason.OFFLINE_TERMINAL)
    listed = asked.token in offline.allow
    cached = _usable(asked.cached, offline.max_balance_age_h)
    if cached is None:
        if listed or offline.unknown_tokens:
            return Allowed(confirmed=False, available=None, age_ms=None)
        return Refused(Reason.OFFLINE_UNKNOWN)
    available = cached.balance - exposure.token_debits + exposure.token_credits
    if available + overdraft < amount and not listed:
        return Refused(Reason.INSUFFICIENT)
    return Allowed(confirmed=False, available=available, age_ms=cached.age_ms)


def _usable(cached: CachedWallet | None, max_age_h: int) -> CachedWallet | None:
    """Return *cached* unless it is surely too old.

    An age that no clock can tell counts as young: a terminal that was switched off and on without a network
    has no clock, and must sell all the same; the other limits hold.
    """
    if cached is None or (cached.age_ms is not None and cached.age_ms > max_age_h * MS_PER_HOUR):
        return None
    return cached


class Room(Value, frozen=True):
    """A wallet may be filled by up to *cents* more. *balance* and *age_ms* as in Allowed."""

    cents: int
    balance: int | None
    age_ms: int | None


def may_fill(offline: OfflineRules, rules: TopupRules, asked: Asked) -> Room | Refused:
    """Decide how much money may be inserted for *asked.token* now."""
    if asked.token in offline.deny:
        return Refused(Reason.DENIED_TOKEN)
    if asked.answer is WalletAnswer.NOT_PAIRED:
        return Refused(Reason.NOT_PAIRED)
    balance: int | None = asked.balance
    age_ms: int | None = 0
    if asked.answer is not WalletAnswer.KNOWN or balance is None:
        known = asked.cached is not None or rules.unknown_tokens or asked.token in offline.allow
        if not rules.offline or not known:
            return Refused(Reason.OFFLINE_TOPUP)
        balance = asked.cached.balance if asked.cached else None
        age_ms = asked.cached.age_ms if asked.cached else None
    room = rules.max_session
    if rules.max_balance:
        room = min(room, rules.max_balance - (balance or 0) - asked.exposure.token_credits)
    return Room(room, balance, age_ms) if room > 0 else Refused(Reason.WALLET_FULL)
