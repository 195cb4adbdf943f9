"""A terminal to talk to: events in, decisions out, with a clock that the test sets."""

from typing import TypeVar

from terminal.core.catalogue import Product
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
from terminal.core.rules import OfflineRules, PrintingRules, ReadingRules, TopupRules, VendingRules
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal, TerminalState
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
    ) -> None:
        self.ids = Counter()
        self.terminal = Terminal(job, self.ids)
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
