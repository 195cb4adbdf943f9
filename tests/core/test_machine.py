"""The job `vending` at a machine that asks for payment, event by event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.catalogue import Product
from terminal.core.effects import Notice, ReadWallet, Release, Show
from terminal.core.events import CachedWallet, Ended, Event, Exposure, WalletAnswer, WalletRead
from terminal.core.facts import EntryAdded, EntryFreed, EntryKind, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.machine import BeginSession, SessionEnded, VendCancelled
from terminal.core.policy import Allowed, Asked, Reason, Refused, funds, may_spend
from terminal.core.rules import OfflineRules
from tests.core.making import ESPRESSO, UID, Talk, effects, facts, kinds, machine_job
from tests.core.snacks import CHIPS, DENY, END, Begin, checking, choosing, ended, ready, told, waiting

# -- ways to a sale ------------------------------------------------------------------------------------


def test_card_first() -> None:
    talk = ready(description="Snack: {products}", tag="floor-2")
    assert talk.shown.products == (), "the customer chooses at the machine"
    made = talk.tap()
    assert (made.facts, effects(made, ReadWallet)) == ((), [ReadWallet(UID, 700)])
    made = talk.wallet(1000, exposure=Exposure(token_debits=100))
    assert (made.facts, told(talk)) == ((), [BeginSession("snacks", 900)])
    assert (talk.phase, talk.notice, talk.shown.balance) == ("choosing", Notice.CHOOSE, 900)
    sold = talk.ask("11", 150)
    assert sold.facts == (
        EntryAdded(
            "k1", EntryKind.DEBIT, "main", UID, 150, (CHIPS,), "Snack: Selection 11", "floor-2", held=True
        ),
        ReleaseIntended("k1/0", ReleaseKind.VEND, "k1", "snacks", "Selection 11"),
    )
    assert effects(sold, Release) == [Release("k1/0", "snacks", CHIPS)]
    assert told(talk) == []
    done = talk(ended(Ended.DONE))
    assert done.facts == (ReleaseSettled("k1/0", Ended.DONE, "the words"), EntryFreed("k1"))
    assert told(talk) == [END]
    assert (talk.notice, talk.shown.amount, talk.shown.balance) == (Notice.CONFIRMED, 150, 750)
    talk.wait()
    assert (talk.phase, talk.notice, told(talk)) == ("ready", Notice.READY, [])


def test_selection_first() -> None:
    talk = ready()
    made = talk.ask("11", 150)
    assert (made.facts, told(talk)) == ((), [])
    assert (talk.phase, talk.notice, talk.shown.amount) == ("waiting for a token", Notice.PRESENT_TOKEN, 150)
    talk.tap()
    assert (talk.notice, talk.shown.amount) == (Notice.CHECKING, 150)
    sold = talk.wallet(150)
    assert kinds(sold) == ([EntryAdded, ReleaseIntended], [Release, Show])
    assert facts(sold, EntryAdded)[0].amount == 150
    talk(ended(Ended.DONE))
    assert (talk.notice, told(talk)) == (Notice.CONFIRMED, [END])


def test_chosen_anew_before_the_token_is_there() -> None:
    talk = waiting()
    talk.ask("12", 200)
    assert (talk.phase, talk.shown.amount, told(talk)) == ("waiting for a token", 200, [])
    talk.tap()
    sold = talk.wallet(1000)
    assert effects(sold, Release) == [
        Release("k1/0", "snacks", Product("12", "Selection 12", 200, listed=False))
    ]


def test_chosen_while_the_wallet_is_read() -> None:
    talk = checking()
    made = talk.ask()
    assert (made.facts, talk.phase, talk.shown.amount) == ((), "checking the wallet", 150)
    sold = talk.wallet(1000)
    assert kinds(sold) == ([EntryAdded, ReleaseIntended], [Release, Show])


@pytest.mark.parametrize("later", [VendCancelled("snacks"), SessionEnded("snacks")])
def test_taken_back_while_the_wallet_is_read(later: Event) -> None:
    talk = checking()
    talk.ask()
    made = talk(later)
    assert (made.facts, told(talk), talk.notice) == ((), [DENY, END], Notice.CANCELLED)
    assert talk.wallet(1000).facts == ()


@pytest.mark.parametrize("older", [VendCancelled("snacks"), SessionEnded("snacks")])
def test_the_end_of_the_session_before_is_not_the_end_of_this_one(older: Event) -> None:
    talk = checking()
    before = talk.state.job
    assert (talk(older).effects, talk.state.job) == ((), before)
    talk.wallet(1000)
    assert talk.phase == "choosing"


def test_without_products_a_machine_sells_all_the_same() -> None:
    talk = Talk(machine_job(), products=())
    assert talk.notice is Notice.READY
    talk.tap()
    talk.wallet(1000)
    assert facts(talk.ask(), EntryAdded)[0].pieces == (CHIPS,)


def test_a_product_of_the_server_is_not_chosen_by_the_terminal() -> None:
    talk = Talk(machine_job(), products=(Product("", "Nameless", 100),))
    talk.tap()
    assert (talk.shown.basket, talk.shown.amount) == ((), None)


def test_the_deadline_decides_by_what_is_remembered() -> None:
    talk = waiting(deadline_ms=700)
    talk.tap()
    talk.wallet(cached=CachedWallet(400, 60_000))
    assert talk.phase == "releasing"
    talk(ended(Ended.DONE))
    assert (talk.notice, talk.shown.balance) == (Notice.ACCEPTED_OFFLINE, 250)


# -- what is sold, and at which price ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "price", "piece", "detail"),
    [
        ("7", 100, Product(7, "Water", 100), "Water (selection 7)"),
        ("23", 250, ESPRESSO, "Espresso (selection 23)"),
        (
            "23",
            240,
            Product("espresso", "Espresso", 240, listed=False),
            "Espresso (selection 23); the server lists it at 250 cents",
        ),
        ("espresso", 250, ESPRESSO, "Espresso (selection espresso)"),
        ("99", 250, Product("99", "Selection 99", 250, listed=False), "Selection 99"),
        ("24", 250, Product("24", "Selection 24", 250, listed=False), "Selection 24"),
    ],
)
def test_the_price_of_the_machine_is_charged(item: str, price: int, piece: Product, detail: str) -> None:
    """What the server would book at another price, or not at all, is marked: it goes by amount."""
    talk = choosing(items={"23": "espresso", "24": "not on the list"})
    made = talk.ask(item, price)
    (entry,) = facts(made, EntryAdded)
    assert (entry.pieces, entry.amount, entry.description) == ((piece,), price, piece.name)
    assert facts(made, ReleaseIntended)[0].detail == detail
    (order,) = effects(made, Release)
    assert (order.product.id, order.product.price) == (item, price)


@pytest.mark.parametrize("begin", [ready, checking, choosing])
@pytest.mark.parametrize("price", [-1, 0, 501, 65_535])
def test_a_price_that_cannot_be_right_is_denied(begin: Begin, price: int) -> None:
    asked = begin(max_price=500)
    made = asked.ask("11", price)
    assert (made.facts, told(asked), asked.notice) == ((), [DENY, END], Notice.REFUSED)
    assert "cannot be right" in asked.shown.words


@pytest.mark.parametrize(("item", "price"), [("11", 150), ("7", 99)])
def test_only_what_the_server_lists(item: str, price: int) -> None:
    talk = choosing(machine_unlisted=False)
    made = talk.ask(item, price)
    assert (made.facts, told(talk)) == ((), [DENY, END])
    assert talk.shown.words == "This selection is not sold by card."
    talk.wait()
    talk.tap()
    talk.wallet(1000)
    assert len(facts(talk.ask("7", 100), EntryAdded)) == 1


# -- who may spend how much ----------------------------------------------------------------------------


def test_who_cannot_pay_is_denied() -> None:
    for talk in (choosing(149), waiting()):
        if talk.phase == "choosing":
            made = talk.ask()
        else:
            talk.tap()
            made = talk.wallet(149)
        assert (made.facts, told(talk)) == ((), [DENY, END])
        assert (talk.notice, talk.shown.words) == (Notice.REFUSED, Reason.INSUFFICIENT.value)
        assert talk.shown.balance == 149


def test_an_empty_wallet_begins_no_session() -> None:
    talk = checking()
    made = talk.wallet(0)
    assert (effects(made, BeginSession), talk.notice) == ([], Notice.REFUSED)
    assert talk.shown.words == Reason.INSUFFICIENT.value


@pytest.mark.parametrize(
    ("cached", "rules", "most"),
    [
        (CachedWallet(400, 0), {}, 400),
        (CachedWallet(9_999, 0), {"max_sale": 300}, 300),
        (CachedWallet(9_999, 0), {"max_per_token": 250}, 250),
        (CachedWallet(100, 0), {"allow": (UID,)}, 500),
        (None, {"unknown_tokens": True}, None),
    ],
)
def test_on_trust_the_limits_are_the_funds(
    cached: CachedWallet | None, rules: dict[str, object], most: int | None
) -> None:
    talk = checking(offline=OfflineRules(**rules))
    talk.wallet(cached=cached)
    assert told(talk) == [BeginSession("snacks", most)]


def test_what_is_not_delivered_is_not_part_of_the_funds() -> None:
    talk = checking(offline=OfflineRules(max_total=300, max_per_token=500))
    talk.wallet(cached=CachedWallet(9_999, 0), exposure=Exposure(total=100))
    assert told(talk) == [BeginSession("snacks", 200)]


def test_the_overdraft_is_part_of_the_funds() -> None:
    talk = checking(overdraft=200)
    talk.wallet(-50)
    assert told(talk) == [BeginSession("snacks", 150)]


@given(
    offline=st.builds(
        OfflineRules,
        max_sale=st.integers(0, 900),
        max_per_token=st.integers(0, 900),
        max_total=st.integers(0, 2_000),
        allow=st.sampled_from([(), (UID,)]),
    ),
    overdraft=st.integers(0, 300),
    asked=st.builds(
        Asked,
        st.just(UID),
        st.sampled_from([WalletAnswer.KNOWN, WalletAnswer.NO_ANSWER]),
        st.integers(-300, 2_000),
        st.builds(CachedWallet, st.integers(-300, 2_000), st.none()),
        st.builds(Exposure, st.integers(0, 500), st.integers(0, 500), st.integers(0, 2_000), st.integers(0, 9)),
    ),
)
def test_the_funds_are_the_most_that_may_be_spent(offline: OfflineRules, overdraft: int, asked: Asked) -> None:
    verdict = may_spend(offline, overdraft, asked, 1)
    if isinstance(verdict, Allowed):
        most = funds(offline, overdraft, asked, verdict)
        assert most is not None
        assert isinstance(may_spend(offline, overdraft, asked, most), Allowed)
        assert isinstance(may_spend(offline, overdraft, asked, most + 1), Refused)


@pytest.mark.parametrize("answer", [WalletAnswer.NOT_PAIRED, WalletAnswer.NO_ANSWER, WalletAnswer.DENIED])
def test_a_token_that_may_not_buy_writes_nothing(answer: WalletAnswer) -> None:
    card_first, selected = checking(), waiting()
    selected.tap()
    for talk, wanted in ((card_first, [END]), (selected, [DENY, END])):
        made = talk(WalletRead(UID, answer))
        assert (made.facts, told(talk), talk.notice) == ((), wanted, Notice.REFUSED)
