"""A vending machine that asks for payment, around a simulated terminal: it outlives the terminal's power.

The reader between the two is the real one (drivers.mdb.cashless). What is said over the wire takes its time, so
that a guest, the machine and the terminal may all change their minds at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.mdb.cashless import (
    Alarm,
    Approve,
    Asked,
    Begin,
    Cashless,
    Deny,
    End,
    Grant,
    Heard,
    NotDispensed,
    Order,
    Out,
    RevalueAsked,
    SoldForCash,
    State,
    Status,
    Succeeded,
    WasReset,
    Withdrawn,
)
from terminal.core.effects import Release
from terminal.core.events import DeviceChanged, Health
from terminal.core.machine import AnswerRevalue, BeginSession, DenyVend, EndSession, MachineEffect

if TYPE_CHECKING:
    from tests.core.world import World

WIRE_MS = 15
PATIENCE_MS = 40_000
"""How long the machine waits for an approval."""


@dataclass
class Vend:
    """What a guest has chosen. *release*: as what it was approved; empty: it was not."""

    item: str
    price: int
    release: str = ""


class Seller:
    """A vending machine with an endless stock.

    Attributes:
        approved: Releases that the machine was told to give out.
        cash_sales: What it sold for cash, by item.
        kept: Cash that it took for tokens and was granted, in cents.
        back: Cash that it took for tokens and gave back.
        unheard: Amounts of revalues whose answer never came to it.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._rng = world.rng
        self.name = name
        self.approved: set[str] = set()
        self.cash_sales: Counter[tuple[str, int]] = Counter()
        self.kept = self.back = 0
        self.unheard: Counter[int] = Counter()
        self.wants = self.there = True
        self.session = self.card_first = False
        self.vend: Vend | None = None
        self.revalue = self.revalues = 0
        self._reader: Cashless | None = None

    # -- the terminal's side ---------------------------------------------------------------------------

    def open(self) -> None:
        """The driver opens its reader, and the machine sets it up."""
        if self.there:
            self._reader = Cashless(self.name)
            self._world.event(0, DeviceChanged(self.name, "machine", Health.OK))
            self._set_up()

    def release(self, order: Release) -> None:
        """Approve what is asked for."""
        assert order.release not in self.approved, f"{order.release} is approved again"
        if self._reader is not None:
            self._carry_out(self._reader.approve(order.release, order.product.price))

    def tell(self, effect: MachineEffect) -> None:
        """Hand on what the terminal says."""
        reader = self._reader
        if reader is None:
            return
        match effect:
            case BeginSession(funds=funds):
                self._carry_out(reader.begin(funds))
            case DenyVend():
                self._carry_out(reader.deny())
            case EndSession():
                self._carry_out(reader.end())
            case AnswerRevalue(granted=granted):
                self._carry_out(reader.revalue(granted=granted))

    def reader_dies(self) -> None:
        """The terminal is dark: the machine waits for nothing that it did not get yet."""
        self._reader = None
        self._forget()

    def unplug(self) -> None:
        """The wire is pulled."""
        reader, self._reader = self._reader, None
        self.there = False
        self._world.event(0, DeviceChanged(self.name, "machine", Health.MISSING, "unplugged"))
        if reader is not None:
            self._emit(reader.lost("it was unplugged"))
        self._forget()

    def plug(self) -> None:
        """The wire is put in again."""
        self.there = True
        if self._world.lit:
            self.open()

    # -- what people do at it --------------------------------------------------------------------------

    def choose(self, item: str, price: int) -> bool:
        """Choose; return whether the machine lets its guest choose now."""
        state = self._reader.state if self._reader else State.INACTIVE
        ready = self.session or (self.wants and state is State.ENABLED)
        if not ready or self.vend or self.revalue:
            return False
        self.vend = Vend(item, price)
        self._hear(Asked(price, item))
        self._world.soon(PATIENCE_MS, lambda vend=self.vend: self._tired(vend))
        return True

    def take_back(self) -> None:
        """The guest changes their mind before anything was approved."""
        if self.vend and not self.vend.release:
            self.vend = None
            self._hear(Withdrawn())
            self._leave_unless_card()

    def lever(self) -> None:
        """The guest presses the return lever."""
        if self.session and not self.vend and not self.revalue:
            self._leave()

    def insert_cash(self, amount: int) -> None:
        """The guest inserts cash into the machine's own slot, for the token of the session."""
        if self.session and not self.vend and not self.revalue and self._reader:
            self.revalue = amount
            self.revalues += 1
            self._hear(RevalueAsked(amount))
            self._world.soon(5_000, lambda number=self.revalues: self._unanswered(number))

    def sell_for_cash(self, item: str, price: int) -> None:
        """Somebody pays in cash."""
        if not self.vend and not self.revalue:
            self.cash_sales[item, price] += 1
            self._hear(SoldForCash(item, price))

    def reset(self) -> None:
        """The machine starts anew."""
        if self._rng.random() < 0.5:
            self._forget(everything=True)
        else:
            self._forget()
        if self._reader:
            self._hear(WasReset())
            self._world.soon(700, self._set_up)

    def enable(self, *, wants: bool) -> None:
        """The machine takes cards, or not any more."""
        self.wants = wants
        if self._reader and not self.session and not self.vend:
            self._set_up()

    # -- over the wire ---------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self._hear(Status(State.DISABLED))
        if self.wants:
            self._hear(Status(State.ENABLED))

    def _hear(self, heard: Heard) -> None:
        if self._reader is not None:
            self._carry_out(self._reader.hear(heard))

    def _carry_out(self, outs: list[Out]) -> None:
        reader = self._reader
        for out in outs:
            if isinstance(out, Approve | Begin | Deny | End | Grant):
                release = reader.release if reader and isinstance(out, Approve) else ""
                self._world.soon(WIRE_MS, lambda out=out, release=release: self._told(out, release, reader))
        self._emit(outs)

    def _emit(self, outs: list[Out]) -> None:
        for out in outs:
            if not isinstance(out, Approve | Begin | Deny | End | Grant | Alarm):
                self._world.event(WIRE_MS, out)

    def _told(self, order: Order, release: str, by: Cashless | None) -> None:
        if by is None or by is not self._reader:
            return
        match order:
            case Begin() if self.wants and not self.session and not self.vend:
                self.session = self.card_first = True
                self._hear(Status(State.IDLE))
            case Approve(asked=asked) if self.vend and not self.vend.release:
                assert (asked.item, asked.price) == (self.vend.item, self.vend.price), "approved another vend"
                self._approve(self.vend, release)
            case Deny() if self.vend and not self.vend.release:
                self.vend = None
                self._leave_unless_card()
            case End() if not self.revalue and not (self.vend and self.vend.release):
                self.vend = None
                self._leave()
            case Grant(granted=granted) if self.revalue:
                self._granted(granted=granted)

    def _granted(self, *, granted: bool) -> None:
        amount, self.revalue = self.revalue, 0
        if granted:
            self._world.audit.revalue_granted(amount)
            self.kept += amount
        else:
            self.back += amount

    def _approve(self, vend: Vend, release: str) -> None:
        world, rng = self._world, self._rng
        world.cuts.point()
        world.audit.approved(release, vend.price)
        assert release not in self.approved, f"{release} came to the machine twice"
        self.approved.add(release)
        vend.release = release
        world.outside(rng.randrange(300, 3_000), lambda: self._give_out(vend))
        world.soon(rng.choice((6_000, 9_000, 14_000)), lambda: self._silent(release))
        world.cuts.point()

    def _silent(self, release: str) -> None:
        """The driver waits no longer."""
        if self._reader and self._reader.release == release:
            self._carry_out(self._reader.give_up("it was silent"))

    def _give_out(self, vend: Vend) -> None:
        if vend is not self.vend:
            return  # a reset came first, and stopped it
        world, rng = self._world, self._rng
        fell = rng.random() < 0.85
        if fell:
            world.machine.given[vend.release] += 1
        self.vend = None
        if world.lit:
            world.cuts.point()
        match rng.choices(("says so", "silent", "goes on", "resets"), (85, 5, 5, 5))[0]:
            case "says so":
                self._hear(Succeeded(vend.item) if fell else NotDispensed())
                self._leave_unless_card()
            case "goes on":
                self._leave()
            case "resets":
                self.reset()
            case _:
                pass

    def _unanswered(self, number: int) -> None:
        if self.revalue and number == self.revalues:
            self._give_back()

    def _give_back(self) -> None:
        """Nobody answers for the cash: the guest has it back."""
        if self.revalue:
            self.unheard[self.revalue] += 1
            self.back += self.revalue
            self.revalue = 0

    def _tired(self, vend: Vend) -> None:
        if self.vend is vend:
            self.take_back()

    def _leave_unless_card(self) -> None:
        """The vend is over: so is the session, but for a guest who showed a card and may choose again."""
        if not self.card_first or self._rng.random() < 0.3:
            self._leave()

    def _leave(self) -> None:
        self.session = self.card_first = False
        self._hear(Status(State.ENABLED if self.wants else State.DISABLED))

    def _forget(self, *, everything: bool = False) -> None:
        """Nothing is waited for any more; what was approved comes out, or with *everything* does not."""
        self.session = self.card_first = False
        self._give_back()
        if self.vend and (everything or not self.vend.release):
            self.vend = None
