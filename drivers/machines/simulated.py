"""A simulated vending machine that asks for payment, with a guest who presses its buttons.

Its hands do what a machine and its guest can do: choose, cancel, end_session, enable, disable, reset, revalue,
cash_sale, unplug, plug; and, where it does not give out by itself, succeed and fail. They raise ValueError for
what a machine would not do. It keeps what it gave out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit
from drivers.device import DeviceFault, DeviceMissing
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
    Out,
    RevalueAsked,
    SoldForCash,
    State,
    Status,
    Succeeded,
    WasReset,
    Withdrawn,
)
from drivers.releases.once import Once
from drivers.simulated import RecordPath, SimulatedDevice, whole
from terminal.core.catalogue import Product, ProductId
from terminal.core.events import Ended, Health, ReleaseEnded
from terminal.core.machine import SessionEnded

_KEPT = 1000


class SimulatedMachineOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated machine."""

    gives_out: Annotated[
        bool, Meta(description="Whether a piece comes out by itself once it is approved; else by hand.")
    ] = True
    selection_first: Annotated[
        bool, Meta(description="Whether guests may choose before they show their token.")
    ] = True
    record: RecordPath = ""


class SimulatedMachine(SimulatedDevice):
    """A machine with an endless stock of everything.

    Attributes:
        given: The last pieces given out, oldest first: (release, item); no release: without an approval.
        count: How many pieces it ever gave out.
        granted: The revalues that were answered: (amount, granted).
    """

    role: ClassVar[str] = "machine"
    Options: ClassVar[type[DriverOptions]] = SimulatedMachineOptions

    def __init__(self, name: str, options: SimulatedMachineOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._options = options
        self._machine = Cashless(name)
        self._once = Once()
        self._wants = True  # whether the machine enables its reader
        self._vend: Asked | None = None  # asked for, and not over
        self._product: ProductId = ""
        self._approved = False
        self._card_first = False  # whether the terminal began the session
        self._fails = False
        self._silent = False
        self._revalue = 0
        self.given: deque[tuple[str, str]] = deque(maxlen=_KEPT)
        self.granted: deque[tuple[int, bool]] = deque(maxlen=_KEPT)
        self.count = 0
        self.hands |= {
            "choose": self.choose,
            "cancel": self.cancel,
            "succeed": self.succeed,
            "fail": self.fail,
            "fail_next": self.fail_next,
            "silent_next": self.silent_next,
            "enable": self.enable,
            "disable": self.disable,
            "reset": self.reset,
            "end_session": self.end_session,
            "revalue": self.ask_revalue,
            "cash_sale": self.cash_sale,
            "give_away": self.give_away,
        }

    # -- for the daemon --------------------------------------------------------------------------------

    def begin(self, funds: int | None) -> None:
        """Begin a session; SessionEnded where the machine takes none now."""
        self._tell(lambda: self._machine.begin(funds), lambda _words: self._emit(SessionEnded(self.name)))

    def release(self, release: str, product: Product) -> None:
        """Approve the vend that is asked for, once, at the price of *product*; ReleaseEnded answers.

        Raises:
            ValueError: This release was ordered before.
        """
        self._once.take(release)

        def approve() -> list[Out]:
            self._product = product.id
            return self._machine.approve(release, product.price)

        self._tell(approve, lambda words: self._emit(ReleaseEnded(release, Ended.FAILED, words)))

    def deny(self) -> None:
        """Deny the vend that is asked for."""
        self._tell(self._machine.deny, _unasked)

    def end(self) -> None:
        """End the session."""
        self._tell(self._machine.end, _unasked)

    def revalue(self, granted: bool) -> None:  # noqa: FBT001 - an answer
        """Answer the revalue that is asked for."""
        self._tell(lambda: self._machine.revalue(granted=granted), _unasked)

    # -- hands -----------------------------------------------------------------------------------------

    def choose(self, item: str | int, price: int) -> None:
        """Choose *item* for *price* cents."""
        with self._hold:
            self._check_works()
            state = self._machine.state
            if self._vend is not None or state is State.REVALUE:
                raise ValueError(f"{self.name} is busy with something else")
            first = state is State.ENABLED and self._options.selection_first
            if not first and state not in (State.IDLE, State.VEND):
                raise ValueError(f"{self.name} does not take a choice now ({state.name.lower()})")
            self._vend = Asked(whole(price, "a price", 0), str(item))
            self._approved = False
            self._hear(self._vend)

    def cancel(self) -> None:
        """Take the choice back."""
        with self._hold:
            self._check_vend(approved=False)
            self._end_vend(Withdrawn())

    def succeed(self) -> None:
        """Let the approved piece come out."""
        with self._hold:
            self._check_vend(approved=True)
            try:
                self._give_out()
            except DeviceFault as error:
                raise ValueError(f"{error.words}: the piece does not come out") from error

    def fail(self) -> None:
        """Let the approved piece not come out."""
        with self._hold:
            self._check_vend(approved=True)
            self._end_vend(NotDispensed())

    def fail_next(self) -> None:
        """Let the next approved piece not come out, and say so."""
        with self._hold:
            self._fails = True

    def silent_next(self) -> None:
        """Let the next approved piece come out, and never say so."""
        with self._hold:
            self._silent = True

    def enable(self) -> None:
        """Let the machine enable its reader."""
        with self._hold:
            self._check_works()
            self._wants = True
            if self._machine.state in (State.INACTIVE, State.DISABLED):
                self._hear(Status(State.DISABLED))
                self._hear(Status(State.ENABLED))

    def disable(self) -> None:
        """Let the machine disable its reader; what is under way is finished first."""
        with self._hold:
            self._check_works()
            self._wants = False
            if self._machine.state in (State.INACTIVE, State.ENABLED):
                self._hear(Status(State.DISABLED))

    def reset(self) -> None:
        """Let the machine reset its reader; it sets it up anew."""
        with self._hold:
            self._check_works()
            self._vend = None
            self._hear(WasReset())
            self._set_up()

    def end_session(self) -> None:
        """Let the machine end the session: the return lever, or it is complete."""
        with self._hold:
            self._check_works()
            if self._machine.state is not State.IDLE:
                raise ValueError(f"{self.name} has no session that could be ended now")
            self._end_session()

    def ask_revalue(self, amount: int) -> None:
        """Ask to credit *amount* cents."""
        with self._hold:
            self._check_works()
            if self._machine.state is not State.IDLE:
                raise ValueError(f"{self.name} has no session to credit anything in")
            self._revalue = whole(amount, "an amount")
            self._hear(RevalueAsked(amount))

    def cash_sale(self, item: str | int, price: int) -> None:
        """Report a sale for cash."""
        with self._hold:
            self._check_works()
            if self._machine.state in (State.INACTIVE, State.VEND, State.REVALUE):
                raise ValueError(f"{self.name} does not report cash sales now")
            self._hear(SoldForCash(str(item), whole(price, "a price", 0)))

    def give_away(self, item: str | int = "") -> None:
        """Give out a piece that nobody approved, as machines with wrong settings do."""
        with self._hold:
            self._check_works()
            try:
                self._write("", str(item))
            except DeviceFault as error:
                raise ValueError(f"{error.words}: the piece does not come out") from error
            self._end_vend(Succeeded(str(item)))

    # -- the life --------------------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        condition = super()._open()
        with self._hold:
            self._machine = Cashless(self.name)
            self._vend = None
            self._set_up()
        return condition

    def _close(self) -> None:
        with self._hold:
            super()._close()
            why = "was stopped" if self._stopping.is_set() else "was unplugged"
            self._follow(self._machine.lost(f"{self.name} {why}"))
            self._vend = None

    def _set_up(self) -> None:
        self._hear(Status(State.DISABLED))
        if self._wants:
            self._hear(Status(State.ENABLED))

    # -- what follows ----------------------------------------------------------------------------------

    def _told(self, order: Callable[[], list[Out]], refuse: Callable[[str], None]) -> None:
        with self._hold:
            try:
                self._check_plug()
            except DeviceMissing as error:
                refuse(error.words)
                raise
            self._follow(order())

    def _tell(self, order: Callable[[], list[Out]], refuse: Callable[[str], None]) -> None:
        self._order(lambda: self._told(order, refuse), refuse)

    def _hear(self, heard: Heard) -> None:
        self._follow(self._machine.hear(heard))

    def _follow(self, outs: list[Out]) -> None:
        for out in outs:
            match out:
                case Begin():
                    self._card_first = True
                    self._hear(Status(State.IDLE))
                case Approve():
                    self._approve()
                case Deny():
                    self._end_vend(None)
                case End():
                    self._end_session()
                case Grant(granted):
                    self.granted.append((self._revalue, granted))
                case Alarm(words):
                    self._alarm(words)
                case _:
                    self._emit(out)

    def _approve(self) -> None:
        self._approved = True
        if self._fails:
            self._fails = False
            self._end_vend(NotDispensed())
        elif self._options.gives_out or self._silent:
            self._give_out()

    def _give_out(self) -> None:
        silent, self._silent = self._silent, False
        item = self._vend.item if self._vend is not None else ""
        try:
            self._write(self._machine.release, item)
        except DeviceFault:
            self._end_vend(NotDispensed())
            raise
        if silent:
            self._vend = None
        else:
            self._end_vend(Succeeded(item))

    def _end_vend(self, heard: Heard | None) -> None:
        """The vend is over; so is the session, but where the guest who showed a token may choose again."""
        self._vend = None
        if heard is not None:
            self._hear(heard)
        over = isinstance(heard, Succeeded | NotDispensed) or not self._card_first
        if over and self._machine.state is State.IDLE:
            self._end_session()

    def _write(self, release: str, item: str) -> None:
        product = self._product if release else ""
        self._record.write("piece", release=release, product=product, item=item)
        self.given.append((release, item))
        self.count += 1

    def _end_session(self) -> None:
        self._card_first = False
        self._hear(Status(State.ENABLED if self._wants else State.DISABLED))

    def _alarm(self, words: str) -> None:
        self._order(lambda: self._report(Health.DEGRADED, words), _unasked)

    def _check_vend(self, *, approved: bool) -> None:
        self._check_works()
        if self._vend is None or self._approved is not approved:
            raise ValueError(
                f"{self.name} has no vend that {'was approved' if approved else 'waits for an answer'}"
            )


def _unasked(_words: str) -> None:
    """Nobody is there whom it could be said to, and so nothing waits for it."""
