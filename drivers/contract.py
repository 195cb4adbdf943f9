"""What a driver is: one role, a name, a health, and a way to say what happened.

A driver knows nothing of the terminal beyond the value types of ``terminal.core.events`` and
``terminal.core.paper``. It owns its threads; their only right towards the daemon is to call *emit*. No method
of a driver blocks on its device, and none raises for what the device does: that is health and events.
Each driver class names an ``Options`` struct (its configuration, validated before it is built) and imports
vendor libraries only when its device is opened, so that a missing library harms only its owner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import msgspec

from terminal.core.catalogue import Product
from terminal.core.events import DeviceEvent, Health
from terminal.core.paper import Document
from terminal.core.value import Value

Emit = Callable[[DeviceEvent], None]


class DriverOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of each driver's options. Every field: ``Annotated[type, msgspec.Meta(description=…, ge=…)]``."""


class Condition(Value, frozen=True):
    """A device's health with one sentence of last words for the technician."""

    health: Health
    words: str = ""


class Traffic(Value, frozen=True):
    """One message on the wire of a device, for a technician who listens.

    Attributes:
        way: ``>`` to the device, ``<`` from it, ``!`` what could not be understood.
        raw: The bytes.
        meaning: What they say, in a few words; never a whole UID.
    """

    way: Literal[">", "<", "!"]
    raw: bytes
    meaning: str = ""


class Found(Value, frozen=True):
    """A device that is plugged in and could be used, for ``terminalctl devices scan``.

    Attributes:
        role, driver: What would drive it.
        options: The options that tell it from others, as they stand in a configuration.
        words: What it is, for a person: model, serial number, where it is plugged in.
        caution: What must be done first (a kernel module in the way, a missing right); empty: nothing.
    """

    role: str
    driver: str
    options: dict[str, Any]
    words: str
    caution: str = ""


class Picture(Value, frozen=True):
    """Paper as a picture: a PNG file, and its size in dots of the printer."""

    png: bytes
    width: int
    height: int


class Signal(Enum):
    """What lamps and buzzers tell."""

    READY = "ready"
    BUSY = "busy"
    ACCEPTED = "accepted"
    OFFLINE = "offline"  # given on trust: the server did not answer
    REFUSED = "refused"
    CALL_STAFF = "call staff"


class Device(Protocol):
    """The life of any device."""

    name: str

    @property
    def condition(self) -> Condition:
        """How it is now."""

    def start(self) -> None:
        """Bring it to its safe state at once, then open it and keep it open, from threads of its own."""

    def stop(self) -> None:
        """Bring it to its safe state (inhibited, released), close it and end its threads."""

    def beat_age_ms(self) -> int:
        """Milliseconds since its thread last showed that it turns: a hung driver is found by this."""


class TokenReader(Device, Protocol):
    """Emits TokenPresented, TokenRemoved, TokenUnreadable."""


class CoinAcceptor(Device, Protocol):
    """Emits CoinInserted, CoinUnrecognised, DeviceMarked. Inhibited until told otherwise.

    It may be a PayoutDevice (a changer) and Resumes too.
    """

    def accept(self, limit: int) -> None:
        """Take money up to *limit* cents; a later call replaces the limit."""

    def inhibit(self) -> None:
        """Take no money."""


class Resumes(Protocol):
    """An acceptor that counts by itself what it took, and can tell what nobody listened to."""

    def resume(self, mark: str) -> None:
        """Go on from *mark*: its last one that is on the books; empty: none is. Before start()."""


class PayoutDevice(Device, Protocol):
    """A hopper, or a changer's tubes; a coin acceptor may be one too. Emits PayoutCounted, PayoutEnded.

    Whether a payout happened must be knowable after a power cut of either side. So every payout has two steps:
    how far the device has counted becomes durable first (count), then it pays (pay_out). The mark is the
    driver's own text, at most 200 printable ASCII signs.
    """

    def count(self, payout: str) -> None:
        """Answer PayoutCounted with the mark as it is now; PayoutEnded, FAILED, if it cannot pay."""

    def pay_out(self, payout: str, amount: int, mark: str) -> None:
        """Pay out up to *amount* cents in whole coins, once; FAILED if it does not stand at *mark* any more."""

    def tell_payout(self, payout: str, amount: int, mark: str) -> None:
        """Answer PayoutEnded for a payout of which nobody heard the end; pays nothing.

        *mark* is that of pay_out. Waits until the device is there; UNKNOWN where its counters cannot tell. Of
        one that this driver still pays, or has answered, it may be asked too: then it says no other thing.
        """


