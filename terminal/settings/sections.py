"""The sections of the configuration that the core does not obey itself, and the whole as one value.

As in ``terminal.core.rules``, one struct gives the check, the example file and the value in force.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from terminal.core import rules
from terminal.core.closing_rules import ClosingRules
from terminal.core.job import Job
from terminal.core.rules import Rules
from terminal.core.ticket_rules import CodeRules, TicketRules
from terminal.settings.sandbox_section import SandboxSection
from terminal.settings.texts import MaybePath, Name, PathText


class TerminalSection(Rules, frozen=True):
    """Who this terminal is and what it does."""

    id: Annotated[
        Name,
        Meta(
            description="Its name, at the head of every idempotency key: never give two terminals the same.",
            examples=["coffee-1"],
        ),
    ]
    job: Annotated[
        Literal["vending", "topup", "tickets"],
        Meta(
            description="`vending`: a token pays for what the machine gives out. "
            "`topup`: coins are credited to a token. `tickets`: tickets are sold and printed."
        ),
    ]
    locale: Annotated[
        str,
        Meta(
            pattern=r"\A[a-z]{2,3}_[A-Z]{2}\Z",
            description="Language and country of screens and receipts.",
            extra={"expected": 'a language and a country like "de_DE"'},
        ),
    ] = "en_GB"
    currency: Annotated[
        str,
        Meta(
            pattern=r"\A[A-Z]{3}\Z",
            description="Currency of all amounts (ISO 4217); amounts are in its cents.",
            extra={"expected": 'three capital letters like "EUR" (ISO 4217)'},
        ),
    ] = "EUR"


class JournalSection(Rules, frozen=True):
    """Where every fact that is worth money is written down before anything happens."""

    path: Annotated[
        PathText,
        Meta(description="The journal's file, on a disk that keeps what was synced."),
    ] = "/var/lib/terminald/journal.db"
    key_file: Annotated[
        MaybePath,
        Meta(
            description="Key of the chain that shows edited and removed rows. Empty: beside the journal. It is "
            "made at the first start."
        ),
    ] = ""
    backups: Annotated[
        MaybePath, Meta(description="Folder for backups. Empty: `backups` beside the journal.")
    ] = ""
    keep: Annotated[int, Meta(ge=0, le=1000, description="Backups that are kept; 0: none is made.")] = 7


class ControlSection(Rules, frozen=True):
    """The socket by which terminalctl and the pages reach the daemon. Its permissions are its only guard."""

    socket: Annotated[PathText, Meta(description="Its path.")] = "/run/terminald/control.sock"
    mode: Annotated[
        str,
        Meta(
            pattern=r"\A0?[0-7]{2}0\Z",
            description="Its permissions, in octal.",
            extra={"expected": 'octal permissions like "0660" that end in 0: never for everybody'},
        ),
    ] = "0660"


class RolesSection(Rules, frozen=True):
    """Which backend does what."""

    wallet: Annotated[
        str,
        Meta(
            description="The backend that holds the wallets. Empty only for the job `tickets`: no token pays.",
            examples=["main"],
        ),
    ] = ""
    sales: Annotated[
        str,
        Meta(
            description="The backend that keeps books of what is sold: tickets, or what the machine gave out "
            "and a wallet has paid for. The job `tickets` needs one."
        ),
    ] = ""
    reports: Annotated[
        str, Meta(description="The backend that Z reports are delivered to. Empty: they stay here.")
    ] = ""
    payments: Annotated[
        str,
        Meta(
            description="The backend that drives a card terminal, for the job `tickets`. Empty: the staff "
            "enters what a card terminal of its own calls a payment."
        ),
    ] = ""
    catalogue: Annotated[
        str,
        Meta(
            description="The backend that knows the products. Empty: for the job `tickets` the one that "
            "records them, else the one with the wallets."
        ),
    ] = ""


class LogSection(Rules, frozen=True):
    """What is logged, on stderr, as the journal of systemd likes it."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least important level that is logged."),
    ] = "info"


