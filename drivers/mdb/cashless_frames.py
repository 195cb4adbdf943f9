"""A cashless device on the MDB bus: blocks of the machine in, answers and what they mean out. Pure.

Each command is answered in each state as MDB/ICP 4.2, section 7 has it, levels 1 to 3, with the options "always
idle" and revalue: executed, or "command out of sequence" (0B) with the reader's state. The commands, after the
address 10 or 60:

    +0 RESET    +1 SETUP 00 configuration, 01 prices    +2 POLL    +3 VEND 00 request, 01 cancel, 02 success,
    03 failure, 04 session complete, 05 cash sale    +4 READER 00 disable, 01 enable, 02 cancel
    +5 REVALUE 00 request, 01 limit    +7 EXPANSION 00 identification, 04 options

Data are repeated until the machine acknowledges them. A command that comes again, with nothing in between, is
the same one whose answer was lost: it is answered again and means nothing new.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from drivers.mdb.amounts import AmountError, Scale
from drivers.mdb.blocks import ACK, NAK, RET, opened, seal
from drivers.mdb.cashless import (
    Approve,
    Asked,
    Begin,
    Deny,
    Doubtful,
    End,
    Grant,
    Heard,
    NotDispensed,
    NotTaken,
    Order,
    RevalueAsked,
    SoldForCash,
    State,
    Status,
    Succeeded,
    Unreadable,
    WasReset,
    Withdrawn,
)
from terminal.core.value import Value

JUST_RESET, CONFIG, BEGIN, CANCEL, APPROVED, DENIED, ENDED, CANCELLED = 0, 1, 3, 4, 5, 6, 7, 8
IDENTITY, OUT_OF_SEQUENCE, REVALUED, NOT_REVALUED, LIMIT = 9, 0x0B, 0x0D, 0x0E, 0x0F
"""First bytes of what a reader says."""

_ALWAYS_IDLE = 0x20
_CAN = 0b1001
"""Options of the configuration: gives money back for what did not come out, and takes reports of cash sales."""

_NO_ITEM = 0xFFFF
_LENGTHS = {(1, 0): 6, (1, 1): 6, (3, 0): 6, (3, 2): 4, (3, 5): 6, (5, 0): 4, (7, 4): 6}
"""Least bytes of (command, subcommand), address included; 2 where nothing stands."""


class Config(Value, frozen=True):
    """What the reader tells the machine of itself.

    Attributes:
        address: 0x10, or 0x60 for the second cashless device.
        currency: Four digits: 1 and the number of ISO 4217, as text.
        scale: What a unit of the bus is worth.
        level: The highest feature level, 1 to 3.
        answer_s: Longest time to answer a vend, as the machine is told; 1 to 255.
        always_idle: Whether customers may choose before they show their token, where the machine can do that.
        revalue_limit: Cents that may be credited at a time; 0: none.
    """

    address: int = 0x10
    currency: str = "1978"
    scale: Scale = Scale()
    level: int = 3
    answer_s: int = 60
    always_idle: bool = True
    revalue_limit: int = 0


class _Approval(Enum):
    NONE = 0
    QUEUED = 1
    SENT = 2


class Peripheral:
    """A reader on the bus. It has been switched on just now.

    Attributes:
        state: How it is.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self.state = State.INACTIVE
        self._queue: deque[bytes] = deque([bytes((JUST_RESET,))])
        self._flight = b""  # sent and not acknowledged
        self._polled = False  # whether _flight is the head of _queue
        self._last = b""  # the last command, if its answer may have been lost
        self._answer = b""
        self._level = 1
        self._always_idle = False
        self._configured = False
        self._disable = False  # once the session is over
        self._approval = _Approval.NONE
        self._told_end = b""  # how the last vend ended, should it be told twice

    def receive(self, block: bytes) -> tuple[bytes, list[Heard]]:
        """Return the answer to *block* (empty: silence) and what it means."""
        if block == ACK:
            self._acknowledged()
            return b"", []
        if block == NAK:
            return b"", []
        if block == RET:
            return self._flight or self._answer, []
        data = opened(block)
        if data is None or data[0] & 0xF8 != self._config.address:
            return b"", []
        if data[0] & 7 == 2:  # noqa: PLR2004 - POLL
            return self._poll()
        if block == self._last:
            return self._answer, []
        said, meant = self._command(data)
        self._last = block
        self._answer = seal(said) if said else ACK
        self._flight, self._polled = (self._answer, False) if said else (b"", False)
        return self._answer, meant

    def order(self, order: Order) -> list[Heard]:
        """Take an order of the terminal, which goes out with the next polls; return why it does not, if so."""
        match order:
            case Begin(funds):
                if self.state is not State.ENABLED:
                    return [NotTaken(start=True)]
                self._queue.append(self._begin(funds))
            case Approve(asked):
                if self.state is not State.VEND or self._approval is not _Approval.NONE:
                    return [NotTaken(start=False)]
                self._approval = _Approval.QUEUED
                units = self._config.scale.to_units(asked.price)
                self._queue.append(bytes((APPROVED, *units.to_bytes(2))))
            case Deny():
                if self.state is State.VEND and self._approval is _Approval.NONE:
                    self.state = State.IDLE
                    self._queue.append(bytes((DENIED,)))
            case End():
                if self.state is State.IDLE and bytes((CANCEL,)) not in self._queue:
                    self._queue.append(bytes((CANCEL,)))
                self._unqueue(BEGIN)
            case Grant(granted):
                if self.state is State.REVALUE:
                    self.state = State.IDLE
                    self._queue.append(bytes((REVALUED if granted else NOT_REVALUED,)))
        return []

    # -- what is sent ----------------------------------------------------------------------------------

    def _poll(self) -> tuple[bytes, list[Heard]]:
        self._last = b""
        if not self._queue:
            self._flight, self._answer = b"", ACK
            return ACK, []
        head = self._queue[0]
        self._flight = self._answer = seal(head)
        self._polled = True
        if head[0] == APPROVED:
            self._approval = _Approval.SENT
        if head[0] == BEGIN and self.state is State.ENABLED:
            self.state = State.IDLE
            return self._flight, [Status(State.IDLE)]
        return self._flight, []

    def _acknowledged(self) -> None:
        if self._flight and self._polled and self._queue and seal(self._queue[0]) == self._flight:
            self._queue.popleft()
        if self._flight:
            self._last = b""  # the answer came: the same command again is another one
        self._flight = b""

    def _unqueue(self, kind: int) -> bool:
        """Take back what waits to be sent for the first time; return whether there was anything."""
        kept = [data for at, data in enumerate(self._queue) if data[0] != kind or self._is_in_flight(at)]
        found = len(kept) < len(self._queue)
        self._queue = deque(kept)
        return found

    def _is_in_flight(self, at: int) -> bool:
        return at == 0 and self._polled and bool(self._flight)

    def _begin(self, funds: int | None) -> bytes:
        said = bytes((BEGIN, *self._config.scale.funds(funds).to_bytes(2)))
        # From level 2 on: the medium's number (unknown), its kind (a card for normal vends), its data.
        return said if self._level == 1 else said + b"\xff\xff\xff\xff\x00\x00\x00"

    # -- commands --------------------------------------------------------------------------------------

    def _command(self, data: bytes) -> tuple[bytes, list[Heard]]:
        """Return what is answered to a command (empty: ACK), and what it means."""
        command = data[0] & 7
        if command == 0:
            return self._reset()
        sub = data[1] if len(data) > 1 else None
        if sub is None or len(data) < _LENGTHS.get((command, sub), 2):
            return self._no()
        match command:
            case 1:
                return self._setup(sub, data)
            case 3:
                return self._vend(sub, data)
            case 4:
                return self._reader(sub)
            case 5:
                return self._revalue(sub, data)
            case 7:
                return self._expansion(sub, data)
        return self._no()

    def _no(self) -> tuple[bytes, list[Heard]]:
        state = (self.state.value,) if self._level > 1 else ()
        return bytes((OUT_OF_SEQUENCE, *state)), []

    def _reset(self) -> tuple[bytes, list[Heard]]:
        self.state = State.INACTIVE
        self._queue = deque([bytes((JUST_RESET,))])
        self._level, self._configured, self._always_idle, self._disable = 1, False, False, False
        self._approval, self._told_end = _Approval.NONE, b""
        return b"", [WasReset()]

    def _setup(self, sub: int, data: bytes) -> tuple[bytes, list[Heard]]:
        config = self._config
        if sub == 0 and self.state in (State.INACTIVE, State.DISABLED):
            self._level = max(1, min(config.level, data[2]))
            self._configured = True
            scale = config.scale
            currency = bytes.fromhex(config.currency)
            return bytes(
                (CONFIG, self._level, *currency, scale.factor, scale.decimals, config.answer_s, _CAN)
            ), []
        if sub == 1 and self.state in (State.DISABLED, State.ENABLED):
            return b"", []
        if sub == 1 and self.state is State.INACTIVE and self._configured:
            self.state = State.DISABLED
            return b"", [Status(State.DISABLED)]
        return self._no()

    def _reader(self, sub: int) -> tuple[bytes, list[Heard]]:
        if self.state is State.INACTIVE or sub > 2:  # noqa: PLR2004 - the last subcommand
            return self._no()
        if sub == 2:  # noqa: PLR2004 - cancel
            if self.state is not State.ENABLED:
                return self._no()
            return bytes((CANCELLED,)), [NotTaken(start=True)] if self._unqueue(BEGIN) else []
        wanted = State.ENABLED if sub else State.DISABLED
        if self.state in (State.IDLE, State.VEND, State.REVALUE):
            self._disable = wanted is State.DISABLED  # what is under way is finished first
            return b"", []
        changed, self.state = self.state is not wanted, wanted
        if wanted is State.DISABLED:
            self._unqueue(BEGIN)
        return b"", [Status(wanted)] if changed else []

    def _expansion(self, sub: int, data: bytes) -> tuple[bytes, list[Heard]]:
        if self.state not in (State.INACTIVE, State.DISABLED, State.ENABLED):
            return self._no()
        if sub == 0:
            name = b"TRM" + b"000000000001" + b"TERMINAL    " + b"\x01\x00"
            can = _ALWAYS_IDLE if self._config.always_idle else 0
            return bytes((IDENTITY,)) + name + (can.to_bytes(4) if self._level > 2 else b""), []  # noqa: PLR2004 - level 3
        if sub == 4 and self._level > 2 and self.state is not State.ENABLED:  # noqa: PLR2004 - level 3
            self._always_idle = self._config.always_idle and bool(data[5] & _ALWAYS_IDLE)
            return b"", []
        return self._no()

    # -- vending ---------------------------------------------------------------------------------------

    def _vend(self, sub: int, data: bytes) -> tuple[bytes, list[Heard]]:
        match sub:
            case 0:
                return self._request(data)
            case 1:
                return self._cancel()
            case 2 | 3:
                return self._end_vend(sub, data)
            case 4 if self.state is State.IDLE:
                return self._complete()
            case 5 if self.state in (State.DISABLED, State.ENABLED, State.IDLE):
                try:
                    price = self._config.scale.to_cents(int.from_bytes(data[2:4]))
                except AmountError as error:
                    return b"", [Doubtful(f"a cash sale was reported that cannot be counted: {error}")]
                return b"", [SoldForCash(_item(data[4:6]), price)]
        return self._no()

    def _request(self, data: bytes) -> tuple[bytes, list[Heard]]:
        if self.state is not State.IDLE and not (self.state is State.ENABLED and self._always_idle):
            return self._no()
        self._queue.clear()  # the machine has gone on: what it did not acknowledge is over
        self.state, self._approval, self._told_end = State.VEND, _Approval.NONE, b""
        try:
            price = self._config.scale.to_cents(int.from_bytes(data[2:4]))
        except AmountError as error:
            return b"", [Unreadable(f"a vend was denied: {error}")]
        return b"", [Asked(price, _item(data[4:6]))]

    def _cancel(self) -> tuple[bytes, list[Heard]]:
        if self.state is State.IDLE and self._unqueue(DENIED):
            return bytes((DENIED,)), []
        if self.state is not State.VEND or self._approval is _Approval.SENT:
            return self._no()
        self._unqueue(APPROVED)
        self.state, self._approval = State.IDLE, _Approval.NONE
        return bytes((DENIED,)), [Withdrawn()]

    def _end_vend(self, sub: int, data: bytes) -> tuple[bytes, list[Heard]]:
        if self.state is State.IDLE and data == self._told_end:
            return b"", []
        came_out = sub == 2  # noqa: PLR2004 - success
        meant: Heard = Succeeded(_item(data[2:4])) if came_out else NotDispensed()
        if self.state is State.VEND and self._approval is not _Approval.NONE:
            self._queue.clear()
            self.state, self._approval, self._told_end = State.IDLE, _Approval.NONE, data
            return b"", [meant]
        no, _ = self._no()
        if self.state is State.VEND and came_out:
            self.state = State.IDLE
        return no, [meant] if came_out else []

    def _complete(self) -> tuple[bytes, list[Heard]]:
        self._queue.clear()
        self.state = State.DISABLED if self._disable else State.ENABLED
        self._disable, self._told_end = False, b""
        return bytes((ENDED,)), [Status(self.state)]

    def _revalue(self, sub: int, data: bytes) -> tuple[bytes, list[Heard]]:
        limit = self._config.revalue_limit
        if self.state is not State.IDLE or self._level < 2 or sub > 1:  # noqa: PLR2004 - level 2
            return self._no()
        if sub == 1:
            return bytes((LIMIT, *self._config.scale.to_units(limit).to_bytes(2))), []
        try:
            amount = self._config.scale.to_cents(int.from_bytes(data[2:4]))
        except AmountError:
            amount = limit + 1
        if not 0 < amount <= limit:
            return bytes((NOT_REVALUED,)), []
        self.state = State.REVALUE
        return b"", [RevalueAsked(amount)]


def _item(data: bytes) -> str:
    number = int.from_bytes(data)
    return "" if number == _NO_ITEM or not data else str(number)