class Filling(Value, frozen=True):
    """What is in a hopper or a tube, as far as the device itself can tell.

    Attributes:
        coin: What each of its coins is worth, in cents.
        pieces: How many there are; None: it does not count them.
        words: What else it says, for a person; may be empty.
    """

    coin: int
    pieces: int | None = None
    words: str = ""


@runtime_checkable
class TellsFilling(Protocol):
    """A device that pays out, and can tell what it still has."""

    def filling(self) -> tuple[Filling, ...]:
        """Return what it said last; nothing while it is away. Called from any thread."""


@runtime_checkable
class TellsVersion(Protocol):
    """A device that says which firmware it has."""

    version: str
    """As it said when it was opened last; empty: it was not opened yet."""


class ReleaseDevice(Device, Protocol):
    """Gives out a piece; emits ReleaseEnded."""

    def release(self, release: str, product: Product) -> None:
        """Give out one piece of *product*, once."""


class Machine(ReleaseDevice, Protocol):
    """A vending machine that asks for payment (MDB cashless). Emits terminal.core.machine's events.

    release() approves the vend that was requested last; ReleaseEnded is its success (DONE) or failure (FAILED).
    What the machine does not want at the moment is refused by an event or ignored, never raised: the customer
    may be quicker than an order.
    """

    def begin(self, funds: int | None) -> None:
        """Begin a session with *funds* cents; None: not known."""

    def deny(self) -> None:
        """Deny the vend that was requested last."""

    def end(self) -> None:
        """End the session."""

    def revalue(self, granted: bool) -> None:  # noqa: FBT001 - an answer
        """Answer the revalue that was requested last."""


class Printer(Device, Protocol):
    """Prints; emits PrintEnded."""

    def print(self, job: str, document: Document) -> None:
        """Print *document*, once."""


class Buttons(Device, Protocol):
    """Emits ButtonPressed."""


class Indicator(Device, Protocol):
    """Lamps and buzzers."""

    def show(self, signal: Signal) -> None:
        """Show *signal* until the next one; a signal that says what happened once goes out by itself."""


class Hands(Protocol):
    """What a person can do to a simulated device; ``terminalctl sim`` calls these by name.

    A simulated driver has ``hands: dict[str, Callable[..., Any]]``: the verbs it understands (tap, untap, coin,
    button, unplug, plug, ...) with the functions that do them. They raise ValueError, with a sentence, for
    what the real device could not do. One that only looks returns what it sees, as a dict for JSON.
    """

    hands: dict[str, Callable[..., Any]]


class Listens(Protocol):
    """A device whose wire can be listened to; DeviceThread has this."""

    listener: Callable[[Traffic], None] | None


class Abandons(Protocol):
    """A device that can be given up while its thread hangs; DeviceThread has this. Others are only stopped."""

    def abandon(self) -> None:
        """Refuse what was not begun and let the device go, as far as that is possible; may block."""


class MakesSafe(Protocol):
    """The class of a driver whose outputs do harm while nobody drives them: a slot, a relay."""

    @staticmethod
    def make_safe(options: Any) -> None:
        """Bring the outputs to their safe level, without the device's thread; raises what opening them raises.

        Called before anything else at a start, and when the process has ended, however it ended.
        """


class Scans(Protocol):
    """The class of a driver that can tell what is plugged in."""

    @staticmethod
    def scan() -> list[Found]:
        """Return what is there. Looks only: nothing is opened that another program may use."""


class Previews(Protocol):
    """The class of a printer's driver that can show what it would print."""

    @staticmethod
    def preview(options: Any, documents: Sequence[Document]) -> Picture:
        """Return what *documents* look like on paper, one below the other, from the bytes that would be sent.

        Touches no device. Raises drivers.errors.DeviceFault where they cannot be printed, with a sentence.
        """


class DriverClass(Protocol):
    """The class of a driver, as the table of drivers gives it; it may be MakesSafe, Scans and Previews too."""

    role: ClassVar[str]
    Options: ClassVar[type[DriverOptions]]

    def __call__(self, name: str, options: Any, emit: Emit) -> Device:
        """Build the device *name*; *options* is an instance of Options. Touches nothing before start()."""
