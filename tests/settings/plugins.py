"""A set of drivers and adapters that does not depend on which ones the terminal has."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from terminal.core.facts import EntryKind


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class RelayOptions(Options, frozen=True):
    pin: Annotated[int, Meta(ge=0, le=53, description="The pin.")]
    pulse_ms: Annotated[int, Meta(ge=10, le=60_000)] = 500
    active: Annotated[str, Meta(pattern=r"\A(high|low)\Z", extra={"expected": '"high" or "low"'})] = "high"


class CoinOptions(Options, frozen=True):
    coins: Annotated[dict[int, Annotated[int, Meta(ge=1)]], Meta(description="Cents by pulses.")]
    least_ms: int = 20
    most_ms: int = 200

    def __post_init__(self) -> None:
        if self.least_ms >= self.most_ms:
            raise ValueError("least_ms must be below most_ms")


class PosOptions(Options, frozen=True):
    url: Annotated[
        str, Meta(pattern=r"\Ahttps?://", extra={"expected": "an address that begins with https://"})
    ]
    dialect: Annotated[str, Meta(max_length=10)] = "documented"


class Relay:
    Options = RelayOptions


class Acceptor:
    Options = CoinOptions


class Reader:
    Options = Options


class Payer:
    Options = Options

    def pay_out(self) -> None: ...


class ProvingOptions(Options, frozen=True):
    check_original: bool = False


class ProvingReader:
    Options = ProvingOptions


class Pos:
    Options = PosOptions

    def balance(self) -> None: ...

    def terminal(self) -> None: ...


class GateOptions(PosOptions, frozen=True):
    exact_payments: ClassVar = True
    price_field: str = ""


class Gate:
    """Records tickets."""

    Options = GateOptions
    kinds = frozenset({EntryKind.SALE})

    def delegate(self) -> None: ...

    def terminal(self) -> None: ...


class BooksOptions(PosOptions, frozen=True):
    sales: str = "journal"


class Books(Pos):
    """Keeps books of what is sold, and takes reports unless its sales are orders."""

    Options = BooksOptions
    kinds = frozenset({EntryKind.RECORD, EntryKind.REPORT})
    without: ClassVar = {EntryKind.REPORT: ("sales", "orders")}


class Hawk:
    Options = PosOptions


class PanelOptions(Options, frozen=True):
    buttons: tuple[str, ...] = ("confirm", "cancel")


class Panel:
    Options = PanelOptions


class Cards:
    """Drives a card terminal."""

    Options = PosOptions

    def start_payment(self) -> None: ...


class Fake:
    """Stands in for what is installed."""

    _drivers = {  # noqa: RUF012 - never changed
        ("reader", "pcsc"): Reader,
        ("reader", "proving"): ProvingReader,
        ("reader", "simulated"): Reader,
        ("release", "relay"): Relay,
        ("release", "simulated"): Reader,
        ("coin_acceptor", "pulse"): Acceptor,
        ("buttons", "simulated"): Reader,
        ("buttons", "named"): Panel,
        ("machine", "simulated"): Reader,
        ("printer", "simulated"): Reader,
        ("payout", "simulated"): Payer,
    }
    _backends = {"pointofsale": Pos, "gate": Gate, "hawk": Hawk, "books": Books, "cards": Cards}  # noqa: RUF012 - never changed

    def driver(self, role: str, driver: str) -> Any:
        return self._drivers[role, driver]

    def drivers(self) -> list[tuple[str, str]]:
        return sorted(self._drivers)

    def backend(self, kind: str) -> Any:
        return self._backends[kind]

    def backends(self) -> list[str]:
        return sorted(self._backends)
