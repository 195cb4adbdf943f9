"""The job `vending` at a machine that asks for payment, event by event."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.core.catalogue import Product
from terminal.core.decision import Decision
from terminal.core.delivery import Outcome
from terminal.core.effects import CloseSlot, DeliverNow, Effect, Notice, ReadWallet, Release, Show
from terminal.core.events import (
    CachedWallet,
    CatalogueRead,
    CoinInserted,
    DeliveryEnded,
    DeviceChanged,
    Ended,
    Event,
    Exposure,
    Health,
    JournalFailed,
    JournalRecovered,
    Place,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    WalletAnswer,
    WalletRead,
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
    SaleReported,
    SessionClosed,
    SessionOpened,
)
from terminal.core.machine import (
    AnswerRevalue,
    BeginSession,
    CashSold,
    DenyVend,
    EndSession,
    MachineEnabled,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)
from terminal.core.policy import Allowed, Asked, Reason, Refused, funds, may_spend
from terminal.core.rules import OfflineRules, TopupRules
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.value import replace
from tests.core.making import (
    ESPRESSO,
    OTHER,
    PRODUCTS,
    START,
    UID,
    Counter,
    Talk,
    effects,
    facts,
    kinds,
    machine_job,
    shown,
    topup_job,
)
from tests.core.test_total import ANYTHING, Watch, likely

DENY, END = DenyVend("snacks"), EndSession("snacks")
NO_REVALUE = AnswerRevalue("snacks", granted=False)
CHIPS = Product("11", "Selection 11", 150, listed=False)
FULL = JournalFailed("The disk is full.")


def ready(**rules: object) -> Talk:
    talk = Talk(machine_job(**rules))
    assert (talk.phase, talk.notice) == ("ready", Notice.READY)
    return talk


def waiting(**rules: object) -> Talk:
    """A customer who has chosen and shows no token yet."""
    talk = ready(**rules)
    talk.ask()
    return talk


def checking(**rules: object) -> Talk:
    talk = ready(**rules)
    talk.tap()
    return talk


def choosing(balance: int = 1000, **rules: object) -> Talk:
    """A customer with a checked wallet and a session at the machine."""
    talk = checking(**rules)
    talk.wallet(balance)
    assert talk.phase == "choosing"
    return talk


def charging(**rules: object) -> Talk:
    talk = choosing(300, authorize="charge", **rules)
    made = talk.ask()
    assert kinds(made) == ([EntryAdded], [Show, DeliverNow])
    return talk


def releasing(**rules: object) -> Talk:
    talk = choosing(**rules)
    talk.ask()
    assert talk.phase == "releasing"
    return talk


def showing(**rules: object) -> Talk:
    talk = releasing(**rules)
    talk(ended(Ended.DONE))
    return talk


Begin = Callable[..., Talk]
PHASES: list[Begin] = [ready, waiting, checking, choosing, charging, releasing, showing]
UNDECIDED: list[Begin] = [waiting, checking, choosing]


def ended(how: Ended, key: str = "k1") -> ReleaseEnded:
    return ReleaseEnded(f"{key}/0", how, "the words")


def told(talk: Talk) -> list[Effect]:
    """What the machine was told last."""
    return [effect for effect in talk.last.effects if hasattr(effect, "machine")]


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


# -- how it ends ---------------------------------------------------------------------------------------


def test_a_failed_vend_is_not_charged() -> None:
    talk = releasing()
    made = talk(ended(Ended.FAILED))
    assert kinds(made)[0] == [ReleaseSettled, EntryAbandoned]
    assert (told(talk), talk.notice) == ([END], Notice.REFUSED)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("after_unknown", ["park", "charge"])
def test_a_vend_of_which_nobody_can_tell_is_charged_at_most_once(after_unknown: str, *, silent: bool) -> None:
    talk = releasing(after_unknown_release=after_unknown)
    made = talk.wait() if silent else talk(ended(Ended.UNKNOWN))
    assert facts(made, ReleaseSettled)[0].ended is Ended.UNKNOWN
    if after_unknown == "park":
        assert [(fact.key, fact.state) for fact in facts(made, EntryParked)] == [("k1", EntryState.PARKED)]
    else:
        assert facts(made, EntryFreed) == [EntryFreed("k1")]
    assert facts(made, EntryAdded) == []
    assert (told(talk), talk.notice) == ([END], Notice.UNKNOWN)
    late = talk(ended(Ended.DONE))
    assert (late.facts, late.effects) == ((), ())


def test_an_answer_for_another_vend_is_not_this_ones() -> None:
    talk = releasing()
    assert (talk(ended(Ended.DONE, "k0")).facts, talk.phase) == ((), "releasing")


def test_a_vend_that_is_given_out_waits_for_its_own_end() -> None:
    talk = releasing()
    events: list[Event] = [
        VendCancelled("snacks"),
        SessionEnded("snacks"),
        MachineEnabled("snacks", enabled=False),
    ]
    for event in (*events, JournalFailed("full"), JournalRecovered()):
        assert (talk(event).facts, talk.phase) == ((), "releasing")
    talk.health("snacks", Health.MISSING)
    assert talk.phase == "releasing"
    assert len(facts(talk(ended(Ended.DONE)), EntryFreed)) == 1


def test_a_second_request_during_a_vend_is_denied() -> None:
    talk = releasing()
    made = talk.ask("12", 300)
    assert (made.facts, made.effects, talk.phase) == ((), (DENY,), "releasing")
    assert facts(talk(ended(Ended.DONE)), EntryFreed) == [EntryFreed("k1")]


@pytest.mark.parametrize("leave", ["card", "button", "time", "lever"])
def test_leaving_while_choosing(leave: str) -> None:
    talk = choosing(choose_s=20)
    made = {
        "card": talk.tap,
        "button": lambda: talk.press("cancel"),
        "time": talk.wait,
        "lever": lambda: talk(SessionEnded("snacks")),
    }[leave]()
    assert (made.facts, told(talk), talk.notice) == ((), [END], Notice.CANCELLED)


@pytest.mark.parametrize("leave", ["button", "time", "taken back", "lever"])
def test_leaving_before_the_tap(leave: str) -> None:
    talk = waiting()
    made = {
        "button": lambda: talk.press("cancel"),
        "time": talk.wait,
        "taken back": lambda: talk(VendCancelled("snacks")),
        "lever": lambda: talk(SessionEnded("snacks")),
    }[leave]()
    assert (made.facts, told(talk), talk.notice) == ((), [DENY, END], Notice.CANCELLED)
    talk.wait()
    assert talk.phase == "ready"
    talk.tap()
    talk.wallet(1000)
    assert told(talk) == [BeginSession("snacks", 1000)], "what the one before chose is forgotten"


def test_another_token_has_to_wait() -> None:
    for begin in (checking, choosing, charging, releasing):
        talk = begin()
        before = talk.state.job
        made = talk.tap(OTHER)
        assert (made.facts, shown(made).notice, talk.state.job) == ((), Notice.BUSY, before)


def test_buttons_of_the_terminal_choose_nothing() -> None:
    for begin in PHASES[:-1]:
        talk = begin()
        made = talk.press("espresso")
        assert (made.facts, made.effects) == ((), ())
    talk = showing()
    talk.press("espresso")
    assert talk.phase == "ready"


@pytest.mark.parametrize("how", ["tap", "request"])
def test_the_next_customer_need_not_wait_for_the_result_to_go(how: str) -> None:
    talk = showing()
    if how == "tap":
        assert effects(talk.tap(OTHER), ReadWallet) == [ReadWallet(OTHER, 700)]
    else:
        talk.ask("12", 200)
        assert (talk.phase, talk.shown.amount, talk.shown.token) == ("waiting for a token", 200, None)


# -- several vends in one session ----------------------------------------------------------------------


def test_several_vends_in_one_session() -> None:
    talk = choosing(500, machine_multivend=True)
    talk.ask("11", 150)
    talk(ended(Ended.DONE))
    assert (talk.phase, talk.notice, told(talk)) == ("choosing", Notice.CONFIRMED, [])
    assert talk.shown.balance == 350
    second = talk.ask("12", 350)
    assert [fact.key for fact in facts(second, EntryAdded)] == ["k2"]
    assert effects(second, Release)[0].release == "k2/0"
    talk(ended(Ended.DONE, "k2"))
    assert talk.shown.balance == 0
    third = talk.ask("12", 1)
    assert (third.facts, told(talk), talk.shown.words) == ((), [DENY, END], Reason.INSUFFICIENT.value)


@pytest.mark.parametrize("leave", ["lever", "time", "card"])
def test_the_end_of_a_session_in_which_something_was_bought_is_no_cancelling(leave: str) -> None:
    talk = choosing(machine_multivend=True)
    talk.ask()
    talk(ended(Ended.DONE))
    made = {"lever": lambda: talk(SessionEnded("snacks")), "time": talk.wait, "card": talk.tap}[leave]()
    assert (made.facts, told(talk)) == ((), [END])
    assert (talk.phase, talk.notice) == ("showing the result", Notice.CONFIRMED)


@pytest.mark.parametrize("limit", [{"max_count": 1}, {"max_total": 299}])
def test_what_is_sold_in_a_session_counts_against_the_offline_limits(limit: dict[str, int]) -> None:
    talk = checking(machine_multivend=True, offline=OfflineRules(max_per_token=400, **limit))
    talk.wallet(cached=CachedWallet(9_999, 0))
    talk.ask("11", 150)
    talk(ended(Ended.DONE))
    assert talk.ask("11", 150).facts == ()
    assert talk.shown.words == Reason.OFFLINE_TERMINAL.value


@pytest.mark.parametrize("how", [Ended.FAILED, Ended.UNKNOWN])
def test_a_vend_that_does_not_succeed_ends_the_session(how: Ended) -> None:
    talk = releasing(machine_multivend=True)
    talk(ended(how))
    assert (told(talk), talk.phase) == ([END], "showing the result")


def test_who_chose_first_and_whoever_left_have_one_vend() -> None:
    first = waiting(machine_multivend=True)
    first.tap()
    first.wallet(1000)
    left = releasing(machine_multivend=True)
    left(SessionEnded("snacks"))
    closing = releasing(machine_multivend=True)
    closing(MachineEnabled("snacks", enabled=False))
    stopping = releasing(machine_multivend=True)
    stopping(StopAsked())
    for talk in (first, left, closing, stopping):
        talk(ended(Ended.DONE))
        assert (talk.phase, told(talk)) == ("showing the result", [END])


# -- authorize = "charge" ------------------------------------------------------------------------------


def test_charged_before_it_is_approved() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.DELIVERED, balance=150))
    assert kinds(made) == ([ReleaseIntended], [Release, Show])
    assert effects(made, Release)[0].product == CHIPS
    talk(ended(Ended.DONE))
    assert (talk.notice, talk.shown.balance, told(talk)) == (Notice.CONFIRMED, 150, [END])


def test_a_refused_charge_denies_the_vend() -> None:
    talk = charging()
    made = talk(DeliveryEnded("k1", Outcome.REFUSED, "wallet is locked"))
    assert (kinds(made)[0], told(talk), talk.notice) == ([EntryAbandoned], [DENY, END], Notice.REFUSED)


def test_a_charge_without_an_answer_falls_back_on_trust() -> None:
    talk = charging()
    assert len(effects(talk.wait(), Release)) == 1
    refused = charging(offline=OfflineRules(max_sale=149))
    made = refused.wait()
    assert (kinds(made)[0], told(refused)) == ([EntryAbandoned], [DENY, END])


GONE: list[Event] = [
    VendCancelled("snacks"),
    SessionEnded("snacks"),
    VendRequested("snacks", "12", 90),
]


@pytest.mark.parametrize("event", GONE, ids=lambda event: type(event).__name__)
def test_a_machine_that_does_not_wait_for_the_charge_gives_nothing_out(event: Event) -> None:
    talk = charging()
    made = talk(event)
    assert [fact.key for fact in facts(made, EntryAbandoned)] == ["k1"]
    assert (told(talk), talk.notice) == ([DENY, END], Notice.CANCELLED)
    late = talk(DeliveryEnded("k1", Outcome.DELIVERED))
    assert (late.facts, late.effects) == ((), ())


def test_a_machine_that_is_lost_while_the_server_is_asked_gives_nothing_out() -> None:
    talk = charging()
    talk.health("paper", Health.MISSING)
    talk.health("snacks", Health.DEGRADED)
    assert talk.phase == "charging"
    made = talk.health("snacks", Health.MISSING)
    assert (kinds(made)[0], talk.phase) == ([EntryAbandoned], "showing the result")


@pytest.mark.parametrize("event", [FULL, *GONE], ids=lambda event: type(event).__name__)
def test_what_cannot_be_written_off_while_the_disk_is_full_is_later(event: Event) -> None:
    """Approving it then would be for nobody: the machine has long gone on."""
    talk = charging()
    talk(FULL)
    assert told(talk) == [DENY, END]
    for each in (event, DeliveryEnded("k1", Outcome.DELIVERED), TimePassed()):
        assert talk(each, after_ms=2_000).facts == ()
        assert told(talk) == [DENY, END]
    assert talk.phase == "charging"
    made = talk(JournalRecovered())
    assert ([fact.key for fact in facts(made, EntryAbandoned)], effects(made, Release)) == (["k1"], [])
    assert talk.phase == "showing the result"


def test_a_journal_that_recovers_disturbs_no_charge() -> None:
    talk = charging()
    assert (talk(JournalRecovered()).facts, talk.phase) == ((), "charging")
    assert len(effects(talk(DeliveryEnded("k1", Outcome.DELIVERED)), Release)) == 1


# -- a machine that sells nothing by card, or is not there ---------------------------------------------


def test_a_machine_that_takes_no_cards() -> None:
    talk = ready()
    talk(MachineEnabled("snacks", enabled=False))
    assert (talk.notice, talk.shown.words) == (
        Notice.OUT_OF_ORDER,
        "The machine takes no cards at the moment.",
    )
    assert talk.terminal.trouble(talk.state, talk.now) == talk.shown.words
    assert effects(talk.tap(), ReadWallet) == []
    talk.wait()
    made = talk.ask()
    assert (made.facts, told(talk)) == ((), [DENY, END])
    talk.wait()
    talk(MachineEnabled("snacks", enabled=True))
    assert talk.notice is Notice.READY
    assert talk.terminal.trouble(talk.state, talk.now) == ""


def test_a_machine_that_has_not_said_yet_that_it_takes_cards() -> None:
    talk = Talk(machine_job())
    talk(MachineEnabled("snacks", enabled=False))
    talk(MachineEnabled("another", enabled=True))
    assert talk.notice is Notice.OUT_OF_ORDER


@pytest.mark.parametrize(
    "event", [MachineEnabled("snacks", enabled=False), FULL, "lost"], ids=["disabled", "disk full", "lost"]
)
@pytest.mark.parametrize("begin", UNDECIDED)
def test_who_has_not_decided_cannot_go_on(begin: Begin, event: Event | str) -> None:
    talk = begin()
    made = talk.health("snacks", Health.MISSING) if isinstance(event, str) else talk(event)
    assert (made.facts, talk.phase, talk.notice) == ((), "showing the result", Notice.OUT_OF_ORDER)
    assert END in told(talk)
    assert (DENY in told(talk)) is (begin is waiting or (begin is choosing and event is FULL))
    assert talk.wallet(1000).facts == ()


def test_what_the_machine_asked_for_when_the_disk_was_full_is_answered() -> None:
    """The request was taken from the inbox, and what it led to could not be written: nobody knows of it."""
    talk = choosing()
    talk(FULL)
    assert told(talk) == [DENY, NO_REVALUE, END]


@pytest.mark.parametrize("begin", PHASES)
def test_another_device_that_goes_disturbs_nobody(begin: Begin) -> None:
    talk = begin()
    before = talk.phase
    talk.health("paper", Health.MISSING)
    talk(MachineEnabled("another", enabled=False))
    talk(CatalogueRead(PRODUCTS, fresh=True))
    assert (talk.phase, told(talk)) == (before, [])


def test_a_stop_denies_what_is_not_decided_and_waits_for_what_is() -> None:
    wanted = {ready: [], waiting: [DENY, END], checking: [END], choosing: [END], showing: []}
    for begin in PHASES:
        talk = begin()
        made = talk(StopAsked())
        assert CloseSlot() in made.effects
        if begin in wanted:
            assert (told(talk), talk.state.job.under_way) == (wanted[begin], False)
            made = talk.ask()
            assert (made.facts, told(talk)) == ((), [DENY, END])
        else:
            assert (told(talk), talk.state.job.under_way) == ([], True)


def test_a_coin_in_the_terminals_own_slot_disturbs_no_session() -> None:
    talk = choosing()
    made = talk.coin(200)
    assert facts(made, EntryAdded)[0].kind is EntryKind.UNCLAIMED
    assert (talk.phase, told(talk)) == ("choosing", [])


# -- cash ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [*PHASES, lambda: Talk(topup_job())])
def test_what_is_sold_in_cash_is_noted(begin: Begin) -> None:
    talk = begin()
    before = talk.state
    made = talk(CashSold("snacks", "11", 150))
    assert (made.facts, made.effects, made.state) == ((SaleReported("snacks", "11", 150),), (), before)


def test_cash_for_the_token_of_the_session() -> None:
    talk = choosing(100, machine_revalue=True)
    made = talk(RevalueRequested("snacks", 500))
    assert made.facts == (
        SessionOpened("n1", UID),
        CashMoved("n1", CashKind.IN, 500, "snacks", place=Place.MACHINE),
        EntryAdded("k1", EntryKind.CREDIT, "main", UID, 500, description="Top-up", session="n1"),
        CashMoved("n1", CashKind.CREDITED, 500, key="k1"),
        SessionClosed("n1", "credited"),
    )
    assert told(talk) == [AnswerRevalue("snacks", granted=True)]
    assert (talk.phase, talk.notice, talk.shown.balance) == ("choosing", Notice.CREDITED, 600)
    sold = talk.ask("12", 600)
    assert facts(sold, EntryAdded)[0].amount == 600
    talk(ended(Ended.DONE, "k2"))
    assert talk.shown.balance == 0


def test_cash_while_the_server_is_away_can_be_spent_at_once() -> None:
    talk = checking(machine_revalue=True)
    talk.wallet(cached=CachedWallet(0, 0))
    assert told(talk) == [BeginSession("snacks", 0)], "an empty wallet is what people want to fill"
    talk(RevalueRequested("snacks", 200))
    assert len(facts(talk.ask("12", 200), EntryAdded)) == 1


def test_a_session_with_cash_only_is_no_cancelling() -> None:
    talk = choosing(machine_revalue=True)
    talk(RevalueRequested("snacks", 200))
    talk(SessionEnded("snacks"))
    assert (talk.phase, talk.notice, told(talk)) == ("showing the result", Notice.CREDITED, [END])


@pytest.mark.parametrize(
    ("amount", "rules"),
    [
        (200, {"machine_revalue": False}),
        (0, {}),
        (-5, {}),
        (1001, {"topup": TopupRules(max_session=1000)}),
        (501, {"topup": TopupRules(max_balance=1500)}),
        (200, {"topup": TopupRules(max_balance=1000)}),
    ],
)
def test_cash_that_the_wallet_cannot_take(amount: int, rules: dict[str, object]) -> None:
    talk = choosing(1000, **{"machine_revalue": True, **rules})
    made = talk(RevalueRequested("snacks", amount))
    assert (made.facts, made.effects, talk.phase) == ((), (NO_REVALUE,), "choosing")


def test_the_most_of_one_session_is_not_passed_by_parts() -> None:
    talk = choosing(machine_revalue=True, topup=TopupRules(max_session=500))
    assert talk(RevalueRequested("snacks", 300)).facts
    assert talk(RevalueRequested("snacks", 201)).facts == ()
    assert talk(RevalueRequested("snacks", 200)).facts
    assert talk(RevalueRequested("snacks", 1)).facts == ()


def test_cash_is_credited_in_a_session_only() -> None:
    for begin in PHASES:
        talk = begin(machine_revalue=True)
        if talk.phase == "choosing":
            continue
        before = talk.state.job
        made = talk(RevalueRequested("snacks", 200))
        assert (made.facts, made.effects, talk.state.job) == ((), (NO_REVALUE,), before)


# -- anything, in any state ----------------------------------------------------------------------------

SNACKS = st.sampled_from(["snacks", "another"])
ITEMS = st.sampled_from(["11", "7", "espresso", ""])
PRICES = st.integers(-1, 700)
OF_THE_MACHINE: st.SearchStrategy[Event] = st.one_of(
    st.builds(MachineEnabled, SNACKS, st.booleans()),
    st.builds(VendRequested, SNACKS, ITEMS, PRICES),
    st.builds(VendCancelled, SNACKS),
    st.builds(SessionEnded, SNACKS),
    st.builds(RevalueRequested, SNACKS, PRICES),
    st.builds(CashSold, SNACKS, ITEMS, PRICES),
)
JOBS = {
    "balance": machine_job(),
    "charge": machine_job(authorize="charge", after_unknown_release="charge", machine_unlisted=False),
    "everything": machine_job(
        machine_multivend=True, machine_revalue=True, max_price=600, same_card_ms=1500, overdraft=300
    ),
    "all of it charged": machine_job(authorize="charge", machine_multivend=True, machine_revalue=True),
}


def likely_at_a_machine(state: TerminalState) -> st.SearchStrategy[Event]:
    """What would bring this state on its way."""
    events: list[Event] = [
        DeviceChanged("snacks", "machine", Health.OK),
        MachineEnabled("snacks", enabled=True),
    ]
    events += [VendRequested("snacks", "11", 150), VendRequested("snacks", "7", 100)]
    events += [RevalueRequested("snacks", 300)]
    return st.sampled_from(events) | likely(state)


@dataclass
class WatchMachine(Watch):
    """What must hold at a machine beside what must hold anywhere."""

    asked: VendRequested | None = None  # asked for, and neither answered nor taken back

    def look(self, event: Event, made: Decision[TerminalState]) -> None:
        if isinstance(event, VendRequested):
            self.asked = event
        elif isinstance(event, (VendCancelled, SessionEnded)):
            self.asked = None
        self._answers(event, made)
        super().look(event, made)
        assert self.asked is None or made.state.job.phase_name in (
            "waiting for a token",
            "checking the wallet",
            "charging",
        ), "the machine waits for an answer, and nobody sees to it"

    def _answers(self, event: Event, made: Decision[TerminalState]) -> None:
        revalues = 0
        for effect in made.effects:
            match effect:
                case Release(device="snacks", product=product):
                    assert self.asked is not None, "approved, and not asked for"
                    assert (product.id, product.price) == (self.asked.item, self.asked.price)
                    (intent,) = [fact for fact in made.facts if isinstance(fact, ReleaseIntended)]
                    assert intent.device == "snacks"
                    self.asked = None
                case DenyVend():
                    self.asked = None
                case BeginSession():
                    assert (made.state.broken, made.state.stopping, made.facts) == ("", False, ())
                    assert "snacks" in made.state.enabled
                case AnswerRevalue(granted=granted):
                    revalues += isinstance(event, RevalueRequested)
                    credited = [fact.amount for fact in made.facts if isinstance(fact, EntryAdded)]
                    assert credited == ([event.amount] if granted and revalues else [])
                case _:
                    pass
        assert revalues == isinstance(event, RevalueRequested), "a revalue has one answer"

    def _money(self, event: Event, made: Decision[TerminalState]) -> None:
        granted = AnswerRevalue("snacks", granted=True) in made.effects
        coin = (
            CoinInserted("snacks", event.amount) if granted and isinstance(event, RevalueRequested) else event
        )
        super()._money(coin, made)


@pytest.mark.parametrize("name", JOBS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
@given(data=st.data())
def test_total(name: str, data: st.DataObject) -> None:
    job = JOBS[name]
    terminal = Terminal(job, Counter())
    now = START
    first = terminal.start(now, PRODUCTS)
    watch = WatchMachine(job)
    watch.look(JournalRecovered(), first)
    state = first.state
    for _ in range(data.draw(st.integers(5, 50))):
        which = data.draw(st.integers(0, 5))
        event = data.draw(likely_at_a_machine(state) if which else OF_THE_MACHINE | ANYTHING)
        step_ms = data.draw(st.sampled_from([0, 100, 700, 5_000, 30_000]))
        now = replace(now, wall_ms=now.wall_ms + step_ms, mono_ms=now.mono_ms + step_ms)
        made = terminal.handle(state, event, now)
        watch.look(event, made)
        state = made.state
