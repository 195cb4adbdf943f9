"""Every reason to say no, at the very cent, second and count where it begins."""

import pytest

from terminal.core.events import CachedWallet, Exposure, WalletAnswer
from terminal.core.policy import MS_PER_HOUR, Allowed, Asked, Reason, Refused, Room, may_fill, may_spend
from terminal.core.rules import OfflineRules, TopupRules

UID = "04A1B2C3D4E5F6"
LIMITS = OfflineRules(
    max_sale=500, max_per_token=1000, max_total=5000, max_count=10, max_age_h=72, max_balance_age_h=168
)
RICH = CachedWallet(10_000, 1_000)


def known(balance: int, **exposure: int) -> Asked:
    return Asked(UID, WalletAnswer.KNOWN, balance, exposure=Exposure(**exposure))


def trusted(cached: CachedWallet | None = RICH, **exposure: int) -> Asked:
    return Asked(UID, cached=cached, exposure=Exposure(**exposure))


def spend(asked: Asked, amount: int, offline: OfflineRules = LIMITS, overdraft: int = 0) -> Allowed | Refused:
    return may_spend(offline, overdraft, asked, amount)


# -- with the server's answer --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "debits", "overdraft", "amount", "allowed"),
    [
        (250, 0, 0, 250, True),
        (249, 0, 0, 250, False),
        (500, 250, 0, 250, True),
        (499, 250, 0, 250, False),  # what is not delivered yet is spent already
        (0, 0, 250, 250, True),
        (0, 0, 249, 250, False),
        (-100, 0, 350, 250, True),
        (0, 0, 0, 0, True),
    ],
)
def test_known_balance(balance: int, debits: int, overdraft: int, amount: int, *, allowed: bool) -> None:
    verdict = spend(known(balance, token_debits=debits), amount, overdraft=overdraft)
    expected = Allowed(confirmed=True, available=balance - debits, age_ms=0)
    assert verdict == (expected if allowed else Refused(Reason.INSUFFICIENT))


def test_credits_under_way_are_not_added_to_what_the_server_told() -> None:
    assert spend(known(100, token_credits=1000), 250) == Refused(Reason.INSUFFICIENT)


def test_offline_limits_do_not_hold_while_the_server_answers() -> None:
    full = known(10_000, total=99_999, count=999, oldest_ms=9_999 * MS_PER_HOUR)
    assert spend(full, 9_000) == Allowed(confirmed=True, available=10_000, age_ms=0)


def test_a_token_without_a_wallet() -> None:
    asked = Asked(UID, WalletAnswer.NOT_PAIRED, cached=RICH)
    assert spend(asked, 100) == Refused(Reason.NOT_PAIRED)


@pytest.mark.parametrize("answer", WalletAnswer)
def test_deny_list_comes_first(answer: WalletAnswer) -> None:
    offline = OfflineRules(deny=(UID,), allow=(UID,))
    assert spend(Asked(UID, answer, 9_999, RICH), 1, offline) == Refused(Reason.DENIED_TOKEN)


# -- on trust ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [WalletAnswer.NO_ANSWER, WalletAnswer.DENIED])
def test_without_an_answer_the_limits_decide(answer: WalletAnswer) -> None:
    asked = Asked(UID, answer, None, CachedWallet(300, 60_000), Exposure(token_debits=40, token_credits=10))
    assert spend(asked, 250) == Allowed(confirmed=False, available=270, age_ms=60_000)


def test_known_without_a_balance_is_no_answer() -> None:
    asked = Asked(UID, WalletAnswer.KNOWN, None, CachedWallet(300, 5))
    assert spend(asked, 250) == Allowed(confirmed=False, available=300, age_ms=5)


@pytest.mark.parametrize(
    ("asked", "amount", "reason"),
    [
        (trusted(), 500, None),
        (trusted(), 501, Reason.OFFLINE_SALE),
        (trusted(token_debits=750), 250, None),
        (trusted(token_debits=751), 250, Reason.OFFLINE_TOKEN),
        (trusted(total=4750), 250, None),
        (trusted(total=4751), 250, Reason.OFFLINE_TERMINAL),
        (trusted(count=9), 250, None),
        (trusted(count=10), 250, Reason.OFFLINE_TERMINAL),
        (trusted(oldest_ms=72 * MS_PER_HOUR), 250, None),
        (trusted(oldest_ms=72 * MS_PER_HOUR + 1), 250, Reason.OFFLINE_TERMINAL),
        (trusted(oldest_ms=None), 250, None),
        (trusted(None), 250, Reason.OFFLINE_UNKNOWN),
        (trusted(CachedWallet(250, 0)), 250, None),
        (trusted(CachedWallet(249, 0)), 250, Reason.INSUFFICIENT),
        (trusted(CachedWallet(500, 0), token_debits=250), 250, None),
        (trusted(CachedWallet(499, 0), token_debits=250), 250, Reason.INSUFFICIENT),
        (trusted(CachedWallet(50, 0), token_credits=200), 250, None),
        (trusted(CachedWallet(50, 0), token_credits=199), 250, Reason.INSUFFICIENT),
        (trusted(CachedWallet(9_999, 168 * MS_PER_HOUR)), 250, None),
        (trusted(CachedWallet(9_999, 168 * MS_PER_HOUR + 1)), 250, Reason.OFFLINE_UNKNOWN),
        (trusted(CachedWallet(9_999, None)), 250, None),  # no clock can tell: it sells
    ],
)
def test_limits(asked: Asked, amount: int, reason: Reason | None) -> None:
    verdict = spend(asked, amount)
    if reason is None:
        assert isinstance(verdict, Allowed)
        assert not verdict.confirmed
    else:
        assert verdict == Refused(reason)


