"""A card reader inside a vending machine, as a state machine: what it hears and is told, what it says and does.

The states are those of MDB/ICP 4.2, section 7.2; how they come over the wire is another matter, of an adapter's
text (cashless_text) or of the bus's blocks (cashless_frames). Everything is legal in every state, and pure.

What is promised of a release: it is approved at most once, and only the very vend that was asked for last, at
its price. FAILED is said only where the machine has said so, or was never told to give out. From the approval
on, a reset, a loss, or the next question without an answer to this one is UNKNOWN.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.events import Ended, ReleaseEnded
from terminal.core.machine import (
    CashSold,
    MachineEnabled,
    MachineEvent,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)
from terminal.core.value import Value


class State(Enum):
    """The states of a reader; the numbers are those of "command out of sequence"."""

    INACTIVE = 1
    DISABLED = 2
    ENABLED = 3
    IDLE = 4  # in a session
    VEND = 5
    REVALUE = 6


# -- what is heard of the machine ----------------------------------------------------------------------


class Status(Value, frozen=True):
    """The reader's state is now *state*: INACTIVE, DISABLED, ENABLED or IDLE."""

    state: State


class Asked(Value, frozen=True):
    """The machine asks for *price* cents for *item*; *text*: the price as it came."""

    price: int
    item: str
    text: str = ""


class Unreadable(Value, frozen=True):
    """The machine asks for a vend, or a revalue, that cannot be understood, or paid exactly."""

    words: str
    revalue: bool = False


class Withdrawn(Value, frozen=True):
    """The machine cancels its vend."""


class Succeeded(Value, frozen=True):
    """The machine says that the piece came out."""

    item: str = ""


class NotDispensed(Value, frozen=True):
    """The machine says that the piece did not come out."""


class WasReset(Value, frozen=True):
    """The machine has reset its reader."""


class NotTaken(Value, frozen=True):
    """The adapter refused an order.

    Attributes:
        start: It was to begin; else to approve or to deny.
        wrong: It could not be understood; else it came too late.
    """

    start: bool
    wrong: bool = False


class RevalueAsked(Value, frozen=True):
    """The machine asks to credit *amount* cents."""

    amount: int


class SoldForCash(Value, frozen=True):
    """The machine reports a sale for cash."""

    item: str
    price: int


class Doubtful(Value, frozen=True):
    """Something went wrong with the vend; *words* say what. Nobody knows how it ended."""

    words: str


Heard = (
    Status
    | Asked
    | Unreadable
    | Withdrawn
    | Succeeded
    | NotDispensed
    | WasReset
    | NotTaken
    | RevalueAsked
    | SoldForCash
    | Doubtful
)


# -- what the machine is to be told --------------------------------------------------------------------


class Begin(Value, frozen=True):
    """Begin a session."""

    funds: int | None


class Approve(Value, frozen=True):
    """Approve this vend."""

    asked: Asked


class Deny(Value, frozen=True):
    """Deny the vend."""


class End(Value, frozen=True):
    """End the session."""


class Grant(Value, frozen=True):
    """Answer the revalue."""

    granted: bool


class Alarm(Value, frozen=True):
    """A person should look at the machine."""

    words: str


Order = Begin | Approve | Deny | End | Grant
Out = MachineEvent | ReleaseEnded | Order | Alarm

_IN_SESSION = (State.IDLE, State.VEND, State.REVALUE)