class BackendHead(Rules, frozen=True):
    """A server. Its own options follow, by type. Give `credential` or `token_file`."""

    type: Annotated[str, Meta(description="Which kind of server.", examples=["pointofsale"])]
    credential: Annotated[
        str,
        Meta(
            pattern=r"\A([A-Za-z0-9_][A-Za-z0-9_.-]{0,99})?\Z",
            description="Name of the systemd credential that holds the secret (LoadCredential= in the unit).",
            extra={"expected": "the name of a systemd credential: letters, digits, _ . -"},
        ),
    ] = ""
    token_file: Annotated[
        MaybePath,
        Meta(description="File that holds the secret; nobody but the daemon's user and group may read it."),
    ] = ""


class DeviceHead(Rules, frozen=True):
    """A device. Its own options follow, by driver."""

    name: Annotated[
        str,
        Meta(
            pattern=r"\A[^\W_](?:[\w .-]{0,38}[\w.-])?\Z",
            description="What it is called in lists and logs; unique.",
            examples=["front reader"],
            extra={"expected": "1 to 40 letters, digits, spaces, _ . - that begin with a letter or digit"},
        ),
    ]
    role: Annotated[str, Meta(description="What it is for.", examples=["reader"])]
    driver: Annotated[str, Meta(description="How it is spoken to.", examples=["pcsc"])]


class BackendSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A configured server.

    Attributes:
        name: Its name in the configuration.
        type: Its adapter.
        credential: Name of the systemd credential; empty if *token_file* is given.
        token_file: Absolute path; empty if *credential* is given.
        sandbox: Whether it is the embedded server (``url = "sandbox:"``).
        options: The adapter's ``Options``.
    """

    name: str
    type: str
    credential: str
    token_file: str
    sandbox: bool
    options: msgspec.Struct


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A configured device; *options* is its driver's ``Options``."""

    name: str
    role: str
    driver: str
    options: msgspec.Struct


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration, right in itself. Paths in it are absolute.

    Attributes:
        file: Where it was read from.
        sandbox: None where the embedded server does not run.
        devices: In the order of the file.
    """

    file: str
    terminal: TerminalSection
    journal: JournalSection
    control: ControlSection
    backends: dict[str, BackendSettings]
    roles: RolesSection
    offline: rules.OfflineRules
    vending: rules.VendingRules
    topup: rules.TopupRules
    tickets: TicketRules
    codes: CodeRules
    cash: rules.CashRules
    closing: ClosingRules
    printing: rules.PrintingRules
    reading: rules.ReadingRules
    sync: rules.SyncRules
    log: LogSection
    sandbox: SandboxSection | None
    devices: tuple[DeviceSettings, ...]

    def named(self, role: str) -> tuple[str, ...]:
        """Return the names of the devices of a role, in the order of the file."""
        return tuple(device.name for device in self.devices if device.role == role)

    def plays(self, backend: str) -> frozenset[str]:
        """Return the roles of a backend."""
        roles = msgspec.structs.asdict(self.roles)
        return frozenset(role for role, name in roles.items() if name == backend)

    def socket_mode(self) -> int:
        """Return the control socket's permissions."""
        return int(self.control.mode, 8)

    def job(self) -> Job:
        """Return what the core must know."""
        return Job(
            terminal=self.terminal.id,
            kind=self.terminal.job,
            currency=self.terminal.currency,
            locale=self.terminal.locale,
            wallet=self.roles.wallet,
            office=self.roles.sales,
            registrar=self.roles.reports,
            payments=self.roles.payments,
            acceptors=self.named("coin_acceptor"),
            releases=self.named("release"),
            printers=self.named("printer"),
            machines=self.named("machine"),
            vending=self.vending,
            topup=self.topup,
            tickets=self.tickets,
            codes=self.codes,
            offline=self.offline,
            cash=self.cash,
            printing=self.printing,
            reading=self.reading,
        )
