"""Every event in every state, with whatever contents: nothing raises, and what must hold always does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.events import (
    ButtonPressed,
    CachedWallet,
    CardPaid,
    CashStepTold,
    CatalogueRead,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeliveryEnded,
    DeviceChanged,
    Ended,
    Event,
    Exposure,
    Health,
    JournalFailed,
    JournalRecovered,
    NoteMade,
    PairingAsked,
    PairingEnded,
    PaperMoved,
    PayCoins,
    PayoutCounted,
    PayoutEnded,
    PrintEnded,
    ReleaseEnded,
    ReportAsked,
    StopAsked,
    TakeCoins,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    TokenUnreadable,
    TrialAsked,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.paper import Document
from terminal.core.rules import CashRules, OfflineRules
from terminal.core.sale import VendingState
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.ticket_rules import Discount, TicketProduct
from terminal.core.ticket_state import Phase, TicketState
from terminal.core.topup import TopupState
from terminal.core.value import replace
from tests.core import report_samples
from tests.core.making import (
    OTHER,
    PRODUCTS,
    STAFF,
    START,
    UID,
    Counter,
    Drawn,
    ticket_job,
    topup_job,
    vending_job,
)
from tests.core.ticket_watch import TicketWatch
from tests.core.watch import Watch

UIDS = st.sampled_from([UID, OTHER, "04CAFECAFE1234"])
NAMES = st.sampled_from(["relay", "slot", "paper", "reader", "left"])
WORDS = st.text(max_size=8)
CENTS = st.integers(1, 6000)
BALANCES = st.none() | st.integers(-1000, 20_000)
KEYS = st.sampled_from([f"k{number}" for number in range(1, 6)])
AGES = st.none() | st.integers(0, 1_000_000_000)
LISTS = st.lists(
    st.builds(Product, st.sampled_from(["espresso", 7, "7", ""]), WORDS, st.integers(0, 900)), max_size=4
)
EXPOSURES = st.builds(
    Exposure, st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 30_000), st.integers(0, 300), AGES
)

ANYTHING: st.SearchStrategy[Event] = st.one_of(
    st.builds(TokenPresented, NAMES, UIDS),
    st.builds(TokenRemoved, NAMES),
    st.builds(TokenUnreadable, NAMES, WORDS),
    st.builds(CoinInserted, NAMES, CENTS, st.none() | st.integers(0, 255)),
    st.builds(CoinUnrecognised, NAMES, st.integers(0, 99), WORDS, st.sampled_from(CoinTrouble), WORDS),
    st.builds(ButtonPressed, NAMES, st.sampled_from(["espresso", "cappuccino", "7", "cancel", "confirm", "?"])),
    st.builds(
        ReleaseEnded,
        st.builds(lambda key, number: f"{key}/{number}", KEYS, st.integers(0, 2)),
        st.sampled_from(Ended),
        WORDS,
    ),
    st.builds(PrintEnded, st.builds(lambda key: f"{key}/receipt", KEYS) | WORDS, st.sampled_from(Ended), WORDS),
    st.builds(DeviceChanged, NAMES, WORDS, st.sampled_from(Health), WORDS),
    st.builds(WalletRemembered, UIDS, st.none() | st.builds(CachedWallet, st.integers(), AGES), EXPOSURES),
    st.builds(WalletRead, UIDS, st.sampled_from(WalletAnswer), BALANCES),
    st.builds(DeliveryEnded, KEYS, st.sampled_from(Outcome), WORDS, BALANCES),
    st.builds(CatalogueRead, LISTS.map(tuple), st.booleans()),
    st.builds(CashStepTold, st.sampled_from([0, 70, 100])),
    st.builds(PairingAsked, WORDS),
    st.builds(PairingEnded, UIDS, st.booleans(), WORDS),
    st.builds(TrialAsked, WORDS, NAMES, WORDS, st.just(PRODUCTS[0]) | st.just(Document(()))),
    st.builds(ReportAsked, WORDS, report_samples.ANY, WORDS, st.booleans()),
    st.builds(JournalFailed, st.just("The disk is full.")),
    st.just(JournalRecovered()),
    st.just(TimePassed()),
    st.just(StopAsked()),
)

JOBS = {
    "vending": vending_job(),
    "one product": vending_job(one_product="7", same_card_ms=1500),
    "charge": vending_job(authorize="charge", confirm=True, after_unknown_release="charge"),
    "pieces": vending_job(confirm=True, max_pieces=3, overdraft=500),
    "topup": topup_job(printers=("paper",), unknown_tokens=True),
    "small": topup_job(max_session=500, max_balance=2000, coins_first=False, same_card_ms=1500),
}


def likely(state: TerminalState) -> st.SearchStrategy[Event]:
    """What would bring this state on its way; without it no run would come far."""
    job = state.job
    events: list[Event] = [DeviceChanged("relay", "any", Health.OK), DeviceChanged("slot", "any", Health.OK)]
    if state.trial is not None and state.trial.release:
        events += [ReleaseEnded(state.trial.release, how) for how in Ended]
    asked = job.asked if isinstance(job, VendingState | TopupState) else None
    if asked is None:
        events += [TokenPresented("reader", UID), TokenRemoved("reader")]
    else:
        events += [WalletRead(asked.token, WalletAnswer.KNOWN, 1000), ButtonPressed("panel", "espresso")]
        events += [ButtonPressed("panel", "confirm"), CoinInserted("slot", 200)]
    if isinstance(job, VendingState) and job.sale is not None:
        events += [DeliveryEnded(job.sale.key, outcome) for outcome in Outcome]
        events += [ReleaseEnded(job.sale.release, how) for how in (*Ended, Ended.DONE)]
    return st.sampled_from(events)


@pytest.mark.parametrize("name", JOBS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
@given(data=st.data())
def test_total(name: str, data: st.DataObject) -> None:
    job = JOBS[name]
    terminal = Terminal(job, Counter())
    now = START
    first = terminal.start(now, PRODUCTS)
    watch = Watch(job)
    watch.look(JournalRecovered(), first)
    state = first.state
    for _ in range(data.draw(st.integers(5, 40))):
        event = data.draw(likely(state) if data.draw(st.integers(0, 2)) else ANYTHING)
        step_ms = data.draw(st.sampled_from([0, 100, 700, 5_000, 30_000, 900_000]))
        now = replace(now, wall_ms=now.wall_ms + step_ms, mono_ms=now.mono_ms + step_ms)
        made = terminal.handle(state, event, now)
        watch.look(event, made)
        state = made.state


# -- tickets -----------------------------------------------------------------------------------------------

STAFF_PRICE = (
    Discount(name="Group", products=(4,), from_quantity=3, percent=15),
    Discount(name="Staff", amount=120, staff=True),
)
SERVERS = (TicketProduct(id=4), TicketProduct(id="espresso", price=90), TicketProduct(id=7, printed=False))
ODD = (TicketProduct(id=4, name="Adult", price=333), TicketProduct(id=3, name="Pin", price=40))
HOPPERS = CashRules(payouts=("hopper", "small hopper"), payout_s=20, box_pieces={"slot": 4})
TRUST = OfflineRules(max_sale=2_000, max_per_token=3_000, max_total=9_000, unknown_tokens=True)

KIOSKS = {
    "plain": ticket_job(),
    "one piece": ticket_job(basket=False, pay=("coins",), discounts=STAFF_PRICE),
    "charge": ticket_job(authorize="charge", partial_wallet=False, offline=TRUST),
    "hoppers": ticket_job(cash=HOPPERS, discounts=STAFF_PRICE, max_change=400),
    "keep": ticket_job(cash=HOPPERS, change=("payout", "keep"), refund=("payout", "credit", "voucher")),
    "kept at once": ticket_job(change=("keep",), refund=()),
    "no change": ticket_job(change=(), refund=("credit",), authorize="charge", discounts=STAFF_PRICE),
    "door": ticket_job(tap="check-in", tap_device=7, receipt_mode="ask", offline=OfflineRules(deny=(OTHER,))),
    "server's prices": ticket_job(products=(), pay=("coins", "card"), wallet="", max_tickets=6),
    "rounding": ticket_job(products=ODD, cash_rounding=100, discounts=STAFF_PRICE, cash=HOPPERS, offline=TRUST),
    "some prices": ticket_job(products=SERVERS, change=("credit", "voucher"), offline=TRUST),
}

BUTTONS = ["4", "9", "3", "mug", "guest", "espresso", "7", "-4", "-3", "confirm", "cancel", "receipt", "?"]
PAYOUTS = st.sampled_from([f"n{number}" for number in range(1, 9)])

AT_A_KIOSK: st.SearchStrategy[Event] = ANYTHING | st.one_of(
    st.builds(ButtonPressed, NAMES, st.sampled_from(BUTTONS)),
    st.builds(TokenPresented, NAMES, st.just(STAFF)),
    st.builds(CardPaid, WORDS, st.uuids().map(str), st.integers(0, 1500), WORDS),
    st.builds(NoteMade, WORDS, WORDS, WORDS),
    st.builds(PayoutCounted, PAYOUTS, WORDS),
    st.builds(PayoutEnded, PAYOUTS, st.sampled_from(Ended), st.integers(0, 900), WORDS),
    st.builds(TrialAsked, WORDS, st.just("slot"), WORDS, st.builds(TakeCoins, st.just(500), st.just(20))),
    st.builds(TrialAsked, WORDS, st.just("hopper"), WORDS, st.builds(PayCoins, st.just(100))),
    st.builds(PrintEnded, st.builds(lambda key: f"{key}/ticket-1", KEYS), st.sampled_from(Ended), WORDS),
    st.just(PaperMoved()),
)


def likely_at_a_kiosk(state: TerminalState) -> st.SearchStrategy[Event]:
    """What would bring this sale on its way."""
    job = state.job
    assert isinstance(job, TicketState)
    events: list[Event] = [DeviceChanged(name, "any", Health.OK) for name in ("slot", "paper", "hopper")]
    events += [PrintEnded(each.release, how) for each in state.prints.jobs if each.deadline_ms for how in Ended]
    events += [JournalRecovered()] if state.broken else []
    match job.phase:
        case Phase.READY | Phase.CHOOSING | Phase.SHOWING:
            events += [ButtonPressed("panel", each) for each in ("4", "4", "3", "9", "espresso", "confirm")]
            events += [TokenPresented("reader", UID), TokenRemoved("reader"), TokenPresented("reader", STAFF)]
        case Phase.PAYING:
            events += [CoinInserted("slot", amount) for amount in (50, 100, 200, 500)]
            events += [TokenPresented("reader", UID), TokenRemoved("reader"), ButtonPressed("panel", "cancel")]
            if job.screen.due:
                events.append(CardPaid("t", f"ref {job.purchase}", job.screen.due, "Kim"))
        case Phase.CHECKING if job.asked:
            answers = (90, 1000, 5000)
            events = [WalletRead(job.asked.token, WalletAnswer.KNOWN, balance) for balance in answers]
            events += [CoinInserted("slot", 200), TimePassed()]
        case Phase.CREDITING:
            asked = job.asked.token if job.asked else UID
            events += [TokenPresented("reader", UID), WalletRead(asked, WalletAnswer.KNOWN, 100)]
            events += [TokenRemoved("reader"), CoinInserted("slot", 50), ButtonPressed("panel", "cancel")]
        case Phase.CHARGING if job.share:
            events = [DeliveryEnded(job.share.debit, outcome) for outcome in Outcome]
            events += [CoinInserted("slot", 200), TimePassed()]
        case Phase.RETURNING if job.paying:
            name, ordered = job.paying.payout, job.paying.ordered
            events = [PayoutCounted(name, "mark"), TimePassed(), CoinInserted("slot", 100)]
            events += [PayoutEnded(name, how, paid) for how in Ended for paid in (0, ordered // 2, ordered)]
            events += [PayoutEnded(name, Ended.DONE, ordered)] * 2
        case _:
            pass
    return st.sampled_from(events)


@pytest.mark.parametrize("name", KIOSKS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
@given(data=st.data())
def test_total_of_tickets(name: str, data: st.DataObject) -> None:
    job = KIOSKS[name]
    terminal = Terminal(job, Counter(), Drawn())
    now = START
    first = terminal.start(now, PRODUCTS)
    watch = TicketWatch(job)
    watch.start((), first)
    state = first.state
    for device in (*job.acceptors, *job.printers, *job.cash.payouts):
        state = terminal.handle(state, DeviceChanged(device, "any", Health.OK), now).state
    for _ in range(data.draw(st.integers(5, 40))):
        event = data.draw(likely_at_a_kiosk(state) if data.draw(st.integers(0, 4)) else AT_A_KIOSK)
        if isinstance(event, CardPaid) and event.reference in watch.cards:
            continue  # the desk looks into the books first
        step_ms = data.draw(st.sampled_from([0, 0, 100, 700, 5_000, 30_000]))
        now = replace(now, wall_ms=now.wall_ms + step_ms, mono_ms=now.mono_ms + step_ms)
        made = terminal.handle(state, event, now)
        watch.look(event, made)
        state = made.state
    watch.check_sums()
