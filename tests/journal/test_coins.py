"""Coins, sessions, releases and caches."""

import pytest

from terminal.core.catalogue import Product
from terminal.core.events import CachedWallet, Ended
from terminal.core.facts import (
    CashKind,
    CatalogueSeen,
    CoinNotCredited,
    PersonDecided,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
    SessionOpened,
    WalletSeen,
)
from terminal.core.value import replace
from terminal.journal import JournalReader
from tests.journal.making import NOW, TOKEN, coin, credit, debit, delivered, taken, unclaimed

LATER = replace(NOW, mono_ms=NOW.mono_ms + 7_000, wall_ms=NOW.wall_ms + 7_000)


def balanced(journal):
    books = journal.books()
    went = books.credited + books.spent + books.returned + books.held + books.written_off
    assert books.accepted == went
    assert journal.verify() == []
    return books


def test_a_session_holds_its_coins_until_they_are_credited(journal):
    journal.commit([SessionOpened("s1", None), coin(200, counter=7)], NOW)
    journal.commit([coin(50)], LATER)
    (session,) = journal.open_sessions()
    assert (session.session, session.token, session.held) == ("s1", None, 250)
    assert (session.opened, session.last_coin) == (NOW, LATER)
    assert balanced(journal).held == 250
    journal.commit(
        [
            SessionOpened("s1", TOKEN),
            credit(amount=250, session="s1"),
            taken(CashKind.CREDITED, 250, key="c1"),
            SessionClosed("s1", "credited"),
        ],
        LATER,
    )
    assert journal.open_sessions() == []
    books = balanced(journal)
    assert (books.accepted, books.credited, books.held) == (250, 250, 0)


def test_a_session_is_claimed_by_a_token(journal):
    journal.commit([SessionOpened("s1", None), coin(), SessionOpened("s1", TOKEN)], NOW)
    (session,) = journal.open_sessions()
    assert (session.token, session.held) == (TOKEN, 100)


def test_no_more_leaves_a_session_than_it_holds(journal):
    journal.commit([SessionOpened("s1", None), coin(100)], NOW)
    with pytest.raises(ValueError, match="holds 100 cents"):
        journal.commit([taken(CashKind.RETURNED, 101)], NOW)
    for amount in (0, -5):
        with pytest.raises(ValueError, match="positive"):
            journal.commit([coin(amount)], NOW)
    assert balanced(journal).held == 100


def test_a_session_with_money_is_not_closed(journal):
    journal.commit([SessionOpened("s1", None), coin(100)], NOW)
    with pytest.raises(ValueError, match="still holds 100 cents"):
        journal.commit([SessionClosed("s1", "empty")], NOW)
    journal.commit([taken(CashKind.RETURNED, 100), SessionClosed("s1", "returned")], NOW)
    for fact in (coin(), SessionClosed("s1", "again")):
        with pytest.raises(ValueError, match="not open"):
            journal.commit([fact], NOW)
    with pytest.raises(ValueError, match="contradict"):
        journal.commit([SessionOpened("s1", None)], NOW)
    assert balanced(journal).returned == 100


def test_unclaimed_coins_are_held_until_a_person_writes_them_off(journal):
    journal.commit(
        [
            SessionOpened("s1", None),
            coin(200),
            unclaimed(amount=200, session="s1"),
            taken(CashKind.UNCLAIMED, 200, key="u1"),
            SessionClosed("s1", "unclaimed"),
        ],
        NOW,
    )
    assert balanced(journal).held == 200
    journal.commit([PersonDecided("u1", "void", "Ada", "into the tin")], NOW)
    books = balanced(journal)
    assert (books.held, books.written_off, books.accepted) == (0, 200, 200)


def test_a_voided_credit_of_coins_is_written_off_by_that_person(journal):
    journal.commit(
        [SessionOpened("s1", TOKEN), coin(200), credit(), taken(CashKind.CREDITED, 200, key="c1")], NOW
    )
    assert balanced(journal).credited == 200
    journal.commit([PersonDecided("c1", "void", "Ada", "paid out by hand")], NOW)
    books = balanced(journal)
    assert (books.credited, books.written_off) == (0, 200)


