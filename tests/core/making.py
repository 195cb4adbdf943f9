"""A terminal to talk to: events in, decisions out, with a clock that the test sets."""

from typing import Any, TypeVar

from terminal.core.catalogue import Product, ProductId
from terminal.core.coins import Purse
from terminal.core.decision import Decision
from terminal.core.effects import Effect, Notice, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CachedWallet,
    CoinInserted,
    DeviceChanged,
    Event,
    Exposure,
    Health,
    Place,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import Fact
from terminal.core.job import Job
from terminal.core.machine import MachineEnabled, VendRequested
from terminal.core.recover import Recovered
from terminal.core.rules import (
    CashRules,
    OfflineRules,
    PrintingRules,
    ReadingRules,
    TopupRules,
    VendingRules,
)
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.ticket_rules import ChildTickets, TicketProduct, TicketRules
from terminal.core.tickets import Codes, Purchase, Ticket
from terminal.core.value import replace

UID, OTHER = "04A1B2C3D4E5F6", "04FFEEDDCCBBAA"
ESPRESSO = Product("espresso", "Espresso", 250)
CAPPUCCINO = Product("cappuccino", "Cappuccino", 300)
WATER = Product(7, "Water", 100)
PRODUCTS = (ESPRESSO, CAPPUCCINO, WATER)
START = Stamp(wall_ms=1_800_000_000_000, mono_ms=1_000_000, boot="a", synced=True)
NONE_GIVEN = Exposure()

T = TypeVar("T")


class Counter:
    """Names in order: k1, k2 for keys and n1, n2 for the rest."""

    def __init__(self) -> None:
        self.keys = 0
        self.names = 0

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def id(self) -> str:
        self.names += 1
        return f"n{self.names}"


def vending_job(*, offline: OfflineRules | None = None, same_card_ms: int = 0, **rules: object) -> Job:
    return Job(
        terminal="coffee-1",
        kind="vending",
        currency="EUR",
        locale="en_GB",
        wallet="main",
        releases=("relay",),
        vending=VendingRules(**rules),
        offline=offline or OfflineRules(),
        reading=ReadingRules(same_card_ms=same_card_ms),
    )


def machine_job(
    *,
    offline: OfflineRules | None = None,
    topup: TopupRules | None = None,
    same_card_ms: int = 0,
    **rules: object,
) -> Job:
    return Job(
        terminal="snacks-1",
        kind="vending",
        currency="EUR",
        locale="en_GB",
        wallet="main",
        machines=("snacks",),
        vending=VendingRules(**rules),
        topup=topup or TopupRules(),
        offline=offline or OfflineRules(),
        reading=ReadingRules(same_card_ms=same_card_ms),
    )


def topup_job(
    *,
    offline: OfflineRules | None = None,
    same_card_ms: int = 0,
    printers: tuple[str, ...] = (),
    printing: PrintingRules | None = None,
    **rules: object,
) -> Job:
    return Job(
        terminal="coins-1",
        kind="topup",
        currency="EUR",
        locale="en_GB",
        wallet="main",
        acceptors=("slot",),
        printers=printers,
        printing=printing or PrintingRules(),
        topup=TopupRules(**rules),
        offline=offline or OfflineRules(),
        reading=ReadingRules(same_card_ms=same_card_ms),
    )


class Drawn:
    """Codes in order: CODE000000001, ... with the infix XJX; *most* tickets in a sale, *left* codes in all."""

    def __init__(self, most: int = 99, left: int = 10_000) -> None:
        self.most = most
        self.left = left
        self.number = 0

    def purchase(self) -> Purchase | None:
        if self.number >= self.left:
            return None
        self.number += 1
        return Purchase(f"CODE{self.number:09}", "XJX", "counted")

    def item(self, purchase: Purchase, index: int) -> str:
        return f"{purchase.code}{index:04}"

    def barcode(self, purchase: Purchase, index: int) -> str:
        if not 0 <= index < self.most:
            raise ValueError(f"no number for ticket {index}")
        return f"{purchase.code}{purchase.salt}{index + 1:02}"

    def sealed(self, ticket: Ticket, event: ProductId, at_ms: int) -> str:
        return f"{ticket.barcode}.{event}.{at_ms}"


ADULT = TicketProduct(id=4, name="Adult", price=300)
CHILD = TicketProduct(id=9, name="Child", price=150)
FAMILY = TicketProduct(
    id=3,
    name="Family Pass",
    price=800,
    tickets=(ChildTickets(product=8, name="Adult", count=2), ChildTickets(product=9, name="Child", count=3)),
)
MUG = TicketProduct(id="mug", name="Mug", price=500, printed=False)
FREE = TicketProduct(id="guest", name="Guest", price=0)
STAFF = "04AA00000000FF"


