"""The job `vending`, event by event: who pays for what, and what is written down before what."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.effects import CloseSlot, DeliverNow, Notice, ReadWallet, Release, Show
from terminal.core.events import (
    CachedWallet,
    CatalogueRead,
    DeliveryEnded,
    Ended,
    Event,
    Exposure,
    Health,
    JournalFailed,
    JournalRecovered,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
    SessionOpened,
)
from terminal.core.policy import Reason
from terminal.core.rules import OfflineRules
from tests.core.making import (
    CAPPUCCINO,
    ESPRESSO,
    OTHER,
    UID,
    WATER,
    Talk,
    effects,
    facts,
    kinds,
    shown,
    vending_job,
)


def choosing(balance: int = 1000, **rules: object) -> Talk:
    """A customer with a checked wallet, who may choose."""
    talk = Talk(vending_job(**rules))
    talk.tap()
    talk.wallet(balance)
    assert talk.phase == "choosing"
    return talk


def releasing(pieces: int = 1, **rules: object) -> Talk:
    """A sale of espressos, the first of which is being given out."""
    talk = choosing(confirm=True, max_pieces=50, **rules)
    for _ in range(pieces):
        talk.press("espresso")
    talk.press("confirm")
    return talk


def ended(number: int, how: Ended) -> ReleaseEnded:
    return ReleaseEnded(f"k1/{number}", how, "the words")


# -- ways to a sale ------------------------------------------------------------------------------------


def test_tap_first() -> None:
    talk = Talk(vending_job(description="Coffee: {products}", tag="floor-2"))
    assert (talk.phase, talk.notice, talk.shown.products) == ("ready", Notice.READY, talk.state.products)
    made = talk.tap()
    assert made.facts == ()
    assert effects(made, ReadWallet) == [ReadWallet(UID, 700)]
    assert (talk.notice, talk.shown.token) == (Notice.CHECKING, "…E5F6")
    talk.wallet(1000, exposure=Exposure(token_debits=100))
    assert (talk.phase, talk.notice) == ("choosing", Notice.CHOOSE)
    assert (talk.shown.balance, talk.shown.balance_age_ms) == (900, 0)
    sold = talk.press("espresso")
    assert sold.facts == (
        EntryAdded(
            "k1", EntryKind.DEBIT, "main", UID, 250, (ESPRESSO,), "Coffee: Espresso", "floor-2", held=True
        ),
        ReleaseIntended("k1/0", ReleaseKind.VEND, "k1", "relay", "Espresso"),
    )
    assert effects(sold, Release) == [Release("k1/0", "relay", ESPRESSO)]
    done = talk(ended(0, Ended.DONE))
    assert done.facts == (ReleaseSettled("k1/0", Ended.DONE, "the words"), EntryFreed("k1"))
    assert (talk.notice, talk.shown.amount, talk.shown.balance) == (Notice.CONFIRMED, 250, 650)
    talk.wait()
    assert (talk.phase, talk.notice) == ("ready", Notice.READY)


def test_product_first() -> None:
    talk = Talk(vending_job())
    made = talk.press("7")
    assert made.facts == ()
    assert (talk.phase, talk.notice, talk.shown.amount) == ("waiting for a token", Notice.PRESENT_TOKEN, 100)
    talk.press("cappuccino")  # changed their mind
    talk.tap()
    assert talk.shown.amount == 300
    sold = talk.wallet(300)
    assert facts(sold, EntryAdded)[0].pieces == (CAPPUCCINO,)
    assert talk.phase == "releasing"


def test_one_product() -> None:
    talk = Talk(vending_job(one_product="7"))
    talk.tap()
    sold = talk.wallet(100)
    assert effects(sold, Release) == [Release("k1/0", "relay", WATER)]


def test_one_product_that_the_server_does_not_list() -> None:
    talk = Talk(vending_job(one_product="tea"))
    assert talk.notice is Notice.OUT_OF_ORDER
    assert "'tea'" in talk.shown.words
    made = talk.tap()
    assert effects(made, ReadWallet) == []
    assert talk.notice is Notice.OUT_OF_ORDER


def test_a_product_chosen_while_the_wallet_is_read() -> None:
    talk = Talk(vending_job())
    talk.tap()
    talk.press("espresso")
    sold = talk.wallet(250)
    assert [piece.id for piece in facts(sold, EntryAdded)[0].pieces] == ["espresso"]


def test_several_pieces_wait_for_confirm() -> None:
    talk = choosing(confirm=True, max_pieces=2)
    talk.press("confirm")  # nothing is chosen yet
    assert talk.phase == "choosing"
    talk.press("espresso")
    talk.press("7")
    assert (talk.phase, talk.shown.amount, talk.shown.basket) == ("choosing", 350, (ESPRESSO, WATER))
    assert talk.shown.balance == 1000
    refused = talk.press("cappuccino")
    assert refused.facts == ()
    assert "No more than 2" in talk.shown.words
    sold = talk.press("confirm")
    assert facts(sold, EntryAdded)[0].amount == 350
    assert facts(sold, EntryAdded)[0].description == "Espresso, Water"
    first = talk(ended(0, Ended.DONE))
    assert first.facts == (
        ReleaseSettled("k1/0", Ended.DONE, "the words"),
        ReleaseIntended("k1/1", ReleaseKind.VEND, "k1", "relay", "Water"),
    )
    assert effects(first, Release) == [Release("k1/1", "relay", WATER)]
    assert talk(ended(1, Ended.DONE)).facts[1:] == (EntryFreed("k1"),)


def test_confirm_with_the_basket_before_the_tap() -> None:
    talk = Talk(vending_job(confirm=True))
    talk.press("espresso")
    talk.press("espresso")
    talk.tap()
    talk.wallet(499)
    assert talk.notice is Notice.REFUSED  # cannot pay for what is in the basket
    talk.press("espresso")
    talk.tap()
    talk.wallet(250)
    assert talk.phase == "choosing"
    assert len(facts(talk.press("confirm"), EntryAdded)) == 1


def test_each_piece_goes_to_its_own_device() -> None:
    talk = Talk(
        vending_job(confirm=True, release="relay", releases={"7": "fridge"}), healthy=("relay", "fridge")
    )
    talk.tap()
    talk.wallet(1000)
    talk.press("7")
    talk.press("espresso")
    assert effects(talk.press("confirm"), Release)[0].device == "fridge"
    assert effects(talk(ended(0, Ended.DONE)), Release)[0].device == "relay"


def test_the_description_is_bounded() -> None:
    made = choosing(description="x" * 90 + "{products}").press("cappuccino")
    assert facts(made, EntryAdded)[0].description == "x" * 90 + "Cappuccino"
    assert (
        len(facts(choosing(description="x" * 95 + "{products}").press("7"), EntryAdded)[0].description) == 100
    )


# -- ways out of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["button", "time"])
def test_leaving_while_choosing(how: str) -> None:
    talk = choosing(confirm=True, choose_s=20)
    talk.press("espresso")
    made = talk.press("cancel") if how == "button" else talk.wait()
    assert made.facts == ()
    assert talk.notice is Notice.CANCELLED
    # The basket of the one who left is not the next one's.
    talk.tap(OTHER)
    talk.wallet(1000, uid=OTHER)
    assert talk.shown.basket == ()


@pytest.mark.parametrize("how", ["button", "time"])
def test_leaving_before_the_tap(how: str) -> None:
    talk = Talk(vending_job(choose_s=20))
    talk.press("espresso")
    made = talk.press("cancel") if how == "button" else talk.wait()
    assert (made.facts, talk.notice) == ((), Notice.CANCELLED)
    talk.wait()
    talk.tap()
    talk.wallet(1000)
    assert talk.phase == "choosing"


def test_cancel_while_the_wallet_is_read_means_it() -> None:
    talk = Talk(vending_job())
    talk.press("espresso")
    talk.tap()
    talk.press("cancel")
    made = talk.wallet(1000)
    assert (made.facts, made.effects) == ((), ())


def test_choosing_again_gives_more_time() -> None:
    talk = choosing(confirm=True, choose_s=20)
    first = talk.state.wake_ms
    talk.press("espresso")
    assert first is not None
    assert talk.state.wake_ms == first + 100


@pytest.mark.parametrize(("button", "phase"), [("cancel", "ready"), ("confirm", "ready"), ("espresso", None)])
def test_a_button_while_a_result_is_shown(button: str, phase: str | None) -> None:
    talk = releasing()
    talk(ended(0, Ended.DONE))
    talk.press(button)
    assert talk.phase == (phase or "waiting for a token")


def test_a_tap_while_a_result_is_shown_is_the_next_customer() -> None:
    talk = releasing()
    talk(ended(0, Ended.DONE))
    made = talk.tap(OTHER)
    assert effects(made, ReadWallet) == [ReadWallet(OTHER, 700)]


def test_buttons_that_mean_nothing() -> None:
    talk = Talk(vending_job())
    for button in ("cancel", "confirm"):
        made = talk.press(button)
        assert (made.facts, made.effects, talk.phase) == ((), (), "ready")
    talk.press("tea")
    assert "not available" in talk.shown.words
    assert talk.phase == "ready"


# -- answers of the wallet -----------------------------------------------------------------------------


def test_the_deadline_decides_by_what_is_remembered() -> None:
    talk = Talk(vending_job(deadline_ms=700))
    talk.press("espresso")
    talk.tap()
    talk(WalletRemembered(UID, CachedWallet(400, 60_000), Exposure(token_debits=100)))
    assert talk(TimePassed(), after_ms=500).facts == ()  # too early
    sold = talk.wait()
    assert len(facts(sold, EntryAdded)) == 1
    talk(ended(0, Ended.DONE))
    assert talk.notice is Notice.ACCEPTED_OFFLINE
    assert (talk.shown.balance, talk.shown.balance_age_ms) == (50, 60_000)


def test_what_is_not_delivered_counts_against_the_offline_limits() -> None:
    talk = Talk(vending_job(offline=OfflineRules(max_per_token=400)))
    talk.press("espresso")
    talk.tap()
    made = talk.wallet(cached=CachedWallet(9_999, 0), exposure=Exposure(token_debits=200))
    assert made.facts == ()
    assert talk.shown.words == Reason.OFFLINE_TOKEN.value


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (WalletAnswer.NOT_PAIRED, Reason.NOT_PAIRED),
        (WalletAnswer.NO_ANSWER, Reason.OFFLINE_UNKNOWN),
        (WalletAnswer.DENIED, Reason.OFFLINE_UNKNOWN),
    ],
)
def test_refusals_write_nothing(answer: WalletAnswer, reason: Reason) -> None:
    talk = Talk(vending_job())
    talk.tap()
    made = talk(WalletRead(UID, answer))
    assert made.facts == ()
    assert (talk.notice, talk.shown.words, talk.shown.token) == (Notice.REFUSED, reason.value, "…E5F6")


def test_who_cannot_pay_for_the_cheapest_hears_it_at_once() -> None:
    talk = Talk(vending_job())
    talk.tap()
    talk.wallet(99)
    assert (talk.notice, talk.shown.balance) == (Notice.REFUSED, 99)
    talk.tap()
    talk.wallet(100)
    assert talk.phase == "choosing"
    assert talk.press("espresso").facts == ()
    assert talk.shown.words == Reason.INSUFFICIENT.value


def test_answers_about_another_token_are_not_this_ones() -> None:
    talk = Talk(vending_job())
    talk.press("espresso")
    talk.tap()
    for event in (
        WalletRead(OTHER, WalletAnswer.KNOWN, 9_999),
        WalletRemembered(OTHER, CachedWallet(9_999, 0), Exposure()),
    ):
        made = talk(event)
        assert (made.facts, made.effects) == ((), ())
    talk.wait()
    assert talk.shown.words == Reason.OFFLINE_UNKNOWN.value


def test_an_answer_after_the_decision_changes_nothing() -> None:
    talk = releasing()
    before = talk.state
    talk(WalletRead(UID, WalletAnswer.NOT_PAIRED))
    assert talk.state == before


# -- authorize = "charge" ------------------------------------------------------------------------------


def charging(**rules: object) -> Talk:
    talk = choosing(300, authorize="charge", **rules)
    made = talk.press("espresso")
    assert kinds(made) == ([EntryAdded], [Show, DeliverNow])
    assert facts(made, EntryAdded)[0].held
    assert (talk.phase, talk.notice) == ("charging", Notice.CHECKING)
    return talk


def test_charged_before_the_release() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.DELIVERED, balance=40))
    assert kinds(made) == ([ReleaseIntended], [Release, Show])
    talk(ended(0, Ended.DONE))
    assert (talk.notice, talk.shown.balance) == (Notice.CONFIRMED, 40)


def test_charged_by_a_server_that_tells_no_balance() -> None:
    talk = charging()
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    talk(ended(0, Ended.DONE))
    assert (talk.notice, talk.shown.balance) == (Notice.CONFIRMED, 50)


def test_a_refused_charge_gives_out_nothing() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.REFUSED, "wallet is locked"))
    assert kinds(made) == ([EntryAbandoned], [Show])
    assert "wallet is locked" in facts(made, EntryAbandoned)[0].words
    assert talk.notice is Notice.REFUSED


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.BUSY, Outcome.UNKNOWN, Outcome.UNSENT, None])
def test_a_charge_without_an_answer_falls_back_on_trust(outcome: Outcome | None) -> None:
    talk = charging()
    made = talk.wait() if outcome is None else talk(DeliveryEnded("k1", outcome))
    # The balance that the server told a moment ago is what is remembered.
    assert kinds(made) == ([ReleaseIntended], [Release, Show])
    talk(ended(0, Ended.DONE))
    assert talk.notice is Notice.ACCEPTED_OFFLINE
    assert (talk.shown.balance, talk.shown.balance_age_ms) == (50, 0)


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.BUSY, Outcome.UNKNOWN, Outcome.UNSENT, None])
def test_a_charge_without_an_answer_and_without_trust_is_abandoned(outcome: Outcome | None) -> None:
    talk = charging(offline=OfflineRules(max_sale=249))
    made = talk.wait() if outcome is None else talk(DeliveryEnded("k1", outcome))
    assert kinds(made) == ([EntryAbandoned], [Show])
    assert talk.shown.words == Reason.OFFLINE_SALE.value


def test_the_deadline_holds_for_the_charge_too() -> None:
    talk = charging(deadline_ms=700)
    assert talk(TimePassed(), after_ms=600).effects == ()
    assert len(effects(talk(TimePassed(), after_ms=100), Release)) == 1


def test_an_answer_about_another_entry_is_not_this_ones() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k0", Outcome.DELIVERED))
    assert (made.effects, talk.phase) == ((), "charging")


def test_an_answer_after_the_deadline_gives_nothing_out_twice() -> None:
    talk = charging()
    talk.wait()
    made = talk(DeliveryEnded("k1", Outcome.DELIVERED))
    assert (made.facts, made.effects) == ((), ())


def test_on_trust_nothing_is_charged_before_the_release() -> None:
    talk = Talk(vending_job(authorize="charge"))
    talk.press("espresso")
    talk.tap()
    made = talk.wallet(cached=CachedWallet(300, 0))
    assert kinds(made) == ([EntryAdded, ReleaseIntended], [Release, Show])


def test_a_charged_debit_of_which_nothing_came_out_is_abandoned() -> None:
    talk = charging()
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    made = talk(ended(0, Ended.FAILED))
    assert [type(fact) for fact in made.facts] == [ReleaseSettled, EntryAbandoned]


def test_a_charged_debit_in_doubt_gets_a_refund_that_waits() -> None:
    talk = charging()
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    made = talk(ended(0, Ended.UNKNOWN))
    (refund,) = facts(made, EntryAdded)
    assert (refund.kind, refund.refers_to, refund.state) == (EntryKind.REFUND, "k1", EntryState.PARKED)
    assert (refund.amount, refund.held) == (250, False)
    assert "delivered" in refund.words
    assert facts(made, EntryFreed) == [EntryFreed("k1")]


# -- what the machine answers --------------------------------------------------------------------------

UNKNOWN_WORDS = "If it did, `terminalctl journal retry` charges it"


@pytest.mark.parametrize(
    ("how", "silent"),
    [(Ended.DONE, False), (Ended.FAILED, False), (Ended.UNKNOWN, False), (Ended.UNKNOWN, True)],
)
@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("after_unknown", ["park", "charge"])
def test_three_pieces(number: int, how: Ended, after_unknown: str, *, silent: bool) -> None:
    talk = releasing(3, after_unknown_release=after_unknown)
    for done in range(number):
        talk(ended(done, Ended.DONE))
    made = talk.wait() if silent else talk(ended(number, how))
    (settled,) = facts(made, ReleaseSettled)
    assert (settled.release, settled.ended) == (f"k1/{number}", how)
    if how is Ended.DONE:
        last = number == 2
        assert facts(made, EntryFreed) == ([EntryFreed("k1")] if last else [])
        assert len(effects(made, Release)) == (0 if last else 1)
        return
    assert effects(made, Release) == []
    parts = facts(made, EntryAdded)
    paid = number + (how is Ended.UNKNOWN and after_unknown == "charge")
    waits = how is Ended.UNKNOWN and after_unknown == "park"
    if paid == 3:
        assert (facts(made, EntryFreed), parts) == ([EntryFreed("k1")], [])
    else:
        assert [fact.key for fact in facts(made, EntryAbandoned)] == ["k1"]
        queued = [part for part in parts if part.state is EntryState.QUEUED]
        parked = [part for part in parts if part.state is EntryState.PARKED]
        assert [part.pieces for part in queued] == ([(ESPRESSO,) * paid] if paid else [])
        assert [part.amount for part in parked] == ([250] if waits else [])
        assert all(UNKNOWN_WORDS in part.words for part in parked)
        assert all(part.token == UID and not part.held for part in parts)
        assert len({part.key for part in parts} | {"k1"}) == len(parts) + 1
    assert talk.notice is (Notice.REFUSED if how is Ended.FAILED else Notice.UNKNOWN)


@pytest.mark.parametrize("silent", [False, True])
def test_one_piece_of_which_nobody_can_tell_is_parked(*, silent: bool) -> None:
    talk = releasing(release_s=30)
    made = talk.wait() if silent else talk(ended(0, Ended.UNKNOWN))
    (parked,) = facts(made, EntryParked)
    assert (parked.key, parked.state) == ("k1", EntryState.PARKED)
    assert UNKNOWN_WORDS in parked.words
    assert talk.notice is Notice.UNKNOWN
    # The answer that comes after all changes nothing any more.
    late = talk(ended(0, Ended.DONE))
    assert (late.facts, late.effects) == ((), ())


def test_an_answer_for_another_release_is_not_this_ones() -> None:
    talk = releasing(2)
    for event in (ended(1, Ended.DONE), ReleaseEnded("k0/0", Ended.DONE)):
        assert (talk(event).facts, talk.phase) == ((), "releasing")
    talk(ended(0, Ended.DONE))
    again = talk(ended(0, Ended.DONE))  # a driver that says it twice
    assert (again.facts, again.effects) == ((), ())


# -- meanwhile -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid", [UID, OTHER])
def test_a_tap_is_always_answered(uid: str) -> None:
    checking = Talk(vending_job())
    checking.tap()
    for talk in (checking, choosing(), charging(), releasing()):
        before = talk.state.job
        made = talk.tap(uid)
        assert shown(made).notice is Notice.BUSY
        assert made.facts == ()
        assert talk.state.job == before


def test_a_coin_in_a_machine_that_takes_none_is_on_the_books() -> None:
    for talk in (Talk(vending_job()), choosing(), charging(), releasing()):
        before = talk.phase
        key = talk.ids.keys + 1
        made = talk.coin(200, counter=5)
        assert made.facts[:2] == (
            SessionOpened("n1", None),
            CashMoved("n1", CashKind.IN, 200, "slot", 5),
        )
        (entry,) = facts(made, EntryAdded)
        assert (entry.kind, entry.state, entry.amount, entry.token) == (
            EntryKind.UNCLAIMED,
            EntryState.PARKED,
            200,
            None,
        )
        assert made.facts[3:] == (
            CashMoved("n1", CashKind.UNCLAIMED, 200, key=f"k{key}"),
            SessionClosed("n1", "unclaimed"),
        )
        assert talk.notice is Notice.COIN_KEPT
        assert talk.phase == (before if before != "ready" else "showing the result")


def test_a_sale_that_goes_on_after_a_coin() -> None:
    talk = releasing()
    talk.coin(200)
    assert EntryFreed("k1") in talk(ended(0, Ended.DONE)).facts


# -- when something does not work ----------------------------------------------------------------------


def test_without_products_nothing_is_sold() -> None:
    talk = Talk(vending_job(), products=())
    assert "No products are known yet" in talk.shown.words
    assert effects(talk.tap(), ReadWallet) == []
    talk(CatalogueRead((WATER,), fresh=True))
    talk.wait()
    assert (talk.notice, talk.shown.products) == (Notice.READY, (WATER,))


@pytest.mark.parametrize("health", [Health.STARTING, Health.MISSING, Health.FAILED])
def test_a_machine_that_does_not_answer_sells_nothing(health: Health) -> None:
    talk = Talk(vending_job())
    talk.health("relay", health)
    assert talk.notice is Notice.OUT_OF_ORDER
    assert effects(talk.tap(), ReadWallet) == []
    talk.wait()
    talk.health("relay", Health.DEGRADED)
    assert talk.notice is Notice.READY


def test_a_device_that_goes_while_the_customer_chooses() -> None:
    talk = choosing()
    talk.health("relay", Health.MISSING)
    assert talk.press("espresso").facts == ()
    assert "does not answer" in talk.shown.words


def test_a_product_whose_device_is_gone_is_refused_and_the_others_are_sold() -> None:
    job = vending_job(releases={"7": "fridge"})
    talk = Talk(job, healthy=("relay",))
    assert "not available" in shown(talk.press("7")).words
    talk.press("espresso")
    talk.tap()
    assert effects(talk.wallet(1000), Release)[0].device == "relay"


def test_a_journal_that_fails_tells_who_is_choosing_at_once() -> None:
    talk = choosing()
    talk(JournalFailed("The disk is full."))
    assert (talk.phase, talk.notice, talk.shown.words) == ("choosing", Notice.OUT_OF_ORDER, "The disk is full.")
    talk(JournalRecovered())
    assert talk.notice is Notice.CHOOSE


def test_a_journal_that_fails_stops_every_sale() -> None:
    talk = Talk(vending_job())
    talk(JournalFailed("The disk is full."))
    assert (talk.notice, talk.shown.words) == (Notice.OUT_OF_ORDER, "The disk is full.")
    assert effects(talk.tap(), ReadWallet) == []
    talk.wait()
    talk(JournalRecovered())
    assert talk.notice is Notice.READY
    late = choosing()
    late(JournalFailed("The disk is full."))
    made = late.press("espresso")
    assert (made.facts, effects(made, Release)) == ((), [])
    assert late.phase == "choosing"


@pytest.mark.parametrize("when", ["ready", "checking", "choosing"])
def test_a_stop_before_the_decision_forgets_the_customer(when: str) -> None:
    talk = choosing() if when == "choosing" else Talk(vending_job())
    if when == "checking":
        talk.press("espresso")
        talk.tap()
    made = talk(StopAsked())
    assert CloseSlot() in made.effects
    assert not talk.state.job.under_way
    made = talk.wallet(1000)
    assert (made.facts, made.effects) == ((), ())
    assert talk.tap().facts == ()
    assert talk.notice is Notice.OUT_OF_ORDER


@pytest.mark.parametrize("event", [ended(0, Ended.DONE), ended(0, Ended.FAILED)])
def test_a_stop_waits_for_what_is_given_out(event: Event) -> None:
    talk = releasing()
    made = talk(StopAsked())
    assert made.effects == (CloseSlot(),)
    assert talk.state.job.under_way
    assert len(talk(event).facts) == 2
    assert not talk.state.job.under_way


def test_a_stop_waits_for_the_charge() -> None:
    talk = charging()
    talk(StopAsked())
    assert talk.state.job.under_way
    assert len(effects(talk(DeliveryEnded("k1", Outcome.DELIVERED)), Release)) == 1


def test_the_slot_is_closed_from_the_start() -> None:
    assert CloseSlot() in Talk(vending_job()).first.effects


def test_two_readers_are_two_taps() -> None:
    talk = Talk(vending_job(same_card_ms=60_000))
    talk(TokenPresented("left", UID))
    made = talk(TokenPresented("right", UID))
    assert shown(made).notice is Notice.BUSY