class Cashless:
    """The reader of the machine *name*. Each method returns what follows, in order.

    Attributes:
        state: How the reader is.
        release: The vend that was approved and has not ended; empty: none.
        doubtful: Why its end is not likely to be told any more; empty: it is.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.state = State.INACTIVE
        self.release = ""
        self.doubtful = ""
        self._enabled = False
        self._asked: Asked | None = None
        self._beginning = False
        self._ending = False
        self._after: State | None = None  # told while a release was under way
        self._unknown = 0  # pieces whose success may still be told, though they were given up

    # -- what is heard ---------------------------------------------------------------------------------

    def hear(self, heard: Heard) -> list[Out]:
        """Return what follows from what the machine says."""
        match heard:
            case Status(state):
                return self._status(state)
            case Asked():
                return self._ask(heard)
            case Unreadable(words, revalue):
                if revalue:
                    return [Grant(granted=False), Alarm(words)]
                return [*self._drop_vend("asked for something else"), Deny(), Alarm(words)]
            case Withdrawn():
                return self._fail("the machine took the vend back before it was approved")
            case Succeeded(item):
                return self._succeed(item)
            case NotDispensed():
                return self._fail("the machine says that the piece did not come out")
            case WasReset():
                return self._fall("the machine was reset")
            case NotTaken():
                return self._not_taken(heard)
            case RevalueAsked(amount):
                return self._ask_revalue(amount)
            case SoldForCash(item, price):
                return [CashSold(self._name, item, price)]
            case Doubtful(words):
                self.doubtful = words if self.release else ""
                return [Alarm(words)]

    def _status(self, state: State) -> list[Out]:
        if state is State.INACTIVE:
            return self._fall("the machine was reset") if self.state is not State.INACTIVE else []
        if state in (State.VEND, State.REVALUE):
            return []  # told by Asked and RevalueAsked
        if self.release:
            # The success may come yet: a reader that is disabled finishes what it has begun.
            self.doubtful = "the machine ended the vend without saying whether the piece came out"
            self._after = state
            return self._enable(enabled=state is not State.DISABLED)
        if state is self.state is State.ENABLED:
            return []
        out = self._drop_vend("ended the session")
        if state is State.IDLE:
            self._beginning = False
            self.state = state
            return [*out, *self._enable(enabled=True)]
        out += self._leave_session()
        self.state = state
        return [*out, *self._enable(enabled=state is State.ENABLED)]

    def _ask(self, asked: Asked) -> list[Out]:
        last = self._asked
        if last is not None and (last.price, last.item) == (asked.price, asked.item):
            return []
        out = self._drop_vend("asked for the next piece")
        out += self._enable(enabled=True)
        self._beginning = False
        self.state = State.VEND
        self._asked = asked
        return [*out, VendRequested(self._name, asked.item, asked.price)]

    def _succeed(self, item: str) -> list[Out]:
        if self.release:
            return [*self._end_release(Ended.DONE, ""), *self._end_if_wanted()]
        if self._unknown:
            self._unknown -= 1
            return [Alarm("the machine said only later that a piece came out, which was unknown by then")]
        out = self._drop_vend("gave out without being paid")
        what = f" (selection {item})" if item else ""
        return [*out, Alarm(f"the machine gave out a piece{what} without an approval: its settings are wrong")]

    def _fail(self, words: str) -> list[Out]:
        if self.release:
            return [*self._end_release(Ended.FAILED, words), *self._end_if_wanted()]
        return self._drop_vend(words)

    def _not_taken(self, heard: NotTaken) -> list[Out]:
        if heard.start:
            was, self._beginning = self._beginning, False
            return [SessionEnded(self._name)] if was and self.state not in _IN_SESSION else []
        if self.release:
            out = self._end_release(Ended.FAILED, "the vend was over before the approval came to the machine")
            return [*out, Deny(), *self._end_if_wanted()] if heard.wrong else [*out, *self._end_if_wanted()]
        return [End()] if heard.wrong else []

    def _ask_revalue(self, amount: int) -> list[Out]:
        if self.state is State.REVALUE:
            return []
        if self.state is not State.IDLE:
            return [Grant(granted=False)]
        self.state = State.REVALUE
        return [RevalueRequested(self._name, amount)]

    # -- what the terminal wants -----------------------------------------------------------------------

    def begin(self, funds: int | None) -> list[Out]:
        """Begin a session, if the machine takes one now; SessionEnded says that it does not."""
        if self._beginning or self.state in _IN_SESSION:
            return []
        if self.state is not State.ENABLED:
            return [SessionEnded(self._name)]
        self._beginning = True
        return [Begin(funds)]

    def approve(self, release: str, price: int) -> list[Out]:
        """Approve the vend that was asked for last as *release*, at *price* cents and no other."""
        if self.release:
            return [ReleaseEnded(release, Ended.FAILED, "the machine still gives out the piece before")]
        asked, self._asked = self._asked, None
        if asked is None:
            return [ReleaseEnded(release, Ended.FAILED, "the machine does not ask for a piece any more")]
        if asked.price != price:
            self.state = State.IDLE
            words = f"the machine asks for {asked.price} cents, and {price} cents were approved"
            return [ReleaseEnded(release, Ended.FAILED, words), Deny()]
        self.release, self.doubtful = release, ""
        return [Approve(asked)]

    def deny(self) -> list[Out]:
        """Deny the vend that was asked for last, if it still waits."""
        if self._asked is None:
            return []
        self._asked = None
        self.state = State.IDLE
        return [Deny()]

    def end(self) -> list[Out]:
        """End the session, if there is one; after the piece, if one is coming."""
        if self.release:
            self._ending = True
            return []
        out: list[Out] = self.deny()
        if self.state is State.REVALUE:
            out += self.revalue(granted=False)
        if self._beginning or self.state is State.IDLE:
            self._beginning = False
            out.append(End())
        return out

    def revalue(self, *, granted: bool) -> list[Out]:
        """Answer the revalue that was asked for last, if it still waits."""
        if self.state is not State.REVALUE:
            return []
        self.state = State.IDLE
        return [Grant(granted)]

    def lost(self, words: str) -> list[Out]:
        """The machine cannot be heard any more."""
        return self._fall(words)

    def give_up(self, words: str) -> list[Out]:
        """The machine was silent for too long after an approval."""
        return self._unknown_release(words)

    # -- steps -----------------------------------------------------------------------------------------

    def _end_release(self, ended: Ended, words: str) -> list[Out]:
        release, self.release, self.doubtful = self.release, "", ""
        after, self._after = self._after, None
        self.state = State.IDLE
        out: list[Out] = [ReleaseEnded(release, ended, words)]
        return [*out, *self._status(after)] if after else out

    def _unknown_release(self, words: str) -> list[Out]:
        if not self.release:
            return []
        self._unknown += 1
        return self._end_release(Ended.UNKNOWN, f"{words}: nobody knows whether the piece came out")

    def _drop_vend(self, why: str) -> list[Out]:
        """The vend that was asked for, or approved, is no more."""
        out = self._unknown_release(f"the machine {why}")
        if self._asked is not None:
            self._asked = None
            self.state = State.IDLE
            out.append(VendCancelled(self._name))
        return out

    def _end_if_wanted(self) -> list[Out]:
        wanted, self._ending = self._ending, False
        return [End()] if wanted and self.state is State.IDLE else []

    def _leave_session(self) -> list[Out]:
        was = self._beginning or self.state in _IN_SESSION
        self._beginning = self._ending = False
        return [SessionEnded(self._name)] if was else []

    def _enable(self, *, enabled: bool) -> list[Out]:
        if enabled is self._enabled:
            return []
        self._enabled = enabled
        return [MachineEnabled(self._name, enabled)]

    def _fall(self, words: str) -> list[Out]:
        """Reset, or lost: nothing of before counts."""
        self._after = None
        out = self._unknown_release(words)
        self._unknown = 0  # nothing is told of what was before a reset
        out += self._drop_vend(words)
        out += self._leave_session()
        self.state = State.INACTIVE
        return [*out, *self._enable(enabled=False)]