def ticket_job(
    *,
    offline: OfflineRules | None = None,
    cash: CashRules | None = None,
    printing: PrintingRules | None = None,
    topup: TopupRules | None = None,
    wallet: str = "main",
    **rules: object,
) -> Job:
    given: dict[str, Any] = {
        "event": 3,
        "event_name": "Harbour Festival",
        "products": (ADULT, CHILD, FAMILY, MUG, FREE),
        "pay": ("coins", "wallet", "card"),
        "staff": (STAFF,),
        **rules,
    }
    return Job(
        terminal="kiosk-1",
        kind="tickets",
        currency="EUR",
        locale="en_GB",
        wallet=wallet,
        office="gate",
        acceptors=("slot",),
        printers=("paper",),
        tickets=TicketRules(**given),
        topup=topup or TopupRules(),
        cash=cash or CashRules(),
        printing=printing or PrintingRules(),
        offline=offline or OfflineRules(),
        reading=ReadingRules(same_card_ms=0),
    )


class Talk:
    """A terminal with its state. Each event comes 100 ms after the one before, unless said otherwise."""

    def __init__(
        self,
        job: Job,
        *,
        products: tuple[Product, ...] = PRODUCTS,
        purse: Purse | None = None,
        waited_ms: int = 0,
        found: Recovered | None = None,
        healthy: tuple[str, ...] = ("relay", "slot"),
        codes: Codes | None = None,
    ) -> None:
        self.ids = Counter()
        self.terminal = Terminal(job, self.ids, codes or Drawn())
        self.now = START
        self.first = self.last = self.terminal.start(
            self.now, products, found or Recovered(purse=purse, waited_ms=waited_ms)
        )
        self.state: TerminalState = self.first.state
        self.shown: Screen = shown(self.first) or self.state.screen
        for name in (*healthy, *job.machines):
            self.health(name, Health.OK)
        for name in job.machines:
            self(MachineEnabled(name, enabled=True))

    def __call__(self, event: Event, *, after_ms: int = 100) -> Decision[TerminalState]:
        self.now = replace(self.now, wall_ms=self.now.wall_ms + after_ms, mono_ms=self.now.mono_ms + after_ms)
        self.last = self.terminal.handle(self.state, event, self.now)
        self.state = self.last.state
        self.shown = shown(self.last) or self.shown
        return self.last

    # -- what happens ----------------------------------------------------------------------------------

    def tap(self, uid: str = UID, *, reader: str = "reader") -> Decision[TerminalState]:
        """A card touches the reader and is taken away."""
        made = self(TokenPresented(reader, uid))
        self.state = self.terminal.handle(self.state, TokenRemoved(reader), self.now).state
        return made

    def wallet(
        self,
        balance: int | None = None,
        *,
        uid: str = UID,
        answer: WalletAnswer | None = None,
        cached: CachedWallet | None = None,
        exposure: Exposure = NONE_GIVEN,
    ) -> Decision[TerminalState]:
        """The journal and the server answer; no *balance*: the server does not."""
        self(WalletRemembered(uid, cached, exposure))
        told = WalletAnswer.NO_ANSWER if balance is None else WalletAnswer.KNOWN
        return self(WalletRead(uid, answer or told, balance))

    def press(self, button: str) -> Decision[TerminalState]:
        return self(ButtonPressed("panel", button))

    def coin(
        self, amount: int = 100, counter: int | None = None, place: Place = Place.BOX, mark: str = ""
    ) -> Decision[TerminalState]:
        return self(CoinInserted("slot", amount, counter, place, mark))

    def ask(self, item: str = "11", price: int = 150) -> Decision[TerminalState]:
        """The customer chooses at the machine."""
        return self(VendRequested("snacks", item, price))

    def health(self, name: str, health: Health) -> Decision[TerminalState]:
        return self(DeviceChanged(name, "any", health))

    def wait(self) -> Decision[TerminalState]:
        """The moment comes that the state asked to be woken at."""
        assert self.state.wake_ms is not None
        return self(TimePassed(), after_ms=max(0, self.state.wake_ms - self.now.mono_ms))

    # -- what came of it -------------------------------------------------------------------------------

    @property
    def phase(self) -> str:
        return self.state.job.phase_name

    @property
    def notice(self) -> Notice:
        return self.shown.notice


def shown(made: Decision[TerminalState]) -> Screen | None:
    screens = effects(made, Show)
    return screens[-1].screen if screens else None


def facts(made: Decision[TerminalState] | Recovered, kind: type[T]) -> list[T]:
    return [fact for fact in made.facts if isinstance(fact, kind)]


def effects(made: Decision[TerminalState], kind: type[T]) -> list[T]:
    return [effect for effect in made.effects if isinstance(effect, kind)]


def kinds(made: Decision[TerminalState]) -> tuple[list[type[Fact]], list[type[Effect]]]:
    """The types of facts and effects, in their order."""
    return [type(fact) for fact in made.facts], [type(effect) for effect in made.effects]
