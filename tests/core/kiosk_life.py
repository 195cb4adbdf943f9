"""Whole evenings at a simulated ticket kiosk, by chance: the same seed is the same evening."""

from __future__ import annotations

from random import Random

from terminal.core.delivery import Outcome
from terminal.core.events import CashStepTold, CatalogueRead, EmptyingAsked, Ended, Health, StopAsked
from terminal.core.job import Job
from terminal.core.rules import CashRules, OfflineRules
from terminal.core.ticket_rules import Discount, TicketProduct
from terminal.core.ticket_state import Phase
from terminal.core.value import replace
from tests.core.kiosk import Kiosk
from tests.core.making import ADULT, MUG, OTHER, PRODUCTS, STAFF, UID, ticket_job

STAFF_PRICE = (
    Discount(name="Group", products=(4,), from_quantity=3, percent=15),
    Discount(name="Staff", amount=120, staff=True),
)
HOPPERS = CashRules(payouts=("hopper", "small hopper"), payout_s=20, box_pieces={"slot": 12})
ODD = (ADULT, TicketProduct(id=9, name="Child", price=149), TicketProduct(id=3, name="Pin", price=40), MUG)
"""Prices that no coin of ours pays to the cent."""
TRUST = OfflineRules(max_sale=900, max_per_token=3_000, max_total=9_000, unknown_tokens=True)

JOBS: dict[str, Job] = {
    "plain": ticket_job(),
    "charge": ticket_job(authorize="charge", offline=TRUST, partial_wallet=False),
    "hoppers": ticket_job(cash=HOPPERS, discounts=STAFF_PRICE, change=("payout", "credit", "voucher")),
    "keep": ticket_job(cash=HOPPERS, change=("payout", "keep"), refund=("payout", "voucher")),
    "prices": ticket_job(products=(), pay=("coins", "card", "wallet"), offline=TRUST),
    "credit": ticket_job(
        refund=("credit", "voucher"), change=("credit",), offline=TRUST, authorize="charge", basket=False
    ),
    "rounding": ticket_job(cash=HOPPERS, discounts=STAFF_PRICE, products=ODD, cash_rounding=100, offline=TRUST),
    "told": ticket_job(cash=HOPPERS, products=ODD, offline=TRUST, authorize="charge"),
    "small coins": ticket_job(products=ODD, cash_rounding=70, change=("payout", "keep")),
}
COINS = (50, 100, 200, 500)
BUTTONS = ("4", "4", "9", "3", "mug", "guest", "-4")


def evening(job: Job, seed: int, guests: int = 12) -> Kiosk:
    """Let some guests come; then all trouble ends, and the books are looked at."""
    rng = Random(seed)
    kiosk = Kiosk(job)
    for _ in range(guests):
        _choose(kiosk, rng)
        for _ in range(40):
            if kiosk.sale.phase in (Phase.READY, Phase.SHOWING) and rng.random() < 0.5:
                break
            _go_on(kiosk, rng)
            _mishap(kiosk, rng)
        _wait_for_paper(kiosk, rng)
    kiosk.settle()
    return kiosk


def _choose(kiosk: Kiosk, rng: Random) -> None:
    for _ in range(rng.randrange(1, 5)):
        kiosk.press(rng.choice(BUTTONS if kiosk.job.tickets.products else ("espresso", "cappuccino", "7")))
    if rng.random() < 0.1:
        kiosk.tap(STAFF)
    if rng.random() < 0.9:
        kiosk.press("confirm")
    elif rng.random() < 0.3:
        _reprice(kiosk, rng)


def _reprice(kiosk: Kiosk, rng: Random) -> None:
    """The server has other prices now."""
    dearer = rng.choice((0, 20, 50))
    products = tuple(replace(each, price=each.price + dearer) for each in PRODUCTS)
    kiosk.happen(CatalogueRead(products, fresh=True))
    if kiosk.job.tickets.cash_rounding is None:
        kiosk.happen(CashStepTold(rng.choice((0, 0, 70, 100))))


def _go_on(kiosk: Kiosk, rng: Random) -> None:
    """Do what leads on from here, mostly."""
    if rng.random() < 0.03:
        kiosk.coin(rng.choice(COINS))  # it was on its way
    match kiosk.sale.phase:
        case Phase.PAYING:
            _pay(kiosk, rng)
        case Phase.CHECKING:
            kiosk.wallet(rng.choice((None, 90, 400, 5_000)), cached=rng.choice((None, 2_000)))
        case Phase.CHARGING if rng.random() < 0.8:
            kiosk.deliver(rng.choice((Outcome.DELIVERED, *Outcome)))
        case Phase.RETURNING:
            kiosk.hopper(rng.choice((Ended.DONE, Ended.DONE, *Ended)), rng.choice((0, 2, 4, 4)))
            if rng.random() < 0.1:
                kiosk.time()
        case Phase.CREDITING if rng.random() < 0.7:
            kiosk.wallet(100)
            kiosk.tap(UID)
        case Phase.CHOOSING if rng.random() < 0.3:
            kiosk.tap(UID)
        case Phase.READY | Phase.CHOOSING:
            _choose(kiosk, rng)
        case _:
            if rng.random() < 0.2:
                kiosk.press("receipt")
            kiosk.time()


def _pay(kiosk: Kiosk, rng: Random) -> None:
    chance = rng.random()
    if chance < 0.65:
        kiosk.insert(rng.choice(COINS))
    elif chance < 0.8:
        kiosk.tap(rng.choice((UID, OTHER)))
    elif chance < 0.88:
        kiosk.card(off_by=rng.choice((0, 0, -50)))
    elif chance < 0.93:
        kiosk.press("cancel")
    elif chance < 0.97:
        kiosk.tap(STAFF)
    else:
        kiosk.time()


def _mishap(kiosk: Kiosk, rng: Random) -> None:
    kiosk.pass_ms(rng.choice((50, 200, 900)))
    chance = rng.random()
    if chance < 0.02:
        kiosk.power_cut(printed=rng.random() < 0.5, paid=rng.choice((0, 50, 10_000)))
    elif chance < 0.035:
        kiosk.coin(rng.choice(COINS), lost=True)
    elif chance < 0.05:
        kiosk.health(rng.choice(("paper", "slot", "hopper")), rng.choice(list(Health)))
    elif chance < 0.06:
        kiosk.disk_full()
    elif chance < 0.1:
        kiosk.disk_free()
    elif chance < 0.105:
        kiosk.happen(StopAsked())
        kiosk.power_cut()
    elif chance < 0.11:
        kiosk.happen(EmptyingAsked("slot", "M. Muster"))
    elif chance < 0.14:
        _reprice(kiosk, rng)
    elif chance < 0.2:
        kiosk.printer(rng.choice((Ended.DONE, *Ended)), torn=rng.random() < 0.5)


def _wait_for_paper(kiosk: Kiosk, rng: Random) -> None:
    """Whoever comes next comes when the paper is out, and the devices work again."""
    for name in (*kiosk.job.acceptors, *kiosk.job.printers, *kiosk.job.cash.payouts):
        kiosk.health(name, Health.OK)
    kiosk.disk_free()
    if kiosk.state.full:
        kiosk.happen(EmptyingAsked("slot", "M. Muster"))
    for _ in range(40):
        if kiosk.sale.phase is Phase.READY and not kiosk.state.prints.jobs:
            return
        kiosk.printer(Ended.DONE if rng.random() < 0.9 else Ended.UNKNOWN, torn=rng.random() < 0.5)
        if kiosk.sale.phase is not Phase.READY:
            _go_on(kiosk, rng)
        kiosk.time()
