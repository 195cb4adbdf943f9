"""A vending machine with an MDB/ICP bus: the terminal is its card reader, through an adapter.

    [[devices]]
    name = "machine"
    role = "machine"
    driver = "mdb"
    port = "/dev/ttyAMA0"      # a Qibixx MDB Pi Hat; an MDB-USB is /dev/ttyACM0, or better its by-id name

`adapter = "qibixx"` speaks the adapter's own cashless device (drivers.mdb.cashless_text says what it cannot
tell: sales for cash, and a machine that is switched off); `adapter = "raw"` is the whole of a reader's part of
the standard, on an adapter that hands on the blocks of the bus (drivers.machines.sides.RawSide).

A piece is approved only while the machine asks for it, and only at the price it asked. A reset of the machine,
the loss of the adapter, the stop of the terminal, or silence for `vend_s` after the approval: UNKNOWN, for a
person. A success without an approval is told as trouble of the device, and never as a sale.
"""

from __future__ import annotations

import contextlib
import time
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceError, DeviceThread, words_of
from drivers.link import lines_found
from drivers.machines.sides import QibixxSide, RawSide, Side
from drivers.mdb.adapter import BAUDRATE, Tell
from drivers.mdb.amounts import AmountError, Form, Scale, funds_text
from drivers.mdb.cashless import Alarm, Approve, Begin, Cashless, Deny, End, Grant, Out
from drivers.mdb.cashless_frames import Config
from drivers.releases.once import Once
from terminal.core.catalogue import Product
from terminal.core.events import Ended, Health, ReleaseEnded
from terminal.core.machine import SessionEnded

IDLE_S = 1.0
"""Longest wait for a line: a read over a network cannot be ended otherwise."""

DOUBT_S = 5.0
"""How much longer a success is waited for once the machine has gone on without it."""


class MdbMachineOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the driver `mdb` of a machine."""

    port: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=256,
            description="Serial line of the adapter: /dev/ttyAMA0 for a Pi Hat, /dev/serial/by-id/… for a USB "
            "adapter, or a URL such as socket://HOST:PORT.",
        ),
    ]
    adapter: Annotated[
        Literal["qibixx", "raw"],
        Meta(
            description="Adapter: `qibixx` (MDB Pi Hat, MDB-USB), or `raw`, one that hands on every block of "
            "the bus as a line of hex digits."
        ),
    ] = "qibixx"
    baudrate: Annotated[int, Meta(ge=9600, le=4_000_000, description="Bits a second, `raw` only.")] = BAUDRATE
    second: Annotated[
        bool, Meta(description="Whether it is the machine's second cashless device (address 60, not 10).")
    ] = False
    currency: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{4}$",
            description="Currency as the machine is told: 1 and the number of ISO 4217 (1978: euro, 1752: "
            "Swedish krona, 1208: Danish krone).",
            extra={"expected": "four digits, as 1978"},
        ),
    ] = "1978"
    amounts: Annotated[
        Form,
        Meta(description="How a Qibixx adapter writes amounts: `decimal` (1.50) or `cents` (150)."),
    ] = "decimal"
    scale_factor: Annotated[
        int, Meta(ge=1, le=255, description="What all amounts of the bus are multiples of.")
    ] = 1
    decimal_places: Annotated[
        int, Meta(ge=0, le=4, description="Decimal places of the bus's amounts: with 2 and factor 1, cents.")
    ] = 2
    selection_first: Annotated[
        bool,
        Meta(description="Whether guests may choose before they show their token, if the machine can that."),
    ] = True
    revalue_limit: Annotated[
        int,
        Meta(
            ge=0, le=6_553_400, description="Cents that may be credited from the machine at a time; `raw` only."
        ),
    ] = 0
    answer_s: Annotated[
        int, Meta(ge=1, le=255, description="Seconds the machine is told to wait for an approval; `raw` only.")
    ] = 60
    vend_s: Annotated[
        float, Meta(ge=1, le=3600, description="Seconds of silence after an approval until it is unknown.")
    ] = 120.0
    check_s: Annotated[
        float, Meta(ge=0.1, le=600, description="Seconds between two looks whether the adapter is there.")
    ] = 10.0

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        try:
            self.scale.to_units(self.revalue_limit)
        except AmountError as error:
            raise ValueError(f"revalue_limit cannot be told to the machine: {error}") from error
        if self.adapter == "qibixx":
            funds_text(None, self.scale, self.amounts)

    @property
    def scale(self) -> Scale:
        """What a unit of the bus is worth."""
        return Scale(self.scale_factor, self.decimal_places)

    @property
    def config(self) -> Config:
        """What the machine is told of its reader."""
        return Config(
            address=0x60 if self.second else 0x10,
            currency=self.currency,
            scale=self.scale,
            answer_s=self.answer_s,
            always_idle=self.selection_first,
            revalue_limit=self.revalue_limit,
        )


class MdbMachine(DeviceThread):
    """A vending machine; see the module's text."""

    role: ClassVar[str] = "machine"
    Options: ClassVar[type[DriverOptions]] = MdbMachineOptions

    def __init__(self, name: str, options: MdbMachineOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._side = _side(options, self._traffic)
        self._machine = Cashless(name)
        self._once = Once()
        self._until: float | None = None  # when the release under way is unknown
        self._clock = time.monotonic
        self._trouble = ""
        self._lost_words = ""

    @staticmethod
    def make_safe(options: Any) -> None:
        """Have the machine shown that no cards are taken; see drivers.contract.MakesSafe."""
        if options.adapter == "qibixx":
            side = QibixxSide(options.port, _nobody, options.config, options.amounts, options.check_s)
            with contextlib.closing(side):
                side.open_only()
                side.switch_off()

    @staticmethod
    def scan() -> list[Found]:
        """Return every serial line: what is wired to one cannot be told by looking."""
        return lines_found("machine", "mdb", "an MDB adapter", "the MDB adapter is on it")

    # -- for the daemon --------------------------------------------------------------------------------

    def begin(self, funds: int | None) -> None:
        """Begin a session with *funds* cents; SessionEnded where the machine takes none now."""
        self._order(
            lambda: self._carry_out(self._machine.begin(funds)),
            lambda _words: self._emit(SessionEnded(self.name)),
        )

    def release(self, release: str, product: Product) -> None:
        """Approve the vend that the machine asks for, once, at the price of *product*.

        Raises:
            ValueError: This release was ordered before.
        """
        self._once.take(release)
        self._order(
            lambda: self._carry_out(self._machine.approve(release, product.price)),
            lambda words: self._emit(ReleaseEnded(release, Ended.FAILED, words)),
        )

    def deny(self) -> None:
        """Deny the vend that was requested last."""
        self._order(lambda: self._carry_out(self._machine.deny()), _unasked)

    def end(self) -> None:
        """End the session."""
        self._order(lambda: self._carry_out(self._machine.end()), _unasked)

    def revalue(self, granted: bool) -> None:  # noqa: FBT001 - an answer
        """Answer the revalue that was requested last."""
        self._order(lambda: self._carry_out(self._machine.revalue(granted=granted)), _unasked)

    # -- the life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        words = self._side.open()
        self._until = None
        return Condition(Health.DEGRADED, self._trouble) if self._trouble else Condition(Health.OK, words)

    def _serve(self) -> None:
        self._work(0)
        if self._stopping.is_set():
            return
        try:
            for heard in self._side.read(self._wait_s(), busy=bool(self._machine.release)):
                self._carry_out(self._machine.hear(heard))
        except (DeviceError, OSError) as error:
            self._lost_words = words_of(error)
            raise
        self._look_at_the_clock()

    def _close(self) -> None:
        """Tell what is known of what was under way, and show the machine that no cards are taken."""
        words = f"{self.name} was stopped" if self._stopping.is_set() else self._lost_words or "it was lost"
        left = self._machine.lost(words)
        for out in left:
            if not isinstance(out, Begin | Approve | Deny | End | Grant | Alarm):
                self._emit(out)
        try:
            with contextlib.suppress(DeviceError, OSError):
                self._side.switch_off()
        finally:
            self._side.close()

    def _interrupt(self) -> None:
        self._side.interrupt()

    # -- what follows ----------------------------------------------------------------------------------

    def _carry_out(self, outs: list[Out]) -> None:
        """Emit the events, carry out the orders, and what follows from these."""
        waiting = list(outs)
        while waiting:
            out = waiting.pop(0)
            if isinstance(out, Begin | Approve | Deny | End | Grant):
                for heard in self._do(out):
                    waiting += self._machine.hear(heard)
            elif isinstance(out, Alarm):
                self._trouble = out.words
                self._report(Health.DEGRADED, out.words)
            else:
                self._emit(out)
        if not self._machine.release:
            self._until = None
        elif self._until is None:
            self._until = self._clock() + self._options.vend_s

    def _do(self, order: Begin | Approve | Deny | End | Grant) -> list[Any]:
        try:
            return self._side.do(order)
        except (DeviceError, OSError) as error:
            self._lost_words = words_of(error)
            raise

    def _wait_s(self) -> float:
        if self._until is None:
            return IDLE_S
        return max(0.0, min(IDLE_S, self._until - self._clock()))

    def _look_at_the_clock(self) -> None:
        if self._until is None:
            return
        now = self._clock()
        if self._machine.doubtful:
            self._until = min(self._until, now + DOUBT_S)
        if now >= self._until:
            words = self._machine.doubtful or f"the machine was silent for {self._options.vend_s:g} s"
            self._carry_out(self._machine.give_up(words))


def _side(options: MdbMachineOptions, tell: Tell) -> Side:
    if options.adapter == "raw":
        return RawSide(options.port, tell, options.config, options.baudrate)
    return QibixxSide(options.port, tell, options.config, options.amounts, options.check_s)


def _unasked(_words: str) -> None:
    """Nobody is there whom it could be said to, and so nothing waits for it."""


def _nobody(_way: str, _raw: bytes, _meaning: str) -> None:
    """Nobody listens."""
