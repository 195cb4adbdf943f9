"""The facts of coins: what a session takes, it gives."""

from terminal.core.coins import Purse, claim, credit, leave_unclaimed, put
from terminal.core.events import CoinInserted
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    EntryState,
    SessionClosed,
    SessionOpened,
)
from tests.core.making import OTHER, UID, Counter, topup_job

JOB = topup_job(description="Coins", tag="hall")
PURSE = Purse("s", None, 350)


def test_the_first_coin_opens_a_session() -> None:
    ids = Counter()
    purse, facts = put(None, CoinInserted("slot", 200, 9), UID, ids)
    assert purse == Purse("n1", UID, 200, (200,))
    assert facts == (SessionOpened("n1", UID), CashMoved("n1", CashKind.IN, 200, "slot", 9))
    assert ids.keys == 0


def test_the_next_one_joins_it_and_its_owner_stays() -> None:
    purse, facts = put(Purse("s", UID, 200, (200,)), CoinInserted("slot", 50), OTHER, Counter())
    assert purse == Purse("s", UID, 250, (200, 50))
    assert facts == (CashMoved("s", CashKind.IN, 50, "slot"),)


def test_claim() -> None:
    assert claim(PURSE, UID) == (Purse("s", UID, 350), (SessionOpened("s", UID),))


def test_credit_takes_all_of_it_and_closes() -> None:
    assert credit(JOB, PURSE, UID, "k") == (
        EntryAdded("k", EntryKind.CREDIT, "main", UID, 350, (), "Coins", "hall", session="s"),
        CashMoved("s", CashKind.CREDITED, 350, key="k"),
        SessionClosed("s", "credited"),
    )


def test_unclaimed_waits_for_a_person_with_words() -> None:
    entry, moved, closed = leave_unclaimed(JOB, PURSE, "k", "Why.")
    assert isinstance(entry, EntryAdded)
    assert (entry.kind, entry.state, entry.token, entry.amount) == (
        EntryKind.UNCLAIMED,
        EntryState.PARKED,
        None,
        350,
    )
    assert entry.words.startswith("Why. ")
    assert "terminalctl journal void" in entry.words
    assert moved == CashMoved("s", CashKind.UNCLAIMED, 350, key="k")
    assert closed == SessionClosed("s", "unclaimed")