def test_the_overdraft_holds_on_trust_too() -> None:
    asked = trusted(CachedWallet(50, 0))
    assert isinstance(spend(asked, 250, overdraft=200), Allowed)
    assert spend(asked, 250, overdraft=199) == Refused(Reason.INSUFFICIENT)


def test_unknown_tokens_have_a_switch() -> None:
    offline = OfflineRules(unknown_tokens=True)
    assert spend(trusted(None), 250, offline) == Allowed(confirmed=False, available=None, age_ms=None)


def test_the_allow_list_overrules_balances_and_nothing_else() -> None:
    offline = OfflineRules(max_sale=500, max_per_token=1000, max_total=5000, max_count=10, allow=(UID,))
    poor = CachedWallet(0, 7)
    assert spend(trusted(poor), 250, offline) == Allowed(confirmed=False, available=0, age_ms=7)
    assert isinstance(spend(trusted(None), 250, offline), Allowed)
    assert spend(trusted(poor), 501, offline) == Refused(Reason.OFFLINE_SALE)
    assert spend(trusted(poor, token_debits=1000), 1, offline) == Refused(Reason.OFFLINE_TOKEN)
    assert spend(trusted(poor, total=5000), 1, offline) == Refused(Reason.OFFLINE_TERMINAL)
    # With the server's word there is no need to trust.
    assert spend(known(0), 250, offline) == Refused(Reason.INSUFFICIENT)


# -- top-up --------------------------------------------------------------------------------------------

ROOM = TopupRules(max_session=5000, max_balance=10_000)


@pytest.mark.parametrize(
    ("balance", "credits_", "cents"),
    [(0, 0, 5000), (5000, 0, 5000), (5001, 0, 4999), (9_999, 0, 1), (5000, 4_999, 1), (-500, 0, 5000)],
)
def test_room(balance: int, credits_: int, cents: int) -> None:
    asked = known(balance, token_credits=credits_)
    assert may_fill(LIMITS, ROOM, asked) == Room(cents, balance, 0)


@pytest.mark.parametrize(("balance", "credits_"), [(10_000, 0), (12_000, 0), (5_000, 5_000)])
def test_a_full_wallet(balance: int, credits_: int) -> None:
    assert may_fill(LIMITS, ROOM, known(balance, token_credits=credits_)) == Refused(Reason.WALLET_FULL)


def test_without_a_largest_balance_the_session_alone_limits() -> None:
    assert may_fill(LIMITS, TopupRules(max_session=700), known(1_000_000)) == Room(700, 1_000_000, 0)


@pytest.mark.parametrize("answer", [WalletAnswer.NO_ANSWER, WalletAnswer.DENIED])
def test_filling_on_trust(answer: WalletAnswer) -> None:
    rules = TopupRules(max_session=5000, max_balance=10_000, offline=True)
    remembered = Asked(UID, answer, None, CachedWallet(9_000, 3_000), Exposure(token_credits=300))
    stranger = Asked(UID, answer)
    assert may_fill(LIMITS, rules, remembered) == Room(700, 9_000, 3_000)
    assert may_fill(LIMITS, rules, stranger) == Refused(Reason.OFFLINE_TOPUP)
    assert may_fill(OfflineRules(allow=(UID,)), rules, stranger) == Room(5000, None, None)
    opened = TopupRules(max_session=5000, unknown_tokens=True)
    assert may_fill(LIMITS, opened, stranger) == Room(5000, None, None)
    closed = TopupRules(offline=False, unknown_tokens=True)
    assert may_fill(LIMITS, closed, remembered) == Refused(Reason.OFFLINE_TOPUP)


def test_who_may_not_be_filled() -> None:
    assert may_fill(OfflineRules(deny=(UID,)), ROOM, known(0)) == Refused(Reason.DENIED_TOKEN)
    unpaired = Asked(UID, WalletAnswer.NOT_PAIRED, None, RICH)
    assert may_fill(LIMITS, ROOM, unpaired) == Refused(Reason.NOT_PAIRED)