def test_money_goes_to_an_entry_that_is_there(journal):
    journal.commit([SessionOpened("s1", None), coin()], NOW)
    with pytest.raises(ValueError, match="not in the journal"):
        journal.commit([taken(CashKind.CREDITED, 100, key="c1")], NOW)
    with pytest.raises(ValueError, match="contradict"):
        journal.commit([taken(CashKind.CREDITED, 100)], NOW)


def test_an_unknown_coin_is_recorded_without_an_amount(journal, path):
    journal.commit([CoinNotCredited("acceptor", 11, "no coin has 11 pulses")], NOW)
    assert journal.books().accepted == 0
    with JournalReader(path) as reader, reader._reading() as db:
        assert db.execute("SELECT pulses, words FROM coin_faults").fetchall() == [(11, "no coin has 11 pulses")]
    assert journal.verify() == []


# -- releases ------------------------------------------------------------------------------------------


def test_a_release_is_open_until_it_is_settled(journal):
    intent = ReleaseIntended("d1/0", ReleaseKind.VEND, "d1", "relay", "Espresso")
    journal.commit([debit(held=True), intent], NOW)
    (open_release,) = journal.open_releases()
    assert (open_release.release, open_release.kind, open_release.key) == ("d1/0", ReleaseKind.VEND, "d1")
    assert (open_release.device, open_release.detail, open_release.at) == ("relay", "Espresso", NOW)
    with pytest.raises(ValueError, match="contradict"):
        journal.commit([intent], NOW)
    journal.commit([ReleaseSettled("d1/0", Ended.UNKNOWN, "stopped")], NOW)
    assert journal.open_releases() == []
    with pytest.raises(ValueError, match="not open"):
        journal.commit([ReleaseSettled("d1/0", Ended.DONE)], NOW)
    assert [(event.what, event.how) for event in journal.story(1).events] == [
        ("added", "queued"),
        ("vend", "intended"),
        ("vend", "unknown"),
    ]


def test_nothing_is_given_out_without_an_entry_that_explains_it(journal):
    with pytest.raises(ValueError, match="not in the journal"):
        journal.commit([ReleaseIntended("r", ReleaseKind.VEND, "d1", "relay")], NOW)
    with pytest.raises(ValueError, match="not in the journal"):
        journal.commit([ReleaseIntended("r", ReleaseKind.PRINT, "", "printer")], NOW)


# -- caches --------------------------------------------------------------------------------------------


def test_a_wallet_is_remembered_with_its_age(journal):
    assert journal.wallet(TOKEN, NOW) is None
    journal.commit([WalletSeen(TOKEN, 500)], NOW)
    journal.commit([WalletSeen(TOKEN, -20)], NOW, durable=False)
    assert journal.wallet(TOKEN, LATER) == CachedWallet(-20, 7_000)
    after_a_power_cut = replace(NOW, boot="boot-2", mono_ms=1, wall_ms=0, synced=False)
    assert journal.wallet(TOKEN, after_a_power_cut) == CachedWallet(-20, None)


def test_a_catalogue_is_remembered_with_the_types_of_its_ids(journal):
    assert journal.catalogue("main") == ()
    products = (Product("1", "One", 100), Product(1, "Eins", 0))
    journal.commit([CatalogueSeen("main", (Product("x", "Old", 1),))], NOW)
    journal.commit([CatalogueSeen("main", products)], NOW)
    found = journal.catalogue("main")
    assert found == products
    assert [type(product.id) for product in found] == [str, int]
    assert journal.catalogue("other") == ()


def test_a_refund_and_a_sale_change_no_books_of_coins(journal):
    journal.commit([debit(), *delivered()], NOW)
    books = balanced(journal)
    assert (books.accepted, sum(books.debits.values()), sum(books.credits.values())) == (0, 250, 0)
